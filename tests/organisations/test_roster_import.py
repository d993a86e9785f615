"""What an import leaves in the tables: posts, placements, people; batches, restarts, reach, and the announcement."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlmodel import select

from quiz import events
from quiz.models.organisations import Organisation, OrganisationChange, OrganisationFeature, Person, Placement, Post, RosterImport
from quiz.organisations import roster_service
from quiz.organisations.reach import Reach
from quiz.organisations.roster_service import apply_plan, read_and_plan
from quiz.organisations.roster_template import write_template
from tests.organisations.conftest import Desk, ends, found
from tests.organisations.sheets import HEADER, enterprise, identity, phone, roster

WITH_IDENTITY = (*HEADER, "身份证号")


def rows(desk: Desk, table: Any) -> list[Any]:
    with desk.db.reading() as session:
        return list(session.exec(select(table).order_by(table.id)))


def posts(desk: Desk) -> list[tuple[str, str, bool, date, date | None]]:
    with desk.db.reading() as session:
        found = session.exec(select(Person.name, Post).join(Post, Post.person_id == Person.id).order_by(Post.id)).all()  # type: ignore[arg-type]
    return [(name, post.category, post.designated, post.held_from, post.held_to) for name, post in found]


def test_a_new_enterprise_has_its_fields_placement_and_principal(desk: Desk, today: date) -> None:
    desk.bring(roster(enterprise(1, 特征标签="有限空间、粉尘涉爆", 从业人员数="约56人"), header=(*HEADER, "特征标签", "从业人员数")))

    [organisation] = rows(desk, Organisation)
    assert (organisation.kind, organisation.district_code, organisation.town_code, organisation.sector_code) == (
        "enterprise", "371002", "371002100", "industry_trade",
    )  # fmt: skip
    assert (organisation.department_code, organisation.employees, organisation.status) == ("emergency_management", 56, "active")
    assert (organisation.hours_high_risk, organisation.sd_high_risk) == (False, True)
    [placement] = rows(desk, Placement)
    assert (placement.since, placement.until, placement.district_code, placement.sector_code) == (today, None, "371002", "industry_trade")
    assert posts(desk) == [("李小一", "legal_representative", True, date(2024, 3, 5), None)]


def test_a_changed_principal_closes_one_post_and_opens_another(desk: Desk) -> None:
    desk.bring(roster(enterprise(1, 主要负责人姓名="前任")))

    desk.bring(roster(enterprise(1, 主要负责人姓名="新任", 手机号=phone(9), 任职日期="2026-05-01", 是否指定参训人=None)))

    assert posts(desk) == [
        ("前任", "legal_representative", True, date(2024, 3, 5), date(2026, 5, 1)),
        ("新任", "legal_representative", True, date(2026, 5, 1), None),
    ]


def test_a_moved_enterprise_is_counted_in_its_new_place_from_today(desk: Desk, today: date) -> None:
    desk.bring(roster(enterprise(1, 成立日期="2020-01-01"), header=(*HEADER, "成立日期")))

    desk.bring(roster(enterprise(1, 所属区市="荣成", 镇街="俚岛")))

    assert [(row.since, row.until, row.district_code, row.town_code) for row in rows(desk, Placement)] == [
        (date(2020, 1, 1), today, "371002", "371002100"),
        (today, None, "371082", "371082101"),
    ]


def test_one_person_with_two_enterprises_is_one_person(desk: Desk) -> None:
    same = {"主要负责人姓名": "张三", "身份证号": identity(1)}

    desk.bring(roster(enterprise(1, **same), header=WITH_IDENTITY))
    desk.bring(roster(enterprise(2, **same), header=WITH_IDENTITY))

    [person] = rows(desk, Person)
    assert (person.name, person.identity_tail, len(person.identity_digest)) == ("张三", identity(1)[-4:], 64)
    assert len(posts(desk)) == 2


def test_identity_numbers_are_nowhere_in_plain_text(desk: Desk) -> None:
    report = desk.bring(roster(enterprise(1, 身份证号=identity(1)), enterprise(2, 身份证号=identity(2)[:-1] + "?"), header=WITH_IDENTITY))

    everything = f"{desk.dump()}{report.to_json()}"
    assert identity(1) not in everything
    assert identity(2)[:-1] not in everything


def test_a_restaurant_without_a_code_waits_for_it(desk: Desk) -> None:
    header = (*HEADER, "登记注册号", "燃气类型")
    desk.bring(
        roster(enterprise(1, 行业领域="餐饮", 统一社会信用代码=None, 登记注册号="371002600012345", 燃气类型="瓶装液化气"), header=header)
    )

    [organisation] = rows(desk, Organisation)
    assert (organisation.kind, organisation.uscc, organisation.registration_number) == ("self_employed", None, "371002600012345")
    assert organisation.gas_kind == "瓶装"
    with desk.db.reading() as session:
        assert session.exec(select(OrganisationFeature.feature_code)).all() == ["gas_catering"]


def test_history_says_what_changed_and_by_whom(desk: Desk) -> None:
    desk.bring(roster(enterprise(1)))

    desk.bring(roster(enterprise(1, 企业名称="威海改名公司", 主要负责人姓名="新任", 任职日期="2026-05-01")))

    [_, last] = rows(desk, RosterImport)
    told = [(row.field, row.before, row.after, row.effective_on) for row in rows(desk, OrganisationChange) if row.import_id == last.id]
    assert told == [
        ("name", "威海测试1号机械有限公司", "威海改名公司", desk.today),
        ("principal", "李小一", "新任", date(2026, 5, 1)),
    ]
    assert last.report["updated"] == 1


def test_batches_leave_the_same_as_one_whole(desk: Desk) -> None:
    data = roster(*(enterprise(number % 7, 主要负责人姓名="张三", 手机号=phone(1)) for number in range(12)))
    whole = desk.preview(data)

    report = desk.bring(data, batch=2)

    assert report.to_json() == {**whole.to_json(), "dry_run": False}
    assert len(rows(desk, Organisation)) == 7
    assert len(rows(desk, Person)) == 1


def test_progress_counts_rows(desk: Desk) -> None:
    told: list[tuple[int, int]] = []

    desk.bring(roster(*(enterprise(number) for number in range(5))), batch=2, progress=lambda done, total: told.append((done, total)))

    assert told == [(2, 5), (4, 5), (5, 5)]


def test_an_import_killed_in_the_middle_is_finished_by_importing_again(desk: Desk) -> None:
    data = roster(*(enterprise(number) for number in range(6)), enterprise(0, 手机号="1"))

    class Killed(Exception):
        pass

    def kill(done: int, total: int) -> None:
        if done == 4:
            raise Killed

    with pytest.raises(Killed):
        desk.bring(data, batch=2, progress=kill)
    assert len(rows(desk, Organisation)) == 4

    report = desk.bring(data, batch=2)

    assert ends(report) == (2, 0, 4, 1, 0)
    [only] = rows(desk, RosterImport)
    assert only.report["created"] == 2
    finished = desk.dump()
    assert ends(desk.bring(data, batch=2)) == (0, 0, 6, 1, 0)
    assert desk.dump() == finished


def test_a_batch_that_fails_leaves_nothing_of_itself(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(session: Any, event: events.PostsChanged) -> None:
        raise RuntimeError("a higher room failed")

    monkeypatch.setitem(events._handlers, events.PostsChanged, [fail])
    before = desk.dump()

    with pytest.raises(RuntimeError):
        desk.bring(roster(enterprise(1)))

    assert desk.dump() == before


def test_higher_rooms_are_told_once_for_each_batch(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Any] = []
    for kind in (events.OrganisationsChanged, events.PostsChanged):
        monkeypatch.setitem(events._handlers, kind, [lambda session, event: heard.append(event)])

    desk.bring(roster(enterprise(1), enterprise(2)))
    desk.bring(roster(enterprise(1), enterprise(2)))
    successor = enterprise(2, 主要负责人姓名="新任", 任职日期="2026-05-01")
    desk.bring(roster(enterprise(1, 详细地址="某路 1 号"), successor, header=(*HEADER, "详细地址")))

    ids = frozenset(row.id for row in rows(desk, Organisation))
    first, second = sorted(ids)
    assert heard == [
        events.OrganisationsChanged(ids, desk.today),
        events.PostsChanged(ids, desk.today),
        events.OrganisationsChanged(frozenset({first}), desk.today),
        events.PostsChanged(frozenset({second}), desk.today),
    ]


def test_an_office_imports_only_within_its_reach(desk: Desk) -> None:
    desk.bring(roster(enterprise(3)))
    of_rongcheng = Reach(district_codes=frozenset({"371082"})).may_write

    there = {"所属区市": "荣成", "镇街": "俚岛"}

    report = desk.bring(roster(enterprise(1), enterprise(2, **there), enterprise(3, **there)), may_write=of_rongcheng)

    assert ends(report) == (1, 0, 0, 2, 0)
    assert found(report, "error") == {"C2": "out_of_reach", "B4": "out_of_reach"}


def test_a_department_imports_only_what_it_supervises(desk: Desk) -> None:
    of_health = Reach(department_codes=frozenset({"health"})).may_write

    report = desk.bring(roster(enterprise(1), enterprise(2, 行业领域="医院", 监管部门=None)), may_write=of_health)

    assert ends(report) == (1, 0, 0, 1, 0)


def test_a_plan_can_be_shown_and_then_applied(desk: Desk) -> None:
    with desk.db.transaction() as session:
        plan = read_and_plan(session, data=roster(enterprise(1)), file_name="名册.xlsx", today=desk.today)
        report = apply_plan(session, plan=plan, account_id=None, now=desk.now)

    assert ends(plan.report) == ends(report) == (1, 0, 0, 0, 0)
    assert len(rows(desk, Organisation)) == 1


def test_a_refused_row_says_where_what_and_what_to_do(desk: Desk) -> None:
    report = desk.preview(roster(enterprise(1, 身份证号="110105491231002"), header=WITH_IDENTITY))

    assert report.to_json()["problems"] == [
        {
            "sheet": "名册",
            "cell": "M2",
            "row": 2,
            "column": "身份证号",
            "value": "***********1002",
            "severity": "error",
            "code": "identity_15",
            "message": "15 位旧身份证号已停用。",
            "action": "请填写现行 18 位身份证号。",
        }
    ]


def test_the_template_comes_back_empty(desk: Desk, tmp_path: Any) -> None:
    path = tmp_path / "模板.xlsx"
    write_template(path)

    report = desk.bring(path.read_bytes())

    assert ends(report) == (0, 0, 0, 0, 1)
    assert found(report, "warning") == {}
    assert rows(desk, RosterImport) == []


def test_every_row_of_a_filled_template_goes_in(desk: Desk, tmp_path: Any) -> None:
    import openpyxl

    path = tmp_path / "模板.xlsx"
    write_template(path)
    book = openpyxl.load_workbook(path)
    sheet = book["名册"]
    titles = [str(cell.value).rstrip("*") for cell in sheet[3]]
    for name, value in enterprise(1).items():
        sheet.cell(5, titles.index(name) + 1, value)
    book.save(path)

    assert ends(desk.bring(path.read_bytes())) == (1, 0, 0, 0, 1)


def test_the_default_batch_is_short() -> None:
    assert roster_service.BATCH <= 300

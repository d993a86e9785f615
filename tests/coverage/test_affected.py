"""Who took items on changed law: only closed attempts, only changed or gone clauses, only within reach; and nothing old moves."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select, update
from sqlmodel import Session, col

from quiz import clock
from quiz.banks import editions, queries, service
from quiz.banks.files import BankDraft
from quiz.coverage import affected
from quiz.coverage.affected import Survey, Touched
from quiz.coverage.affected_export import affected_xlsx
from quiz.coverage.conditions import EVERYWHERE
from quiz.models.attempts import Attempt
from quiz.models.banks import Item, ItemVersion
from quiz.models.organisations import Post
from quiz.models.papers import Form
from quiz.organisations.reach import Reach, Reaches
from tests import factories
from tests.banks.test_editions import ALARM, HOSE, NEW, OFFICE, TRAINING, edition, item

HUANCUI, WENDENG = (Reaches((Reach(district_codes=frozenset({code})),)) for code in ("371002", "371003"))
TAKEN_ON = date(2026, 10, 8)


class Hall:
    """Two districts, one bank of three items, and papers handed in on 8 October 2026."""

    def __init__(self, session: Session, now: datetime) -> None:
        self.session, self.now, self.today = session, now, clock.local_day(now)
        factories.reference(session)
        editions.write_edition(session, draft=edition(2024, ALARM, HOSE, TRAINING), now=now, today=self.today, actor=OFFICE)
        items = [item("alarm", "gas-2024/1"), item("hose", "gas-2024/2"), item("training", "gas-2024/3")]
        service.write_bank(session, draft=BankDraft(bank="gas", title="燃气", edition="gas-2024", items=items), now=now)
        self.versions = {view.item_code: view.id for view in queries.items_of_bank(session, "gas")}
        self.paper = factories.paper(session, title="燃气考试")
        self.own, self.foreign = (
            factories.organisation(session, name=name, district=code, town=None) for name, code in (("甲厂", "371002"), ("乙厂", "371003"))
        )

    def principal(self, name: str, *organisations: int, **post: Any) -> int:
        person = factories.person(self.session, name=name)
        for organisation in organisations:
            factories.post(self.session, organisation_id=organisation, person_id=person, **post)
        return person

    def take(self, person: int, *codes: str, marks: tuple[float, ...] = (), paper: int | None = None, closed: bool = True) -> int:
        """A form with these items of 5 points each, handed in unless it is still open."""
        moment = factories.at(TAKEN_ON)
        attempt = factories.attempt(
            self.session, person_id=person, paper_id=paper or self.paper, started_at=moment, handed_in_at=moment if closed else None,
            score=sum(marks) if closed else None,
        )  # fmt: skip
        form = [{"version": self.versions[code], "options": ["A", "B"], "points": 5.0, "must_be_right": False} for code in codes]
        row = self.session.get_one(Attempt, attempt)
        self.session.execute(update(Form).where(col(Form.id) == row.form_id).values(items=form))
        row.marks = list(marks or (0.0,) * len(codes)) if closed else None
        self.session.flush()
        return attempt

    def change_law(self) -> Touched:
        """Clause 2 is changed, clause 3 gone, clause 1 kept."""
        editions.write_edition(self.session, draft=NEW, now=self.now, today=self.today, actor=OFFICE)
        return affected.touched(self.session, new_code="gas-2026")

    def survey(self, wanted: Touched, reach: Reaches = EVERYWHERE) -> Survey:
        return affected.survey(self.session, wanted, reach=reach, today=self.today)

    def names(self, wanted: Touched, reach: Reaches) -> list[str]:
        found = self.survey(wanted, reach)
        return [row.name for row in affected.rows(self.session, wanted, found.attempt_ids, reach=reach, today=self.today)]


@pytest.fixture
def hall(session: Session, now: datetime) -> Hall:
    return Hall(session, now)


def test_only_versions_on_changed_or_gone_clauses_count(hall: Hall) -> None:
    wanted = hall.change_law()

    assert wanted.clauses == {hall.versions["hose"]: ("第2条（有修改）",), hall.versions["training"]: ("第3条（删除）",)}


def test_the_list_says_who_where_what_and_how_it_went(hall: Hall) -> None:
    wang = hall.principal("王一", hall.own)
    attempt = hall.take(wang, "alarm", "hose", "training", marks=(5.0, 5.0, 2.0))
    hall.take(hall.principal("李二", hall.own), "alarm", marks=(5.0,))
    hall.take(hall.principal("张三", hall.own), "hose", closed=False)
    wanted = hall.change_law()

    found = hall.survey(wanted)
    (row,) = affected.rows(hall.session, wanted, found.attempt_ids, reach=EVERYWHERE, today=hall.today)

    assert (found.people, list(found.attempt_ids), [(each.title, each.attempts, each.affected) for each in found.papers]) == (
        1, [attempt], [("燃气考试", 2, 1)],
    )  # fmt: skip
    assert (row.name, row.organisations, row.districts, row.paper, row.handed_in_at) == (
        "王一", ("甲厂",), ("环翠区",), "燃气考试", factories.at(TAKEN_ON),
    )  # fmt: skip
    assert [(each.position, each.code, each.clauses, each.outcome) for each in row.items] == [
        (2, "hose", ("第2条（有修改）",), "答对"),
        (3, "training", ("第3条（删除）",), "部分得分"),
    ]


def test_an_office_sees_the_people_of_its_own_district_and_nobody_else(hall: Hall) -> None:
    for name, organisations in (("本区甲", (hall.own,)), ("他区乙", (hall.foreign,)), ("两处丙", (hall.own, hall.foreign)), ("无职丁", ())):
        hall.take(hall.principal(name, *organisations), "hose")
    wanted = hall.change_law()

    assert sorted(hall.names(wanted, HUANCUI)) == ["两处丙", "本区甲"]
    assert sorted(hall.names(wanted, WENDENG)) == ["两处丙", "他区乙"]
    assert sorted(hall.names(wanted, EVERYWHERE)) == ["两处丙", "他区乙", "无职丁", "本区甲"]
    assert hall.names(wanted, Reaches()) == []
    both = next(
        row
        for row in affected.rows(hall.session, wanted, hall.survey(wanted, HUANCUI).attempt_ids, reach=HUANCUI, today=hall.today)
        if row.name == "两处丙"
    )
    assert (both.organisations, both.districts) == (("甲厂",), ("环翠区",))


def test_ids_of_a_wider_survey_open_nothing_beyond_the_reach(hall: Hall) -> None:
    hall.take(hall.principal("他区乙", hall.foreign), "hose")
    wanted = hall.change_law()
    everywhere = hall.survey(wanted).attempt_ids

    assert affected.rows(hall.session, wanted, everywhere, reach=HUANCUI, today=hall.today) == []


def test_whoever_left_long_before_the_attempt_is_no_longer_the_former_districts_business(hall: Hall) -> None:
    person = hall.principal("调任者", hall.own, held_from=date(2020, 1, 1), held_to=date(2024, 1, 1))
    factories.post(hall.session, organisation_id=hall.foreign, person_id=person, held_from=date(2024, 1, 1))
    stayed = hall.principal("后离任", hall.own)
    hall.take(person, "hose")
    hall.take(stayed, "hose")
    hall.session.execute(update(Post).where(col(Post.person_id) == stayed).values(held_to=date(2026, 11, 1)))
    wanted = hall.change_law()

    assert (hall.names(wanted, HUANCUI), hall.names(wanted, WENDENG)) == (["后离任"], ["调任者"])
    assert hall.survey(wanted, HUANCUI).papers[0].attempts == 1


def test_papers_stand_apart_and_progress_is_told(hall: Hall) -> None:
    other = factories.paper(hall.session, title="另一份试卷")
    person = hall.principal("王一", hall.own)
    first, second = hall.take(person, "hose"), hall.take(person, "hose", paper=other)
    wanted = hall.change_law()
    heard: list[tuple[int, int]] = []

    found = affected.survey(hall.session, wanted, reach=EVERYWHERE, today=hall.today, progress=lambda done, of: heard.append((done, of)))

    assert (list(found.of_paper(hall.paper)), list(found.of_paper(other)), list(found.of_paper(0))) == ([first], [second], [])
    assert (found.people, heard) == (1, [(2, 2)])
    assert affected.closed_attempts(hall.session, reach=EVERYWHERE) == 2


def test_nothing_in_old_attempts_changes(hall: Hall) -> None:
    hall.take(hall.principal("王一", hall.own), "alarm", "hose", "training", marks=(5.0, 0.0, 5.0))

    def everything() -> list[Any]:
        tables = (Attempt.__table__, Form.__table__)  # type: ignore[attr-defined]
        rows = [hall.session.execute(select(table).order_by(table.c.id)).all() for table in tables]
        old = select(ItemVersion.__table__).where(col(ItemVersion.id).in_(hall.versions.values())).order_by(col(ItemVersion.id))  # type: ignore[attr-defined]
        cited = [clause.id for view in queries.versions(hall.session, hall.versions.values()).values() for clause in view.clauses]
        return [*rows, hall.session.execute(old).all(), cited]

    before = everything()
    wanted = hall.change_law()
    hall.survey(wanted)

    assert everything() == before
    states = dict(hall.session.execute(select(col(Item.code), col(Item.state))).all())  # type: ignore[arg-type]
    assert states == {"alarm": "published", "hose": "withdrawn", "training": "withdrawn"}


def test_without_a_superseded_edition_there_is_nothing_to_look_for(hall: Hall) -> None:
    wanted = affected.touched(hall.session, new_code="gas-2024")

    assert (wanted.clauses, hall.survey(wanted).affected) == ({}, 0)


def test_the_workbook_has_a_line_for_each_item_and_goes_on_in_another_sheet(
    hall: Hall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quiz.coverage.affected_export.LINES_A_SHEET", 2)
    hall.take(hall.principal("=王一", hall.own), "alarm", "hose", "training", marks=(5.0, 5.0, 0.0))
    hall.take(hall.principal("李二", hall.foreign), "hose")
    wanted = hall.change_law()
    path = tmp_path / "名单.xlsx"

    lines = affected_xlsx(
        hall.session, path, wanted=wanted, found=hall.survey(wanted), title="燃气规定（2026）", reach=EVERYWHERE, today=hall.today,
        exported_at=hall.now,
    )  # fmt: skip

    book = openpyxl.load_workbook(path)
    assert (lines, book.sheetnames) == (3, ["涉及人员", "涉及人员2", "说明"])
    cells = [row for name in book.sheetnames[:2] for row in book[name].iter_rows(min_row=2, values_only=True)]
    assert sorted((row[0], row[1], row[7], row[10], row[11]) for row in cells) == [
        ("=王一", "甲厂", "hose", "答对", 5), ("=王一", "甲厂", "training", "答错或未答", 0), ("李二", "乙厂", "hose", "答错或未答", 0),
    ]  # fmt: skip
    assert "2 人、2 份答卷、3 题次" in str(book["说明"]["A1"].value)

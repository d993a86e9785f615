"""What the office's screens call, called with another district's rows: nothing is found, nothing is changed."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from sqlalchemy import func, select
from sqlmodel import Session, col

from quiz import clock, events
from quiz.accounts import help_desk
from quiz.accounts.audit import Actor
from quiz.accounts.domain import User
from quiz.accounts.queries import activation_rows
from quiz.attempts import service as attempts
from quiz.coverage import filtered, queries
from quiz.coverage.scores import holders, person_attempts, scores
from quiz.coverage.uncovered import Filters, uncovered
from quiz.db import Database
from quiz.models.accounts import Account, Activation
from quiz.models.attempts import Extension
from quiz.models.organisations import Organisation
from quiz.models.training import Duty
from quiz.organisations import queries as roster
from quiz.organisations import service as organisations
from quiz.organisations.domain import OrganisationDraft, PersonDraft
from quiz.organisations.reach import Reach, Reaches
from quiz.organisations.reference import Reference
from quiz.organisations.roster_service import import_roster
from quiz.problems import Forbidden, Invalid, NotFound, Refusal
from quiz.training.granted import duty_row, duty_rows, granted
from quiz.training.queries import programme
from quiz.ui import coverage_files, enterprises_actions, enterprises_list, extensions_view, gate, programmes_editor, programmes_view
from quiz.ui.activation_view import Question as Slips
from quiz.ui.coverage_view import Question
from tests.organisations.sheets import enterprise
from tests.organisations.sheets import roster as roster_file
from tests.pages.conftest import DISTRICT, made_site, site
from tests.pages.office_site import ELSEWHERE, FOREIGN, PROGRAMME, Ids, ids

__all__ = ["ids", "made_site", "site"]

HERE = Reaches((Reach(district_codes=frozenset({DISTRICT})),))
THERE = Reaches((Reach(district_codes=frozenset({ELSEWHERE})),))
TOWN = Reaches((Reach(town_codes=frozenset({"371002001"})),))
NOTHING = Reaches()
USER = User(account_id=4, account="district", name="区安委办", person_id=None, grants=())
ACTOR = Actor(4, "district", "10.0.0.7")


@pytest.fixture(autouse=True)
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Outside a browser there is no address."""
    monkeypatch.setattr(gate, "read_address", lambda: "10.0.0.7")
    yield


def asked(site: Database) -> Question:
    with site.reading() as session:
        return Question(programme(session, code=PROGRAMME), clock.local_day(clock.now()), Filters())


def count(site: Database, table: Any) -> int:
    with site.reading() as session:
        return session.execute(select(func.count()).select_from(table)).scalar_one()


# 人 -------------------------------------------------------------------------------------------------------------------


def test_the_help_desk_knows_nobody_of_another_district(site: Database, ids: Ids) -> None:
    for reach in (HERE, TOWN, NOTHING):
        knows_nobody(site, ids, reach)


def knows_nobody(site: Database, ids: Ids, reach: Reaches) -> None:
    acts: tuple[Callable[[Session], Any], ...] = (
        lambda session: help_desk.person_row(session, person_id=ids.li, reach=reach),
        lambda session: help_desk.reset_trainee_password(session, person_id=ids.li, reach=reach, now=clock.now(), actor=ACTOR),
        lambda session: help_desk.unlock_trainee(session, person_id=ids.li, reach=reach, now=clock.now(), actor=ACTOR),
    )
    for act in acts:
        with pytest.raises(NotFound), site.transaction() as session:
            act(session)
    with site.reading() as session:
        assert help_desk.find_people(session, text="他区李四", reach=reach) == ()
        assert help_desk.find_people(session, text="13900000003", reach=reach) == ()
        account = session.execute(select(col(Account.must_change_password)).where(col(Account.person_id) == ids.li)).scalar_one()
    assert account is False


def test_more_attempts_are_not_granted_to_somebody_elsewhere(site: Database, ids: Ids) -> None:
    with site.reading() as session:
        li = help_desk.person_row(session, person_id=ids.li, reach=THERE)
    paper_id = asked(site).programme.paper_id or 0

    with pytest.raises(NotFound), site.transaction() as session:
        extensions_view._grant(session, paper_id, li, USER, HERE, 1, 0, None, "补考一次")

    assert count(site, Extension) == 0


def test_an_extension_has_limits_that_are_not_only_the_screens(site: Database, ids: Ids) -> None:
    now, paper_id = clock.now(), asked(site).programme.paper_id or 0
    too_much: tuple[dict[str, Any], ...] = ({"extra_attempts": 11}, {"extra_minutes": 241}, {"closes_at": now + timedelta(days=800)})

    for given in too_much:
        with pytest.raises(Invalid), site.transaction() as session:
            attempts.grant_extension(session, paper_id=paper_id, person_id=ids.li, reason="停电", granted_by=1, now=now, **given)


def test_no_slip_is_made_for_a_street_elsewhere(site: Database, ids: Ids) -> None:
    now = clock.now()
    with site.reading() as session:
        found = Slips(ELSEWHERE, "", "", "").rows(session, HERE, now, any_state=True)
        everything = activation_rows(session, reaches=HERE, district_code=None, town_code=None, state=None, now=now)

    assert found == []
    assert {row.district_code for row in everything} == {DISTRICT}
    assert count(site, Activation) == 0


# 企业 -----------------------------------------------------------------------------------------------------------------


def test_an_enterprise_elsewhere_is_neither_seen_nor_entered_nor_taken_over(site: Database, ids: Ids) -> None:
    today = clock.local_day(clock.now())
    with site.reading() as session:
        reference = Reference.load(session)
        with pytest.raises(NotFound):
            roster.organisation_view(session, ids.foreign, reach=HERE)
        assert {row.district_code for row in roster.find(session, reach=HERE, limit=1000).rows} == {DISTRICT}
        assert roster.find(session, text="他区", reach=HERE).total == 0
        assert roster.find(session, text="13900000003", reach=HERE).total == 0
        own = roster.organisation_view(session, ids.own, reach=HERE)
    draft = OrganisationDraft(
        name="新厂", registration_number="X1", district_code=ELSEWHERE, sector_code="industry_trade", registered_on=today
    )
    desk = enterprises_actions.Desk(USER, HERE, reference, own, today)

    with pytest.raises(Invalid), site.transaction() as session:
        enterprises_list._add(session, USER, draft, reference, HERE)
    with pytest.raises(Invalid), site.transaction() as session:  # pushed over the border
        enterprises_actions._moved(desk, session, own, ELSEWHERE, "371082007", today)

    with site.reading() as session:
        assert session.get_one(Organisation, ids.own).district_code == DISTRICT
        assert session.scalars(select(Organisation).where(col(Organisation.name) == "新厂")).all() == []


def test_a_post_of_another_enterprise_is_not_reached_through_ones_own(site: Database, ids: Ids) -> None:
    with site.reading() as session:
        own = roster.organisation_view(session, ids.own, reach=HERE)

    with pytest.raises(NotFound):
        enterprises_actions._mine(own, ids.li_post)


def test_a_roster_neither_creates_nor_changes_nor_takes_over_rows_elsewhere(site: Database, ids: Ids) -> None:
    with site.transaction() as session:
        foreign = session.get_one(Organisation, ids.foreign)
        foreign.uscc = uscc = enterprise(7)["统一社会信用代码"]
    tried = [
        enterprise(7, 所属区市="荣成市", 镇街="崖头街道"),  # theirs, changed where it stands
        enterprise(7, 所属区市="环翠区", 镇街="环翠楼街道"),  # theirs, pulled over the border
        enterprise(8, 所属区市="荣成市", 镇街="崖头街道"),  # a new one over there
    ]

    reports = [
        import_roster(site, data=roster_file(row), file_name="名册.xlsx", now=clock.now(), account_id=4, may_write=reach.may_write, pause=0)
        for row in tried
        for reach in (HERE, TOWN, NOTHING)
    ]

    assert {(report.created, report.updated, report.refused) for report in reports} == {(0, 0, 1)}
    assert [word for report in reports for word in FOREIGN if word in str(report.problems)] == []
    with site.reading() as session:
        foreign = session.get_one(Organisation, ids.foreign)
        assert (foreign.name, foreign.district_code, foreign.uscc) == ("他区丙厂有限公司", ELSEWHERE, uscc)
        assert session.execute(select(func.count()).select_from(Organisation)).scalar_one() == 5


# 专项、成绩、覆盖率 ---------------------------------------------------------------------------------------------------


def test_no_duty_elsewhere_is_extended_or_exempted(site: Database, ids: Ids) -> None:
    with site.reading() as session:
        theirs = session.scalars(select(col(Duty.id)).where(col(Duty.organisation_id) == ids.foreign)).all()
        assert len(theirs) == 1
        with pytest.raises(NotFound):
            duty_row(session, duty_id=theirs[0] or 0, reach=HERE)
        assert duty_rows(session, reach=HERE, organisation_id=ids.foreign) == ()
        assert granted(session, programme_id=1, reach=NOTHING) == ()


def test_a_programme_and_a_snapshot_are_the_citys_whatever_the_screen_offers(site: Database, ids: Ids) -> None:
    question, today = asked(site), clock.local_day(clock.now())
    draft = programmes_editor.Draft("x-2026", {})
    acts: tuple[Callable[[Session], Any], ...] = (
        lambda session: programmes_view._open(session, question.programme, USER, HERE, today),
        lambda session: programmes_view._close(session, question.programme, USER, HERE),
        lambda session: programmes_editor._save(session, draft, None, USER, HERE, today),
        lambda session: coverage_files._take(session, question, USER, HERE, clock.now()),
    )
    for act in acts:
        with pytest.raises(Forbidden), site.transaction() as session:
            act(session)


def test_scores_of_another_district_are_not_there(site: Database, ids: Ids) -> None:
    today = clock.local_day(clock.now())
    with site.reading() as session:
        with pytest.raises(NotFound):
            holders(session, programme_code=PROGRAMME, organisation_id=ids.foreign, as_of=today, reach=HERE)
        with pytest.raises(NotFound):
            person_attempts(session, programme_code=PROGRAMME, person_id=ids.li, reach=HERE)
        names = {row.label for row in scores(session, programme_code=PROGRAMME, by="enterprise", as_of=today, reach=HERE).rows}

    assert [name for name in names if "他区" in name] == []
    assert len(names) == 3


def test_whole_telephone_numbers_leave_only_for_a_purpose_whatever_the_button_says(site: Database, ids: Ids) -> None:
    for purpose, agreed in (("", True), ("催办", True), ("电话催办", False)):
        with pytest.raises(Invalid):
            coverage_files.workbook(asked(site), HERE, full_phones=True, purpose=purpose, agreed=agreed)()


def test_files_hold_nothing_of_another_district(site: Database, ids: Ids) -> None:
    question = asked(site)
    made = {
        "coverage": coverage_files.workbook(question, HERE, full_phones=True, purpose="电话催办", agreed=True)(),
        "enterprises": enterprises_list.workbook({"text": ""}, HERE)(),
    }

    for name, content in made.items():
        cells = [
            str(cell)
            for sheet in openpyxl.load_workbook(io.BytesIO(content))
            for line in sheet.iter_rows(values_only=True)
            for cell in line
        ]
        assert [cell for cell in cells for word in (*FOREIGN, "荣成") if word in cell] == [], name
        assert any("本区乙厂" in cell for cell in cells), name


# 部门 -----------------------------------------------------------------------------------------------------------------


def supervised(session: Session, name: str, number: int, *, direct: str | None) -> int:
    """A restaurant under 商务局, with or without a department that supervises it directly."""
    now = clock.now()
    today = clock.local_day(now)
    view = organisations.add_organisation(
        session,
        draft=OrganisationDraft(
            name=name, registration_number=f"D{number:05}", district_code=DISTRICT, sector_code="catering", department_code="commerce",
            direct_department_code=direct, registered_on=today - timedelta(days=700),
        ),
        now=now,
    )  # fmt: skip
    organisations.appoint(
        session, organisation_id=view.id, person=PersonDraft(f"厨师{number}", f"1380000{number:04}"), role="principal",
        held_from=today - timedelta(days=300), now=now,
    )  # fmt: skip
    events.announce(session, events.OrganisationsChanged(frozenset({view.id}), today))
    return view.id


def test_every_reach_counts_exactly_its_enterprises_everywhere(site: Database, ids: Ids) -> None:
    """One sum in the tally, in contributions, in the list, in people and in scores; a direct supervisor counts its own only."""
    with site.transaction() as session:
        directly = supervised(session, "海边酒家", 1, direct="fire_rescue")
        supervised(session, "山里酒家", 2, direct=None)
    today = clock.local_day(clock.now())
    department = {code: Reach(department_codes=frozenset({code})) for code in ("fire_rescue", "commerce", "emergency_management")}
    parts: dict[str, tuple[Reach, ...]] = {
        "city": (Reach(),),
        "here": HERE.parts,
        "there": THERE.parts,
        "town": TOWN.parts,
        "fire": (department["fire_rescue"],),
        "commerce": (department["commerce"],),
        "emergency": (department["emergency_management"],),
        "fire here": (Reach(district_codes=frozenset({DISTRICT}), department_codes=frozenset({"fire_rescue"})),),
        "fire there": (Reach(district_codes=frozenset({ELSEWHERE}), department_codes=frozenset({"fire_rescue"})),),
        "fire or there": (department["fire_rescue"], *THERE.parts),
        "one": (Reach(organisation_ids=frozenset({directly})),),
        "nothing": (),
    }
    counted: dict[str, tuple[int, ...]] = {}
    with site.reading() as session:
        for name, reaches in parts.items():
            reach = Reaches(reaches)
            total = queries.coverage(session, programme_code=PROGRAMME, as_of=today, reach=reach).total
            by_town = queries.coverage(session, programme_code=PROGRAMME, as_of=today, reach=reach, by="town")
            chosen = filtered.coverage_of(session, programme_code=PROGRAMME, as_of=today, filters=Filters(), reach=reach).total
            narrowed = filtered.coverage_of(
                session, programme_code=PROGRAMME, as_of=today, filters=Filters(district=ELSEWHERE), reach=reach
            ).total
            open_list = uncovered(session, programme_code=PROGRAMME, as_of=today, reach=reach, limit=0)
            course = queries.trend(session, programme_code=PROGRAMME, from_day=today, to_day=today, reach=reach)
            people = queries.persons(session, programme_code=PROGRAMME, as_of=today, reach=reach)
            groups = scores(session, programme_code=PROGRAMME, by="enterprise", as_of=today, reach=reach).groups
            assert (
                total.due == chosen.due == open_list.total == course[-1].counts.due == groups == sum(g.counts.due for g in by_town.groups)
            )
            counted[name] = (total.due, narrowed.due, people.due)
        reached = {
            name: sum(Reaches(reaches).covers(row) for row in session.scalars(select(Organisation))) for name, reaches in parts.items()
        }

    assert {name: due for name, (due, _, _) in counted.items()} == reached
    assert counted == {
        "city": (7, 2, 6), "here": (5, 0, 5), "there": (2, 2, 2), "town": (2, 0, 2), "fire": (1, 0, 1), "commerce": (2, 0, 2),
        "emergency": (5, 2, 4), "fire here": (1, 0, 1), "fire there": (0, 0, 0), "fire or there": (3, 2, 3), "one": (1, 0, 1),
        "nothing": (0, 0, 0),
    }  # fmt: skip


def test_a_refusal_does_not_name_what_is_out_of_reach(site: Database, ids: Ids) -> None:
    refusal = Refusal("该代码已登记在“他区丙厂有限公司”名下。", code="taken")

    assert "丙厂" not in enterprises_list.discreet(refusal, HERE).message
    assert enterprises_list.discreet(refusal, Reaches.everything()) is refusal

"""A roster import taken back: everything stands as it did before, or the obstacles are named and nothing is touched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import Session, col

from quiz import clock, events, wiring
from quiz.coverage.verification import verify
from quiz.models.accounts import Activation
from quiz.models.classes import ClassSession, HoursCredit
from quiz.models.organisations import Organisation, Person, Post, RosterImport
from quiz.models.training import Duty, Programme
from quiz.organisations import roster_undo
from quiz.organisations import service as organisations
from quiz.organisations.reach import Reach, Reaches
from quiz.problems import NotFound, Refusal
from quiz.training import service as training
from tests import factories
from tests.organisations import sheets
from tests.organisations.conftest import Desk, empty

HEADER = (*sheets.HEADER, "特征标签", "状态日期", "从业人员数", "安全总监姓名", "是否学时高危")
OPENS, DUE = date(2026, 9, 1), date(2026, 12, 31)
SUMS = {"tally": 6, "level": 5, "uncovered_tally": 6, "uncovered_level": 5}
"""Tables that hold sums, with the columns before the sums: an undo may leave rows in them that are nothing."""
DUTY_OF_PERIOD = 8
"""Where a row of the uncovered names its duty, by a number that may be another one after an undo."""
LEFT_BEHIND = ("roster_import", "roster_journal", "organisationchange", *SUMS)
"""What an undo may leave: its own traces, and sums that are nothing."""


@pytest.fixture(autouse=True)
def wired() -> None:
    wiring.wire()


@pytest.fixture
def campaign(desk: Desk) -> Iterator[Desk]:
    """Two open programmes: for certain sectors, and for a feature."""
    with desk.db.transaction() as session:
        _open(session)
    yield desk


def _open(session: Session) -> None:
    paper = factories.paper(session)
    for audience in ({"sectors": ["industry_trade", "catering"]}, {"features": ["confined_space"]}):
        programme_id = factories.programme(session, audience=audience, opens_on=OPENS, due_on=DUE, paper_id=paper, policy="all")
        training.open_programme(session, programme_id=programme_id, today=OPENS)


def _open_by_law(session: Session) -> dict[int, int]:
    """Programmes that ask for hours by law, the later one entered first: what the earlier counts as a first training decides there."""
    sittings = {}
    for number, (rule, opens_on) in enumerate((("law", OPENS), ("law", date(2026, 3, 1)), ("law_yearly", OPENS), ("law_first", OPENS))):
        programme_id = factories.programme(session, opens_on=opens_on, due_on=DUE, policy="all" if number % 2 else "designated")
        row = session.get_one(Programme, programme_id)
        row.hours_rule, row.paper_id = rule, None
        session.flush()
        training.open_programme(session, programme_id=programme_id, today=OPENS)
        sitting = ClassSession(title="班次", programme_id=programme_id, created_at=factories.at(OPENS))
        session.add(sitting)
        session.flush()
        sittings[programme_id] = sitting.id or 0
    return sittings


def _teach(desk: Desk, sittings: dict[int, int], lessons: list[tuple[int, int, int, int]]) -> None:
    """Minutes of class for some of the people, in some of these programmes, on some days."""
    with desk.db.transaction() as session:
        people = [each for each in session.scalars(select(Person.id).order_by(col(Person.id))) if each is not None]  # type: ignore[call-overload]
        for person, programme, day, hours in lessons:
            person_id, programme_id = people[person % len(people)], list(sittings)[programme % len(sittings)]
            on = date(2026, 4, 1) + timedelta(days=20 * day)
            credit = HoursCredit(
                session_id=sittings[programme_id], person_id=person_id, day=on, programme_id=programme_id, minutes=45 * hours
            )
            session.merge(credit)
            session.flush()
            events.announce(session, events.HoursChanged(frozenset({person_id}), programme_id, on))


def state(desk: Desk) -> dict[str, Any]:
    """Every row that must come back, and the sums that are something; a duty may come back under another number."""
    everything: dict[str, Any] = desk.dump()
    tables = {name: rows for name, rows in everything.items() if name not in LEFT_BEHIND}
    sums = {name: [row for row in everything[name] if any(row[keys:])] for name, keys in SUMS.items()}
    waiting = [(*row[:DUTY_OF_PERIOD], *row[DUTY_OF_PERIOD + 1 :]) for row in tables["uncovered_period"]]
    return tables | sums | {"duty": sorted((row[1:] for row in tables["duty"]), key=str), "uncovered_period": sorted(waiting, key=str)}


def undo(desk: Desk, import_id: int | None, **who: Any) -> roster_undo.Undone:
    assert import_id is not None
    return roster_undo.undo(desk.db, import_id=import_id, now=desk.now, pause=0, **who)


def bring(desk: Desk, *rows: dict[str, Any], **options: Any) -> int:
    report = desk.bring(sheets.roster(*rows, header=HEADER), **options)
    assert report.import_id is not None, report.problems
    return report.import_id


# 正好恢复 -------------------------------------------------------------------------------------------------------------

_NAMES = ("王建国", "李秀英", "张伟", "刘洋")


@st.composite
def rows(draw: st.DrawFn, *, first: bool) -> dict[str, Any]:
    """A row about one of six enterprises, ordinary or changed."""
    number = draw(st.integers(1, 4 if first else 6))
    status, day = draw(st.sampled_from([("在业", None), ("在业", None), ("停产", None), ("注销", "2026-10-20"), ("注销", None)]))
    changes: dict[str, Any] = {
        "所属区市": draw(st.sampled_from(["环翠区", "环翠区", "荣成市"])),
        "镇街": None,
        "行业领域": draw(st.sampled_from(["工贸", "工贸", "餐饮", "医院"])),
        "经营状态": status,
        "状态日期": day,
        "主要负责人姓名": draw(st.sampled_from(_NAMES)),
        "手机号": sheets.phone(draw(st.integers(1, 5))),
        "任职日期": draw(st.sampled_from(["2024-03-05", "2026-10-05", "2026-11-20"])),
        "职务类别": draw(st.sampled_from(["法定代表人", "实际控制人", None])),
        "是否指定参训人": draw(st.sampled_from(["是", None])),
        "特征标签": draw(st.sampled_from(["有限空间", "无", None, "有限空间、粉尘涉爆"])),
        "从业人员数": draw(st.sampled_from([None, 20, 300])),
        "安全总监姓名": draw(st.sampled_from([None, None, "赵敏"])),
        "是否学时高危": draw(st.sampled_from(["是", "否", None])),
    }
    return sheets.enterprise(number, **changes)


@settings(
    max_examples=10, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture], phases=[Phase.generate]
)
@given(
    before=st.lists(rows(first=True), min_size=1, max_size=6),
    roster=st.lists(rows(first=False), min_size=1, max_size=8),
    later=st.integers(0, 3),
)
def test_import_and_undo_leave_everything_as_it_was(desk: Desk, before: list[Any], roster: list[Any], later: int) -> None:
    empty(desk.db)
    with desk.db.transaction() as session:
        _open(session)
    desk.bring(sheets.roster(*before, header=HEADER), batch=2)
    _grant_and_answer(desk)
    known = state(desk)

    report = desk.bring(sheets.roster(*roster, header=HEADER), batch=2)
    if report.import_id is None:
        assert state(desk) == known
        return
    roster_undo.undo(desk.db, import_id=report.import_id, now=desk.now + timedelta(days=later), pause=0)

    assert {name: rows for name, rows in state(desk).items() if rows != known[name]} == {}
    with desk.db.reading() as session:
        assert verify(session).differences == ()


_lessons = st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 9), st.sampled_from([12, 16, 32, 48]))


@settings(
    max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture], phases=[Phase.generate]
)
@given(
    before=st.lists(rows(first=True), min_size=2, max_size=6),
    lessons=st.lists(_lessons, max_size=6),
    roster=st.lists(rows(first=False), min_size=1, max_size=8),
)
def test_undo_restores_hours_by_law_also_where_the_same_people_answer_for_others(
    desk: Desk, before: list[Any], lessons: list[Any], roster: list[Any]
) -> None:
    empty(desk.db)
    with desk.db.transaction() as session:
        sittings = _open_by_law(session)
    if desk.bring(sheets.roster(*before, header=HEADER), batch=2).import_id is None:
        return
    _teach(desk, sittings, lessons)
    known = state(desk)

    report = desk.bring(sheets.roster(*roster, header=HEADER), batch=2)
    if report.import_id is not None:
        roster_undo.undo(desk.db, import_id=report.import_id, now=desk.now, pause=0)

    assert {name: rows for name, rows in state(desk).items() if rows != known[name]} == {}
    with desk.db.reading() as session:
        assert verify(session).differences == ()


def _grant_and_answer(desk: Desk) -> None:
    """The first holder passed, the second has an extension, the third an exemption."""
    with desk.db.transaction() as session:
        duties = session.execute(
            select(Duty.id, Duty.person_id, Programme.paper_id, Duty.due_on)
            .join(Programme, col(Programme.id) == col(Duty.programme_id))
            .order_by(col(Duty.id))
        ).all()  # type: ignore[call-overload]
        for position, (duty_id, person_id, paper_id, due_on) in enumerate(duties[:3]):
            if position == 0:
                moment = factories.at(date(2026, 11, 1))
                attempt = factories.attempt(
                    session, person_id=person_id, paper_id=paper_id, started_at=moment, handed_in_at=moment, score=90
                )
                events.announce(session, events.AttemptHandedIn(attempt, person_id, paper_id, True, moment))
            elif position == 1:
                training.extend_due(session, duty_id=duty_id, due_on=due_on + timedelta(days=30), reason="住院")
            else:
                training.exempt(session, duty_id=duty_id, exempted_on=date(2026, 10, 1), reason="停产核减")


def test_undo_of_a_file_in_many_batches_goes_backwards_through_all_of_them(campaign: Desk) -> None:
    known = state(campaign)
    report = campaign.bring(sheets.roster(*(sheets.enterprise(number) for number in range(1, 8)), header=HEADER), batch=2)

    done = undo(campaign, report.import_id)

    assert (done.removed_organisations, done.removed_posts, done.restored_organisations) == (7, 7, 0)
    assert state(campaign) == known


def test_undo_tells_the_history_and_the_import(campaign: Desk) -> None:
    bring(campaign, sheets.enterprise(1))
    second = bring(campaign, sheets.enterprise(1, 所属区市="荣成市", 镇街=None))

    undo(campaign, second, account_id=7)

    with campaign.db.reading() as session:
        row = session.get_one(RosterImport, second)
        organisation = session.scalars(select(Organisation)).one()
        history = organisations.queries.organisation_view(session, organisation.id or 0).history
    assert (row.undone_at, row.undone_by, organisation.district_code) == (campaign.now, 7, "371002")
    assert (history[0].field, history[0].before, history[0].after) == ("roster_undone", "名册.xlsx", "已恢复导入前的登记")


def test_two_imports_are_taken_back_the_later_one_first(campaign: Desk) -> None:
    known = state(campaign)
    first = bring(campaign, sheets.enterprise(1))
    between = state(campaign)
    second = bring(campaign, sheets.enterprise(1, 从业人员数=50))

    with pytest.raises(Refusal, match="请先撤销那一次"):
        undo(campaign, first)
    with campaign.db.reading() as session:
        seen = roster_undo.preview(session, import_id=first, reach=Reaches.everything(), account_id=None)
    undo(campaign, second)
    assert state(campaign) == between
    undo(campaign, first)

    assert [each.import_id for each in seen.obstacles] == [second]
    assert state(campaign) == known


def test_a_second_undo_is_refused(campaign: Desk) -> None:
    first = bring(campaign, sheets.enterprise(1))
    undo(campaign, first)

    with pytest.raises(Refusal, match="已经撤销"):
        undo(campaign, first)


def test_the_same_file_can_be_imported_again_after_its_undo(campaign: Desk) -> None:
    first = bring(campaign, sheets.enterprise(1))
    undo(campaign, first)

    again = bring(campaign, sheets.enterprise(1))

    assert again != first


# 依赖 -----------------------------------------------------------------------------------------------------------------


def only(session: Session, table: Any) -> Any:
    return session.scalars(select(table).order_by(table.id)).first()


def _edit(session: Session, now: datetime) -> None:
    organisations.edit_organisation(session, organisation_id=only(session, Organisation).id, changes={"employees": 9}, now=now)


def _move(session: Session, now: datetime) -> None:
    organisations.move(
        session, organisation_id=only(session, Organisation).id, district_code="371082", town_code=None, effective_on=clock.local_day(now),
        now=now,
    )  # fmt: skip


def _leave(session: Session, now: datetime) -> None:
    organisations.end_post(session, post_id=only(session, Post).id, held_to=clock.local_day(now), now=now)


def _answer(session: Session, now: datetime) -> None:
    paper = session.scalars(select(Programme.paper_id)).first()  # type: ignore[call-overload]
    factories.attempt(session, person_id=only(session, Person).id, paper_id=paper, started_at=now)


def _extend(session: Session, now: datetime) -> None:
    training.extend_due(session, duty_id=only(session, Duty).id, due_on=date(2027, 6, 1), reason="住院")


def _account(session: Session, now: datetime) -> None:
    factories.account(session, person_id=only(session, Person).id)


def _close_programme(session: Session, now: datetime) -> None:
    training.close_programme(session, programme_id=only(session, Programme).id)


def _second_firm(session: Session, now: datetime) -> None:
    other = factories.organisation(session, district="371002", town=None, sector="industry_trade", department="emergency_management")
    factories.post(session, organisation_id=other, person_id=only(session, Person).id)


@pytest.mark.parametrize(
    ("act", "named"),
    [
        (_edit, "从业人员数"),
        (_move, "所属区市"),
        (_leave, "主要负责人"),
        (_answer, "答题记录 1 条"),
        (_extend, "延期、核减或发证"),
        (_account, "登录账号 1 条"),
        (_close_programme, "已结束的专项"),
        (_second_firm, "任职 1 条"),
    ],
)
def test_what_depends_on_the_import_is_named_and_nothing_is_touched(campaign: Desk, act: Any, named: str) -> None:
    made = bring(campaign, sheets.enterprise(1))
    with campaign.db.transaction() as session:
        act(session, campaign.now)
    known = state(campaign)

    with pytest.raises(Refusal, match=named):
        undo(campaign, made)

    assert state(campaign) == known


def test_another_change_of_the_same_enterprise_does_not_stand_in_the_way(campaign: Desk) -> None:
    bring(campaign, sheets.enterprise(1))
    second = bring(campaign, sheets.enterprise(1, 从业人员数=50))
    with campaign.db.transaction() as session:
        organisations.edit_organisation(
            session, organisation_id=only(session, Organisation).id, changes={"remark": "重点"}, now=campaign.now
        )

    undo(campaign, second)

    with campaign.db.reading() as session:
        row = only(session, Organisation)
    assert (row.employees, row.remark) == (None, "重点")


def test_unused_slips_go_and_used_ones_stand_in_the_way(campaign: Desk) -> None:
    made = bring(campaign, sheets.enterprise(1))
    with campaign.db.transaction() as session:
        post = only(session, Post)
        slip = Activation(
            person_id=post.person_id, organisation_id=post.organisation_id, code_digest="x" * 64, issued_at=campaign.now,
            expires_at=campaign.now,
        )  # fmt: skip
        session.add(slip)

    undo(campaign, made)

    with campaign.db.reading() as session:
        assert session.scalars(select(Activation)).all() == []


def test_principal_who_followed_gives_way_to_the_one_before(campaign: Desk) -> None:
    bring(campaign, sheets.enterprise(1, 主要负责人姓名="王建国"))
    second = bring(campaign, sheets.enterprise(1, 主要负责人姓名="李秀英", 手机号=sheets.phone(77), 任职日期="2026-11-20"))

    undo(campaign, second)

    with campaign.db.reading() as session:
        posts = [(session.get_one(Person, post.person_id).name, post.held_to) for post in session.scalars(select(Post))]
        duties = [(duty.closed_on, duty.closing) for duty in session.scalars(select(Duty))]
        names = [person.name for person in session.scalars(select(Person))]
    assert (posts, duties, names) == ([("王建国", None)], [(None, None)], ["王建国"])


# 谁可以 ---------------------------------------------------------------------------------------------------------------

HUANCUI = Reaches((Reach(district_codes=frozenset({"371002"})),))


def test_an_office_takes_back_its_own_imports_only(campaign: Desk) -> None:
    own = bring(campaign, sheets.enterprise(1), account_id=5)
    foreign = bring(campaign, sheets.enterprise(2), account_id=6)

    with pytest.raises(NotFound):
        undo(campaign, foreign, account_id=5, reach=HUANCUI)

    assert undo(campaign, own, account_id=5, reach=HUANCUI).removed_organisations == 1


def test_an_office_cannot_take_back_what_has_left_its_reach(campaign: Desk) -> None:
    own = bring(campaign, sheets.enterprise(1), account_id=5)
    with campaign.db.transaction() as session:
        _move(session, campaign.now)

    with pytest.raises(NotFound, match="不在您的管理范围内"):
        undo(campaign, own, account_id=5, reach=HUANCUI)


def test_an_import_of_before_there_was_an_undo_is_refused(campaign: Desk) -> None:
    made = bring(campaign, sheets.enterprise(1))
    with campaign.db.transaction() as session:
        session.get_one(RosterImport, made).journal = None

    with pytest.raises(Refusal, match="还不留存"):
        undo(campaign, made)


def test_an_interrupted_import_can_be_taken_back_too(campaign: Desk) -> None:
    known = state(campaign)
    made = bring(campaign, sheets.enterprise(1))
    with campaign.db.transaction() as session:
        session.get_one(RosterImport, made).report = {}

    undo(campaign, made)

    assert state(campaign) == known


def test_appointed_by_the_import_to_an_old_enterprise(campaign: Desk) -> None:
    bring(campaign, sheets.enterprise(1))
    known = state(campaign)
    made = bring(campaign, sheets.enterprise(1, 安全总监姓名="赵敏"))
    with campaign.db.transaction() as session:
        director = session.scalars(select(Post).where(col(Post.role) == "safety_director")).one()
        organisations.correct_tenure(session, post_id=director.id or 0, held_from=date(2026, 1, 1), held_to=None, now=campaign.now)

    with pytest.raises(Refusal, match="赵敏（安全总监）：该任职后来又有变更"):
        undo(campaign, made)
    with campaign.db.transaction() as session:
        director = session.scalars(select(Post).where(col(Post.role) == "safety_director")).one()
        organisations.correct_tenure(session, post_id=director.id or 0, held_from=campaign.today, held_to=None, now=campaign.now)
    undo(campaign, made)

    assert {name: rows for name, rows in state(campaign).items() if rows != known[name]} == {}

"""The list of the uncovered is kept, not looked for: after any history it says on every day what the figures say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update
from sqlmodel import Session, col

from quiz import events, models
from quiz.coverage import overview, proof, queries, tally
from quiz.coverage import service as coverage_service
from quiz.coverage.domain import MEASURES, NO_KINDS, STATES, Cell, Uncovered
from quiz.coverage.uncovered import Filters, kinds, uncovered
from quiz.db import Database
from quiz.models.classes import ClassSession, HoursCredit
from quiz.models.coverage import Level, UncoveredPeriod, UncoveredTally
from quiz.models.training import Programme
from quiz.organisations.reach import Reaches
from quiz.training import service
from quiz.training.queries import duties, programme
from quiz.vocabulary import HoursRule
from quiz.vocabulary import NotCoveredReason as Reason
from tests import factories
from tests.coverage.campaign import LATER, Campaign
from tests.coverage.histories import KINDS as HAPPENINGS
from tests.coverage.histories import City, Event
from tests.coverage.town import Town
from tests.databases import new_file

EVERYWHERE = Reaches.everything()
days = st.dates(date(2026, 8, 25), date(2026, 12, 5))
happenings = st.lists(
    st.builds(Event, kind=st.sampled_from(HAPPENINGS), first=st.integers(0, 8), second=st.integers(0, 8), on=days, today=days),
    min_size=4,
    max_size=14,
)


def check(session: Session, *, code: str, on: date) -> None:
    """Rows, counts by kind and figures say the same."""
    wanted = programme(session, code=code)
    total = queries.coverage(session, programme_code=code, as_of=on).total
    everybody = uncovered(session, programme_code=code, as_of=on, limit=None)
    counted = kinds(session, wanted=wanted, as_of=on, reach=EVERYWHERE, filters=Filters())

    assert len(everybody.rows) == everybody.total == total.uncovered
    assert Counter(row.reason.value for row in everybody.rows) == {
        name: number for name, number in counted.items() if number and name in LISTS
    }
    assert sum(row.is_overdue for row in everybody.rows) == counted["overdue"]
    for name, number in counted.items():  # looked for in the rows, and summed from the kept counts
        asked = Filters(at_risk=True) if name == "at_risk" else Filters(reason=Reason(name))
        assert len(uncovered(session, programme_code=code, as_of=on, filters=asked, limit=None).rows) == number, (name, on)
    for measure in MEASURES:
        view = overview.organisations_at(
            session, programme_code=code, as_of=on, measure=measure, filters=Filters(), limit=None  # type: ignore[arg-type]
        )  # fmt: skip
        assert len(view.rows) == view.total == getattr(total, measure)


LISTS = frozenset(STATES)


def check_history(database: Database, history: list[Event], on: date) -> None:
    with Session(database.writer) as session:
        city = City(session)
        for event in history:
            city.play(event)
        found = proof.prove(session)
        assert (found.counts.differences, found.waiting) == ((), ())
        for programme_id in city.programmes:
            check(session, code=session.get_one(Programme, programme_id).code, on=on)
        session.rollback()


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = Database(new_file(tmp_path_factory.mktemp("waiting")))
    yield database
    database.dispose()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=happenings, on=days)
def test_rows_and_figures_agree_on_any_day_after_any_history(sqlite: Database, history: list[Event], on: date) -> None:
    check_history(sqlite, history, on)


@settings(max_examples=4, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=happenings, on=days)
def test_rows_and_figures_agree_on_both_engines(db: Database, history: list[Event], on: date) -> None:
    check_history(db, history, on)


def test_long_history_of_an_office_leaves_nothing_unproved(sqlite: Database) -> None:
    with Session(sqlite.writer) as session:
        town = Town(session, seed=5)
        for number in range(60):
            town.step()
            if number % 20 == 19:
                assert proof.prove(session).waiting == (), number
        session.rollback()


@settings(max_examples=200)
@given(
    since=days, length=st.none() | st.integers(1, 60), due_on=days, holder=st.booleans(), new=st.none() | days, trained=st.none() | days,
    examined=st.none() | days, signed_in=st.booleans(), short=st.none() | days, on=days,
)  # fmt: skip
def test_changes_of_a_period_sum_to_what_it_counts_for(
    since: date, length: int | None, due_on: date, holder: bool, new: date | None, trained: date | None, examined: date | None,
    signed_in: bool, short: date | None, on: date,
) -> None:  # fmt: skip
    until = None if length is None else since + timedelta(days=length)
    period = Uncovered(since, until, Cell("a", "b", "c", "d"), due_on, 7 if holder else None, new, trained, examined, signed_in, short)

    summed = [sum(column) for column in zip(*(kinds for day, kinds in period.changes if day <= on), strict=True)] or list(NO_KINDS)

    is_within = since <= on and (until is None or on < until)
    assert tuple(summed) == (period.kinds_on(on) if is_within else NO_KINDS)
    assert not is_within or sum(summed[: len(STATES)]) == 1


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """One enterprise with a principal who has an account, one without anybody."""
    factories.reference(session)
    person_id = factories.person(session, name="甲")
    factories.account(session, person_id=person_id)
    factories.post(session, organisation_id=factories.organisation(session, name="甲厂"), person_id=person_id)
    factories.organisation(session, name="无人厂")
    return Campaign(session).open()


def reasons(campaign: Campaign, on: date = LATER) -> list[Reason]:
    return [row.reason for row in uncovered(campaign.session, programme_code=campaign.code, as_of=on).rows]


def test_first_sign_in_changes_the_reason_at_once(campaign: Campaign) -> None:
    before = reasons(campaign)
    person_id = next(row.person_id for row in uncovered(campaign.session, programme_code=campaign.code, as_of=LATER).rows if row.person_id)
    campaign.session.connection().execute(update(models.accounts.Account).values(last_sign_in_at=factories.at(LATER)))

    events.announce(campaign.session, events.SignedIn(person_id))

    assert (before, reasons(campaign)) == ([Reason.NEVER_SIGNED_IN, Reason.NO_HOLDER], [Reason.NOT_ATTEMPTED, Reason.NO_HOLDER])
    assert proof.prove(campaign.session).consistent


def test_later_due_day_of_the_programme_moves_those_without_a_holder_too(campaign: Campaign) -> None:
    service.edit_programme(campaign.session, programme_id=campaign.programme_id, today=LATER, due_on=LATER + timedelta(days=5))

    view = uncovered(campaign.session, programme_code=campaign.code, as_of=LATER)

    assert (view.overdue, view.at_risk) == (0, 2)
    assert proof.prove(campaign.session).consistent


def test_an_enterprise_is_at_risk_in_the_last_week_until_it_begins(campaign: Campaign) -> None:
    session = campaign.session
    rows = uncovered(session, programme_code=campaign.code, as_of=LATER).rows
    person_id = next(row.person_id for row in rows if row.person_id)
    campaign.hand_in(person_id, on=date(2026, 10, 28), score=10)

    numbers = {
        day: uncovered(session, programme_code=campaign.code, as_of=day, limit=0).at_risk
        for day in (date(2026, 10, 23), date(2026, 10, 24), date(2026, 10, 27), date(2026, 10, 28), date(2026, 10, 31), date(2026, 11, 1))
    }

    assert list(numbers.values()) == [0, 2, 2, 1, 1, 0]


def test_what_is_changed_behind_its_back_is_found(campaign: Campaign) -> None:
    connection = campaign.session.connection()
    for change in (
        update(UncoveredPeriod).values(due_on=LATER),
        update(UncoveredTally).where(col(UncoveredTally.no_holder) == 1).values(no_holder=2),
        update(Level).values(due=9),
        delete(UncoveredPeriod),
    ):
        savepoint = connection.begin_nested()
        connection.execute(change)
        assert not proof.prove(campaign.session).consistent, change
        savepoint.rollback()
    assert proof.prove(campaign.session).consistent


def test_upgrade_fills_what_was_not_kept_before(campaign: Campaign) -> None:
    connection = campaign.session.connection()
    for table in (UncoveredPeriod, UncoveredTally, models.coverage.UncoveredLevel, Level):
        connection.execute(delete(table))

    tally.lay_out_waiting(campaign.session)

    assert proof.prove(campaign.session).consistent


def test_telephone_number_stays_behind_when_the_enterprise_has_left_the_reach(campaign: Campaign) -> None:
    """A past day is shown as it was; what only the present office may know is not."""
    from quiz.models.organisations import Organisation
    from quiz.organisations.reach import Reach

    campaign.session.connection().execute(update(models.organisations.Person).values(phone="13812345678"))
    here = Reaches((Reach(district_codes=frozenset({"371002"})),))
    before = uncovered(campaign.session, programme_code=campaign.code, as_of=LATER, reach=here).rows[0]
    campaign.session.connection().execute(update(Organisation).values(district_code="371003", town_code=None))

    after = uncovered(campaign.session, programme_code=campaign.code, as_of=LATER, reach=here).rows[0]

    assert before.phone == "13812345678"
    assert replace(before, phone=None) == after


# --- hours that are missing -------------------------------------------------------------------------------------------------------


def with_hours(campaign: Campaign, *, paper: bool) -> int:
    """The campaign asks for two hours as well, or for nothing else; answers with the one holder."""
    changes = {} if paper else {"paper_id": None}
    service.edit_programme(
        campaign.session, programme_id=campaign.programme_id, today=LATER, hours_rule=HoursRule.FIXED, hours_fixed=2.0, **changes
    )
    return next(duty.person_id for duty in duties(campaign.session, programme_id=campaign.programme_id))


def attend(campaign: Campaign, person_id: int, *, on: date, minutes: int) -> None:
    sitting = ClassSession(title="班次", programme_id=campaign.programme_id, created_at=factories.at(on))
    campaign.session.add(sitting)
    campaign.session.flush()
    credit = HoursCredit(session_id=sitting.id or 0, person_id=person_id, day=on, programme_id=campaign.programme_id, minutes=minutes)
    campaign.session.add(credit)
    campaign.session.flush()
    events.announce(campaign.session, events.HoursChanged(frozenset({person_id}), campaign.programme_id, on))


def reason_on(campaign: Campaign, day: date) -> list[Reason]:
    return [row.reason for row in uncovered(campaign.session, programme_code=campaign.code, as_of=day).rows if row.duty_id is not None]


def test_who_passed_but_lacks_hours_is_listed_for_the_hours(campaign: Campaign) -> None:
    person_id = with_hours(campaign, paper=True)
    campaign.hand_in(person_id, on=date(2026, 10, 5), score=10)
    campaign.hand_in(person_id, on=date(2026, 10, 9), score=90)
    attend(campaign, person_id, on=date(2026, 10, 12), minutes=45)
    attend(campaign, person_id, on=date(2026, 10, 20), minutes=45)

    days = (date(2026, 10, 4), date(2026, 10, 5), date(2026, 10, 9), date(2026, 10, 19), date(2026, 10, 20))

    assert [reason_on(campaign, day) for day in days] == [
        [Reason.NEVER_SIGNED_IN], [Reason.NOT_PASSED], [Reason.HOURS_SHORT], [Reason.HOURS_SHORT], [],
    ]  # fmt: skip
    check(campaign.session, code=campaign.code, on=date(2026, 10, 12))
    assert proof.prove(campaign.session).consistent


def test_without_a_paper_who_has_begun_lacks_hours_and_who_has_not_took_no_part(campaign: Campaign) -> None:
    person_id = with_hours(campaign, paper=False)
    attend(campaign, person_id, on=date(2026, 10, 12), minutes=45)
    campaign.session.connection().execute(update(models.accounts.Account).values(last_sign_in_at=factories.at(LATER)))
    events.announce(campaign.session, events.SignedIn(person_id))

    assert [reason_on(campaign, day) for day in (date(2026, 10, 11), date(2026, 10, 12))] == [[Reason.NOT_ATTEMPTED], [Reason.HOURS_SHORT]]
    assert proof.prove(campaign.session).consistent


def test_snapshot_of_a_programme_without_a_paper_adds_up_and_says_so(campaign: Campaign) -> None:
    person_id = with_hours(campaign, paper=False)
    attend(campaign, person_id, on=date(2026, 10, 12), minutes=90)
    taken = coverage_service.snapshot(campaign.session, programme_code=campaign.code, as_of=LATER, now=factories.at(LATER))
    view = queries.coverage(campaign.session, programme_code=campaign.code, as_of=LATER, by="region")

    assert coverage_service.faults_of(taken) == []
    assert taken.figures["programme"]["has_paper"] is False
    assert (view.total.completed, view.total.examined, view.as_json()["notes"]) == (1, 0, [queries.NO_PAPER])
    assert proof.prove(campaign.session).consistent


def test_the_programme_that_presses_most_is_open_uncovered_and_due_soonest(session: Session) -> None:
    factories.reference(session)
    factories.post(session, organisation_id=factories.organisation(session))
    far, near, late, closed, covered = (
        Campaign(session, code=code, **terms).open()
        for code, terms in {
            "far": {"due_on": date(2026, 12, 31)}, "near": {"due_on": date(2026, 12, 5)}, "late": {"due_on": date(2026, 10, 1)},
            "closed": {"due_on": date(2026, 11, 24)}, "covered": {"due_on": date(2026, 11, 25), "audience": {"features": ["gas"]}},
        }.items()
    )  # fmt: skip
    service.close_programme(session, programme_id=closed.programme_id)
    found = [programme(session, code=each.code) for each in (far, near, late, closed, covered)]

    assert queries.most_pressing(session, found=found, today=LATER) == "near"
    assert queries.most_pressing(session, found=[found[3]], today=LATER) == "closed"

"""Two days compared: before, and everything that happened, make after; for the city and for any part of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from sqlmodel import Session

from quiz.coverage.comparison import Kind, Movement, changed_rows, compare
from quiz.coverage.uncovered import Filters
from quiz.db import Database
from quiz.models.training import Programme
from quiz.organisations import service as organisations
from quiz.organisations.reach import Reach, Reaches
from tests import factories
from tests.coverage.campaign import Campaign
from tests.coverage.histories import City
from tests.coverage.test_waiting import days, happenings
from tests.databases import new_file

PARTS = (
    Filters(), Filters(district="371002"), Filters(town="371002001"), Filters(sector="catering"), Filters(district="371003", sector="industry"),
)  # fmt: skip
REACHES = (
    Reaches.everything(),
    Reaches((Reach(district_codes=frozenset({"371002"})),)),
    Reaches((Reach(department_codes=frozenset({"commerce"})),)),
)


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = Database(new_file(tmp_path_factory.mktemp("comparison")))
    yield database
    database.dispose()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=happenings, first=days, second=days)
def test_totals_reconcile_for_any_history_any_days_and_any_part(sqlite: Database, history: list, first: date, second: date) -> None:  # type: ignore[type-arg]
    from_day, to_day = sorted((first, second))
    with Session(sqlite.writer) as session:
        city = City(session)
        for event in history:
            city.play(event)
        code = session.get_one(Programme, city.programmes[0]).code
        for filters in PARTS:
            for reach in REACHES:
                found = compare(session, programme_code=code, from_day=from_day, to_day=to_day, filters=filters, reach=reach)
                assert found.adds_up, (filters, reach, found)
                for each in found.movements:
                    rows = changed_rows(
                        session,
                        programme_code=code,
                        from_day=from_day,
                        to_day=to_day,
                        kind=each.kind,
                        filters=filters,
                        reach=reach,
                        limit=None,
                    )
                    assert len(rows) == each.organisations
        session.rollback()


def test_every_kind_of_change_is_named(session: Session) -> None:
    factories.reference(session)
    names = ("完成厂", "迁出厂", "换人厂", "核减厂", "不动厂")
    ids = {name: factories.organisation(session, name=name) for name in names}
    people = {name: factories.person(session, name=name) for name in names}
    posts = {name: factories.post(session, organisation_id=ids[name], person_id=people[name]) for name in names}
    campaign = Campaign(session).open()
    campaign.hand_in(people["换人厂"], on=date(2026, 9, 5), score=90)
    first, second = date(2026, 9, 10), date(2026, 9, 20)
    campaign.hand_in(people["完成厂"], on=date(2026, 9, 15), score=90)
    campaign.exempt(posts["核减厂"], on=date(2026, 9, 15))
    campaign.leave(posts["换人厂"], on=date(2026, 9, 15))
    campaign.appoint(ids["换人厂"], on=date(2026, 9, 15))
    organisations.move(
        session, organisation_id=ids["迁出厂"], effective_on=date(2026, 9, 15), district_code="371003", town_code="371003001",
        now=factories.at(date(2026, 9, 15)), today=date(2026, 9, 15),
    )  # fmt: skip

    here = compare(session, programme_code=campaign.code, from_day=first, to_day=second, filters=Filters(district="371002"))
    there = compare(session, programme_code=campaign.code, from_day=first, to_day=second, filters=Filters(district="371003"))
    everywhere = compare(session, programme_code=campaign.code, from_day=first, to_day=second, filters=Filters())

    assert here.movements == (
        Movement(Kind.COMPLETED, 1, 0, 1), Movement(Kind.LOST, 1, 0, -1), Movement(Kind.EXEMPTED, 1, -1, 0), Movement(Kind.MOVED_OUT, 1, -1, 0),
    )  # fmt: skip
    assert there.movements == (Movement(Kind.MOVED_IN, 1, 1, 0),)
    assert {each.kind for each in everywhere.movements} == {Kind.COMPLETED, Kind.LOST, Kind.EXEMPTED, Kind.MOVED}
    assert (here.adds_up, there.adds_up, everywhere.adds_up) == (True, True, True)

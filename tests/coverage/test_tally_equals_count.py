"""Whatever happens, in whatever order, back-dated or not: the tally says on every day what a plain count says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from quiz.coverage.verification import verify
from quiz.db import Database
from quiz.training import service
from tests.coverage.histories import KINDS, City, Event
from tests.databases import new_file

days = st.dates(date(2026, 8, 25), date(2026, 12, 5))
happenings = st.lists(
    st.builds(Event, kind=st.sampled_from(KINDS), first=st.integers(0, 8), second=st.integers(0, 8), on=days, today=days),
    min_size=4,
    max_size=14,
)


def check_history(database: Database, history: list[Event]) -> None:
    """Play it event by event, and after each compare every day; nothing is committed."""
    with Session(database.writer) as session:
        city = City(session)
        for event in history:
            city.play(event)
            for (day, tallied), (_, counted) in zip(city.tallied(city.programmes[0]), city.counted(city.programmes[0]), strict=True):
                assert tallied == counted, f"{day} after {event}"
            assert verify(session).differences == ()
            for programme_id in city.programmes:
                again = service.synchronise(session, programme_id=programme_id, organisation_ids=None, today=event.today)
                assert again == frozenset(), f"a second look changed something after {event}"
        session.rollback()


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = Database(new_file(tmp_path_factory.mktemp("histories")))
    yield database
    database.dispose()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=happenings)
def test_tally_equals_the_count_on_every_day_for_any_history(sqlite: Database, history: list[Event]) -> None:
    check_history(sqlite, history)


@settings(max_examples=5, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=happenings)
def test_tally_equals_the_count_on_both_engines(db: Database, history: list[Event]) -> None:
    check_history(db, history)

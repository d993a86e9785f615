"""Hundreds of events of every kind through the services of an office: tally, recount and a count by hand agree on every day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlmodel import Session

from quiz import wiring
from quiz.coverage import queries as coverage
from quiz.coverage.domain import MEASURES
from quiz.coverage.uncovered import uncovered
from quiz.coverage.verification import verify
from quiz.db import Database
from quiz.models.training import Programme
from quiz.training import service as training
from quiz.vocabulary import NotCoveredReason
from tests.coverage.oracle import DAYS
from tests.coverage.town import OFTEN, Town
from tests.databases import new_file

STEPS_BETWEEN_LOOKS = 10
"""The tally is compared with the count by hand after each event; what is slower, every so many."""


def play(session: Session, *, seed: int, steps: int) -> Town:
    """Let so many things happen; after each, every day of every programme is counted three ways."""
    wiring.wire()
    town = Town(session, seed)
    for number in range(steps):
        kind = town.step()
        for programme_id in town.programmes:
            for day, tallied in town.tallied(programme_id):
                assert tallied == town.oracle.counts_on(day, programme_id), (
                    f"{day} after event {number} ({kind}) on {town.today}, seed {seed}"
                )
        if number % STEPS_BETWEEN_LOOKS == 0:
            look_again(town, f"event {number} ({kind}), seed {seed}")
    look_again(town, f"the end of seed {seed}")
    compare_published(town)
    return town


def look_again(town: Town, when: str) -> None:
    """The recount from the rows agrees, and a second look at the facts changes nothing."""
    assert verify(town.session).differences == (), when
    for programme_id in town.programmes:
        again = training.synchronise(town.session, programme_id=programme_id, organisation_ids=None, today=town.today)
        assert again == frozenset(), f"a second look changed something after {when}"


GROUPS: dict[Any, Callable[[tuple[str, ...]], str]] = {
    "region": lambda cell: cell[0],
    "town": lambda cell: cell[1],
    "sector": lambda cell: cell[2],
    "department": lambda cell: cell[3],
}


def compare_published(town: Town) -> None:
    """What `coverage` answers, in total and by group, and the people, on every day."""
    for programme_id in town.programmes:
        code = town.session.get_one(Programme, programme_id).code
        for number, day in enumerate(DAYS):
            counted = town.oracle.counts_on(day, programme_id)
            for by in GROUPS if number % 5 == 0 else ("region",):
                view = coverage.coverage(town.session, programme_code=code, as_of=day, by=by)
                groups: Counter[tuple[str, str]] = Counter()
                for cell, value in counted.items():
                    groups[GROUPS[by](cell), cell[-1]] += value
                found = {
                    (group.key, name): value
                    for group in view.groups
                    for name, value in zip(MEASURES, group.counts.values, strict=True)
                    if value
                }
                assert found == dict(groups), (day, by)
                assert sum(view.total.values) == sum(counted.values())
            if number % 10 == 0:
                compare_reasons(town, code, programme_id, day)
            if number % 5 == 0:
                people = coverage.persons(town.session, programme_code=code, as_of=day)
                assert people.due == town.oracle.people_on(day, programme_id), day


def compare_reasons(town: Town, code: str, programme_id: int, day: date) -> None:
    """Everybody on the list is there for the reason a person would give who knows how far the holder has come."""
    for row in uncovered(town.session, programme_code=code, as_of=day, limit=None).rows:
        is_new = row.reason is NotCoveredReason.NEW_HOLDER and row.is_new_holder
        assert row.reason.value in town.oracle.reason_of(row.person_id, programme_id, day, is_new=is_new), (row.name, day)


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Database:
    return Database(new_file(tmp_path_factory.mktemp("town")))


@pytest.mark.parametrize(("seed", "steps"), [(1, 80), (2, 40)])
def test_every_day_is_counted_alike_three_ways(sqlite: Database, seed: int, steps: int) -> None:
    with Session(sqlite.writer) as session:
        play(session, seed=seed, steps=steps)
        session.rollback()


def test_every_day_is_counted_alike_on_both_engines(db: Database) -> None:
    with Session(db.writer) as session:
        town = play(session, seed=3, steps=20)
        session.rollback()

    assert sum(town.counted.done.values()) > sum(town.counted.refused.values())


def test_long_histories_contain_every_kind_of_event(sqlite: Database) -> None:
    wiring.wire()
    with Session(sqlite.writer) as session:
        town = Town(session, seed=1)
        for _ in range(300):
            town.step()
        session.rollback()

    assert OFTEN.keys() - town.counted.done.keys() == set()

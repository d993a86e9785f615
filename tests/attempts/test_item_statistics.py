"""How often an item was asked and answered right: counted once, kept up, and told apart by what candidates read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update
from sqlmodel import Session, col

from quiz.accounts.audit import Actor
from quiz.attempts import item_statistics, service
from quiz.attempts.item_statistics import REFRESH_SECONDS, ItemStatistic, Pace
from quiz.banks import bulk, queries
from quiz.banks.bulk_plan import Act, Order
from quiz.models.attempts import Attempt
from tests import factories
from tests.attempts import exam
from tests.attempts.exam import BANK, RIGHT

WRONG = {1: ["B"], 2: ["A", "B"], 3: ["B"]}
"""Nothing for the first, two thirds (partial) or nothing for the second, all for the third."""


class Hall:
    """Candidates one after the other, and a clock for what is remembered."""

    def __init__(self, session: Session, now: datetime) -> None:
        self.session, self.now, self.seconds = session, now, 0.0
        exam.write_bank(session, now=now)
        self.paper = exam.paper(session, now=now)

    def clock(self) -> float:
        return self.seconds

    def sit(self, answers: dict[int, list[str]] | None, *, minutes: int = 6) -> int:
        """One candidate; None leaves the attempt open."""
        person = factories.person(self.session)
        attempt = exam.start(self.session, person_id=person, paper_id=self.paper, now=self.now, key=f"key-{person:08}").attempt.id
        if answers is not None:
            exam.keep(self.session, attempt, answers, now=self.now)
            service.hand_in(self.session, attempt_id=attempt, person_id=person, now=self.now + timedelta(minutes=minutes))
        return attempt

    def figures(self) -> dict[str, ItemStatistic]:
        """By code of the item."""
        items = queries.items_of_bank(self.session, BANK)
        found = item_statistics.of_items(self.session, items, clock=self.clock)
        return {view.item_code: found[view.item_id] for view in items if view.item_id in found}

    def later(self) -> None:
        self.seconds += REFRESH_SECONDS


@pytest.fixture
def hall(session: Session, now: datetime) -> Iterator[Hall]:
    item_statistics.forget(session)
    yield Hall(session, now)
    item_statistics.forget(session)


def test_every_closed_attempt_counts_once_for_each_item_on_its_form(hall: Hall) -> None:
    for answers in (RIGHT, WRONG, {}, None):
        hall.sit(answers)

    assert hall.figures() == {
        "alarm": ItemStatistic(3, 1, 1.0), "duties": ItemStatistic(3, 1, 1.0), "hose": ItemStatistic(3, 2, 2.0),
    }  # fmt: skip
    assert [figure.share for figure in (ItemStatistic(), ItemStatistic(4, 1, 1.5))] == [None, 0.25]


def test_what_nobody_was_asked_has_no_figure(hall: Hall) -> None:
    assert (hall.figures(), item_statistics.pace_of(hall.session, [hall.paper], clock=hall.clock)) == ({}, None)


def test_attempts_closed_since_are_added_after_a_while(hall: Hall) -> None:
    hall.sit(RIGHT)
    first = hall.figures()["hose"]
    hall.sit(RIGHT)
    at_once = hall.figures()["hose"]
    hall.later()

    assert (first.asked, at_once.asked, hall.figures()["hose"].asked) == (1, 1, 2)


def test_marks_that_were_changed_are_counted_anew(hall: Hall) -> None:
    attempt = hall.sit(RIGHT)
    before = hall.figures()["alarm"]
    hall.session.execute(update(Attempt).where(col(Attempt.id) == attempt).values(marks=[0.0, 6.0, 2.0], score=8.0))
    hall.later()

    assert (before, hall.figures()["alarm"]) == (ItemStatistic(1, 1, 1.0), ItemStatistic(1, 0, 0.0))


def test_another_wording_begins_anew_and_another_label_does_not(hall: Hall) -> None:
    hall.sit(RIGHT)
    ids = [view.item_id for view in queries.items_of_bank(hall.session, BANK)]
    order = Order(Act.TOPIC, topic="燃气")
    bulk.carry_out(hall.session, bank_code=BANK, item_ids=ids, order=order, actor=Actor(account="wang"), now=hall.now)
    hall.sit(RIGHT)
    exam.write_bank(hall.session, now=hall.now, alarm_key="B")

    assert hall.figures() == {"duties": ItemStatistic(2, 2, 2.0), "hose": ItemStatistic(2, 2, 2.0)}


def test_the_pace_is_the_median_of_attempts_their_candidates_handed_in(hall: Hall) -> None:
    for minutes in (3, 6, 30):
        hall.sit(RIGHT, minutes=minutes)
    hall.sit(RIGHT, minutes=31)  # closed by the deadline

    assert item_statistics.pace_of(hall.session, [hall.paper], clock=hall.clock) == Pace(3, 120.0)

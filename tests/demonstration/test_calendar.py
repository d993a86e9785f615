"""When people come: more before a reminder, fewer at weekends, never on a day that was not asked for."""

from __future__ import annotations

import random
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from quiz import clock
from quiz.demonstration.calendar import REMINDERS, WEEKEND, Calendar, eagerness

OPENS_ON = date(2026, 9, 7)  # a Monday


@given(st.integers(0, 77), st.integers(0, 77), st.integers(0, 1000))
def test_a_moment_lies_within_the_days_asked_for(one: int, other: int, seed: int) -> None:
    since, until = (OPENS_ON + timedelta(days=n) for n in sorted((one, other)))
    diary = Calendar(opens_on=OPENS_ON, today=OPENS_ON + timedelta(days=77), evening_trade=False)

    day = clock.local_day(diary.moment(random.Random(seed), since=since, until=until))

    assert since <= day <= until


def test_people_hurry_before_a_reminder() -> None:
    day = OPENS_ON + timedelta(days=REMINDERS[1])

    assert eagerness(day, opens_on=OPENS_ON) > 2 * eagerness(day + timedelta(days=4), opens_on=OPENS_ON)


def test_weekends_are_quiet() -> None:
    saturday = OPENS_ON + timedelta(days=33)

    assert eagerness(saturday, opens_on=OPENS_ON) <= WEEKEND * 2 * eagerness(saturday - timedelta(days=1), opens_on=OPENS_ON)

"""When people sit down to a quiz: rush at the opening and before each reminder, office hours, few at weekends."""

from __future__ import annotations

import random
from bisect import bisect
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from math import exp

from quiz import clock

WEEKEND = 0.3
REMINDERS = (21, 42, 56)
"""Days after the opening, whole weeks and so working days, on which the office published figures; people hurry to be on the right list."""

_OFFICE_HOURS = {7: 2, 8: 9, 9: 15, 10: 15, 11: 8, 12: 5, 13: 6, 14: 12, 15: 13, 16: 11, 17: 6, 18: 4, 19: 8, 20: 9, 21: 6, 22: 2}
_TABLE_HOURS = {8: 3, 9: 6, 10: 4, 11: 1, 13: 3, 14: 14, 15: 15, 16: 8, 17: 1, 20: 3, 21: 10, 22: 9, 23: 3}


def eagerness(day: date, *, opens_on: date) -> float:
    """How many come on that day, compared with an ordinary weekday."""
    age = (day - opens_on).days
    rush = 1.9 * exp(-age / 4)
    for reminder in REMINDERS:
        distance = age - reminder
        if -6 <= distance <= 0:
            rush += 2.6 * exp(distance / 2.2)
        elif distance > 0:
            rush += 0.9 * exp(-distance / 1.5)
    return (0.55 + rush) * (WEEKEND if day.weekday() >= 5 else 1.0)


class Calendar:
    """Days and hours of one programme, drawn with the weights above."""

    def __init__(self, *, opens_on: date, today: date, evening_trade: bool) -> None:
        self._days = [opens_on + timedelta(days=n) for n in range((today - opens_on).days + 1)]
        self._sums = list(accumulate(eagerness(day, opens_on=opens_on) for day in self._days))
        hours = _TABLE_HOURS if evening_trade else _OFFICE_HOURS
        self._hours, self._hour_weights = list(hours), list(hours.values())

    def moment(self, chance: random.Random, *, since: date, until: date) -> datetime:
        """A moment of a day between the two, both included."""
        first = max(0, (since - self._days[0]).days)
        last = max(first, min(len(self._days) - 1, (until - self._days[0]).days))
        before = self._sums[first - 1] if first else 0.0
        index = bisect(self._sums, before + chance.random() * (self._sums[last] - before))
        return self.moment_on(chance, self._days[min(max(index, first), last)])

    def moment_on(self, chance: random.Random, day: date) -> datetime:
        """A moment of that day, at an hour at which people of this trade have time."""
        hour = chance.choices(self._hours, self._hour_weights)[0]
        at = time(hour, chance.randrange(60), chance.randrange(60))
        return datetime.combine(day, at, clock.SHANGHAI).astimezone(clock.UTC)

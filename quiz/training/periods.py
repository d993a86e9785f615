"""Days from–to: where they meet, and what they cover together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple


class Period(NamedTuple):
    """Days from `since`; `until` is the first day outside, None when there is no end."""

    since: date
    until: date | None

    def holds(self, day: date) -> bool:
        """Does the day lie within?"""
        return self.since <= day and (self.until is None or day < self.until)


def intersect(left: Sequence[Period], right: Sequence[Period]) -> list[Period]:
    """The days that lie in both, in order; each side is in order and does not overlap itself."""
    both = []
    for a in left:
        for b in right:
            since = max(a.since, b.since)
            until = min(filter(None, (a.until, b.until)), default=None)
            if until is None or since < until:
                both.append(Period(since, until))
    return sorted(both, key=lambda period: period.since)


def outside(periods: Iterable[Period], *, since: date) -> list[Period]:
    """The days from `since` on that lie in none of them, in order."""
    free: list[Period] = []
    start: date | None = since
    for period in union(periods):
        if start is not None and start < period.since:
            free.append(Period(start, period.since))
        if start is not None and (period.until is None or start < period.until):
            start = period.until
    return free if start is None else [*free, Period(start, None)]


def union(periods: Iterable[Period]) -> list[Period]:
    """The days that lie in any of them, as the fewest periods in order."""
    joined: list[Period] = []
    for period in sorted(periods, key=lambda each: each.since):
        last = joined[-1] if joined else None
        if last is None or (last.until is not None and last.until < period.since):
            joined.append(period)
        elif last.until is not None:
            joined[-1] = Period(last.since, None if period.until is None else max(last.until, period.until))
    return joined


def months_earlier(day: date, months: int) -> date:
    """The same day of the month so many months before (or, negative, after); the month's last day where there is none."""
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for number in (day.day, 30, 29, 28):
        try:
            return date(years, month + 1, number)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")

"""Where a rate is likely to stand on a later day, by repeating the pace of the last weeks; and how often such a band was right before."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

SEED = 20240329
PATHS = 400
SPANS = (7, 10, 14)
LAST_DAYS = 42
"""Each path repeats the days of one span somewhere in the last six weeks: a lull or a rush of then may come again."""
SHORTEST_HISTORY = 8
METHOD = (
    f"预测方法：在最近 {LAST_DAYS} 天里随机取连续 {'、'.join(map(str, SPANS))} 天中的一段，把这段各天的净完成数（一半按家数，"
    f"一半按占未完成的比例）随机重复到期限日，共推演 {PATHS} 次（随机数固定），取第 10、50、90 百分位；假定应训企业数不变。"
)
"""One sentence for the screen."""


class Standing(NamedTuple):
    """Where a programme stood at the end of a day."""

    day: date
    due: int
    completed: int

    @property
    def rate(self) -> float:
        """Completed ÷ due; 0 when nobody is due."""
        return self.completed / self.due if self.due else 0.0


@dataclass(frozen=True)
class Band:
    """The 10th, 50th and 90th percentile of the rate at the end of a day, 0..1."""

    day: date
    low: float
    middle: float
    high: float

    def holds(self, rate: float) -> bool:
        """Lies the rate within the band, to the tenth of a percent in which rates are shown?"""
        return round(self.low, 3) <= round(rate, 3) <= round(self.high, 3)


@dataclass(frozen=True)
class Trial:
    """A forecast made from what was known on an earlier day, and what came of it."""

    made_on: date
    band: Band
    actual: float

    @property
    def is_hit(self) -> bool:
        return self.band.holds(self.actual)


def forecast(course: Sequence[Standing], *, until: date) -> tuple[Band, ...]:
    """A band for every day after the last of the course up to `until`; none without a week of history, or when nobody is due.

    `course` holds every day once, in order.
    """
    if len(course) < SHORTEST_HISTORY or not course[-1].due or until <= course[-1].day:
        return ()
    last, paces = course[-1], _paces(course)
    days = (until - last.day).days
    chance = random.Random(SEED)
    paths = [_path(last, paces, days, chance) for _ in range(PATHS)]
    return tuple(_band(last.day + timedelta(days=number + 1), sorted(path[number] for path in paths)) for number in range(days))


def back_test(course: Sequence[Standing], *, horizons: Sequence[int], every: int = 7) -> list[Trial]:
    """Forecasts from every so many days of the course, as many days ahead as given, each beside what really came."""
    by_day = {standing.day: standing for standing in course}
    trials = []
    for length in range(2 * SHORTEST_HISTORY, len(course), every):
        known = course[:length]
        for ahead in horizons:
            target = by_day.get(known[-1].day + timedelta(days=ahead))
            bands = forecast(known, until=target.day) if target is not None else ()
            if target is not None and bands:
                trials.append(Trial(known[-1].day, bands[-1], target.rate))
    return trials


class _Pace(NamedTuple):
    """Net completions of a day: as a share of all who are due now, and as a share of those not completed the evening before."""

    of_all: float
    of_left: float


def _paces(course: Sequence[Standing]) -> list[_Pace]:
    """Of the last weeks, day by day."""
    recent, due = course[-LAST_DAYS - 1 :], course[-1].due
    found = []
    for before, after in zip(recent, recent[1:], strict=False):
        gained, left = after.completed - before.completed, before.due - before.completed
        found.append(_Pace(gained / due, gained / left if left > 0 else 0.0))
    return found


def _path(last: Standing, paces: Sequence[_Pace], days: int, chance: random.Random) -> list[float]:
    """One way it may go on. Nobody knows whether those left will come as many a day or as large a part a day: half the paths each."""
    length = min(chance.choice(SPANS), len(paces))
    start = chance.randrange(len(paces) - length + 1)
    by_number = chance.random() < 0.5
    left, rates = 1 - last.rate, []
    for pace in chance.choices(paces[start : start + length], k=days):
        left = min(1.0, max(0.0, left - pace.of_all if by_number else left * (1 - pace.of_left)))
        rates.append(1 - left)
    return rates


def _band(day: date, rates: Sequence[float]) -> Band:
    low, middle, high = (rates[min(len(rates) - 1, round(share * (len(rates) - 1)))] for share in (0.1, 0.5, 0.9))
    return Band(day, low, middle, high)

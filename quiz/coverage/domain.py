"""What one organisation adds to the counts, day by day, and how a rate is said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from operator import add
from operator import sub as subtract
from typing import Any, NamedTuple

from quiz.vocabulary import HolderPolicy

MEASURES = ("due", "trained", "examined", "passed", "completed", "exempt")


class Cell(NamedTuple):
    """Where an organisation is counted; the empty text stands for “none”."""

    district: str
    town: str
    sector: str
    department: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How many are due and how far they are; the exempt are not among the due."""

    due: int = 0
    trained: int = 0
    examined: int = 0
    passed: int = 0
    completed: int = 0
    exempt: int = 0

    @property
    def rate(self) -> float | None:
        """Completed ÷ due, 0..1; None when nobody is due."""
        return self.completed / self.due if self.due else None

    @property
    def uncovered(self) -> int:
        """Due and not completed."""
        return self.due - self.completed

    @property
    def values(self) -> tuple[int, int, int, int, int, int]:
        """In the order of `MEASURES`."""
        return self.due, self.trained, self.examined, self.passed, self.completed, self.exempt

    @property
    def is_nothing(self) -> bool:
        return not any(self.values)

    @property
    def shown(self) -> str:
        """In Chinese, in one line."""
        return f"应训 {self.due}、参训 {self.trained}、参考 {self.examined}、合格 {self.passed}、完成 {self.completed}、核减 {self.exempt}"

    def __add__(self, other: Counts) -> Counts:
        return Counts(*map(add, self.values, other.values))

    def __sub__(self, other: Counts) -> Counts:
        return Counts(*map(subtract, self.values, other.values))

    def as_json(self) -> dict[str, Any]:
        """The figures by name, with the rate."""
        return {**dict(zip(MEASURES, self.values, strict=True)), "rate": self.rate}


NOTHING = Counts()


def show_share(part: int, whole: int) -> str:
    """One decimal place; “—” without a denominator; a share that only rounds to everything says so: 99.9%↑."""
    if not whole:
        return "—"
    text = f"{100 * part / whole:.1f}%"
    return "99.9%↑" if text == "100.0%" and part < whole else text


def show_rate(counts: Counts) -> str:
    """The rate as it is printed."""
    return show_share(counts.completed, counts.due)


class Span(NamedTuple):
    """In the audience from–to."""

    since: date
    until: date | None


class Placed(NamedTuple):
    """Counted in a cell from–to."""

    since: date
    until: date | None
    cell: Cell


class Owed(NamedTuple):
    """A duty with the days that matter for counting."""

    opened_on: date
    closed_on: date | None
    designated: bool
    trained_on: date | None
    examined_on: date | None
    passed_on: date | None
    completed_on: date | None
    exempted_on: date | None
    exempt_until: date | None


class Change(NamedTuple):
    """What is added to one cell on one day."""

    day: date
    cell: Cell
    counts: Counts


def _holds(day: date, since: date | None, until: date | None) -> bool:
    return since is not None and since <= day and (until is None or day < until)


def counts_on(day: date, *, duties: Sequence[Owed], policy: HolderPolicy) -> Counts:
    """What an organisation in the audience counts for on that day.

    All held duties exempt: exempt. Otherwise due, and as far as every duty that matters is: all that are not exempt, or under
    policy B those of the designated holders, if anybody is designated. Without a registered holder: due, and nowhere.
    """
    held = [duty for duty in duties if _holds(day, duty.opened_on, duty.closed_on)]
    owing = [duty for duty in held if not _holds(day, duty.exempted_on, duty.exempt_until)]
    if held and not owing:
        return Counts(exempt=1)
    designated = [duty for duty in owing if duty.designated] if policy is HolderPolicy.DESIGNATED else []
    deciding = designated or owing

    def all_reached(days: Iterable[date | None]) -> int:
        return int(bool(deciding) and all(reached is not None and reached <= day for reached in days))

    return Counts(
        due=1,
        trained=all_reached(duty.trained_on for duty in deciding),
        examined=all_reached(duty.examined_on for duty in deciding),
        passed=all_reached(duty.passed_on for duty in deciding),
        completed=all_reached(duty.completed_on for duty in deciding),
    )


def timeline(*, member: Sequence[Span], duties: Sequence[Owed], placements: Sequence[Placed], policy: HolderPolicy) -> list[Change]:
    """One organisation's part in the tally: the differences between its counts from one breakpoint to the next."""
    changes: list[Change] = []
    cell, counts = None, NOTHING
    for day in _breakpoints(member, duties, placements):
        is_member = any(_holds(day, span.since, span.until) for span in member)
        now_in = next((placed.cell for placed in placements if _holds(day, placed.since, placed.until)), None) if is_member else None
        now = counts_on(day, duties=duties, policy=policy) if now_in is not None else NOTHING
        if (now_in, now) == (cell, counts):
            continue
        if now_in == cell and cell is not None:
            changes.append(Change(day, cell, now - counts))
        else:
            if cell is not None:
                changes.append(Change(day, cell, NOTHING - counts))
            if now_in is not None:
                changes.append(Change(day, now_in, now))
        cell, counts = now_in, now
    return changes


def _breakpoints(member: Sequence[Span], duties: Sequence[Owed], placements: Sequence[Placed]) -> list[date]:
    """The days on which anything may change, in order."""
    days: set[date | None] = set()
    for span in member:
        days |= {span.since, span.until}
    for placed in placements:
        days |= {placed.since, placed.until}
    for duty in duties:
        days |= {each for each in duty if not isinstance(each, bool)}
    return sorted(day for day in days if day is not None)

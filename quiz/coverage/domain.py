"""What one organisation adds to the counts, day by day, and how a rate is said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from operator import add
from operator import sub as subtract
from typing import Any, NamedTuple

from quiz.training.domain import Terms, due_day
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
    exempt: tuple[Span, ...] = ()
    """The days on which it is exempt by itself; those of the whole organisation are said once for all."""

    def is_exempt_on(self, day: date) -> bool:
        return any(_holds(day, span.since, span.until) for span in self.exempt)


class Holding(NamedTuple):
    """A duty with what the list of the uncovered says of it."""

    duty_id: int
    due_on: date
    is_new_holder: bool
    has_signed_in: bool
    owed: Owed
    extended_to: date | None = None


STATES = ("new_holder", "never_signed_in", "not_attempted", "not_passed", "hours_short", "no_holder")
"""An uncovered enterprise is in exactly one of these."""
KINDS = (*STATES, "overdue", "at_risk")
"""What the uncovered are counted by: one of six states, and beside it whether they are overdue or at risk."""
AT_RISK_DAYS = 7
"""Due within so many days and not begun: whoever is not called now will be late."""
_ONE_DAY = timedelta(days=1)

Kinds = tuple[int, ...]
NO_KINDS: Kinds = (0,) * len(KINDS)


class Uncovered(NamedTuple):
    """Due and not covered from–to, and for what the organisation waits; without a holder for nobody."""

    since: date
    until: date | None
    cell: Cell
    due_on: date
    duty_id: int | None = None
    new_until: date | None = None
    trained_on: date | None = None
    examined_on: date | None = None
    has_signed_in: bool = False
    short_from: date | None = None

    def state_on(self, day: date) -> str:
        """Why it is uncovered on a day within the period."""
        if self.duty_id is None:
            return "no_holder"
        if self.new_until is not None and day < self.new_until:
            return "new_holder"
        if self.short_from is not None and self.short_from <= day:
            return "hours_short"
        if self.examined_on is not None and self.examined_on <= day:
            return "not_passed"
        return "not_attempted" if self.has_signed_in else "never_signed_in"

    def kinds_on(self, day: date) -> Kinds:
        """In the order of `KINDS`, for a day within the period."""
        has_begun = self.trained_on is not None and self.trained_on <= day
        is_overdue = day > self.due_on
        is_at_risk = not is_overdue and not has_begun and day >= self.due_on - timedelta(days=AT_RISK_DAYS)
        state = self.state_on(day)
        return (*(int(state == kind) for kind in STATES), int(is_overdue), int(is_at_risk))

    @property
    def changes(self) -> tuple[tuple[date, Kinds], ...]:
        """What it adds to the counts by kind, from its first day to the day after its last."""
        return _course(self._replace(cell=_ANYWHERE, duty_id=None if self.duty_id is None else 0))


_ANYWHERE = Cell("", "", "", "")


@lru_cache(maxsize=8192)
def _course(period: Uncovered) -> tuple[tuple[date, Kinds], ...]:
    """Kept for a while: thousands of enterprises wait from the same day to the same day."""
    risk_from = period.due_on - timedelta(days=AT_RISK_DAYS)
    turns = (period.new_until, period.examined_on, period.short_from, period.trained_on, period.due_on + _ONE_DAY, risk_from)
    days = {day for day in turns if day is not None and period.since < day and (period.until is None or day < period.until)}
    found, before = [], NO_KINDS
    for day in (period.since, *sorted(days)):
        now = period.kinds_on(day)
        if now != before:
            found.append((day, tuple(map(subtract, now, before))))
        before = now
    if period.until is not None:
        found.append((period.until, tuple(-number for number in before)))
    return tuple(found)


class Change(NamedTuple):
    """What is added to one cell on one day."""

    day: date
    cell: Cell
    counts: Counts


def _holds(day: date, since: date | None, until: date | None) -> bool:
    return since is not None and since <= day and (until is None or day < until)


def counts_on(day: date, *, duties: Sequence[Owed], policy: HolderPolicy, exempt: Sequence[Span] = ()) -> Counts:
    """What an organisation in the audience counts for on that day.

    Exempt as a whole, with holders or without, or all held duties exempt: exempt. Otherwise due, and as far as every duty that matters is: all that are not exempt, or under
    policy B those of the designated holders, if anybody is designated. Without a registered holder: due, and nowhere.
    """
    held = [duty for duty in duties if _holds(day, duty.opened_on, duty.closed_on)]
    owing = [duty for duty in held if not duty.is_exempt_on(day)]
    if (held and not owing) or any(_holds(day, span.since, span.until) for span in exempt):
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


def timeline(
    *, member: Sequence[Span], duties: Sequence[Owed], placements: Sequence[Placed], policy: HolderPolicy, exempt: Sequence[Span] = ()
) -> list[Change]:
    """One organisation's part in the tally: the differences between its counts from one breakpoint to the next."""
    changes: list[Change] = []
    cell, counts = None, NOTHING
    for day in _breakpoints(member, duties, placements, exempt):
        is_member = any(_holds(day, span.since, span.until) for span in member)
        now_in = next((placed.cell for placed in placements if _holds(day, placed.since, placed.until)), None) if is_member else None
        now = counts_on(day, duties=duties, policy=policy, exempt=exempt) if now_in is not None else NOTHING
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


@dataclass(frozen=True, slots=True)
class Waited:
    """What decides for whom an organisation waits, and until when that is in time."""

    member: Sequence[Span]
    holdings: Sequence[Holding]
    exempt: Sequence[Span]
    policy: HolderPolicy
    terms: Terms
    has_paper: bool


def uncovered_periods(known: Waited, *, placements: Sequence[Placed]) -> list[Uncovered]:
    """When the organisation was due and not covered, period by period, each with the most urgent duty it waited for."""
    days = _breakpoints(known.member, [holding.owed for holding in known.holdings], placements, known.exempt)
    found: list[Uncovered] = []
    for place, day in enumerate(days):
        span = next((span for span in known.member if _holds(day, span.since, span.until)), None)
        cell = next((placed.cell for placed in placements if _holds(day, placed.since, placed.until)), None)
        if span is None or cell is None:
            continue
        waits = _waits(day, known, member_since=span.since)
        if waits is None:
            continue
        period = Uncovered(day, days[place + 1] if place + 1 < len(days) else None, cell, *waits)
        if found and found[-1].until == day and found[-1][2:] == period[2:]:
            found[-1] = found[-1]._replace(until=period.until)
        else:
            found.append(period)
    return found


def _waits(day: date, known: Waited, *, member_since: date) -> tuple[Any, ...] | None:
    """What is said of the duty it waits for, or only when it is due where nobody is registered; None when it is covered or exempt."""
    if any(_holds(day, span.since, span.until) for span in known.exempt):
        return None
    held = [each for each in known.holdings if _holds(day, each.owed.opened_on, each.owed.closed_on)]
    if not held:
        return (due_day(known.terms, owed_since=member_since, exempt_until=_last_end(known.exempt, on=day)),)
    owing = [each for each in held if not each.owed.is_exempt_on(day)]
    deciding = [each for each in owing if each.owed.designated] if known.policy is HolderPolicy.DESIGNATED else []
    unfinished = [each for each in deciding or owing if each.owed.completed_on is None or each.owed.completed_on > day]
    if not unfinished:
        return None
    due_on, first = min(((_due_on(day, each, known), each) for each in unfinished), key=lambda pair: (pair[0], pair[1].duty_id))
    new_until = first.owed.opened_on + timedelta(days=known.terms.grace_days) if first.is_new_holder else None
    short_from = first.owed.passed_on if known.has_paper else first.owed.trained_on
    return due_on, first.duty_id, new_until, first.owed.trained_on, first.owed.examined_on, first.has_signed_in, short_from


def _due_on(day: date, each: Holding, known: Waited) -> date:
    """Last day in time as it stood on that day: an exemption that ended later had not yet given its grace."""
    opened_on, closed_on = each.owed.opened_on, each.owed.closed_on
    met = [
        span for span in known.exempt if (closed_on is None or span.since < closed_on) and (span.until is None or span.until > opened_on)
    ]
    spans = [*each.owed.exempt, *met]
    if all(span.until is None or span.until <= day for span in spans):
        return each.due_on
    owed_since = max(opened_on, *(span.since for span in known.member if closed_on is None or span.since < closed_on))
    return due_day(known.terms, owed_since=owed_since, extended_to=each.extended_to, exempt_until=_last_end(spans, on=day))


def _last_end(exempt: Iterable[Span], *, on: date) -> date | None:
    """The latest end of an exemption that had come by that day."""
    return max((span.until for span in exempt if span.until is not None and span.until <= on), default=None)


def _breakpoints(member: Sequence[Span], duties: Sequence[Owed], placements: Sequence[Placed], exempt: Sequence[Span]) -> list[date]:
    """The days on which anything may change, in order."""
    days: set[date | None] = set()
    for span in (*member, *exempt, *(span for duty in duties for span in duty.exempt)):
        days |= {span.since, span.until}
    for placed in placements:
        days |= {placed.since, placed.until}
    for duty in duties:
        days |= {duty.opened_on, duty.closed_on, duty.trained_on, duty.examined_on, duty.passed_on, duty.completed_on}
    return sorted(day for day in days if day is not None)

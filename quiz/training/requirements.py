"""What a programme asks of a holder beside a paper: hours of class by rule or by law, minutes of study; and when they were reached."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from quiz.training.periods import Period, months_earlier, union
from quiz.vocabulary import HoursRule

Amounts = Sequence[tuple[date, int]]
"""What was earned on which day, in order."""
BY_LAW = frozenset({HoursRule.LAW, HoursRule.LAW_FIRST, HoursRule.LAW_YEARLY})


@dataclass(frozen=True)
class LegalHours:
    """One line of the table of law; `hours` None where the law gives no number, `remark` says why."""

    role: str
    high_risk: bool
    is_first: bool
    hours: int | None
    law: str = ""
    article: str = ""
    clause: str = ""
    remark: str = ""


@dataclass(frozen=True)
class HoursTable:
    """Hours due by law: by role, by the reading of 高危 that decides hours, for the first training or a yearly one."""

    lines: tuple[LegalHours, ...] = ()
    first_within_months: int = 0
    """Whoever took up the role no longer ago than this is in for the first training."""

    def line(self, role: str, *, high_risk: bool, is_first: bool) -> LegalHours:
        """The line of that role; one without a number where the table has none."""
        for each in self.lines:
            if (each.role, each.high_risk, each.is_first) == (role, high_risk, is_first):
                return each
        return LegalHours(role, high_risk, is_first, None, remark="法规中没有该岗位的学时规定。")

    def gaps(self, role: str, rule: str) -> list[LegalHours]:
        """The lines a rule by law would need for that role and that have no number."""
        asked = {HoursRule.LAW_FIRST.value: (True,), HoursRule.LAW_YEARLY.value: (False,), HoursRule.LAW.value: (True, False)}
        lines = [self.line(role, high_risk=risk, is_first=first) for first in asked.get(rule, ()) for risk in (False, True)]
        return [line for line in lines if line.hours is None]


@dataclass(frozen=True)
class Requirements:
    """The components of a programme; what is not asked is never missing."""

    paper: bool = True
    hours_rule: str = HoursRule.NONE.value
    fixed_minutes: int = 0
    minutes_per_hour: int = 45
    study_minutes: int = 0
    law: HoursTable = field(default=HoursTable(), repr=False)

    @property
    def is_by_law(self) -> bool:
        """Do the hours differ from holder to holder?"""
        return self.hours_rule in BY_LAW

    @property
    def hours(self) -> bool:
        """Are hours of class asked at all?"""
        return self.is_by_law or (self.hours_rule == HoursRule.FIXED and self.fixed_minutes > 0)

    @property
    def any(self) -> bool:
        """Is anything asked? Without a component nothing could be completed."""
        return self.paper or self.hours or self.study_minutes > 0


@dataclass(frozen=True)
class HeldPost:
    """A post of one role that a person holds or held somewhere, and whether hours are asked there as of a 高危 enterprise."""

    period: Period
    high_risk: bool


@dataclass(frozen=True)
class Holder:
    """What of a person decides the hours asked by law: every post of the role, and the first training that is on record."""

    posts: tuple[HeldPost, ...] = ()
    first_trained_on: date | None = None


@dataclass(frozen=True)
class ClassState:
    """How a duty stands with its hours of class."""

    is_first_time: bool = False
    minutes_due: int = 0
    minutes_done: int = 0
    hours_on: date | None = None


def in_role_since(posts: Iterable[HeldPost], *, day: date) -> date | None:
    """Since when the person has been in the role without a gap, wherever that was; None when not on that day."""
    chain = next((each for each in union(post.period for post in posts) if each.holds(day)), None)
    return chain.since if chain else None


def is_first_training(requirements: Requirements, holder: Holder, *, opened_on: date, programme_opens_on: date) -> bool:
    """Is the first training of the role asked, rather than the yearly one?

    By law it is for whoever took up the role (same role anywhere, without a gap) less than the statutory months before the duty
    opened and has no completed first training on record from before this programme.
    """
    if requirements.hours_rule == HoursRule.LAW_FIRST:
        return True
    if requirements.hours_rule != HoursRule.LAW:
        return False
    if holder.first_trained_on is not None and holder.first_trained_on < programme_opens_on:
        return False
    since = in_role_since(holder.posts, day=opened_on)
    return since is None or since > months_earlier(opened_on, requirements.law.first_within_months)


def demands(requirements: Requirements, holder: Holder, *, role: str, is_first: bool, owed: Period) -> list[tuple[date, int]]:
    """From which day on how many minutes of class are asked while the duty is owed; of several enterprises the highest demand."""
    if not requirements.is_by_law:
        return [(owed.since, requirements.fixed_minutes if requirements.hours else 0)]
    edges = {owed.since, *(day for post in holder.posts for day in post.period if day is not None and owed.since < day and owed.holds(day))}
    found: list[tuple[date, int]] = []
    for day in sorted(edges):
        risky = any(post.high_risk for post in holder.posts if post.period.holds(day))
        hours = requirements.law.line(role, high_risk=risky, is_first=is_first).hours or 0
        minutes = hours * requirements.minutes_per_hour
        if not found or found[-1][1] != minutes:
            found.append((day, minutes))
    return found


def _earned(amounts: Amounts, *, on: date, yearly: bool) -> int:
    """The sum up to that day; of its calendar year alone when hours are asked yearly."""
    return sum(amount for day, amount in amounts if day <= on and (not yearly or day.year == on.year))


def class_state(
    requirements: Requirements, holder: Holder, earned: Amounts, *, role: str, owed: Period, programme_opens_on: date
) -> ClassState:
    """Minutes of class due and done, and the first day on which what was asked then had been reached.

    Yearly hours begin anew with the calendar year, first-time and fixed hours do not. A demand that rises after it was met changes
    nothing any more.
    """
    is_first = is_first_training(requirements, holder, opened_on=owed.since, programme_opens_on=programme_opens_on)
    yearly = requirements.is_by_law and not is_first
    asked = demands(requirements, holder, role=role, is_first=is_first, owed=owed)
    earned = [(day, minutes) for day, minutes in earned if owed.until is None or day < owed.until]
    last = max((day for day, _ in earned), default=None)
    done = _earned(earned, on=last, yearly=yearly) if last else 0
    if not requirements.hours:
        return ClassState(minutes_done=done)
    for day in sorted({*(day for day, _ in asked), *(day for day, _ in earned if day > owed.since)}):
        due = [minutes for since, minutes in asked if since <= day][-1]
        if 0 < due <= (reached := _earned(earned, on=day, yearly=yearly)):
            return ClassState(is_first, due, max(done, reached), day)
    return ClassState(is_first, asked[-1][1], done, None)


def study_state(requirements: Requirements, seconds: Amounts, *, owed: Period) -> tuple[int, date | None]:
    """Whole minutes of study counted while the duty may still be met, and the day on which the minutes asked were reached."""
    counted = [(day, amount) for day, amount in seconds if owed.until is None or day < owed.until]
    total, reached = 0, None
    for day, amount in counted:
        total += amount
        if reached is None and 0 < requirements.study_minutes * 60 <= total:
            reached = max(day, owed.since)
    return total // 60, reached


def completed_on(
    requirements: Requirements, *, minutes_due: int, passed_on: date | None, hours_on: date | None, materials_on: date | None
) -> date | None:
    """The latest of the days on which the asked components were reached; None while one is missing, or nothing is asked."""
    asked = [
        *([passed_on] if requirements.paper else []),
        *([hours_on] if minutes_due else []),
        *([materials_on] if requirements.study_minutes else []),
    ]
    days = [day for day in asked if day is not None]
    return max(days) if days and len(days) == len(asked) else None

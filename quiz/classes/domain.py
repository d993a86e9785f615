"""Presence and hours: arithmetic with moments, and what an institution's reviews say about a day.

A person's stays, wherever they were recorded and in whatever order, are one set of moments; the credited lessons are another.
What both share is the credit. Hence a stay cut in two, or recorded twice, changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from functools import cached_property
from itertools import combinations

from quiz import clock
from quiz.vocabulary import Labelled, ReviewVerdict, WithoutSignOut

AROUND = timedelta(minutes=60)
"""Sign-in is possible so long before the first and after the last lesson of a sitting."""


@dataclass(frozen=True, order=True)
class Span:
    """From a moment until another, the last one not included."""

    begin: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        return max(self.end - self.begin, timedelta(0))


@dataclass(frozen=True)
class Lesson:
    """One line of the timetable."""

    span: Span
    is_credited: bool = True

    @property
    def day(self) -> date:
        """The day it belongs to: the one on which it begins."""
        return clock.local_day(self.span.begin)


@dataclass(frozen=True)
class Rules:
    """What one session says about counting."""

    session_id: int
    lessons: tuple[Lesson, ...]
    grace: timedelta
    without_sign_out: WithoutSignOut = WithoutSignOut.SETTLE
    barred_days: frozenset[date] = frozenset()
    """Days on which it gives no hours: its institution had no valid review."""

    @cached_property
    def sittings(self) -> tuple[Span, ...]:
        return sittings(self.lessons)

    def last_end(self, begin: datetime) -> datetime | None:
        """When the last lesson ends of the sitting that somebody came to at that moment."""
        near = [sitting.end for sitting in self.sittings if sitting.begin - AROUND <= begin < sitting.end]
        day = clock.local_day(begin)
        return near[-1] if near else max((lesson.span.end for lesson in self.lessons if lesson.day == day), default=None)


@dataclass(frozen=True)
class Stay:
    """Somebody was in a classroom; `end` None = never signed out."""

    session_id: int
    site_id: int | None
    begin: datetime
    end: datetime | None
    id: int = 0


@dataclass(frozen=True)
class Clash:
    """Two stays that cannot both be right."""

    first: Stay
    second: Stay
    span: Span


def sittings(lessons: Iterable[Lesson]) -> tuple[Span, ...]:
    """Each day from its first lesson to its last; an evening's lessons that go on soon after midnight are one with it."""
    found: list[Span] = []
    for lesson in sorted(lessons, key=lambda lesson: lesson.span):
        if found and (lesson.day == clock.local_day(found[-1].begin) or lesson.span.begin <= found[-1].end + AROUND):
            found[-1] = Span(found[-1].begin, max(found[-1].end, lesson.span.end))
        else:
            found.append(lesson.span)
    return tuple(found)


# 在场 -----------------------------------------------------------------------------------------------------------------


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same moments in as few spans as possible, in order; empty and reversed ones are dropped."""
    merged: list[Span] = []
    for span in sorted(span for span in spans if span.end > span.begin):
        if merged and span.begin <= merged[-1].end:
            merged[-1] = Span(merged[-1].begin, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return tuple(merged)


def without(spans: Iterable[Span], taken: Iterable[Span]) -> tuple[Span, ...]:
    """The moments of `spans` that are not in `taken`."""
    left = list(union(spans))
    for gone in union(taken):
        left = [
            piece
            for span in left
            for piece in (Span(span.begin, min(span.end, gone.begin)), Span(max(span.begin, gone.end), span.end))
            if piece.end > piece.begin
        ]
    return tuple(left)


def credited(spans: Iterable[Span], lessons: Iterable[Lesson], *, grace: timedelta) -> tuple[Span, ...]:
    """The moments of credited lessons at which the person was there; who came within the grace was there from its beginning."""
    present = union(spans)
    shared = []
    for lesson in (lesson for lesson in lessons if lesson.is_credited):
        for stay in present:
            begin = lesson.span.begin if lesson.span.begin <= stay.begin <= lesson.span.begin + grace else stay.begin
            shared.append(Span(max(begin, lesson.span.begin), min(stay.end, lesson.span.end)))
    return union(shared)


def whole_minutes(spans: Iterable[Span]) -> int:
    """Their length in minutes; what is left of a minute is dropped."""
    return int(sum((span.length for span in union(spans)), timedelta(0)) // timedelta(minutes=1))


def hours(minutes: int, *, minutes_per_hour: int) -> Decimal:
    """学时, one decimal, never rounded up."""
    return (Decimal(max(minutes, 0)) / Decimal(minutes_per_hour)).quantize(Decimal("0.1"), rounding=ROUND_FLOOR)


def show_hours(minutes: int, *, minutes_per_hour: int) -> str:
    """`3.5`; whole hours without the nought."""
    return f"{hours(minutes, minutes_per_hour=minutes_per_hour):f}".removesuffix(".0")


def ended(stay: Stay, rules: Rules, *, now: datetime, others: Sequence[Stay] = ()) -> Span | None:
    """The stay as it counts; None while nobody can say until when it lasted.

    Where the session lets it last until the end of the lessons, it lasts no longer than until the person is recorded anew, anywhere.
    """
    if stay.end is not None:
        return Span(stay.begin, stay.end)
    if rules.without_sign_out is not WithoutSignOut.LESSON_END or is_settled(stay, others):
        return None
    last = rules.last_end(stay.begin)
    if last is None or not stay.begin < last <= now:
        return None
    return Span(stay.begin, min([last, *(other.begin for other in others if other.begin > stay.begin)]))


def credit(rules: Iterable[Rules], stays: Sequence[Stay], *, now: datetime) -> dict[tuple[int, date], int]:
    """Minutes of one person by session and day. A moment counts once: of sessions that overlap, the older one takes it."""
    of_session: dict[int, list[Stay]] = defaultdict(list)
    for stay in stays:
        of_session[stay.session_id].append(stay)
    taken: list[Span] = []
    found: dict[tuple[int, date], int] = {}
    for each in sorted(rules, key=lambda each: each.session_id):
        present = [span for stay in of_session[each.session_id] if (span := ended(stay, each, now=now, others=stays))]
        for day in sorted({lesson.day for lesson in each.lessons} - each.barred_days):
            lessons = [lesson for lesson in each.lessons if lesson.day == day]
            counted = without(credited(present, lessons, grace=each.grace), taken)
            taken.extend(counted)
            if minutes := whole_minutes(counted):
                found[each.session_id, day] = minutes
    return found


def clashes(stays: Sequence[Stay], rules: Mapping[int, Rules]) -> tuple[Clash, ...]:
    """Stays of one person in two classrooms at once; one that never ended is taken to last until the last lesson of its sitting."""

    def whole(stay: Stay) -> Span:
        last = rules[stay.session_id].last_end(stay.begin) if stay.session_id in rules else None
        return Span(stay.begin, stay.end or max(last or stay.begin, stay.begin + timedelta(minutes=1)))

    found = []
    for one, other in combinations(sorted(stays, key=lambda stay: (stay.begin, stay.id)), 2):
        if (one.session_id, one.site_id) == (other.session_id, other.site_id):
            continue
        a, b = whole(one), whole(other)
        both = Span(max(a.begin, b.begin), min(a.end, b.end))
        if both.end > both.begin:
            found.append(Clash(one, other, both))
    return tuple(found)


def is_settled(stay: Stay, others: Iterable[Stay]) -> bool:
    """A stay without an end is settled when another record of the same classroom, with an end, covers its beginning."""
    return stay.end is not None or any(
        other.end is not None
        and (other.session_id, other.site_id) == (stay.session_id, stay.site_id)
        and other.begin <= stay.begin < other.end
        for other in others
    )


# 培训机构 -------------------------------------------------------------------------------------------------------------


class Standing(Labelled):
    """Whether the sessions of an institution give hours on a day, and if not, why."""

    VALID = "valid", "复核有效"
    NEVER = "never", "未经复核"
    EXPIRED = "expired", "复核已过期"
    TO_MEND = "to_mend", "限期整改中"
    FAILED = "failed", "复核不符合"
    STRUCK_OFF = "struck_off", "已清退"

    @property
    def gives_hours(self) -> bool:
        return self is Standing.VALID


@dataclass(frozen=True)
class Review:
    """What of a review decides."""

    id: int
    reviewed_on: date
    valid_until: date | None
    verdict: ReviewVerdict


def standing_on(day: date, reviews: Iterable[Review], *, struck_off_on: date | None = None) -> Standing:
    """The latest review on or before the day decides, until its last day."""
    if struck_off_on is not None and struck_off_on <= day:
        return Standing.STRUCK_OFF
    before = [review for review in reviews if review.reviewed_on <= day]
    if not before:
        return Standing.NEVER
    latest = max(before, key=lambda review: (review.reviewed_on, review.id))
    if latest.verdict is not ReviewVerdict.PASSED:
        return Standing(latest.verdict.value)
    return Standing.EXPIRED if latest.valid_until is not None and latest.valid_until < day else Standing.VALID

"""Hours from presence: what a lesson is worth to whom, and what never changes it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quiz.classes.domain import (
    Lesson,
    Review,
    Rules,
    Span,
    Standing,
    Stay,
    clashes,
    credit,
    credited,
    hours,
    is_settled,
    show_hours,
    sittings,
    standing_on,
    union,
    whole_minutes,
    without,
)
from quiz.vocabulary import ReviewVerdict, WithoutSignOut

DAY = date(2026, 11, 20)
MORNING = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
"""Eight o'clock in Weihai."""
GRACE = timedelta(minutes=10)
LATER = MORNING + timedelta(days=1)


def at(minutes: float) -> datetime:
    """So many minutes after eight."""
    return MORNING + timedelta(minutes=minutes)


def span(begin: float, end: float) -> Span:
    return Span(at(begin), at(end))


def lesson(begin: float, end: float, *, credited: bool = True) -> Lesson:
    return Lesson(span(begin, end), credited)


def stay(begin: float, end: float | None, *, session: int = 1, site: int = 1, id: int = 0) -> Stay:
    return Stay(session, site, at(begin), None if end is None else at(end), id)


TIMETABLE = (lesson(60, 105), lesson(105, 115, credited=False), lesson(115, 160))
RULES = Rules(1, TIMETABLE, GRACE)


def minutes(*stays: Stay, rules: Rules = RULES, now: datetime = LATER) -> int:
    return credit([rules], stays, now=now).get((1, DAY), 0)


@pytest.mark.parametrize(
    ("stays", "credit"),
    [
        ([stay(55, 170)], 90),
        ([stay(68, 170)], 90),
        ([stay(70, 170)], 90),
        ([stay(71, 170)], 79),
        ([stay(55, 100)], 40),
        ([stay(105, 115)], 0),
        ([stay(55, 80), stay(75, 170)], 90),
        ([stay(55, 80), stay(90, 170)], 80),
        ([stay(55, None)], 0),
        ([stay(55, 170), stay(55, None)], 90),
        ([], 0),
    ],
)
def test_what_a_morning_is_worth(stays: list[Stay], credit: int) -> None:
    """Two lessons of 45 minutes with a break that gives nothing; ten minutes of grace."""
    assert minutes(*stays) == credit


def test_who_never_signed_out_is_credited_only_where_the_session_says_so_and_only_after_its_end() -> None:
    generous = Rules(1, TIMETABLE, GRACE, WithoutSignOut.LESSON_END)

    assert minutes(stay(55, None), rules=generous, now=at(159)) == 0
    assert minutes(stay(55, None), rules=generous, now=at(160)) == 90
    assert minutes(stay(55, None), now=LATER) == 0


@pytest.mark.parametrize(
    ("others", "credit"),
    [
        ([stay(80, 100, site=2)], 20 + 20),
        ([stay(80, 100, session=2)], 20),
        ([stay(80, 100)], 20 + 20),
        ([stay(120, None, site=2)], 90),
        ([stay(50, 100)], 40),
        ([stay(52, 54, site=2)], 90),
    ],
)
def test_a_stay_without_an_end_lasts_no_longer_than_until_the_person_is_seen_anew(others: list[Stay], credit: int) -> None:
    generous = Rules(1, TIMETABLE, GRACE, WithoutSignOut.LESSON_END)

    assert minutes(stay(55, None), *others, rules=generous) == credit


NIGHT = (lesson(14 * 60, 14 * 60 + 45), lesson(15 * 60 + 30, 16 * 60 + 15), lesson(16 * 60 + 25, 17 * 60 + 10))
"""22:00—22:45, 23:30—00:15, 00:25—01:10."""


def test_lessons_over_midnight_are_one_sitting_and_the_next_morning_another() -> None:
    assert sittings([*NIGHT, lesson(24 * 60, 24 * 60 + 45)]) == (span(14 * 60, 17 * 60 + 10), span(24 * 60, 24 * 60 + 45))
    assert sittings(TIMETABLE) == (span(60, 160),)
    assert sittings([]) == ()


@pytest.mark.parametrize("policy", WithoutSignOut)
def test_a_night_is_credited_to_the_days_on_which_its_lessons_begin(policy: WithoutSignOut) -> None:
    rules = Rules(1, NIGHT, GRACE, policy)

    whole = credit([rules], [stay(13 * 60 + 50, 17 * 60 + 15)], now=LATER)
    unended = credit([rules], [stay(13 * 60 + 50, None)], now=LATER)
    late = credit([rules], [stay(16 * 60 + 25, None)], now=LATER)

    night = {(1, DAY): 90, (1, DAY + timedelta(days=1)): 45}
    is_generous = policy is WithoutSignOut.LESSON_END
    assert whole == night
    assert unended == (night if is_generous else {})
    assert late == ({(1, DAY + timedelta(days=1)): 45} if is_generous else {})


def test_a_record_whose_end_lies_before_its_beginning_is_worth_nothing() -> None:
    assert minutes(stay(120, 60)) == 0
    assert minutes(stay(120, 60), stay(55, 170)) == 90


def test_of_two_sessions_at_the_same_time_a_minute_counts_once() -> None:
    """The older one takes what they share."""
    other = Rules(2, (lesson(90, 180),), GRACE)

    found = credit([other, RULES], [stay(55, 170), stay(90, 180, session=2, site=9)], now=LATER)

    assert found == {(1, DAY): 90, (2, DAY): 30}  # 105–115 is a break of the first, 160–180 comes after it


def test_a_day_without_a_valid_review_gives_nothing_and_takes_nothing_from_another_session() -> None:
    barred = Rules(1, TIMETABLE, GRACE, barred_days=frozenset({DAY}))
    other = Rules(2, (lesson(60, 105),), GRACE)

    assert credit([barred, other], [stay(55, 170), stay(55, 170, session=2)], now=LATER) == {(2, DAY): 45}


def test_two_classrooms_at_once_are_a_clash_and_one_after_the_other_is_none() -> None:
    rules = {1: RULES}

    found = clashes([stay(55, 120, site=1, id=1), stay(100, 160, site=2, id=2), stay(170, 180, site=1, id=3)], rules)

    assert [(clash.first.id, clash.second.id, clash.span) for clash in found] == [(1, 2, span(100, 120))]
    assert clashes([stay(55, 100, site=1), stay(100, 160, site=2)], rules) == ()
    assert clashes([stay(55, 100, site=1), stay(90, 160, site=1)], rules) == ()


def test_a_stay_that_never_ended_clashes_until_the_last_lesson() -> None:
    found = clashes([stay(55, None, site=1, id=1), stay(120, 150, site=2, id=2)], {1: RULES})

    assert [clash.span for clash in found] == [span(120, 150)]


def test_an_open_record_is_settled_by_one_with_an_end_that_covers_its_beginning() -> None:
    open_one = stay(52, None)

    assert is_settled(open_one, [stay(52, 160)])
    assert not is_settled(open_one, [stay(55, 160)])
    assert not is_settled(open_one, [stay(50, 160, site=2)])


@pytest.mark.parametrize(("minutes", "shown"), [(0, "0"), (44, "0.9"), (45, "1"), (89, "1.9"), (90, "2"), (157, "3.4"), (-5, "0")])
def test_hours_have_one_decimal_and_are_never_rounded_up(minutes: int, shown: str) -> None:
    assert show_hours(minutes, minutes_per_hour=45) == shown


# 对任何输入 ------------------------------------------------------------------------------------------------------------

MOMENT = st.integers(0, 600)
SPANS = st.tuples(MOMENT, MOMENT).map(lambda pair: (min(pair), max(pair) + 1))
STAYS = st.lists(SPANS.map(lambda pair: stay(*pair)), max_size=6)
LESSONS = st.lists(st.tuples(SPANS, st.booleans()).map(lambda drawn: lesson(*drawn[0], credited=drawn[1])), max_size=5).map(tuple)
GRACES = st.integers(0, 30).map(lambda number: timedelta(minutes=number))


@given(STAYS, LESSONS, GRACES)
def test_credit_is_never_negative_and_never_more_than_the_lessons(stays: list[Stay], lessons: tuple[Lesson, ...], grace: timedelta) -> None:
    given_minutes = minutes(*stays, rules=Rules(1, lessons, grace))

    assert 0 <= given_minutes <= whole_minutes(each.span for each in lessons if each.is_credited)


@given(STAYS, LESSONS, GRACES, st.randoms(use_true_random=False))
def test_the_order_of_records_does_not_matter(stays: list[Stay], lessons: tuple[Lesson, ...], grace: timedelta, chance: object) -> None:
    rules = Rules(1, lessons, grace)
    mixed = list(stays)
    chance.shuffle(mixed)  # type: ignore[attr-defined]

    assert minutes(*mixed, rules=rules) == minutes(*stays, rules=rules)


@given(STAYS, LESSONS, GRACES)
def test_recording_everything_twice_changes_nothing(stays: list[Stay], lessons: tuple[Lesson, ...], grace: timedelta) -> None:
    rules = Rules(1, lessons, grace)

    assert minutes(*stays, *stays, rules=rules) == minutes(*stays, rules=rules)


@given(SPANS, STAYS, LESSONS, GRACES, st.floats(0, 1))
def test_cutting_a_stay_in_two_at_any_moment_changes_nothing(
    whole: tuple[int, int], others: list[Stay], lessons: tuple[Lesson, ...], grace: timedelta, share: float
) -> None:
    rules = Rules(1, lessons, grace)
    cut = whole[0] + (whole[1] - whole[0]) * share

    in_two = minutes(stay(whole[0], cut), stay(cut, whole[1]), *others, rules=rules)

    assert in_two == minutes(stay(*whole), *others, rules=rules)


@given(SPANS, STAYS, LESSONS, GRACES)
def test_one_more_record_never_takes_anything_away(
    more: tuple[int, int], stays: list[Stay], lessons: tuple[Lesson, ...], grace: timedelta
) -> None:
    rules = Rules(1, lessons, grace)

    assert minutes(*stays, rules=rules) <= minutes(*stays, stay(*more), rules=rules)


@given(st.lists(SPANS.map(lambda pair: span(*pair)), max_size=8), st.lists(SPANS.map(lambda pair: span(*pair)), max_size=8))
def test_a_union_and_what_is_taken_from_it_are_sets_of_moments(spans: list[Span], taken: list[Span]) -> None:
    def holds(found: tuple[Span, ...] | list[Span], minute: int) -> bool:
        return any(each.begin <= at(minute + 0.5) < each.end for each in found)

    merged, left = union(spans), without(spans, taken)

    for minute in range(0, 601, 7):
        assert holds(merged, minute) == holds(spans, minute)
        assert holds(left, minute) == (holds(spans, minute) and not holds(taken, minute))
    assert all(one.end < other.begin for one, other in zip(merged, merged[1:], strict=False))


@given(STAYS, LESSONS, LESSONS, GRACES)
def test_over_two_sessions_no_moment_is_counted_twice(
    stays: list[Stay], first: tuple[Lesson, ...], second: tuple[Lesson, ...], grace: timedelta
) -> None:
    both = [*stays, *(Stay(2, each.site_id, each.begin, each.end) for each in stays)]
    rules = [Rules(1, first, grace), Rules(2, second, grace)]

    total = sum(credit(rules, both, now=LATER).values())

    present = [Span(each.begin, each.end) for each in stays if each.end]
    assert total <= whole_minutes([*credited(present, first, grace=grace), *credited(present, second, grace=grace)])


@given(st.integers(0, 10_000), st.integers(30, 90))
def test_hours_are_a_floor(minutes: int, per_hour: int) -> None:
    shown = hours(minutes, minutes_per_hour=per_hour)

    assert shown * per_hour <= minutes < (shown + Decimal("0.1")) * per_hour


# 培训机构 -------------------------------------------------------------------------------------------------------------


def test_the_latest_review_on_or_before_the_day_decides_until_its_last_day() -> None:
    reviews = [
        Review(1, date(2025, 1, 10), date(2026, 1, 9), ReviewVerdict.PASSED),
        Review(2, date(2026, 3, 1), None, ReviewVerdict.TO_MEND),
        Review(3, date(2026, 4, 1), date(2027, 3, 31), ReviewVerdict.PASSED),
        Review(4, date(2027, 1, 1), None, ReviewVerdict.FAILED),
    ]
    days = {
        date(2025, 1, 9): Standing.NEVER, date(2025, 1, 10): Standing.VALID, date(2026, 1, 9): Standing.VALID,
        date(2026, 1, 10): Standing.EXPIRED, date(2026, 3, 1): Standing.TO_MEND, date(2026, 4, 1): Standing.VALID,
        date(2027, 1, 1): Standing.FAILED,
    }  # fmt: skip

    assert {day: standing_on(day, reviews) for day in days} == days
    assert standing_on(date(2026, 5, 2), reviews, struck_off_on=date(2026, 5, 2)) is Standing.STRUCK_OFF
    assert standing_on(date(2026, 5, 1), reviews, struck_off_on=date(2026, 5, 2)) is Standing.VALID

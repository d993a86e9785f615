"""Where an organisation is counted through time: splits, back-dating, and what always holds."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from quiz.organisations.domain import Segment, place_from

START = date(2026, 1, 1)


def segment(since: date, until: date | None, district: str = "A", sector: str = "s") -> Segment:
    return Segment(since, until, district, None, sector, None)


def at(segments: tuple[Segment, ...], day: date) -> Segment:
    [found] = [each for each in segments if each.since <= day and (each.until is None or day < each.until)]
    return found


def test_a_move_splits_the_placement_on_its_day() -> None:
    placed = place_from([segment(START, None)], effective_on=date(2026, 5, 1), changed={"district_code": "B"})

    assert placed == (segment(START, date(2026, 5, 1)), segment(date(2026, 5, 1), None, "B"))


def test_a_back_dated_change_reaches_through_later_placements() -> None:
    moved = (segment(START, date(2026, 5, 1)), segment(date(2026, 5, 1), None, "B"))

    placed = place_from(moved, effective_on=date(2026, 3, 1), changed={"sector_code": "t"})

    assert placed == (
        segment(START, date(2026, 3, 1)),
        segment(date(2026, 3, 1), date(2026, 5, 1), "A", "t"),
        segment(date(2026, 5, 1), None, "B", "t"),
    )


def test_a_move_corrected_to_an_earlier_day_leaves_two_placements() -> None:
    moved = (segment(START, date(2026, 5, 1)), segment(date(2026, 5, 1), None, "B"))

    placed = place_from(moved, effective_on=date(2026, 3, 1), changed={"district_code": "B"})

    assert placed == (segment(START, date(2026, 3, 1)), segment(date(2026, 3, 1), None, "B"))


def test_a_change_before_the_first_day_counts_from_the_first_day() -> None:
    placed = place_from([segment(START, None)], effective_on=date(2020, 1, 1), changed={"district_code": "B"})

    assert placed == (segment(START, None, "B"),)


def test_a_change_to_the_same_place_changes_nothing() -> None:
    placed = place_from([segment(START, None)], effective_on=date(2026, 5, 1), changed={"district_code": "A"})

    assert placed == (segment(START, None),)


changes = st.lists(st.tuples(st.integers(-30, 300), st.sampled_from("ABC"), st.sampled_from("st")), max_size=8)


@given(changes, st.integers(0, 400))
def test_every_day_has_one_place_and_the_last_word_counts(history: list[tuple[int, str, str]], later: int) -> None:
    placed: tuple[Segment, ...] = (segment(START, None),)
    for days, district, sector in history:
        effective_on = START + timedelta(days=days)
        before = placed
        placed = place_from(placed, effective_on=effective_on, changed={"district_code": district, "sector_code": sector})
        day = max(effective_on, START) + timedelta(days=later)
        assert (at(placed, day).district_code, at(placed, day).sector_code) == (district, sector)
        if effective_on > START:
            assert at(placed, effective_on - timedelta(days=1)).same_place(at(before, effective_on - timedelta(days=1)))

    assert placed[0].since == START and placed[-1].until is None
    assert all(left.until == right.since and not left.same_place(right) for left, right in zip(placed, placed[1:], strict=False))

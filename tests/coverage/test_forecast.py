"""The forecast is arithmetic with fixed chance: the same history says the same, and it never says the impossible."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from quiz.coverage.forecast import Standing, back_test, forecast

OPENED = date(2026, 9, 1)


def course(completed: list[int], *, due: int) -> list[Standing]:
    return [Standing(OPENED + timedelta(days=number), due, min(value, due)) for number, value in enumerate(completed)]


@settings(max_examples=40, deadline=None)
@given(completed=st.lists(st.integers(0, 120), min_size=8, max_size=60), due=st.integers(1, 120), ahead=st.integers(1, 40))
def test_band_lies_in_order_between_nothing_and_everything(completed: list[int], due: int, ahead: int) -> None:
    known = course(completed, due=due)

    bands = forecast(known, until=known[-1].day + timedelta(days=ahead))

    assert len(bands) == ahead
    assert all(0 <= band.low <= band.middle <= band.high <= 1 for band in bands)
    assert bands == forecast(known, until=known[-1].day + timedelta(days=ahead))


def test_so_large_a_part_a_day_is_the_lower_edge() -> None:
    left, completed = 1000.0, []
    for _ in range(40):
        completed.append(1_000_000 - round(left * 1000))
        left *= 0.98  # two in a hundred of those left, every day
    known = course(completed, due=1_000_000)

    band = forecast(known, until=known[-1].day + timedelta(days=10))[-1]

    assert round(band.low, 4) == round(1 - 0.98**49, 4) < band.high


def test_so_many_a_day_is_the_upper_edge() -> None:
    known = course([10 * number for number in range(29)], due=1000)

    band = forecast(known, until=known[-1].day + timedelta(days=14))[-1]

    assert band.low < round(band.high, 6) == 0.42


def test_a_pace_that_has_just_changed_widens_the_band() -> None:
    steady = course([10 * number for number in range(29)], due=1000)
    halted = course([10 * min(number, 21) for number in range(29)], due=1000)

    until = steady[-1].day + timedelta(days=14)
    narrow, wide = forecast(steady, until=until)[-1], forecast(halted, until=until)[-1]

    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


def test_nothing_is_said_without_history_due_or_days() -> None:
    known = course(list(range(20)), due=100)

    assert forecast(known[:7], until=OPENED + timedelta(days=60)) == ()
    assert forecast(known, until=known[-1].day) == ()
    assert forecast([standing._replace(due=0, completed=0) for standing in known], until=OPENED + timedelta(days=60)) == ()


def test_back_test_uses_only_what_was_known() -> None:
    known = course([5 * number for number in range(50)], due=1000)

    trials = back_test(known, horizons=(7,))

    assert [trial.made_on for trial in trials] == [OPENED + timedelta(days=15 + 7 * number) for number in range(4)]
    assert [trial.band.day - trial.made_on for trial in trials] == [timedelta(days=7)] * 4
    assert all(trial.band == forecast(known[: (trial.made_on - OPENED).days + 1], until=trial.band.day)[-1] for trial in trials)

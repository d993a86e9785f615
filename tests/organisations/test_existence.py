"""In business or closed: what a status told for some day makes of the days before and after."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from quiz.organisations.existence import CLOSED_STATUSES, Closed, Existence

SEP = [date(2026, 9, day) for day in range(1, 31)]


def closed_days(existence: Existence) -> set[date]:
    return {
        day
        for day in SEP
        if any(each.since <= day < each.until for each in existence.closures)
        or (existence.closed_on is not None and existence.closed_on <= day)
    }


def test_deregistered_and_opened_again() -> None:
    closed = Existence("active").become("deregistered", on=SEP[4])
    opened = closed.become("active", on=SEP[9])

    assert closed == Existence("deregistered", SEP[4])
    assert opened == Existence("active", None, (Closed(SEP[4], SEP[9], "deregistered"),))


def test_opened_on_the_day_of_its_closing_it_was_never_closed() -> None:
    assert Existence("revoked", SEP[4]).become("suspended", on=SEP[4]) == Existence("suspended")


def test_revoked_and_later_deregistered_it_is_closed_since_the_first() -> None:
    assert Existence("revoked", SEP[4]).become("deregistered", on=SEP[9]) == Existence("deregistered", SEP[4])


def test_the_same_closing_told_for_another_day_is_a_correction() -> None:
    assert Existence("revoked", SEP[4]).become("revoked", on=SEP[9]) == Existence("revoked", SEP[9])


def test_a_closing_that_reaches_back_swallows_earlier_ones() -> None:
    before = Existence("active", None, (Closed(SEP[2], SEP[8], "revoked"), Closed(SEP[10], SEP[12], "revoked")))

    assert before.become("deregistered", on=SEP[5]) == Existence("deregistered", SEP[5], (Closed(SEP[2], SEP[5], "revoked"),))


told = st.lists(st.tuples(st.sampled_from(["active", "suspended", "deregistered", "revoked"]), st.sampled_from(SEP)), max_size=8)


@given(history=told)
def test_from_the_day_on_it_is_what_was_told_and_closings_never_overlap(history: list[tuple[str, date]]) -> None:
    existence = Existence("active")
    for status, day in history:
        was_closed = closed_days(existence)
        existence = existence.become(status, on=day)
        now_closed = closed_days(existence)

        if status in CLOSED_STATUSES:
            assert {each for each in SEP if each >= day} <= now_closed
        else:
            assert not now_closed - was_closed
            assert existence.closed_on is None
        ends = [moment for each in existence.closures for moment in (each.since, each.until)]
        assert ends == sorted(ends) and all(each.since < each.until for each in existence.closures)
        assert existence.closed_on is None or all(each.until <= existence.closed_on for each in existence.closures)

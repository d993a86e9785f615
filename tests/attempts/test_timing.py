"""The deadline belongs to the server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from quiz.attempts.domain import close_time, closing_state, deadline
from quiz.vocabulary import AttemptState

NINE = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
HALF_PAST = NINE + timedelta(minutes=30)


@pytest.mark.parametrize(
    ("closes_at", "expected"),
    [
        (NINE + timedelta(days=1), HALF_PAST),  # the time limit ends it
        (NINE + timedelta(minutes=10), NINE + timedelta(minutes=10)),  # the window closes first
    ],
)
def test_the_deadline_is_the_time_limit_or_the_closing_of_the_paper(closes_at: datetime, expected: datetime) -> None:
    assert deadline(NINE, limit=timedelta(minutes=30), closes_at=closes_at) == expected


@pytest.mark.parametrize(
    ("now", "closed_at", "state"),
    [
        (NINE, NINE, AttemptState.HANDED_IN),
        (HALF_PAST, HALF_PAST, AttemptState.HANDED_IN),  # the last moment is still in time
        (HALF_PAST + timedelta(seconds=1), HALF_PAST, AttemptState.EXPIRED),
        (HALF_PAST + timedelta(days=3), HALF_PAST, AttemptState.EXPIRED),  # found after a long outage: closed as of the deadline
    ],
)
def test_an_attempt_is_never_handed_in_later_than_its_deadline(now: datetime, closed_at: datetime, state: AttemptState) -> None:
    assert (close_time(now, deadline=HALF_PAST), closing_state(now, deadline=HALF_PAST)) == (closed_at, state)

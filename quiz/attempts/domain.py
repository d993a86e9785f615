"""Scoring and timing: arithmetic with names."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from quiz.papers.domain import SCORE_DECIMALS, FormItem
from quiz.vocabulary import AttemptState, ScoringPolicy

_PRECISION = 4
"""Decimals kept of a mark, so that thirds add up the same on every machine."""


def mark_item(answer: Collection[str], *, key: Collection[str], points: float, policy: ScoringPolicy) -> float:
    """Marks for one item, between 0 and `points`.

    Exactly the key earns all. Under PARTIAL, some keys and no wrong choice earn points × chosen ÷ keys; under ALL_OR_NOTHING,
    and with any wrong choice, nothing.
    """
    chosen, keys = set(answer), set(key)
    if chosen == keys:
        return points
    if policy is ScoringPolicy.PARTIAL and chosen and chosen < keys:
        return round(points * len(chosen) / len(keys), _PRECISION)
    return 0.0


@dataclass(frozen=True)
class Outcome:
    """What a marked form comes to."""

    marks: tuple[float, ...]
    score: float
    passed: bool
    must_failed: tuple[int, ...]
    """Positions of must-be-right items that were not fully right."""


def mark_form(
    form: Sequence[FormItem],
    *,
    keys: Mapping[int, Collection[str]],
    answers: Mapping[int, Collection[str]],
    policy: ScoringPolicy,
    cut_score: float,
) -> Outcome:
    """Mark all positions (1-based); `keys` by version id, `answers` by position; an unanswered item earns nothing."""
    marks = tuple(
        mark_item(answers.get(position, ()), key=keys[item.version], points=item.points, policy=policy)
        for position, item in enumerate(form, start=1)
    )
    must_failed = tuple(
        position
        for position, (item, mark) in enumerate(zip(form, marks, strict=True), start=1)
        if item.must_be_right and mark < item.points
    )
    score = round(sum(marks), SCORE_DECIMALS)
    passed = score >= round(cut_score, SCORE_DECIMALS) and not must_failed
    return Outcome(marks, score, passed=passed, must_failed=must_failed)


def deadline(started_at: datetime, *, limit: timedelta, closes_at: datetime) -> datetime:
    """The server's deadline: the time limit, or the closing of the paper if that comes first."""
    return min(started_at + limit, closes_at)


def close_time(now: datetime, *, deadline: datetime) -> datetime:
    """When an attempt counts as handed in: now, but never later than its deadline."""
    return min(now, deadline)


def closing_state(now: datetime, *, deadline: datetime) -> AttemptState:
    """Handed in by the person in time, or closed by the deadline."""
    return AttemptState.HANDED_IN if now <= deadline else AttemptState.EXPIRED

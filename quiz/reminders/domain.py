"""How pressing a call is and why, which occasion of a reminder has come, and how a template becomes a message."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from quiz.vocabulary import ContactOutcome, NotCoveredReason

CATCH_UP_DAYS = 2
"""An occasion that fell on days without a running server is still honoured so many days later; after that it has passed."""


# --- whom to call first -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Weights:
    """Points by which calls are ordered; see `data/call_weights.yaml`."""

    overdue: int
    overdue_day: int
    overdue_days_counted: int
    days_left: tuple[tuple[int, int], ...]
    hours_high_risk: int
    sd_high_risk: int
    features: Mapping[str, int]
    features_counted: int
    no_holder: int
    never_signed_in: int
    not_passed: int
    hours_short: int
    promise_broken: int
    refused: int
    wrong_number: int
    promise_open: int
    called_lately: int
    called_lately_days: int


@dataclass(frozen=True)
class LastContact:
    """The latest call that stands."""

    on: date
    outcome: ContactOutcome
    promised_on: date | None = None


@dataclass(frozen=True)
class CallFacts:
    """What of an enterprise decides how pressing a call is."""

    due_on: date
    reason: NotCoveredReason
    hours_high_risk: bool
    sd_high_risk: bool
    features: frozenset[str]
    last: LastContact | None = None


@dataclass(frozen=True)
class Point:
    """One reason to call sooner, or (negative) later."""

    points: int
    reason: str


def urgency(facts: CallFacts, *, today: date, weights: Weights, feature_names: Mapping[str, str]) -> tuple[Point, ...]:
    """Every reason with its points; the urgency is their sum."""
    found = [*_by_day(facts.due_on, today, weights), *_by_risk(facts, weights, feature_names)]
    states = {
        NotCoveredReason.NO_HOLDER: weights.no_holder,
        NotCoveredReason.NEVER_SIGNED_IN: weights.never_signed_in,
        NotCoveredReason.NOT_PASSED: weights.not_passed,
        NotCoveredReason.HOURS_SHORT: weights.hours_short,
    }
    if facts.reason in states:
        found.append(Point(states[facts.reason], facts.reason.label))
    if facts.last is not None:
        found += _by_contact(facts.last, today, weights)
    return tuple(point for point in found if point.points)


def total(points: Iterable[Point]) -> int:
    """The urgency."""
    return sum(point.points for point in points)


def _by_day(due_on: date, today: date, weights: Weights) -> list[Point]:
    left = (due_on - today).days
    if left < 0:
        return [Point(weights.overdue + weights.overdue_day * min(-left, weights.overdue_days_counted), f"逾期 {-left} 天")]
    points = next((points for days, points in weights.days_left if left <= days), 0)
    return [Point(points, "今天截止" if left == 0 else f"还剩 {left} 天")]


def _by_risk(facts: CallFacts, weights: Weights, feature_names: Mapping[str, str]) -> list[Point]:
    found = []
    if facts.hours_high_risk:
        found.append(Point(weights.hours_high_risk, "高危行业"))
    elif facts.sd_high_risk:
        found.append(Point(weights.sd_high_risk, "高危（省条例口径）"))
    counted = weights.features_counted
    for code in sorted(facts.features, key=lambda code: (-weights.features.get(code, 0), code)):
        points = min(weights.features.get(code, 0), counted)
        counted -= points
        found.append(Point(points, feature_names.get(code, code)))
    return found


def _by_contact(last: LastContact, today: date, weights: Weights) -> list[Point]:
    if last.outcome is ContactOutcome.PROMISED and last.promised_on is not None:
        if last.promised_on >= today:
            return [Point(weights.promise_open, f"承诺 {last.promised_on.isoformat()} 前完成")]
        return [Point(weights.promise_broken, f"承诺 {last.promised_on.isoformat()} 完成，未兑现")]
    if last.outcome is ContactOutcome.REFUSED:
        return [Point(weights.refused, "上次联系被拒绝")]
    if last.outcome is ContactOutcome.WRONG_NUMBER:
        return [Point(weights.wrong_number, "号码有误，须核实")]
    if (today - last.on).days <= weights.called_lately_days:
        return [Point(weights.called_lately, f"{last.on.isoformat()} 已联系")]
    return []


# --- when to remind ---------------------------------------------------------------------------------------------------------------


def occasion(due_on: date, *, today: date, days_before: Sequence[int]) -> int | None:
    """Which of the rules (days before the due day, negative after) has its occasion now; None when none has.

    The latest that has come counts, so that nobody gets three reminders at once after a pause; it is honoured up to
    `CATCH_UP_DAYS` later.
    """
    left = (due_on - today).days
    come = [days for days in days_before if days >= left]
    if not come:
        return None
    latest = min(come)
    return latest if latest - left <= CATCH_UP_DAYS else None


# --- what to say ------------------------------------------------------------------------------------------------------------------


class UnknownPlaceholder(ValueError):
    """A template names something that no message has."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = sorted(names)
        super().__init__(f"unknown placeholders: {self.names}")


def placeholders(text: str) -> set[str]:
    """The names in braces; a brace that is no placeholder is a ValueError."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def check_template(text: str, allowed: Iterable[str]) -> None:
    """Raise UnknownPlaceholder for names nobody fills, ValueError for broken braces or anything but a plain name."""
    used = placeholders(text)
    if unknown := used - set(allowed):
        raise UnknownPlaceholder(unknown)


def fill(text: str, values: Mapping[str, Any]) -> str:
    """The text with its placeholders filled; values are put in as they are and never read as templates."""
    parts = []
    for literal, name, _, _ in string.Formatter().parse(text):
        parts.append(literal)
        if name is not None:
            parts.append(str(values[name]))
    return "".join(parts)

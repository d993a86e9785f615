"""Scoring and timing: arithmetic with names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import zip_longest

from quiz.attempts.answers import of_part
from quiz.banks.question import ALTERNATIVE, Question, decimal_of
from quiz.papers.domain import SCORE_DECIMALS, FormItem
from quiz.vocabulary import AttemptState, ItemType, ScoringPolicy

_PRECISION = 4
"""Decimals kept of a mark, so that thirds add up the same on every machine."""
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")
_NUMBER = re.compile(r"([+-]?)(\d*)\.?(\d*)")


@dataclass(frozen=True)
class Key:
    """What answers a question of any type fully, and how far off a number may be."""

    type: ItemType
    entries: tuple[str, ...] = ()
    unit: str = ""
    tolerance: Decimal = Decimal(0)
    parts: tuple[Key, ...] = ()

    @classmethod
    def of(cls, question: Question) -> Key:
        return cls(question.type, tuple(question.key), question.unit, Decimal(question.tolerance or 0))


def mark_item(answer: Collection[str], *, key: Collection[str] | Key, points: float, policy: ScoringPolicy) -> float:
    """Marks for one item, between 0 and `points`; for a choice the key may be given as its letters alone.

    Exactly the key earns all. Under PARTIAL, some keys of a choice and no wrong one earn points × chosen ÷ keys, and blanks and
    matchings points × right ÷ all; under ALL_OR_NOTHING anything less than all earns nothing. A number or an ordering is right or
    wrong. The points of a case are spread evenly over its parts, each marked by its own rule.
    """
    if not isinstance(key, Key):
        return _mark_choice(set(answer), set(key), points, policy)
    match key.type:
        case ItemType.NUMERIC:
            return points if is_right_number(*answer, key=key) else 0.0
        case ItemType.BLANK:
            return _share(points, right_blanks(tuple(answer), key=key), policy)
        case ItemType.ORDERING:
            return points if tuple(answer) == key.entries else 0.0
        case ItemType.MATCHING:
            return _share(points, [pair in answer for pair in key.entries], policy)
        case ItemType.CASE:
            return _mark_case(tuple(answer), key, points, policy)
    return _mark_choice(set(answer), set(key.entries), points, policy)


def _mark_choice(chosen: set[str], keys: set[str], points: float, policy: ScoringPolicy) -> float:
    if chosen == keys:
        return points
    if policy is ScoringPolicy.PARTIAL and chosen and chosen < keys:
        return round(points * len(chosen) / len(keys), _PRECISION)
    return 0.0


def _share(points: float, right: Sequence[bool], policy: ScoringPolicy) -> float:
    if all(right):
        return points
    return round(points * sum(right) / len(right), _PRECISION) if policy is ScoringPolicy.PARTIAL else 0.0


def _mark_case(answer: tuple[str, ...], key: Key, points: float, policy: ScoringPolicy) -> float:
    marks = mark_parts(answer, key=key, policy=policy)
    if all(mark == 1 for mark in marks):
        return points
    # Rounding must not make a case look fully right that is not: it might be one that must be.
    return min(round(points * sum(marks) / len(marks), _PRECISION), round(points - 10**-_PRECISION, _PRECISION))


def mark_parts(answer: Sequence[str], *, key: Key, policy: ScoringPolicy) -> tuple[float, ...]:
    """How right each part of a case is: 1 fully, 0 not at all."""
    return tuple(mark_item(of_part(number, answer), key=part, points=1.0, policy=policy) for number, part in enumerate(key.parts, start=1))


def number_in(text: str, *, unit: str) -> Decimal | None:
    """The number a person wrote, with or without the unit; None for anything else.

    Full width, spaces and commas between thousands make no difference: `１，２００ 米` is 1200.
    """
    plain = _without_spaces(text).replace("\N{MINUS SIGN}", "-")
    plain_unit = _without_spaces(unit)
    if plain_unit and plain.endswith(plain_unit):
        plain = plain[: -len(plain_unit)]
    if _THOUSANDS.fullmatch(plain):
        plain = plain.replace(",", "")
    match = _NUMBER.fullmatch(plain)
    if match is None or not (match[2] or match[3]):
        return None
    return decimal_of(f"{match[1]}{match[2] or '0'}.{match[3] or '0'}")


def _without_spaces(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def is_right_number(*answer: str, key: Key) -> bool:
    """One number no further from the key than its tolerance, which itself still counts."""
    given = number_in(answer[0], unit=key.unit) if len(answer) == 1 else None
    # Fractions, because a difference of decimals is rounded where it has more digits than their context.
    return given is not None and abs(Fraction(given) - Fraction(Decimal(key.entries[0]))) <= Fraction(key.tolerance)


def plain_text(text: str) -> str:
    """A text as blanks compare it: full width as half width, no space at the ends, one inside, no capitals. Figures stay as they are."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def right_blanks(answer: Sequence[str], *, key: Key) -> list[bool]:
    """Blank by blank, whether the text is one of those accepted; never one that is merely like it."""
    accepted = [{plain_text(text) for text in entry.split(ALTERNATIVE)} for entry in key.entries]
    given = [plain_text(text) for text in answer[: len(accepted)]]
    return [text in texts for text, texts in zip_longest(given, accepted, fillvalue="")]


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
    keys: Mapping[int, Collection[str] | Key],
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

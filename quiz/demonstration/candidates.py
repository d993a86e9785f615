"""How a candidate answers: ability against the difficulty of an item, and the wrong answers that tempt."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import exp

from quiz.attempts.answers import in_part, questions_of
from quiz.attempts.domain import Key
from quiz.banks.queries import VersionView
from quiz.banks.question import ALTERNATIVE, Question
from quiz.vocabulary import ItemKind, ItemType

_BY_LABEL = {"easy": -0.75, "medium": -0.1, "hard": 0.65}
_BY_TYPE = {ItemType.SINGLE: 0.0, ItemType.MULTIPLE: 0.65, ItemType.TRUE_FALSE: -0.1, ItemType.CASE: 0.8}
_GUESSED = {ItemType.SINGLE: 0.22, ItemType.MULTIPLE: 0.03, ItemType.TRUE_FALSE: 0.48}
_BY_OTHER_TYPE, _GUESSED_OTHER = 0.4, 0.01
_STEEPNESS = 1.25
_GAP = 0.07
"""Share of clauses that hardly anybody here knows: the knowledge gaps an office wants to find."""


@dataclass(frozen=True)
class ItemTemper:
    """How hard an item is, and how it misleads."""

    difficulty: float
    guessed: float
    type: ItemType
    key: tuple[str, ...]
    distractors: tuple[str, ...]
    """The most tempting first."""
    questions: tuple[Question, ...] = ()
    """What it asks, where that is no choice."""

    @property
    def marking(self) -> Collection[str] | Key:
        """What `mark_form` needs to mark it."""
        if not self.questions:
            return self.key
        keys = tuple(map(Key.of, self.questions))
        return Key(ItemType.CASE, parts=keys) if self.type is ItemType.CASE else keys[0]

    @classmethod
    def of(cls, view: VersionView, *, seed: int) -> ItemTemper:
        """Always the same for the same item."""
        own = random.Random(f"{seed} item {view.bank_code} {view.item_code}")
        clause = view.clauses[0].id if view.clauses else view.item_code
        about = random.Random(f"{seed} clause {clause}")
        gap = 1.7 if about.random() < _GAP else 0.0
        options = [key for key, _ in view.options]
        distractors = [key for key in options if key not in view.key]
        own.shuffle(distractors)
        return cls(
            difficulty=_BY_LABEL.get(view.difficulty, 0.0) + _BY_TYPE.get(view.type, _BY_OTHER_TYPE) + (0.15 if view.kind is ItemKind.SCENARIO else 0.0)
            + gap + about.gauss(0, 0.35) + own.gauss(0, 0.4),
            guessed=_GUESSED.get(view.type, _GUESSED_OTHER),
            type=view.type,
            key=tuple(key for key in options if key in view.key),
            distractors=tuple(distractors),
            questions=() if view.type.is_choice else questions_of(view),
        )  # fmt: skip

    def chance_of_right(self, ability: float) -> float:
        """Three-parameter logistic: between guessing and 1."""
        return self.guessed + (1 - self.guessed) / (1 + exp(-_STEEPNESS * (ability - self.difficulty)))

    def answer(self, ability: float, chance: random.Random) -> tuple[str, ...]:
        """What a candidate of that ability marks."""
        knows = chance.random() < self.chance_of_right(ability)
        if self.questions:
            return self._typed(None if knows else chance.randrange(len(self.questions)))
        return self.key if knows else self._mistake(chance)

    def _typed(self, mistaken: int | None) -> tuple[str, ...]:
        """Everything right but the question at that place."""
        given = [_wrong(question) if place == mistaken else _right(question) for place, question in enumerate(self.questions)]
        if self.type is not ItemType.CASE:
            return tuple(given[0])
        return tuple(entry for number, entries in enumerate(given, start=1) for entry in in_part(number, entries))

    def _mistake(self, chance: random.Random) -> tuple[str, ...]:
        if self.type is not ItemType.MULTIPLE:
            tempting = self.distractors[0] if chance.random() < 0.6 else chance.choice(self.distractors)
            return (tempting,)
        chosen = set(self.key)
        if chance.random() < 0.72 and len(chosen) > 1:
            chosen.discard(chance.choice(self.key))
        if self.distractors and (len(chosen) == len(self.key) or chance.random() < 0.25):
            chosen.add(self.distractors[0])
        if chosen == set(self.key):
            chosen.discard(self.key[-1])
        return tuple(sorted(chosen))


def _right(question: Question) -> list[str]:
    match question.type:
        case ItemType.BLANK:
            return [entry.split(ALTERNATIVE)[0].strip() for entry in question.key]
        case ItemType.MATCHING:
            return sorted(question.key, key=lambda pair: int(pair[:-1]))
        case ItemType.NUMERIC | ItemType.ORDERING:
            return list(question.key)
    return sorted(question.key)


def _wrong(question: Question) -> list[str]:
    """An answer that could be given and is not right."""
    right = _right(question)
    match question.type:
        case ItemType.NUMERIC:
            return [str(Decimal(right[0]) + Decimal(question.tolerance or 0) + 1)]
        case ItemType.BLANK:
            return ["不清楚", *right[1:]]
        case ItemType.ORDERING:
            return right[::-1]
        case ItemType.MATCHING:
            other = next(letter for letter in question.options if letter != right[0][-1])
            return [right[0][:-1] + other, *right[1:]]
    distractor = next((letter for letter in question.options if letter not in right), None)
    return [distractor] if distractor else right[:-1]


def tempers(views: Mapping[int, VersionView], *, seed: int) -> dict[int, ItemTemper]:
    """By version id."""
    return {version: ItemTemper.of(view, seed=seed) for version, view in views.items()}

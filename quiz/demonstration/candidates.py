"""How a candidate answers: ability against the difficulty of an item, and the wrong answers that tempt."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from math import exp

from quiz.banks.queries import VersionView
from quiz.vocabulary import ItemKind, ItemType

_BY_LABEL = {"easy": -0.75, "medium": -0.1, "hard": 0.65}
_BY_TYPE = {ItemType.SINGLE: 0.0, ItemType.MULTIPLE: 0.65, ItemType.TRUE_FALSE: -0.1}
_GUESSED = {ItemType.SINGLE: 0.22, ItemType.MULTIPLE: 0.03, ItemType.TRUE_FALSE: 0.48}
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
            difficulty=_BY_LABEL.get(view.difficulty, 0.0) + _BY_TYPE[view.type] + (0.15 if view.kind is ItemKind.SCENARIO else 0.0)
            + gap + about.gauss(0, 0.35) + own.gauss(0, 0.4),
            guessed=_GUESSED[view.type],
            type=view.type,
            key=tuple(key for key in options if key in view.key),
            distractors=tuple(distractors),
        )  # fmt: skip

    def chance_of_right(self, ability: float) -> float:
        """Three-parameter logistic: between guessing and 1."""
        return self.guessed + (1 - self.guessed) / (1 + exp(-_STEEPNESS * (ability - self.difficulty)))

    def answer(self, ability: float, chance: random.Random) -> tuple[str, ...]:
        """What a candidate of that ability marks."""
        if chance.random() < self.chance_of_right(ability):
            return self.key
        return self._mistake(chance)

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


def tempers(views: Mapping[int, VersionView], *, seed: int) -> dict[int, ItemTemper]:
    """By version id."""
    return {version: ItemTemper.of(view, seed=seed) for version, view in views.items()}

"""Blueprint → form. Pure: a pool of items, a blueprint and a seed give the same form every time."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from quiz.banks.question import PART
from quiz.problems import Refusal
from quiz.vocabulary import ItemKind, ItemType

SCORE_DECIMALS = 2
"""A score, its maximum and the cut score are compared at this precision: 30 × 3.33 points must come to 99.9, not to a hair less."""


class Section(BaseModel):
    """So many items that satisfy all of these conditions; an empty condition asks for nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: int = Field(ge=1, le=200)
    points: float = Field(ge=0.01, le=100)
    """Points for each item of this section."""
    banks: tuple[str, ...] = Field(min_length=1)
    groups: tuple[str, ...] = ()
    """Clause groups, such as 粉尘防爆."""
    types: tuple[ItemType, ...] = ()
    kinds: tuple[ItemKind, ...] = ()
    items: tuple[str, ...] = ()
    """Item codes: draw from these only."""
    must_be_right: bool = False
    """A wrong answer here fails the paper, whatever the score."""

    def accepts(self, item: PoolItem) -> bool:
        return (
            item.bank in self.banks
            and (not self.groups or not item.groups.isdisjoint(self.groups))
            and (not self.types or item.type in self.types)
            and (not self.kinds or item.kind in self.kinds)
            and (not self.items or item.code in self.items)
        )


class Blueprint(BaseModel):
    """What every form of a paper is made of."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sections: tuple[Section, ...] = Field(min_length=1)

    @property
    def count(self) -> int:
        return sum(section.count for section in self.sections)

    @property
    def max_score(self) -> float:
        return round(sum(section.count * section.points for section in self.sections), SCORE_DECIMALS)

    @property
    def banks(self) -> frozenset[str]:
        return frozenset(bank for section in self.sections for bank in section.banks)

    @property
    def must_be_right(self) -> int:
        return sum(section.count for section in self.sections if section.must_be_right)


@dataclass(frozen=True)
class PoolItem:
    """What assembly needs to know of an item version."""

    version: int
    bank: str
    code: str
    type: ItemType
    kind: ItemKind
    groups: frozenset[str]
    clause: str
    """Its main clause: a form spreads over clauses before it takes a second item of one."""
    options: tuple[str, ...]
    parts: tuple[tuple[ItemType, tuple[str, ...]], ...] = ()
    """Of a case: the type and the options of each of its questions."""


class Pool:
    """Items to draw from, in a stable order; remembers which of them each section accepts, since every start asks the same."""

    def __init__(self, items: Iterable[PoolItem]) -> None:
        self.items = tuple(sorted(items, key=lambda item: item.version))
        self._accepted: dict[Section, frozenset[int]] = {}

    def __iter__(self) -> Iterator[PoolItem]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def accepted(self, section: Section) -> frozenset[int]:
        """Versions that satisfy the section's conditions."""
        found = self._accepted.get(section)
        if found is None:
            found = self._accepted[section] = frozenset(item.version for item in self.items if section.accepts(item))
        return found


@dataclass(frozen=True)
class FormItem:
    """One position of a form."""

    version: int
    options: tuple[str, ...]
    """Option keys in the order shown; those of a case headed by the number of their part, `1:B` (`quiz.banks.question`)."""
    points: float
    must_be_right: bool

    def as_json(self) -> dict[str, Any]:
        return {"version": self.version, "options": list(self.options), "points": self.points, "must_be_right": self.must_be_right}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> FormItem:
        return cls(row["version"], tuple(row["options"]), float(row["points"]), bool(row["must_be_right"]))


@dataclass(frozen=True)
class Shortage:
    """A section that the pool cannot fill."""

    section: int
    wanted: int
    available: int

    def __str__(self) -> str:
        return f"第 {self.section} 部分需要 {self.wanted} 道题，题库中符合条件且未被其他部分占用的只有 {self.available} 道"


class PoolTooSmall(Refusal):
    """The blueprint asks for more than the banks hold."""

    def __init__(self, shortages: Sequence[Shortage]) -> None:
        super().__init__("题库题量不足：" + "；".join(map(str, shortages)) + "。请减少题数或放宽条件。", code="pool_too_small")
        self.shortages = tuple(shortages)


def assemble_form(
    pool: Pool | Iterable[PoolItem], blueprint: Blueprint, *, seed: int, shuffle_items: bool = True, shuffle_options: bool = True
) -> tuple[FormItem, ...]:
    """Draw a form.

    No item twice. Within a section, clauses not yet in the form come first. A section that a greedy draw would starve takes items
    from earlier sections by augmenting paths, so a form is found whenever one exists.

    Raises:
        PoolTooSmall: no such form exists in this pool.
    """
    chance = random.Random(seed)
    pool = pool if isinstance(pool, Pool) else Pool(pool)
    shuffled = list(pool.items)
    chance.shuffle(shuffled)
    candidates = [[item for item in shuffled if item.version in accepted] for accepted in map(pool.accepted, blueprint.sections)]
    drawn = _draw(candidates, blueprint)
    positions = [(item, section) for section, items in zip(blueprint.sections, drawn, strict=True) for item in items]
    if shuffle_items:
        chance.shuffle(positions)
    return tuple(
        FormItem(item.version, _order(item, chance, shuffle_options), section.points, section.must_be_right) for item, section in positions
    )


def _order(item: PoolItem, chance: random.Random, shuffle: bool) -> tuple[str, ...]:
    if item.type is ItemType.CASE:
        parts = (_shown(type_, options, chance, shuffle) for type_, options in item.parts)
        return tuple(f"{number}{PART}{key}" for number, options in enumerate(parts, start=1) for key in options)
    return _shown(item.type, item.options, chance, shuffle)


def _shown(type_: ItemType, options: tuple[str, ...], chance: random.Random, shuffle: bool) -> tuple[str, ...]:
    """True/false keeps 正确 before 错误: turning them round only confuses.

    Orderings and matchings are shuffled on every paper: as written they would often stand in the order of their key. By chance they
    still may; never to show that order would tell as much.
    """
    mixed = list(options)
    if type_ in (ItemType.ORDERING, ItemType.MATCHING) or (shuffle and type_ is not ItemType.TRUE_FALSE):
        chance.shuffle(mixed)
    return tuple(mixed)


def _draw(candidates: list[list[PoolItem]], blueprint: Blueprint) -> list[list[PoolItem]]:
    owner: dict[int, int] = {}
    drawn: list[list[PoolItem]] = [[] for _ in blueprint.sections]
    used = Counter[str]()
    shortages = []
    for index, section in enumerate(blueprint.sections):
        for _ in range(section.count):
            item = _least_used(candidates[index], owner, used)
            if item is not None:
                owner[item.version] = index
                drawn[index].append(item)
            else:
                item = _augment(index, candidates, owner, drawn, set())
            if item is None:
                shortages.append(Shortage(index + 1, section.count, len(drawn[index])))
                break
            used[item.clause] += 1
    if shortages:
        raise PoolTooSmall(shortages)
    return drawn


def _least_used(candidates: Sequence[PoolItem], owner: dict[int, int], used: Counter[str]) -> PoolItem | None:
    """The first free candidate whose clause the form has least of."""
    best = None
    for item in candidates:
        if item.version in owner:
            continue
        if used[item.clause] == 0:
            return item
        if best is None or used[item.clause] < used[best.clause]:
            best = item
    return best


def _augment(
    index: int, candidates: list[list[PoolItem]], owner: dict[int, int], drawn: list[list[PoolItem]], tried: set[int]
) -> PoolItem | None:
    """Give section `index` one more item by moving items between sections along an alternating path (Kuhn).

    Answers with the free item that came into the form, or None. A section is visited once, so the path is never longer than the
    blueprint.
    """
    tried.add(index)
    for item in candidates[index]:
        holder = owner.get(item.version)
        if holder in tried:
            continue
        entered = item if holder is None else _augment(holder, candidates, owner, drawn, tried)
        if entered is None:
            continue
        if holder is not None:
            drawn[holder].remove(item)
        owner[item.version] = index
        drawn[index].append(item)
        return entered
    return None

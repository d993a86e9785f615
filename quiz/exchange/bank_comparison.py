"""Items of banks held against each other: which ask the same, which contradict each other, which are merely alike. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from quiz.banks.queries import VersionView
from quiz.exchange.domain import Fate, Format, Place, Reading, ReadRow
from quiz.exchange.likeness import ALIKE
from quiz.exchange.plan import Clash, Decision, ImportPlan, Known, answer_of, plain, plan_import
from quiz.vocabulary import ItemType

_RUN = 4
"""Characters of a run by which two texts find each other."""
_RARE = 40
"""A run that more items have than this says nothing about two of them."""
_SHARED = 3
"""Rare runs two items must share before they are compared letter by letter."""


@dataclass(frozen=True)
class Twins:
    """Two items that may be one."""

    first: VersionView
    second: VersionView
    clash: Clash
    likeness: float

    @property
    def ids(self) -> tuple[int, int]:
        """Of the items, the smaller first."""
        one, other = sorted((self.first.item_id, self.second.item_id))
        return one, other


def twins(items: Sequence[VersionView]) -> list[Twins]:
    """Every pair among these items that asks the same or nearly, the plainest first. The order of the items decides which is the first."""
    texts = [_whole(item) for item in items]
    found = {}
    for one, other in _candidates(texts, items):
        clash, likeness = _compare(items[one], items[other], texts[one], texts[other])
        if clash is not None:
            found[one, other] = Twins(items[one], items[other], clash, likeness)
    order = list(Clash)
    return sorted(found.values(), key=lambda pair: (order.index(pair.clash), -pair.likeness, pair.first.item_code, pair.second.item_code))


def _candidates(texts: Sequence[str], items: Sequence[VersionView]) -> Iterator[tuple[int, int]]:
    """Pairs worth comparing: the same stem, or a few rare runs of characters in common. All pairs would be too many."""
    stems: dict[str, list[int]] = defaultdict(list)
    runs = [{text[n : n + _RUN] for n in range(max(1, len(text) - _RUN + 1))} for text in texts]
    seen = Counter(run for own in runs for run in own)
    holders: dict[str, list[int]] = defaultdict(list)
    for index, item in enumerate(items):
        stem = plain(item.stem)
        same = stems[stem]
        yield from ((other, index) for other in same)
        rare = [run for run in runs[index] if 1 < seen[run] <= _RARE]
        shared = Counter(other for run in rare for other in holders[run])
        yield from ((other, index) for other, count in shared.items() if count >= _SHARED and other not in same)
        for run in rare:
            holders[run].append(index)
        same.append(index)


def _compare(first: VersionView, second: VersionView, text: str, other_text: str) -> tuple[Clash | None, float]:
    if first.asks_what_changed is not second.asks_what_changed:
        return None, 0.0  # an item on what changed tells both editions, so it resembles the items on each
    if plain(first.stem) == plain(second.stem):
        if _pictured(first) != _pictured(second):
            return None, 0.0
        return (Clash.SAME if answer_of(first.as_draft()) == answer_of(second.as_draft()) else Clash.CONFLICT), 100.0
    likeness = fuzz.ratio(text, other_text, score_cutoff=ALIKE)
    return (Clash.NEAR if likeness else None), likeness


def _pictured(item: VersionView) -> list[str]:
    """「图中所示是什么？」 under another picture is another question."""
    return sorted(picture.digest for picture in item.pictures if picture.where != "explanation")


def _whole(item: VersionView) -> str:
    """Their order does not make another item; 正确 and 错误 make none at all."""
    texts = [] if item.type is ItemType.TRUE_FALSE else sorted(text for _, text in item.options)
    return plain(item.stem + "".join(texts) + "".join(part.stem for part in item.parts))


def plan_merge(source: Sequence[VersionView], target: Sequence[VersionView], decisions: dict[int, Decision]) -> ImportPlan:
    """The items of one bank against another as if they were imported: the same clashes, the same decisions.

    `decisions` are by position in `source`.
    """
    rows = tuple(
        ReadRow(Place(line=place), Fate.ACCEPTED, item.as_draft(), excerpt=item.stem[:60]) for place, item in enumerate(source, start=1)
    )
    known = [Known(item.item_id, item.id, item.item_code, item.as_draft()) for item in target]
    return plan_import(Reading(Format.JSON, rows), known, decisions)

"""What a new edition changes: which clauses it keeps, changes, adds and drops. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

from quiz.vocabulary import ClauseChange

LIKENESS = 50.0
"""Of 100: two texts less alike than this are not taken for one clause in two wordings. A person may overrule it by `replaces`."""
SAME_HEADING = 15.0
"""Added to the likeness of two clauses under one heading: a rewritten clause keeps its subject more often than its words."""


@dataclass(frozen=True)
class ClauseText:
    """What the comparison needs of a clause."""

    id: str
    ref: str
    heading: str
    text: str
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClausePair:
    """What became of a clause: `old` is None for a new one, `new` for one that is gone."""

    change: ClauseChange
    old: ClauseText | None
    new: ClauseText | None


@dataclass(frozen=True)
class Difference:
    """A new edition against the one before, in the order of the new one, what is gone at the end."""

    pairs: tuple[ClausePair, ...]
    _by_old: Mapping[str, list[ClausePair]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_old: dict[str, list[ClausePair]] = {}
        for pair in self.pairs:
            if pair.old is not None:
                by_old.setdefault(pair.old.id, []).append(pair)
        object.__setattr__(self, "_by_old", by_old)

    def of(self, change: ClauseChange) -> list[ClausePair]:
        """The pairs of one kind."""
        return [pair for pair in self.pairs if pair.change is change]

    def fate(self, old_id: str) -> ClauseChange:
        """What became of a clause of the older edition."""
        pairs = self._by_old.get(old_id, [])
        if not pairs:
            return ClauseChange.GONE
        return ClauseChange.KEPT if len(pairs) == 1 and pairs[0].change is ClauseChange.KEPT else pairs[0].change

    def successor(self, old_id: str) -> str | None:
        """The clause of the new edition that says the same, if one does."""
        return next((pair.new.id for pair in self._by_old.get(old_id, []) if pair.change is ClauseChange.KEPT and pair.new), None)


def compare(old: Sequence[ClauseText], new: Sequence[ClauseText]) -> Difference:
    """Pair the clauses of two editions.

    What a clause says it `replaces` comes first, then equal texts, then the likeliest pairs. A clause is *kept* when its text is the
    same but for spaces and punctuation, whatever its number; every other paired clause is *changed*, a different figure above all.
    """
    known = {clause.id: clause for clause in old}
    found: dict[str, list[ClauseText]] = {}
    taken: set[str] = set()
    for clause in new:
        named = [known[each] for each in clause.replaces if each in known]
        if named:
            found[clause.id] = named
            taken |= {each.id for each in named}
    _pair_equal(old, new, found, taken)
    _pair_alike(old, new, found, taken)
    pairs = [pair for clause in new for pair in _pairs(clause, found.get(clause.id, []))]
    gone = [ClausePair(ClauseChange.GONE, clause, None) for clause in old if clause.id not in taken]
    return Difference((*pairs, *gone))


def _pairs(new: ClauseText, old: Sequence[ClauseText]) -> list[ClausePair]:
    if not old:
        return [ClausePair(ClauseChange.NEW, None, new)]
    kept = len(old) == 1 and _plain(old[0].text) == _plain(new.text)
    return [ClausePair(ClauseChange.KEPT if kept else ClauseChange.CHANGED, each, new) for each in old]


def _pair_equal(old: Sequence[ClauseText], new: Sequence[ClauseText], found: dict[str, list[ClauseText]], taken: set[str]) -> None:
    waiting: dict[str, list[ClauseText]] = {}
    for clause in old:
        if clause.id not in taken:
            waiting.setdefault(_plain(clause.text), []).append(clause)
    for clause in new:
        equals = waiting.get(_plain(clause.text))
        if clause.id not in found and equals:
            found[clause.id] = [equals.pop(0)]
            taken.add(found[clause.id][0].id)


def _pair_alike(old: Sequence[ClauseText], new: Sequence[ClauseText], found: dict[str, list[ClauseText]], taken: set[str]) -> None:
    left = [clause for clause in old if clause.id not in taken]
    right = [clause for clause in new if clause.id not in found]
    if not left or not right:
        return
    scores = process.cdist([_plain(clause.text) for clause in left], [_plain(clause.text) for clause in right], scorer=fuzz.ratio)
    ranked = sorted(
        (
            (scores[i][j] + (SAME_HEADING if left[i].heading == right[j].heading else 0), -i, -j)
            for i in range(len(left))
            for j in range(len(right))
        ),
        reverse=True,
    )
    for score, i, j in ranked:
        if score < LIKENESS:
            break
        before, after = left[-i], right[-j]
        if before.id not in taken and after.id not in found:
            found[after.id] = [before]
            taken.add(before.id)


def _plain(text: str) -> str:
    """The text without width, spaces and punctuation. Signs that belong to a figure stay: 1.0% is not 10%."""
    narrow = unicodedata.normalize("NFKC", text)
    return re.sub(r"(?<!\d)[.,:\-]|[.,:\-](?!\d)|[\s;!?、。“”‘’\"'()\[\]《》〈〉·…—]", "", narrow)

"""How many items of which kind and type test each clause: of a bank, of a paper's pool, of one form. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from quiz.banks.queries import ClauseView, VersionView
from quiz.vocabulary import ItemKind, ItemType


@dataclass(frozen=True)
class ClauseCount:
    """One row of the matrix: a clause and the items that test it."""

    clause: ClauseView
    kinds: dict[ItemKind, int]
    types: dict[ItemType, int]
    items: tuple[str, ...]
    """Codes of the items, in order."""

    @property
    def total(self) -> int:
        return len(self.items)


def count_by_clause(clauses: Iterable[ClauseView], items: Sequence[VersionView]) -> list[ClauseCount]:
    """For each clause that may be tested, the items that test it; an item counts once for every clause it cites."""
    citing: dict[str, list[VersionView]] = {}
    for item in items:
        for clause in dict.fromkeys(clause.id for clause in item.clauses):
            citing.setdefault(clause, []).append(item)
    return [_count(clause, citing.get(clause.id, [])) for clause in clauses if clause.assessable]


def _count(clause: ClauseView, items: Sequence[VersionView]) -> ClauseCount:
    kinds = {kind: sum(item.kind is kind for item in items) for kind in ItemKind}
    types = {type_: sum(item.type is type_ for item in items) for type_ in ItemType}
    return ClauseCount(clause, kinds, types, tuple(sorted(item.item_code for item in items)))


def covered(counts: Iterable[ClauseCount]) -> int:
    """Clauses that at least one item tests."""
    return sum(count.total > 0 for count in counts)

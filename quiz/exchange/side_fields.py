"""Side fields of an item as labels, for formats that know tags or keywords but no difficulty, clause or role of ours."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from quiz.banks.files import ItemDraft
from quiz.vocabulary import Difficulty, ItemKind, Labelled, PostRole

_DIFFICULTY, _KIND, _ROLE, _SECTOR, _CLAUSE, _CHANGED = "难度：", "题类：", "对象：", "行业：", "依据：", "旧版："
_EVERY = "全部"


def labels_of(item: ItemDraft, *, with_topic: bool = False) -> list[str]:
    """Labels for all that is not as a new item has it; `values_of` reads them back."""
    labels = [f"主题：{item.topic}"] if with_topic and item.topic else []
    if item.difficulty is not Difficulty.MEDIUM:
        labels.append(_DIFFICULTY + item.difficulty.label)
    if item.kind is not ItemKind.KNOWLEDGE:
        labels.append(_KIND + item.kind.label)
    labels += [_ROLE + role.label for role in item.roles]
    if item.sectors is not None:
        labels += [_SECTOR + sector for sector in item.sectors] or [_SECTOR + _EVERY]
    labels += [_CLAUSE + clause for clause in item.clauses]
    labels += [_CHANGED + clause for clause in item.changed_from]
    return labels


def values_of(labels: Sequence[str]) -> tuple[dict[str, object], list[str]]:
    """Values of a draft, and the labels that are none of ours."""
    values: dict[str, object] = {}
    lists: dict[str, list[object]] = {}
    unknown = []
    for label in labels:
        for prefix, (name, read) in _READERS.items():
            found = read(label.removeprefix(prefix)) if label.startswith(prefix) else None
            if found is not None:
                if name in ("difficulty", "kind", "topic"):
                    values[name] = found
                else:
                    lists.setdefault(name, []).append(found)
                break
        else:
            unknown.append(label)
    if lists.get("sectors") == [_EVERY]:
        lists["sectors"] = []
    return values | lists, unknown


def _labelled(kind: type[Labelled]) -> Callable[[str], Labelled | None]:
    by_label = {member.label: member for member in kind}
    return by_label.get


_READERS: dict[str, tuple[str, Callable[[str], object | None]]] = {
    "主题：": ("topic", str),
    _DIFFICULTY: ("difficulty", _labelled(Difficulty)),
    _KIND: ("kind", _labelled(ItemKind)),
    _ROLE: ("roles", _labelled(PostRole)),
    _SECTOR: ("sectors", str),
    _CLAUSE: ("clauses", str),
    _CHANGED: ("changed_from", str),
}

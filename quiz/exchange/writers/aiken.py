"""Aiken: stem, options one a line, and the letter of the answer; nothing else has a place in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from quiz.banks.files import ItemDraft
from quiz.exchange.domain import Picture
from quiz.exchange.readers import aiken as reader
from quiz.exchange.writers.held import Held, by_place, judge
from quiz.vocabulary import ItemType

_KINDS: dict[ItemType, str] = {
    kind: f"Aiken 不能保存{kind.label}" for kind in ItemType if kind not in (ItemType.SINGLE, ItemType.TRUE_FALSE)
}  # fmt: skip


def write(title: str, items: Sequence[ItemDraft], pictures: Mapping[str, Picture]) -> bytes:
    """The file; the format has no title. Items that it cannot hold are left out: `left_out` says which and why."""
    return _document(title, [item for item in items if not left_out(item)], pictures)


def cannot_hold(item: ItemDraft) -> list[str]:
    """What is lost of the item, or why it is left out, in Chinese."""
    held = _held(item)
    return held.reasons + (["Aiken 不能保存编号"] if item.code and not held.left_out else [])


def left_out(item: ItemDraft) -> list[str]:
    """Why the item cannot be written at all; empty when it can."""
    return _held(item).left_out


def _held(item: ItemDraft) -> Held:
    if item.pictures:
        return Held(["Aiken 不能保存图片"])
    if item.type not in _KINDS and any("\n" in text for text in (item.stem, *item.options.values())):
        return Held(["Aiken 的题干和选项各只能占一行"])
    return judge(item, format="Aiken", kinds=_KINDS, write=_document, read=reader.read)


def _document(title: str, items: Sequence[ItemDraft], pictures: Mapping[str, Picture]) -> bytes:
    return "\n".join(_question(item) for item in items).encode()


def _question(item: ItemDraft) -> str:
    letters = by_place(item)
    options = "".join(f"{letters[letter]}. {text}\n" for letter, text in item.options.items())
    return f"{item.stem}\n{options}ANSWER: {letters[item.key[0]]}\n"

"""GIFT, as Moodle imports it: texts marked plain, so that nothing in them is taken for HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from quiz.banks.files import ItemDraft
from quiz.banks.question import ALTERNATIVE, BLANK
from quiz.exchange.categories import path_of
from quiz.exchange.domain import Picture
from quiz.exchange.markup_text import one_line
from quiz.exchange.readers import gift as reader
from quiz.exchange.side_fields import labels_of
from quiz.exchange.writers.held import Held, judge
from quiz.vocabulary import ItemType

_KINDS = {ItemType.ORDERING: "GIFT 不能保存排序题", ItemType.CASE: "GIFT 不能保存案例题"}
_SIGNS = re.compile(r"[\\:#={}~]")


def write(title: str, items: Sequence[ItemDraft], pictures: Mapping[str, Picture]) -> bytes:
    """The file. Items that GIFT cannot hold are left out: `left_out` says which and why."""
    return _document(title, [item for item in items if not left_out(item)], pictures)


def cannot_hold(item: ItemDraft) -> list[str]:
    """What is lost of the item, or why it is left out, in Chinese."""
    return _held(item).reasons


def left_out(item: ItemDraft) -> list[str]:
    """Why the item cannot be written at all; empty when it can."""
    return _held(item).left_out


def _held(item: ItemDraft) -> Held:
    if item.pictures:
        return Held(["GIFT 不能保存图片"])
    if item.unit:
        return Held(["GIFT 不能保存计算题的单位"])
    if item.type is ItemType.BLANK and len(item.key) > 1:
        return Held(["GIFT 不能保存有几个空的填空题"])
    return judge(item, format="GIFT", kinds=_KINDS, write=_document, read=reader.read)


def _document(title: str, items: Sequence[ItemDraft], pictures: Mapping[str, Picture]) -> bytes:
    pieces = [f"// {one_line(title)}\n\n"] if title.strip() else []
    topic = ""
    for item in items:
        if item.topic != topic:
            topic = item.topic
            pieces.append(f"$CATEGORY: {one_line(path_of(topic))}\n\n")
        pieces.append(_question(item))
    return "".join(pieces).encode()


def _question(item: ItemDraft) -> str:
    marks = [f"[id:{item.code}]"] if item.code else []
    marks += [f"[tag:{label.replace(']', chr(92) + ']')}]" for label in map(one_line, labels_of(item))]
    comment = f"// {' '.join(marks)}\n" if marks else ""
    name = f"::{escape(item.code)}::" if item.code else ""
    before, gap, after = item.stem.partition(BLANK) if item.type is ItemType.BLANK else (item.stem, "", "")
    general = f"\n\t####{_marked(item.explanation)}" if item.explanation else ""
    body = "".join(_answers(item))
    return f"{comment}{name}[plain]{escape(before)}{{{body}{general}}}{escape(after)}\n\n"


def escape(text: str) -> str:
    """Signs that mean something in GIFT with a backslash before them, line breaks as `\\n`."""
    return _SIGNS.sub(r"\\\g<0>", text).replace("\n", "\\n")


def _marked(text: str) -> str:
    """Escaped, and marked plain where its first bracket would be read as a format."""
    return ("[plain]" if text.startswith("[") else "") + escape(text)


def _answers(item: ItemDraft) -> Iterator[str]:
    match item.type:
        case ItemType.TRUE_FALSE:
            right = item.key == ["A"]
            wrong_note, right_note = (item.rationales.get(letter, "") for letter in ("BA" if right else "AB"))
            yield "TRUE" if right else "FALSE"
            if wrong_note or right_note:
                yield f"#{_marked(wrong_note)}" + (f"#{_marked(right_note)}" if right_note else "")
        case ItemType.NUMERIC:
            yield f"#{item.key[0]}" + (f":{item.tolerance}" if item.tolerance else "")
        case ItemType.BLANK:
            for text in item.key[0].split(ALTERNATIVE):
                yield f"\n\t={_weighed(text.replace('*', chr(92) + '*'), 100, star=True)}"
        case ItemType.MATCHING:
            used = set()
            for pair in item.key:
                number, letter = pair[:-1], pair[-1]
                used.add(letter)
                yield f"\n\t={_marked(item.prompts[number])} -> {_marked(item.options[letter])}"
            yield from (f"\n\t= -> {_marked(text)}" for letter, text in item.options.items() if letter not in used)
        case _:
            yield from _choices(item)


def _choices(item: ItemDraft) -> Iterator[str]:
    share = f"{100 / len(item.key):.5f}".rstrip("0").rstrip(".")
    for letter, text in item.options.items():
        right = letter in item.key
        note = item.rationales.get(letter, "")
        feedback = f"#{_marked(note)}" if note else ""
        if item.type is ItemType.MULTIPLE:
            yield f"\n\t~%{share if right else -100}%{_marked(text)}{feedback}"
        else:
            yield f"\n\t{'=' if right else '~'}{_weighed(text, 100 if right else 0)}{feedback}"


def _weighed(text: str, share: int, *, star: bool = False) -> str:
    """The text, behind its share of the mark where it would itself be read as one."""
    escaped = _marked(text) if not star else _marked(text.replace("\\*", "\0")).replace("\0", "\\*")
    return f"%{share}%{escaped}" if text.startswith("%") else escaped

"""Rows of our own table: an item as texts under our headers and back, sealed so that what nobody touched comes back as it left."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from pydantic import ValidationError

from quiz.banks.files import ItemDraft
from quiz.banks.question import BLANK, Question
from quiz.vocabulary import Difficulty, ItemKind, ItemType, Labelled, PostRole

LETTERS = "ABCDEFGH"
NAMES = {
    "code": "题目代码", "type": "题型", "stem": "题干", **{letter: f"选项{letter}" for letter in LETTERS}, "prompts": "左列", "answer": "答案",
    "explanation": "解析", "rationales": "错项说明", "unit": "单位", "tolerance": "误差", "clause": "依据条款", "topic": "知识点",
    "kind": "题目性质", "difficulty": "难度", "roles": "适用岗位", "parent": "所属案例",
}  # fmt: skip
"""Header of each field, in the order of the columns."""
SEALED = {**NAMES, "sectors": "适用行业", "changed": "旧版条款", "seal": "校验码"}
"""The columns of an export: with what only we can read, and the seal."""
CASE_MARK = "案例"
_EVERY = "全部"
_ROW_OF_MANY = "\n    "
"""Where a cell holds several texts, one a line, a line break inside a text is followed by four blanks."""
Row = Mapping[str, str]
_Member = TypeVar("_Member", bound=Labelled)

# Out ------------------------------------------------------------------------------------------------------------------


def rows_of(item: ItemDraft, *, mark: str = CASE_MARK) -> list[dict[str, str]]:
    """The rows of an item, cells by field: one, and one for each question of a case. `mark` ties the rows of a case together."""
    first = _cells(item) | {
        "code": item.code,
        "explanation": item.explanation,
        "rationales": _lines(f"{letter}：{text}" for letter, text in item.rationales.items()),
        "clause": "；".join(item.clauses),
        "topic": item.topic,
        "kind": item.kind.label,
        "difficulty": item.difficulty.label,
        "roles": "、".join(role.label for role in item.roles),
        "sectors": "" if item.sectors is None else "、".join(item.sectors) or _EVERY,
        "changed": "；".join(item.changed_from),
    }
    if item.type is not ItemType.CASE:
        return [first]
    return [first | {"parent": mark}, *(_cells(part) | {"parent": mark} for part in item.parts)]


def sealed(rows: Sequence[Row]) -> list[dict[str, str]]:
    """The same rows with the seal of all of them."""
    seal = _seal(rows)
    return [{**row, "seal": seal} for row in rows]


def _cells(question: Question) -> dict[str, str]:
    options = dict(question.options)
    answer = "".join(question.key)
    if question.type is ItemType.TRUE_FALSE and options == {"A": "正确", "B": "错误"}:
        answer, options = options[question.key[0]], {}
    elif question.type is ItemType.BLANK:
        divided = any(sign in text for text in question.key for sign in "；\n")
        answer = question.key[0] if len(question.key) == 1 else _lines(question.key) if divided else "；".join(question.key)
    elif question.type is ItemType.MATCHING:
        answer = "、".join(question.key)
    return {
        "type": question.type.label, "stem": question.stem, **options, "answer": answer, "unit": question.unit,
        "tolerance": question.tolerance, "prompts": _lines(f"{number}. {text}" for number, text in question.prompts.items()),
    }  # fmt: skip


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(text.replace("\n", _ROW_OF_MANY) for text in texts)


# In -------------------------------------------------------------------------------------------------------------------


def count_sealed(seal: str) -> int:
    """How many rows a seal is for; none when it is no seal."""
    found = re.fullmatch(r"(\d{1,3})-[0-9a-f]{12}", seal)
    return int(found[1]) if found else 0


def opened(rows: Sequence[Row]) -> ItemDraft | None:
    """The item of rows that carry the seal they left with; None when somebody changed them."""
    if not rows or _seal(rows) != rows[0].get("seal"):
        return None
    return draft_of(rows)


def draft_of(rows: Sequence[Row]) -> ItemDraft | None:
    """The item exactly as the cells say; None when they are no item of ours."""
    first, *parts = rows
    try:
        values = _values(first) | {
            "code": first.get("code", ""),
            "explanation": first.get("explanation", ""),
            "rationales": dict(_pairs(first.get("rationales", ""), "：")),
            "clauses": _listed(first.get("clause", ""), "；"),
            "topic": first.get("topic", ""),
            "kind": _member(ItemKind, first.get("kind", "")),
            "difficulty": _member(Difficulty, first.get("difficulty", "")),
            "roles": [_member(PostRole, text) for text in _listed(first.get("roles", ""), "、")],
            "sectors": [] if first.get("sectors") == _EVERY else _listed(first.get("sectors", ""), "、") or None,
            "changed_from": _listed(first.get("changed", ""), "；"),
            "parts": [_values(part) for part in parts],
        }
        return ItemDraft.model_validate(values)
    except (ValidationError, ValueError, KeyError, IndexError):
        return None


def _values(row: Row) -> dict[str, object]:
    type_ = _member(ItemType, row.get("type", ""))
    options = {letter: row[letter] for letter in LETTERS if row.get(letter)}
    answer, stem = row.get("answer", ""), row.get("stem", "")
    key: list[str] = list(answer)
    if type_ is ItemType.TRUE_FALSE and not options:
        options = {"A": "正确", "B": "错误"}
        key = ["A" if answer == "正确" else "B"] if answer in options.values() else []
    elif type_ is ItemType.NUMERIC:
        key = [answer]
    elif type_ is ItemType.MATCHING:
        key = answer.split("、")
    elif type_ is ItemType.BLANK:
        key = [answer] if stem.count(BLANK) == 1 else _undo_lines(answer) if "\n" in answer else answer.split("；")
    return {
        "type": type_, "stem": stem, "options": options, "key": key, "unit": row.get("unit", ""), "tolerance": row.get("tolerance", ""),
        "prompts": dict(_pairs(row.get("prompts", ""), ". ")),
    }  # fmt: skip


def _member(kind: type[_Member], label: str) -> _Member:
    """Raises ValueError when no member is called so."""
    for member in kind:
        if member.label == label:
            return member
    raise ValueError(label)


def _listed(text: str, separator: str) -> list[str]:
    return text.split(separator) if text else []


def _undo_lines(text: str) -> list[str]:
    return [line.replace(_ROW_OF_MANY, "\n") for line in re.split(r"\n(?! {4})", text)] if text else []


def _pairs(text: str, sign: str) -> list[tuple[str, str]]:
    found = []
    for line in _undo_lines(text):
        label, known, rest = line.partition(sign)
        if not known:
            raise ValueError(line)
        found.append((label, rest))
    return found


def _seal(rows: Sequence[Row]) -> str:
    fields = [field for field in SEALED if field != "seal"]
    text = "\x1e".join("\x1f".join(row.get(field, "") for field in fields) for row in rows)
    return f"{len(rows)}-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"

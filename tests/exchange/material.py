"""Small readings made by hand."""

from __future__ import annotations

from typing import Any

from quiz.banks.files import ItemDraft
from quiz.exchange.domain import Fate, Format, Picture, Place, Reading, ReadRow, Remark, Severity

PICTURE = Picture(b"\x89PNG\r\n\x1a\n" + b"0" * 20)


def draft(stem: str, *, key: str = "A", code: str = "", options: tuple[str, ...] = ("甲", "乙", "丙"), **more: Any) -> ItemDraft:
    """A single-choice item; `key` of several letters makes it multiple."""
    letters = "ABCDEFGH"[: len(options)]
    kind = "single" if len(key) == 1 else "multiple"
    values = {"code": code, "type": kind, "stem": stem, "options": dict(zip(letters, options, strict=True)), "key": list(key)}
    return ItemDraft.model_validate(values | more)


def row(line: int, item: ItemDraft | None, fate: Fate | None = None, **more: Any) -> ReadRow:
    """A row at a line of the file; refused when there is no item and nothing else is said."""
    return ReadRow(Place(line=line), fate or (Fate.ACCEPTED if item else Fate.REFUSED), item, **more)


def reading(*items: ItemDraft | ReadRow) -> Reading:
    """A text file with these items, one a line."""
    rows = [each if isinstance(each, ReadRow) else row(line, each) for line, each in enumerate(items, start=1)]
    return Reading(Format.TEXT, tuple(rows))


REFUSED = ReadRow(
    Place(line=90), Fate.REFUSED, None, (Remark(Severity.ERROR, "missing_answer", "没有答案。", "补上答案。", Place(line=90)),)
)
HEADING = ReadRow(Place(line=91), Fate.SKIPPED, None, (Remark(Severity.INFO, "not_a_question", "标题。", "", Place(line=91)),))

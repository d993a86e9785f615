"""What the answers of a whole column tell that one of them cannot: whether figures name options, and what lists hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from quiz.exchange.answers import figures_of, letters_of
from quiz.exchange.domain import Place, Remark, Severity
from quiz.exchange.program_text import listed
from quiz.exchange.readers.table_cells import cell_text, is_blank
from quiz.exchange.wording import bare

_ROWS_THAT_TELL = 3
_LETTERS = "ABCDEFGHIJKLMN"


@dataclass(frozen=True)
class Figures:
    """How the figures of an answer column count."""

    first: int | None = None
    """The figure of option A, 0 or 1; None when figures are no options, or nobody can tell."""
    truths: bool = False
    """In rows without options 1 stands for right and 2 for wrong."""


def figures_in(rows: Iterable[Sequence[Any]], *, answer: int, options: Sequence[int], together: int | None) -> Figures:
    """How figures count in this column. `options` are the columns of single options, in order, `together` that of all in one cell."""
    named: list[tuple[str, ...]] = []
    most: list[int] = []
    truths: set[str] = set()
    others = 0
    for row in rows:
        text = cell_text(row[answer]).strip() if answer < len(row) else ""
        if not text or together is not None and together < len(row) and not is_blank(row[together]):
            continue
        filled = sum(column < len(row) and not is_blank(row[column]) for column in options)
        figures = figures_of(text)
        if filled < 2:
            truths.add(text)
        elif figures:
            named.append(figures)
            most.append(filled)
        else:
            others += 1
    return Figures(_first(named, most) if not others else None, truths == {"1", "2"})


def _first(named: list[tuple[str, ...]], most: list[int]) -> int | None:
    values = [[int(figure) for figure in figures] for figures in named]
    if len(values) < _ROWS_THAT_TELL:
        return None
    if all(max(found) < filled for found, filled in zip(values, most, strict=True)) and any(0 in found for found in values):
        return 0
    reaches_last = any(max(found) == filled for found, filled in zip(values, most, strict=True))
    inside = all(min(found) >= 1 and max(found) <= filled for found, filled in zip(values, most, strict=True))
    return 1 if inside and reaches_last else None


def in_letters(text: str, options: Sequence[str], figures: Figures, place: Place) -> tuple[str, Remark | None]:
    """The answer with its figures as letters, or with 1 and 2 as right and wrong; as it stands when the column does not tell."""
    plain = text.strip()
    filled = [option for option in options if option.strip()]
    if len(filled) < 2:
        if not (figures.truths and plain in ("1", "2")):
            return text, None
        said = "正确" if plain == "1" else "错误"
        message = f"这一列没有选项的题，答案只有 1 和 2，按 1 是正确、2 是错误读作“{said}”"
        return said, Remark(Severity.WARNING, "truth_by_figure", message, "请确认", place)
    found = figures_of(plain)
    if figures.first is None or not found or any(bare(option) == bare(plain) for option in filled):
        return text, None
    letters = "".join(_LETTERS[int(figure) - figures.first] for figure in found)
    message = f"这一列的答案都是选项的序号（从 {figures.first} 数起），“{plain}”读作 {letters}"
    return letters, Remark(Severity.INFO, "answer_number_matched", message, "", place)


def without_list(text: str, place: Place) -> tuple[str, Remark | None]:
    """`['停止作业']` is the text in it; letters are put together, other texts joined by a semicolon."""
    found = listed(text.strip()) if text.lstrip().startswith("[") else []
    if not found:
        return text, None
    joined = "".join(found) if all(letters_of(item) for item in found) else "；".join(found)
    return joined, Remark(Severity.INFO, "answer_list_read", f"答案是程序写出的列表，读作“{joined[:40]}”", "", place)

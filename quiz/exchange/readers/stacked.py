"""Sheets that are written like a page: the stem in one row, its options in the rows below, the answer beside or under them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from quiz.exchange.domain import Fate, Place, RawQuestion, ReadRow, Remark, Severity
from quiz.exchange.judge import judge
from quiz.exchange.judgement import excerpt_of
from quiz.exchange.kinds import stated_type
from quiz.exchange.readers.table_cells import cell_text, is_blank
from quiz.exchange.readers.table_layout import is_answer
from quiz.exchange.readers.table_titles import section_type
from quiz.exchange.readers.workbook import Sheet

_FIRST_OPTION = re.compile(r"\s*(?:[(（\[【]\s*[AＡ]\s*[)）\]】]|[AＡ]\s*[.．、:：])")
_OPTION = re.compile(r"\s*(?:[(（\[【]\s*[A-HＡ-Ｈ]\s*[)）\]】]|[A-HＡ-Ｈ]\s*[.．、:：])")
_ANSWER = re.compile(r"\s*[【\[（(]?\s*(?:正确答案|参考答案|标准答案|答案)\s*[】\]）)]?\s*[：:]?\s*(.*)", re.DOTALL)
_EXPLANATION = re.compile(r"\s*[【\[（(]?\s*(?:答案解析|试题解析|解析)\s*[】\]）)]?\s*[：:]?\s*(.*)", re.DOTALL)
_NUMBER = re.compile(r"\s*(?:\d{1,4}\s*[、.．)）]|第\s*\d{1,4}\s*题|[(（]\s*\d{1,3}\s*[)）])")
_ROWS_SEARCHED = 300


def looks_stacked(rows: Sequence[Sequence[Any]]) -> bool:
    """Do rows that begin with `A.` follow rows that do not, time and again?"""
    texts = [_first(row) for row in rows[:_ROWS_SEARCHED]]
    texts = [text for text in texts if text]
    begins = sum(
        bool(_FIRST_OPTION.match(text)) and not _FIRST_OPTION.match(before) for before, text in zip(texts, texts[1:], strict=False)
    )
    return begins >= 2 and begins >= len(texts) * 0.1


def _first(row: Sequence[Any]) -> str:
    return next((cell_text(value).strip() for value in row if not is_blank(value)), "")


@dataclass
class _Gathered:
    """A question as it comes together."""

    row: int
    stem: str
    column: int
    options: list[str] = field(default_factory=list)
    answer: str = ""
    explanation: str = ""
    type_text: str = ""


class StackedReader:
    """One such sheet."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self._type = sheet.name if stated_type(sheet.name).known else ""
        self._current: _Gathered | None = None
        self._judged: dict[int, ReadRow] = {}

    def read(self) -> list[ReadRow]:
        """Every non-empty row with its fate; the first row of a question stands for it."""
        for place, row in enumerate(self.sheet.rows):
            if any(not is_blank(value) for value in row):
                self._take(place, row)
        self._close()
        return [self._judged[place] for place in sorted(self._judged)]

    def _take(self, place: int, row: Sequence[Any]) -> None:
        cells = [(column, cell_text(value).strip()) for column, value in enumerate(row) if not is_blank(value)]
        column, text = cells[0]
        current = self._current
        if len(cells) == 1 and (stated := section_type(text)) is not None:
            self._close()
            self._type = stated or self._type
            self._skip(place, text, "title_row", "分节标题")
        elif current and _OPTION.match(text):
            current.options += self._beside(current, cells)
            self._skip(place, text, "part_of_question", f"属于第 {current.row + 1} 行的题目")
        elif current and (found := _ANSWER.fullmatch(text)):
            current.answer = found[1].strip() or " ".join(other for _, other in cells[1:])
            self._skip(place, text, "part_of_question", f"属于第 {current.row + 1} 行的题目")
        elif current and (found := _EXPLANATION.fullmatch(text)):
            current.explanation = found[1].strip() or " ".join(other for _, other in cells[1:])
            self._skip(place, text, "part_of_question", f"属于第 {current.row + 1} 行的题目")
        elif self._is_question(place, text):
            self._close()
            self._current = _Gathered(place, text, column, type_text=self._type)
            self._current.options += self._beside(self._current, cells[1:])
        else:
            self._skip(place, " ".join(other for _, other in cells), "not_a_question", "不是题目")

    def _beside(self, current: _Gathered, cells: list[tuple[int, str]]) -> list[str]:
        """Options among the cells of a row; an answer among them is kept."""
        options = []
        for _, text in cells:
            if is_answer(text) and not _OPTION.match(text) and not current.answer:
                current.answer = text
            else:
                options.append(text)
        return options

    def _is_question(self, place: int, text: str) -> bool:
        """A number before it, an answer beside it, or options below it make a row the beginning of a question."""
        following = next((first for row in self.sheet.rows[place + 1 : place + 4] if (first := _first(row))), "")
        beside = [cell_text(value).strip() for value in self.sheet.rows[place] if not is_blank(value)][1:]
        return bool(_NUMBER.match(text) or _FIRST_OPTION.match(following) or _ANSWER.fullmatch(following) or any(map(is_answer, beside)))

    def _close(self) -> None:
        current, self._current = self._current, None
        if current is None:
            return
        stem = self.sheet.place(current.row, current.column)
        raw = RawQuestion(
            self.sheet.line(current.row),
            current.stem,
            current.type_text,
            (),
            "\n".join(current.options),
            current.answer,
            current.explanation,
            places={"stem": stem},
        )
        self._judged[current.row] = judge(raw)

    def _skip(self, place: int, text: str, code: str, why: str) -> None:
        where = Place(self.sheet.name, line=place + 1)
        self._judged[place] = ReadRow(where, Fate.SKIPPED, None, (Remark(Severity.INFO, code, why, "", where),), excerpt=excerpt_of(text))

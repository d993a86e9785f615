"""Who took items on changed law, as a workbook that is written row by row: a city's worth of attempts never stands in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from os import fspath
from pathlib import Path
from typing import Any

import xlsxwriter
from sqlmodel import Session

from quiz import clock
from quiz.coverage.affected import AffectedAttempt, Survey, Touched, rows
from quiz.coverage.conditions import AnyReach

COLUMNS = (
    ("姓名", 14), ("企业", 34), ("区市", 14), ("试卷", 30), ("第几次", 8), ("交卷时间", 18), ("题号", 8), ("题目编号", 18),
    ("题干", 50), ("涉及的旧版条款", 30), ("该题结果", 12), ("得分", 8), ("分值", 8),
)  # fmt: skip
LINES_A_SHEET = 1_000_000
"""A sheet of Excel has 1,048,576 rows; what does not fit goes on in another sheet."""
_AT_ONCE = 5000


def affected_xlsx(
    session: Session, target: Path, *, wanted: Touched, found: Survey, title: str, reach: AnyReach, today: date, exported_at: datetime
) -> int:
    """One line for each affected item of each attempt. Returns how many lines."""
    book = xlsxwriter.Workbook(
        fspath(target), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    head = book.add_format({"bold": True, "bg_color": "#E5F0F9", "border": 1, "text_wrap": True, "valign": "vcenter"})
    lines = 0
    write: Callable[[Sequence[Any]], None] = _sheet(book, "涉及人员", head)
    for line in _lines(session, wanted, found.attempt_ids, reach, today):
        if lines and lines % LINES_A_SHEET == 0:
            write = _sheet(book, f"涉及人员{lines // LINES_A_SHEET + 1}", head)
        write(line)
        lines += 1
    notes = book.add_worksheet("说明")
    notes.set_column(0, 0, 100)
    for row, text in enumerate(
        (
            f"《{title}》施行后，考过有修改或删除条款的人员，共 {found.people} 人、{found.affected} 份答卷、{lines} 题次。",
            "以往答卷的题目、答案和得分均未改动，本表仅供宣传新规定、安排补训参考。",
            f"导出时间：{clock.show(exported_at)}",
        )
    ):
        notes.write_string(row, 0, text)
    book.close()
    return lines


def _sheet(book: Any, name: str, head: Any) -> Callable[[Sequence[Any]], None]:
    """A sheet with its heading; answers with how to write the next line. Lines are written in order, as constant memory asks for."""
    sheet = book.add_worksheet(name)
    for place, (label, width) in enumerate(COLUMNS):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, label, head)
    sheet.freeze_panes(1, 0)
    numbers = iter(range(1, LINES_A_SHEET + 1))

    def write(line: Sequence[Any]) -> None:
        row = next(numbers)
        for place, value in enumerate(line):
            if isinstance(value, int | float):
                sheet.write_number(row, place, value)
            else:
                sheet.write_string(row, place, value)

    return write


def _lines(session: Session, wanted: Touched, ids: Sequence[int], reach: AnyReach, today: date) -> Iterator[tuple[Any, ...]]:
    for start in range(0, len(ids), _AT_ONCE):
        for attempt in rows(session, wanted, ids[start : start + _AT_ONCE], reach=reach, today=today):
            yield from _of_attempt(attempt)


def _of_attempt(attempt: AffectedAttempt) -> Iterator[tuple[Any, ...]]:
    for item in attempt.items:
        yield (
            attempt.name, "、".join(attempt.organisations), "、".join(attempt.districts), attempt.paper, attempt.number,
            clock.show(attempt.handed_in_at), item.position, item.code, item.stem, "；".join(item.clauses), item.outcome, item.mark,
            item.points,
        )  # fmt: skip

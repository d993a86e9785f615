"""Real roster files for tests: numbers that pass their checks, rows that are ordinary unless told otherwise, xlsx and csv."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import openpyxl

from quiz.organisations.identifiers import identity_check_digit, organisation_code_check_digit, uscc_check_digit

HEADER = (
    "企业名称",
    "统一社会信用代码",
    "所属区市",
    "镇街",
    "行业领域",
    "监管部门",
    "经营状态",
    "主要负责人姓名",
    "手机号",
    "任职日期",
    "是否指定参训人",
    "职务类别",
)
"""Columns A to L of an ordinary roster."""

SURNAMES = "王李张刘陈杨赵黄周吴"


def uscc(number: int, *, prefix: str = "91") -> str:
    """The number-th 统一社会信用代码: both check digits right, nobody's."""
    inner = f"MA{number:06}"
    first = f"{prefix}371000{inner}{organisation_code_check_digit(inner)}"
    return first + uscc_check_digit(first)


def identity(number: int) -> str:
    """The number-th identity number, born on 1 January 1980."""
    first = f"37100219800101{number:03}"
    return first + identity_check_digit(first)


def phone(number: int) -> str:
    return f"138{number:08}"


def enterprise(number: int, **changes: Any) -> dict[str, Any]:
    """An ordinary row about the number-th enterprise; a column given as None is left blank."""
    row: dict[str, Any] = {
        "企业名称": f"威海测试{number}号机械有限公司",
        "统一社会信用代码": uscc(number),
        "所属区市": "环翠区",
        "镇街": "张村镇",
        "行业领域": "工贸",
        "监管部门": "应急管理局",
        "经营状态": "在业",
        "主要负责人姓名": f"{SURNAMES[number % 10]}小{'一二三四五六七八九十'[number // 10 % 10]}",
        "手机号": phone(number),
        "任职日期": "2024-03-05",
        "是否指定参训人": "是",
        "职务类别": "法定代表人",
    }
    return row | changes


def table(rows: Sequence[dict[str, Any]], header: Sequence[str] = HEADER) -> list[list[Any]]:
    """Header and rows as cells; a column that a row does not mention is blank."""
    return [list(header), *([row.get(name) for name in header] for row in rows)]


Cells = Sequence[Sequence[Any]]


def xlsx(cells: Cells, *, title: str = "名册", merges: Sequence[str] = (), more: dict[str, Cells] | None = None) -> bytes:
    """A workbook with these cells from A1 on, some of them merged, and more sheets behind."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    _fill(sheet, cells)
    for cell_range in merges:
        sheet.merge_cells(cell_range)
    for name, others in (more or {}).items():
        _fill(book.create_sheet(name), others)
    return saved(book)


def _fill(sheet: Any, cells: Cells) -> None:
    for row, values in enumerate(cells, 1):
        for column, value in enumerate(values, 1):
            if value is not None:
                sheet.cell(row, column, value)


def saved(book: openpyxl.Workbook) -> bytes:
    """The bytes of a workbook."""
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def roster(*rows: dict[str, Any], header: Sequence[str] = HEADER, **extra: Any) -> bytes:
    """A plain workbook: header in row 1, data from row 2."""
    return xlsx(table(rows, header), **extra)


def text(rows: Sequence[dict[str, Any]], *, encoding: str, delimiter: str = ",", header: Sequence[str] = HEADER) -> bytes:
    """The same as csv."""
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows(table(rows, header))
    return file.getvalue().encode(encoding)

"""xlsx and csv: one row an item, a case with a row for each of its questions, under the columns the Excel reader knows; nothing in a cell can run."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence

import xlsxwriter

from quiz.banks.files import ItemDraft
from quiz.exchange import own_rows
from quiz.exchange.domain import Picture
from quiz.exchange.own_rows import CASE_MARK, NAMES, SEALED

_WIDTHS = {
    "code": 12, "type": 9, "stem": 60, "answer": 12, "explanation": 50, "rationales": 50, "unit": 8, "tolerance": 8, "clause": 24, "topic": 18,
    "kind": 9, "difficulty": 7, "roles": 18, "parent": 10, "seal": 18,
}  # fmt: skip
_WIDTH = 24
COLUMNS = tuple((name, _WIDTHS.get(field, _WIDTH)) for field, name in NAMES.items())
"""Of the table that people fill in; an export has a few more."""
_LONGEST_CELL = 32_000
_MOST_LINES = 250
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")
"""What a cell of a spreadsheet does not keep as it is."""
_RUNS = re.compile(r"'*[=+\-@\t\r]")
"""What a spreadsheet would take for a formula, and apostrophes that guard one already."""


def left_out(item: ItemDraft) -> list[str]:
    """Why rows cannot be this item."""
    if len(item.options) > len(own_rows.LETTERS) or any(len(part.options) > len(own_rows.LETTERS) for part in item.parts):
        return [f"选项多于 {len(own_rows.LETTERS)} 个"]
    rows = own_rows.rows_of(item)
    texts = [text for row in rows for text in row.values()]
    if any(_UNSAFE.search(text) for text in texts):
        return ["表格的单元格不能保存其中的控制字符"]
    if any(len(text) > _LONGEST_CELL or text.count("\n") > _MOST_LINES for text in texts):
        return [f"表格的一个单元格放不下：超过 {_LONGEST_CELL} 字或 {_MOST_LINES} 行"]
    back = own_rows.draft_of(rows)
    if back is None or back != item.model_copy(update={"pictures": []}):
        return [f"表格不能原样保存这道{item.type.label}的写法，再导入时不是同一道题"]
    return []


def cannot_hold(item: ItemDraft) -> list[str]:
    """What its rows drop of it."""
    return ["图片不随表格导出"] if item.pictures else []


def write(title: str, items: Sequence[ItemDraft], pictures: Mapping[str, Picture]) -> bytes:
    """A workbook with a frozen, filtered header; every cell is text, so nothing in it is a formula."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet("题库")
    head = book.add_format({"bold": True, "bg_color": "#DCE8F3", "border": 1, "text_wrap": True, "valign": "vcenter"})
    cell = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
    for column, (field, name) in enumerate(SEALED.items()):
        sheet.set_column(column, column, _WIDTHS.get(field, _WIDTH), cell, {"hidden": field == "seal"})
        sheet.write_string(0, column, name, head)
    line = 0
    for line, texts in enumerate(_sealed_rows(items), start=1):
        for column, text in enumerate(texts):
            if text:
                sheet.write_string(line, column, text, cell)
    sheet.freeze_panes(1, 3)
    sheet.autofilter(0, 0, max(1, line), len(SEALED) - 1)
    book.set_properties({"title": title})
    book.close()
    return stream.getvalue()


def write_csv(title: str, items: Sequence[ItemDraft], pictures: Mapping[str, Picture]) -> bytes:
    """UTF-8 with a mark, so that Excel reads it; a cell that a spreadsheet would run gets an apostrophe in front."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(SEALED.values())
    for texts in _sealed_rows(items):
        writer.writerow([f"'{text}" if _RUNS.match(text) else text for text in texts])
    return stream.getvalue().encode("utf-8-sig")


def _sealed_rows(items: Sequence[ItemDraft]) -> Iterator[list[str]]:
    for number, item in enumerate(items, 1):
        for row in own_rows.sealed(own_rows.rows_of(item, mark=f"{CASE_MARK}{number}")):
            yield [row.get(field, "") for field in SEALED]


def rows_of(item: ItemDraft, *, mark: str = CASE_MARK) -> list[list[str]]:
    """The rows of an item under `COLUMNS`."""
    return [[row.get(field, "") for field in NAMES] for row in own_rows.rows_of(item, mark=mark)]

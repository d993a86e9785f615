"""Frames as files to take away: xlsx with a frozen head, filters, text columns and a foot that says where it comes from."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import datetime

import pandas as pd
import xlsxwriter

from quiz import clock

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORBIDDEN = re.compile(r'[\\/:*?"<>|\s\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]+')
_UNHOLDABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")
"""What makes a workbook unreadable."""
_WIDEST = 48
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def file_name(unit: str, subject: str, now: datetime, extension: str) -> str:
    """`单位_主题_日期.xlsx`, the offices' way of naming files."""
    parts = (unit, subject, clock.local_day(now).isoformat())
    return "_".join(safe_name(part) for part in parts if part) + f".{extension}"


def safe_name(text: str) -> str:
    """A part of the name of a file: no folder, no hidden file, nothing that turns the reading direction round."""
    return _FORBIDDEN.sub("", text).lstrip(".")


def xlsx_bytes(frame: pd.DataFrame, *, title: str, now: datetime, notes: Sequence[str] = ()) -> bytes:
    """One sheet: headings, rows, and below them the notes and the time of export. Text stays text: codes keep all their digits."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    head = book.add_format({"bold": True, "bg_color": "#E5F0F9", "border": 1, "text_wrap": True, "valign": "vcenter"})
    cell = book.add_format({"border": 1, "text_wrap": True, "valign": "top"})
    foot = book.add_format({"font_color": "#46586A", "italic": True})
    sheet = book.add_worksheet(re.sub(r"[\[\]:*?/\\']", "", title)[:31] or "数据")
    for column, name in enumerate(frame.columns):
        sheet.write_string(0, column, str(name), head)
        sheet.set_column(column, column, _width(str(name), frame.iloc[:, column]))
    for row, values in enumerate(frame.itertuples(index=False), start=1):
        for column, value in enumerate(values):
            if isinstance(value, (int, float)) and not isinstance(value, bool) and value == value:
                sheet.write_number(row, column, value, cell)
            else:
                sheet.write_string(row, column, "" if value is None or value != value else _UNHOLDABLE.sub("", str(value)), cell)
    if len(frame):
        sheet.autofilter(0, 0, len(frame), len(frame.columns) - 1)
    sheet.freeze_panes(1, 0)
    for offset, line in enumerate((*notes, f"导出时间：{clock.show(now)}")):
        sheet.write_string(len(frame) + 2 + offset, 0, line, foot)
    book.close()
    return buffer.getvalue()


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """CSV that Excel opens with Chinese intact; a cell that a spreadsheet would take for a formula is defused."""
    text = frame.map(lambda value: f"'{value}" if isinstance(value, str) and value.lstrip(" \u3000")[:1] in _FORMULA else value)
    return ("\ufeff" + text.to_csv(index=False)).encode("utf-8")


def _width(name: str, values: pd.Series) -> float:
    """Characters, a Chinese one counting two, of the heading and the first rows."""
    texts = [name, *(str(value) for value in values.head(200))]
    return min(_WIDEST, max(sum(2 if ord(c) > 0x2E7F else 1 for c in text) for text in texts) + 2)

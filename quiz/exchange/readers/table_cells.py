"""Cells as texts: what a person sees in them, with a note where the value cannot say it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from quiz.spreadsheets.reading import UNCALCULATED

_PICTURE = re.compile(r"=?\s*(?:_xlfn\.)?DISPIMG\(\s*[\"“]([^\"”]{1,80})[\"”]\s*,\s*\d\s*\)", re.IGNORECASE)


def cell_text(value: Any) -> str:
    """A value as text; a number as the fifteen digits that a spreadsheet shows."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M") if value.time() != time() else value.strftime("%Y-%m-%d")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.strftime("%H:%M:%S") if value.second else value.strftime("%H:%M")
    if isinstance(value, timedelta):
        minutes, seconds = divmod(int(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
    return "" if value is None else str(value)


def number_text(value: float) -> str:
    """`3.0` is 3, `0.1 + 0.2` is 0.3; never in powers of ten."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return format(Decimal(format(value, ".15g")), "f")


def percent_text(value: float) -> str:
    """`0.125` in a cell that shows per cents is 12.5%."""
    shown = format(Decimal(format(value, ".15g")) * 100, "f")
    return f"{shown.rstrip('0').rstrip('.') if '.' in shown else shown}%"


def is_date(value: Any) -> bool:
    """Did the spreadsheet program make a date or a time of what was typed?"""
    return isinstance(value, date | time | timedelta)


def is_blank(value: Any) -> bool:
    """Nothing a person could see."""
    return value is None or (isinstance(value, str) and (not value or value.isspace()))


def count_filled(row: Sequence[Any]) -> int:
    """Cells that are not blank. Asked of every row: a call of `is_blank` for each cell would take three times as long."""
    return len([value for value in row if value is not None and not (isinstance(value, str) and (not value or value.isspace()))])


def has_no_value(value: Any) -> bool:
    """A formula that was never calculated, or ended in an error."""
    return value == UNCALCULATED if isinstance(value, str) else False


def picture_names(text: str) -> list[str]:
    """Names of pictures that WPS shows inside the cell."""
    return _PICTURE.findall(text) if "DISPIMG" in text.upper() else []


def without_pictures(text: str) -> str:
    """The text beside such pictures."""
    return _PICTURE.sub("", text).strip()


def column_letters(index: int) -> str:
    """0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def address(row: int, column: int) -> str:
    """Of a cell counted from 0: `C12`."""
    return f"{column_letters(column)}{row + 1}"

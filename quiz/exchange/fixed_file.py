"""The file handed back for mending: what was refused is red, what was repaired yellow, the reason in a comment at the spot.

A table comes back as it was, cell by cell; any other file as the table our own reader knows, with the refused parts as rows
to be completed. What was accepted may stay in it: imported again, it is recognised and skipped.
"""

from __future__ import annotations

import io
import pickle
import re
from collections.abc import Iterable, Sequence

import xlsxwriter
from xlsxwriter.format import Format as CellFormat
from xlsxwriter.worksheet import Worksheet

from quiz.exchange.domain import Fate, Format, Place, Reading, ReadRow
from quiz.exchange.own_rows import CASE_MARK
from quiz.exchange.sandbox import SECONDS, WORDS
from quiz.exchange.writers import table
from quiz.spreadsheets.reading import Grid, open_grids
from quiz.wall import behind_wall, reply

_COLOURS = {Fate.REFUSED: "#F8CFCB", Fate.REPAIRED: "#FFF0C2", Fate.SKIPPED: "#E6EAEE"}
_COMMENT = {"author": "安考", "x_scale": 2.2, "y_scale": 1.4}


def write(data: bytes, reading: Reading) -> bytes:
    """The marked workbook. The original is opened behind the same wall as for reading. Raises Invalid when that fails."""
    if reading.format in (Format.XLSX, Format.CSV):
        marked: bytes = behind_wall("quiz.exchange.fixed_file", [], pickle.dumps((data, reading)), words=WORDS, seconds=SECONDS)
        return marked
    return _as_table(reading)


def _as_it_was(data: bytes, reading: Reading) -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    formats = _formats(book)
    for grid in open_grids(data):
        sheet = book.add_worksheet(_free_name(book, grid.name))
        rows = {_line(row.place): row for row in reading.rows if row.place.sheet in ("", grid.name)}
        _write_grid(sheet, grid, rows, formats)
    book.close()
    return stream.getvalue()


def _formats(book: xlsxwriter.Workbook) -> dict[Fate, CellFormat]:
    plain = {"text_wrap": True, "valign": "top", "num_format": "@"}
    return {fate: book.add_format(plain | ({"bg_color": _COLOURS[fate]} if fate in _COLOURS else {})) for fate in Fate}


def _free_name(book: xlsxwriter.Workbook, name: str) -> str:
    """A sheet name as Excel allows it, and not twice."""
    name = re.sub(r"[\[\]:*?/\\]", "_", name).strip("'")[:28] or "Sheet"
    taken = {sheet.get_name().lower() for sheet in book.worksheets()}
    number, wanted = 1, name
    while wanted.lower() in taken:
        number += 1
        wanted = f"{name}_{number}"
    return wanted


def _line(place: Place) -> int:
    """Row of the sheet, from 1."""
    digits = re.sub(r"\D", "", place.cell)
    return int(digits) if digits else place.line or 0


def _write_grid(sheet: Worksheet, grid: Grid, rows: dict[int, ReadRow], formats: dict[Fate, CellFormat]) -> None:
    sheet.set_column(0, 20, 18)
    for line, values in enumerate(grid.rows):
        row = rows.get(line + 1)
        for offset, value in enumerate(values):
            if value is not None and value != "":
                sheet.write_string(line, grid.first_column + offset, str(value), formats[row.fate if row else Fate.ACCEPTED])
        if row is not None and row.fate in (Fate.REFUSED, Fate.REPAIRED):
            _comment(sheet, line, grid.first_column, row, formats[row.fate])


def _comment(sheet: Worksheet, line: int, first: int, row: ReadRow, colour: CellFormat) -> None:
    """Reasons at the cells they are about; those without a cell at the row's first."""
    by_column: dict[int, list[str]] = {}
    for remark in row.remarks:
        column = _column(remark.place.cell) if _line(remark.place) == line + 1 else None
        by_column.setdefault(first if column is None else column, []).append(remark.text)
    for column, texts in by_column.items():
        sheet.write_comment(line, column, f"【{row.fate.label}】" + "\n".join(texts), _COMMENT)


def _column(cell: str) -> int | None:
    """0-based column of `C12`."""
    letters = re.sub(r"[^A-Z]", "", cell.upper())
    if not letters:
        return None
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _as_table(reading: Reading) -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    formats = _formats(book)
    sheet = book.add_worksheet("题库")
    names = [name for name, _ in table.COLUMNS]
    for column, (name, width) in enumerate(table.COLUMNS):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, name, formats[Fate.SKIPPED])
    line = 1
    for row in _wanted(reading.rows):
        lines = table.rows_of(row.draft, mark=f"{CASE_MARK}{line}") if row.draft else [["", "", row.excerpt]]
        if row.fate is not Fate.ACCEPTED:
            reasons = "\n".join(remark.text for remark in row.remarks)
            sheet.write_comment(line, names.index("题干"), f"【{row.fate.label}】{row.place}\n{reasons}", _COMMENT)
        for values in lines:
            for column, text in enumerate(values):
                if text:
                    sheet.write_string(line, column, text, formats[row.fate])
            line += 1
    sheet.freeze_panes(1, 3)
    book.close()
    return stream.getvalue()


def _wanted(rows: Sequence[ReadRow]) -> Iterable[ReadRow]:
    """Refused rows first: they are what the person came for."""
    yield from (row for row in rows if row.fate is Fate.REFUSED)
    yield from (row for row in rows if row.draft is not None and not table.left_out(row.draft))


def _marked(payload: bytes) -> bytes:
    data, reading = pickle.loads(payload)
    return _as_it_was(data, reading)


if __name__ == "__main__":
    reply(_marked, words=WORDS)

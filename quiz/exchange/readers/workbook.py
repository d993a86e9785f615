"""A workbook opened for its questions: values of every sheet, with what its package says of pictures, hidden rows and per cents."""

from __future__ import annotations

import io
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from python_calamine import CalamineWorkbook

from quiz.exchange.domain import Format, Place, Remark, Severity
from quiz.exchange.readers.delimited import open_delimited
from quiz.exchange.readers.table_cells import address, percent_text
from quiz.exchange.readers.xls_stream import XlsSheet, xls_sheets
from quiz.exchange.readers.xlsx_package import CellPicture, Package, SheetDetails, media_type_of
from quiz.spreadsheets.reading import MAX_ROWS, Coordinates, Grid, Unreadable, open_grids


@dataclass
class Sheet:
    """One sheet: values counted from its first row and column."""

    name: str
    rows: list[list[Any]]
    merges: tuple[tuple[Coordinates, Coordinates], ...] = ()
    hidden: bool = False
    hidden_rows: frozenset[int] = frozenset()
    yearless: frozenset[Coordinates] = frozenset()
    """Dates whose cells show month and day only."""
    pictures: dict[int, list[CellPicture]] = field(default_factory=dict)
    """By row."""
    cell_pictures: dict[str, CellPicture] = field(default_factory=dict)
    """By the name in their cells."""

    def place(self, row: int, column: int) -> Place:
        return Place(self.name, address(row, column))

    def line(self, row: int) -> Place:
        return Place(self.name, line=row + 1)


@dataclass
class Workbook:
    format: Format
    sheets: list[Sheet]
    remarks: list[Remark]


def open_workbook(data: bytes) -> Workbook:
    """Every sheet, hidden ones too.

    Raises:
        Unreadable: the file as a whole cannot be read; says why and what to do.
    """
    if not data.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        rows, remarks = open_delimited(data)
        return Workbook(Format.CSV, [Sheet("", list(rows))], remarks)
    grids = open_grids(data)
    if any(grid.hidden and not grid.rows for grid in grids):
        grids = _with_hidden(data, grids)
    remarks = [_said_hidden(grid) for grid in grids if grid.hidden and grid.rows]
    sheets = [_sheet(grid) for grid in grids]
    if data.startswith(b"PK"):
        package = Package(data)
        for sheet in sheets:
            details = package.details(sheet.name)
            if details is not None:
                _apply(details, sheet)
        remarks += package.remarks
    else:
        found = xls_sheets(data)
        for sheet in sheets:
            if sheet.name in found:
                remarks += _apply_old(found[sheet.name], sheet)
        if not found and (b"\x89PNG\r\n\x1a\n" in data or b"JFIF" in data):
            action = "请用 WPS 或 Excel 另存为 .xlsx 后再导入"
            remarks.append(Remark(Severity.WARNING, "pictures_not_read", "旧版 .xls 里的图片没有读取", action))
    return Workbook(Format.XLSX, sheets, remarks)


def _sheet(grid: Grid) -> Sheet:
    shift = [""] * grid.first_column
    rows = [[*shift, *row] for row in grid.rows] if shift else grid.rows
    return Sheet(grid.name, rows, grid.merges, grid.hidden)


def _said_hidden(grid: Grid) -> Remark:
    message = f"工作表“{grid.name}”是隐藏的，也已读取"
    return Remark(Severity.INFO, "hidden_sheet", message, "如不需要，请删除该工作表后再导入", Place(grid.name))


def _with_hidden(data: bytes, grids: list[Grid]) -> list[Grid]:
    """The same grids, hidden ones with their rows: questions may be there as well."""
    whole = []
    with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
        for grid in grids:
            sheet = book.get_sheet_by_name(grid.name) if grid.hidden and not grid.rows else None
            if sheet is None or sheet.start is None:
                whole.append(grid)
                continue
            rows = list(sheet.iter_rows())
            if len(rows) > MAX_ROWS:
                raise Unreadable(f"隐藏的工作表“{grid.name}”超过 {MAX_ROWS} 行。请删除后再导入。", code="too_many_rows")
            whole.append(Grid(grid.name, rows, sheet.start[1], tuple(sheet.merged_cell_ranges or ()), hidden=True))
    return whole


def _apply_old(found: XlsSheet, sheet: Sheet) -> list[Remark]:
    """What the stream of an xls file says of a sheet; remarks on pictures that cannot be shown."""
    pictures, lost = [], []
    for blip, row, column, last_row in found.pictures:
        media_type = media_type_of(blip.data)
        if media_type:
            pictures.append(CellPicture(blip.data, media_type, row, column, last_row))
        else:
            message = f"{address(row, column)} 处的图片是{blip.kind or '不支持的格式'}，网页上不能显示，没有收入"
            lost.append(Remark(Severity.WARNING, "picture_unsupported", message, "请换成 PNG 或 JPEG 图片", sheet.place(row, column)))
    _apply(SheetDetails(frozenset(found.hidden_rows), tuple(found.percents), frozenset(found.yearless), tuple(pictures)), sheet)
    return lost


def _apply(details: SheetDetails, sheet: Sheet) -> None:
    sheet.hidden_rows = details.hidden_rows
    sheet.yearless = details.yearless
    for row, column in details.percents:
        value = sheet.rows[row][column] if row < len(sheet.rows) and column < len(sheet.rows[row]) else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            sheet.rows[row][column] = percent_text(value)
    for (row, column), formula in details.picture_formulas.items():
        if row < len(sheet.rows):
            line = sheet.rows[row]
            line.extend([""] * (column + 1 - len(line)))
            line[column] = formula
    by_row: dict[int, list[CellPicture]] = defaultdict(list)
    for picture in details.pictures:
        by_row[picture.row].append(picture)
    sheet.pictures = dict(by_row)
    sheet.cell_pictures = details.cell_pictures

"""Finding the sign-in table inside a file: header below titles, tables set side by side, rows that are no people."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from quiz.organisations.identifiers import INFO, WARNING, Finding, tidy_text
from quiz.organisations.roster_reader import column_letters
from quiz.spreadsheets.reading import Grid, Unreadable
from quiz.spreadsheets.sandbox import read_grids

HEADER_WITHIN = 30
MOST_ROWS = 5_000
TIMES = ("in", "out", "in_am", "out_am", "in_pm", "out_pm")
_FOOTERS = re.compile(
    r"(合计|总计|小计|共计|应到|实到|填表|制表|审核|签字|盖章|注[:：]|备注[:：]|说明[:：]|工作人员|负责人签|班主任|联系人)"
)
_EXAMPLE = re.compile(r"[（(【\[]?(示例|样例)")
_HIDDEN = Finding("hidden_sheet", "隐藏的工作表，没有读取。", "需要导入时请取消隐藏。", INFO)
_NO_HEADER = Finding("no_header", "没有签到表表头，本工作表未导入。", "签到表至少要有“姓名”一列。", INFO)
_UNKNOWN = Finding("unknown_column", "没有识别的列，内容未使用。", "如是签到时间、单位等，请改用模板中的列名。", INFO)
_DUPLICATE = Finding("duplicate_column", "与另一列含义重复，没有采用。", "请只保留一列。", WARNING)


@dataclass(frozen=True)
class SheetColumn:
    """One kind of column."""

    key: str
    title: str
    synonyms: tuple[str, ...] = ()
    ignored: bool = False


@lru_cache
def columns() -> tuple[SheetColumn, ...]:
    """All kinds, from the data file."""
    entries = yaml.safe_load((Path(__file__).parent / "data" / "sheet_columns.yaml").read_text("utf-8"))
    return tuple(SheetColumn(**{**entry, "synonyms": tuple(entry.get("synonyms", ()))}) for entry in entries)


@dataclass(frozen=True)
class SheetRow:
    """One line of people: where it stands and what its cells hold."""

    sheet: str
    number: int
    places: dict[str, int]
    """Key → column of the sheet (A is 0)."""
    values: dict[str, Any]
    has_times: bool
    """The table has a column for times at all."""

    def text(self, key: str) -> str:
        return tidy_text(self.values.get(key, ""))

    def cell(self, key: str) -> str:
        """`D17`; of the name where there is no such column."""
        return f"{column_letters(self.places.get(key, self.places.get('name', 0)))}{self.number}"


@dataclass(frozen=True)
class SheetNote:
    """Something about a sheet, a column, or a row that is no person."""

    sheet: str
    cell: str
    value: str
    finding: Finding
    row: int | None = None


@dataclass(frozen=True)
class SheetFile:
    """What was read."""

    sheets: tuple[str, ...]
    rows: list[SheetRow] = field(default_factory=list)
    skipped: list[SheetNote] = field(default_factory=list)
    notes: list[SheetNote] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)
    """What stands above the header, and the sheet's name: a day may be written there."""


def read_sheet(data: bytes) -> SheetFile:
    """Read every visible sheet that has a header with 姓名; refuse a file in which none has."""
    file = SheetFile(())
    sheets: list[str] = []
    for grid in read_grids(data):
        if grid.hidden:
            file.notes.append(SheetNote(grid.name, "", "", _HIDDEN))
            continue
        header = _find_header(grid)
        if header is None:
            if any(_filled(row) for row in grid.rows):
                file.notes.append(SheetNote(grid.name, "", "", _NO_HEADER))
            continue
        sheets.append(grid.name)
        _read(grid, header, file)
    if not sheets:
        raise Unreadable("没有找到签到表表头：至少要有“姓名”和“签到时间”（或“签名”）等列名。请下载签到表对照列名。", code="no_header")
    if len(file.rows) > MOST_ROWS:
        raise Unreadable(f"签到表超过 {MOST_ROWS} 行，请按课堂分成几个文件导入。", code="too_many_rows")
    return SheetFile(tuple(sheets), file.rows, file.skipped, file.notes, file.titles)


# 表头 -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Header:
    row: int
    blocks: tuple[dict[str, int], ...]
    """Tables that stand side by side: the same headings a second time to the right."""
    notes: tuple[SheetNote, ...]


def header_key(text: str) -> str:
    """What counts of a header cell: no blanks, stars or colons; brackets half-width."""
    return re.sub(r"[\s*★:#、]+", "", unicodedata.normalize("NFKC", text)).upper().replace("(必填)", "").replace("(选填)", "")


@lru_cache
def _keys() -> dict[str, str]:
    return {header_key(name): column.key for column in columns() for name in (column.title, *column.synonyms)}


def recognise(text: str, above: str = "") -> str | None:
    """Key of the column a heading opens, with the wider cell above it (上午 above 签到)."""
    key, upper = header_key(text), header_key(above)
    names = _keys()
    both = names.get(upper + key) if upper and upper != key else None
    return both or names.get(key) or names.get(re.sub(r"\(.*?\)", "", key)) or (names.get(upper) if not key else None)


def _find_header(grid: Grid) -> _Header | None:
    best: tuple[int, int, list[tuple[int, str, str | None]]] | None = None
    wide = _spread(grid)
    for number in range(min(HEADER_WITHIN, len(wide))):
        empty = [""] * len(wide[number])
        pairs = [(number, empty, wide[number])]
        if number:
            pairs.append((number, wide[number - 1], wide[number]))
        for row, above, own in pairs:
            found = [
                (grid.first_column + index, text or upper, recognise(text, upper))
                for index, (upper, text) in enumerate(zip(above, own, strict=True))
                if text or upper
            ]
            keys = {key for _, _, key in found if key}
            if "name" in keys and len(keys) >= 2 and (best is None or len(keys) > best[0]):
                best = (len(keys), row, found)
    return None if best is None else _blocks(grid.name, best[1], best[2])


def _spread(grid: Grid) -> list[list[str]]:
    """The top rows as text, merged headings repeated over the cells they cover."""
    top = [[tidy_text(value) for value in row] for row in grid.rows[: HEADER_WITHIN + 1]]
    width = max((len(row) for row in top), default=0)
    for row in top:
        row.extend([""] * (width - len(row)))
    for (first_row, first_column), (last_row, last_column) in grid.merges:
        left = first_column - grid.first_column
        if first_row >= len(top) or not 0 <= left < width or last_row - first_row > 2 or not top[first_row][left]:
            continue
        for number in range(first_row, min(last_row + 1, len(top))):
            for column in range(left, min(last_column - grid.first_column + 1, width)):
                top[number][column] = top[first_row][left]
    return top


def _blocks(sheet: str, row: int, found: list[tuple[int, str, str | None]]) -> _Header:
    blocks: list[dict[str, int]] = [{}]
    notes: list[SheetNote] = []
    ignored = {column.key for column in columns() if column.ignored}
    several = sum(key == "name" for _, _, key in found) > 1
    for column, text, key in found:
        cell = f"{column_letters(column)}{row + 1}"
        if key is None:
            notes.append(SheetNote(sheet, cell, text, _UNKNOWN))
            continue
        if key in blocks[-1] and several and "name" in blocks[-1]:
            blocks.append({})
        if key in ignored:
            continue
        if key in blocks[-1]:
            notes.append(SheetNote(sheet, cell, text, _DUPLICATE))
            continue
        blocks[-1][key] = column
    return _Header(row, tuple(block for block in blocks if "name" in block), tuple(notes))


# 数据行 ---------------------------------------------------------------------------------------------------------------


def _filled(values: list[Any]) -> bool:
    return any(tidy_text(value) for value in values)


def _read(grid: Grid, header: _Header, file: SheetFile) -> None:
    file.notes.extend(header.notes)
    above = [tidy_text(value) for row in grid.rows[: header.row] for value in row if tidy_text(value)]
    file.titles[grid.name] = " ".join([*above, grid.name])
    merged = dict(_filled_down(grid, header.row + 1))
    for index in range(header.row + 1, len(grid.rows)):
        values = grid.rows[index]
        for block in header.blocks:
            cells = {key: _value(grid, values, merged, index, column) for key, column in block.items()}
            written = {key: tidy_text(value) for key, value in cells.items() if tidy_text(value)}
            if not written or (set(written) <= {"serial"} and len(header.blocks) > 1):
                continue
            row = SheetRow(grid.name, index + 1, block, cells, any(key in block for key in TIMES))
            reason = _why_no_person(written)
            if reason:
                file.skipped.append(SheetNote(grid.name, row.cell("name"), "", Finding(*reason, "", INFO), index + 1))
            else:
                file.rows.append(row)


def _value(grid: Grid, values: list[Any], merged: dict[tuple[int, int], Any], row: int, column: int) -> Any:
    index = column - grid.first_column
    own = values[index] if 0 <= index < len(values) else ""
    return merged.get((row, column), "") if own == "" or own is None else own


def _filled_down(grid: Grid, first: int) -> Iterator[tuple[tuple[int, int], Any]]:
    """A unit merged over its people's lines belongs to each of them."""
    for (first_row, first_column), (last_row, _) in grid.merges:
        left = first_column - grid.first_column
        if first_row < first or first_row >= len(grid.rows) or not 0 <= left < len(grid.rows[first_row]):
            continue
        for row in range(first_row + 1, min(last_row + 1, len(grid.rows))):
            yield (row, first_column), grid.rows[first_row][left]


def _why_no_person(written: dict[str, str]) -> tuple[str, str] | None:
    texts = list(written.values())
    if sum(header_key(text) in _keys() for text in texts) >= min(2, len(texts)) and "name" in written and recognise(written["name"]):
        return "repeated_header", "重复的表头行，不导入。"
    if any(_EXAMPLE.match(text) for text in texts):
        return "example", "示例行，不导入。"
    if set(written) <= {"serial", "site", "day"} or "name" not in written and "phone" not in written and "identity" not in written:
        if any(_FOOTERS.search(text) for text in texts):
            return "note", "合计、说明或签字行，不导入。"
        return "blank", "没有姓名，不导入。"
    if _FOOTERS.match(re.sub(r"\s", "", written.get("name", texts[0]))) or _FOOTERS.match(re.sub(r"\s", "", texts[0])):
        return "note", "合计、说明或签字行，不导入。"
    return None

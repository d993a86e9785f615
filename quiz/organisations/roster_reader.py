"""Finding the roster inside a file: the header below title rows, what each column is, and which rows are data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from quiz.organisations.identifiers import INFO, WARNING, Finding, tidy_text
from quiz.organisations.roster_columns import BY_KEY, header_key, recognise
from quiz.spreadsheets.reading import Coordinates, Grid, Unreadable
from quiz.spreadsheets.sandbox import read_grids

HEADER_WITHIN = 40
"""How many rows from the top may be titles and notes before the header."""
ENOUGH_COLUMNS = 3
SHORTEST_CODE = 9
"""A row with at least this much in the code column is data, whatever its other cells look like."""

_HIDDEN = Finding("hidden_sheet", "隐藏的工作表，没有读取。", "需要导入时请取消隐藏。", INFO)
_NO_HEADER = Finding("no_header", "没有名册表头，本工作表未导入。", "如是名册请检查列名。", INFO)
_DUPLICATE = Finding("duplicate_column", "与另一列含义重复，没有采用。", "请只保留一列。", WARNING)
_UNKNOWN = Finding("unknown_column", "没有识别的列，内容未导入。", "如属名册内容，请改用模板中的列名。", INFO)
_IGNORED = Finding("ignored_column", "名册导入不使用这一列。", "", INFO)


@dataclass(frozen=True)
class Table:
    """The roster part of one sheet."""

    sheet: str
    columns: dict[str, int]
    """Key of a column → its index in the sheet (A is 0)."""
    first_column: int
    header_texts: frozenset[str]
    merged: dict[Coordinates, Any] = field(default_factory=dict, repr=False)
    """Cells that take the value of the merge they belong to."""


@dataclass(frozen=True)
class RawRow:
    """One data row as it stands in the sheet; `number` is what Excel shows at the left."""

    table: Table
    number: int
    values: list[Any]

    def value(self, key: str) -> Any:
        """The raw value in that column; an empty text where there is no such column."""
        column = self.table.columns.get(key)
        if column is None:
            return ""
        index = column - self.table.first_column
        value = self.values[index] if 0 <= index < len(self.values) else ""
        if value == "" and self.table.merged:
            return self.table.merged.get((self.number - 1, column), "")
        return value

    def text(self, key: str) -> str:
        """The value as tidy text."""
        return tidy_text(self.value(key))

    def address(self, key: str) -> str:
        """`D17`; the row's first cell where there is no such column."""
        return f"{column_letters(self.table.columns.get(key, 0))}{self.number}"

    def is_merged(self, key: str) -> bool:
        """Does the value come from a merged cell that began further up?"""
        return (self.number - 1, self.table.columns.get(key, -1)) in self.table.merged


@dataclass(frozen=True)
class SkippedRow:
    """A row that is no data, and why."""

    sheet: str
    number: int
    code: str
    message: str


@dataclass(frozen=True)
class SheetNote:
    """Something about a whole sheet or one of its columns."""

    sheet: str
    cell: str
    value: str
    finding: Finding


@dataclass(frozen=True)
class RosterFile:
    """What was read: data rows, rows that are none, and remarks about sheets."""

    sheets: tuple[str, ...]
    rows: list[RawRow]
    skipped: list[SkippedRow]
    notes: list[SheetNote]


def column_letters(index: int) -> str:
    """0 → A, 26 → AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def read_roster(data: bytes, *, feature: Callable[[str], str | None]) -> RosterFile:
    """Read every visible sheet that has a roster's header; refuse a file in which none has."""
    rows: list[RawRow] = []
    skipped: list[SkippedRow] = []
    notes: list[SheetNote] = []
    sheets = []
    for grid in read_grids(data):
        if grid.hidden:
            notes.append(SheetNote(grid.name, "", "", _HIDDEN))
            continue
        header = _find_header(grid, feature)
        if header is None:
            if any(_filled(row) for row in grid.rows):
                notes.append(SheetNote(grid.name, "", "", _NO_HEADER))
            continue
        sheets.append(grid.name)
        notes.extend(header.notes)
        _read_rows(grid, header, rows, skipped)
    if not sheets:
        raise Unreadable(
            "没有找到名册表头：至少要有“企业名称”“统一社会信用代码”和“所属区市”等列名。请下载名册模板对照列名。", code="no_header"
        )
    return RosterFile(tuple(sheets), rows, skipped, notes)


# 表头 -----------------------------------------------------------------------------------------------------------------


@dataclass
class _Header:
    last_row: int
    columns: dict[str, int]
    texts: frozenset[str]
    notes: list[SheetNote]


def _find_header(grid: Grid, feature: Callable[[str], str | None]) -> _Header | None:
    wide = _spread(grid)
    best: tuple[int, int, list[tuple[int, str, str | None]]] | None = None
    for row in range(min(HEADER_WITHIN, len(grid.rows))):
        above = [""] * len(wide[row])
        single = _recognised(above, wide[row], grid.first_column, feature)
        candidates = [(row, single)]
        if row + 1 < len(wide):
            candidates.append((row + 1, _recognised(wide[row], wide[row + 1], grid.first_column, feature)))
        for last, found in candidates:
            keys = {key for _, _, key in found if key}
            if len(keys) >= ENOUGH_COLUMNS and keys & {"name", "uscc"} and (best is None or len(keys) > best[0]):
                best = (len(keys), last, found)
    if best is None:
        return None
    columns, notes = _choose_columns(grid.name, best[2], best[1] + 1)
    return _Header(best[1], columns, frozenset(header_key(text) for _, text, _ in best[2] if text), notes)


def _spread(grid: Grid) -> list[list[str]]:
    """The top rows as text, merged cells repeated over the columns and rows they cover."""
    top = [[tidy_text(value) for value in row] for row in grid.rows[: HEADER_WITHIN + 1]]
    width = max((len(row) for row in top), default=0)
    for row in top:
        row.extend([""] * (width - len(row)))
    for (first_row, first_column), (last_row, last_column) in grid.merges:
        left = first_column - grid.first_column
        if first_row >= len(top) or not 0 <= left < width or last_row - first_row > 3 or not top[first_row][left]:
            continue
        for row_number in range(first_row, min(last_row + 1, len(top))):
            for column in range(left, min(last_column - grid.first_column + 1, width)):
                top[row_number][column] = top[first_row][left]
    return top


def _recognised(
    above: list[str], row: list[str], first_column: int, feature: Callable[[str], str | None]
) -> list[tuple[int, str, str | None]]:
    found = []
    for index, (upper, text) in enumerate(zip(above, row, strict=True)):
        if upper or text:
            found.append((first_column + index, text or upper, recognise(text, above=upper, feature=feature)))
    return found


def _choose_columns(sheet: str, found: list[tuple[int, str, str | None]], row: int) -> tuple[dict[str, int], list[SheetNote]]:
    """One sheet column for each key: the official title wins over a synonym, else the leftmost."""
    columns: dict[str, int] = {}
    official: set[str] = set()
    notes = []
    for index, text, key in found:
        cell = f"{column_letters(index)}{row}"
        if key is None:
            notes.append(SheetNote(sheet, cell, text, _UNKNOWN))
            continue
        if key in BY_KEY and BY_KEY[key].ignored:
            notes.append(SheetNote(sheet, cell, text, _IGNORED))
            continue
        is_official = key in BY_KEY and header_key(text) == header_key(BY_KEY[key].title)
        if key in columns and not (is_official and key not in official):
            notes.append(SheetNote(sheet, cell, text, _DUPLICATE))
            continue
        if key in columns:
            notes.append(SheetNote(sheet, f"{column_letters(columns[key])}{row}", "", _DUPLICATE))
        columns[key] = index
        if is_official:
            official.add(key)
    if "phone" not in columns and "telephone" in columns:
        columns["phone"] = columns["telephone"]  # the only number there is: 联系电话 stands for 手机号
    return columns, notes


# 数据行 ---------------------------------------------------------------------------------------------------------------

_FOOTERS = re.compile(r"(合计|总计|小计|共计|累计)([:：（(].*|\d.*)?$")
_REMARKS = re.compile(
    r"(填表|填报|制表|审核|审批|复核|经办|报送|单位负责人|分管领导|联系人|主要负责人签字|签字|盖章|注[:：]|备注[:：]|说明[:：]|填写说明|以上|本表)"
)
_SUBHEADING = re.compile(r"[（(]?[一二三四五六七八九十]+[)）、.．]")
_EXAMPLE = re.compile(r"[（(【\[]?(示例|样例)[)）】\]:：\d]*")


def _read_rows(grid: Grid, header: _Header, rows: list[RawRow], skipped: list[SkippedRow]) -> None:
    merged = _filled_down(grid, header.last_row + 1)
    table = Table(grid.name, header.columns, grid.first_column, header.texts, merged)
    for index in range(header.last_row + 1, len(grid.rows)):
        values = grid.rows[index]
        if not _filled(values):
            continue
        row = RawRow(table, index + 1, values)
        if reason := _why_no_data(row, header):
            skipped.append(SkippedRow(grid.name, row.number, *reason))
        else:
            rows.append(row)


def _filled_down(grid: Grid, first_data_row: int) -> dict[Coordinates, Any]:
    filled = {}
    for (first_row, first_column), (last_row, _) in grid.merges:
        left = first_column - grid.first_column
        if first_row < first_data_row or first_row >= len(grid.rows) or not 0 <= left < len(grid.rows[first_row]):
            continue
        value = grid.rows[first_row][left]
        if value != "":
            for row in range(first_row + 1, min(last_row + 1, len(grid.rows))):
                filled[row, first_column] = value
    return filled


def _filled(values: list[Any]) -> bool:
    return any(value != "" and value is not None and not (isinstance(value, str) and not value.strip()) for value in values)


def _cells(row: RawRow) -> Iterator[tuple[str | None, str]]:
    keys = {index: key for key, index in row.table.columns.items()}
    for offset, value in enumerate(row.values):
        if value != "" and (text := tidy_text(value)):
            yield keys.get(row.table.first_column + offset), text


def _why_no_data(row: RawRow, header: _Header) -> tuple[str, str] | None:
    """Code and reason when the row is a total, a note, an example, a repeated header or only numbered."""
    if len(row.text("uscc")) >= SHORTEST_CODE and row.text("name"):
        if _EXAMPLE.fullmatch(row.text("serial")) or row.text("name").startswith(("示例", "（示例", "(示例", "【示例")):
            return "example", "示例行，不导入。"
        if header_key(row.text("name")) not in header.texts:
            return None
    filled = list(_cells(row))
    texts = [text for _, text in filled]
    if sum(header_key(text) in header.texts for text in texts) >= min(ENOUGH_COLUMNS, len(texts)) and len(texts) > 1:
        return "repeated_header", "重复的表头行，不导入。"
    first = re.sub(r"\s", "", texts[0])
    if any(_EXAMPLE.fullmatch(text) for text in texts):
        return "example", "示例行，不导入。"
    if len(row.text("uscc")) < SHORTEST_CODE and any(_FOOTERS.match(re.sub(r"\s", "", text)) for text in texts[:3]):
        return "total", "合计行，不导入。"
    if len(filled) == 1 and filled[0][0] == "serial" and re.fullmatch(r"\d+", first):
        return "only_serial", "只有序号，没有内容，不导入。"
    if not row.text("uscc") and len(filled) <= 4 and _REMARKS.match(first):
        return "note", "填表说明或签字行，不导入。"
    if len(filled) == 1 and (_SUBHEADING.match(first) or filled[0][0] not in ("name", "uscc")):
        return "note", "说明或小标题行，不导入。"
    return None

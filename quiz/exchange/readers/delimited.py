"""Opening a table in a text file: its encoding, its separator, quoted line breaks, and quotes that close nothing."""

from __future__ import annotations

import csv
import io
import re
from itertools import islice
from typing import NoReturn

from quiz.exchange.domain import Place, Remark, Severity
from quiz.exchange.readers.table_words import heading
from quiz.spreadsheets.reading import MAX_CELLS, MAX_FILE_BYTES, MAX_ROWS, Unreadable

_SEPARATORS = (",", "\t", ";", "|", "，")
_LOOKED_AT = 30
_LONGEST_FIELD = 200_000
_LINES_OF_A_CELL = 300
"""A quote that is still open after so many lines closes nothing."""


def open_delimited(data: bytes) -> tuple[list[list[str]], list[Remark]]:
    """Records of the file, row by row, and what had to be understood on the way.

    Raises:
        Unreadable: no text, no table, or too large; says what to do.
    """
    if len(data) > MAX_FILE_BYTES:
        _refuse("file_too_large", f"文件超过 {MAX_FILE_BYTES // 2**20} MB。请拆成几个文件分别导入。")
    text, remarks = _decode(data)
    if not text.strip():
        _refuse("empty_file", "文件是空的。请重新导出或另存后上传。")
    if "\x00" in text:
        _refuse("not_a_table", "这不是表格文件。请上传 .xlsx、.xls 或 .csv 格式的表格。")
    first, _, rest = text.partition("\n")
    if stated := re.fullmatch(r"\s*sep=(.)\s*", first):
        return [[], *_records(rest, stated[1], remarks)], remarks
    return _records(text, _separator(text), remarks), remarks


def _refuse(code: str, message: str) -> NoReturn:
    raise Unreadable(message, code=code)


def _decode(data: bytes) -> tuple[str, list[Remark]]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\x00" in data[:2000]:  # without a mark: commas and figures tell which byte comes first
        encodings = ["utf-16-le" if data[:2000:2].count(0) < data[1:2000:2].count(0) else "utf-16-be"]
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            return data.decode(encoding).removeprefix("\ufeff"), []
        except UnicodeDecodeError:
            continue
    guessed = min((data.decode(encoding, errors="replace") for encoding in encodings), key=lambda text: text.count("\ufffd"))
    bad = guessed.count("\ufffd")
    if bad > max(3, len(guessed) // 500):
        _refuse("encoding", "无法识别文字编码（应为 UTF-8、UTF-16 或 GB18030）。请用 WPS 或 Excel 打开后另存为 .xlsx 再导入。")
    message = f"有 {bad} 处文字的编码已损坏，显示为“\ufffd”"
    return guessed.removeprefix("\ufeff"), [Remark(Severity.WARNING, "bad_characters", message, "请查看含有“\ufffd”的题目并改正")]


def _quote(text: str, separator: str) -> str:
    """The sign around cells: an apostrophe where nearly every cell of the beginning stands between two of them."""
    cells = [cell.strip() for line in text[:20_000].split("\n")[:_LOOKED_AT] for cell in line.split(separator) if cell.strip()]
    apostrophes = sum(len(cell) > 1 and cell[0] == cell[-1] == "'" for cell in cells)
    return "'" if len(cells) > 3 and apostrophes > len(cells) * 0.7 else '"'


def _separator(text: str) -> str:
    """The separator under which the beginning looks most like a table with a header of ours."""
    head = text[:60_000]

    def merit(sign: str) -> tuple[int, int, int]:
        rows = [row for row in csv.reader(io.StringIO(head, newline=""), delimiter=sign) if any(row)][:_LOOKED_AT]
        known = max((len({heading(cell).field for cell in row} - {""}) for row in rows), default=0)
        widths = sorted(len(row) for row in rows)
        return known if known > 1 else 0, int(bool(widths) and widths[len(widths) // 2] > 1), widths[len(widths) // 2] if widths else 0

    csv.field_size_limit(max(_LONGEST_FIELD, len(head) + 1))
    return max(_SEPARATORS, key=merit)


def _records(text: str, separator: str, remarks: list[Remark]) -> list[list[str]]:
    csv.field_size_limit(_LONGEST_FIELD)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, quotechar=_quote(text, separator), strict=True)
        rows = list(islice(reader, MAX_ROWS + 1))
        if any(cell.count("\n") > _LINES_OF_A_CELL for row in rows for cell in row if len(cell) > _LINES_OF_A_CELL):
            raise csv.Error
    except csv.Error:
        rows = _line_by_line(text, separator, remarks)
    if len(rows) > MAX_ROWS or sum(map(len, rows)) > MAX_CELLS:
        _refuse("too_many_rows", f"文件超过每次 {MAX_ROWS} 行的上限，或多余的空行、空列过多。请清理或拆成几个文件分别导入。")
    return [_without_guards(row) for row in rows]


def _line_by_line(text: str, separator: str, remarks: list[Remark]) -> list[list[str]]:
    """Records of a file with quotes that close nothing: in such a line they are taken as they stand."""
    lines = io.StringIO(text, newline=None).read().split("\n")
    rows: list[list[str]] = []
    place = 0
    while place < len(lines):
        row, used = _one_record(lines, place, separator)
        if row is None:
            row = next(csv.reader([lines[place]], delimiter=separator, quoting=csv.QUOTE_NONE), [])
            message, action = "这一行的引号不成对，已按原样读取", "请核对这一行的各列"
            remarks.append(Remark(Severity.WARNING, "csv_quotes", message, action, Place(line=len(rows) + 1)))
        rows.append(row)
        place += used
    while rows and not any(rows[-1]):
        rows.pop()
    return rows


_GUARDED = re.compile(r"'+[=+\-@\t\r]")


def _without_guards(row: list[str]) -> list[str]:
    """Cells without the apostrophe that keeps a spreadsheet from running them."""
    return [cell[1:] if cell[:1] == "'" and _GUARDED.match(cell) else cell for cell in row]


def _one_record(lines: list[str], place: int, separator: str) -> tuple[list[str] | None, int]:
    for used in range(1, min(_LINES_OF_A_CELL, len(lines) - place) + 1):
        piece = lines[place : place + used]
        if sum(line.count('"') for line in piece) % 2:
            continue
        try:
            return next(csv.reader(["\n".join(piece)], delimiter=separator, strict=True), []), used
        except csv.Error:
            break
    return None, 1

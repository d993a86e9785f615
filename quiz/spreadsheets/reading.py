"""Opening an uploaded table, whatever it calls itself: xlsx, xls, ods or csv become grids of values; the rest is refused in plain words."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn
from xml.etree import ElementTree

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from quiz.problems import Invalid

MAX_FILE_BYTES = 80 * 2**20
MAX_UNPACKED_BYTES = 1000 * 2**20
MAX_SHARED_BYTES = 160 * 2**20
"""Of anything that is no sheet, such as the table of texts: a megabyte packed can hold a gigabyte of them."""
MAX_ENTRIES = 5000
MAX_SHEETS = 200
MAX_ROWS = 300_000
MAX_LINES = 1_100_000
"""Of a csv, empty ones counted: as many as a sheet of Excel has."""
MAX_CELLS = 15_000_000
"""Rows × columns of all sheets: a stray cell in the last corner of one would otherwise ask for hundreds of gigabytes."""
_CHUNK = 4 * 2**20

UNCALCULATED = "#公式未计算#"
"""Stands for a formula without a stored result, or one that ended in an error."""

Coordinates = tuple[int, int]


class Unreadable(Invalid):
    """The file as a whole cannot be read."""


@dataclass(frozen=True)
class Grid:
    """One sheet: `rows[0]` is row 1 of the sheet; column 0 of a row is column `first_column`."""

    name: str
    rows: list[list[Any]]
    first_column: int = 0
    merges: tuple[tuple[Coordinates, Coordinates], ...] = ()
    hidden: bool = False
    uncalculated: frozenset[Coordinates] = field(default=frozenset())


def open_grids(data: bytes) -> list[Grid]:
    """The sheets of a workbook. What the file is shows in its bytes; its name may lie."""
    if not data:
        _refuse("empty_file", "文件是空的（0 字节）。请重新导出或另存后上传。")
    if len(data) > MAX_FILE_BYTES:
        _refuse("file_too_large", f"文件超过 {MAX_FILE_BYTES // 2**20} MB。请拆成几个文件分别导入。")
    if data.startswith(b"PK"):
        return _open_zip(data)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return _open_old(data)
    if re.match(rb"\s*(<!doctype html|<html|<table|<meta)", data.removeprefix(b"\xef\xbb\xbf")[:200], re.IGNORECASE):
        _refuse("html", "这是网页（HTML）改了后缀的“假表格”。请用 WPS 或 Excel 打开，另存为 .xlsx 后再导入。")
    return [_open_text(data)]


def _refuse(code: str, message: str) -> NoReturn:
    raise Unreadable(message, code=code)


# xlsx and ods ---------------------------------------------------------------------------------------------------------


def _open_zip(data: bytes) -> list[Grid]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_archive(archive)
            uncalculated = _look_into_sheets(archive)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, zipfile.zlib.error):  # type: ignore[attr-defined]
        _refuse("damaged", "文件已损坏，无法打开。请在 WPS 或 Excel 中打开并另存为 .xlsx 后再导入。")
    return _read_workbook(data, uncalculated)


def _check_archive(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    names = {entry.filename for entry in entries}
    if any(entry.flag_bits & 1 for entry in entries):
        _refuse("encrypted", "文件设有密码。请取消密码后再导入。")
    shared = (entry.file_size for entry in entries if "worksheets/" not in entry.filename and not entry.filename.endswith("content.xml"))
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED_BYTES or max(shared, default=0) > MAX_SHARED_BYTES:
        _refuse("file_too_large", "文件展开后过大，可能不是正常的表格。请只保留需要的工作表，另存后再导入。")
    if "xl/workbook.xml" not in names and "xl/workbook.bin" not in names and "content.xml" not in names:
        kind = "Word 文档" if "word/document.xml" in names else "压缩包"
        _refuse("not_a_table", f"这是{kind}，不是表格文件。请上传 .xlsx、.xls 或 .csv 格式的表格。")


def _look_into_sheets(archive: zipfile.ZipFile) -> dict[str, frozenset[Coordinates]]:
    """Check the extent of each sheet before it is laid out in memory; note formulas that have no result."""
    found: dict[str, frozenset[Coordinates]] = {}
    cells = 0
    paths = _sheet_paths(archive)
    if len(paths) > MAX_SHEETS:
        _refuse("too_many_sheets", f"文件有 {len(paths)} 个工作表，超过 {MAX_SHEETS} 个。请只保留需要的工作表，另存后再导入。")
    for name, path in paths:
        corner = (0, 0)
        formulas: set[Coordinates] = set()
        for chunk in _chunks(archive, path):
            if _ABSURD_NUMBER.search(chunk):
                _refuse("damaged", "文件中的行号异常，无法读取。请在 WPS 或 Excel 中打开并另存为 .xlsx 后再导入。")
            corner = _further_corner(corner, chunk)
            formulas.update(_uncalculated_cells(chunk))
            if cells + (corner[0] + 1) * (corner[1] + 1) > MAX_CELLS:  # the rest is not looked at: a million rows take a minute
                reach = f"工作表“{name}”的范围达到 {corner[0] + 1} 行以上，约 {corner[1] + 1} 列，超出上限"
                _refuse("too_many_cells", f"{reach}。请删除数据区以外的多余单元格，或拆成几个文件后再导入。")
        cells += (corner[0] + 1) * (corner[1] + 1)
        found[name] = frozenset(formulas)
    return found


def _sheet_paths(archive: zipfile.ZipFile) -> list[tuple[str, str]]:
    if "xl/workbook.xml" not in archive.namelist() or "xl/_rels/workbook.xml.rels" not in archive.namelist():
        return []
    try:
        relations = {item.get("Id"): item.get("Target", "") for item in _xml(archive, "xl/_rels/workbook.xml.rels")}
        book = _xml(archive, "xl/workbook.xml")
    except ElementTree.ParseError:
        _refuse("damaged", "文件内部结构损坏，无法打开。请在 WPS 或 Excel 中打开并另存为 .xlsx 后再导入。")
    found = []
    for sheet in book.iter():
        if sheet.tag.endswith("}sheet"):
            target = next((relations.get(value, "") for key, value in sheet.attrib.items() if key.endswith("}id")), "")
            path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            if path in archive.namelist() and "worksheets" in path:
                found.append((sheet.get("name", ""), path))
    return found


def _xml(archive: zipfile.ZipFile, path: str) -> ElementTree.Element:
    text = archive.read(path)
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:  # no spreadsheet program writes these; they are how such files attack readers
        raise ElementTree.ParseError("document type declaration")
    return ElementTree.fromstring(text)


def _chunks(archive: zipfile.ZipFile, path: str) -> Iterator[bytes]:
    """The sheet's XML in pieces that end with a whole row."""
    rest = b""
    with archive.open(path) as stream:
        while block := stream.read(_CHUNK):
            rest += block
            cut = rest.rfind(b"</row>")
            if cut >= 0:
                yield rest[: cut + 6]
                rest = rest[cut + 6 :]
            elif len(rest) > 8 * _CHUNK:
                _refuse("damaged", "文件中有一行异常巨大，无法读取。请检查后另存再导入。")
    yield rest


# Every repetition is bounded and stops at the next "<": a file made for it could keep an open one busy for hours.
_ROW_NUMBER = re.compile(rb'<row(?:\s[^<>]{0,300}?)?\sr="(\d{1,9})"')
_WIDE_CELL = re.compile(rb'<c(?:\s[^<>]{0,300}?)?\sr="([A-Z]{2,3})\d{1,9}"')
_ABSURD_NUMBER = re.compile(rb"""\sr=["'][A-Z]{0,3}\d{8}""")
_FILLED_CELL = re.compile(rb'<c(?:\s[^<>]{0,300}?)?\sr="([A-Z]{1,3})(\d{1,9})"[^<>]{0,300}(?<!/)>(?!</c>)')


def _further_corner(corner: Coordinates, chunk: bytes) -> Coordinates:
    row = max((int(number) for number in _ROW_NUMBER.findall(chunk)), default=1) - 1
    column = max((_column_index(letters) for letters in set(_WIDE_CELL.findall(chunk))), default=25)
    if (max(row, corner[0]) + 1) * (max(column, corner[1]) + 1) > MAX_CELLS:  # perhaps only formatting: look at the values
        filled = _FILLED_CELL.findall(chunk)
        row = max((int(number) for _, number in filled), default=1) - 1
        column = max((_column_index(letters) for letters in {letters for letters, _ in filled}), default=0)
    return max(row, corner[0]), max(column, corner[1])


_ADDRESS = re.compile(rb'\sr="([A-Z]{1,3})(\d{1,9})"')
_OPENING = re.compile(rb"<c\s")
_RESULT = re.compile(rb"<v[^<>]{0,300}>[^<]")


def _uncalculated_cells(chunk: bytes) -> Iterator[Coordinates]:
    if b"<f" not in chunk and b't="e"' not in chunk:
        return
    for piece in chunk.split(b"</c>"):
        begins = [match.start() for match in _OPENING.finditer(piece)]
        if not begins:
            continue
        head, _, body = piece[begins[-1] :].partition(b">")  # the cells before it closed themselves
        found = _ADDRESS.search(head[:1000])
        if found is None or head.endswith(b"/"):
            continue
        is_error = b't="e"' in head
        has_result = _RESULT.search(body) or b't="str"' in head or b"<is>" in body
        if is_error or (b"<f" in body and not has_result):
            yield int(found[2]) - 1, _column_index(found[1])


def _column_index(letters: bytes) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + letter - 64
    return index - 1


# calamine -------------------------------------------------------------------------------------------------------------


def _open_old(data: bytes) -> list[Grid]:
    if "EncryptedPackage".encode("utf-16-le") in data:
        _refuse("encrypted", "文件设有打开密码。请取消密码后再导入。")
    if "WordDocument".encode("utf-16-le") in data:
        _refuse("not_a_table", "这是 Word 文档，不是表格文件。请上传 .xlsx、.xls 或 .csv 格式的表格。")
    return _read_workbook(data, {})


def _read_workbook(data: bytes, uncalculated: dict[str, frozenset[Coordinates]]) -> list[Grid]:
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            return [
                _grid(book, sheet.name, sheet.visible != SheetVisibleEnum.Visible, uncalculated.get(sheet.name, frozenset()))
                for sheet in book.sheets_metadata
                if sheet.typ == SheetTypeEnum.WorkSheet
            ]
    except PasswordError:
        _refuse("encrypted", "文件设有密码。请取消密码后再导入。")
    except CalamineError:
        _refuse("damaged", "文件已损坏或不是表格，无法打开。请在 WPS 或 Excel 中打开并另存为 .xlsx 后再导入。")
    except BaseException as error:  # a panic of the Rust reader is no Exception; anything else goes on its way
        if type(error).__name__ != "PanicException":
            raise
        _refuse("damaged", "文件内部结构异常，无法打开。请在 WPS 或 Excel 中打开并另存为 .xlsx 后再导入。")


def _grid(book: CalamineWorkbook, name: str, hidden: bool, uncalculated: frozenset[Coordinates]) -> Grid:
    if hidden:
        return Grid(name, [], hidden=True)
    sheet = book.get_sheet_by_name(name)
    if sheet.start is None:
        return Grid(name, [])
    first_column = sheet.start[1]
    rows = list(sheet.iter_rows())
    _check_rows(name, rows)
    for row, column in uncalculated:
        while len(rows) <= row:
            rows.append([])
        if column >= first_column:
            line = rows[row]
            line.extend([""] * (column - first_column + 1 - len(line)))
            line[column - first_column] = UNCALCULATED
    return Grid(name, rows, first_column, tuple(sheet.merged_cell_ranges or ()), uncalculated=uncalculated)


def _check_rows(name: str, rows: list[list[Any]]) -> None:
    if len(rows) <= MAX_ROWS:
        return
    filled = sum(1 for row in rows if any(value != "" for value in row))
    if filled > MAX_ROWS:
        _refuse("too_many_rows", f"工作表“{name}”有 {filled} 行数据，超过每次 {MAX_ROWS} 行的上限。请拆成几个文件分别导入。")


# csv ------------------------------------------------------------------------------------------------------------------


def _open_text(data: bytes) -> Grid:
    text = _decode(data)
    if "\x00" in text:
        _refuse("not_a_table", "这不是表格文件。请上传 .xlsx、.xls 或 .csv 格式的表格。")
    head = text[:20_000]
    delimiter = max(",\t;，", key=head.count)
    if not head.count(delimiter):
        _refuse("not_a_table", "没有找到分列的数据。请上传 .xlsx、.xls 或用逗号分隔的 .csv 表格。")
    csv.field_size_limit(1_000_000)
    rows: list[list[Any]] = []
    cells = filled = 0
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            rows.append(row if any(row) else [])
            cells += len(row)
            filled += any(row)
            if filled > MAX_ROWS or len(rows) > MAX_LINES or cells > MAX_CELLS:
                _refuse("too_many_rows", f"文件超过每次 {MAX_ROWS} 行的上限，或多余的空行、空列过多。请清理或拆成几个文件分别导入。")
    except csv.Error:
        _refuse("damaged", "csv 文件内容异常（可能缺少引号），无法逐列读取。请另存为 .xlsx 后再导入。")
    return Grid("csv", rows)


def _decode(data: bytes) -> str:
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    encodings = ["utf-16"] if marked else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    _refuse("encoding", "无法识别文字编码（应为 UTF-8 或 GB18030）。请用 WPS 或 Excel 打开后另存为 .xlsx 再导入。")

"""What the values of an xlsx workbook do not tell: pictures and the cells they stand in, hidden rows, per cents, dates without a year."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from html import unescape
from xml.etree import ElementTree

from quiz.exchange.domain import Place, Remark, Severity
from quiz.exchange.readers.ods_content import OdsSheet, ods_sheets
from quiz.exchange.readers.table_cells import address
from quiz.spreadsheets.reading import Coordinates

MAX_PART = 32 * 2**20
"""Of a drawing, of relations, of styles."""
MAX_SHEET = 256 * 2**20
MAX_PICTURE = 10 * 2**20
MAX_PICTURES = 5000
MAX_PICTURE_BYTES = 200 * 2**20
_SHOWN = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp")
_UNSHOWN = {
    "emf": " EMF 矢量图",
    "wmf": " WMF 矢量图",
    "svm": " SVM 矢量图",
    "svg": " SVG 矢量图",
    "wdp": " WDP 图片",
    "tif": " TIFF 图片",
    "tiff": " TIFF 图片",
}
_MAGIC = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"), (b"BM", "image/bmp"))


@dataclass(frozen=True)
class CellPicture:
    """A picture and the cell, counted from 0, that its upper left corner stands in."""

    data: bytes = field(repr=False)
    media_type: str
    row: int = -1
    column: int = -1
    last_row: int = -1


@dataclass(frozen=True)
class SheetDetails:
    """What the package says of one sheet."""

    hidden_rows: frozenset[int] = frozenset()
    percents: tuple[Coordinates, ...] = ()
    yearless: frozenset[Coordinates] = frozenset()
    pictures: tuple[CellPicture, ...] = ()
    picture_formulas: dict[Coordinates, str] = field(default_factory=dict)
    cell_pictures: dict[str, CellPicture] = field(default_factory=dict)


def media_type_of(data: bytes) -> str:
    """Of a picture that a browser shows; empty for any other."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in _MAGIC if data.startswith(magic)), "")


class Package:
    """Parts of an xlsx or ods file; whatever is odd is left out and said in `remarks`."""

    def __init__(self, data: bytes) -> None:
        self._archive = zipfile.ZipFile(io.BytesIO(data))
        self._names = set(self._archive.namelist())
        self._read = 0
        self._count = 0
        self._media: dict[str, tuple[bytes, str] | None] = {}
        self.remarks: list[Remark] = []
        self._paths = self._sheet_paths()
        self._percent_styles, self._yearless_styles = self._styles()
        self._cell_pictures = self._wps_pictures()
        self._ods = self._ods_sheets()

    def details(self, sheet: str) -> SheetDetails | None:
        """What the package says of a sheet; None when it says nothing."""
        if sheet in self._ods:
            return self._ods_details(sheet, self._ods[sheet])
        path = self._paths.get(sheet)
        if path is None:
            return None
        pictures = tuple(self._drawn(path, sheet))
        if self._archive.getinfo(path).file_size > MAX_SHEET:
            self._warn("sheet_details_not_read", f"工作表“{sheet}”过大，没有检查其中的隐藏行和百分比格式")
            return SheetDetails(pictures=pictures)
        text = self._bytes(path)
        if text is None:
            return SheetDetails(pictures=pictures)
        hidden = frozenset(int(number) - 1 for number in _HIDDEN_ROW.findall(text)) if b"hidden=" in text else frozenset()
        percents = tuple(_styled(text, self._percent_styles))
        yearless = frozenset(_styled(text, self._yearless_styles))
        formulas = dict(_picture_formulas(text)) if b"DISPIMG" in text else {}
        return SheetDetails(hidden, percents, yearless, pictures, formulas, self._cell_pictures)

    # Parts ------------------------------------------------------------------------------------------------------------

    def _warn(self, code: str, message: str, action: str = "") -> None:
        remark = Remark(Severity.WARNING, code, message, action)
        if remark not in self.remarks:
            self.remarks.append(remark)

    def _bytes(self, path: str) -> bytes | None:
        try:
            return self._archive.read(path)
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error):
            self._warn("part_not_read", f"文件内部的 {posixpath.basename(path)} 已损坏，没有读取")
            return None

    def _xml(self, path: str) -> ElementTree.Element | None:
        if path not in self._names or self._archive.getinfo(path).file_size > MAX_PART:
            return None
        text = self._bytes(path)
        if text is None:
            return None
        if b"<!DOCTYPE" in text or b"<!ENTITY" in text:  # no spreadsheet program writes these
            self._warn("part_not_read", f"文件内部的 {posixpath.basename(path)} 含有不允许的声明，没有读取")
            return None
        try:
            return ElementTree.fromstring(text)
        except ElementTree.ParseError:
            self._warn("part_not_read", f"文件内部的 {posixpath.basename(path)} 已损坏，没有读取")
            return None

    def _relations(self, path: str) -> dict[str, tuple[str, str]]:
        """Type and path by id; a target outside the package leads nowhere."""
        folder, name = posixpath.split(path)
        root = self._xml(f"{folder}/_rels/{name}.rels")
        found = {}
        for item in root if root is not None else ():
            if item.get("TargetMode") == "External":
                continue
            target = item.get("Target", "")
            whole = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            found[item.get("Id", "")] = (item.get("Type", "").rsplit("/", 1)[-1], whole)
        return found

    def _sheet_paths(self) -> dict[str, str]:
        book = self._xml("xl/workbook.xml")
        if book is None:
            return {}
        relations = self._relations("xl/workbook.xml")
        paths = {}
        for sheet in book.iter():
            if sheet.tag.endswith("}sheet"):
                identity = next((value for key, value in sheet.attrib.items() if key.endswith("}id")), "")
                path = relations.get(identity, ("", ""))[1]
                if path in self._names:
                    paths[sheet.get("name", "")] = path
        return paths

    def _styles(self) -> tuple[list[int], list[int]]:
        """Numbers of the cell styles that show per cents, and of those that show a date without its year."""
        root = self._xml("xl/styles.xml")
        if root is None:
            return [], []
        codes = {9: "0%", 10: "0.00%", 16: "d-mmm", 58: 'm"月"d"日"'}
        percents, yearless = [], []
        for element in root.iter():
            if element.tag.endswith("}numFmt"):
                codes[_whole(element.get("numFmtId"))] = element.get("formatCode", "")
        formats = next((element for element in root if element.tag.endswith("}cellXfs")), ())
        for place, element in enumerate(formats):
            code = re.sub(r'"[^"]*"|\[[^\]]*\]|\\.', "", codes.get(_whole(element.get("numFmtId")), "")).lower()
            if "%" in code:
                percents.append(place)
            elif "m" in code and "d" in code and "y" not in code:
                yearless.append(place)
        return percents, yearless

    # ods --------------------------------------------------------------------------------------------------------------

    def _ods_sheets(self) -> dict[str, OdsSheet]:
        if "content.xml" not in self._names:
            return {}
        if self._archive.getinfo("content.xml").file_size > MAX_SHEET:
            self._warn("sheet_details_not_read", "文件过大，没有读取其中的图片、隐藏行和百分比格式", "请另存为 .xlsx 后再导入")
            return {}
        with self._archive.open("content.xml") as stream:
            declared = stream.read(2000)
        if b"<!DOCTYPE" in declared or b"<!ENTITY" in declared:
            self._warn("part_not_read", "文件内部的 content.xml 含有不允许的声明，没有读取图片")
            return {}
        try:
            with self._archive.open("content.xml") as stream:
                return ods_sheets(stream)
        except (ElementTree.ParseError, zipfile.BadZipFile, EOFError, zlib.error):
            self._warn("part_not_read", "文件内部的 content.xml 已损坏，没有读取图片")
            return {}

    def _ods_details(self, name: str, sheet: OdsSheet) -> SheetDetails:
        pictures: list[CellPicture] = []
        loose = 0
        for frame in sheet.frames:
            shown = next((path for path in frame.paths if path.startswith("Pictures/") and path.lower().endswith(_SHOWN)), frame.paths[0])
            if frame.row < 0:
                loose += 1
            elif shown.startswith("ObjectReplacements/"):
                self._warn("picture_unsupported", f"工作表“{name}”第 {frame.row + 1} 行有嵌入的对象，没有读取", "请换成 PNG 或 JPEG 图片")
            elif (loaded := self._picture(shown)) is not None and not self._is_full():
                pictures.append(CellPicture(*loaded, frame.row, frame.column, frame.last_row))
        if loose:
            message = f"工作表“{name}”有 {loose} 张图片没有固定在单元格上，不知道属于哪一题，没有收入"
            self._warn("picture_without_item", message, "请把图片的锚点改为“到单元格”后再导入")
        return SheetDetails(frozenset(sheet.hidden_rows), tuple(sheet.percents), pictures=tuple(pictures))

    def _is_full(self) -> bool:
        self._count += 1
        if self._count > MAX_PICTURES:
            self._warn("too_many_pictures", f"图片超过 {MAX_PICTURES} 张，其余没有读取", "请拆成几个文件分别导入")
        return self._count > MAX_PICTURES

    # Pictures ---------------------------------------------------------------------------------------------------------

    def _picture(self, path: str) -> tuple[bytes, str] | None:
        if path not in self._media:
            self._media[path] = self._load(path)
        return self._media[path]

    def _load(self, path: str) -> tuple[bytes, str] | None:
        if path not in self._names:
            return None
        size = self._archive.getinfo(path).file_size
        if size > MAX_PICTURE or self._read + size > MAX_PICTURE_BYTES:
            self._warn("picture_too_large", f"图片 {posixpath.basename(path)} 过大，没有读取", f"请压缩到 {MAX_PICTURE // 2**20} MB 以内")
            return None
        data = self._bytes(path)
        if data is None:
            return None
        self._read += size
        media_type = media_type_of(data)
        if not media_type:
            kind = _UNSHOWN.get(path.rpartition(".")[2].lower(), "")
            message = (
                f"图片 {posixpath.basename(path)} 是{kind}，网页上不能显示，没有收入"
                if kind
                else f"图片 {posixpath.basename(path)} 的格式不支持，没有读取"
            )
            self._warn("picture_unsupported", message, "请换成 PNG 或 JPEG 图片")
            return None
        return data, media_type

    def _drawn(self, sheet_path: str, sheet: str) -> list[CellPicture]:
        """Pictures lying on a sheet, with the cell of their corner; what else lies there is said."""
        found: list[CellPicture] = []
        others = 0
        for kind, path in self._relations(sheet_path).values():
            root = self._xml(path) if kind == "drawing" else None
            relations = self._relations(path) if root is not None else {}
            for anchor in root if root is not None else ():
                corner, end = _corner(anchor, "from"), _corner(anchor, "to")
                pictures = _embedded(anchor)
                others += not pictures and _holds_something(anchor)
                for embedded in pictures:
                    loaded = self._picture(relations.get(embedded, ("", ""))[1])
                    if loaded is None or corner is None:
                        self._say_unshown(sheet, corner)
                        continue
                    if self._is_full():
                        return found
                    found.append(CellPicture(*loaded, corner[0], corner[1], end[0] if end else corner[0]))
        if others:
            message = f"工作表“{sheet}”上有 {others} 个文本框、图形或图表，没有读取"
            self._warn("drawing_not_read", message, "如是题目内容，请写进单元格，或换成 PNG 图片")
        return found

    def _say_unshown(self, sheet: str, corner: Coordinates | None) -> None:
        if corner is not None:
            where = Place(sheet, address(*corner))
            message = f"{address(*corner)} 处的图片不能显示，没有收入"
            self.remarks.append(Remark(Severity.WARNING, "picture_not_shown", message, "请换成 PNG 或 JPEG 图片后插入", where))

    def _wps_pictures(self) -> dict[str, CellPicture]:
        """Pictures that WPS keeps inside cells, by the name their formula gives."""
        root = self._xml("xl/cellimages.xml")
        if root is None:
            return {}
        relations = self._relations("xl/cellimages.xml")
        found = {}
        for item in root:
            name = next((element.get("name", "") for element in item.iter() if element.tag.endswith("}cNvPr")), "")
            for embedded in _embedded(item):
                loaded = self._picture(relations.get(embedded, ("", ""))[1])
                if loaded is not None and name:
                    found[name] = CellPicture(*loaded)
        return found


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0


def _corner(anchor: ElementTree.Element, name: str) -> Coordinates | None:
    for child in anchor:
        if child.tag.endswith("}" + name):
            values = {part.tag.rsplit("}", 1)[-1]: (part.text or "").strip() for part in child}
            if values.get("row", "").isdigit() and values.get("col", "").isdigit():
                return int(values["row"]), int(values["col"])
    return None


def _holds_something(anchor: ElementTree.Element) -> bool:
    """A text, a chart, or a picture that is only linked; plain lines and controls hold nothing."""
    return any(
        part.tag.endswith(("}graphicFrame", "}chart"))
        or part.tag.endswith("}t")
        and (part.text or "").strip()
        or part.tag.endswith("}blip")
        for part in anchor.iter()
    )


def _embedded(element: ElementTree.Element) -> list[str]:
    """Relation ids of the pictures in it."""
    blips = (part for part in element.iter() if part.tag.endswith("}blip"))
    return [value for blip in blips for key, value in blip.attrib.items() if key.endswith("}embed")]


# Cells ----------------------------------------------------------------------------------------------------------------
# Every repetition is bounded and stops at the next "<", as in quiz/spreadsheets.

_HIDDEN_ROW = re.compile(rb'<row(?=[^<>]{0,300}?\shidden="(?:1|true)")[^<>]{0,300}?\sr="(\d{1,9})"')
_FORMULA = re.compile(
    rb'<c(?:\s[^<>]{0,300}?)?\sr="([A-Z]{1,3})(\d{1,7})"[^<>]{0,300}><f[^<>]{0,300}>([^<]{0,300}DISPIMG\([^<]{0,200})</f>'
)


def _styled(text: bytes, styles: list[int]) -> list[Coordinates]:
    """Cells with one of these styles that hold something."""
    if not styles:
        return []
    numbers = b"|".join(str(style).encode() for style in styles)
    pattern = re.compile(rb'<c\sr="([A-Z]{1,3})(\d{1,7})"\ss="(?:' + numbers + rb')"[^<>]{0,100}(?<!/)>')
    return [(int(row) - 1, _column(letters)) for letters, row in pattern.findall(text)]


def _picture_formulas(text: bytes) -> list[tuple[Coordinates, str]]:
    found = _FORMULA.findall(text)
    return [((int(row) - 1, _column(letters)), unescape(formula.decode("utf-8", errors="replace"))) for letters, row, formula in found]


def _column(letters: bytes) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + letter - 64
    return index - 1

"""What the values of an old xls workbook do not tell: per cents, dates without a year, hidden rows, and pictures with their cells.

The layout of the file is that of Microsoft's [MS-CFB], [MS-XLS] and [MS-ODRAW]; whatever is odd ends the reading of that part.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from quiz.spreadsheets.reading import Coordinates

_FREE = 0xFFFFFFF0
_MOST_SECTORS = 400_000
_DEEPEST = 12
_BUILT_IN = {9: "0%", 10: "0.00%", 16: "d-mmm", 58: 'm"月"d"日"'}
_BEGIN, _END, _CONTINUE, _SHEET, _FORMAT, _XF, _ROW = 0x809, 0x0A, 0x3C, 0x85, 0x41E, 0xE0, 0x208
_NUMBER, _RK, _MULRK, _FORMULA, _DRAWING, _DRAWINGS = 0x203, 0x27E, 0xBD, 0x06, 0xEC, 0xEB
_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8")
_KINDS = {0xF01A: "EMF 矢量图", 0xF01B: "WMF 矢量图", 0xF01C: "PICT 图片", 0xF01F: "位图", 0xF029: "TIFF 图片"}


@dataclass(frozen=True)
class Blip:
    """A picture of the workbook; without data when its kind cannot be shown."""

    data: bytes
    kind: str = ""


@dataclass
class XlsSheet:
    """What the stream says of one sheet."""

    percents: list[Coordinates] = field(default_factory=list)
    yearless: list[Coordinates] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    pictures: list[tuple[Blip, int, int, int]] = field(default_factory=list)
    """Picture, row and column of its upper corner, row of its lower one."""


def xls_sheets(data: bytes) -> dict[str, XlsSheet]:
    """Every sheet by its name; nothing of a file that is not laid out as it should be."""
    try:
        stream = _workbook_stream(data)
        return _sheets(stream) if stream else {}
    except (struct.error, IndexError, UnicodeDecodeError):
        return {}


# The compound file ----------------------------------------------------------------------------------------------------


def _workbook_stream(data: bytes) -> bytes:
    size = 1 << min(struct.unpack_from("<H", data, 30)[0], 12)
    difat = list(struct.unpack_from("<109I", data, 76))
    at, seen = struct.unpack_from("<I", data, 68)[0], 0
    while at < _FREE and seen < 1000:
        block = struct.unpack_from(f"<{size // 4}I", data, (at + 1) * size)
        difat += block[:-1]
        at, seen = block[-1], seen + 1
    fat: list[int] = []
    for sector in difat:
        if sector < _FREE:
            fat += struct.unpack_from(f"<{size // 4}I", data, (sector + 1) * size)
    directory = _chain(data, struct.unpack_from("<I", data, 48)[0], fat, size)
    for entry in range(0, len(directory) - 127, 128):
        length = struct.unpack_from("<H", directory, entry + 64)[0]
        name = directory[entry : entry + max(length - 2, 0)].decode("utf-16-le", errors="replace")
        if name in ("Workbook", "Book"):
            start, whole = struct.unpack_from("<II", directory, entry + 116)
            return _chain(data, start, fat, size)[:whole] if whole >= 4096 else b""
    return b""


def _chain(data: bytes, sector: int, fat: list[int], size: int) -> bytes:
    pieces: list[bytes] = []
    while sector < len(fat) and len(pieces) < _MOST_SECTORS:
        pieces.append(data[(sector + 1) * size : (sector + 2) * size])
        sector = fat[sector]
    return b"".join(pieces)


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Records from there to the end of the substream, without those of charts inside it."""
    depth = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        depth += (kind == _BEGIN) - (kind == _END)
        if depth == 1:
            yield kind, stream[at + 4 : at + 4 + length]
        if depth < 1:
            return
        at += 4 + length


# The workbook ---------------------------------------------------------------------------------------------------------


def _sheets(stream: bytes) -> dict[str, XlsSheet]:
    places: list[tuple[str, int]] = []
    codes, styles = dict(_BUILT_IN), []
    drawings = bytearray()
    before = 0
    for kind, body in _records(stream, 0):
        if kind == _SHEET and body[5:6] == b"\0":
            wide = body[7] & 1
            raw = body[8 : 8 + body[6] * (2 if wide else 1)]
            places.append((raw.decode("utf-16-le" if wide else "latin-1"), struct.unpack_from("<I", body)[0]))
        elif kind == _FORMAT:
            number, _, wide = struct.unpack_from("<HHB", body)
            codes[number] = body[5:].decode("utf-16-le" if wide & 1 else "latin-1", errors="replace")
        elif kind == _XF:
            styles.append(struct.unpack_from("<H", body, 2)[0])
        elif kind == _DRAWINGS or kind == _CONTINUE and before == _DRAWINGS:
            drawings += body
            kind = _DRAWINGS
        before = kind
    plain = [re.sub(r'"[^"]*"|\[[^\]]*\]|\\.', "", codes.get(number, "")).lower() for number in styles]
    percents = {style for style, code in enumerate(plain) if "%" in code}
    yearless = {style for style, code in enumerate(plain) if "m" in code and "d" in code and "y" not in code}
    blips = list(_blips(bytes(drawings)))
    return {name: _sheet(stream, at, percents, yearless, blips) for name, at in places}


def _sheet(stream: bytes, at: int, percents: set[int], yearless: set[int], blips: list[Blip]) -> XlsSheet:
    sheet = XlsSheet()
    drawing = bytearray()
    before = 0
    for kind, body in _records(stream, at):
        if kind in (_NUMBER, _RK, _FORMULA):
            row, column, style = struct.unpack_from("<HHH", body)
            _note(sheet, row, column, style, percents, yearless)
        elif kind == _MULRK:
            row, column = struct.unpack_from("<HH", body)
            for offset in range((len(body) - 6) // 6):
                _note(sheet, row, column + offset, struct.unpack_from("<H", body, 4 + 6 * offset)[0], percents, yearless)
        elif kind == _ROW and len(body) >= 14 and body[12] & 0x20:
            sheet.hidden_rows.add(struct.unpack_from("<H", body)[0])
        elif kind == _DRAWING or kind == _CONTINUE and before == _DRAWING:
            drawing += body
            kind = _DRAWING
        before = kind
    sheet.pictures = list(_drawn(bytes(drawing), blips))
    return sheet


def _note(sheet: XlsSheet, row: int, column: int, style: int, percents: set[int], yearless: set[int]) -> None:
    if style in percents:
        sheet.percents.append((row, column))
    elif style in yearless:
        sheet.yearless.append((row, column))


# Drawings -------------------------------------------------------------------------------------------------------------


def _atoms(data: bytes, depth: int = 0) -> Iterator[tuple[int, int, bytes]]:
    """Kind, instance and body of every record that holds no others, with the containers of shapes whole."""
    at = 0
    while at + 8 <= len(data):
        head, kind, length = struct.unpack_from("<HHI", data, at)
        body = data[at + 8 : at + 8 + length]
        if kind == 0xF004:
            yield kind, 0, body
        elif head & 0xF == 0xF and depth < _DEEPEST:
            yield from _atoms(body, depth + 1)
        else:
            yield kind, head >> 4, body
        at += 8 + length


def _blips(drawings: bytes) -> Iterator[Blip]:
    """Pictures in the order shapes count them."""
    for kind, _, body in _atoms(drawings):
        if kind == 0xF007:
            yield _blip(body[36 + body[33] :]) if len(body) > 44 else Blip(b"", "空图片")


def _blip(record: bytes) -> Blip:
    kind = struct.unpack_from("<H", record, 2)[0]
    begins = [at for magic in _MAGIC if (at := record.find(magic, 8, 60)) >= 0]
    return Blip(record[min(begins) :]) if begins else Blip(b"", _KINDS.get(kind, "未知格式的图片"))


def _drawn(drawing: bytes, blips: list[Blip]) -> Iterator[tuple[Blip, int, int, int]]:
    for kind, _, shape in _atoms(drawing):
        if kind != 0xF004:
            continue
        number, corner = 0, None
        for part, instance, body in _atoms(shape):
            if part == 0xF00B:
                number = next((value for name, value in _properties(body, instance) if name == 0x104), number)
            elif part == 0xF010 and len(body) >= 18:
                left, _, top, _, _, _, bottom = struct.unpack_from("<7H", body, 2)
                corner = (top, left, bottom)
        if number and corner:
            blip = blips[number - 1] if number <= len(blips) else Blip(b"", "不在文件里的图片")
            yield blip, *corner


def _properties(body: bytes, count: int) -> Iterator[tuple[int, int]]:
    for place in range(min(count, len(body) // 6)):
        name, value = struct.unpack_from("<HI", body, 6 * place)
        yield name & 0x3FFF, value

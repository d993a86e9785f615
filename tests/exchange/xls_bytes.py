"""A workbook in the old format of Excel, record by record, for what no library of ours writes: pictures, per cents, hidden rows."""

from __future__ import annotations

import struct
from collections.abc import Sequence

Cell = str | int | float
PERCENT, YEARLESS = 1, 2
_SECTOR = 512


def xls(
    name: str,
    rows: Sequence[Sequence[Cell]],
    *,
    styles: dict[tuple[int, int], int] | None = None,
    hidden: Sequence[int] = (),
    pictures: Sequence[tuple[bytes, int, int]] = (),
) -> bytes:
    """One sheet. `styles` shows cells as per cents or dates without a year; `pictures` stand with their corner in a row and column."""
    sheet = _sheet(rows, styles or {}, set(hidden), pictures)
    head = _record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0))
    head += _record(0x41E, struct.pack("<HHB", 164, 7, 1) + 'm"月"d"日"'.encode("utf-16-le")[:14])
    for number in (0, 9, 164):
        head += _record(0xE0, struct.pack("<HH", 0, number) + bytes(16))
    drawings = _record(0xEB, _drawings([data for data, _, _ in pictures])) if pictures else b""
    title = name.encode("utf-16-le")
    place = len(head) + len(drawings) + 4 + 8 + len(title) + 4
    bound = _record(0x85, struct.pack("<IBBBB", place, 0, 0, len(name), 1) + title)
    return _compound(head + drawings + bound + _record(0x0A, b"") + sheet)


def _record(kind: int, body: bytes) -> bytes:
    assert len(body) < 8224
    return struct.pack("<HH", kind, len(body)) + body


def _atom(kind: int, body: bytes, *, version: int = 0, instance: int = 0) -> bytes:
    return struct.pack("<HHI", version | instance << 4, kind, len(body)) + body


def _sheet(
    rows: Sequence[Sequence[Cell]], styles: dict[tuple[int, int], int], hidden: set[int], pictures: Sequence[tuple[bytes, int, int]]
) -> bytes:
    found = _record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0))
    for row in range(len(rows)):
        found += _record(0x208, struct.pack("<HHHHHHI", row, 0, 20, 255, 0, 0, 0x20 if row in hidden else 0))
    for row, cells in enumerate(rows):
        for column, value in enumerate(cells):
            start = struct.pack("<HHH", row, column, styles.get((row, column), 0))
            if isinstance(value, str):
                found += _record(0x204, start + struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")) if value else b""
            else:
                found += _record(0x203, start + struct.pack("<d", value))
    if pictures:
        shapes = b"".join(_shape(number, row, column) for number, (_, row, column) in enumerate(pictures, 1))
        found += _record(0xEC, _atom(0xF002, _atom(0xF003, shapes, version=15), version=15))
    return found + _record(0x0A, b"")


def _shape(number: int, row: int, column: int) -> bytes:
    properties = _atom(0xF00B, struct.pack("<HI", 0x4104, number), version=3, instance=1)
    anchor = _atom(0xF010, struct.pack("<H8H", 0, column, 0, row, 0, column + 1, 0, row, 0))
    return _atom(0xF004, properties + anchor, version=15)


def _drawings(pictures: Sequence[bytes]) -> bytes:
    blips = b""
    for data in pictures:
        kind, instance = (
            (0xF01E, 0x6E0) if data.startswith(b"\x89PNG") else (0xF01D, 0x46A) if data.startswith(b"\xff\xd8") else (0xF01A, 0x3D4)
        )
        blip = _atom(kind, bytes(17) + data, instance=instance)
        blips += _atom(0xF007, bytes(36) + blip, version=2, instance=6)
    return _atom(0xF000, _atom(0xF001, blips, version=15, instance=len(pictures)), version=15)


def _compound(stream: bytes) -> bytes:
    """The stream `Workbook` in a compound file of one table of sectors."""
    stream = stream.ljust(max(4096, -(-len(stream) // _SECTOR) * _SECTOR), b"\0")
    count = len(stream) // _SECTOR
    fat = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, count + 2), 0xFFFFFFFE]
    assert len(fat) <= 128
    table = struct.pack("<128I", *fat, *[0xFFFFFFFF] * (128 - len(fat)))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0) + struct.pack("<109I", 0, *[0xFFFFFFFF] * 108)
    directory = _entry("Root Entry", 5, 0xFFFFFFFE, 0, child=1) + _entry("Workbook", 2, 2, len(stream)) + bytes(256)
    return header + table + directory + stream


def _entry(name: str, kind: int, start: int, size: int, *, child: int = 0xFFFFFFFF) -> bytes:
    title = name.encode("utf-16-le") + b"\0\0"
    links = struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, child)
    return title.ljust(64, b"\0") + struct.pack("<HBB", len(title), kind, 1) + links + bytes(36) + struct.pack("<IQ", start, size)

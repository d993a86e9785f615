"""What the values of an ods table do not tell: pictures and the cells they stand in, hidden rows, cells that show per cents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO
from xml.etree import ElementTree

from quiz.spreadsheets.reading import MAX_ROWS, Coordinates

_REPEATED_ROWS = "number-rows-repeated"
_REPEATED_COLUMNS = "number-columns-repeated"
_MOST_REPEATED = 10_000
"""A row or cell repeated more often than this is filling, not content."""
_END = re.compile(r"\$?[A-Z]{1,3}\$?(\d{1,7})$")


@dataclass(frozen=True)
class Frame:
    """A frame with pictures: paths in the package, best first, and the cell it is fixed to; -1 when it is fixed to the page."""

    paths: tuple[str, ...]
    row: int
    column: int
    last_row: int


@dataclass
class OdsSheet:
    """What the content says of one table."""

    frames: list[Frame] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    percents: list[Coordinates] = field(default_factory=list)


def ods_sheets(stream: IO[bytes]) -> dict[str, OdsSheet]:
    """Every table of a content.xml, read piece by piece. Raises ElementTree.ParseError for what is no XML."""
    found: dict[str, OdsSheet] = {}
    sheet: OdsSheet | None = None
    row = 0
    depth = 0
    for event, element in ElementTree.iterparse(stream, ("start", "end")):
        kind = _name(element.tag)
        if event == "start":
            if kind == "table":
                depth += 1
                if depth == 1:
                    sheet, row = found.setdefault(_attribute(element, "name"), OdsSheet()), 0
            continue
        if kind == "table":
            depth -= 1
            element.clear()
        elif sheet is not None and depth == 1 and kind == "shapes":
            sheet.frames += [Frame(paths, -1, -1, -1) for paths, _ in _frames(element)]
            element.clear()
        elif sheet is not None and depth == 1 and kind == "table-row":
            times = _times(element, _REPEATED_ROWS)
            _read_row(element, row, times, sheet)
            row += times
            element.clear()
    return found


def _read_row(element: ElementTree.Element, row: int, times: int, sheet: OdsSheet) -> None:
    covered = range(row, row + min(times, MAX_ROWS))
    if _attribute(element, "visibility") in ("collapse", "filter") and times < _MOST_REPEATED:
        sheet.hidden_rows.update(covered)
    column = 0
    for cell in element:
        width = _times(cell, _REPEATED_COLUMNS)
        if _attribute(cell, "value-type") == "percentage" and width * times < _MOST_REPEATED and len(sheet.percents) < MAX_ROWS:
            sheet.percents += [(at, column + offset) for at in covered for offset in range(width)]
        if len(cell):
            sheet.frames += [Frame(paths, row, column, max(last, row)) for paths, last in _frames(cell)]
        column += width


def _frames(element: ElementTree.Element) -> Iterator[tuple[tuple[str, ...], int]]:
    """Paths of the pictures of each frame, and the row its lower end stands in."""
    for part in element.iter():
        if _name(part.tag) == "frame":
            paths = tuple(path for image in part if _name(image.tag) == "image" and (path := _attribute(image, "href")))
            end = _END.search(_attribute(part, "end-cell-address"))
            if paths:
                yield paths, int(end[1]) - 1 if end else -1


def _name(tag: str) -> str:
    return tag.rpartition("}")[2]


def _attribute(element: ElementTree.Element, name: str) -> str:
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def _times(element: ElementTree.Element, name: str) -> int:
    text = _attribute(element, name)
    return max(int(text), 1) if text.isdigit() and len(text) < 9 else 1

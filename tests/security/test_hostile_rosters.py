"""Tables made to break the server: each is refused in Chinese, in bounded time and memory, and the process lives."""

from __future__ import annotations

import io
import re
import sys
import time
import zipfile
from collections.abc import Callable, Iterator

import pytest
import xlsxwriter

from quiz.spreadsheets import sandbox
from quiz.spreadsheets.reading import Unreadable
from quiz.spreadsheets.sandbox import read_grids

HEAD = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
NAMESPACE = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
LAUGHS = (
    b'<!DOCTYPE l [<!ENTITY l0 "lol">'
    + b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
    + b'<!ENTITY f SYSTEM "file:///etc/passwd">]>'
)
SHEET, SHARED, BOOK, RELATIONS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
SECONDS = 20


def package(**_: object) -> dict[str, bytes]:
    """The parts of a small honest workbook."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    sheet = book.add_worksheet("名册")
    sheet.write_row(0, 0, ["企业名称", "统一社会信用代码", "所属区市"])
    book.close()
    with zipfile.ZipFile(target) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(**parts: bytes | Iterator[bytes]) -> bytes:
    """The workbook with some parts replaced or added; `sheet`, `shared`, `book`, `relations` by their short names."""
    names = {"sheet": SHEET, "shared": SHARED, "book": BOOK, "relations": RELATIONS}
    contents: dict[str, bytes | Iterator[bytes]] = {**package(), **{names.get(name, name): part for name, part in parts.items()}}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, part in contents.items():
            with archive.open(name, "w") as stream:
                for piece in [part] if isinstance(part, bytes) else part:
                    stream.write(piece)
    return target.getvalue()


def sheet(rows: bytes, *, before: bytes = b"", after: bytes = b"") -> bytes:
    return HEAD + before + b"<worksheet " + NAMESPACE + b"><sheetData>" + rows + b"</sheetData>" + after + b"</worksheet>"


def texts(megabytes: int) -> Iterator[bytes]:
    """Millions of texts: a thousand times smaller when packed."""
    yield HEAD + b"<sst " + NAMESPACE + b">"
    piece = b"<si><t>aaaaaaaa</t></si>" * 40_000
    yield from (piece for _ in range(megabytes * 2**20 // len(piece)))
    yield b"</sst>"


def understated(data: bytes, name: bytes) -> bytes:
    """The same archive, swearing that this part is tiny."""
    changed = bytearray(data)
    place = changed.rfind(b"PK\x01\x02", 0, changed.rfind(name))
    changed[place + 24 : place + 28] = (1000).to_bytes(4, "little")
    return bytes(changed)


def many_sheets(number: int) -> bytes:
    inside = b"".join(b'<sheet name="s%d" sheetId="%d" r:id="rId1"/>' % (n, n) for n in range(1, number + 1))
    return re.sub(rb"<sheets>.*</sheets>", b"<sheets>" + inside + b"</sheets>", package()[BOOK])


def spreadsheet_of_repetition() -> bytes:
    """OpenDocument: one cell that says it stands a thousand million times."""
    spaces = (
        b'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        b'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    )
    cell = b'<table:table-cell office:value-type="string" table:number-columns-repeated="16384"><text:p>x</text:p></table:table-cell>'
    row = b'<table:table-row table:number-rows-repeated="1048576">' + cell + b"</table:table-row>"
    content = (
        HEAD
        + b"<office:document-content "
        + spaces
        + b'><office:body><office:spreadsheet><table:table table:name="s">'
        + row
        + b"</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", HEAD + b"<manifest/>")
    return target.getvalue()


CORNER = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
FILES: dict[str, tuple[Callable[[], bytes], str]] = {
    "a cell in the last corner": (lambda: packed(sheet=sheet(CORNER)), "too_many_cells"),
    "the same in single quotes": (lambda: packed(sheet=sheet(CORNER.replace(b'"', b"'"))), "damaged"),
    "the same under a prefix": (
        lambda: packed(sheet=re.sub(rb"<(/?)(row|c|v|sheetData|worksheet)", rb"<\1x:\2", sheet(CORNER)).replace(b"xmlns=", b"xmlns:x=")),
        "damaged",
    ),
    "a cell that repeats itself": (spreadsheet_of_repetition, "damaged"),
    "texts that unpack to 200 MB": (lambda: packed(shared=texts(200)), "file_too_large"),
    "texts that lie about their size": (lambda: understated(packed(shared=texts(300)), SHARED.encode()), "damaged"),
    "a billion laughs in the texts": (
        lambda: packed(shared=HEAD + LAUGHS + b"<sst " + NAMESPACE + b"><si><t>&l9;&f;</t></si></sst>"),
        "damaged",
    ),
    "a billion laughs in the book": (lambda: packed(book=package()[BOOK].replace(b"<workbook", LAUGHS + b"<workbook", 1)), "damaged"),
    "five thousand sheets that are one": (lambda: packed(book=many_sheets(5000)), "too_many_sheets"),
    "cells that never end": (lambda: packed(sheet=sheet(b'<row r="1">' + b'<c r="A1" t="e"><f>' * 300_000)), "damaged"),
    "brackets that never close": (lambda: packed(sheet=sheet(b"<c" * 8_000_000)), "damaged"),
    "a row number of ten thousand digits": (
        lambda: packed(sheet=sheet(b'<row r="' + b"9" * 10_000 + b'"><c><v>1</v></c></row>')),
        "damaged",
    ),
    "one line of 50 MB": (lambda: b"a,b,c" + b"x" * (50 * 2**20), "damaged"),
    "a quote that never closes": (lambda: b'a,b,c\n"' + b"x,\n" * (15 * 2**20), "damaged"),
    "two million empty lines": (lambda: b"a,b,c\n" + b",\n" * (2 * 2**20), "too_many_rows"),
    "16 million columns": (lambda: b"a,b,c\n" + b"," * (16 * 2**20), "too_many_rows"),
}


def peak_megabytes() -> float:
    if sys.platform == "win32":
        return 0.0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_is_refused_and_the_server_goes_on(name: str) -> None:
    make, code = FILES[name]
    data = make()
    before, begun = peak_megabytes(), time.monotonic()

    with pytest.raises(Unreadable) as refused:
        read_grids(data)

    assert refused.value.code == code
    assert re.search("[\u4e00-\u9fff]", refused.value.message) and "Traceback" not in refused.value.message
    assert time.monotonic() - begun < SECONDS
    assert peak_megabytes() - before < 3 * len(data) / 2**20 + 60


@pytest.mark.parametrize(
    "data",
    [
        packed(sheet=sheet(b'<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c></row>', after=b"<hyperlinks/>")),
        packed(**{"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0macro", "xl/externalLinks/externalLink1.xml": b"<x/>"}),
        packed(**{"xl/embeddings/inner.zip": packed()}),
        packed(
            sheet=sheet(b'<row r="1"><c r="A1"><v>1</v></c></row>').replace(b"<sheetData>", b'<dimension ref="A1:XFD1048576"/><sheetData>')
        ),
        packed(
            sheet=sheet(
                b'<row r="1"><c r="A1"><v>1</v></c></row>',
                after=b"<mergeCells>" + b'<mergeCell ref="A1:XFD1048576"/>' * 1000 + b"</mergeCells>",
            )
        ),
    ],
    ids=["links", "macros and outside references", "an archive inside", "a boast about its size", "a thousand merges of everything"],
)
def test_what_only_looks_dangerous_is_read_as_values(data: bytes) -> None:
    """Macros are never run, links never followed, embedded files never opened."""
    assert [len(grid.rows) for grid in read_grids(data)] == [1]


@pytest.mark.parametrize(
    "rows", [b"<row><c><v>&l9;&f;</v></c></row>", b"<c" + b' r="A1"' * 2_000_000 + b"/>"], ids=["a billion laughs", "addresses without end"]
)
def test_a_file_that_is_read_all_the_same_unfolds_nothing(rows: bytes) -> None:
    begun = time.monotonic()

    grids = read_grids(packed(sheet=sheet(rows, before=LAUGHS)))

    assert time.monotonic() - begun < SECONDS
    assert len(str(grids)) < 1000 and "lol" not in str(grids) and "root:" not in str(grids)


def test_the_reader_has_not_unbounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "SECONDS", 0.001)

    with pytest.raises(Unreadable) as refused:
        read_grids(packed())

    assert refused.value.code == "too_slow"

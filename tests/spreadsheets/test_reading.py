"""Files that are no table, or that attack the reader, are refused in plain words."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest

from quiz.spreadsheets import reading
from quiz.spreadsheets.reading import Unreadable, open_grids
from tests.organisations.sheets import enterprise, roster, saved

OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600


def archive(**entries: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in entries.items():
            packed.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return file.getvalue()


def far_corner() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["A1"] = "企业名称"
    sheet["XFD1048576"] = "x"
    return saved(book)


def cut_short() -> bytes:
    return roster(enterprise(1))[:900]


def entity_attack() -> bytes:
    content = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><workbook>&a;</workbook>'
    return archive(xl__workbook_xml=content, **{"xl__/rels": b""}, **{"xl___rels/workbook.xml.rels".replace("/", "__"): b"<r/>"})


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"hello", "not_a_table"),
        (b"\x00\x01,\x02" * 50, "not_a_table"),
        (b"\xff,\xff\xff,\xfe\x80\x80", "encoding"),
        (b"PK\x03\x04" + b"x" * 100, "damaged"),
        (archive(readme_xml=b"x"), "not_a_table"),
        (archive(word__document_xml=b"x"), "not_a_table"),
        (OLD, "damaged"),
        (OLD + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (OLD + "WordDocument".encode("utf-16-le"), "not_a_table"),
        (b"<html><table><tr><td>a</td></tr></table></html>", "html"),
    ],
)
def test_what_is_no_table_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        open_grids(data)

    assert refusal.value.code == code
    assert "请" in refusal.value.message


@pytest.mark.parametrize(("make", "code"), [(far_corner, "too_many_cells"), (cut_short, "damaged")])
def test_a_workbook_that_cannot_be_laid_out_is_refused(make: object, code: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        open_grids(make())  # type: ignore[operator]

    assert refusal.value.code == code


def test_a_document_type_declaration_is_never_expanded() -> None:
    with pytest.raises(Unreadable) as refusal:
        open_grids(entity_attack())

    assert refusal.value.code == "damaged"


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_ROWS", 2)

    with pytest.raises(Unreadable) as refusal:
        open_grids(roster(enterprise(1), enterprise(2)))

    assert refusal.value.code == "too_many_rows"

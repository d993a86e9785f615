"""Files that are no roster, or that attack the reader, are refused in plain words; old formats are read."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest

from quiz.organisations import roster_file
from quiz.organisations.reference import Reference
from quiz.organisations.roster_file import UnreadableRoster, open_grids
from quiz.organisations.roster_reader import column_letters, read_roster
from tests.organisations.conftest import Desk, ends
from tests.organisations.sheets import enterprise, roster, saved, xlsx

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
    with pytest.raises(UnreadableRoster) as refusal:
        open_grids(data)

    assert refusal.value.code == code
    assert "请" in refusal.value.message


@pytest.mark.parametrize(("make", "code"), [(far_corner, "too_many_cells"), (cut_short, "damaged")])
def test_a_workbook_that_cannot_be_laid_out_is_refused(make: object, code: str) -> None:
    with pytest.raises(UnreadableRoster) as refusal:
        open_grids(make())  # type: ignore[operator]

    assert refusal.value.code == code


def test_a_document_type_declaration_is_never_expanded() -> None:
    with pytest.raises(UnreadableRoster) as refusal:
        open_grids(entity_attack())

    assert refusal.value.code == "damaged"


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster_file, "MAX_ROWS", 2)

    with pytest.raises(UnreadableRoster) as refusal:
        open_grids(roster(enterprise(1), enterprise(2)))

    assert refusal.value.code == "too_many_rows"


def test_a_file_without_a_header_is_refused() -> None:
    with pytest.raises(UnreadableRoster) as refusal:
        read_roster(xlsx([["一", "二"], ["三", "四"]]), feature=Reference.of_data().feature)

    assert refusal.value.code == "no_header"


def test_an_old_xls_is_read(desk: Desk) -> None:
    data = (Path(__file__).parent / "data" / "legacy.xls").read_bytes()

    assert ends(desk.bring(data)) == (2, 0, 0, 0, 0)


def test_column_letters() -> None:
    assert [column_letters(index) for index in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]

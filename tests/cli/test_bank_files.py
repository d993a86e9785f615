"""Question files from the command line: every row in one of four fates, exports that come back, reasons for what does not fit."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.cli.console import Console

HEAD = ["序号", "题目内容", "选项（用|分隔）", "正确答案", "解析"]
ROWS = [
    [1, "1、进入污水池之前应当先做什么？", "A.通风并检测|B.直接下去|C.戴上口罩", "Ａ", "先通风、再检测"],
    [2, "下列哪些属于有限空间？", "A、污水池|B、储罐|C、会议室", "A、B", ""],
    [3, "发现有人晕倒应当立即跳下去救人。", "", "×", ""],
    [4, "没有答案的题", "A.甲|B.乙", "", ""],
    [5, "答案超出选项", "A.甲|B.乙", "D", ""],
]


def workbook(rows: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    for row in [["某企业安全题库"], [], HEAD, *rows]:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.fixture
def file(own_town: Console) -> Path:
    path = own_town.folder / "题库.xlsx"
    path.write_bytes(workbook(ROWS))
    return path


def counts(answer: dict[str, Any]) -> tuple[int, ...]:
    return tuple(answer[name] for name in ("rows", "accepted", "repaired", "refused", "skipped"))


def listed(console: Console) -> dict[str, int]:
    return {bank["code"]: bank["items"] for bank in console.run("bank", "list", "--json").json["banks"]}


def test_a_file_is_previewed_imported_and_imported_again(own_town: Console, file: Path) -> None:
    before = listed(own_town)
    preview = own_town.run("bank", "import", str(file), "--bank", "own", "--dry-run", "--json")
    untouched = listed(own_town)
    first = own_town.run("bank", "import", str(file), "--bank", "own", "--title", "本厂题库", "--json")
    again = own_town.run("bank", "import", str(file), "--bank", "own", "--json")

    assert untouched == before and listed(own_town) == before | {"own": 3}
    assert [done.code for done in (preview, first, again)] == [1, 1, 1]  # two rows are refused: incomplete
    assert counts(preview.json) == counts(first.json) == (7, *counts(first.json)[1:3], 2, 2)
    assert all(rows == sum(fates) for rows, *fates in (counts(done.json) for done in (preview, first, again)))
    assert sum(counts(first.json)[1:3]) == 3 and counts(again.json) == (7, 0, 0, 2, 5)
    errors = {
        (problem["sheet"], problem.get("cell"), problem["code"]) for problem in first.json["problems"] if problem["severity"] == "error"
    }
    assert errors == {("Sheet", "D7", "missing_answer"), ("Sheet", "D8", "answer_not_in_options")}


def test_the_file_comes_back_with_the_reasons_where_they_belong(own_town: Console, file: Path) -> None:
    marked = own_town.folder / "标注.xlsx"

    own_town.run("bank", "import", str(file), "--bank", "own", "--dry-run", "--fixed", str(marked))

    sheet = openpyxl.load_workbook(marked).active
    comments = {
        cell.coordinate: cell.comment.text for row in sheet.iter_rows() for cell in row if cell.comment and "拒绝" in cell.comment.text
    }
    assert set(comments) == {"D7", "D8"}
    assert "没有答案" in comments["D7"] and "不在选项" in comments["D8"]
    assert sheet["B4"].value == ROWS[0][1]


@pytest.mark.parametrize("form", ["xlsx", "csv", "json", "gift", "moodle-xml", "qti21", "qti30"])
def test_what_is_exported_comes_back_whole(own_town: Console, file: Path, form: str) -> None:
    own_town.run("bank", "import", str(file), "--bank", "own", "--json")
    written = own_town.folder / f"out.{form}"

    exported = own_town.run("bank", "export", "own", "--format", form, "--output", str(written), "--json")
    back = own_town.run("bank", "import", str(written), "--bank", "back", "--json")

    assert (exported.code, exported.json["items"], exported.json["left_out"]) == (0, 3, [])
    assert back.code == 0 and counts(back.json)[1] == 3
    assert listed(own_town)["back"] == 3


def test_what_a_format_cannot_hold_is_named_and_the_rest_is_written(own_town: Console, file: Path) -> None:
    own_town.run("bank", "import", str(file), "--bank", "own", "--json")
    written = own_town.folder / "out.txt"

    done = own_town.run("bank", "export", "own", "--format", "aiken", "--output", str(written), "--json")

    assert (done.code, done.json["items"]) == (1, 2)
    assert [(row["item"], bool(row["reasons"])) for row in done.json["left_out"]] == [("q-0002", True)]


def test_a_printed_bank_is_a_word_document(own_town: Console, file: Path) -> None:
    own_town.run("bank", "import", str(file), "--bank", "own", "--json")
    written = own_town.folder / "out.docx"

    assert own_town.run("bank", "export", "own", "--format", "docx", "--output", str(written)).code == 0
    document = zipfile.ZipFile(written).read("word/document.xml").decode()
    assert "进入污水池之前应当先做什么" in document and "参考答案" in document


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("空.xlsx", b"", "empty_file"),
        ("图.xlsx", b"\x89PNG\r\n\x1a\n0000", "picture"),
        ("旧.doc", b"\xd0\xcf\x11\xe0" + b"W\x00o\x00r\x00d\x00D\x00o\x00c\x00u\x00m\x00e\x00n\x00t\x00" * 40, "old_word"),
        ("坏.docx", b"PK\x03\x04" + b"\x00" * 200, "damaged"),
    ],
)
def test_a_file_that_is_no_bank_is_refused_and_nothing_is_written(own_town: Console, name: str, data: bytes, code: str) -> None:
    path = own_town.folder / name
    path.write_bytes(data)
    before = listed(own_town)

    done = own_town.run("bank", "import", str(path), "--bank", "own", "--json")

    assert (done.code, done.json["error"]["code"]) == (1, code)
    assert listed(own_town) == before


def test_an_unknown_bank_and_a_missing_file_are_said_so(own_town: Console) -> None:
    gone = own_town.run("bank", "import", "不在.xlsx", "--bank", "own", "--json")
    unknown = own_town.run("bank", "export", "none", "--format", "csv", "--output", str(own_town.folder / "x.csv"), "--json")

    assert [done.json["error"]["code"] for done in (gone, unknown)] == ["no_file", "not_found"]

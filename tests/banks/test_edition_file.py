"""The workbook of clauses: what the template holds comes back unchanged, and what is wrong is named by file, sheet, row and column."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quiz.banks import edition_file, files, law_change
from quiz.banks.clause_ids import clause_ids, local_id
from quiz.banks.edition_file import COLUMNS, Cover, UnfitSheet, read_clauses, read_day, read_yaml, write_template
from quiz.banks.files import ClauseDraft, EditionDraft
from quiz.banks.law_change import ClauseText
from quiz.banks.queries import ClauseView
from quiz.problems import Invalid
from quiz.spreadsheets.reading import open_grids
from quiz.vocabulary import ClauseChange
from tests.organisations.sheets import saved, xlsx

TITLES = [column.title for column in COLUMNS]
GOOD = ["第四条第(八)项", "粉尘防爆", "清扫", "每班清扫一次。", "是", ""]


def read(*rows: list[Any], old_ids: tuple[str, ...] = (), header: list[str] = TITLES) -> list[ClauseDraft]:
    return read_clauses(xlsx([header, *rows], title="条款"), file_name="新版.xlsx", edition="dust-2026", old_ids=old_ids)


def views(draft: EditionDraft) -> list[ClauseView]:
    return [ClauseView(c.id, c.ref, c.group, c.heading, c.text, draft.title, c.assessable) for c in draft.clauses]


@pytest.mark.parametrize("path", list(files.standard_files()), ids=lambda path: path.stem)
def test_the_template_of_every_shipped_edition_comes_back_as_that_edition(path: Any) -> None:
    draft = files.read_edition(path)
    data = write_template(views(draft), title=draft.title)

    back = edition_file.clauses_in(
        open_grids(data), file_name="模板.xlsx", edition=f"{draft.edition}-new", old_ids={clause.id for clause in draft.clauses}
    )

    assert [(c.ref, c.group, c.heading, c.text, c.assessable) for c in back] == [
        (c.ref, c.group, c.heading, c.text, c.assessable) for c in draft.clauses
    ]
    changes = law_change.compare(
        [ClauseText(c.id, c.ref, c.heading, c.text) for c in draft.clauses],
        [ClauseText(c.id, c.ref, c.heading, c.text, tuple(c.replaces)) for c in back],
    )
    assert {pair.change for pair in changes.pairs} == {ClauseChange.KEPT}


def test_a_row_becomes_a_clause() -> None:
    found = read(
        GOOD, ["5.10", " 安全 ", "要点", "第一行\n第二行", "否", "dust-2020/1、dust-2020/2"], old_ids=("dust-2020/1", "dust-2020/2")
    )

    assert [clause.model_dump() for clause in found] == [
        {"id": "dust-2026/4-8", "ref": "第四条第(八)项", "group": "粉尘防爆", "heading": "清扫", "text": "每班清扫一次。",
         "assessable": True, "replaces": []},
        {"id": "dust-2026/5.10", "ref": "5.10", "group": "安全", "heading": "要点", "text": "第一行\n第二行", "assessable": False,
         "replaces": ["dust-2020/1", "dust-2020/2"]},
    ]  # fmt: skip


def test_every_fault_is_named_with_its_place_and_what_to_do() -> None:
    with pytest.raises(UnfitSheet) as refusal:
        read(
            GOOD,
            ["", "粉尘", "清扫", "每班清扫。", "也许", "dust-1999/1"],
            [date(2026, 5, 1), "粉尘", "清扫" * 61, "每班清扫。", "", ""],
            old_ids=("dust-2020/1",),
        )

    assert refusal.value.message == "文件“新版.xlsx”有 5 处需要改正，没有载入。第一处：工作表“条款”第 3 行“条款”列，空着。"
    assert [(fault.place, fault.problem) for fault in refusal.value.faults] == [
        ("工作表“条款”第 3 行“条款”列", "空着。"),
        ("工作表“条款”第 3 行“可出题”列", "填的是“也许”。"),
        ("工作表“条款”第 3 行“替代旧条款编号”列", "上一版没有编号为“dust-1999/1”的条款。"),
        ("工作表“条款”第 4 行“条款”列", "被表格软件当成了日期或时间。"),
        ("工作表“条款”第 4 行“要点”列", "有 122 个字，超过 120 个字。"),
    ]
    assert all(fault.action for fault in refusal.value.faults)


def test_a_formula_without_result_is_no_text() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(TITLES)
    sheet.append(["第一条", "组", "要点", "=A1&B1", "是", ""])

    with pytest.raises(UnfitSheet, match="第 2 行“内容”列，公式没有计算结果"):
        read_clauses(saved(book), file_name="新版.xlsx", edition="dust-2026", old_ids=())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "文件“新版.xlsx”：文件是空的"),
        (b"PK\x03\x04 nothing", "文件“新版.xlsx”：文件已损坏"),
        (xlsx([["甲", "乙", "丙"], ["1", "2", "3"]]), "没有条款表：表头应有这些列：条款、分组"),
        (xlsx([["条款", "分组", "要点"], ["1", "2", "3"]], title="表一"), "工作表“表一”缺少“内容”列"),
        (xlsx([TITLES]), "条款表里没有条款"),
    ],
)
def test_a_file_that_is_no_table_of_clauses_is_refused_by_name(data: bytes, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        read_clauses(data, file_name="新版.xlsx", edition="dust-2026", old_ids=())


def test_old_ids_without_an_edition_to_supersede_are_refused() -> None:
    with pytest.raises(UnfitSheet, match="没有选择替代哪一版，却填了旧条款编号"):
        read([*GOOD[:5], "dust-2020/1"])


# 编号 -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        ("第四条第(八)项", "4-8"),
        ("第四条第（八）项", "4-8"),
        ("第九条第二款", "9-p2"),
        ("第九条（第二款）", "9-p2"),
        ("第九条第二款(一)", "9-p2-1"),
        ("第一百零一条", "101"),
        ("第二十一条", "21"),
        ("第十条之一", "10.1"),
        ("第二项第(二)目", "2.2"),
        ("第(六)项", "6"),
        ("5.2.1", "5.2.1"),
        ("4.2 a)", "4.2-a"),
        ("前言", ""),
        ("第三十、三十一条", ""),
    ],
)
def test_an_id_follows_the_reference(ref: str, expected: str) -> None:
    assert local_id(ref) == expected


def test_a_second_fact_of_a_clause_ends_in_2_and_what_is_no_article_in_its_place() -> None:
    assert clause_ids("e", ["第六条", "第六条", "6.2", "前言", "第六条"]) == ["e/6", "e/6.3", "e/6.2", "e/x4", "e/6.4"]


@given(st.lists(st.one_of(st.text(max_size=12), st.sampled_from(["第六条", "6.2", "6.2.2", "x2", "第(二)项", "2"])), max_size=30))
def test_ids_are_unique_whatever_the_references(refs: list[str]) -> None:
    ids = clause_ids("e", refs)

    assert (len(set(ids)), all(id_.startswith("e/") for id_ in ids)) == (len(refs), True)


# 封面、日期、YAML -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"edition": "煤矿"}, "版本编号：只能用"),
        ({"title": " "}, "标题：请填写"),
        ({"effective": None}, "施行日期：请填写"),
        ({"published": date(2026, 8, 1)}, "公布日期晚于施行日期"),
        ({"effective": date(2019, 1, 1)}, "施行日期应晚于被替代版本的施行日期（2020-01-01）"),
    ],
)
def test_a_cover_that_does_not_fit_is_refused_by_field(changes: dict[str, Any], message: str) -> None:
    cover = Cover(**{"standard": "dust", "edition": "dust-2026", "title": "粉尘", "effective": date(2026, 7, 1)} | changes)

    with pytest.raises(Invalid, match=message):
        edition_file.edition_draft(cover, read(GOOD), before=date(2020, 1, 1))


def test_days_are_read_as_people_write_them() -> None:
    assert {read_day(text, name="施行日期") for text in ("2026-07-01", "2026/7/1", "2026年7月1日", "20260701")} == {date(2026, 7, 1)}
    assert read_day(" ", name="施行日期") is None
    with pytest.raises(Invalid, match="施行日期：“明年”不是日期"):
        read_day("明年", name="施行日期")


def test_a_yaml_file_is_read_as_the_shipped_ones_are() -> None:
    path = next(files.standard_files())

    assert read_yaml(path.read_bytes(), file_name=path.name) == files.read_edition(path)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"standard: gas", "文件“新版.yaml”：文件内容不符合格式。title：缺少这一项"),
        ("标准".encode("gb18030"), "不是 UTF-8"),
        (b"x" * (2**20 + 1), "超过 1 MB"),
        (b"[" * 5000, "括号嵌套过深"),
        (b"- " * 6000, "有一行超过"),
        (io.BytesIO(b"a: b\x00").getvalue(), "不能识别的字符"),
    ],
)
def test_a_yaml_file_that_does_not_fit_is_refused_by_name(data: bytes, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        read_yaml(data, file_name="新版.yaml")

"""Ugly spreadsheets, each counted by hand: how every row ends, and what becomes of the questions."""

import io
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.drawing.image import Image
from PIL import Image as Drawing

from quiz.exchange.domain import Fate, Format, Reading
from quiz.exchange.readers.excel import read
from quiz.spreadsheets.reading import Unreadable

HEADER = ("题型", "题干", "选项A", "选项B", "选项C", "选项D", "答案")
ONE = ("单选题", "发现险情首先应当（ ）。", "停止作业", "继续作业", "拍照", "喝水", "A")
TWO = ("多选题", "进入有限空间前应当（ ）。", "通风", "检测", "监护", "抽烟", "ABC")
TRUE = ("判断题", "动火作业应当审批。", "", "", "", "", "对")
LETTER = {Fate.ACCEPTED: "A", Fate.REPAIRED: "M", Fate.REFUSED: "R", Fate.SKIPPED: "S"}

Rows = list[tuple[Any, ...]]


def workbook(*sheets: Rows | tuple[str, Rows], change: Callable[[openpyxl.Workbook], None] | None = None) -> bytes:
    """An xlsx file; `change` does what rows cannot say."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, content in enumerate(sheets, 1):
        name, rows = content if isinstance(content, tuple) else (f"表{number}", content)
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    if change:
        change(book)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def fates(reading: Reading) -> str:
    """One letter a row: A accepted, M mended, R refused, S skipped."""
    return "".join(LETTER[row.fate] for row in reading.rows)


def keys(reading: Reading) -> list[str]:
    return ["".join(row.draft.key) for row in reading.items if row.draft]


def codes(reading: Reading) -> list[list[str]]:
    return [[remark.code for remark in row.remarks] for row in reading.rows]


def said(reading: Reading) -> list[str]:
    return [remark.code for remark in reading.remarks]


def picture(colour: str) -> Image:
    file = io.BytesIO()
    Drawing.new("RGB", (4, 4), colour).save(file, "PNG")
    return Image(io.BytesIO(file.getvalue()))


# Headers --------------------------------------------------------------------------------------------------------------

UGLY: dict[str, tuple[Rows, str, list[str]]] = {
    "as it should be": ([HEADER, ONE, TWO, TRUE], "SAAA", ["A", "ABC", "A"]),
    "other words": (
        [("试题类型", "题目内容", "A", "B", "C", "D", "正确答案", "试题解析", "难易度"), (*ONE, "见规程", "易")],
        "SA",
        ["A"],
    ),
    "remarks in brackets that contradict the data": (
        [("题型（单选/多选/判断）", "题干（必填）", "选项A", "选项B", "选项C", "选项D", "答案（多选用逗号隔开）"), TWO],
        "SA",
        ["ABC"],
    ),
    "stars and blanks in the header": ([("*题型", " 题 干 ", "选项Ａ", "选项 B", "选项_C", "D选项", "※答案"), ONE], "SA", ["A"]),
    "title and instructions above": (
        [("2024年安全生产题库",), ("填写说明：1.请勿修改表头；2.答案只写字母",), (), HEADER, ONE, TWO],
        "SSSAA",
        ["A", "ABC"],
    ),
    "empty leading columns": ([("", "", *HEADER), ("", "", *ONE)], "SA", ["A"]),
    "helper columns between and behind": (
        [("序号", "录入人", *HEADER, "备注", "审核状态"), (1, "张三", *ONE, "重点", "通过"), (2, "李四", *TWO, "", "通过")],
        "SAA",
        ["A", "ABC"],
    ),
    "two-line header": (
        [("题型", "题干", "选项", "", "", "", "答案"), ("", "", "A", "B", "C", "D", ""), ONE, TWO],
        "SSAA",
        ["A", "ABC"],
    ),
    "one header over four columns of options": ([("题型", "题干", "选项", "", "", "", "答案"), ONE, TWO], "SAA", ["A", "ABC"]),
    "header repeated on every page": ([HEADER, ONE, HEADER, TWO], "SASA", ["A", "ABC"]),
    "a second table with other columns": (
        [HEADER, ONE, ("题型", "题干", "答案"), ("判断题", "动火应当审批。", "错")],
        "SASA",
        ["A", "B"],
    ),
    "answer before the options": (
        [("题目", "答案", "A", "B", "C", "D", "备注"), ("发现险情应当（）", "B", "跑", "停", "看", "听", "常错")],
        "SM",
        ["B"],
    ),
    "options called by numbers": (
        [
            ("题型", "题干", "选项1", "选项2", "选项3", "答案"),
            ("单选题", "应当", "跑", "停", "看", 2),
            ("多选题", "应该", "跑", "停", "看", "1,3"),
        ],
        "SMM",
        ["B", "AC"],
    ),
    "type codes explained in the header": (
        [("题型（0单选，1判断，2多选）", *HEADER[1:]), (0, *ONE[1:]), (2, *TWO[1:]), (1, *TRUE[1:])],
        "SAAA",
        ["A", "ABC", "A"],
    ),
    "english header": (
        [
            ("type", "question", "optionA", "optionB", "correct_answer", "explanation"),
            ("single", "What first?", "Stop", "Run", "A", "Rule 1"),
        ],
        "SA",
        ["A"],
    ),
    "a trainee's answers beside the right ones": (
        [("题干", "A选项", "B选项", "正确答案", "你的答案"), ("应当", "停", "跑", "A", "B")],
        "SM",
        ["A"],
    ),
    "category column that holds types": ([("题目分类", *HEADER[1:]), ONE, TWO], "SAA", ["A", "ABC"]),
    # Options -----------------------------------------------------------------------------------------------------------
    "stars between options against what the header says": (
        [
            ("题型", "题目内容", "题目选项(选项之间用##隔开)", "题目答案"),
            ("单选题", "1.应当", "**A.停**B.跑**C.看", "A"),
            ("判断题", "2.应该", "A.正确##B.错误", "B"),
        ],
        "SMM",
        ["A", "B"],
    ),
    "separator as the header says": (
        [("题型", "题干", "选项（用|分隔）", "答案"), ("单选题", "应当", "停|跑|看", "A"), ("多选题", "应该", "停|跑|看", "AC")],
        "SAA",
        ["A", "AC"],
    ),
    "options below each other in rows of their own": (
        [
            ("题型", "题干", "选项", "答案"),
            ("单选题", "应当", "A.停", "B"),
            ("", "", "B.跑", ""),
            ("", "", "C.看", ""),
            ("判断题", "应审批", "", "对"),
        ],
        "SMSSA",
        ["B", "A"],
    ),
    "answer in the row below": (
        [("题型", "题干", "选项", "答案"), ("单选题", "应当", "A.停 B.跑", ""), ("单选题", "", "", "B"), ("判断题", "应审批", "", "对")],
        "SMSA",
        ["B", "A"],
    ),
    "labels repeated inside the columns": ([HEADER, ("单选题", "应当", "A.停", "B.跑", "C.看", "D.", "B")], "SM", ["B"]),
    "numbers as options and as text": ([HEADER, ("单选题", "几年", 1, 2.5, "3", 4.0, "B")], "SA", ["B"]),
    "a gap among the options": ([HEADER, ("单选题", "应当", "停", "", "看", "听", "C")], "SM", ["B"]),
    # Rows that are no question -----------------------------------------------------------------------------------------
    "section titles set the type": (
        [HEADER[1:], ("一、单选题（每题2分）",), ONE[1:], ("二、判断题",), TRUE[1:], ("三、简答题",), ("简述职责", "", "", "", "", "略")],
        "SSASASR",
        ["A", "A"],
    ),
    "rows filled in beforehand": (
        [("序号", *HEADER), (1, *ONE), (2, "单选题"), (3, "单选题"), (4,)],
        "SASSS",
        ["A"],
    ),
    "notes and sums below": ([HEADER, ONE, (), ("合计", "", "", "", "", "", 1), ("注：以上题目供内部使用",)], "SASS", ["A"]),
    "blank rows between": ([HEADER, (), ONE, (" ", "　"), TWO], "SAA", ["A", "ABC"]),
    "identical rows": ([HEADER, ONE, TWO, ONE, ONE], "SAASS", ["A", "ABC"]),
    "same question with another answer": ([HEADER, ONE, (*ONE[:-1], "B"), TRUE, (*TRUE[:-1], "错")], "SAAAA", ["A", "B", "A", "B"]),
    "same stem with other options is another question": (
        [HEADER, ONE, (*ONE[:2], "报警", "救人", "撤离", "等待", "B")],
        "SAA",
        ["A", "B"],
    ),
    # Types and answers -------------------------------------------------------------------------------------------------
    "no type column": ([HEADER[1:], ONE[1:], TWO[1:], TRUE[1:]], "SMMM", ["A", "ABC", "A"]),
    "types that contradict the answers": ([HEADER, ("单选题", *TWO[1:]), ("判断题", *ONE[1:])], "SMM", ["ABC", "A"]),
    "every way to write an answer": (
        [
            HEADER,
            *(
                ("多选题", f"题目{n}", "甲项", "乙项", "丙项", "丁项", answer)
                for n, answer in enumerate(["A,C", "ac", "ＡＣ", "C A", "甲项;丙项", "A.C。", "E", ""])
            ),
        ],
        "SAMMAMARR",
        ["AC"] * 6,
    ),
    "true and false as cells": ([HEADER, (*TRUE[:-1], True), ("判断题", "动火不必审批。", "", "", "", "", False)], "SAA", ["A", "B"]),
    "figures, blanks, order": (
        [
            ("题型", "题干", "A", "B", "C", "答案", "单位", "误差"),
            ("计算题", "求高度", "", "", "", 12.5, "米", 0.5),
            ("填空题", "安全____，预防（ ）。", "", "", "", "第一；为主", "", ""),
            ("排序题", "先后", "报警", "灭火", "撤离", "BAC", "", ""),
            ("计算题", "求范围", "", "", "", "12~13", "", ""),
        ],
        "SAMAR",
        ["12.5", "第一为主", "BAC"],
    ),
    "kinds that cannot be held": (
        [
            HEADER,
            ("简答题", "简述", "", "", "", "", "略"),
            ("论述题", "论述", "", "", "", "", "略"),
            ("操作题", "演示", "", "", "", "", "略"),
            ONE,
        ],
        "SRRRA",
        ["A"],
    ),
    "numbers glued to the stems, some without a sign": (
        [HEADER, *((ONE[0], f"{n}{sign}第{'甲乙丙丁'[n - 1]}项应当", *ONE[2:]) for n, sign in enumerate(["、", ".", "", " "], 1))],
        "SMMMM",
        ["A"] * 4,
    ),
    "answers in the brackets of the stem": (
        [("题型", "题干", "A", "B"), ("单选题", "应当（ A ）。", "停", "跑"), ("判断题", "应当审批。（×）", "", "")],
        "SMM",
        ["A", "B"],
    ),
    "whole question in one cell": ([("题目", "答案"), ("应当（ ）A.停 B.跑 C.看", "B"), ("先（ ）A.停 B.跑", "A")], "SMM", ["B", "A"]),
    # Without a header --------------------------------------------------------------------------------------------------
    "no header at all": ([ONE[1:], TWO[1:], ("进入罐内应当（ ）", "通风", "抽烟", "睡觉", "喝水", "A")], "MMM", ["A", "ABC", "A"]),
    "no header, with type and number": (
        [(1, *ONE), (2, *TWO), (3, "单选题", "进入罐内应当（ ）", "通风", "睡", "吃", "喝", "A")],
        "AAA",
        ["A", "ABC", "A"],
    ),
    "written like a page": (
        [
            ("一、单选题",),
            ("1、发现险情应当（ ）。", "B"),
            ("(A)跑 (B)停 (C)看",),
            ("2、进入罐内应当（ ）。", "A"),
            ("(A)通风 (B)抽烟",),
            ("二、判断题",),
            ("1、动火应当审批。（ ）", "T"),
        ],
        "SMSMSSM",
        ["B", "A", "A"],
    ),
}


@pytest.mark.parametrize("name", UGLY)
def test_ugly_tables_counted_by_hand(name: str) -> None:
    rows, expected, answers = UGLY[name]

    reading = read(workbook(rows))

    assert fates(reading) == expected, codes(reading)
    assert keys(reading) == answers
    filled = sum(any(str(value).strip() not in ("", "None") for value in row) for row in rows)
    assert len(reading.rows) == filled == sum(reading.counts.values())


def test_every_part_of_a_row_comes_along() -> None:
    header = (*HEADER, "解析", "章节", "知识点", "难度", "依据条款", "分值")

    reading = read(workbook([header, (*ONE, "见规程", "第一章", "动火", "难", "安全生产法第二十一条", 2)]))

    row = reading.items[0]
    assert row.draft is not None
    assert (row.draft.stem, row.draft.options) == (ONE[1], dict(zip("ABCD", ONE[2:6], strict=True)))
    assert (row.draft.explanation, row.draft.topic, row.draft.difficulty) == ("见规程", "动火", "hard")
    assert row.clause_text == "安全生产法第二十一条"
    assert (str(row.place), reading.format) == ("工作表“表1” 第 2 行", Format.XLSX)


def test_a_refusal_names_its_cell() -> None:
    reading = read(workbook([HEADER, (*ONE[:-1], "E")]))

    remark = reading.rows[1].remarks[-1]
    assert (remark.code, str(remark.place)) == ("answer_not_in_options", "工作表“表1” G2 单元格")


def test_the_header_that_was_found_is_said() -> None:
    reading = read(workbook([("题库",), ("编号", *HEADER, "录入人"), (1, *ONE, "张三")]))

    assert said(reading) == ["header_found", "unused_columns"]
    assert reading.remarks[0].message == "第 2 行是表头：序号在 A 列，题型在 B 列，题干在 C 列，答案在 H 列，选项在 D–G 列"
    assert "录入人" in reading.remarks[1].message


# Merged cells, hidden things, values ----------------------------------------------------------------------------------


def test_merged_types_and_chapters_speak_for_all_their_rows() -> None:
    rows = [("章节", *HEADER), ("第一章", *ONE), ("", "", *TRUE[1:-1], "对"), ("", "判断题", "高处作业应系安全带。", "", "", "", "", "错")]

    def merge(book: openpyxl.Workbook) -> None:
        sheet = book.active
        sheet["B2"], sheet["C2"], sheet["H2"] = "判断题", "受限空间应先通风。", "对"
        for cell in ("D2", "E2", "F2", "G2"):
            sheet[cell] = None
        sheet.merge_cells("A2:A4")
        sheet.merge_cells("B2:B3")

    reading = read(workbook(rows, change=merge))

    assert (fates(reading), keys(reading)) == ("SAAA", ["A", "A", "B"])
    assert [row.draft.topic for row in reading.items if row.draft] == ["第一章"] * 3


def test_a_stem_merged_over_the_rows_of_its_options_is_one_question() -> None:
    rows = [("题干", "选项", "答案"), ("应当", "A.停", "B"), ("", "B.跑", ""), ("", "C.看", ""), ("先", "A.停\nB.跑", "A")]

    def merge(book: openpyxl.Workbook) -> None:
        book.active.merge_cells("A2:A4")
        book.active.merge_cells("C2:C4")

    reading = read(workbook(rows, change=merge))

    assert (fates(reading), keys(reading)) == ("SMSSM", ["B", "A"])


def test_hidden_sheets_and_rows_are_read_and_said() -> None:
    def hide(book: openpyxl.Workbook) -> None:
        book["表1"].row_dimensions[3].hidden = True
        book["旧题"].sheet_state = "hidden"

    reading = read(workbook([HEADER, ONE, TWO], ("旧题", [HEADER, TRUE]), change=hide))

    assert fates(reading) == "SAASA"
    assert [index for index, row in enumerate(codes(reading)) if "hidden_row" in row] == [2]
    assert "hidden_sheet" in said(reading)


def test_a_formula_without_a_result_is_refused_where_it_matters() -> None:
    def formulas(book: openpyxl.Workbook) -> None:
        book.active["G2"] = "=A1"
        book.active["H3"] = "=NOW()"
        book.active["C4"] = "#REF!"
        book.active["C4"].data_type = "e"

    reading = read(workbook([(*HEADER, "日期"), ONE, TWO, (*ONE[:2], "x", *ONE[3:])], change=formulas))

    assert fates(reading) == "SRAR"
    assert codes(reading)[1] == codes(reading)[3] == ["formula_without_value"]


def test_per_cents_are_read_as_they_are_shown() -> None:
    def per_cents(book: openpyxl.Workbook) -> None:
        for cell, code in (("C2", "0%"), ("D2", "0.0%"), ("E2", "General"), ("F2", "0.00")):
            book.active[cell].number_format = code

    reading = read(workbook([HEADER, ("单选题", "浓度", 0.5, 0.125, 0.5, 3.3000000000000003, "A")], change=per_cents))

    draft = reading.items[0].draft
    assert draft is not None and list(draft.options.values()) == ["50%", "12.5%", "0.5", "3.3"]


def test_dates_that_were_something_else_are_said() -> None:
    def yearless(book: openpyxl.Workbook) -> None:
        book.active["C2"].number_format = 'm"月"d"日"'

    reading = read(workbook([HEADER, ("单选题", "几人", date(2024, 1, 2), date(2024, 3, 4), "5人", "6人", "A")], change=yearless))

    draft = reading.items[0].draft
    assert draft is not None and list(draft.options.values()) == ["1月2日", "2024-03-04", "5人", "6人"]
    assert (fates(reading), codes(reading)[1]) == ("SM", ["date_cell", "date_cell"])


def test_a_date_as_the_answer_of_a_blank_is_refused() -> None:
    reading = read(workbook([("题型", "题干", "答案"), ("填空题", "比例为____", date(2024, 2, 3)), ("填空题", "共____人", 3)]))

    assert (fates(reading), codes(reading)[1]) == ("SRA", ["date_cell"])


# Sheets ---------------------------------------------------------------------------------------------------------------


def test_sheets_called_after_types_give_the_type() -> None:
    reading = read(
        workbook(
            ("单选题", [HEADER[1:], ONE[1:]]),
            ("判断题", [("题干", "答案"), ("应审批", "错")]),
            ("简答题", [("题干", "答案"), ("简述", "略")]),
        )
    )

    assert (fates(reading), keys(reading)) == ("SASASR", ["A", "B"])


def test_a_sheet_without_a_header_takes_the_columns_of_the_one_before() -> None:
    reading = read(workbook([HEADER, ONE], [TWO, TRUE]))

    assert (fates(reading), keys(reading)) == ("SAAA", ["A", "ABC", "A"])
    assert "layout_inherited" in said(reading)


def test_a_sheet_that_is_no_bank_is_passed_over_row_by_row() -> None:
    reading = read(workbook([HEADER, ONE], ("人员", [("姓名", "电话"), ("张三", "123"), ("李四", "456")]), ("空", [])))

    assert fates(reading) == "SASSS"
    assert codes(reading)[2:] == [["sheet_not_a_bank"]] * 3
    assert "姓名 | 电话" in reading.remarks[-1].message


@pytest.mark.parametrize(
    "rows",
    [
        [("姓名", "部门", "电话"), ("张三", "安全科", "123"), ("李四", "生产科", "456")],
        [("题目", "分数"), ("语文", 90), ("数学", 95)],
        [("今天检查发现以下问题",), ("灭火器过期",)],
        [("序号", "隐患内容", "整改人"), (1, "通道堵塞", "王五")],
    ],
)
def test_a_workbook_that_is_no_bank_is_refused_with_what_was_found(rows: Rows) -> None:
    with pytest.raises(Unreadable) as refusal:
        read(workbook(rows))

    assert refusal.value.code == "not_a_bank"
    assert str(rows[0][0]) in refusal.value.message


def test_an_empty_workbook_is_refused() -> None:
    with pytest.raises(Unreadable, match="没有内容"):
        read(workbook([]))


# Pictures -------------------------------------------------------------------------------------------------------------


def test_pictures_stay_with_the_item_of_their_row() -> None:
    def draw(book: openpyxl.Workbook) -> None:
        for colour, cell in (("red", "B2"), ("blue", "D3"), ("green", "A9")):
            book.active.add_image(picture(colour), cell)

    reading = read(workbook([HEADER, ONE, TWO, TRUE], change=draw))

    assert [[kept.where for kept in row.pictures] for row in reading.rows] == [[], ["stem"], ["B"], []]
    assert reading.rows[1].pictures[0].media_type == "image/png"
    assert [str(remark.place) for remark in reading.remarks if remark.code == "picture_without_item"] == ["工作表“表1” A9 单元格"]


def _with_cell_picture(data: bytes) -> bytes:
    """The workbook as WPS writes it with a picture inside a cell."""
    drawn = io.BytesIO()
    Drawing.new("RGB", (4, 4), "red").save(drawn, "PNG")
    names = 'xmlns:etc="http://www.wps.cn/officeDocument/2017/etCustomData" xmlns:xdr="urn:x" xmlns:a="urn:a" xmlns:r="urn:r"'
    inner = '<xdr:pic><xdr:nvPicPr><xdr:cNvPr id="1" name="ID_AB"/></xdr:nvPicPr><xdr:blipFill><a:blip r:embed="rId1"/></xdr:blipFill></xdr:pic>'
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            new.writestr(entry, old.read(entry))
        new.writestr("xl/cellimages.xml", f"<etc:cellImages {names}><etc:cellImage>{inner}</etc:cellImage></etc:cellImages>")
        relation = '<Relationship Id="rId1" Type="http://x/image" Target="media/p.png"/>'
        new.writestr("xl/_rels/cellimages.xml.rels", f'<Relationships xmlns="urn:p">{relation}</Relationships>')
        new.writestr("xl/media/p.png", drawn.getvalue())
    return out.getvalue()


def test_pictures_inside_cells_are_kept_and_their_formula_goes() -> None:
    rows = [
        (*HEADER, "图"),
        (*ONE, '=_xlfn.DISPIMG("ID_AB",1)'),
        ("单选题", '看图应当=DISPIMG("ID_AB",1)', *ONE[2:]),
        (*TWO, '=DISPIMG("ID_NO",1)'),
    ]

    reading = read(_with_cell_picture(workbook(rows)))

    assert [len(row.pictures) for row in reading.rows] == [0, 1, 1, 0]
    assert reading.rows[2].draft is not None and reading.rows[2].draft.stem == "看图应当"
    assert codes(reading)[3] == ["picture_missing"]


def test_hostile_parts_of_a_package_are_left_out_and_said() -> None:
    attack = '<!DOCTYPE a [<!ENTITY b "c">]><etc:cellImages xmlns:etc="urn:e">&b;</etc:cellImages>'
    out = io.BytesIO(workbook([HEADER, ONE]))
    with zipfile.ZipFile(out, "a") as package:
        package.writestr("xl/cellimages.xml", attack)

    reading = read(out.getvalue())

    assert (fates(reading), "part_not_read" in said(reading)) == ("SA", True)


def test_open_document_tables_are_read() -> None:
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    rows = "".join(f"<table:table-row>{''.join(map(cell.format, row))}</table:table-row>" for row in (HEADER, ONE, TWO))
    spaces = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text"))
    sheet = f'<table:table table:name="题库">{rows}</table:table>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        package.writestr(
            "content.xml",
            f"<office:document-content {spaces}><office:body><office:spreadsheet>{sheet}</office:spreadsheet></office:body></office:document-content>",
        )
        package.writestr("META-INF/manifest.xml", "<manifest/>")

    reading = read(out.getvalue())

    assert (fates(reading), keys(reading), said(reading)) == ("SAA", ["A", "ABC"], ["header_found"])


# Text tables ----------------------------------------------------------------------------------------------------------

TABLE = "题型,题干,选项A,选项B,答案\n单选题,应当（ ），不得拖延，,停止作业，报告,继续,A\n判断题,应审批,,,错\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le"])
def test_text_tables_in_every_encoding(encoding: str) -> None:
    reading = read(TABLE.encode(encoding))

    assert (reading.format, fates(reading), keys(reading)) == (Format.CSV, "SAA", ["A", "B"])
    assert str(reading.rows[1].place) == "第 2 行"


@pytest.mark.parametrize("separator", ["\t", ";", "|"])
def test_other_separators_are_found_out(separator: str) -> None:
    reading = read(TABLE.replace(",", separator).encode())

    assert (fates(reading), keys(reading)) == ("SAA", ["A", "B"])


def test_quoted_cells_keep_commas_quotes_and_line_breaks() -> None:
    text = '题干,A,B,答案\n"应当\n立即, ""停止""",停,跑,A\n'

    reading = read(text.encode())

    assert reading.items[0].draft is not None and reading.items[0].draft.stem == '应当\n立即, "停止"'


def test_quotes_that_close_nothing_swallow_no_rows() -> None:
    text = '题干,A,B,答案\n"安全第一"是方针,对吗,不对,A\n"未完的引号,停,跑,B\n应审批,停,跑,A\n'

    reading = read(text.encode())

    assert (fates(reading), keys(reading)) == ("SMMM", ["A", "B", "A"])
    assert said(reading).count("csv_quotes") == 2
    assert reading.items[0].draft is not None and reading.items[0].draft.stem == '"安全第一"是方针'


def test_a_few_broken_characters_are_said() -> None:
    reading = read(TABLE.encode() + "判断题,高处".encode() + b"\xff" + "作业,,,对\n".encode())

    assert (fates(reading), said(reading)[0]) == ("SAAA", "bad_characters")


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "empty_file"), (b"  \n", "empty_file"), (b"\x00\x00\x01\x02" * 9, "not_a_table"), ("你好\n".encode(), "not_a_bank")],
)
def test_what_is_no_table_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        read(data)

    assert refusal.value.code == code


CELLS = st.one_of(
    st.text(max_size=12),
    st.integers(-5, 99),
    st.booleans(),
    st.none(),
    st.sampled_from(["A", "AB", "对", "单选题", "A.停B.走", "一、单选题"]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(CELLS, max_size=8), max_size=12))
def test_every_row_that_holds_something_is_accounted_for(rows: list[list[Any]]) -> None:
    clean = [
        [value if not isinstance(value, str) else "".join(sign for sign in value if sign.isprintable()) for value in row] for row in rows
    ]
    clean = [["'" + value if isinstance(value, str) and value[:1] in "=#" else value for value in row] for row in clean]

    reading = read(workbook([HEADER, ONE, *map(tuple, clean)]))

    filled = sum(any(value is not None and str(value).strip() for value in row) for row in clean)
    assert len(reading.rows) == filled + 2 == sum(reading.counts.values())
    assert all(row.place.line for row in reading.rows)
    assert len({row.place for row in reading.rows}) == len(reading.rows)

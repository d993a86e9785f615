"""What real banks in circulation do with rows and columns, each in a few rows of our own: whole outcomes, counted by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import openpyxl
import pytest

from quiz.exchange.domain import Fate, Reading
from quiz.exchange.readers.excel import read
from quiz.spreadsheets.reading import Unreadable
from tests.exchange.test_excel import HEADER, ONE, TRUE, TWO, Rows, codes, fates, workbook

CHOICE = ("题干", "A", "B", "C", "D", "答案")


def asked(reading: Reading) -> list[tuple[str, str, list[str], str]]:
    """Type, stem, texts of options and key of every item."""
    drafts = [row.draft for row in reading.items if row.draft]
    return [(draft.type.value, draft.stem, list(draft.options.values()), "；".join(draft.key)) for draft in drafts]


FOUR = ["停", "跑", "看", "听"]
BANKS: dict[str, tuple[Rows, str, list[tuple[str, str, list[str], str]]]] = {
    "headers in the long signs": (
        [("題型", "題目內容", "選項A", "選項B", "正確答案", "解析"), ("單選題", "應當", "停", "跑", "B", "見規程")],
        "SA",
        [("single", "應當", ["停", "跑"], "B")],
    ),
    "headers of a program": (
        [("questionAnswer", "questionContent", "optionContent", "questionExplain", "questionType"),
         ("A,B", "应当", '[{"optionContent":"停"},{"optionContent":"看"}]', "见规程", 3)],
        "SM",
        [("multiple", "应当", ["停", "看"], "A；B")],
    ),
    "headers with a letter before each word": (
        [("qnumber", "qstem", "qA", "qB", "qC", "qD", "qTrue"), *((n, f"题{n}应当", *FOUR, figure) for n, figure in enumerate([4, 3, 1, 2], 1))],
        "SMMMM",
        [("single", f"题{n}应当", FOUR, letter) for n, letter in enumerate("DCAB", 1)],
    ),
    "letter before the word option, or project behind it": (
        [("题目", "AOption", "BOption", "C项", "D项目", "Answer"), ("应当", *FOUR, "D")],
        "SM",
        [("single", "应当", FOUR, "D")],
    ),
    "figures from nothing on name the options": (
        [CHOICE, *((f"题{n}应当", *FOUR, figure) for n, figure in enumerate([0, 3, 1]))],
        "SMMM",
        [("single", f"题{n}应当", FOUR, letter) for n, letter in enumerate("ADB")],
    ),
    "figures that could count from anywhere name nothing": ([CHOICE, *((f"题{n}应当", *FOUR, 2) for n in range(4))], "SRRRR", []),
    "one and two for right and wrong": (
        [("题干", "选项", "答案"), ("应当审批。", "", 1), ("不必审批。", "", 2), ("应当", "A.停 B.跑", "A")],
        "SMMM",
        [("true_false", "应当审批。", ["正确", "错误"], "A"), ("true_false", "不必审批。", ["正确", "错误"], "B"), ("single", "应当", ["停", "跑"], "A")],
    ),
    "a figure that may be a tick or a number is refused": ([("题干", "类型", "答案"), ("应当审批", 2, 0), ("不必审批", 2, 1)], "SRR", []),
    "dollar and semicolon between options": (
        [("题型", "题干", "选项", "答案"), ("单选题", "应当", "停；等$;$跑 $;$看\n听", "C"), ("判断题", "应审批", "正确$;$错误", "B")],
        "SMM",
        [("single", "应当", ["停；等", "跑", "看\n听"], "C"), ("true_false", "应审批", ["正确", "错误"], "B")],
    ),
    "signs of formulas divide nothing": (
        [("题目", "选项", "答案"), ("应当", r"\four{$a$,$b$}{$\nu$}", "A"), ("应该", "停|跑", "A")],
        "SRM",
        [("single", "应该", ["停", "跑"], "A")],
    ),
    "lists as Python writes them": (
        [("题目", "选项", "答案"), ("应当", "['停', '跑', 'B级']", "['B']"), ("应当做到", "['停', '跑', '看']", "['A', 'C']")],
        "SMM",
        [("single", "应当", ["停", "跑", "B级"], "B"), ("multiple", "应当做到", ["停", "跑", "看"], "A；C")],
    ),
    "numbered columns with lettered texts": (
        [("题目", "选项1", "选项2", "选项3", "答案"), ("应当", "A、停", "B、跑", "C、看", "B"), ("应该", "A停止", "B跑开", "C看着", "AC")],
        "SMM",
        [("single", "应当", ["停", "跑", "看"], "B"), ("multiple", "应该", ["停止", "跑开", "看着"], "A；C")],
    ),
    "nothing twice is no option": (
        [HEADER, ("判断题", "应审批", "对", "错", "无", "无", "B"), ("单选题", "应当", "否", "是", "无", "无", "A"), ("单选题", "几种", "一", "二", "三", "无", "D")],
        "SMMA",
        [("true_false", "应审批", ["对", "错"], "B"), ("single", "应当", ["否", "是"], "A"), ("single", "几种", ["一", "二", "三", "无"], "D")],
    ),
    "options hold what fills the blanks": (
        [HEADER, ("填空题", "安全第一，（）为主", "预防", "", "", "", "A"), ("填空题", "（）和（）", "甲", "乙", "", "", "AB")],
        "SMM",
        [("blank", "安全第一，____为主", [], "预防"), ("blank", "____和____", [], "甲；乙")],
    ),
    "three strokes between accepted texts": (
        [("题型", "题干", "答案"), ("填空题", "定期____", "校验|||验证")],
        "SA",
        [("blank", "定期____", [], "校验|验证")],
    ),
    "options behind the stem, told by the answer": (
        [("题目", "题目类型", "答案"), ("包括（）&停止作业&组织撤离&继续作业", 1, "停止作业&组织撤离"), ("先（）&断电&验电", 0, "断电")],
        "SMM",
        [("multiple", "包括（）", ["停止作业", "组织撤离", "继续作业"], "A；B"), ("single", "先（）", ["断电", "验电"], "A")],
    ),
    "answers that repeat label and letters of the option": (
        [CHOICE, ("血型最多的是", "A、A和O", "B、A和B", "C、O", "D、B", "A、A和O"), ("计算机是", "A、图灵机", "B、ENIAC", "C、Z", "D、ABC", "B、ENIAC")],
        "SMM",
        [("single", "血型最多的是", ["A和O", "A和B", "O", "B"], "A"), ("single", "计算机是", ["图灵机", "ENIAC", "Z", "ABC"], "B")],
    ),
    "options in the rows below the stem": (
        [("题型", "答案", "问题"), ("单选题", "B", "应当"), ("", "", "A. 停"), ("", "", "B. 跑"), ("判断题", "对", "应审批")],
        "SMSSA",
        [("single", "应当", ["停", "跑"], "B"), ("true_false", "应审批", ["正确", "错误"], "A")],
    ),
    "a column of types that holds subjects": (
        [("类型", "题目", "A", "B", "答案"), ("动火作业", "应当", "停", "跑", "A"), ("高处作业", "应该", "停", "跑", "B")],
        "SMM",
        [("single", "应当", ["停", "跑"], "A"), ("single", "应该", ["停", "跑"], "B")],
    ),
    "codes for types beside a chapter that names them": (
        [("章", "试题内容", "试题类型", "正确选项", "A", "B"), ("单选题", "应当", 1, "A", "停", "跑"), ("多选题", "应该", 2, "A", "停", "跑")],
        "SAA",
        [("single", "应当", ["停", "跑"], "A"), ("multiple", "应该", ["停", "跑"], "A")],
    ),
    "labels inside every row": (
        [(f"第{n}件事应当怎样做？（ ）", "停", "跑", "看", "听", "正确答案：", letter, "答案解析：", "见规程") for n, letter in enumerate("ABCDAB")],
        "MMMMMM",
        [("single", f"第{n}件事应当怎样做？（ ）", FOUR, letter) for n, letter in enumerate("ABCDAB")],
    ),
    "no header, blanks and what fills them": (
        [("地铁分（ ）期", "三", 1), ("设计年限以（ ）为准", "通车年", 2), ("简述各期的区别？", "略", 3)],
        "MMR",
        [("blank", "地铁分____期", [], "三"), ("blank", "设计年限以____为准", [], "通车年")],
    ),
    "no header, the answer as a text among the options": (
        [(f"第{n}件事应当怎样？", text, "A:停止 B:跑开 C:看着", "单选题") for n, text in enumerate(["停止", "看着", "跑开"])],
        "MMM",
        [("single", f"第{n}件事应当怎样？", ["停止", "跑开", "看着"], letter) for n, letter in enumerate("ACB")],
    ),
    "example rows of a template": (
        [HEADER, ("单选题", "（示例，请删除）应当", *FOUR, "A"), ("单选题", "示例：应当", *FOUR, "A"), ONE],
        "SSSA",
        [("single", ONE[1], list(ONE[2:6]), "A")],
    ),
    "units that differ are two questions": (
        [("题型", "题干", "答案", "单位"), ("计算题", "高度是多少？", 2, "米"), ("计算题", "高度是多少？", 2, "厘米")],
        "SAA",
        [("numeric", "高度是多少？", [], "2"), ("numeric", "高度是多少？", [], "2")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BANKS)
def test_real_habits_counted_by_hand(name: str) -> None:
    rows, expected, items = BANKS[name]

    reading = read(workbook(rows))

    assert (fates(reading), asked(reading)) == (expected, items), codes(reading)
    assert len(reading.rows) == len(rows) == sum(reading.counts.values())


def test_options_and_answer_without_a_stem_are_no_bank() -> None:
    rows = [("是否启用", "A", "B", "C", "题干图片1", "答案"), *(("TRUE", "停", "跑", "看", f"图{n}", "A") for n in range(4))]

    with pytest.raises(Unreadable, match="有选项和答案，没有题干列"):
        read(workbook(rows))


def test_options_in_two_languages_side_by_side_are_not_guessed() -> None:
    rows = [(n, f"第{n}件事应当怎样做", "停", "stop", "跑", "run", "看", "look", "听", "hear", "ABCD"[n % 4]) for n in range(24)]

    with pytest.raises(Unreadable):
        read(workbook(rows))


def test_a_picture_that_is_only_named_is_said() -> None:
    reading = read(workbook([(*HEADER, "图片"), (*ONE, "fire.png"), TWO]))

    assert (fates(reading), codes(reading)[1]) == ("SMA", ["picture_not_in_file"])


def test_columns_beside_an_inherited_header_are_said_and_explanations_found() -> None:
    reading = read(workbook([HEADER, ONE], [(*TWO, "解析：见规程", "张三")]))

    assert [row.draft.explanation for row in reading.items if row.draft] == ["", "解析：见规程"]
    assert [remark.message for remark in reading.remarks if remark.code == "unused_columns"] == ["这些列没有用到：I 列"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
def test_a_table_of_text_reads_the_same_however_it_is_written(encoding: str, separator: str) -> None:
    text = "\r\n".join(separator.join(f'"{cell}"' for cell in row) for row in (HEADER, ONE, TWO, TRUE))

    assert asked(read(text.encode(encoding))) == asked(read(workbook([HEADER, ONE, TWO, TRUE])))


def test_apostrophes_around_cells_are_quotes() -> None:
    text = "\n".join(",".join(f"'{cell}'" if cell else "" for cell in row) for row in (HEADER, ONE, TWO, TRUE))

    assert asked(read(text.encode())) == asked(read(workbook([HEADER, ONE, TWO, TRUE])))


# Cases ----------------------------------------------------------------------------------------------------------------

PLAIN = ("题型", "题干", "A", "B", "答案")
ASKED = [("single", "等级", "A"), ("true_false", "应报告", "A")]
CASES: dict[str, tuple[Rows, str, list[tuple[str, list[tuple[str, str, str]]]]]] = {
    "a row that tells it, then its questions by number": (
        [PLAIN, ("案例分析题", "某厂发生事故。"), ("单选题", "（1）等级", "一般", "较大", "A"), ("判断题", "（2）应报告", "", "", "对"), TRUE[:2] + ("", "", "错")],
        "SMSSA",
        [("某厂发生事故。", ASKED)],
    ),
    "two cases after each other, types left empty": (
        [PLAIN, ("案例题", "一厂"), ("", "(1)等级", "一般", "较大", "A"), ("", "(2)应报告", "", "", "√"), ("案例题", "二厂"), ("", "①等级", "一般", "较大", "A"),
         ("", "②应报告", "", "", "√")],
        "SMSSMSS",
        [("一厂", ASKED), ("二厂", ASKED)],
    ),
    "numbers 2-1 and 2-2": (
        [("题号", *PLAIN), ("1", *TRUE[:2], "", "", "错"), ("2", "案例题", "某厂"), ("2-1", "单选题", "等级", "一般", "较大", "A"), ("2-2", "判断题", "应报告", "", "", "对")],
        "SAMSS",
        [("某厂", ASKED)],
    ),
    "numbers that became dates": (
        [("题号", *PLAIN), (1, "案例题", "某厂"), (date(2024, 1, 1), "单选题", "等级", "一般", "较大", "A"), (date(2024, 1, 2), "判断题", "应报告", "", "", "对")],
        "SMSS",
        [("某厂", ASKED)],
    ),
    "the material repeated in every row": (
        [("材料", *PLAIN), ("某厂", "单选题", "等级", "一般", "较大", "A"), ("某厂", "判断题", "应报告", "", "", "对"), ("", *TRUE[:2], "", "", "错")],
        "SMSA",
        [("某厂", ASKED)],
    ),
    "the material in the first row, the questions by number": (
        [("材料", *PLAIN), ("某厂", "单选题", "（1）等级", "一般", "较大", "A"), ("", "判断题", "（2）应报告", "", "", "对")],
        "SMS",
        [("某厂", ASKED)],
    ),
    "the material in the first row, and no numbers": (
        [("材料", *PLAIN), ("某厂", "单选题", "等级", "一般", "较大", "A"), ("", "判断题", "应报告", "", "", "对"), ("", *TRUE[:2], "", "", "错")],
        "SRRR",
        [],
    ),
    "a section title over it": (
        [PLAIN[1:], ("三、案例分析题",), ("某厂",), ("（1）等级", "一般", "较大", "A"), ("（2）应报告", "", "", "对"), ("四、判断题",), ("应当审批", "", "", "错")],
        "SSMSSSA",
        [("某厂", ASKED)],
    ),
    "tied by the number of the case": (
        [("编号", "父题编号", *PLAIN), ("9", "", "案例题", "某厂"), ("10", "9", "单选题", "等级", "一般", "较大", "A"), ("11", "9", "判断题", "应报告", "", "", "对"), ("12", "", *TRUE[:2], "", "", "错")],
        "SMSSA",
        [("某厂", ASKED)],
    ),
    "no questions that could be its own": ([PLAIN, ("案例分析题", "某厂发生事故。"), ("单选题", "应当", "停", "跑", "A")], "SRA", []),
    "one of its questions has no answer": (
        [PLAIN, ("案例分析题", "某厂发生事故。"), ("单选题", "（1）等级", "一般", "较大", ""), ("判断题", "（2）应报告", "", "", "对")],
        "SRSS",
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_cases_in_rows_counted_by_hand(name: str) -> None:
    rows, expected, cases = CASES[name]

    reading = read(workbook(rows))

    told = [row.draft for row in reading.items if row.draft and row.draft.parts]
    assert fates(reading) == expected, codes(reading)
    assert [(draft.stem, [(part.type.value, part.stem, "".join(part.key)) for part in draft.parts]) for draft in told] == cases


def test_a_merged_material_speaks_for_its_rows_only() -> None:
    def merge(book: openpyxl.Workbook) -> None:
        book.active.merge_cells("A2:A3")

    rows: Rows = [
        ("案例材料", *PLAIN),
        ("某厂", "单选题", "等级", "一般", "较大", "A"),
        (None, "判断题", "应报告", "", "", "对"),
        (None, *TRUE[:2], "", "", "错"),
    ]

    reading = read(workbook(rows, change=merge))

    assert (fates(reading), [len(row.draft.parts) for row in reading.items if row.draft]) == ("SMSA", [2, 0])


def test_a_material_with_one_question_goes_before_its_stem() -> None:
    reading = read(
        workbook([("材料", *PLAIN), ("某厂", "单选题", "等级", "一般", "较大", "A"), ("二厂", "判断题", "应报告", "", "", "对")])
    )

    assert [item[:2] for item in asked(reading)] == [("single", "某厂\n等级"), ("true_false", "二厂\n应报告")]


def test_a_refused_case_names_the_row_that_is_to_blame() -> None:
    rows, _, _ = CASES["one of its questions has no answer"]

    remarks = read(workbook(rows)).rows[1].remarks

    assert [remark.code for remark in remarks] == ["missing_answer", "case_part_refused"]
    assert (remarks[0].message, str(remarks[0].place)) == ("第 1 小题（工作表“表1” 第 3 行）：没有答案", "工作表“表1” E3 单元格")


def test_what_stands_beside_a_case_and_its_questions_comes_along() -> None:
    header: tuple[Any, ...] = (*PLAIN, "解析", "知识点", "难度", "依据条款")
    rows: Rows = [
        header, ("案例题", "某厂", "", "", "", "总的说来", "事故", "难", "第八十三条"), ("单选题", "（1）等级", "一般", "较大", "A", "见条例"),
        ("判断题", "（2）应报告", "", "", "对", "立即"),
    ]  # fmt: skip

    row = read(workbook(rows)).items[0]

    assert row.draft is not None and row.fate is Fate.REPAIRED
    assert (row.draft.topic, row.draft.difficulty, row.clause_text) == ("事故", "hard", "第八十三条")
    assert row.draft.explanation == "总的说来\n（1）见条例\n（2）立即"

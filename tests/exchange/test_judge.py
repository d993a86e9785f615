"""Judging single questions: what messy texts come to, row by row as a person would read them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quiz.exchange.domain import Fate, Picture, Place, RawQuestion, ReadRow
from quiz.exchange.judge import judge
from quiz.exchange.wording import tidy, without_number
from quiz.vocabulary import Difficulty, ItemKind, ItemType

ROW = Place("题库", line=2)
FOUR = ("停止作业", "继续作业", "报告领导", "撤离现场")
ACCEPTED, REPAIRED, REFUSED = Fate.ACCEPTED, Fate.REPAIRED, Fate.REFUSED


def question(stem="发现险情应当（ ）。", type_text="单选题", options=FOUR, answer="A", *, text="", **extra) -> ReadRow:
    labelled = options if options and isinstance(options[0], tuple) else tuple(zip("ABCDEFGH", options, strict=False))
    return judge(RawQuestion(ROW, stem, type_text, tuple(labelled), text, answer, extra=extra))


def codes(row: ReadRow) -> list[str]:
    return [remark.code for remark in row.remarks]


def came_to(row: ReadRow) -> tuple[object, ...]:
    """Fate, type, key and codes; without an item fate and codes only."""
    if row.draft is None:
        return row.fate, *codes(row)
    return row.fate, row.draft.type.value, "".join(row.draft.key), *codes(row)


# Stems ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stem", "plain"),
    [
        ("12、动火作业", "动火作业"),
        ("12.动火作业", "动火作业"),
        ("12．动火作业", "动火作业"),
        ("（3）动火作业", "动火作业"),
        ("(3)、动火作业", "动火作业"),
        ("第5题 动火作业", "动火作业"),
        ("第 5 题：动火作业", "动火作业"),
        ("3)动火作业", "动火作业"),
        ("3、10人以上", "10人以上"),
        ("1.2021年修订的安全生产法", "2021年修订的安全生产法"),
        ("2023年发布的标准", None),
        ("3.5米以上的高处", None),
        ("1、2、3号楼", None),
        ("5、6级大风", None),
        ("1-2小时", None),
        ("24小时内", None),
        ("GB 3836.1", None),
        ("（2021年修订）动火", None),
    ],
)
def test_numbering_goes_and_figures_stay(stem: str, plain: str | None) -> None:
    row = question(stem)

    assert row.draft is not None
    assert row.draft.stem == (plain or stem)
    assert codes(row) == (["number_removed"] if plain else [])


def test_a_number_that_the_row_is_known_by_goes_even_without_a_sign() -> None:
    assert without_number("2目前的标准", number="2") == ("目前的标准", True)
    assert without_number("5、6级大风", number="5") == ("6级大风", True)
    assert without_number("2023年发布", number="2023") == ("2023年发布", False)


@pytest.mark.parametrize(
    ("stem", "answer", "left", "outcome"),
    [
        ("应当（ B ）。", "", "应当（　）。", (REPAIRED, "single", "B", "answer_in_stem")),
        (
            "应当(ＡＣ)。",
            "",
            "应当（　）。",
            (REPAIRED, "multiple", "AC", "answer_in_stem", "letters_normalised", "several_answers_for_single"),
        ),
        ("应当（A）。", "A", "应当（　）。", (REPAIRED, "single", "A", "answer_in_stem")),
        ("应当（B）。", "A", "", (REFUSED, "answer_conflict")),
        ("（A）类火灾应当（ ）。", "A", "（A）类火灾应当（ ）。", (ACCEPTED, "single", "A")),
        ("噪声不大于（ ）dB(A)。", "C", "噪声不大于（ ）dB(A)。", (ACCEPTED, "single", "C")),
        ("甲（A）乙（B）丙", "A", "甲（A）乙（B）丙", (ACCEPTED, "single", "A")),
        ("应当（　）。", "A", "应当（　）。", (ACCEPTED, "single", "A")),
    ],
)
def test_an_answer_inside_the_brackets_leaves_them_empty(stem: str, answer: str, left: str, outcome: tuple[object, ...]) -> None:
    row = question(stem, answer=answer)

    assert came_to(row) == outcome
    assert row.draft is None or row.draft.stem == left


def test_odd_blanks_are_mended_and_said_but_outer_ones_pass() -> None:
    assert tidy("  动火\u3000\n") == ("动火", False)
    assert tidy("动\u00a0火\t前\u200b") == ("动 火 前", True)
    assert tidy("应当（\u00a0\u00a0）") == ("应当（　）", True)
    assert tidy("甲\t乙\n丙\t丁") == ("甲\t乙\n丙\t丁", False)


def test_tags_in_the_stem_tell_the_type() -> None:
    before, after = question("【多选题】应当", "", answer="AB"), question("应当（多选）。", "", answer="AB")

    assert came_to(before) == came_to(after) == (REPAIRED, "multiple", "AB", "tag_removed")
    assert before.draft is not None and before.draft.stem == "应当"
    assert after.draft is not None and after.draft.stem == "应当。"


# Answers --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer", ["ABC", "A,B,C", "A，B，C", "A、B、C", "A B C", "CBA", "A;B;C", "A/B/C", "A|B|C", "答案：ABC", "ABC。", "【ABC】", "（ABC）"]
)
def test_letters_in_any_order_and_with_any_sign(answer: str) -> None:
    assert came_to(question(type_text="多选题", answer=answer)) == (ACCEPTED, "multiple", "ABC")


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("ＡＢ", (REPAIRED, "multiple", "AB", "letters_normalised")),
        ("ab", (REPAIRED, "multiple", "AB", "letters_normalised")),
        ("AAB", (REPAIRED, "multiple", "AB", "repeated_letter")),
        ("停止作业；报告领导", (REPAIRED, "multiple", "AC", "answer_text_matched")),
        ("A.停止作业\nC.报告领导", (ACCEPTED, "multiple", "AC")),
        ("A.报告领导", (REFUSED, "answer_conflict")),
        ("ABE", (REFUSED, "answer_not_in_options")),
        ("12", (REFUSED, "answer_not_in_options")),
        ("对", (REFUSED, "answer_not_in_options")),
        ("", (REFUSED, "missing_answer")),
        ("A", (ACCEPTED, "multiple", "A", "one_answer_for_multiple")),
    ],
)
def test_answers_of_a_multiple_choice(answer: str, outcome: tuple[object, ...]) -> None:
    assert came_to(question(type_text="多选题", answer=answer)) == outcome


def test_figures_name_options_only_where_these_are_numbered() -> None:
    numbered = tuple(zip("1234", FOUR, strict=True))

    assert came_to(question(options=numbered, answer="2")) == (REPAIRED, "single", "B", "answer_number_matched")
    assert came_to(question(options=numbered, answer="B")) == (ACCEPTED, "single", "B")
    assert came_to(question(options=("1", "2", "3"), answer="2")) == (REPAIRED, "single", "B", "answer_text_matched")


@pytest.mark.parametrize("word", ["对", "正确", "√", "✓", "T", "true", "TRUE", "是", "Y", "1", "（对）", "答案：对", "√。"])
def test_words_for_right(word: str) -> None:
    row = question(type_text="判断题", options=(), answer=word)

    assert came_to(row) == (ACCEPTED, "true_false", "A")
    assert row.draft is not None and row.draft.options == {"A": "正确", "B": "错误"}


@pytest.mark.parametrize("word", ["错", "错误", "×", "✗", "X", "F", "false", "否", "N", "0", "不正确"])
def test_words_for_wrong(word: str) -> None:
    assert came_to(question(type_text="是非题", options=(), answer=word)) == (ACCEPTED, "true_false", "B")


@pytest.mark.parametrize(
    ("type_text", "options", "answer", "outcome"),
    [
        ("判断题", ("正确", "错误"), "B", (ACCEPTED, "true_false", "B")),
        ("判断题", ("错误", "正确"), "A", (REPAIRED, "true_false", "B", "options_reordered")),
        ("判断题", (), "A", (REPAIRED, "true_false", "A", "letters_assumed")),
        ("判断题", (), "大概", (REFUSED, "answer_not_in_options")),
        ("判断题", ("对", "错"), "AB", (REFUSED, "type_conflict")),
        ("", ("对", "错"), "√", (REPAIRED, "true_false", "A", "type_inferred")),
        ("", (), "错", (REPAIRED, "true_false", "B", "type_inferred")),
        ("单选题", (), "对", (REPAIRED, "true_false", "A", "type_corrected")),
        ("单选题", ("正确", "错误"), "A", (ACCEPTED, "single", "A")),
        ("判断题", FOUR, "C", (REPAIRED, "single", "C", "type_corrected")),
    ],
)
def test_right_or_wrong_against_what_the_type_says(
    type_text: str, options: tuple[str, ...], answer: str, outcome: tuple[object, ...]
) -> None:
    assert came_to(question("进入有限空间先通风（ ）吗", type_text, options, answer)) == outcome


def test_a_statement_with_brackets_behind_it_is_not_made_a_choice() -> None:
    assert came_to(question("氯气比空气轻。（    ）", "判断题", FOUR, "A")) == (REFUSED, "type_conflict")


# Types ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_text", "answer", "outcome"),
    [
        ("单选", "A", (ACCEPTED, "single", "A")),
        ("单项选择题", "A", (ACCEPTED, "single", "A")),
        ("single", "A", (ACCEPTED, "single", "A")),
        ("不定项选择题", "AB", (ACCEPTED, "multiple", "AB")),
        ("选择题", "AB", (REPAIRED, "multiple", "AB", "type_inferred")),
        ("", "A", (REPAIRED, "single", "A", "type_inferred")),
        ("安全操作", "A", (REPAIRED, "single", "A", "type_unknown", "type_inferred")),
        ("计算机基础", "A", (REPAIRED, "single", "A", "type_unknown", "type_inferred")),
        ("单选题", "AB", (REPAIRED, "multiple", "AB", "several_answers_for_single")),
        ("填空题", "B", (REPAIRED, "single", "B", "type_corrected")),
        ("计算题", "B", (REPAIRED, "single", "B", "type_corrected")),
        ("简答题", "A", (REFUSED, "kind_unsupported")),
        ("论述", "A", (REFUSED, "kind_unsupported")),
        ("实操题", "A", (REFUSED, "kind_unsupported")),
    ],
)
def test_types_by_their_many_names(type_text: str, answer: str, outcome: tuple[object, ...]) -> None:
    assert came_to(question(type_text=type_text, answer=answer)) == outcome


def test_a_kind_that_cannot_be_held_is_refused_by_name() -> None:
    assert question("简述职责", "简答题", (), "略").remarks[-1].message == "简答题：安考不收这种题型"
    assert came_to(question("职责是什么？", "", (), "一是建立责任制，二是组织制定规章")) == (REFUSED, "kind_unsupported")
    assert came_to(question("某公司起火……", "案例分析题", (), "应当立即报告")) == (REFUSED, "kind_unsupported")


def test_a_case_with_options_is_a_question_about_a_situation() -> None:
    row = question("某公司起火，应当（ ）", "案例分析（单选）", FOUR, "A")

    assert came_to(row) == (ACCEPTED, "single", "A")
    assert row.draft is not None and row.draft.kind is ItemKind.SCENARIO


# Options --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("**A.正确做法**B.错误做法", ["正确做法", "错误做法"]),
        ("A.停止**B.继续**C.报告", ["停止", "继续", "报告"]),
        ("**A强制性**B科学性**C稳定性**D独立性", ["强制性", "科学性", "稳定性", "独立性"]),
        ("停止##继续##报告", ["停止", "继续", "报告"]),
        ("停止|继续|报告", ["停止", "继续", "报告"]),
        ("停止；继续；报告", ["停止", "继续", "报告"]),
        ("停止\n继续\n报告", ["停止", "继续", "报告"]),
        ("停止    继续    报告", ["停止", "继续", "报告"]),
        ("A.停止 B.继续 C.报告", ["停止", "继续", "报告"]),
        ("A．停止B．继续C．报告", ["停止", "继续", "报告"]),
        ("A、停止B、继续C、报告", ["停止", "继续", "报告"]),
        ("A:停止 B：继续 C:报告", ["停止", "继续", "报告"]),
        ("(A)停止(B)继续(C)报告", ["停止", "继续", "报告"]),
        ("(A)1(B)3(C)5(D)10", ["1", "3", "5", "10"]),
        ("A停止 B继续 C报告", ["停止", "继续", "报告"]),
        ("A停止B继续C报告", ["停止", "继续", "报告"]),
        ("Ａ．停止　Ｂ．继续", ["停止", "继续"]),
        ("a.停止 b.继续", ["停止", "继续"]),
        ("①停止②继续③报告", ["停止", "继续", "报告"]),
        ("1.停止 2.继续 3.报告", ["停止", "继续", "报告"]),
        ("A-停止|B-继续", ["停止", "继续"]),
        ('["停止", "继续"]', ["停止", "继续"]),
        ("A.停止\nB.继续\n直到结束\nC.报告", ["停止", "继续\n直到结束", "报告"]),
        ("A级防火门|B级防火门|C级防火门", ["A级防火门", "B级防火门", "C级防火门"]),
        ("A、B类火灾|C类火灾|D类火灾", ["A、B类火灾", "C类火灾", "D类火灾"]),
        ("A、A级防火门B、B超C、CT", ["A级防火门", "B超", "CT"]),
        ("A.选用B、C级电缆 B.选用D级电缆", ["选用B、C级电缆", "选用D级电缆"]),
        ("A.3tB.5tC.10t", ["3t", "5t", "10t"]),
        ("**A、市级**B县级**C，地区级", ["市级", "县级", "地区级"]),
        ("**A、层楼显示不准确**B、照明不亮 C.触板失效D.门电气", ["层楼显示不准确", "照明不亮", "触板失效", "门电气"]),
        ("(A) 110V (C) 380V (B) 220V", ["110V", "220V", "380V"]),
        ("A.甲\n乙\nC.丙\nD.丁", ["甲", "乙", "丙", "丁"]),
        ("A.甲 B.乙 B.丙 D.丁", ["甲", "乙", "丙", "丁"]),
    ],
)
def test_options_of_one_cell(text: str, options: list[str]) -> None:
    row = question(options=(), text=text, answer="A")

    assert row.draft is not None, row.remarks
    assert list(row.draft.options.values()) == options
    assert row.fate is REPAIRED and "options_split" in codes(row)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("停止 继续 报告", "ambiguous_options"),
        ("**A.30m**A**B.50m**A**C.10m**A", "ambiguous_options"),
        ("**A.甲法**B.乙法**C.**A、**B两种", "ambiguous_options"),
        ("**A水**C湿布D灭火器", "ambiguous_options"),
        ("A.甲 B.甲", "duplicate_option"),
        ("", "too_few_options"),
    ],
)
def test_options_that_nobody_can_tell_apart_are_refused(text: str, code: str) -> None:
    assert came_to(question(options=(), text=text, answer="A"))[-1] == code


def test_the_separator_that_the_header_names_is_no_repair() -> None:
    assert came_to(question(options=(), text="停止#继续", answer="A", option_separator="#")) == (ACCEPTED, "single", "A")
    assert came_to(question(options=(), text="停止、继续", answer="A", option_separator="、")) == (ACCEPTED, "single", "A")


@pytest.mark.parametrize(
    ("options", "kept", "outcome"),
    [
        (("A.停止", "B、继续", "C：报告"), ["停止", "继续", "报告"], (REPAIRED, "single", "A", "label_removed")),
        (("A停止", "B继续", "C报告"), ["停止", "继续", "报告"], (REPAIRED, "single", "A", "label_removed")),
        (("A级", "B级", "C级"), ["A级", "B级", "C级"], (ACCEPTED, "single", "A")),
        (("A、B两种", "A、C两种", "B、C两种"), ["A、B两种", "A、C两种", "B、C两种"], (ACCEPTED, "single", "A")),
        (("停止", "继续", "/", "/"), ["停止", "继续"], (REPAIRED, "single", "A", "placeholder_option", "placeholder_option")),
        ((("A", "停止"), ("C", "继续")), ["停止", "继续"], (REPAIRED, "single", "A", "options_relettered")),
        (("B.停止", "A.继续", "D.报告", "C.撤离"), None, (REFUSED, "ambiguous_options")),
        (("停止",), None, (REFUSED, "too_few_options")),
    ],
)
def test_options_in_columns(options: tuple, kept: list[str] | None, outcome: tuple[object, ...]) -> None:
    row = question(options=options)

    assert came_to(row) == outcome
    assert row.draft is None or list(row.draft.options.values()) == kept


def test_the_key_follows_an_option_that_gets_another_letter() -> None:
    row = question(options=(("A", "停止"), ("C", "继续"), ("D", "报告")), answer="D")

    assert row.draft is not None and (row.draft.options, row.draft.key) == ({"A": "停止", "B": "继续", "C": "报告"}, ["C"])


def test_options_and_answer_behind_the_stem_are_divided() -> None:
    row = judge(RawQuestion(ROW, "下列正确的是（ ）A.停止B.继续C.报告 答案：B"))

    assert came_to(row) == (REPAIRED, "single", "B", "options_in_stem", "type_inferred")
    assert row.draft is not None and row.draft.stem == "下列正确的是（ ）"


def test_options_that_are_pictures_get_a_text_of_their_own() -> None:
    pictures = tuple(Picture(b"x" + letter.encode(), where=letter) for letter in "AB")

    row = judge(RawQuestion(ROW, "哪个标志表示禁止？", "单选题", answer_text="B", pictures=pictures))

    assert row.draft is not None and row.draft.options == {"A": "见图A", "B": "见图B"}
    assert row.pictures == pictures


# Open answers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "figure"),
    [
        ("12.5", ("12.5", "", "")),
        ("12.5±0.5 米", ("12.5", "米", "0.5")),
        ("12.5米±0.5米", ("12.5", "米", "0.5")),
        ("(12.5±0.5)米", ("12.5", "米", "0.5")),
        ("12.5 米（误差0.5）", ("12.5", "米", "0.5")),
        ("1,000", ("1000", "", "")),
        ("０．５", ("0.5", "", "")),
        ("-3.5℃", ("-3.5", "℃", "")),
        ("5%", ("5", "%", "")),
        ("25 m3", ("25", "m3", "")),
        ("100±5%", ("100", "", "5")),
    ],
)
def test_figures_stay_the_same_number(answer: str, figure: tuple[str, str, str]) -> None:
    row = question("求压力", "计算题", (), answer)

    assert row.draft is not None
    assert (row.draft.key[0], row.draft.unit, row.draft.tolerance) == figure


@pytest.mark.parametrize("answer", ["12~13", "1/2", "12至13米", "十二", "12月3"])
def test_what_is_no_single_figure_is_refused(answer: str) -> None:
    assert came_to(question("求压力", "计算题", (), answer)) == (REFUSED, "figure_expected")


def test_unit_and_tolerance_from_columns_of_their_own() -> None:
    row = question("求压力", "计算题", (), "5", unit="MPa", tolerance="±0.1")

    assert row.draft is not None and (row.draft.unit, row.draft.tolerance) == ("MPa", "0.1")
    assert came_to(question("求", "计算题", (), "5米", unit="厘米")) == (REFUSED, "unit_conflict")
    assert "approximate_figure" in codes(question("求", "计算题", (), "约12"))


@pytest.mark.parametrize(
    ("stem", "answer", "left", "key"),
    [
        ("安全____，预防____。", "第一；为主", "安全____，预防____。", ["第一", "为主"]),
        ("安全__，预防________。", "第一;为主", "安全____，预防____。", ["第一", "为主"]),
        ("安全（ ），预防（　）。", "第一 为主", "安全____，预防____。", ["第一", "为主"]),
        ("安全【】，预防【 】。", "第一|为主", "安全____，预防____。", ["第一", "为主"]),
        ("安全____，预防____。", "1.第一 2.为主", "安全____，预防____。", ["第一", "为主"]),
        ("距离____米，宽____米。", "1.5、2.5", "距离____米，宽____米。", ["1.5", "2.5"]),
        ("（一）____级（见附件）", "三级|3级", "（一）____级（见附件）", ["三级|3级"]),
        ("方针是____。", "安全第一、预防为主", "方针是____。", ["安全第一、预防为主"]),
    ],
)
def test_blanks_and_what_fills_them(stem: str, answer: str, left: str, key: list[str]) -> None:
    row = question(stem, "填空题", (), answer)

    assert row.draft is not None, row.remarks
    assert (row.draft.type, row.draft.stem, row.draft.key) == (ItemType.BLANK, left, key)


def test_blanks_that_do_not_match_are_refused() -> None:
    assert came_to(question("安全____，预防____。", "填空题", (), "第一")) == (REFUSED, "blank_count")
    assert came_to(question("安全第一", "填空题", (), "第一")) == (REFUSED, "no_blank")
    assert came_to(question("安全____。", "填空题", (), "")) == (REFUSED, "missing_answer")


@pytest.mark.parametrize("answer", ["CBAD", "C→B→A→D", "C,B,A,D", "c b a d"])
def test_order_is_kept(answer: str) -> None:
    row = question(type_text="排序题", answer=answer)

    assert row.draft is not None and (row.draft.type, row.draft.key) == (ItemType.ORDERING, ["C", "B", "A", "D"])


def test_an_order_that_leaves_something_out_is_refused() -> None:
    assert came_to(question(type_text="排序题", answer="CBA")) == (REFUSED, "answer_not_in_options")


def test_pairs_from_labels_columns_or_joined_texts() -> None:
    labelled = question("配对", "配对题", (("1", "甲"), ("2", "乙"), ("A", "子"), ("B", "丑")), "1-B，2-A")
    columns = question("配对", "匹配题", ("子", "丑"), "1B2A", prompts="1.甲\n2.乙")
    joined = question("配对", "连线题", (), "", text="甲=子|乙=丑")

    for row in (labelled, columns):
        assert row.draft is not None
        assert (row.draft.prompts, row.draft.options, row.draft.key) == ({"1": "甲", "2": "乙"}, {"A": "子", "B": "丑"}, ["1B", "2A"])
    assert joined.draft is not None and {joined.draft.prompts[pair[0]]: joined.draft.options[pair[1]] for pair in joined.draft.key} == {
        "甲": "子",
        "乙": "丑",
    }


# Around the question --------------------------------------------------------------------------------------------------


def test_chapter_difficulty_and_clause_come_along() -> None:
    row = question(chapter="第一章", topic="动火", difficulty="较难", clause="安全生产法第二十一条")

    assert row.draft is not None and (row.draft.topic, row.draft.difficulty) == ("动火", Difficulty.HARD)
    assert row.clause_text == "安全生产法第二十一条"
    assert codes(question(difficulty="0.7")) == ["difficulty_unknown"]


def test_a_remark_names_the_cell() -> None:
    answer = Place("题库", "H2")

    row = judge(RawQuestion(ROW, "应当", "单选题", tuple(zip("AB", FOUR, strict=False)), answer_text="E", places={"answer": answer}))

    assert row.remarks[-1].place == answer
    assert row.excerpt == "应当 停止作业 继续作业 E"


def test_a_question_without_a_stem_is_refused() -> None:
    assert came_to(question("")) == (REFUSED, "no_stem")
    assert came_to(question("12、")) == (REFUSED, "number_removed", "no_stem")


def test_markup_in_a_stem_stays_text() -> None:
    row = question("<script>alert(1)</script>应当")

    assert row.draft is not None and row.draft.stem == "<script>alert(1)</script>应当"


@pytest.mark.parametrize("piece", [" ", "A", "A ", "（", "（A", "1、", "_", ".", "A.", "A、B", "、", "##", "\n", "答案", "1-", "DISPIMG("])
@pytest.mark.parametrize("type_text", ["", "填空题", "计算题", "配对题", "判断题"])
def test_long_repetitions_are_judged_in_no_time(piece: str, type_text: str) -> None:
    long = piece * (30_000 // len(piece))
    started = time.process_time()

    for stem, text, answer in (
        (f"甲{long}乙", "A.停 B.跑", "A"),
        ("应当A.停B.跑" + long + "丙", "", long + "x"),
        ("应当", f"A.停 B.跑{long}丙", "x" + long + "x"),
    ):
        judge(RawQuestion(ROW, stem, type_text, (), text, answer))

    assert time.process_time() - started < 3


@given(st.text(max_size=60), st.text(max_size=6), st.lists(st.text(max_size=12), max_size=5), st.text(max_size=60), st.text(max_size=12))
def test_whatever_it_is_it_ends_as_item_or_refusal(stem: str, type_text: str, options: list[str], text: str, answer: str) -> None:
    row = judge(RawQuestion(ROW, stem, type_text, tuple(zip("ABCDE", options, strict=False)), text, answer))

    assert (row.draft is not None) == (row.fate in (ACCEPTED, REPAIRED))
    assert row.fate is not ACCEPTED or all(remark.code not in ("type_inferred", "options_split") for remark in row.remarks)
    assert row.fate is not REFUSED or row.remarks[-1].severity == "error"


@given(st.lists(st.text("停作业报告撤离", min_size=1, max_size=8), min_size=2, max_size=6, unique=True), st.data())
def test_clean_questions_come_back_as_they_are(options: list[str], data: st.DataObject) -> None:
    key = sorted(data.draw(st.sets(st.sampled_from("ABCDEF"[: len(options)]), min_size=2)))

    row = question("应当做什么？", "多选题", tuple(options), "".join(key))

    assert row.fate is ACCEPTED and row.draft is not None
    assert (list(row.draft.options.values()), row.draft.key) == (options, key)

"""GIFT: what each way of writing a question comes to."""

from __future__ import annotations

from typing import Any

import pytest

from quiz.banks.files import ItemDraft
from quiz.exchange.readers import gift
from quiz.exchange.writers import gift as writer
from quiz.problems import Invalid
from tests.exchange.reading import TRUTH, rows

AB = {"A": "甲", "B": "乙"}
CASES: list[tuple[str, str, dict[str, Any]]] = [
    ("single", "谁负责？{~甲 =乙}", {"fate": "accepted", "type": "single", "stem": "谁负责？", "options": AB, "key": ["B"]}),
    (
        "escapes",
        r"::题 1::1\:2 \{集合\} 3\#4 \~5 \\n 行一\n行二{=a\=b ~c}",
        {"fate": "accepted", "type": "single", "stem": "1:2 {集合} 3#4 ~5 \\n 行一\n行二", "options": {"A": "a=b", "B": "c"}, "key": ["A"]},
    ),
    (
        "missing word",
        "由{=乙 ~甲}负责。",
        {"fate": "accepted", "type": "single", "stem": "由____负责。", "options": {"A": "乙", "B": "甲"}, "key": ["A"]},
    ),
    (
        "weights",
        "选{~%50%甲 ~%-100%乙 ~%50%丙}",
        {"fate": "accepted", "type": "multiple", "stem": "选", "options": {"A": "甲", "B": "乙", "C": "丙"}, "key": ["A", "C"]},
    ),
    (
        "uneven weights",
        "选{~%70%甲 ~%30%乙 ~丙}",
        {"fate": "repaired", "codes": ["weights_dropped"], "type": "multiple", "stem": "选", "options": {"A": "甲", "B": "乙", "C": "丙"}, "key": ["A", "B"]},
    ),
    (
        "partial credit",
        "选{=甲 ~%50%乙}",
        {"fate": "repaired", "codes": ["partial_credit_dropped"], "type": "single", "stem": "选", "options": AB, "key": ["A"]},
    ),
    ("two right of one", "选{=甲 =乙 ~丙}", {"fate": "refused", "codes": ["several_answers_for_single"]}),
    (
        "feedback",
        "选{=甲#对 ~乙#不对 ####见第三条}",
        {"fate": "accepted", "type": "single", "stem": "选", "options": AB, "key": ["A"], "rationales": {"A": "对", "B": "不对"}, "explanation": "见第三条"},
    ),
    (
        "true or false",
        "句。{F#其实不是#没错}",
        {"fate": "accepted", "type": "true_false", "stem": "句。", "options": TRUTH, "key": ["B"], "rationales": {"A": "其实不是", "B": "没错"}},
    ),
    (
        "right and wrong as options",
        "句。{=对 ~错}",
        {"fate": "repaired", "codes": ["type_inferred"], "type": "true_false", "stem": "句。", "options": TRUTH, "key": ["A"]},
    ),
    ("short answer", "首都是{=北京 =北平}。", {"fate": "accepted", "type": "blank", "stem": "首都是____。", "key": ["北京|北平"]}),
    ("short answer at the end", "首都是{=北京}", {"fate": "accepted", "type": "blank", "stem": "首都是____", "key": ["北京"]}),
    ("wildcard", "首都是{=北*}", {"fate": "refused", "codes": ["wildcard_answer"]}),
    (
        "half right",
        "首都{=北京 =%50%北平}",
        {"fate": "repaired", "codes": ["partial_credit_dropped"], "type": "blank", "stem": "首都____", "key": ["北京"]},
    ),
    ("figure", "多少？{#12.50:0.1}", {"fate": "accepted", "type": "numeric", "stem": "多少？", "key": ["12.50"], "tolerance": "0.1"}),
    ("range", "多少？{#1..5}", {"fate": "accepted", "type": "numeric", "stem": "多少？", "key": ["3"], "tolerance": "2"}),
    ("figure and a word for the rest", "多少？{#=3:2 ~#都不对}",
     {"fate": "accepted", "codes": ["feedback_dropped"], "type": "numeric", "stem": "多少？", "key": ["3"], "tolerance": "2"}),
    ("no figure", "多少？{#很多}", {"fate": "refused", "codes": ["figure_expected"]}),
    (
        "matching",
        "配{=一 -> 丙 =二 -> 乙 = -> 甲}",
        {
            "fate": "accepted", "type": "matching", "stem": "配", "options": {"A": "丙", "B": "乙", "C": "甲"},
            "prompts": {"1": "一", "2": "二"}, "key": ["1A", "2B"],
        },
    ),
    ("essay", "谈谈{}", {"fate": "refused", "codes": ["kind_unsupported"]}),
    ("description", "下面是说明。", {"fate": "skipped", "codes": ["not_a_question"]}),
    ("open braces", "谁？{=甲 ~乙", {"fate": "refused", "codes": ["unclosed_braces"]}),
    ("braces twice", "{=甲}和{=乙}", {"fate": "refused", "codes": ["several_answer_blocks"]}),
    (
        "html",
        "[html]<p>水是H<sub>2</sub>O<br/>吗&nbsp;？</p><script>alert(1)</script>{T}",
        {"fate": "repaired", "codes": ["markup_dropped"], "type": "true_false", "stem": "水是H₂O\n吗 ？", "options": TRUTH, "key": ["A"]},
    ),
    (
        "plain stays as it is",
        "[plain]<b>1</b> < 2{T}",
        {"fate": "accepted", "type": "true_false", "stem": "<b>1</b> < 2", "options": TRUTH, "key": ["A"]},
    ),
    (
        "html unsaid",
        "<b>粗</b>体{T}",
        {"fate": "repaired", "codes": ["html_stripped"], "type": "true_false", "stem": "粗体", "options": TRUTH, "key": ["A"]},
    ),
    ("picture elsewhere", '[html]<img src="http://a/b.png">看图{T}', {"fate": "refused", "codes": ["picture_missing"]}),
    (
        "blank line inside",
        "谁？{\n=甲\n\n~乙\n}",
        {"fate": "repaired", "codes": ["blank_line_in_answers"], "type": "single", "stem": "谁？", "options": AB, "key": ["A"]},
    ),
    ("same option twice", "谁？{=甲 ~甲}", {"fate": "refused", "codes": ["duplicate_option"]}),
    ("one option", "谁？{~甲}", {"fate": "refused", "codes": ["too_few_options"]}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [pytest.param(text, expected, id=name) for name, text, expected in CASES])
def test_each_way_of_writing(text: str, expected: dict[str, Any]) -> None:
    assert rows(gift.read(text.encode())) == [expected]


def test_categories_comments_and_lines() -> None:
    text = "\ufeff// 注释\r\n$CATEGORY: $course$/top/第一章//一/用电\r\n\r\n// [id:q1] [tag:难度：难] [tag:杂]\r\n::名::一{T}\r\n二{F}\r\n\r\n三{T}\r\n"

    reading = gift.read(text.encode())

    assert [(row.place.line, row.fate.value) for row in reading.rows] == [(2, "skipped"), (5, "repaired"), (6, "repaired"), (8, "accepted")]
    assert [row.draft.topic for row in reading.items if row.draft] == ["第一章/一/用电"] * 3
    assert [row.draft.difficulty.value for row in reading.items if row.draft] == ["hard", "hard", "medium"]
    assert [remark.code for remark in reading.remarks] == ["names_dropped"]


def test_gb18030_is_read() -> None:
    assert rows(gift.read("安全吗？{T}".encode("gb18030")))[0]["stem"] == "安全吗？"


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(Invalid, match="编码"):
        gift.read(b"\xff\xff\xff\x81")


def test_what_gift_cannot_hold_is_said() -> None:
    order = ItemDraft.model_validate({"code": "a", "type": "ordering", "stem": "排", "options": {"A": "1", "B": "2"}, "key": ["B", "A"]})
    metres = ItemDraft.model_validate({"code": "b", "type": "numeric", "stem": "长", "key": ["1"], "unit": "米"})
    arrow = ItemDraft.model_validate({"code": "c", "type": "blank", "stem": "写____", "key": ["a->b"]})

    assert writer.cannot_hold(order) == ["GIFT 不能保存排序题"]
    assert writer.cannot_hold(metres) == ["GIFT 不能保存计算题的单位"]
    assert writer.left_out(arrow) == ["GIFT 不能保存这道题的写法，再导入时会被拒绝"]
    assert writer.write("题库", [order, metres, arrow], {}) == "// 题库\n\n".encode()

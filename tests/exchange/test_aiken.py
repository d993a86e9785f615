"""Aiken: what each way of writing a question comes to."""

from __future__ import annotations

from typing import Any

import pytest

from quiz.banks.files import ItemDraft
from quiz.exchange.readers import aiken
from quiz.exchange.writers import aiken as writer
from tests.exchange.reading import TRUTH, rows

AB = {"A": "甲", "B": "乙"}
SINGLE = {"fate": "accepted", "type": "single", "stem": "谁？", "options": AB, "key": ["B"]}
CASES: list[tuple[str, str, list[dict[str, Any]]]] = [
    ("plain", "谁？\nA. 甲\nB. 乙\nANSWER: B\n", [SINGLE]),
    ("brackets and no blank", "谁？\nA)甲\nB)乙\nANSWER: B", [SINGLE]),
    ("stem of two lines", "谁\n负责？\nA. 甲\nB. 乙\nANSWER: A", [SINGLE | {"stem": "谁\n负责？", "key": ["A"]}]),
    ("blank line before the answer", "谁？\nA. 甲\nB. 乙\n\nANSWER: B", [SINGLE]),
    ("blank line between options", "谁？\nA. 甲\n\nB. 乙\nANSWER: B", [SINGLE | {"fate": "repaired", "codes": ["blank_line_in_options"]}]),
    ("option of two lines", "谁？\nA. 甲\nB. 乙\n丙\nANSWER: B",
     [SINGLE | {"fate": "repaired", "codes": ["option_continued"], "options": {"A": "甲", "B": "乙\n丙"}}]),
    ("right and wrong", "句\nA. 错误\nB. 正确\nANSWER: B",
     [{"fate": "repaired", "codes": ["type_inferred"], "type": "true_false", "stem": "句", "options": TRUTH, "key": ["A"]}]),
    ("several letters", "谁？\nA. 甲\nB. 乙\nANSWER: A, B",
     [SINGLE | {"fate": "repaired", "codes": ["several_answers_for_single"], "type": "multiple", "key": ["A", "B"]}]),
    ("one option", "谁？\nA. 甲\nANSWER: A", [{"fate": "refused", "codes": ["too_few_options"]}]),
    ("no answer", "谁？\nA. 甲\nB. 乙\n\n下一题\nA. 丙\nB. 丁\nANSWER: A",
     [{"fate": "refused", "codes": ["missing_answer"]}, SINGLE | {"stem": "下一题", "options": {"A": "丙", "B": "丁"}, "key": ["A"]}]),
    ("answer not there", "谁？\nA. 甲\nB. 乙\nANSWER: C", [{"fate": "refused", "codes": ["answer_not_in_options"]}]),
    ("label twice", "谁？\nA. 甲\nA. 乙\nANSWER: A", [{"fate": "refused", "codes": ["ambiguous_options"]}]),
    ("no stem", "A. 甲\nB. 乙\nANSWER: A", [{"fate": "refused", "codes": ["no_stem"]}]),
    ("heading", "第一章\n\n谁？\nA. 甲\nB. 乙\nANSWER: B", [{"fate": "skipped", "codes": ["not_a_question"]}, SINGLE]),
    ("markup is text", "<b>谁？</b>\nA. 甲\nB. 乙\nANSWER: B", [SINGLE | {"stem": "<b>谁？</b>"}]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [pytest.param(text, expected, id=name) for name, text, expected in CASES])
def test_each_way_of_writing(text: str, expected: list[dict[str, Any]]) -> None:
    assert rows(aiken.read(text.replace("\n", "\r\n").encode())) == expected


def test_losses_are_named() -> None:
    single = {"code": "a", "type": "single", "stem": "谁？", "options": AB, "key": ["B"]}

    assert writer.cannot_hold(ItemDraft.model_validate(single | {"explanation": "因为", "topic": "第一章"})) == [
        "Aiken 不能保存解析",
        "Aiken 不能保存主题",
        "Aiken 不能保存编号",
    ]
    assert writer.cannot_hold(ItemDraft.model_validate(single | {"type": "multiple"})) == ["Aiken 不能保存多选题"]
    assert writer.cannot_hold(ItemDraft.model_validate(single | {"stem": "谁\n？"})) == ["Aiken 的题干和选项各只能占一行"]
    assert writer.left_out(ItemDraft.model_validate(single | {"stem": "A. 谁？"})) != []

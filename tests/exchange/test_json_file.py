"""JSON: our own format, and lists of questions as other programs write them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from quiz.exchange.readers import json_file
from quiz.problems import Invalid
from tests.exchange.reading import TRUTH, rows

AB = {"A": "甲", "B": "乙"}
SINGLE = {"type": "single", "stem": "谁负责？", "options": AB, "key": ["B"]}
CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("letters", {"question": "谁负责？", "options": ["甲", "乙"], "answer": "B"}, SINGLE),
    ("text", {"title": "谁负责？", "choices": ["甲", "乙"], "correct_answer": "乙"}, SINGLE),
    ("index", {"stem": "谁负责？", "options": ["甲", "乙"], "answer_index": 1}, SINGLE),
    ("mapping", {"题目": "谁负责？", "选项": {"A": "甲", "B": "乙"}, "答案": "B"}, SINGLE),
    ("keys of the question", {"stem": "谁负责？", "A": "甲", "B": "乙", "answer": "B"}, SINGLE),
    ("labelled", {"stem": "谁负责？", "options": ["A. 甲", "B. 乙"], "answer": "B"}, SINGLE),
    ("marked", {"stem": "谁负责？", "options": [{"text": "甲"}, {"text": "乙", "correct": True}]}, SINGLE),
    ("several", {"stem": "谁负责？", "options": ["甲", "乙"], "answer": ["A", "B"]}, SINGLE | {"type": "multiple", "key": ["A", "B"]}),
    ("several texts", {"stem": "谁负责？", "options": ["甲", "乙"], "answer": ["乙", "甲"]}, SINGLE | {"type": "multiple", "key": ["A", "B"]}),
    ("true", {"stem": "要培训。", "type": "判断题", "answer": True}, {"type": "true_false", "stem": "要培训。", "options": TRUTH, "key": ["A"]}),
    ("figure as written", {"stem": "多长？", "type": "计算题", "answer": 12.50}, {"type": "numeric", "stem": "多长？", "key": ["12.5"]}),
    ("text of a figure", {"stem": "几？", "options": [1, 2], "answer": 2}, {"type": "single", "stem": "几？", "options": {"A": "1", "B": "2"}, "key": ["B"]}),
    ("explanation", {"stem": "谁负责？", "options": ["甲", "乙"], "answer": "B", "解析": "第三条", "章节": "一"}, SINGLE | {"explanation": "第三条", "topic": "一"}),
]  # fmt: skip


@pytest.mark.parametrize(("element", "expected"), [pytest.param(element, expected, id=name) for name, element, expected in CASES])
@pytest.mark.parametrize("wrapped", [False, True])
def test_plain_lists(element: dict[str, Any], expected: dict[str, Any], wrapped: bool) -> None:
    document: Any = {"questions": [element]} if wrapped else [element]

    found = rows(json_file.read(json.dumps(document, ensure_ascii=False).encode()))

    assert [{name: value for name, value in row.items() if name not in ("fate", "codes")} for row in found] == [expected]


def test_every_element_is_accounted_for() -> None:
    document = [
        "说明",
        {"options": ["甲", "乙"]},
        {"stem": "几？", "options": ["甲", "乙"], "answer": 1},
        {"stem": "谁？", "options": {"A": "甲", "B": "乙"}, "answer": "C"},
        {"stem": "谁？", "options": ["甲", "乙"], "answer": "A", "hint": "看法条"},
    ]

    reading = json_file.read(json.dumps(document).encode())

    assert [(row.place.line, row.fate.value, row.remarks[-1].code) for row in reading.rows] == [
        (1, "skipped", "not_a_question"),
        (2, "refused", "no_stem"),
        (3, "refused", "ambiguous_answer"),
        (4, "refused", "answer_not_in_options"),
        (5, "accepted" if len(reading.rows[4].remarks) == 1 else "repaired", "fields_dropped"),
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('[{"stem": "a"', "broken_json"),
        ("[" * 100_000, "too_deep"),
        ('{"format": "ankao-bank", "version": 2, "items": []}', "unknown_version"),
        ('{"format": "ankao-bank", "version": 1, "items": {}}', "broken_json"),
        ('{"a": 1}', "not_a_bank"),
        ("1" * 6000, "not_a_bank"),
    ],
)
def test_files_that_cannot_be_read_say_why(text: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        json_file.read(text.encode())

    assert refusal.value.code == code


def test_own_format_names_the_broken_item() -> None:
    document = {"format": "ankao-bank", "version": 1, "items": [{"type": "single", "stem": "谁？", "options": AB, "key": ["C"]}, 7]}

    reading = json_file.read(json.dumps(document).encode())

    assert [row.remarks[0].message for row in reading.rows] == ["不合题目的规则：答案 C 不在选项 AB 之中", "列表里的这一项不是题目"]


def test_the_documented_example_is_accepted_whole() -> None:
    text = (Path(__file__).parents[2] / "docs" / "bank-json.md").read_text(encoding="utf-8")
    examples = re.findall(r"```json\n(.*?)```", text, re.DOTALL)

    readings = [json_file.read(example.encode()) for example in examples]

    assert [row.fate.value for reading in readings for row in reading.rows] == ["accepted"] * 4

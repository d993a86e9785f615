"""xlsx and csv of our own: what they can hold comes back the same, whatever the texts; what they cannot is named before."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quiz.banks.files import ItemDraft
from quiz.banks.question import PictureRef
from quiz.exchange.domain import Fate, Reading
from quiz.exchange.readers import excel
from quiz.exchange.writers import table, template
from tests.exchange.drafts import KINDS, PICTURE, drafts, without_code

WAYS = [pytest.param(table.write, id="xlsx"), pytest.param(table.write_csv, id="csv")]
_patient = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

Write = Callable[[str, list[ItemDraft], dict[str, Any]], bytes]

NASTY = [
    "=1+1", "+8613800000000", "-5", "@SUM(A1)", "'=1", "''+2", "'单引号", "A.停止作业", "A、B、C", "1、先断电", "（1）先断电", "12", "3.50", "50%",
    "对", "√", "甲|乙", "甲；乙", "甲##乙", "**甲", "第一行\n第二行", "第一行\n    缩进", "ＡＢＣ１２３", "（示例）题", "题干", "答案", "答案：A", "（ A ）", "null",
    "TRUE", "1-2", "[\"甲\"]", "{\"A\":1}", "<p>段</p>", "无", "/", "“引号”", "a\"b", "逗号,号", "单选题",
]  # fmt: skip


def question(values: dict[str, Any]) -> ItemDraft:
    return ItemDraft.model_validate({"code": "x", **values})


def read(write: Write, items: list[ItemDraft]) -> Reading:
    return excel.read(write("题库", items, {}))


def with_own_stem(number: int, item: ItemDraft) -> ItemDraft:
    """Two items of a bank are never the same question."""
    return item.model_copy(update={"stem": f"{item.stem}（第{number}题）", "code": f"{item.code}{number}"})


@pytest.mark.parametrize("write", WAYS)
@_patient
@given(items=st.lists(drafts(), min_size=1, max_size=5))
def test_a_bank_comes_back_the_same(write: Write, items: list[ItemDraft]) -> None:
    written = [with_own_stem(number, item) for number, item in enumerate(items)]
    written = [item for item in written if not table.left_out(item)]

    reading = read(write, written) if written else None

    found = reading.items if reading else []
    assert [row.fate for row in found] == [Fate.ACCEPTED] * len(written)
    assert [row.draft.code for row in found if row.draft] == [item.code for item in written]
    assert [without_code(row.draft) for row in found if row.draft] == [without_code(item) for item in written]


@pytest.mark.parametrize("write", WAYS)
@pytest.mark.parametrize("text", NASTY)
def test_texts_that_look_like_something_else_stay_what_they_are(write: Write, text: str) -> None:
    two = {"A": text, "B": f"{text}二"}
    items = [
        question({"type": "single", "stem": text, "options": two, "key": ["B"], "explanation": text}),
        question(
            {"type": "true_false", "stem": f"{text}。", "options": {"A": "正确", "B": "错误"}, "key": ["A"], "topic": text.split("\n")[0]}
        ),
        question({"type": "blank", "stem": f"{text}____与____", "key": [text.replace("|", ""), "乙|丙"]}),
        question(
            {"type": "matching", "stem": f"{text}配对", "prompts": {"1": text, "2": f"{text}三"}, "options": two, "key": ["1B", "2A"]}
        ),
        question({"type": "ordering", "stem": f"{text}排序", "options": two, "key": ["B", "A"]}),
    ]

    reading = read(write, items)

    assert [table.left_out(item) for item in items] == [[]] * len(items)
    assert [row.draft for row in reading.items] == items
    assert reading.counts[Fate.ACCEPTED] == len(items)


@pytest.mark.parametrize("write", WAYS)
def test_a_case_and_its_questions_come_back_as_one(write: Write) -> None:
    parts = [
        {"type": "single", "stem": "（1）应当", "options": {"A": "停", "B": "跑"}, "key": ["A"]},
        {"type": "numeric", "stem": "高度是多少？", "key": ["2.50"], "unit": "米", "tolerance": "0.1"},
    ]
    items = [
        question(
            {"type": "case", "stem": "某厂发生事故。", "parts": parts, "explanation": "见规程", "sectors": [], "changed_from": ["a/1"]}
        ),
        question({"code": "y", "type": "case", "stem": "另一厂发生事故。", "parts": parts, "sectors": ["coal"], "clauses": ["law/21-1"]}),
    ]

    reading = read(write, items)

    assert [row.draft for row in reading.items] == items
    assert reading.counts == {Fate.ACCEPTED: 2, Fate.REPAIRED: 0, Fate.REFUSED: 0, Fate.SKIPPED: 5}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(item=drafts())
def test_ordinary_items_are_never_left_out(item: ItemDraft) -> None:
    reasons = table.left_out(item)

    assert reasons == []
    assert bool(table.cannot_hold(item)) == bool(item.pictures)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"options": {letter: f"项{letter}" for letter in "ABCDEFGHI"}}, "选项多于 8 个"),
        ({"stem": "响铃\x07应当"}, "表格的单元格不能保存其中的控制字符"),
        ({"stem": "_x000D_ 应当"}, "表格的单元格不能保存其中的控制字符"),
        ({"explanation": "行\n" * 400}, "表格的一个单元格放不下：超过 32000 字或 250 行"),
        ({"options": {"B": "停", "A": "跑"}}, ""),
        ({"options": {"M": "停", "N": "跑"}, "key": ["M"]}, "表格不能原样保存这道单选题的写法，再导入时不是同一道题"),
    ],
)
def test_what_does_not_fit_is_named_before(values: dict[str, Any], reason: str) -> None:
    item = question({"type": "single", "stem": "应当", "options": {"A": "停", "B": "跑"}, "key": ["A"]} | values)

    assert table.left_out(item) == ([reason] if reason else [])


def test_pictures_are_named_as_lost() -> None:
    item = question({"type": "true_false", "stem": "题", "options": {"A": "正确", "B": "错误"}, "key": ["A"]})

    assert table.cannot_hold(item.model_copy(update={"pictures": [PictureRef(digest=PICTURE.digest)]})) == ["图片不随表格导出"]


def test_no_cell_of_a_csv_can_run() -> None:
    item = question({"type": "single", "stem": "=cmd|' /C calc'!A0", "options": {"A": "+1", "B": "@x"}, "key": ["A"]})

    rows = list(csv.reader(io.StringIO(table.write_csv("", [item], {}).decode("utf-8-sig"))))

    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row)


def test_a_row_somebody_changed_is_judged_like_any_other() -> None:
    item = question({"type": "single", "stem": "1、应当（ ）", "options": {"A": "停", "B": "跑"}, "key": ["A"]})
    book = openpyxl.load_workbook(io.BytesIO(table.write("", [item], {})))
    sheet = book.active
    names = [cell.value for cell in sheet[1]]
    sheet.cell(2, names.index("答案") + 1).value = "B"
    file = io.BytesIO()
    book.save(file)

    row = excel.read(file.getvalue()).items[0]

    assert row.draft is not None
    assert (row.fate, row.draft.stem, row.draft.key) == (Fate.REPAIRED, "应当（ ）", ["B"])
    assert [remark.code for remark in row.remarks] == ["number_removed"]


@pytest.mark.parametrize("kind", [*KINDS, "case"])
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_without_the_seal_plain_texts_come_back_too(kind: str, data: st.DataObject) -> None:
    """Rows as a person fills them in, under the same headers."""
    words = data.draw(
        st.lists(st.sampled_from(["停止作业", "撤离现场", "报告班长", "切断电源", "通风检测"]), min_size=3, max_size=5, unique=True)
    )
    options = dict(zip("ABCDE", words, strict=False))
    values: dict[str, dict[str, Any]] = {
        "single": {"options": options, "key": ["B"]},
        "multiple": {"options": options, "key": ["A", "C"]},
        "true_false": {"options": {"A": "正确", "B": "错误"}, "key": ["B"]},
        "numeric": {"key": ["12.5"], "unit": "米", "tolerance": "0.5"},
        "blank": {"stem": "先____，再____。", "key": ["断电", "验电|检电"]},
        "ordering": {"options": options, "key": sorted(options, reverse=True)},
        "matching": {"options": options, "prompts": {"1": "甲项", "2": "乙项"}, "key": ["1B", "2A"]},
    }
    shared: dict[str, Any] = {"stem": "发现险情应当怎样做", "type": kind}
    if kind == "case":
        parts = [{"stem": f"第{name}问应当怎样做", "type": name} | values[name] for name in ("single", "true_false", "numeric")]
        item = question(shared | {"parts": parts, "kind": "scenario", "topic": "动火", "difficulty": "hard"})
    else:
        item = question(shared | values[kind] | {"topic": "动火", "difficulty": "hard", "roles": ["principal"]})
    book = openpyxl.Workbook()
    book.active.append([name for name, _ in table.COLUMNS])
    for row in table.rows_of(item):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)

    reading = excel.read(file.getvalue())

    assert [row.draft for row in reading.items] == [item]


def test_example_rows_of_the_template_are_passed_over() -> None:
    reading = excel.read(template.write())

    assert reading.items == []
    assert [remark.code for row in reading.rows for remark in row.remarks if row.place.sheet == template.SHEET] == [
        "header_row", "template_example", "template_example", "template_example",
    ]  # fmt: skip

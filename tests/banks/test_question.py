"""The rules of a question, type by type."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from quiz.banks.files import ItemDraft
from quiz.banks.question import PictureRef, Question

CHOICE = {"type": "single", "stem": "?", "options": {"A": "一", "B": "二"}, "key": ["A"]}
GOOD: dict[str, dict[str, Any]] = {
    "single": CHOICE,
    "multiple": CHOICE | {"type": "multiple", "key": ["A", "B"]},
    "true_false": CHOICE | {"type": "true_false"},
    "numeric": {"type": "numeric", "stem": "多少？", "key": ["-12.50"], "unit": "米", "tolerance": "0.5"},
    "exact numeric": {"type": "numeric", "stem": "多少？", "key": ["3"]},
    "blank": {"type": "blank", "stem": "进行____教育，不少于____学时。", "key": ["三级|3级", "24"]},
    "ordering": {"type": "ordering", "stem": "排序", "options": {"A": "通风", "B": "检测", "C": "作业"}, "key": ["A", "B", "C"]},
    "matching": {
        "type": "matching", "stem": "配对", "prompts": {"1": "煤矿", "2": "医院"}, "options": {"A": "卫健", "B": "矿山", "C": "交通"},
        "key": ["1B", "2A"],
    },
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_each_type_has_its_form(name: str) -> None:
    assert Question.model_validate(GOOD[name]).model_dump(exclude_defaults=True) == GOOD[name]


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("single", {"options": {"A": "一"}}, "选项少于两个"),
        ("single", {"key": []}, "没有答案"),
        ("single", {"unit": "米"}, "只有计算题才有单位"),
        ("single", {"prompts": {"1": "x"}}, "只有配对题才有左列"),
        ("single", {"type": "case"}, "写在各小题里"),
        ("numeric", {"key": ["约12"]}, "应是一个数"),
        ("numeric", {"key": ["1", "2"]}, "应是一个数"),
        ("numeric", {"key": ["1e9"]}, "应是一个数"),
        ("numeric", {"key": ["NaN"]}, "应是一个数"),
        ("numeric", {"tolerance": "-1"}, "不小于 0"),
        ("numeric", {"options": {"A": "1", "B": "2"}}, "没有选项"),
        ("blank", {"stem": "没有空"}, "标出空的位置"),
        ("blank", {"key": ["三级"]}, "题干有 2 个空，答案有 1 个"),
        ("blank", {"key": ["三级|", "24"]}, "有空没有答案"),
        ("ordering", {"key": ["A", "B"]}, "恰好排一次"),
        ("ordering", {"key": ["A", "B", "B"]}, "恰好排一次"),
        ("matching", {"key": ["1B"]}, "恰好有一个答案"),
        ("matching", {"key": ["1B", "1A"]}, "恰好有一个答案"),
        ("matching", {"key": ["1B", "2Z"]}, "不在右列"),
        ("matching", {"prompts": {"1": "煤矿", "2": "煤矿"}}, "左列有两项文字相同"),
    ],
)
def test_what_does_not_fit_is_refused_in_chinese(name: str, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Question.model_validate(GOOD[name] | change)


def case(**more: Any) -> dict[str, Any]:
    parts = [GOOD["single"], GOOD["numeric"]]
    return {"code": "case-1", "type": "case", "stem": "某厂……", "parts": parts} | more


def test_a_case_holds_questions_of_its_own() -> None:
    draft = ItemDraft.model_validate(case())

    assert [part.type.value for part in draft.parts] == ["single", "numeric"]


@pytest.mark.parametrize(
    ("draft", "message"),
    [
        (case(parts=[CHOICE]), "至少要有两个小题"),
        (case(parts=[CHOICE, {"type": "case", "stem": "套"}]), "不能再是案例题"),
        (case(type="single", options={"A": "一", "B": "二"}, key=["A"]), "只有案例题才有小题"),
        (case(parts=[CHOICE, CHOICE | {"key": ["Z"]}]), "不在选项"),
    ],
)
def test_a_case_that_is_none_is_refused(draft: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ItemDraft.model_validate(draft)


def test_fields_a_type_does_not_use_leave_its_digest_alone() -> None:
    plain = ItemDraft.model_validate({"code": "a", **CHOICE})

    assert not {"unit", "tolerance", "prompts", "parts", "changed_from"} & set(plain.content())
    assert plain.digest != ItemDraft.model_validate({"code": "a", **CHOICE, "changed_from": ["x-2020/1"]}).digest


def test_a_description_that_is_empty_leaves_the_digest_of_an_item_as_it_was() -> None:
    assert PictureRef(digest="a" * 64).model_dump() == {"digest": "a" * 64, "where": "stem"}
    assert PictureRef(digest="a" * 64, description="配电箱").model_dump()["description"] == "配电箱"


@pytest.mark.parametrize("more", [{}, {"changed_from": ["x-2020/1"]}, {"roles": ["worker"]}, {"pictures": [{"digest": "a" * 64}]}])
@pytest.mark.parametrize("name", GOOD)
def test_the_content_is_every_field_but_those_nobody_sees_and_those_left_empty(name: str, more: dict[str, Any]) -> None:
    draft = ItemDraft.model_validate({"code": "a", "sectors": ["coal"], **GOOD[name], **more})

    dumped = draft.model_dump(mode="json", exclude={"code", "sectors"})

    rare = ("changed_from", "unit", "tolerance", "prompts", "parts", "pictures")
    assert draft.content() == {field: value for field, value in dumped.items() if value or field not in rare}

"""What a question asks and what answers it, type by type; the rules every question keeps, whoever wrote or imported it.

How an answer is written, in the key and by a candidate, always as a list of strings:

| type | key | example | a candidate's answer |
|---|---|---|---|
| single, multiple, true_false | option letters | `["A", "C"]` | the same |
| numeric | one decimal number, in the unit of the question | `["12.5"]` | the text that was typed: `["12.5 米"]` |
| blank | one entry a blank, accepted texts divided by `|` | `["三级\\|3级", "24"]` | one text a blank, `""` for one left empty |
| ordering | all option letters in the right order | `["C", "A", "B"]` | the same, whole or not at all |
| matching | prompt and option | `["1B", "2A"]` | the same; prompts may be missing |
| case | nothing: each part has its own | `[]` | see below |

An answer to a case is its parts' answers one after the other, each entry headed by the number of its part and a colon: `["1:A", "2:12.5",
"3:2B", "4:三级", "4:"]` answers a choice, a calculation, one prompt of a matching and the first of two blanks. What stands after the
first colon is an entry of the part's own answer, so texts may hold colons themselves; entries of one part keep their order; a part that
was not answered has none. The order in which a form shows the options of a case is written the same way: `["1:B", "1:A", "3:C", …]`.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from quiz.vocabulary import ItemType

BLANK = "____"
"""Stands in the stem where a blank is; four underscores, as many times as there are blanks."""
ALTERNATIVE = "|"
PART = ":"
"""Stands between the number of a case's part and an entry of that part's answer."""


class Question(BaseModel):
    """Stem, options and key of any type but a case."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: ItemType
    stem: str = Field(min_length=1)
    options: dict[str, str] = Field(default_factory=dict)
    key: list[str] = Field(default_factory=list)
    unit: str = Field(default="", max_length=20)
    tolerance: str = Field(default="", max_length=20)
    """Of a numeric answer, in the same unit, both ways and inclusive; empty = exactly."""
    prompts: dict[str, str] = Field(default_factory=dict)
    """Of a matching question: what is matched, by number from 1; `options` are what it is matched with."""

    @model_validator(mode="after")
    def _fits_its_type(self) -> Question:
        check_question(self)
        return self


class PictureRef(BaseModel):
    """A picture that belongs to an item: shown with the stem, the explanation, or an option (its letter)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    where: str = Field(default="stem", pattern=r"^(stem|explanation|[A-Z])$")
    description: str = Field(default="", max_length=200)
    """What it shows, for whoever cannot see it."""

    @model_serializer(mode="wrap")
    def _without_empty_description(self, write: SerializerFunctionWrapHandler) -> dict[str, str]:
        """Left out when empty, so that the digest of an item with an undescribed picture stays what it was."""
        return {name: value for name, value in write(self).items() if name != "description" or value}


def check_question(question: Question) -> None:
    """Raises ValueError, in Chinese, when key, options and type do not belong together."""
    if len(set(question.options.values())) != len(question.options):
        raise ValueError("有两个选项文字相同")
    if question.type is not ItemType.MATCHING and question.prompts:
        raise ValueError("只有配对题才有左列")
    if question.type is not ItemType.NUMERIC and (question.unit or question.tolerance):
        raise ValueError("只有计算题才有单位和误差")
    match question.type:
        case ItemType.NUMERIC:
            _check_numeric(question)
        case ItemType.BLANK:
            _check_blank(question)
        case ItemType.ORDERING:
            _check_ordering(question)
        case ItemType.MATCHING:
            _check_matching(question)
        case ItemType.CASE:
            if question.options or question.key:
                raise ValueError("案例题的选项和答案写在各小题里")
        case _:
            _check_choice(question)


def _check_choice(question: Question) -> None:
    if len(question.options) < 2:
        raise ValueError("选项少于两个")
    if not question.key:
        raise ValueError("没有答案")
    if not set(question.key) <= set(question.options):
        raise ValueError(f"答案 {''.join(question.key)} 不在选项 {''.join(question.options)} 之中")
    if len(set(question.key)) != len(question.key):
        raise ValueError("答案重复")
    if question.type is not ItemType.MULTIPLE and len(question.key) != 1:
        raise ValueError(f"{question.type.label}只能有一个答案")


def decimal_of(text: str) -> Decimal | None:
    """The finite decimal number a text is, or None."""
    if not re.fullmatch(r"[+-]?\d{1,30}(\.\d{1,30})?", text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:  # pragma: no cover - the pattern admits decimals only
        return None


def _check_numeric(question: Question) -> None:
    if question.options:
        raise ValueError("计算题没有选项")
    if len(question.key) != 1 or decimal_of(question.key[0]) is None:
        raise ValueError("计算题的答案应是一个数")
    tolerance = decimal_of(question.tolerance) if question.tolerance else Decimal(0)
    if tolerance is None or tolerance < 0:
        raise ValueError("允许误差应是不小于 0 的数")


def _check_blank(question: Question) -> None:
    if question.options:
        raise ValueError("填空题没有选项")
    blanks = question.stem.count(BLANK)
    if not blanks:
        raise ValueError(f"填空题的题干里要用 {BLANK} 标出空的位置")
    if len(question.key) != blanks:
        raise ValueError(f"题干有 {blanks} 个空，答案有 {len(question.key)} 个")
    if any(not part.strip() for answer in question.key for part in answer.split(ALTERNATIVE)):
        raise ValueError("填空题有空没有答案")


def _check_ordering(question: Question) -> None:
    if len(question.options) < 2:
        raise ValueError("排序题的选项少于两个")
    if sorted(question.key) != sorted(question.options):
        raise ValueError("排序题的答案要把每个选项恰好排一次")


def _check_matching(question: Question) -> None:
    if len(question.prompts) < 2 or len(question.options) < 2:
        raise ValueError("配对题两列都至少要有两项")
    if len(set(question.prompts.values())) != len(question.prompts):
        raise ValueError("配对题左列有两项文字相同")
    pairs = [re.fullmatch(r"(\d{1,2})([A-Z])", pair) for pair in question.key]
    if sorted(match[1] for match in pairs if match) != sorted(question.prompts) or len(pairs) != len(question.prompts):
        raise ValueError("配对题左列每一项要恰好有一个答案，写成 1A、2C")
    if any(match and match[2] not in question.options for match in pairs):
        raise ValueError("配对题的答案不在右列之中")


def check_case(parts: list[Question]) -> None:
    """Raises ValueError when the parts of a case are not questions of their own."""
    if len(parts) < 2:
        raise ValueError("案例题至少要有两个小题")
    if any(part.type is ItemType.CASE for part in parts):
        raise ValueError("案例题的小题不能再是案例题")

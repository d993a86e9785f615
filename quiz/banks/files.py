"""Reads `question_banks/`: YAML files into checked drafts, with a digest that tells whether anything changed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from quiz.banks.question import PictureRef, Question, check_case
from quiz.problems import Invalid
from quiz.vocabulary import Difficulty, EditionStatus, ItemKind, ItemType, PostRole

ROOT = Path(__file__).resolve().parents[2]
"""The same as in `quiz.settings`, which takes too long to load for a process that lives for one file."""
FOLDER = ROOT / "question_banks"
_LEFT_OUT_WHEN_EMPTY = ("changed_from", "unit", "tolerance", "prompts", "parts", "pictures")
CODE = r"^[a-z0-9][a-z0-9-]*$"
ITEM_CODE = r"^[A-Za-z0-9][A-Za-z0-9.-]*$"
_in_order = json.JSONEncoder(ensure_ascii=False, sort_keys=True, default=str).encode


class _Draft(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ClauseDraft(_Draft):
    id: str = Field(max_length=100)
    ref: str = Field(min_length=1, max_length=80)
    group: str = Field(min_length=1, max_length=40)
    heading: str = Field(min_length=1, max_length=120)
    text: str = Field(min_length=1, max_length=2000)
    assessable: bool = True
    replaces: list[str] = Field(default_factory=list)


class EditionDraft(_Draft):
    """One file of `standards/`."""

    standard: str = Field(pattern=CODE, max_length=60)
    title: str = Field(min_length=1, max_length=120)
    edition: str = Field(pattern=CODE, max_length=60)
    document_number: str = Field(default="", max_length=120)
    issuer: str = Field(default="", max_length=120)
    published: date | None = None
    effective: date | None = None
    status: EditionStatus = EditionStatus.IN_FORCE
    supersedes: str | None = None
    scope: str = Field(default="", max_length=1000)
    caution: str = Field(default="", max_length=500)
    clauses: list[ClauseDraft] = Field(min_length=1)

    @model_validator(mode="after")
    def _hangs_together(self) -> EditionDraft:
        seen: set[str] = set()
        for clause in self.clauses:
            if clause.id in seen:
                raise ValueError(f"条款编号重复：{clause.id}")
            if not clause.id.startswith(f"{self.edition}/"):
                raise ValueError(f"条款编号 {clause.id} 应以 {self.edition}/ 开头")
            seen.add(clause.id)
        if self.supersedes == self.edition:
            raise ValueError("supersedes 不能是本版自己")
        return self


class ItemDraft(Question):
    """One item, as a trainer may still correct it; the rules a version must keep are checked here and in `Question`."""

    code: str
    kind: ItemKind = ItemKind.KNOWLEDGE
    clauses: list[str] = Field(default_factory=list)
    changed_from: list[str] = Field(default_factory=list)
    topic: str = ""
    difficulty: Difficulty = Difficulty.MEDIUM
    roles: list[PostRole] = Field(default_factory=list)
    sectors: list[str] | None = None
    explanation: str = ""
    rationales: dict[str, str] = Field(default_factory=dict)
    parts: list[Question] = Field(default_factory=list)
    """Of a case: its questions, in order; the stem tells the case."""
    pictures: list[PictureRef] = Field(default_factory=list)

    @model_validator(mode="after")
    def _parts_belong_to_a_case(self) -> ItemDraft:
        if self.type is ItemType.CASE:
            check_case(self.parts)
        elif self.parts:
            raise ValueError("只有案例题才有小题")
        return self

    def content(self) -> dict[str, object]:
        """All that a candidate could notice, and nothing else: a change here makes a new version.

        What a type does not use is left out, so that a new field never makes new versions of old items.
        """
        rare = {name for name in _LEFT_OUT_WHEN_EMPTY if getattr(self, name)}
        content: dict[str, object] = self.model_dump(mode="json", include=rare) if rare else {}
        return content | {
            "type": self.type.value,
            "kind": self.kind.value,
            "clauses": self.clauses,
            "topic": self.topic,
            "difficulty": self.difficulty.value,
            "roles": [role.value for role in self.roles],
            "stem": self.stem,
            "options": self.options,
            "key": self.key,
            "explanation": self.explanation,
            "rationales": self.rationales,
        }  # one by one: of thousands of items most have nothing else, and a dump of all their fields takes three times as long

    @property
    def digest(self) -> str:
        return digest_of(self.content())


class TypedItem(ItemDraft):
    """An item as a person types it: besides the rules of a draft, nothing is blank or longer than its column."""

    code: str = Field(min_length=1, max_length=60, pattern=ITEM_CODE)
    topic: str = Field(default="", max_length=80)
    stem: str = Field(min_length=1, max_length=4000)
    explanation: str = Field(default="", max_length=4000)

    @field_validator("options")
    @classmethod
    def _nothing_blank(cls, options: dict[str, str]) -> dict[str, str]:
        blank = [letter for letter, text in options.items() if not text]
        if blank:
            raise ValueError(f"{'、'.join(blank)} 没有内容")
        return options


_ITEM_FIELDS = {"code": "编号", "topic": "主题", "stem": "题干", "options": "选项", "key": "正确答案", "explanation": "解析"}


class BankDraft(_Draft):
    """One file of `items/`."""

    bank: str
    title: str
    edition: str | None = None
    description: str = ""
    sectors: list[str] = Field(default_factory=list)
    items: list[ItemDraft]

    @model_validator(mode="after")
    def _codes_are_unique(self) -> BankDraft:
        seen: set[str] = set()
        for item in self.items:
            if item.code in seen:
                raise ValueError(f"题目编号重复：{item.code}")
            seen.add(item.code)
        return self


class CardDraft(_Draft):
    """Reading matter for one clause, in our words."""

    clause: str
    says: str = Field(min_length=1, max_length=1000)
    why: str = Field(min_length=1, max_length=1000)
    on_site: list[str] = Field(min_length=1)
    mistakes: list[str] = Field(min_length=1)


class CardsDraft(_Draft):
    """One file of `cards/`: the learning cards of an edition."""

    edition: str
    cards: list[CardDraft]

    @model_validator(mode="after")
    def _one_a_clause(self) -> CardsDraft:
        seen: set[str] = set()
        for card in self.cards:
            if card.clause in seen:
                raise ValueError(f"条款有两张学习卡：{card.clause}")
            if not card.clause.startswith(f"{self.edition}/"):
                raise ValueError(f"学习卡的条款 {card.clause} 不属于 {self.edition}")
            seen.add(card.clause)
        return self


def digest_of(content: object) -> str:
    """SHA-256 of a content, whatever the order of its fields."""
    return hashlib.sha256(_in_order(content).encode()).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of the file, to skip reading what has not changed."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def standard_files(folder: Path = FOLDER) -> Iterator[Path]:
    return iter(sorted((folder / "standards").glob("*.yaml")))


def bank_files(folder: Path = FOLDER) -> Iterator[Path]:
    return iter(sorted((folder / "items").glob("*.yaml")))


def card_files(folder: Path = FOLDER) -> Iterator[Path]:
    return iter(sorted((folder / "cards").glob("*.yaml")))


def _load(path: Path) -> object:
    return _parse(path.read_text(encoding="utf-8"))


def _parse(text: str) -> object:
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def superseded_by(path: Path) -> str | None:
    """The edition that the one in this file supersedes, without checking the rest."""
    match = re.search(r"^supersedes:[ \t]*[\"']?([a-z0-9-]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    return match[1] if match and match[1] != "null" else None


def parse_edition(text: str) -> EditionDraft:
    """An edition from the text of a file a person uploads.

    Raises:
        Invalid: not YAML, or not the format of README.md; names the field.
    """
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):  # few lines of them can grow without end
            raise Invalid("文件里用了 YAML 的引用（*）。请把内容完整写出。", code="yaml_alias")
        return EditionDraft.model_validate(_parse(text))
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        place = f"第 {mark.line + 1} 行第 {mark.column + 1} 列" if mark else "文件"
        raise Invalid(f"{place}不是正确的 YAML 格式，请检查缩进、冒号和引号。", code="not_yaml") from problem
    except ValidationError as problem:
        raise Invalid(_explain(problem), code="edition_format") from problem


def parse_item(values: Mapping[str, object], *, must_cite: bool) -> ItemDraft:
    """An item from what a person typed; with `must_cite` it needs a clause.

    Raises:
        Invalid: a rule of items is broken; names each field as the form does.
    """
    faults = ["依据条款：至少选一条"] if must_cite and not values.get("clauses") else []
    try:
        draft = TypedItem.model_validate(values)
    except ValidationError as problem:
        raise Invalid(_sentence("题目还不能保存。", faults + _faults(problem, _ITEM_FIELDS)), code="item_format") from problem
    if faults:
        raise Invalid(_sentence("题目还不能保存。", faults), code="item_format")
    return draft


def _explain(problem: ValidationError) -> str:
    """The first faults by field, in Chinese, for the person who wrote the file."""
    return _sentence("文件内容不符合格式。", _faults(problem, {"": "全文"}))


def _sentence(opening: str, faults: Iterable[str]) -> str:
    return opening + "；".join(faults) + "。"


def _faults(problem: ValidationError, names: Mapping[str, str]) -> list[str]:
    """`field：reason` for the first faults; `names` are the Chinese names of fields, under "" that of the whole."""
    faults = []
    for error in problem.errors()[:5]:
        parts = [str(part + 1) if isinstance(part, int) else names.get(part, part) for part in error["loc"]]
        place = ".".join(parts) or names.get("", "")
        faults.append(f"{place}：{_reason(error)}" if place else _reason(error))
    return faults


def _reason(error: ErrorDetails) -> str:
    match error["type"]:
        case "missing":
            return "缺少这一项"
        case "extra_forbidden":
            return "没有这个字段，请对照模板改名或删除"
        case "value_error":
            return str(error["ctx"]["error"])
        case "string_too_long":
            return f"超过 {error['ctx']['max_length']} 个字"
        case "string_too_short":
            return "不能空着"
        case "too_short":
            return "至少要有一项"
        case "string_pattern_mismatch":
            return "只能用小写字母、数字和连字符" if error["ctx"]["pattern"] == CODE else "只能用字母、数字、点和连字符"
        case "enum":
            return f"只能填 {error['ctx']['expected']}"
        case kind if kind.startswith("date"):
            return "应写成 2026-07-01 这样的日期"
    return "格式不对"


def read_cards(path: Path) -> CardsDraft:
    """Raises `pydantic.ValidationError` naming the card when the file breaks the format of README.md."""
    return CardsDraft.model_validate(_load(path))


def read_edition(path: Path) -> EditionDraft:
    """Raises `pydantic.ValidationError` naming the field when the file breaks the format of README.md."""
    return EditionDraft.model_validate(_load(path))


def read_bank(path: Path) -> BankDraft:
    """Raises `pydantic.ValidationError` naming the item when the file breaks the format of README.md."""
    return BankDraft.model_validate(_load(path))

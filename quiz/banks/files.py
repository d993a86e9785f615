"""Reads `question_banks/`: YAML files into checked drafts, with a digest that tells whether anything changed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from quiz.problems import Invalid
from quiz.settings import ROOT
from quiz.vocabulary import Difficulty, EditionStatus, ItemKind, ItemType, PostRole

FOLDER = ROOT / "question_banks"
CODE = r"^[a-z0-9][a-z0-9-]*$"


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


class ItemDraft(_Draft):
    """One item, as a trainer may still correct it; the rules a version must keep are checked here."""

    code: str
    type: ItemType
    kind: ItemKind = ItemKind.KNOWLEDGE
    clauses: list[str] = Field(default_factory=list)
    changed_from: list[str] = Field(default_factory=list)
    topic: str = ""
    difficulty: Difficulty = Difficulty.MEDIUM
    roles: list[PostRole] = Field(default_factory=list)
    sectors: list[str] | None = None
    stem: str = Field(min_length=1)
    options: dict[str, str]
    key: list[str] = Field(min_length=1)
    explanation: str = ""
    rationales: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _hangs_together(self) -> ItemDraft:
        if len(self.options) < 2:
            raise ValueError("选项少于两个")
        if not set(self.key) <= set(self.options):
            raise ValueError(f"答案 {''.join(self.key)} 不在选项 {''.join(self.options)} 之中")
        if len(set(self.key)) != len(self.key):
            raise ValueError("答案重复")
        if self.type is not ItemType.MULTIPLE and len(self.key) != 1:
            raise ValueError(f"{self.type.label}只能有一个答案")
        if len(set(self.options.values())) != len(self.options):
            raise ValueError("有两个选项文字相同")
        return self

    def content(self) -> dict[str, object]:
        """All that a candidate could notice, and nothing else: a change here makes a new version."""
        content = self.model_dump(mode="json", exclude={"code", "sectors"})
        if not self.changed_from:
            del content["changed_from"]
        return content

    @property
    def digest(self) -> str:
        return _digest(self.content())


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


def _digest(content: object) -> str:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


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


def _explain(problem: ValidationError) -> str:
    """The first faults by field, in Chinese, for the person who wrote the file."""
    faults = []
    for error in problem.errors()[:5]:
        place = ".".join(str(part + 1) if isinstance(part, int) else part for part in error["loc"]) or "全文"
        match error["type"]:
            case "missing":
                reason = "缺少这一项"
            case "extra_forbidden":
                reason = "没有这个字段，请对照模板改名或删除"
            case "value_error":
                reason = str(error["ctx"]["error"])
            case "string_too_long":
                reason = f"超过 {error['ctx']['max_length']} 个字"
            case "string_too_short":
                reason = "不能空着"
            case "string_pattern_mismatch":
                reason = "只能用小写字母、数字和连字符"
            case "enum":
                reason = f"只能填 {error['ctx']['expected']}"
            case kind if kind.startswith("date"):
                reason = "应写成 2026-07-01 这样的日期"
            case _:
                reason = "格式不对"
        faults.append(f"{place}：{reason}")
    return "文件内容不符合格式。" + "；".join(faults) + "。"


def read_cards(path: Path) -> CardsDraft:
    """Raises `pydantic.ValidationError` naming the card when the file breaks the format of README.md."""
    return CardsDraft.model_validate(_load(path))


def read_edition(path: Path) -> EditionDraft:
    """Raises `pydantic.ValidationError` naming the field when the file breaks the format of README.md."""
    return EditionDraft.model_validate(_load(path))


def read_bank(path: Path) -> BankDraft:
    """Raises `pydantic.ValidationError` naming the item when the file breaks the format of README.md."""
    return BankDraft.model_validate(_load(path))

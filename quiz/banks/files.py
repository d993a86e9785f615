"""Reads `question_banks/`: YAML files into checked drafts, with a digest that tells whether anything changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from quiz.settings import ROOT
from quiz.vocabulary import Difficulty, EditionStatus, ItemKind, ItemType, PostRole

FOLDER = ROOT / "question_banks"


class _Draft(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ClauseDraft(_Draft):
    id: str
    ref: str
    group: str = Field(min_length=1)
    heading: str
    text: str
    assessable: bool = True


class EditionDraft(_Draft):
    """One file of `standards/`."""

    standard: str
    title: str
    edition: str
    document_number: str = ""
    issuer: str = ""
    published: date | None = None
    effective: date | None = None
    status: EditionStatus = EditionStatus.IN_FORCE
    supersedes: str | None = None
    scope: str = ""
    clauses: list[ClauseDraft]


class ItemDraft(_Draft):
    """One item, as a trainer may still correct it; the rules a version must keep are checked here."""

    code: str
    type: ItemType
    kind: ItemKind = ItemKind.KNOWLEDGE
    clauses: list[str] = Field(default_factory=list)
    topic: str = ""
    difficulty: Difficulty = Difficulty.MEDIUM
    roles: list[PostRole] = Field(default_factory=list)
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
        return self.model_dump(mode="json", exclude={"code"})

    @property
    def digest(self) -> str:
        return _digest(self.content())


class BankDraft(_Draft):
    """One file of `items/`."""

    bank: str
    title: str
    edition: str | None = None
    description: str = ""
    items: list[ItemDraft]

    @model_validator(mode="after")
    def _codes_are_unique(self) -> BankDraft:
        seen: set[str] = set()
        for item in self.items:
            if item.code in seen:
                raise ValueError(f"题目编号重复：{item.code}")
            seen.add(item.code)
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


def _load(path: Path) -> object:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with path.open(encoding="utf-8") as stream:
        return yaml.load(stream, Loader=loader)


def read_edition(path: Path) -> EditionDraft:
    """Raises `pydantic.ValidationError` naming the field when the file breaks the format of README.md."""
    return EditionDraft.model_validate(_load(path))


def read_bank(path: Path) -> BankDraft:
    """Raises `pydantic.ValidationError` naming the item when the file breaks the format of README.md."""
    return BankDraft.model_validate(_load(path))

"""Standard → edition → clause → item → version, the steps of its review, and the learning cards."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from quiz.models.base import json_field, moment


class Standard(SQLModel, table=True):
    code: str = Field(primary_key=True, max_length=60)
    title: str = Field(max_length=120)


class Edition(SQLModel, table=True):
    code: str = Field(primary_key=True, max_length=60)
    standard_code: str = Field(foreign_key="standard.code", index=True)
    title: str = Field(max_length=120)
    document_number: str = Field(default="", max_length=120)
    issuer: str = Field(default="", max_length=120)
    published: date | None = None
    effective: date | None = None
    status: str = Field(default="in_force", max_length=20)
    supersedes: str | None = Field(default=None, max_length=60)
    scope: str = Field(default="", max_length=1000)
    digest: str = Field(default="", max_length=64)
    caution: str = Field(default="", max_length=500, sa_column_kwargs={"server_default": ""})
    """What a trainer should know before relying on it, such as a successor whose text is not held yet."""


class Clause(SQLModel, table=True):
    """One fact of an edition, in our words. Only assessable clauses may be cited by an item."""

    id: str = Field(primary_key=True, max_length=100)
    edition_code: str = Field(foreign_key="edition.code", index=True)
    ref: str = Field(max_length=80)
    group: str = Field(max_length=40)
    heading: str = Field(max_length=120)
    text: str = Field(max_length=2000)
    assessable: bool = True
    position: int = 0
    replaces: list[str] = json_field(default_factory=list, sa_column_kwargs={"server_default": "[]"})
    """Clauses of the edition before that this one took the place of, where a person said so; otherwise likeness decides."""


class LearningCard(SQLModel, table=True):
    """Reading matter for one clause: what a wrong answer leads to."""

    __tablename__ = "learning_card"

    clause_id: str = Field(primary_key=True, foreign_key="clause.id", max_length=100)
    says: str = Field(max_length=1000)
    why: str = Field(max_length=1000)
    on_site: list[str] = json_field(default_factory=list)
    mistakes: list[str] = json_field(default_factory=list)


class Bank(SQLModel, table=True):
    code: str = Field(primary_key=True, max_length=60)
    title: str = Field(max_length=120)
    description: str = Field(default="", max_length=500)
    edition_code: str | None = Field(default=None, foreign_key="edition.code")
    is_built_in: bool = False
    digest: str = Field(default="", max_length=64)
    created_at: datetime = moment()
    sectors: list[str] = json_field(default_factory=list, sa_column_kwargs={"server_default": "[]"})
    """Codes of the sectors whose enterprises it is for; empty = every sector."""


class Item(SQLModel, table=True):
    """A question through all its versions.

    `version_id` is the version that forms are drawn from while `state` is published (or the only one there is, while it is a draft).
    A version that is being rewritten waits in `pending_id`, so that candidates keep the published text until the new one is.
    """

    __table_args__ = (UniqueConstraint("bank_code", "code"),)

    id: int | None = Field(default=None, primary_key=True)
    bank_code: str = Field(foreign_key="bank.code", index=True)
    code: str = Field(max_length=60)
    state: str = Field(default="published", max_length=20, index=True)
    version_id: int | None = None
    pending_id: int | None = None
    pending_state: str = Field(default="", max_length=20, sa_column_kwargs={"server_default": ""})
    """`draft` or `reviewed` while `pending_id` is set."""
    sectors: list[str] | None = json_field(default=None, nullable=True)
    """Where the item is for fewer sectors than its bank."""
    import_id: int | None = Field(default=None, index=True)
    """The import that brought it, so that the import can be undone."""


class BankImport(SQLModel, table=True):
    """One file a person imported into a bank, and what became of its rows."""

    __tablename__ = "bank_import"

    id: int | None = Field(default=None, primary_key=True)
    bank_code: str = Field(max_length=60, index=True)
    """Not a foreign key: the record outlives a bank that the undone import had created."""
    file_name: str = Field(max_length=200)
    format: str = Field(max_length=20)
    digest: str = Field(max_length=64)
    state: str = Field(default="running", max_length=20)
    """`running`, `done`, `undone`, or `broken` when the server stopped in the middle: then nothing of it is served."""
    created_bank: bool = False
    counts: dict[str, int] = json_field(default_factory=dict)
    problems: list[dict[str, Any]] = json_field(default_factory=list)
    account_id: int | None = Field(default=None, foreign_key="account.id")
    account: str = Field(default="", max_length=60)
    at: datetime = moment()
    undone_at: datetime | None = moment(nullable=True)
    undone_by: str = Field(default="", max_length=60)
    replaced: list[dict[str, Any]] = json_field(default_factory=list, sa_column_kwargs={"server_default": "[]"})
    """New wordings it proposed for items the bank had: `item`, `version`, and what stood there `before`, so that undoing puts it back."""


class PictureFile(SQLModel, table=True):
    """A picture of items, once however many show it."""

    __tablename__ = "picture_file"

    digest: str = Field(primary_key=True, max_length=64)
    media_type: str = Field(max_length=40)
    data: bytes


class ItemVersion(SQLModel, table=True):
    """The wording of an item at one time; never changed after it was written."""

    __tablename__ = "item_version"
    __table_args__ = (UniqueConstraint("item_id", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    item_id: int = Field(foreign_key="item.id", index=True)
    number: int
    type: str = Field(max_length=20)
    kind: str = Field(default="knowledge", max_length=20)
    topic: str = Field(default="", max_length=80)
    difficulty: str = Field(default="medium", max_length=10)
    roles: list[str] = json_field(default_factory=list)
    stem: str = Field(max_length=4000)
    options: list[dict[str, str]] = json_field(default_factory=list)
    """`[{"key": "A", "text": "…"}]`: the key survives shuffling, the letter on screen is display."""
    key: list[str] = json_field(default_factory=list)
    explanation: str = Field(default="", max_length=4000)
    rationales: dict[str, str] = json_field(default_factory=dict)
    digest: str = Field(max_length=64)
    created_at: datetime = moment()
    extra: dict[str, Any] = json_field(default_factory=dict, sa_column_kwargs={"server_default": "{}"})
    """What only some types have: `unit`, `tolerance`, `prompts`, `parts`, as `quiz.banks.question` describes them."""


class ItemClause(SQLModel, table=True):
    """Which clauses a version tests; position 0 is the main one."""

    __tablename__ = "item_clause"

    version_id: int = Field(foreign_key="item_version.id", primary_key=True)
    clause_id: str = Field(foreign_key="clause.id", primary_key=True, index=True)
    position: int = 0
    relation: str = Field(default="tests", max_length=20, sa_column_kwargs={"server_default": "tests"})
    """`tests`, or `changed_from`: the clause of a superseded edition that a "what has changed" item compares with."""


class ItemStep(SQLModel, table=True):
    """One step of an item through review: who did what to which version, when, and why."""

    __tablename__ = "item_step"

    id: int | None = Field(default=None, primary_key=True)
    item_id: int = Field(foreign_key="item.id", index=True)
    version_id: int = Field(foreign_key="item_version.id")
    action: str = Field(max_length=20)
    account_id: int | None = Field(default=None, foreign_key="account.id")
    account: str = Field(default="", max_length=60)
    note: str = Field(default="", max_length=500)
    edition_code: str | None = Field(default=None, foreign_key="edition.code", index=True)
    """The new edition, where a change of law made the step."""
    at: datetime = moment()


class DuplicateDecision(SQLModel, table=True):
    """What somebody decided about two items that ask the same, so that nobody is asked again.

    No foreign keys: an undone import takes its items away, and what was decided about them says nothing any more.
    """

    __tablename__ = "duplicate_decision"

    first_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """The smaller of the two items' ids."""
    second_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    decision: str = Field(max_length=20)
    wording: str = Field(max_length=64)
    """Digest of what candidates saw of both: once one of them is worded anew, the pair is shown again."""
    account_id: int | None = None
    account: str = Field(default="", max_length=60)
    at: datetime = moment()


class BankAct(SQLModel, table=True):
    """One act on many items at once, with what it changed, so that it can be taken back."""

    __tablename__ = "bank_act"

    id: int | None = Field(default=None, primary_key=True)
    bank_code: str = Field(max_length=60, index=True)
    """Not a foreign key: a merged bank is gone."""
    other_code: str = Field(default="", max_length=60, index=True)
    """The bank that items were moved or copied to."""
    act: str = Field(max_length=20)
    """A value of `quiz.banks.bulk_plan.Act`, or `merge`."""
    told: str = Field(default="", max_length=300)
    """The act in words."""
    count: int
    changes: list[dict[str, Any]] = json_field(default_factory=list)
    """For each item the columns that changed: `item`, `before` (null for an item that was made), `after`."""
    steps_after: int = 0
    """Steps of these items with a higher number, up to `steps_to`, were taken by this act; still higher ones came later."""
    steps_to: int = 0
    bank: dict[str, Any] | None = json_field(default=None, nullable=True)
    """The row of a bank that went."""
    account_id: int | None = Field(default=None, foreign_key="account.id")
    account: str = Field(default="", max_length=60)
    at: datetime = moment()
    undone_at: datetime | None = moment(nullable=True)
    undone_by: str = Field(default="", max_length=60)

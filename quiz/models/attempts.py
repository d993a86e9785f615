"""An attempt, what was answered, and how it was marked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from quiz.models.base import json_field, moment


class Attempt(SQLModel, table=True):
    """One person's go at one paper. The rules it was started under are pinned here."""

    __table_args__ = (
        UniqueConstraint("person_id", "idempotency_key"),
        UniqueConstraint("person_id", "paper_id", "number"),
        Index(
            "uq_attempt_open",
            "person_id",
            "paper_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_attempt_due", "deadline", sqlite_where=text("state = 'open'"), postgresql_where=text("state = 'open'")),
        Index("ix_attempt_paper_state", "paper_id", "state"),
    )

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    paper_id: int = Field(foreign_key="paper.id")
    form_id: int = Field(foreign_key="form.id")
    number: int
    """1 for the person's first attempt at this paper."""
    state: str = Field(default="open", max_length=20)
    idempotency_key: str = Field(max_length=80)
    scoring_policy: str = Field(max_length=20)
    cut_score: float
    max_score: float
    started_at: datetime = moment()
    deadline: datetime = moment()
    handed_in_at: datetime | None = moment(nullable=True)
    score: float | None = None
    passed: bool | None = None
    marks: list[float] | None = json_field(default=None, nullable=True)
    """Mark of each position, in order; NULL while open. A re-mark adds a Remark and moves these."""


class Response(SQLModel, table=True):
    """The kept answer at one position; a higher sequence replaces a lower one."""

    attempt_id: int = Field(foreign_key="attempt.id", primary_key=True, ondelete="CASCADE")
    position: int = Field(primary_key=True)
    answer: list[str] = json_field(default_factory=list)
    sequence: int
    saved_at: datetime = moment()


class LateResponse(SQLModel, table=True):
    """An answer that arrived after the close: kept and shown, never counted."""

    __tablename__ = "late_response"
    __table_args__ = (UniqueConstraint("attempt_id", "position", "sequence"),)

    id: int | None = Field(default=None, primary_key=True)
    attempt_id: int = Field(foreign_key="attempt.id", index=True, ondelete="CASCADE")
    position: int
    answer: list[str] = json_field(default_factory=list)
    sequence: int
    received_at: datetime = moment()


class Extension(SQLModel, table=True):
    """More time or another attempt granted to one person for one paper, with the reason."""

    id: int | None = Field(default=None, primary_key=True)
    paper_id: int = Field(foreign_key="paper.id", index=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    extra_attempts: int = 0
    extra_minutes: int = 0
    closes_at: datetime | None = moment(nullable=True)
    reason: str = Field(default="", max_length=200)
    granted_by: int | None = Field(default=None, foreign_key="account.id")
    granted_at: datetime = moment()

"""Programmes and the duties they lay on the holders of posts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from quiz.models.base import json_field, moment


class Programme(SQLModel, table=True):
    """Who must have learnt what by when. `audience` is `quiz.training.domain.Audience` as JSON."""

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=60, unique=True)
    title: str = Field(max_length=120)
    description: str = Field(default="", max_length=1000)
    basis: str = Field(default="", max_length=500)
    """The clause or notice that requires it."""
    state: str = Field(default="draft", max_length=20, index=True)
    role: str = Field(default="principal", max_length=20)
    audience: dict[str, Any] = json_field(default_factory=dict)
    policy: str = Field(default="designated", max_length=20)
    opens_on: date
    due_on: date
    grace_days: int = 30
    """A holder who took up the post later than the opening has at least this long."""
    paper_id: int | None = Field(default=None, foreign_key="paper.id", index=True)
    """Completion rule of this floor: pass this paper."""
    created_at: datetime = moment()


class Duty(SQLModel, table=True):
    """Programme × organisation × role × holder, and how it ended. The post is the holder's."""

    __table_args__ = (
        UniqueConstraint("programme_id", "post_id"),
        CheckConstraint("closed_on is null or closed_on >= opened_on", name="order"),
    )

    id: int | None = Field(default=None, primary_key=True)
    programme_id: int = Field(foreign_key="programme.id", index=True)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    role: str = Field(max_length=20)
    post_id: int = Field(foreign_key="post.id", index=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    designated: bool = False
    opened_on: date
    due_on: date
    is_new_holder: bool = False
    """The holder took up the post after the programme opened: 新任待训."""
    trained_on: date | None = None
    """First day of any learning or attempt within the programme."""
    examined_on: date | None = None
    """First day with a handed-in attempt."""
    passed_on: date | None = None
    completed_on: date | None = None
    completed_attempt_id: int | None = Field(default=None, foreign_key="attempt.id")
    exempted_on: date | None = None
    exempt_reason: str = Field(default="", max_length=200)
    closed_on: date | None = None
    """First day on which it is no longer owed."""
    closing: str | None = Field(default=None, max_length=30)

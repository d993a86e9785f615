"""A paper and the forms drawn from its blueprint."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from quiz.models.base import json_field, moment


class Paper(SQLModel, table=True):
    """Rules of one examination. `blueprint` is `quiz.papers.domain.Blueprint` as JSON."""

    id: int | None = Field(default=None, primary_key=True)
    title: str = Field(max_length=120)
    description: str = Field(default="", max_length=1000)
    state: str = Field(default="draft", max_length=20, index=True)
    blueprint: dict[str, Any] = json_field(default_factory=dict)
    cut_score: float
    """Points needed to pass, out of the blueprint's total."""
    time_limit_minutes: int = 30
    attempts_allowed: int | None = None
    """NULL = unlimited. No number as default here: the ORM would write it wherever NULL is asked for."""
    opens_at: datetime = moment()
    closes_at: datetime = moment()
    scoring_policy: str = Field(default="all_or_nothing", max_length=20)
    review_policy: str = Field(default="after_hand_in", max_length=20)
    shuffle_items: bool = True
    shuffle_options: bool = True
    created_by: int | None = Field(default=None, foreign_key="account.id")
    created_at: datetime = moment()


class Form(SQLModel, table=True):
    """The questions one candidate got: item versions, their order, the order of options; reproducible from the seed."""

    id: int | None = Field(default=None, primary_key=True)
    paper_id: int = Field(foreign_key="paper.id", index=True)
    seed: int = Field(sa_type=BigInteger)
    items: list[dict[str, Any]] = json_field(default_factory=list)
    """`[{"version": 12, "options": ["C", "A", "B", "D"], "points": 5.0, "must_be_right": false}]`, position = index + 1;
    the options of a case carry the number of their part: `1:B`."""

"""Reads what was granted: more attempts, more minutes, a later closing, to whom and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlmodel import Session, col

from quiz.models.accounts import Account
from quiz.models.attempts import Extension
from quiz.models.organisations import Organisation, Person, Post
from quiz.models.papers import Paper
from quiz.organisations.reach import Reaches


@dataclass(frozen=True)
class Granted:
    """One extension."""

    person_id: int
    person: str
    paper_id: int
    paper: str
    extra_attempts: int
    extra_minutes: int
    closes_at: datetime | None
    reason: str
    granted_by: str
    granted_at: datetime


def granted(session: Session, *, reach: Reaches, person_id: int | None = None, limit: int = 50) -> tuple[Granted, ...]:
    """The latest extensions of people who hold or held a post within reach."""
    within = (
        exists()
        .where(col(Post.person_id) == col(Extension.person_id), col(Organisation.id) == col(Post.organisation_id), *reach.conditions())
        .correlate(Extension)
    )
    query: Any = (
        select(Extension, col(Person.name), col(Paper.title), col(Account.name))
        .join(Person, col(Person.id) == col(Extension.person_id))
        .join(Paper, col(Paper.id) == col(Extension.paper_id))
        .outerjoin(Account, col(Account.id) == col(Extension.granted_by))
        .where(within)
        .order_by(col(Extension.id).desc())
        .limit(limit)
    )
    if person_id is not None:
        query = query.where(col(Extension.person_id) == person_id)
    return tuple(
        Granted(
            row.person_id,
            name,
            row.paper_id,
            title,
            row.extra_attempts,
            row.extra_minutes,
            row.closes_at,
            row.reason,
            by or "",
            row.granted_at,
        )
        for row, name, title, by in session.execute(query)
    )

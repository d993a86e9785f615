"""How much a paper has been used."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlmodel import Session

from quiz.attempts.queries import attempts


def attempts_by_paper(session: Session) -> dict[int, int]:
    """Number of attempts started at each paper that has any."""
    rows = session.execute(select(attempts.c.paper_id, func.count()).group_by(attempts.c.paper_id))
    return {paper_id: count for paper_id, count in rows}

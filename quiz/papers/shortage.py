"""Which papers draw on a bank, and which of them could no longer be drawn without some of its items."""

from __future__ import annotations

from collections.abc import Collection

from sqlmodel import Session

from quiz.papers import queries
from quiz.papers.domain import Pool, PoolTooSmall, assemble_form
from quiz.papers.queries import PaperView
from quiz.vocabulary import PaperState


def papers_of_bank(session: Session, bank_code: str) -> list[PaperView]:
    """All papers with a section that draws on this bank, newest first."""
    return [paper for paper in queries.list_papers(session) if bank_code in paper.blueprint.banks]


def short_without(session: Session, *, bank_code: str, version_ids: Collection[int]) -> list[str]:
    """Titles of published papers that can be drawn now and could not without these items."""
    gone = set(version_ids)
    short = []
    for paper in papers_of_bank(session, bank_code):
        if paper.state is PaperState.PUBLISHED:
            pool = queries.pool(session, paper.blueprint)
            left = Pool(item for item in pool if item.version not in gone)
            if len(left) < len(pool) and _can_be_drawn(pool, paper) and not _can_be_drawn(left, paper):
                short.append(paper.title)
    return short


def _can_be_drawn(pool: Pool, paper: PaperView) -> bool:
    try:
        assemble_form(pool, paper.blueprint, seed=0)
    except PoolTooSmall:
        return False
    return True

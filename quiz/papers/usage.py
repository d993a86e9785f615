"""Whether somebody was already asked: item versions that stand in forms."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlmodel import Session, col

from quiz.models.papers import Form
from quiz.papers.queries import list_papers


def versions_in_forms(session: Session, *, bank_code: str, version_ids: Collection[int]) -> set[int]:
    """Those of the versions that any form holds; only forms of papers that draw on this bank are read, one after the other."""
    papers = [paper.id for paper in list_papers(session) if bank_code in paper.blueprint.banks]
    wanted, found = set(version_ids), set()
    rows = session.scalars(select(col(Form.items)).where(col(Form.paper_id).in_(papers)).execution_options(yield_per=500))
    for items in rows:
        found |= wanted & {item["version"] for item in items}
        if found == wanted:
            break
    return found

"""What a trainer is told while building a paper, and the acts on a finished one, each recorded in the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from quiz.accounts import audit
from quiz.accounts.audit import Actor
from quiz.banks.queries import VersionView
from quiz.models.papers import Paper
from quiz.papers import queries, service
from quiz.papers.domain import Blueprint, FormItem, Pool, PoolItem, PoolTooSmall, Section, assemble_form
from quiz.papers.queries import PaperView
from quiz.papers.service import PaperDraft
from quiz.problems import NotFound
from quiz.vocabulary import PaperState

_ACTIONS = {PaperState.PUBLISHED: "publish_paper", PaperState.WITHDRAWN: "withdraw_paper", PaperState.DRAFT: "edit_paper"}


@dataclass(frozen=True)
class Feedback:
    """What the present sections come to."""

    fitting: tuple[int, ...]
    """Items of the banks that satisfy each section's conditions."""
    questions: int
    max_score: float
    problem: str
    """Why no form can be drawn; empty when one can."""


def feedback(session: Session, sections: Sequence[Section]) -> Feedback:
    """How many items fit each section, and whether a whole form can be drawn from them."""
    blueprint = Blueprint(sections=tuple(sections))
    pool = queries.pool(session, blueprint)
    fitting = tuple(sum(section.accepts(item) for item in pool) for section in sections)
    return Feedback(fitting, blueprint.count, blueprint.max_score, _problem(pool, blueprint))


def _problem(pool: Pool | list[PoolItem], blueprint: Blueprint) -> str:
    try:
        assemble_form(pool, blueprint, seed=0)
    except PoolTooSmall as refusal:
        return refusal.message
    return ""


def preview(session: Session, *, paper: PaperView, seed: int) -> list[tuple[FormItem, VersionView]]:
    """A form as a candidate might get it; nothing is stored."""
    items = assemble_form(
        queries.pool(session, paper.blueprint),
        paper.blueprint,
        seed=seed,
        shuffle_items=paper.shuffle_items,
        shuffle_options=paper.shuffle_options,
    )
    views = queries.version_views(session, (item.version for item in items))
    return [(item, views[item.version]) for item in items]


def papers_short_without(session: Session, *, bank_code: str, version_id: int) -> list[str]:
    """Titles of published papers that could no longer be drawn if this item were withdrawn."""
    short = []
    for paper in queries.list_papers(session):
        if paper.state is PaperState.PUBLISHED and bank_code in paper.blueprint.banks:
            pool = [item for item in queries.pool(session, paper.blueprint) if item.version != version_id]
            if _problem(pool, paper.blueprint):
                short.append(paper.title)
    return short


def save(session: Session, *, paper_id: int | None, draft: PaperDraft, now: datetime, actor: Actor) -> PaperView:
    """Write a new paper as a draft, or change one. Raises what `create_paper` and `edit_paper` raise."""
    if paper_id is None:
        saved = service.create_paper(session, draft=draft, created_by=actor.account_id, now=now)
    else:
        saved = service.edit_paper(session, paper_id=paper_id, draft=draft)
    action = "create_paper" if paper_id is None else "edit_paper"
    audit.record(session, actor=actor, action=action, subject=saved.title, at=now, detail={"paper": saved.id})
    return saved


def change_state(session: Session, *, paper_id: int, state: PaperState, now: datetime, actor: Actor) -> None:
    """Publish or withdraw. A paper that the banks can no longer fill is not published.

    Raises:
        PoolTooSmall, Refusal, NotFound
    """
    paper = queries.paper(session, paper_id)
    if state is PaperState.PUBLISHED:
        assemble_form(queries.pool(session, paper.blueprint), paper.blueprint, seed=0)
    service.set_state(session, paper_id=paper_id, state=state)
    audit.record(session, actor=actor, action=_ACTIONS[state], subject=paper.title, at=now, detail={"paper": paper_id})


def copy_paper(session: Session, *, paper_id: int, now: datetime, actor: Actor) -> PaperView:
    """A draft that says the same as another paper."""
    original = session.get(Paper, paper_id)
    if original is None:
        raise NotFound("没有这份试卷。")
    values = original.model_dump(exclude={"id", "title", "state", "created_by", "created_at"})
    copy = Paper(
        title=f"{original.title}（副本）"[:120], state=PaperState.DRAFT.value, created_by=actor.account_id, created_at=now, **values
    )
    session.add(copy)
    session.flush()
    audit.record(session, actor=actor, action="copy_paper", subject=copy.title, at=now, detail={"from": paper_id, "paper": copy.id})
    return PaperView.of(copy)

"""Verbs of the papers room: write a paper, publish it, draw a form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, col

from quiz.models.papers import Form, Paper
from quiz.papers import queries
from quiz.papers.domain import Blueprint, FormItem, assemble_form
from quiz.papers.queries import PaperView
from quiz.problems import Invalid, NotFound, Refusal
from quiz.vocabulary import PaperState, ReviewPolicy, ScoringPolicy

_NEW_FORM = insert(Form).returning(col(Form.id))


@dataclass(frozen=True)
class PaperDraft:
    """What a trainer decides about a paper."""

    title: str
    blueprint: Blueprint
    cut_score: float
    opens_at: datetime
    closes_at: datetime
    time_limit_minutes: int = 30
    attempts_allowed: int | None = 3
    scoring_policy: ScoringPolicy = ScoringPolicy.ALL_OR_NOTHING
    review_policy: ReviewPolicy = ReviewPolicy.AFTER_HAND_IN
    shuffle_items: bool = True
    shuffle_options: bool = True
    description: str = ""


def check_draft(draft: PaperDraft) -> None:
    """Refuse a paper that nobody could pass, or take."""
    if not draft.title.strip():
        raise Invalid("请填写试卷名称。", code="title_empty")
    if not 0 < draft.cut_score <= draft.blueprint.max_score:
        raise Invalid(f"合格分须大于 0 且不超过满分 {draft.blueprint.max_score:g} 分。", code="cut_score")
    if draft.closes_at <= draft.opens_at:
        raise Invalid("截止时间须晚于开放时间。", code="window")
    if not 1 <= draft.time_limit_minutes <= 600:
        raise Invalid("答题时限须在 1 至 600 分钟之间。", code="time_limit")
    if draft.attempts_allowed is not None and draft.attempts_allowed < 1:
        raise Invalid("允许次数至少为 1 次；不限次数请留空。", code="attempts_allowed")


def create_paper(session: Session, *, draft: PaperDraft, created_by: int | None, now: datetime, publish: bool = False) -> PaperView:
    """Store the paper as a draft, or published at once. The blueprint is tried on the present pool first.

    Raises:
        Invalid: a rule contradicts itself.
        PoolTooSmall: the banks cannot fill a form.
    """
    check_draft(draft)
    assemble_form(queries.pool(session, draft.blueprint), draft.blueprint, seed=0)
    paper = Paper(
        state=(PaperState.PUBLISHED if publish else PaperState.DRAFT).value, created_by=created_by, created_at=now, **_columns(draft)
    )
    session.add(paper)
    session.flush()
    return PaperView.of(paper)


def edit_paper(session: Session, *, paper_id: int, draft: PaperDraft) -> PaperView:
    """Change a paper. Attempts that were started keep the rules they were started under."""
    check_draft(draft)
    assemble_form(queries.pool(session, draft.blueprint), draft.blueprint, seed=0)
    paper = session.get(Paper, paper_id)
    if paper is None:
        raise NotFound("没有这份试卷。")
    for name, value in _columns(draft).items():
        setattr(paper, name, value)
    session.flush()
    return PaperView.of(paper)


def _columns(draft: PaperDraft) -> dict[str, Any]:
    return {
        "title": draft.title.strip(),
        "description": draft.description.strip(),
        "blueprint": draft.blueprint.model_dump(mode="json"),
        "cut_score": draft.cut_score,
        "time_limit_minutes": draft.time_limit_minutes,
        "attempts_allowed": draft.attempts_allowed,
        "opens_at": draft.opens_at,
        "closes_at": draft.closes_at,
        "scoring_policy": draft.scoring_policy.value,
        "review_policy": draft.review_policy.value,
        "shuffle_items": draft.shuffle_items,
        "shuffle_options": draft.shuffle_options,
    }


def set_state(session: Session, *, paper_id: int, state: PaperState) -> None:
    """Publish, withdraw or return to draft."""
    paper = session.get(Paper, paper_id)
    if paper is None:
        raise NotFound("没有这份试卷。")
    if state is PaperState.PUBLISHED and paper.closes_at <= paper.opens_at:
        raise Refusal("截止时间须晚于开放时间，不能发布。", code="window")
    paper.state = state.value
    session.flush()


def draw_form(session: Session, *, paper: PaperView, seed: int) -> tuple[int, tuple[FormItem, ...]]:
    """Assemble and store a form; the seed and the pool's versions make it reproducible."""
    items = assemble_form(
        queries.pool(session, paper.blueprint),
        paper.blueprint,
        seed=seed,
        shuffle_items=paper.shuffle_items,
        shuffle_options=paper.shuffle_options,
    )
    form = {"paper_id": paper.id, "seed": seed, "items": [item.as_json() for item in items]}
    form_id: Any = session.connection().execute(_NEW_FORM, form).scalar_one()
    return form_id, items

"""Last year's paper once more: the same rules a year later, and what has left its banks since it was written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from quiz import clock
from quiz.accounts import audit
from quiz.accounts.audit import Actor
from quiz.models.banks import Bank, Item, ItemStep, ItemVersion
from quiz.models.papers import Paper
from quiz.papers import queries
from quiz.papers.domain import PoolTooSmall, assemble_form
from quiz.papers.queries import PaperView
from quiz.problems import NotFound
from quiz.vocabulary import ItemState, ItemStepAction, PaperState

_YEAR = re.compile(r"(?<!\d)20\d\d(?!\d)")
_LISTED = 50


@dataclass(frozen=True)
class Withdrawn:
    """An item of the paper's banks that went out of use after the paper was written."""

    bank: str
    item_id: int
    code: str
    stem: str
    at: datetime
    reason: str
    is_named: bool
    """A section of the paper asks for it by its code."""


@dataclass(frozen=True)
class YearLater:
    """What the copy will be, and what somebody should look at before it is published."""

    title: str
    opens_at: datetime
    closes_at: datetime
    withdrawn: tuple[Withdrawn, ...]
    """Latest first, at most fifty."""
    withdrawn_count: int
    missing_banks: tuple[str, ...]
    """Codes of banks that are no longer there."""
    problem: str
    """Why no form can be drawn from the banks as they are; empty when one can."""


def outlook(session: Session, *, paper_id: int, now: datetime) -> YearLater:
    """Look before copying; nothing is written. Raises NotFound when there is no such paper."""
    paper = queries.paper(session, paper_id)
    original = session.get(Paper, paper_id)
    assert original is not None
    years = _years(paper.closes_at, now)
    withdrawn = _withdrawn_since(session, paper, original.created_at)
    banks = set(session.scalars(select(col(Bank.code)).where(col(Bank.code).in_(paper.blueprint.banks))))
    return YearLater(
        title=_title(session, paper.title, years),
        opens_at=_later(paper.opens_at, years),
        closes_at=_later(paper.closes_at, years),
        withdrawn=tuple(withdrawn[:_LISTED]),
        withdrawn_count=len(withdrawn),
        missing_banks=tuple(sorted(paper.blueprint.banks - banks)),
        problem=_problem(session, paper),
    )


def copy_a_year_later(session: Session, *, paper_id: int, now: datetime, actor: Actor) -> PaperView:
    """A draft with the same rules, opening and closing on the same days a year later, or as many years as bring its end into the future.

    Raises:
        NotFound: no such paper.
    """
    original = session.get(Paper, paper_id)
    if original is None:
        raise NotFound("没有这份试卷。")
    years = _years(original.closes_at, now)
    values = original.model_dump(exclude={"id", "title", "state", "created_by", "created_at", "opens_at", "closes_at"})
    copy = Paper(
        title=_title(session, original.title, years),
        state=PaperState.DRAFT.value,
        opens_at=_later(original.opens_at, years),
        closes_at=_later(original.closes_at, years),
        created_by=actor.account_id,
        created_at=now,
        **values,
    )
    session.add(copy)
    session.flush()
    detail = {"from": paper_id, "paper": copy.id, "value": f"{clock.show(copy.opens_at)} — {clock.show(copy.closes_at)}"}
    audit.record(session, actor=actor, action="copy_paper", subject=copy.title, at=now, detail=detail)
    return PaperView.of(copy)


def _years(closes_at: datetime, now: datetime) -> int:
    years = 1
    while _later(closes_at, years) <= now:
        years += 1
    return years


def _later(moment: datetime, years: int) -> datetime:
    """The same day and hour in Weihai; 29 February becomes the 28th."""
    local = moment.astimezone(clock.SHANGHAI)
    try:
        moved = local.replace(year=local.year + years)
    except ValueError:
        moved = local.replace(year=local.year + years, day=28)
    return moved.astimezone(clock.UTC)


def _title(session: Session, title: str, years: int) -> str:
    """`2026年考试` becomes `2027年考试`; a title without a year, or one that is taken, says that it is a copy."""
    moved = _YEAR.sub(lambda year: str(int(year[0]) + years), title)
    if moved == title or session.scalars(select(col(Paper.id)).where(col(Paper.title) == moved)).first() is not None:
        moved = f"{moved[:114]}（副本）"
    return moved


def _withdrawn_since(session: Session, paper: PaperView, since: datetime) -> list[Withdrawn]:
    named = {(bank, code) for section in paper.blueprint.sections for bank in section.banks for code in section.items}
    rows = session.execute(
        select(Item, col(ItemVersion.stem), ItemStep)
        .join(ItemStep, col(ItemStep.item_id) == col(Item.id))
        .join(ItemVersion, col(ItemVersion.id) == col(Item.version_id))
        .where(
            col(Item.bank_code).in_(paper.blueprint.banks),
            col(Item.state) == ItemState.WITHDRAWN.value,
            col(ItemStep.action) == ItemStepAction.WITHDRAWN.value,
            col(ItemStep.at) > since,
        )
        .order_by(col(ItemStep.id).desc())
    )
    found: dict[int, Withdrawn] = {}
    for item, stem, step in rows:
        is_named = (item.bank_code, item.code) in named
        found.setdefault(item.id, Withdrawn(item.bank_code, item.id, item.code, stem, step.at, step.note, is_named))
    return sorted(found.values(), key=lambda each: not each.is_named)


def _problem(session: Session, paper: PaperView) -> str:
    try:
        assemble_form(queries.pool(session, paper.blueprint), paper.blueprint, seed=0)
    except PoolTooSmall as refusal:
        return refusal.message
    return ""

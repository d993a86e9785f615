"""The catalogue of standards: editions with their dates, what superseded what, how much of them is tested and explained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from quiz.models.banks import Bank, Clause, Edition, Item, ItemClause, ItemStep, ItemVersion, LearningCard, Standard
from quiz.problems import NotFound
from quiz.vocabulary import ClauseRelation, EditionStatus, ItemState, ItemStepAction

NOT_TESTED = "背景信息或未核实，不出题"
"""Why a clause may not be cited by an item."""


@dataclass(frozen=True)
class EditionRow:
    """One edition with what is held of it."""

    code: str
    standard_code: str
    title: str
    document_number: str
    issuer: str
    published: date | None
    effective: date | None
    status: EditionStatus
    scope: str
    caution: str
    is_shipped: bool
    supersedes: str | None
    """Code of the edition before, where it is held."""
    supersedes_title: str
    """With its number or year: editions of one standard often share their title."""
    superseded_by: str | None
    superseded_by_title: str
    clauses: int
    assessable: int
    items: int
    """Published items that test one of its clauses."""
    cards: int
    banks: tuple[tuple[str, str], ...]
    """Code and title of the banks that are pinned to it, or have an item that tests it."""


@dataclass(frozen=True)
class StandardRow:
    """A standard with its editions, newest first."""

    code: str
    title: str
    editions: tuple[EditionRow, ...]

    @property
    def newest(self) -> EditionRow:
        return self.editions[0]

    @property
    def words(self) -> str:
        """Everything somebody may search for, in lower case."""
        parts = (
            part
            for each in self.editions
            for part in (each.code, each.title, each.document_number, each.issuer, each.scope, *(title for _, title in each.banks))
        )
        return " ".join((self.code, self.title, *parts)).lower()


def standards(session: Session) -> list[StandardRow]:
    """All standards that have an edition, by title."""
    rows = _editions(session)
    age = {row.code: _age(row, rows) for row in rows.values()}
    titles: dict[str, str] = dict(session.execute(select(col(Standard.code), col(Standard.title))).all())  # type: ignore[arg-type]
    found: dict[str, list[EditionRow]] = {}
    for row in sorted(rows.values(), key=lambda row: (age[row.code], row.effective or date.min, row.code), reverse=True):
        found.setdefault(row.standard_code, []).append(row)
    return sorted(
        (StandardRow(code, titles[code], tuple(editions)) for code, editions in found.items()), key=lambda each: (each.title, each.code)
    )


def edition(session: Session, code: str) -> EditionRow:
    """Raises NotFound when it is not held."""
    row = _editions(session).get(code)
    if row is None:
        raise NotFound("没有这个版本，可能已经撤销载入。")
    return row


def _age(row: EditionRow, rows: Mapping[str, EditionRow]) -> int:
    """How many editions it superseded, one after the other; a circle in the data ends the count."""
    seen = {row.code}
    while row.supersedes and row.supersedes not in seen:
        seen.add(row.supersedes)
        row = rows[row.supersedes]
    return len(seen)


def _editions(session: Session) -> dict[str, EditionRow]:
    editions = {row.code: row for row in session.scalars(select(Edition))}
    successors = {row.supersedes: row for row in editions.values() if row.supersedes in editions}
    clauses, assessable = _clauses(session), _clauses(session, only_assessable=True)
    items, cards, banks = _items(session), _cards(session), _banks(session)
    found = {}
    for code, row in editions.items():
        old, new = editions.get(row.supersedes or ""), successors.get(code)
        found[code] = EditionRow(
            code=code,
            standard_code=row.standard_code,
            title=row.title,
            document_number=row.document_number,
            issuer=row.issuer,
            published=row.published,
            effective=row.effective,
            status=EditionStatus(row.status),  # type: ignore[call-arg]
            scope=row.scope,
            caution=row.caution,
            is_shipped=bool(row.digest),
            supersedes=old.code if old else None,
            supersedes_title=_told_apart(old) if old else "",
            superseded_by=new.code if new else None,
            superseded_by_title=_told_apart(new) if new else "",
            clauses=clauses.get(code, 0),
            assessable=assessable.get(code, 0),
            items=items.get(code, 0),
            cards=cards.get(code, 0),
            banks=tuple(banks.get(code, ())),
        )
    return found


def _told_apart(edition: Edition) -> str:
    mark = edition.document_number or (str(edition.effective.year) if edition.effective else edition.code)
    return f"{edition.title}（{mark}）"


def _clauses(session: Session, *, only_assessable: bool = False) -> dict[str, int]:
    query = select(col(Clause.edition_code), func.count()).group_by(col(Clause.edition_code))
    if only_assessable:
        query = query.where(col(Clause.assessable).is_(True))
    return dict(session.execute(query).all())  # type: ignore[arg-type]


def _items(session: Session) -> dict[str, int]:
    rows = session.execute(
        select(col(Clause.edition_code), func.count(func.distinct(col(Item.id))))
        .join(ItemClause, col(ItemClause.clause_id) == col(Clause.id))
        .join(Item, col(Item.version_id) == col(ItemClause.version_id))
        .where(col(Item.state) == ItemState.PUBLISHED.value, col(ItemClause.relation) == ClauseRelation.TESTS.value)
        .group_by(col(Clause.edition_code))
    )
    return dict(rows.all())  # type: ignore[arg-type]


def _cards(session: Session) -> dict[str, int]:
    rows = session.execute(
        select(col(Clause.edition_code), func.count())
        .join(LearningCard, col(LearningCard.clause_id) == col(Clause.id))
        .group_by(col(Clause.edition_code))
    )
    return dict(rows.all())  # type: ignore[arg-type]


def _banks(session: Session) -> dict[str, list[tuple[str, str]]]:
    pinned: Any = select(col(Bank.edition_code).label("edition"), col(Bank.code), col(Bank.title)).where(
        col(Bank.edition_code).is_not(None)
    )
    citing = (
        select(col(Clause.edition_code), col(Bank.code), col(Bank.title))
        .join(ItemClause, col(ItemClause.clause_id) == col(Clause.id))
        .join(Item, col(Item.version_id) == col(ItemClause.version_id))
        .join(Bank, col(Bank.code) == col(Item.bank_code))
        .where(col(Item.state) == ItemState.PUBLISHED.value, col(ItemClause.relation) == ClauseRelation.TESTS.value)
    )
    found: dict[str, list[tuple[str, str]]] = {}
    for edition_code, code, title in sorted(session.execute(pinned.union(citing)).all(), key=lambda row: (row[0], row[2], row[1])):
        found.setdefault(edition_code, []).append((code, title))
    return found


def bank_titles(session: Session) -> dict[str, str]:
    """Titles of all banks by code."""
    return dict(session.execute(select(col(Bank.code), col(Bank.title))).all())  # type: ignore[arg-type]


@dataclass(frozen=True)
class ClauseUse:
    """How a clause is used: published items that test it, and whether it has a learning card."""

    items: int
    has_card: bool


def clause_uses(session: Session, edition_code: str) -> dict[str, ClauseUse]:
    """The use of each clause of an edition, by id."""
    items: dict[str, int] = dict(
        session.execute(
            select(col(Clause.id), func.count(func.distinct(col(Item.id))))
            .join(ItemClause, col(ItemClause.clause_id) == col(Clause.id))
            .join(Item, col(Item.version_id) == col(ItemClause.version_id))
            .where(
                col(Clause.edition_code) == edition_code,
                col(Item.state) == ItemState.PUBLISHED.value,
                col(ItemClause.relation) == ClauseRelation.TESTS.value,
            )
            .group_by(col(Clause.id))
        ).all()  # type: ignore[arg-type]
    )
    rows = session.execute(
        select(col(Clause.id), col(LearningCard.clause_id))
        .outerjoin(LearningCard, col(LearningCard.clause_id) == col(Clause.id))
        .where(col(Clause.edition_code) == edition_code)
    )
    return {id_: ClauseUse(items.get(id_, 0), card is not None) for id_, card in rows}


@dataclass(frozen=True)
class ItemImpact:
    """What a new edition did to one item, and where the item stands today."""

    item_id: int
    bank_code: str
    bank_title: str
    item_code: str
    stem: str
    action: ItemStepAction
    """`withdrawn` or `recited`."""
    reason: str
    at: datetime
    state: ItemState
    pending: ItemState | None
    """Where a rewritten version stands, if one is on its way."""
    is_reworked: bool
    """Another version than the one of the step is the current one."""

    @property
    def standing(self) -> str:
        """Where it stands today, in words."""
        if self.state is ItemState.PUBLISHED:
            withdrawn = self.action is ItemStepAction.WITHDRAWN
            return ("已改写并恢复使用" if self.is_reworked else "已恢复使用") if withdrawn else "在用"
        on_its_way = f"，修改稿{self.pending.label}" if self.pending else ""
        return f"{'仍停用' if self.action is ItemStepAction.WITHDRAWN else '后来停用'}{on_its_way}"


def impact(session: Session, edition_code: str) -> list[ItemImpact]:
    """Items that this edition withdrew or that were re-cited when it took over: the withdrawn first, by bank and code."""
    rows = session.execute(
        select(ItemStep, Item, col(ItemVersion.stem), col(Bank.title))
        .join(Item, col(Item.id) == col(ItemStep.item_id))
        .join(ItemVersion, col(ItemVersion.id) == col(ItemStep.version_id))
        .join(Bank, col(Bank.code) == col(Item.bank_code))
        .where(col(ItemStep.edition_code) == edition_code)
    )
    found = [_impact(step, item, stem, title) for step, item, stem, title in rows]
    return sorted(found, key=lambda each: (each.action is not ItemStepAction.WITHDRAWN, each.bank_title, each.item_code))


def _impact(step: ItemStep, item: Item, stem: str, bank_title: str) -> ItemImpact:
    return ItemImpact(
        item_id=step.item_id,
        bank_code=item.bank_code,
        bank_title=bank_title,
        item_code=item.code,
        stem=stem,
        action=ItemStepAction(step.action),  # type: ignore[call-arg]
        reason=step.note,
        at=step.at,
        state=ItemState(item.state),  # type: ignore[call-arg]
        pending=ItemState(item.pending_state) if item.pending_id and item.pending_state else None,  # type: ignore[call-arg]
        is_reworked=item.version_id != step.version_id,
    )

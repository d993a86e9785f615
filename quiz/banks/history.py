"""One item through its versions, and the edition a bank is pinned to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlmodel import Session, col

from quiz.banks import queries
from quiz.banks.queries import VersionView
from quiz.models.banks import Bank, Edition, Item, ItemVersion
from quiz.problems import NotFound
from quiz.vocabulary import EditionStatus


@dataclass(frozen=True)
class EditionView:
    """What a bank is measured against."""

    code: str
    title: str
    document_number: str
    issuer: str
    published: date | None
    effective: date | None
    status: EditionStatus
    scope: str
    caution: str = ""


@dataclass(frozen=True)
class Dated:
    """A version and when it was written."""

    view: VersionView
    created_at: datetime
    is_current: bool


def bank_title(session: Session, bank_code: str) -> str:
    """Raises NotFound when there is no such bank."""
    bank = session.get(Bank, bank_code)
    if bank is None:
        raise NotFound("没有这个题库。")
    return bank.title


def edition_of_bank(session: Session, bank_code: str) -> EditionView | None:
    """The edition its items are pinned to, if any."""
    row = session.scalars(
        select(Edition).join(Bank, col(Bank.edition_code) == col(Edition.code)).where(col(Bank.code) == bank_code)
    ).first()
    if row is None:
        return None
    return EditionView(
        row.code,
        row.title,
        row.document_number,
        row.issuer,
        row.published,
        row.effective,
        EditionStatus(row.status),  # type: ignore[call-arg]
        row.scope,
        row.caution,
    )


def versions_of_item(session: Session, *, item_id: int) -> list[Dated]:
    """All versions of an item, newest first. Raises NotFound when there is no such item."""
    item = session.get(Item, item_id)
    if item is None:
        raise NotFound("没有这道题。")
    rows = session.execute(
        select(col(ItemVersion.id), col(ItemVersion.created_at))
        .where(col(ItemVersion.item_id) == item_id)
        .order_by(col(ItemVersion.number).desc())
    ).all()
    views = queries.versions(session, (row.id for row in rows))
    return [Dated(views[row.id], row.created_at, row.id == item.version_id) for row in rows]

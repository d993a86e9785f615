"""Acts on many items on record: what each changed, so that it can be listed and taken back.

Kept are the columns that changed, before and after, and between which numbers the steps of the act lie: whoever takes it back sees
whether the items still are as the act left them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlmodel import Session, col

from quiz.accounts.audit import Actor
from quiz.banks.bulk_plan import Act
from quiz.models.banks import BankAct, Item, ItemStep

MERGE = "merge"
"""Two banks made one; every other act is an `Act`."""
_LABELS = {act.value: act.label for act in Act} | {MERGE: "合并题库"}
_COLUMNS = ("bank_code", "code", "state", "version_id", "pending_id", "pending_state", "sectors", "import_id")
_AT_ONCE = 5000

Rows = Mapping[int, dict[str, Any]]
"""Columns of items, by item."""


@dataclass(frozen=True)
class Before:
    """How items stood before an act, and the last step there was."""

    rows: Rows
    last_step: int


@dataclass(frozen=True)
class ActView:
    """An act as it is listed."""

    id: int
    bank_code: str
    other_code: str
    label: str
    told: str
    count: int
    account: str
    at: datetime
    undone_at: datetime | None
    undone_by: str


def before(session: Session, item_ids: Collection[int]) -> Before:
    """To be asked before the act; the items should be locked."""
    return Before(rows_of(session, item_ids), int(session.scalar(select(func.max(col(ItemStep.id)))) or 0))


def keep(
    session: Session,
    *,
    stood: Before,
    made: Collection[int] = (),
    act: str,
    bank_code: str,
    other_code: str = "",
    told: str,
    bank: dict[str, Any] | None = None,
    actor: Actor,
    now: datetime,
) -> int:
    """Put an act on record after it was done; `made` are the items it made. Returns its number."""
    session.flush()
    after = rows_of(session, [*stood.rows, *made])
    changes = [_change(item_id, stood.rows.get(item_id), row) for item_id, row in after.items()]
    changed = [change for change in changes if change["after"]]
    row = BankAct(
        bank_code=bank_code,
        other_code=other_code,
        act=act,
        told=told[:300],
        count=len(changed),
        changes=changed,
        steps_after=stood.last_step,
        steps_to=int(session.scalar(select(func.max(col(ItemStep.id)))) or 0),
        bank=bank,
        account_id=actor.account_id,
        account=actor.account[:60],
        at=now,
    )
    session.add(row)
    session.flush()
    return row.id or 0


def rows_of(session: Session, item_ids: Collection[int], *, lock: bool = False) -> dict[int, dict[str, Any]]:
    """The columns an act may change, by item; `lock` keeps others from changing them meanwhile."""
    found: dict[int, dict[str, Any]] = {}
    for ids in chunks(sorted(set(item_ids))):
        query = select(col(Item.id), *(getattr(Item, name) for name in _COLUMNS)).where(col(Item.id).in_(ids)).order_by(col(Item.id))
        for item_id, *values in session.execute(query.with_for_update() if lock else query):
            found[item_id] = dict(zip(_COLUMNS, values, strict=True))
    return found


def _change(item_id: int, old: dict[str, Any] | None, new: dict[str, Any]) -> dict[str, Any]:
    names = [name for name in _COLUMNS if old is None or old[name] != new[name]]
    return {"item": item_id, "before": old and {name: old[name] for name in names}, "after": {name: new[name] for name in names}}


def acts_of_bank(session: Session, bank_code: str) -> list[ActView]:
    """All acts on items of a bank, and those that brought it items, newest first."""
    names = ("id", "bank_code", "other_code", "act", "told", "count", "account", "at", "undone_at", "undone_by")
    rows = session.execute(
        select(*(getattr(BankAct, name) for name in names))
        .where(or_(col(BankAct.bank_code) == bank_code, col(BankAct.other_code) == bank_code))
        .order_by(col(BankAct.id).desc())
    )
    return [
        ActView(id_, bank, other, _LABELS.get(act, act), told, count, account, at, undone_at, undone_by)
        for id_, bank, other, act, told, count, account, at, undone_at, undone_by in rows
    ]


def chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """As many at once as both databases take."""
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))

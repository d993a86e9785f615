"""Acts on many items of a bank at once: what would happen and what is refused, then all of it in one transaction.

Topic, difficulty and posts stand on an item's version, and a version never changes once it is written: forms, results and the memory of
every process rely on that. So a change of these writes the next version. A candidate reads the same words as before, so it is in use at
once where the item is in use, nobody reviews it again, and its step says “批量修改”. Nothing is lost by it: statistics follow the wording
(`quiz.banks.same_wording`), not the number of the version. Sectors stand on the item itself and need no version.

A moved item is the same item: versions, steps, forms and results go along. It leaves the import that brought it, so that undoing the
import in its old bank cannot take it away from the new one.

Every act goes on record (`quiz.banks.bulk_record`); taking it back has to know the papers and stands in `quiz.exchange.bulk_undo`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, update
from sqlmodel import Session, col

from quiz.accounts import audit
from quiz.accounts.audit import Actor
from quiz.banks import bulk_record, service
from quiz.banks.bulk_plan import Act, BulkPlan, Order, chosen_items, plan, told
from quiz.banks.files import ItemDraft
from quiz.banks.service import NewVersion, Step
from quiz.models.banks import Bank, Item
from quiz.problems import Refusal
from quiz.vocabulary import ItemState, ItemStepAction

_CODES_ON_TRAIL = 500
"""Codes of items written into one row of the audit trail; the steps of the items tell the rest."""
_ACTIONS = {
    Act.TOPIC: "revise_items",
    Act.DIFFICULTY: "revise_items",
    Act.ROLES: "revise_items",
    Act.SECTORS: "set_item_sectors",
    Act.MOVE: "move_items",
    Act.COPY: "copy_items",
    Act.WITHDRAW: "withdraw_item",
    Act.RESTORE: "restore_item",
    Act.REVIEW: "draft_item",
}
"""The words of the audit trail."""


@dataclass(frozen=True)
class Done:
    """What was done, so that it can be told."""

    order: Order
    bank: str
    items: tuple[int, ...]
    """Ids of the items that were changed or copied."""
    unchanged: int
    barred: int
    act_id: int | None
    """Its number on record; None where it is part of another act."""


def carry_out(
    session: Session, *, bank_code: str, item_ids: Collection[int], order: Order, actor: Actor, now: datetime, is_part: bool = False
) -> Done:
    """Do it to every item that nothing speaks against, as things are now; one row on the audit trail.

    What is part of a larger act is put on record, and taken back, with the whole.

    Raises:
        NotFound, Invalid: as `plan`.
        Refusal: there is nothing to be done.
    """
    found = plan(session, bank_code=bank_code, item_ids=item_ids, order=order, actor=actor, lock=True)
    if not found.items:
        raise Refusal("所选题目都不需要或不能这样处理，没有改动。", code="nothing_to_do")
    ids = [view.item_id for view in found.items]
    stood = bulk_record.before(session, [] if order.act is Act.COPY else ids)
    made: list[int] = []
    match order.act:
        case Act.MOVE:
            _move(session, found, actor, now)
        case Act.COPY:
            made = _copy(session, found, actor, now)
        case Act.SECTORS:
            _put(session, ({"id": view.item_id, "sectors": list(order.sectors) or None} for view in found.items))
        case Act.WITHDRAW | Act.RESTORE:
            _switch(session, found, actor, now)
        case Act.REVIEW:
            _send_for_review(session, found, actor, now)
        case _:
            _revise(session, found, actor, now)
    session.expire_all()
    service.touch(session)
    _record(session, found, actor, now)
    act_id = None
    if not is_part:
        act_id = bulk_record.keep(
            session, stood=stood, made=made, act=order.act.value, bank_code=bank_code, other_code=order.bank, told=_more(session, order),
            actor=actor, now=now,
        )  # fmt: skip
    return Done(order, bank_code, tuple(ids), len(found.unchanged), len(found.barred), act_id)


def _move(session: Session, found: BulkPlan, actor: Actor, now: datetime) -> None:
    source = session.get(Bank, found.bank)
    assert source is not None
    items = chosen_items(session, found.bank, [view.item_id for view in found.items])
    # A draft's writer is whoever took its last writing step, so a draft gets none from being moved.
    actions = {ItemState.PUBLISHED.value: ItemStepAction.PUBLISHED, ItemState.WITHDRAWN.value: ItemStepAction.WITHDRAWN}
    steps = [
        Step(
            item.id or 0,
            item.version_id or 0,
            actions[item.state],
            _note(f"自题库“{source.title}”移入，原编号 {item.code}", found.order.reason),
        )
        for item in items
        if item.state in actions and item.pending_id != item.version_id
    ]
    _put(session, ({"id": i, "bank_code": found.order.bank, "code": code, "import_id": None} for i, code in found.codes.items()))
    service.record_steps(session, steps, actor=actor, now=now)


def _copy(session: Session, found: BulkPlan, actor: Actor, now: datetime) -> list[int]:
    """Copies read as their originals do, so they are in use at once as those are. Returns their ids."""
    state = ItemState.PUBLISHED.value
    rows = [
        {
            "bank_code": found.order.bank,
            "code": found.codes[view.item_id],
            "state": state,
            "pending_state": "",
            "sectors": view.as_draft().sectors,
        }
        for view in found.items
    ]
    ids = [id_ for id_ in session.scalars(insert(Item).returning(col(Item.id), sort_by_parameter_order=True), rows) if id_]
    drafts = [NewVersion(i, view.as_draft()) for i, view in zip(ids, found.items, strict=True)]
    versions = service.write_versions(session, drafts, now=now)
    _put(session, ({"id": i, "version_id": version} for i, version in zip(ids, versions, strict=True)))
    steps = [
        Step(i, version, ItemStepAction.PUBLISHED, _note(f"复制自 {view.bank_code} 的 {view.item_code}", found.order.reason))
        for i, version, view in zip(ids, versions, found.items, strict=True)
    ]
    service.record_steps(session, steps, actor=actor, now=now)
    return ids


def _switch(session: Session, found: BulkPlan, actor: Actor, now: datetime) -> None:
    """In use, or no longer."""
    withdraws = found.order.act is Act.WITHDRAW
    state = ItemState.WITHDRAWN if withdraws else ItemState.PUBLISHED
    _put(session, ({"id": view.item_id, "state": state.value} for view in found.items))
    action = ItemStepAction.WITHDRAWN if withdraws else ItemStepAction.RESTORED
    service.record_steps(session, [Step(v.item_id, v.id, action, found.order.reason.strip()) for v in found.items], actor=actor, now=now)


def _send_for_review(session: Session, found: BulkPlan, actor: Actor, now: datetime) -> None:
    """The wording as it stands waits for a second reader; what is in use stays in use meanwhile."""
    rows: list[dict[str, Any]] = []
    for view in found.items:
        state = ItemState.PUBLISHED if view.state == ItemState.PUBLISHED else ItemState.DRAFT
        rows.append({"id": view.item_id, "state": state.value, "pending_id": view.id, "pending_state": ItemState.DRAFT.value})
    _put(session, rows)
    steps = [Step(view.item_id, view.id, ItemStepAction.DRAFTED, _note("批量送复核", found.order.reason)) for view in found.items]
    service.record_steps(session, steps, actor=actor, now=now)


def _revise(session: Session, found: BulkPlan, actor: Actor, now: datetime) -> None:
    """The next version with the same words; in use at once where the item is."""
    drafts = [_revised(view.as_draft(), found.order) for view in found.items]
    versions = service.write_versions(
        session, [NewVersion(v.item_id, draft) for v, draft in zip(found.items, drafts, strict=True)], now=now
    )
    in_use, waiting = [], []
    steps = []
    for view, version in zip(found.items, versions, strict=True):
        is_draft = view.state == ItemState.DRAFT
        if is_draft:
            waiting.append({"id": view.item_id, "version_id": version, "pending_id": version})
        else:
            in_use.append({"id": view.item_id, "version_id": version})
        action = ItemStepAction.DRAFTED if is_draft else ItemStepAction.PUBLISHED
        steps.append(Step(view.item_id, version, action, _note(f"批量修改：{told(found.order)}", found.order.reason)))
    _put(session, in_use)
    _put(session, waiting)
    service.record_steps(session, steps, actor=actor, now=now)


def _revised(draft: ItemDraft, order: Order) -> ItemDraft:
    match order.act:
        case Act.TOPIC:
            return draft.model_copy(update={"topic": order.topic.strip()})
        case Act.DIFFICULTY:
            return draft.model_copy(update={"difficulty": order.difficulty})
        case _:
            return draft.model_copy(update={"roles": list(order.roles)})


def _record(session: Session, found: BulkPlan, actor: Actor, now: datetime) -> None:
    detail: dict[str, Any] = {"count": len(found.items), "value": told(found.order)}
    if found.order.bank:
        detail["title"] = found.order.bank
    if found.order.reason.strip():
        detail["reason"] = found.order.reason.strip()
    detail["items"] = [view.item_code for view in found.items[:_CODES_ON_TRAIL]]
    audit.record(session, actor=actor, action=_ACTIONS[found.order.act], subject=found.bank, at=now, detail=detail)


def _more(session: Session, order: Order) -> str:
    """What the name of the act leaves open: `主题：动火`, the other bank, the reason."""
    target = session.get(Bank, order.bank) if order.bank else None
    what = f"“{target.title}”" if target else told(order)
    return order.reason.strip() if what == order.act.label else _note(what, order.reason)


def _put(session: Session, rows: Iterable[dict[str, Any]]) -> None:
    listed = list(rows)
    if listed:
        session.execute(update(Item), listed)


def _note(text: str, reason: str) -> str:
    return f"{text}（{reason.strip()}）" if reason.strip() else text

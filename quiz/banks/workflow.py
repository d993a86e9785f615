"""An item's way: draft → reviewed → published → withdrawn. Who writes does not review; every step is on record.

A new wording of a published item waits beside it: candidates get the published text until the new one is published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlmodel import Session, col

from quiz.accounts import audit
from quiz.accounts.audit import Actor
from quiz.banks import queries, service
from quiz.banks.files import ItemDraft
from quiz.banks.service import NewVersion, Step
from quiz.models.banks import Bank, Clause, Edition, Item, ItemStep, ItemVersion
from quiz.problems import Invalid, NotFound, Refusal
from quiz.vocabulary import EditionStatus, ItemState, ItemStepAction

_ACTS = {
    ItemStepAction.DRAFTED: "draft_item",
    ItemStepAction.REVIEWED: "review_item",
    ItemStepAction.SENT_BACK: "send_back_item",
    ItemStepAction.DISCARDED: "discard_draft",
    ItemStepAction.PUBLISHED: "publish_item",
    ItemStepAction.WITHDRAWN: "withdraw_item",
    ItemStepAction.RESTORED: "restore_item",
}
"""The words of the audit trail."""


@dataclass(frozen=True)
class StepView:
    """A step as it is shown: what, to which version, by whom, when, why."""

    action: ItemStepAction
    version: int
    account: str
    note: str
    at: datetime


@dataclass(frozen=True)
class Pending:
    """A version on its way to being published."""

    item_id: int
    version_id: int
    state: ItemState
    """`draft` or `reviewed`."""
    writer: str
    writer_id: int | None
    written_at: datetime


def write_draft(
    session: Session,
    *,
    bank_code: str,
    draft: ItemDraft,
    now: datetime,
    actor: Actor,
    item_id: int | None = None,
    based_on: int | None = None,
) -> int:
    """Write a new item, or a new wording of one, as a draft; returns the id of the item.

    `based_on` is the id of the version the writer had open.

    Raises:
        NotFound: no such bank or item.
        Invalid: the code is taken in this bank, or a cited clause does not exist or must not be tested.
        Refusal: somebody else has written a newer version meanwhile, or nothing was changed.
    """
    if session.get(Bank, bank_code) is None:
        raise NotFound("没有这个题库。")
    _check_clauses(session, draft)
    if item_id is None:
        if session.scalars(select(col(Item.id)).where(col(Item.bank_code) == bank_code, col(Item.code) == draft.code)).first():
            raise Invalid(f"编号 {draft.code} 在本题库中已经用过，请换一个。", code="item_code_taken")
        statement = insert(Item).values(bank_code=bank_code, code=draft.code, state=ItemState.DRAFT.value, pending_state="")
        item_id = int(session.execute(statement.returning(col(Item.id))).scalar_one() or 0)
    item = _locked(session, item_id)
    newest = item.pending_id or item.version_id
    if based_on is not None and newest != based_on:
        raise Refusal("您编辑期间，别人已经改过这道题。请重新打开，在最新内容上修改。", code="item_moved_on")
    if newest is not None:
        current = session.get(ItemVersion, newest)
        if current is not None and current.digest == draft.digest:
            return _set_sectors(session, item, newest, draft, now=now, actor=actor)
    version_id = service.write_versions(session, [NewVersion(item_id, draft)], now=now)[0]
    item.pending_id, item.pending_state, item.sectors = version_id, ItemState.DRAFT.value, draft.sectors
    if item.version_id is None or item.state == ItemState.DRAFT.value:
        item.version_id = version_id
    _step(session, item, version_id, ItemStepAction.DRAFTED, actor=actor, now=now)
    return item_id


def _set_sectors(session: Session, item: Item, version_id: int, draft: ItemDraft, *, now: datetime, actor: Actor) -> int:
    """Sectors are nothing a candidate sees: they move without a new version, and without review."""
    if item.sectors == draft.sectors:
        raise Refusal("内容没有变化，无需保存。", code="unchanged")
    item.sectors = draft.sectors
    audit.record(
        session, actor=actor, action="set_item_sectors", subject=f"{item.bank_code} {item.code}", at=now, detail={"sectors": draft.sectors}
    )
    return item.id or 0


def review(session: Session, *, item_id: int, now: datetime, actor: Actor, note: str = "", version_id: int | None = None) -> None:
    """A second pair of eyes finds the draft right. `version_id` is the version that was read.

    Raises:
        Refusal: nothing to review, another version by now, or the reviewer wrote it.
    """
    item = _pending(session, item_id, ItemState.DRAFT, "这道题没有待复核的草稿。", version_id)
    if _writer(session, item.pending_id or 0).account_id == actor.account_id:
        raise Refusal("起草人不能复核自己的题目，请换另一位老师复核。", code="own_draft")
    item.pending_state = ItemState.REVIEWED.value
    _step(session, item, item.pending_id or 0, ItemStepAction.REVIEWED, actor=actor, now=now, note=note)


def send_back(session: Session, *, item_id: int, now: datetime, actor: Actor, note: str) -> None:
    """The reader finds something to mend and says what.

    Raises:
        Refusal: nothing is waiting, or no reason was given.
    """
    item = _pending(session, item_id, None, "这道题没有待复核或待发布的内容。")
    if not note.strip():
        raise Invalid("请写明需要修改什么。", code="reason_missing")
    item.pending_state = ItemState.DRAFT.value
    _step(session, item, item.pending_id or 0, ItemStepAction.SENT_BACK, actor=actor, now=now, note=note.strip())


def discard(session: Session, *, item_id: int, now: datetime, actor: Actor) -> None:
    """Give up the new wording; a published item stays as it was, one that never was published is withdrawn."""
    item = _pending(session, item_id, None, "这道题没有待发布的修改。")
    version_id = item.pending_id or 0
    item.pending_id, item.pending_state = None, ""
    if item.state == ItemState.DRAFT.value:
        item.state = ItemState.WITHDRAWN.value
    _step(session, item, version_id, ItemStepAction.DISCARDED, actor=actor, now=now)


def publish(session: Session, *, item_id: int, now: datetime, actor: Actor, version_id: int | None = None) -> None:
    """The reviewed version becomes the one forms are drawn from. Forms drawn before keep theirs. `version_id` is the one on screen.

    Raises:
        Refusal: not reviewed, another version by now, or it tests a clause that is no longer in force.
    """
    item = _pending(session, item_id, ItemState.REVIEWED, "题目须先经另一人复核，才能发布。", version_id)
    version_id = item.pending_id or 0
    _check_in_force(session, version_id)
    item.version_id, item.state = version_id, ItemState.PUBLISHED.value
    item.pending_id, item.pending_state = None, ""
    _step(session, item, version_id, ItemStepAction.PUBLISHED, actor=actor, now=now)
    service.touch(session)


def withdraw(session: Session, *, item_id: int, now: datetime, actor: Actor, note: str = "") -> None:
    """Take a published item out of future forms; attempts that used it keep it."""
    item = _locked(session, item_id)
    if item.state != ItemState.PUBLISHED.value or item.version_id is None:
        raise Refusal("这道题没有在用，无需停用。", code="not_published")
    item.state = ItemState.WITHDRAWN.value
    _step(session, item, item.version_id, ItemStepAction.WITHDRAWN, actor=actor, now=now, note=note)
    service.touch(session)


def restore(session: Session, *, item_id: int, now: datetime, actor: Actor) -> None:
    """Put a withdrawn item back into use with the text it had.

    Raises:
        Refusal: it is not withdrawn, was never published, or tests a clause that is no longer in force.
    """
    item = _locked(session, item_id)
    if item.state != ItemState.WITHDRAWN.value or item.version_id is None:
        raise Refusal("这道题没有停用。", code="not_withdrawn")
    if not _was_published(session, item_id, item.version_id):
        raise Refusal("这道题从未发布过，须先经复核再发布。", code="never_published")
    _check_in_force(session, item.version_id)
    item.state = ItemState.PUBLISHED.value
    _step(session, item, item.version_id, ItemStepAction.RESTORED, actor=actor, now=now)
    service.touch(session)


def steps_of_item(session: Session, *, item_id: int) -> list[StepView]:
    """All steps of an item, newest first."""
    rows = session.execute(
        select(ItemStep, col(ItemVersion.number))
        .join(ItemVersion, col(ItemVersion.id) == col(ItemStep.version_id))
        .where(col(ItemStep.item_id) == item_id)
        .order_by(col(ItemStep.id).desc())
    )
    return [StepView(ItemStepAction(step.action), number, step.account, step.note, step.at) for step, number in rows]  # type: ignore[call-arg]


def pending_of_bank(session: Session, bank_code: str) -> Mapping[int, Pending]:
    """What waits for review or publication in a bank, by item."""
    rows = session.execute(
        select(col(Item.id), col(Item.pending_id), col(Item.pending_state)).where(
            col(Item.bank_code) == bank_code, col(Item.pending_id).is_not(None)
        )
    ).all()
    writers = _writers(session, [row.pending_id for row in rows])
    return {
        row.id: Pending(
            row.id,
            row.pending_id,
            ItemState(row.pending_state),  # type: ignore[call-arg]
            writers[row.pending_id].account,
            writers[row.pending_id].account_id,
            writers[row.pending_id].at,
        )
        for row in rows
    }


def _locked(session: Session, item_id: int) -> Item:
    item = session.scalars(select(Item).where(col(Item.id) == item_id).with_for_update()).first()
    if item is None:
        raise NotFound("没有这道题。")
    return item


def _pending(session: Session, item_id: int, state: ItemState | None, otherwise: str, version_id: int | None = None) -> Item:
    item = _locked(session, item_id)
    if version_id is not None and item.pending_id not in (None, version_id):
        raise Refusal("这道题刚刚又被改过。请看过最新内容再决定。", code="item_moved_on")
    if item.pending_id is None or (state is not None and item.pending_state != state.value):
        raise Refusal(otherwise, code="nothing_pending")
    return item


def _writers(session: Session, version_ids: list[int]) -> dict[int, ItemStep]:
    drafted = (ItemStepAction.DRAFTED.value, ItemStepAction.PUBLISHED.value)
    found: dict[int, ItemStep] = {}
    for start in range(0, len(version_ids), 5000):
        rows = session.scalars(
            select(ItemStep)
            .where(col(ItemStep.version_id).in_(version_ids[start : start + 5000]), col(ItemStep.action).in_(drafted))
            .order_by(col(ItemStep.id).desc())
        )
        found |= {step.version_id: step for step in rows}
    return found


def _writer(session: Session, version_id: int) -> ItemStep:
    return _writers(session, [version_id])[version_id]


def _was_published(session: Session, item_id: int, version_id: int) -> bool:
    """Versions shipped before steps were kept have no record; they came published."""
    steps = session.scalars(
        select(col(ItemStep.action)).where(col(ItemStep.item_id) == item_id, col(ItemStep.version_id) == version_id)
    ).all()
    return not steps or bool({ItemStepAction.PUBLISHED, ItemStepAction.RECITED} & set(steps))


def _check_clauses(session: Session, draft: ItemDraft) -> None:
    wanted = {*draft.clauses, *draft.changed_from}
    known = {
        id_: (assessable, status)
        for id_, assessable, status in session.execute(
            select(col(Clause.id), col(Clause.assessable), col(Edition.status))
            .join(Edition, col(Edition.code) == col(Clause.edition_code))
            .where(col(Clause.id).in_(wanted))
        )
    }
    missing = sorted(wanted - set(known))
    if missing:
        raise Invalid(f"没有这些条款：{'、'.join(missing)}。请从条款表中选择。", code="clause_unknown")
    barred = [clause for clause in draft.clauses if not known[clause][0]]
    if barred:
        raise Invalid(f"这些条款不得出题（未核实或属于背景信息）：{'、'.join(barred)}。", code="clause_not_assessable")
    old = [clause for clause in draft.changed_from if known[clause][1] != EditionStatus.SUPERSEDED]
    if old:
        raise Invalid(f"“旧版条款”只能选已被替代的版本：{'、'.join(old)}。", code="changed_from_in_force")


def _check_in_force(session: Session, version_id: int) -> None:
    view = queries.versions(session, [version_id])[version_id]
    old = [clause for clause in view.clauses if not clause.in_force]
    if old:
        refs = "、".join(f"《{clause.edition_title}》{clause.ref}" for clause in old)
        raise Refusal(f"所依据的{refs}不是现行版本，请先改引现行条款，再复核发布。", code="clause_not_in_force")


def _step(session: Session, item: Item, version_id: int, action: ItemStepAction, *, actor: Actor, now: datetime, note: str = "") -> None:
    session.flush()
    service.record_steps(session, [Step(item.id or 0, version_id, action, note)], actor=actor, now=now)
    audit.record(
        session,
        actor=actor,
        action=_ACTS[action],
        subject=f"{item.bank_code} {item.code}",
        at=now,
        detail={"note": note} if note else None,
    )

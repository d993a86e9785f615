"""Taking back an act on many items: copy, merge, move, withdrawal, topic … as if it had never been. The audit trail keeps both.

It is taken back whole, and only while every item still is as the act left it and nobody was asked a copy. It stands in this room
because it has to know the papers, which banks do not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlmodel import Session, col

from quiz import clock
from quiz.accounts import audit
from quiz.accounts.audit import Actor
from quiz.banks import bulk_record, queries, service
from quiz.banks.bulk_record import chunks
from quiz.banks.service import Step
from quiz.models.banks import Bank, BankAct, Edition, Item, ItemClause, ItemStep, ItemVersion
from quiz.papers.usage import versions_in_forms
from quiz.problems import NotFound, Refusal
from quiz.vocabulary import ItemState, ItemStepAction

_NAMED = 5
_NOTE = "撤销批量操作"

Changes = Mapping[int, dict[str, Any]]
"""What an act changed, by item."""


def undo(session: Session, *, act_id: int, actor: Actor, now: datetime) -> int:
    """Take an act back; returns how many items it concerned.

    Raises:
        NotFound: no such act.
        Refusal: it was taken back before, or something was built on it: the message says what.
    """
    act = session.scalars(select(BankAct).where(col(BankAct.id) == act_id).with_for_update()).first()
    if act is None:
        raise NotFound("没有这次批量操作。")
    if act.undone_at is not None:
        raise Refusal("这次批量操作已经撤销。", code="undone_before")
    changes = {change["item"]: change for change in act.changes}
    _refuse_if_changed(session, act, changes)
    made = [item_id for item_id, change in changes.items() if change["before"] is None]
    written = {change["after"]["version_id"]: item_id for item_id, change in changes.items() if change["after"].get("version_id")}
    asked = versions_in_forms(session, bank_code=act.other_code if made else act.bank_code, version_ids=written) if written else set()
    if made and asked:
        raise Refusal(f"复制出的题目有 {len(asked)} 道已经出现在考生的试卷里，不能撤销。可以停用这些题目。", code="in_use")
    back = {item_id: change for item_id, change in changes.items() if change["before"] is not None}
    _bring_back_bank(session, act)
    _refuse_if_taken(session, back)
    _refuse_if_old(session, back)
    _put_back(session, back)
    kept = {written[version] for version in asked}
    _forget_steps(session, act, set(changes) - kept)
    _forget_versions(session, [version for version in written if version not in asked], made)
    steps = [Step(i, changes[i]["before"]["version_id"], ItemStepAction.PUBLISHED, f"{_NOTE}（{act.told}）") for i in sorted(kept)]
    service.record_steps(session, steps, actor=actor, now=now)
    act.undone_at, act.undone_by = now, actor.account[:60]
    session.flush()
    session.expire_all()
    service.touch(session)
    detail = {"value": act.told, "count": act.count, **({"title": act.other_code} if act.other_code else {})}
    audit.record(session, actor=actor, action="undo_bulk", subject=act.bank_code, at=now, detail=detail)
    return act.count


# What stands in the way ---------------------------------------------------------------------------------------------------


def _refuse_if_changed(session: Session, act: BankAct, changes: Changes) -> None:
    rows = bulk_record.rows_of(session, changes, lock=True)
    gone = [item_id for item_id in changes if item_id not in rows]
    if gone:
        raise Refusal(f"有 {len(gone)} 道题已经不在（导入或复制已撤销），不能整批撤销。", code="changed_since")
    later = _later_steps(session, act, changes)
    other = {item_id for item_id, change in changes.items() if any(rows[item_id][name] != value for name, value in change["after"].items())}
    touched = sorted(other | set(later), key=lambda item_id: rows[item_id]["code"])
    if not touched:
        return
    step = next((later[item_id] for item_id in touched if item_id in later), None)
    who = f"最近一次是 {step.account or '系统'} 于 {clock.show(step.at)}{_said(step)}。" if step else ""
    codes = "、".join(rows[item_id]["code"] for item_id in touched[:_NAMED])
    text = f"有 {len(touched)} 道题后来又处理过（如 {codes}），不能整批撤销。{who}请先撤销后来的操作，或逐题改回。"
    raise Refusal(text, code="changed_since")


def _said(step: ItemStep) -> str:
    action = ItemStepAction(step.action).label  # type: ignore[call-arg]
    return f"“{step.note}”" if step.note else f"“{action}”"


def _later_steps(session: Session, act: BankAct, item_ids: Collection[int]) -> dict[int, ItemStep]:
    """The last step of each item that was taken after the act."""
    found: dict[int, ItemStep] = {}
    for ids in chunks(sorted(item_ids)):
        rows = session.scalars(
            select(ItemStep).where(col(ItemStep.item_id).in_(ids), col(ItemStep.id) > act.steps_to).order_by(col(ItemStep.id))
        )
        found |= {step.item_id: step for step in rows}
    return found


def _refuse_if_taken(session: Session, back: Changes) -> None:
    """Old codes may have been given to other items, and the old bank may be gone."""
    homes = {item_id: change["before"]["bank_code"] for item_id, change in back.items() if "bank_code" in change["before"]}
    for code in sorted(set(homes.values())):
        if session.get(Bank, code) is None:
            raise Refusal(f"原来的题库 {code} 已经不在，题目无处可回。", code="bank_gone")
        used = set(session.scalars(select(col(Item.code)).where(col(Item.bank_code) == code)))
        rows = {i: back[i] for i, home in homes.items() if home == code}
        names = bulk_record.rows_of(session, rows)
        taken = sorted(wanted for i, change in rows.items() if (wanted := change["before"].get("code", names[i]["code"])) in used)
        if taken:
            raise Refusal(f"原题库里编号 {'、'.join(taken[:_NAMED])} 已经给了别的题目，不能整批撤销。", code="code_taken")


def _refuse_if_old(session: Session, back: Changes) -> None:
    """What would be in use again must not rest on law that is no longer in force."""
    again = [i for i, change in back.items() if change["before"].get("state") == ItemState.PUBLISHED]
    rows = bulk_record.rows_of(session, again)
    old = []
    for ids in chunks([row["version_id"] for row in rows.values() if row["version_id"]]):
        views = queries.versions(session, ids).values()
        old += [view.item_code for view in views if not all(clause.in_force for clause in view.clauses)]
    if old:
        raise Refusal(
            f"有 {len(old)} 道题所依据的条款不再是现行版本（如 {'、'.join(sorted(old)[:_NAMED])}），不能恢复使用。",
            code="clause_not_in_force",
        )


# Back to what was -----------------------------------------------------------------------------------------------------------


def _bring_back_bank(session: Session, act: BankAct) -> None:
    if act.bank is None or session.get(Bank, act.bank["code"]) is not None:
        return
    bank = Bank.model_validate(act.bank)
    if bank.edition_code and session.get(Edition, bank.edition_code) is None:
        bank.edition_code = None
    values = bank.model_dump()
    session.execute(insert(Bank).values(**values))
    session.flush()


def _put_back(session: Session, back: Changes) -> None:
    """One statement for each set of columns."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for item_id, change in back.items():
        groups.setdefault(tuple(change["before"]), []).append({"id": item_id, **change["before"]})
    for rows in groups.values():
        session.execute(update(Item), rows)


def _forget_steps(session: Session, act: BankAct, item_ids: Collection[int]) -> None:
    mine = (col(ItemStep.id) > act.steps_after, col(ItemStep.id) <= act.steps_to)
    for ids in chunks(sorted(item_ids)):
        session.execute(delete(ItemStep).where(col(ItemStep.item_id).in_(ids), *mine))


def _forget_versions(session: Session, version_ids: Sequence[int], item_ids: Sequence[int]) -> None:
    """Versions nobody was asked, and the copies."""
    for ids in chunks(version_ids):
        session.execute(delete(ItemClause).where(col(ItemClause.version_id).in_(ids)))
        session.execute(delete(ItemVersion).where(col(ItemVersion.id).in_(ids)))
    for ids in chunks(item_ids):
        session.execute(delete(Item).where(col(Item.id).in_(ids)))

"""New wordings that an import proposes for items the bank has: they wait for review like any other, and go when the import is undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from quiz.accounts.audit import Actor
from quiz.banks import bulk_record, service
from quiz.banks.bulk_record import chunks
from quiz.banks.files import ItemDraft
from quiz.banks.service import NewVersion, Step
from quiz.banks.workflow import Pending
from quiz.exchange.plan import Known
from quiz.models.banks import BankImport, Item, ItemClause, ItemStep, ItemVersion
from quiz.problems import Refusal
from quiz.vocabulary import ItemState, ItemStepAction

NOTE = "导入替换"
_UNDONE = "撤销导入"
_NAMED = 5
_COLUMNS = ("pending_id", "pending_state", "version_id")


@dataclass(frozen=True)
class Withdrawn:
    """What became of the wordings an import had proposed; codes of items."""

    taken_back: tuple[str, ...] = ()
    published: tuple[str, ...] = ()
    """Reviewed and published meanwhile: they stay."""
    rewritten: tuple[str, ...] = ()
    """Somebody has written another wording upon them, which stays."""


def hindrance(pending: Pending, actor: Actor | None) -> str:
    """Why no wording may be proposed in place of the one that waits; empty where the actor's own draft would give way."""
    if pending.state is ItemState.REVIEWED:
        return "有修改已复核、等待发布"
    if actor is not None and (pending.writer_id, pending.writer) == (actor.account_id, actor.account):
        return ""
    return f"有 {pending.writer or '他人'} 起草的修改正在等待处理"


def propose(session: Session, wanted: Sequence[tuple[Known, ItemDraft]], *, actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """Write the drafts beside what is published; the answer is kept with the import.

    Raises:
        Refusal: somebody has written or decided something about one of the items since they were compared.
    """
    rows = bulk_record.rows_of(session, [known.item_id for known, _ in wanted], lock=True)
    moved = [known.code for known, _ in wanted if rows.get(known.item_id, {}).get("pending_id", -1) != known.pending_id]
    if moved:
        codes = "、".join(moved[:_NAMED])
        raise Refusal(f"您核对之后，要替换的题目（如 {codes}）又有了新的修改，没有导入。请重新核对后再导入。", code="bank_moved_on")
    versions = service.write_versions(session, [NewVersion(known.item_id, draft) for known, draft in wanted], now=now)
    replaced, states, steps = [], [], []
    for (known, _), version in zip(wanted, versions, strict=True):
        row = rows[known.item_id]
        is_draft = row["state"] == ItemState.DRAFT
        replaced.append({"item": known.item_id, "version": version, "before": {name: row[name] for name in _COLUMNS}})
        current = version if is_draft else row["version_id"]
        states.append({"id": known.item_id, "pending_id": version, "pending_state": ItemState.DRAFT.value, "version_id": current})
        steps.append(Step(known.item_id, version, ItemStepAction.DRAFTED, NOTE))
    if states:
        session.execute(update(Item), states)
    service.record_steps(session, steps, actor=actor, now=now)
    return replaced


def take_back(session: Session, made: BankImport, *, actor: Actor, now: datetime) -> Withdrawn:
    """What still waits goes, as far as nobody worked on it without a trace; what was published or rewritten stays."""
    proposed: dict[int, dict[str, Any]] = {each["item"]: each for each in made.replaced}
    rows = bulk_record.rows_of(session, proposed, lock=True)
    steps = _steps(session, [each["version"] for each in proposed.values()])
    found: dict[str, list[str]] = {"taken_back": [], "published": [], "rewritten": []}
    back, forgotten, discarded = [], [], []
    for item_id, row in rows.items():
        version, seen = proposed[item_id]["version"], steps.get(proposed[item_id]["version"], set())
        if ItemStepAction.PUBLISHED in seen:
            found["published"].append(row["code"])
        elif row["pending_id"] == version:
            found["taken_back"].append(row["code"])
            back.append({"id": item_id, **proposed[item_id]["before"]})
            if seen == {ItemStepAction.DRAFTED.value}:
                forgotten.append(version)
            else:
                discarded.append(Step(item_id, version, ItemStepAction.DISCARDED, _UNDONE))
        elif row["pending_id"] is not None:
            found["rewritten"].append(row["code"])
    if back:
        session.execute(update(Item), back)
    service.record_steps(session, discarded, actor=actor, now=now)
    forget_versions(session, forgotten)
    _pass_on(session, made)
    return Withdrawn(**{name: tuple(sorted(codes)) for name, codes in found.items()})


def forget_versions(session: Session, version_ids: Sequence[int]) -> None:
    """Versions nobody saw, with their steps and clauses."""
    for ids in chunks(version_ids):
        session.execute(delete(ItemStep).where(col(ItemStep.version_id).in_(ids)))
        session.execute(delete(ItemClause).where(col(ItemClause.version_id).in_(ids)))
        session.execute(delete(ItemVersion).where(col(ItemVersion.id).in_(ids)))


def _steps(session: Session, version_ids: Sequence[int]) -> dict[int, set[str]]:
    """What was done to each version."""
    found: dict[int, set[str]] = {}
    for ids in chunks(version_ids):
        rows = session.execute(select(col(ItemStep.version_id), col(ItemStep.action)).where(col(ItemStep.version_id).in_(ids)))
        for version, action in rows:
            found.setdefault(version, set()).add(action)
    return found


def _pass_on(session: Session, made: BankImport) -> None:
    """A later import that found a wording of this one waiting must not bring it back when it is undone itself."""
    mine: Mapping[int, dict[str, Any]] = {each["version"]: each["before"] for each in made.replaced}
    later = session.scalars(select(BankImport).where(col(BankImport.id) > made.id, col(BankImport.state) == "done")).all()
    for other in later:
        if any(each["before"]["pending_id"] in mine for each in other.replaced):
            other.replaced = [each | {"before": mine.get(each["before"]["pending_id"], each["before"])} for each in other.replaced]
    session.flush()

"""Verbs of the banks room: make a bank say what a draft says, write versions of items, tell the pools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlmodel import Session, col

from quiz.accounts.audit import Actor
from quiz.banks.files import BankDraft, ItemDraft, digest_of
from quiz.banks.queries import STAMP
from quiz.models.accounts import Setting
from quiz.models.banks import Bank, Item, ItemClause, ItemStep, ItemVersion
from quiz.vocabulary import ClauseRelation, ItemState, ItemStepAction

SHIPPED = Actor(account="随系统附带")
"""Who wrote, reviewed and published what comes with the product."""


EXTRA = ("unit", "tolerance", "prompts", "parts", "pictures")
"""Fields of a draft that only some items have; kept in one column."""


@dataclass(frozen=True)
class NewVersion:
    """A version to be written: of which item, and what it says."""

    item_id: int
    draft: ItemDraft
    columns: Mapping[str, Any] | None = None
    """`columns_of` the draft, where they were worked out before the transaction began."""


@dataclass(frozen=True)
class Step:
    """One step of an item to be put on record."""

    item_id: int
    version_id: int
    action: ItemStepAction
    note: str = ""
    edition_code: str | None = None


_versions = ItemVersion.__table__  # type: ignore[attr-defined]
_NEW_VERSIONS = insert(_versions)
_NAMED_BY = (_versions.c.id, _versions.c.item_id, _versions.c.number)
_CITED = insert(ItemClause.__table__)  # type: ignore[attr-defined]
_STEPS = insert(ItemStep.__table__)  # type: ignore[attr-defined]


def touch(session: Session) -> None:
    """Tell every process that the pool of items is another one (they keep it cached by this stamp)."""
    stamp = session.get(Setting, STAMP)
    if stamp is None:
        session.add(Setting(name=STAMP, value="1"))
    else:
        stamp.value = str(int(stamp.value) + 1)
    session.flush()


def write_bank(
    session: Session, *, draft: BankDraft, now: datetime, is_built_in: bool = False, digest: str = "", actor: Actor = SHIPPED
) -> None:
    """Make the bank say what the draft says, published; items that the draft no longer has are withdrawn, never deleted.

    Loading a shipped file again must not undo a person's decision: an item that somebody withdrew comes back only with a new text.
    """
    bank = session.get(Bank, draft.bank)
    if bank is None:
        bank = Bank(code=draft.bank, title=draft.title, created_at=now)
        session.add(bank)
    bank.title, bank.description, bank.edition_code, bank.sectors = draft.title, draft.description, draft.edition, draft.sectors
    bank.is_built_in, bank.digest = is_built_in, digest
    session.flush()
    known = _known(session, draft.bank)
    for code, item_id in _add_items(session, draft, [item for item in draft.items if item.code not in known]).items():
        known[code] = (item_id, None, "", "")
    changed = [item for item in draft.items if known[item.code][2] != item.digest]
    written = write_versions(session, [NewVersion(known[item.code][0], item) for item in changed], now=now)
    publish = {known[item.code][0]: version for item, version in zip(changed, written, strict=True)}
    steps = [Step(item_id, version, ItemStepAction.PUBLISHED) for item_id, version in publish.items()]
    for item in draft.items:
        item_id, version_id, _, state = known[item.code]
        if not is_built_in and item_id not in publish and state != ItemState.PUBLISHED and version_id:
            publish[item_id] = version_id
            steps.append(Step(item_id, version_id, ItemStepAction.RESTORED))
    kept = {item.code for item in draft.items}
    gone = [(i, v) for code, (i, v, _, state) in known.items() if code not in kept and v and state == ItemState.PUBLISHED]
    steps += [Step(i, v, ItemStepAction.WITHDRAWN, "新的题库文件中没有这道题") for i, v in gone]
    rows = [{"id": i, "version_id": v, "state": ItemState.PUBLISHED.value} for i, v in publish.items()]
    rows += [{"id": i, "version_id": v, "state": ItemState.WITHDRAWN.value} for i, v in gone]
    if rows:
        session.execute(update(Item), rows)
    _set_sectors(session, draft, {code: row[0] for code, row in known.items()})
    record_steps(session, steps, actor=actor, now=now)
    session.expire_all()


def _known(session: Session, bank_code: str) -> dict[str, tuple[int, int | None, str, str]]:
    """By code: id, current version, its digest, state."""
    rows = session.execute(
        select(col(Item.code), col(Item.id), col(Item.version_id), col(ItemVersion.digest), col(Item.state))
        .outerjoin(ItemVersion, col(ItemVersion.id) == col(Item.version_id))
        .where(col(Item.bank_code) == bank_code)
    )
    return {code: (item_id, version_id, digest or "", state) for code, item_id, version_id, digest, state in rows}


def _add_items(session: Session, bank: BankDraft, drafts: Sequence[ItemDraft]) -> dict[str, int]:
    if not drafts:
        return {}
    rows = [{"bank_code": bank.bank, "code": draft.code, "state": ItemState.DRAFT.value, "pending_state": ""} for draft in drafts]
    ids = session.scalars(insert(Item).returning(col(Item.id), sort_by_parameter_order=True), rows).all()
    return {draft.code: item_id for draft, item_id in zip(drafts, ids, strict=True) if item_id is not None}


def _set_sectors(session: Session, bank: BankDraft, ids: dict[str, int]) -> None:
    """Sectors are for whoever chooses items, nothing a candidate sees: they move without a new version."""
    kept: dict[str, list[str] | None] = {
        code: sectors
        for code, sectors in session.execute(select(col(Item.code), col(Item.sectors)).where(col(Item.bank_code) == bank.bank))
    }
    rows = [{"id": ids[item.code], "sectors": item.sectors} for item in bank.items if kept.get(item.code) != item.sectors]
    if rows:
        session.execute(update(Item), rows)


def write_versions(session: Session, versions: Sequence[NewVersion], *, now: datetime) -> list[int]:
    """Write each draft as its item's next version; returns their ids in the same order. The items still point where they did."""
    if not versions:
        return []
    ids = [version.item_id for version in versions]
    numbers: dict[int, int] = {}
    for start in range(0, len(ids), 5000):
        numbers |= dict(
            session.execute(
                select(col(ItemVersion.item_id), func.max(col(ItemVersion.number)))
                .where(col(ItemVersion.item_id).in_(ids[start : start + 5000]))
                .group_by(col(ItemVersion.item_id))
            ).all()  # type: ignore[arg-type]
        )
    rows = [
        {**(v.columns or columns_of(v.draft)), "item_id": v.item_id, "number": numbers.get(v.item_id, 0) + 1, "created_at": now}
        for v in versions
    ]
    session.connection().execute(_NEW_VERSIONS, rows)  # past the ORM: thousands of rows at once are no objects to anybody
    written = _ids_of(session, rows)
    _cite(session, versions, written)
    return written


def write_first_versions(session: Session, versions: Sequence[NewVersion], *, now: datetime) -> None:
    """Write what items say that were only just made; they do not point at it yet."""
    rows = [{**(v.columns or columns_of(v.draft)), "item_id": v.item_id, "number": 1, "created_at": now} for v in versions]
    session.connection().execute(_NEW_VERSIONS, rows)
    citing = [place for place, version in enumerate(versions) if version.draft.clauses or version.draft.changed_from]
    if citing:
        _cite(session, [versions[place] for place in citing], _ids_of(session, [rows[place] for place in citing]))


def _cite(session: Session, versions: Sequence[NewVersion], written: Sequence[int]) -> None:
    """The clauses of each version, `written` being the ids."""
    cited = [
        {"version_id": version_id, "clause_id": clause, "position": position, "relation": relation.value}
        for version_id, version in zip(written, versions, strict=True)
        for relation, clauses in (
            (ClauseRelation.TESTS, version.draft.clauses),
            (ClauseRelation.CHANGED_FROM, version.draft.changed_from),
        )
        for position, clause in enumerate(dict.fromkeys(clauses))
    ]
    if cited:
        session.connection().execute(_CITED, cited)


def _ids_of(session: Session, versions: Sequence[Mapping[str, Any]]) -> list[int]:
    """Ids of versions just written. Read afterwards: SQLite would have to return them one statement each."""
    found = {}
    items = [version["item_id"] for version in versions]
    for start in range(0, len(items), 5000):
        chunk = _versions.c.item_id.in_(items[start : start + 5000])
        for version_id, item_id, number in session.connection().execute(select(*_NAMED_BY).where(chunk)):
            found[item_id, number] = version_id
    return [found[version["item_id"], version["number"]] for version in versions]


def columns_of(draft: ItemDraft) -> dict[str, Any]:
    """What a version keeps of a draft."""
    content = draft.content()
    return {
        "type": draft.type.value,
        "kind": draft.kind.value,
        "topic": draft.topic,
        "difficulty": draft.difficulty.value,
        "roles": [role.value for role in draft.roles],
        "stem": draft.stem.strip(),
        "options": [{"key": key, "text": text.strip()} for key, text in draft.options.items()],
        "key": sorted(draft.key) if draft.type.is_choice else draft.key,
        "explanation": draft.explanation.strip(),
        "rationales": draft.rationales,
        "digest": digest_of(content),
        "extra": {name: value for name, value in content.items() if name in EXTRA},
    }


def record_steps(session: Session, steps: Sequence[Step], *, actor: Actor, now: datetime) -> None:
    """Put the steps on record, under who took them."""
    rows = [
        {
            "item_id": step.item_id,
            "version_id": step.version_id,
            "action": step.action.value,
            "account_id": actor.account_id,
            "account": actor.account[:60],
            "note": step.note[:500],
            "edition_code": step.edition_code,
            "at": now,
        }
        for step in steps
    ]
    if rows:
        session.connection().execute(_STEPS, rows)

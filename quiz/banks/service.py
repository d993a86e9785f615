"""Verbs of the banks room: load the shipped banks, write a new version of an item, withdraw one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import insert, select, update
from sqlmodel import Session

from quiz.banks import files
from quiz.banks.files import BankDraft, EditionDraft, ItemDraft
from quiz.banks.queries import STAMP
from quiz.models.accounts import Setting
from quiz.models.banks import Bank, Clause, Edition, Item, ItemClause, ItemVersion, Standard
from quiz.problems import NotFound
from quiz.vocabulary import EditionStatus, ItemState


def load_built_in(session: Session, *, now: datetime, folder: Path = files.FOLDER, progress: Callable[[str], None] | None = None) -> bool:
    """Bring the database up to the shipped files: new items in, changed items as new versions, gone items withdrawn.

    Returns whether anything changed. Running it twice changes nothing.
    """
    changed = False
    for path in files.standard_files(folder):
        changed |= _load_edition(session, path)
    for path in files.bank_files(folder):
        if progress:
            progress(path.stem)
        changed |= _load_bank(session, path, now)
    if changed:
        _withdraw_superseded(session)
        touch(session)
    return changed


def _withdraw_superseded(session: Session) -> None:
    """Withdraw for review what cites an edition that is no longer in force: never kept silently."""
    cites_old_law = (
        select(ItemClause.version_id)  # type: ignore[call-overload]
        .join(Clause, Clause.id == ItemClause.clause_id)
        .join(Edition, Edition.code == Clause.edition_code)
        .where(Edition.status == EditionStatus.SUPERSEDED)
    )
    session.execute(update(Item).where(Item.version_id.in_(cites_old_law)).values(state=ItemState.WITHDRAWN.value))  # type: ignore[union-attr]


def touch(session: Session) -> None:
    """Tell every process that the pool of items is another one (they keep it cached by this stamp)."""
    stamp = session.get(Setting, STAMP)
    if stamp is None:
        session.add(Setting(name=STAMP, value="1"))
    else:
        stamp.value = str(int(stamp.value) + 1)
    session.flush()


def _load_edition(session: Session, path: Path) -> bool:
    digest = files.file_digest(path)
    code = path.stem
    known = session.get(Edition, code)
    if known is not None and known.digest == digest:
        return False
    draft = files.read_edition(path)
    _write_edition(session, draft, digest)
    return True


def _write_edition(session: Session, draft: EditionDraft, digest: str) -> None:
    session.merge(Standard(code=draft.standard, title=draft.title))
    session.flush()
    session.merge(
        Edition(
            code=draft.edition,
            standard_code=draft.standard,
            title=draft.title,
            document_number=draft.document_number,
            issuer=draft.issuer,
            published=draft.published,
            effective=draft.effective,
            status=draft.status.value,
            supersedes=draft.supersedes,
            scope=draft.scope,
            digest=digest,
        )
    )
    session.flush()
    gone = update(Clause).where(Clause.edition_code == draft.edition, Clause.id.not_in([clause.id for clause in draft.clauses]))  # type: ignore[arg-type,attr-defined]
    session.execute(gone.values(assessable=False))
    for position, clause in enumerate(draft.clauses, start=1):
        session.merge(
            Clause(
                id=clause.id,
                edition_code=draft.edition,
                ref=clause.ref,
                group=clause.group,
                heading=clause.heading,
                text=clause.text,
                assessable=clause.assessable,
                position=position,
            )
        )
    session.flush()


def _load_bank(session: Session, path: Path, now: datetime) -> bool:
    digest = files.file_digest(path)
    known = session.get(Bank, path.stem)
    if known is not None and known.digest == digest:
        return False
    draft = files.read_bank(path)
    write_bank(session, draft=draft, now=now, is_built_in=True, digest=digest)
    return True


def write_bank(session: Session, *, draft: BankDraft, now: datetime, is_built_in: bool = False, digest: str = "") -> None:
    """Make the bank say what the draft says; items that the draft no longer has are withdrawn, never deleted.

    Loading a shipped file again must not undo a person's decision: an item that somebody withdrew comes back only with a new text.
    """
    bank = session.get(Bank, draft.bank)
    if bank is None:
        bank = Bank(code=draft.bank, title=draft.title, created_at=now)
        session.add(bank)
    bank.title, bank.description, bank.edition_code = draft.title, draft.description, draft.edition
    bank.is_built_in, bank.digest = is_built_in, digest
    session.flush()
    current = {
        item.code: (item, version)
        for item, version in session.execute(
            select(Item, ItemVersion).outerjoin(ItemVersion, ItemVersion.id == Item.version_id).where(Item.bank_code == draft.bank)  # type: ignore[arg-type]
        )
    }
    for item_draft in draft.items:
        item, version = current.pop(item_draft.code, (None, None))
        if item is None:
            item = Item(bank_code=draft.bank, code=item_draft.code)
            session.add(item)
            session.flush()
        if version is None or version.digest != item_draft.digest:
            add_version(session, item=item, draft=item_draft, now=now)
            item.state = ItemState.PUBLISHED.value
        elif not is_built_in:
            item.state = ItemState.PUBLISHED.value
    for item, _ in current.values():
        item.state = ItemState.WITHDRAWN.value
    session.flush()


def add_version(session: Session, *, item: Item, draft: ItemDraft, now: datetime) -> int:
    """Write the draft as the item's next version and point the item at it. Older versions stay as they are."""
    numbers = session.scalars(select(ItemVersion.number).where(ItemVersion.item_id == item.id)).all()  # type: ignore[arg-type,call-overload]
    version = ItemVersion(
        item_id=item.id or 0,
        number=max(numbers, default=0) + 1,
        type=draft.type.value,
        kind=draft.kind.value,
        topic=draft.topic,
        difficulty=draft.difficulty.value,
        roles=[role.value for role in draft.roles],
        stem=draft.stem.strip(),
        options=[{"key": key, "text": text.strip()} for key, text in draft.options.items()],
        key=sorted(draft.key),
        explanation=draft.explanation.strip(),
        rationales=draft.rationales,
        digest=draft.digest,
        created_at=now,
    )
    session.add(version)
    session.flush()
    assert version.id is not None
    cited = [{"version_id": version.id, "clause_id": clause, "position": n} for n, clause in enumerate(dict.fromkeys(draft.clauses))]
    if cited:
        session.execute(insert(ItemClause), cited)
    item.version_id = version.id
    return version.id


def set_state(session: Session, *, item_id: int, state: ItemState) -> None:
    """Publish or withdraw an item; attempts that used it keep it."""
    item = session.get(Item, item_id)
    if item is None:
        raise NotFound("没有这道题。")
    item.state = state.value
    touch(session)

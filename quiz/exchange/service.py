"""Importing a bank: read, plan, show, commit, undo. Nothing of an unfinished import is ever served.

Items go in as drafts, in short transactions with pauses, so that answers being saved meanwhile do not wait; the last
transaction publishes them all at once. Whatever an interrupted import left behind is removed before the next one.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, literal, select, update
from sqlmodel import Session, col

from quiz import clock
from quiz.accounts import audit
from quiz.accounts.audit import Actor
from quiz.banks import queries, service, workflow
from quiz.banks.files import ItemDraft
from quiz.banks.queries import ClauseView
from quiz.banks.question import PictureRef
from quiz.banks.service import NewVersion
from quiz.db import Database
from quiz.exchange import import_undo, rewording, sandbox
from quiz.exchange.clause_match import clauses_named
from quiz.exchange.domain import Fate, Format, Picture, Reading, ReadRow
from quiz.exchange.import_undo import NOTE
from quiz.exchange.plan import Decision, ImportPlan, Known, free_codes, plan_import
from quiz.models.banks import Bank, BankImport, Item, ItemStep, ItemVersion, PictureFile
from quiz.problems import Invalid, Refusal
from quiz.vocabulary import ItemState, ItemStepAction
from quiz.wall import without_collection

BATCH = 800
"""Items in one transaction: on SQLite it holds up other writers for some tens of milliseconds."""
PAUSE_SECONDS = 0.01

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ImportReport:
    """What an import did, or would do."""

    bank: str
    reading: Reading
    """With every decision carried out."""
    import_id: int | None = None

    def as_json(self) -> dict[str, object]:
        counts = {fate.value: number for fate, number in self.reading.counts.items()}
        return {
            "bank": self.bank,
            "rows": len(self.reading.rows),
            **counts,
            "problems": [remark.as_json() for remark in self.reading.problems],
            "format": self.reading.format.value,
        }


@dataclass(frozen=True)
class ImportView:
    """An import as it is listed."""

    id: int
    bank_code: str
    file_name: str
    format: str
    state: str
    counts: Mapping[str, int]
    account: str
    at: datetime
    undone_at: datetime | None
    undone_by: str


def read(data: bytes, *, name: str = "", format: Format | None = None) -> Reading:
    """The file, read in a process of its own. Raises Invalid when it cannot be read as a whole."""
    return sandbox.read_file(data, name=name, format=format)


@without_collection()
def plan(
    session: Session, *, reading: Reading, bank_code: str, decisions: Mapping[int, Decision] | None = None, actor: Actor | None = None
) -> ImportPlan:
    """The file against the bank as it is now; nothing is written. Nobody's waiting wording but the actor's own may be replaced."""
    return plan_import(reading, _known(session, bank_code, actor), decisions)


def _known(session: Session, bank_code: str, actor: Actor | None = None) -> list[Known]:
    """Items of the bank but those of imports that never finished."""
    unfinished = select(col(BankImport.id)).where(col(BankImport.state).in_(("running", "broken")))
    left_out = set(session.scalars(select(col(Item.id)).where(col(Item.import_id).in_(unfinished))))
    waiting = workflow.pending_of_bank(session, bank_code)
    hindrances = {item_id: rewording.hindrance(pending, actor) for item_id, pending in waiting.items()}
    return [
        Known(
            view.item_id,
            view.id,
            view.item_code,
            view.as_draft(),
            waiting[view.item_id].version_id if view.item_id in waiting else None,
            hindrances.get(view.item_id, ""),
        )
        for view in queries.items_of_bank(session, bank_code)
        if view.item_id not in left_out
    ]


@without_collection()
def import_bank(
    db: Database,
    *,
    reading: Reading,
    bank_code: str,
    file_name: str,
    digest: str,
    actor: Actor,
    now: datetime,
    title: str = "",
    decisions: Mapping[int, Decision] | None = None,
    publish: bool = True,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Carry out an import. An unknown bank is created; a shipped one takes imported items as drafts only.

    Raises:
        Invalid: the bank's code cannot be one, or no row of the file is an item.
        Refusal: another import is being written into the bank, or an item to be replaced got another wording meanwhile.
    """
    with db.reading() as session:
        planned = plan(session, reading=reading, bank_code=bank_code, decisions=decisions, actor=actor)
    report = ImportReport(bank_code, planned.result)
    if dry_run:
        return report
    if not planned.result.items:
        return report
    with db.transaction() as session:
        import_undo.remove_abandoned(session, now=now)
        _refuse_if_running(session, bank_code)
        bank, created = _bank(session, bank_code, title, now)
        published = publish and not bank.is_built_in
        import_id = _open(session, bank_code, file_name, digest, planned, created, actor, now)
        clauses = queries.clauses_of_edition(session, bank.edition_code) if bank.edition_code else []
        known = _known(session, bank_code)
    try:
        _write_all(db, planned, known, import_id, bank_code, clauses, now, progress)
        with db.transaction() as session:
            _finish(session, import_id, planned, clauses, publish=published, actor=actor, now=now)
    except Exception:
        with db.transaction() as session:
            import_undo.remove_unfinished(session, import_id)
        raise
    return ImportReport(bank_code, planned.result, import_id)


def _refuse_if_running(session: Session, bank_code: str) -> None:
    """Two imports at a time would give the same codes."""
    other = session.scalars(select(BankImport).where(col(BankImport.bank_code) == bank_code, col(BankImport.state) == "running")).first()
    if other is not None:
        since = f"{other.account or '系统'} 于 {clock.show(other.at)} 开始"
        text = f"另一次导入正在写入这个题库（{since}）。请等它完成后再导入；如果它已中断，15 分钟后会自动清除。"
        raise Refusal(text, code="import_running")


def digest_of(data: bytes) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(data).hexdigest()


def _bank(session: Session, code: str, title: str, now: datetime) -> tuple[Bank, bool]:
    bank = session.get(Bank, code)
    if bank is not None:
        return bank, False
    if not 1 <= len(code) <= 60 or not all(sign.isascii() and (sign.isalnum() or sign in "-_.") for sign in code):
        raise Invalid("题库编号只能用字母、数字、连字符、下划线和点，最多 60 个字符。", code="bank_code")
    bank = Bank(code=code, title=(title.strip() or code)[:120], created_at=now)
    session.add(bank)
    session.flush()
    return bank, True


def _open(
    session: Session, bank_code: str, file_name: str, digest: str, planned: ImportPlan, created: bool, actor: Actor, now: datetime
) -> int:
    row = BankImport(
        bank_code=bank_code,
        file_name=file_name[:200],
        format=planned.reading.format.value,
        digest=digest,
        created_bank=created,
        account_id=actor.account_id,
        account=actor.account[:60],
        at=now,
    )
    session.add(row)
    session.flush()
    return row.id or 0


def _write_all(
    db: Database,
    planned: ImportPlan,
    known: Sequence[Known],
    import_id: int,
    bank_code: str,
    clauses: Sequence[ClauseView],
    now: datetime,
    progress: Progress | None,
) -> None:
    rows = [(position, row) for position, row in enumerate(planned.rows) if row.draft is not None]
    new = [(position, row) for position, row in rows if planned.replaces(position) is None]
    codes = free_codes((item.code for item in known), [row.draft.code for _, row in new if row.draft])
    last = 0
    for start in range(0, len(new), BATCH):
        drafts = [_draft(row, clauses) for _, row in new[start : start + BATCH]]
        wordings = [service.columns_of(draft) for draft in drafts]  # before the transaction: others can write meanwhile
        with db.transaction() as session:
            keep_pictures(session, [picture for _, row in new[start : start + BATCH] for picture in row.pictures])
            last = _add_items(session, bank_code, import_id, codes[start : start + BATCH], drafts, wordings, now, after=last)
        if progress:
            progress(min(start + BATCH, len(new)), len(rows))
        time.sleep(PAUSE_SECONDS)


def _draft(row: ReadRow, clauses: Sequence[ClauseView]) -> ItemDraft:
    """What the row says, with the clauses and pictures of this bank."""
    assert row.draft is not None
    if not row.clause_text and not row.pictures:
        return row.draft
    named = clauses_named(row.clause_text, clauses) if row.clause_text else []
    explanation = row.draft.explanation
    if row.clause_text and not named and row.clause_text not in explanation:
        explanation = f"{explanation}（依据：{row.clause_text}）".strip()
    pictures = [PictureRef(digest=picture.digest, where=picture.where, description=picture.description) for picture in row.pictures]
    changes = {"clauses": row.draft.clauses or named, "explanation": explanation, "pictures": pictures}
    return row.draft.model_copy(update=changes)


def keep_pictures(session: Session, pictures: Sequence[Picture]) -> None:
    """Keep the pictures that are not kept yet."""
    wanted = {picture.digest: picture for picture in pictures}
    if wanted:
        held = set(session.scalars(select(col(PictureFile.digest)).where(col(PictureFile.digest).in_(wanted))))
        rows = [{"digest": d, "media_type": p.media_type, "data": p.data} for d, p in wanted.items() if d not in held]
        if rows:
            session.execute(insert(PictureFile), rows)


def _add_items(
    session: Session,
    bank_code: str,
    import_id: int,
    codes: Sequence[str],
    drafts: Sequence[ItemDraft],
    wordings: Sequence[Mapping[str, Any]],
    now: datetime,
    *,
    after: int,
) -> int:
    """Items as drafts; answers with the id of the last one, `after` being that of the batch before."""
    connection = session.connection()
    same = {"bank_code": bank_code, "state": ItemState.DRAFT.value, "pending_state": "", "import_id": import_id}
    connection.execute(insert(_items), [{"code": code, **same} for code in codes])
    ids = {code: item_id for code, item_id in connection.execute(_ADDED, {"import": import_id, "after": after})}
    versions = [NewVersion(ids[code], draft, wording) for code, draft, wording in zip(codes, drafts, wordings, strict=True)]
    service.write_first_versions(session, versions, now=now)
    connection.execute(_POINT_AT, {"import": import_id, "after": after})
    return max(ids.values())


_items, _steps, _versions = Item.__table__, ItemStep.__table__, ItemVersion.__table__  # type: ignore[attr-defined]
_ONLY_VERSION = select(_versions.c.id).where(_versions.c.item_id == _items.c.id).scalar_subquery()
_NEW = _items.c.import_id == bindparam("import"), _items.c.id > bindparam("after")
"""Of one batch: an import of a hundred thousand items would otherwise look at all of them again for each."""
_ADDED = select(_items.c.code, _items.c.id).where(*_NEW)
_POINT_AT = update(_items).where(*_NEW).values(version_id=_ONLY_VERSION)


def _finish(
    session: Session, import_id: int, planned: ImportPlan, clauses: Sequence[ClauseView], *, publish: bool, actor: Actor, now: datetime
) -> None:
    row = session.get(BankImport, import_id)
    assert row is not None
    replacing = planned.replacing
    keep_pictures(session, [picture for _, each in replacing for picture in each.pictures])
    replaced = rewording.propose(session, [(old, _draft(each, clauses)) for old, each in replacing], actor=actor, now=now)
    mine = _items.c.import_id == import_id
    connection = session.connection()
    if publish:
        connection.execute(update(_items).where(mine).values(state=ItemState.PUBLISHED.value))
    else:
        connection.execute(update(_items).where(mine).values(pending_id=_items.c.version_id, pending_state=ItemState.DRAFT.value))
    action = ItemStepAction.PUBLISHED if publish else ItemStepAction.DRAFTED
    same = [literal(value) for value in (action.value, actor.account_id, actor.account[:60], NOTE)]
    steps = select(_items.c.id, _items.c.version_id, *same, literal(now, type_=_steps.c.at.type)).where(mine)
    names = ("item_id", "version_id", "action", "account_id", "account", "note", "at")
    connection.execute(insert(_steps).from_select(names, steps))
    session.expire_all()
    result = planned.result
    row.state, row.replaced = "done", replaced
    row.counts = {"rows": len(result.rows), **{fate.value: number for fate, number in result.counts.items()}}
    row.problems = [remark.as_json() for remark in result.problems]
    service.touch(session)
    audit.record(session, actor=actor, action="import_bank", subject=row.bank_code, at=now, detail={"file": row.file_name, **row.counts})


def imports_of_bank(session: Session, bank_code: str) -> list[ImportView]:
    """All imports into a bank, newest first."""
    rows = session.scalars(select(BankImport).where(col(BankImport.bank_code) == bank_code).order_by(col(BankImport.id).desc()))
    return [
        ImportView(
            row.id or 0, row.bank_code, row.file_name, row.format, row.state, row.counts, row.account, row.at, row.undone_at, row.undone_by
        )
        for row in rows
    ]


def counts_line(reading: Reading) -> str:
    """`共 120 行：接受 100，修正后接受 12，拒绝 3，跳过 5`."""
    parts = "，".join(f"{fate.label} {reading.counts[fate]}" for fate in Fate)
    return f"共 {len(reading.rows)} 行：{parts}"

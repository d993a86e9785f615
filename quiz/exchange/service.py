"""Importing a bank: read, plan, show, commit, undo. Nothing of an unfinished import is ever served.

Items go in as drafts, in short transactions with pauses, so that answers being saved meanwhile do not wait; the last
transaction publishes them all at once. Whatever an interrupted import left behind is removed before the next one.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, insert, literal, select, update
from sqlmodel import Session, col

from quiz.accounts import audit
from quiz.accounts.audit import Actor
from quiz.banks import queries, service
from quiz.banks.files import ItemDraft
from quiz.banks.queries import ClauseView
from quiz.banks.question import PictureRef
from quiz.banks.service import NewVersion, Step
from quiz.db import Database
from quiz.exchange import sandbox
from quiz.exchange.clause_match import clauses_named
from quiz.exchange.domain import Fate, Format, Picture, Reading, ReadRow
from quiz.exchange.plan import Decision, ImportPlan, Known, free_codes, plan_import
from quiz.models.banks import Bank, BankImport, Item, ItemClause, ItemStep, ItemVersion, PictureFile
from quiz.papers.usage import versions_in_forms
from quiz.problems import Invalid, NotFound, Refusal
from quiz.vocabulary import ItemState, ItemStepAction

BATCH = 400
"""Items in one transaction: on SQLite it holds up other writers for some tens of milliseconds."""
PAUSE_SECONDS = 0.01
ABANDONED_AFTER = timedelta(minutes=15)
"""An import that is still running after this long has lost its process."""
_AT_ONCE = 5000

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


def plan(session: Session, *, reading: Reading, bank_code: str, decisions: Mapping[int, Decision] | None = None) -> ImportPlan:
    """The file against the bank as it is now; nothing is written."""
    return plan_import(reading, _known(session, bank_code), decisions)


def _known(session: Session, bank_code: str) -> list[Known]:
    """Items of the bank but those of imports that never finished."""
    unfinished = select(col(BankImport.id)).where(col(BankImport.state).in_(("running", "broken")))
    left_out = set(session.scalars(select(col(Item.id)).where(col(Item.import_id).in_(unfinished))))
    return [
        Known(view.item_id, view.id, view.item_code, view.as_draft())
        for view in queries.items_of_bank(session, bank_code)
        if view.item_id not in left_out
    ]


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
    """
    with db.reading() as session:
        planned = plan(session, reading=reading, bank_code=bank_code, decisions=decisions)
    report = ImportReport(bank_code, planned.result)
    if dry_run:
        return report
    if not planned.result.items:
        return report
    with db.transaction() as session:
        remove_abandoned(session, now=now)
        bank, created = _bank(session, bank_code, title, now)
        published = publish and not bank.is_built_in
        import_id = _open(session, bank_code, file_name, digest, planned, created, actor, now)
        clauses = queries.clauses_of_edition(session, bank.edition_code) if bank.edition_code else []
        known = _known(session, bank_code)
    _write_all(db, planned, known, import_id, bank_code, clauses, actor, now, progress)
    with db.transaction() as session:
        _finish(session, import_id, planned, publish=published, actor=actor, now=now)
    return ImportReport(bank_code, planned.result, import_id)


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
    actor: Actor,
    now: datetime,
    progress: Progress | None,
) -> None:
    rows = [(position, row) for position, row in enumerate(planned.rows) if row.draft is not None]
    new = [(position, row) for position, row in rows if planned.replaces(position) is None]
    codes = free_codes((item.code for item in known), [row.draft.code for _, row in new if row.draft])
    drafts = [_draft(row, clauses, code) for (_, row), code in zip(new, codes, strict=True)]
    for start in range(0, len(drafts), BATCH):
        with db.transaction() as session:
            _keep_pictures(session, [picture for _, row in new[start : start + BATCH] for picture in row.pictures])
            _add_items(session, bank_code, import_id, drafts[start : start + BATCH], now)
        if progress:
            progress(min(start + BATCH, len(drafts)), len(rows))
        time.sleep(PAUSE_SECONDS)
    replacing = [(old, row) for position, row in rows if (old := planned.replaces(position)) is not None]
    if replacing:
        with db.transaction() as session:
            _keep_pictures(session, [picture for _, row in replacing for picture in row.pictures])
            _rewrite_items(session, replacing, clauses, actor, now)


def _draft(row: ReadRow, clauses: Sequence[ClauseView], code: str) -> ItemDraft:
    assert row.draft is not None
    named = clauses_named(row.clause_text, clauses) if row.clause_text else []
    explanation = row.draft.explanation
    if row.clause_text and not named and row.clause_text not in explanation:
        explanation = f"{explanation}（依据：{row.clause_text}）".strip()
    pictures = [PictureRef(digest=picture.digest, where=picture.where) for picture in row.pictures]
    changes = {"code": code, "clauses": row.draft.clauses or named, "explanation": explanation, "pictures": pictures}
    return row.draft.model_copy(update=changes)


def _keep_pictures(session: Session, pictures: Sequence[Picture]) -> None:
    wanted = {picture.digest: picture for picture in pictures}
    if wanted:
        held = set(session.scalars(select(col(PictureFile.digest)).where(col(PictureFile.digest).in_(wanted))))
        rows = [{"digest": d, "media_type": p.media_type, "data": p.data} for d, p in wanted.items() if d not in held]
        if rows:
            session.execute(insert(PictureFile), rows)


def _add_items(session: Session, bank_code: str, import_id: int, drafts: Sequence[ItemDraft], now: datetime) -> None:
    rows = [
        {"bank_code": bank_code, "code": draft.code, "state": ItemState.DRAFT.value, "pending_state": "", "import_id": import_id}
        for draft in drafts
    ]
    ids = list(session.connection().execute(_NEW_ITEMS, rows).scalars())
    versions = service.write_versions(session, [NewVersion(i, draft) for i, draft in zip(ids, drafts, strict=True)], now=now)
    pairs = [{"item": i, "version": version} for i, version in zip(ids, versions, strict=True)]
    session.connection().execute(_POINT_AT, pairs)


_items, _steps = Item.__table__, ItemStep.__table__  # type: ignore[attr-defined]
_NEW_ITEMS = insert(_items).returning(_items.c.id, sort_by_parameter_order=True)
_POINT_AT = update(_items).where(_items.c.id == bindparam("item")).values(version_id=bindparam("version"))


def _rewrite_items(
    session: Session, replacing: Sequence[tuple[Known, ReadRow]], clauses: Sequence[ClauseView], actor: Actor, now: datetime
) -> None:
    """New wordings of items the bank has wait for review like any other."""
    drafts = [NewVersion(old.item_id, _draft(row, clauses, old.code)) for old, row in replacing]
    versions = service.write_versions(session, drafts, now=now)
    states = [
        {"id": old.item_id, "pending_id": version, "pending_state": ItemState.DRAFT.value}
        for (old, _), version in zip(replacing, versions, strict=True)
    ]
    session.execute(update(Item), states)
    steps = [Step(old.item_id, version, ItemStepAction.DRAFTED, "导入替换") for (old, _), version in zip(replacing, versions, strict=True)]
    service.record_steps(session, steps, actor=actor, now=now)


def _finish(session: Session, import_id: int, planned: ImportPlan, *, publish: bool, actor: Actor, now: datetime) -> None:
    row = session.get(BankImport, import_id)
    assert row is not None
    mine = _items.c.import_id == import_id
    connection = session.connection()
    if publish:
        connection.execute(update(_items).where(mine).values(state=ItemState.PUBLISHED.value))
    else:
        connection.execute(update(_items).where(mine).values(pending_id=_items.c.version_id, pending_state=ItemState.DRAFT.value))
    action = ItemStepAction.PUBLISHED if publish else ItemStepAction.DRAFTED
    same = [literal(value) for value in (action.value, actor.account_id, actor.account[:60], "导入")]
    steps = select(_items.c.id, _items.c.version_id, *same, literal(now, type_=_steps.c.at.type)).where(mine)
    names = ("item_id", "version_id", "action", "account_id", "account", "note", "at")
    connection.execute(insert(_steps).from_select(names, steps))
    session.expire_all()
    result = planned.result
    row.state = "done"
    row.counts = {"rows": len(result.rows), **{fate.value: number for fate, number in result.counts.items()}}
    row.problems = [remark.as_json() for remark in result.problems]
    service.touch(session)
    audit.record(session, actor=actor, action="import_bank", subject=row.bank_code, at=now, detail={"file": row.file_name, **row.counts})


def remove_abandoned(session: Session, *, now: datetime, older_than: timedelta = ABANDONED_AFTER) -> int:
    """Take away what imports left behind whose process died; returns how many there were."""
    rows = session.scalars(select(BankImport).where(col(BankImport.state) == "running", col(BankImport.at) < now - older_than)).all()
    for row in rows:
        _remove_items(session, row.id or 0)
        row.state = "broken"
        session.flush()
        _remove_bank_if_empty(session, row)
    return len(rows)


def imports_of_bank(session: Session, bank_code: str) -> list[ImportView]:
    """All imports into a bank, newest first."""
    rows = session.scalars(select(BankImport).where(col(BankImport.bank_code) == bank_code).order_by(col(BankImport.id).desc()))
    return [
        ImportView(
            row.id or 0, row.bank_code, row.file_name, row.format, row.state, row.counts, row.account, row.at, row.undone_at, row.undone_by
        )
        for row in rows
    ]


def undo(session: Session, *, import_id: int, actor: Actor, now: datetime) -> int:
    """Take a whole import back, as if it had never been; returns how many items went.

    Raises:
        NotFound: no such import.
        Refusal: it is not finished, was undone before, or one of its items was asked, rewritten or withdrawn since.
    """
    row = session.get(BankImport, import_id)
    if row is None:
        raise NotFound("没有这次导入。")
    if row.state != "done":
        raise Refusal("这次导入没有完成，或已经撤销。", code="not_undoable")
    items = session.execute(
        select(col(Item.id), col(Item.code), col(Item.version_id), col(Item.state)).where(col(Item.import_id) == import_id)
    ).all()
    touched = _touched(session, [item.id for item in items])
    if touched:
        codes = "、".join(sorted(item.code for item in items if item.id in touched)[:5])
        raise Refusal(f"有 {len(touched)} 道题导入后又被修改、复核或停用（如 {codes}），不能整批撤销。请逐题处理。", code="changed_since")
    used = versions_in_forms(session, bank_code=row.bank_code, version_ids=[item.version_id for item in items])
    if used:
        raise Refusal(f"有 {len(used)} 道题已经出现在考生的试卷里，不能整批撤销。可以停用这些题目。", code="in_use")
    _remove_items(session, import_id)
    row.state, row.undone_at, row.undone_by = "undone", now, actor.account[:60]
    session.flush()
    _remove_bank_if_empty(session, row)
    service.touch(session)
    audit.record(
        session, actor=actor, action="undo_import", subject=row.bank_code, at=now, detail={"import": import_id, "items": len(items)}
    )
    return len(items)


def _touched(session: Session, item_ids: Sequence[int]) -> set[int]:
    """Items that somebody did something to after the import."""
    found: set[int] = set()
    for start in range(0, len(item_ids), _AT_ONCE):
        found |= set(
            session.scalars(
                select(col(ItemStep.item_id)).where(
                    col(ItemStep.item_id).in_(item_ids[start : start + _AT_ONCE]), col(ItemStep.note) != "导入"
                )
            )
        )
    return found


def _remove_items(session: Session, import_id: int) -> None:
    items = select(col(Item.id)).where(col(Item.import_id) == import_id)
    versions = select(col(ItemVersion.id)).where(col(ItemVersion.item_id).in_(items))
    session.execute(delete(ItemClause).where(col(ItemClause.version_id).in_(versions)))
    session.execute(delete(ItemStep).where(col(ItemStep.item_id).in_(items)))
    session.execute(delete(ItemVersion).where(col(ItemVersion.item_id).in_(items)))
    session.execute(delete(Item).where(col(Item.import_id) == import_id))
    session.expire_all()


def _remove_bank_if_empty(session: Session, row: BankImport) -> None:
    if row.created_bank and session.scalars(select(col(Item.id)).where(col(Item.bank_code) == row.bank_code)).first() is None:
        session.execute(delete(Bank).where(col(Bank.code) == row.bank_code))


def counts_line(reading: Reading) -> str:
    """`共 120 行：接受 100，修正后接受 12，拒绝 3，跳过 5`."""
    parts = "，".join(f"{fate.label} {reading.counts[fate]}" for fate in Fate)
    return f"共 {len(reading.rows)} 行：{parts}"

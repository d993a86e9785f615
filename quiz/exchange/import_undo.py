"""Taking an import back as if it had never been, and clearing up after one whose process died."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import String, and_, cast, delete, func, not_, select
from sqlmodel import Session, col

from quiz.accounts import audit
from quiz.accounts.audit import Actor
from quiz.banks import service
from quiz.banks.bulk_record import chunks
from quiz.exchange import rewording
from quiz.exchange.rewording import Withdrawn
from quiz.models.banks import Bank, BankImport, Item, ItemClause, ItemStep, ItemVersion, PictureFile
from quiz.papers.usage import versions_in_forms
from quiz.problems import NotFound, Refusal

NOTE = "导入"
"""What the steps of an import say."""
ABANDONED_AFTER = timedelta(minutes=15)
"""An import that is still running after this long has lost its process."""
_NAMED = 5


@dataclass(frozen=True)
class Undone:
    """What undoing an import did."""

    items: int
    """Items that went."""
    wordings: Withdrawn

    @property
    def told(self) -> str:
        """In words, after the name of the file."""
        parts = [f"删除 {self.items} 题"]
        if self.wordings.taken_back:
            parts.append(f"撤回 {len(self.wordings.taken_back)} 题的替换文字，恢复原来的待处理内容")
        if self.wordings.published:
            parts.append(f"{_some(self.wordings.published)} 的替换文字已经复核发布，予以保留")
        if self.wordings.rewritten:
            parts.append(f"{_some(self.wordings.rewritten)} 的替换文字后来又有人改写，改写的内容予以保留")
        return "；".join(parts)


def undo(session: Session, *, import_id: int, actor: Actor, now: datetime) -> Undone:
    """Take a whole import back: its items, the wordings it proposed that still wait, its pictures, and the bank it made.

    Raises:
        NotFound: no such import.
        Refusal: it is not finished, was undone before, or one of its items was asked, rewritten, withdrawn or moved since.
    """
    row = session.scalars(select(BankImport).where(col(BankImport.id) == import_id).with_for_update()).first()
    if row is None:
        raise NotFound("没有这次导入。")
    if row.state != "done":
        raise Refusal("这次导入没有完成，或已经撤销。", code="not_undoable")
    items = session.execute(select(col(Item.id), col(Item.code), col(Item.version_id)).where(col(Item.import_id) == import_id)).all()
    _refuse_if_moved(session, row)
    touched = _touched(session, row, [item.id for item in items])
    if touched:
        codes = "、".join(sorted(item.code for item in items if item.id in touched)[:_NAMED])
        raise Refusal(f"有 {len(touched)} 道题导入后又被修改、复核或停用（如 {codes}），不能整批撤销。请逐题处理。", code="changed_since")
    used = versions_in_forms(session, bank_code=row.bank_code, version_ids=[item.version_id for item in items])
    if used:
        raise Refusal(f"有 {len(used)} 道题已经出现在考生的试卷里，不能整批撤销。可以停用这些题目。", code="in_use")
    pictures = _pictures(session, [item.version_id for item in items] + [each["version"] for each in row.replaced])
    wordings = rewording.take_back(session, row, actor=actor, now=now)
    _remove_items(session, import_id)
    _remove_pictures(session, pictures)
    row.state, row.undone_at, row.undone_by = "undone", now, actor.account[:60]
    session.flush()
    _remove_bank_if_empty(session, row)
    service.touch(session)
    detail = {"import": import_id, "items": len(items), "value": Undone(len(items), wordings).told}
    audit.record(session, actor=actor, action="undo_import", subject=row.bank_code, at=now, detail=detail)
    return Undone(len(items), wordings)


def remove_abandoned(session: Session, *, now: datetime, older_than: timedelta = ABANDONED_AFTER) -> int:
    """Take away what imports left behind whose process died; returns how many there were."""
    rows = session.scalars(select(BankImport).where(col(BankImport.state) == "running", col(BankImport.at) < now - older_than)).all()
    for row in rows:
        remove_unfinished(session, row.id or 0)
    return len(rows)


def remove_unfinished(session: Session, import_id: int) -> None:
    """Take away what an import has written that will not be finished."""
    row = session.get(BankImport, import_id)
    assert row is not None
    versions = session.scalars(select(col(Item.version_id)).where(col(Item.import_id) == import_id, col(Item.version_id).is_not(None)))
    pictures = _pictures(session, [version for version in versions if version])
    _remove_items(session, import_id)
    _remove_pictures(session, pictures)
    row.state = "broken"
    session.flush()
    _remove_bank_if_empty(session, row)


def _refuse_if_moved(session: Session, row: BankImport) -> None:
    """Items that were moved to another bank, or merged into one, have left the import."""
    brought = and_(col(ItemStep.note) == NOTE, col(ItemStep.at) == row.at, col(ItemStep.account) == row.account)
    query = (
        select(func.count(col(Item.id).distinct()), func.min(col(Item.bank_code)))
        .join(ItemStep, col(ItemStep.item_id) == col(Item.id))
        .where(brought, col(Item.import_id).is_(None))
    )
    number, bank = session.execute(query).one()
    if number:
        text = f"有 {number} 道题已经移到或并入别的题库（如 {bank}），不能整批撤销。请先在那里撤销移动或合并。"
        raise Refusal(text, code="moved_since")


def _touched(session: Session, row: BankImport, item_ids: Sequence[int]) -> set[int]:
    """Items that somebody did something to after the import."""
    found: set[int] = set()
    by_import = and_(col(ItemStep.note) == NOTE, col(ItemStep.at) == row.at)
    for ids in chunks(item_ids):
        found |= set(session.scalars(select(col(ItemStep.item_id)).where(col(ItemStep.item_id).in_(ids), not_(by_import))))
    return found


def _remove_items(session: Session, import_id: int) -> None:
    items = select(col(Item.id)).where(col(Item.import_id) == import_id)
    versions = select(col(ItemVersion.id)).where(col(ItemVersion.item_id).in_(items))
    session.execute(delete(ItemClause).where(col(ItemClause.version_id).in_(versions)))
    session.execute(delete(ItemStep).where(col(ItemStep.item_id).in_(items)))
    session.execute(delete(ItemVersion).where(col(ItemVersion.item_id).in_(items)))
    session.execute(delete(Item).where(col(Item.import_id) == import_id))
    session.expire_all()


def _shown(session: Session, *conditions: object) -> set[str]:
    """Digests of the pictures that versions show."""
    has_pictures = cast(col(ItemVersion.extra), String).like('%"pictures"%')
    rows = session.scalars(select(col(ItemVersion.extra)).where(has_pictures, *conditions))  # type: ignore[arg-type]
    return {ref["digest"] for extra in rows for ref in extra.get("pictures", ())}


def _pictures(session: Session, version_ids: Sequence[int]) -> set[str]:
    found: set[str] = set()
    for ids in chunks(version_ids):
        found |= _shown(session, col(ItemVersion.id).in_(ids))
    return found


def _remove_pictures(session: Session, digests: Collection[str]) -> None:
    """Those that no version shows any more."""
    gone = sorted(set(digests) - _shown(session)) if digests else []
    for start in range(0, len(gone), 5000):
        session.execute(delete(PictureFile).where(col(PictureFile.digest).in_(gone[start : start + 5000])))


def _remove_bank_if_empty(session: Session, row: BankImport) -> None:
    if row.created_bank and session.scalars(select(col(Item.id)).where(col(Item.bank_code) == row.bank_code)).first() is None:
        session.execute(delete(Bank).where(col(Bank.code) == row.bank_code))


def _some(codes: Sequence[str]) -> str:
    return "、".join(codes[:_NAMED]) + (f" 等 {len(codes)} 题" if len(codes) > _NAMED else "")

"""Importing into a bank that does not exist yet: its title, its code, the edition it rests on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, select
from sqlmodel import Session, col

from quiz.accounts.audit import Actor
from quiz.db import Database
from quiz.exchange import service
from quiz.exchange.domain import Reading
from quiz.exchange.plan import Decision
from quiz.exchange.service import ImportReport, Progress
from quiz.models.banks import Bank, BankImport, Item
from quiz.problems import Invalid

_CODE = re.compile(r"[A-Za-z0-9._-]{1,60}")
_LONGEST_TITLE = 120


def check_code(code: str) -> None:
    """Raises Invalid when a bank cannot have this code."""
    if not _CODE.fullmatch(code):
        raise Invalid("题库编号只能用字母、数字、连字符、下划线和点，最多 60 个字符。", code="bank_code")


def open_bank(session: Session, *, code: str, title: str, edition_code: str | None, now: datetime) -> None:
    """A bank without items. Raises Invalid when it has no title, or another bank has this code."""
    check_code(code)
    if not title.strip():
        raise Invalid("请填写题库名称。", code="bank_title")
    known = session.get(Bank, code)
    if known is not None:
        raise Invalid(f"编号 {code} 已经是题库“{known.title}”的编号。请换一个编号，或选择导入到已有题库。", code="bank_code_taken")
    session.add(Bank(code=code, title=title.strip()[:_LONGEST_TITLE], edition_code=edition_code, created_at=now))
    session.flush()


def import_into_new_bank(
    db: Database,
    *,
    reading: Reading,
    bank_code: str,
    title: str,
    edition_code: str | None,
    file_name: str,
    digest: str,
    actor: Actor,
    now: datetime,
    decisions: Mapping[int, Decision] | None = None,
    publish: bool = True,
    progress: Progress | None = None,
) -> ImportReport:
    """Open the bank and import into it; when nothing comes of it, or the import is undone later, the bank goes again.

    Raises:
        Invalid: no title, or a code that cannot be one or is taken.
    """
    with db.transaction() as session:
        open_bank(session, code=bank_code, title=title, edition_code=edition_code, now=now)
    try:
        report = service.import_bank(
            db, reading=reading, bank_code=bank_code, file_name=file_name, digest=digest, actor=actor, now=now,
            decisions=decisions, publish=publish, progress=progress,
        )  # fmt: skip
    except Exception:
        _close_if_empty(db, bank_code)
        raise
    if report.import_id is None:
        _close_if_empty(db, bank_code)
        return report
    with db.transaction() as session:
        made = session.get(BankImport, report.import_id)
        if made is not None:
            made.created_bank = True
    return report


def _close_if_empty(db: Database, bank_code: str) -> None:
    with db.transaction() as session:
        if session.scalars(select(col(Item.id)).where(col(Item.bank_code) == bank_code)).first() is None:
            session.execute(delete(Bank).where(col(Bank.code) == bank_code))

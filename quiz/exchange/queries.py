"""Reads of the exchange room: where items may go, whether a bank has changed since it was looked at, what an import remarked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from quiz.models.banks import Bank, BankImport, Item

_NUMBERED = re.compile(r"bank-(\d{1,9})")


@dataclass(frozen=True)
class Target:
    """A bank that items can be imported into."""

    code: str
    title: str
    is_built_in: bool
    """Shipped with the program: what is imported waits for review."""


def targets(session: Session) -> list[Target]:
    """All banks, the trainers' own first."""
    rows = session.execute(
        select(col(Bank.code), col(Bank.title), col(Bank.is_built_in)).order_by(col(Bank.is_built_in), col(Bank.title), col(Bank.code))
    )
    return [Target(code, title, is_built_in) for code, title, is_built_in in rows]


def next_bank_code(session: Session) -> str:
    """The next free `bank-0001`; numbers of imports that were undone are not used again."""
    codes = [*session.scalars(select(col(Bank.code))), *session.scalars(select(col(BankImport.bank_code)).distinct())]
    numbers = [int(match[1]) for code in codes if (match := _NUMBERED.fullmatch(code))]
    return f"bank-{max(numbers, default=0) + 1:04}"


def fingerprint(session: Session, bank_code: str) -> tuple[int, ...]:
    """Another value whenever an item of the bank came, went or got another wording, published or waiting."""
    versions, waiting = col(Item.version_id), col(Item.pending_id)
    figures = select(
        func.count(), func.coalesce(func.max(versions), 0), func.coalesce(func.sum(versions), 0), func.coalesce(func.sum(waiting), 0)
    )
    return tuple(int(figure) for figure in session.execute(figures.where(col(Item.bank_code) == bank_code)).one())


def problems_of_import(session: Session, import_id: int) -> list[dict[str, Any]]:
    """Everything that was remarked about the file of an import, as it was kept."""
    return session.scalars(select(col(BankImport.problems)).where(col(BankImport.id) == import_id)).first() or []

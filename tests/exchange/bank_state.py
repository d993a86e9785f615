"""Everything the database says of the banks, to be compared before and after something was taken back."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session, SQLModel, select

from quiz.models.banks import Bank, Item, ItemClause, ItemStep, ItemVersion, PictureFile

_TABLES: tuple[type[SQLModel], ...] = (Bank, Item, ItemVersion, ItemClause, ItemStep, PictureFile)


def state_of_banks(session: Session) -> dict[str, list[str]]:
    """Every row of every table that holds banks, as text, in a fixed order."""
    session.expire_all()
    return {table.__name__: sorted(_told(row) for row in session.exec(select(table))) for table in _TABLES}


def _told(row: SQLModel) -> str:
    columns: dict[str, Any] = row.model_dump()
    return repr(sorted(columns.items()))

"""Writes many rows at once, the same on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select, text
from sqlmodel import SQLModel

CHUNK = 4_000
Progress = Callable[[str, int, int], None]


def insert_rows(
    connection: Connection, table: type[SQLModel], rows: Sequence[Mapping[str, Any]], *, label: str = "", progress: Progress | None = None
) -> None:
    """Insert the rows in chunks, telling how far it is after each."""
    for start in range(0, len(rows), CHUNK):
        connection.execute(insert(table), rows[start : start + CHUNK])  # type: ignore[arg-type]
        if progress and label:
            progress(label, min(start + CHUNK, len(rows)), len(rows))


def next_id(connection: Connection, table: type[SQLModel]) -> int:
    """The first id that is free; we number the rows ourselves, so that what refers to them need not wait for them."""
    return (connection.execute(select(func.max(table.id))).scalar() or 0) + 1  # type: ignore[attr-defined]


def continue_numbering(connection: Connection, tables: Iterable[type[SQLModel]]) -> None:
    """Tell PostgreSQL's sequences about the ids we gave; SQLite looks for itself."""
    if connection.dialect.name == "sqlite":
        return
    for table in tables:
        name = table.__tablename__
        connection.execute(text(f"select setval(pg_get_serial_sequence('{name}', 'id'), (select max(id) from {name}))"))

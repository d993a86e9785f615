"""Engines and transactions: one door to the database, the same for SQLite and PostgreSQL.

Reads go through `reading()`, writes through `transaction()`. On SQLite every writer begins with BEGIN IMMEDIATE behind one
lock of this process, so that nobody waits in SQLite's own busy loop; readers run beside it (WAL).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlmodel import Session

from quiz import models  # noqa: F401  (registers the tables)
from quiz.settings import settings

BUSY_TIMEOUT_MS = 15_000
"""How long another process's write may hold up ours before SQLite gives up."""


class Database:
    """A reading and a writing engine for one URL (on PostgreSQL they are the same)."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._write_lock = threading.RLock()
        if self.is_sqlite:
            self._make_folder()
            self.reader = _sqlite_engine(url, begin="BEGIN")
            self.writer = _sqlite_engine(url, begin="BEGIN IMMEDIATE")
        else:
            self.reader = self.writer = create_engine(
                url, pool_size=10, max_overflow=20, pool_pre_ping=True, json_serializer=_dump_json, hide_parameters=True
            )

    def _make_folder(self) -> None:
        if self.url.database and self.url.database != ":memory:":
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one consistent moment; whatever it is told to write is rolled back."""
        with Session(self.reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session whose work is committed when the block ends, and undone when it raises."""
        lock = self._write_lock if self.is_sqlite else nullcontext()
        with lock, Session(self.writer, expire_on_commit=False) as session:
            yield session
            session.commit()

    def dispose(self) -> None:
        """Close all connections."""
        self.reader.dispose()
        self.writer.dispose()


def _dump_json(value: Any) -> str:
    return to_json(value, inf_nan_mode="constants").decode()


def _sqlite_engine(url: str, *, begin: str) -> Engine:
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False},
        pool_size=10,
        max_overflow=40,
        json_serializer=_dump_json,
        hide_parameters=True,  # a failed statement is logged, and its values are names, numbers and hashes
    )

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves; the driver's own is always deferred
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "foreign_keys=ON",
            "cache_size=-65536",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine


@lru_cache
def database() -> Database:
    """The database of this process."""
    return Database(settings().database_url)


def reading() -> Any:
    """`database().reading()`."""
    return database().reading()


def transaction() -> Any:
    """`database().transaction()`."""
    return database().transaction()

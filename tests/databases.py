"""Databases for tests: made once in a test process with what a test expects to find in them, and copied for each that asks.

Laying a hundred tables takes half a second, loading the shipped banks four: a copy takes some hundredths. A copied database is a
real one of its engine, in a file or on the server of its own.
"""

from __future__ import annotations

import tempfile
import uuid
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from quiz import installation, models
from quiz.db import Database

ENGINES = ("sqlite", "postgresql")


class Content(StrEnum):
    """What a new database holds."""

    NOTHING = "nothing"
    TABLES = "tables"
    PREPARED = "prepared"
    """The tables by their migrations, the reference data and the shipped banks, as after the first start."""


def fill(database: Database, content: Content) -> None:
    """Bring a database that holds nothing to `content`."""
    if content is Content.TABLES:
        models.metadata.create_all(database.writer)
    elif content is Content.PREPARED:
        installation.prepare(database)


@dataclass
class Server:
    """A PostgreSQL server, and what was made ready on it."""

    url: str
    ready: dict[Content, str] = field(default_factory=dict)

    def run(self, *statements: str) -> None:
        admin = create_engine(make_url(self.url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        admin.dispose()

    def address(self, name: str) -> str:
        return make_url(self.url).set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)

    def new(self, content: Content = Content.NOTHING) -> str:
        """URL of a new database."""
        name = f"t{uuid.uuid4().hex[:12]}"
        if content is Content.NOTHING:
            self.run(f'CREATE DATABASE "{name}"')
            return self.address(name)
        if content not in self.ready:
            first = Database(self.new())
            fill(first, content)
            first.dispose()
            self.ready[content] = first.writer.url.database or ""
        self.run(f'CREATE DATABASE "{name}" TEMPLATE "{self.ready[content]}" STRATEGY file_copy')
        return self.address(name)

    def forget(self, url: str) -> None:
        """Drop a database: a thousand of them would fill the disk."""
        self.run(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')


@cache
def _ready_file(content: Content) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ankao.db"
        database = Database(f"sqlite:///{path}")
        fill(database, content)
        with database.writer.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")
        database.dispose()
        return path.read_bytes()


def new_file(folder: Path, content: Content = Content.TABLES) -> str:
    """URL of a new SQLite database in that folder."""
    path = folder / "ankao.db"
    if content is not Content.NOTHING:
        path.write_bytes(_ready_file(content))
    return f"sqlite:///{path}"

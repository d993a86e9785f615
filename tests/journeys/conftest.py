"""A small town on each engine, and a real server for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from quiz.db import Database
from quiz.settings import settings
from tests.databases import Content
from tests.journeys import hall as halls
from tests.journeys.server import Server


@pytest.fixture
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The same key for this process and for the server."""
    monkeypatch.setenv("ANKAO_SECRET_FILE", str(tmp_path / "secret.key"))
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def database_content() -> Content:
    return Content.PREPARED


@pytest.fixture
def town_database(database_url: str, secret: None) -> Iterator[Database]:
    """A database as after the first start; the journeys fill it."""
    database = Database(database_url)
    yield database
    database.dispose()


@pytest.fixture
def server(database_url: str, tmp_path: Path, secret: None) -> Iterator[Server]:
    """Not started yet; stopped at the end."""
    served = Server(database_url, tmp_path)
    yield served
    served.stop()


@pytest.fixture(scope="module")
def whole_hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[halls.Hall]:
    """One server and one town for all tests of a module (SQLite): each test sits a candidate of its own down."""
    with halls.opened(tmp_path_factory.mktemp("hall")) as hall:
        yield hall


@pytest.fixture
def hall(whole_hall: halls.Hall) -> Iterator[halls.Hall]:
    """The hall; everybody leaves at the end of the test."""
    yield whole_hall
    whole_hall.send_everybody_home()

"""One prepared installation for all tests of the command line, and empty ones for those that spoil theirs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from quiz import clock
from quiz.attempts import queries as attempts
from quiz.attempts import service
from quiz.db import Database
from quiz.keyed_digest import keyed_digest
from quiz.settings import settings
from quiz.training import my_papers
from tests.attempts import exam
from tests.cli.console import Console
from tests.databases import Content, new_file
from tests.journeys import town

CANDIDATES = 6
PASSED, FAILED, OPEN = 0, 1, 2
"""What became of the first three candidates; the other three never came."""


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    folder = tmp_path_factory.mktemp("warm")
    console = Console(f"sqlite:///{folder}/none.db", folder)
    yield console
    console.close()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the database and the key of a small town: six enterprises, two hand-ins, one open attempt."""
    folder = tmp_path_factory.mktemp("town")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANKAO_SECRET_FILE", str(folder / "secret.key"))
        settings.cache_clear()
        database = Database(new_file(folder, Content.PREPARED))
        people = town.build(database, candidates=CANDIDATES)
        keyed_digest("makes the key")
        with database.transaction() as session:
            for candidate in (PASSED, FAILED, OPEN):
                _take(session, people, candidate)
        database.dispose()
    settings.cache_clear()
    return folder


def _take(session: Session, people: town.Town, candidate: int) -> None:
    now = clock.now()
    person_id = candidate + 1
    attempt = my_papers.start_paper(
        session, person_id=person_id, paper_id=people.paper_id, idempotency_key=f"key-{candidate:08}", now=now
    ).attempt
    form = attempts.form_with_versions(session, attempt.form_id)
    right = {position: sorted(view.key) for position, (_, view) in enumerate(form, 1)}
    exam.keep(session, attempt.id, right if candidate == PASSED else {1: right[1]}, now=now)
    if candidate != OPEN:
        service.hand_in(session, attempt_id=attempt.id, person_id=person_id, now=now + timedelta(minutes=1))


@pytest.fixture
def town_console(warm: Console, prepared: Path) -> Console:
    """A console on the shared town: for commands that only read."""
    return warm.at(f"sqlite:///{prepared}/ankao.db", prepared)


@pytest.fixture
def own_town(warm: Console, prepared: Path, tmp_path: Path) -> Console:
    """A console on a copy of the town."""
    for path in prepared.iterdir():
        if path.is_file():
            shutil.copy(path, tmp_path)
    return warm.at(f"sqlite:///{tmp_path}/ankao.db", tmp_path)


@pytest.fixture
def empty_console(warm: Console, tmp_path: Path) -> Console:
    """A console where nothing was set up yet."""
    return warm.at(f"sqlite:///{tmp_path}/data/ankao.db", tmp_path)

"""A database with the reference data, and a key of its own for identity digests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from quiz import models
from quiz.db import Database
from quiz.organisations.reference import seed_reference
from quiz.organisations.roster_service import RosterReport, import_roster
from quiz.settings import settings
from tests.databases import ENGINES, Content, new_file


@pytest.fixture(autouse=True)
def secret_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Identity digests are made with a key that lives as long as the test."""
    path = tmp_path / "secret.key"
    monkeypatch.setenv("ANKAO_SECRET_FILE", str(path))
    settings.cache_clear()
    yield path
    settings.cache_clear()


@pytest.fixture(scope="module", params=ENGINES)
def weihai(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One database of each engine for a whole module, with regions, departments, sectors and features.

    Importing is tried with some forty files: a database each would take longer than the imports.
    """
    if request.param == "sqlite":
        url = new_file(tmp_path_factory.mktemp("weihai"))
    else:
        url = request.getfixturevalue("postgresql_server").new(Content.TABLES)
    database = Database(url)
    with database.transaction() as session:
        seed_reference(session)
    yield database
    database.dispose()


REFERENCE_TABLES = {"region", "department", "sector", "feature"}


def empty(db: Database) -> None:
    """Forget everybody; keep the reference data."""
    with db.transaction() as session:
        for table in reversed(models.metadata.sorted_tables):
            if table.name not in REFERENCE_TABLES:
                session.execute(table.delete())


class Desk:
    """An office that imports files on a fixed morning."""

    def __init__(self, db: Database, now: datetime, today: date) -> None:
        self.db = db
        self.now = now
        self.today = today

    def bring(self, data: bytes, **options: Any) -> RosterReport:
        """Import a file without pauses."""
        return import_roster(self.db, data=data, file_name="名册.xlsx", today=self.today, now=self.now, pause=0, **options)

    def preview(self, data: bytes, **options: Any) -> RosterReport:
        """What an import would do."""
        return self.bring(data, dry_run=True, **options)

    def dump(self, *, but: tuple[str, ...] = ()) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table."""
        with self.db.reading() as session:
            return {
                table.name: [tuple(row) for row in session.execute(select(table).order_by(*table.primary_key.columns))]
                for table in models.metadata.sorted_tables
                if table.name not in but
            }


@pytest.fixture
def desk(weihai: Database, now: datetime, today: date) -> Iterator[Desk]:
    """An office in an empty town."""
    yield Desk(weihai, now, today)
    empty(weihai)


def ends(report: RosterReport) -> tuple[int, int, int, int, int]:
    """Created, updated, unchanged, refused, skipped."""
    return report.created, report.updated, report.unchanged, report.refused, report.skipped


def found(report: RosterReport, severity: str) -> dict[str, str]:
    """Code at each cell, of one severity."""
    return {problem["cell"]: problem["code"] for problem in report.problems if problem["severity"] == severity}

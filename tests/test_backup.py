"""A backup is the whole installation in one file: either engine can make it, either can take it, and a bad one changes nothing."""

# ruff: noqa: F811  (fixtures of the command line's tests are used here by name)
from __future__ import annotations

import os
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, String, cast, func, select

from quiz import backup as backups
from quiz import clock, installation, models
from quiz.accounts import audit
from quiz.backup import BackupRefused
from quiz.db import Database
from quiz.keyed_digest import keyed_digest
from quiz.models.accounts import AuditEvent
from quiz.settings import settings
from tests import factories
from tests.cli.conftest import own_town, prepared, warm  # noqa: F401  (fixtures)
from tests.cli.console import ROOT, Console
from tests.databases import Server


@pytest.fixture
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A key of this test's own, where `restore` will put the other one."""
    path = tmp_path / "key" / "secret.key"
    monkeypatch.setenv("ANKAO_SECRET_FILE", str(path))
    settings.cache_clear()
    yield path
    settings.cache_clear()


@pytest.fixture
def packed(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A backup of the small town."""
    source = Database(f"sqlite:///{prepared}/ankao.db")
    path = tmp_path / "town.zip"
    with monkeypatch.context() as patch:
        patch.setenv("ANKAO_SECRET_FILE", str(prepared / "secret.key"))
        settings.cache_clear()
        backups.backup(source, path)
    settings.cache_clear()
    source.dispose()
    return path


@pytest.fixture
def target(database_url: str, key_file: Path) -> Iterator[Database]:
    """A migrated database without any row, on each engine."""
    database = Database(database_url)
    installation.migrate(database)
    yield database
    database.dispose()


def rows(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table; JSON columns also tell whether they hold nothing or the word null."""
    with database.reading() as session:
        found = {}
        for table in models.metadata.sorted_tables:
            words = [func.coalesce(cast(column, String), "nothing") == "nothing" for column in table.c if isinstance(column.type, JSON)]
            found[table.name] = [tuple(row) for row in session.execute(select(*table.c, *words).order_by(*table.primary_key.columns))]
        return found


def town(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of the town."""
    database = Database(f"sqlite:///{folder}/ankao.db")
    found = rows(database)
    database.dispose()
    return found


def test_a_restored_installation_is_the_same_in_every_row_and_in_its_key(
    packed: Path,
    prepared: Path,
    target: Database,
    key_file: Path,
) -> None:
    keyed_digest("the target had a key of its own")

    report = backups.restore(target, packed)

    assert rows(target) == town(prepared)
    assert report.rows == {name: len(found) for name, found in town(prepared).items()}
    assert key_file.read_bytes() == (prepared / "secret.key").read_bytes()
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert list(key_file.parent.iterdir()) == [key_file]


def test_the_restored_key_counts_at_once(packed: Path, prepared: Path, target: Database, key_file: Path) -> None:
    other = keyed_digest("identity")

    backups.restore(target, packed)

    assert keyed_digest("identity") != other
    with target.reading() as session:
        assert audit.verify(session).intact


def test_a_restored_installation_goes_on_numbering_and_writing(packed: Path, target: Database) -> None:
    backups.restore(target, packed)
    before = rows(target)

    installation.prepare(target)
    with target.transaction() as session:
        factories.person(session)
        audit.record(session, actor=audit.SYSTEM, action="backup", at=clock.now())

    after = rows(target)
    assert len(after["person"]) == len(before["person"]) + 1
    assert after["person"][-1][0] > before["person"][-1][0]
    assert {name for name in after if after[name] != before[name]} == {"person", "audit_event", "setting"}


def test_a_database_with_data_is_replaced_only_when_asked(packed: Path, prepared: Path, target: Database) -> None:
    installation.prepare(target)
    with target.transaction() as session:
        factories.organisation(
            session,
            name="望海水产有限公司",
            district="371002",
            town="371002001",
            sector="industry_trade",
            department="emergency_management",
        )
    before = rows(target)

    with pytest.raises(BackupRefused, match="--replace"):
        backups.restore(target, packed)
    assert rows(target) == before

    backups.restore(target, packed, replace=True)
    assert rows(target) == town(prepared)


def _without(name: str) -> Callable[[Path], None]:
    return lambda path: _rewritten(path, lambda entry, data: None if entry == name else data)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])


def _flipped(path: Path) -> None:
    """One byte of the compressed responses is another one."""
    with zipfile.ZipFile(path) as package:
        info = package.getinfo("tables/response.jsonl")
    content = bytearray(path.read_bytes())
    content[info.header_offset + 120] ^= 0xFF
    path.write_bytes(bytes(content))


def _edited(path: Path) -> None:
    """A score was changed by someone who knows how to zip."""
    _rewritten(path, lambda entry, data: data.replace(b'"passed":false', b'"passed":true') if entry == "tables/attempt.jsonl" else data)


def _unreadable(path: Path) -> None:
    _rewritten(path, lambda entry, data: b"{not json\n" if entry == "tables/person.jsonl" else data)


def _short_key(path: Path) -> None:
    _rewritten(path, lambda entry, data: b"short" if entry == "secret.key" else data)


def _rewritten(path: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    with zipfile.ZipFile(path) as package:
        entries = {name: package.read(name) for name in package.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in entries.items():
            if (kept := change(name, data)) is not None:
                package.writestr(name, kept)


DAMAGES = {
    "cut off": _cut,
    "a byte flipped": _flipped,
    "edited": _edited,
    "a row that is no JSON": _unreadable,
    "a table missing": _without("tables/duty.jsonl"),
    "no manifest": _without("manifest.json"),
    "half a key": _short_key,
    "no zip": lambda path: path.write_bytes(b"PK nothing of the kind"),
    "empty": lambda path: path.write_bytes(b""),
    "gone": Path.unlink,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_refused_and_nothing_changes(packed: Path, tmp_path: Path, key_file: Path, damage: str) -> None:
    database = Database(f"sqlite:///{tmp_path}/target.db")
    installation.migrate(database)
    with database.transaction() as session:
        factories.person(session, name="原来的人")
    before, digest = rows(database), keyed_digest("identity")
    DAMAGES[damage](packed)

    with pytest.raises(BackupRefused):
        backups.restore(database, packed, replace=True)

    assert rows(database) == before
    assert keyed_digest("identity") == digest and list(key_file.parent.iterdir()) == [key_file]
    database.dispose()


def test_a_backup_of_a_newer_version_is_refused(packed: Path, tmp_path: Path, key_file: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/target.db")
    installation.migrate(database)
    _rewritten(packed, lambda entry, data: data.replace(b'"revision": "', b'"revision": "9') if entry == "manifest.json" else data)

    with pytest.raises(BackupRefused, match="升级程序"):
        backups.restore(database, packed)
    database.dispose()


def test_a_backup_is_for_its_owners_eyes_and_appears_only_when_complete(prepared: Path, tmp_path: Path, key_file: Path) -> None:
    source = Database(f"sqlite:///{prepared}/ankao.db")
    path = tmp_path / "backups.zip"

    backups.backup(source, path)
    with pytest.raises(IsADirectoryError):
        backups.backup(source, key_file.parent.parent)

    source.dispose()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir() if each.name.endswith(".part")] == []


def test_a_restore_that_is_killed_leaves_the_old_data(own_town: Console, tmp_path: Path) -> None:
    assert own_town.run("backup", str(tmp_path / "town.zip")).code == 0
    before = town(tmp_path)
    key = (tmp_path / "secret.key").read_bytes()
    program = (
        "import time; from quiz import backup, cli\n"
        "read = backup._read_table\n"
        "def slowly(session, table, package, manifest):\n"
        "    read(session, table, package, manifest)\n"
        "    if table.name == 'attempt': print('half way', flush=True); time.sleep(60)\n"
        "backup._read_table = slowly\n"
        f"cli.app(['restore', {str(tmp_path / 'town.zip')!r}, '--replace'])\n"
    )

    process = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, env={**os.environ, **own_town.environment}, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "half way\n"
    process.kill()
    process.wait(30)

    assert town(tmp_path) == before
    assert (tmp_path / "secret.key").read_bytes() == key
    assert own_town.run("audit", "verify").code == 0


def test_the_commands_move_a_site_from_sqlite_to_postgresql_and_say_so_in_the_trail(
    own_town: Console,
    tmp_path: Path,
    postgresql_server: Server,
) -> None:
    before = town(tmp_path)
    url = postgresql_server.new()
    moved = own_town.at(url, tmp_path / "moved")

    made = own_town.run("backup", str(tmp_path / "站点.zip"))
    restored = moved.run("restore", str(tmp_path / "站点.zip"))
    again = moved.run("restore", str(tmp_path / "站点.zip"))

    assert (made.code, restored.code) == (0, 0)
    assert "--replace" in again.reason
    database = Database(url)
    after = rows(database)
    with database.reading() as session:
        last = session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()  # type: ignore[union-attr]
        assert last is not None
        noted = (last.account, last.action, last.subject, last.detail)
        assert noted == ("命令行", "restore", "站点.zip", {"rows": sum(map(len, before.values()))})
    database.dispose()
    assert {name for name in before if after[name] != before[name]} == {"audit_event", "setting"}
    assert after["audit_event"][:-1] == before["audit_event"]
    assert (tmp_path / "moved/secret.key").read_bytes() == (tmp_path / "secret.key").read_bytes()
    assert moved.run("audit", "verify").code == moved.run("coverage", "verify").code == 0
    assert town(tmp_path)["audit_event"][-1][3:7] == ("命令行", "", "backup", "站点.zip")


def test_an_empty_installation_needs_no_backup(warm: Console, tmp_path: Path) -> None:
    nothing = warm.at(f"sqlite:///{tmp_path}/none.db", tmp_path)

    assert "ANKAO_DATABASE_URL" in nothing.run("backup", str(tmp_path / "x.zip")).reason
    assert not (tmp_path / "x.zip").exists()

"""Backup and restore: one zip that both engines can read, so that it also moves a site from SQLite to PostgreSQL.

Inside: `manifest.json` (version, revision, rows and SHA-256 of each table), `tables/<name>.jsonl` (one row a line) and the
installation's `secret.key`, without which activation codes and identity digests mean nothing, and `certificate.key`, which signs
certificates. Keep the file as safe as the server.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import JSON, LargeBinary, Table, null, select, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from quiz import __version__, clock, models
from quiz.certificates.signing import SigningKeyInWaiting
from quiz.db import Database
from quiz.keyed_digest import FileInWaiting, KeyInWaiting
from quiz.models.base import Moment
from quiz.problems import Refusal
from quiz.settings import settings

CHUNK = 2000
_SELF_REFERENCE = {"region": "parent_code", "class_session": "make_up_of"}
_KEYS: dict[str, Callable[[bytes], FileInWaiting]] = {"secret.key": KeyInWaiting, "certificate.key": SigningKeyInWaiting}


class BackupRefused(Refusal):
    """The file is no backup, is damaged, or the target holds data."""


@dataclass(frozen=True)
class BackupReport:
    """What was written or read: rows by table."""

    file: str
    rows: dict[str, int]
    taken_at: str

    @property
    def total(self) -> int:
        return sum(self.rows.values())


def backup(database: Database, path: Path) -> BackupReport:
    """Write all tables as they stand at one moment, while the server goes on. The file appears only when it is complete."""
    aside = path.with_name(path.name + ".part")
    try:
        with os.fdopen(os.open(aside, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as stream:
            rows, taken_at = _write(database, stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)
    return BackupReport(str(path), rows, taken_at)


def _write(database: Database, stream: IO[bytes]) -> tuple[dict[str, int], str]:
    rows: dict[str, int] = {}
    digests: dict[str, str] = {}
    taken_at = clock.now().isoformat()
    with database.reading() as session, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as package:
        if not database.is_sqlite:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        revision = session.execute(text("select version_num from alembic_version")).scalar_one()
        for table in models.metadata.sorted_tables:
            rows[table.name], digests[table.name] = _write_table(session, table, package)
        for name, path in _key_files().items():
            if path.exists():
                package.write(path, name)
        manifest = {"ankao": __version__, "revision": revision, "taken_at": taken_at, "rows": rows, "sha256": digests}
        package.writestr("manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1))
    return rows, taken_at


def _key_files() -> dict[str, Path]:
    return {"secret.key": settings().secret_file, "certificate.key": settings().certificate_key_file}


def _write_table(session: Session, table: Table, package: zipfile.ZipFile) -> tuple[int, str]:
    count, digest = 0, hashlib.sha256()
    with package.open(f"tables/{table.name}.jsonl", "w", force_zip64=True) as stream:
        query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=CHUNK)
        for row in session.execute(query):
            line = json.dumps(dict(row._mapping), ensure_ascii=False, default=_plain, separators=(",", ":")).encode() + b"\n"
            digest.update(line)
            stream.write(line)
            count += 1
    return count, digest.hexdigest()


def _plain(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"cannot store {type(value).__name__} in a backup")


def restore(database: Database, path: Path, *, replace: bool = False) -> BackupReport:
    """Put a backup into a migrated database, all or nothing.

    Raises:
        BackupRefused: no backup, damaged, from a newer version, or the database holds data and `replace` was not given.
    """
    manifest, package = _open(path)
    keys: list[FileInWaiting] = []
    try:
        with package, database.transaction() as session:
            _refuse_unless_fitting(session, manifest, replace=replace)
            _replace_rows(session, package, manifest, is_sqlite=database.is_sqlite)
            for name, waiting in _KEYS.items():
                if name in package.namelist():
                    keys.append(waiting(package.read(name)))
        for key in keys:
            key.put_in_place()
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, IntegrityError) as problem:
        raise BackupRefused(f"{path} 已经损坏，无法恢复；数据库没有任何改动。请换一份备份。", code="damaged") from problem
    finally:
        for key in keys:
            key.discard()
    return BackupReport(str(path), manifest["rows"], manifest["taken_at"])


def _refuse_unless_fitting(session: Session, manifest: dict[str, Any], *, replace: bool) -> None:
    revision = session.execute(text("select version_num from alembic_version")).scalar_one()
    if manifest["revision"] > revision:
        raise BackupRefused("备份来自更新的版本，请先升级程序再恢复。", code="newer_backup")
    held = (select(models.metadata.tables[name].c.id).limit(1) for name in ("account", "organisation"))
    if not replace and any(session.execute(query).first() for query in held):
        raise BackupRefused("目标数据库里已有数据。确认要用备份整体替换，请加 --replace。", code="not_empty")


def _replace_rows(session: Session, package: zipfile.ZipFile, manifest: dict[str, Any], *, is_sqlite: bool) -> None:
    if is_sqlite:
        session.execute(text("PRAGMA defer_foreign_keys=ON"))
    for table in reversed(models.metadata.sorted_tables):
        session.execute(table.delete())
    for table in models.metadata.sorted_tables:
        _read_table(session, table, package, manifest)
    if not is_sqlite:
        _move_sequences(session)


def _open(path: Path) -> tuple[dict[str, Any], zipfile.ZipFile]:
    try:
        package = zipfile.ZipFile(path)
        manifest = json.loads(package.read("manifest.json"))
        if not {"revision", "rows", "sha256", "taken_at"} <= set(manifest):
            raise KeyError("manifest.json")
        return manifest, package
    except FileNotFoundError:
        raise BackupRefused(f"没有这个文件：{path}", code="no_file") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, TypeError) as problem:
        raise BackupRefused(f"{path} 不是安考的备份文件，或已经损坏。", code="not_a_backup") from problem


def _read_table(session: Session, table: Table, package: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    if table.name not in manifest["rows"]:
        return
    digest, batch = hashlib.sha256(), []
    rows = _lines(package, table, digest)
    if table.name in _SELF_REFERENCE:
        rows = iter(_parents_first(list(rows), table))
    for row in rows:
        batch.append(row)
        if len(batch) == CHUNK:
            session.execute(table.insert(), batch)
            batch = []
    if batch:
        session.execute(table.insert(), batch)
    if digest.hexdigest() != manifest["sha256"][table.name]:
        raise BackupRefused(f"备份中的表 {table.name} 与校验值不符，文件可能损坏；数据库没有任何改动。", code="damaged")


def _lines(package: zipfile.ZipFile, table: Table, digest: Any) -> Iterator[dict[str, Any]]:
    with package.open(f"tables/{table.name}.jsonl") as stream:
        for line in stream:
            digest.update(line)
            row = json.loads(line)
            yield {column.name: _typed(column.type, row.get(column.name)) for column in table.columns if column.name in row}


def _typed(kind: Any, value: Any) -> Any:
    if value is None:
        return null() if isinstance(kind, JSON) else None  # a JSON column would store a bare None as the JSON word null
    if not isinstance(value, str):
        return value
    if isinstance(kind, Moment):
        return datetime.fromisoformat(value)
    if isinstance(kind, LargeBinary):
        return base64.b64decode(value)
    return date.fromisoformat(value) if getattr(kind, "python_type", None) is date else value


def _parents_first(rows: list[dict[str, Any]], table: Table) -> list[dict[str, Any]]:
    parent, key = _SELF_REFERENCE[table.name], next(iter(table.primary_key.columns)).name
    ordered: list[dict[str, Any]] = []
    known: set[Any] = {None}
    while rows:
        ready = [row for row in rows if row[parent] in known]
        if not ready:
            raise BackupRefused(f"备份中的表 {table.name} 上下级关系不完整。", code="damaged")
        ordered += ready
        known |= {row[key] for row in ready}
        rows = [row for row in rows if row[key] not in known]
    return ordered


def _move_sequences(session: Session) -> None:
    """PostgreSQL numbers rows from sequences; let each go on after the highest restored id."""
    for table in models.metadata.sorted_tables:
        keys = list(table.primary_key.columns)
        if len(keys) == 1 and getattr(keys[0].type, "python_type", None) is int:
            session.execute(
                text(
                    f"select setval(pg_get_serial_sequence('\"{table.name}\"', '{keys[0].name}'), "
                    f'coalesce((select max({keys[0].name}) from "{table.name}"), 1))'
                )
            )

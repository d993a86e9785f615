"""Brings a database to what this version needs: migrations, reference data, shipped banks; and guards single-process SQLite."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import inspect, select, text
from sqlmodel import Session, col

from quiz import clock, wiring
from quiz.banks import loading as banks
from quiz.coverage import tally
from quiz.db import Database
from quiz.models.accounts import Account, Setting
from quiz.models.organisations import Organisation
from quiz.organisations.reference import seed_reference
from quiz.problems import Refusal
from quiz.reminders import templates as message_templates

DEMONSTRATION = "demonstration"
_MIGRATION_LOCK = 727_275


def migrate(database: Database) -> None:
    """Upgrade to the newest revision; processes that start together wait for each other."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with database.writer.connect() as connection:
        if not database.is_sqlite:
            connection.execute(text("select pg_advisory_lock(:key)"), {"key": _MIGRATION_LOCK})
        try:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
        finally:
            if not database.is_sqlite:
                connection.execute(text("select pg_advisory_unlock(:key)"), {"key": _MIGRATION_LOCK})
                connection.commit()


def prepare(database: Database, *, progress: Callable[[str], None] | None = None) -> None:
    """Migrate, seed regions, departments and sectors, load the shipped banks, join the rooms. Twice changes nothing."""
    migrate(database)
    wiring.wire()
    with database.transaction() as session:
        seed_reference(session)
        now = clock.now()
        message_templates.load_shipped(session, now=now)
        tally.lay_out_waiting(session)
        banks.load_built_in(session, now=now, today=clock.local_day(now), progress=progress)


def is_new(database: Database) -> bool:
    """Whether the database holds no table of ours yet, or only what `prepare` puts there: no account and no organisation."""
    with database.reading() as session:
        if "organisation" not in inspect(session.connection()).get_table_names():
            return True
        return (
            session.execute(select(col(Organisation.id)).limit(1)).first() is None
            and session.execute(select(col(Account.id)).limit(1)).first() is None
        )


def is_demonstration(session: Session) -> bool:
    """Whether this database was made with `--demo`."""
    mark = session.get(Setting, DEMONSTRATION)
    return mark is not None and mark.value == "1"


class AlreadyServed(Refusal):
    """Another process serves this SQLite database."""


@contextmanager
def single_server_lock(database: Database) -> Iterator[None]:
    """Hold `<database>.lock` while serving SQLite: its writers are ordered inside one process only. PostgreSQL needs none."""
    path = Path(f"{database.url.database}.lock") if database.is_sqlite and database.url.database else None
    if path is None:
        yield
        return
    with path.open("a+") as stream:
        if not _try_lock(stream.fileno()):
            raise AlreadyServed(
                f"另一个进程正在使用数据库 {database.url.database}。SQLite 只能由一个服务进程使用；"
                "请先停止它，或改用 PostgreSQL（ANKAO_DATABASE_URL）。",
                code="already_served",
            )
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        yield


def _try_lock(descriptor: int) -> bool:
    """An operating-system lock: it falls with the process, so a killed server never leaves one behind."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True

"""Migrations end where the models are, on both engines; twice, and by two processes at once, they do no harm."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, select, text

from quiz import installation, models
from quiz.db import Database
from quiz.models.banks import Bank, Item
from quiz.models.organisations import Region
from tests.architecture import project


@pytest.fixture
def empty(database_url: str) -> Iterator[Database]:
    """A database without any table."""
    database = Database(database_url)
    yield database
    database.dispose()


def test_migrations_and_models_give_the_same_tables(empty: Database) -> None:
    installation.migrate(empty)
    migrated = _schema(empty.writer)
    with empty.writer.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "target_metadata": models.metadata})
        differences = compare_metadata(context, models.metadata)
    with empty.writer.begin() as connection:
        models.metadata.drop_all(connection)
        models.metadata.create_all(connection)

    assert differences == []
    assert migrated == _schema(empty.writer)
    assert set(migrated) == set(models.metadata.tables)


def test_what_only_some_rows_obey_is_migrated_too(empty: Database) -> None:
    installation.migrate(empty)

    indexes = {index["name"]: index for name in ("attempt", "post") for index in inspect(empty.writer).get_indexes(name)}

    where = "sqlite_where" if empty.is_sqlite else "postgresql_where"
    conditions = {name: str(indexes[name]["dialect_options"][where]) for name in ("uq_attempt_open", "uq_post_current")}
    assert all(indexes[name]["unique"] for name in conditions)
    assert "open" in conditions["uq_attempt_open"] and "held_to" in conditions["uq_post_current"].lower()


def test_preparing_twice_changes_nothing(empty: Database) -> None:
    installation.prepare(empty)
    once = _counts(empty)

    installation.prepare(empty)

    assert _counts(empty) == once
    assert once["alembic_version"] == 1 and once["item"] >= 200 and once["region"] > 70


def test_processes_that_start_together_wait_for_each_other(empty: Database, tmp_path: Path) -> None:
    program = "from quiz import db, installation; installation.prepare(db.database())"
    environment = {
        **os.environ,
        "ANKAO_DATABASE_URL": empty.url.render_as_string(hide_password=False),
        "ANKAO_SECRET_FILE": str(tmp_path / "secret.key"),
    }

    both = [
        subprocess.Popen([sys.executable, "-c", program], cwd=project.ROOT, env=environment, stderr=subprocess.PIPE, text=True)
        for _ in "12"
    ]
    complaints = [process.communicate(timeout=120)[1] for process in both]

    assert [process.returncode for process in both] == [0, 0], complaints
    with empty.reading() as session:
        assert len(session.scalars(select(Bank)).all()) >= 4
        assert len(session.scalars(select(Item.code)).all()) >= 200  # type: ignore[call-overload]
        assert session.get(Region, "371002") is not None


def test_a_database_of_the_first_release_keeps_its_rows(empty: Database) -> None:
    """Rows that refer to each other must survive a change of their tables."""
    config = Config()
    config.set_main_option("script_location", str(project.ROOT / "quiz" / "migrations"))
    with empty.writer.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for statement in _FIRST_RELEASE:
            connection.execute(text(statement))
        connection.commit()

    installation.prepare(empty)

    with empty.reading() as session:
        item = session.execute(select(Item).where(Item.bank_code == "own")).scalar_one()  # type: ignore[arg-type]
        assert (item.code, item.state, item.version_id, item.pending_id, item.import_id) == ("q-1", "published", 9007, None, None)
        assert session.execute(text("select relation from item_clause where version_id = 9007")).scalar_one() == "tests"
        assert session.execute(text("select caution from edition where code = 'own-2020'")).scalar_one() == ""


_FIRST_RELEASE = (
    "insert into standard (code, title) values ('own', '本厂规定')",
    "insert into edition (code, standard_code, title, document_number, issuer, status, scope, digest)"
    " values ('own-2020', 'own', '本厂规定', '', '', 'in_force', '', '')",
    'insert into clause (id, edition_code, ref, "group", heading, text, assessable, position)'
    " values ('own-2020/1', 'own-2020', '第一条', '总则', '目的', '为了安全。', true, 1)",
    "insert into bank (code, title, description, edition_code, is_built_in, digest, created_at)"
    " values ('own', '本厂题库', '', 'own-2020', false, '', '2026-01-01 00:00:00')",
    "insert into item (id, bank_code, code, state, version_id) values (9005, 'own', 'q-1', 'published', 9007)",
    "insert into item_version (id, item_id, number, type, kind, topic, difficulty, roles, stem, options, key, explanation, rationales,"
    " digest, created_at) values (9007, 9005, 1, 'true_false', 'knowledge', '', 'easy', '[]', '对吗？', '[]', '[]', '', '{}', '',"
    " '2026-01-01 00:00:00')",
    "insert into item_clause (version_id, clause_id, position) values (9007, 'own-2020/1', 0)",
)


def _counts(database: Database) -> dict[str, int]:
    with database.reading() as session:
        return {
            name: session.execute(text(f'select count(*) from "{name}"')).scalar_one()
            for name in [*models.metadata.tables, "alembic_version"]
        }


def _schema(engine: Engine) -> dict[str, dict[str, Any]]:
    """Everything an engine can tell about its tables, in a fixed order."""
    found = inspect(engine)
    return {
        name: {
            "columns": [(column["name"], str(column["type"]), column["nullable"]) for column in found.get_columns(name)],
            "key": found.get_pk_constraint(name)["constrained_columns"],
            "foreign": _ordered(found.get_foreign_keys(name), "constrained_columns", "referred_table", "referred_columns", "options"),
            "unique": _ordered(found.get_unique_constraints(name), "name", "column_names"),
            "checks": _ordered(found.get_check_constraints(name), "name", "sqltext"),
            "indexes": _ordered(found.get_indexes(name), "name", "column_names", "unique", "dialect_options"),
        }
        for name in found.get_table_names()
        if name != "alembic_version"
    }


def _ordered(rows: Any, *keys: str) -> list[str]:
    return sorted(str([(key, _plain(row.get(key))) for key in keys]) for row in rows)


def _plain(value: Any) -> Any:
    return {key: str(part) for key, part in sorted(value.items())} if isinstance(value, dict) else value

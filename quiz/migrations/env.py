"""Alembic's door: runs on the connection handed in by `quiz.installation`, or on the configured database."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import Connection

from quiz import models
from quiz.db import database
from quiz.models.base import Moment


def render_item(kind: str, item: Any, autogen: Any) -> str | bool:
    """Write our moment type as the plain column it is."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime()"
    return False


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=models.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=render_item,
        compare_type=False,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with database().writer.connect() as own:
        run(own)
        own.commit()

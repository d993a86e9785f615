"""The database, as pages reach it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlmodel import Session

from quiz import wiring
from quiz.db import database


@contextmanager
def reading() -> Iterator[Session]:
    """A reading session."""
    with database().reading() as session:
        yield session


@contextmanager
def transaction() -> Iterator[Session]:
    """A writing session, committed at the end of the block."""
    wiring.wire()
    with database().transaction() as session:
        yield session

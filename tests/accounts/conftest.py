"""The tests of this room share a database a module, and a key for digests of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from quiz.settings import settings
from tests.shared_database import session, shared_db

__all__ = ["session", "shared_db"]


@pytest.fixture(autouse=True)
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("ANKAO_SECRET_FILE", str(tmp_path / "secret.key"))
    settings.cache_clear()
    yield
    settings.cache_clear()

"""The tests of this room share a database a module, and a key for digests of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings as settings_of_hypothesis

from quiz.settings import settings
from tests.shared_database import session, shared_db

settings_of_hypothesis.register_profile("unhurried", deadline=None)
settings_of_hypothesis.load_profile("unhurried")

__all__ = ["session", "shared_db"]


@pytest.fixture(autouse=True)
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("ANKAO_SECRET_FILE", str(tmp_path / "secret.key"))
    settings.cache_clear()
    yield
    settings.cache_clear()

"""The rooms listen to each other, and every test signs with a key of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from quiz.coverage import subscriptions as coverage
from quiz.settings import settings
from quiz.training import subscriptions as training


@pytest.fixture(autouse=True)
def subscribed() -> None:
    training.subscribe_all()
    coverage.subscribe_all()


@pytest.fixture(autouse=True)
def key_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "keys"
    monkeypatch.setenv("ANKAO_SECRET_FILE", str(folder / "secret.key"))
    settings.cache_clear()
    yield folder
    settings.cache_clear()

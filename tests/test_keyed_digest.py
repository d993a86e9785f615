"""The key of this installation: made once, readable by its owner only, the same for everybody who asks."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from quiz import keyed_digest as module
from quiz.keyed_digest import keyed_digest
from quiz.settings import settings


@pytest.fixture
def secret_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "new folder" / "secret.key"
    monkeypatch.setenv("ANKAO_SECRET_FILE", str(path))
    settings.cache_clear()
    yield path
    settings.cache_clear()


def test_the_key_is_made_once_and_is_its_owners(secret_file: Path) -> None:
    first = keyed_digest("identity:1")
    module._key.cache_clear()

    assert keyed_digest("identity:1") == first
    assert len(first) == 64 and first != keyed_digest("identity:2")
    assert len(secret_file.read_bytes()) == 32
    assert stat.S_IMODE(secret_file.stat().st_mode) == 0o600
    assert list(secret_file.parent.iterdir()) == [secret_file]


def test_another_key_gives_another_digest(secret_file: Path) -> None:
    first = keyed_digest("identity:1")
    secret_file.write_bytes(b"k" * 32)
    module._key.cache_clear()

    assert keyed_digest("identity:1") != first


def test_processes_that_start_together_agree_on_one_key(secret_file: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: module._key.__wrapped__(secret_file), range(32)))

    assert len(keys) == 1


def test_a_damaged_key_is_never_replaced_silently(secret_file: Path) -> None:
    secret_file.parent.mkdir()
    secret_file.write_bytes(b"short")

    with pytest.raises(ValueError, match="备份"):
        keyed_digest("identity:1")
    assert secret_file.read_bytes() == b"short"

"""Keyed digests: how an identity number or an activation code is recognised again without being kept."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tempfile
from functools import lru_cache
from pathlib import Path

from quiz.settings import settings

KEY_BYTES = 32


def keyed_digest(text: str) -> str:
    """HMAC-SHA256 of the text under this installation's key, in hexadecimal."""
    return hmac.new(_key(settings().secret_file), text.encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=8)
def _key(path: Path) -> bytes:
    """The key in the file; made once, readable by its owner only.

    Written aside and linked into place, so that two processes that start together agree on one key and a crash
    never leaves half of it.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(dir=path.parent, prefix=".secret-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(secrets.token_bytes(KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
            _put_in_place(aside, path)
        finally:
            Path(aside).unlink(missing_ok=True)
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise ValueError(f"密钥文件 {path} 长度不是 {KEY_BYTES} 字节，可能已损坏；请从备份恢复，不要重新生成。")
    return key


class FileInWaiting:
    """Another installation's key file, written beside ours before the rows that need it are committed, put in place right after."""

    def __init__(self, path: Path, content: bytes) -> None:
        self._path = path
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(dir=self._path.parent, prefix=".secret-")
        self._aside = Path(aside)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def put_in_place(self) -> None:
        """From now on this is the file of this process, and of those that start later."""
        os.replace(self._aside, self._path)

    def discard(self) -> None:
        """Leave nothing behind; after `put_in_place` there is nothing left."""
        self._aside.unlink(missing_ok=True)


class KeyInWaiting(FileInWaiting):
    """The key of the digests."""

    def __init__(self, key: bytes) -> None:
        """Raises ValueError for what is no key."""
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes, not {len(key)}")
        super().__init__(settings().secret_file, key)

    def put_in_place(self) -> None:
        """From now on this is the key of this process, and of those that start later."""
        super().put_in_place()
        _key.cache_clear()


def _put_in_place(aside: str, path: Path) -> None:
    try:
        os.link(aside, path)
    except FileExistsError:
        return  # another process was first; its key counts
    except OSError:  # a file system without hard links
        if not path.exists():
            os.replace(aside, path)
            Path(aside).touch()

"""Argon2id hashing, bounded: 19 MiB, two passes, one lane — about 18 ms, so that a town can sign in within minutes."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

_hasher = PasswordHash([Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)])
STEP_BACK = 10
"""Niceness of the hashing threads."""


def _step_back() -> None:
    """Let answers being saved go first when a whole town signs in at once. Linux gives every thread a priority of its own."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), STEP_BACK)


pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2", initializer=_step_back)
"""Hashing happens here, off the event loop and never more than two at once (2 × 19 MiB)."""


def hash_password(password: str) -> str:
    """The argon2id hash with its own salt."""
    return _hasher.hash(password)


def verify_password(password: str, hashed: str) -> bool:
    """Whether the password belongs to the hash."""
    return _hasher.verify(password, hashed)


@lru_cache
def nobody() -> str:
    """A hash that no password opens: verified for unknown accounts, so that they cannot be told apart by time."""
    import secrets

    return hash_password(secrets.token_urlsafe(32))

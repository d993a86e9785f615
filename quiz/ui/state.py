"""What a screen remembers between reruns: small values under named, typed keys; ids that must survive a reload live in the address."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

import streamlit as st

Value = TypeVar("Value")


@dataclass(frozen=True)
class Slot(Generic[Value]):
    """One named value of this visit."""

    name: str
    initial: Callable[[], Value]

    def get(self) -> Value:
        """The value, made when it is asked for the first time."""
        if self.name not in st.session_state:
            st.session_state[self.name] = self.initial()
        return cast(Value, st.session_state[self.name])

    def set(self, value: Value) -> None:
        """Remember the value."""
        st.session_state[self.name] = value

    def take(self) -> Value:
        """The value, forgotten at once."""
        value = self.get()
        self.clear()
        return value

    def clear(self) -> None:
        """Forget the value."""
        st.session_state.pop(self.name, None)


@dataclass(frozen=True)
class Secret:
    """A temporary password to hand over, shown once."""

    account: str
    password: str


VISITOR = Slot[int]("visitor", int)
"""Account of whoever this visit belongs to; 0 at its beginning."""
MESSAGE = Slot[str]("message", str)
"""What was done, said once after the rerun."""
START_KEYS = Slot[dict[int, str]]("start_keys", dict)
"""Idempotency key of each paper's start button, so that a doubled click starts one attempt."""
TEMPORARY_PASSWORD = Slot[Secret | None]("temporary_password", lambda: None)
PREVIEW_SEED = Slot[int]("preview_seed", lambda: 1)
BACKUP_MADE = Slot[str]("backup_made", str)
"""Path of the backup this visit made, offered for download."""


def belong_to(account_id: int) -> None:
    """Forget everything when the visit is somebody else's now.

    A browser that lost its connection takes up the old visit with the cookie of whoever signed in meanwhile in another tab: on a
    shared computer the next person must not find the codes, passwords and lists of the one before.
    """
    if VISITOR.get() not in (0, account_id):
        st.session_state.clear()
    VISITOR.set(account_id)


def start_key(paper_id: int) -> str:
    """The key under which this visit starts that paper."""
    return START_KEYS.get().setdefault(paper_id, secrets.token_urlsafe(16))


def forget_start_key(paper_id: int) -> None:
    """The next start of that paper is another attempt."""
    START_KEYS.get().pop(paper_id, None)


def chosen(name: str) -> str:
    """What the address says is open, such as `?paper=3`; empty when nothing."""
    return st.query_params.get(name, "")


def chosen_id(name: str) -> int | None:
    """The id the address says is open, or None."""
    text = chosen(name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


def choose(**names: str | int) -> None:
    """Open these and nothing else, and draw the page again."""
    st.query_params.from_dict({name: str(value) for name, value in names.items()})
    st.rerun()

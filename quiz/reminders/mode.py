"""Whether messages really leave, or are only tried out; and the telephone they name."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from quiz import clock
from quiz.models.accounts import Setting
from quiz.settings import settings

LIVE = "reminders_live"
DRY_PREFIX = "dry"
"""Begins the keys of messages that were only tried out, so that a trial never keeps the real message from leaving."""


def is_live(session: Session) -> bool:
    """Do messages leave? Not before somebody has said so on screen."""
    mark = session.get(Setting, LIVE)
    return mark is not None and mark.value == "1"


def set_live(session: Session, live: bool) -> None:
    """Let messages leave, or only try them out."""
    mark = session.get(Setting, LIVE) or Setting(name=LIVE)
    mark.value = "1" if live else "0"
    session.add(mark)
    session.flush()


def key_prefix(session: Session, *, now: datetime) -> str:
    """What begins the key of an occasion: trials are told apart by their day."""
    return "" if is_live(session) else f"{DRY_PREFIX}{clock.local_day(now).isoformat()}:"


def telephone(session: Session) -> str:
    """The office's number: set on screen, else by environment."""
    stored = session.get(Setting, "office_telephone")
    return stored.value if stored and stored.value else settings().office_telephone

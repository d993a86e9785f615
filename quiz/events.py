"""Facts announced by a lower room and heard by higher ones, inside the same transaction.

The hand-in of an attempt changes a duty, and a duty changes the tally; yet attempts must not import training. So attempts
announces `AttemptHandedIn`, and training, which stands above it, has subscribed (`quiz.wiring`). Handlers run at once, in the
session of the announcer: either all of it is committed or none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from sqlmodel import Session


@dataclass(frozen=True)
class AttemptStarted:
    attempt_id: int
    person_id: int
    paper_id: int
    at: datetime


@dataclass(frozen=True)
class AttemptHandedIn:
    """An attempt was closed and marked: by the person, or by the server at the deadline."""

    attempt_id: int
    person_id: int
    paper_id: int
    passed: bool
    at: datetime


@dataclass(frozen=True)
class SignedIn:
    """The person opened a session."""

    person_id: int


@dataclass(frozen=True)
class PostsChanged:
    """Somebody took up or left a post, or was designated, at these organisations."""

    organisation_ids: frozenset[int]
    today: date


@dataclass(frozen=True)
class OrganisationsChanged:
    """Status, placement, sector or features changed, or the organisations are new."""

    organisation_ids: frozenset[int]
    today: date
    traits_since: date | None = None
    """From when their features, kind and grade are what they are now; None: from today."""


@dataclass(frozen=True)
class RosterWithdrawn:
    """A roster import is taken back: these rows are about to go, and whatever was derived from them must go before."""

    organisation_ids: frozenset[int]
    post_ids: frozenset[int]
    person_ids: frozenset[int]


@dataclass(frozen=True)
class PersonsMerged:
    """Two entries of one human being were made one, or two again: what is derived from their records is to be derived anew."""

    person_ids: frozenset[int]
    at: datetime


@dataclass(frozen=True)
class HoursChanged:
    """Hours credited to these people changed: somebody was present, a sheet was imported or undone, a review lapsed."""

    person_ids: frozenset[int]
    programme_id: int | None
    """The programme whose class it was; None for a class of no programme."""
    today: date


@dataclass(frozen=True)
class StudyCounted:
    """Seconds of study of one edition's learning cards were counted for a person."""

    person_id: int
    edition: str
    day: date


@dataclass(frozen=True)
class DutiesChanged:
    """Duties of these organisations were opened, moved on, completed or closed."""

    programme_id: int
    organisation_ids: frozenset[int]


Event = TypeVar("Event")
_handlers: dict[type, list[Callable[[Session, Any], None]]] = defaultdict(list)


def subscribe(kind: type[Event], handler: Callable[[Session, Event], None]) -> None:
    """Have `handler(session, event)` called for each announced event of that kind; a second time changes nothing."""
    if handler not in _handlers[kind]:
        _handlers[kind].append(handler)


def announce(session: Session, event: object) -> None:
    """Tell the subscribers; what they write belongs to the caller's transaction."""
    for handler in _handlers[type(event)]:
        handler(session, event)

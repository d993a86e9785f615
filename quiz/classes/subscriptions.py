"""What classes hear from the rooms below, and do in the same transaction."""

from __future__ import annotations

from sqlmodel import Session

from quiz import events
from quiz.classes import hours


def subscribe_all() -> None:
    """Listen; a second call changes nothing."""
    events.subscribe(events.PersonsMerged, on_persons_merged)


def on_persons_merged(session: Session, event: events.PersonsMerged) -> None:
    """Presence changed hands: a moment under both entries counts once, and once for each when they are two again."""
    hours.recompute(session, person_ids=event.person_ids, now=event.at)

"""What the door hears from the roster, and does in the same transaction."""

from __future__ import annotations

from sqlalchemy import delete
from sqlmodel import Session, col

from quiz import events
from quiz.models.accounts import Activation
from quiz.organisations.ledger import chunks


def subscribe_all() -> None:
    """Listen; a second call changes nothing."""
    events.subscribe(events.RosterWithdrawn, on_roster_withdrawn)


def on_roster_withdrawn(session: Session, event: events.RosterWithdrawn) -> None:
    """Slips that nobody used go with the people and enterprises they were made for."""
    for column, ids in ((col(Activation.person_id), event.person_ids), (col(Activation.organisation_id), event.organisation_ids)):
        for part in chunks(sorted(ids)):
            session.execute(delete(Activation).where(column.in_(part), col(Activation.used_at).is_(None)))

"""What coverage hears, and does in the same transaction."""

from __future__ import annotations

from sqlalchemy import select
from sqlmodel import Session, col

from quiz import events
from quiz.coverage import tally, waiting
from quiz.models.training import Membership


def subscribe_all() -> None:
    """Listen; a second call changes nothing. Training must have subscribed before, so that memberships are in line first."""
    events.subscribe(events.DutiesChanged, on_duties_changed)
    events.subscribe(events.OrganisationsChanged, on_organisations_changed)
    events.subscribe(events.PostsChanged, on_posts_changed)
    events.subscribe(events.SignedIn, on_signed_in)


def on_duties_changed(session: Session, event: events.DutiesChanged) -> None:
    """The organisations' parts in that programme."""
    tally.refresh(session, programme_id=event.programme_id, organisation_ids=event.organisation_ids)


def on_organisations_changed(session: Session, event: events.OrganisationsChanged) -> None:
    """A moved enterprise moves its counts in every programme it belongs or belonged to, closed ones included."""
    ids = sorted(event.organisation_ids)
    concerned: dict[int, set[int]] = {}
    for start in range(0, len(ids), tally.CHUNK):
        chunk = ids[start : start + tally.CHUNK]
        members = select(col(Membership.programme_id), col(Membership.organisation_id)).where(col(Membership.organisation_id).in_(chunk))
        for programme_id, organisation_id in session.connection().execute(members.distinct()):
            concerned.setdefault(programme_id, set()).add(organisation_id)
    for programme_id in sorted(concerned):
        tally.refresh(session, programme_id=programme_id, organisation_ids=concerned[programme_id])


def on_posts_changed(session: Session, event: events.PostsChanged) -> None:
    """An account may have gone over to another entry of the same person: look again who has signed in."""
    waiting.look_up_sign_ins(session.connection(), organisation_ids=event.organisation_ids)


def on_signed_in(session: Session, event: events.SignedIn) -> None:
    """From now on the person is no longer among those who never signed in."""
    waiting.first_signed_in(session.connection(), person_id=event.person_id)

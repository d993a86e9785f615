"""What training hears from the rooms below, and does in the same transaction."""

from __future__ import annotations

from sqlmodel import Session

from quiz import clock, events
from quiz.training import alignment, facts, progress
from quiz.vocabulary import ProgrammeState


def subscribe_all() -> None:
    """Listen; a second call changes nothing."""
    events.subscribe(events.PostsChanged, on_organisations_changed)
    events.subscribe(events.OrganisationsChanged, on_organisations_changed)
    events.subscribe(events.AttemptStarted, on_attempt_started)
    events.subscribe(events.AttemptHandedIn, on_attempt_handed_in)


def on_organisations_changed(session: Session, event: events.PostsChanged | events.OrganisationsChanged) -> None:
    """Align every open programme with the organisations that changed."""
    for programme in facts.programmes_in_state(session, ProgrammeState.OPEN):
        alignment.align(session, programme=programme, organisation_ids=event.organisation_ids, today=event.today)


def on_attempt_started(session: Session, event: events.AttemptStarted) -> None:
    """Starting counts as a day of training."""
    progress.advance(
        session, person_id=event.person_id, paper_id=event.paper_id, day=clock.local_day(event.at),
        attempt_id=event.attempt_id, handed_in=False, passed=False,
    )  # fmt: skip


def on_attempt_handed_in(session: Session, event: events.AttemptHandedIn) -> None:
    """Handing in counts as taken, and a pass completes the duty."""
    progress.advance(
        session, person_id=event.person_id, paper_id=event.paper_id, day=clock.local_day(event.at),
        attempt_id=event.attempt_id, handed_in=True, passed=event.passed,
    )  # fmt: skip

"""What training hears from the rooms below, and does in the same transaction."""

from __future__ import annotations

from sqlmodel import Session

from quiz import clock, events
from quiz.training import alignment, attainment, facts, progress, withdrawal
from quiz.vocabulary import ProgrammeState


def subscribe_all() -> None:
    """Listen; a second call changes nothing."""
    events.subscribe(events.PostsChanged, on_organisations_changed)
    events.subscribe(events.OrganisationsChanged, on_organisations_changed)
    events.subscribe(events.RosterWithdrawn, on_roster_withdrawn)
    events.subscribe(events.AttemptStarted, on_attempt_started)
    events.subscribe(events.AttemptHandedIn, on_attempt_handed_in)
    events.subscribe(events.HoursChanged, on_hours_changed)
    events.subscribe(events.StudyCounted, on_study_counted)


def on_organisations_changed(session: Session, event: events.PostsChanged | events.OrganisationsChanged) -> None:
    """Align every open programme with the organisations that changed."""
    traits_since = event.traits_since if isinstance(event, events.OrganisationsChanged) else None
    for programme in _open_programmes(session):
        alignment.align(session, programme=programme, organisation_ids=event.organisation_ids, today=event.today, traits_since=traits_since)


def _open_programmes(session: Session) -> list[facts.ProgrammeFacts]:
    """By their opening: a first training counted in an earlier one decides the hours of those that open after it."""
    return sorted(facts.programmes_in_state(session, ProgrammeState.OPEN), key=lambda each: (each.terms.opens_on, each.id))


def on_roster_withdrawn(session: Session, event: events.RosterWithdrawn) -> None:
    """What was derived from rows that are taken back goes before them."""
    withdrawal.withdraw(session, organisation_ids=event.organisation_ids, post_ids=event.post_ids)


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


def on_hours_changed(session: Session, event: events.HoursChanged) -> None:
    """Align the duties of these people in the programme whose class it was, and wherever a first training on record decides."""
    if event.programme_id is None:
        return
    duties = attainment.duties_touched_by_hours(session, programme_id=event.programme_id, person_ids=event.person_ids)
    for programme in _open_programmes(session):
        if programme.id in duties:
            alignment.align(session, programme=programme, organisation_ids=duties[programme.id], today=event.today)


def on_study_counted(session: Session, event: events.StudyCounted) -> None:
    """Minutes of study move the duties that ask for them."""
    progress.study(session, person_id=event.person_id, edition=event.edition, day=event.day)

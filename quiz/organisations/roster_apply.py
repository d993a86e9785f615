"""Writing a plan: people, organisations, features, placements, posts and history, set by set in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, and_, col, delete, insert, or_

from quiz.models.organisations import Organisation, OrganisationFeature, Person, Post
from quiz.organisations import ledger, roster_journal
from quiz.organisations.closing import write_closures
from quiz.organisations.domain import PLACED_FIELDS
from quiz.organisations.ledger import chunks
from quiz.organisations.roster_journal import Both, Entries
from quiz.organisations.roster_state import OrganisationState, People, PersonState, PostState


@dataclass(frozen=True)
class Stamp:
    """Who imports, when, and under which import the rows are filed."""

    today: date
    now: datetime
    account_id: int | None
    import_id: int | None


def has_changes(states: Sequence[OrganisationState]) -> bool:
    """Is there anything to write?"""
    return any(state.changes for state in states)


def write_states(session: Session, *, states: Sequence[OrganisationState], people: People, stamp: Stamp) -> None:
    """Make the tables equal to the states, and note what it takes to put everything back."""
    touched = [state for state in states if state.changes]
    journal = Entries()
    _write_people(session, touched, people, stamp, journal)
    new = [state for state in touched if state.id is None]
    changed = [state for state in touched if state.id is not None]
    roster_journal.note_organisations(journal, changed)
    _insert_organisations(session, new, stamp)
    journal.organisations = [state.id or 0 for state in new]
    _update_organisations(session, changed, stamp, journal)
    _write_features(session, touched)
    write_closures(session, {state.id or 0: state.closures for state in touched if state.closures != state.original_closures})
    appointed = _write_posts(session, touched, stamp, journal)
    entries = [
        ledger.Entry(state.id or 0, change.field, change.before, change.after, change.effective_on)
        for state in touched
        for change in state.changes
    ]
    ledger.record(session, entries, now=stamp.now, account_id=stamp.account_id, import_id=stamp.import_id)
    if stamp.import_id is not None:
        roster_journal.keep(session, import_id=stamp.import_id, entries=journal)
    altered = [state for state in changed if state.changed_attributes() or state.features != state.original_features]
    ledger.announce(session, organisations=[state.id or 0 for state in (*new, *altered)], posts=appointed, today=stamp.today)


def _write_people(session: Session, states: Sequence[OrganisationState], people: People, stamp: Stamp, journal: Entries) -> None:
    concerned: dict[int, PersonState] = {id(post.person): post.person for state in states for post in state.posts}
    concerned |= {id(person): person for person in people.everybody if person.is_changed}
    changed = [person for person in concerned.values() if person.is_changed]
    roster_journal.note_persons(journal, changed)
    ledger.update_rows(session, Person, [_person_values(person) | {"id": person.id} for person in changed])
    new = [person for person in concerned.values() if person.id is None]
    values = [_person_values(person) | {"name": person.name, "created_at": stamp.now} for person in new]
    for person, person_id in zip(new, _insert(session, Person, values), strict=True):
        person.id = person_id
    journal.persons = [person.id or 0 for person in new]


def _person_values(person: PersonState) -> dict[str, Any]:
    return {"phone": person.phone, "identity_digest": person.digest, "identity_tail": person.tail}


def _insert(session: Session, table: type[Any], values: Sequence[dict[str, Any]]) -> Sequence[int]:
    """Insert many rows at once; their ids in the same order."""
    if not values:
        return []
    return session.scalars(insert(table).returning(table.id, sort_by_parameter_order=True), values).all()


def _insert_organisations(session: Session, states: Sequence[OrganisationState], stamp: Stamp) -> None:
    values = [{**state.attributes, "uscc_forced": False, "created_at": stamp.now} for state in states]
    for state, organisation_id in zip(states, _insert(session, Organisation, values), strict=True):
        state.id = organisation_id
    ledger.start_placements(session, [(state.id or 0, state.since or stamp.today, state.attributes) for state in states])


def _update_organisations(session: Session, states: Sequence[OrganisationState], stamp: Stamp, journal: Entries) -> None:
    changed = {state.id or 0: values for state in states if (values := state.changed_attributes())}
    ledger.update_rows(session, Organisation, [{"id": organisation_id, **values} for organisation_id, values in changed.items()])
    moved = {
        organisation_id: (stamp.today, {name: values[name] for name in PLACED_FIELDS if name in values})
        for organisation_id, values in changed.items()
        if any(name in values for name in PLACED_FIELDS)
    }
    before = roster_journal.placements_of(session, moved)
    ledger.change_placements(session, moved)
    after = roster_journal.placements_of(session, moved)
    journal.placements = {each: Both(before[each], after[each]) for each in moved if before[each] != after[each]}


def _write_features(session: Session, states: Sequence[OrganisationState]) -> None:
    lost = [(state.id, code) for state in states for code in sorted(state.original_features - state.features)]
    for part in chunks(lost, 200):
        pairs = [
            and_(col(OrganisationFeature.organisation_id) == organisation_id, col(OrganisationFeature.feature_code) == code)
            for organisation_id, code in part
        ]
        session.execute(delete(OrganisationFeature).where(or_(*pairs)))
    gained = [
        {"organisation_id": state.id, "feature_code": code} for state in states for code in sorted(state.features - state.original_features)
    ]
    if gained:
        session.execute(insert(OrganisationFeature), gained)


def _write_posts(session: Session, states: Sequence[OrganisationState], stamp: Stamp, journal: Entries) -> list[int]:
    """Close before opening, so that nobody holds one post twice. Answers the organisations concerned."""
    edited, opened = [], []
    concerned: list[int] = []
    for state in states:
        edits = [post for post in state.posts if post.id is not None and post.values != post.original]
        opens = [post for post in state.posts if post.id is None]
        roster_journal.note_posts(journal, edits)
        edited += [_post_values(post) | {"id": post.id} for post in edits]
        opened += [
            _post_values(post)
            | {
                "person_id": post.person.id,
                "organisation_id": state.id,
                "role": post.role,
                "held_from": post.held_from,
                "import_id": stamp.import_id,
                "created_at": stamp.now,
            }
            for post in opens
        ]
        if (edits or opens) and state.id is not None:
            concerned.append(state.id)
    ledger.update_rows(session, Post, edited)
    journal.posts = {
        post_id: tuple(values[name] for name in roster_journal.MADE_FIELDS)
        for post_id, values in zip(_insert(session, Post, opened), opened, strict=True)
    }
    return concerned


def _post_values(post: PostState) -> dict[str, Any]:
    return {"category": post.category, "title": post.title, "designated": post.designated, "held_to": post.held_to}

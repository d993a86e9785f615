"""Loading what is known about the organisations and people of some rows, a few statements for thousands of rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlmodel import Session, col

from quiz.models.organisations import Closure, Organisation, OrganisationFeature, Person, Post
from quiz.organisations.existence import Closed
from quiz.organisations.ledger import chunks
from quiz.organisations.roster_plan import BLANK
from quiz.organisations.roster_rows import RosterRow
from quiz.organisations.roster_state import Known, OrganisationState, People, PersonState, PostState

_ATTRIBUTES = tuple(BLANK)
_PERSON = (col(Person.id), col(Person.name), col(Person.phone), col(Person.identity_digest), col(Person.identity_tail))


def load_known(session: Session, rows: Sequence[RosterRow], *, phones_stated: Mapping[int, str]) -> Known:
    """Everything on record that these rows may speak of. `phones_stated` remembers the numbers that earlier batches gave."""
    organisations = _organisations(session, rows)
    people = _people(session, rows, set(), phones_stated)
    by_id = {person.id: person for person in people}
    states = [
        OrganisationState({name: values[name] for name in _ATTRIBUTES}, id=organisation_id, original=dict(values))
        for organisation_id, values in organisations.items()
    ]
    for state in states:
        state.attributes = dict(state.original)
    _add_features(session, {state.id: state for state in states if state.id is not None})
    _add_closures(session, {state.id: state for state in states if state.id is not None})
    _add_posts(session, {state.id: state for state in states if state.id is not None}, by_id, phones_stated)
    return Known(states, People(sorted(by_id.values(), key=lambda person: person.id or 0)))


def _organisations(session: Session, rows: Sequence[RosterRow]) -> dict[int, dict[str, Any]]:
    columns = [getattr(Organisation, name) for name in _ATTRIBUTES]
    found: dict[int, dict[str, Any]] = {}

    def collect(column: Any, values: set[str], *more: ColumnElement[bool]) -> None:
        for part in chunks(sorted(values)):
            statement = select(col(Organisation.id), *columns).where(column.in_(part), *more)
            for organisation_id, *row in session.execute(statement):
                found[organisation_id] = dict(zip(_ATTRIBUTES, row, strict=True))

    stated = [row.attributes for row in rows if not row.refused]
    collect(col(Organisation.uscc), {row["uscc"] for row in stated if row.get("uscc")})
    collect(col(Organisation.registration_number), {row["registration_number"] for row in stated if row.get("registration_number")})
    collect(col(Organisation.name), {row["name"] for row in stated if row.get("uscc")}, col(Organisation.uscc).is_(None))
    return dict(sorted(found.items()))


def _people(session: Session, rows: Sequence[RosterRow], ids: set[int], phones_stated: Mapping[int, str]) -> list[PersonState]:
    posts = [post for row in rows if not row.refused for post in row.posts]
    found: dict[int, PersonState] = {}
    for column, values in (
        (col(Person.identity_digest), {post.digest for post in posts if post.digest}),
        (col(Person.phone), {post.phone for post in posts if post.phone}),
        (col(Person.id), ids),
    ):
        for part in chunks(sorted(values, key=str)):
            for person_id, *row in session.execute(select(*_PERSON).where(column.in_(part))):
                found[person_id] = _person_state(person_id, row, phones_stated)
    return list(found.values())


def _person_state(person_id: int, row: Sequence[Any], phones_stated: Mapping[int, str]) -> PersonState:
    name, phone, digest, tail = row
    return PersonState(name, person_id, phone, digest, tail, phones_stated.get(person_id), (phone, digest))


def _add_features(session: Session, states: Mapping[int, OrganisationState]) -> None:
    found: dict[int, set[str]] = defaultdict(set)
    for ids in chunks(states):
        statement = select(col(OrganisationFeature.organisation_id), col(OrganisationFeature.feature_code))
        for organisation_id, code in session.execute(statement.where(col(OrganisationFeature.organisation_id).in_(ids))):
            found[organisation_id].add(code)
    for organisation_id, codes in found.items():
        states[organisation_id].features = states[organisation_id].original_features = frozenset(codes)


def _add_closures(session: Session, states: Mapping[int, OrganisationState]) -> None:
    found: dict[int, list[Closed]] = defaultdict(list)
    for ids in chunks(states):
        statement = select(col(Closure.organisation_id), col(Closure.since), col(Closure.until), col(Closure.status))
        for organisation_id, *days in session.execute(statement.where(col(Closure.organisation_id).in_(ids)).order_by(col(Closure.since))):
            found[organisation_id].append(Closed(*days))
    for organisation_id, closures in found.items():
        states[organisation_id].closures = states[organisation_id].original_closures = tuple(closures)


def _add_posts(
    session: Session, states: Mapping[int, OrganisationState], people: dict[int | None, PersonState], phones_stated: Mapping[int, str]
) -> None:
    rows: list[Any] = []
    for ids in chunks(states):
        statement = (
            select(Post, *_PERSON)
            .join(Person, col(Person.id) == col(Post.person_id))
            .where(col(Post.organisation_id).in_(ids))
            .order_by(col(Post.id))
        )
        rows.extend(session.execute(statement))
    for post, person_id, *person_row in rows:
        person = people.setdefault(person_id, _person_state(person_id, person_row, phones_stated))
        state = states[post.organisation_id]
        if post.held_to is None:
            state.posts.append(_post_state(post, person))
        else:
            state.former_people.append(person)


def _post_state(post: Post, person: PersonState) -> PostState:
    state = PostState(person, post.role, post.category, post.title, post.designated, post.held_from, id=post.id)
    state.original = state.values
    return state


def stated_phones(people: Iterable[PersonState]) -> dict[int, str]:
    """Numbers that the file gave for people now on record, for the next batch."""
    return {person.id: person.stated_phone for person in people if person.id is not None and person.stated_phone}

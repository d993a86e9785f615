"""Reads, for many organisations at once, the facts from which memberships and duties follow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, select
from sqlmodel import Session, col

from quiz import clock
from quiz.models.attempts import Attempt
from quiz.models.organisations import Organisation, OrganisationFeature, Placement, Post, Region
from quiz.models.training import Duty, Membership, Programme, TraitPeriod
from quiz.training.domain import Audience, DutyState, Period, PostFacts, Progress, Terms
from quiz.vocabulary import OrganisationStatus

CHUNK = 2_000
"""Organisations handled at once: few statements, and IN-lists far below SQLite's limit."""

CLOSED_STATUSES = tuple(status.value for status in OrganisationStatus if status.is_closed)
DUTY_FIELDS = tuple(each.name for each in fields(DutyState))


def chunks(ids: Sequence[int], size: int = CHUNK) -> Iterator[Sequence[int]]:
    """The ids in slices."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


@dataclass(frozen=True)
class ProgrammeFacts:
    """A programme as its duties see it."""

    id: int
    code: str
    state: str
    role: str
    audience: Audience
    terms: Terms
    paper_id: int | None


@dataclass
class OrganisationRecord:
    """All that is known of one organisation with respect to one programme."""

    id: int
    kind: str
    hospital_grade: str
    direct_department: str | None
    registered_on: date | None
    closed_on: date | None
    is_closed: bool
    known_since: date
    """The day on which the roster learnt of it."""
    features: set[str] = field(default_factory=set)
    placements: list[tuple[Period, Any]] = field(default_factory=list)
    posts: list[PostFacts] = field(default_factory=list)
    traits: list[Period] = field(default_factory=list)
    members: list[Period] = field(default_factory=list)
    duties: dict[int, tuple[int, DutyState]] = field(default_factory=dict)
    """Post → (id of the duty row, its state)."""


_programme = select(
    col(Programme.id), col(Programme.code), col(Programme.state), col(Programme.role), col(Programme.audience),
    col(Programme.opens_on), col(Programme.due_on), col(Programme.grace_days), col(Programme.paper_id),
)  # fmt: skip
_organisations = (
    select(
        col(Organisation.id), col(Organisation.kind), col(Organisation.hospital_grade), col(Organisation.direct_department_code),
        col(Organisation.registered_on), col(Organisation.closed_on), col(Organisation.status), col(Organisation.created_at),
    )
    .where(col(Organisation.id).in_(bindparam("ids", expanding=True)))
    .order_by(col(Organisation.id))
)  # fmt: skip
_locked_organisations = _organisations.with_for_update(key_share=True)
_features = select(col(OrganisationFeature.organisation_id), col(OrganisationFeature.feature_code)).where(
    col(OrganisationFeature.organisation_id).in_(bindparam("ids", expanding=True))
)
_placements = (
    select(
        col(Placement.organisation_id), col(Placement.since), col(Placement.until), col(Placement.district_code),
        col(Placement.town_code), col(Placement.sector_code), col(Placement.department_code),
    )
    .where(col(Placement.organisation_id).in_(bindparam("ids", expanding=True)))
    .order_by(col(Placement.since))
)  # fmt: skip
_posts: Any = (
    select(
        col(Post.id), col(Post.person_id), col(Post.organisation_id), col(Post.role), col(Post.designated),
        col(Post.held_from), col(Post.held_to),
    )
    .where(col(Post.organisation_id).in_(bindparam("ids", expanding=True)), col(Post.role) == bindparam("role"))
    .order_by(col(Post.id))
)  # fmt: skip


def _periods_of(table: type[Membership] | type[TraitPeriod]) -> Any:
    return (
        select(col(table.organisation_id), col(table.since), col(table.until))
        .where(col(table.programme_id) == bindparam("programme_id"), col(table.organisation_id).in_(bindparam("ids", expanding=True)))
        .order_by(col(table.since))
    )


_members = _periods_of(Membership)
_traits = _periods_of(TraitPeriod)
_duties: Any = select(col(Duty.id), *(getattr(Duty, name) for name in DUTY_FIELDS)).where(
    col(Duty.programme_id) == bindparam("programme_id"), col(Duty.organisation_id).in_(bindparam("ids", expanding=True))
)
_attempts = select(col(Attempt.person_id), col(Attempt.id), col(Attempt.started_at), col(Attempt.handed_in_at), col(Attempt.passed)).where(
    col(Attempt.paper_id) == bindparam("paper_id"), col(Attempt.person_id).in_(bindparam("ids", expanding=True))
)


def core(session: Session) -> Connection:
    """The session's connection, with everything pending written: sets of rows do not travel through objects."""
    session.flush()
    return session.connection()


def _facts(row: Any) -> ProgrammeFacts:
    return ProgrammeFacts(
        id=row.id,
        code=row.code,
        state=row.state,
        role=row.role,
        audience=Audience.of(row.audience),
        terms=Terms(row.opens_on, row.due_on, row.grace_days),
        paper_id=row.paper_id,
    )


def programme_facts(session: Session, programme_id: int) -> ProgrammeFacts | None:
    """One programme."""
    row = core(session).execute(_programme.where(col(Programme.id) == programme_id)).one_or_none()
    return None if row is None else _facts(row)


def programmes_in_state(session: Session, state: str) -> list[ProgrammeFacts]:
    """All programmes in that state, in the order of their ids."""
    return [_facts(row) for row in core(session).execute(_programme.where(col(Programme.state) == state).order_by(col(Programme.id)))]


def region_chains(session: Session) -> Callable[[str | None], frozenset[str]]:
    """A function from a region's code to the region and all it belongs to."""
    parents: dict[str, str | None] = {
        code: parent for code, parent in core(session).execute(select(col(Region.code), col(Region.parent_code)))
    }
    known: dict[str | None, frozenset[str]] = {None: frozenset()}

    def chain(code: str | None) -> frozenset[str]:
        if code not in known:
            known[code] = chain(parents.get(code or "")) | {code or ""}
        return known[code]

    return chain


def all_organisation_ids(session: Session) -> list[int]:
    """Every organisation, in order."""
    return [each for (each,) in core(session).execute(select(col(Organisation.id)).order_by(col(Organisation.id))) if each is not None]


def records(session: Session, *, programme: ProgrammeFacts, ids: Sequence[int], lock: bool = True) -> dict[int, OrganisationRecord]:
    """What is known of these organisations; locked, so that two transactions never align the same one at once."""
    connection = core(session)
    found = {
        row.id: OrganisationRecord(
            id=row.id,
            kind=row.kind,
            hospital_grade=row.hospital_grade,
            direct_department=row.direct_department_code,
            registered_on=row.registered_on,
            closed_on=row.closed_on,
            is_closed=row.status in CLOSED_STATUSES,
            known_since=clock.local_day(row.created_at),
        )
        for row in connection.execute(_locked_organisations if lock else _organisations, {"ids": ids})
    }
    if programme.audience.features:
        for organisation_id, feature in connection.execute(_features, {"ids": ids}):
            found[organisation_id].features.add(feature)
    for placement in connection.execute(_placements, {"ids": ids}):
        found[placement.organisation_id].placements.append((Period(placement.since, placement.until), placement))
    for post in connection.execute(_posts, {"ids": ids, "role": programme.role}):
        found[post.organisation_id].posts.append(PostFacts(*post))
    scope = {"ids": ids, "programme_id": programme.id}
    for organisation_id, since, until in connection.execute(_members, scope):
        found[organisation_id].members.append(Period(since, until))
    if programme.audience.asks_traits:
        for organisation_id, since, until in connection.execute(_traits, scope):
            found[organisation_id].traits.append(Period(since, until))
    for duty_id, *state in connection.execute(_duties, scope):
        duty = DutyState(*state)
        found[duty.organisation_id].duties[duty.post_id] = (duty_id, duty)
    return found


def progress_of(session: Session, *, programme: ProgrammeFacts, person_ids: Sequence[int]) -> dict[int, Progress]:
    """How far these people have come within the programme, read from their attempts."""
    if programme.paper_id is None:
        return {}
    connection = core(session)
    rows: dict[int, list[Any]] = defaultdict(list)
    for chunk in chunks(sorted(set(person_ids))):
        for row in connection.execute(_attempts, {"ids": chunk, "paper_id": programme.paper_id}):
            rows[row.person_id].append(row)
    return {person_id: _progress(attempts, programme.terms.opens_on) for person_id, attempts in rows.items()}


def _progress(attempts: Sequence[Any], opens_on: date) -> Progress:
    """First days on or after the opening; a hand-in is a day of training too."""
    handed_in = [(clock.local_day(each.handed_in_at), each) for each in attempts if each.handed_in_at is not None]
    handed_in = [(day, each) for day, each in handed_in if day >= opens_on]
    started = [day for day in (clock.local_day(each.started_at) for each in attempts) if day >= opens_on]
    passed = sorted((each.handed_in_at, each.id, day) for day, each in handed_in if each.passed)
    return Progress(
        trained_on=min([*started, *(day for day, _ in handed_in)], default=None),
        examined_on=min((day for day, _ in handed_in), default=None),
        passed_on=passed[0][2] if passed else None,
        attempt_id=passed[0][1] if passed else None,
    )

"""Reads, for many organisations at once, the facts from which memberships and duties follow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, select
from sqlmodel import Session, col

from quiz import clock
from quiz.models.organisations import Closure, Organisation, OrganisationFeature, Placement, Post, Region
from quiz.models.training import Duty, Exemption, Membership, Programme, TraitPeriod
from quiz.training import hours_by_law
from quiz.training.domain import Audience, DutyState, Granted, Period, PostFacts, Terms
from quiz.training.requirements import Requirements
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
    requirements: Requirements
    materials: tuple[str, ...]
    """Codes of the editions whose cards are to be studied."""


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
    closures: list[Period] = field(default_factory=list)
    """Closings that ended; the present one is `closed_on`."""
    posts: list[PostFacts] = field(default_factory=list)
    traits: list[Period] = field(default_factory=list)
    members: list[Period] = field(default_factory=list)
    duties: dict[int, tuple[int, DutyState]] = field(default_factory=dict)
    """Post → (id of the duty row, its state)."""
    exemptions: list[Granted] = field(default_factory=list)
    """Of the organisation and of its single holders, in order."""


_programme: Any = select(  # type: ignore[call-overload]
    *(
        getattr(Programme, name)
        for name in (
            "id", "code", "state", "role", "audience", "opens_on", "due_on", "grace_days", "paper_id", "hours_rule", "hours_fixed",
            "minutes_per_hour", "materials", "material_minutes",
        )
    )
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
_closures = (
    select(col(Closure.organisation_id), col(Closure.since), col(Closure.until))
    .where(col(Closure.organisation_id).in_(bindparam("ids", expanding=True)))
    .order_by(col(Closure.since))
)
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
_exemptions = (
    select(col(Exemption.organisation_id), col(Exemption.duty_id), col(Exemption.since), col(Exemption.until), col(Exemption.reason))
    .where(
        col(Exemption.programme_id) == bindparam("programme_id"),
        col(Exemption.organisation_id).in_(bindparam("ids", expanding=True)),
    )
    .order_by(col(Exemption.since), col(Exemption.id))
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
        requirements=requirements_of(row),
        materials=tuple(row.materials or ()),
    )


def requirements_of(row: Any) -> Requirements:
    """The components of a programme, from its row."""
    return Requirements(
        paper=row.paper_id is not None,
        hours_rule=row.hours_rule,
        fixed_minutes=round((row.hours_fixed or 0) * row.minutes_per_hour),
        minutes_per_hour=row.minutes_per_hour,
        study_minutes=row.material_minutes if row.materials else 0,
        law=hours_by_law.table(),
    )


def exemption_reason(paper: str, reason: str) -> str:
    """What a duty says of the exemption that stands on it."""
    return "：".join(filter(None, (paper, reason)))[:200]


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
    for organisation_id, *closed in connection.execute(_closures, {"ids": ids}):
        found[organisation_id].closures.append(Period(*closed))
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
    for organisation_id, duty_id, since, until, reason in connection.execute(_exemptions, scope):
        found[organisation_id].exemptions.append(Granted(duty_id, Period(since, until), reason))
    return found

"""Brings memberships and duties in line with posts, placements and attempts; doing it twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlmodel import Session, col

from quiz import events
from quiz.models.certificates import Certificate
from quiz.models.training import Duty, ExemptionRequest, Membership, TraitPeriod
from quiz.problems import NotFound
from quiz.training import attainment, facts
from quiz.training.domain import DutyState, Period, Progress, duty_state, matches_placement, matches_traits, memberships, observe_traits
from quiz.training.facts import DUTY_FIELDS, OrganisationRecord, ProgrammeFacts
from quiz.training.requirements import Holder
from quiz.vocabulary import ProgrammeState

RegionChain = Callable[[str | None], frozenset[str]]


@dataclass
class Changes:
    """Rows to write so that the tables say what the facts say."""

    organisation_ids: set[int] = field(default_factory=set)
    dropped: dict[type, set[int]] = field(default_factory=lambda: {Membership: set(), TraitPeriod: set()})
    periods: dict[type, list[dict[str, Any]]] = field(default_factory=lambda: {Membership: [], TraitPeriod: []})
    new_duties: list[dict[str, Any]] = field(default_factory=list)
    moved_duties: list[dict[str, Any]] = field(default_factory=list)
    void_duties: dict[int, DutyState] = field(default_factory=dict)
    """Duties that turn out never to have been, with what they ought to say: dropped unless some document names them."""


@dataclass(frozen=True)
class People:
    """What is known of the holders: how far they have come, and what else decides the hours asked of them."""

    progress: Mapping[int, Progress]
    holders: Mapping[int, Holder]


def synchronise(session: Session, *, programme_id: int, organisation_ids: Iterable[int] | None, today: date) -> frozenset[int]:
    """Align an open programme with the facts of these organisations (None: of all); answers with those that changed."""
    programme = facts.programme_facts(session, programme_id)
    if programme is None:
        raise NotFound("没有找到该培训专项。")
    return align(session, programme=programme, organisation_ids=organisation_ids, today=today)


def align(
    session: Session,
    *,
    programme: ProgrammeFacts,
    organisation_ids: Iterable[int] | None,
    today: date,
    is_opening: bool = False,
    traits_since: date | None = None,
) -> frozenset[int]:
    """`synchronise` for a programme already read; at its opening, traits seen now are taken to have been there since it opens.

    `traits_since` says from when the traits are what they are now, where somebody knows better than the day of looking.
    """
    if programme.state != ProgrammeState.OPEN:
        return frozenset()
    ids = facts.all_organisation_ids(session) if organisation_ids is None else _concerned(session, programme, set(organisation_ids))
    chain = facts.region_chains(session)
    changed: set[int] = set()
    for chunk in facts.chunks(ids):
        changed |= _align_chunk(
            session, programme=programme, ids=chunk, chain=chain, today=today, is_opening=is_opening, traits_since=traits_since
        )
    answer = frozenset(changed)
    if answer:
        events.announce(session, events.DutiesChanged(programme_id=programme.id, organisation_ids=answer))
    return answer


def _concerned(session: Session, programme: ProgrammeFacts, organisation_ids: set[int]) -> list[int]:
    """These organisations; where hours are asked by law also the others of their people, whose highest demand counts everywhere."""
    if programme.requirements.is_by_law:
        organisation_ids = organisation_ids | attainment.sharing_people(session, programme=programme, organisation_ids=organisation_ids)
    return sorted(organisation_ids)


def _align_chunk(
    session: Session,
    *,
    programme: ProgrammeFacts,
    ids: Sequence[int],
    chain: RegionChain,
    today: date,
    is_opening: bool,
    traits_since: date | None,
) -> set[int]:
    records = facts.records(session, programme=programme, ids=ids)
    wanted = {
        record.id: wanted_periods(record, programme=programme, chain=chain, today=today, is_opening=is_opening, traits_since=traits_since)
        for record in records.values()
    }
    concerned = [record for record in records.values() if wanted[record.id][1] or record.duties]
    people = [post.person_id for record in concerned for post in record.posts]
    known = People(
        attainment.progress_of(session, programme=programme, person_ids=people),
        attainment.holders(session, programme=programme, person_ids=people),
    )

    changes = Changes()
    for record in records.values():
        traits, member = wanted[record.id]
        _compare_periods(changes, TraitPeriod, programme.id, record.id, before=record.traits, after=traits)
        _compare_periods(changes, Membership, programme.id, record.id, before=record.members, after=member)
    for record in concerned:
        _compare_duties(changes, programme, record, member=wanted[record.id][1], people=known, today=today)
    _keep_documented(session, changes)
    _write(session, programme_id=programme.id, changes=changes)
    return changes.organisation_ids


def wanted_periods(
    record: OrganisationRecord,
    *,
    programme: ProgrammeFacts,
    chain: RegionChain,
    today: date,
    is_opening: bool,
    traits_since: date | None = None,
) -> tuple[list[Period], list[Period]]:
    """The organisation's periods of matching traits and of membership, by the facts as known now."""
    audience, opens_on = programme.audience, programme.terms.opens_on
    placed = [
        period
        for period, row in record.placements
        if matches_placement(
            audience,
            sector=row.sector_code,
            regions=chain(row.district_code) | chain(row.town_code),
            departments=frozenset(filter(None, (row.department_code, record.direct_department))),
        )
    ]
    traits: list[Period] | None = None
    if audience.asks_traits:
        is_match = matches_traits(audience, kind=record.kind, features=frozenset(record.features), hospital_grade=record.hospital_grade)
        is_entry = traits_since is None and record.known_since >= today
        seen_on = traits_since or today
        first_day = opens_on if is_opening or is_entry else seen_on
        lost_now = not is_match and bool(record.traits) and record.traits[-1].until is None
        seen_before = [] if is_entry and lost_now else record.traits  # corrected on the day of its entry, it never had them
        traits = observe_traits(seen_before, matches=is_match, first_day=first_day, today=seen_on)
    member = memberships(
        placed=placed,
        traits=traits,
        opens_on=opens_on,
        registered_on=record.registered_on,
        closures=closures(record, today=today),
    )
    return traits or [], member


def closures(record: OrganisationRecord, *, today: date) -> list[Period]:
    """When the organisation was closed: in the past from–to, and since its present closing."""
    day = closing_day(record, today=today)
    return record.closures if day is None else [*record.closures, Period(day, None)]


def closing_day(record: OrganisationRecord, *, today: date) -> date | None:
    """When the organisation was closed; a closing without a date counts from the day it was noticed."""
    if not record.is_closed:
        return None
    if record.closed_on is not None:
        return record.closed_on
    return (record.members[-1].until if record.members else None) or today


def _compare_periods(
    changes: Changes, table: type, programme_id: int, organisation_id: int, *, before: list[Period], after: list[Period]
) -> None:
    if before == after:
        return
    changes.organisation_ids.add(organisation_id)
    if before:
        changes.dropped[table].add(organisation_id)
    changes.periods[table] += [
        {"programme_id": programme_id, "organisation_id": organisation_id, "since": period.since, "until": period.until} for period in after
    ]


def _compare_duties(
    changes: Changes,
    programme: ProgrammeFacts,
    record: OrganisationRecord,
    *,
    member: list[Period],
    people: People,
    today: date,
) -> None:
    nothing, nobody = Progress(), Holder()
    for post in record.posts:
        duty_id, known = record.duties.get(post.id, (None, None))
        state = duty_state(
            post,
            terms=programme.terms,
            member=member,
            progress=people.progress.get(post.person_id, nothing),
            known=known,
            closures=closures(record, today=today),
            requirements=programme.requirements,
            holder=people.holders.get(post.person_id, nobody),
            duty_id=duty_id,
            exemptions=record.exemptions,
        )
        if state is None or state == known:
            continue
        changes.organisation_ids.add(record.id)
        if duty_id is None:
            changes.new_duties.append({"programme_id": programme.id, **_columns(state)})
        elif state.is_void:
            changes.void_duties[duty_id] = state
        else:
            changes.moved_duties.append({"duty_id": duty_id, **_columns(state)})


def _keep_documented(session: Session, changes: Changes) -> None:
    """Void duties that a certificate or a request for exemption names stay, held on no day; the others go."""
    named: set[int] = set()
    for chunk in facts.chunks(sorted(changes.void_duties)):
        for table in (Certificate, ExemptionRequest):
            named |= set(facts.core(session).execute(select(col(table.duty_id)).where(col(table.duty_id).in_(chunk))).scalars())  # type: ignore[attr-defined,arg-type]
    changes.moved_duties += [{"duty_id": duty_id, **_columns(changes.void_duties.pop(duty_id))} for duty_id in sorted(named)]


def _columns(state: DutyState) -> dict[str, Any]:
    return {name: getattr(state, name) for name in DUTY_FIELDS}


def _write(session: Session, *, programme_id: int, changes: Changes) -> None:
    connection = facts.core(session)
    for table in (TraitPeriod, Membership):
        for chunk in facts.chunks(sorted(changes.dropped[table])):
            connection.execute(
                delete(table).where(col(table.programme_id) == programme_id, col(table.organisation_id).in_(chunk))  # type: ignore[attr-defined]
            )
        if changes.periods[table]:
            connection.execute(insert(table), changes.periods[table])
    for chunk in facts.chunks(sorted(changes.void_duties)):
        connection.execute(delete(Duty).where(col(Duty.id).in_(chunk)))
    if changes.new_duties:
        connection.execute(insert(Duty), changes.new_duties)
    if changes.moved_duties:
        moved: dict[str, Any] = {name: bindparam(name) for name in DUTY_FIELDS}
        connection.execute(update(Duty).where(col(Duty.id) == bindparam("duty_id")).values(moved), changes.moved_duties)

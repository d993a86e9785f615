"""Brings memberships and duties in line with posts, placements and attempts; doing it twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import bindparam, delete, insert, update
from sqlmodel import Session, col

from quiz import events
from quiz.models.training import Duty, Membership, TraitPeriod
from quiz.problems import NotFound
from quiz.training import facts
from quiz.training.domain import DutyState, Period, Progress, duty_state, matches_placement, matches_traits, memberships, observe_traits
from quiz.training.facts import DUTY_FIELDS, OrganisationRecord, ProgrammeFacts
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


def synchronise(session: Session, *, programme_id: int, organisation_ids: Iterable[int] | None, today: date) -> frozenset[int]:
    """Align an open programme with the facts of these organisations (None: of all); answers with those that changed."""
    programme = facts.programme_facts(session, programme_id)
    if programme is None:
        raise NotFound("没有找到该培训专项。")
    return align(session, programme=programme, organisation_ids=organisation_ids, today=today)


def align(
    session: Session, *, programme: ProgrammeFacts, organisation_ids: Iterable[int] | None, today: date, is_opening: bool = False
) -> frozenset[int]:
    """`synchronise` for a programme already read; at its opening, traits seen now are taken to have been there since it opens."""
    if programme.state != ProgrammeState.OPEN:
        return frozenset()
    ids = facts.all_organisation_ids(session) if organisation_ids is None else sorted(set(organisation_ids))
    chain = facts.region_chains(session)
    changed: set[int] = set()
    for chunk in facts.chunks(ids):
        changed |= _align_chunk(session, programme=programme, ids=chunk, chain=chain, today=today, is_opening=is_opening)
    answer = frozenset(changed)
    if answer:
        events.announce(session, events.DutiesChanged(programme_id=programme.id, organisation_ids=answer))
    return answer


def _align_chunk(
    session: Session, *, programme: ProgrammeFacts, ids: Sequence[int], chain: RegionChain, today: date, is_opening: bool
) -> set[int]:
    records = facts.records(session, programme=programme, ids=ids)
    wanted = {
        record.id: wanted_periods(record, programme=programme, chain=chain, today=today, is_opening=is_opening)
        for record in records.values()
    }
    concerned = [record for record in records.values() if wanted[record.id][1] or record.duties]
    people = [post.person_id for record in concerned for post in record.posts]
    progress = facts.progress_of(session, programme=programme, person_ids=people)

    changes = Changes()
    for record in records.values():
        traits, member = wanted[record.id]
        _compare_periods(changes, TraitPeriod, programme.id, record.id, before=record.traits, after=traits)
        _compare_periods(changes, Membership, programme.id, record.id, before=record.members, after=member)
    for record in concerned:
        _compare_duties(changes, programme, record, member=wanted[record.id][1], progress=progress, today=today)
    _write(session, programme_id=programme.id, changes=changes)
    return changes.organisation_ids


def wanted_periods(
    record: OrganisationRecord, *, programme: ProgrammeFacts, chain: RegionChain, today: date, is_opening: bool
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
        is_first_sight = is_opening or record.known_since >= today
        traits = observe_traits(record.traits, matches=is_match, first_day=opens_on if is_first_sight else today, today=today)
    member = memberships(
        placed=placed,
        traits=traits,
        opens_on=opens_on,
        registered_on=record.registered_on,
        closed_on=closing_day(record, today=today),
    )
    return traits or [], member


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
    progress: dict[int, Progress],
    today: date,
) -> None:
    nothing = Progress()
    for post in record.posts:
        duty_id, known = record.duties.get(post.id, (None, None))
        state = duty_state(
            post,
            terms=programme.terms,
            member=member,
            progress=progress.get(post.person_id, nothing),
            known=known,
            organisation_closed_on=closing_day(record, today=today),
        )
        if state is None or state == known:
            continue
        changes.organisation_ids.add(record.id)
        if duty_id is None:
            changes.new_duties.append({"programme_id": programme.id, **_columns(state)})
        else:
            changes.moved_duties.append({"duty_id": duty_id, **_columns(state)})


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
    if changes.new_duties:
        connection.execute(insert(Duty), changes.new_duties)
    if changes.moved_duties:
        moved: dict[str, Any] = {name: bindparam(name) for name in DUTY_FIELDS}
        connection.execute(update(Duty).where(col(Duty.id) == bindparam("duty_id")).values(moved), changes.moved_duties)

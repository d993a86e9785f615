"""Moves a person's duties on when an attempt is started or handed in, or a card was studied: a few short statements in that transaction."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlmodel import Session, col

from quiz import events
from quiz.models.organisations import Organisation
from quiz.models.training import Duty, Programme
from quiz.training import alignment, attainment, facts
from quiz.training.domain import reached_on
from quiz.training.periods import Period
from quiz.training.requirements import Requirements, completed_on, study_state
from quiz.vocabulary import ProgrammeState

_LEVELS = ("trained_on", "examined_on", "passed_on", "completed_on")
_MOVED = (*_LEVELS, "completed_attempt_id", "closing")
_duties: Any = (
    select(
        col(Duty.id), col(Duty.programme_id), col(Duty.organisation_id), col(Duty.opened_on), col(Duty.closed_on),
        *(getattr(Duty, name) for name in _MOVED), col(Duty.minutes_due), col(Duty.hours_on), col(Duty.study_minutes),
        col(Duty.materials_on), col(Programme.materials), col(Programme.material_minutes), col(Programme.opens_on),
    )
    .join(Programme, col(Programme.id) == col(Duty.programme_id))
    .where(
        col(Duty.person_id) == bindparam("person_id"),
        col(Programme.state) == ProgrammeState.OPEN.value,
        col(Programme.opens_on) <= bindparam("day"),
    )
    .order_by(col(Duty.programme_id), col(Duty.organisation_id))
)  # fmt: skip
_duties_with_paper = _duties.where(col(Programme.paper_id) == bindparam("paper_id"))
_duties_with_study = _duties.where(col(Programme.material_minutes) > 0)
_lock = (
    select(col(Organisation.id))
    .where(col(Organisation.id).in_(bindparam("ids", expanding=True)))
    .order_by(col(Organisation.id))
    .with_for_update(key_share=True)
)
_move = update(Duty).where(col(Duty.id) == bindparam("duty_id")).values({name: bindparam(name) for name in _MOVED})
_count_study = update(Duty).where(col(Duty.id) == bindparam("duty_id")).values(study_minutes=bindparam("minutes"))


def advance(session: Session, *, person_id: int, paper_id: int, day: date, attempt_id: int, handed_in: bool, passed: bool) -> None:
    """Record what was reached on `day` in every duty the person holds with that paper, enterprise by enterprise."""
    connection = facts.core(session)
    scope = {"person_id": person_id, "paper_id": paper_id, "day": day}
    duties = connection.execute(_duties_with_paper, scope).all()
    if not duties:
        return
    if connection.dialect.name != "sqlite":
        connection.execute(_lock, {"ids": sorted({duty.organisation_id for duty in duties})})
        duties = connection.execute(_duties_with_paper, scope).all()

    reached = {"trained_on"} | ({"examined_on"} if handed_in else set()) | ({"passed_on"} if passed else set())
    moved: list[dict[str, Any]] = []
    changed: dict[int, set[int]] = defaultdict(set)
    for duty in duties:
        after = _moved(duty, reached, day=day, attempt_id=attempt_id)
        if after is not None:
            moved.append(after)
            changed[duty.programme_id].add(duty.organisation_id)
    if moved:
        connection.execute(_move, moved)
    for programme_id, organisation_ids in changed.items():
        events.announce(session, events.DutiesChanged(programme_id=programme_id, organisation_ids=frozenset(organisation_ids)))


def _moved(duty: Any, reached: set[str], *, day: date, attempt_id: int) -> dict[str, Any] | None:
    """The duty's levels after the fact; None when nothing changes (an earlier day stays, completion waits for what else is asked)."""
    before = {name: getattr(duty, name) for name in _MOVED}
    after = dict(before)
    on = reached_on(day, opened_on=duty.opened_on, closed_on=duty.closed_on)
    for name in reached:
        if on is not None and (before[name] is None or on < before[name]):
            after[name] = on
    if after["passed_on"] != before["passed_on"]:
        asked = Requirements(study_minutes=duty.material_minutes if duty.materials else 0)
        done_on = completed_on(
            asked, minutes_due=duty.minutes_due, passed_on=after["passed_on"], hours_on=duty.hours_on, materials_on=duty.materials_on
        )
        if done_on is not None:
            after |= {"completed_on": done_on, "completed_attempt_id": attempt_id, "closing": None}
    return None if after == before else {"duty_id": duty.id, **after}


def study(session: Session, *, person_id: int, edition: str, day: date) -> None:
    """Count the study of that edition's cards in every duty that asks for it; a first or a sufficient minute is aligned with the rest."""
    connection = facts.core(session)
    duties = connection.execute(_duties_with_study, {"person_id": person_id, "day": day}).all()
    sums: dict[int, list[tuple[date, int]]] = {}
    counted: list[dict[str, Any]] = []
    reached: dict[int, set[int]] = defaultdict(set)
    for duty in duties:
        if edition not in duty.materials or (duty.closed_on is not None and duty.closed_on <= max(day, duty.opened_on)):
            continue
        if duty.programme_id not in sums:
            rows = connection.execute(attainment.study_query(duty.materials), {"ids": [person_id], "opens_on": duty.opens_on})
            sums[duty.programme_id] = [(row[1], int(row[2])) for row in rows]
        if not sums[duty.programme_id]:
            continue
        asked = Requirements(study_minutes=duty.material_minutes)
        minutes, on = study_state(asked, sums[duty.programme_id], owed=Period(duty.opened_on, duty.closed_on))
        first = reached_on(sums[duty.programme_id][0][0], opened_on=duty.opened_on, closed_on=duty.closed_on)
        if duty.trained_on is None or (first is not None and first < duty.trained_on) or on != duty.materials_on:
            reached[duty.programme_id].add(duty.organisation_id)
        elif minutes != duty.study_minutes:
            counted.append({"duty_id": duty.id, "minutes": minutes})
    if counted:
        connection.execute(_count_study, counted)
    for programme_id, organisation_ids in reached.items():
        alignment.synchronise(session, programme_id=programme_id, organisation_ids=organisation_ids, today=day)

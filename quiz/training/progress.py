"""Moves a person's duties on when an attempt is started or handed in: a few short statements in that transaction."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlmodel import Session, col

from quiz import events
from quiz.models.organisations import Organisation
from quiz.models.training import Duty, Programme
from quiz.training import facts
from quiz.training.domain import reached_on
from quiz.vocabulary import ProgrammeState

_duties_of_person = (
    select(
        col(Duty.id), col(Duty.programme_id), col(Duty.organisation_id), col(Duty.opened_on), col(Duty.closed_on),
        col(Duty.trained_on), col(Duty.examined_on), col(Duty.passed_on), col(Duty.completed_on),
        col(Duty.completed_attempt_id), col(Duty.closing),
    )
    .join(Programme, col(Programme.id) == col(Duty.programme_id))
    .where(
        col(Duty.person_id) == bindparam("person_id"),
        col(Programme.paper_id) == bindparam("paper_id"),
        col(Programme.state) == ProgrammeState.OPEN.value,
        col(Programme.opens_on) <= bindparam("day"),
    )
    .order_by(col(Duty.programme_id), col(Duty.organisation_id))
)  # fmt: skip
_lock = (
    select(col(Organisation.id))
    .where(col(Organisation.id).in_(bindparam("ids", expanding=True)))
    .order_by(col(Organisation.id))
    .with_for_update(key_share=True)
)
_LEVELS = ("trained_on", "examined_on", "passed_on", "completed_on")
_MOVED = (*_LEVELS, "completed_attempt_id", "closing")
_move = update(Duty).where(col(Duty.id) == bindparam("duty_id")).values({name: bindparam(name) for name in _MOVED})


def advance(session: Session, *, person_id: int, paper_id: int, day: date, attempt_id: int, handed_in: bool, passed: bool) -> None:
    """Record what was reached on `day` in every duty the person holds with that paper, enterprise by enterprise."""
    connection = facts.core(session)
    scope = {"person_id": person_id, "paper_id": paper_id, "day": day}
    duties = connection.execute(_duties_of_person, scope).all()
    if not duties:
        return
    if connection.dialect.name != "sqlite":
        connection.execute(_lock, {"ids": sorted({duty.organisation_id for duty in duties})})
        duties = connection.execute(_duties_of_person, scope).all()

    reached = {"trained_on"} | ({"examined_on"} if handed_in else set()) | ({"passed_on", "completed_on"} if passed else set())
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
    """The duty's levels after the fact; None when nothing changes (an earlier day stays)."""
    before = {name: getattr(duty, name) for name in _MOVED}
    after = dict(before)
    on = reached_on(day, opened_on=duty.opened_on, closed_on=duty.closed_on)
    for name in reached:
        if on is not None and (before[name] is None or on < before[name]):
            after[name] = on
            if name == "completed_on":
                after |= {"completed_attempt_id": attempt_id, "closing": None}
    return None if after == before else {"duty_id": duty.id, **after}

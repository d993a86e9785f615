"""Reads what was granted on single duties: a later last day, an exemption, with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlmodel import Session, col

from quiz.models.organisations import Organisation, Person
from quiz.models.training import Duty, Programme
from quiz.organisations.reach import Reaches
from quiz.problems import NotFound


@dataclass(frozen=True)
class DutyRow:
    """A duty with the names that belong to it."""

    id: int
    programme_id: int
    programme_code: str
    programme: str
    programme_state: str
    organisation_id: int
    organisation: str
    person_id: int
    person: str
    designated: bool
    opened_on: date
    due_on: date
    extended_to: date | None
    extension_reason: str
    completed_on: date | None
    exempted_on: date | None
    exempt_until: date | None
    exempt_reason: str
    closed_on: date | None
    closing: str | None

    def is_exempt_on(self, day: date) -> bool:
        """Does an exemption hold that day?"""
        return self.exempted_on is not None and self.exempted_on <= day and (self.exempt_until is None or day < self.exempt_until)


_COLUMNS: tuple[Any, ...] = (
    col(Duty.id), col(Duty.programme_id), col(Programme.code), col(Programme.title), col(Programme.state), col(Duty.organisation_id),
    col(Organisation.name), col(Duty.person_id), col(Person.name), col(Duty.designated), col(Duty.opened_on), col(Duty.due_on),
    col(Duty.extended_to), col(Duty.extension_reason), col(Duty.completed_on), col(Duty.exempted_on), col(Duty.exempt_until),
    col(Duty.exempt_reason), col(Duty.closed_on), col(Duty.closing),
)  # fmt: skip


def _query(reach: Reaches) -> Any:
    return (
        select(*_COLUMNS)
        .join(Programme, col(Programme.id) == col(Duty.programme_id))
        .join(Organisation, col(Organisation.id) == col(Duty.organisation_id))
        .join(Person, col(Person.id) == col(Duty.person_id))
        .where(*reach.conditions())
    )


def duty_rows(session: Session, *, reach: Reaches, organisation_id: int, programme_id: int | None = None) -> tuple[DutyRow, ...]:
    """The duties of one organisation within reach, those still owed first."""
    query = _query(reach).where(col(Duty.organisation_id) == organisation_id)
    if programme_id is not None:
        query = query.where(col(Duty.programme_id) == programme_id)
    query = query.order_by(col(Duty.closed_on).is_not(None), col(Programme.opens_on).desc(), col(Duty.id))
    return tuple(DutyRow(*row) for row in session.execute(query))


def duty_row(session: Session, *, duty_id: int, reach: Reaches) -> DutyRow:
    """One duty within reach; beyond it there is none."""
    row = session.execute(_query(reach).where(col(Duty.id) == duty_id)).one_or_none()
    if row is None:
        raise NotFound("没有找到该项培训任务，或不在您的管理范围内。", code="duty_unknown")
    return DutyRow(*row)


def granted(session: Session, *, programme_id: int, reach: Reaches, limit: int = 100) -> tuple[DutyRow, ...]:
    """Duties of a programme that were extended or exempted, the latest first."""
    query = _query(reach).where(
        col(Duty.programme_id) == programme_id, or_(col(Duty.extended_to).is_not(None), col(Duty.exempted_on).is_not(None))
    )
    return tuple(DutyRow(*row) for row in session.execute(query.order_by(col(Duty.id).desc()).limit(limit)))

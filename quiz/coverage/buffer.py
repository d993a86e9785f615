"""Of the enterprises due on a day, those whose grace still runs: newly founded, opened again, newly concerned, or under a new principal.

They are in the denominator and shown beside it (“其中新任未满 30 天”), so that a reader does not take them for neglect.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, not_, or_, select
from sqlmodel import Session, col

from quiz.coverage.conditions import EVERYWHERE, AnyReach, exemption_on, held_on, member_on, not_exempt_on
from quiz.models.organisations import Closure, Organisation, Placement
from quiz.models.training import Duty, Exemption, Membership
from quiz.training.queries import ProgrammeView, programme


@dataclass(frozen=True)
class BufferView:
    """How many enterprises of each kind; one counts once, in the first kind that fits."""

    grace_days: int
    reopened: int = 0
    """复产、恢复营业未满."""
    founded: int = 0
    """新设未满."""
    entered: int = 0
    """新纳入培训对象未满: another sector, place or feature."""
    new_holder: int = 0
    """其中新任未满."""

    @property
    def total(self) -> int:
        """All of them."""
        return self.reopened + self.founded + self.entered + self.new_holder

    @property
    def text(self) -> str:
        """In one Chinese sentence; empty when there is nobody."""
        days = self.grace_days
        parts = [
            f"{label}未满 {days} 天 {number} 家"
            for label, number in (
                ("新任", self.new_holder), ("新设", self.founded), ("恢复营业", self.reopened), ("新纳入", self.entered),
            )
            if number
        ]  # fmt: skip
        return f"其中{'、'.join(parts)}（在缓冲期内，已计入应训）" if parts else ""


def buffer(session: Session, *, programme_code: str, as_of: date, reach: AnyReach = EVERYWHERE) -> BufferView:
    """The enterprises due on that day whose grace still runs at its end."""
    wanted = programme(session, code=programme_code)
    kind = _kind(wanted, as_of).label("kind")
    rows = (
        select(kind, func.count())
        .select_from(Membership)
        .join(Organisation, col(Organisation.id) == col(Membership.organisation_id))
        .where(col(Membership.programme_id) == wanted.id, member_on(as_of), _is_due(wanted, as_of), *reach.conditions())
        .group_by(kind)
    )
    found = {name: int(number) for name, number in session.connection().execute(rows) if name}
    return BufferView(grace_days=wanted.grace_days, **found)


def _own_duty(wanted: ProgrammeView, day: date) -> tuple[ColumnElement[bool], ...]:
    return col(Duty.programme_id) == wanted.id, col(Duty.organisation_id) == col(Membership.organisation_id), held_on(day)


def _is_due(wanted: ProgrammeView, day: date) -> ColumnElement[bool]:
    """Somebody owes it, or nobody is registered who could."""
    own = _own_duty(wanted, day)
    whole = exists().where(*_of_whole(wanted), exemption_on(day))
    return or_(exists().where(*own, not_exempt_on(day)), and_(not_(exists().where(*own)), not_(whole)))


def _of_whole(wanted: ProgrammeView) -> tuple[ColumnElement[bool], ...]:
    """Exemptions of the organisation with all its holders, or without any."""
    return (
        col(Exemption.programme_id) == wanted.id, col(Exemption.organisation_id) == col(Membership.organisation_id),
        col(Exemption.duty_id).is_(None),
    )  # fmt: skip


def _kind(wanted: ProgrammeView, day: date) -> Any:
    fresh_since = day - timedelta(days=wanted.grace_days)
    own = (*_own_duty(wanted, day), not_exempt_on(day))

    def fresh(column: Any) -> ColumnElement[bool]:
        return and_(col(column) > fresh_since, col(column) <= day)

    of_this = col(Closure.organisation_id) == col(Membership.organisation_id)
    reopened = or_(
        exists().where(of_this, fresh(Closure.until), col(Closure.until) > wanted.opens_on),
        exists().where(*_of_whole(wanted), fresh(Exemption.until)),
        exists().where(*own, col(Exemption.duty_id) == col(Duty.id), fresh(Exemption.until)),
    )
    first = select(func.min(Placement.since)).where(col(Placement.organisation_id) == col(Membership.organisation_id)).scalar_subquery()  # type: ignore[arg-type]
    entered = and_(fresh(Membership.since), col(Membership.since) > wanted.opens_on)
    founded = and_(entered, or_(col(Organisation.registered_on) == col(Membership.since), first == col(Membership.since)))
    new_holder = exists().where(*own, col(Duty.is_new_holder), fresh(Duty.opened_on))
    return case(
        (reopened, literal("reopened")), (founded, literal("founded")), (entered, literal("entered")), (new_holder, literal("new_holder")),
        else_=literal(""),
    )  # fmt: skip

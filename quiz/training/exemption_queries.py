"""Reads requests for exemption within reach, with the names that belong to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from quiz.models.accounts import Account
from quiz.models.attachments import Attachment
from quiz.models.organisations import Organisation, Person, Region
from quiz.models.training import Duty, ExemptionRequest, Programme
from quiz.organisations.reach import Reaches
from quiz.problems import NotFound
from quiz.training.periods import Period
from quiz.training.rulings import shown
from quiz.vocabulary import ExemptionGround, ExemptionState


@dataclass(frozen=True)
class ExemptionRow:
    """One request as it stands."""

    id: int
    programme_id: int
    programme_code: str
    programme: str
    organisation_id: int
    organisation: str
    district_code: str
    district: str
    town: str
    duty_id: int | None
    person: str
    """Empty when the whole organisation is meant."""
    ground: ExemptionGround
    reason: str
    paper: str
    file_name: str
    effective_on: date
    until: date | None
    state: ExemptionState
    requested_by: int
    requester: str
    requested_at: datetime
    first_by: int | None
    first: str
    first_at: datetime | None
    first_opinion: str
    second_by: int | None
    second: str
    second_at: datetime | None
    second_opinion: str
    ended_on: date | None

    @property
    def whom(self) -> str:
        """For whom it is asked."""
        return self.person or "整个企业"

    @property
    def back_on(self) -> date | None:
        """First day on which it is owed again, by decision or by the end that was asked for."""
        return self.ended_on or self.until

    @property
    def days(self) -> str:
        """`2026-09-10 至 2026-11-30`; ended on its first day it never held."""
        if self.back_on is not None and self.back_on <= self.effective_on:
            return "未曾生效"
        return shown(Period(self.effective_on, self.back_on))

    def is_over(self, day: date) -> bool:
        """Granted to a day that has come?"""
        return self.state is ExemptionState.APPROVED and self.until is not None and self.until <= day

    def shown_state(self, day: date) -> str:
        """How it stands, in a word."""
        return "已到期" if self.is_over(day) else self.state.label

    @property
    def is_pending(self) -> bool:
        """Still on its way?"""
        return self.state in (ExemptionState.REQUESTED, ExemptionState.FIRST_APPROVED)


@dataclass(frozen=True)
class ExemptionFilter:
    """Which requests are asked for; what is empty asks nothing."""

    state: str = ""
    programme_id: int | None = None
    district: str = ""
    text: str = ""
    organisation_id: int | None = None

    def conditions(self) -> list[Any]:
        """On the joined query."""
        asked: list[Any] = []
        if self.state:
            asked.append(col(ExemptionRequest.state) == self.state)
        if self.programme_id is not None:
            asked.append(col(ExemptionRequest.programme_id) == self.programme_id)
        if self.district:
            asked.append(col(Organisation.district_code) == self.district)
        if self.organisation_id is not None:
            asked.append(col(ExemptionRequest.organisation_id) == self.organisation_id)
        if self.text:
            asked.append(
                or_(
                    col(Organisation.name).contains(self.text, autoescape=True),
                    col(ExemptionRequest.paper).contains(self.text, autoescape=True),
                )
            )
        return asked


_town, _requester, _first, _second = aliased(Region), aliased(Account), aliased(Account), aliased(Account)


def _joined(query: Any) -> Any:
    return (
        query.select_from(ExemptionRequest)
        .join(Programme, col(Programme.id) == col(ExemptionRequest.programme_id))
        .join(Organisation, col(Organisation.id) == col(ExemptionRequest.organisation_id))
        .join(Region, col(Region.code) == col(Organisation.district_code))
        .join(_requester, col(_requester.id) == col(ExemptionRequest.requested_by))
        .outerjoin(_town, col(_town.code) == col(Organisation.town_code))
        .outerjoin(Duty, col(Duty.id) == col(ExemptionRequest.duty_id))
        .outerjoin(Person, col(Person.id) == col(Duty.person_id))
        .outerjoin(_first, col(_first.id) == col(ExemptionRequest.first_by))
        .outerjoin(_second, col(_second.id) == col(ExemptionRequest.second_by))
        .outerjoin(Attachment, col(Attachment.id) == col(ExemptionRequest.attachment_id))
    )


_COLUMNS: tuple[Any, ...] = (
    col(ExemptionRequest.id), col(ExemptionRequest.programme_id), col(Programme.code), col(Programme.title),
    col(ExemptionRequest.organisation_id), col(Organisation.name), col(Organisation.district_code), col(Region.name), col(_town.name),
    col(ExemptionRequest.duty_id), col(Person.name), col(ExemptionRequest.ground), col(ExemptionRequest.reason),
    col(ExemptionRequest.paper), col(Attachment.file_name), col(ExemptionRequest.effective_on), col(ExemptionRequest.until),
    col(ExemptionRequest.state), col(ExemptionRequest.requested_by), col(_requester.name), col(ExemptionRequest.requested_at),
    col(ExemptionRequest.first_by), col(_first.name), col(ExemptionRequest.first_at), col(ExemptionRequest.first_opinion),
    col(ExemptionRequest.second_by), col(_second.name), col(ExemptionRequest.second_at), col(ExemptionRequest.second_opinion),
    col(ExemptionRequest.ended_on),
)  # fmt: skip


def _row(values: Any) -> ExemptionRow:
    named = dict(zip(ExemptionRow.__dataclass_fields__, values, strict=True))
    for name in ("town", "person", "file_name", "first", "second"):
        named[name] = named[name] or ""
    return ExemptionRow(**named | {"ground": ExemptionGround(named["ground"]), "state": ExemptionState(named["state"])})


def requests(
    session: Session, *, reach: Reaches, asked: ExemptionFilter, limit: int | None = None, offset: int = 0
) -> tuple[ExemptionRow, ...]:
    """Requests within reach, those still on their way first, then the latest."""
    query = _joined(select(*_COLUMNS)).where(*reach.conditions(), *asked.conditions())
    pending = col(ExemptionRequest.state).in_((ExemptionState.REQUESTED.value, ExemptionState.FIRST_APPROVED.value))
    query = query.order_by(pending.desc(), col(ExemptionRequest.requested_at).desc(), col(ExemptionRequest.id).desc())
    return tuple(_row(row) for row in session.execute(query.limit(limit).offset(offset)))


def numbers(session: Session, *, reach: Reaches, asked: ExemptionFilter) -> dict[str, int]:
    """How many there are of each state."""
    query = _joined(select(col(ExemptionRequest.state), func.count())).where(*reach.conditions(), *asked.conditions())
    return {state: number for state, number in session.execute(query.group_by(col(ExemptionRequest.state)))}


def request(session: Session, *, request_id: int, reach: Reaches) -> ExemptionRow:
    """One request within reach; beyond it there is none."""
    row = session.execute(_joined(select(*_COLUMNS)).where(col(ExemptionRequest.id) == request_id, *reach.conditions())).one_or_none()
    if row is None:
        raise NotFound("没有找到这份核减申请，或不在您的管理范围内。", code="request_unknown")
    return _row(row)

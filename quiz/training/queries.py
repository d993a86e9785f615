"""Reads programmes, duties, and whom an audience would concern."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from quiz.models.organisations import Organisation, OrganisationFeature
from quiz.models.training import Duty, Programme
from quiz.problems import NotFound
from quiz.training import facts
from quiz.training.domain import Audience, OrganisationFacts
from quiz.training.requirements import Requirements
from quiz.vocabulary import HolderPolicy, HoursRule, PostRole, ProgrammeState


@dataclass(frozen=True)
class ProgrammeView:
    """A programme as it is shown."""

    id: int
    code: str
    title: str
    description: str
    basis: str
    state: ProgrammeState
    role: PostRole
    audience: Audience
    policy: HolderPolicy
    opens_on: date
    due_on: date
    grace_days: int
    paper_id: int | None
    template: str
    series: str
    hours_rule: HoursRule
    hours_fixed: float | None
    minutes_per_hour: int
    materials: tuple[str, ...]
    material_minutes: int
    validity_months: int | None
    retraining_months: int | None

    @property
    def has_paper(self) -> bool:
        """Is anything examined? Without a paper there is nobody who sat or passed one, and no figure says so."""
        return self.paper_id is not None

    @property
    def requirements(self) -> Requirements:
        """Its components."""
        return facts.requirements_of(self)

    @classmethod
    def of(cls, row: Programme) -> ProgrammeView:
        assert row.id is not None
        return cls(
            id=row.id, code=row.code, title=row.title, description=row.description, basis=row.basis,
            state=ProgrammeState(row.state), role=PostRole(row.role), audience=Audience.of(row.audience),
            policy=HolderPolicy(row.policy), opens_on=row.opens_on, due_on=row.due_on, grace_days=row.grace_days,
            paper_id=row.paper_id, template=row.template, series=row.series, hours_rule=HoursRule(row.hours_rule),
            hours_fixed=row.hours_fixed, minutes_per_hour=row.minutes_per_hour, materials=tuple(row.materials),
            material_minutes=row.material_minutes, validity_months=row.validity_months, retraining_months=row.retraining_months,
        )  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """As `programme list --json` gives it."""
        return {
            "code": self.code, "title": self.title, "due_day": self.due_on.isoformat(), "opens_on": self.opens_on.isoformat(),
            "state": self.state.value, "role": self.role.value, "policy": self.policy.value, "audience": self.audience.as_json(),
        }  # fmt: skip


@dataclass(frozen=True)
class DutyView:
    """A duty as it is recorded."""

    id: int
    programme_id: int
    organisation_id: int
    post_id: int
    person_id: int
    designated: bool
    opened_on: date
    due_on: date
    extended_to: date | None
    is_new_holder: bool
    trained_on: date | None
    examined_on: date | None
    passed_on: date | None
    completed_on: date | None
    completed_attempt_id: int | None
    exempted_on: date | None
    exempt_until: date | None
    exempt_reason: str
    closed_on: date | None
    closing: str | None
    is_first_time: bool
    minutes_due: int
    minutes_done: int
    hours_on: date | None
    study_minutes: int
    materials_on: date | None


def programmes(session: Session, *, states: Sequence[ProgrammeState] | None = None) -> list[ProgrammeView]:
    """All programmes, the latest opening first."""
    query = select(Programme).order_by(col(Programme.opens_on).desc(), col(Programme.code))
    if states is not None:
        query = query.where(col(Programme.state).in_([state.value for state in states]))
    return [ProgrammeView.of(row) for row in session.scalars(query)]


def programme(session: Session, *, code: str) -> ProgrammeView:
    """The programme of that code."""
    row = session.scalars(select(Programme).where(col(Programme.code) == code)).one_or_none()
    if row is None:
        raise NotFound(f"没有代码为“{code}”的培训专项，请在培训专项列表中核对代码。", code="programme_unknown")
    return ProgrammeView.of(row)


_DUTY_COLUMNS = tuple(getattr(Duty, name) for name in DutyView.__dataclass_fields__)


def duty(session: Session, *, duty_id: int) -> DutyView:
    """One duty."""
    row = facts.core(session).execute(select(*_DUTY_COLUMNS).where(col(Duty.id) == duty_id)).one_or_none()
    if row is None:
        raise NotFound("没有找到该项培训任务。", code="duty_unknown")
    return DutyView(*row)


def duties(
    session: Session, *, programme_id: int | None = None, organisation_id: int | None = None, person_id: int | None = None
) -> list[DutyView]:
    """Duties of a programme, an organisation or a person, the earliest first; former holders' included."""
    query = select(*_DUTY_COLUMNS).order_by(col(Duty.programme_id), col(Duty.organisation_id), col(Duty.opened_on), col(Duty.id))
    for column, value in ((Duty.programme_id, programme_id), (Duty.organisation_id, organisation_id), (Duty.person_id, person_id)):
        if value is not None:
            query = query.where(col(column) == value)
    return [DutyView(*row) for row in facts.core(session).execute(query)]


def organisation_facts(session: Session, *, organisation_id: int) -> OrganisationFacts:
    """What an audience asks about, as it stands now."""
    chain = facts.region_chains(session)
    row = session.get(Organisation, organisation_id)
    if row is None:
        raise NotFound("没有找到该单位。")
    tags = select(col(OrganisationFeature.feature_code)).where(col(OrganisationFeature.organisation_id) == organisation_id)
    return OrganisationFacts(
        kind=row.kind, sector=row.sector_code, regions=chain(row.district_code) | chain(row.town_code),
        departments=frozenset(filter(None, (row.department_code, row.direct_department_code))),
        features=frozenset(session.scalars(tags)), hospital_grade=row.hospital_grade,
    )  # fmt: skip


def has_progress(session: Session, *, programme_id: int) -> bool:
    """Has anybody begun?"""
    begun = select(func.count()).where(col(Duty.programme_id) == programme_id, col(Duty.trained_on).is_not(None))
    return bool(facts.core(session).execute(begun).scalar())

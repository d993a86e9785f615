"""“On day D”, “within reach”, as SQL conditions that several queries share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select
from sqlmodel import col

from quiz import clock
from quiz.models.attempts import Attempt
from quiz.models.organisations import Organisation, OrganisationFeature, Placement
from quiz.models.training import Duty, Exemption, Membership
from quiz.organisations.reach import Reach, Reaches
from quiz.training.queries import ProgrammeView

AnyReach = Reach | Reaches
EVERYWHERE = Reaches.everything()


@dataclass(frozen=True)
class Part(Reaches):
    """A reach, and within it only organisations that meet further conditions."""

    further: tuple[ColumnElement[bool], ...] = ()

    def conditions(self) -> list[ColumnElement[bool]]:
        return [*super().conditions(), *self.further]


def _holds(day: Any, since: Any, until: Any) -> ColumnElement[bool]:
    return and_(col(since) <= day, or_(col(until).is_(None), col(until) > day))


def held_on(day: date) -> ColumnElement[bool]:
    """The duty is owed, or was completed, by somebody in office that day."""
    return _holds(day, Duty.opened_on, Duty.closed_on)


def of_duty() -> ColumnElement[bool]:
    """The exemption is the duty's own, or one of its whole organisation."""
    return and_(
        col(Exemption.programme_id) == col(Duty.programme_id),
        col(Exemption.organisation_id) == col(Duty.organisation_id),
        or_(col(Exemption.duty_id).is_(None), col(Exemption.duty_id) == col(Duty.id)),
    )


def not_exempt_on(day: Any) -> ColumnElement[bool]:
    """No exemption of the duty covers the day."""
    return ~exists().where(of_duty(), exemption_on(day)).correlate(Duty)


def exemption_on(day: Any) -> ColumnElement[bool]:
    """The exemption covers the day."""
    return _holds(day, Exemption.since, Exemption.until)


def member_on(day: date) -> ColumnElement[bool]:
    """The organisation is in the audience that day."""
    return _holds(day, Membership.since, Membership.until)


def placed_on(day: date) -> ColumnElement[bool]:
    """The placement that holds that day."""
    return _holds(day, Placement.since, Placement.until)


def reached_by(column: Any, day: date) -> ColumnElement[bool]:
    """The level was reached on or before the day."""
    return and_(col(column).is_not(None), col(column) <= day)


def attempt_counts(programme: ProgrammeView, day: date) -> ColumnElement[bool]:
    """Handed-in attempts at the programme's paper, from its opening to the end of the day."""
    return and_(
        col(Attempt.paper_id) == programme.paper_id,
        col(Attempt.handed_in_at) >= clock.start_of_day(programme.opens_on),
        col(Attempt.handed_in_at) <= clock.end_of_day(day),
    )


def in_cells(asked: Any, table: Any) -> list[ColumnElement[bool]]:
    """The chosen district, town, sector and department, where each is chosen, on a table that holds them."""
    names = ("district", "town", "sector", "department")
    return [col(getattr(table, f"{name}_code")) == value for name in names if (value := getattr(asked, name)) is not None]


def carriers_of(feature: str) -> Select[Any]:
    """Ids of the organisations that carry a feature today; nobody keeps since when."""
    return select(col(OrganisationFeature.organisation_id)).where(col(OrganisationFeature.feature_code) == feature)


def within(reach: AnyReach, table: Any) -> list[ColumnElement[bool]]:
    """The reach on a table with cells and organisations: of the cell where that says it, else of the organisation as it stands."""
    cells = on_cells(reach, table)
    if cells is not None:
        return cells
    return [col(table.organisation_id).in_(select(col(Organisation.id)).where(*reach.conditions()))]


def on_cells(reach: AnyReach, table: Any) -> list[ColumnElement[bool]] | None:
    """The reach as conditions on a table with district and town; None when it takes more than these to say it."""
    parts = reach.parts if isinstance(reach, Reaches) else (reach,)
    if not parts:
        return [false()]
    if isinstance(reach, Part) and reach.further:
        return None
    wholes = []
    for part in parts:
        if part.department_codes is not None or part.organisation_ids is not None:
            return None
        whole = []
        if part.district_codes is not None:
            whole.append(col(table.district_code).in_(sorted(part.district_codes)))
        if part.town_codes is not None:
            whole.append(col(table.town_code).in_(sorted(part.town_codes)))
        if not whole:
            return []
        wholes.append(and_(*whole))
    return [or_(*wholes)]

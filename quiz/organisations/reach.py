"""How far somebody may see: limits on district, town, department and organisation, as SQL conditions and as a question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import ColumnElement, false, or_, true
from sqlalchemy import and_ as all_of
from sqlmodel import col

from quiz.models.organisations import Organisation


class Placed(Protocol):
    """What a reach asks about: an `Organisation`, or a view with the same fields."""

    @property
    def id(self) -> int | None: ...
    @property
    def district_code(self) -> str: ...
    @property
    def town_code(self) -> str | None: ...
    @property
    def department_code(self) -> str | None: ...
    @property
    def direct_department_code(self) -> str | None: ...


@dataclass(frozen=True)
class Reach:
    """One limit. `None` on an axis means no limit there; the axes narrow each other (AND).

    A department reaches what it supervises as 行业主管部门 or as 直接监管部门.
    """

    district_codes: frozenset[str] | None = None
    town_codes: frozenset[str] | None = None
    department_codes: frozenset[str] | None = None
    organisation_ids: frozenset[int] | None = None

    @classmethod
    def everything(cls) -> Reach:
        """No limit at all."""
        return cls()

    @classmethod
    def nothing(cls) -> Reach:
        """Reaches no organisation: the default of somebody without a grant."""
        return cls(organisation_ids=frozenset())

    def conditions(self) -> list[ColumnElement[bool]]:
        """Conditions on `Organisation`, to be joined by AND; empty when there is no limit."""
        found: list[ColumnElement[bool]] = []
        if self.district_codes is not None:
            found.append(col(Organisation.district_code).in_(sorted(self.district_codes)))
        if self.town_codes is not None:
            found.append(col(Organisation.town_code).in_(sorted(self.town_codes)))
        if self.department_codes is not None:
            codes = sorted(self.department_codes)
            found.append(or_(col(Organisation.department_code).in_(codes), col(Organisation.direct_department_code).in_(codes)))
        if self.organisation_ids is not None:
            found.append(col(Organisation.id).in_(sorted(self.organisation_ids)))
        return found

    def covers(self, organisation: Placed) -> bool:
        """Is this organisation within the limits?"""
        return (
            (self.district_codes is None or organisation.district_code in self.district_codes)
            and (self.town_codes is None or organisation.town_code in self.town_codes)
            and (
                self.department_codes is None
                or organisation.department_code in self.department_codes
                or organisation.direct_department_code in self.department_codes
            )
            and (self.organisation_ids is None or organisation.id in self.organisation_ids)
        )

    def may_write(self, district_code: str, department_code: str | None) -> bool:
        """May organisations of this district and department be entered? Nobody limited to a town or to one enterprise may."""
        return (
            self.town_codes is None
            and self.organisation_ids is None
            and (self.district_codes is None or district_code in self.district_codes)
            and (self.department_codes is None or department_code in self.department_codes)
        )


@dataclass(frozen=True)
class Reaches:
    """Several limits of which one suffices (OR): the grants of one account. Without any, nothing is reached."""

    parts: tuple[Reach, ...] = ()

    @classmethod
    def everything(cls) -> Reaches:
        """No limit at all."""
        return cls((Reach.everything(),))

    def conditions(self) -> list[ColumnElement[bool]]:
        """Conditions on `Organisation`, to be joined by AND."""
        if not self.parts:
            return [false()]
        wholes = [part.conditions() for part in self.parts]
        if any(not whole for whole in wholes):
            return []
        return [or_(*(all_of(true(), *whole) for whole in wholes))]

    def covers(self, organisation: Placed) -> bool:
        """Does any of the limits cover it?"""
        return any(part.covers(organisation) for part in self.parts)

    def may_write(self, district_code: str, department_code: str | None) -> bool:
        """May any of the grants enter organisations of this district and department?"""
        return any(part.may_write(district_code, department_code) for part in self.parts)

"""Whose classrooms and whose people: how far somebody's permission over classes extends.

A classroom belongs to its district; one without a district is the city's, and every office sees it, for its people go there. An
office limited to a department or a street runs only sessions it made itself. People are seen where they work within reach, or where
they sit in a classroom of one's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true
from sqlmodel import Session, col

from quiz.models.classes import ClassSession, ClassSite, Institution
from quiz.models.organisations import Organisation, Post, Region
from quiz.organisations.reach import Reaches
from quiz.vocabulary import ClassState, SiteKind

Districts = frozenset[str] | None
"""None = all of them, and the city's own classrooms."""


@dataclass(frozen=True)
class ClassReach:
    """The classrooms somebody runs, and the people they may see."""

    account_id: int | None
    people: Reaches
    districts: Districts
    """Where every classroom is theirs to run."""
    own_districts: Districts
    """Where classrooms of sessions they made themselves are theirs to run."""

    @classmethod
    def everything(cls, account_id: int | None = None) -> ClassReach:
        """The city's own office."""
        return cls(account_id, Reaches.everything(), None, None)

    @property
    def is_city_wide(self) -> bool:
        return self.districts is None

    def may_host(self, district: str | None) -> bool:
        """May they put a classroom of a session of their own there?"""
        return self.own_districts is None or (district is not None and district in self.own_districts)

    def hosts(self, district: str | None, *, created_by: int | None) -> bool:
        """Is a classroom in that district, of a session made by that account, theirs to run?"""
        if self.districts is None or (district is not None and district in self.districts):
            return True
        return created_by is not None and created_by == self.account_id and self.may_host(district)

    def sites(self) -> ColumnElement[bool]:
        """The same as a condition on ClassSite joined with ClassSession."""
        if self.districts is None:
            return true()
        mine: list[ColumnElement[bool]] = [col(ClassSite.district_code).in_(sorted(self.districts))] if self.districts else []
        if self.account_id is not None:
            within = true() if self.own_districts is None else col(ClassSite.district_code).in_(sorted(self.own_districts))
            mine.append(and_(col(ClassSession.created_by) == self.account_id, within))
        return or_(*mine) if mine else false()

    def sessions(self) -> ColumnElement[bool]:
        """Sessions they may open: with a classroom of theirs, made by them, or with a main classroom of the whole city."""
        if self.districts is None:
            return true()
        here = col(ClassSite.session_id) == col(ClassSession.id)
        seen = [
            exists().where(here, self.sites()).correlate(ClassSession),
            and_(
                col(ClassSession.state) != ClassState.DRAFT.value,
                exists()
                .where(here, col(ClassSite.kind) == SiteKind.MAIN.value, col(ClassSite.district_code).is_(None))
                .correlate(ClassSession),
            ),
        ]
        if self.account_id is not None:
            seen.append(col(ClassSession.created_by) == self.account_id)
        return or_(*seen) if self.people.parts else false()

    def knows(self, person_id: Any) -> ColumnElement[bool]:
        """Does that person (a column) hold or did they hold a post within reach?"""
        conditions = self.people.conditions()
        if not conditions:
            return true()
        return exists(
            select(col(Post.id))
            .join(Organisation, col(Organisation.id) == col(Post.organisation_id))
            .where(col(Post.person_id) == person_id, *conditions)
            .correlate_except(Post, Organisation)
        )


def class_reach(session: Session, *, reaches: Reaches, account_id: int | None) -> ClassReach:
    """What the grants of one account amount to here."""
    whole: set[str] = set()
    own: set[str] = set()
    everywhere = own_everywhere = False
    for part in reaches.parts:
        if part.organisation_ids is not None:
            continue
        places = part.district_codes
        if part.town_codes is not None:
            parents = select(col(Region.parent_code)).where(col(Region.code).in_(sorted(part.town_codes)))
            places = frozenset(code for code in session.scalars(parents) if code)
        narrowed = part.town_codes is not None or part.department_codes is not None
        if places is None:
            everywhere, own_everywhere = everywhere or not narrowed, True
        else:
            own |= places
            whole |= set() if narrowed else places
    return ClassReach(
        account_id, reaches, None if everywhere else frozenset(whole), None if everywhere or own_everywhere else frozenset(own)
    )


def institution_districts(reaches: Reaches) -> Districts:
    """Districts whose training institutions somebody looks after; those limited to a street or to one enterprise look after none."""
    found: set[str] = set()
    for part in reaches.parts:
        if part.town_codes is not None or part.organisation_ids is not None:
            continue
        if part.district_codes is None:
            return None
        found |= part.district_codes
    return frozenset(found)


def institutions_within(districts: Districts) -> ColumnElement[bool]:
    """The same as a condition on Institution."""
    return true() if districts is None else col(Institution.district_code).in_(sorted(districts))

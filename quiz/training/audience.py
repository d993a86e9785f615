"""Whom an audience would concern, counted and listed by the database; and what a programme would ask of a holder there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlmodel import Session, col

from quiz.models.organisations import Organisation, OrganisationFeature, Person, Post, Region, Sector
from quiz.organisations.reach import Reach, Reaches
from quiz.training import attainment, facts, hours_by_law
from quiz.training.domain import Audience, Period
from quiz.training.facts import ProgrammeFacts
from quiz.training.requirements import HeldPost, Holder, Requirements, is_first_training
from quiz.vocabulary import PostRole

AnyReach = Reach | Reaches


@dataclass(frozen=True)
class AudienceCount:
    """How many an audience concerns today."""

    total: int
    without_holder: int
    holders: int
    by_district: tuple[tuple[str, str, int], ...]
    """Code, name, number."""
    by_sector: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True)
class AudienceRow:
    """One enterprise of the audience, with those who hold the role there."""

    id: int
    name: str
    district: str
    town: str
    sector: str
    holders: str
    """Empty when nobody is registered."""


@dataclass(frozen=True)
class Owed:
    """What one holder would owe."""

    person: str
    minutes: int
    is_first: bool
    source: str
    """The clause the hours come from, or whose decision they are."""


def conditions(session: Session, audience: Audience) -> list[ColumnElement[bool]]:
    """The audience as conditions on Organisation, for organisations that are not closed."""
    asked: list[ColumnElement[bool]] = [col(Organisation.status).not_in(facts.CLOSED_STATUSES)]
    if audience.sectors:
        asked.append(col(Organisation.sector_code).in_(sorted(audience.sectors)))
    if audience.kinds:
        asked.append(col(Organisation.kind).in_(sorted(audience.kinds)))
    if audience.hospital_grades:
        asked.append(col(Organisation.hospital_grade).in_(sorted(audience.hospital_grades)))
    if audience.departments:
        codes = sorted(audience.departments)
        asked.append(or_(col(Organisation.department_code).in_(codes), col(Organisation.direct_department_code).in_(codes)))
    if audience.regions:
        chain = facts.region_chains(session)
        inside = sorted(code for code in session.scalars(select(col(Region.code))) if not audience.regions.isdisjoint(chain(code)))
        asked.append(or_(col(Organisation.district_code).in_(inside), col(Organisation.town_code).in_(inside)))
    if audience.features:
        tagged = select(col(OrganisationFeature.organisation_id)).where(
            col(OrganisationFeature.feature_code).in_(sorted(audience.features))
        )
        asked.append(col(Organisation.id).in_(tagged))
    return asked


def _held(role: PostRole, today: date) -> list[ColumnElement[bool]]:
    return [
        col(Post.organisation_id) == col(Organisation.id),
        col(Post.role) == role.value,
        col(Post.held_from) <= today,
        or_(col(Post.held_to).is_(None), col(Post.held_to) > today),
    ]


def count(session: Session, *, audience: Audience, role: PostRole, reach: AnyReach, today: date) -> AudienceCount:
    """How many, where, in which sectors, and how many of them have nobody registered in the role."""
    asked = [*conditions(session, audience), *reach.conditions()]
    cells = session.execute(
        select(col(Organisation.district_code), col(Organisation.sector_code), func.count())
        .where(*asked)
        .group_by(col(Organisation.district_code), col(Organisation.sector_code))
    ).all()
    holders, occupied = session.execute(
        select(func.count(col(Post.person_id).distinct()), func.count(col(Organisation.id).distinct()))
        .select_from(Organisation)
        .join(Post, *_joined(role, today))
        .where(*asked)
    ).one()
    total = sum(number for _, _, number in cells)
    return AudienceCount(
        total=total,
        without_holder=total - occupied,
        holders=holders,
        by_district=_named(session, Region, [(row[0], row[2]) for row in cells]),
        by_sector=_named(session, Sector, [(row[1], row[2]) for row in cells]),
    )


def _joined(role: PostRole, today: date) -> tuple[ColumnElement[bool]]:
    first, *others = _held(role, today)
    for each in others:
        first = first & each
    return (first,)


def _named(session: Session, table: type[Region] | type[Sector], cells: list[tuple[str, int]]) -> tuple[tuple[str, str, int], ...]:
    numbers: dict[str, int] = {}
    for code, number in cells:
        numbers[code] = numbers.get(code, 0) + number
    named = session.execute(select(col(table.code), col(table.name)).order_by(col(table.position), col(table.code)))
    return tuple((code, name, numbers[code]) for code, name in named if code in numbers)


def sectors_present(session: Session, *, reach: AnyReach) -> frozenset[str]:
    """Sectors in which there is any enterprise in business."""
    asked = [col(Organisation.status).not_in(facts.CLOSED_STATUSES), *reach.conditions()]
    return frozenset(session.scalars(select(col(Organisation.sector_code)).where(*asked).distinct()))


def listed(
    session: Session, *, audience: Audience, role: PostRole, reach: AnyReach, today: date, text: str = "", vacant: bool = False,
    limit: int = 20, offset: int = 0,
) -> tuple[tuple[AudienceRow, ...], int]:  # fmt: skip
    """A page of the audience, by name or code of the enterprise, and how many there are; `vacant`: only those without a holder."""
    asked = [*conditions(session, audience), *reach.conditions()]
    if text:
        asked.append(
            or_(col(Organisation.name).contains(text, autoescape=True), col(Organisation.uscc).contains(text.upper(), autoescape=True))
        )
    if vacant:
        asked.append(~exists().where(*_held(role, today)).correlate(Organisation))
    total = session.execute(select(func.count()).select_from(Organisation).where(*asked)).scalar_one()
    towns = select(col(Region.code), col(Region.name)).subquery("towns")
    rows = session.execute(
        select(col(Organisation.id), col(Organisation.name), col(Region.name), towns.c.name, col(Sector.name))
        .join(Region, col(Region.code) == col(Organisation.district_code))
        .outerjoin(towns, towns.c.code == col(Organisation.town_code))
        .join(Sector, col(Sector.code) == col(Organisation.sector_code))
        .where(*asked)
        .order_by(col(Organisation.district_code), col(Organisation.town_code), col(Organisation.name), col(Organisation.id))
        .limit(limit)
        .offset(offset)
    ).all()
    people = _holders(session, [row[0] for row in rows], role, today)
    return tuple(AudienceRow(row[0], row[1], row[2], row[3] or "", row[4], "、".join(people.get(row[0], ()))) for row in rows), total


def _holders(session: Session, ids: list[Any], role: PostRole, today: date) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    query = (
        select(col(Organisation.id), col(Person.name))
        .join(Post, *_joined(role, today))
        .join(Person, col(Person.id) == col(Post.person_id))
        .where(col(Organisation.id).in_(ids))
        .order_by(col(Post.id))
    )
    for organisation_id, name in session.execute(query) if ids else ():
        found.setdefault(organisation_id, []).append(name)
    return found


def would_owe(
    session: Session, *, organisation_id: int, requirements: Requirements, role: PostRole, opens_on: date, programme_id: int = 0
) -> list[Owed]:
    """Hours of class each present holder would owe if the programme opened on that day; without a holder, somebody newly appointed."""
    programme = ProgrammeFacts(
        id=programme_id, code="", state="", role=role.value, audience=Audience(), terms=facts.Terms(opens_on, opens_on, 0),
        paper_id=None, requirements=requirements, materials=(),
    )  # fmt: skip
    people = session.execute(
        select(col(Person.id), col(Person.name))
        .join(Post, col(Post.person_id) == col(Person.id))
        .join(Organisation, *_joined(role, opens_on))
        .where(col(Organisation.id) == organisation_id)
        .order_by(col(Post.id))
    ).all()
    known = attainment.holders(session, programme=programme, person_ids=[number for number, _ in people])
    if people:
        return [_owed(requirements, known.get(number or 0, Holder()), name, role, opens_on) for number, name in people]
    risky = bool(session.scalar(select(col(Organisation.hours_high_risk)).where(col(Organisation.id) == organisation_id)))
    newcomer = Holder((HeldPost(Period(opens_on, None), risky),))
    return [_owed(requirements, newcomer, f"新任{role.label}", role, opens_on)]


def _owed(requirements: Requirements, holder: Holder, name: str, role: PostRole, opens_on: date) -> Owed:
    is_first = is_first_training(requirements, holder, opened_on=opens_on, programme_opens_on=opens_on)
    if not requirements.is_by_law:
        return Owed(name, requirements.fixed_minutes if requirements.hours else 0, False, "本专项规定" if requirements.hours else "")
    risky = any(post.high_risk for post in holder.posts if post.period.holds(opens_on))
    line = requirements.law.line(role.value, high_risk=risky, is_first=is_first)
    return Owed(name, (line.hours or 0) * requirements.minutes_per_hour, is_first, hours_by_law.source_text(line))

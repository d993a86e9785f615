"""Whom a session is for: who owes its programme, who is not yet covered, who missed another session, and whom a pasted list means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, case, exists, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from quiz.classes.reach import ClassReach
from quiz.models.accounts import Account
from quiz.models.classes import ClassSession, HoursCredit, Registration
from quiz.models.organisations import Organisation, Person, Post
from quiz.models.training import Duty
from quiz.organisations.identifiers import read_phone, tidy_text
from quiz.organisations.ledger import chunks
from quiz.problems import Invalid
from quiz.vocabulary import PostRole, RegistrationState

MOST_PASTED = 500
MOST_SHOWN = 300


@dataclass(frozen=True)
class Candidate:
    """Somebody who may be registered."""

    person_id: int
    name: str
    phone: str | None
    organisation_id: int
    organisation: str
    town_code: str | None
    completed: bool
    """Has completed the programme already."""


@dataclass(frozen=True)
class Pasted:
    """One line of a pasted list."""

    line: str
    candidate: Candidate | None
    problem: str = ""


def open_duty(day: date) -> list[Any]:
    """Owed on that day: not closed, not exempt."""
    return [
        col(Duty.opened_on) <= day,
        or_(col(Duty.closed_on).is_(None), col(Duty.closed_on) > day),
        or_(col(Duty.exempted_on).is_(None), and_(col(Duty.exempt_until).is_not(None), col(Duty.exempt_until) <= day)),
    ]


def owes(session: Session, *, person_id: int, programme_id: int | None, day: date) -> bool:
    """Does a duty of this person ask for that programme?"""
    if programme_id is None:
        return False
    query = select(col(Duty.id)).where(col(Duty.person_id) == person_id, col(Duty.programme_id) == programme_id, *open_duty(day))
    return session.execute(query.limit(1)).first() is not None


def uncovered(
    session: Session, *, session_id: int, desk: ClassReach, day: date, district: str = "", town: str = "", text: str = "",
    limit: int = MOST_SHOWN,
) -> tuple[Candidate, ...]:  # fmt: skip
    """Holders of duties of the session's programme that are not completed and who have no seat yet, within reach."""
    held = session.get_one(ClassSession, session_id)
    if held.programme_id is None:
        return ()
    query: Any = (
        _people(day)
        .where(
            col(Duty.programme_id) == held.programme_id, col(Duty.completed_on).is_(None), *open_duty(day), *desk.people.conditions(),
            ~_has_seat(session_id),
        )
        .order_by(col(Organisation.district_code), col(Organisation.town_code), col(Organisation.name), col(Person.id))
        .limit(limit)
    )  # fmt: skip
    if district:
        query = query.where(col(Organisation.district_code) == district)
    if town:
        query = query.where(col(Organisation.town_code) == town)
    if text:
        query = query.where(or_(col(Person.name).contains(text, autoescape=True), col(Organisation.name).contains(text, autoescape=True)))
    return _candidates(session.execute(query).all())


def _people(day: date) -> Any:
    """Person, unit, completion; from duties."""
    return (
        select(
            col(Person.id), col(Person.name), col(Person.phone), col(Organisation.id).label("organisation_id"),
            col(Organisation.name).label("organisation"), col(Organisation.town_code), col(Duty.completed_on),
        )
        .select_from(Duty)
        .join(Person, col(Person.id) == col(Duty.person_id))
        .join(Organisation, col(Organisation.id) == col(Duty.organisation_id))
    )  # fmt: skip


def _has_seat(session_id: int) -> Any:
    seat = aliased(Registration)  # another session's registrations may be what is asked
    return exists().where(
        col(seat.session_id) == session_id, col(seat.person_id) == col(Person.id), col(seat.state) == RegistrationState.REGISTERED.value
    )


def _candidates(found: Iterable[Any]) -> tuple[Candidate, ...]:
    """One line a person: who serves several units is listed under the first."""
    first: dict[int, Candidate] = {}
    for row in found:
        done = getattr(row, "completed_on", None) is not None
        first.setdefault(
            row.id, Candidate(row.id, row.name, row.phone, row.organisation_id, row.organisation, row.town_code, done)
        )  # fmt: skip
    return tuple(first.values())


def missed(session: Session, *, session_id: int, desk: ClassReach) -> tuple[Candidate, ...]:
    """For a make-up session: who was registered for the session it makes up for and earned no minute there, and has no seat here."""
    held = session.get_one(ClassSession, session_id)
    if held.make_up_of is None:
        return ()
    earned = exists().where(col(HoursCredit.session_id) == held.make_up_of, col(HoursCredit.person_id) == col(Person.id))
    query: Any = (
        select(
            col(Person.id), col(Person.name), col(Person.phone), col(Organisation.id).label("organisation_id"),
            col(Organisation.name).label("organisation"), col(Organisation.town_code),
        )
        .select_from(Registration)
        .join(Person, col(Person.id) == col(Registration.person_id))
        .join(Organisation, col(Organisation.id) == col(Registration.organisation_id))
        .where(
            col(Registration.session_id) == held.make_up_of, col(Registration.state) == RegistrationState.REGISTERED.value, ~earned,
            ~_has_seat(session_id), *desk.people.conditions(),
        )
        .order_by(col(Organisation.name), col(Person.id))
    )  # fmt: skip
    return _candidates(session.execute(query).all())


def search(session: Session, *, text: str, desk: ClassReach, limit: int = 50) -> tuple[Candidate, ...]:
    """Anybody in office within reach, by name, telephone or unit."""
    text = text.strip()
    if not text:
        return ()
    meant = or_(
        col(Person.name).contains(text, autoescape=True), col(Person.phone) == text, col(Organisation.name).contains(text, autoescape=True)
    )
    return _candidates(session.execute(_in_office(desk).where(meant).limit(limit)).all())


def _in_office(desk: ClassReach) -> Any:
    principal_first = case((col(Post.role) == PostRole.PRINCIPAL.value, 0), else_=1)
    return (
        select(
            col(Person.id), col(Person.name), col(Person.phone), col(Organisation.id).label("organisation_id"),
            col(Organisation.name).label("organisation"), col(Organisation.town_code),
        )
        .select_from(Post)
        .join(Person, col(Person.id) == col(Post.person_id))
        .join(Organisation, col(Organisation.id) == col(Post.organisation_id))
        .where(col(Post.held_to).is_(None), *desk.people.conditions())
        .order_by(col(Person.name), col(Person.id), principal_first, col(Organisation.name))
    )  # fmt: skip


def read_pasted(session: Session, *, text: str, desk: ClassReach) -> tuple[Pasted, ...]:
    """Each line: a name with a telephone or a unit, in any order, separated by blanks, commas or tabs."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_PASTED:
        raise Invalid(f"一次最多粘贴 {MOST_PASTED} 行，这里有 {len(lines)} 行。请分几次粘贴。", code="too_many_lines")
    read = [_pasted_parts(line) for line in lines]
    by_name: dict[str, list[Candidate]] = {}
    names = {name for name, _, _ in read if name}
    phones = {phone for _, phone, _ in read if phone}
    found: list[Any] = []
    for some in chunks(sorted(names)):
        found += session.execute(_in_office(desk).where(col(Person.name).in_(some))).all()
    for some in chunks(sorted(phones)):
        found += session.execute(_in_office(desk).where(col(Person.phone).in_(some))).all()
    seen: set[tuple[int, int]] = set()
    by_phone: dict[str, list[Candidate]] = {}
    for row in found:
        if (row.id, row.organisation_id) in seen:
            continue
        seen.add((row.id, row.organisation_id))
        one = Candidate(row.id, row.name, row.phone, row.organisation_id, row.organisation, row.town_code, False)
        by_name.setdefault(row.name, []).append(one)
        by_phone.setdefault(row.phone or "", []).append(one)
    return tuple(_resolved(line, parts, by_name, by_phone) for line, parts in zip(lines, read, strict=True))


_SEPARATORS = re.compile(r"[\s,，、;；|]+")
_ORDER = re.compile(r"^\d{1,3}[.、)）]")


def _pasted_parts(line: str) -> tuple[str, str, str]:
    """Name, telephone, unit."""
    phone, name, unit = "", "", ""
    for part in _SEPARATORS.split(_ORDER.sub("", tidy_text(line)).strip()):
        number = read_phone(part).value
        if number:
            phone = number
        elif re.fullmatch(r"[\u4e00-\u9fff·]{2,6}", part) and not name and not re.search(r"公司|厂|店|医院|矿|中心|局|部$", part):
            name = part
        elif not part.isdigit() and len(part) > 1:
            unit = unit or part
    return name, phone, unit


def _resolved(
    line: str, parts: tuple[str, str, str], by_name: dict[str, list[Candidate]], by_phone: dict[str, list[Candidate]]
) -> Pasted:  # fmt: skip
    name, phone, unit = parts
    if not name and not phone:
        return Pasted(line, None, "没有读到姓名或手机号")
    found = by_name.get(name, []) if name else by_phone.get(phone, [])
    if phone and name:
        exact = [one for one in found if one.phone == phone]
        if not exact and any(one.phone for one in found) and not unit:
            return Pasted(line, None, "姓名与手机号在名册中对不上，请核对" if found else "名册里没有这个人，或不在您的管理范围内")
        found = exact or found
    if unit and len({one.person_id for one in found}) > 1:
        found = [one for one in found if unit in one.organisation or one.organisation in unit]
    if not found:
        return Pasted(line, None, "名册里没有这个人，或不在您的管理范围内")
    if len({one.person_id for one in found}) > 1:
        return Pasted(line, None, "有重名，请在该行加上手机号或单位")
    return Pasted(line, found[0])


# 单位 -----------------------------------------------------------------------------------------------------------------


def organisation_ids(session: Session, *, person_ids: Sequence[int], programme_id: int | None) -> dict[int, int]:
    """The unit each comes for: that of the duty, else where they hold a post."""
    found: dict[int, int] = {}
    for ids in chunks(person_ids):
        for person_id, organisation_id in session.execute(
            select(col(Post.person_id), func.min(col(Post.organisation_id)))
            .where(col(Post.person_id).in_(ids), col(Post.held_to).is_(None))
            .group_by(col(Post.person_id))
        ):
            found[person_id] = organisation_id
        if programme_id is not None:
            for person_id, organisation_id in session.execute(
                select(col(Duty.person_id), func.min(col(Duty.organisation_id)))
                .where(col(Duty.person_id).in_(ids), col(Duty.programme_id) == programme_id, col(Duty.closed_on).is_(None))
                .group_by(col(Duty.person_id))
            ):
                found[person_id] = organisation_id
    return found


def unit_names(
    session: Session,
    *,
    person_ids: Iterable[int],
    desk: ClassReach,
    registered: Iterable[Registration] = (),
    programme_id: int | None = None,
) -> dict[int, str]:
    """The name of the unit each comes for: as registered, else as `organisation_ids` finds it.

    Who serves a unit within reach and another beyond it is shown with the one within.
    """
    stated = {row.person_id: row.organisation_id for row in registered if row.organisation_id is not None}
    others = [number for number in dict.fromkeys(person_ids) if number not in stated]
    wanted: dict[int, int] = {**organisation_ids(session, person_ids=others, programme_id=programme_id), **stated}
    if desk.people.conditions():
        wanted |= _units_within(session, wanted, desk)
    names: dict[int, str] = {}
    for ids in chunks(sorted(set(wanted.values()))):
        rows = session.execute(select(col(Organisation.id), col(Organisation.name)).where(col(Organisation.id).in_(ids)))
        names |= {number: name for number, name in rows if number is not None}
    return {person_id: names.get(organisation_id, "") for person_id, organisation_id in wanted.items()}


def _units_within(session: Session, wanted: dict[int, int], desk: ClassReach) -> dict[int, int]:
    """A unit within reach for those whose stated one lies beyond it."""
    within: dict[int, list[int]] = {}
    for ids in chunks(wanted):
        rows = session.execute(
            select(col(Post.person_id), col(Post.organisation_id))
            .join(Organisation, col(Organisation.id) == col(Post.organisation_id))
            .where(col(Post.person_id).in_(ids), *desk.people.conditions())
            .order_by(col(Post.held_to).is_not(None), col(Post.id))
        )
        for person_id, organisation_id in rows:
            within.setdefault(person_id, []).append(organisation_id)
    return {person_id: units[0] for person_id, units in within.items() if wanted[person_id] not in units}


def own_accounts(session: Session, *, person_ids: Iterable[int]) -> dict[int, int]:
    """Person → their account."""
    found: dict[int, int] = {}
    for ids in chunks(dict.fromkeys(person_ids)):
        for person_id, account_id in session.execute(
            select(col(Account.person_id), col(Account.id)).where(col(Account.person_id).in_(ids))
        ):
            found[person_id] = account_id
    return found

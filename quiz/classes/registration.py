"""Registering people for a classroom, by the office or by themselves; a seat is given once, whoever asks at the same moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from quiz import clock
from quiz.accounts import audit
from quiz.accounts.audit import Actor
from quiz.classes import candidates, queries, service
from quiz.classes.reach import ClassReach
from quiz.models.classes import ClassLesson, ClassSession, ClassSite, Presence, Registration
from quiz.models.organisations import Person
from quiz.problems import NotFound, Refusal
from quiz.vocabulary import ClassState, RegistrationState


class Full(Refusal):
    """No seat left; the message names the classrooms that have one."""


@dataclass(frozen=True)
class Registered:
    """What became of several people."""

    done: int
    moved: int
    """They had a seat in another classroom of the session and changed."""
    already: int
    refused: tuple[tuple[str, str], ...]
    """Name and reason."""

    @property
    def text(self) -> str:
        parts = [f"已报名 {self.done} 人"]
        if self.moved:
            parts.append(f"改到本课堂 {self.moved} 人")
        if self.already:
            parts.append(f"原已报名 {self.already} 人")
        if self.refused:
            parts.append(f"未能报名 {len(self.refused)} 人：" + "；".join(f"{name}（{why}）" for name, why in self.refused[:5]))
        return "，".join(parts) + ("" if len(self.refused) <= 5 else "……")


def register(
    session: Session, *, site_id: int, person_ids: Sequence[int], desk: ClassReach, actor: Actor, now: datetime
) -> Registered:  # fmt: skip
    """Give seats in order, until none is left; who is beyond reach is not found."""
    site, held = _offered(session, site_id, desk)
    wanted = list(dict.fromkeys(person_ids))
    names: dict[int, str] = {}
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        found = select(col(Person.id), col(Person.name)).where(col(Person.id).in_(some), desk.knows(col(Person.id)))
        names |= {number: name for number, name in session.execute(found) if number is not None}
    if len(names) < len(wanted):
        raise NotFound("所选人员中有不在您管理范围内的，请重新选择。", code="person_unknown")
    units = candidates.organisation_ids(session, person_ids=wanted, programme_id=held.programme_id)
    counts = {"done": 0, "moved": 0, "already": 0}
    refused: list[tuple[str, str]] = []
    left = None if site.capacity is None else site.capacity - service.seats_taken(session, site_id)
    for person_id in wanted:
        outcome = _seat(session, site, person_id, units.get(person_id), left, actor, now)
        if outcome is None:
            refused.append((names[person_id], "座位已满"))
            continue
        counts[outcome] += 1
        left = left if left is None or outcome == "already" else left - 1
    if counts["done"] + counts["moved"] == 0 and refused:
        raise Full(full_text(session, site))
    audit.record(
        session, actor=actor, action="register_class", subject=held.title, at=now,
        detail={"class": held.id, "site": site.name, "count": counts["done"] + counts["moved"], "refused": len(refused)},
    )  # fmt: skip
    return Registered(**counts, refused=tuple(refused))


def _offered(session: Session, site_id: int, desk: ClassReach) -> tuple[ClassSite, ClassSession]:
    """A classroom this desk may send people to: its own, or a main classroom of the whole city."""
    site = session.get(ClassSite, site_id, with_for_update=True, populate_existing=True)
    held = session.get(ClassSession, site.session_id) if site else None
    if site is None or held is None:
        raise NotFound("没有找到这个课堂，或不在您的管理范围内。", code="site_unknown")
    if queries.opened(session, held.id or 0, desk=desk).site(site_id) is None:
        raise NotFound("没有找到这个课堂，或不在您的管理范围内。", code="site_unknown")
    if held.state != ClassState.ANNOUNCED:
        raise Refusal(f"班次{ClassState(held.state).label}，发布后才能报名。", code="class_state")
    return site, held


def _seat(
    session: Session, site: ClassSite, person_id: int, organisation_id: int | None, left: int | None, actor: Actor, now: datetime
) -> str | None:  # fmt: skip
    row = session.execute(
        select(Registration).where(col(Registration.session_id) == site.session_id, col(Registration.person_id) == person_id)
    ).scalar_one_or_none()
    is_held = row is not None and row.state == RegistrationState.REGISTERED
    if row is not None and is_held and row.site_id == site.id:
        return "already"
    if left is not None and left <= 0:
        return None
    if row is None:
        row = Registration(session_id=site.session_id, person_id=person_id, registered_at=now)
    row.site_id, row.organisation_id = site.id, organisation_id
    row.state, row.registered_at, row.registered_by = RegistrationState.REGISTERED.value, now, actor.account_id
    session.add(row)
    session.flush()
    return "moved" if is_held else "done"


def full_text(session: Session, site: ClassSite) -> str:
    """“文登分课堂”已满; and where there still are seats."""
    others = seats_elsewhere(session, site)
    text = f"“{site.name}”已满（{site.capacity} 人）。"
    if not others:
        return text + "本班次其他课堂也没有座位了，请联系主办单位加座，或等补课班次。"
    return text + "还有座位的课堂：" + "、".join(f"{name}（{'不限' if left is None else f'余 {left}'}）" for name, left in others) + "。"


def seats_elsewhere(session: Session, site: ClassSite) -> list[tuple[str, int | None]]:
    """Other classrooms of the session with seats."""
    rows = session.scalars(
        select(ClassSite).where(col(ClassSite.session_id) == site.session_id, col(ClassSite.id) != site.id).order_by(col(ClassSite.id))
    ).all()
    found = [(row.name, None if row.capacity is None else row.capacity - service.seats_taken(session, row.id or 0)) for row in rows]
    return [(name, left) for name, left in found if left is None or left > 0]


def cancel(session: Session, *, registration_id: int, desk: ClassReach, actor: Actor, now: datetime) -> str:
    """Give a seat back for somebody; answers with the name."""
    row = session.get(Registration, registration_id)
    person = session.get(Person, row.person_id) if row else None
    if row is None or person is None or not may_see(session, row, desk):
        raise NotFound("没有找到这条报名，或不在您的管理范围内。", code="registration_unknown")
    held = session.get_one(ClassSession, row.session_id)
    if held.state == ClassState.CLOSED:
        raise Refusal("班次已办结，报名不能再改。", code="class_state")
    row.state = RegistrationState.CANCELLED.value
    audit.record(
        session, actor=actor, action="cancel_registration", subject=held.title, at=now,
        detail={"class": held.id, "person": person.name},
    )  # fmt: skip
    return person.name


def may_see(session: Session, row: Registration | Presence, desk: ClassReach) -> bool:
    """Is the person within reach, or is it a classroom of one's own?"""
    held = session.get_one(ClassSession, row.session_id)
    site = session.get(ClassSite, row.site_id) if row.site_id else None
    if site is not None and desk.hosts(site.district_code, created_by=held.created_by):
        return True
    known = select(col(Person.id)).where(col(Person.id) == row.person_id, desk.knows(col(Person.id)))
    return session.execute(known).first() is not None


# 本人 -----------------------------------------------------------------------------------------------------------------


def register_self(
    session: Session, *, person_id: int, site_id: int, actor: Actor, now: datetime, session_id: int | None = None
) -> str:  # fmt: skip
    """Take a seat, or change to another classroom; answers with the classroom's name. `session_id` is checked where it is given.

    Raises:
        NotFound: the session is not announced, or no duty of this person asks for its programme.
        Full: no seat left there.
        Refusal: registration is over.
    """
    site = session.get(ClassSite, site_id, with_for_update=True, populate_existing=True)
    held = session.get(ClassSession, site.session_id) if site else None
    if site is None or held is None or held.state != ClassState.ANNOUNCED or session_id not in (None, held.id):
        raise NotFound("没有找到这个班次，可能已取消或办结。", code="class_unknown")
    if not candidates.owes(session, person_id=person_id, programme_id=held.programme_id, day=clock.local_day(now)):
        raise NotFound("这个班次不是为您所在的培训专项开设的，不能报名。如有疑问请联系办公室。", code="not_assigned")
    _refuse_late(session, held, now)
    left = None if site.capacity is None else site.capacity - service.seats_taken(session, site_id)
    units = candidates.organisation_ids(session, person_ids=[person_id], programme_id=held.programme_id)
    outcome = _seat(session, site, person_id, units.get(person_id), left, actor, now)
    if outcome is None:
        raise Full(full_text(session, site), code="full")
    if outcome != "already":
        audit.record(
            session, actor=actor, action="register_class", subject=held.title, at=now,
            detail={"class": held.id, "site": site.name, "count": 1},
        )  # fmt: skip
    return site.name


def cancel_self(session: Session, *, person_id: int, session_id: int, actor: Actor, now: datetime) -> None:
    """Give one's seat back, until the deadline."""
    row = session.execute(
        select(Registration).where(
            col(Registration.session_id) == session_id, col(Registration.person_id) == person_id,
            col(Registration.state) == RegistrationState.REGISTERED.value,
        )
    ).scalar_one_or_none()  # fmt: skip
    if row is None:
        raise NotFound("您没有报名这个班次。", code="registration_unknown")
    held = session.get_one(ClassSession, session_id)
    if held.state != ClassState.ANNOUNCED:
        raise Refusal(f"班次{ClassState(held.state).label}，报名不能再改。", code="class_state")
    _refuse_late(session, held, now)
    row.state = RegistrationState.CANCELLED.value
    audit.record(session, actor=actor, action="cancel_registration", subject=held.title, at=now, detail={"class": session_id})


def _refuse_late(session: Session, held: ClassSession, now: datetime) -> None:
    begin = session.execute(select(func.min(col(ClassLesson.starts_at))).where(col(ClassLesson.session_id) == held.id)).scalar()
    deadline = held.registration_until or begin
    if deadline is not None and now > deadline:
        raise Refusal(f"报名已于 {clock.show(deadline)} 截止。需要参加或请假的，请联系课堂联系人。", code="deadline")


# 名单 -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RegistrationRow:
    """One person on the list of a session."""

    id: int
    person_id: int
    name: str
    phone: str | None
    """None when the person is beyond reach: their telephone is not the classroom's business."""
    organisation: str
    site_id: int | None
    site: str
    registered_at: datetime
    by_self: bool
    came: bool
    minutes: int


def rows(session: Session, *, session_id: int, desk: ClassReach, site_id: int | None = None) -> tuple[RegistrationRow, ...]:
    """Who is registered, as far as one may see, by classroom, unit and name."""
    queries.opened(session, session_id, desk=desk)
    minutes = queries.credited(session, session_id=session_id)
    came = set(
        session.scalars(select(col(Presence.person_id)).where(col(Presence.session_id) == session_id, col(Presence.voided_at).is_(None)))
    )
    query: Any = (
        select(Registration, col(Person.name), col(Person.phone), ClassSite, ClassSession.created_by, desk.knows(col(Person.id)))  # type: ignore[call-overload]
        .join(Person, col(Person.id) == col(Registration.person_id))
        .join(ClassSession, col(ClassSession.id) == col(Registration.session_id))
        .outerjoin(ClassSite, col(ClassSite.id) == col(Registration.site_id))
        .where(col(Registration.session_id) == session_id, col(Registration.state) == RegistrationState.REGISTERED.value)
        .order_by(col(ClassSite.kind).desc(), col(ClassSite.id), col(Person.name), col(Person.id))
    )
    if site_id is not None:
        query = query.where(col(Registration.site_id) == site_id)
    found = [
        row
        for row in session.execute(query)
        if row[5] or (row[3] is not None and desk.hosts(row[3].district_code, created_by=row[4]))
    ]  # fmt: skip
    people = [row[0].person_id for row in found]
    units = candidates.unit_names(session, person_ids=people, desk=desk, registered=[row[0] for row in found])
    own = candidates.own_accounts(session, person_ids=people)
    return tuple(
        RegistrationRow(
            row[0].id, row[0].person_id, row[1], row[2] if row[5] else None, units.get(row[0].person_id, ""), row[0].site_id,
            row[3].name if row[3] is not None else "未定课堂", row[0].registered_at,
            row[0].registered_by is not None and own.get(row[0].person_id) == row[0].registered_by, row[0].person_id in came,
            minutes.get(row[0].person_id, 0),
        )
        for row in found
    )  # fmt: skip

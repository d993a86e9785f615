"""A person's own classes: what they may come to, where they have a seat, and the hours they earned."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlmodel import Session, col

from quiz import clock
from quiz.classes import queries
from quiz.classes.candidates import open_duty
from quiz.classes.domain import show_hours
from quiz.classes.queries import ClassView, SiteView
from quiz.classes.reach import ClassReach
from quiz.models.classes import ClassSession, ClassSite, HoursCredit, Presence, Registration
from quiz.models.organisations import Organisation, Post
from quiz.models.training import Duty
from quiz.organisations.reach import Reaches
from quiz.vocabulary import ClassState, RegistrationState

_PUBLIC = ClassReach(None, Reaches.everything(), None, None)
"""When and where an announced session is held, everybody it is for may know."""


@dataclass(frozen=True)
class Stayed:
    """One of the person's presences."""

    site: str
    begin: datetime
    end: datetime | None


@dataclass(frozen=True)
class MyClass:
    """A session as one of its people sees it."""

    view: ClassView
    site: SiteView | None
    """Where the person has a seat."""
    is_over: bool
    may_register: bool
    may_cancel: bool
    stays: tuple[Stayed, ...]
    minutes: int
    near: frozenset[int]
    """Classrooms of the person's own district, and those of the whole city."""
    barred: tuple[tuple[date, str], ...]
    """Days that give no hours, and why."""

    @property
    def hours(self) -> str:
        return show_hours(self.minutes, minutes_per_hour=self.view.minutes_per_hour)

    @property
    def full_hours(self) -> str:
        return show_hours(self.view.credited_minutes, minutes_per_hour=self.view.minutes_per_hour)

    @property
    def is_today(self) -> bool:
        return self._today in self.view.days

    _today: date = date.min


def my_classes(session: Session, *, person_id: int, now: datetime) -> tuple[MyClass, ...]:
    """Sessions announced for the programmes the person owes, and those they registered for or came to; what comes, first."""
    today = clock.local_day(now)
    seats = {
        row.session_id: row.site_id
        for row in session.scalars(
            select(Registration).where(
                col(Registration.person_id) == person_id, col(Registration.state) == RegistrationState.REGISTERED.value
            )
        )
    }
    stays = _stays(session, person_id)
    owed = set(session.scalars(select(col(Duty.programme_id)).where(col(Duty.person_id) == person_id, *open_duty(today))))
    known = seats.keys() | stays.keys()
    found = session.execute(
        select(col(ClassSession.id), col(ClassSession.programme_id), col(ClassSession.state)).where(
            or_(
                (col(ClassSession.state) == ClassState.ANNOUNCED.value) & col(ClassSession.programme_id).in_(owed),
                col(ClassSession.id).in_(known) & (col(ClassSession.state) != ClassState.DRAFT.value),
            )
        )
    ).all()
    minutes = _minutes(session, person_id)
    home = _districts(session, person_id)
    mine = []
    for session_id, programme_id, state in found:
        view = queries.opened(session, session_id, desk=_PUBLIC)
        is_over = view.end is not None and view.end < now
        if is_over and session_id not in known:
            continue
        is_open = state == ClassState.ANNOUNCED and not is_over and (view.deadline is None or now <= view.deadline)
        site = view.site(seats.get(session_id))
        mine.append(
            MyClass(
                view=_nearest_first(view, home), site=site, is_over=is_over or state in (ClassState.CLOSED, ClassState.CANCELLED),
                may_register=is_open and programme_id in owed, may_cancel=is_open and session_id in seats,
                stays=tuple(stays.get(session_id, ())), minutes=minutes.get(session_id, 0),
                near=frozenset(each.id for each in view.sites if each.district_code is None or each.district_code in home),
                barred=tuple((day, standing.label) for day, standing in view.standings if not standing.gives_hours), _today=today,
            )
        )  # fmt: skip
    return tuple(sorted(mine, key=_order))


def _order(mine: MyClass) -> tuple[bool, float, int]:
    """What comes before what is over; the nearest first."""
    begin = mine.view.begin.timestamp() if mine.view.begin else 0.0
    return mine.is_over, -begin if mine.is_over else begin, mine.view.id


def _stays(session: Session, person_id: int) -> dict[int, list[Stayed]]:
    found: dict[int, list[Stayed]] = defaultdict(list)
    rows: Any = session.execute(
        select(Presence, col(ClassSite.name))
        .outerjoin(ClassSite, col(ClassSite.id) == col(Presence.site_id))
        .where(col(Presence.person_id) == person_id, col(Presence.voided_at).is_(None))
        .order_by(col(Presence.signed_in_at))
    )
    for row, site in rows:
        found[row.session_id].append(Stayed(site or "未注明课堂", row.signed_in_at, row.signed_out_at))
    return found


def _minutes(session: Session, person_id: int) -> dict[int, int]:
    query = select(col(HoursCredit.session_id), func.sum(col(HoursCredit.minutes))).where(col(HoursCredit.person_id) == person_id)
    return {number: int(minutes) for number, minutes in session.execute(query.group_by(col(HoursCredit.session_id)))}


def _districts(session: Session, person_id: int) -> set[str]:
    return set(
        session.scalars(
            select(col(Organisation.district_code))
            .join(Post, col(Post.organisation_id) == col(Organisation.id))
            .where(col(Post.person_id) == person_id, col(Post.held_to).is_(None))
        )
    )


def _nearest_first(view: ClassView, home: set[str]) -> ClassView:
    """Classrooms of the person's own district before the others."""
    return replace(view, sites=tuple(sorted(view.sites, key=lambda site: site.district_code not in home)))


def open_for_sign_in(session: Session, *, person_id: int, now: datetime) -> bool:
    """Is any classroom taking codes from this person at this moment?"""
    day = clock.local_day(now)
    owed = select(col(Duty.programme_id)).where(col(Duty.person_id) == person_id, *open_duty(day))
    seats = select(col(Registration.session_id)).where(
        col(Registration.person_id) == person_id, col(Registration.state) == RegistrationState.REGISTERED.value
    )
    query = (
        select(col(ClassSite.id))
        .join(ClassSession, col(ClassSession.id) == col(ClassSite.session_id))
        .where(
            col(ClassSession.state) == ClassState.ANNOUNCED.value, col(ClassSite.code_open_until) > now,
            or_(col(ClassSession.programme_id).in_(owed), col(ClassSession.id).in_(seats)),
        )
    )  # fmt: skip
    return session.execute(query.limit(1)).first() is not None

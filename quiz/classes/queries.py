"""Reads class sessions: the list as a calendar, and one session opened, as far as somebody reaches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlmodel import Session, col

from quiz import clock
from quiz.classes.domain import Review, Standing, standing_on
from quiz.classes.reach import ClassReach
from quiz.models.classes import (
    ClassLesson,
    ClassSession,
    ClassSite,
    HoursCredit,
    Institution,
    InstitutionReview,
    Presence,
    Registration,
)
from quiz.models.organisations import Region
from quiz.models.training import Programme
from quiz.organisations.ledger import chunks
from quiz.problems import NotFound
from quiz.vocabulary import ClassState, RegistrationState, ReviewVerdict, SiteKind, WithoutSignOut


class When:
    """Which part of the calendar."""

    COMING, PAST, ALL = "coming", "past", "all"


@dataclass(frozen=True)
class LessonView:
    """One line of the timetable."""

    id: int
    begin: datetime
    end: datetime
    topic: str
    teacher: str
    is_credited: bool

    @property
    def day(self) -> date:
        return clock.local_day(self.begin)

    @property
    def time_text(self) -> str:
        """`09:00—09:45`."""
        return f"{clock.show(self.begin)[11:]}—{clock.show(self.end)[11:]}"


@dataclass(frozen=True)
class SiteView:
    """One classroom with how many said to come and how many came."""

    id: int
    kind: SiteKind
    name: str
    place: str
    district_code: str | None
    district: str
    host: str
    telephone: str
    capacity: int | None
    code_open_until: datetime | None
    registered: int
    came: int
    """People with a presence there, on any day."""
    inside: int
    """People signed in and not yet out, of today where the asker said when it is: who forgot to sign out yesterday is not there."""
    is_hosted: bool
    """The asker runs it."""

    @property
    def left(self) -> int | None:
        """Seats nobody took; None without a limit."""
        return None if self.capacity is None else max(self.capacity - self.registered, 0)

    @property
    def label(self) -> str:
        return f"{self.name}（{self.kind.label}）" if self.kind.label not in self.name else self.name


@dataclass(frozen=True)
class ClassRow:
    """One session in the list."""

    id: int
    title: str
    state: ClassState
    programme: str
    institution: str
    begin: datetime | None
    end: datetime | None
    days: int
    sites: int
    places: str
    registered: int
    came: int
    make_up_of: int | None


@dataclass(frozen=True)
class ClassView:
    """A session opened."""

    id: int
    title: str
    state: ClassState
    programme_id: int | None
    programme_code: str
    programme: str
    institution_id: int | None
    institution: str
    standings: tuple[tuple[date, Standing], ...]
    """Per day of the timetable, when an institution holds it."""
    description: str
    minutes_per_hour: int
    grace_minutes: int
    without_sign_out: WithoutSignOut
    registration_until: datetime | None
    make_up_of: int | None
    make_up_title: str
    created_by: int | None
    lessons: tuple[LessonView, ...]
    sites: tuple[SiteView, ...]
    """Those the asker may see: theirs, and main classrooms of the whole city."""
    came: int
    """People who came to a classroom of the asker's."""
    may_manage: bool
    """May change the session itself: runs every classroom of it."""

    @property
    def days(self) -> tuple[date, ...]:
        return tuple(sorted({lesson.day for lesson in self.lessons}))

    @property
    def begin(self) -> datetime | None:
        return min((lesson.begin for lesson in self.lessons), default=None)

    @property
    def end(self) -> datetime | None:
        return max((lesson.end for lesson in self.lessons), default=None)

    @property
    def deadline(self) -> datetime | None:
        """Last moment of registering oneself: the stated one, or the beginning."""
        return self.registration_until or self.begin

    @property
    def credited_minutes(self) -> int:
        return sum(int((lesson.end - lesson.begin).total_seconds() // 60) for lesson in self.lessons if lesson.is_credited)

    @property
    def hosted(self) -> tuple[SiteView, ...]:
        return tuple(site for site in self.sites if site.is_hosted)

    def site(self, site_id: int | None) -> SiteView | None:
        return next((site for site in self.sites if site.id == site_id), None)


def sessions(
    session: Session, *, desk: ClassReach, now: datetime, when: str = When.ALL, state: str = "", programme_id: int | None = None,
    text: str = "",
) -> tuple[ClassRow, ...]:  # fmt: skip
    """Sessions within reach: what comes, the nearest first; what is over, the latest first; those without a timetable before all."""
    begin, end = func.min(col(ClassLesson.starts_at)).label("begin"), func.max(col(ClassLesson.ends_at)).label("end")
    dates: Any = select(col(ClassLesson.session_id).label("session_id"), begin, end).group_by(col(ClassLesson.session_id)).subquery("dates")
    conditions: list[Any] = [desk.sessions()]
    if when == When.COMING:
        conditions.append(or_(dates.c.end.is_(None), dates.c.end >= now))
    elif when == When.PAST:
        conditions.append(dates.c.end < now)
    if state:
        conditions.append(col(ClassSession.state) == state)
    if programme_id is not None:
        conditions.append(col(ClassSession.programme_id) == programme_id)
    if text:
        conditions.append(col(ClassSession.title).contains(text, autoescape=True))
    first = dates.c.begin if when == When.COMING else dates.c.begin.desc()
    rows = session.execute(
        select(ClassSession, col(Programme.title), col(Institution.name), dates.c.begin, dates.c.end)
        .outerjoin(dates, dates.c.session_id == col(ClassSession.id))
        .outerjoin(Programme, col(Programme.id) == col(ClassSession.programme_id))
        .outerjoin(Institution, col(Institution.id) == col(ClassSession.institution_id))
        .where(*conditions)
        .order_by(dates.c.begin.is_not(None), first, col(ClassSession.id).desc())
    ).all()
    ids = [row[0].id for row in rows]
    sites = site_views(session, session_ids=ids, desk=desk, now=now)
    days = _days(session, ids)
    return tuple(_row(row, sites.get(row[0].id, ()), days.get(row[0].id, 0)) for row in rows)


def _row(row: Any, sites: Sequence[SiteView], days: int) -> ClassRow:
    held: ClassSession = row[0]
    assert held.id is not None
    return ClassRow(
        id=held.id, title=held.title, state=ClassState(held.state), programme=row[1] or "", institution=row[2] or "", begin=row[3],
        end=row[4], days=days, sites=len(sites), places="、".join(site.name for site in sites),
        registered=sum(site.registered for site in sites if site.is_hosted), came=sum(site.came for site in sites if site.is_hosted),
        make_up_of=held.make_up_of,
    )  # fmt: skip


def _days(session: Session, ids: Sequence[int]) -> dict[int, int]:
    found: dict[int, set[date]] = defaultdict(set)
    for some in chunks(ids):
        for number, begin in session.execute(
            select(col(ClassLesson.session_id), col(ClassLesson.starts_at)).where(col(ClassLesson.session_id).in_(some))
        ):
            found[number].add(clock.local_day(begin))
    return {number: len(days) for number, days in found.items()}


def site_views(
    session: Session, *, session_ids: Iterable[int], desk: ClassReach, now: datetime | None = None
) -> dict[int, tuple[SiteView, ...]]:  # fmt: skip
    """The classrooms of these sessions that may be seen, the main one first."""
    found: dict[int, list[SiteView]] = defaultdict(list)
    for ids in chunks(session_ids):
        counts = _counts(session, ids, now)
        rows = session.execute(
            select(ClassSite, col(Region.name), col(ClassSession.created_by))
            .join(ClassSession, col(ClassSession.id) == col(ClassSite.session_id))
            .outerjoin(Region, col(Region.code) == col(ClassSite.district_code))
            .where(col(ClassSite.session_id).in_(ids))
            .order_by(col(ClassSite.kind).desc(), col(ClassSite.district_code), col(ClassSite.id))
        )
        for site, district, created_by in rows:
            hosted = desk.hosts(site.district_code, created_by=created_by)
            if hosted or (site.kind == SiteKind.MAIN and site.district_code is None):
                found[site.session_id].append(_site(site, district, counts.get(site.id, (0, 0, 0)), hosted))
    return {number: tuple(views) for number, views in found.items()}


def _site(site: ClassSite, district: str | None, counts: tuple[int, int, int], hosted: bool) -> SiteView:
    assert site.id is not None
    return SiteView(
        site.id, SiteKind(site.kind), site.name, site.place, site.district_code, district or "全市", site.host, site.telephone,
        site.capacity, site.code_open_until, *counts, hosted,
    )  # fmt: skip


def _counts(session: Session, session_ids: Sequence[int], now: datetime | None) -> dict[int, tuple[int, int, int]]:
    """Per classroom: registered, came, inside."""
    registered = dict(
        session.execute(
            select(col(Registration.site_id), func.count())
            .where(col(Registration.session_id).in_(session_ids), col(Registration.state) == RegistrationState.REGISTERED.value)
            .group_by(col(Registration.site_id))
        ).all()
    )
    people = func.count(func.distinct(col(Presence.person_id)))
    there = (col(Presence.session_id).in_(session_ids), col(Presence.voided_at).is_(None))
    came = dict(session.execute(select(col(Presence.site_id), people).where(*there).group_by(col(Presence.site_id))).all())
    still: tuple[Any, ...] = (*there, col(Presence.signed_out_at).is_(None))
    if now is not None:
        still = (*still, col(Presence.signed_in_at) >= clock.start_of_day(clock.local_day(now)))
    inside = dict(session.execute(select(col(Presence.site_id), people).where(*still).group_by(col(Presence.site_id))).all())
    return {
        site: (registered.get(site, 0), came.get(site, 0), inside.get(site, 0))
        for site in (registered.keys() | came.keys())
        if site is not None
    }


def opened(session: Session, session_id: int, *, desk: ClassReach, now: datetime | None = None) -> ClassView:
    """One session; beyond reach there is none."""
    row = session.execute(
        select(ClassSession, Programme, col(Institution.name))
        .outerjoin(Programme, col(Programme.id) == col(ClassSession.programme_id))
        .outerjoin(Institution, col(Institution.id) == col(ClassSession.institution_id))
        .where(col(ClassSession.id) == session_id, desk.sessions())
    ).first()
    if row is None:
        raise NotFound("没有找到这个班次，或不在您的管理范围内。", code="class_unknown")
    held: ClassSession = row[0]
    programme: Programme | None = row[1]
    lessons = tuple(
        LessonView(each.id or 0, each.starts_at, each.ends_at, each.topic, each.teacher, each.is_credited)
        for each in session.scalars(
            select(ClassLesson).where(col(ClassLesson.session_id) == session_id).order_by(col(ClassLesson.starts_at), col(ClassLesson.id))
        )
    )
    before = session.get(ClassSession, held.make_up_of) if held.make_up_of else None
    sites = site_views(session, session_ids=[session_id], desk=desk, now=now).get(session_id, ())
    return ClassView(
        id=session_id, title=held.title, state=ClassState(held.state), programme_id=held.programme_id,
        programme_code=programme.code if programme else "", programme=programme.title if programme else "",
        institution_id=held.institution_id, institution=row[2] or "",
        standings=_standings(session, held.institution_id, {lesson.day for lesson in lessons}),
        description=held.description, minutes_per_hour=held.minutes_per_hour, grace_minutes=held.grace_minutes,
        without_sign_out=WithoutSignOut(held.without_sign_out), registration_until=held.registration_until,
        make_up_of=held.make_up_of, make_up_title=before.title if before else "", created_by=held.created_by, lessons=lessons,
        sites=sites, came=_came(session, [site.id for site in sites if site.is_hosted]),
        may_manage=may_manage(session, held, desk),
    )  # fmt: skip


def _came(session: Session, site_ids: Sequence[int]) -> int:
    people = func.count(func.distinct(col(Presence.person_id)))
    return session.execute(select(people).where(col(Presence.site_id).in_(site_ids), col(Presence.voided_at).is_(None))).scalar_one()


def may_manage(session: Session, held: ClassSession, desk: ClassReach) -> bool:
    """May this desk change the session itself? Only who runs all of its classrooms, or made it before it had any."""
    if desk.is_city_wide:
        return True
    districts = session.scalars(select(col(ClassSite.district_code)).where(col(ClassSite.session_id) == held.id)).all()
    mine = held.created_by is not None and held.created_by == desk.account_id
    return all(desk.hosts(code, created_by=held.created_by) for code in districts) if districts else mine


def _standings(session: Session, institution_id: int | None, days: Iterable[date]) -> tuple[tuple[date, Standing], ...]:
    if institution_id is None:
        return ()
    struck_off_on = session.execute(select(col(Institution.struck_off_on)).where(col(Institution.id) == institution_id)).scalar()
    reviews = reviews_of(session, institution_id)
    return tuple((day, standing_on(day, reviews, struck_off_on=struck_off_on)) for day in sorted(days))


def reviews_of(session: Session, institution_id: int) -> list[Review]:
    """What decides of the reviews that stand."""
    rows = session.scalars(
        select(InstitutionReview).where(
            and_(col(InstitutionReview.institution_id) == institution_id, col(InstitutionReview.withdrawn_at).is_(None))
        )
    )
    return [Review(row.id or 0, row.reviewed_on, row.valid_until, ReviewVerdict(row.verdict)) for row in rows]


def credited(session: Session, *, session_id: int) -> dict[int, int]:
    """Person → minutes in that session."""
    query = select(col(HoursCredit.person_id), func.sum(col(HoursCredit.minutes))).where(col(HoursCredit.session_id) == session_id)
    return {person_id: int(minutes) for person_id, minutes in session.execute(query.group_by(col(HoursCredit.person_id)))}


def programmes_to_choose(session: Session) -> dict[int, str]:
    """Programmes whose duties a session may serve, the latest first."""
    rows = session.execute(select(col(Programme.id), col(Programme.title)).order_by(col(Programme.opens_on).desc(), col(Programme.code)))
    return {number: title for number, title in rows if number is not None}


def institutions_to_choose(session: Session) -> dict[int, str]:
    """Institutions that were not struck off."""
    rows = session.execute(
        select(col(Institution.id), col(Institution.name)).where(col(Institution.struck_off_on).is_(None)).order_by(col(Institution.name))
    )
    return {number: name for number, name in rows if number is not None}

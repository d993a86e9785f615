"""Signing in and out of a classroom with the code on its screen; a repeated request changes nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, or_, select
from sqlmodel import Session, col

from quiz import clock
from quiz.accounts import audit
from quiz.accounts.audit import Actor
from quiz.classes import candidates, codes, hours, service
from quiz.classes.codes import Match
from quiz.classes.domain import AROUND, Lesson, Span, sittings
from quiz.classes.reach import ClassReach
from quiz.models.accounts import SignInFailure
from quiz.models.classes import ClassLesson, ClassSession, ClassSite, Presence, Registration
from quiz.models.organisations import Person
from quiz.models.training import Programme
from quiz.problems import Invalid, NotFound, Refusal
from quiz.vocabulary import ClassState, PresenceSource, RegistrationState, SiteKind

GUESSES = 8
GUESS_WINDOW = timedelta(minutes=10)
IN, OUT = "in", "out"


class TooManyGuesses(Refusal):
    """Somebody tries codes."""

    status = 429


class WrongCode(Invalid):
    """Not what the screen shows; counted."""


class OldCode(Invalid):
    """What the screen showed a while ago; recorded."""


@dataclass(frozen=True)
class Attendance:
    """Where somebody stands at one classroom today."""

    session_id: int
    title: str
    programme: str
    site_id: int
    site: str
    place: str
    state: str
    """`none`: not come yet; `in`; `out`."""
    since: datetime | None
    left_at: datetime | None
    registered_at_site: str
    """Another classroom in which the person has a seat; empty otherwise."""
    elsewhere: str
    """Another classroom in which they are signed in at this moment; empty otherwise."""
    ends: datetime
    """When the last lesson of today ends."""


def window(session: Session, session_id: int, *, at: datetime) -> Span | None:
    """The sitting to which that moment belongs, an evening's also after midnight; None on a day without lessons."""
    day = clock.start_of_day(clock.local_day(at))
    rows = session.execute(
        select(col(ClassLesson.starts_at), col(ClassLesson.ends_at)).where(
            col(ClassLesson.session_id) == session_id, col(ClassLesson.starts_at) >= day - timedelta(days=2),
            col(ClassLesson.starts_at) < day + timedelta(days=3),
        )
    )  # fmt: skip
    found = sittings(Lesson(Span(begin, end)) for begin, end in rows)
    near = [span for span in found if span.begin - AROUND <= at <= span.end + AROUND]
    today = [span for span in found if clock.local_day(span.begin) == clock.local_day(at)]
    fitting = near or today
    return fitting[-1] if fitting else None


def open_window(session: Session, site: ClassSite, held: ClassSession, *, at: datetime) -> Span:
    """The sitting's lessons, if signing in is possible at that moment. Raises Refusal with the reason."""
    if held.state != ClassState.ANNOUNCED:
        raise Refusal(f"班次{ClassState(held.state).label}，不能签到。", code="class_state")
    lessons = window(session, held.id or 0, at=at)
    if lessons is None:
        raise Refusal(f"“{held.title}”今天没有课，不能签到。", code="not_today")
    if at < lessons.begin - AROUND:
        raise Refusal(f"还没到签到时间：{clock.show(lessons.begin - AROUND)[11:]} 起可以签到。", code="too_early")
    if at > lessons.end + AROUND:
        raise Refusal(f"今天的课已于 {clock.show(lessons.end)[11:]} 结束，签到已关闭。需要补登的请联系课堂联系人。", code="too_late")
    return lessons


def attendance(session: Session, *, site_id: int, person_id: int, code: str, scanned: datetime) -> Attendance:
    """Check the code and the person, and say where they stand; nothing is written.

    Raises:
        TooManyGuesses, WrongCode: the code.
        NotFound, Refusal: no such classroom, not now, not for this person.
    """
    site, held = _place(session, site_id)
    if guesses(session, person_id=person_id, now=scanned) >= GUESSES:
        raise TooManyGuesses("输错次数过多，请 10 分钟后再试，或请课堂工作人员为您登记。", code="too_many_guesses")
    lessons = open_window(session, site, held, at=scanned)
    if site.code_open_until is None or site.code_open_until <= scanned:
        raise Refusal("这个课堂现在没有开放扫码签到，请询问课堂工作人员。", code="not_open")
    _check_code(code, site, scanned)
    if not may_attend(session, held, person_id=person_id, at=scanned):
        message = "您不在本班次的应训名单里，也没有报名。请找课堂工作人员核对姓名后登记。"
        raise Refusal(message, code="not_expected")
    return _standing(session, site, held, person_id, lessons, scanned)


def _place(session: Session, site_id: int) -> tuple[ClassSite, ClassSession]:
    site = session.get(ClassSite, site_id)
    held = session.get(ClassSession, site.session_id) if site else None
    if site is None or held is None or held.state == ClassState.DRAFT:
        raise NotFound("没有找到这个课堂，请重新扫描屏幕上的二维码。", code="site_unknown")
    return site, held


def _check_code(code: str, site: ClassSite, at: datetime) -> None:
    if not re.fullmatch(r"[0-9]{6}", code):
        raise Invalid("签到码是屏幕上的 6 位数字。", code="code_form")
    found = codes.match(code, secret=site.secret, site_id=site.id or 0, at=at)
    if found is Match.OLD:
        raise OldCode("这个签到码已经更换，请重新扫描屏幕上的二维码，或输入现在显示的数字。", code="code_old")
    if found is Match.WRONG:
        raise WrongCode("签到码不正确。请核对是不是本课堂屏幕上现在显示的数字。", code="code_wrong")


def may_attend(session: Session, held: ClassSession, *, person_id: int, at: datetime) -> bool:
    """Registered for the session, or owes its programme."""
    seat = select(col(Registration.id)).where(
        col(Registration.session_id) == held.id, col(Registration.person_id) == person_id,
        col(Registration.state) == RegistrationState.REGISTERED.value,
    )  # fmt: skip
    if session.execute(seat).first() is not None:
        return True
    return candidates.owes(session, person_id=person_id, programme_id=held.programme_id, day=clock.local_day(at))


def _since(lessons: Span, at: datetime) -> datetime:
    """From when on a presence belongs to what goes on now: today, or the evening before where its lessons go on."""
    return min(clock.start_of_day(clock.local_day(at)), lessons.begin - AROUND)


def _recent(session: Session, person_id: int, lessons: Span, at: datetime) -> list[Presence]:
    return list(
        session.scalars(
            select(Presence)
            .where(
                col(Presence.person_id) == person_id, col(Presence.voided_at).is_(None),
                col(Presence.signed_in_at) >= _since(lessons, at),
                col(Presence.signed_in_at) < clock.start_of_day(clock.local_day(at)) + timedelta(days=1),
            )
            .order_by(col(Presence.signed_in_at), col(Presence.id))
        )
    )  # fmt: skip


def _standing(session: Session, site: ClassSite, held: ClassSession, person_id: int, lessons: Span, at: datetime) -> Attendance:
    today = _recent(session, person_id, lessons, at)
    here = [row for row in today if row.site_id == site.id and row.source == PresenceSource.CODE]
    last = here[-1] if here else None
    state = "none" if last is None else IN if last.signed_out_at is None else OUT
    other = next((row for row in today if row.site_id != site.id and row.signed_out_at is None), None)
    other_site = session.get(ClassSite, other.site_id) if other and other.site_id else None
    seat = session.execute(
        select(col(ClassSite.id), col(ClassSite.name))
        .join(Registration, col(Registration.site_id) == col(ClassSite.id))
        .where(
            col(Registration.session_id) == held.id, col(Registration.person_id) == person_id,
            col(Registration.state) == RegistrationState.REGISTERED.value,
        )
    ).first()  # fmt: skip
    programme = session.get(Programme, held.programme_id) if held.programme_id else None
    return Attendance(
        session_id=held.id or 0, title=held.title, programme=programme.title if programme else "", site_id=site.id or 0, site=site.name,
        place=site.place, state=state, since=last.signed_in_at if last else None, left_at=last.signed_out_at if last else None,
        registered_at_site=seat[1] if seat and seat[0] != site.id else "",
        elsewhere=other_site.name if other_site else ("其他课堂" if other else ""), ends=lessons.end,
    )  # fmt: skip


def attend(
    session: Session, *, site_id: int, person_id: int, code: str, scanned: datetime, act: str, actor: Actor, now: datetime
) -> Attendance:  # fmt: skip
    """Sign in or out as of the moment of the scan. A scan that was used already, or is older than what is recorded, changes nothing."""
    session.execute(select(col(Person.id)).where(col(Person.id) == person_id).with_for_update())
    before = attendance(session, site_id=site_id, person_id=person_id, code=code, scanned=scanned)
    last = before.left_at or before.since
    if (last is not None and scanned <= last) or _is_used(session, site_id, person_id, scanned):
        return before
    if act == IN and before.state != IN:
        row = Presence(
            session_id=before.session_id, site_id=site_id, person_id=person_id, signed_in_at=scanned, source=PresenceSource.CODE.value
        )
        session.add(row)
    elif act == OUT and before.state == IN:
        here = (col(Presence.site_id) == site_id, col(Presence.person_id) == person_id, col(Presence.voided_at).is_(None))
        open_one = here + (col(Presence.signed_in_at) == before.since, col(Presence.source) == PresenceSource.CODE.value)
        session.scalars(select(Presence).where(*open_one, col(Presence.signed_out_at).is_(None))).one().signed_out_at = scanned
    else:
        return before
    session.flush()
    audit.record(
        session, actor=actor, action="attend" if act == IN else "leave_class", subject=before.title, at=now,
        detail={"class": before.session_id, "site": before.site, **({"conflict": before.elsewhere} if before.elsewhere else {})},
    )  # fmt: skip
    if act == OUT:
        hours.recompute(session, person_ids=[person_id], now=now)
    return attendance(session, site_id=site_id, person_id=person_id, code=code, scanned=scanned)


def _is_used(session: Session, site_id: int, person_id: int, scanned: datetime) -> bool:
    """Voided records count too: what the staff took back does not come back by sending the same scan again."""
    at_once = or_(col(Presence.signed_in_at) == scanned, col(Presence.signed_out_at) == scanned)
    query = select(col(Presence.id)).where(col(Presence.person_id) == person_id, col(Presence.site_id) == site_id, at_once)
    return session.execute(query.limit(1)).first() is not None


def find_site(session: Session, *, person_id: int, code: str, now: datetime) -> int:
    """The classroom whose screen shows this code now, of those open to the person."""
    if guesses(session, person_id=person_id, now=now) >= GUESSES:
        raise TooManyGuesses("输错次数过多，请 10 分钟后再试，或请课堂工作人员为您登记。", code="too_many_guesses")
    if not re.fullmatch(r"[0-9]{6}", code):
        raise Invalid("签到码是屏幕上的 6 位数字。", code="code_form")
    rows = session.execute(
        select(ClassSite, ClassSession)
        .join(ClassSession, col(ClassSession.id) == col(ClassSite.session_id))
        .where(col(ClassSession.state) == ClassState.ANNOUNCED.value, col(ClassSite.code_open_until) > now)
        .order_by(col(ClassSite.id))
    ).all()
    fits = {
        site.id: codes.match(code, secret=site.secret, site_id=site.id or 0, at=now)
        for site, held in rows
        if may_attend(session, held, person_id=person_id, at=now)
    }
    good = [number for number, found in fits.items() if found is Match.GOOD]
    if len(good) == 1 and good[0] is not None:
        return good[0]
    if len(good) > 1:
        raise Invalid("这个签到码同时出现在两个课堂，请等屏幕换码后再输入，或直接扫描二维码。", code="code_shared")
    if any(found is Match.OLD for found in fits.values()):
        raise Invalid("这个签到码已经更换，请输入屏幕上现在显示的数字。", code="code_old")
    raise WrongCode("签到码不正确，或这个课堂不是为您所在的专项开设的。请核对屏幕上现在显示的数字。", code="code_wrong")


# 防猜 -----------------------------------------------------------------------------------------------------------------


def _guesser(person_id: int) -> str:
    """Guesses at codes are kept with those at passwords, under a name that is no address: a classroom shares one address."""
    return f"attend:{person_id}"


def guesses(session: Session, *, person_id: int, now: datetime) -> int:
    """Wrong codes of this person lately."""
    query = select(func.count()).select_from(SignInFailure)
    return session.execute(
        query.where(col(SignInFailure.address) == _guesser(person_id), col(SignInFailure.at) > now - GUESS_WINDOW)
    ).scalar_one()


def record_guess(session: Session, *, person_id: int, actor: Actor, now: datetime) -> None:
    """Count a wrong code."""
    name = _guesser(person_id)
    session.execute(delete(SignInFailure).where(col(SignInFailure.address) == name, col(SignInFailure.at) < now - GUESS_WINDOW))
    session.add(SignInFailure(address=name, account=actor.account[:60], at=now))
    audit.record(session, actor=actor, action="attend", result="refused", at=now)


def record_stale(session: Session, *, site_id: int, actor: Actor, now: datetime) -> None:
    """An old code is often one passed on by chat to somebody who is not there: not counted as a guess, but kept for the office to see."""
    site, held = _place(session, site_id)
    detail = {"class": held.id, "site": site.name, "reason": "签到码已经更换"}
    audit.record(session, actor=actor, action="attend", subject=held.title, result="refused", at=now, detail=detail)


# 投屏 -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Screen:
    """What the projector of a classroom shows."""

    site_id: int
    session_id: int
    title: str
    site: str
    place: str
    is_main: bool
    open_until: datetime | None
    """Until when codes are accepted; None while sign-in is shut."""
    code: str
    inside: int
    came: int
    registered: int
    begins: datetime | None
    ends: datetime | None
    problem: str
    """Why sign-in cannot be opened now; empty when it can."""


def screen(session: Session, *, site_id: int, desk: ClassReach, now: datetime) -> Screen:
    """For the staff who run the classroom; nobody else learns its code."""
    site, held = service.hosted_site(session, site_id, desk=desk)
    problem, lessons = "", None
    try:
        lessons = open_window(session, site, held, at=now)
    except Refusal as refusal:
        problem = refusal.message
    is_open = site.code_open_until is not None and site.code_open_until > now and not problem
    there: tuple[Any, ...] = (
        col(Presence.site_id) == site_id, col(Presence.voided_at).is_(None),
        col(Presence.signed_in_at) >= (_since(lessons, now) if lessons else clock.start_of_day(clock.local_day(now))),
    )  # fmt: skip
    people = func.count(func.distinct(col(Presence.person_id)))
    return Screen(
        site_id=site_id, session_id=held.id or 0, title=held.title, site=site.name, place=site.place, is_main=site.kind == SiteKind.MAIN,
        open_until=site.code_open_until if is_open else None,
        code=codes.code_of(site.secret, site_id, codes.step_at(now)) if is_open else "",
        inside=session.execute(select(people).where(*there, col(Presence.signed_out_at).is_(None))).scalar_one(),
        came=session.execute(select(people).where(*there)).scalar_one(),
        registered=service.seats_taken(session, site_id), begins=lessons.begin if lessons else None, ends=lessons.end if lessons else None,
        problem=problem,
    )  # fmt: skip


def set_open(session: Session, *, site_id: int, is_open: bool, desk: ClassReach, actor: Actor, now: datetime) -> None:
    """Let codes be accepted until an hour after the last lesson of today, or shut sign-in at once."""
    site, held = service.hosted_site(session, site_id, desk=desk)
    site.code_open_until = open_window(session, site, held, at=now).end + AROUND if is_open else None
    audit.record(
        session, actor=actor, action="open_sign_in" if is_open else "shut_sign_in", subject=held.title, at=now,
        detail={"class": held.id, "site": site.name},
    )  # fmt: skip

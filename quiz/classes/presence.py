"""Who was there: the list, what needs somebody's hand, and corrections with their reasons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from quiz import clock
from quiz.accounts import audit
from quiz.accounts.audit import Actor
from quiz.classes import candidates, hours, queries, registration, service
from quiz.classes.domain import Rules, Stay, clashes, is_settled
from quiz.classes.reach import ClassReach
from quiz.models.classes import ClassSession, ClassSite, Presence
from quiz.models.organisations import Person
from quiz.organisations.ledger import chunks
from quiz.problems import Invalid, NotFound, Refusal
from quiz.vocabulary import ClassState, PresenceSource

SHORTEST_REASON = 4
LONGEST_STAY = timedelta(hours=16)


@dataclass(frozen=True)
class PresenceRow:
    """One stay in a classroom."""

    id: int
    person_id: int
    name: str
    organisation: str
    site_id: int | None
    site: str
    signed_in_at: datetime
    signed_out_at: datetime | None
    source: PresenceSource
    note: str
    voided_at: datetime | None
    void_reason: str
    is_settled: bool
    minutes: int
    """What the person is credited with in this session on that day."""

    @property
    def day(self) -> date:
        return clock.local_day(self.signed_in_at)


@dataclass(frozen=True)
class Conflict:
    """The same person in two classrooms at once."""

    person_id: int
    name: str
    organisation: str
    first_id: int
    first: str
    second_id: int
    second: str
    begin: datetime
    end: datetime


def rows(session: Session, *, session_id: int, desk: ClassReach) -> tuple[PresenceRow, ...]:
    """Presences that may be seen, voided ones too, the latest day first, by classroom and name."""
    queries.opened(session, session_id, desk=desk)
    query: Any = (
        select(Presence, col(Person.name), ClassSite, ClassSession.created_by, desk.knows(col(Person.id)))  # type: ignore[call-overload]
        .join(Person, col(Person.id) == col(Presence.person_id))
        .join(ClassSession, col(ClassSession.id) == col(Presence.session_id))
        .outerjoin(ClassSite, col(ClassSite.id) == col(Presence.site_id))
        .where(col(Presence.session_id) == session_id)
        .order_by(col(ClassSite.kind).desc(), col(ClassSite.id), col(Person.name), col(Presence.signed_in_at), col(Presence.id))
    )
    found = [
        row
        for row in session.execute(query)
        if row[4] or (row[2] is not None and desk.hosts(row[2].district_code, created_by=row[3]))
    ]  # fmt: skip
    held = session.get_one(ClassSession, session_id)
    units = candidates.unit_names(
        session, person_ids=[row[0].person_id for row in found], desk=desk, programme_id=held.programme_id
    )  # fmt: skip
    stays: dict[int, list[Stay]] = defaultdict(list)
    for row in found:
        if row[0].voided_at is None:
            stays[row[0].person_id].append(_stay(row[0]))
    minutes = hours.day_minutes(session, session_id=session_id)
    views = [_row(row, units, stays, minutes) for row in found]
    return tuple(sorted(views, key=lambda view: view.day, reverse=True))


def _stay(row: Any) -> Stay:
    return Stay(row.session_id, row.site_id, row.signed_in_at, row.signed_out_at, row.id)


def _row(row: Any, units: dict[int, str], stays: dict[int, list[Stay]], minutes: dict[tuple[int, date], int]) -> PresenceRow:
    there: Presence = row[0]
    day = clock.local_day(there.signed_in_at)
    return PresenceRow(
        id=there.id or 0, person_id=there.person_id, name=row[1], organisation=units.get(there.person_id, ""), site_id=there.site_id,
        site=row[2].name if row[2] is not None else "未注明课堂", signed_in_at=there.signed_in_at, signed_out_at=there.signed_out_at,
        source=PresenceSource(there.source), note=there.note, voided_at=there.voided_at, void_reason=there.void_reason,
        is_settled=there.voided_at is not None or is_settled(_stay(there), stays[there.person_id]),
        minutes=minutes.get((there.person_id, day), 0),
    )  # fmt: skip


def conflicts(session: Session, *, session_id: int, desk: ClassReach, known: Sequence[PresenceRow] | None = None) -> tuple[Conflict, ...]:
    """People of this session who were in two classrooms at once, of this or another session; `known` are its rows if already read."""
    known = rows(session, session_id=session_id, desk=desk) if known is None else known
    seen = {row.person_id: row for row in known if row.voided_at is None}
    stays: dict[int, list[Stay]] = defaultdict(list)
    places: dict[int, str] = {}
    for ids in chunks(sorted(seen)):
        found = session.execute(
            select(Presence, ClassSite, col(ClassSession.title), col(ClassSession.created_by))
            .join(ClassSession, col(ClassSession.id) == col(Presence.session_id))
            .outerjoin(ClassSite, col(ClassSite.id) == col(Presence.site_id))
            .where(
                col(Presence.person_id).in_(ids), col(Presence.voided_at).is_(None), col(ClassSession.state).in_(hours.COUNTING)
            )
        )  # fmt: skip
        for there, site, title, created_by in found:
            stays[there.person_id].append(_stay(there))
            name = site.name if site is not None else "未注明课堂"
            is_near = site is None or site.district_code is None or desk.hosts(site.district_code, created_by=created_by)
            places[there.id] = (name if there.session_id == session_id else f"{title}·{name}") if is_near else "其他区市的课堂"
    rules = hours.rules_of(session, {stay.session_id for each in stays.values() for stay in each})
    return tuple(
        conflict
        for person_id, each in stays.items()
        for conflict in _conflicts(seen[person_id], each, rules, places, session_id)
    )  # fmt: skip


def _conflicts(
    person: PresenceRow, stays: Sequence[Stay], rules: dict[int, Rules], places: dict[int, str], session_id: int
) -> list[Conflict]:  # fmt: skip
    open_but_settled = {stay.id for stay in stays if stay.end is None and is_settled(stay, stays)}
    return [
        Conflict(
            person.person_id, person.name, person.organisation, clash.first.id, places[clash.first.id], clash.second.id,
            places[clash.second.id], clash.span.begin, clash.span.end,
        )
        for clash in clashes([stay for stay in stays if stay.id not in open_but_settled], rules)
        if session_id in (clash.first.session_id, clash.second.session_id)
    ]  # fmt: skip


# 更正 -----------------------------------------------------------------------------------------------------------------


def _mine(session: Session, presence_id: int, desk: ClassReach) -> tuple[Presence, ClassSession, str]:
    """A presence that may be corrected: only who runs the classroom knows who was in it."""
    row = session.get(Presence, presence_id, with_for_update=True)
    held = session.get(ClassSession, row.session_id) if row else None
    site = session.get(ClassSite, row.site_id) if row and row.site_id else None
    if row is None or held is None or not desk.hosts(site.district_code if site else None, created_by=held.created_by):
        raise NotFound("没有找到这条签到记录，或不在您的管理范围内。", code="presence_unknown")
    if held.state != ClassState.ANNOUNCED:
        raise Refusal(f"班次{ClassState(held.state).label}，签到记录不能再改；确需更正的请先撤销办结。", code="class_state")
    return row, held, session.get_one(Person, row.person_id).name


def _reason(text: str) -> str:
    if len(text.strip()) < SHORTEST_REASON:
        raise Invalid(f"请写明理由（至少 {SHORTEST_REASON} 个字）。", code="reason")
    return text.strip()[:200]


def void(session: Session, *, presence_id: int, reason: str, desk: ClassReach, actor: Actor, now: datetime) -> str:
    """It does not count any more; it stays on the list with the reason. Answers with the person's name."""
    row, held, name = _mine(session, presence_id, desk)
    if row.voided_at is not None:
        raise Refusal("这条记录已经作废。", code="voided")
    row.voided_at, row.void_reason = now, _reason(reason)
    _corrected(session, "void_presence", row, held, name, actor, now, reason=row.void_reason)
    return name


def restore(session: Session, *, presence_id: int, desk: ClassReach, actor: Actor, now: datetime) -> str:
    """Take back the voiding."""
    row, held, name = _mine(session, presence_id, desk)
    if row.voided_at is None:
        raise Refusal("这条记录没有作废。", code="not_voided")
    row.voided_at, row.void_reason = None, ""
    _corrected(session, "restore_presence", row, held, name, actor, now)
    return name


def settle(
    session: Session, *, presence_id: int, left_at: datetime, reason: str, desk: ClassReach, actor: Actor, now: datetime
) -> str:  # fmt: skip
    """Say when somebody left who never signed out, or correct it."""
    row, held, name = _mine(session, presence_id, desk)
    if row.voided_at is not None:
        raise Refusal("这条记录已经作废，不能再核实。", code="voided")
    before = clock.show(row.signed_out_at) or "未签退"
    _check_span(row.signed_in_at, left_at, now)
    row.signed_out_at, row.note = left_at, _reason(reason)
    _corrected(session, "settle_presence", row, held, name, actor, now, reason=row.note, before=before, after=clock.show(left_at))
    return name


def add(
    session: Session, *, site_id: int, person_id: int, begin: datetime, end: datetime | None, reason: str, desk: ClassReach, actor: Actor,
    now: datetime,
) -> str:  # fmt: skip
    """Enter a presence by hand, in a classroom of one's own, for somebody within reach or registered there."""
    site, held = service.hosted_site(session, site_id, desk=desk)
    if held.state != ClassState.ANNOUNCED:
        raise Refusal(f"班次{ClassState(held.state).label}，不能补登签到。", code="class_state")
    person = session.execute(select(Person).where(col(Person.id) == person_id, desk.knows(col(Person.id)))).scalar_one_or_none()
    seats = registration.rows(session, session_id=held.id or 0, desk=desk)
    if person is None and person_id not in {row.person_id for row in seats}:
        raise NotFound("没有找到这个人，或不在您的管理范围内。", code="person_unknown")
    person = person or session.get_one(Person, person_id)
    if begin > now:
        raise Invalid("签到时间不能晚于现在。", code="future")
    days = queries.opened(session, held.id or 0, desk=desk).days
    if clock.local_day(begin) not in days:
        raise Invalid(f"{clock.local_day(begin).isoformat()} 没有课，请核对日期。", code="not_a_class_day")
    if end is not None:
        _check_span(begin, end, now)
    row = Presence(
        session_id=held.id or 0, site_id=site_id, person_id=person_id, signed_in_at=begin, signed_out_at=end,
        source=PresenceSource.HAND.value, recorded_by=actor.account_id, note=_reason(reason),
    )  # fmt: skip
    session.add(row)
    span = f"{clock.show(begin)}—{clock.show(end)[11:] if end else '未签退'}"
    _corrected(session, "add_presence", row, held, person.name, actor, now, reason=row.note, after=span)
    return person.name


def _check_span(begin: datetime, end: datetime, now: datetime) -> None:
    if end <= begin:
        raise Invalid("签退时间应晚于签到时间。", code="span")
    if end > now:
        raise Invalid("签退时间不能晚于现在。", code="future")
    if end - begin > LONGEST_STAY:
        raise Invalid("签到到签退超过 16 小时，请核对日期。", code="span_long")


def _corrected(
    session: Session, action: str, row: Presence, held: ClassSession, name: str, actor: Actor, now: datetime, **detail: str
) -> None:  # fmt: skip
    audit.record(
        session, actor=actor, action=action, subject=held.title, at=now,
        detail={"class": held.id, "person": name, "signed_in": clock.show(row.signed_in_at), **detail},
    )  # fmt: skip
    hours.recompute(session, person_ids=[row.person_id], now=now)

"""Works out who is credited with how many minutes, from presence alone, and tells those above when it changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlmodel import Session, col

from quiz import clock, events
from quiz.classes.domain import Lesson, Review, Rules, Span, Stay, credit, standing_on
from quiz.models.classes import ClassLesson, ClassSession, HoursCredit, Institution, InstitutionReview, Presence
from quiz.organisations.ledger import chunks
from quiz.vocabulary import ClassState, ReviewVerdict, WithoutSignOut

PEOPLE_AT_ONCE = 1_000
COUNTING = (ClassState.ANNOUNCED.value, ClassState.CLOSED.value)
"""A cancelled session gives no hours."""
_LOOK_BACK = timedelta(days=14)
Key = tuple[int, int, date]
"""Session, person, day."""


def rules_of(session: Session, session_ids: Iterable[int]) -> dict[int, Rules]:
    """Timetable and policy of these sessions, with the days on which their institution had no valid review."""
    rows: dict[int, Any] = {}
    lessons: dict[int, list[Lesson]] = defaultdict(list)
    for ids in chunks(session_ids):
        for row in session.execute(
            select(
                col(ClassSession.id), col(ClassSession.grace_minutes), col(ClassSession.without_sign_out), col(ClassSession.institution_id)
            ).where(col(ClassSession.id).in_(ids))
        ):
            rows[row.id] = row
        for lesson in session.scalars(select(ClassLesson).where(col(ClassLesson.session_id).in_(ids)).order_by(col(ClassLesson.starts_at))):
            lessons[lesson.session_id].append(Lesson(Span(lesson.starts_at, lesson.ends_at), lesson.is_credited))
    standing = _standings(session, {row.institution_id for row in rows.values() if row.institution_id is not None})
    return {
        number: Rules(
            number, tuple(lessons[number]), timedelta(minutes=row.grace_minutes), WithoutSignOut(row.without_sign_out),
            frozenset(day for day in {lesson.day for lesson in lessons[number]} if not standing(row.institution_id, day)),
        )
        for number, row in rows.items()
    }  # fmt: skip


def _standings(session: Session, institution_ids: set[int]) -> Any:
    """A function that says whether an institution's session gives hours on a day; a session of none does."""
    reviews: dict[int, list[Review]] = defaultdict(list)
    struck: dict[int, date | None] = {}
    if institution_ids:
        for number, day in session.execute(
            select(col(Institution.id), col(Institution.struck_off_on)).where(col(Institution.id).in_(institution_ids))
        ):
            struck[number] = day
        standing = (col(InstitutionReview.institution_id).in_(institution_ids), col(InstitutionReview.withdrawn_at).is_(None))
        for row in session.scalars(select(InstitutionReview).where(*standing)):
            reviews[row.institution_id].append(Review(row.id or 0, row.reviewed_on, row.valid_until, ReviewVerdict(row.verdict)))

    def gives_hours(institution_id: int | None, day: date) -> bool:
        if institution_id is None:
            return True
        return standing_on(day, reviews[institution_id], struck_off_on=struck.get(institution_id)).gives_hours

    return gives_hours


def recompute(session: Session, *, person_ids: Iterable[int], now: datetime) -> int:
    """Bring the credit of these people in line with their presences; says how many people's hours changed."""
    session.flush()
    changed: dict[int | None, set[int]] = defaultdict(set)
    for ids in chunks(sorted(set(person_ids)), PEOPLE_AT_ONCE):
        wanted, programmes = _wanted(session, ids, now)
        kept = {
            (row.session_id, row.person_id, row.day): (row.minutes, row.programme_id)
            for row in session.execute(
                select(
                    col(HoursCredit.session_id), col(HoursCredit.person_id), col(HoursCredit.day), col(HoursCredit.minutes),
                    col(HoursCredit.programme_id),
                ).where(col(HoursCredit.person_id).in_(ids))
            )
        }  # fmt: skip
        _write(session, wanted, programmes, kept)
        for key in wanted.keys() | kept.keys():
            before, after = kept.get(key), (wanted[key], programmes[key[0]]) if key in wanted else None
            if before != after:
                changed.setdefault(before[1] if before else programmes[key[0]], set()).add(key[1])
                if after is not None:
                    changed[after[1]].add(key[1])
    for programme_id, people in changed.items():
        events.announce(session, events.HoursChanged(person_ids=frozenset(people), programme_id=programme_id, today=clock.local_day(now)))
    return len(set().union(*changed.values())) if changed else 0


def _wanted(session: Session, person_ids: Sequence[int], now: datetime) -> tuple[dict[Key, int], dict[int, int | None]]:
    stays: dict[int, list[Stay]] = defaultdict(list)
    programmes: dict[int, int | None] = {}
    rows = session.execute(
        select(
            col(Presence.id), col(Presence.session_id), col(Presence.site_id), col(Presence.person_id), col(Presence.signed_in_at),
            col(Presence.signed_out_at), col(ClassSession.programme_id),
        )
        .join(ClassSession, col(ClassSession.id) == col(Presence.session_id))
        .where(
            col(Presence.person_id).in_(person_ids), col(Presence.voided_at).is_(None), col(ClassSession.state).in_(COUNTING)
        )
    )  # fmt: skip
    for row in rows:
        stays[row.person_id].append(Stay(row.session_id, row.site_id, row.signed_in_at, row.signed_out_at, row.id))
        programmes[row.session_id] = row.programme_id
    rules = rules_of(session, programmes)
    found: dict[Key, int] = {}
    for person_id, each in stays.items():
        of_person = [rules[number] for number in sorted({stay.session_id for stay in each})]
        for (session_id, day), minutes in credit(of_person, each, now=now).items():
            found[session_id, person_id, day] = minutes
    return found, programmes


def _write(session: Session, wanted: dict[Key, int], programmes: dict[int, int | None], kept: dict[Key, tuple[int, int | None]]) -> None:
    table: Any = HoursCredit.__table__  # type: ignore[attr-defined]
    at = (
        table.c.session_id == bindparam("of_session"), table.c.person_id == bindparam("of_person"), table.c.day == bindparam("of_day"),
    )  # fmt: skip

    def named(key: Key) -> dict[str, Any]:
        return {"of_session": key[0], "of_person": key[1], "of_day": key[2]}

    connection = session.connection()
    gone = [named(key) for key in kept if key not in wanted]
    if gone:
        connection.execute(delete(table).where(*at), gone)
    moved = [
        {**named(key), "minutes": wanted[key], "programme_id": programmes[key[0]]}
        for key in kept
        if key in wanted and kept[key] != (wanted[key], programmes[key[0]])
    ]
    if moved:
        values: dict[str, Any] = {"minutes": bindparam("minutes"), "programme_id": bindparam("programme_id")}
        connection.execute(update(table).where(*at).values(values), moved)
    new = [
        {"session_id": key[0], "person_id": key[1], "day": key[2], "minutes": minutes, "programme_id": programmes[key[0]]}
        for key, minutes in wanted.items()
        if key not in kept
    ]
    if new:
        connection.execute(insert(table), new)


def people_of(session: Session, *, session_ids: Iterable[int]) -> set[int]:
    """Everybody with a presence (voided too) or a credit in these sessions."""
    found: set[int] = set()
    session.flush()
    for ids in chunks(session_ids):
        found |= set(session.scalars(select(col(Presence.person_id)).where(col(Presence.session_id).in_(ids)).distinct()))
        found |= set(session.scalars(select(col(HoursCredit.person_id)).where(col(HoursCredit.session_id).in_(ids)).distinct()))
    return found


def recompute_session(session: Session, *, session_id: int, now: datetime) -> int:
    """After the timetable, the policy or the state of a session changed."""
    return recompute(session, person_ids=people_of(session, session_ids=[session_id]), now=now)


def recompute_institution(session: Session, *, institution_id: int, now: datetime) -> int:
    """After a review was entered or withdrawn, or the institution was struck off or put back."""
    session.flush()
    held = list(session.scalars(select(col(ClassSession.id)).where(col(ClassSession.institution_id) == institution_id)))
    return recompute(session, person_ids=people_of(session, session_ids=[number for number in held if number]), now=now)


def credit_ended(session: Session, *, now: datetime) -> int:
    """Credit those who never signed out of sessions that ended lately and whose policy counts them to the last lesson."""
    open_ones = (
        select(col(Presence.person_id))
        .join(ClassSession, col(ClassSession.id) == col(Presence.session_id))
        .where(
            col(Presence.signed_out_at).is_(None), col(Presence.voided_at).is_(None), col(Presence.signed_in_at) > now - _LOOK_BACK,
            col(ClassSession.without_sign_out) == WithoutSignOut.LESSON_END.value, col(ClassSession.state).in_(COUNTING),
        )
        .distinct()
    )  # fmt: skip
    people = list(session.scalars(open_ones))
    return recompute(session, person_ids=people, now=now) if people else 0


def day_minutes(session: Session, *, session_id: int) -> dict[tuple[int, date], int]:
    """Person and day → minutes credited in that session."""
    query = select(col(HoursCredit.person_id), col(HoursCredit.day), col(HoursCredit.minutes))
    return {
        (person_id, day): minutes for person_id, day, minutes in session.execute(query.where(col(HoursCredit.session_id) == session_id))
    }

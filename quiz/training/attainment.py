"""Reads how far people have come in a programme, and what else decides the hours asked of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import bindparam, func, or_, select
from sqlmodel import Session, col

from quiz import clock
from quiz.models.attempts import Attempt
from quiz.models.classes import HoursCredit
from quiz.models.organisations import Organisation, Post
from quiz.models.training import Duty, Programme, StudyTime
from quiz.training.domain import Period, Progress
from quiz.training.facts import ProgrammeFacts, chunks, core
from quiz.training.requirements import HeldPost, Holder
from quiz.vocabulary import HoursRule

_people: Any = bindparam("ids", expanding=True)
_attempts = select(col(Attempt.person_id), col(Attempt.id), col(Attempt.started_at), col(Attempt.handed_in_at), col(Attempt.passed)).where(
    col(Attempt.paper_id) == bindparam("paper_id"), col(Attempt.person_id).in_(bindparam("ids", expanding=True))
)
_class_minutes = (
    select(col(HoursCredit.person_id), col(HoursCredit.day), func.sum(HoursCredit.minutes))
    .where(
        col(HoursCredit.programme_id) == bindparam("programme_id"),
        col(HoursCredit.person_id).in_(_people),
        col(HoursCredit.day) >= bindparam("opens_on"),
        col(HoursCredit.minutes) > 0,
    )
    .group_by(col(HoursCredit.person_id), col(HoursCredit.day))
    .order_by(col(HoursCredit.person_id), col(HoursCredit.day))
)
_posts = (
    select(col(Post.person_id), col(Post.held_from), col(Post.held_to), col(Organisation.hours_high_risk))
    .join(Organisation, col(Organisation.id) == col(Post.organisation_id))
    .where(
        col(Post.person_id).in_(_people),
        col(Post.role) == bindparam("role"),
        or_(col(Post.held_to).is_(None), col(Post.held_to) > col(Post.held_from)),
    )
    .order_by(col(Post.person_id), col(Post.held_from), col(Post.id))
)
_first_trainings = (
    select(col(Duty.person_id), func.min(Duty.hours_on))
    .where(
        col(Duty.person_id).in_(_people),
        col(Duty.role) == bindparam("role"),
        col(Duty.is_first_time),
        col(Duty.programme_id) != bindparam("programme_id"),
        col(Duty.hours_on).is_not(None),
    )
    .group_by(col(Duty.person_id))
)
_sharing = (
    select(col(Duty.organisation_id))
    .where(
        col(Duty.programme_id) == bindparam("programme_id"),
        col(Duty.person_id).in_(
            select(col(Post.person_id)).where(col(Post.organisation_id).in_(_people), col(Post.role) == bindparam("role"))
        ),
    )
    .distinct()
)
_touched = (
    select(col(Duty.programme_id), col(Duty.organisation_id))
    .join(Programme, col(Programme.id) == col(Duty.programme_id))
    .where(
        col(Duty.person_id).in_(_people),
        or_(col(Programme.id) == bindparam("programme_id"), col(Programme.hours_rule) == HoursRule.LAW.value),
    )
    .distinct()
)


def of_materials(materials: Iterable[str]) -> Any:
    """A condition on StudyTime: the card belongs to one of these editions."""
    return or_(*(col(StudyTime.material).startswith(f"{code}/", autoescape=True) for code in materials))


def progress_of(session: Session, *, programme: ProgrammeFacts, person_ids: Sequence[int]) -> dict[int, Progress]:
    """How far these people have come within the programme: attempts, credited minutes of its classes, study of its materials."""
    people = sorted(set(person_ids))
    attempts = _attempts_of(session, programme, people)
    minutes = _by_day(session, _class_minutes, people, programme_id=programme.id, opens_on=programme.terms.opens_on)
    seconds: dict[int, list[tuple[date, int]]] = {}
    if programme.requirements.study_minutes:
        seconds = _by_day(session, study_query(programme.materials), people, opens_on=programme.terms.opens_on)
    return {
        person_id: _progress(
            attempts.get(person_id, ()), programme.terms.opens_on, tuple(minutes.get(person_id, ())), tuple(seconds.get(person_id, ()))
        )
        for person_id in attempts.keys() | minutes.keys() | seconds.keys()
    }


def study_query(materials: Iterable[str]) -> Any:
    """Person, day and seconds of study of these editions from `opens_on` on, in order."""
    return (
        select(col(StudyTime.person_id), col(StudyTime.day), func.sum(StudyTime.seconds))
        .where(
            col(StudyTime.person_id).in_(_people), col(StudyTime.day) >= bindparam("opens_on"), col(StudyTime.seconds) > 0,
            of_materials(materials),
        )
        .group_by(col(StudyTime.person_id), col(StudyTime.day))
        .order_by(col(StudyTime.person_id), col(StudyTime.day))
    )  # fmt: skip


def holders(session: Session, *, programme: ProgrammeFacts, person_ids: Sequence[int]) -> dict[int, Holder]:
    """What decides the hours asked of these people, where the programme asks them by law."""
    if not programme.requirements.is_by_law:
        return {}
    posts: dict[int, list[HeldPost]] = defaultdict(list)
    first: dict[int, date] = {}
    connection = core(session)
    for chunk in chunks(sorted(set(person_ids))):
        for person_id, held_from, held_to, high_risk in connection.execute(_posts, {"ids": chunk, "role": programme.role}):
            posts[person_id].append(HeldPost(Period(held_from, held_to), high_risk))
        for person_id, day in connection.execute(_first_trainings, {"ids": chunk, "role": programme.role, "programme_id": programme.id}):
            if day is not None:
                first[person_id] = day
    return {person_id: Holder(tuple(found), first.get(person_id)) for person_id, found in posts.items()}


def sharing_people(session: Session, *, programme: ProgrammeFacts, organisation_ids: Iterable[int]) -> set[int]:
    """Organisations in which somebody who holds or held the role in one of these has a duty of the programme."""
    connection = core(session)
    found: set[int] = set()
    for chunk in chunks(sorted(set(organisation_ids))):
        found |= set(connection.execute(_sharing, {"ids": chunk, "role": programme.role, "programme_id": programme.id}).scalars())
    return found


def duties_touched_by_hours(session: Session, *, programme_id: int, person_ids: Iterable[int]) -> dict[int, set[int]]:
    """Programme → organisations with duties of these people that hours of that programme may change."""
    found: dict[int, set[int]] = defaultdict(set)
    connection = core(session)
    for chunk in chunks(sorted(set(person_ids))):
        for number, organisation_id in connection.execute(_touched, {"ids": chunk, "programme_id": programme_id}):
            found[number].add(organisation_id)
    return found


def _by_day(session: Session, query: Any, people: Sequence[int], **values: Any) -> dict[int, list[tuple[date, int]]]:
    found: dict[int, list[tuple[date, int]]] = defaultdict(list)
    connection = core(session)
    for chunk in chunks(people):
        for person_id, day, amount in connection.execute(query, {"ids": chunk, **values}):
            found[person_id].append((day, int(amount)))
    return found


def _attempts_of(session: Session, programme: ProgrammeFacts, people: Sequence[int]) -> dict[int, list[Any]]:
    rows: dict[int, list[Any]] = defaultdict(list)
    if programme.paper_id is None:
        return rows
    connection = core(session)
    for chunk in chunks(people):
        for row in connection.execute(_attempts, {"ids": chunk, "paper_id": programme.paper_id}):
            rows[row.person_id].append(row)
    return rows


def _progress(
    attempts: Sequence[Any], opens_on: date, class_minutes: tuple[tuple[date, int], ...], study_seconds: tuple[tuple[date, int], ...]
) -> Progress:
    """First days on or after the opening; a hand-in is a day of training too."""
    handed_in = [(clock.local_day(each.handed_in_at), each) for each in attempts if each.handed_in_at is not None]
    handed_in = [(day, each) for day, each in handed_in if day >= opens_on]
    started = [day for day in (clock.local_day(each.started_at) for each in attempts) if day >= opens_on]
    passed = sorted((each.handed_in_at, each.id, day) for day, each in handed_in if each.passed)
    return Progress(
        trained_on=min([*started, *(day for day, _ in handed_in)], default=None),
        examined_on=min((day for day, _ in handed_in), default=None),
        passed_on=passed[0][2] if passed else None,
        attempt_id=passed[0][1] if passed else None,
        class_minutes=class_minutes,
        study_seconds=study_seconds,
    )

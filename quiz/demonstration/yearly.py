"""A programme of this year that asks for hours and study instead of a paper: two days of class, and cards read at home."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from quiz import clock
from quiz.classes import hours
from quiz.demonstration.rows import at_office_hours
from quiz.demonstration.writing import insert_rows
from quiz.models.banks import Clause, LearningCard
from quiz.models.classes import ClassLesson, ClassSession, ClassSite, Presence, Registration
from quiz.models.training import Duty, StudyTime
from quiz.training import service
from quiz.training.service import Components
from quiz.training.templates import template
from quiz.vocabulary import ClassState, HoursRule, PresenceSource, RegistrationState, SiteKind

CODE = "non-coal-mine-yearly"
_OPENED_DAYS_AGO, _DUE_IN_DAYS = 40, 35
_CAME, _LEFT_EARLY, _READ = 0.65, 0.12, 0.8
_LESSONS = ((time(8, 30), time(11, 30)), (time(13, 30), time(16, 30)))
"""Eight hours of 45 minutes a day: two days make what the law asks of the principal of a mine each year."""
_PLACES = (("威海市委党校报告厅", SiteKind.MAIN, None), ("荣成市分课堂（市民文化中心）", SiteKind.BRANCH, "371082"))


def hold(session: Session, *, now: datetime, seed: int) -> None:
    """Open the programme, hold its class two weeks after, let most people come and many read."""
    today = clock.local_day(now)
    opens_on = today - timedelta(days=_OPENED_DAYS_AGO)
    made_from = template("non-coal-mine")
    programme = service.create_programme(
        session, code=CODE, title="非煤矿山主要负责人年度再培训", description="集中培训按法定学时，另在线学习判定标准；不另组织考试。",
        basis=made_from.basis, audience=made_from.audience, opens_on=opens_on, due_on=today + timedelta(days=_DUE_IN_DAYS),
        now=at_office_hours(opens_on - timedelta(days=2)), template=made_from.code, series=CODE,
        components=Components(
            hours_rule=HoursRule.LAW, materials=made_from.components.materials, material_minutes=made_from.components.material_minutes,
            validity_months=made_from.components.validity_months, retraining_months=made_from.components.retraining_months,
        ),
    )  # fmt: skip
    service.open_programme(session, programme_id=programme.id, today=today)
    people = session.execute(
        select(col(Duty.person_id), col(Duty.organisation_id))
        .where(col(Duty.programme_id) == programme.id, col(Duty.closed_on).is_(None))
        .order_by(col(Duty.person_id), col(Duty.organisation_id))
    ).all()
    chance = random.Random(f"{seed} {CODE}")
    first_day = opens_on + timedelta(days=14)
    came = _class(session, programme.id, dict(people), [first_day, first_day + timedelta(days=1)], chance)
    _study(session, sorted({person_id for person_id, _ in people}), made_from.components.materials, first_day, chance)
    hours.recompute(session, person_ids=came, now=now)
    service.synchronise(session, programme_id=programme.id, organisation_ids=None, today=today)


def _class(session: Session, programme_id: int, people: dict[int, int], days: list[date], chance: random.Random) -> list[int]:
    announced_at = at_office_hours(days[0] - timedelta(days=10))
    held = ClassSession(
        title="非煤矿山主要负责人年度再培训班（第一期）", programme_id=programme_id, state=ClassState.CLOSED.value, created_at=announced_at
    )
    session.add(held)
    session.flush()
    session_id = held.id or 0
    sites = [
        ClassSite(session_id=session_id, kind=kind.value, name=name, place=name, district_code=district, secret=f"demonstration-{number}")
        for number, (name, kind, district) in enumerate(_PLACES)
    ]
    session.add_all(sites)
    lessons = [(_at(day, begins), _at(day, ends)) for day in days for begins, ends in _LESSONS]
    session.add_all(
        ClassLesson(session_id=session_id, starts_at=begins, ends_at=ends, topic="判定标准和主要负责人法定职责") for begins, ends in lessons
    )
    session.flush()
    came = [person_id for person_id in sorted(people) if chance.random() < _CAME]
    registrations, presences = [], []
    for number, person_id in enumerate(came):
        site_id = sites[0 if number % 3 else 1].id
        registrations.append(
            {
                "session_id": session_id, "site_id": site_id, "person_id": person_id, "organisation_id": people[person_id],
                "state": RegistrationState.REGISTERED.value, "registered_at": announced_at + timedelta(hours=number),
            }
        )  # fmt: skip
        attended = lessons[: len(lessons) - 1] if chance.random() < _LEFT_EARLY else lessons
        presences += [
            {
                "session_id": session_id, "site_id": site_id, "person_id": person_id, "signed_in_at": begins - timedelta(minutes=5),
                "signed_out_at": ends + timedelta(minutes=3), "source": PresenceSource.CODE.value, "void_reason": "",
            }
            for begins, ends in attended
        ]  # fmt: skip
    insert_rows(session.connection(), Registration, registrations)
    insert_rows(session.connection(), Presence, presences)
    return came


def _study(session: Session, people: list[int], materials: tuple[str, ...], first_day: date, chance: random.Random) -> None:
    """A handful of evenings with the cards, two minutes each."""
    found = session.scalars(
        select(col(LearningCard.clause_id))
        .join(Clause, col(Clause.id) == col(LearningCard.clause_id))
        .where(col(Clause.edition_code).in_(materials))
        .order_by(col(LearningCard.clause_id))
    )
    cards = list(found)
    read = []
    for person_id in people:
        if chance.random() >= _READ or not cards:
            continue
        for card in chance.sample(cards, k=min(len(cards), chance.randint(25, 58))):
            day = first_day - timedelta(days=chance.randint(1, 12))
            read.append(
                {
                    "person_id": person_id,
                    "material": card,
                    "day": day,
                    "seconds": chance.randint(70, 130),
                    "last_beat_at": _at(day, time(20)),
                }
            )
    insert_rows(session.connection(), StudyTime, read)


def _at(day: date, moment: time) -> datetime:
    return datetime.combine(day, moment, clock.SHANGHAI).astimezone(clock.UTC)

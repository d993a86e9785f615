"""Counts the time somebody studies a learning card: by the server's own clock, from one sign of life to the next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from math import ceil
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from quiz import clock, events
from quiz.banks.cards import card_characters
from quiz.models.organisations import Person
from quiz.models.training import Duty, Programme, StudyTime
from quiz.problems import NotFound
from quiz.training import facts
from quiz.vocabulary import ProgrammeState

BEAT_COUNTS_AT_MOST = 20
"""Seconds that one sign of life can prove: the page gives one every 15."""
AWAY_AFTER = 45
"""After so many seconds of silence the reader was away, and the next sign of life only begins anew."""
SLOW_READING = 150
"""Characters a minute of a slow and careful reader."""
TIMES_READ = 2
SHORTEST_CAP = 60


@dataclass(frozen=True)
class StudyView:
    """What a reader is shown: minutes counted for the most demanding of their duties that ask for this edition."""

    minutes: int
    needed: int

    @property
    def done(self) -> bool:
        return self.minutes >= self.needed


def card_cap(characters: int) -> int:
    """Seconds a card can count for on one day: twice a slow reading. Whoever leaves it open learns nothing more."""
    return max(SHORTEST_CAP, ceil(characters * 60 / SLOW_READING) * TIMES_READ)


def seconds_of_beat(*, since_last: float | None, counted: int, cap: int) -> int:
    """What a sign of life adds to the card: the time since the person's last one on any card and any device, within all limits."""
    if since_last is None or since_last < 0 or since_last > AWAY_AFTER:
        return 0
    return max(0, min(int(since_last), BEAT_COUNTS_AT_MOST, cap - counted))


_lock_person = select(col(Person.id)).where(col(Person.id) == bindparam("person_id")).with_for_update(key_share=True)
_last_beat = select(func.max(StudyTime.last_beat_at)).where(col(StudyTime.person_id) == bindparam("person_id"))
_counted = select(col(StudyTime.seconds)).where(
    col(StudyTime.person_id) == bindparam("person_id"), col(StudyTime.material) == bindparam("card"), col(StudyTime.day) == bindparam("day")
)
_asking: Any = (
    select(col(Duty.study_minutes), col(Duty.opened_on), col(Duty.closed_on), col(Programme.materials), col(Programme.material_minutes))
    .join(Programme, col(Programme.id) == col(Duty.programme_id))
    .where(
        col(Duty.person_id) == bindparam("person_id"),
        col(Programme.state) == ProgrammeState.OPEN.value,
        col(Programme.material_minutes) > 0,
        col(Duty.opened_on) <= bindparam("today"),
    )
)


def _putting(insert: Any) -> Any:
    statement = insert(StudyTime).values(
        person_id=bindparam("person_id"), material=bindparam("card"), day=bindparam("day"), seconds=bindparam("added"),
        last_beat_at=bindparam("at"),
    )  # fmt: skip
    return statement.on_conflict_do_update(
        index_elements=["person_id", "material", "day"],
        set_={"seconds": StudyTime.__table__.c.seconds + statement.excluded.seconds, "last_beat_at": statement.excluded.last_beat_at},  # type: ignore[attr-defined]
    )


_put = {"sqlite": _putting(sqlite.insert), "postgresql": _putting(postgresql.insert)}


def beat(session: Session, *, person_id: int, card: str, now: datetime, begin: bool = False) -> StudyView | None:
    """Count what this sign of life proves (nothing, when reading only begins); answers with the minutes counted and needed, None when no duty asks for the edition.

    Raises:
        NotFound: there is no such card.
    """
    characters = card_characters(session, card)
    if characters is None:
        raise NotFound("这一条没有学习卡。", code="card_unknown")
    day, edition = clock.local_day(now), card.partition("/")[0]
    connection = facts.core(session)
    if connection.dialect.name != "sqlite":
        connection.execute(_lock_person, {"person_id": person_id})
    last = connection.execute(_last_beat, {"person_id": person_id}).scalar()
    counted = connection.execute(_counted, {"person_id": person_id, "card": card, "day": day}).scalar() or 0
    since_last = (now - last).total_seconds() if last is not None and not begin else None
    added = seconds_of_beat(since_last=since_last, counted=counted, cap=card_cap(characters))
    connection.execute(_put[connection.dialect.name], {"person_id": person_id, "card": card, "day": day, "added": added, "at": now})
    if added:
        events.announce(session, events.StudyCounted(person_id=person_id, edition=edition, day=day))
    return asked_of(session, person_id=person_id, edition=edition, today=day)


def asked_of(session: Session, *, person_id: int, edition: str, today: date) -> StudyView | None:
    """Minutes counted and needed where an open duty of the person asks for this edition; the one with most still to do."""
    rows = facts.core(session).execute(_asking, {"person_id": person_id, "today": today})
    views = [
        StudyView(row.study_minutes, row.material_minutes)
        for row in rows
        if edition in row.materials and (row.closed_on is None or row.closed_on > today)
    ]
    return max(views, key=lambda view: (view.needed - view.minutes, view.needed), default=None)

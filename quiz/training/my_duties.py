"""What a person owes in each programme: hours of class, minutes of study, the paper, and what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, or_, select
from sqlmodel import Session, col

from quiz import clock
from quiz.banks import cards
from quiz.models.organisations import Organisation
from quiz.models.papers import Paper
from quiz.models.training import Duty, Programme
from quiz.vocabulary import PaperState, ProgrammeState


@dataclass(frozen=True)
class MyDuty:
    """One programme as its learner sees it: of several enterprises, the one that asks most."""

    programme_id: int
    programme: str
    organisations: tuple[str, ...]
    due_on: date
    is_first_time: bool
    minutes_per_hour: int
    minutes_due: int
    minutes_done: int
    hours_on: date | None
    study_needed: int
    study_minutes: int
    materials_on: date | None
    materials: tuple[tuple[str, str], ...]
    """Code and title of the editions to be studied."""
    paper: str
    """Title; empty when none is asked or none is published yet."""
    has_paper: bool
    passed_on: date | None
    completed_on: date | None

    @property
    def hours_due(self) -> float:
        return round(self.minutes_due / self.minutes_per_hour, 1)

    @property
    def hours_done(self) -> float:
        """Rounded down: an hour not yet full is not shown as full."""
        return int(self.minutes_done / self.minutes_per_hour * 10) / 10

    @property
    def next_step(self) -> str:
        """The one thing to do now, in a sentence."""
        if self.completed_on is not None:
            return "全部完成，不用再做什么。"
        if self.study_needed and self.materials_on is None:
            return f"先看学习资料：还差 {self.study_needed - self.study_minutes} 分钟。"
        if self.minutes_due and self.hours_on is None:
            return f"参加集中培训：还差 {self.hours_due - self.hours_done:g} 学时，请留意办公室的开班通知。"
        if self.has_paper and self.passed_on is None:
            return "参加考试。" if self.paper else "考试还没有发布，请等通知。"
        return "请联系办公室核对完成情况。"

    @property
    def is_only_a_paper(self) -> bool:
        """Nothing beside the paper is asked: the paper's own card says it all."""
        return self.has_paper and not self.minutes_due and not self.study_needed


_QUERY: Any = (
    select(
        col(Programme.id), col(Programme.title), col(Organisation.name), col(Duty.due_on), col(Duty.is_first_time),
        col(Programme.minutes_per_hour), col(Duty.minutes_due), col(Duty.minutes_done), col(Duty.hours_on),
        col(Programme.material_minutes), col(Duty.study_minutes), col(Duty.materials_on), col(Programme.materials),
        col(Paper.title), col(Paper.state), col(Programme.paper_id), col(Duty.passed_on), col(Duty.completed_on),
        col(Duty.exempted_on), col(Duty.exempt_until),
    )
    .select_from(Duty)
    .join(Programme, col(Programme.id) == col(Duty.programme_id))
    .join(Organisation, col(Organisation.id) == col(Duty.organisation_id))
    .outerjoin(Paper, col(Paper.id) == col(Programme.paper_id))
    .where(
        col(Duty.person_id) == bindparam("person_id"),
        col(Duty.opened_on) <= bindparam("today"),
        or_(col(Duty.closed_on).is_(None), col(Duty.closed_on) > bindparam("today")),
        col(Programme.state) == ProgrammeState.OPEN.value,
    )
    .order_by(col(Duty.due_on), col(Duty.id))
)  # fmt: skip


def my_duties(session: Session, *, person_id: int, now: datetime) -> list[MyDuty]:
    """Programmes in which the person owes something today, unfinished and urgent first."""
    today = clock.local_day(now)
    rows = [row for row in session.connection().execute(_QUERY, {"person_id": person_id, "today": today}) if not _is_exempt(row, today)]
    titles = cards.editions_with_cards(session, {code for row in rows for code in row.materials}) if any(r.materials for r in rows) else {}
    found = [_duty([row for row in rows if row[0] == number], titles) for number in dict.fromkeys(row[0] for row in rows)]
    return sorted(found, key=lambda each: (each.completed_on is not None, each.due_on, each.programme_id))


def _is_exempt(row: Any, today: date) -> bool:
    return row.exempted_on is not None and row.exempted_on <= today and (row.exempt_until is None or row.exempt_until > today)


def _duty(rows: Sequence[Any], titles: dict[str, str]) -> MyDuty:
    worst = max(rows, key=lambda row: (row.completed_on is None, row.hours_on is None, row.minutes_due))
    return MyDuty(
        programme_id=worst[0], programme=worst[1], organisations=tuple(dict.fromkeys(row[2] for row in rows)),
        due_on=min(row.due_on for row in rows), is_first_time=worst.is_first_time, minutes_per_hour=worst.minutes_per_hour,
        minutes_due=worst.minutes_due, minutes_done=worst.minutes_done, hours_on=worst.hours_on,
        study_needed=worst.material_minutes if worst.materials else 0, study_minutes=worst.study_minutes,
        materials_on=worst.materials_on, materials=tuple((code, titles[code]) for code in worst.materials if code in titles),
        paper=worst[13] if worst.state == PaperState.PUBLISHED else "", has_paper=worst.paper_id is not None,
        passed_on=worst.passed_on, completed_on=worst.completed_on if all(row.completed_on for row in rows) else None,
    )  # fmt: skip

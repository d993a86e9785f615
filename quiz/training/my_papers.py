"""The papers a person's duties ask for: what may be started, resumed, or was already passed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import bindparam, or_, select
from sqlmodel import Session, col

from quiz import clock
from quiz.attempts import queries as attempts
from quiz.attempts import service as attempt_service
from quiz.attempts.queries import AttemptRow
from quiz.attempts.service import Started
from quiz.models.organisations import Organisation
from quiz.models.papers import Paper
from quiz.models.training import Duty, Programme
from quiz.papers import queries as papers
from quiz.papers.queries import PaperView
from quiz.problems import NotFound
from quiz.vocabulary import AttemptState, PaperState, ProgrammeState


@dataclass(frozen=True)
class MyPaper:
    """One paper as its candidate sees it."""

    paper: PaperView
    programmes: tuple[str, ...]
    organisations: tuple[str, ...]
    due_on: date
    attempts_left: int | None
    closes_at: datetime
    minutes: int
    open_attempt_id: int | None
    best_score: float | None
    passed: bool
    taken: int
    status: str
    """`open`, `passed`, `not_open`, `closed` or `no_attempts`."""

    @property
    def may_start(self) -> bool:
        """Startable or resumable now; a passed paper may be taken again while attempts are left."""
        return self.open_attempt_id is not None or (
            self.status in ("open", "passed") and self.attempts_left != 0 and self.paper.opens_at <= self._now < self.closes_at
        )

    _now: datetime = datetime.max


def my_papers(session: Session, *, person_id: int, now: datetime) -> list[MyPaper]:
    """Papers of the open programmes in which the person has a duty, most urgent first."""
    rows = session.connection().execute(_DUTIES, {"person_id": person_id, "today": clock.local_day(now)}).all()
    mine = attempts.attempts_of(session, person_id=person_id)
    views = []
    for paper_id in dict.fromkeys(row[0] for row in rows):
        of_paper = [row for row in rows if row[0] == paper_id]
        paper = papers.paper(session, paper_id)
        views.append(_view(session, paper, of_paper, [a for a in mine if a.paper_id == paper_id], person_id=person_id, now=now))
    return sorted(views, key=lambda view: (view.passed, view.due_on, view.paper.id))


_DUTIES = (
    select(Paper.id, Programme.title, Organisation.name, Duty.due_on)  # type: ignore[call-overload]
    .select_from(Duty)
    .join(Programme, col(Programme.id) == col(Duty.programme_id))
    .join(Paper, col(Paper.id) == col(Programme.paper_id))
    .join(Organisation, col(Organisation.id) == col(Duty.organisation_id))
    .where(
        col(Duty.person_id) == bindparam("person_id"),
        col(Duty.opened_on) <= bindparam("today"),
        or_(col(Duty.closed_on).is_(None), col(Duty.closed_on) > bindparam("today")),
        or_(col(Duty.exempted_on).is_(None), col(Duty.exempted_on) > bindparam("today"), col(Duty.exempt_until) <= bindparam("today")),
        col(Programme.state) == ProgrammeState.OPEN.value,
        col(Paper.state) == PaperState.PUBLISHED.value,
    )
    .order_by(col(Duty.due_on), col(Duty.id))
)
"""The duties a person holds today, with the paper each asks for; those exempt today ask for nothing."""


def _view(session: Session, paper: PaperView, rows: Sequence[tuple], taken: list[AttemptRow], *, person_id: int, now: datetime) -> MyPaper:  # type: ignore[type-arg]
    allowance = attempts.allowance(session, paper=paper, person_id=person_id, taken=len(taken))
    open_attempt = next((a.id for a in taken if a.state is AttemptState.OPEN), None)
    scores = [a.score for a in taken if a.score is not None]
    passed = any(a.passed for a in taken)
    view = MyPaper(
        paper=paper,
        programmes=tuple(dict.fromkeys(row[1] for row in rows)),
        organisations=tuple(dict.fromkeys(row[2] for row in rows)),
        due_on=min(row[3] for row in rows),
        attempts_left=allowance.attempts_left,
        closes_at=allowance.closes_at,
        minutes=paper.time_limit_minutes + allowance.extra_minutes,
        open_attempt_id=open_attempt,
        best_score=max(scores, default=None),
        passed=passed,
        taken=len(taken),
        status="open",
        _now=now,
    )
    return replace(view, status=_status(view, now))


def _status(view: MyPaper, now: datetime) -> str:
    if view.passed:
        return "passed"
    if now < view.paper.opens_at:
        return "not_open"
    if view.open_attempt_id is not None:
        return "open"
    if now >= view.closes_at:
        return "closed"
    return "no_attempts" if view.attempts_left == 0 else "open"


def start_paper(session: Session, *, person_id: int, paper_id: int, idempotency_key: str, now: datetime) -> Started:
    """Start or resume a paper that a duty of this person asks for.

    Raises:
        NotFound: no duty of this person asks for it (and no attempt is open).
        Refusal: as `attempts.service.start`.
    """
    duties = session.connection().execute(_DUTIES, {"person_id": person_id, "today": clock.local_day(now)})
    asked = next((row for row in duties if row[0] == paper_id), None)
    if asked is None:
        taken = attempts.attempts_of(session, person_id=person_id, paper_id=paper_id)
        if not any(a.state is AttemptState.OPEN or a.idempotency_key == idempotency_key for a in taken):
            raise NotFound("没有安排您参加这份试卷的考试。", code="not_assigned")
    return attempt_service.start(session, person_id=person_id, paper_id=paper_id, idempotency_key=idempotency_key, now=now)

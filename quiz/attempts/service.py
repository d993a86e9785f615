"""Verbs of an attempt: start, save, hand in (by the person or by the server)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from quiz import events
from quiz.attempts import domain, queries
from quiz.attempts.answers import Allowed
from quiz.attempts.queries import AttemptRow, attempts, responses
from quiz.models.attempts import Extension
from quiz.papers import queries as papers
from quiz.papers import service as paper_service
from quiz.problems import Invalid, NotFound, Refusal
from quiz.vocabulary import AttemptState, ItemType

log = structlog.get_logger()
MOST_EXTRA_ATTEMPTS, MOST_EXTRA_MINUTES, LONGEST_EXTENSION = 10, 240, timedelta(days=732)
"""Of one extension; the screen offers less."""
MAX_SEQUENCE = 2**31 - 2
"""One below what the column holds: of two answers with one number the recorder keeps the later under the next."""


_MINE = select(attempts.c.id, attempts.c.paper_id, attempts.c.state, attempts.c.idempotency_key, attempts.c.number).where(
    attempts.c.person_id == bindparam("person_id"),
    (attempts.c.paper_id == bindparam("paper_id")) | (attempts.c.idempotency_key == bindparam("idempotency_key")),
)
_NEW_ATTEMPT = insert(attempts).returning(attempts.c.id)
_CLOSE = (
    update(attempts)
    .where(attempts.c.id == bindparam("attempt_id"), attempts.c.state == AttemptState.OPEN.value)
    .values({name: bindparam(name) for name in ("state", "handed_in_at", "score", "passed", "marks")})
)


def _keep(dialect_insert: Any) -> Any:
    """INSERT that replaces a kept answer only by one of a higher sequence."""
    statement = dialect_insert(responses)
    return statement.on_conflict_do_update(
        index_elements=["attempt_id", "position"],
        set_={name: statement.excluded[name] for name in ("answer", "sequence", "saved_at")},
        where=statement.excluded.sequence > responses.c.sequence,
    )


_KEEP = {"sqlite": _keep(sqlite.insert), "postgresql": _keep(postgresql.insert)}


@dataclass(frozen=True)
class Started:
    """A started or resumed attempt."""

    attempt: AttemptRow
    payload: dict[str, Any]
    created: bool


def start(session: Session, *, person_id: int, paper_id: int, idempotency_key: str, now: datetime, seed: int | None = None) -> Started:
    """Start an attempt, or resume the one that is open: resume comes first, whatever the key.

    The same key always leads to the same attempt. The caller has checked that the paper is this person's to take.

    Raises:
        NotFound: no such paper, or it is not published.
        Refusal: outside the window, or no attempts left.
    """
    connection = session.connection()
    mine = connection.execute(_MINE, {"person_id": person_id, "paper_id": paper_id, "idempotency_key": idempotency_key}).all()
    existing = [row for row in mine if row.paper_id == paper_id]
    if len(existing) != len(mine):
        raise Refusal("Idempotency-Key 已用于另一份试卷，请换一个新的值。", code="idempotency_key_reused")
    resumed = next((row.id for row in existing if row.state == AttemptState.OPEN.value), None)
    if resumed is None:
        resumed = next((row.id for row in existing if row.idempotency_key == idempotency_key), None)
    if resumed is not None:
        row = queries.attempt_row(session, resumed, person_id=person_id)
        return Started(row, queries.attempt_payload(session, row, now=now), created=False)
    paper = papers.paper(session, paper_id)
    allowance = queries.allowance(session, paper=paper, person_id=person_id, taken=len(existing))
    _check_startable(paper, allowance, now)
    form_id, items = paper_service.draw_form(session, paper=paper, seed=secrets.randbits(63) if seed is None else seed)
    values = {
        "person_id": person_id,
        "paper_id": paper_id,
        "form_id": form_id,
        "number": max((row.number for row in existing), default=0) + 1,
        "state": AttemptState.OPEN.value,
        "idempotency_key": idempotency_key,
        "scoring_policy": paper.scoring_policy.value,
        "cut_score": paper.cut_score,
        "max_score": paper.max_score,
        "started_at": now,
        "deadline": domain.deadline(
            now, limit=timedelta(minutes=paper.time_limit_minutes + allowance.extra_minutes), closes_at=allowance.closes_at
        ),
    }
    attempt_id = connection.execute(_NEW_ATTEMPT, values).scalar_one()
    views = papers.version_views(session, (item.version for item in items))
    events.announce(session, events.AttemptStarted(attempt_id, person_id, paper_id, now))
    row = queries.attempt_row(session, attempt_id)
    return Started(row, queries.attempt_payload(session, row, now=now, form=[(item, views[item.version]) for item in items]), created=True)


def _check_startable(paper: papers.PaperView, allowance: queries.Allowance, now: datetime) -> None:
    if paper.state.value != "published":
        raise NotFound("这份试卷没有开放。")
    if now < paper.opens_at:
        raise Refusal("这份试卷还没有到开放时间。", code="not_open")
    if now >= allowance.closes_at:
        raise Refusal("这份试卷已经截止，如需补考请联系办公室延期。", code="closed")
    if allowance.attempts_left == 0:
        raise Refusal("允许的答题次数已经用完，如需增加次数请联系办公室。", code="no_attempts_left")


@dataclass(frozen=True)
class Save:
    """One answer to be kept."""

    position: int
    answer: tuple[str, ...]
    sequence: int


@dataclass(frozen=True)
class Rules:
    """What an answer to each position may contain: option keys, and whether several; `others` are the positions that are no choice."""

    options: tuple[frozenset[str], ...]
    several: tuple[bool, ...]
    others: dict[int, Allowed]

    def settled(self, save: Save) -> Save:
        """The answer in the order it is kept in. Raises Invalid when it cannot be one to this form."""
        if not 1 <= save.position <= len(self.options):
            raise Invalid(f"没有第 {save.position} 题。", code="position")
        if not 0 < save.sequence <= MAX_SEQUENCE:
            raise Invalid("sequence 须为正整数。", code="sequence")
        other = self.others.get(save.position)
        if other is not None:
            fault = other.fault(save.answer)
            if fault:
                raise Invalid(f"第 {save.position} 题{fault}", code="option")
            return Save(save.position, other.settled(save.answer), save.sequence)
        unknown = set(save.answer) - self.options[save.position - 1]
        if unknown:
            raise Invalid(f"第 {save.position} 题没有选项 {'、'.join(sorted(unknown))}。", code="option")
        if len(set(save.answer)) != len(save.answer):
            raise Invalid(f"第 {save.position} 题的答案有重复选项。", code="option")
        if len(save.answer) > 1 and not self.several[save.position - 1]:
            raise Invalid(f"第 {save.position} 题只能选一项。", code="option")
        in_order = tuple(sorted(save.answer))
        return save if in_order == save.answer else Save(save.position, in_order, save.sequence)


def upsert(session: Session, table: Any) -> Any:
    """The dialect's INSERT that knows ON CONFLICT."""
    return (postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert)(table)


def keep_responses(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Write answers; a row whose sequence is not higher than the kept one changes nothing."""
    if not rows:
        return
    connection = session.connection()
    connection.execute(_KEEP[connection.dialect.name], list(rows))


def rules_of(session: Session, attempt_id: int) -> Rules:
    """What may be answered in this attempt."""
    form_id = session.execute(select(attempts.c.form_id).where(attempts.c.id == attempt_id)).scalar_one()
    form = queries.form_with_versions(session, form_id)
    return Rules(
        options=tuple(frozenset(item.options) for item, _ in form),
        several=tuple(view.type is ItemType.MULTIPLE for _, view in form),
        others={position: Allowed.of(view) for position, (_, view) in enumerate(form, start=1) if not view.type.is_choice},
    )


def hand_in(session: Session, *, attempt_id: int, person_id: int | None, now: datetime) -> AttemptRow:
    """Close the attempt and mark it with the item versions it was taken with; a second time answers the same.

    By the person, or by the server after the deadline (`person_id=None`): it is one and the same act.
    """
    row = queries.attempt_row(session, attempt_id, person_id=person_id, lock=True)
    if row.state.is_closed:
        return row
    form = queries.form_with_versions(session, row.form_id)
    answers = {saved["position"]: saved["answer"] for saved in queries.saved_responses(session, attempt_id)}
    outcome = domain.mark_form(
        [item for item, _ in form], keys=queries.keys_of(form), answers=answers, policy=row.scoring_policy, cut_score=row.cut_score
    )
    closed_at = domain.close_time(now, deadline=row.deadline)
    state = domain.closing_state(now, deadline=row.deadline)
    closed = session.connection().execute(
        _CLOSE,
        {
            "attempt_id": attempt_id,
            "state": state.value,
            "handed_in_at": closed_at,
            "score": outcome.score,
            "passed": outcome.passed,
            "marks": list(outcome.marks),
        },
    )
    if closed.rowcount == 1:
        events.announce(session, events.AttemptHandedIn(attempt_id, row.person_id, row.paper_id, outcome.passed, closed_at))
    return queries.attempt_row(session, attempt_id)


def expire_due(session: Session, *, now: datetime, limit: int = 200) -> int:
    """Hand in, for those who did not come back, what is past its deadline; each once. Returns how many.

    Each in a savepoint: one that cannot be marked is logged and left open, and holds up nobody else.
    """
    handed_in = 0
    for attempt_id in sorted(queries.overdue_ids(session, now=now, limit=limit)):
        try:
            with session.begin_nested():
                hand_in(session, attempt_id=attempt_id, person_id=None, now=now)
            handed_in += 1
        except OperationalError:
            raise  # the database itself is in trouble: the whole transaction is to be tried again
        except Exception as problem:
            log.error("expiry failed", attempt=attempt_id, error=repr(problem))
    return handed_in


def grant_extension(
    session: Session,
    *,
    paper_id: int,
    person_id: int,
    reason: str,
    granted_by: int,
    now: datetime,
    extra_attempts: int = 0,
    extra_minutes: int = 0,
    closes_at: datetime | None = None,
) -> None:
    """Give one person more attempts, more minutes or a later closing for one paper; an attempt that is running gets the time too."""
    if not reason.strip():
        raise Invalid("请写明延期或增加次数的理由。", code="reason_empty")
    if not (extra_attempts > 0 or extra_minutes > 0 or closes_at):
        raise Invalid("请至少给出增加次数、增加分钟或新的截止时间之一。", code="extension_empty")
    if extra_attempts > MOST_EXTRA_ATTEMPTS or extra_minutes > MOST_EXTRA_MINUTES:
        raise Invalid(f"一次最多增加 {MOST_EXTRA_ATTEMPTS} 次、延长 {MOST_EXTRA_MINUTES} 分钟。", code="extension_too_much")
    if closes_at and closes_at > now + LONGEST_EXTENSION:
        raise Invalid("截止时间最多推迟到一年以后。", code="extension_too_much")
    paper = papers.paper(session, paper_id)
    session.add(
        Extension(
            paper_id=paper_id,
            person_id=person_id,
            extra_attempts=max(0, extra_attempts),
            extra_minutes=max(0, extra_minutes),
            closes_at=closes_at,
            reason=reason.strip()[:200],
            granted_by=granted_by,
            granted_at=now,
        )
    )
    session.flush()
    _lengthen_open_attempt(session, paper=paper, person_id=person_id, now=now)


def _lengthen_open_attempt(session: Session, *, paper: papers.PaperView, person_id: int, now: datetime) -> None:
    """Move the deadline of a running attempt to what a start under the new allowance would have given; never earlier."""
    allowance = queries.allowance(session, paper=paper, person_id=person_id, taken=0)
    limit = timedelta(minutes=paper.time_limit_minutes + allowance.extra_minutes)
    running = session.execute(
        select(attempts.c.id, attempts.c.started_at, attempts.c.deadline)
        .where(
            attempts.c.person_id == person_id,
            attempts.c.paper_id == paper.id,
            attempts.c.state == AttemptState.OPEN.value,
            attempts.c.deadline >= now,
        )
        .with_for_update()
    ).first()
    if running is None:
        return
    deadline = domain.deadline(running.started_at, limit=limit, closes_at=allowance.closes_at)
    if deadline > running.deadline:
        session.execute(update(attempts).where(attempts.c.id == running.id).values(deadline=deadline))

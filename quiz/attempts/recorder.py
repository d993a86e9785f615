"""The group-commit recorder: answers that arrive within the same few milliseconds share one transaction.

One thread writes. While a commit is on its way to the disk, the next answers queue up and go together with the one after it; an
answer that comes alone is committed at once. Nobody is told “saved” before the commit. Starts, hand-ins and sign-ins travel the
same way as *work*: each in a savepoint of its own, so that one that is refused takes nothing with it.
"""

from __future__ import annotations

import queue
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import structlog
from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session

from quiz.accounts.queries import token_digest
from quiz.attempts import service
from quiz.attempts.queries import LARGEST_ID, attempts, responses
from quiz.attempts.service import Rules, Save
from quiz.db import Database
from quiz.models.accounts import Account, SignIn
from quiz.models.attempts import LateResponse
from quiz.problems import Invalid, NotFound, NotSignedIn, Refusal
from quiz.vocabulary import AttemptState

log = structlog.get_logger()
Answer = TypeVar("Answer")
LARGEST_GROUP = 256
"""Jobs in one transaction: enough to absorb a synchronised start, small enough that nobody waits long for their commit."""


# Built once: composing a statement costs several times what the database takes to answer it.
_accounts, _sign_ins = Account.__table__, SignIn.__table__  # type: ignore[attr-defined]
_PEOPLE = (
    select(_sign_ins.c.token_digest, _accounts.c.person_id)
    .join(_accounts, _accounts.c.id == _sign_ins.c.account_id)
    .where(
        _sign_ins.c.token_digest.in_(bindparam("digests", expanding=True)),
        _sign_ins.c.expires_at > bindparam("now"),
        _accounts.c.disabled.is_(False),
        _accounts.c.must_change_password.is_(False),
    )
)
_HEADERS = (
    select(attempts.c.id, attempts.c.person_id, attempts.c.state, attempts.c.deadline)
    .where(attempts.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(attempts.c.id)
    .with_for_update()
)
_KEPT = select(responses.c.attempt_id, responses.c.position, responses.c.sequence, responses.c.answer).where(
    responses.c.attempt_id.in_(bindparam("ids", expanding=True)), responses.c.position.in_(bindparam("positions", expanding=True))
)


class Closed(Refusal):
    """The attempt was closed, or its deadline has passed; the answers were kept as late ones."""


class Restarting(Refusal):
    """The server is on its way out; the same request succeeds in a moment."""

    status = 503


@dataclass
class SaveJob:
    """Answers of one request."""

    token: str
    attempt_id: int
    saves: Sequence[Save]
    received_at: datetime
    future: Future[list[tuple[int, int]]] = field(default_factory=Future)
    """Resolves to (position, kept sequence) for each answer."""


@dataclass
class WorkJob:
    """Anything else that should share the commit."""

    work: Callable[[Session], Any]
    future: Future[Any] = field(default_factory=Future)


@dataclass(frozen=True)
class _Header:
    person_id: int
    state: str
    deadline: datetime


class Recorder:
    """Owns the writing thread. `start()` it with the server, `stop()` it to drain what is queued."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: queue.SimpleQueue[SaveJob | WorkJob | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._rules: OrderedDict[int, Rules] = OrderedDict()
        self._stopping = False
        self._door = threading.Lock()
        """Orders `_put` against `stop`: nothing is queued behind the end mark, where nobody would ever take it up."""
        self.groups = 0
        self.jobs = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish what was accepted, then end the thread."""
        with self._door:
            self._stopping = True
            self._queue.put(None)
        self._thread.join(timeout=30)

    @property
    def waiting(self) -> int:
        """Jobs not yet taken up."""
        return self._queue.qsize()

    def save(self, *, token: str, attempt_id: int, saves: Sequence[Save], received_at: datetime) -> Future[list[tuple[int, int]]]:
        """Queue answers. The future resolves after the commit, or raises the Refusal.

        Raises (through the future):
            NotSignedIn: the token opens no account.
            NotFound: no such attempt of this person.
            Invalid: an answer that this form does not allow.
            Closed: handed in, or past the deadline at `received_at`.
        """
        job = SaveJob(token, attempt_id, saves, received_at)
        return self._put(job)

    def work(self, work: Callable[[Session], Answer]) -> Future[Answer]:
        """Queue a piece of writing; its answer comes after the commit."""
        return self._put(WorkJob(work))

    def _put(self, job: SaveJob | WorkJob) -> Future[Any]:
        with self._door:
            if self._stopping:
                job.future.set_exception(Restarting("系统正在重启，请稍后重试。", code="restarting"))
            else:
                self._queue.put(job)
        return job.future

    def _run(self) -> None:
        while True:
            job = self._queue.get()
            if job is None:
                return
            group, last = [job], False
            while len(group) < LARGEST_GROUP and not self._queue.empty():
                more = self._queue.get()
                if more is None:
                    last = True
                    break
                group.append(more)
            # Whoever gave up waiting is left out; from here on a job can no longer be cancelled under our hands.
            wanted = [job for job in group if job.future.set_running_or_notify_cancel()]
            if wanted:
                self._commit(wanted)
            if last:
                return

    def _commit(self, group: list[SaveJob | WorkJob], *, again: bool = True) -> None:
        """One transaction for the group; on failure every job is tried alone, so that one cannot sink the others.

        A single job that the database itself turned away (deadlock with another process, lost connection) is tried once more.
        """
        self.groups += 1
        self.jobs += len(group)
        try:
            outcomes = self._transact(group)
        except Exception as problem:
            if len(group) > 1:
                log.warning("group commit failed, retrying one by one", error=repr(problem), jobs=len(group))
                for job in group:
                    self._commit([job])
            elif again and isinstance(problem, OperationalError):
                self._commit(group, again=False)
            else:
                log.error("commit failed", error=repr(problem))
                group[0].future.set_exception(problem)
            return
        for job, outcome in zip(group, outcomes, strict=True):
            if isinstance(outcome, Exception):
                job.future.set_exception(outcome)
            else:
                job.future.set_result(outcome)

    def _transact(self, group: list[SaveJob | WorkJob]) -> list[Any]:
        outcomes: dict[int, Any] = {}
        with self._database.transaction() as session:
            saves = [(n, job) for n, job in enumerate(group) if isinstance(job, SaveJob)]
            if saves:
                outcomes.update(self._save_all(session, saves))
            for n, job in enumerate(group):
                if isinstance(job, WorkJob):
                    outcomes[n] = _try_work(session, job.work)
        return [outcomes[n] for n in range(len(group))]

    def _save_all(self, session: Session, jobs: list[tuple[int, SaveJob]]) -> dict[int, Any]:
        people = _people(session, {job.token for _, job in jobs}, now=min(job.received_at for _, job in jobs))
        headers = _headers(session, {job.attempt_id for _, job in jobs})
        outcomes: dict[int, Any] = {}
        in_time: list[tuple[int, SaveJob]] = []
        for n, job in jobs:
            try:
                header = _owned(job, people, headers)
                rules = self._rules_of(session, job.attempt_id)
                job.saves = [rules.settled(save) for save in job.saves]
            except Refusal as refusal:
                outcomes[n] = refusal
                continue
            if header.state == AttemptState.OPEN.value and job.received_at <= header.deadline:
                in_time.append((n, job))
            else:
                _keep_late(session, job)
                outcomes[n] = Closed("本次答题已经结束，这些答案已留存但不计分。", code="closed")
        outcomes.update(_keep_in_time(session, in_time))
        return outcomes

    def _rules_of(self, session: Session, attempt_id: int) -> Rules:
        rules = self._rules.get(attempt_id)
        if rules is None:
            rules = self._rules[attempt_id] = service.rules_of(session, attempt_id)
            if len(self._rules) > 20_000:
                self._rules.popitem(last=False)
        return rules


def _try_work(session: Session, work: Callable[[Session], Any]) -> Any:
    """Run in a savepoint. A unique constraint hit by a rival process is tried once more: the rival's row is then visible."""
    for retry in (True, False):
        try:
            with session.begin_nested():
                return work(session)
        except Refusal as refusal:
            return refusal
        except OperationalError:
            raise  # not this job's fault alone: the whole transaction is given up and tried again
        except IntegrityError as clash:
            if not retry:
                return clash
        except Exception as problem:
            log.error("work failed", error=repr(problem))
            return problem
    raise AssertionError("unreachable")


def _people(session: Session, tokens: set[str], *, now: datetime) -> dict[str, int | None]:
    digests = {token_digest(token): token for token in tokens if token}
    rows = session.connection().execute(_PEOPLE, {"digests": list(digests), "now": now})
    return {digests[row.token_digest]: row.person_id for row in rows}


def _headers(session: Session, ids: set[int]) -> dict[int, _Header]:
    """Owner, state and deadline; locked in order of id, so that two processes cannot wait for each other."""
    rows = session.connection().execute(_HEADERS, {"ids": sorted(i for i in ids if i <= LARGEST_ID)})
    return {row.id: _Header(row.person_id, row.state, row.deadline) for row in rows}


def _owned(job: SaveJob, people: dict[str, int | None], headers: dict[int, _Header]) -> _Header:
    if job.token not in people:
        raise NotSignedIn()
    header = headers.get(job.attempt_id)
    if header is None or header.person_id != people[job.token]:
        raise NotFound("没有找到这次答题，或它不属于您。")
    if not job.saves:
        raise Invalid("没有要保存的答案。", code="empty")
    return header


def _rows(job: SaveJob) -> list[dict[str, Any]]:
    return [
        {
            "attempt_id": job.attempt_id,
            "position": save.position,
            "answer": list(save.answer),
            "sequence": save.sequence,
            "saved_at": job.received_at,
        }
        for save in job.saves
    ]


def _keep_in_time(session: Session, jobs: list[tuple[int, SaveJob]]) -> dict[int, list[tuple[int, int]]]:
    """Keep the highest sequence of each place; answers come back with the sequence that is kept now."""
    arrived = [row for _, job in jobs for row in _rows(job)]
    kept = _kept(session, {(row["attempt_id"], row["position"]) for row in arrived})
    changed: dict[tuple[int, int], dict[str, Any]] = {}
    for row in arrived:
        place = (row["attempt_id"], row["position"])
        sequence, answer = kept.get(place, (0, None))
        if row["sequence"] == sequence and row["answer"] != answer:
            # Two devices counted up to the same number: the later arrival is the newer answer, and its device is told so.
            row["sequence"] += 1
        if row["sequence"] > sequence:
            kept[place] = (row["sequence"], row["answer"])
            changed[place] = row
    service.keep_responses(session, list(changed.values()))
    return {n: [(save.position, kept[job.attempt_id, save.position][0]) for save in job.saves] for n, job in jobs}


def _kept(session: Session, places: set[tuple[int, int]]) -> dict[tuple[int, int], tuple[int, list[str]]]:
    scope = {"ids": list({attempt_id for attempt_id, _ in places}), "positions": list({position for _, position in places})}
    rows = session.connection().execute(_KEPT, scope)
    return {(row.attempt_id, row.position): (row.sequence, row.answer) for row in rows}


def _keep_late(session: Session, job: SaveJob) -> None:
    """Keep what came after the close. An answer that was counted and is only sent again, its receipt lost, is not late."""
    kept = _kept(session, {(job.attempt_id, save.position) for save in job.saves})
    rows = [
        {("received_at" if name == "saved_at" else name): value for name, value in row.items()} for row in _rows(job) if _is_news(row, kept)
    ]
    if not rows:
        return
    statement = service.upsert(session, LateResponse.__table__)  # type: ignore[attr-defined]
    session.connection().execute(statement.on_conflict_do_nothing(), rows)


def _is_news(row: dict[str, Any], kept: dict[tuple[int, int], tuple[int, list[str]]]) -> bool:
    sequence, answer = kept.get((row["attempt_id"], row["position"]), (0, []))
    return row["sequence"] > sequence or (row["sequence"] == sequence and row["answer"] != answer)

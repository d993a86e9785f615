"""The group-commit recorder: nobody is told “saved” before the commit, and one bad job never harms another."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlmodel import Session

from quiz import events
from quiz.accounts import service as accounts
from quiz.accounts.audit import SYSTEM
from quiz.attempts import queries, service
from quiz.attempts.recorder import Closed, Recorder, Restarting
from quiz.attempts.service import MAX_SEQUENCE, Save
from quiz.db import Database
from quiz.models.accounts import Account, Setting, SignIn
from quiz.models.attempts import Attempt, LateResponse, Response
from quiz.problems import Invalid, NotFound, NotSignedIn
from tests.attempts import exam

PATIENCE = 20
"""Seconds after which a future that should have resolved is given up."""


@pytest.fixture
def paper_id(shared_db: Database, now: datetime) -> int:
    with shared_db.transaction() as session:
        exam.write_bank(session, now=now)
        return exam.paper(session, now=now)


@pytest.fixture
def recorder(shared_db: Database) -> Iterator[Recorder]:
    recorder = Recorder(shared_db)
    recorder.start()
    yield recorder
    recorder.stop()


@dataclass(frozen=True)
class Sitting:
    """A candidate with an open attempt."""

    who: exam.Candidate
    attempt_id: int


Sit = Callable[..., Sitting]


@pytest.fixture
def sit(shared_db: Database, paper_id: int, now: datetime) -> Sit:
    """Make a candidate and start the paper."""

    def make(*, begun: datetime | None = None) -> Sitting:
        with shared_db.transaction() as session:
            who = exam.candidate(session, now=now)
            started = exam.start(session, person_id=who.person_id, paper_id=paper_id, now=begun or now)
            return Sitting(who, started.attempt.id)

    return make


def kept(database: Database, attempt_id: int) -> dict[int, tuple[list[str], int]]:
    """What is in the table: position → answer and sequence."""
    with database.reading() as session:
        return {row["position"]: (row["answer"], row["sequence"]) for row in queries.saved_responses(session, attempt_id)}


def late(database: Database, attempt_id: int) -> list[tuple[int, list[str], int]]:
    with database.reading() as session:
        rows = session.scalars(select(LateResponse).where(LateResponse.attempt_id == attempt_id).order_by(LateResponse.id))  # type: ignore[arg-type]
        return [(row.position, row.answer, row.sequence) for row in rows]


class Gate:
    """A job that holds the recorder's transaction open until it is let go; what queues up meanwhile makes one group."""

    def __init__(self, recorder: Recorder) -> None:
        self.entered, self.released = threading.Event(), threading.Event()
        self.done = recorder.work(self._wait)
        assert self.entered.wait(PATIENCE)

    def _wait(self, _session: Session) -> None:
        self.entered.set()
        self.released.wait(PATIENCE)


def test_a_save_is_acknowledged_with_the_sequence_that_is_kept(shared_db: Database, recorder: Recorder, sit: Sit, now: datetime) -> None:
    sitting = sit()

    def save(answers: dict[int, list[str]], sequence: int) -> list[tuple[int, int]]:
        return recorder.save(
            token=sitting.who.token, attempt_id=sitting.attempt_id, saves=exam.saves(answers, sequence=sequence), received_at=now
        ).result(PATIENCE)

    assert save({1: ["B"], 2: ["C", "A"]}, 3) == [(1, 3), (2, 3)]
    assert save({1: ["A"]}, 4) == [(1, 4)]  # newer: replaces
    assert save({1: ["C"]}, 2) == [(1, 4)]  # stale: the kept one stays, and its sequence is told
    assert save({1: ["A"]}, 4) == [(1, 4)]  # the same again: changes nothing
    assert save({2: []}, 5) == [(2, 5)]  # taking an answer back is an answer

    assert kept(shared_db, sitting.attempt_id) == {1: (["A"], 4), 2: ([], 5)}


def test_of_two_devices_that_counted_to_the_same_number_the_later_answer_counts(
    shared_db: Database, recorder: Recorder, sit: Sit, now: datetime
) -> None:
    sitting = sit()

    def save(answer: str, sequence: int) -> list[tuple[int, int]]:
        saves = exam.saves({1: [answer]}, sequence=sequence)
        return recorder.save(token=sitting.who.token, attempt_id=sitting.attempt_id, saves=saves, received_at=now).result(PATIENCE)

    highest = MAX_SEQUENCE
    assert [save("A", highest), save("B", highest), save("B", highest)] == [[(1, highest)], [(1, highest + 1)], [(1, highest + 1)]]
    assert kept(shared_db, sitting.attempt_id) == {1: (["B"], highest + 1)}


def test_of_two_answers_to_one_position_in_one_request_the_higher_sequence_counts(
    shared_db: Database, recorder: Recorder, sit: Sit, now: datetime
) -> None:
    sitting = sit()
    saves = [Save(1, ("A",), 9), Save(1, ("B",), 8)]

    acknowledged = recorder.save(token=sitting.who.token, attempt_id=sitting.attempt_id, saves=saves, received_at=now).result(PATIENCE)

    assert acknowledged == [(1, 9), (1, 9)]
    assert kept(shared_db, sitting.attempt_id) == {1: (["A"], 9)}


@pytest.mark.parametrize(
    ("save", "code"),
    [
        (Save(0, ("A",), 1), "position"),
        (Save(4, ("A",), 1), "position"),
        (Save(1, ("D",), 1), "option"),  # only A to C
        (Save(1, ("A\0",), 1), "option"),
        (Save(1, ("A", "B"), 1), "option"),  # single choice
        (Save(2, ("A", "A"), 1), "option"),
        (Save(3, ("A", "B"), 1), "option"),  # true or false
        (Save(1, ("A",), 0), "sequence"),
        (Save(1, ("A",), MAX_SEQUENCE + 1), "sequence"),
    ],
)
def test_an_answer_the_form_does_not_allow_is_refused_with_its_whole_request(
    shared_db: Database, recorder: Recorder, sit: Sit, now: datetime, save: Save, code: str
) -> None:
    sitting = sit()

    with pytest.raises(Invalid) as refused:
        recorder.save(token=sitting.who.token, attempt_id=sitting.attempt_id, saves=[Save(2, ("A",), 1), save], received_at=now).result(
            PATIENCE
        )

    assert refused.value.code == code
    assert kept(shared_db, sitting.attempt_id) == {}


def test_only_the_signed_in_owner_of_an_attempt_may_save(shared_db: Database, recorder: Recorder, sit: Sit, now: datetime) -> None:
    mine, other, disabled, expired = sit(), sit(), sit(), sit()
    with shared_db.transaction() as session:
        accounts.set_disabled(session, account_id=disabled.who.account_id, disabled=True, now=now, actor=SYSTEM)
        session.execute(update(SignIn).where(SignIn.account_id == expired.who.account_id).values(expires_at=now))  # type: ignore[arg-type]
        office = accounts.create_account(
            session, account=f"office{mine.attempt_id}", password_hash="-", name="办公室", roles=[], now=now
        )  # fmt: skip
        office_token = accounts.open_session(session, account_id=office, address="", agent="", now=now)

    def refusal(token: str, attempt_id: int, saves: list[Save] | None = None) -> type:
        answers = exam.saves({1: ["A"]}) if saves is None else saves
        return type(recorder.save(token=token, attempt_id=attempt_id, saves=answers, received_at=now).exception(PATIENCE))

    assert refusal("", mine.attempt_id) is NotSignedIn
    assert refusal("made up", mine.attempt_id) is NotSignedIn
    assert refusal(disabled.who.token, disabled.attempt_id) is NotSignedIn
    assert refusal(expired.who.token, expired.attempt_id) is NotSignedIn
    assert refusal(other.who.token, mine.attempt_id) is NotFound
    assert refusal(office_token, mine.attempt_id) is NotFound
    assert refusal(mine.who.token, 10**9) is NotFound
    assert refusal(mine.who.token, 10**30) is NotFound
    assert refusal(mine.who.token, mine.attempt_id, []) is Invalid
    assert kept(shared_db, mine.attempt_id) == {}


def test_what_arrives_after_the_close_is_kept_but_not_counted(shared_db: Database, recorder: Recorder, sit: Sit, now: datetime) -> None:
    sitting = sit()
    deadline = now + timedelta(minutes=30)

    def save(answers: dict[int, list[str]], sequence: int, at: datetime) -> Future[list[tuple[int, int]]]:
        return recorder.save(
            token=sitting.who.token, attempt_id=sitting.attempt_id, saves=exam.saves(answers, sequence=sequence), received_at=at
        )

    save({1: ["A"], 2: ["A"]}, 1, deadline).result(PATIENCE)  # the last moment counts
    after_deadline = save({2: ["A", "B", "C"]}, 2, deadline + timedelta(microseconds=1)).exception(PATIENCE)
    closed = recorder.work(
        lambda session: service.hand_in(session, attempt_id=sitting.attempt_id, person_id=None, now=deadline + timedelta(seconds=9))
    ).result(PATIENCE)
    after_hand_in = save({3: ["B"]}, 3, now).exception(PATIENCE)
    again = save({3: ["B"]}, 3, now).exception(PATIENCE)

    assert [type(each) for each in (after_deadline, after_hand_in, again)] == [Closed, Closed, Closed]
    assert (closed.score, closed.marks) == (4.0, [4.0, 0.0, 0.0])
    assert kept(shared_db, sitting.attempt_id) == {1: (["A"], 1), 2: (["A"], 1)}
    assert late(shared_db, sitting.attempt_id) == [(2, ["A", "B", "C"], 2), (3, ["B"], 3)]
    with shared_db.reading() as session:
        result = queries.result(session, attempt_id=sitting.attempt_id, person_id=sitting.who.person_id, now=now)
    assert result.late == 2
    assert [each.late_answer for each in result.review or []] == ["", "ABC", "B"]


def test_an_answer_that_was_counted_and_is_only_sent_again_is_not_late(
    shared_db: Database, recorder: Recorder, sit: Sit, now: datetime
) -> None:
    """Its receipt was lost on the way; the replay meets a closed attempt."""
    sitting = sit()
    answers = exam.saves({1: ["A"]}, sequence=5)
    recorder.save(token=sitting.who.token, attempt_id=sitting.attempt_id, saves=answers, received_at=now).result(PATIENCE)
    recorder.work(lambda session: service.hand_in(session, attempt_id=sitting.attempt_id, person_id=sitting.who.person_id, now=now)).result(
        PATIENCE
    )

    replay = recorder.save(token=sitting.who.token, attempt_id=sitting.attempt_id, saves=answers, received_at=now).exception(PATIENCE)

    assert isinstance(replay, Closed)
    assert late(shared_db, sitting.attempt_id) == []


def broken(session: Session) -> None:
    session.add(Setting(name="half-done", value="1"))
    session.flush()
    raise ValueError("half-way")


def clashing(session: Session) -> None:
    session.add(Account(account="twice", name="甲", password_hash="-", created_at=SYSTEM_TIME))
    session.add(Account(account="twice", name="乙", password_hash="-", created_at=SYSTEM_TIME))
    session.flush()


SYSTEM_TIME = datetime.fromisoformat("2026-11-23T01:00:00+00:00")


def test_one_bad_job_never_fails_its_batch(shared_db: Database, recorder: Recorder, sit: Sit, now: datetime) -> None:
    good = [sit() for _ in range(6)]
    gate = Gate(recorder)
    groups = recorder.groups

    def save(sitting: Sitting, saves: list[Save], token: str | None = None) -> Future[Any]:
        return recorder.save(token=token or sitting.who.token, attempt_id=sitting.attempt_id, saves=saves, received_at=now)

    saved = [save(sitting, exam.saves({1: ["A"]}, sequence=n)) for n, sitting in enumerate(good, 1)]
    bad = [
        save(good[0], exam.saves({1: ["Z"]}, sequence=9)),
        save(good[1], exam.saves({1: ["B"]}, sequence=9), token="stolen"),
        save(good[2], exam.saves({9: ["A"]}, sequence=9)),
        recorder.work(broken),
        recorder.work(clashing),
    ]
    handed_in = recorder.work(
        lambda session: service.hand_in(session, attempt_id=good[5].attempt_id, person_id=good[5].who.person_id, now=now)
    )
    gate.released.set()

    assert [future.result(PATIENCE) for future in saved] == [[(1, n)] for n in range(1, 7)]
    assert [type(future.exception(PATIENCE)).__name__ for future in bad] == [
        "Invalid",
        "NotSignedIn",
        "Invalid",
        "ValueError",
        "IntegrityError",
    ]
    assert handed_in.result(PATIENCE).score == 4.0
    assert recorder.groups == groups + 1  # all of it in one transaction
    assert [kept(shared_db, sitting.attempt_id) for sitting in good] == [{1: (["A"], n)} for n in range(1, 7)]
    with shared_db.reading() as session:
        assert session.get(Setting, "half-done") is None


def test_a_statement_the_database_refuses_is_retried_alone_and_harms_nobody(
    shared_db: Database, recorder: Recorder, sit: Sit, now: datetime
) -> None:
    sitting = sit()
    gate = Gate(recorder)
    bad = recorder.work(lambda session: session.execute(text("select * from no_such_table")))
    good = recorder.save(token=sitting.who.token, attempt_id=sitting.attempt_id, saves=exam.saves({1: ["A"]}), received_at=now)
    gate.released.set()

    assert bad.exception(PATIENCE) is not None
    assert good.result(PATIENCE) == [(1, 1)]
    assert kept(shared_db, sitting.attempt_id) == {1: (["A"], 1)}


def test_nobody_is_told_saved_before_the_commit(shared_db: Database, recorder: Recorder, sit: Sit, now: datetime) -> None:
    sitting = sit()
    first = Gate(recorder)
    save = recorder.save(token=sitting.who.token, attempt_id=sitting.attempt_id, saves=exam.saves({1: ["A"]}), received_at=now)
    second = threading.Event(), threading.Event()

    def hold(_session: Session) -> None:
        second[0].set()
        second[1].wait(PATIENCE)

    held = recorder.work(hold)
    first.released.set()
    assert second[0].wait(PATIENCE)  # the answer is written, its transaction still open

    assert not save.done()
    assert kept(shared_db, sitting.attempt_id) == {}

    second[1].set()
    assert save.result(PATIENCE) == [(1, 1)]
    assert held.result(PATIENCE) is None
    assert kept(shared_db, sitting.attempt_id) == {1: (["A"], 1)}


def test_stopping_finishes_what_was_accepted_and_refuses_what_comes_after(shared_db: Database, sit: Sit, now: datetime) -> None:
    sitting = sit()
    recorder = Recorder(shared_db)
    recorder.start()

    def save(sequence: int) -> Future[list[tuple[int, int]]]:
        return recorder.save(
            token=sitting.who.token, attempt_id=sitting.attempt_id, saves=exam.saves({1: ["A"]}, sequence=sequence), received_at=now
        )

    gate = Gate(recorder)
    accepted = [save(n) for n in range(1, 301)]  # more than one group
    stopping = threading.Thread(target=recorder.stop)
    stopping.start()
    gate.released.set()
    stopping.join(PATIENCE)
    refused = save(999).exception(PATIENCE)

    assert not stopping.is_alive()
    assert all(future.done() and future.exception() is None for future in accepted)
    assert isinstance(refused, Restarting) and refused.status == 503
    assert kept(shared_db, sitting.attempt_id) == {1: (["A"], 300)}


def test_whoever_gives_up_waiting_does_not_stop_the_recorder(shared_db: Database, recorder: Recorder, sit: Sit, now: datetime) -> None:
    sitting = sit()
    gate = Gate(recorder)
    given_up = recorder.work(lambda session: session.add(Setting(name="given-up", value="1")))
    assert given_up.cancel()
    assert not gate.done.cancel()  # already being worked on
    gate.released.set()

    after = recorder.save(token=sitting.who.token, attempt_id=sitting.attempt_id, saves=exam.saves({1: ["A"]}), received_at=now)

    assert after.result(PATIENCE) == [(1, 1)]
    with shared_db.reading() as session:
        assert session.get(Setting, "given-up") is None


@pytest.fixture
def heard() -> Iterator[list[int]]:
    """Attempts whose hand-in was announced."""
    facts: list[int] = []

    def hear(_session: object, event: events.AttemptHandedIn) -> None:
        facts.append(event.attempt_id)

    events.subscribe(events.AttemptHandedIn, hear)
    yield facts
    events._handlers[events.AttemptHandedIn].remove(hear)


def test_two_hundred_parallel_submissions_count_once(
    shared_db: Database, recorder: Recorder, sit: Sit, now: datetime, heard: list[int]
) -> None:
    """Half of them through a second recorder, as a second process would."""
    sitting = sit()
    with shared_db.transaction() as session:
        exam.keep(session, sitting.attempt_id, exam.RIGHT, now=now)
    other = Recorder(shared_db)
    other.start()

    def submit(n: int) -> Any:
        def job(session: Session) -> queries.ResultView:
            service.hand_in(session, attempt_id=sitting.attempt_id, person_id=sitting.who.person_id, now=now)
            return queries.result(session, attempt_id=sitting.attempt_id, person_id=sitting.who.person_id, now=now)

        return (recorder if n % 2 else other).work(job).result(PATIENCE)

    with ThreadPoolExecutor(50) as pool:
        results = list(pool.map(submit, range(200)))
    other.stop()

    assert results == [results[0]] * 200
    assert (results[0].score, results[0].passed) == (12.0, True)
    assert heard == [sitting.attempt_id]


def test_parallel_starts_with_different_keys_open_one_attempt(
    shared_db: Database, recorder: Recorder, paper_id: int, now: datetime
) -> None:
    with shared_db.transaction() as session:
        who = exam.candidate(session, now=now)
    other = Recorder(shared_db)
    other.start()

    def begin(n: int) -> Any:
        def job(session: Session) -> service.Started:
            return exam.start(session, person_id=who.person_id, paper_id=paper_id, now=now, key=f"key-{n:08}")

        return (recorder if n % 2 else other).work(job).result(PATIENCE)

    with ThreadPoolExecutor(40) as pool:
        started = list(pool.map(begin, range(40)))
    other.stop()

    assert len({each.attempt.id for each in started}) == 1
    assert sum(each.created for each in started) == 1
    with shared_db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Attempt).where(Attempt.person_id == who.person_id)) == 1  # type: ignore[arg-type]


def test_two_processes_that_lock_the_same_rows_crosswise_both_finish(shared_db: Database, recorder: Recorder) -> None:
    """PostgreSQL ends a deadlock by throwing one transaction out: its group is tried again, job by job."""
    names = ("crosswise-a", "crosswise-b")
    with shared_db.transaction() as session:
        session.add_all(Setting(name=name, value="0") for name in names)
    other = Recorder(shared_db)
    other.start()
    gates = Gate(recorder), Gate(other) if not shared_db.is_sqlite else None
    has_first = {recorder: threading.Event(), other: threading.Event()}

    def add_one(name: str, mine: Recorder, its: Recorder) -> Callable[[Session], None]:
        def job(session: Session) -> None:
            session.execute(
                text("update setting set value = cast(cast(value as integer) + 1 as varchar) where name = :name"), {"name": name}
            )
            has_first[mine].set()
            has_first[its].wait(0.5)

        return job

    futures = [recorder.work(add_one(name, recorder, other)) for name in names]
    futures += [other.work(add_one(name, other, recorder)) for name in reversed(names)]
    for gate in gates:
        if gate:
            gate.released.set()

    assert [future.result(PATIENCE) for future in futures] == [None] * 4
    other.stop()
    with shared_db.reading() as session:
        assert [session.get_one(Setting, name).value for name in names] == ["2", "2"]


def test_a_full_group_of_long_requests_is_written(shared_db: Database, recorder: Recorder, sit: Sit, now: datetime) -> None:
    """Hundreds of positions a request, hundreds of requests a group: more places than a statement may have variables."""
    sitting = sit()
    saves = [Save(1 + n % 3, ("A",), n + 1) for n in range(400)]
    gate = Gate(recorder)
    futures = [recorder.save(token=sitting.who.token, attempt_id=sitting.attempt_id, saves=saves, received_at=now) for _ in range(100)]
    gate.released.set()

    assert {tuple(future.result(PATIENCE)[:3]) for future in futures} == {((1, 400), (2, 398), (3, 399))}
    with shared_db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Response).where(Response.attempt_id == sitting.attempt_id)) == 3  # type: ignore[arg-type]

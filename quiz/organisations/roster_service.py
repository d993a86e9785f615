"""Importing a roster: read, plan, show, apply; in short batches, so that answers being saved meanwhile do not wait."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from quiz import clock
from quiz.db import Database
from quiz.keyed_digest import keyed_digest
from quiz.models.organisations import RosterImport
from quiz.organisations.reference import Reference
from quiz.organisations.roster_apply import Stamp, has_changes, write_states
from quiz.organisations.roster_known import load_known, stated_phones
from quiz.organisations.roster_plan import MayWrite, Planner, RowOutcome, note_shared_phones
from quiz.organisations.roster_reader import RosterFile, read_roster
from quiz.organisations.roster_report import RosterReport, build_report
from quiz.organisations.roster_rows import RosterRow, RowReader
from quiz.organisations.roster_state import Known

BATCH = 100
"""Organisations in one transaction: on SQLite it holds up other writers for some 40 ms."""
PAUSE_SECONDS = 0.02
"""Between two transactions, for those who wait to save an answer."""

Progress = Callable[[int, int], None]


@dataclass
class ReadRoster:
    """A file understood cell by cell, before anything is looked up."""

    file_name: str
    digest: str
    file: RosterFile
    rows: list[RosterRow]


@dataclass
class RosterPlan:
    """What an import would do."""

    roster: ReadRoster
    outcomes: list[RowOutcome]
    known: Known
    today: date

    @property
    def report(self) -> RosterReport:
        """The dry run's report."""
        return build_report(self.roster.file_name, self.roster.file, self.outcomes, dry_run=True)


def read_and_plan(session: Session, *, data: bytes, file_name: str, today: date, may_write: MayWrite | None = None) -> RosterPlan:
    """Dry run: read the file and plan the whole import; nothing is written. Refuses files that cannot be read."""
    reference = Reference.load(session)
    roster = _read(reference, data, file_name, today)
    known = load_known(session, roster.rows, phones_stated={})
    outcomes = Planner(known, reference, today, may_write).plan(roster.rows)
    return RosterPlan(roster, outcomes, known, today)


def apply_plan(session: Session, *, plan: RosterPlan, account_id: int | None, now: datetime) -> RosterReport:
    """Write a plan made in this same transaction."""
    import_id = None
    if has_changes(plan.known.organisations):
        import_id = _open_import(session, plan.roster, account_id=account_id, now=now)
        stamp = Stamp(plan.today, now, account_id, import_id)
        write_states(session, states=plan.known.organisations, people=plan.known.people, stamp=stamp)
    report = build_report(plan.roster.file_name, plan.roster.file, plan.outcomes, dry_run=False, import_id=import_id)
    _close_import(session, import_id, report)
    return report


def import_roster(
    db: Database,
    *,
    data: bytes,
    file_name: str,
    now: datetime,
    today: date | None = None,
    account_id: int | None = None,
    may_write: MayWrite | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
    batch: int = BATCH,
    pause: float = PAUSE_SECONDS,
) -> RosterReport:
    """Import a roster, or tell what an import would do.

    Each row goes in whole or not at all. Batches are planned and written in one transaction each; after a crash the same
    file imported again does what is left, and a third time changes nothing. `progress(done, total)` counts rows.
    """
    today = today or clock.local_day(now)
    if dry_run:
        with db.reading() as session:
            return read_and_plan(session, data=data, file_name=file_name, today=today, may_write=may_write).report
    with db.reading() as session:
        reference = Reference.load(session)
    roster = _read(reference, data, file_name, today)
    work = _Batches(db, roster, reference, Stamp(today, now, account_id, None), may_write)
    done = 0
    for rows in _in_batches(roster.rows, batch):
        work.run(rows)
        done += len(rows)
        if progress:
            progress(done, len(roster.rows))
        time.sleep(pause)
    return work.finish()


def _read(reference: Reference, data: bytes, file_name: str, today: date) -> ReadRoster:
    file = read_roster(data, feature=reference.feature)
    reader = RowReader(reference, digest=keyed_digest, today=today)
    rows = [reader.read(raw) for raw in file.rows]
    note_shared_phones(rows)
    return ReadRoster(file_name[-200:], hashlib.sha256(data).hexdigest(), file, rows)


def _in_batches(rows: Sequence[RosterRow], size: int) -> Iterator[list[RosterRow]]:
    """Rows of one organisation stay together; refused rows ride along where they stand."""
    groups: dict[object, list[RosterRow]] = {}
    for row in rows:
        groups.setdefault(id(row) if row.refused else row.group, []).append(row)
    waiting: list[RosterRow] = []
    count = 0
    for group in groups.values():
        waiting += group
        count += 1
        if count == size:
            yield waiting
            waiting, count = [], 0
    if waiting:
        yield waiting


class _Batches:
    """One import under way: what its batches share."""

    def __init__(self, db: Database, roster: ReadRoster, reference: Reference, stamp: Stamp, may_write: MayWrite | None) -> None:
        self.db = db
        self.roster = roster
        self.reference = reference
        self.stamp = stamp
        self.may_write = may_write
        self.import_id: int | None = None
        self.outcomes: list[RowOutcome] = []
        self.phones: dict[int, str] = {}

    def run(self, rows: list[RosterRow]) -> None:
        """Plan and write one batch; once more when somebody else wrote the same at the same moment."""
        noted = [len(row.problems) for row in rows]
        try:
            self._run_once(rows)
        except IntegrityError:
            for row, count in zip(rows, noted, strict=True):
                del row.problems[count:]
            self._run_once(rows)

    def _run_once(self, rows: list[RosterRow]) -> None:
        import_id = self.import_id
        with self.db.transaction() as session:
            known = load_known(session, rows, phones_stated=self.phones)
            outcomes = Planner(known, self.reference, self.stamp.today, self.may_write).plan(rows)
            if has_changes(known.organisations):
                stamp = self.stamp
                if import_id is None:
                    import_id = _open_import(session, self.roster, account_id=stamp.account_id, now=stamp.now)
                stamp = Stamp(stamp.today, stamp.now, stamp.account_id, import_id)
                write_states(session, states=known.organisations, people=known.people, stamp=stamp)
        self.import_id = import_id
        self.phones |= stated_phones(known.people.everybody)
        self.outcomes += outcomes

    def finish(self) -> RosterReport:
        """File the report with the import."""
        roster = self.roster
        if self.import_id is None:
            with self.db.reading() as session:
                unfinished = _unfinished(session, roster.digest)
        else:
            unfinished = self.import_id
        report = build_report(roster.file_name, roster.file, self.outcomes, dry_run=False, import_id=unfinished)
        if unfinished is not None:
            with self.db.transaction() as session:
                _close_import(session, unfinished, report)
        return report


def _unfinished(session: Session, digest: str) -> int | None:
    """An import of the same file that never came to its end, nor was undone."""
    rows = session.exec(select(RosterImport).where(RosterImport.digest == digest).order_by(col(RosterImport.id).desc()))
    return next((row.id for row in rows if not row.report and row.undone_at is None), None)


def _open_import(session: Session, roster: ReadRoster, *, account_id: int | None, now: datetime) -> int:
    if (unfinished := _unfinished(session, roster.digest)) is not None:
        return unfinished
    row = RosterImport(file_name=roster.file_name, digest=roster.digest, imported_at=now, account_id=account_id, report={}, journal={})
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id


def _close_import(session: Session, import_id: int | None, report: RosterReport) -> None:
    if import_id is not None:
        row = session.get_one(RosterImport, import_id)
        row.report = report.for_storage()
        session.add(row)
        session.flush()

"""Two enterprises whose principal is one human being, entered twice."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from quiz import wiring
from quiz.models import metadata
from quiz.organisations.person_merge import PersonMergeView, merge_persons, undo_person_merge
from quiz.training import service as training
from tests import factories

OPENS, DUE = date(2026, 9, 1), date(2026, 12, 31)


class Town:
    """Both entries, their enterprises, and a programme both owe."""

    def __init__(self, session: Session, now: datetime) -> None:
        wiring.wire()
        self.session, self.now = session, now
        factories.reference(session)
        self.first, self.second = factories.organisation(session), factories.organisation(session)
        self.kept = factories.person(session, name="王建国", phone="13800000001")
        self.dropped = factories.person(session, name="王建国", phone="13800000002")
        self.paper = factories.paper(session)
        self.programme = factories.programme(session, opens_on=OPENS, due_on=DUE, paper_id=self.paper, code="all-2026")
        factories.post(session, organisation_id=self.first, person_id=self.kept)
        factories.post(session, organisation_id=self.second, person_id=self.dropped)
        training.open_programme(session, programme_id=self.programme, today=OPENS)

    def merge(self) -> PersonMergeView:
        return merge_persons(self.session, kept_id=self.kept, dropped_id=self.dropped, reason="本人确认换号", now=self.now)

    def undo(self, merged: PersonMergeView) -> None:
        undo_person_merge(self.session, merge_id=merged.id, now=self.now)

    def attempt(self, person_id: int, day: date, score: float) -> int:
        moment = factories.at(day)
        return factories.attempt(
            self.session, person_id=person_id, paper_id=self.paper, started_at=moment, handed_in_at=moment, score=score
        )

    def rows(self, *but: str) -> dict[str, Any]:
        """Every table but those named and the traces of merging."""
        left_out = {*but, "person_merge", "organisationchange", "tally", "audit_event"}
        self.session.flush()
        connection = self.session.connection()
        return {
            table.name: connection.execute(select(table).order_by(*table.primary_key.columns)).all()
            for table in metadata.sorted_tables
            if table.name not in left_out
        }

"""A small campaign to count: helpers that appoint, hand in and look, in the words of the tests."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session, col

from quiz import events
from quiz.coverage import queries as coverage
from quiz.coverage.domain import Counts
from quiz.models.organisations import Post
from quiz.models.training import Duty, Programme
from quiz.training import service
from tests import factories

OPENS, DUE = date(2026, 9, 1), date(2026, 10, 31)
LATER = date(2026, 11, 23)


class Campaign:
    """One open programme, by default for everybody, under policy B."""

    def __init__(self, session: Session, **terms: Any) -> None:
        self.session = session
        self.paper_id = factories.paper(session)
        self.terms = {"opens_on": OPENS, "due_on": DUE, "code": "safety-2026", "title": "主要负责人全覆盖培训", **terms}
        self.programme_id = 0

    def open(self) -> Campaign:
        self.programme_id = factories.programme(self.session, paper_id=self.paper_id, **self.terms)
        service.open_programme(self.session, programme_id=self.programme_id, today=OPENS)
        return self

    def appoint(self, organisation_id: int, *, on: date, **post: Any) -> int:
        post_id = factories.post(self.session, organisation_id=organisation_id, held_from=on, **post)
        events.announce(self.session, events.PostsChanged(frozenset({organisation_id}), on))
        return post_id

    def leave(self, post_id: int, *, on: date) -> None:
        self.session.connection().execute(update(Post).where(col(Post.id) == post_id).values(held_to=on))
        organisation_id = self.session.connection().execute(select(col(Post.organisation_id)).where(col(Post.id) == post_id)).scalar_one()
        events.announce(self.session, events.PostsChanged(frozenset({organisation_id}), on))

    def hand_in(self, person_id: int, *, on: date, score: float) -> int:
        moment = factories.at(on)
        attempt_id = factories.attempt(
            self.session, person_id=person_id, paper_id=self.paper_id, started_at=moment, handed_in_at=moment, score=score
        )
        events.announce(self.session, events.AttemptStarted(attempt_id, person_id, self.paper_id, moment))
        events.announce(self.session, events.AttemptHandedIn(attempt_id, person_id, self.paper_id, score >= 60, moment))
        return attempt_id

    def duty(self, post_id: int) -> Any:
        query = select(Duty.__table__).where(col(Duty.post_id) == post_id, col(Duty.programme_id) == self.programme_id)  # type: ignore[attr-defined]
        return self.session.connection().execute(query).one()

    def exempt(self, post_id: int, *, on: date) -> None:
        service.exempt(self.session, duty_id=self.duty(post_id).id, exempted_on=on, reason="停产核减，区市审核")

    def total(self, on: date = LATER, **asked: Any) -> Counts:
        return coverage.coverage(self.session, programme_code=self.code, as_of=on, **asked).total

    @property
    def code(self) -> str:
        return self.session.connection().execute(select(col(Programme.code)).where(col(Programme.id) == self.programme_id)).scalar_one()

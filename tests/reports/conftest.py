"""The rooms listen to each other; one programme with every kind of enterprise."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlmodel import Session

from quiz.coverage import subscriptions as coverage
from quiz.training import service as training
from quiz.training import subscriptions as training_subscriptions
from quiz.training.progress import advance
from tests import factories

OPENS, DUE = date(2026, 9, 1), date(2026, 11, 20)


@pytest.fixture(autouse=True)
def subscribed() -> None:
    training_subscriptions.subscribe_all()
    coverage.subscribe_all()


class Campaign:
    """Five enterprises in two districts: two passed, one failed, one never came, one has no principal; a sixth is exempt."""

    def __init__(self, session: Session, today: date) -> None:
        factories.reference(session)
        self.session, self.code = session, "all"
        self.paper = factories.paper(session)
        self.firms: dict[str, int] = {}
        self.people: dict[str, int] = {}
        for name, district, town in (
            ("甲公司", "371002", "371002001"), ("乙公司", "371002", "371002002"), ("丙公司", "371003", "371003001"),
            ("丁公司", "371003", "371003001"), ("戊公司", "371002", "371002001"), ("己公司", "371003", "371003001"),
        ):  # fmt: skip
            self.firms[name] = factories.organisation(session, name=name, district=district, town=town)
            if name != "戊公司":
                self.people[name] = factories.person(session, name=f"{name[0]}某", phone=f"1390631000{len(self.people)}")
                factories.post(session, organisation_id=self.firms[name], person_id=self.people[name], designated=True)
        self.programme = factories.programme(session, paper_id=self.paper, code=self.code, opens_on=OPENS, due_on=DUE)
        training.open_programme(session, programme_id=self.programme, today=today)
        self.sits("甲公司", date(2026, 10, 8), 90)
        self.sits("丙公司", date(2026, 11, 9), 80)
        self.sits("乙公司", date(2026, 11, 10), 30)
        duty = next(d for d in training.queries.duties(session, programme_id=self.programme) if d.organisation_id == self.firms["己公司"])
        training.exempt(session, duty_id=duty.id, exempted_on=date(2026, 10, 1), reason="停产，区审核同意")

    def sits(self, firm: str, day: date, score: float) -> None:
        at = factories.at(day)
        attempt = factories.attempt(
            self.session,
            person_id=self.people[firm],
            paper_id=self.paper,
            started_at=at,
            handed_in_at=at + timedelta(minutes=20),
            score=score,
        )
        advance(
            self.session, person_id=self.people[firm], paper_id=self.paper, day=day, attempt_id=attempt, handed_in=True, passed=score >= 60
        )


@pytest.fixture
def campaign(session: Session, today: date) -> Campaign:
    return Campaign(session, today)

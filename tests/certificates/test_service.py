"""Issued once for what was completed; renewed, replaced, revoked and restored with everything on record."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlmodel import Session, col

from quiz.certificates import printing, queries, service
from quiz.certificates.queries import Filters
from quiz.models.certificates import Certificate
from quiz.models.organisations import Person
from quiz.models.training import Duty, Programme
from quiz.organisations.reach import Reach, Reaches
from quiz.problems import Invalid, NotFound, Refusal
from quiz.training import service as training
from quiz.training.progress import advance
from quiz.vocabulary import CertificateState
from tests import factories

CITY = Reaches.everything()
WENDENG = Reaches((Reach(district_codes=frozenset({"371003"})),))


class Campaign:
    """One programme, two enterprises in two districts, each with its principal."""

    def __init__(self, session: Session, today: date) -> None:
        factories.reference(session)
        self.session = session
        self.office = factories.account(session, name="office")
        self.paper = factories.paper(session)
        self.people = [factories.person(session, name="王建国"), factories.person(session, name="李秀英")]
        self.firms = [
            factories.organisation(session, name="甲公司"),
            factories.organisation(session, name="乙公司", district="371003", town="371003001"),
        ]
        for person, firm in zip(self.people, self.firms, strict=True):
            factories.post(session, organisation_id=firm, person_id=person, designated=True)
        self.programme = factories.programme(session, paper_id=self.paper, code="first")
        training.open_programme(session, programme_id=self.programme, today=today)

    def passes(self, place: int, day: date, score: float = 88) -> None:
        at = factories.at(day)
        attempt = factories.attempt(
            self.session, person_id=self.people[place], paper_id=self.paper, started_at=at, handed_in_at=at + timedelta(minutes=9),
            score=score,
        )  # fmt: skip
        advance(
            self.session, person_id=self.people[place], paper_id=self.paper, day=day, attempt_id=attempt, handed_in=True, passed=score >= 60
        )


@pytest.fixture
def campaign(session: Session, today: date) -> Campaign:
    return Campaign(session, today)


def test_what_is_completed_gets_one_certificate_with_what_was_done(campaign: Campaign, session: Session, now: datetime) -> None:
    session.execute(update(Programme).values(basis="《安全生产法》第二十七条", validity_months=12))
    campaign.passes(0, date(2026, 10, 5))
    campaign.passes(1, date(2026, 10, 6), score=40)

    issued = service.issue_due(session, now=now)
    again = service.issue_due(session, now=now)

    view = queries.certificate(session, number=issued[0], today=date(2026, 11, 23))
    assert len(issued) == 1 and again == []
    assert view is not None and view.is_genuine and view.state is CertificateState.VALID
    assert asdict(view.content) | {"number": "", "key": ""} == {
        "number": "", "holder": "王建国", "organisation": "甲公司", "uscc": "", "role": "主要负责人", "programme": "主要负责人全覆盖培训",
        "basis": "《安全生产法》第二十七条", "hours": "", "study": "", "score": "88 分（满分 100 分，合格 60 分）", "editions": "",
        "completed_on": "2026-10-05", "issued_on": "2026-11-23", "valid_until": "2027-10-05", "issuer": "威海市安全生产委员会办公室",
        "key": "",
    }  # fmt: skip
    assert queries.certificate(session, number=issued[0], today=date(2027, 10, 6)).state is CertificateState.EXPIRED  # type: ignore[union-attr]
    assert printing.certificate_pdf(view, base_url="https://ankao.example").startswith(b"%PDF-")


def test_only_the_asked_persons_are_issued(campaign: Campaign, session: Session, now: datetime) -> None:
    for place in (0, 1):
        campaign.passes(place, date(2026, 10, 5))

    mine = service.issue_due(session, now=now, person_id=campaign.people[1])

    assert [view.number for view in queries.certificates_of(session, person_id=campaign.people[1], today=date(2026, 11, 23))] == mine
    assert queries.certificates_of(session, person_id=campaign.people[0], today=date(2026, 11, 23)) == []


def test_an_office_sees_and_touches_only_what_it_reaches(campaign: Campaign, session: Session, now: datetime, today: date) -> None:
    for place in (0, 1):
        campaign.passes(place, date(2026, 10, 5))
    service.issue_due(session, now=now)
    numbers = {row.organisation: row.number for row in queries.listed(session, filters=Filters(), reach=CITY, today=today).rows}
    other = {"number": numbers["甲公司"], "reach": WENDENG, "now": now}

    assert [row.organisation for row in queries.listed(session, filters=Filters(), reach=WENDENG, today=today).rows] == ["乙公司"]
    assert queries.listed(session, filters=Filters(), reach=Reaches(), today=today).total == 0
    with pytest.raises(NotFound):
        queries.certificate_within(session, number=numbers["甲公司"], reach=WENDENG, today=today)
    with pytest.raises(NotFound):
        service.revoke(session, **other, reason="没有理由", account_id=campaign.office)
    with pytest.raises(NotFound):
        service.replace_certificate(session, **other, reason="没有理由", account_id=campaign.office)
    with pytest.raises(NotFound):
        service.restore(session, **other)


def test_a_revoked_one_says_why_stays_gone_and_may_be_restored(campaign: Campaign, session: Session, now: datetime, today: date) -> None:
    campaign.passes(0, date(2026, 10, 5))
    (number,) = service.issue_due(session, now=now)

    with pytest.raises(Invalid):
        service.revoke(session, number=number, reason="错", reach=CITY, now=now, account_id=campaign.office)
    revoked = service.revoke(session, number=number, reason="替考，成绩作废", reach=CITY, now=now, account_id=campaign.office)
    with pytest.raises(Refusal):
        service.revoke(session, number=number, reason="替考，成绩作废", reach=CITY, now=now, account_id=campaign.office)

    assert (revoked.state, revoked.end_reason, revoked.ended_at) == (CertificateState.REVOKED, "替考，成绩作废", now)
    assert service.issue_due(session, now=now) == []
    restored = service.restore(session, number=number, reach=CITY, now=now)
    assert (restored.state, restored.end_reason, restored.ended_at) == (CertificateState.VALID, "", None)
    with pytest.raises(Refusal):
        service.restore(session, number=number, reach=CITY, now=now)


def test_a_corrected_name_comes_with_a_new_number_and_the_old_one_points_to_it(
    campaign: Campaign, session: Session, now: datetime, today: date
) -> None:
    campaign.passes(0, date(2026, 10, 5))
    (number,) = service.issue_due(session, now=now)
    session.get_one(Person, campaign.people[0]).name = "王建业"

    new = service.replace_certificate(session, number=number, reason="姓名更正", reach=CITY, now=now, account_id=campaign.office)

    old = queries.certificate(session, number=number, today=today)
    assert old is not None and old.is_genuine
    assert (old.state, old.content.holder, old.replaced_by) == (CertificateState.REPLACED, "王建国", new.number)
    assert (new.state, new.content.holder, new.is_genuine) == (CertificateState.VALID, "王建业", True)
    assert service.issue_due(session, now=now) == []


def test_the_next_cycle_renews_and_keeps_the_history(campaign: Campaign, session: Session, now: datetime, today: date) -> None:
    session.execute(update(Programme).values(series="principals"))
    campaign.passes(0, date(2026, 10, 5))
    (first,) = service.issue_due(session, now=now)
    paper = factories.paper(session)
    campaign.paper = paper
    second_cycle = factories.programme(session, paper_id=paper, code="second", opens_on=date(2026, 11, 1), due_on=date(2026, 12, 31))
    session.execute(update(Programme).where(col(Programme.id) == second_cycle).values(series="principals"))
    training.open_programme(session, programme_id=second_cycle, today=today)
    campaign.passes(0, date(2026, 11, 20))

    (second,) = service.issue_due(session, now=now)

    history = queries.certificates_of(session, person_id=campaign.people[0], today=today)
    assert {view.number: (view.state, view.replaced_by) for view in history} == {
        first: (CertificateState.REPLACED, second),
        second: (CertificateState.VALID, ""),
    }


def test_one_whose_ground_is_gone_is_listed_as_doubtful(campaign: Campaign, session: Session, now: datetime, today: date) -> None:
    campaign.passes(0, date(2026, 10, 5))
    service.issue_due(session, now=now)
    session.execute(update(Duty).values(completed_on=None, completed_attempt_id=None))

    found = queries.listed(session, filters=Filters(doubtful=True), reach=CITY, today=today)

    assert (found.total, found.doubtful, found.rows[0].is_doubtful) == (1, 1, True)


def test_a_certificate_changed_by_hand_in_the_database_is_not_genuine(
    campaign: Campaign, session: Session, now: datetime, today: date
) -> None:
    campaign.passes(0, date(2026, 10, 5))
    (number,) = service.issue_due(session, now=now)
    row = session.query(Certificate).one()
    row.content = {**row.content, "score": "100 分"}
    session.flush()

    view = queries.certificate(session, number=number, today=today)

    assert view is not None and not view.is_genuine

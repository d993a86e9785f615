"""The proof finds what somebody changed behind the tally's back."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import delete, update
from sqlmodel import Session, col

from quiz.coverage.domain import Cell, Counts
from quiz.coverage.verification import Difference, verify
from quiz.models.coverage import Contribution, Tally
from quiz.models.training import Duty
from tests import factories
from tests.coverage.campaign import OPENS, Campaign

CELL = Cell("371002", "371002001", "industry", "emergency")


@pytest.fixture
def campaign(session: Session) -> Campaign:
    factories.reference(session)
    person_id = factories.person(session)
    factories.post(session, organisation_id=factories.organisation(session), person_id=person_id)
    factories.organisation(session)
    campaign = Campaign(session).open()
    campaign.hand_in(person_id, on=date(2026, 9, 5), score=90)
    return campaign


def test_sound_tally_is_proved(campaign: Campaign) -> None:
    report = verify(campaign.session)

    assert (report.consistent, report.programmes, report.organisations, report.differences) == (True, 1, 2, ())


def test_corrupted_tally_row_is_found(campaign: Campaign) -> None:
    campaign.session.connection().execute(update(Tally).where(col(Tally.day) == OPENS).values(due=7))

    report = verify(campaign.session)

    assert report.differences == (Difference("safety-2026", "tally", None, OPENS, CELL, Counts(due=7), Counts(due=2)),)
    assert "应训 7" in report.text


def test_lost_contribution_is_found(campaign: Campaign) -> None:
    campaign.session.connection().execute(delete(Contribution).where(col(Contribution.day) == date(2026, 9, 5)))

    assert [(each.table, each.day) for each in verify(campaign.session).differences] == [("contribution", date(2026, 9, 5))]


def test_duty_changed_behind_the_tally_is_found(campaign: Campaign) -> None:
    campaign.session.connection().execute(update(Duty).values(completed_on=None))

    assert {each.table for each in verify(campaign.session).differences} == {"contribution", "tally"}

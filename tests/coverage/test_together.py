"""Many hand in at once: every part of the tally that several transactions touch ends up right."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

from quiz import events
from quiz.coverage import queries as coverage
from quiz.coverage.domain import Counts
from quiz.coverage.verification import verify
from quiz.db import Database
from tests import factories
from tests.coverage.campaign import Campaign

PEOPLE = 8


def test_holders_of_the_same_enterprises_hand_in_at_the_same_moment(db: Database) -> None:
    with db.transaction() as session:
        factories.reference(session)
        organisations = [factories.organisation(session) for _ in range(2)]
        people = [factories.person(session) for _ in range(PEOPLE)]
        for person_id in people:
            for organisation_id in organisations:
                factories.post(session, organisation_id=organisation_id, person_id=person_id)
        campaign = Campaign(session, policy="all").open()
        paper_id, code, moment = campaign.paper_id, campaign.code, factories.at(date(2026, 9, 5))
        attempts = {
            person_id: factories.attempt(session, person_id=person_id, paper_id=paper_id, started_at=moment, handed_in_at=moment, score=90)
            for person_id in people
        }

    def hand_in(person_id: int) -> None:
        with db.transaction() as session:
            events.announce(session, events.AttemptHandedIn(attempts[person_id], person_id, paper_id, True, moment))

    with ThreadPoolExecutor(PEOPLE) as pool:
        list(pool.map(hand_in, people))

    with db.reading() as session:
        view = coverage.coverage(session, programme_code=code, as_of=date(2026, 9, 5))
        assert view.total == Counts(due=2, trained=2, examined=2, passed=2, completed=2)
        assert verify(session).consistent

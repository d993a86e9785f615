"""Scores by enterprise, role, district and sector; every rate names its denominator."""

from __future__ import annotations

from datetime import date

import pytest
from sqlmodel import Session

from quiz.coverage.scores import ScoreRow, holders, person_attempts, scores
from quiz.organisations.reach import Reach
from quiz.problems import NotFound
from tests import factories
from tests.coverage.campaign import LATER, Campaign


@pytest.fixture
def city(session: Session) -> Session:
    factories.reference(session)
    return session


def test_rates_of_a_district_by_hand(city: Session) -> None:
    people = [factories.person(city) for _ in range(4)]
    for person_id in people:
        factories.post(city, organisation_id=factories.organisation(city), person_id=person_id)
    campaign = Campaign(city).open()
    campaign.hand_in(people[0], on=date(2026, 9, 5), score=90)
    campaign.hand_in(people[1], on=date(2026, 9, 5), score=40)
    campaign.hand_in(people[1], on=date(2026, 9, 6), score=70)
    campaign.hand_in(people[2], on=date(2026, 9, 5), score=50)

    view = scores(city, programme_code=campaign.code, by="region", as_of=LATER)

    expected = ScoreRow(
        key="371002", label="环翠区", due=4, attempts=4, participants=3, passed=2, first_time_passed=1, mean_percent=70.0,
        distribution=(1, 0, 1, 0, 1),
    )  # fmt: skip
    assert view.rows == (expected,)
    assert (expected.participation_rate, expected.exam_pass_rate, expected.overall_pass_rate, expected.first_time_pass_rate) == (
        3 / 4, 2 / 3, 2 / 4, 1 / 3,
    )  # fmt: skip


def test_person_with_two_enterprises_is_one_person_in_the_district_and_in_the_total(city: Session) -> None:
    person_id = factories.person(city)
    for name in ("甲厂", "乙厂"):
        factories.post(city, organisation_id=factories.organisation(city, name=name), person_id=person_id)
    campaign = Campaign(city).open()
    campaign.hand_in(person_id, on=date(2026, 9, 5), score=90)

    by_region = scores(city, programme_code=campaign.code, by="region", as_of=LATER)
    by_enterprise = scores(city, programme_code=campaign.code, by="enterprise", as_of=LATER)

    assert [row.due for row in by_region.rows] == [1]
    assert [(row.label, row.passed) for row in by_enterprise.rows] == [("乙厂", 1), ("甲厂", 1)]
    assert (by_enterprise.total.due, by_enterprise.total.attempts) == (1, 1)


def test_enterprise_shows_its_present_holder_and_lists_the_former_one(city: Session) -> None:
    foundry, former = factories.organisation(city), factories.person(city, name="前任")
    old = factories.post(city, organisation_id=foundry, person_id=former)
    campaign = Campaign(city).open()
    campaign.hand_in(former, on=date(2026, 9, 5), score=90)
    campaign.leave(old, on=date(2026, 10, 1))
    campaign.appoint(foundry, on=date(2026, 10, 1), person_id=factories.person(city, name="现任"))

    (row,) = scores(city, programme_code=campaign.code, by="enterprise", as_of=LATER).rows
    listed = holders(city, programme_code=campaign.code, organisation_id=foundry, as_of=LATER)

    assert (row.due, row.participants, row.passed, row.mean_percent) == (1, 0, 0, None)
    assert [(each.name, each.attempts, each.best_percent, each.completed_on) for each in listed] == [
        ("现任", 0, None, None), ("前任", 1, 90.0, date(2026, 9, 5)),
    ]  # fmt: skip


def test_groups_by_role_and_sector_are_labelled(city: Session) -> None:
    factories.post(city, organisation_id=factories.organisation(city, sector="catering"))
    campaign = Campaign(city).open()

    labels = [scores(city, programme_code=campaign.code, by=by, as_of=LATER).rows[0].label for by in ("role", "sector")]

    assert labels == ["主要负责人", "餐饮"]


def test_enterprises_are_ordered_and_paged(city: Session) -> None:
    campaign = Campaign(city)
    people = [factories.person(city) for _ in range(3)]
    for name, person_id in zip("abc", people, strict=True):
        factories.post(city, organisation_id=factories.organisation(city, name=name), person_id=person_id)
    campaign.open()
    for person_id, score in zip(people[:2], (60, 80), strict=True):
        campaign.hand_in(person_id, on=date(2026, 9, 5), score=score)

    view = scores(city, programme_code=campaign.code, by="enterprise", as_of=LATER, order="mean_percent", descending=True, limit=2)

    assert ([row.label for row in view.rows], view.groups, view.total.due) == (["b", "a"], 3, 3)


def test_attempts_of_a_person_are_shown_to_those_who_reach_the_enterprise(city: Session) -> None:
    foundry, person_id = factories.organisation(city), factories.person(city)
    factories.post(city, organisation_id=foundry, person_id=person_id)
    campaign = Campaign(city).open()
    campaign.hand_in(person_id, on=date(2026, 9, 5), score=40)
    campaign.hand_in(person_id, on=date(2026, 9, 6), score=80)

    attempts = person_attempts(city, programme_code=campaign.code, person_id=person_id, reach=Reach(organisation_ids=frozenset({foundry})))

    assert [(each.number, each.percent, each.passed) for each in attempts] == [(1, 40.0, False), (2, 80.0, True)]
    with pytest.raises(NotFound):
        person_attempts(city, programme_code=campaign.code, person_id=person_id, reach=Reach(district_codes=frozenset({"371003"})))
    with pytest.raises(NotFound):
        holders(city, programme_code=campaign.code, organisation_id=foundry, as_of=LATER, reach=Reach.nothing())


def test_scores_agree_with_coverage(city: Session) -> None:
    people = [factories.person(city) for _ in range(3)]
    for person_id in people:
        factories.post(city, organisation_id=factories.organisation(city), person_id=person_id)
    campaign = Campaign(city).open()
    campaign.hand_in(people[0], on=date(2026, 9, 5), score=90)
    campaign.hand_in(people[1], on=date(2026, 9, 5), score=10)

    total = scores(city, programme_code=campaign.code, by="region", as_of=LATER).total

    counts = campaign.total()
    assert (total.due, total.participants, total.passed) == (counts.due, counts.examined, counts.passed)

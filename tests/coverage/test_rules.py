"""The rules of counting, each by the example that explains it (`docs`: 统计口径)."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import insert, update
from sqlmodel import Session, col

from quiz import events
from quiz.coverage import queries as coverage
from quiz.coverage.domain import Counts, show_rate, show_share
from quiz.coverage.verification import verify
from quiz.models.organisations import Organisation, Placement
from quiz.organisations.reach import Reach, Reaches
from quiz.training import service
from tests import factories
from tests.coverage.campaign import DUE, LATER, OPENS, Campaign


@pytest.fixture
def city(session: Session) -> Session:
    factories.reference(session)
    return session


def test_enterprise_without_a_registered_principal_is_due_and_uncovered(city: Session) -> None:
    factories.organisation(city)

    assert Campaign(city).open().total() == Counts(due=1)


def test_policy_b_counts_the_designated_holder(city: Session) -> None:
    foundry = factories.organisation(city)
    designated, other = factories.person(city), factories.person(city)
    factories.post(city, organisation_id=foundry, person_id=designated, designated=True)
    factories.post(city, organisation_id=foundry, person_id=other)
    campaign = Campaign(city, policy="designated").open()

    campaign.hand_in(designated, on=date(2026, 9, 5), score=90)

    assert campaign.total() == Counts(due=1, trained=1, examined=1, passed=1, completed=1)


def test_policy_a_needs_every_principal(city: Session) -> None:
    foundry = factories.organisation(city)
    designated, other = factories.person(city), factories.person(city)
    factories.post(city, organisation_id=foundry, person_id=designated, designated=True)
    factories.post(city, organisation_id=foundry, person_id=other)
    campaign = Campaign(city, policy="all").open()

    campaign.hand_in(designated, on=date(2026, 9, 5), score=90)
    campaign.hand_in(other, on=date(2026, 9, 8), score=30)

    assert campaign.total(date(2026, 9, 7)) == Counts(due=1)
    assert campaign.total() == Counts(due=1, trained=1, examined=1)


def test_without_a_designated_holder_policy_b_needs_everybody(city: Session) -> None:
    foundry = factories.organisation(city)
    first, second = factories.person(city), factories.person(city)
    for person_id in (first, second):
        factories.post(city, organisation_id=foundry, person_id=person_id)
    campaign = Campaign(city, policy="designated").open()

    campaign.hand_in(first, on=date(2026, 9, 5), score=90)

    assert campaign.total().completed == 0


def test_change_of_policy_counts_everything_anew(city: Session) -> None:
    foundry = factories.organisation(city)
    designated = factories.person(city)
    factories.post(city, organisation_id=foundry, person_id=designated, designated=True)
    factories.post(city, organisation_id=foundry)
    campaign = Campaign(city, policy="designated").open()
    campaign.hand_in(designated, on=date(2026, 9, 5), score=90)

    service.edit_programme(city, programme_id=campaign.programme_id, today=LATER, policy="all")

    assert campaign.total() == Counts(due=1)
    assert verify(city).consistent


def test_exempt_enterprise_leaves_the_denominator_from_that_day(city: Session) -> None:
    post_id = factories.post(city, organisation_id=factories.organisation(city))
    campaign = Campaign(city).open()

    campaign.exempt(post_id, on=date(2026, 10, 1))

    assert campaign.total(date(2026, 9, 30)) == Counts(due=1)
    assert campaign.total(date(2026, 10, 1)) == Counts(exempt=1)
    assert campaign.total(date(2026, 10, 1)).rate is None


def test_one_exempt_holder_does_not_exempt_the_enterprise(city: Session) -> None:
    foundry = factories.organisation(city)
    exempt, person_id = factories.post(city, organisation_id=foundry), factories.person(city)
    factories.post(city, organisation_id=foundry, person_id=person_id)
    campaign = Campaign(city, policy="all").open()

    campaign.exempt(exempt, on=OPENS)
    campaign.hand_in(person_id, on=date(2026, 9, 5), score=90)

    assert campaign.total() == Counts(due=1, trained=1, examined=1, passed=1, completed=1)


def test_change_of_principal_uncovers_the_enterprise_and_keeps_the_past(city: Session) -> None:
    foundry, person_id = factories.organisation(city), factories.person(city)
    old = factories.post(city, organisation_id=foundry, person_id=person_id)
    campaign = Campaign(city).open()
    campaign.hand_in(person_id, on=date(2026, 9, 5), score=90)

    campaign.leave(old, on=date(2026, 10, 1))
    campaign.appoint(foundry, on=date(2026, 10, 1))

    assert campaign.total(date(2026, 9, 30)).completed == 1
    assert campaign.total(date(2026, 10, 1)) == Counts(due=1)


def test_person_with_two_enterprises_counts_as_two_enterprises_and_one_person(city: Session) -> None:
    person_id = factories.person(city)
    for _ in range(2):
        factories.post(city, organisation_id=factories.organisation(city), person_id=person_id)
    campaign = Campaign(city).open()

    campaign.hand_in(person_id, on=date(2026, 9, 5), score=90)

    persons = coverage.persons(city, programme_code=campaign.code, as_of=LATER)
    assert campaign.total() == Counts(due=2, trained=2, examined=2, passed=2, completed=2)
    assert persons == coverage.PersonsView(due=1, trained=1, examined=1, passed=1, completed=1, new_holders=0)


def test_enterprise_deregistered_before_the_opening_is_not_in_the_denominator(city: Session) -> None:
    factories.post(city, organisation_id=factories.organisation(city, status="deregistered", closed_on=date(2026, 8, 1)))

    assert Campaign(city).open().total() == Counts()


def test_enterprise_deregistered_meanwhile_leaves_numerator_and_denominator(city: Session) -> None:
    foundry, person_id = factories.organisation(city), factories.person(city)
    factories.post(city, organisation_id=foundry, person_id=person_id)
    campaign = Campaign(city).open()
    campaign.hand_in(person_id, on=date(2026, 9, 5), score=90)

    closed = {"status": "revoked", "closed_on": date(2026, 10, 10)}
    city.connection().execute(update(Organisation).where(col(Organisation.id) == foundry).values(**closed))
    events.announce(city, events.OrganisationsChanged(frozenset({foundry}), date(2026, 10, 12)))

    assert campaign.total(date(2026, 10, 9)).completed == 1
    assert campaign.total(date(2026, 10, 10)) == Counts()


def test_enterprise_that_moves_district_moves_its_counts_on_that_day(city: Session) -> None:
    foundry, person_id = factories.organisation(city), factories.person(city)
    factories.post(city, organisation_id=foundry, person_id=person_id)
    campaign = Campaign(city).open()
    campaign.hand_in(person_id, on=date(2026, 9, 5), score=90)

    day = date(2026, 10, 1)
    city.connection().execute(update(Placement).where(col(Placement.organisation_id) == foundry).values(until=day))
    moved = {"district_code": "371003", "town_code": "371003001", "sector_code": "industry", "department_code": "emergency"}
    city.connection().execute(insert(Placement).values(organisation_id=foundry, since=day, **moved))
    city.connection().execute(update(Organisation).where(col(Organisation.id) == foundry).values(**moved))
    events.announce(city, events.OrganisationsChanged(frozenset({foundry}), day))

    def districts(on: date) -> list[tuple[str, int]]:
        view = coverage.coverage(city, programme_code=campaign.code, as_of=on, by="region")
        return [(group.label, group.counts.completed) for group in view.groups]

    assert districts(date(2026, 9, 30)) == [("环翠区", 1)]
    assert districts(day) == [("文登区", 1)]


def test_coverage_json_says_numerator_denominator_policy_and_day(city: Session) -> None:
    person_id = factories.person(city)
    factories.post(city, organisation_id=factories.organisation(city), person_id=person_id)
    factories.organisation(city, sector="catering", department=None)
    campaign = Campaign(city).open()
    campaign.hand_in(person_id, on=date(2026, 9, 5), score=90)

    view = coverage.coverage(city, programme_code=campaign.code, as_of=LATER, by="department")

    done = {"due": 1, "trained": 1, "examined": 1, "passed": 1, "completed": 1, "exempt": 0, "rate": 1.0}
    none = {"due": 1, "trained": 0, "examined": 0, "passed": 0, "completed": 0, "exempt": 0, "rate": 0.0}
    assert view.as_json() == {
        "programme": "safety-2026", "as_of": "2026-11-23", "policy": "designated", "unit": "enterprise",
        "total": {**done, "due": 2, "rate": 0.5},
        "groups": [{"key": "emergency", "label": "应急管理局", **done}, {"key": "", "label": "未明确", **none}],
    }  # fmt: skip


@pytest.mark.parametrize("by", ["region", "town", "sector", "department", "role"])
def test_groups_add_up_to_the_total(city: Session, by: coverage.Dimension) -> None:
    for place in ({"town": None}, {"district": "371003", "town": "371003001"}, {"sector": "catering", "department": "commerce"}):
        factories.organisation(city, **place)  # type: ignore[arg-type]
    campaign = Campaign(city).open()

    view = coverage.coverage(city, programme_code=campaign.code, as_of=LATER, by=by)

    assert sum((group.counts for group in view.groups), Counts()) == view.total == Counts(due=3)


def test_trend_is_the_coverage_of_every_day(city: Session) -> None:
    person_id = factories.person(city)
    factories.post(city, organisation_id=factories.organisation(city), person_id=person_id)
    campaign = Campaign(city).open()
    campaign.hand_in(person_id, on=date(2026, 9, 3), score=90)

    points = coverage.trend(city, programme_code=campaign.code, from_day=date(2026, 8, 31), to_day=date(2026, 9, 4))

    assert [(point.day.day, point.counts.due, point.counts.completed) for point in points] == [
        (31, 0, 0), (1, 1, 0), (2, 1, 0), (3, 1, 1), (4, 1, 1),
    ]  # fmt: skip
    assert all(point.counts == campaign.total(point.day) for point in points)


def test_office_sees_its_district_town_department_or_enterprise_only(city: Session) -> None:
    here = factories.organisation(city, town="371002001")
    factories.organisation(city, town="371002002", department="commerce", direct_department="fire")
    factories.organisation(city, district="371003", town="371003001", department=None)
    campaign = Campaign(city).open()
    reaches: dict[str, tuple[Reach | Reaches, int]] = {
        "city": (Reaches.everything(), 3),
        "district": (Reach(district_codes=frozenset({"371002"})), 2),
        "town": (Reach(town_codes=frozenset({"371002002"})), 1),
        "department": (Reach(department_codes=frozenset({"emergency"})), 1),
        "direct supervision": (Reach(department_codes=frozenset({"fire"})), 1),
        "enterprise": (Reach(organisation_ids=frozenset({here})), 1),
        "either": (Reaches((Reach(district_codes=frozenset({"371003"})), Reach(department_codes=frozenset({"emergency"})))), 2),
        "nothing": (Reach.nothing(), 0),
        "no grant": (Reaches(), 0),
    }

    for name, (reach, number) in reaches.items():
        listed = coverage.uncovered(city, programme_code=campaign.code, as_of=LATER, reach=reach)
        view = coverage.coverage(city, programme_code=campaign.code, as_of=LATER, reach=reach)
        points = coverage.trend(city, programme_code=campaign.code, from_day=DUE, to_day=DUE, reach=reach)
        assert (name, view.total.due, points[0].counts.due, listed.total) == (name, number, number, number)


def test_share_without_a_denominator_is_a_dash_and_never_rounds_up_to_everything() -> None:
    assert show_share(0, 0) == "—"
    assert show_share(1, 3) == "33.3%"
    assert show_share(2999, 3000) == "99.9%↑"
    assert show_rate(Counts(due=3, completed=3)) == "100.0%"

"""Duties through time: who owes what from when to when, whatever happens to posts and enterprises."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update
from sqlmodel import Session, col

from quiz import events
from quiz.models.organisations import Organisation, OrganisationFeature, Placement, Post
from quiz.models.training import Membership
from quiz.problems import Refusal
from quiz.training import queries, service
from quiz.training.domain import Audience
from quiz.training.queries import DutyView
from tests import factories

OPENS, DUE = date(2026, 9, 1), date(2026, 10, 31)


@pytest.fixture
def city(session: Session) -> Session:
    factories.reference(session)
    return session


def opened(session: Session, today: date = OPENS, **terms: Any) -> int:
    programme_id = factories.programme(session, opens_on=OPENS, due_on=DUE, **terms)
    service.open_programme(session, programme_id=programme_id, today=today)
    return programme_id


def duty_of(session: Session, post_id: int) -> DutyView:
    return next(duty for duty in queries.duties(session) if duty.post_id == post_id)


def posts_changed(session: Session, organisation_id: int, today: date) -> None:
    events.announce(session, events.PostsChanged(frozenset({organisation_id}), today))


def organisation_changed(session: Session, organisation_id: int, today: date) -> None:
    events.announce(session, events.OrganisationsChanged(frozenset({organisation_id}), today))


def leave(session: Session, post_id: int, day: date) -> None:
    organisation_id = session.connection().execute(select(col(Post.organisation_id)).where(col(Post.id) == post_id)).scalar_one()
    session.connection().execute(update(Post).where(col(Post.id) == post_id).values(held_to=day))
    posts_changed(session, organisation_id, day)


def hand_in(session: Session, programme_id: int, person_id: int, day: date, score: float = 80) -> int:
    """What attempts does at a hand-in: the row, the start, the end."""
    paper_id = queries_paper(session, programme_id)
    moment = factories.at(day)
    attempt_id = factories.attempt(session, person_id=person_id, paper_id=paper_id, started_at=moment, handed_in_at=moment, score=score)
    events.announce(session, events.AttemptStarted(attempt_id, person_id, paper_id, moment))
    events.announce(session, events.AttemptHandedIn(attempt_id, person_id, paper_id, score >= 60, moment))
    return attempt_id


def queries_paper(session: Session, programme_id: int) -> int:
    found = next(view.paper_id for view in queries.programmes(session) if view.id == programme_id)
    assert found is not None
    return found


def members(session: Session, organisation_id: int) -> list[tuple[date, date | None]]:
    query = select(col(Membership.since), col(Membership.until)).where(col(Membership.organisation_id) == organisation_id)
    return [(since, until) for since, until in session.connection().execute(query.order_by(col(Membership.since)))]


def test_opening_lays_a_duty_on_every_principal_concerned(city: Session) -> None:
    foundry = factories.organisation(city, sector="industry")
    restaurant = factories.organisation(city, sector="catering", department="commerce")
    principal = factories.post(city, organisation_id=foundry)
    factories.post(city, organisation_id=foundry, role="safety_manager")
    factories.post(city, organisation_id=restaurant)

    opened(city, audience={"sectors": ["industry"]})

    assert [(duty.post_id, duty.opened_on, duty.due_on, duty.is_new_holder) for duty in queries.duties(city)] == [
        (principal, OPENS, DUE, False)
    ]
    assert members(city, foundry) == [(OPENS, None)]
    assert members(city, restaurant) == []


def test_new_holder_opens_a_new_row_with_a_grace_of_its_own(city: Session) -> None:
    foundry = factories.organisation(city)
    old = factories.post(city, organisation_id=foundry)
    programme_id = opened(city)

    leave(city, old, date(2026, 10, 20))
    new = factories.post(city, organisation_id=foundry, held_from=date(2026, 10, 20))
    posts_changed(city, foundry, date(2026, 10, 20))

    former, present = duty_of(city, old), duty_of(city, new)
    assert (former.closed_on, former.closing, former.completed_on) == (date(2026, 10, 20), "holder_left", None)
    assert (present.opened_on, present.due_on, present.is_new_holder) == (date(2026, 10, 20), date(2026, 11, 19), True)
    assert service.synchronise(city, programme_id=programme_id, organisation_ids=None, today=date(2026, 10, 21)) == frozenset()


def test_predecessors_result_never_counts_for_the_successor(city: Session) -> None:
    foundry = factories.organisation(city)
    old = factories.post(city, organisation_id=foundry)
    programme_id = opened(city)

    hand_in(city, programme_id, duty_of(city, old).person_id, date(2026, 9, 10))
    leave(city, old, date(2026, 10, 1))
    new = factories.post(city, organisation_id=foundry, held_from=date(2026, 10, 1))
    posts_changed(city, foundry, date(2026, 10, 1))

    former, present = duty_of(city, old), duty_of(city, new)
    assert (former.completed_on, former.closed_on, former.closing) == (date(2026, 9, 10), date(2026, 10, 1), None)
    assert (present.trained_on, present.completed_on) == (None, None)


def test_holder_who_passed_and_takes_up_a_second_enterprise_is_complete_there_from_the_first_day(city: Session) -> None:
    first, second = factories.organisation(city), factories.organisation(city)
    person_id = factories.person(city)
    factories.post(city, organisation_id=first, person_id=person_id)
    programme_id = opened(city)
    attempt_id = hand_in(city, programme_id, person_id, date(2026, 9, 10))

    new = factories.post(city, organisation_id=second, person_id=person_id, held_from=date(2026, 10, 5))
    posts_changed(city, second, date(2026, 10, 5))

    duty = duty_of(city, new)
    assert (duty.opened_on, duty.completed_on, duty.completed_attempt_id) == (date(2026, 10, 5), date(2026, 10, 5), attempt_id)


def test_one_attempt_moves_the_duties_of_every_enterprise_of_the_person(city: Session) -> None:
    person_id = factories.person(city)
    posts = [factories.post(city, organisation_id=factories.organisation(city), person_id=person_id) for _ in range(2)]
    programme_id = opened(city)

    hand_in(city, programme_id, person_id, date(2026, 9, 8), score=40)
    attempt_id = hand_in(city, programme_id, person_id, date(2026, 9, 9), score=90)

    day, next_day = date(2026, 9, 8), date(2026, 9, 9)
    for post_id in posts:
        duty = duty_of(city, post_id)
        assert (duty.trained_on, duty.examined_on, duty.passed_on, duty.completed_on, duty.completed_attempt_id) == (
            day, day, next_day, next_day, attempt_id,
        )  # fmt: skip


def test_attempt_before_the_opening_belongs_to_another_campaign(city: Session) -> None:
    post_id = factories.post(city, organisation_id=factories.organisation(city))
    programme_id = opened(city)

    hand_in(city, programme_id, duty_of(city, post_id).person_id, date(2026, 8, 31))

    assert duty_of(city, post_id).completed_on is None
    assert service.synchronise(city, programme_id=programme_id, organisation_ids=None, today=DUE) == frozenset()


def test_day_of_an_attempt_is_the_day_in_weihai(city: Session) -> None:
    post_id = factories.post(city, organisation_id=factories.organisation(city))
    programme_id = opened(city)
    paper_id, moment = queries_paper(city, programme_id), factories.at(date(2026, 9, 10), hour=0)

    attempt_id = factories.attempt(city, person_id=duty_of(city, post_id).person_id, paper_id=paper_id, started_at=moment)
    events.announce(city, events.AttemptStarted(attempt_id, duty_of(city, post_id).person_id, paper_id, moment))

    assert duty_of(city, post_id).trained_on == date(2026, 9, 10)


def test_deregistered_enterprise_owes_nothing_from_that_day_and_owes_again_when_it_reopens(city: Session) -> None:
    foundry = factories.organisation(city)
    post_id = factories.post(city, organisation_id=foundry)
    opened(city)
    at_foundry = col(Organisation.id) == foundry

    city.connection().execute(update(Organisation).where(at_foundry).values(status="deregistered", closed_on=date(2026, 9, 20)))
    organisation_changed(city, foundry, date(2026, 9, 25))
    closed = duty_of(city, post_id)
    city.connection().execute(update(Organisation).where(at_foundry).values(status="active", closed_on=None))
    organisation_changed(city, foundry, date(2026, 10, 5))
    reopened = duty_of(city, post_id)

    assert (closed.closed_on, closed.closing) == (date(2026, 9, 20), "organisation_closed")
    assert (reopened.closed_on, reopened.closing, reopened.due_on) == (None, None, DUE)


@pytest.mark.parametrize("status", ["suspended", "unreachable"])
def test_suspended_and_unreachable_enterprises_still_owe(city: Session, status: str) -> None:
    foundry = factories.organisation(city)
    post_id = factories.post(city, organisation_id=foundry)
    opened(city)

    city.connection().execute(update(Organisation).where(col(Organisation.id) == foundry).values(status=status))
    organisation_changed(city, foundry, date(2026, 9, 20))

    assert (duty_of(city, post_id).closed_on, members(city, foundry)) == (None, [(OPENS, None)])


def test_enterprise_that_changes_its_sector_leaves_the_audience_that_day(city: Session) -> None:
    foundry = factories.organisation(city)
    post_id = factories.post(city, organisation_id=foundry)
    opened(city, audience={"sectors": ["industry"]})

    city.connection().execute(update(Placement).where(col(Placement.organisation_id) == foundry).values(until=date(2026, 10, 1)))
    city.connection().execute(
        insert(Placement).values(
            organisation_id=foundry, since=date(2026, 10, 1), district_code="371002", sector_code="catering", department_code="commerce"
        )
    )
    organisation_changed(city, foundry, date(2026, 10, 3))

    duty = duty_of(city, post_id)
    assert (duty.closed_on, duty.closing) == (date(2026, 10, 1), "out_of_audience")


def test_feature_counts_from_the_day_it_was_seen(city: Session) -> None:
    foundry = factories.organisation(city)
    post_id = factories.post(city, organisation_id=foundry)
    opened(city, audience={"features": ["confined_space"]})

    city.connection().execute(insert(OrganisationFeature).values(organisation_id=foundry, feature_code="confined_space"))
    organisation_changed(city, foundry, date(2026, 10, 20))
    gained = duty_of(city, post_id)
    city.connection().execute(delete(OrganisationFeature).where(col(OrganisationFeature.organisation_id) == foundry))
    organisation_changed(city, foundry, date(2026, 11, 1))
    lost = duty_of(city, post_id)

    assert (gained.opened_on, gained.due_on, gained.closed_on) == (date(2026, 10, 20), date(2026, 11, 19), None)
    assert (lost.closed_on, lost.closing) == (date(2026, 11, 1), "out_of_audience")


def test_enterprise_founded_later_enters_on_its_registration_with_a_grace(city: Session) -> None:
    opened(city)
    new = factories.organisation(city, since=date(2026, 10, 20), registered_on=date(2026, 10, 20))
    post_id = factories.post(city, organisation_id=new, held_from=date(2026, 10, 20))

    organisation_changed(city, new, date(2026, 10, 25))

    duty = duty_of(city, post_id)
    assert (duty.opened_on, duty.due_on) == (date(2026, 10, 20), date(2026, 11, 19))


def test_back_dated_leave_adjusts_and_its_correction_restores_the_completion(city: Session) -> None:
    post_id = factories.post(city, organisation_id=factories.organisation(city))
    programme_id = opened(city)
    hand_in(city, programme_id, duty_of(city, post_id).person_id, date(2026, 10, 10))

    leave(city, post_id, date(2026, 10, 1))
    left = duty_of(city, post_id)
    city.connection().execute(update(Post).where(col(Post.id) == post_id).values(held_to=None))
    posts_changed(city, left.organisation_id, date(2026, 11, 1))
    restored = duty_of(city, post_id)

    assert (left.completed_on, left.closed_on) == (None, date(2026, 10, 1))
    assert (restored.completed_on, restored.closed_on) == (date(2026, 10, 10), None)


def test_exemption_is_withdrawn_with_a_grace_to_catch_up(city: Session) -> None:
    post_id = factories.post(city, organisation_id=factories.organisation(city))
    opened(city)
    duty_id = duty_of(city, post_id).id

    exempt = service.exempt(city, duty_id=duty_id, exempted_on=date(2026, 9, 10), reason="停产核减，区市审核〔2026〕12 号")
    owed = service.withdraw_exemption(city, duty_id=duty_id, withdrawn_on=date(2026, 10, 20))

    assert (exempt.exempted_on, exempt.exempt_until, exempt.due_on) == (date(2026, 9, 10), None, DUE)
    assert (owed.exempted_on, owed.exempt_until, owed.due_on) == (date(2026, 9, 10), date(2026, 10, 20), date(2026, 11, 19))


def test_exemption_withdrawn_on_its_first_day_was_never_there(city: Session) -> None:
    post_id = factories.post(city, organisation_id=factories.organisation(city))
    opened(city)
    duty_id = duty_of(city, post_id).id
    before = duty_of(city, post_id)

    service.exempt(city, duty_id=duty_id, exempted_on=date(2026, 9, 10), reason="误办")
    after = service.withdraw_exemption(city, duty_id=duty_id, withdrawn_on=date(2026, 9, 10))

    assert after == before


def test_extension_survives_every_later_look_at_the_facts(city: Session) -> None:
    post_id = factories.post(city, organisation_id=factories.organisation(city))
    programme_id = opened(city)

    service.extend_due(city, duty_id=duty_of(city, post_id).id, due_on=date(2026, 12, 1), reason="住院")
    service.synchronise(city, programme_id=programme_id, organisation_ids=None, today=DUE)

    assert duty_of(city, post_id).due_on == date(2026, 12, 1)


def test_grant_without_a_reason_is_refused(city: Session) -> None:
    post_id = factories.post(city, organisation_id=factories.organisation(city))
    opened(city)

    with pytest.raises(Refusal, match="请写明理由"):
        service.exempt(city, duty_id=duty_of(city, post_id).id, exempted_on=OPENS, reason="  ")


def test_paper_stays_once_somebody_has_begun(city: Session) -> None:
    post_id = factories.post(city, organisation_id=factories.organisation(city))
    programme_id = opened(city)
    hand_in(city, programme_id, duty_of(city, post_id).person_id, date(2026, 9, 5), score=10)

    with pytest.raises(Refusal, match="不能更换试卷"):
        service.edit_programme(city, programme_id=programme_id, today=DUE, paper_id=factories.paper(city))


def test_closed_programme_stays_as_it_is_and_catches_up_when_taken_up_again(city: Session) -> None:
    post_id = factories.post(city, organisation_id=factories.organisation(city))
    programme_id = opened(city)
    person_id = duty_of(city, post_id).person_id

    service.close_programme(city, programme_id=programme_id)
    hand_in(city, programme_id, person_id, date(2026, 11, 5))
    closed = duty_of(city, post_id)
    service.open_programme(city, programme_id=programme_id, today=date(2026, 11, 6))

    assert closed.completed_on is None
    assert duty_of(city, post_id).completed_on == date(2026, 11, 5)


def test_programme_code_is_taken_once(city: Session, now: Any) -> None:
    terms: dict[str, Any] = {"code": "gas-2026", "title": "用气餐饮", "audience": Audience(), "opens_on": OPENS, "due_on": DUE, "now": now}
    service.create_programme(city, **terms)

    with pytest.raises(Refusal, match="已被使用"):
        service.create_programme(city, **terms)

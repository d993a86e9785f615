"""The list of the uncovered: one row an enterprise, with the reason that tells the office what to do."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlmodel import Session

from quiz.coverage.uncovered import Filters, UncoveredView, uncovered
from quiz.training import service
from quiz.vocabulary import NotCoveredReason as Reason
from tests import factories
from tests.coverage.campaign import DUE, LATER, Campaign


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """Six enterprises: nobody registered, never signed in, signed in only, failed, passed, and a new principal of this month."""
    factories.reference(session)
    factories.organisation(session, name="无人厂")
    people = {name: factories.person(session, name=name, phone="13812341234") for name in ("未登", "未考", "未过", "已过", "旧任", "新任")}
    ids = {name: factories.organisation(session, name=f"{name}厂") for name in ("未登", "未考", "未过", "已过", "新任")}
    for name in ("未登", "未考", "未过", "已过"):
        factories.post(session, organisation_id=ids[name], person_id=people[name])
    old = factories.post(session, organisation_id=ids["新任"], person_id=people["旧任"])
    for name in ("未考", "未过", "已过"):
        factories.account(session, person_id=people[name], last_sign_in_at=factories.at(date(2026, 9, 4)))
    campaign = Campaign(session).open()
    campaign.hand_in(people["未过"], on=date(2026, 9, 5), score=30)
    campaign.hand_in(people["未过"], on=date(2026, 9, 6), score=55)
    campaign.hand_in(people["已过"], on=date(2026, 9, 5), score=95)
    campaign.leave(old, on=date(2026, 11, 10))
    campaign.appoint(ids["新任"], on=date(2026, 11, 10), person_id=people["新任"])
    return campaign


def listed(campaign: Campaign, on: date = LATER, filters: Filters | None = None, **page: Any) -> UncoveredView:
    return uncovered(campaign.session, programme_code=campaign.code, as_of=on, filters=filters, **page)


def test_each_enterprise_has_one_reason_and_overdue_is_said_beside_it(campaign: Campaign) -> None:
    view = listed(campaign)

    assert [(row.name, row.reason, row.is_overdue, row.days_overdue) for row in view.rows] == [
        ("无人厂", Reason.NO_HOLDER, True, 23), ("未登厂", Reason.NEVER_SIGNED_IN, True, 23), ("未考厂", Reason.NOT_ATTEMPTED, True, 23),
        ("未过厂", Reason.NOT_PASSED, True, 23), ("新任厂", Reason.NEW_HOLDER, False, 0),
    ]  # fmt: skip
    assert (view.total, view.overdue) == (5, 4)
    assert view.by_reason == dict.fromkeys(
        (Reason.NEW_HOLDER, Reason.NEVER_SIGNED_IN, Reason.NOT_ATTEMPTED, Reason.NOT_PASSED, Reason.NO_HOLDER), 1
    )


def test_list_and_coverage_agree(campaign: Campaign) -> None:
    for day in (date(2026, 9, 1), DUE, date(2026, 11, 10), LATER):
        assert listed(campaign, day).total == campaign.total(day).uncovered


def test_nobody_is_overdue_on_the_last_day(campaign: Campaign) -> None:
    assert listed(campaign, DUE).overdue == 0
    assert listed(campaign, date(2026, 11, 1)).overdue == 5


def test_row_carries_what_the_office_needs_to_call(campaign: Campaign) -> None:
    row = next(row for row in listed(campaign).rows if row.name == "未过厂")

    assert (row.district, row.town, row.sector, row.department) == ("环翠区", "环翠街道1", "工贸", "应急管理局")
    assert (row.holder, row.masked_phone, row.waiting_for) == ("未过", "138****1234", ("未过",))
    assert (row.attempts, row.best_percent, row.due_on, row.last_sign_in_at) == (2, 55.0, DUE, factories.at(date(2026, 9, 4)))
    assert row.shown_reason == "未合格（逾期 23 天）"


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        (Filters(reason=Reason.NOT_PASSED), ["未过厂"]),
        (Filters(reason=Reason.OVERDUE), ["无人厂", "未登厂", "未考厂", "未过厂"]),
        (Filters(name="未"), ["未登厂", "未考厂", "未过厂"]),
        (Filters(district="371003"), []),
        (Filters(district="371002", town="371002001", sector="industry", department="emergency", reason=Reason.NEW_HOLDER), ["新任厂"]),
    ],
)
def test_filters_narrow_the_list(campaign: Campaign, filters: Filters, names: list[str]) -> None:
    view = listed(campaign, filters=filters)

    assert ([row.name for row in view.rows], view.total) == (names, len(names))


def test_pages_follow_each_other(campaign: Campaign) -> None:
    first, second = listed(campaign, limit=3), listed(campaign, limit=3, offset=3)

    assert [row.name for row in (*first.rows, *second.rows)] == [row.name for row in listed(campaign).rows]
    assert first.total == second.total == 5


def test_extension_moves_the_row_out_of_the_overdue(campaign: Campaign) -> None:
    row = next(row for row in listed(campaign).rows if row.name == "未考厂")
    assert row.duty_id is not None

    service.extend_due(campaign.session, duty_id=row.duty_id, due_on=date(2026, 12, 1), reason="住院")

    assert listed(campaign).overdue == 3


def test_under_policy_a_an_enterprise_waits_for_all_its_holders(session: Session) -> None:
    factories.reference(session)
    foundry = factories.organisation(session)
    for name in ("甲", "乙"):
        factories.post(session, organisation_id=foundry, person_id=factories.person(session, name=name), designated=name == "甲")
    campaign = Campaign(session, policy="all").open()

    assert [row.waiting_for for row in listed(campaign).rows] == [("甲", "乙")]

    service.edit_programme(session, programme_id=campaign.programme_id, today=LATER, policy="designated")

    assert [row.waiting_for for row in listed(campaign).rows] == [("甲",)]

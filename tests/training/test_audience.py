"""Whom an audience would concern: the database and the rule in Python say the same, within reach only."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import Session, col

from quiz.models.organisations import Organisation
from quiz.organisations.reach import Reach, Reaches
from quiz.training import audience as audiences
from quiz.training.domain import Audience, selects
from quiz.training.facts import CLOSED_STATUSES
from quiz.training.hours_by_law import table
from quiz.training.queries import organisation_facts
from quiz.training.requirements import Requirements
from quiz.vocabulary import HoursRule, PostRole
from tests import factories

TODAY = date(2026, 9, 1)
EVERYWHERE = Reaches.everything()
HERE = Reaches((Reach(district_codes=frozenset({"371002"})),))


@pytest.fixture
def city(session: Session) -> Session:
    factories.reference(session)
    for district, town, sector, department, features, status in (
        ("371002", "371002001", "industry", "emergency", ("confined_space",), "active"),
        ("371002", None, "catering", "commerce", (), "suspended"),
        ("371003", "371003001", "industry", "emergency", (), "active"),
        ("371003", "371003001", "hospital", None, (), "deregistered"),
    ):
        number = factories.organisation(
            session, district=district, town=town, sector=sector, department=department, features=features, status=status
        )
        if sector == "industry":
            factories.post(session, organisation_id=number)
    return session


@pytest.mark.parametrize(
    "asked",
    [
        {}, {"sectors": ["industry"]}, {"features": ["confined_space"]}, {"regions": ["371002001"]}, {"regions": ["371003"]},
        {"regions": ["371000"]}, {"departments": ["commerce"]}, {"kinds": ["hospital"]}, {"sectors": ["industry"], "regions": ["371002"]},
    ],
)  # fmt: skip
def test_sql_and_rule_choose_the_same(city: Session, asked: dict[str, Any]) -> None:
    audience = Audience.of(asked)
    rows = city.execute(select(col(Organisation.id), col(Organisation.status))).all()
    wanted = {
        number for number, status in rows
        if status not in CLOSED_STATUSES and selects(audience, organisation_facts(city, organisation_id=number or 0))
    }  # fmt: skip

    found, total = audiences.listed(city, audience=audience, role=PostRole.PRINCIPAL, reach=EVERYWHERE, today=TODAY)

    assert ({row.id for row in found}, total) == (wanted, len(wanted))


def test_count_says_how_many_where_and_who_has_nobody(city: Session) -> None:
    found = audiences.count(city, audience=Audience(), role=PostRole.PRINCIPAL, reach=EVERYWHERE, today=TODAY)
    here = audiences.count(city, audience=Audience(), role=PostRole.PRINCIPAL, reach=HERE, today=TODAY)
    vacant, _ = audiences.listed(city, audience=Audience(), role=PostRole.PRINCIPAL, reach=EVERYWHERE, today=TODAY, vacant=True)

    assert (found.total, found.holders, found.without_holder) == (3, 2, 1)
    assert found.by_district == (("371002", "环翠区", 2), ("371003", "文登区", 1))
    assert {code: number for code, _, number in found.by_sector} == {"industry": 2, "catering": 1}
    assert (here.total, here.without_holder, [row.holders for row in vacant]) == (2, 1, [""])


def test_list_is_searched_by_name(city: Session) -> None:
    city.execute(update(Organisation).where(col(Organisation.town_code) == "371003001").values(name="100%海洋厂"))

    def names(text: str) -> list[str]:
        rows, _ = audiences.listed(city, audience=Audience(), role=PostRole.PRINCIPAL, reach=EVERYWHERE, today=TODAY, text=text)
        return [row.name for row in rows]

    assert (names("海洋"), names("100%"), names("%海"), names("没有")) == (["100%海洋厂"], ["100%海洋厂"], ["100%海洋厂"], [])


def test_what_a_holder_would_owe_comes_with_its_clause(city: Session) -> None:
    works = factories.organisation(city)
    factories.post(city, organisation_id=works)
    empty = factories.organisation(city)
    city.execute(update(Organisation).where(col(Organisation.id) == empty).values(hours_high_risk=True))
    law = Requirements(hours_rule=HoursRule.LAW.value, law=table())

    owed = [
        audiences.would_owe(city, organisation_id=number, requirements=law, role=PostRole.PRINCIPAL, opens_on=TODAY)[0]
        for number in (works, empty)
    ]

    assert [(each.minutes, each.is_first, each.source) for each in owed] == [
        (12 * 45, False, "《生产经营单位安全培训规定》第九条第一款"), (48 * 45, True, "《生产经营单位安全培训规定》第九条第二款"),
    ]  # fmt: skip
    assert owed[1].person == "新任主要负责人"

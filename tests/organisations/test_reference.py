"""Regions, departments, sectors and features: what is seeded, and every name they are known by."""

from __future__ import annotations

import pytest
from sqlmodel import Session, func, select

from quiz.models.organisations import Department, Feature, Region, Sector
from quiz.organisations import queries
from quiz.organisations.reach import Reach
from quiz.organisations.reference import Reference, Risk, seed_reference

REFERENCE = Reference.of_data()


def test_seeding_twice_changes_nothing(session: Session) -> None:
    seed_reference(session)
    tables = (Region, Department, Sector, Feature)
    before = [[row.model_dump() for row in session.exec(select(table))] for table in tables]

    seed_reference(session)
    session.expire_all()

    assert [[row.model_dump() for row in session.exec(select(table))] for table in tables] == before
    assert session.exec(select(func.count()).select_from(Region)).one() == 1 + 8 + 73


def test_the_tree_of_regions(session: Session) -> None:
    seed_reference(session)

    [city] = queries.regions_tree(session)

    assert {district.short_name: len(district.children) for district in city.children} == {
        "环翠": 9,
        "文登": 16,
        "荣成": 22,
        "乳山": 15,
        "高区": 3,
        "经区": 5,
        "临港区": 3,
        "南海新区": 0,
    }


def test_districts_under_a_code(session: Session) -> None:
    seed_reference(session)

    assert len(queries.district_codes_under(session, "371000")) == 8
    assert queries.district_codes_under(session, "371002") == {"371002"}
    assert queries.district_codes_under(session, "371071108") == {"371071"}


def test_the_reach_of_a_grant(session: Session) -> None:
    seed_reference(session)

    assert queries.reach_of(session, region_code="371000") == Reach.everything()
    assert queries.reach_of(session, region_code="371002", department_code="health") == Reach(
        district_codes=frozenset({"371002"}), department_codes=frozenset({"health"})
    )
    assert queries.reach_of(session, region_code="371002100") == Reach(town_codes=frozenset({"371002100"}))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("高区", "371071"),
        ("火炬高技术产业开发区", "371071"),
        ("高新区", "371071"),
        ("经区", "371072"),
        ("经开区", "371072"),
        ("临港区", "371073"),
        ("威海市环翠区", "371002"),
        ("山东省威海市荣成市人民政府", "371082"),
        ("３７１００３", "371003"),
        ("南海新区", "WH-NH"),
        ("威海市", None),
        ("烟台市", None),
    ],
)
def test_a_district_by_all_its_names(text: str, code: str | None) -> None:
    assert REFERENCE.district(text) == code


@pytest.mark.parametrize(
    ("text", "district", "code"),
    [
        ("张村", "371002", "371002100"),
        ("环翠楼街道办事处", "371002", "371002001"),
        ("环翠区张村镇", "371002", "371002100"),
        ("371002100000", "371002", "371002100"),
        ("小观镇", "WH-NH", "371003108"),
        ("初村镇", "371002", None),
    ],
)
def test_a_town_within_its_district(text: str, district: str, code: str | None) -> None:
    assert REFERENCE.town(text, district) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("水利局", "water"),
        ("市水务局", "water"),
        ("应急局", "emergency_management"),
        ("环翠区应急管理局", "emergency_management"),
        ("消防支队", "fire_rescue"),
        ("威海市卫健委", "health"),
        ("待明确", "undetermined"),
        ("太阳成集团", None),
    ],
)
def test_a_department_by_all_its_names(text: str, code: str | None) -> None:
    assert REFERENCE.department(text) == code


def test_a_mine_must_say_which_kind() -> None:
    assert REFERENCE.sector("矿山") is None
    assert REFERENCE.sectors_like("矿山") == ["煤矿", "非煤矿山"]


def test_every_sector_has_a_known_department() -> None:
    assert {sector.department_code for sector in REFERENCE.sectors.values()} <= REFERENCE.departments.keys()


def test_high_risk_for_hours_is_narrower_than_the_provinces() -> None:
    hours = {code for code, sector in REFERENCE.sectors.items() if sector.hours_high_risk}
    province = {code for code, sector in REFERENCE.sectors.items() if sector.sd_high_risk}

    assert hours == {"coal_mine", "non_coal_mine", "hazardous_chemicals", "fireworks"}
    assert hours < province


@pytest.mark.parametrize(
    ("features", "risk"),
    [
        (set(), Risk(hours=False, province=False)),
        ({"confined_space"}, Risk(hours=False, province=False)),
        ({"dust_explosion"}, Risk(hours=False, province=True)),
        ({"ammonia_refrigeration"}, Risk(hours=False, province=True)),
        ({"metal_smelting"}, Risk(hours=True, province=True)),
    ],
)
def test_features_make_a_factory_high_risk(features: set[str], risk: Risk) -> None:
    assert REFERENCE.risk("industry_trade", features) == risk

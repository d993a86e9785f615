"""What looks wrong in a roster is found, within reach, until somebody mends it or says that it is right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import Session, col

from quiz.models.organisations import Organisation, OrganisationFeature, Person, Placement, Post
from quiz.organisations import quality
from quiz.organisations.quality_checks import BY_CODE, CHECKS, MANY_FIRMS, MANY_PHONES
from quiz.organisations.reach import Reach, Reaches
from quiz.organisations.reference import seed_reference
from quiz.problems import Invalid, NotFound, Refusal
from quiz.ui.enterprises_actions import acts
from tests import factories
from tests.organisations import sheets

HUANCUI = Reaches((Reach(district_codes=frozenset({"371002"})),))


class Roster:
    """Flawless until a test spoils it."""

    def __init__(self, session: Session, today: date) -> None:
        self.session, self.today, self.number = session, today, 0
        seed_reference(session)

    def firm(self, name: str = "", **changes: Any) -> int:
        """An enterprise with everything in order."""
        self.number += 1
        row = Organisation(
            **{
                "name": name or f"海蓝{self.number}号渔具有限公司", "uscc": sheets.uscc(self.number), "district_code": "371002",
                "town_code": "371002001", "sector_code": "industry_trade", "department_code": "emergency_management",
                "registered_on": date(2015, 1, 1), "created_at": factories.ENTERED_AT, **changes,
            }
        )  # fmt: skip
        self.session.add(row)
        self.session.flush()
        place = {name: getattr(row, name) for name in ("district_code", "town_code", "sector_code", "department_code")}
        self.session.add(Placement(organisation_id=row.id or 0, since=date(2015, 1, 1), **place))
        self.session.flush()
        return row.id or 0

    def head(self, firm: int, name: str = "", phone: str | None = "", *, person: int | None = None, **post: Any) -> int:
        """A designated principal of their own; answers the person."""
        self.number += 1
        if person is None:
            row = Person(
                name=name or f"人{self.number}", phone=sheets.phone(self.number) if phone == "" else phone, created_at=factories.ENTERED_AT
            )
            self.session.add(row)
            self.session.flush()
            person = row.id or 0
        given = {"role": "principal", "designated": True, "held_from": date(2020, 1, 1), **post}
        self.session.add(Post(person_id=person, organisation_id=firm, created_at=factories.ENTERED_AT, **given))
        self.session.flush()
        return person

    def whole(self, **changes: Any) -> int:
        """An enterprise with its principal."""
        firm = self.firm(**changes)
        self.head(firm)
        return firm

    def found(self, reach: Any = None) -> dict[str, list[str]]:
        """Check → what it is about, of the checks that found something."""
        found = {check.code: quality.findings(self.session, code=check.code, today=self.today, reach=reach).findings for check in CHECKS}
        return {code: sorted(each.subject for each in findings) for code, findings in found.items() if findings}


@pytest.fixture
def roster(session: Session, today: date) -> Roster:
    roster = Roster(session, today)
    for district, town in (("371002", "371002001"), ("371082", "371082007")):
        roster.whole(district_code=district, town_code=town)
    return roster


def test_a_roster_in_order_has_no_findings(roster: Roster) -> None:
    assert roster.found() == {}


Spoil = Callable[[Roster], Any]


def _two_principals(roster: Roster) -> None:
    firm = roster.firm()
    roster.head(firm, designated=False)
    roster.head(firm, designated=False)


def _gas(roster: Roster) -> None:
    firm = roster.whole(sector_code="catering", gas_kind="未用")
    roster.session.add(OrganisationFeature(organisation_id=firm, feature_code="gas_catering"))
    roster.whole(sector_code="catering", gas_kind="管道")


def _same_person(roster: Roster) -> None:
    firm = roster.firm()
    roster.head(firm, "王建国")
    roster.head(firm, "王建国", role="safety_manager", designated=False)


def _many_firms(roster: Roster) -> None:
    person = roster.head(roster.firm())
    for _ in range(MANY_FIRMS):
        roster.head(roster.firm(), person=person)


def _shared_phone(roster: Roster) -> None:
    for name in ("甲", "乙"):
        roster.head(roster.firm(), name, "13900000000")


def _common_telephone(roster: Roster) -> None:
    for _ in range(MANY_PHONES + 1):
        roster.whole(telephone="0631-5200000")


def _elsewhere(roster: Roster) -> None:
    firm = roster.whole()
    roster.session.execute(update(Organisation).where(col(Organisation.id) == firm).values(town_code="371002002"))


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda r: [r.whole(name="海蓝网具有限公司") for _ in range(2)], {"same_name": ["organisation:3-2", "organisation:4-2"]}),
        (lambda r: (r.whole(name="威海市海蓝网具有限公司"), r.whole(name="海蓝网具有限责任公司")),
         {"similar_name": ["organisation:3-2", "organisation:4-2"]}),
        (lambda r: [r.whole(uscc=sheets.uscc(99), premises=text) for text in ("一店", "二店")],
         {"same_code": ["organisation:3-2", "organisation:4-2"]}),
        (_same_person, {"same_person": ["persons:3-3-2", "persons:3-4-2"]}),
        (lambda r: r.whole(uscc=None, registration_number="371000600000001"), {"code_pending": ["organisation:3"]}),
        (lambda r: r.whole(uscc="91371000MA0000011X", uscc_forced=True), {"code_forced": ["organisation:3"]}),
        (lambda r: r.whole(uscc="91371000MA0000011X"), {"code_fails": ["organisation:3"]}),
        (lambda r: r.whole(uscc=sheets.uscc(3)[:17]), {"code_fails": ["organisation:3"]}),
        (lambda r: r.whole(uscc=sheets.uscc(3, prefix="92")), {"kind_by_code": ["organisation:3"]}),
        (lambda r: r.whole(kind="self_employed"), {"kind_by_code": ["organisation:3"]}),
        (lambda r: r.firm(), {"no_principal": ["organisation:3"]}),
        (_two_principals, {"no_designated": ["organisation:3-2"]}),
        (_many_firms, {"many_firms": ["person:3-6"] * 6}),
        (lambda r: r.head(r.firm(), phone=None), {"no_phone": ["post:3"]}),
        (_shared_phone, {"shared_phone": ["phone:3-2"] * 2}),
        (lambda r: r.head(r.firm(), phone="0631-5200000"), {"phone_malformed": ["post:3"]}),
        (lambda r: r.head(r.firm(), phone="12345678901"), {"phone_malformed": ["post:3"]}),
        (_common_telephone, {"common_telephone": [f"organisation:{number}-4" for number in (3, 4, 5, 6)]}),
        (lambda r: r.whole(telephone="不详"), {"telephone_malformed": ["organisation:3"]}),
        (lambda r: r.whole(telephone="(0631) 520 0000转8"), {}),
        (lambda r: r.whole(registered_on=r.today + timedelta(days=1)), {"impossible_days": ["organisation:3"], "impossible_tenures": ["post:3"]}),
        (lambda r: r.whole(status="deregistered", closed_on=date(2014, 1, 1)), {"impossible_days": ["organisation:3"]}),
        (lambda r: r.whole(status="revoked"), {"impossible_days": ["organisation:3"]}),
        (lambda r: r.head(r.firm(), held_from=date(2014, 1, 1)), {"impossible_tenures": ["post:3"]}),
        (lambda r: r.head(r.firm(), held_from=r.today + timedelta(days=1)), {"impossible_tenures": ["post:3"]}),
        (lambda r: r.whole(town_code=None), {"no_town": ["organisation:3"]}),
        (lambda r: r.whole(sector_code="undetermined"), {"no_sector": ["organisation:3"]}),
        (lambda r: r.whole(department_code=None), {"no_department": ["organisation:3"]}),
        (lambda r: r.whole(kind="hospital", sector_code="hospital"), {"hospital_grade": ["organisation:3"]}),
        (_gas, {"gas_mismatch": ["organisation:3", "organisation:4"]}),
        (_elsewhere, {"placed_elsewhere": ["organisation:3"]}),
        (lambda r: r.firm(status="deregistered", closed_on=date(2026, 1, 1), town_code=None, uscc=None, registration_number="1"), {}),
    ],
)  # fmt: skip
def test_each_check_finds_what_it_is_about_and_nothing_else_does(roster: Roster, spoil: Spoil, expected: dict[str, list[str]]) -> None:
    spoil(roster)
    roster.session.flush()

    assert roster.found() == expected


def test_every_check_is_spoilt_by_some_example_and_every_fix_is_an_act(roster: Roster) -> None:
    fixes = {fix for check in CHECKS for fix in check.fixes}

    assert fixes - acts().keys() == {"merge_persons", "duplicate"}
    assert len(BY_CODE) == len(CHECKS) == 24


def test_an_office_finds_what_is_within_its_reach_and_counts_it(roster: Roster) -> None:
    here = roster.firm()
    roster.firm(district_code="371082", town_code="371082007")
    roster.head(here, "甲", "13900000000")
    roster.head(roster.firm(district_code="371082", town_code="371082007"), "乙", "13900000000")

    counted = {
        each.check.code: each.findings for each in quality.counts(roster.session, today=roster.today, reach=HUANCUI) if each.findings
    }
    everywhere = {each.check.code: each.findings for each in quality.counts(roster.session, today=roster.today) if each.findings}
    (own,) = quality.findings(roster.session, code="shared_phone", today=roster.today, reach=HUANCUI).findings
    group = quality.group_of(roster.session, finding=own, today=roster.today, reach=HUANCUI)

    assert (counted, everywhere) == ({"shared_phone": 1}, {"no_principal": 1, "shared_phone": 2})
    assert [each.person for each in group] == ["甲"]


def test_confirmed_it_is_no_longer_counted_until_it_changes(roster: Roster, now: datetime) -> None:
    _shared_phone(roster)
    known = {"code": "shared_phone", "subject": "phone:3-2", "today": roster.today}

    quality.confirm(roster.session, **known, reason="夫妻店，共用一部手机", now=now, account_id=7)
    confirmed = {
        each.check.code: (each.findings, each.confirmed) for each in quality.counts(roster.session, today=roster.today) if each.confirmed
    }
    (ruling,) = quality.rulings(roster.session, code="shared_phone", today=roster.today)
    roster.head(roster.firm(), "丙", "13900000000")

    assert confirmed == {"shared_phone": (0, 2)}
    assert (ruling.reason, ruling.account_id) == ("夫妻店，共用一部手机", 7)
    assert roster.found() == {"shared_phone": ["phone:3-3"] * 3}


def test_a_confirmation_taken_back_is_found_again(roster: Roster, now: datetime) -> None:
    roster.firm()
    known: dict[str, Any] = {"code": "no_principal", "subject": "organisation:3", "today": roster.today}
    quality.confirm(roster.session, **known, reason="正在更换", now=now)

    with pytest.raises(Refusal, match="已经确认"):
        quality.confirm(roster.session, **known, reason="正在更换", now=now)
    quality.revoke(roster.session, **known)

    assert roster.found() == {"no_principal": ["organisation:3"]}


def test_nobody_rules_on_what_is_beyond_their_reach_or_without_a_word(roster: Roster, now: datetime) -> None:
    roster.firm(district_code="371082", town_code="371082007")
    known: dict[str, Any] = {"code": "no_principal", "subject": "organisation:3", "today": roster.today}

    with pytest.raises(NotFound):
        quality.confirm(roster.session, **known, reason="正在更换", now=now, reach=HUANCUI)
    with pytest.raises(Invalid, match="写明核实"):
        quality.confirm(roster.session, **known, reason=" ", now=now)
    quality.confirm(roster.session, **known, reason="正在更换", now=now)
    with pytest.raises(NotFound):
        quality.revoke(roster.session, **known, reach=HUANCUI)
    with pytest.raises(NotFound):
        quality.finding_of(roster.session, **{**known, "code": "no_such_check"})


def test_people_who_serve_elsewhere_too_are_merged_by_the_city(roster: Roster) -> None:
    person = roster.head(roster.firm())
    stranger = roster.head(roster.firm(district_code="371082", town_code="371082007"))
    quality.require_persons_within(roster.session, person_ids=(person,), reach=HUANCUI)
    roster.head(roster.firm(district_code="371082", town_code="371082007"), person=person)

    with pytest.raises(NotFound, match="由市安委会办公室合并"):
        quality.require_persons_within(roster.session, person_ids=(person,), reach=HUANCUI)
    with pytest.raises(NotFound, match="没有找到该人员"):
        quality.require_persons_within(roster.session, person_ids=(stranger,), reach=HUANCUI)


def test_pages_of_findings_keep_groups_together(roster: Roster) -> None:
    for name in ("乙", "甲", "乙", "甲"):
        roster.whole(name=f"海蓝{name}厂")

    pages = [quality.findings(roster.session, code="same_name", today=roster.today, limit=2, offset=offset) for offset in (0, 2)]

    assert [page.total for page in pages] == [4, 4]
    assert all(len({each.organisation for each in page.findings}) == 1 for page in pages)

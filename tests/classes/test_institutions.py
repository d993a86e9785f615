"""Institutions: who may touch which, what a review needs, and how hours follow reviews, their withdrawal and strike-off."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from quiz.classes import institutions, presence, queries, service
from quiz.classes.domain import Standing
from quiz.classes.institutions import Finding, InstitutionDraft, ReviewDraft, checklist
from quiz.classes.reach import institution_districts
from quiz.classes.service import ClassDraft
from quiz.organisations.reach import Reach, Reaches
from quiz.problems import Invalid, NotFound, Refusal
from quiz.vocabulary import InstitutionState, ReviewVerdict
from tests.classes.conftest import HERE, THERE, TODAY, School, at

PDF = b"%PDF-1.4 scan"


def stamp(school: School, districts: frozenset[str] | None = None) -> dict[str, Any]:
    return {"districts": districts, "actor": school.actor, "now": at(12)}


def entered(school: School, name: str = "海岳培训中心", district: str | None = HERE) -> int:
    return institutions.add(school.session, draft=InstitutionDraft(name, district_code=district), **stamp(school))


def review(school: School, number: int, **more: Any) -> int:
    draft = ReviewDraft(
        **{"reviewed_on": TODAY, "verdict": ReviewVerdict.PASSED, "valid_until": TODAY + timedelta(days=364), "reviewers": "甲"} | more
    )
    return institutions.review(school.session, institution_id=number, draft=draft, today=TODAY, **stamp(school))


def held_by(school: School, number: int) -> None:
    """张三 came to a session of that institution."""
    draft = ClassDraft("主要负责人专题班", school.programme, number)
    service.edit(school.session, session_id=school.class_id, draft=draft, **school.stamp())
    presence.add(
        school.session, site_id=school.here, person_id=school.zhang, begin=at(8, 50), end=at(10, 40), reason="现场核实", **school.stamp()
    )


def minutes(school: School) -> int:
    return school.credited().get((school.class_id, school.zhang), 0)


def test_hours_follow_reviews_their_withdrawal_and_strike_off(school: School) -> None:
    number = entered(school)
    held_by(school, number)
    assert minutes(school) == 0
    assert queries.opened(school.session, school.class_id, desk=school.city).standings == ((TODAY, Standing.NEVER),)

    assert review(school, number, reviewed_on=TODAY - timedelta(days=3)) == 1
    assert minutes(school) == 90
    found = institutions.institution(school.session, number, districts=None, today=TODAY)
    assert (found.standing, found.days_left(TODAY), len(found.reviews)) == (Standing.VALID, 364, 1)

    institutions.withdraw_review(school.session, review_id=found.reviews[0].id, reason="登记有误", **stamp(school))
    assert minutes(school) == 0
    review(school, number, reviewed_on=TODAY - timedelta(days=3))
    institutions.strike_off(school.session, institution_id=number, on=TODAY + timedelta(days=1), reason="弄虚作假", **stamp(school))
    assert minutes(school) == 90
    institutions.put_back(school.session, institution_id=number, reason="复议撤销", **stamp(school))
    institutions.strike_off(school.session, institution_id=number, on=TODAY, reason="弄虚作假", **stamp(school))
    assert minutes(school) == 0
    institutions.put_back(school.session, institution_id=number, reason="复议撤销", **stamp(school))
    assert minutes(school) == 90
    assert school.audited()[-1] == "put_back_institution"


def test_a_review_that_ended_before_the_day_gives_nothing(school: School) -> None:
    number = entered(school)
    held_by(school, number)

    review(school, number, reviewed_on=TODAY - timedelta(days=400), valid_until=TODAY - timedelta(days=1))
    assert (minutes(school), institutions.institution(school.session, number, districts=None, today=TODAY).standing) == (
        0,
        Standing.EXPIRED,
    )
    review(school, number, reviewed_on=TODAY - timedelta(days=400), valid_until=TODAY)
    assert minutes(school) == 90
    review(school, number, verdict=ReviewVerdict.TO_MEND, valid_until=None)
    assert minutes(school) == 0


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"reviewed_on": TODAY + timedelta(days=1)}, "future"),
        ({"valid_until": None}, "valid_until"),
        ({"valid_until": TODAY - timedelta(days=1)}, "valid_until"),
        ({"reviewers": " "}, "reviewers"),
        ({"findings": (Finding("premises", False),)}, "unmet"),
        ({"attachment": ("扫描.pdf", b"MZ\x90 program")}, "attachment_type"),
        ({"attachment": ("扫描.pdf", PDF + b" " * (10 * 2**20))}, "attachment_large"),
    ],
)
def test_a_review_that_cannot_stand_is_refused(school: School, more: dict[str, Any], code: str) -> None:
    number = entered(school)

    with pytest.raises(Invalid) as refusal:
        review(school, number, **more)

    assert refusal.value.code == code


def test_a_failed_review_names_what_was_not_met(school: School) -> None:
    number = entered(school)
    findings = (Finding("premises", False, "只能坐三十人"), Finding("attendance", True), Finding("online", None))

    review(school, number, verdict=ReviewVerdict.FAILED, valid_until=None, findings=findings, attachment=("复核表.pdf", PDF))

    kept = institutions.institution(school.session, number, districts=None, today=TODAY).reviews[0]
    assert (kept.findings, kept.unmet, kept.attachment) == (findings, 1, "复核表.pdf")
    assert institutions.attachment(school.session, review_id=kept.id, districts=None) == ("复核表.pdf", PDF)


def test_another_districts_institution_is_not_found(school: School) -> None:
    own, foreign, city = entered(school), entered(school, "文登培训学校", THERE), entered(school, "市级培训中心", None)
    review(school, foreign, attachment=("复核表.pdf", PDF))
    review_id = institutions.institution(school.session, foreign, districts=None, today=TODAY).reviews[0].id
    here = institution_districts(Reaches((Reach(district_codes=frozenset({HERE})),)))
    mine = stamp(school, here)

    listed = institutions.institutions(school.session, districts=here, today=TODAY)
    assert [view.id for view in listed] == [own]
    for number in (foreign, city):
        for act in (
            lambda number=number: institutions.institution(school.session, number, districts=here, today=TODAY),
            lambda number=number: institutions.edit(school.session, institution_id=number, draft=InstitutionDraft("改名了"), **mine),
            lambda number=number: institutions.strike_off(school.session, institution_id=number, on=TODAY, reason="弄虚作假", **mine),
            lambda number=number: institutions.review(
                school.session, institution_id=number, draft=ReviewDraft(TODAY, ReviewVerdict.FAILED, reviewers="甲"), today=TODAY, **mine
            ),
        ):
            with pytest.raises(NotFound):
                act()
    with pytest.raises(NotFound):
        institutions.attachment(school.session, review_id=review_id, districts=here)
    with pytest.raises(NotFound):
        institutions.withdraw_review(school.session, review_id=review_id, reason="登记有误", **mine)
    with pytest.raises(Invalid, match="管辖区市"):
        institutions.add(school.session, draft=InstitutionDraft("越界登记", district_code=THERE), **mine)
    assert len(institutions.institutions(school.session, districts=None, today=TODAY)) == 3


def test_streets_and_enterprises_look_after_no_institution() -> None:
    limited = (Reach(town_codes=frozenset({"371002001"})), Reach(organisation_ids=frozenset({1})))

    assert [institution_districts(Reaches((reach,))) for reach in limited] == [frozenset(), frozenset()]
    assert institution_districts(Reaches()) == frozenset()
    assert institution_districts(Reaches.everything()) is None
    assert institution_districts(Reaches((Reach(department_codes=frozenset({"emergency"})),))) is None


def test_those_that_run_out_within_sixty_days_come_first(school: School) -> None:
    for name, days in (("甲", 61), ("乙", 60), ("丙", 0), ("丁", -1)):
        review(
            school, entered(school, f"{name}培训中心"), reviewed_on=TODAY - timedelta(days=300), valid_until=TODAY + timedelta(days=days)
        )

    found = institutions.expiring(institutions.institutions(school.session, districts=None, today=TODAY), today=TODAY)

    assert [view.name for view in found] == ["丙培训中心", "乙培训中心"]


def test_names_are_given_once_and_codes_are_checked(school: School) -> None:
    entered(school)
    with pytest.raises(Invalid, match="已经登记过"):
        entered(school)
    with pytest.raises(Invalid, match="18 位"):
        institutions.add(school.session, draft=InstitutionDraft("另一家", "9137", HERE), **stamp(school))
    number = entered(school, "可改名的机构")
    institutions.edit(school.session, institution_id=number, draft=InstitutionDraft("改过名的机构", district_code=HERE), **stamp(school))
    view = institutions.institution(school.session, number, districts=None, today=TODAY)
    assert (view.name, view.state, view.standing) == ("改过名的机构", InstitutionState.LISTED, Standing.NEVER)
    with pytest.raises(Refusal, match="不用恢复"):
        institutions.put_back(school.session, institution_id=number, reason="没有清退", **stamp(school))


def test_every_line_of_the_checklist_rests_on_a_verified_fact_of_the_standard() -> None:
    """What is held of AQ 8011-2023 is little: lines whose wording is not held say so."""
    facts = yaml.safe_load((Path("question_banks") / "standards" / "training-institution-aq8011.yaml").read_text("utf-8"))
    known = {clause["id"] for clause in facts["clauses"] if clause["assessable"]}
    standard, items = checklist()

    assert facts["document_number"] in standard
    assert {item.clause for item in items} <= known
    assert len({item.code for item in items}) == len(items) >= 12
    assert {item.complete for item in items} == {True, False}
    assert date.fromisoformat(facts["effective"]) == date(2024, 7, 1)

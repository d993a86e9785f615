"""The screens of classes and institutions, played: what an office does from an empty calendar to hours, and what a district sees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from quiz import clock, wiring
from quiz.accounts.audit import SYSTEM
from quiz.classes import institutions, presence, registration, service
from quiz.classes.institutions import InstitutionDraft
from quiz.classes.reach import ClassReach
from quiz.classes.service import ClassDraft, LessonDraft, SiteDraft
from quiz.db import Database
from quiz.models.classes import ClassSession, ClassSite, HoursCredit, Institution, InstitutionReview, Presence, Registration
from quiz.models.training import Programme
from quiz.vocabulary import SiteKind
from tests.classes.sheets import sheet
from tests.pages.conftest import DISTRICT, Open, words
from tests.pages.office_site import ELSEWHERE, FOREIGN, PROGRAMME, Ids, audited, everything, ids

__all__ = ["ids"]


@dataclass(frozen=True)
class Held:
    """Yesterday's session with a branch in each district."""

    id: int
    here: int
    there: int


@pytest.fixture
def held(site: Database, ids: Ids) -> Held:
    """张三 of 环翠区 and 李四 of 荣成市 registered; 李四 came."""
    wiring.wire()
    now = clock.now()
    day = clock.start_of_day(clock.local_day(now) - timedelta(days=1))
    stamp: dict[str, Any] = {"desk": ClassReach.everything(), "actor": SYSTEM, "now": now}
    with site.transaction() as session:
        programme = session.exec(select(Programme.id).where(Programme.code == PROGRAMME)).one()
        number = service.create(session, draft=ClassDraft("全市专题班", programme), **stamp)
        service.add_site(session, session_id=number, draft=SiteDraft("市主课堂", SiteKind.MAIN), **stamp)
        here = service.add_site(session, session_id=number, draft=SiteDraft("环翠分课堂", district_code=DISTRICT), **stamp)
        there = service.add_site(session, session_id=number, draft=SiteDraft("他区分课堂", district_code=ELSEWHERE), **stamp)
        lessons = [LessonDraft(day + timedelta(hours=9), day + timedelta(hours=9, minutes=45), "法定职责")]
        service.put_lessons(session, session_id=number, lessons=lessons, **stamp)
        service.announce(session, session_id=number, **stamp)
        registration.register(session, site_id=here, person_ids=[ids.zhang], **stamp)
        registration.register(session, site_id=there, person_ids=[ids.li], **stamp)
        presence.add(session, site_id=there, person_id=ids.li, begin=lessons[0].begin, end=lessons[0].end, reason="现场核实", **stamp)
    return Held(number, here, there)


def rows(site: Database, table: Any) -> list[Any]:
    with site.reading() as session:
        return list(session.exec(select(table)).all())


def press(app: Any, label: str) -> Any:
    return next(button for button in app.button if button.label == label).click().run()


def test_an_empty_calendar_says_how_to_begin_and_a_draft_leads_to_its_plan(site: Database, open_screen: Open) -> None:
    app = open_screen("classes", "office")
    assert "没有将要举办的班次" in words(app)

    app.text_input(key="classes_new_title").set_value("新建的班次")
    press(app, "新建班次")

    assert [(row.title, row.state) for row in rows(site, ClassSession)] == [("新建的班次", "draft")]
    assert app.title[0].value == "新建的班次"
    assert "班次已建成草稿" in words(app) and "还没有课堂" in words(app) and "还没有排课" in words(app)
    assert [detail["class"] for detail in audited(site, "create_class")] == [rows(site, ClassSession)[0].id]


def test_classrooms_and_lessons_are_added_and_the_session_is_published(site: Database, open_screen: Open) -> None:
    app = open_screen("classes", "office")
    app.text_input(key="classes_new_title").set_value("新建的班次")
    press(app, "新建班次")

    app.text_input(key="classes_site_new_0_name").set_value("市主课堂")
    press(app, "添加课堂")
    press(app, "排课")
    app.segmented_control(key="classes_part").set_value("acts").run()
    app.button(key="classes_announce").click().run()

    assert not app.exception
    session_row = rows(site, ClassSession)[0]
    assert (session_row.state, [(row.name, row.kind) for row in rows(site, ClassSite)]) == ("announced", [("市主课堂", "main")])
    assert "班次已发布" in words(app)


def test_people_are_registered_from_the_uncovered_and_from_a_pasted_list(site: Database, held: Held, open_screen: Open) -> None:
    app = open_screen("classes", "office", session=str(held.id), part="people")
    app.checkbox(key="classes_add_uncovered_all").check().run()
    before = len(rows(site, Registration))
    app.button(key="classes_add_uncovered_go").click().run()

    assert not app.exception
    assert len(rows(site, Registration)) > before
    assert "已报名" in words(app)


def test_a_pasted_name_is_found_within_reach_only(site: Database, held: Held, open_screen: Open) -> None:
    app = open_screen("classes", "district", session=str(held.id), part="people")
    app.segmented_control(key="classes_add_way").set_value("paste").run()
    app.text_area(key="classes_paste").set_value("本区王五 13900000002\n他区李四 13900000003").run()

    assert "认出 1 人，1 行没有认出" in words(app)
    app.button(key="classes_paste_go").click().run()

    assert len(rows(site, Registration)) == 3


@pytest.mark.parametrize("part", ["plan", "people", "presences", "sheet", "acts"])
def test_a_district_office_sees_nothing_of_another_districts_classroom(held: Held, open_screen: Open, part: str) -> None:
    app = open_screen("classes", "district", session=str(held.id), part=part)

    assert not app.exception
    text = everything(app)
    assert [word for word in (*FOREIGN, "他区分课堂") if word in text] == []
    assert "环翠分课堂" in text or part in ("presences", "acts")
    assert [button.label for button in app.button if button.label in ("办结", "发布")] == []


def test_a_session_of_another_district_alone_is_not_there(site: Database, ids: Ids, open_screen: Open) -> None:
    stamp: dict[str, Any] = {"desk": ClassReach.everything(), "actor": SYSTEM, "now": clock.now()}
    with site.transaction() as session:
        number = service.create(session, draft=ClassDraft("他区自办班"), **stamp)
        service.add_site(session, session_id=number, draft=SiteDraft("他区主课堂", SiteKind.MAIN, district_code=ELSEWHERE), **stamp)

    app = open_screen("classes", "district", session=str(number))

    assert app.title[0].value == "班次与签到" and "不在您的管理范围内" in words(app)
    assert "他区自办班" not in everything(open_screen("classes", "district", when="all"))
    assert "他区自办班" in everything(open_screen("classes", "office", when="all"))


def test_a_presence_entered_by_hand_gives_hours_and_a_voided_one_takes_them(
    site: Database, ids: Ids, held: Held, open_screen: Open
) -> None:
    app = open_screen("classes", "district", session=str(held.id), part="presences", add_who="本区张三")
    app.text_input(key="classes_hand_reason").set_value("手机没电，现场核实")
    press(app, "补登")

    assert not app.exception
    assert "已为本区张三补登签到" in words(app)
    credit = [(row.person_id, row.minutes) for row in rows(site, HoursCredit)]
    assert (ids.zhang, 45) in credit
    assert audited(site, "add_presence")[-1]["reason"] == "手机没电，现场核实"


def test_a_sheet_is_previewed_applied_and_taken_back(site: Database, ids: Ids, held: Held, open_screen: Open) -> None:
    app = open_screen("classes", "district", session=str(held.id), part="sheet")
    data = sheet(("本区张三", "本区甲厂有限公司", "13900000001", "8:55", "9:50"), ("他区李四", None, "13900000003", "8:55", "9:50"))
    app.file_uploader[0].set_value(("签到表.xlsx", data, "application/octet-stream")).run()

    assert "登记 1 条签到" in everything(app) and rows(site, Presence)[1:] == []
    app.button(key="classes_import_go").click().run()
    assert "已登记 1 条签到" in words(app)
    assert [(row.person_id, row.source, row.voided_at) for row in rows(site, Presence)[1:]] == [(ids.zhang, "sheet", None)]

    next(button for button in app.button if button.key and button.key.startswith("classes_undo_")).click().run()
    assert "作废 1 条签到" in words(app)
    assert rows(site, Presence)[1].voided_at is not None


def test_an_institution_is_entered_and_reviewed(site: Database, open_screen: Open) -> None:
    app = open_screen("institutions", "office")
    assert "还没有登记培训机构" in words(app)
    app.text_input(key="institutions_new_0_name").set_value("海岳培训中心")
    press(app, "登记")

    assert app.title[0].value == "海岳培训中心" and "按原文补" in everything(app)
    number = rows(site, Institution)[0].id
    app.text_input(key=f"institutions_review_{number}_0_reviewers").set_value("复核组")
    press(app, "登记复核")
    assert "还有 14 项没有判断" in words(app) and rows(site, InstitutionReview) == []
    for item in institutions.checklist()[1]:
        app.radio(key=f"institutions_review_{number}_0_{item.code}").set_value("符合")
    press(app, "登记复核")

    assert not app.exception
    assert [(row.verdict, row.reviewers, len(row.checklist)) for row in rows(site, InstitutionReview)] == [("passed", "复核组", 14)]
    assert "复核有效" in everything(app)
    assert len(audited(site, "review_institution")) == 1


def test_a_district_office_does_not_see_another_districts_institution(site: Database, open_screen: Open) -> None:
    with site.transaction() as session:
        foreign = _institution(session, "荣成培训学校", ELSEWHERE)
        _institution(session, "环翠培训学校", DISTRICT)

    listed = everything(open_screen("institutions", "district"))
    opened = open_screen("institutions", "district", institution=str(foreign))

    assert "环翠培训学校" in listed and "荣成培训学校" not in listed
    assert "不在您的管理范围内" in words(opened) and "荣成培训学校" not in everything(opened)


def _institution(session: Session, name: str, district: str) -> int:
    return institutions.add(session, draft=InstitutionDraft(name, district_code=district), districts=None, actor=SYSTEM, now=clock.now())

"""New programmes from templates, their components, and the next cycle, on screen."""

from __future__ import annotations

from sqlmodel import Session, col, select

from quiz.db import Database
from quiz.models.papers import Paper
from quiz.models.training import Programme
from quiz.vocabulary import PostRole
from tests.pages.conftest import Open, words
from tests.pages.office_site import PROGRAMME, Ids, audited, ids

__all__ = ["ids"]


def _programme(session: Session, title: str) -> Programme:
    return session.exec(select(Programme).where(Programme.title == title)).one()


def test_a_template_fills_the_editor_and_drafts_its_paper(open_screen: Open, site: Database) -> None:
    app = open_screen("programmes", "office", programme="new", template="confined-space")
    filled = words(app)

    app.button(key="programme_editor_save").click().run()

    assert not app.exception
    with site.reading() as session:
        made = _programme(session, "工贸有限空间企业主要负责人全覆盖培训")
        paper = session.get_one(Paper, made.paper_id)
    assert "《生产经营单位安全培训规定》第九条第一款" in filled
    assert (made.state, made.template, made.hours_rule, made.material_minutes) == ("draft", "confined-space", "law", 45)
    assert (made.audience, paper.state) == ({"features": ["confined_space"], "sectors": ["industry_trade"]}, "draft")
    assert "请培训教师在“试卷”页核对并发布" in words(app)
    assert audited(site, "create_from_template")[0]["programme"] == made.code


def test_a_programme_with_a_draft_paper_says_why_it_does_not_open(open_screen: Open, site: Database) -> None:
    app = open_screen("programmes", "office", programme="new", template="coal-mine")
    app.button(key="programme_editor_save").click().run()

    app.button(key="programmes_open").click().run()

    assert "还是草稿" in words(app)


def test_a_sector_template_makes_one_draft_a_sector_present(open_screen: Open, site: Database, ids: Ids) -> None:
    app = open_screen("programmes", "administrator", programme="new", template="determination")

    next(button for button in app.button if button.label == "一并新建").click()
    app.run()

    with site.reading() as session:
        made = session.exec(select(Programme).where(Programme.template == "determination").order_by(col(Programme.id))).all()
        papers = [session.get_one(Paper, each.paper_id).state for each in made]
    assert not app.exception
    assert ([each.title for each in made], papers) == (["重大事故隐患判定标准测验（工贸）"], ["published"])


def test_one_enterprise_is_told_why_and_what_it_owes(open_screen: Open, ids: Ids) -> None:
    app = open_screen("programmes", "office", programme="new", template="confined-space")

    app.multiselect(key="programme_editor_features").set_value([])
    app.text_input(key="programme_editor_single").set_value("本区甲厂").run()

    said = words(app)
    assert "属于培训对象：行业领域为工贸" in said
    assert "每年再培训 12 学时（《生产经营单位安全培训规定》第九条第一款）" in said


def test_hours_no_law_gives_are_said_at_once(open_screen: Open) -> None:
    app = open_screen("programmes", "office", programme="new", template="coal-mine")

    app.selectbox(key="programme_editor_role").set_value(PostRole.OFFICIAL).run()

    assert "这个岗位的法定学时不全" in words(app)


def test_the_next_cycle_is_a_draft_of_the_same_series(open_screen: Open, site: Database, ids: Ids) -> None:
    app = open_screen("programmes", "office", programme=PROGRAMME)
    app.text_input(key="programme_templates_next_title").set_value("第二期")

    next(button for button in app.button if button.label == "存为草稿").click()
    app.run()

    with site.reading() as session:
        made = _programme(session, "第二期")
    assert (made.state, made.series, made.code != PROGRAMME) == ("draft", PROGRAMME, True)


def test_a_district_makes_nothing_from_templates(open_screen: Open) -> None:
    for address in (
        {"programme": "templates"},
        {"programme": "new", "template": "determination"},
        {"programme": "new", "template": "coal-mine"},
    ):
        app = open_screen("programmes", "district", **address)
        assert {button.label for button in app.button} & {"存为草稿", "一并新建"} == set()

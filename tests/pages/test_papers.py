"""A trainer writes a paper, is told at once when the banks hold too little, and publishes it."""

from __future__ import annotations

from sqlmodel import col, select

from quiz import clock
from quiz.db import Database
from quiz.models.papers import Form, Paper
from tests.pages.conftest import Open, words

NEW = "paper_new"


def papers(database: Database) -> list[Paper]:
    with database.reading() as session:
        return list(session.exec(select(Paper).order_by(col(Paper.id))))


def test_a_new_paper_is_saved_as_a_draft_with_what_was_chosen(open_screen: Open, site: Database) -> None:
    app = open_screen("papers", "trainer", paper="new")

    app.text_input(key=f"{NEW}_title").set_value("有限空间测试")
    app.multiselect(key=f"{NEW}_1_banks").set_value(["confined-space"]).run()
    app.number_input(key=f"{NEW}_1_count").set_value(20).run()
    app.number_input(key=f"{NEW}_allowed").set_value(None)
    app.number_input(key=f"{NEW}_cut").set_value(70).run()
    app.button(key=f"{NEW}_save").click().run()

    assert not app.exception
    saved = papers(site)[-1]
    assert (saved.title, saved.state, saved.cut_score, saved.attempts_allowed, saved.blueprint["sections"][0]["count"]) == (
        "有限空间测试", "draft", 70.0, None, 20,
    )  # fmt: skip
    assert clock.show(saved.closes_at).endswith("23:59")


def test_a_pool_too_small_is_told_before_saving(open_screen: Open, site: Database) -> None:
    app = open_screen("papers", "trainer", paper="new")

    app.multiselect(key=f"{NEW}_1_banks").set_value(["confined-space"]).run()
    app.number_input(key=f"{NEW}_1_count").set_value(200).run()

    assert ("题量不足" in words(app), app.button(key=f"{NEW}_save").disabled, len(papers(site))) == (True, True, 1)


def test_a_section_can_be_added_and_removed(open_screen: Open) -> None:
    app = open_screen("papers", "trainer", paper="new")

    app.button(key=f"{NEW}_add").click().run()
    two = [widget.key for widget in app.multiselect if str(widget.key).endswith("_banks")]
    app.button(key=f"{NEW}_1_remove").click().run()
    one = [widget.key for widget in app.multiselect if str(widget.key).endswith("_banks")]

    assert (two, one) == ([f"{NEW}_1_banks", f"{NEW}_2_banks"], [f"{NEW}_2_banks"])


def test_editing_keeps_what_was_not_touched(open_screen: Open, site: Database) -> None:
    before = papers(site)[0].model_dump(exclude={"title"})
    app = open_screen("papers", "trainer", paper="1", do="edit")

    app.text_input(key="paper_1_title").set_value("改名后的考试").run()
    app.button(key="paper_1_save").click().run()

    [after] = papers(site)
    minute = {"opens_at", "closes_at"}
    assert after.title == "改名后的考试"
    assert after.model_dump(exclude={"title", *minute}) == {name: value for name, value in before.items() if name not in minute}
    assert [clock.show(getattr(after, name)) for name in sorted(minute)] == [clock.show(before[name]) for name in sorted(minute)]


def test_a_copy_is_a_draft_and_can_be_published_and_withdrawn(open_screen: Open, site: Database) -> None:
    app = open_screen("papers", "trainer", paper="1")

    app.button(key="copy_paper").click().run()
    copied = papers(site)[1]
    app.button(key="publish_paper").click().run()
    published = papers(site)[1].state
    app.button(key="withdraw_paper").click().run()

    assert (copied.title, copied.state, published, papers(site)[1].state) == ("安全生产考试（副本）", "draft", "published", "withdrawn")


def test_the_preview_shows_a_form_and_stores_nothing(open_screen: Open, site: Database) -> None:
    app = open_screen("papers", "trainer", paper="1")

    app.toggle(key="preview").set_value(True).run()

    text = words(app)
    with site.reading() as session:
        forms = session.exec(select(Form)).all()
    assert (text.count('class="ankao-stem"'), "ankao-key" in text, forms) == (10, False, [])

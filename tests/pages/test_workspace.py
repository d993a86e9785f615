"""A trainer's workspace: many items at once and back, duplicates decided, banks merged, a paper foretold, last year's copied."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from quiz import clock
from quiz.accounts.audit import Actor
from quiz.attempts import service as attempts
from quiz.banks import queries, service, workflow
from quiz.banks.bulk_plan import Act
from quiz.banks.files import BankDraft
from quiz.db import Database
from quiz.exchange.duplicates import Verdict
from quiz.models.banks import Bank, DuplicateDecision, Item
from quiz.models.papers import Paper
from quiz.papers.domain import FormItem
from quiz.ui import phone_preview
from quiz.ui.bank_items import Work
from quiz.ui.item_figures import Figure
from quiz.vocabulary import ItemType
from tests import factories
from tests.exchange.material import draft
from tests.pages.conftest import Open, words

ALARM = "厨房里的可燃气体报警装置应当装在哪里，由谁每天检查？"
NEW = "paper_new"


@pytest.fixture
def own(site: Database) -> Database:
    """Two banks of one's own: `own` with a pair of twins, `more` with an item that `own` has too."""
    with site.transaction() as session:
        for bank, items in {
            "own": (draft(ALARM, code="a"), draft(ALARM, code="b", key="B"), draft("<b>什么</b>是安全？", code="c")),
            "more": (draft(ALARM, code="a"), draft("新员工上岗前要做什么？", code="d")),
        }.items():
            service.write_bank(session, draft=BankDraft(bank=bank, title=f"题库{bank}", items=list(items)), now=clock.now())
        service.touch(session)
    return site


def states(database: Database, bank: str = "own") -> dict[str, str]:
    with database.reading() as session:
        return {view.item_code: view.state for view in queries.items_of_bank(session, bank)}


def test_all_filtered_items_are_withdrawn_with_a_reason_and_brought_back(open_screen: Open, own: Database) -> None:
    app = open_screen("banks", "trainer", bank="own")
    app.button_group(key="bank_work").set_value(Work.BULK).run()
    app.text_input(key="item_text").set_value("报警").run()
    app.radio(key="bulk_scope").set_value("all").run()
    app.selectbox(key="bulk_act").set_value(Act.WITHDRAW).run()
    asked = words(app)
    app.text_input(key="bulk_reason_withdraw").set_value("条款已改").run()
    app.button(key="bulk_go").click().run()
    between = states(own)
    next(button for button in app.button if str(button.key).startswith("bank_act_undo_")).click().run()

    assert ("请写明停用原因" in asked, between) == (True, {"a": "withdrawn", "b": "withdrawn", "c": "published"})
    assert (set(states(own).values()), "已撤销" in words(app)) == ({"published"}, True)


def test_what_cannot_be_done_is_told_with_the_reason_before_anything_is_done(open_screen: Open, own: Database) -> None:
    app = open_screen("banks", "trainer", bank="trade-industry")
    app.button_group(key="bank_work").set_value(Work.BULK).run()
    app.radio(key="bulk_scope").set_value("all").run()
    app.selectbox(key="bulk_act").set_value(Act.MOVE).run()
    app.selectbox(key="bulk_target").set_value("own").run()

    assert ("随系统提供的题目不能移走" in words(app), app.button(key="bulk_go").disabled) == (True, True)


def test_a_topic_is_set_for_many_at_once(open_screen: Open, own: Database) -> None:
    app = open_screen("banks", "trainer", bank="own")
    app.button_group(key="bank_work").set_value(Work.BULK).run()
    app.radio(key="bulk_scope").set_value("all").run()
    app.selectbox(key="bulk_act").set_value(Act.TOPIC).run()
    app.text_input(key="bulk_topic").set_value("<i>燃气</i>").run()
    app.button(key="bulk_go").click().run()

    with own.reading() as session:
        assert {view.topic for view in queries.items_of_bank(session, "own")} == {"<i>燃气</i>"}
    assert not app.exception


def test_filters_stay_and_the_items_found_are_leafed_through(open_screen: Open, own: Database) -> None:
    app = open_screen("banks", "trainer", bank="own", item=str(id_of(own, "a")))
    app.button(key="back_to_items").click().run()
    app.text_input(key="item_text").set_value("报警").run()
    app.query_params["item"] = str(id_of(own, "a"))
    app.run()
    place = app.button(key="item_after").label
    app.button(key="item_after").click().run()
    opened = [head for head in words(app).split("<h3>")[1:2] if head.startswith("b")]
    app.button(key="back_to_items").click().run()

    assert (place, len(opened), app.text_input(key="item_text").value) == ("下一题（1 / 2）", 1, "报警")
    assert app.dataframe[0].value["编号"].tolist() == ["a", "b"]


def test_a_bank_without_a_standard_is_not_blamed_for_missing_clauses(open_screen: Open, own: Database) -> None:
    shown = words(open_screen("banks", "trainer", bank="own"))

    assert ("没有标注依据条款" in shown, "没有解析" in shown) == (False, True)


def test_what_was_sent_back_is_not_counted_as_to_be_reviewed(open_screen: Open, own: Database) -> None:
    with own.transaction() as session:
        for code in ("a", "c"):
            view = next(view for view in queries.items_of_bank(session, "own") if view.item_code == code)
            draft_ = view.as_draft().model_copy(update={"explanation": "新的解析。"})
            workflow.write_draft(session, bank_code="own", draft=draft_, now=clock.now(), actor=Actor(account="li"), item_id=view.item_id)
        workflow.send_back(session, item_id=view.item_id, now=clock.now(), actor=Actor(account="wang"), note="太短")

    app = open_screen("banks", "trainer")

    assert app.button(key="waiting_own").label == "待复核 1 · 退回待改 1"


def test_an_item_is_shown_as_on_a_phone(open_screen: Open, own: Database) -> None:
    app = open_screen("banks", "trainer", bank="own", item=str(id_of(own, "c")))

    next(toggle for toggle in app.toggle if str(toggle.key).startswith("item_phone_")).set_value(True).run()

    page = str(app.get("iframe")[0].proto.srcdoc)
    assert ("是安全？" in page, "<b>什么" in page) == (True, False)


def id_of(database: Database, code: str, bank: str = "own") -> int:
    with database.reading() as session:
        return next(view.item_id for view in queries.items_of_bank(session, bank) if view.item_code == code)


def test_an_office_only_browses(open_screen: Open) -> None:
    app = open_screen("banks", "office", bank="trade-industry")

    assert [group.key for group in app.button_group if group.key == "bank_work"] == []


def test_twins_are_decided_side_by_side_and_remembered(open_screen: Open, own: Database) -> None:
    app = open_screen("banks", "trainer", bank="own")
    app.button_group(key="bank_work").set_value(Work.DUPLICATES).run()
    choice = next(box for box in app.selectbox if str(box.key).startswith("twin_"))
    shown = words(app)
    choice.set_value(Verdict.KEEP_BOTH).run()
    next(button for button in app.button if str(button.key).startswith("twin_go_")).click().run()

    with own.reading() as session:
        decided = session.exec(select(DuplicateDecision)).all()
    assert ("a 与 b" in shown, [row.decision for row in decided], [row.account for row in decided]) == (True, ["keep_both"], ["trainer"])
    assert "没有待处理的重复题" in words(app)


def test_twins_across_banks_are_found_on_request(open_screen: Open, own: Database) -> None:
    app = open_screen("banks", "trainer", bank="own")
    app.button_group(key="bank_work").set_value(Work.DUPLICATES).run()

    app.multiselect(key="twin_banks").set_value(["more"]).run()

    assert "a（题库more，已发布）" in words(app)


def test_a_bank_is_merged_into_another_and_gone(open_screen: Open, own: Database) -> None:
    app = open_screen("banks", "trainer", bank="more")
    app.button_group(key="bank_work").set_value(Work.MERGE).run()
    app.selectbox(key="merge_target").set_value("own").run()
    told = words(app)
    app.button(key="merge_go").click().run()

    with own.reading() as session:
        left = session.get(Bank, "more")
    assert ("完全相同" in told, left, not app.exception) == (True, None, True)
    assert states(own) == {"a": "published", "a-2": "withdrawn", "b": "published", "c": "published", "d": "published"}


def test_a_shipped_bank_is_not_merged(open_screen: Open, own: Database) -> None:
    app = open_screen("banks", "trainer", bank="trade-industry")

    app.button_group(key="bank_work").set_value(Work.MERGE).run()

    assert "随系统提供的题库不能合并" in words(app)


def sit(database: Database, times: int) -> None:
    """So many candidates hand the site's paper in without an answer."""
    now = clock.now()
    with database.transaction() as session:
        for number in range(times):
            person = factories.person(session)
            key = f"key-number-{number:04}"
            started = attempts.start(session, person_id=person, paper_id=1, idempotency_key=key, now=now, seed=1)
            attempts.hand_in(session, attempt_id=started.attempt.id, person_id=person, now=now + timedelta(minutes=1))


def test_items_show_how_they_were_answered_and_can_be_filtered_by_it(open_screen: Open, site: Database) -> None:
    sit(site, 20)
    app = open_screen("banks", "trainer", bank="trade-industry")
    everything = app.dataframe[0].value
    hinted = words(app)

    app.selectbox(key="item_figure").set_value(Figure.NOBODY).run()
    nobody = app.dataframe[0].value
    app.selectbox(key="item_figure").set_value(Figure.ABOVE).run()

    assert sorted(everything["已考人次"].unique().tolist()) == [0, 20]
    assert (len(nobody), set(nobody["答对率"]), "无人答对" in hinted) == (5, {0.0}, True)
    assert "没有符合条件的题目" in words(app)


def test_a_paper_is_foretold_while_it_is_written(open_screen: Open, site: Database) -> None:
    app = open_screen("papers", "trainer", paper="new")
    app.multiselect(key=f"{NEW}_1_banks").set_value(["confined-space"]).run()
    app.multiselect(key=f"{NEW}_1_types").set_value([ItemType.TRUE_FALSE]).run()
    app.number_input(key=f"{NEW}_1_count").set_value(5).run()
    app.number_input(key=f"{NEW}_limit").set_value(1).run()

    text = words(app)
    assert [part in text for part in ("预计用时", "时限 1 分钟，不够", "预计平均分", "预计合格比例", "按编者估计的难度")] == [True] * 5
    assert any("任何一部分都抽不到" in fold.label for fold in app.expander)


def test_a_form_is_shown_as_on_a_phone(open_screen: Open, site: Database) -> None:
    app = open_screen("papers", "trainer", paper="1", do="edit")

    app.toggle(key="paper_1_phone").set_value(True).run()

    assert (not app.exception, "可以试答，不会保存" in words(app)) == (True, True)


def test_no_stem_becomes_markup_on_the_phone(own: Database) -> None:
    with own.reading() as session:
        view = next(each for each in queries.items_of_bank(session, "own") if each.item_code == "c")

    page = phone_preview.page("</title><script>", [(FormItem(view.id, ("A", "B", "C"), 5, False), view)], minutes=30)

    assert ("<b>什么" in page, "\\u003cb>什么" in page, "&lt;/title&gt;&lt;script&gt;" in page) == (False, True, True)


def test_last_years_paper_is_copied_with_its_days_moved(open_screen: Open, site: Database) -> None:
    withdraw_one(site)
    app = open_screen("papers", "trainer", paper="new")
    app.selectbox(key="last_year_paper").set_value(1).run()
    told = words(app)
    app.button(key="last_year_copy").click().run()

    with site.reading() as session:
        first, second = session.exec(select(Paper).order_by(col(Paper.id))).all()
    assert ("停用了 1 道题" in told, second.state, second.title) == (True, "draft", "安全生产考试（副本）")
    assert [local(second.opens_at), local(second.closes_at)] == [a_year_later(first.opens_at), a_year_later(first.closes_at)]


def withdraw_one(database: Database) -> None:
    with database.transaction() as session:
        item_id = first_item(session)
        workflow.withdraw(session, item_id=item_id, now=clock.now(), actor=Actor(account="trainer"), note="过时")


def first_item(session: Session) -> int:
    return session.exec(select(Item.id).where(Item.bank_code == "trade-industry").order_by(col(Item.id))).first() or 0


def local(moment: datetime) -> datetime:
    return moment.astimezone(clock.SHANGHAI)


def a_year_later(moment: datetime) -> datetime:
    return local(moment).replace(year=local(moment).year + 1)

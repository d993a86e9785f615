"""A trainer looks into a bank, reviews, publishes and withdraws items; an office only looks."""

from __future__ import annotations

from sqlmodel import col, select
from streamlit.testing.v1 import AppTest

from quiz import clock
from quiz.accounts.audit import Actor
from quiz.banks import queries, workflow
from quiz.db import Database
from quiz.models.accounts import Account, AuditEvent
from quiz.models.banks import Item
from tests.pages.conftest import Open, words

BANK = "trade-industry"


def first_item(database: Database) -> Item:
    with database.reading() as session:
        return session.exec(select(Item).where(Item.bank_code == BANK).order_by(col(Item.id))).first()  # type: ignore[return-value]


def test_the_list_says_how_many_clauses_are_covered(open_screen: Open) -> None:
    assert "条款全覆盖" in words(open_screen("banks", "office"))


def test_items_can_be_searched_and_filtered(open_screen: Open) -> None:
    app = open_screen("banks", "trainer", bank=BANK)
    everything = len(app.dataframe[0].value)

    app.text_input(key="item_text").set_value("液氨").run()
    searched = app.dataframe[0].value

    assert 0 < len(searched) < everything
    columns = ["编号", "题干", "题型", "状态", "待处理", "已考人次", "答对率", "类别", "条款", "分组", "难度", "版本"]
    assert list(searched.columns) == columns


def test_an_item_is_shown_with_its_key_explanation_and_clause(open_screen: Open, site: Database) -> None:
    text = words(open_screen("banks", "office", bank=BANK, item=str(first_item(site).id)))

    assert ("ankao-key" in text, "解析" in text, "工贸企业重大事故隐患判定标准" in text) == (True, True, True)


def test_a_trainer_withdraws_an_item_and_brings_it_back(open_screen: Open, site: Database) -> None:
    item = first_item(site)
    app = open_screen("banks", "trainer", bank=BANK, item=str(item.id))

    app.button(key="withdraw_item").click().run()
    withdrawn = first_item(site).state
    app.button(key="restore_item").click().run()

    with site.reading() as session:
        acts = session.scalars(
            select(col(AuditEvent.action)).where(col(AuditEvent.subject) == f"{BANK} {item.code}").order_by(col(AuditEvent.id))
        ).all()  # type: ignore[call-overload]
    assert (withdrawn, first_item(site).state, acts) == ("withdrawn", "published", ["withdraw_item", "restore_item"])


def test_an_office_cannot_withdraw(open_screen: Open, site: Database) -> None:
    app = open_screen("banks", "office", bank=BANK, item=str(first_item(site).id))

    assert "withdraw_item" not in [button.key for button in app.button]


def test_an_unknown_bank_leads_back_to_the_list(open_screen: Open) -> None:
    app = open_screen("banks", "trainer", bank="no-such-bank")

    assert (app.exception.len, "没有这个题库。" in words(app)) == (0, True)


# 复核与发布 ---------------------------------------------------------------------------------------------------------


def by(database: Database, account: str) -> Actor:
    with database.reading() as session:
        return Actor(session.exec(select(Account.id).where(Account.account == account)).one(), account)


def item(database: Database, code: str) -> Item:
    with database.reading() as session:
        return session.exec(select(Item).where(Item.bank_code == BANK, Item.code == code)).one()


def rewrite(database: Database, code: str, account: str, *, reviewed_by: str = "", stem: str = "新写的题干是什么？") -> int:
    """A new wording of a shipped item waits; answers with its version."""
    known, now = item(database, code), clock.now()
    with database.transaction() as session:
        view = queries.versions(session, [known.version_id or 0])[known.version_id or 0]
        draft = view.as_draft().model_copy(update={"stem": stem})
        workflow.write_draft(session, bank_code=BANK, draft=draft, now=now, actor=by(database, account), item_id=known.id)
        if reviewed_by:
            workflow.review(session, item_id=known.id or 0, now=now, actor=by(database, reviewed_by))
    return item(database, code).pending_id or 0


def keys(app: AppTest) -> set[str]:
    return {str(button.key) for button in app.button}


def acts(app: AppTest, version: int) -> set[str]:
    """The steps offered for a version."""
    return {key.removesuffix(f"_{version}") for key in keys(app) if key.endswith(f"_{version}")}


def stem_served(database: Database, code: str) -> str:
    with database.reading() as session:
        return next(view.stem for view in queries.published(session, [BANK]) if view.item_code == code)


def test_the_list_of_banks_says_what_waits_and_opens_the_bank_with_that_only(open_screen: Open, site: Database) -> None:
    rewrite(site, "ti-2-a", "trainer")
    rewrite(site, "ti-2-b", "administrator", reviewed_by="trainer")
    app = open_screen("banks", "office")

    badge = app.button(key=f"waiting_{BANK}")
    badge.click().run()
    frame = app.dataframe[0].value

    assert badge.label == "待复核 1 · 待发布 1"
    assert frame[["编号", "状态", "待处理"]].to_numpy().tolist() == [
        ["ti-2-a", "已发布", "草稿待复核（trainer 起草）"],
        ["ti-2-b", "已发布", "已复核待发布（trainer 复核）"],
    ]


def test_steps_are_offered_to_whoever_may_take_them(open_screen: Open, site: Database) -> None:
    version = rewrite(site, "ti-2-a", "trainer")
    address = {"bank": BANK, "item": str(item(site, "ti-2-a").id)}
    offered = {role: acts(open_screen("banks", role, **address), version) for role in ("trainer", "administrator", "office", "district")}

    assert offered == {
        "trainer": {"edit_item", "discard_draft"},
        "administrator": {"review_item", "send_back_item", "edit_item", "discard_draft"},
        "office": set(),
        "district": set(),
    }


def test_a_draft_is_reviewed_by_another_and_published_and_every_step_is_shown(open_screen: Open, site: Database) -> None:
    version = rewrite(site, "ti-2-a", "trainer")
    address = {"bank": BANK, "item": str(item(site, "ti-2-a").id)}
    app = open_screen("banks", "administrator", **address)
    before = stem_served(site, "ti-2-a")

    app.button(key=f"review_item_{version}").click().run()
    between = stem_served(site, "ti-2-a")
    app.button(key=f"publish_item_{version}").click().run()

    shown = words(app)
    assert (before == between, stem_served(site, "ti-2-a")) == (True, "新写的题干是什么？")
    assert [step in shown for step in ("<b>起草</b>", "<b>复核通过</b>", "<b>发布</b>", "第 2 版 · administrator")] == [True] * 4


def test_what_is_sent_back_needs_a_reason_and_waits_for_its_writer(open_screen: Open, site: Database) -> None:
    version = rewrite(site, "ti-2-a", "trainer")
    address = {"bank": BANK, "item": str(item(site, "ti-2-a").id)}
    app = open_screen("banks", "administrator", **address)

    app.button(key=f"send_back_item_{version}").click().run()
    refused = words(app)
    app.text_area(key=f"send_back_item_{version}_note").set_value("题干<b>太短</b>")
    app.button(key=f"send_back_item_{version}").click().run()
    reviewer = words(open_screen("banks", "administrator", bank=BANK))
    writer = words(open_screen("banks", "trainer", bank=BANK))

    assert "请写明需要修改什么" in refused
    assert "没有待您处理的题目" in reviewer
    assert ("退回给我修改 1 道" in writer, "题干&lt;b&gt;太短&lt;/b&gt;" in writer) == (True, True)


def test_a_discarded_change_leaves_what_was_published(open_screen: Open, site: Database) -> None:
    before = stem_served(site, "ti-2-a")
    version = rewrite(site, "ti-2-a", "trainer")
    app = open_screen("banks", "trainer", bank=BANK, item=str(item(site, "ti-2-a").id))

    app.button(key=f"discard_draft_{version}").click().run()

    assert (stem_served(site, "ti-2-a"), item(site, "ti-2-a").pending_id, "已放弃" in words(app)) == (before, None, True)


def test_thirty_drafts_are_thirty_clicks(open_screen: Open, site: Database) -> None:
    versions = {code: rewrite(site, code, "trainer") for code in ("ti-2-a", "ti-2-b", "ti-3-1-a")}
    app = open_screen("banks", "administrator", bank=BANK)

    opened = []
    for _ in versions:
        review = next(button for button in app.button if str(button.key).startswith("review_item_"))
        opened.append(int(str(review.key).rsplit("_", 1)[1]))
        review.click().run()

    assert opened == sorted(versions.values())
    assert {item(site, code).pending_state for code in versions} == {"reviewed"}
    assert "待发布 3 道" in words(app)


def test_publishing_in_a_row_asks_once(open_screen: Open, site: Database) -> None:
    for code in ("ti-2-a", "ti-2-b"):
        rewrite(site, code, "trainer", reviewed_by="administrator")
    app = open_screen("banks", "trainer", bank=BANK)

    app.toggle(key="publish_at_once").set_value(True).run()
    for code in ("ti-2-a", "ti-2-b"):
        app.button(key=f"publish_item_{item(site, code).pending_id}").click().run()

    assert [stem_served(site, code) for code in ("ti-2-a", "ti-2-b")] == ["新写的题干是什么？"] * 2
    assert "没有待您处理的题目" in words(app)


def test_a_task_can_be_left_for_later(open_screen: Open, site: Database) -> None:
    first, second = (rewrite(site, code, "trainer") for code in ("ti-2-a", "ti-2-b"))
    app = open_screen("banks", "administrator", bank=BANK)

    app.button(key="queue_next").click().run()

    assert (acts(app, first), "review_item" in acts(app, second)) == (set(), True)


def test_an_office_has_nothing_to_act_on_in_the_queue(open_screen: Open, site: Database) -> None:
    version = rewrite(site, "ti-2-a", "trainer")
    app = open_screen("banks", "office", bank=BANK)

    assert (acts(app, version), "new_item" in keys(app), "由培训教师复核和发布" in words(app)) == (set(), False, True)


def test_a_click_on_a_text_that_was_replaced_meanwhile_approves_nothing(open_screen: Open, site: Database) -> None:
    seen = rewrite(site, "ti-2-a", "trainer")
    app = open_screen("banks", "administrator", bank=BANK, item=str(item(site, "ti-2-a").id))
    rewrite(site, "ti-2-a", "trainer", stem="又改过的题干是什么？")

    app.button(key=f"review_item_{seen}").click().run()

    assert (item(site, "ti-2-a").pending_state, "又改过的" in words(app)) == ("draft", True)


def test_why_an_item_was_withdrawn_is_shown(open_screen: Open, site: Database) -> None:
    app = open_screen("banks", "trainer", bank=BANK, item=str(item(site, "ti-2-a").id))

    app.text_area(key="withdraw_item_note").set_value("条款有争议<script>")
    app.button(key="withdraw_item").click().run()

    assert "条款有争议&lt;script&gt;" in words(app)


def test_versions_to_compare_can_be_chosen(open_screen: Open, site: Database) -> None:
    rewrite(site, "ti-2-a", "trainer")
    newest = rewrite(site, "ti-2-a", "trainer", stem="新写的题干是哪些？")
    known = item(site, "ti-2-a")
    app = open_screen("banks", "office", bank=BANK, item=str(known.id))
    by_default = words(app)

    app.selectbox(key=f"versions_{known.id}_before").set_value(newest).run()

    assert ("<del>什么</del>" in by_default, "<ins>哪些</ins>" in by_default) == (True, True)
    assert "两个版本的内容相同" in words(app)

"""A trainer looks into a bank and withdraws an item; an office only looks."""

from __future__ import annotations

from sqlmodel import col, select

from quiz.db import Database
from quiz.models.accounts import AuditEvent
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
    assert list(searched.columns) == ["编号", "题型", "类别", "状态", "题干", "条款", "分组", "难度", "版本"]


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

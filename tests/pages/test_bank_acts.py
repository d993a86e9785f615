"""The list of what was done to many items of a bank, and taking it back on screen."""

from __future__ import annotations

import pytest

from quiz import clock
from quiz.accounts.audit import Actor
from quiz.banks import bulk, queries, service
from quiz.banks.bulk_plan import Act, Order
from quiz.banks.files import BankDraft
from quiz.db import Database
from quiz.exchange import merging
from quiz.ui.bank_items import Work
from tests.exchange.material import draft
from tests.pages.conftest import Open, words

LI = Actor(account="li")


@pytest.fixture
def own(site: Database) -> Database:
    """Two banks of one's own."""
    with site.transaction() as session:
        for bank, codes in {"own": "abc", "more": "d"}.items():
            items = [draft(f"{bank} 的 {code} 问什么？", code=code) for code in codes]
            service.write_bank(session, draft=BankDraft(bank=bank, title=f"题库{bank}", items=items), now=clock.now())
        service.touch(session)
    return site


def do(database: Database, order: Order, *codes: str) -> None:
    with database.transaction() as session:
        ids = [view.item_id for view in queries.items_of_bank(session, "own") if view.item_code in (codes or ("a", "b", "c"))]
        bulk.carry_out(session, bank_code="own", item_ids=ids, order=order, actor=LI, now=clock.now())


def states(database: Database, bank: str = "own") -> dict[str, str]:
    with database.reading() as session:
        return {view.item_code: view.state for view in queries.items_of_bank(session, bank)}


def test_the_last_acts_are_listed_with_who_what_and_how_many_and_taken_back(open_screen: Open, own: Database) -> None:
    do(own, Order(Act.WITHDRAW, reason="条款<b>已改"), "a", "b")
    app = open_screen("banks", "trainer", bank="own")
    app.button_group(key="bank_work").set_value(Work.BULK).run()
    told = words(app)

    app.button(key="bank_act_undo_1").click().run()

    assert [part in told for part in ("最近的批量操作", "<b>停用</b>　条款&lt;b&gt;已改", "li　2 道题")] == [True] * 3
    assert set(states(own).values()) == {"published"}
    assert ("已撤销：停用 2 道题。" in words(app), "由 trainer 撤销" in words(app)) == (True, True)


def test_an_act_that_something_was_built_on_says_what_stands_in_the_way(open_screen: Open, own: Database) -> None:
    do(own, Order(Act.TOPIC, topic="动火"))
    do(own, Order(Act.WITHDRAW, reason="过时"), "b")
    app = open_screen("banks", "trainer", bank="own")
    app.button_group(key="bank_work").set_value(Work.BULK).run()

    app.button(key="bank_act_undo_1").click().run()

    assert ("有 1 道题后来又处理过（如 b），不能整批撤销" in words(app), states(own)["b"]) == (True, "withdrawn")


def test_a_bank_emptied_by_a_move_still_offers_the_way_back(open_screen: Open, own: Database) -> None:
    do(own, Order(Act.MOVE, bank="more"))
    app = open_screen("banks", "trainer", bank="own")
    app.button_group(key="bank_work").set_value(Work.BULK).run()

    app.button(key="bank_act_undo_1").click().run()

    assert (sorted(states(own)), sorted(states(own, "more"))) == (["a", "b", "c"], ["d"])


def test_a_merge_is_taken_back_in_the_bank_that_is_left(open_screen: Open, own: Database) -> None:
    with own.transaction() as session:
        merging.merge(session, source="own", target="more", decisions={}, expected=3, actor=LI, now=clock.now())
    app = open_screen("banks", "trainer", bank="more")
    app.button_group(key="bank_work").set_value(Work.MERGE).run()

    app.button(key="bank_act_undo_1").click().run()

    assert (sorted(states(own)), sorted(states(own, "more"))) == (["a", "b", "c"], ["d"])

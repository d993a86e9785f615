"""The tab 命题检查: what the review found in a bank, filtered by rule, with the way to each item."""

from __future__ import annotations

from sqlmodel import col, select

from quiz.banks.review import Basis, review
from quiz.db import Database
from quiz.models.banks import Item, ItemVersion
from quiz.ui.bank_review import review_frame
from tests.banks.review_material import KNOWN, item
from tests.pages.conftest import Open, words

BANK = "trade-industry"


def spoil(database: Database, number: int) -> Item:
    """Take the explanation from one item and the roles from it, and answer with it."""
    with database.transaction() as session:
        spoiled = session.exec(select(Item).where(Item.bank_code == BANK).order_by(col(Item.id)).offset(number)).first()
        assert spoiled is not None
        version = session.get(ItemVersion, spoiled.version_id)
        assert version is not None
        version.explanation, version.roles = "", []
        session.flush()
        session.expunge(spoiled)
        return spoiled


def test_findings_stand_under_their_severity_with_a_link_to_the_item(open_screen: Open, site: Database) -> None:
    spoiled = spoil(site, 0)

    text = words(open_screen("banks", "trainer", bank=BANK))

    link = f'href="/banks?bank={BANK}&amp;item={spoiled.id}" target="_self">{spoiled.code}</a>'
    assert ("错误（1 处）" in text, "没有解析。" in text, link in text) == (True, True, True)
    assert text.index("错误（1 处）") < text.index("没有注明适用岗位。")


def test_findings_can_be_narrowed_to_a_rule(open_screen: Open, site: Database) -> None:
    spoil(site, 0)
    app = open_screen("banks", "office", bank=BANK)

    app.multiselect(key="review_rules").set_value(["no_roles"]).run()
    text = words(app)

    assert ("没有注明适用岗位。" in text, "没有解析。</td>" in text, "提醒（1 处）" in text) == (True, False, True)


def test_the_rules_are_explained_with_their_source(open_screen: Open) -> None:
    text = words(open_screen("banks", "office", bank=BANK))

    assert [part for part in ("命题指南第 24 条：各选项长度大致相等", "本平台规则", "309–334") if part not in text] == []


def test_a_bank_without_findings_says_so(open_screen: Open) -> None:
    text = words(open_screen("banks", "trainer", bank="catering-gas"))

    assert ("没有发现问题" in text, "下载检查结果" in text) == (True, False)


def test_drafts_are_looked_at_when_asked_for(open_screen: Open, site: Database) -> None:
    draft = spoil(site, 0)
    with site.transaction() as session:
        session.get_one(Item, draft.id).state = "draft"
    app = open_screen("banks", "trainer", bank=BANK)
    before = "没有解析。" in words(app)

    app.radio(key="review_scope").set_value("已发布和未发布").run()

    assert (before, "没有解析。" in words(app)) == (False, True)


def test_the_list_to_take_away_names_rule_reason_and_source() -> None:
    frame = review_frame(review([item(roles=())], Basis(known=KNOWN, caution="请核对原文。")))

    assert frame.to_dict("records") == [
        {
            "题目": "gas-1-a",
            "级别": "提醒",
            "规则": "没有注明适用岗位",
            "发现": "没有注明适用岗位。",
            "建议": "注明适用的岗位，多数题包括主要负责人。",
            "依据": "本平台规则",
        },
        {
            "题目": "题库整体",
            "级别": "提醒",
            "规则": "依据的版本有使用提示",
            "发现": "请核对原文。",
            "建议": "使用前按提示核对原文。",
            "依据": "本平台规则",
        },
    ]

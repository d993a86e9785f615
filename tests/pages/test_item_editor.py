"""Writing an item on screen: what a refused save keeps, what a candidate will see, and how an item comes to candidates."""

from __future__ import annotations

import re

import pytest
from sqlmodel import col, select
from streamlit.testing.v1 import AppTest

from quiz.banks import queries
from quiz.db import Database
from quiz.models.banks import Item, ItemVersion
from quiz.ui.item_editor import propose_code
from quiz.vocabulary import ItemType
from tests.pages.conftest import Open, words
from tests.security.test_hostile_text import HOSTILE, unsafe

BANK = "trade-industry"
CLAUSE = "trade-industry-2023/2"


def item_of(database: Database, code: str) -> Item:
    with database.reading() as session:
        return session.exec(select(Item).where(Item.bank_code == BANK, Item.code == code)).one()


def newest(database: Database, item: Item) -> ItemVersion:
    with database.reading() as session:
        found = session.exec(select(ItemVersion).where(ItemVersion.item_id == item.id).order_by(col(ItemVersion.number).desc())).first()
    assert found is not None
    return found


def form_of(app: AppTest) -> str:
    return next(str(area.key).removesuffix("_stem") for area in app.text_area if str(area.key).endswith("_stem"))


def fill(app: AppTest, *, stem: str = "哪个行业属于工贸？", options: tuple[str, ...] = ("煤矿", "纺织"), key: str = "B") -> str:
    """Type a single-choice item; answers with the prefix of the form's keys."""
    form = form_of(app)
    app.text_area(key=f"{form}_stem").set_value(stem)
    app.text_area(key=f"{form}_explanation").set_value("依据第二条。")
    app.multiselect(key=f"{form}_clauses").set_value([CLAUSE])
    for letter, text in zip("ABCD", options, strict=False):
        app.text_area(key=f"{form}_option_{letter}").set_value(text)
    app.run()
    app.button_group(key=f"{form}_key_single").set_value(key)
    app.run()
    return form


def save(app: AppTest) -> AppTest:
    return app.button(key="save_item").click().run()


def test_a_new_item_is_saved_as_a_draft_under_the_next_free_code(open_screen: Open, site: Database) -> None:
    app = open_screen("banks", "trainer", bank=BANK, edit="new")
    form = fill(app)
    app.text_area(key=f"{form}_reason_A").set_value("煤矿另有标准。")
    save(app)

    item = item_of(site, "ti-001")
    version = newest(site, item)
    assert not app.exception
    assert (item.state, item.pending_state, version.stem, version.key) == ("draft", "draft", "哪个行业属于工贸？", ["B"])
    assert version.options == [{"key": "A", "text": "煤矿"}, {"key": "B", "text": "纺织"}]
    assert version.rationales == {"A": "煤矿另有标准。"}
    assert "ti-001 已存为草稿" in words(app).replace("\\", "")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stem": " "}, "题干：不能空着"),
        ({"options": ("煤矿",), "key": "A"}, "选项：至少要有两个"),
        ({"options": ("煤矿", "", "纺织"), "key": "A"}, "选项 B：没有内容"),
        ({"options": ("煤矿", "煤矿")}, "选项 B：与选项 A 文字相同"),
        ({"key": "D"}, "正确答案：选了 D，但这个选项没有内容"),
    ],
)
def test_a_refused_save_names_the_field_in_chinese_and_loses_nothing(
    open_screen: Open, site: Database, change: dict[str, str], message: str
) -> None:
    app = open_screen("banks", "trainer", bank=BANK, edit="new")
    form = fill(app, **change)  # type: ignore[arg-type]
    save(app)

    shown = words(app)
    assert not app.exception
    assert (message in shown, "没有保存" in shown) == (True, True)
    assert not re.search(r"validation error|Value error|String should", shown)
    assert app.text_area(key=f"{form}_explanation").value == "依据第二条。"
    assert app.multiselect(key=f"{form}_clauses").value == [CLAUSE]
    with site.reading() as session:
        assert session.exec(select(Item).where(Item.code == "ti-001")).all() == []


def test_an_item_of_a_bank_with_a_standard_needs_a_clause(open_screen: Open) -> None:
    app = open_screen("banks", "trainer", bank=BANK, edit="new")
    form = fill(app)
    app.multiselect(key=f"{form}_clauses").set_value([])
    save(app)

    assert "依据条款：至少选一条" in words(app)


def test_options_typed_come_back_after_looking_at_another_type(open_screen: Open) -> None:
    app = open_screen("banks", "trainer", bank=BANK, edit="new")
    form = fill(app)

    app.selectbox(key=f"{form}_type").set_value(ItemType.TRUE_FALSE).run()
    fields = [str(each.key) for each in app.text_area]
    app.selectbox(key=f"{form}_type").set_value(ItemType.SINGLE).run()

    assert f"{form}_option_A" not in fields
    assert [app.text_area(key=f"{form}_option_{letter}").value for letter in "AB"] == ["煤矿", "纺织"]


def test_an_option_can_be_added_and_taken_away(open_screen: Open, site: Database) -> None:
    app = open_screen("banks", "trainer", bank=BANK, edit="new")
    form = fill(app)

    app.button(key=f"{form}_add_line").click().run()
    app.text_area(key=f"{form}_option_E").set_value("烟草").run()
    app.button(key=f"{form}_drop_line").click().run()
    for letter, text in (("C", "核电"), ("D", "航空")):
        app.text_area(key=f"{form}_option_{letter}").set_value(text)
    save(app)

    assert [option["text"] for option in newest(site, item_of(site, "ti-001")).options] == ["煤矿", "纺织", "核电", "航空"]


def test_rewriting_leaves_the_published_text_and_puts_the_new_one_beside_it(open_screen: Open, site: Database) -> None:
    item = item_of(site, "ti-2-b")
    before = newest(site, item)
    app = open_screen("banks", "trainer", bank=BANK, item=str(item.id))
    app.button(key="edit_item").click().run()
    form = form_of(app)
    app.text_area(key=f"{form}_stem").set_value(before.stem.replace("水产冷冻", "海产冷冻"))
    save(app)

    after = item_of(site, "ti-2-b")
    shown = words(app)
    assert not app.exception
    assert (after.version_id, after.state, after.pending_state) == (before.id, "published", "draft")
    assert ("<del>水</del>" in shown, "<ins>海</ins>" in shown, "起草的内容，须由另一位" in shown) == (True, True, True)


def test_saving_without_a_change_is_refused(open_screen: Open, site: Database) -> None:
    item = item_of(site, "ti-2-b")
    app = open_screen("banks", "trainer", bank=BANK, item=str(item.id), edit=str(item.version_id))
    save(app)

    assert "内容没有变化" in words(app)


def test_whoever_is_overtaken_is_told_so_and_keeps_what_was_typed(open_screen: Open, site: Database) -> None:
    item = item_of(site, "ti-2-b")
    address = {"bank": BANK, "item": str(item.id), "edit": str(item.version_id)}
    mine = open_screen("banks", "trainer", **address)
    form = form_of(mine)
    mine.text_area(key=f"{form}_stem").set_value("我写的题干。").run()
    other = open_screen("banks", "trainer", **address)
    other.text_area(key=f"{form}_stem").set_value("别人写的题干。")
    save(other)

    save(mine)

    assert "别人已经改过这道题" in words(mine)
    assert mine.text_area(key=f"{form}_stem").value == "我写的题干。"


def test_the_preview_shows_what_a_candidate_sees_and_no_key(open_screen: Open) -> None:
    app = open_screen("banks", "trainer", bank=BANK, edit="new")
    fill(app)

    preview = app.get("iframe")[0].proto.srcdoc
    assert ("哪个行业属于工贸？" in preview, "纺织" in preview, "依据第二条" in preview) == (True, True, False)


def test_an_office_cannot_open_the_form(open_screen: Open, site: Database) -> None:
    item = item_of(site, "ti-2-b")
    for address in ({"edit": "new"}, {"item": str(item.id), "edit": str(item.version_id)}):
        app = open_screen("banks", "office", bank=BANK, **address)

        assert not app.exception
        assert [button.key for button in app.button if button.key in ("save_item", "edit_item", "new_item")] == []


def test_a_version_of_another_item_is_not_opened(open_screen: Open, site: Database) -> None:
    item, other = item_of(site, "ti-2-b"), item_of(site, "ti-2-a")
    app = open_screen("banks", "trainer", bank=BANK, item=str(item.id), edit=str(other.version_id))

    assert (app.exception.len, "没有这道题的这个版本" in words(app)) == (0, True)


def test_hostile_text_stays_text_while_it_is_written_and_after(open_screen: Open, site: Database) -> None:
    app = open_screen("banks", "trainer", bank=BANK, edit="new")
    fill(app, stem=HOSTILE + "\n\n# 题", options=(HOSTILE, HOSTILE + "二"))
    while_written = unsafe(app)
    save(app)
    item = item_of(site, "ti-001")
    reader = open_screen("banks", "administrator", bank=BANK, item=str(item.id))

    assert (while_written, unsafe(app), unsafe(reader)) == ([], [], [])
    with site.reading() as session:
        assert queries.versions(session, [item.version_id or 0])[item.version_id or 0].stem.startswith("<script>")


def test_codes_are_proposed_after_those_of_the_bank() -> None:
    assert propose_code("gas", []) == "gas-001"
    assert propose_code("trade-industry", ["ti-2-a", "ti-2-b", "x-1"]) == "ti-001"
    assert propose_code("trade-industry", ["ti-001", "ti-002", "ti-2-a"]) == "ti-003"
    assert propose_code("own", ["q-0001", "q-0010"]) == "q-0011"

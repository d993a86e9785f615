"""Writing and rewriting items that are no choice, cases and pictures: what is typed, what is kept, what is refused, what is shown."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import col, select
from streamlit.testing.v1 import AppTest

from quiz import clock
from quiz.accounts.audit import Actor
from quiz.banks import queries, workflow
from quiz.banks.files import ItemDraft
from quiz.banks.question import PictureRef
from quiz.db import Database
from quiz.models.banks import Item, ItemVersion, PictureFile
from quiz.vocabulary import ItemType
from tests.attempts import typed_exam
from tests.exchange.material import PICTURE
from tests.pages.conftest import Open, words

BANK = typed_exam.BANK
NEW = f"new_item_{BANK}_0"
OTHER_PICTURE = b"\x89PNG\r\n\x1a\n" + b"1" * 20


@pytest.fixture
def typed_bank(site: Database) -> Database:
    """A bank without a standard that holds one item of each type that is no choice."""
    with site.transaction() as session:
        typed_exam.write_bank(session, now=clock.now())
    return site


def new(open_screen: Open, type_: ItemType) -> AppTest:
    app = open_screen("banks", "trainer", bank=BANK, edit="new")
    return app.selectbox(key=f"{NEW}_type").set_value(type_).run()


def rewrite(open_screen: Open, database: Database, code: str) -> tuple[AppTest, str]:
    """The form for the present version of an item, and the prefix of its fields."""
    with database.reading() as session:
        item = session.exec(select(Item).where(Item.bank_code == BANK, Item.code == code)).one()
    app = open_screen("banks", "trainer", bank=BANK, item=str(item.id))
    app.button(key="edit_item").click().run()
    return app, f"item_{item.version_id}"


def type_in(app: AppTest, form: str, **texts: str) -> AppTest:
    """Text into fields, one line or several; drawn again at the end."""
    for name, text in texts.items():
        found = [box for box in (*app.text_area, *app.text_input) if box.key == f"{form}_{name}"]
        found[0].set_value(text)
    return app.run()


def save(app: AppTest) -> AppTest:
    return app.button(key="save_item").click().run()


def written(database: Database, code: str) -> ItemDraft:
    """The newest version of an item."""
    with database.reading() as session:
        item = session.exec(select(Item).where(Item.bank_code == BANK, Item.code == code)).one()
        ids = session.exec(select(ItemVersion.id).where(ItemVersion.item_id == item.id).order_by(col(ItemVersion.number).desc())).all()
        return queries.versions(session, [ids[0] or 0])[ids[0] or 0].as_draft()


def fields_of(draft: ItemDraft, *names: str) -> tuple[Any, ...]:
    return tuple(getattr(draft, name) for name in names)


def preview(app: AppTest) -> str:
    return str(app.get("iframe")[0].proto.srcdoc)


# ---- written


def test_a_calculation_is_written_with_unit_and_tolerance(open_screen: Open, typed_bank: Database) -> None:
    app = new(open_screen, ItemType.NUMERIC)
    type_in(app, NEW, code="n", stem="最小距离是多少？", figure="１，２００．５", unit="米", tolerance="±0.5")
    told, shown = words(app), preview(app)
    save(app)

    assert not app.exception
    assert fields_of(written(typed_bank, "n"), "key", "unit", "tolerance") == (["1200.5"], "米", "0.5")
    assert ("答 1200 到 1201 米 都得分" in told, "1200.5" in shown, '"unit": "米"' in shown) == (True, False, True)


def test_blanks_take_several_accepted_texts_however_the_gap_is_typed(open_screen: Open, typed_bank: Database) -> None:
    app = new(open_screen, ItemType.BLANK)
    type_in(app, NEW, code="b", stem="接受__________教育，不少于（　）学时。")
    type_in(app, NEW, gap_1="三级\n3级\n", gap_2="24")
    shown = preview(app)
    save(app)

    assert fields_of(written(typed_bank, "b"), "stem", "key") == ("接受____教育，不少于____学时。", ["三级|3级", "24"])
    assert ("接受____教育" in shown, "3级" in shown) == (True, False)


def test_an_ordering_is_written_line_by_line_in_its_right_order(open_screen: Open, typed_bank: Database) -> None:
    app = new(open_screen, ItemType.ORDERING)
    type_in(app, NEW, code="o", stem="请排先后。", lines="通风\n\n检测\n作业")
    shown = preview(app)
    save(app)

    draft = written(typed_bank, "o")
    assert [draft.options[letter] for letter in draft.key] == ["通风", "检测", "作业"]
    assert list(draft.options.values()) == sorted(draft.options.values())
    assert all(text in shown for text in ("通风", "检测", "作业"))


def test_a_matching_has_pairs_and_spare_right_sides(open_screen: Open, typed_bank: Database) -> None:
    app = new(open_screen, ItemType.MATCHING)
    type_in(
        app,
        NEW,
        code="m",
        stem="谁监管？",
        left_1="饭店",
        right_1="商务",
        left_2="医院",
        right_2="卫健",
        left_3="商场",
        right_3="商务",
        spare="交通",
    )
    shown = preview(app)
    save(app)

    draft = written(typed_bank, "m")
    assert draft.prompts == {"1": "饭店", "2": "医院", "3": "商场"}
    assert (draft.options, draft.key) == ({"A": "商务", "B": "卫健", "C": "交通"}, ["1A", "2B", "3A"])
    assert ("交通" in shown, "1A" in shown) == (True, False)


def test_a_case_is_written_with_questions_of_several_types(open_screen: Open, typed_bank: Database) -> None:
    app = new(open_screen, ItemType.CASE)
    app.selectbox(key=f"{NEW}_part_2_type").set_value(ItemType.NUMERIC).run()
    type_in(app, NEW, code="c", stem="某企业发生事故。", part_1_stem="先做什么？", part_1_option_A="报告", part_1_option_B="离开")
    app.button_group(key=f"{NEW}_part_1_key_single").set_value("A").run()
    type_in(app, NEW, part_2_stem="几小时内上报？", part_2_figure="1", part_2_unit="小时")
    shown = preview(app)
    save(app)

    assert not app.exception
    parts = written(typed_bank, "c").parts
    assert [fields_of(part, "type", "stem", "key", "unit") for part in parts] == [  # type: ignore[arg-type]
        (ItemType.SINGLE, "先做什么？", ["A"], ""),
        (ItemType.NUMERIC, "几小时内上报？", ["1"], "小时"),
    ]
    assert ("某企业发生事故" in shown, "几小时内上报" in shown) == (True, True)


# ---- refused


@pytest.mark.parametrize(
    ("type_", "texts", "messages"),
    [
        (ItemType.NUMERIC, {"stem": "多少？", "figure": "12米"}, ["正确答案：应是一个数，例如 12.5；单位请写在“单位”里"]),
        (ItemType.NUMERIC, {"stem": "多少？", "figure": "12", "tolerance": "5%"}, ["允许误差：应是不小于 0 的数"]),
        (ItemType.BLANK, {"stem": "不少于几学时？"}, ["题干：还没有标出空的位置"]),
        (ItemType.BLANK, {"stem": "不少于__学时，__。"}, ["第 1 空：还没有写答案", "第 2 空：还没有写答案"]),
        (ItemType.ORDERING, {"stem": "排。", "lines": "通风"}, ["各项：至少写两行"]),
        (ItemType.ORDERING, {"stem": "排。", "lines": "通风\n检测\n通风"}, ["各项：“通风”写了两遍"]),
        (ItemType.MATCHING, {"stem": "配。", "left_1": "医院"}, ["右列 1：还没有写", "左列：至少要有两组"]),
        (
            ItemType.MATCHING,
            {"stem": "配。", "left_1": "甲", "right_1": "一", "left_2": "甲", "right_2": "二", "spare": "一"},
            ["左列 2：与前面的一项文字相同", "多余的右列：“一”已经是某一项的答案"],
        ),
        (ItemType.CASE, {}, ["案例材料：不能空着", "第 1 小题·题干：不能空着", "第 2 小题·正确答案：还没有选"]),
    ],
)
def test_what_cannot_be_saved_is_told_in_chinese_at_the_button_and_at_the_field(
    open_screen: Open, typed_bank: Database, type_: ItemType, texts: dict[str, str], messages: list[str]
) -> None:
    app = new(open_screen, type_)
    for name in sorted(texts, key=lambda name: name != "stem"):  # gaps are drawn once the stem has them
        type_in(app, NEW, **{name: texts[name]})
    before = words(app)
    save(app)

    shown = words(app)
    assert ("ankao-fault" in before, "没有保存" in before) == (False, False)
    assert [message for message in messages if message not in shown] == []
    assert all(message.split("：")[1] in shown.replace("没有保存", "", 1) for message in messages)
    assert shown.count("ankao-fault") >= len(messages)
    with typed_bank.reading() as session:
        assert len(session.exec(select(Item).where(Item.bank_code == BANK)).all()) == len(typed_exam.CODES)


def test_faults_go_as_they_are_mended(open_screen: Open, typed_bank: Database) -> None:
    app = save(new(open_screen, ItemType.NUMERIC))
    first = words(app).count("ankao-fault")

    type_in(app, NEW, stem="多少？", figure="12")

    assert (first, words(app).count("ankao-fault"), "没有保存" in words(app)) == (2, 0, False)


# ---- rewritten


@pytest.mark.parametrize("code", typed_exam.CODES)
def test_opening_an_item_and_saving_it_changes_nothing(open_screen: Open, typed_bank: Database, code: str) -> None:
    app, _ = rewrite(open_screen, typed_bank, code)
    save(app)

    assert not app.exception
    assert "内容没有变化" in words(app)


def test_a_rewritten_ordering_keeps_the_letters_of_its_lines(open_screen: Open, typed_bank: Database) -> None:
    app, form = rewrite(open_screen, typed_bank, "confined")
    lines = str(app.text_area(key=f"{form}_lines").value).splitlines()
    type_in(app, form, lines="\n".join([*lines[:2], "系好安全绳", lines[2]]))
    save(app)

    draft = written(typed_bank, "confined")
    assert (draft.key, draft.options["D"]) == (["C", "A", "D", "B"], "系好安全绳")


def test_a_rewritten_matching_keeps_the_letters_of_its_right_sides(open_screen: Open, typed_bank: Database) -> None:
    app, form = rewrite(open_screen, typed_bank, "authority")
    type_in(app, form, right_2="医疗保障主管部门")
    save(app)

    draft = written(typed_bank, "authority")
    assert (draft.key, draft.options["A"], draft.options["C"]) == (["1B", "2A", "3B"], "医疗保障主管部门", "交通运输主管部门")


def test_questions_of_a_case_are_moved_taken_away_and_added(open_screen: Open, typed_bank: Database) -> None:
    app, form = rewrite(open_screen, typed_bank, "dust")
    app.button(key=f"{form}_part_1_down").click().run()
    app.button(key=f"{form}_part_4_drop").click().run()
    app.button(key=f"{form}_add_part").click().run()
    app.selectbox(key=f"{form}_part_6_type").set_value(ItemType.TRUE_FALSE).run()
    type_in(app, form, part_6_stem="可以月底再清扫。")
    app.button_group(key=f"{form}_part_6_key_true_false").set_value("B").run()
    save(app)

    assert not app.exception
    types = [part.type.value for part in written(typed_bank, "dust").parts]
    assert types == ["multiple", "single", "numeric", "ordering", "true_false"]


def test_an_item_that_is_no_choice_goes_the_same_way_to_candidates(open_screen: Open, typed_bank: Database) -> None:
    app, form = rewrite(open_screen, typed_bank, "distance")
    save(type_in(app, form, figure="13"))
    with typed_bank.transaction() as session:
        item = session.exec(select(Item).where(Item.bank_code == BANK, Item.code == "distance")).one()
        on_its_way = (item.state, item.pending_state)
        workflow.review(session, item_id=item.id or 0, now=clock.now(), actor=Actor(account="li"))
        workflow.publish(session, item_id=item.id or 0, now=clock.now(), actor=Actor(account="li"))

    with typed_bank.reading() as session:
        served = next(view for view in queries.published(session, [BANK]) if view.item_code == "distance")
    assert (on_its_way, served.ordered_key, served.number) == (("published", "draft"), ("13",), 2)


# ---- pictures


def with_picture(open_screen: Open) -> AppTest:
    """A new single choice with a picture, described."""
    app = open_screen("banks", "trainer", bank=BANK, edit="new")
    type_in(app, NEW, code="p", stem="图中是什么？", option_A="禁止", option_B="警告")
    app.button_group(key=f"{NEW}_key_single").set_value("A").run()
    app.file_uploader(key=f"{NEW}_picture_file_0").set_value(("标志.png", PICTURE.data, "image/png")).run()
    return type_in(app, NEW, picture_1_text="红圈斜杠")


def test_a_picture_is_added_with_its_description_and_shown_before_it_is_kept(open_screen: Open, typed_bank: Database) -> None:
    app = with_picture(open_screen)
    shown = preview(app)
    with typed_bank.reading() as session:
        before = session.get(PictureFile, PICTURE.digest)
    save(app)

    assert not app.exception
    assert ("data:image/png;base64," in shown, "红圈斜杠" in shown, before) == (True, True, None)
    assert written(typed_bank, "p").pictures == [PictureRef(digest=PICTURE.digest, where="stem", description="红圈斜杠")]
    with typed_bank.reading() as session:
        assert session.get_one(PictureFile, PICTURE.digest).data == PICTURE.data


def test_a_picture_is_replaced_moved_to_an_option_and_removed(open_screen: Open, typed_bank: Database) -> None:
    save(with_picture(open_screen))
    with typed_bank.reading() as session:
        item = session.exec(select(Item).where(Item.bank_code == BANK, Item.code == "p")).one()
    address = {"bank": BANK, "item": str(item.id)}
    app, form = open_screen("banks", "trainer", **address, edit=str(item.pending_id)), f"item_{item.pending_id}"
    app.file_uploader(key=f"{form}_picture_1_file").set_value(("新.png", OTHER_PICTURE, "image/png")).run()
    app.selectbox(key=f"{form}_picture_1_where").set_value("B").run()
    save(app)
    replaced = written(typed_bank, "p").pictures

    app = open_screen("banks", "trainer", **address)
    version = next(str(button.key) for button in app.button if str(button.key).startswith("edit_item_"))
    app.button(key=version).click().run()
    app.button(key=f"item_{version.removeprefix('edit_item_')}_picture_1_drop").click().run()
    save(app)

    assert [(ref.digest != PICTURE.digest, ref.where, ref.description) for ref in replaced] == [(True, "B", "红圈斜杠")]
    assert written(typed_bank, "p").pictures == []


def test_what_is_no_picture_is_not_added(open_screen: Open, typed_bank: Database) -> None:
    app = open_screen("banks", "trainer", bank=BANK, edit="new")

    app.file_uploader(key=f"{NEW}_picture_file_0").set_value(("x.png", b"<svg onload=alert(1)>", "image/png")).run()

    assert ("这个文件不是 PNG" in words(app), [box for box in app.text_input if "picture" in str(box.key)]) == (True, [])


def test_a_picture_of_an_option_that_was_taken_away_is_told(open_screen: Open, typed_bank: Database) -> None:
    app = with_picture(open_screen)
    app.selectbox(key=f"{NEW}_picture_1_where").set_value("B").run()
    app.selectbox(key=f"{NEW}_type").set_value(ItemType.NUMERIC).run()
    save(type_in(app, NEW, figure="1"))

    assert ("选项 B 已经去掉" in words(app), not app.exception) == (True, True)

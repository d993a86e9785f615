"""Two versions of an item compared: what is marked, and that nothing of either text is lost."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from quiz.banks.queries import ClauseView, VersionView
from quiz.banks.question import PictureRef
from quiz.banks.version_diff import FieldDifference, Segment, compare, entries, texts
from quiz.vocabulary import ItemKind, ItemType

CLAUSE = ClauseView("gas-2024/7", "第七条", "报警", "报警装置", "应当安装报警装置。", "燃气规定")
OTHER = ClauseView("gas-2024/8", "第八条", "报警", "切断装置", "应当安装切断装置。", "燃气规定")
ITEM = VersionView(
    id=1,
    item_id=1,
    item_code="gas-001",
    bank_code="gas",
    type=ItemType.SINGLE,
    kind=ItemKind.KNOWLEDGE,
    topic="报警",
    difficulty="easy",
    stem="餐馆应当安装什么？",
    options=(("A", "报警装置"), ("B", "风扇")),
    key=frozenset("A"),
    explanation="依据第七条。",
    rationales={"B": "风扇不报警。"},
    clauses=(CLAUSE,),
    roles=("principal",),
)


def changed(new: VersionView) -> dict[str, tuple[list[str], list[str]]]:
    """By field: what is marked left and right."""
    return {
        field.label: ([part.text for part in field.before if part.changed], [part.text for part in field.after if part.changed])
        for field in compare(ITEM, new)
        if field.changed
    }


def test_a_version_does_not_differ_from_itself() -> None:
    assert changed(ITEM) == {}
    assert [field.label for field in compare(ITEM, ITEM)] == [
        "题干", "选项 A", "选项 B", "答案", "解析", "错项说明 B", "依据条款", "题型", "类别", "主题", "难度", "适用岗位",
    ]  # fmt: skip


def test_every_field_a_reviewer_reads_is_compared() -> None:
    new = replace(
        ITEM,
        type=ItemType.MULTIPLE,
        kind=ItemKind.SCENARIO,
        topic="切断",
        difficulty="hard",
        stem="医院应当安装什么？",
        options=(("A", "报警装置"), ("B", "风扇"), ("C", "切断装置")),
        key=frozenset("AC"),
        explanation="依据第七条、第八条。",
        rationales={"B": "风扇不切断。"},
        clauses=(CLAUSE, OTHER),
        changed_from=(replace(CLAUSE, id="gas-2016/3", ref="第三条", edition_title="旧燃气规定"),),
        roles=("principal", "worker"),
    )

    assert changed(new) == {
        "题干": (["餐馆"], ["医院"]),
        "选项 C": ([], ["切断装置"]),
        "答案": ([], ["C"]),
        "解析": ([], ["、第八条"]),
        "错项说明 B": (["报警"], ["切断"]),
        "依据条款": ([], ["《燃气规定》第八条 切断装置"]),
        "旧版条款": ([], ["《旧燃气规定》第三条 报警装置"]),
        "题型": (["单选题"], ["多选题"]),
        "类别": (["知识题"], ["情景题"]),
        "主题": (["报警"], ["切断"]),
        "难度": (["易"], ["难"]),
        "适用岗位": ([], ["其他从业人员"]),
    }


def test_a_figure_is_marked_whole() -> None:
    field = texts("题干", "间距不得小于50米，", "间距不得小于150米，")

    assert [part for part in field.before if part.changed] == [Segment("50", True)]
    assert [part for part in field.after if part.changed] == [Segment("150", True)]


def test_one_character_in_common_between_two_changes_is_chance() -> None:
    field = texts("题干", "应甲的乙止", "应丙的丁止")

    assert field.before == (Segment("应", False), Segment("甲的乙", True), Segment("止", False))


def test_another_order_of_clauses_is_a_change_since_the_first_is_the_main_one() -> None:
    assert entries("依据条款", ["一", "二"], ["二", "一"]).changed


def whole(field: FieldDifference) -> tuple[str, str]:
    return "".join(part.text for part in field.before), "".join(part.text for part in field.after)


def common(parts: tuple[Segment, ...]) -> str:
    return "".join(part.text for part in parts if not part.changed)


@given(st.text(max_size=80), st.text(max_size=80))
def test_nothing_is_lost_and_what_is_unmarked_stands_in_both(before: str, after: str) -> None:
    field = texts("题干", before, after)

    assert whole(field) == (before, after)
    assert common(field.before) == common(field.after)
    assert field.changed == (before != after)


@given(st.lists(st.text(min_size=1, max_size=3), max_size=6), st.lists(st.text(min_size=1, max_size=3), max_size=6))
def test_lists_keep_every_entry(before: list[str], after: list[str]) -> None:
    field = entries("条款", before, after)

    assert [part.text for part in field.before] == before
    assert [part.text for part in field.after] == after
    assert field.changed == (before != after)


def test_a_key_is_compared_in_words_and_another_picture_is_told() -> None:
    matching = replace(
        ITEM, type=ItemType.MATCHING, options=(("A", "卫健"), ("B", "商务")), prompts=(("1", "医院"), ("2", "商场")),
        ordered_key=("1A", "2B"), rationales={}, pictures=(PictureRef(digest="a" * 64),),
    )  # fmt: skip
    new = replace(matching, ordered_key=("1B", "2B"), pictures=(PictureRef(digest="b" * 64, description="配电箱"),))

    marked = {field.label: [part.text for part in field.after if part.changed] for field in compare(matching, new) if field.changed}

    assert marked == {"答案": ["医院 — 商务"], "图片": ["题干附图（配电箱），图号 bbbbbb"]}

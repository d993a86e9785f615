"""What a new edition changes: examples, and what holds for any two editions."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from quiz.banks.law_change import ClauseText, compare
from quiz.vocabulary import ClauseChange

ALARM = ClauseText("old/1", "第一条", "报警装置", "使用燃气的厨房应当安装可燃气体报警装置，并保持正常使用。")
HOSE = ClauseText("old/2", "第二条", "软管", "连接软管长度不得超过2米，不得穿越墙体。")
TRAINING = ClauseText("old/3", "第三条", "培训", "每年至少组织一次全员安全培训。")
OLD = [ALARM, HOSE, TRAINING]


def changes(new: list[ClauseText]) -> dict[str, str]:
    """Fate of each old clause, and `+id` for what is new."""
    difference = compare(OLD, new)
    fates = {clause.id: difference.fate(clause.id).value for clause in OLD}
    return fates | {f"+{pair.new.id}": "new" for pair in difference.of(ClauseChange.NEW) if pair.new}


def test_a_clause_that_only_moved_is_kept_and_its_successor_known() -> None:
    moved = ClauseText("new/9", "第九条", "报警装置", "使用燃气的厨房应当安装可燃气体报警装置, 并保持正常使用。")

    assert changes([moved]) == {"old/1": "kept", "old/2": "gone", "old/3": "gone"}
    assert compare(OLD, [moved]).successor("old/1") == "new/9"


def test_another_figure_is_a_change_and_a_decimal_point_is_no_punctuation() -> None:
    longer = ClauseText("new/2", "第二条", "软管", "连接软管长度不得超过3米，不得穿越墙体。")
    tenth = ClauseText("new/2", "第二条", "软管", "连接软管长度不得超过2.0米，不得穿越墙体。")
    percent, ten = ClauseText("a", "", "甲烷", "甲烷达1.0%时停电"), ClauseText("b", "", "甲烷", "甲烷达10%时停电")

    assert changes([longer])["old/2"] == changes([tenth])["old/2"] == "changed"
    assert compare([percent], [ten]).fate("a") is ClauseChange.CHANGED
    assert compare(OLD, [longer]).successor("old/2") is None


def test_what_has_nothing_alike_is_new_and_what_it_left_is_gone() -> None:
    robots = ClauseText("new/7", "第七条", "机器人", "巡检机器人进入防爆区域须有合格标志。")

    assert changes([robots]) == {"old/1": "gone", "old/2": "gone", "old/3": "gone", "+new/7": "new"}


def test_a_person_may_say_what_replaces_what_and_then_likeness_is_not_asked() -> None:
    merged = ClauseText("new/5", "第五条", "用气场所", "用气场所的设备、人员按规定管理。", replaces=("old/1", "old/3"))
    same_as_hose = ClauseText("new/6", "第六条", "软管", HOSE.text, replaces=("old/9",))

    assert changes([merged, same_as_hose]) == {"old/1": "changed", "old/2": "kept", "old/3": "changed"}


def test_a_rewritten_clause_is_known_by_its_heading() -> None:
    rewritten = ClauseText("new/3", "第三条", "培训", "全员安全培训每年不少于一次，并如实记录。")

    assert changes([rewritten])["old/3"] == "changed"


texts = st.text("安全生产培训报警装置软管厨房0123456789.%，。", min_size=1, max_size=30)


@st.composite
def editions(draw: st.DrawFn, name: str) -> list[ClauseText]:
    return [
        ClauseText(f"{name}/{n}", f"第{n}条", draw(st.sampled_from(["甲", "乙"])), text)
        for n, text in enumerate(draw(st.lists(texts, max_size=8)))
    ]


@given(editions("old"), editions("new"))
def test_every_clause_of_both_editions_is_accounted_for_exactly_once(old: list[ClauseText], new: list[ClauseText]) -> None:
    pairs = compare(old, new).pairs

    assert sorted(pair.old.id for pair in pairs if pair.old) == sorted(clause.id for clause in old)
    assert [pair.new.id for pair in pairs if pair.new] == [clause.id for clause in new]
    assert all((pair.old is None) == (pair.change is ClauseChange.NEW) for pair in pairs)
    assert all((pair.new is None) == (pair.change is ClauseChange.GONE) for pair in pairs)


@given(editions("old"))
def test_an_edition_against_itself_is_kept_whole(old: list[ClauseText]) -> None:
    same = [ClauseText(f"new/{n}", clause.ref, clause.heading, clause.text) for n, clause in enumerate(old)]

    assert {pair.change for pair in compare(old, same).pairs} <= {ClauseChange.KEPT}

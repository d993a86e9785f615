"""The item-writing review: for each rule an item that breaks it and nothing else, and the neighbours it must leave alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quiz.banks.review import RULES, Basis, Finding, review
from quiz.vocabulary import ItemKind, ItemType
from tests.banks.review_material import ALARM, HOSE, KNOWN, OLD_ALARM, SINGLE, codes, item, judged, options

BROKEN: dict[str, dict[str, Any]] = {
    "no_clause": {"clauses": ()},
    "clause_not_assessable": {"clauses": (replace(ALARM, assessable=False),)},
    "clause_not_in_force": {"clauses": (OLD_ALARM,)},
    "no_explanation": {"explanation": " "},
    "no_roles": {"roles": ()},
    "sector_unknown": {"sectors": ("catering", "restaurants")},
    "no_rationale": {"rationales": {"B": "应当一直在用。", "C": " "}},
    "all_of_the_above": {"options": options(*list(SINGLE.values())[:3], "以上都对")},
    "duplicate_options": {"options": options(*list(SINGLE.values())[:3], "由房东负责，饭店不必装。")},
    "key_length": {"options": options("安装可燃气体报警装置并保持正常使用", "不必安装", "临时装上", "交给房东")},
    "negative_stem": {"stem": "对这家面馆，下列说法不正确的是哪一项？"},
    "clang": {"stem": "某面馆没有安装报警装置并保持正常。老板应当怎么办？"},
}


@pytest.mark.parametrize("code", BROKEN)
def test_an_item_with_one_fault_is_found_by_that_rule_alone(code: str) -> None:
    assert codes(item(**BROKEN[code])) == [("gas-1-a", code)]


def test_a_sound_item_is_left_alone() -> None:
    assert codes(item(), judged("面馆使用燃气，应当安装可燃气体报警装置。", "A")) == []


def test_a_finding_names_item_rule_reason_and_what_to_do() -> None:
    found = review([item(clauses=(replace(ALARM, assessable=False),))], Basis(known=KNOWN))

    assert [finding.as_json() for finding in found] == [
        {
            "item": "gas-1-a",
            "severity": "error",
            "code": "clause_not_assessable",
            "rule": "条款不得出题",
            "message": "所依据的第一条不得出题（未核实或属于背景信息）。",
            "action": "改引可出题的条款，或停用本题。",
        }
    ]


class TestBasis:
    """What an item rests on."""

    def test_an_item_on_what_changed_compares_with_a_superseded_edition_of_the_same_standard(self) -> None:
        upcoming = replace(OLD_ALARM, edition_code="gas-2030")
        other_standard = replace(OLD_ALARM, edition_code="fire-2017")

        assert codes(item(changed_from=(OLD_ALARM,))) == []
        assert codes(item(changed_from=(ALARM,))) == [("gas-1-a", "changed_from_wrong")]
        assert codes(item(changed_from=(upcoming,))) == [("gas-1-a", "changed_from_wrong")]
        assert codes(item(changed_from=(other_standard,))) == [("gas-1-a", "changed_from_wrong")]

    def test_the_message_says_which_edition_is_not_in_force_and_why(self) -> None:
        assert [finding.message for finding in review([item(clauses=(OLD_ALARM,))], Basis(known=KNOWN))] == [
            "所依据的第一条属于燃气规定（gas-2020），该版本已被替代。"
        ]

    def test_a_bank_is_told_once_what_its_edition_is_doubtful_about(self) -> None:
        basis = Basis(caution="请核对原文。", sectors=("no_such",), known=KNOWN)

        assert codes(item("a"), item("b", stem="另一家店的老板应当怎么办？", options=options("甲", "乙", "丙", "丁")), basis=basis)[
            -2:
        ] == [
            ("", "sector_unknown"),
            ("", "edition_caution"),
        ]


class TestKey:
    def test_a_key_outside_the_options_is_an_error_and_stops_no_other_rule(self) -> None:
        assert codes(item(key=frozenset("E"), rationales=dict.fromkeys("ABCD", "错。"))) == [("gas-1-a", "key_outside")]
        assert codes(item(key=frozenset(), rationales=dict.fromkeys("ABCD", "错。"))) == [("gas-1-a", "key_outside")]

    def test_a_longer_key_counts_only_when_it_catches_the_eye(self) -> None:
        gases = item(options=options("一氧化碳", "氧气", "氢气", "氮气"))
        one_long_distractor = item(options=options("安装可燃气体报警装置并保持正常使用", "不必安装", "交给房东一家负责安装维护", "临时"))

        assert codes(gases) == codes(one_long_distractor) == []


class TestWords:
    def test_absolute_words_count_only_when_one_side_has_them(self) -> None:
        two_distractors = item(options=options("按规定安装", "凡是饭店都不必装", "一律由房东来装", "换成温度报警器"))
        one_distractor = item(options=options("按规定安装", "一律由房东来装", "只在检查前装", "换成温度报警器"))
        both_sides = item(options=options("不论大小都要装", "凡是饭店都不必装", "一律由房东来装", "换成温度报警器"))
        only_the_key = item(options=options("不论大小都要装", "饭店可以不装", "由房东来装", "换成温度报警器"))

        assert [codes(each) for each in (two_distractors, one_distractor, both_sides, only_the_key)] == [
            [("gas-1-a", "absolute_words")],
            [],
            [],
            [("gas-1-a", "absolute_words")],
        ]

    def test_a_statement_with_an_absolute_word_gives_itself_away_when_it_is_wrong(self) -> None:
        assert codes(judged("只要装过报警装置就符合规定。", "B")) == [("gas-1-t", "absolute_words")]
        assert codes(judged("面馆不论大小，使用燃气就应当安装报警装置。", "A")) == []

    def test_words_that_count_things_are_not_absolute(self) -> None:
        assert codes(judged("某店只有2台灶具，全部装了报警装置，所有人都不必培训。", "A")) == []
        assert codes(judged("某店只有1台报警装置，已经坏了，仍符合规定。", "B")) == []

    @pytest.mark.parametrize(
        "stem",
        [
            "某店不符合第一条。老板应当怎么办？",
            "下列哪些装置不符合设计要求，构成重大事故隐患？",
            "下列哪些场所应当安装（都不属于除外情形）？",
            "下列说法【不】正确的是哪一项？",
        ],
    )
    def test_a_fault_that_is_told_is_no_negative_question(self, stem: str) -> None:
        assert codes(item(stem=stem)) == []

    def test_the_key_may_use_words_of_the_stem_that_distractors_use_too(self) -> None:
        shared = options("安装报警装置并保持正常使用", "不安装报警装置并保持通风", "把报警装置关掉", "换成温度报警器")

        assert codes(item(stem=BROKEN["clang"]["stem"], options=shared)) == []


class TestOverlap:
    """Two options that could both be true."""

    def overlaps(self, *texts: str, **more: Any) -> bool:
        return ("gas-1-a", "overlapping_options") in codes(item(options=options(*texts), **more))

    def test_a_range_that_holds_the_key_is_true_as_well(self) -> None:
        assert self.overlaps("不足15日", "不足30日", "60日", "90日")
        assert self.overlaps("超过75%", "超过55%", "低于20%", "低于10%")
        assert self.overlaps("3人至9人", "3人至10人", "1人", "2人")
        assert self.overlaps("30日", "15日以上", "10日", "5日")

    def test_ranges_side_by_side_or_narrower_than_the_key_do_not_overlap(self) -> None:
        assert not self.overlaps("3人至9人", "10人至29人", "30人以上", "2人")
        assert not self.overlaps("不少于15日", "不少于30日", "不少于60日", "不少于90日")
        assert not self.overlaps("构成，应不小于15米", "不构成，应不小于10米", "构成，应不小于20米", "不构成，应不小于30米")

    def test_the_band_of_a_fine_is_quoted_as_it_stands(self) -> None:
        assert not self.overlaps("5万元以下", "10万元以下", "20万元以下", "50万元以下", stem="对面馆罚款多少？")

    def test_a_document_number_is_no_range(self) -> None:
        assert not self.overlaps("AQ 3026-2026", "AQ 3072-2026", "GB 1-2020", "GB 2-2020")

    def test_an_option_that_contains_another_as_a_whole_part(self) -> None:
        assert self.overlaps("停止供气", "停止供气，并罚款", "批评教育", "不作处理")
        assert not self.overlaps("矿长", "分管机电的副矿长", "总工程师", "班组长")


class TestPairs:
    """Two items of one bank."""

    def test_the_same_stem_is_found_in_both_items_whatever_its_punctuation(self) -> None:
        first, second = item("a", stem="老板应当怎么办？"), item("b", stem="老板应当怎么办", options=options("甲", "乙", "丙", "丁"))

        assert codes(first, second) == [("a", "same_stem"), ("b", "same_stem")]

    def test_items_that_differ_in_a_word_are_found_once(self) -> None:
        first, second = item("a"), item("b", stem=item("a").stem.replace("三个月", "五个月"))

        assert codes(first, second) == [("b", "near_duplicate")]

    def test_an_item_on_what_changed_may_resemble_the_plain_ones(self) -> None:
        plain, changed = item("a"), item("b", stem=item("a").stem.replace("三个月", "五个月"), changed_from=(OLD_ALARM,))

        assert codes(plain, changed) == []

    def test_a_stem_that_quotes_the_key_of_a_neighbour_is_found(self) -> None:
        quoted = judged("某店按规定安装报警装置并保持正常使用，符合要求。", "A", code="b")

        assert codes(item("a"), quoted) == [("b", "gives_away")]
        assert codes(item("a"), replace(quoted, clauses=(HOSE,))) == []

    def test_one_of_many_keys_gives_little_away(self) -> None:
        several = item("a", type=ItemType.MULTIPLE, key=frozenset("ABC"))

        assert codes(several, judged("某店按规定安装报警装置并保持正常使用，符合要求。", "A", code="b")) == []


def many(count: int, **changed: Any) -> list[Any]:
    """Items with nothing in common but their clause."""
    return [
        item(f"x{n}", stem=chr(0x4E00 + n) * 12, options=options(*(chr(0x5E00 + 4 * n + k) * 3 for k in range(4))), **changed)
        for n in range(count)
    ]


class TestBank:
    """Clauses and shares."""

    def test_a_clause_without_an_item_and_one_with_too_few(self) -> None:
        basis = Basis(clauses=(ALARM, HOSE), known=KNOWN)
        on_hose = replace(judged("软管长度可以是3米。", "B", code="h"), kind=ItemKind.KNOWLEDGE, clauses=(HOSE,))

        assert codes(item(), basis=basis) == [("", "clause_uncovered")]
        assert codes(item(), on_hose, basis=basis) == [("", "clause_thin")]
        assert codes(item(), replace(on_hose, kind=ItemKind.SCENARIO), *many(1, clauses=(HOSE,)), basis=basis) == []

    def test_a_clause_without_figure_or_exception_needs_one_item(self) -> None:
        named = replace(ALARM, text="按GB 39496-2020第6.1.9条和表2，由县级以上政府分五个方面规定。")

        assert codes(item(), basis=Basis(clauses=(named,), known=KNOWN)) == []

    def test_shares_of_kinds_and_types(self) -> None:
        recall = many(6, kind=ItemKind.KNOWLEDGE)
        statements = [judged(chr(0x6E00 + n) * 12, "A", code=f"t{n}") for n in range(5)]

        assert codes(*recall, *statements) == [("", "true_false_share"), ("", "applied_share")]
        assert codes(*recall) == []

    def test_positions_and_lengths_are_judged_from_twenty_single_choice_items_on(self) -> None:
        long_key = [replace(each, options=(("A", each.options[0][1] + "长"), *each.options[1:])) for each in many(20)]

        assert codes(*long_key[:19]) == []
        assert [code for _, code in codes(*long_key)] == ["key_position"] * 4 + ["key_longest"]


@settings(deadline=None)
@given(st.lists(st.sampled_from(sorted(BROKEN)), max_size=6), st.randoms())
def test_faults_of_one_item_do_not_depend_on_the_items_around_it(faults: list[str], order: Any) -> None:
    spoiled = [
        replace(item(f"i{n}", **BROKEN[code]), stem=BROKEN[code].get("stem", f"{chr(0x4E00 + n) * 9}？")) for n, code in enumerate(faults)
    ]
    shuffled = order.sample(spoiled, len(spoiled))

    def single(found: list[Finding]) -> list[tuple[str, str]]:
        return sorted((each.item, each.code) for each in found if each.code in BROKEN)

    assert single(review(shuffled, Basis(known=KNOWN))) == sorted((f"i{n}", code) for n, code in enumerate(faults))


def test_every_rule_says_why_and_what_to_do_in_chinese() -> None:
    assert [rule.code for rule in RULES.values() if not (rule.title and rule.reason.endswith("。") and rule.action.endswith("。"))] == []

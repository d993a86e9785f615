"""What somebody types for a question becomes its key, and can be written out and typed again without a change."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quiz.banks import typed_question as typed
from quiz.banks.question import Question
from quiz.banks.typed_question import Fault, Pair
from quiz.vocabulary import ItemType

TEXTS = st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=6)
LINES = st.lists(TEXTS, min_size=2, max_size=8, unique=True)


@pytest.mark.parametrize(
    ("text", "stem"),
    [("不少于__学时", "不少于____学时"), ("（　）和（ ）", "____和____"), ("＿＿＿＿＿＿＿＿", "____"), ("见（一）_注", "见（一）_注")],
)
def test_a_gap_is_four_underscores_however_it_is_typed(text: str, stem: str) -> None:
    assert typed.stem_with_gaps(text) == stem


@pytest.mark.parametrize(
    ("text", "number"), [("１２．５", "12.5"), (" 1,200 ", "1200"), ("−3", "-3"), ("1,2", "1,2"), ("12 米", "12米"), ("12.50", "12.50")]
)
def test_figures_are_kept_as_decimal_numbers(text: str, number: str) -> None:
    assert typed.figure(text) == number


def test_the_range_of_a_calculation_includes_both_ends() -> None:
    assert typed.right_range("12.5", "0.5") == (Decimal(12), Decimal(13))
    assert typed.right_range("12.5", "") == (Decimal("12.5"), Decimal("12.5"))
    assert (typed.right_range("十二", "0.5"), typed.right_range("12", "-1")) == (None, None)


@given(lines=LINES, known=st.lists(TEXTS, max_size=8, unique=True))
def test_an_ordering_says_its_lines_again_and_known_texts_keep_their_letters(lines: list[str], known: list[str]) -> None:
    before = dict(zip("ABCDEFGH", known, strict=False))

    options, key = typed.in_order(lines, before)

    assert [options[letter] for letter in key] == lines
    assert all(options[letter] == text for letter, text in before.items() if text in lines)
    assert Question(type=ItemType.ORDERING, stem="排", options=options, key=key).key == key


@given(lefts=LINES, rights=st.lists(TEXTS, min_size=8, max_size=8), spare=st.lists(TEXTS, max_size=3, unique=True))
def test_a_matching_without_a_fault_is_a_question(lefts: list[str], rights: list[str], spare: list[str]) -> None:
    pairs = [Pair(left, right) for left, right in zip(lefts, rights, strict=False)]

    prompts, options, key = typed.matched(pairs, spare, {})

    assert [(prompts[pair[:-1]], options[pair[-1]]) for pair in key] == [(pair.left, pair.right) for pair in pairs]
    if not typed.pair_faults(pairs, spare):
        assert Question(type=ItemType.MATCHING, stem="配", prompts=prompts, options=options, key=key).prompts == prompts


def test_rows_left_empty_are_no_pairs() -> None:
    pairs = [Pair("甲", "一"), Pair("", ""), Pair("乙", "二")]

    assert typed.matched(pairs, [], {}) == ({"1": "甲", "2": "乙"}, {"A": "一", "B": "二"}, ["1A", "2B"])
    assert typed.pair_faults(pairs, []) == []


def test_a_matching_with_one_right_side_needs_a_spare_one() -> None:
    pairs = [Pair("甲", "一"), Pair("乙", "一")]

    assert [fault.field for fault in typed.pair_faults(pairs, [])] == ["spare"]
    assert typed.pair_faults(pairs, ["二"]) == []


@given(texts=st.lists(TEXTS, min_size=1, max_size=5))
def test_accepted_texts_are_the_same_after_being_written_out(texts: list[str]) -> None:
    entry = "|".join(texts)

    assert typed.accepted(typed.as_lines(entry)) == entry


def test_a_fault_of_a_question_of_a_case_says_which() -> None:
    fault = Fault("key", "正确答案", "还没有选").within(2, "part_5_")

    assert (fault.field, fault.sentence) == ("part_5_key", "第 2 小题·正确答案：还没有选")

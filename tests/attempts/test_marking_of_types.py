"""Marking of numbers, blanks, orderings, matchings and cases: what is right, what merely looks like it, and what a part of it earns."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quiz.attempts.domain import Key, mark_form, mark_item, number_in
from quiz.papers.domain import FormItem
from quiz.vocabulary import ItemType, ScoringPolicy

ALL = ScoringPolicy.ALL_OR_NOTHING
PARTIAL = ScoringPolicy.PARTIAL
DISTANCE = Key(ItemType.NUMERIC, ("12.5",), unit="米", tolerance=Decimal("0.5"))
TRAINING = Key(ItemType.BLANK, ("三级|3级", "24", "GB 50016"))
STEPS = Key(ItemType.ORDERING, ("C", "A", "B"))
OFFICES = Key(ItemType.MATCHING, ("1B", "2A", "3B"))
INSPECTION = Key(
    ItemType.CASE,
    parts=(Key(ItemType.SINGLE, ("B",)), Key(ItemType.MULTIPLE, ("A", "C")), DISTANCE, Key(ItemType.BLANK, ("停产", "3"))),
)
FULL = {DISTANCE: ["12.5"], TRAINING: ["三级", "24", "GB 50016"], STEPS: ["C", "A", "B"], OFFICES: ["1B", "2A", "3B"]}
FULL[INSPECTION] = ["1:B", "2:A", "2:C", "3:12.5", "4:停产", "4:3"]

keys = st.sampled_from(list(FULL))
points = st.integers(1, 10_000).map(lambda hundredths: hundredths / 100)
policies = st.sampled_from(ScoringPolicy)
entries = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["A", "B", "C", "1A", "1B", "2A", "3B", "1:B", "2:A", "2:C", "3:12.5", "4:停产", "4:3", "12.5", "三级", "24", "|", ":", "4:"]
    ),
)
answers = st.lists(entries, max_size=8)


# ---- numbers


@pytest.mark.parametrize(
    "text",
    [
        "12.5",
        "12.50",
        "+12.5",
        "012.5",
        " 12.5 ",
        "１２．５",
        "12.5米",
        "12.5 米",
        "１２．５　米",
        "12",
        "13",
        "12.0",
        "13.000",
        "12.",
        "12.5\u00a0米",
    ],
)
def test_a_number_within_the_tolerance_is_right_however_it_is_written(text: str) -> None:
    assert mark_item([text], key=DISTANCE, points=4, policy=ALL) == 4


@pytest.mark.parametrize(
    "text",
    [
        "11.99", "13.01", "11.999999999999999999999999999", "-12.5", "125", "12,5", "12.5m", "12.5公里", "12.5米米", "约12.5", "十二点五",
        "12.5-12.6", "1.25e1", "25/2", "12.5.0", "", " ", "米", ".", "-", "NaN", "Infinity", "0x0c", "１" * 200,
    ],
)  # fmt: skip
def test_anything_else_is_wrong_and_never_an_error(text: str) -> None:
    assert mark_item([text], key=DISTANCE, points=4, policy=PARTIAL) == 0


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [
        ("1,200", "", "1200"), ("1，200.5", "", "1200.5"), ("1 200 元", "元", "1200"), ("12,34", "", None), ("1,2000", "", None),
        ("\u22125 ℃", "℃", "-5"), (".5", "", "0.5"), ("50％", "%", "50"), ("3m3", "m³", "3"), ("3 M3", "m³", None), ("5", "米", "5"),
        ("5千克", "克", None),
    ],
)  # fmt: skip
def test_how_a_number_is_read(text: str, unit: str, number: str | None) -> None:
    assert number_in(text, unit=unit) == (None if number is None else Decimal(number))


def test_without_a_tolerance_only_the_number_itself_is_right() -> None:
    exact = Key(ItemType.NUMERIC, ("0.1",))

    assert mark_item(["0.100"], key=exact, points=1, policy=ALL) == 1
    assert mark_item(["0.1000000000000000000000000001"], key=exact, points=1, policy=ALL) == 0


@given(
    st.decimals(-1_000_000, 1_000_000, places=6),
    st.decimals(0, 1000, places=6),
    st.decimals(-1000, 1000, places=6),
    st.sampled_from(["", "米"]),
)
def test_a_number_is_right_exactly_when_it_is_no_further_away_than_the_tolerance(
    key: Decimal, tolerance: Decimal, away: Decimal, unit: str
) -> None:
    numeric = Key(ItemType.NUMERIC, (f"{key:f}",), unit=unit, tolerance=tolerance)

    assert mark_item([f"{key + away:f}{unit}"], key=numeric, points=2, policy=ALL) == (2 if abs(away) <= tolerance else 0)


# ---- blanks


@pytest.mark.parametrize(
    ("given_texts", "right"),
    [
        (["三级", "24", "GB 50016"], 3),
        (["3级", "２４", "gb  50016"], 3),  # another accepted text; full width; capitals and spaces
        ([" ３级 ", "24", "ＧＢ　５００１６"], 3),
        (["三級", "24", "GB50016"], 1),  # nothing that is merely like it
        (["三级", "24.0", "GB 50017"], 1),
        (["三级|3级", "24学时", ""], 0),
        (["", "", "GB 50016"], 1),
        (["24", "三级", "GB 50016"], 1),  # each blank has its own
        (["三级"], 1),
        ([], 0),
    ],
)
def test_blanks_earn_their_share_under_partial_and_nothing_less_than_all_otherwise(given_texts: list[str], right: int) -> None:
    assert mark_item(given_texts, key=TRAINING, points=6, policy=PARTIAL) == 2 * right
    assert mark_item(given_texts, key=TRAINING, points=6, policy=ALL) == (6 if right == 3 else 0)


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_figure_in_a_blank_is_right_only_when_it_is_the_same_figure(key: int, answer: int) -> None:
    figure = Key(ItemType.BLANK, (str(key),))

    assert mark_item([str(answer)], key=figure, points=1, policy=PARTIAL) == (key == answer)


# ---- orderings and matchings


@pytest.mark.parametrize("policy", ScoringPolicy)
@pytest.mark.parametrize(("answer", "mark"), [("CAB", 3), ("ABC", 0), ("CBA", 0), ("CA", 0), ("", 0)])
def test_an_ordering_is_right_or_wrong(answer: str, mark: float, policy: ScoringPolicy) -> None:
    assert mark_item(list(answer), key=STEPS, points=3, policy=policy) == mark


@pytest.mark.parametrize(
    ("answer", "right"),
    [(["1B", "2A", "3B"], 3), (["3B", "1B", "2A"], 3), (["1B", "2A", "3C"], 2), (["1B"], 1), (["1A", "2B", "3A"], 0), ([], 0)],
)
def test_matchings_earn_their_share_and_lose_nothing_for_wrong_ones(answer: list[str], right: int) -> None:
    assert mark_item(answer, key=OFFICES, points=6, policy=PARTIAL) == 2 * right
    assert mark_item(answer, key=OFFICES, points=6, policy=ALL) == (6 if right == 3 else 0)


# ---- cases


@pytest.mark.parametrize(
    ("answer", "all_or_nothing", "partial"),
    [
        (["1:B", "2:A", "2:C", "3:12 米", "4:停产", "4:3"], 10, 10),
        (["1:B", "2:A", "3:12.5", "4:停产", "4:3"], 7.5, 8.75),  # one of two choices: half of that part
        (["1:A", "2:A", "2:B", "3:12.5", "4:停产", "4:5"], 2.5, 3.75),  # a wrong choice spoils its part, a wrong blank only itself
        (["4:", "4:3"], 0, 1.25),
        (["4:停产:3"], 0, 0),
        ([], 0, 0),
    ],
)
def test_a_case_of_ten_points_and_four_parts(answer: list[str], all_or_nothing: float, partial: float) -> None:
    assert mark_item(answer, key=INSPECTION, points=10, policy=ALL) == all_or_nothing
    assert mark_item(answer, key=INSPECTION, points=10, policy=PARTIAL) == partial


@given(points, policies, st.integers(2, 30), st.data())
def test_a_case_earns_all_its_points_exactly_when_every_part_is_right(
    value: float, policy: ScoringPolicy, parts: int, data: st.DataObject
) -> None:
    case = Key(ItemType.CASE, parts=(Key(ItemType.BLANK, ("甲", "乙", "丙")),) * parts)
    chosen = data.draw(st.lists(st.sampled_from(["甲乙丙", "甲乙丁"]), min_size=parts, max_size=parts))
    answer = [f"{number}:{letter}" for number, letters in enumerate(chosen, 1) for letter in letters]

    mark = mark_item(answer, key=case, points=value, policy=policy)

    assert (mark == value) == all(letters == "甲乙丙" for letters in chosen)
    assert 0 <= mark <= value


# ---- all of them


@given(keys, points, policies)
def test_the_right_answer_earns_everything(key: Key, value: float, policy: ScoringPolicy) -> None:
    assert mark_item(FULL[key], key=key, points=value, policy=policy) == value


@given(keys, answers, points, policies)
def test_whatever_is_sent_a_mark_lies_between_nothing_and_the_points(
    key: Key, answer: list[str], value: float, policy: ScoringPolicy
) -> None:
    assert 0 <= mark_item(answer, key=key, points=value, policy=policy) <= value


@given(keys, answers, points)
def test_partial_credit_never_gives_less_than_all_or_nothing(key: Key, answer: list[str], value: float) -> None:
    assert mark_item(answer, key=key, points=value, policy=ALL) <= mark_item(answer, key=key, points=value, policy=PARTIAL)


@pytest.mark.parametrize("policy", ScoringPolicy)
def test_a_case_that_must_be_right_is_failed_by_one_part(policy: ScoringPolicy) -> None:
    form = [FormItem(1, ("1:A", "1:B"), 10, must_be_right=True), FormItem(2, (), 4, must_be_right=True)]
    marked: dict[str, Any] = {"keys": {1: INSPECTION, 2: DISTANCE}, "policy": policy, "cut_score": 1}

    missed = mark_form(form, answers={1: FULL[INSPECTION][:-1], 2: ["12.5"]}, **marked)
    right = mark_form(form, answers={1: FULL[INSPECTION], 2: ["12.5"]}, **marked)

    assert (missed.must_failed, missed.passed) == ((1,), False)
    assert (right.must_failed, right.passed, right.score) == ((), True, 14)

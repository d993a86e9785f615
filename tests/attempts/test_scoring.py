"""Scoring explained: marks for one item, for a form, and when a paper is passed."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quiz.attempts.domain import Outcome, mark_form, mark_item
from quiz.papers.domain import FormItem
from quiz.vocabulary import ScoringPolicy

ALL = ScoringPolicy.ALL_OR_NOTHING
PARTIAL = ScoringPolicy.PARTIAL
KEYS = "ABCDEF"

points = st.integers(1, 10_000).map(lambda hundredths: hundredths / 100)
keys = st.frozensets(st.sampled_from(KEYS), min_size=1)
answers = st.frozensets(st.sampled_from(KEYS))
policies = st.sampled_from(ScoringPolicy)


@pytest.mark.parametrize(
    ("answer", "key", "all_or_nothing", "partial"),
    [
        ("ABC", "ABC", 6, 6),  # exactly the key
        ("CAB", "ABC", 6, 6),  # in whatever order it was chosen
        ("AB", "ABC", 0, 4),  # two of three: 6 × 2 ÷ 3
        ("A", "ABC", 0, 2),  # one of three: 6 × 1 ÷ 3
        ("ABD", "ABC", 0, 0),  # one wrong choice spoils it
        ("ABCD", "ABC", 0, 0),  # choosing everything is choosing wrong
        ("", "ABC", 0, 0),  # nothing chosen
        ("B", "A", 0, 0),
        ("A", "A", 6, 6),
    ],
)
def test_six_points(answer: str, key: str, all_or_nothing: float, partial: float) -> None:
    assert mark_item(answer, key=key, points=6, policy=ALL) == all_or_nothing
    assert mark_item(answer, key=key, points=6, policy=PARTIAL) == partial


def test_thirds_are_kept_to_four_decimals() -> None:
    assert mark_item("A", key="ABC", points=5, policy=PARTIAL) == 1.6667


@given(answers, keys, points, policies)
def test_a_mark_lies_between_nothing_and_the_points(
    answer: frozenset[str], key: frozenset[str], value: float, policy: ScoringPolicy
) -> None:
    assert 0 <= mark_item(answer, key=key, points=value, policy=policy) <= value


@given(answers, keys, points)
def test_partial_credit_never_gives_less_than_all_or_nothing(answer: frozenset[str], key: frozenset[str], value: float) -> None:
    assert mark_item(answer, key=key, points=value, policy=ALL) <= mark_item(answer, key=key, points=value, policy=PARTIAL)


@given(answers, keys, points, policies)
def test_only_the_exact_key_earns_all(answer: frozenset[str], key: frozenset[str], value: float, policy: ScoringPolicy) -> None:
    assert (mark_item(answer, key=key, points=value, policy=policy) == value) == (answer == key)


@given(st.permutations(KEYS), st.permutations(KEYS), answers, keys, points, policies)
def test_shuffled_options_never_change_the_mark(
    shown: list[str], otherwise: list[str], answer: frozenset[str], key: frozenset[str], value: float, policy: ScoringPolicy
) -> None:
    outcomes = [
        mark_form([FormItem(1, tuple(order), value, False)], keys={1: key}, answers={1: answer}, policy=policy, cut_score=value)
        for order in (shown, otherwise)
    ]

    assert outcomes[0] == outcomes[1]


FORM = (
    FormItem(11, ("A", "B", "C", "D"), 4, must_be_right=True),
    FormItem(12, ("D", "C", "B", "A"), 6, must_be_right=False),
    FormItem(13, ("A", "B"), 2, must_be_right=False),
)
FORM_KEYS = {11: {"A"}, 12: {"A", "B", "C"}, 13: {"B"}}


@pytest.mark.parametrize(
    ("answers", "policy", "expected"),
    [
        ({1: ["A"], 2: ["A", "B", "C"], 3: ["B"]}, ALL, Outcome((4, 6, 2), 12, passed=True, must_failed=())),
        ({1: ["A"], 2: ["A", "B"], 3: ["B"]}, ALL, Outcome((4, 0, 2), 6, passed=False, must_failed=())),
        ({1: ["A"], 2: ["A", "B"], 3: ["B"]}, PARTIAL, Outcome((4, 4, 2), 10, passed=True, must_failed=())),
        ({2: ["A", "B", "C"], 3: ["B"]}, ALL, Outcome((0, 6, 2), 8, passed=False, must_failed=(1,))),
        ({1: ["B"], 2: ["A", "B", "C"], 3: ["B"]}, PARTIAL, Outcome((0, 6, 2), 8, passed=False, must_failed=(1,))),
        ({}, PARTIAL, Outcome((0, 0, 0), 0, passed=False, must_failed=(1,))),
    ],
)
def test_a_form_of_twelve_points_with_eight_to_pass(answers: dict[int, list[str]], policy: ScoringPolicy, expected: Outcome) -> None:
    assert mark_form(FORM, keys=FORM_KEYS, answers=answers, policy=policy, cut_score=8) == expected


@given(st.lists(st.tuples(points, keys, st.booleans()), min_size=1, max_size=8), st.data(), policies)
def test_a_wrong_must_be_right_item_fails_the_paper_whatever_the_score(
    rows: list[tuple[float, frozenset[str], bool]], data: st.DataObject, policy: ScoringPolicy
) -> None:
    form = [FormItem(n, tuple(KEYS), value, must) for n, (value, _, must) in enumerate(rows, 1)]
    right = {n: key for n, (_, key, _) in enumerate(rows, 1)}
    given_answers = data.draw(st.fixed_dictionaries(dict.fromkeys(right, answers)))

    outcome = mark_form(form, keys=right, answers=given_answers, policy=policy, cut_score=0.01)

    wrong = tuple(n for n, each in enumerate(form, 1) if each.must_be_right and given_answers[n] != right[n])
    assert outcome.must_failed == wrong
    assert not (wrong and outcome.passed)


@given(st.lists(points, min_size=1, max_size=60))
def test_all_right_is_passed_even_when_everything_is_needed(values: list[float]) -> None:
    """Sums of decimals come out a hair off; the score and the cut score are compared at two decimals."""
    form = [FormItem(n, ("A", "B"), value, must_be_right=True) for n, value in enumerate(values, 1)]
    full = dict.fromkeys(range(1, len(form) + 1), frozenset("A"))

    outcome = mark_form(form, keys=full, answers=full, policy=ALL, cut_score=sum(values))

    assert outcome == Outcome(tuple(values), round(sum(values), 2), passed=True, must_failed=())


def test_three_thirds_of_five_points_are_five() -> None:
    form = [FormItem(n, ("A", "B", "C"), 5, must_be_right=False) for n in (1, 2, 3)]

    outcome = mark_form(form, keys=dict.fromkeys((1, 2, 3), "ABC"), answers=dict.fromkeys((1, 2, 3), "A"), policy=PARTIAL, cut_score=5)

    assert outcome == Outcome((1.6667, 1.6667, 1.6667), 5.0, passed=True, must_failed=())


def test_the_order_of_positions_decides_which_answer_belongs_to_which_item() -> None:
    for order in itertools.permutations(FORM):
        given_answers = {n: FORM_KEYS[each.version] for n, each in enumerate(order, 1)}
        assert mark_form(order, keys=FORM_KEYS, answers=given_answers, policy=ALL, cut_score=12).passed

"""How candidates answer: the able answer better, and a wrong answer is one that could be marked."""

from __future__ import annotations

import random

import pytest

from quiz.attempts.domain import mark_item
from quiz.banks.question import Question
from quiz.demonstration.candidates import ItemTemper
from quiz.vocabulary import ItemType, ScoringPolicy
from tests.attempts import typed_exam

SINGLE = ItemTemper(difficulty=0.0, guessed=0.22, type=ItemType.SINGLE, key=("B",), distractors=("A", "C", "D"))
MULTIPLE = ItemTemper(difficulty=0.0, guessed=0.03, type=ItemType.MULTIPLE, key=("A", "C"), distractors=("B", "D"))


def test_chance_of_right_lies_between_guessing_and_certainty() -> None:
    # at ability = difficulty: 0.22 + 0.78 / 2
    assert SINGLE.chance_of_right(0.0) == pytest.approx(0.61)
    assert SINGLE.chance_of_right(-20.0) == pytest.approx(0.22)
    assert SINGLE.chance_of_right(20.0) == pytest.approx(1.0)


@pytest.mark.parametrize("item", [SINGLE, MULTIPLE])
def test_a_mistake_is_an_answer_that_could_be_marked_and_is_wrong(item: ItemTemper) -> None:
    chance = random.Random(3)

    answers = [item.answer(-20.0, chance) for _ in range(400)]
    wrong = [answer for answer in answers if answer != item.key]

    assert wrong
    assert all(set(answer) != set(item.key) and answer and set(answer) <= {*item.key, *item.distractors} for answer in wrong)
    assert item.type is ItemType.MULTIPLE or all(len(answer) == 1 for answer in answers)


def test_typed_items_are_answered_right_or_with_one_mistake() -> None:
    chance = random.Random(3)
    for number, draft in enumerate(typed_exam.items(), start=1):
        questions = tuple(draft.parts) or (Question.model_validate(draft.model_dump(include=set(Question.model_fields))),)
        item = ItemTemper(0.0, 0.01, draft.type, (), (), questions)

        marks = [
            mark_item(item.answer(ability, chance), key=item.marking, points=10, policy=ScoringPolicy.ALL_OR_NOTHING)
            for ability in (20.0, -20.0)
        ]

        assert marks[0] == 10
        assert marks[1] == (8 if number == typed_exam.CASE else 0)

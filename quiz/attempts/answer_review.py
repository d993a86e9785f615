"""An answer beside the right one, in words: what a candidate reads after handing in, and an office in the candidate's paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from quiz.attempts import domain
from quiz.attempts.answers import of_part, prompts_in_order, questions_of, says_anything
from quiz.attempts.domain import Key
from quiz.banks.queries import VersionView
from quiz.banks.question import ALTERNATIVE, BLANK, Question
from quiz.vocabulary import ItemType, ScoringPolicy


@dataclass(frozen=True)
class AnswerLine:
    """One thing that was asked for: a number, a blank, a place in an order, a prompt."""

    label: str
    given: str
    """Empty when nothing was answered."""
    right: str
    correct: bool


@dataclass(frozen=True)
class ReviewedPart:
    """One question of a case, of a closed attempt."""

    number: int
    type_label: str
    stem: str
    options: list[dict[str, Any]]
    lines: list[AnswerLine]
    correct: bool
    answered: bool


def key_of(view: VersionView) -> Key:
    """The key of an item that is no choice."""
    keys = tuple(Key.of(question) for question in questions_of(view))
    return Key(ItemType.CASE, parts=keys) if view.type is ItemType.CASE else keys[0]


def letters(keys: Sequence[str], order: Sequence[str]) -> str:
    """Display letters of option keys: the key survives shuffling, the letter is its place on screen."""
    return "".join(sorted(chr(ord("A") + order.index(key)) for key in keys if key in order))


def marked_options(
    question: Question, answer: Sequence[str], *, order: Sequence[str], rationales: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The options of a choice in the order shown, with what was chosen and what is right; none for other types."""
    if not question.type.is_choice:
        return []
    return [
        {
            "letter": chr(ord("A") + n),
            "text": question.options[key],
            "chosen": key in answer,
            "is_key": key in question.key,
            "rationale": rationales.get(key, ""),
        }
        for n, key in enumerate(order)
    ]


def answer_lines(question: Question, answer: Sequence[str]) -> list[AnswerLine]:
    """What was answered beside what is right; none for a choice."""
    match question.type:
        case ItemType.NUMERIC:
            given = answer[0].strip() if answer else ""
            correct = domain.is_right_number(*answer, key=Key.of(question))
            return [AnswerLine("", given, right_number(question), correct)]
        case ItemType.BLANK:
            right = domain.right_blanks(answer, key=Key.of(question))
            texts = [text.strip() for text in answer] or [""] * len(question.key)
            return [
                AnswerLine(
                    f"第 {n} 空" if len(question.key) > 1 else "", text, " 或 ".join(map(str.strip, key.split(ALTERNATIVE))), correct
                )
                for n, (text, key, correct) in enumerate(zip(texts, question.key, right, strict=True), start=1)
            ]
        case ItemType.ORDERING:
            places = list(answer) or [""] * len(question.key)
            return [
                AnswerLine(f"第 {n} 位", question.options.get(place, ""), question.options[key], place == key)
                for n, (place, key) in enumerate(zip(places, question.key, strict=True), start=1)
            ]
        case ItemType.MATCHING:
            given_of, key_of_prompt = ({pair[:-1]: pair[-1:] for pair in pairs} for pairs in (answer, question.key))
            return [
                AnswerLine(
                    text,
                    question.options.get(given_of.get(prompt, ""), ""),
                    question.options[key_of_prompt[prompt]],
                    given_of.get(prompt) == key_of_prompt[prompt],
                )
                for prompt, text in prompts_in_order(question.prompts.items())
            ]
    return []


def right_number(question: Question) -> str:
    """`12.5 米（误差不超过 ±0.5 米）`."""
    behind = f" {question.unit}" if question.unit else ""
    if not Decimal(question.tolerance or 0):
        return f"{question.key[0]}{behind}"
    return f"{question.key[0]}{behind}（误差不超过 ±{question.tolerance}{behind}）"


def readable_stem(question: Question) -> str:
    """The stem with its blanks numbered, as their answers are."""
    if question.type is not ItemType.BLANK or len(question.key) == 1:
        return question.stem
    texts = question.stem.split(BLANK)
    return texts[0] + "".join(f"{BLANK}（{n}）{text}" for n, text in enumerate(texts[1:], start=1))


def reviewed_parts(view: VersionView, answer: Sequence[str], *, order: Sequence[str]) -> list[ReviewedPart]:
    """The questions of a case, each with its answer; none for other types."""
    if view.type is not ItemType.CASE:
        return []
    marks = domain.mark_parts(answer, key=key_of(view), policy=ScoringPolicy.ALL_OR_NOTHING)
    found = []
    for number, (part, mark) in enumerate(zip(view.parts, marks, strict=True), start=1):
        own = of_part(number, answer)
        found.append(
            ReviewedPart(
                number=number,
                type_label=part.type.label,
                stem=readable_stem(part),
                options=marked_options(part, own, order=of_part(number, order), rationales={}),
                lines=answer_lines(part, own),
                correct=mark == 1,
                answered=says_anything(own, type_=part.type),
            )
        )
    return found


def in_words(view: VersionView, answer: Sequence[str], *, order: Sequence[str]) -> str:
    """A whole answer on one line."""
    questions = questions_of(view)
    if view.type is not ItemType.CASE:
        return _question_in_words(questions[0], answer, order)
    spoken = (
        (number, _question_in_words(part, of_part(number, answer), of_part(number, order))) for number, part in enumerate(questions, 1)
    )
    return "；".join(f"第 {number} 小题 {words}" for number, words in spoken if words)


def _question_in_words(question: Question, answer: Sequence[str], order: Sequence[str]) -> str:
    if question.type.is_choice:
        return letters(answer, order)
    lines = answer_lines(question, answer)
    if question.type is ItemType.ORDERING:
        return " → ".join(line.given for line in lines if line.given)
    return "，".join(" ".join(filter(None, (line.label, line.given))) for line in lines if line.given)

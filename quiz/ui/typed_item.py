"""Items that are no choice on the screens of staff: as a candidate meets them, with their right answers, and with what was answered."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from quiz.attempts.answer_review import AnswerLine, ReviewedPart, answer_lines, readable_stem, right_number
from quiz.attempts.answers import of_part, prompts_in_order, questions_of
from quiz.banks.queries import VersionView
from quiz.banks.question import Question
from quiz.ui import components
from quiz.ui.markup import join, markup
from quiz.vocabulary import ItemType

_NONE = Markup("")


def stem(text: str) -> Markup:
    """A stem, with its paragraphs if it is a case's."""
    return markup('<p class="ankao-stem">{}</p>', text)


def as_candidate(view: VersionView, order: Sequence[str]) -> Markup:
    """Stem and what is to be answered; `order` are the options as the form shows them."""
    if view.type is not ItemType.CASE:
        return _asked(questions_of(view)[0], order)
    parts = (
        markup(
            '<p class="ankao-part">第 {} 小题 · {}</p>{}',
            number,
            part.type.label,
            _asked(part, of_part(number, order) or list(part.options)),
        )
        for number, part in enumerate(view.parts, start=1)
    )
    return markup("{}{}", stem(view.stem), join(parts))


def _asked(question: Question, order: Sequence[str]) -> Markup:
    lettered = [(chr(ord("A") + place), question.options[key]) for place, key in enumerate(order)]
    match question.type:
        case ItemType.NUMERIC:
            lines = [("答", f"＿＿＿＿ {question.unit}")]
        case ItemType.MATCHING:
            lines = [(f"{number}.", text) for number, text in prompts_in_order(question.prompts.items())] + lettered
        case ItemType.BLANK:
            lines = []
        case _:
            lines = lettered
    rows = join(markup("<li><b>{}</b><span>{}</span></li>", *line) for line in lines)
    return markup("{}<ol>{}</ol>", stem(readable_stem(question)), rows)


def with_key(view: VersionView) -> Markup:
    """Stem and right answers."""
    if view.type is not ItemType.CASE:
        return _keyed(questions_of(view)[0])
    parts = (
        markup('<p class="ankao-part">第 {} 小题 · {}</p>{}', number, part.type.label, _keyed(part))
        for number, part in enumerate(view.parts, start=1)
    )
    return markup("{}{}", stem(view.stem), join(parts))


def _keyed(question: Question) -> Markup:
    if question.type.is_choice:
        rows = [(key, text, key in question.key) for key, text in question.options.items()]
    elif question.type is ItemType.NUMERIC:
        rows = [("答案", right_number(question), True)]
    else:
        rows = [(line.label or "答案", line.right, True) for line in answer_lines(question, question.key)]
        # What is to be matched with nothing is a distractor: it belongs to the item all the same.
        used = {text for _, text, _ in rows}
        rows += [("多余", text, False) for text in question.options.values() if text not in used]
    lines = join(
        markup('<li class="{}"><b>{}</b><span>{}</span></li>', "ankao-key" if is_key else "", label, text) for label, text, is_key in rows
    )
    return markup("{}<ol>{}</ol>", stem(readable_stem(question)), lines)


def answered(lines: Sequence[AnswerLine]) -> Markup:
    """What was answered, each beside what is right."""
    return join(
        markup(
            '<li class="{}"><span>{}本人答案：{} {}{}</span></li>',
            "ankao-key" if line.correct else "",
            markup("<b>{}</b>　", line.label) if line.label else _NONE,
            line.given or "没有作答",
            components.badge("对", "ok") if line.correct else components.badge("错" if line.given else "未答", "bad"),
            _NONE if line.correct and line.given == line.right else markup("<small>正确答案：{}</small>", line.right),
        )
        for line in lines
    )


def part_head(part: ReviewedPart) -> Markup:
    """Number, type and verdict of a question of a case, and its stem."""
    verdict = components.badge("答对", "ok") if part.correct else components.badge("答错" if part.answered else "未答", "bad")
    return markup("<p>第 {} 小题 · {} {}</p>{}", part.number, part.type_label, verdict, stem(part.stem))

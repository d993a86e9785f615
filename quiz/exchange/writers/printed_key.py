"""The key of a paper: a table of answers to mark by, then each item's answer with its reasons."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from quiz.banks.files import ItemDraft
from quiz.exchange.writers import printed_text as text
from quiz.exchange.writers.printed_canvas import Canvas, Run
from quiz.exchange.writers.printed_questions import Section, sections_of
from quiz.papers.print_form import Sheet
from quiz.vocabulary import ItemType

_GROUP = 5
"""Answers of one sign are read in groups of five."""
_GROUPS_EM = 8.0
"""Width of `116—120 ABCDA` with some air."""


def set_key(canvas: Canvas, sheet: Sheet, *, new_page: bool) -> None:
    """Answers at a glance, then the reasons."""
    canvas.line("Title1", f"{sheet.title}参考答案与解析" if not new_page else "参考答案与解析", new_page=new_page)
    for section in sections_of(sheet):
        several = any("|" in answer for _, printed in section.items for answer in _blank_answers(printed.item))
        canvas.line("Part", f"{section.name}（填空用“|”隔开的写法都算对）" if several else section.name)
        _set_table(canvas, section)
        for number, printed in section.items:
            with canvas.together():
                _set_reasons(canvas, number, printed.item)


def _blank_answers(item: ItemDraft) -> list[str]:
    questions = [item, *item.parts]
    return [answer for question in questions if question.type is ItemType.BLANK for answer in question.key]


# At a glance ----------------------------------------------------------------------------------------------------------


def _set_table(canvas: Canvas, section: Section) -> None:
    """`1—5 ABCDA`, or `6．ABD` where answers have several letters; nothing for figures and words."""
    answers = [(number, text.short_answer(printed.item)) for number, printed in section.items]
    if section.type is ItemType.CASE or not any(answer for _, answer in answers):
        return
    entries = _ranges(answers) if all(len(answer) == 1 for _, answer in answers) else [f"{number}．{answer}" for number, answer in answers]
    step = max(_GROUPS_EM, max(map(text.em, entries)) + 1.5)
    a_line = max(1, min(5, int(canvas.page.column_em // step)))
    tabs = [step * place for place in range(1, a_line)]
    for start in range(0, len(entries), a_line):
        canvas.line("Keys", Run("\t".join(entries[start : start + a_line]), bold=True), tabs=tabs, plain=True)


def _ranges(answers: Sequence[tuple[int, str]]) -> list[str]:
    groups = [list(group) for _, group in groupby(answers, key=lambda entry: (entry[0] - answers[0][0]) // _GROUP)]
    return [
        f"{group[0][0]}—{group[-1][0]}　{''.join(answer for _, answer in group)}" if len(group) > 1 else f"{group[0][0]}．{group[0][1]}"
        for group in groups
    ]


# One by one -----------------------------------------------------------------------------------------------------------


def _set_reasons(canvas: Canvas, number: int, item: ItemDraft) -> None:
    head = f"{number}．"
    indent = text.em(head) + 0.45
    explanation = [line for line in text.lines_of(item.explanation) if line]
    clauses = f"【依据】{'；'.join(item.clauses)}" if item.clauses else ""
    if item.type is ItemType.CASE:
        canvas.line("Reason", f"{head}\t", "各小题答案", left=indent, hanging=indent)
        for place, part in enumerate(item.parts, start=1):
            canvas.line("Reason", f"（{place}）【答案】{text.answer(part)}", left=indent)
        lines = [f"【整题解析】{explanation[0]}", *explanation[1:]] if explanation else []
    else:
        lead = f"　【解析】{explanation[0]}" if explanation else ""
        brief = clauses if len(explanation) < 2 else ""
        canvas.line("Reason", f"{head}\t", f"【答案】{text.answer(item)}{lead}{brief}", left=indent, hanging=indent)
        lines, clauses = explanation[1:], "" if brief else clauses
    for line in lines:
        canvas.line("Reason", line, left=indent, plain=text.is_loose(line))
    for picture in item.pictures:
        if picture.where == "explanation":
            canvas.picture(picture.digest, left=indent)
    wrong = [f"{letter}项：{_sentence(reason)}" for letter, reason in item.rationales.items() if reason.strip()]
    for line in ("【错项说明】" + "".join(wrong) if wrong else "", clauses):
        if line:
            canvas.line("Reason", line, left=indent)


def _sentence(reason: str) -> str:
    """One line that ends like a sentence."""
    line = " ".join(text.lines_of(reason)).strip()
    return line if line.endswith(("。", "！", "？", "；")) else f"{line}。"

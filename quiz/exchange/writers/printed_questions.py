"""The questions of a paper: title, candidate's line, score table, sections, and each type as a school sets it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from quiz.banks.files import ItemDraft
from quiz.banks.question import Question
from quiz.exchange.writers import printed_text as text
from quiz.exchange.writers.printed_canvas import Canvas, Run, Text
from quiz.exchange.writers.printed_page import ANSWER_SPACE
from quiz.papers.print_form import PrintedItem, Sheet
from quiz.vocabulary import ItemType

_HEADINGS = {
    ItemType.SINGLE: ("单项选择题", ""),
    ItemType.MULTIPLE: ("多项选择题", ""),
    ItemType.TRUE_FALSE: ("判断题", "正确的打“√”，错误的打“×”"),
    ItemType.NUMERIC: ("计算题", ""),
    ItemType.BLANK: ("填空题", ""),
    ItemType.ORDERING: ("排序题", "按正确顺序写出字母"),
    ItemType.MATCHING: ("配对题", "在中间一格填右列的字母"),
    ItemType.CASE: ("案例分析题", ""),
}
"""The order of sections on a paper, their names, and what to do where the name does not say it."""
_ORDINALS = "一二三四五六七八"
_SPACE, _WIDE_SPACE = 2.0, 6.0
"""Room between the brackets for a letter and for a figure, in characters."""
_WORKING_PT = 48
"""Room below a calculation."""
_MUST = "★"
_SCORE_HEAD = 4.6
"""Width of the first column of the score table."""


@dataclass(frozen=True)
class Section:
    """Items of one type, numbered on from the section before."""

    ordinal: str
    type: ItemType
    items: tuple[tuple[int, PrintedItem], ...]

    @property
    def name(self) -> str:
        return f"{self.ordinal}、{_HEADINGS[self.type][0]}"

    @property
    def worth(self) -> float | None:
        """Of each item, when all are worth the same."""
        points = {printed.points for _, printed in self.items}
        return points.pop() if len(points) == 1 else None


def sections_of(sheet: Sheet) -> list[Section]:
    """The items by type, in the order of a paper."""
    found: list[Section] = []
    number = 1
    for kind in _HEADINGS:
        items = [printed for printed in sheet.items if printed.item.type is kind]
        if items:
            found.append(Section(_ORDINALS[len(found)], kind, tuple(enumerate(items, start=number))))
            number += len(items)
    return found


def set_questions(canvas: Canvas, sheet: Sheet) -> None:
    """The paper as the candidate gets it."""
    sections = sections_of(sheet)
    canvas.line("Title1", sheet.title)
    canvas.line("Line1", "单位：__________________　姓名：____________　身份证后四位：__________　得分：________")
    _set_scores(canvas, sections)
    facts = [*sheet.facts, f"共 {len(sheet.items)} 题"]
    canvas.line("Note", "　".join(facts), after=2)
    for place, note in enumerate(sheet.notes, start=1):
        canvas.line("Note", f"注意事项 {place}：{note}" if len(sheet.notes) > 1 else f"注意事项：{note}")
    for section in sections:
        canvas.line("Part", _heading(section))
        shows_points = section.worth is None
        for number, printed in section.items:
            _set_item(canvas, number, printed, shows_points=shows_points)


def _set_scores(canvas: Canvas, sections: Sequence[Section]) -> None:
    if not sections:
        return
    head = ["题号", *(section.ordinal for section in sections), "总分"]
    width = min(5.0, (canvas.page.column_em - _SCORE_HEAD) / (len(head) - 1))
    rows = [head, ["得分", *[""] * (len(head) - 1)], ["评卷人", *[""] * (len(head) - 1)]]
    canvas.table(rows, [_SCORE_HEAD, *[width] * (len(head) - 1)], centred=range(len(head)))


def _heading(section: Section) -> str:
    said = [f"共 {len(section.items)} 题"]
    points = [printed.points for _, printed in section.items if printed.points is not None]
    if section.worth is not None:
        said.append(f"每题 {section.worth:g} 分")
    if len(points) == len(section.items):
        said.append(f"共 {round(sum(points), 2):g} 分")
    hint = _HEADINGS[section.type][1]
    return f"{section.name}（{'，'.join(said)}{'。' if hint else ''}{hint}）"


# One item -------------------------------------------------------------------------------------------------------------


def _set_item(canvas: Canvas, number: int, printed: PrintedItem, *, shows_points: bool) -> None:
    head = f"{number}．" + (_MUST if printed.must_be_right else "")
    worth = f"（{printed.points:g} 分）" if shows_points and printed.points is not None else ""
    item, indent = printed.item, text.em(head) + 0.45
    if item.type is ItemType.CASE:
        _set_case(canvas, item, head, worth, indent)
        return
    with canvas.together():
        _set_question(canvas, item, head, worth, left=indent, hanging=indent, pictures=_pictures(item))


def _set_case(canvas: Canvas, item: ItemDraft, head: str, worth: str, indent: float) -> None:
    """What happened, then its questions, each kept together; the first stays with the case."""
    shown = _pictures(item)
    with canvas.together():
        for place, line in enumerate(text.lines_of(item.stem)):
            first = [f"{head}\t", worth] if place == 0 else []
            canvas.line("Stem", *first, line, left=indent, hanging=indent if place == 0 else 0)
        for digest in shown.get("stem", ()):
            canvas.picture(digest, left=indent)
        _set_part(canvas, 1, item.parts[0], indent)
    for number, part in enumerate(item.parts[1:], start=2):
        with canvas.together():
            _set_part(canvas, number, part, indent)


def _set_part(canvas: Canvas, number: int, part: Question, indent: float) -> None:
    head = f"（{number}）"
    room = 3.0 if number < 10 else 3.5
    _set_question(canvas, part, head, f"（{part.type.label}）", left=indent + room, hanging=room, pictures={})


def _pictures(item: ItemDraft) -> dict[str, list[str]]:
    shown: dict[str, list[str]] = {}
    for picture in item.pictures:
        shown.setdefault(picture.where, []).append(picture.digest)
    return shown


def _set_question(
    canvas: Canvas, question: Question, head: str, worth: str, *, left: float, hanging: float, pictures: dict[str, list[str]]
) -> None:
    lines = text.lines_of(question.stem)
    working = _WORKING_PT if question.type is ItemType.NUMERIC and not pictures.get("stem") else None
    for place, line in enumerate(lines):
        is_last = place == len(lines) - 1
        first: list[Text] = [f"{head}\t", worth] if place == 0 else []
        canvas.line(
            "Stem",
            *first,
            *_with_spaces(question, line, is_last=is_last),
            left=left,
            hanging=hanging if place == 0 else 0,
            after=working if is_last else None,
            plain=text.is_loose(line),
        )
    for digest in pictures.get("stem", ()):
        canvas.picture(digest, left=left)
    if question.type is ItemType.MATCHING:
        _set_columns(canvas, question, left, pictures)
    elif not text.truth(question):
        _set_options(canvas, question, left, pictures)


def _with_spaces(question: Question, line: str, *, is_last: bool) -> Iterator[Text]:
    """The line of a stem, with room for the answer in its brackets or blanks, or at its end."""
    if question.type is ItemType.BLANK:
        yield text.blanks_widened(line, question.key)
        return
    for piece, opens in text.by_brackets(line):
        yield Run(piece, gap=_SPACE) if opens else piece
    if not is_last or question.type is ItemType.MATCHING or question.type.is_choice and text.has_bracket(question.stem):
        return
    unit = f" {question.unit}" if question.unit else ""
    yield Run("（", ANSWER_SPACE, gap=_SPACE if question.type.is_choice else _WIDE_SPACE)
    yield Run(f"）{unit}", ANSWER_SPACE)


def _set_options(canvas: Canvas, question: Question, left: float, pictures: dict[str, list[str]]) -> None:
    options = list(question.options.items())
    room = canvas.page.column_em - left
    in_line = 1 if any(letter in pictures for letter, _ in options) else text.options_a_line(question.options.values(), room)
    if in_line > 1:
        tabs = [left + room * place / in_line for place in range(1, in_line)]
        for start in range(0, len(options), in_line):
            row = "\t".join(f"{letter}．{option.strip()}" for letter, option in options[start : start + in_line])
            canvas.line("Choice", row, left=left, tabs=tabs, plain=True)
        return
    for letter, option in options:
        for place, line in enumerate(text.lines_of(option)):
            lead, hanging = (f"{letter}．\t", text.LABEL_EM) if place == 0 else ("", 0)
            canvas.line("Choice", lead, line, left=left + text.LABEL_EM, hanging=hanging)
        for digest in pictures.get(letter, ()):
            canvas.picture(digest, left=left + text.LABEL_EM, highest_mm=40)


def _set_columns(canvas: Canvas, question: Question, left: float, pictures: dict[str, list[str]]) -> None:
    """Both columns of a matching question, and between them a cell for the letter."""
    prompts = [f"{number}．{words}" for number, words in sorted(question.prompts.items(), key=lambda prompt: int(prompt[0]))]
    options = [f"{letter}．{words}" for letter, words in question.options.items()]
    count = max(len(prompts), len(options))
    room = canvas.page.column_em - left - 1
    side = (room - 4) / 2
    rows = [[(prompts[place : place + 1] or [""])[0], "", (options[place : place + 1] or [""])[0]] for place in range(count)]
    canvas.table(rows, [side, 4.0, side], left=left)
    for letter in question.options:
        for digest in pictures.get(letter, ()):
            canvas.line("Choice", f"{letter} 的图：", left=left)
            canvas.picture(digest, left=left, highest_mm=40)

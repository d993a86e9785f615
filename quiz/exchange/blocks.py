"""Lines of a document into questions: which line begins one, which continues it, and which belongs to none.

One pass backwards learns what is still to come after each line; one pass forwards gathers. A number begins a question when it is the next
one, or when what follows shows it (options, an answer, a bracket for one); inside a stem, an answer or an explanation other numbers
are lists. Lines that say `参考答案` and what follows them are a key, matched at the end by section and number.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from quiz.exchange.answer_keys import Scope, after_span, entries_in
from quiz.exchange.block_parts import add_line, read_tags
from quiz.exchange.block_rows import rows_of_document
from quiz.exchange.domain import Picture, ReadRow
from quiz.exchange.key_lines import KeyLines
from quiz.exchange.key_pairs import with_pairs
from quiz.exchange.kinds import stated_type
from quiz.exchange.line_signs import (
    TRUTH_IN_BRACKETS,
    Number,
    divides,
    heading_at,
    is_chapter,
    is_instruction,
    is_page_number,
    is_title,
    number_at,
    says_nothing,
)
from quiz.exchange.lines import Block, Case, Document, Line, Piece, Skip
from quiz.exchange.outlook import Outlook, look_ahead
from quiz.vocabulary import ItemType

_CASE_START = re.compile(
    r"\s*[\[(]?\s?(?:(?:事故)?案例|背景(?:资料|材料)?|材料|资料|情[景境])\s?[一二三四五六七八九十\d]{0,3}\s?[\]):、.\s]|\s*\([一二三四五六七八九十]{1,3}\)"
)
_ABOUT = re.compile(r"\s*[\[(]?\s?(?:请?根据|依据|阅读|结合).{0,30}(?:材料|案例|资料|情[景境]|背景).{0,20}(?:回答|完成|作答).{0,30}题")
_LAST_NUMBER = re.compile(r"[-—–~～至到、]\s?第?(\d{1,4})\s?[小）)]?题")
_OPTION_BESIDE = re.compile(r"\s[A-L]\s?[.、)]")
_LEGEND = re.compile(r"[1A]\s?[、.=:]?\s?(?:对|√|正确)[\s,、;]*[2B]\s?[、.=:]?\s?(?:错|×|错误)[\s)]*")
"""What the marks of true or false questions mean; no answers."""
_LONG_RUN = 5
"""Questions after which another 1 begins a new part, though the last of them lacks its answer."""
_SCENARIO_BODY = 25


def rows_of(lines: Sequence[Line], pictures: dict[str, Picture] | None = None) -> list[ReadRow]:
    """Every question, and every other line, with its fate, in the order of the document."""
    return rows_of_document(Gatherer(with_pairs(lines), pictures or {}).gather())


class Gatherer:
    """The forward pass."""

    def __init__(self, lines: Sequence[Line], pictures: dict[str, Picture]) -> None:
        self.lines = lines
        self.document = Document(pictures=pictures)
        self.outlook: Outlook = look_ahead(lines)
        self.block: Block | None = None
        self.case: Case | None = None
        self.scope = Scope()
        self.section = 0
        self.last: int | None = None
        self.style = ""
        """The style of number that questions of this section have."""
        self.gap = True
        self.notes = False
        """Inside instructions to candidates."""
        self.keys = KeyLines(self.document, self.outlook)

    def gather(self) -> Document:
        for place, line in enumerate(self.lines):
            self._take(place, line)
        self.keys.end()
        self.keys.match()
        return self.document

    # One line ---------------------------------------------------------------------------------------------------------

    def _take(self, place: int, line: Line) -> None:
        if line.question is not None:
            self._ready(line)
        elif line.skip is not None:
            self._skip(line, *line.skip)
        elif line.entries:
            self._close()
            self.keys.add(line, list(line.entries), self.keys.scope, self.scope.chapter)
        elif not line.shape.strip():
            self.gap = True
            return
        elif place in self.outlook.repeated:
            self._skip(line, "page_header", "每页重复的页眉或页脚")
        elif is_page_number(line.shape) and not line.is_row and not self._is_listed_figure(place):
            self._skip(line, "page_number", "页码")
            return
        elif self._divides(line):
            self._skip(line, "separator", "分隔用的符号，不是题目")
        else:
            self._take_text(place, line)
        self.gap = False

    def _divides(self, line: Line) -> bool:
        if divides(line.shape):
            return True
        return self.block is not None and self.block.state != "body" and self.block.has_answer and says_nothing(line.shape)

    def _is_listed_figure(self, place: int) -> bool:
        """A line of figures beside another one in a question without options is an option, not the number of a page."""
        if self.block is None or self.block.complete:
            return False
        beside = [self.lines[other].shape.strip() for other in (place - 1, place + 1) if 0 <= other < len(self.lines)]
        return self.lines[place].shape.strip().isdigit() and any(shape.isdigit() for shape in beside)

    def _ready(self, line: Line) -> None:
        self._close()
        assert line.question is not None
        number = line.question.extra.get("number", "")
        block = Block(line, int(number) if number.isdigit() else None, self.section, self.scope, ready=line.question)
        block.notices += line.notices
        self.document.blocks.append(block)
        self.last = block.number or self.last

    def _take_text(self, place: int, line: Line) -> None:
        shape = line.shape
        signs = self.outlook.signs[place]
        if signs.heading or signs.may_be_key:
            own_pairs = self.block is not None and bool(signs.tags_first) and stated_type(self.block.kind).type is ItemType.MATCHING
            if not own_pairs and self.keys.take(place, line, self.block, self.scope.chapter):
                self._close()
                return
            if self._take_heading(place, line):
                return
        if self.keys.is_open and self._take_in_key(place, line):
            return
        if is_chapter(shape) and not signs.number:
            self._chapter(line)
            return
        if self._take_case(place, line):
            return
        number = signs.number
        if number is not None and self._begins(place, number, self.outlook.evidence[place]):
            self._begin(place, line, number)
            return
        if number is not None and self.block is not None:
            self.block.nested[number.style] = number.value
        self._continue(place, line)

    # Headings ---------------------------------------------------------------------------------------------------------

    def _take_heading(self, place: int, line: Line) -> bool:
        heading = heading_at(line.shape)
        if heading is None:
            return False
        if heading.ordinal is None and line.shape.lstrip()[:1].isdigit():
            return False
        plain_title = self.block is None and not self.document.blocks and not heading.ordinal and is_title(line.shape)
        if plain_title and not self.outlook.number_follows(place):
            return False
        rest = heading.rest.lstrip(" :、.答案])")
        entries = entries_in(after_span(rest), line.number) if rest[:1].isdigit() or rest[:1] == "(" else []
        entries = [] if _LEGEND.fullmatch(rest) and self.outlook.number_follows(place) else entries
        chapter = self.keys.scope.chapter or self.scope.chapter if self.keys.is_open else self.scope.chapter
        scope = Scope(chapter, heading.ordinal, heading.kind)
        if entries or heading.is_key and self.keys.someone_waits():
            self._close()
            self.keys.add(line, entries, scope, self.scope.chapter)
            return True
        if self.keys.is_full():
            self.keys.end()
        if self.keys.is_open:
            self.keys.scope = scope
        self._close()
        self.case = None
        self.notes = False
        self.scope, self.section, self.last, self.style = (
            Scope(self.scope.chapter, heading.ordinal, heading.kind),
            self.section + 1,
            None,
            "",
        )
        if not self.keys.is_open:
            self._skip(line, "section_heading", f"大题标题，其下各题按“{heading.kind}”读取")
        else:
            self._skip(line, "section_heading", "大题标题")
        return True

    def _chapter(self, line: Line) -> None:
        self._close()
        self.case = None
        title = line.text.strip()
        if self.keys.is_open:
            self.keys.scope = Scope(title)
        self.scope, self.section, self.last, self.style = Scope(title), self.section + 1, None, ""
        self._skip(line, "chapter_heading", "章节标题，记为其下各题的主题")

    def _take_case(self, place: int, line: Line) -> bool:
        """Matter that questions are about begins, or goes on."""
        shape = line.shape
        about = _ABOUT.match(shape)
        scenario = stated_type(self.scope.kind).scenario if self.scope.kind else False
        signs = self.outlook.signs[place]
        open_case = self.case is not None and self.block is None and not self.case.blocks
        if self._is_pair(place):
            return False
        if about is None and not scenario and not open_case:
            return False
        if about is not None or scenario and _CASE_START.match(shape):
            self._close()
            last = _LAST_NUMBER.search(shape) if about else None
            self.case = Case(line, [Piece(line.text.strip(), line, 0)], int(last[1]) if last else None)
            self.document.cases.append(self.case)
            return True
        if scenario and signs.number and signs.number.style == "plain" and self.outlook.has_inner_questions(place) and not signs.label:
            self._close()
            text = line.text[signs.number.end :]
            self.case = Case(line, [Piece(text, line, signs.number.end)], number=signs.number.value, scope=self.scope)
            self.document.cases.append(self.case)
            self.last, self.style = None, "round"
            return True
        if signs.number or signs.label or signs.tags:
            return False
        if open_case and self.case is not None:
            self.case.pieces.append(Piece(line.text, line))
            return True
        fresh = self.block is None or self.block.complete and self.block.state != "body" and self.gap
        if fresh and len(shape.strip()) >= _SCENARIO_BODY and not is_instruction(shape):
            self._close()
            self.case = Case(line, [Piece(line.text, line)])
            self.document.cases.append(self.case)
            return True
        return False

    def _take_in_key(self, place: int, line: Line) -> bool:
        """A line after the heading of a key: False when a question begins with it."""
        signs, shape = self.outlook.signs[place], line.shape
        if is_chapter(shape) and not signs.number:
            self._chapter(line)
            return True
        number = signs.number
        begins = number is not None and (self.outlook.options_follow(place) or self.outlook.evidence[place] and self.keys.is_full())
        if begins and not signs.answers_at_once or signs.label == "A":
            self.keys.end()
            return False
        stray = line.is_title or is_title(shape) or is_instruction(shape) and not signs.tags
        if stray and number is None:
            self._stray(line)
            return True
        self.keys.go_on(line, signs)
        return True

    # Questions --------------------------------------------------------------------------------------------------------

    def _is_pair(self, place: int) -> bool:
        """A row of the columns of a matching question: `2．乙` beside `B．丑`."""
        number, block = self.outlook.signs[place].number, self.block
        if number is None or block is None or stated_type(block.kind).type is not ItemType.MATCHING:
            return False
        line = self.lines[place]
        in_columns = line.cells > 1 or bool(_OPTION_BESIDE.search(line.shape, number.end))
        return in_columns and number.value == block.nested.get(number.style, 0) + 1

    def _begins(self, place: int, number: Number, evidence: int) -> bool:
        """Does this numbered line begin a question?"""
        block, expected = self.block, (self.last or 0) + 1
        if number.value == 0 or self._is_pair(place):
            return False
        if number.faint and not (number.value == expected and self._counts_though_faint(place, evidence)):
            return False
        if block is None:
            return self._begins_afresh(place, number, evidence)
        if number.doubtful and number.value != expected and expected > 1:
            return False
        if self.style and number.style != self.style:
            return evidence == 2 and block.complete and number.value == expected and not self.outlook.signs[place].tags_first
        running = block.nested.get(number.style) == number.value - 1
        left_table = not self.lines[place].cells and any(piece.line.cells > 1 for piece in block.body)
        if running and not left_table and not block.complete and stated_type(block.kind).type is ItemType.MATCHING:
            return False
        if running and not left_table and not (evidence >= 1 and number.value == expected) and (not block.has_options or evidence < 2):
            return False
        if number.value == expected:
            return True
        if number.value == 1 and expected > _LONG_RUN and evidence and self.outlook.is_counted_on(place, number):
            return True
        if evidence == 2:
            return number.value != 1 or block.complete
        if number.value == 1 and (block.state in ("answer", "explanation") or not block.complete):
            return evidence == 1 and block.complete
        if evidence == 1:
            return True
        if block.state in ("answer", "explanation"):
            return expected < number.value <= expected + 3 and not block.nested
        return number.value > (block.number or 0)

    def _counts_though_faint(self, place: int, evidence: int) -> bool:
        """`11中国……`, the expected number without a sign, after a question that is complete and before options."""
        if self.block is not None and not self.block.complete:
            return evidence >= 1 and self.outlook.faint_is_usual
        return evidence >= 1 and self.outlook.faint_is_usual or self.outlook.options_follow(place) or self.outlook.says_kind(place)

    def _begins_afresh(self, place: int, number: Number, evidence: int) -> bool:
        if evidence == 2:
            return True
        if self.notes or is_instruction(self.lines[place].shape):
            self.notes = not self.scope.kind
            return bool(self.scope.kind)
        if evidence == 1 or self.scope.kind or self.last is not None:
            return not self.style or self.style == number.style or evidence == 1
        return not self.outlook.signs[place].heading

    def _begin(self, place: int, line: Line, number: Number) -> None:
        self.keys.end()
        self._close()
        if self.case is not None and self.case.last is not None and number.value > self.case.last:
            self.case = None
        if self.last is not None and number.value == 1 and self.last >= 1 and self.case is None:
            self.section += 1
        self.style = self.style or number.style
        before, self.last = self.last, number.value
        block = Block(line, number.value, self.section, self.scope, self.scope.kind, mark=number.mark, case=self.case)
        if number.doubtful and not self._is_expected(place, number, before):
            block.doubt = (
                "ambiguous_number",
                f"看不出“{line.text.strip()[:12]}”开头是题号还是小数",
                "请在题号后加“、”或空格",
            )
        self._open(place, block, number.end)

    def _is_expected(self, place: int, number: Number, before: int | None) -> bool:
        """`21.20世纪……` after 20 and before 22 is no decimal number."""
        return number.value == (before or 0) + 1 and self.outlook.is_counted_on(place, number)

    def _begin_unnumbered(self, place: int, line: Line) -> None:
        self.keys.end()
        self._close()
        self._open(place, Block(line, None, self.section, self.scope, self.scope.kind, case=self.case), 0)

    def _open(self, place: int, block: Block, start: int) -> None:
        self.block = block
        self.notes = False
        if block.case is not None:
            block.case.blocks.append(block)
        self.document.blocks.append(block)
        block.has_answer = bool(block.mark)
        block.notices += block.line.notices
        start = read_tags(block, start)
        self.last = block.number or self.last
        add_line(block, self.outlook, place, block.line, start)

    def _close(self) -> None:
        self.block = None

    def _skip(self, line: Line, code: str, message: str) -> None:
        self.document.skips.append(Skip(line, code, message))

    def _continue(self, place: int, line: Line) -> None:
        """A line that begins no numbered question."""
        signs, block = self.outlook.signs[place], self.block
        if block is not None and not self._starts_unnumbered(place, line):
            if signs.tags or signs.label or not self._is_stray(place, line):
                block.notices += line.notices
                add_line(block, self.outlook, place, line, 0)
                return
            self._stray(line)
            return
        if block is None and not self._may_start(place, line):
            self._stray(line)
            return
        self._begin_unnumbered(place, line)

    def _may_start(self, place: int, line: Line) -> bool:
        signs = self.outlook.signs[place]
        if signs.label or signs.tags and signs.tags_first not in ("stem", "type", "code"):
            return False
        if signs.tags_first or signs.kind_tag:
            return True
        if line.is_title or is_instruction(line.shape) or is_title(line.shape):
            return False
        return (
            self.outlook.own[place] == 2
            or self.outlook.leads_to_options(place)
            or (
                self.outlook.own[place] == 1
                and (bool(self.scope.kind) or self.outlook.leads_to_answer(place))
                or self.outlook.leads_to_answer(place)
            )
        )

    def _starts_unnumbered(self, place: int, line: Line) -> bool:
        """A question whose number is missing begins inside what looks like the end of another."""
        block, signs = self.block, self.outlook.signs[place]
        if block is None:
            return False
        if signs.tags_first in ("stem", "type", "code") and block.complete:
            return True
        if signs.kind_tag and block.complete:
            return True
        if signs.number or signs.label or signs.tags_first or not block.complete:
            return False
        if line.is_title or is_title(line.shape) or line.is_row:
            return False
        if self.outlook.leads_to_options(place):
            if block.state == "body" and not block.has_options and not TRUTH_IN_BRACKETS.search(block.line.shape):
                return False
            return block.state != "explanation" or self.gap or self.outlook.answer_after_options(place)
        if block.number is None and self.outlook.own[place] == 2:
            return True
        return (
            block.number is None
            and block.state != "body"
            and self.gap
            and (self.outlook.own[place] == 1 or self.outlook.leads_to_answer(place))
        )

    def _is_stray(self, place: int, line: Line) -> bool:
        """A plain line after a gap that no longer belongs to the question."""
        block = self.block
        if block is None or line.is_row:
            return False
        if line.is_title or is_title(line.shape) and (self.gap or block.complete):
            return True
        if not block.complete or self.outlook.double_spaced:
            return False
        return self.gap and block.state != "explanation"

    def _stray(self, line: Line) -> None:
        if is_instruction(line.shape) or self.notes and number_at(line.shape):
            self.notes = self.notes or bool(re.search(r"注意事项|须知|说明", line.shape))
            self._skip(line, "instruction", "答题说明或考生信息，不是题目")
        elif is_title(line.shape) or line.is_title:
            self._close()
            self._skip(line, "title", "标题，不是题目")
        else:
            self._skip(line, "not_a_question", "不是题目")

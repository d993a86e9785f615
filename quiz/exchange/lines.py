"""What the readers of documents hand on: lines with their places, formatting, pictures and what was left out of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from quiz.exchange.answer_keys import Entry, Scope
from quiz.exchange.domain import Picture, RawQuestion, Severity
from quiz.exchange.line_signs import Tag, number_at, shape_of

BOLD, UNDERLINED, COLOURED, HIGHLIGHTED = 1, 2, 4, 8
MARKS = {BOLD: "加粗", UNDERLINED: "下划线", COLOURED: "红色等颜色", HIGHLIGHTED: "突出显示或底纹"}
FIRST_PICTURE = 0xF0000
LAST_PICTURE = 0xFFFFD
"""A picture stands in the text as one character of the private plane, so that it stays where it is when the text is divided."""


def is_picture(sign: str) -> bool:
    return FIRST_PICTURE <= ord(sign) <= LAST_PICTURE


ANSWER_SPACE = "AnswerSpace"
"""Character style of the room to write in that our printed papers leave behind a stem: no text of the question."""


@dataclass(frozen=True)
class Notice:
    """Something noticed while a paragraph was read: taken over by the remarks of the question it belongs to."""

    severity: Severity
    code: str
    message: str
    action: str = ""
    repairs: bool = False
    """The text was changed to be understood."""
    refuses: bool = False
    """The question cannot be taken with this."""


@dataclass(frozen=True)
class Line:
    """A line or paragraph. Empty ones only say that there is a gap."""

    number: int
    text: str
    style: bytes = b""
    """Formatting of each character as a sum of marks; empty where there is none at all."""
    notices: tuple[Notice, ...] = ()
    is_title: bool = False
    """Set as a title or heading by its style."""
    is_row: bool = False
    """A row of a table, its cells divided by tabs."""
    cells: int = 0
    """Of the row of a table it is, also when that holds a number and a text, and is read like any line."""
    entries: tuple[Entry, ...] = ()
    """A row of a key table, already read."""
    question: RawQuestion | None = None
    """A row of a table that holds a whole question, already divided."""
    skip: tuple[str, str] | None = None
    """Known to be no question: code and message."""

    shape: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", shape_of(self.text))  # at once: every line is asked for it, many times


@dataclass
class Piece:
    """A stretch of a line that belongs to a question."""

    text: str
    line: Line
    start: int = 0
    """Where in the line it begins."""

    @property
    def style(self) -> bytes:
        return self.line.style[self.start : self.start + len(self.text)] if self.line.style else bytes(len(self.text))


@dataclass
class Case:
    """Matter that several questions are about."""

    line: Line
    pieces: list[Piece] = field(default_factory=list)
    last: int | None = None
    """The number of its last question, where the heading says so."""
    number: int | None = None
    """Its own number, when its questions are numbered below it."""
    scope: Scope = field(default_factory=Scope)
    explanation: list[str] = field(default_factory=list)
    """Of the case as a whole."""
    blocks: list[Block] = field(default_factory=list)


@dataclass(eq=False)
class Block:
    """A question while it is gathered."""

    line: Line
    number: int | None
    section: int
    scope: Scope
    kind: str = ""
    body: list[Piece] = field(default_factory=list)
    answer: list[Piece] = field(default_factory=list)
    explanation: list[Piece] = field(default_factory=list)
    extra: dict[str, str] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    state: str = "body"
    """Which of them the next line goes to; `extra` when to none."""
    has_options: bool = False
    has_answer: bool = False
    """In brackets of the stem, or in a line of its own."""
    mark: str = ""
    """An answer that stood in brackets before the number."""
    nested: dict[str, int] = field(default_factory=dict)
    """Last number of each style that was a list inside this question."""
    keyed: list[Entry] = field(default_factory=list)
    doubt: tuple[str, str, str] | None = None
    """Code, message and action of what makes it impossible to take."""
    ready: RawQuestion | None = None
    case: Case | None = None

    @property
    def parent(self) -> int | None:
        """The number of the case it belongs to, where that has one of its own."""
        return self.case.number if self.case is not None else None

    @property
    def complete(self) -> bool:
        return self.has_options or self.has_answer

    def add_tagged(self, tag: Tag, piece: Piece) -> None:
        """What stands behind a tag, to the part the tag names."""
        value = piece.text.strip()
        if tag.field == "answer" and (self.has_answer and self.answer and value):
            self.answer.append(Piece("\x00" + piece.text, piece.line, piece.start - 1))
        elif tag.field == "answer":
            self.state = "answer"
            self.answer.append(piece)
            self.has_answer = self.has_answer or bool(value)
        elif tag.field in ("explanation", "whole"):
            self.state = "explanation"
            self.explanation.append(piece)
        elif tag.field in ("stem", "options"):
            self.state = "body"
            self.body.append(piece)
            self.has_options = self.has_options or tag.field == "options"
        elif tag.field == "type":
            self.kind = value or self.kind
        elif tag.field != "ignored" and value:
            self.extra[tag.field] = value
        if tag.field in ("answer", "explanation", "whole"):
            number = number_at(piece.line.shape[piece.start :].lstrip())
            if number is not None:
                self.nested[number.style] = number.value


@dataclass(frozen=True)
class Skip:
    """A line that is no part of a question."""

    line: Line
    code: str
    message: str
    severity: Severity = Severity.INFO
    action: str = ""


@dataclass
class Document:
    """Everything the lines came to."""

    blocks: list[Block] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    pictures: dict[str, Picture] = field(default_factory=dict)

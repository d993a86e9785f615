"""What each line of a document shows by itself, and what is still to come after it: the pass backwards. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from quiz.exchange.answer_keys import entries_in
from quiz.exchange.line_signs import (
    Heading,
    Number,
    Tag,
    evidence_of,
    heading_at,
    is_chapter,
    is_page_number,
    is_title,
    key_heading_at,
    number_at,
    ordinal_only,
    tags_in,
)
from quiz.exchange.lines import Line
from quiz.exchange.option_labels import bare_labels_at, label_at

_INLINE = re.compile(
    r"(?:^|[\s)\]。;:?_,”]|(?<=[\u4e00-\u9fff]))\(?A\)?\s{0,3}(?:[.、:)]|(?<=\))|\s)\s{0,8}[^\sB\n].{0,400}?(?<![A-Za-z])\(?B\)?\s{0,3}(?:[.、:)]|(?<=\))|\s)"
)
_KIND_TAG = re.compile(
    r"\s{0,8}[\[(<]\s?(?:单选|多选|单项选择|多项选择|不定项选择|不定项|判断|填空|简答|问答|论述|排序|配对|计算|是非)题?[\s,、\d.分共本题]{0,12}[\])>]"
)
_BOXED = re.compile(r"\s*[(\[]")
_STYLES = ("plain", "round", "square", "word")
_FAR = 60
"""Lines that are looked at for the next number."""
_ORDINAL_HEAD = frozenset("一二三四五六七八九十")
_HEADER_WORDS = re.compile(r"公司|集团|局$|版权|第\s?\d+\s?页|www\.|http")


@dataclass
class Signs:
    """What one line shows."""

    number: Number | None = None
    tags: list[Tag] = field(default_factory=list)
    tags_first: str = ""
    """The field the line begins with."""
    label: str = ""
    """The option letter the line begins with."""
    inline: bool = False
    """Holds options after other text."""
    heading: Heading | None = None
    may_be_key: bool = False
    kind_tag: bool = False

    @property
    def answers_at_once(self) -> bool:
        """Is the number followed by its answer, as in a key: `20. 【答案】×`?"""
        first = self.tags[0] if self.tags else None
        return first is not None and self.number is not None and first.field == "answer" and first.start <= self.number.end


EMPTY = Signs()


class Outlook:
    """Answers about what follows a line."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self.repeated = repeated_lines(lines)
        self.double_spaced = _is_double_spaced(lines)
        self.signs = [self._signs(place, line) for place, line in enumerate(lines)]
        self._find_bare_labels()
        self._find_options_of_figures()
        self._find_answers_before_stems()
        self.own = [evidence_of(line.shape) if line.text else 0 for line in lines]
        for place, signs in enumerate(self.signs):
            if signs.inline or any(tag.field == "answer" for tag in signs.tags) and not signs.tags_first:
                self.own[place] = 2
        self._look_back()
        faint = sum(1 for signs in self.signs if signs.number is not None and signs.number.faint)
        firm = sum(1 for signs in self.signs if signs.number is not None and not signs.number.faint and signs.number.style == "plain")
        self.faint_is_usual = faint >= 2 and faint > firm

    def _signs(self, place: int, line: Line) -> Signs:
        shape = line.shape
        if not shape.strip() or line.question is not None or line.skip is not None or line.entries or place in self.repeated:
            return EMPTY
        first = shape.lstrip()[0]
        tags = tags_in(shape)
        number = number_at(shape)
        label = "" if number else label_at(shape)
        starts = bool(tags) and not shape[: tags[0].start].strip()
        inline = not label and "A" in shape and "B" in shape and bool(_INLINE.search(shape))
        heading = heading_at(shape) if not (starts or label) else None
        return Signs(
            number,
            tags,
            tags[0].field if starts else "",
            label,
            inline,
            heading,
            first.isdigit() or first in "([第" or first in _ORDINAL_HEAD or "答" in shape[:60],
            bool(_KIND_TAG.match(shape)),
        )

    def _find_bare_labels(self) -> None:
        """`A安全第一` counts as an option where the next line begins with the next letter."""
        filled = [place for place, line in enumerate(self.lines) if line.text.strip()]
        run: list[tuple[int, str]] = []
        for place in filled:
            signs = self.signs[place]
            letters = "" if signs is EMPTY or signs.label or signs.number else bare_labels_at(self.lines[place].shape)
            if letters and "ABCDEFGHIJKL".startswith("".join(listed for _, listed in run) + letters):
                run.append((place, letters))
                continue
            self._mark_bare(run)
            run = [(place, letters)] if letters and "ABCDEFGHIJKL".startswith(letters) else []
        self._mark_bare(run)

    def _mark_bare(self, run: list[tuple[int, str]]) -> None:
        if sum(len(letters) for _, letters in run) >= 2:
            for place, letters in run:
                self.signs[place].label = letters[0]

    def _find_options_of_figures(self) -> None:
        """`(C)2.5米` between the options B and D is an option, not the answer C before the question 2."""
        filled = [place for place, signs in enumerate(self.signs) if signs is not EMPTY]
        letters = [self.signs[place].label or getattr(self.signs[place].number, "mark", "") for place in filled]
        for at, place in enumerate(filled):
            number = self.signs[place].number
            if number is None or len(number.mark) != 1 or number.mark not in "ABCDEFGHIJKL":
                continue
            before, after = letters[at - 1 : at] if at else [], letters[at + 1 : at + 2]
            following = chr(ord(number.mark) + 1)
            beside = re.search(rf"\s\(?\s?{following}\s?[).、]", self.lines[place].shape[number.end :])
            if before == [chr(ord(number.mark) - 1)] or after == [following] or beside:
                self.signs[place].number, self.signs[place].label = None, number.mark

    def _find_answers_before_stems(self) -> None:
        """`（ A ）是指……` is a stem, not the option A, where the option A comes in the next line."""
        below = ""
        for place in range(len(self.lines) - 1, -1, -1):
            signs = self.signs[place]
            if signs is EMPTY:
                continue
            if signs.label and below == "A" and _BOXED.match(self.lines[place].shape):
                signs.label = ""
            below = signs.label

    def _look_back(self) -> None:
        size = len(self.lines)
        leading = self._leading_styles()
        self.evidence = [0] * size
        self._options = [False] * size
        self._lead = [""] * size
        self._answered = [False] * size
        self._inner = [False] * size
        self._next = [size] * size
        ahead: dict[str, int] = {}
        options: dict[str, bool] = {}
        lead, answered, inner, following = "", False, False, size
        for place in range(size - 1, -1, -1):
            signs = self.signs[place]
            self._next[place] = following
            if signs is EMPTY:
                if not self.lines[place].text.strip():
                    lead = lead if lead in ("options", "answer") or self.double_spaced else ""
                continue
            following = place
            own, number = self.own[place], signs.number
            has_answer = any(tag.field == "answer" for tag in signs.tags)
            has_options = signs.label == "A" or signs.inline
            if number is not None:
                style = number.style
                self.evidence[place] = max(own, ahead.get(style, 0), 2 if has_answer else 0)
                self._options[place] = has_options or options.get(style, False)
                self._inner[place] = inner
                self._answered[place] = answered
                inner = style == "round" and (self.says_kind(place) or self.evidence[place] >= 1) or (inner and style != "plain")
            if signs.heading or not number and not signs.tags and is_chapter(self.lines[place].shape):
                ahead, options, lead, answered, inner = {}, {}, "", False, False
                continue
            strength = 2 if has_answer or has_options else max(own, 1 if signs.tags_first == "explanation" else 0)
            for style in _STYLES if strength or number is not None else ():
                if number is not None and (number.style == style or number.style == leading[place]):
                    ahead[style], options[style] = 0, False
                elif strength:
                    ahead[style] = max(ahead.get(style, 0), strength)
                    options[style] = options.get(style, False) or has_options
            self._answered[place] = answered = False if number is not None else answered or has_answer
            self._lead[place] = lead
            lead = self._lead_of(signs, lead)

    def _leading_styles(self) -> list[str]:
        """For each line the style of the first number of its section: those are the questions, others are lists inside them."""
        found, style = [], ""
        for place, signs in enumerate(self.signs):
            if signs.heading or signs is not EMPTY and not signs.number and not signs.tags and is_chapter(self.lines[place].shape):
                style = ""
            elif signs.number is not None:
                style = style or signs.number.style
            found.append(style)
        return found

    def _lead_of(self, signs: Signs, lead: str) -> str:
        """What the line before this one sees coming."""
        if signs.label == "A" or signs.inline and not signs.number:
            return "options"
        if signs.tags_first:
            return "answer" if signs.tags_first == "answer" else "options" if signs.tags_first == "options" else ""
        if signs.number or signs.label or signs.kind_tag:
            return ""
        return {"options": "plain-options", "answer": "plain-answer"}.get(lead, lead)

    def leads_to_options(self, place: int) -> bool:
        """Is this a stem, from here to the options?"""
        return self._lead[place] in ("options", "plain-options") or self.signs[place].inline

    def leads_to_answer(self, place: int) -> bool:
        return self._lead[place] in ("answer", "plain-answer")

    def answer_after_options(self, place: int) -> bool:
        return self._answered[place]

    def options_follow(self, place: int) -> bool:
        """Do options come before the next number of this style?"""
        return self._options[place]

    def says_kind(self, place: int) -> bool:
        """Is the number of this line followed by a tag for the type: `47【是非题】`?"""
        number = self.signs[place].number
        return number is not None and bool(_KIND_TAG.match(self.lines[place].shape, number.end))

    def is_counted_on(self, place: int, number: Number) -> bool:
        """Is the next number of this style, before a heading, the next one? Then this one was a number too."""
        here = self._next[place]
        for _ in range(_FAR):
            if here >= len(self.lines) or self.signs[here].heading:
                return False
            other = self.signs[here].number
            if other is not None and other.style == number.style and other.value == number.value + 1:
                return True
            here = self._next[here]
        return False

    def has_inner_questions(self, place: int) -> bool:
        """Do questions numbered (1), (2) come before the next plain number?"""
        return self._inner[place] and not self._options_before_inner(place)

    def _options_before_inner(self, place: int) -> bool:
        here = self._next[place]
        while here < len(self.lines):
            signs = self.signs[here]
            if signs.number is not None:
                return signs.number.style != "round"
            if signs.label or signs.inline:
                return True
            here = self._next[here]
        return False

    def number_follows(self, place: int) -> bool:
        here = self._next[place]
        return here < len(self.lines) and self.signs[here].number is not None

    def _after(self, place: int) -> int | None:
        here = place + 1
        while here < len(self.lines) and not self.lines[here].text.strip():
            here += 1
        return here if here < len(self.lines) else None

    def heading_follows(self, place: int) -> bool:
        here = self._after(place)
        return here is not None and self.signs[here].heading is not None

    def number_is_next(self, place: int) -> bool:
        here = self._after(place)
        return here is not None and self.signs[here].number is not None

    def entries_follow(self, place: int) -> bool:
        """Does the next line, or the one after a heading, hold entries of a key?"""
        here = self._after(place)
        if here is None:
            return False
        line = self.lines[here]
        if line.entries or line.skip is not None and line.skip[0] == "answer_key" or entries_in(line.shape, 0):
            return True
        ordinal = ordinal_only(line.shape)
        if ordinal is not None and entries_in(line.shape[ordinal[1] :], 0):
            return True
        after = self._after(here) if self.signs[here].heading else None
        return after is not None and (bool(self.lines[after].entries) or bool(entries_in(self.lines[after].shape, 0)))


def look_ahead(lines: Sequence[Line]) -> Outlook:
    return Outlook(lines)


def repeated_lines(lines: Sequence[Line]) -> set[int]:
    """Places of running headers and footers: short lines that come back again and again and belong to no question."""
    counts = Counter(line.shape.strip() for line in lines if 4 <= len(line.text) <= 80 and not line.is_row)
    often = {
        text
        for text, count in counts.items()
        if count >= 3
        and (is_title(text) or _HEADER_WORDS.search(text) and not re.match(r"\(?[A-La-l0-9]\)?[.、:)\s]", text))
        and not heading_at(text)
        and not tags_in(text)
        and not key_heading_at(text)
        and not is_page_number(text)
    }
    return {place for place, line in enumerate(lines) if line.shape.strip() in often} if often else set()


def _is_double_spaced(lines: Sequence[Line]) -> bool:
    """Is nearly every line followed by an empty one?"""
    filled = [place for place, line in enumerate(lines) if line.text.strip()]
    if len(filled) < 6:
        return False
    apart = sum(after - before > 1 for before, after in zip(filled, filled[1:], strict=False))
    return apart >= 0.8 * (len(filled) - 1)

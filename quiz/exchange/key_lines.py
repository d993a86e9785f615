"""Lines of a document that are its key: recognised, gathered under their headings, and matched with the questions at the end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from quiz.exchange.answer_keys import Entry, Key, Scope, after_span, entries_in, free_entry, match_key
from quiz.exchange.answers import letters_of, truth_of
from quiz.exchange.domain import Severity
from quiz.exchange.line_signs import Number, Tag, heading_at, key_heading_at, ordinal_only, stretches
from quiz.exchange.lines import Block, Document, Line, Skip
from quiz.exchange.outlook import Outlook, Signs

_NEAR = 100
"""Questions before a line that are asked whether they wait for an answer."""


_OF_PARTS = re.compile(r"\s*各(?:小|分)?题(?:的)?(?:参考)?答案")
_ONLY_SPAN = re.compile(r"[(\[]\s?(?:共|第)?\s?\d{1,4}\s?题?(?:\s?[-—–~～至到]\s?第?\s?\d{1,4}\s?题?)?\s?[)\]]\s?:?")


_PART_WORDS = re.compile(
    r"[题卷章节篇讲]|部分|单元|模块|测试|测验|考试|考核|练习|作业|复习|附录?|选择|判断|填空|^[一二三四五六七八九十\d().、\s]*$"
)


def _names_a_part(title: str) -> bool:
    """`单选题`, `第一章`, `模拟试卷二` before 答案; the end of an option that lost its line does not."""
    return bool(_PART_WORDS.search(title))


def _entries_after(rest: str, line: int) -> list[Entry]:
    """Entries behind a heading: `1-5 ABCDA`, `（1—40）：1-10 ABCDA…`."""
    if not (rest[:1].isdigit() or rest[:1] == "("):
        return []
    return entries_in(rest, line) or entries_in(after_span(rest), line)


class KeyLines:
    """The keys of a document. One is open from its heading or first entry until a question begins."""

    def __init__(self, document: Document, outlook: Outlook) -> None:
        self.document = document
        self.outlook = outlook
        self.key: Key | None = None
        self.scope = Scope()
        """The heading the next entries stand under."""
        self._waiting = (-1, 0)
        self._answered: set[tuple[int | None, str, int | None, int]] = set()
        self._counted = 0
        """What `is_full` counted so far: a key of thousands is asked after every line."""
        self.parent: int | None = None
        """The last plain number: what numbers in brackets below it belong to."""
        self.whole: tuple[int, Scope] | None = None
        """The case that is being explained."""
        self.since = 0
        """How many questions there were when the previous key ended."""
        self.keys: list[tuple[Key, int, int]] = []
        """Each with the first question after the key before it, and the first after itself."""

    @property
    def is_open(self) -> bool:
        return self.key is not None

    def someone_waits(self) -> bool:
        """Is there a question without an answer since the previous key?"""
        return any(not block.has_answer for block in reversed(self._near()))

    def _near(self) -> list[Block]:
        return self.document.blocks[max(self.since, len(self.document.blocks) - _NEAR) :]

    def is_full(self) -> bool:
        """Does the open key have an answer for every question that waits for one?"""
        if self.key is None:
            return False
        if self._waiting[0] != len(self.document.blocks):
            self._waiting = len(self.document.blocks), sum(not block.has_answer for block in self.document.blocks[self.since :])
        waiting = self._waiting[1]
        for scope, entry in self.key.entries[self._counted :]:
            self._answered.add((scope.ordinal, scope.kind, entry.parent, entry.number))  # a grid and details say it twice
        self._counted = len(self.key.entries)
        answered = len(self._answered)
        return 0 < waiting <= answered

    # Recognising ------------------------------------------------------------------------------------------------------

    def take(self, place: int, line: Line, block: Block | None, chapter: str) -> bool:
        """A line of a key, or its heading, wherever it stands; `block` is the question that is open before it."""
        shape = line.shape
        number = self.outlook.signs[place].number
        if self.is_open and number is not None and number.style == "plain" and _OF_PARTS.match(shape, number.end):
            self.parent = number.value
            self._skip(line, "案例各小题答案的标题")
            return True
        entries = entries_in(shape, line.number) if shape.lstrip()[:1] in "0123456789(第[" else []
        if entries and (len(entries) > 1 or self.document.blocks) and not self._is_part_of_stem(entries, block):
            self.add(line, entries, self.scope, chapter)
            return True
        ordinal = ordinal_only(shape)
        if ordinal is not None:
            entries = entries_in(shape[ordinal[1] :], line.number)
            if entries:
                self.add(line, entries, Scope(self.scope.chapter, ordinal[0]), chapter)
                return True
        heading = key_heading_at(shape)
        return heading is not None and self._take_heading(place, line, heading, block, chapter)

    def _take_heading(self, place: int, line: Line, heading: tuple[str, int], block: Block | None, chapter: str) -> bool:
        title, rest_at = heading
        rest = line.shape[rest_at:].strip()
        entries = _entries_after(rest, line.number)
        if not entries and _ONLY_SPAN.fullmatch(rest):
            rest = ""
        if len(entries) > 1:
            self.add(line, entries, self._scope_in(title), chapter)
            return True
        if rest or not self.document.blocks:
            return False
        follows = self.outlook.entries_follow(place)
        if not (follows or (_names_a_part(title) and self.someone_waits() if title else self._is_bare_heading(place, block))):
            return False
        scope = self._scope_in(title)
        self._open(chapter)
        self.scope = scope
        self._skip(line, "答案部分的标题")
        return True

    def _scope_in(self, title: str) -> Scope:
        found = heading_at(title + "题" if title and not title.endswith("题") else title) if title else None
        return Scope(self.scope.chapter, found.ordinal, found.kind) if found else self.scope

    def _is_part_of_stem(self, entries: list[Entry], block: Block | None) -> bool:
        """`1.A` in a list inside an open question that has no options yet, and no key in sight."""
        return self.key is None and block is not None and not block.complete and len(entries) == 1 and bool(block.nested)

    def _is_bare_heading(self, place: int, block: Block | None) -> bool:
        """A bare `答案` heads a key when a heading follows, or numbers for several questions that wait."""
        if self.outlook.heading_follows(place):
            return True
        if self.outlook.number_is_next(place):
            return block is None or sum(not other.has_answer for other in self._near()) > 1
        return not self.outlook.signs[place].tags and (block is None or block.complete)

    # Gathering --------------------------------------------------------------------------------------------------------

    def _open(self, chapter: str) -> Key:
        if self.key is None:
            self.key, self.scope = Key(), Scope(chapter if self.keys else "")
            self._waiting, self._counted = (-1, 0), 0
            self._answered.clear()
        return self.key

    def _skip(self, line: Line, message: str) -> None:
        self.document.skips.append(Skip(line, "answer_key", message))

    def add(self, line: Line, entries: list[Entry], scope: Scope, chapter: str) -> None:
        """A line that consists of entries, or heads some."""
        self._open(chapter).entries += [(scope, entry) for entry in entries]
        self.scope = scope
        self._skip(line, "答案，已并入对应的题目" if entries else "答案部分的标题")

    def go_on(self, line: Line, signs: Signs) -> None:
        """A line inside the open key: a number with its answer, or more about the one before."""
        assert self.key is not None
        if signs.number is not None and not self._is_listed(signs):
            self.key.entries.append((self.scope, self._entry(signs.number, line, signs.tags)))
        elif (ordinal := ordinal_only(line.shape)) is not None:
            self.scope = Scope(self.scope.chapter, ordinal[0])
        elif self.key.entries:
            self._extend(self.key.entries[-1][1], line, signs.tags)
        self._skip(line, "答案部分，已并入对应的题目")

    def _is_listed(self, signs: Signs) -> bool:
        """A number of another style below an entry that is complete: a list inside its explanation."""
        assert self.key is not None
        number = signs.number
        if number is None or number.style == "plain":
            self.parent = number.value if number is not None else None
            return False
        last = self.key.entries[-1][1] if self.key.entries else None
        inside = last is not None and self.parent is not None and (last.number == self.parent or last.parent == self.parent)
        if not inside or last is None:
            return False
        if last.parent is None and last.answer and not _OF_PARTS.match(last.answer):
            return not signs.answers_at_once
        return False

    def _entry(self, number: Number, line: Line, tags: Sequence[Tag]) -> Entry:
        tags = [tag for tag in tags if tag.start >= number.end]
        end = tags[0].start if tags else len(line.text)
        head = line.text[number.end : end].strip()
        entry = (
            free_entry(number.value, line.shape[number.end : end].strip(), head, line.number)
            if head
            else Entry(number.value, "", line.number)
        )
        if number.style == "round" and self.parent is not None and self._is_case(self.parent):
            entry.parent = self.parent
        if tags:
            self._extend(entry, line, tags)
        return entry

    def _is_case(self, number: int) -> bool:
        return any(case.number == number for case in self.document.cases)

    def _extend(self, entry: Entry, line: Line, tags: Sequence[Tag]) -> None:
        if not tags:
            if self.whole is not None and self.whole[0] == entry.parent:
                self._say_of_case(line.text.strip())
            elif entry.answer:
                entry.explanation.append(line.text.strip())
            else:
                entry.answer = line.text.strip()
            return
        for tag, end in stretches(tags, len(line.text)):
            value = line.text[tag.end : end].strip()
            if tag.field == "answer" and not entry.answer:
                found = free_entry(entry.number, line.shape[tag.end : end].strip(), value, line.number)
                entry.answer, entry.explanation, entry.whole = found.answer, entry.explanation + found.explanation, found.whole
            elif tag.field == "whole" and value and entry.parent is not None:
                self.whole = (entry.parent, self.scope)
                self._say_of_case(value)
            elif tag.field == "explanation" and value:
                entry.explanation.append(value)
            elif value:
                entry.explanation.append(line.text[tag.start : end].strip())

    def _say_of_case(self, text: str) -> None:
        """An explanation of a case as a whole."""
        assert self.whole is not None
        number, scope = self.whole
        named = [
            case for case in self.document.cases if case.number == number and (not scope.ordinal or case.scope.ordinal == scope.ordinal)
        ]
        if len(named) == 1:
            named[0].explanation.append(text)

    def end(self) -> None:
        """A question begins: the open key, if any, is done."""
        if self.key is not None:
            count = len(self.document.blocks)
            self.keys.append((self.key, self.since, count))
            self.key, self.since = None, count

    # Matching ---------------------------------------------------------------------------------------------------------

    def match(self) -> None:
        """Give each question what the keys say about it; ambiguity is a doubt, never a guess."""
        blocks = self.document.blocks
        unmatched: list[Entry] = []
        for place, (key, first, last) in enumerate(self.keys):
            following = self.keys[place + 1][1] if place + 1 < len(self.keys) else len(blocks)
            found = match_key(key, blocks[first:last] if last > first else blocks[first:following] if place == 0 else blocks[:last])
            if found.unmatched and first and last > first and place + 1 == len(self.keys):
                found = match_key(key, [block for block in blocks[:last] if not block.has_answer and not block.keyed])
            for block, entry in found.answers:
                if _is_about_another(block, entry):
                    unmatched.append(entry)
                else:
                    block.keyed.append(entry)
            for block, entry in found.ambiguous:
                if not block.has_answer:
                    message = f"答案部分第 {entry.line} 处的第 {entry.number} 题对应不止一题，无法确定是哪一题的答案"
                    block.doubt = ("ambiguous_key", message, "请在答案部分写明大题标题，或把答案写在每题后面")
            unmatched += found.unmatched
        self._say_unmatched(unmatched)

    def _say_unmatched(self, entries: list[Entry]) -> None:
        by_line: dict[int, list[int]] = {}
        for entry in entries:
            by_line.setdefault(entry.line, []).append(entry.number)
        skips = self.document.skips
        for place, skip in enumerate(skips):
            if skip.code == "answer_key" and (numbers := by_line.pop(skip.line.number, None)):
                shown = "、".join(map(str, numbers[:10])) + ("等" if len(numbers) > 10 else "")
                message = f"答案部分的第 {shown} 题没有对应的题目"
                skips[place] = replace(skip, message=message, severity=Severity.WARNING, action="请核对题号和答案")


def _is_about_another(block: Block, entry: Entry) -> bool:
    """Words for a question that already has its letters: the key is of questions that need words, with the same numbers."""
    own = "".join(piece.text for piece in block.answer).strip("\x00 。.、")
    if not own or not entry.answer:
        return False
    lettered = bool(letters_of(own)) or truth_of(own) is not None
    return lettered and not letters_of(entry.answer) and truth_of(entry.answer) is None

"""Aiken: a question, its options one a line, and `ANSWER: B`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from quiz.exchange import structured
from quiz.exchange.decoding import decoded
from quiz.exchange.domain import Format, Place, Reading, ReadRow, Severity
from quiz.exchange.markup_text import without_forbidden
from quiz.exchange.structured import LETTERS, Entry, Values

_OPTION = re.compile(r"\s*([A-Za-zＡ-Ｚ])[.)、．）]\s*(.*)")
_ANSWER = re.compile(r"\s*(?:ANSWER|正确答案|答案)\s*[:：]\s*(.*)", re.IGNORECASE)
_FEEDBACK = re.compile(r"\s*(?:FEEDBACK|解析)\s*[:：]\s*(.*)", re.IGNORECASE)
_WIDE = {0xFF21 + place: letter for place, letter in enumerate(LETTERS)}


@dataclass
class _Block:
    """The lines of one question."""

    line: int = 0
    stem: list[str] = field(default_factory=list)
    options: list[tuple[str, str]] = field(default_factory=list)
    answer: str | None = None
    feedback: str = ""
    continued: bool = False
    divided: bool = False

    @property
    def begun(self) -> bool:
        return bool(self.stem or self.options or self.answer is not None)


def read(data: bytes, *, name: str = "") -> Reading:
    """Every question of the file with its fate; text without options and answer is skipped."""
    lines = without_forbidden(decoded(data)).split("\n")
    return Reading(Format.AIKEN, tuple(_row(block) for block in _blocks(lines)))


def _blocks(lines: list[str]) -> Iterator[_Block]:
    block, after_gap = _Block(), False
    for number, line in enumerate(lines, 1):
        if not line.strip():
            after_gap = True
            continue
        option, answer, feedback = _OPTION.match(line), _ANSWER.match(line), _FEEDBACK.match(line)
        if feedback and block.answer is not None:
            block.feedback = feedback[1].strip()
        elif answer and block.begun and block.answer is None:
            block.answer = answer[1].strip()
        elif option and block.answer is None and (block.begun or not answer):
            block.line = block.line or number
            block.divided |= after_gap and bool(block.options)
            block.options.append((option[1].translate(_WIDE).upper(), option[2].strip()))
        elif block.options and block.answer is None and not after_gap:
            label, text = block.options[-1]
            block.options[-1] = (label, f"{text}\n{line.strip()}")
            block.continued = True
        else:
            if block.options or block.answer is not None or after_gap:
                if block.begun:
                    yield block
                block = _Block()
            block.line = block.line or number
            if answer:
                block.answer = answer[1].strip()
            elif option:
                block.options.append((option[1].translate(_WIDE).upper(), option[2].strip()))
            else:
                block.stem.append(line.strip())
        after_gap = False
    if block.begun:
        yield block


def _row(block: _Block) -> ReadRow:
    place, stem = Place(line=block.line), "\n".join(block.stem)
    if not block.options and block.answer is None:
        return structured.skipped(place, "not_a_question", "没有选项和答案的文字，不是题目", stem)
    shown = stem or "".join(text for _, text in block.options) or f"ANSWER: {block.answer}"
    return structured.settle(place, shown, lambda entry: _values(entry, block, stem))


def _values(entry: Entry, block: _Block, stem: str) -> Values:
    judgement = entry.judgement
    if not stem:
        judgement.refuse("no_stem", "没有题干", action="请补写题干")
    if block.answer is None:
        judgement.refuse("missing_answer", "没有 ANSWER 行", at="answer", action="请在选项后写一行 ANSWER: 字母")
    labels = [label for label, _ in block.options]
    if len(set(labels)) != len(labels):
        judgement.refuse("ambiguous_options", f"选项标号重复：{''.join(labels)}", at="options", action="请把标号改成 A、B、C…")
    letters = re.sub(r"[\s,，、;；]+", "", block.answer.translate(_WIDE)).upper()
    if not letters:
        judgement.refuse("missing_answer", "ANSWER 后面没有字母", at="answer", action="请写上正确选项的字母")
    if not set(letters) <= set(labels):
        message = f"答案“{block.answer[:40]}”不在选项 {''.join(labels)} 之中"
        judgement.refuse("answer_not_in_options", message, at="answer", action="请改成选项字母")
    if labels != list(LETTERS[: len(labels)]):
        judgement.repair("labels_renumbered", f"选项标号 {''.join(labels)} 已按顺序改为 A、B、C…", at="options", severity=Severity.WARNING)
    if block.continued:
        judgement.repair("option_continued", "选项分成几行，已合在一起", at="options")
    if block.divided:
        judgement.repair("blank_line_in_options", "选项之间有空行，已合为一题", at="options")
    multiple = len(set(letters)) > 1
    if multiple:
        judgement.repair("several_answers_for_single", f"ANSWER 有几个字母 {letters}，按多选题读取", at="type")
    right = [labels.index(letter) for letter in dict.fromkeys(letters)]
    values = structured.choice(entry, stem, [text for _, text in block.options], right, multiple=multiple)
    return values | {"explanation": block.feedback}

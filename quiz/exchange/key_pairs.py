"""Keys in two lines of text: numbers on one, the answers to them on the next. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from quiz.exchange.answer_keys import Entry
from quiz.exchange.lines import Line

_NUMBERS = re.compile(r"\s*(?:题\s{0,6}号|序\s{0,6}号|题)?\s*[:、]?\s*(\d{1,4}(?:[\s,、.|/]{1,20}\d{1,4}){1,120})[\s.、]*")
_NUMBERED_HEAD = re.compile(r"\s*(?:题\s{0,6}号|序\s{0,6}号|题)\s*[:、]?\s*\d")
_RANGE = re.compile(
    r"\s*[(\[]?\s?(?:第\s?)?(\d{1,4})\s?(?:题)?\s?[-—–~～至到―─]{1,2}\s?(?:第\s?)?(\d{1,4})\s?(?:题)?\s?[)\]]?\s?[.、:]?\s*"
)
_ANSWERS = re.compile(r"\s*(?:(?:参考|正确|标准)?\s?答\s{0,6}案)?\s*[:、]?\s*((?:正确|错误|[A-LTFXV√×对错()\s,、;|/.]){1,1000})")
_TOKEN = re.compile(r"正确|错误|[A-L]+|[√×对错]|[TFXV](?![A-Z])")


def with_pairs(lines: Sequence[Line]) -> list[Line]:
    """The same lines; those of such keys hold their entries."""
    result = list(lines)
    before: int | None = None
    for place, line in enumerate(lines):
        if not line.text.strip():
            continue
        if before is not None and (numbers := _numbers_of(lines[before].shape)) and (found := _ANSWERS.fullmatch(line.shape)):
            answers = _answers_of(found[1], len(numbers))
            if answers and not lines[before].entries and _is_plain(lines[before]) and _is_plain(line):
                entries = tuple(Entry(number, answer, line.number) for number, answer in zip(numbers, answers, strict=True))
                result[before] = replace(lines[before], skip=("answer_key", "答案部分的题号"))
                result[place] = replace(line, entries=entries)
                before = None
                continue
        before = place
    return result


def _is_plain(line: Line) -> bool:
    return line.question is None and line.skip is None and not line.entries


def _numbers_of(shape: str) -> list[int]:
    """Figures that count, at least three, or two after the word for them, or a range."""
    if shape.lstrip()[:1] not in "0123456789([第题序":
        return []
    ranged = _RANGE.fullmatch(shape)
    if ranged:
        first, last = int(ranged[1]), int(ranged[2])
        return list(range(first, last + 1)) if 0 < last - first < 500 else []
    listed = _NUMBERS.fullmatch(shape)
    if listed is None:
        return []
    numbers = [int(number) for number in re.findall(r"\d+", listed[1])]
    counted = all(after - one == 1 for one, after in zip(numbers, numbers[1:], strict=False))
    return numbers if counted and (len(numbers) >= 3 or _NUMBERED_HEAD.match(shape)) else []


def _answers_of(text: str, count: int) -> list[str]:
    """As many answers as there are numbers, apart or in one piece; none when they are not."""
    tokens = _TOKEN.findall(text)
    if len(tokens) == count:
        return tokens
    signs = [sign for token in tokens for sign in ([token] if token in ("正确", "错误") else token)]
    return signs if len(signs) == count else []

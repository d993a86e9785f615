"""Words before they are set: what a document may hold, how wide it will be, how options share a line, how an answer is written. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal

from quiz.banks.question import BLANK, Question
from quiz.exchange.answers import FALSE_WORDS, TRUE_WORDS
from quiz.vocabulary import ItemType

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_EMPTY_BRACKETS = re.compile(r"[（(][ \u00a0\u3000]*[)）]")
LABEL_EM = 1.85
"""Room for `A．` and what keeps it from its text."""
_BETWEEN_EM = 1.0
_LONG_WORD = re.compile(r"[!-~]{24}")
_LOOKS_LIKE_LABEL = re.compile(r"(?:^|[\s\u3000])[A-ZＡ-Ｚ]\s?[.．、:：)）]")


def clean(text: str) -> str:
    """The text without the signs that XML forbids, and with one kind of line end."""
    return _FORBIDDEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n"))


def lines_of(text: str) -> list[str]:
    """Lines with something in them; at least one."""
    return [line.rstrip() for line in clean(text).split("\n") if line.strip()] or [""]


def em(text: str) -> float:
    """About how wide the text is, in widths of a Chinese character."""
    return sum(1.0 if unicodedata.east_asian_width(sign) in "WFA" else 0.7 if sign.isupper() or sign in "mw%@" else 0.53 for sign in text)


def is_loose(line: str) -> bool:
    """Would look torn apart if it were justified: columns, or words that fill a line by themselves."""
    return "\t" in line or bool(_LONG_WORD.search(line))


def options_a_line(options: Iterable[str], width_em: float) -> int:
    """Four, two or one, so that every option fits its share of the line; three when there are three."""
    texts = list(options)
    if any("\n" in text.strip() or "\t" in text or _LOOKS_LIKE_LABEL.search(text) for text in texts):
        return 1
    widest = max((em(text) for text in texts), default=0) + LABEL_EM + _BETWEEN_EM
    for count in (3, 2) if len(texts) == 3 else (4, 2):
        if widest <= width_em / count:
            return count
    return 1


def has_bracket(stem: str) -> bool:
    """Does the stem itself leave a bracket for the answer?"""
    return bool(_EMPTY_BRACKETS.search(stem))


def by_brackets(line: str) -> list[tuple[str, bool]]:
    """The line divided at brackets with nothing in them: text, and whether it is the sign that opens such brackets."""
    pieces, place = [], 0
    for match in _EMPTY_BRACKETS.finditer(line):
        pieces += [(line[place : match.start()], False), (match[0][0], True)]
        place = match.end() - 1
    return [*pieces, (line[place:], False)]


def blanks_widened(line: str, answers: Sequence[str]) -> str:
    """The line with room to write in its blanks. All are equally long, or their length would tell."""
    longest = max((em(text) for answer in answers for text in answer.split("|")), default=0)
    return line.replace(BLANK * 2, f"{BLANK} {BLANK}").replace(BLANK, "_" * max(12, min(40, int(longest * 2) + 6)))


def truth(question: Question) -> dict[str, str]:
    """√ and × by letter, when the two options of a true/false question say no more than that."""
    signs = {
        letter: "√" if text.strip().lower() in TRUE_WORDS else "×" if text.strip().lower() in FALSE_WORDS else ""
        for letter, text in question.options.items()
    }
    return signs if question.type is ItemType.TRUE_FALSE and sorted(signs.values()) == ["×", "√"] else {}


def short_answer(question: Question) -> str:
    """The key as letters and signs: what fits a table of answers. Empty when it is figures or words."""
    if question.type is ItemType.TRUE_FALSE and (signs := truth(question)):
        return signs[question.key[0]]
    if question.type.is_choice:
        return "".join(sorted(question.key))
    return "".join(question.key) if question.type is ItemType.ORDERING else ""


def answer(question: Question) -> str:
    """The key as a person writes it."""
    match question.type:
        case ItemType.NUMERIC:
            tolerance = f"±{question.tolerance}" if question.tolerance and Decimal(question.tolerance) else ""
            return f"{question.key[0]}{tolerance}{' ' if question.unit else ''}{question.unit}"
        case ItemType.BLANK:
            between = "##" if any(sign in text for text in question.key for sign in "；;") else "；"
            return between.join(question.key)
        case ItemType.MATCHING:
            return "，".join(f"{pair[:-1]}→{pair[-1]}" for pair in question.key)
        case _:
            return short_answer(question)

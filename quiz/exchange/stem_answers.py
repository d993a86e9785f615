"""Answers as they stand inside stems and behind options: which brackets hold one, which words filled a gap, which say the same. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from quiz.exchange.answers import letters_of, plain_answer, truth_of
from quiz.exchange.line_signs import EMPTY_BRACKETS, UNDERLINES, shape_of

FILLED_LINE = re.compile(r"_{1,40}\s{0,20}(?P<text>[^_\s\n](?:[^_\n]{0,58}[^_\s\n])?)\s{0,20}_{1,40}")


def stands_apart(text: str, start: int, end: int) -> bool:
    """Blanks on both sides, more than words have between them: somebody filled in a gap."""
    words = text[start:end]
    before = len(text[:start]) - len(text[:start].rstrip()) + len(words) - len(words.lstrip())
    after = len(text[end:]) - len(text[end:].lstrip()) + len(words) - len(words.rstrip())
    return before > 0 and after > 0 and before + after >= 3


def likely(hits: list[re.Match[str]], shape: str) -> list[re.Match[str]]:
    """The brackets that hold an answer: `70dB（A）` and `f(c)` do not where others do, or are left empty for one."""
    if not hits:
        return hits
    apart = [match for match in hits if not re.match(r"[A-Za-z0-9]", shape[match.start() - 1 : match.start()])]
    upper = [match for match in apart if (match[1] or match[2]).isupper() or not (match[1] or match[2]).islower()]
    waiting = bool(EMPTY_BRACKETS.search(shape) or UNDERLINES.search(FILLED_LINE.sub("", shape)))
    return upper or apart or ([] if waiting else hits)


def texts_of(hits: Sequence[re.Match[str]]) -> list[dict[int, str]]:
    return [
        dict(enumerate([match[0], *match.groups(), ""][: len(match.groups()) + 2])) | ({2: ""} if len(match.groups()) < 2 else {})
        for match in hits
    ]


def without_separators(options: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """`A.子；B.丑；C.寅。` are 子, 丑 and 寅."""
    if len(options) < 2 or not all(text[-1:] in "；;，,、" and text[:-1] for _, text in options[:-1]):
        return options
    last_label, last = options[-1]
    return [*((label, text[:-1].rstrip()) for label, text in options[:-1]), (last_label, last.rstrip("。.；;").rstrip() or last)]


def unbracketed(text: str) -> str:
    """`B）`, whose bracket opened before the tag, is B."""
    for opening, closing in ("（）", "()", "【】", "[]"):
        if text.endswith(closing) and opening not in shape_of(text).replace("[", opening) and closing not in text[:-1]:
            return text[:-1].rstrip()
    return text


def same_answer(one: str, other: str) -> bool:
    first, second = letters_of(one), letters_of(other)
    if first and second:
        return sorted(first) == sorted(second)
    truths = truth_of(one), truth_of(other)
    if None not in truths:
        return truths[0] == truths[1]
    return plain_answer(one) == plain_answer(other)

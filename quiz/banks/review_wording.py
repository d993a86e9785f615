"""What can be told of a Chinese sentence without understanding it: same words, words without exception, ranges of figures. Pure."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_WITHOUT_EXCEPTION = re.compile(
    r"一律|任何情况|绝对|永远|必然|毫无|总是|凡是|无论|不论|只要[^，。；]{0,12}就|只有[^，。；]{1,12}才|所有[^，。；]{0,10}都"
    r"|不管[^，。；]{1,12}都|任何[^，。；]{0,8}(?:都|均|不)|不[^，。；]{0,12}任何"
)
"""只有、所有、任何 alone also count and describe, so they need the word that makes a rule of them."""
_JOINTS = re.compile(r"[,;、。]|并且|以及|或者|[并和及或且]")
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)([千万亿]?)")
_SCALE = {"": 1, "千": 1_000, "万": 10_000, "亿": 100_000_000}
_AT_LEAST = r"不得?(?:少于|低于|小于)|至少|(?<![不得])(?:超过|大于|高于|多于)|及?以上"
_AT_MOST = r"不得?(?:超过|大于|高于|多于)|不足|不满|不到|(?<![不得])(?:少于|小于|低于)|及?以下|以内"
_COMPARED = re.compile(rf"{_AT_LEAST}|{_AT_MOST}|至|到|[~～—-]|、|,")
_REFERENCES = re.compile(
    r"《[^》]*》|[A-Za-z]+\s?/?T?\s?\d+(?:\.\d+)*(?:[-—]\d{4})?|\d{4}年(?:\d+月)?(?:\d+日)?|\d{4}-\d\d-\d\d|\d{4}版?|第?\d+(?:\.\d+)*[条章节款项]"
    r"|[（(]\d+(?:\.\d+)+[)）]|表\d+|县级(?:及|或)?以上|(?:\d+|[一二三四五六七八九十])个方面"
)
"""Figures and words that name a document, a place in it or a level of government, and are no threshold."""
_THRESHOLD = re.compile(
    r"\d+(?:\.\d+)?|[一二三四五六七八九十两](?:个|名|人|家|种|处|套|道|路|小时|日|天|年|月|米|吨|度)"
    r"|除外|除[^，。；]{1,30}外|但|不足(?=[\d一二三四五六七八九十两])|以上|以下|超过|低于|大于|小于|不少于"
)


def plain(text: str) -> str:
    """The text without width, case, spaces and punctuation; signs that belong to a figure stay: 1.0% is not 10%."""
    narrow = unicodedata.normalize("NFKC", text).lower()
    return re.sub(r"(?<!\d)[.,:\-]|[.,:\-](?!\d)|[\s;!?、。“”‘’\"'()\[\]《》〈〉·…—【】]", "", narrow)


def without_exception(text: str) -> str:
    """The first words that claim a rule without exception, or nothing."""
    match = _WITHOUT_EXCEPTION.search(text)
    return match[0] if match else ""


def longest_shared(text: str, other: str) -> str:
    """The longest run of characters of `text` that stands in `other` too."""
    best = ""
    for start in range(len(text)):
        while start + len(best) < len(text) and text[start : start + len(best) + 1] in other:
            best = text[start : start + len(best) + 1]
    return best


def is_part(text: str, other: str) -> bool:
    """Whether one is a whole part of a longer list or sentence: 停产 in “停产并罚款”, but 矿长 not in 副矿长."""
    few, many = _parts(text), _parts(other)
    return 0 < len(few) < len(many) and any(many[start : start + len(few)] == few for start in range(len(many) - len(few) + 1))


def _parts(text: str) -> list[str]:
    narrow = unicodedata.normalize("NFKC", text)
    return [part for part in map(plain, _JOINTS.split(narrow)) if part]


@dataclass(frozen=True)
class Range:
    """Figures that an option allows, and the words around them: “不少于3人” is 3 to infinity of “人”."""

    frame: str
    low: float
    high: float

    def lies_in(self, other: Range) -> bool:
        """Whether every figure of this one is one of the other, of the same thing."""
        return self.frame == other.frame and other.low <= self.low and self.high <= other.high


def figures(text: str) -> Range | None:
    """The range an option states; None where it states none, or more than one."""
    narrow = unicodedata.normalize("NFKC", text)
    numbers = [float(match[1]) * _SCALE[match[2]] for match in _NUMBER.finditer(narrow)]
    if not 1 <= len(numbers) <= 2 or re.search(r"[A-Za-z]\s*\d", narrow):
        return None  # AQ 3026-2026 is a name
    pieces = [_COMPARED.sub("", piece) for piece in _NUMBER.split(narrow)[::3]]
    if len(numbers) == 2:
        if pieces[1] not in ("", pieces[2]):
            return None
        return Range(plain(pieces[0] + "#" + pieces[2]), min(numbers), max(numbers))
    frame = plain("#".join(pieces))
    if re.search(_AT_MOST, narrow):
        return Range(frame, 0, numbers[0])
    return Range(frame, numbers[0], math.inf if re.search(_AT_LEAST, narrow) else numbers[0])


def threshold(text: str) -> str:
    """What makes a clause easy to confuse: its first figure, exception or comparison; nothing where it has none."""
    unnumbered = re.sub(r"[①-⑳]", "", text)
    match = _THRESHOLD.search(_REFERENCES.sub("", unicodedata.normalize("NFKC", unnumbered)))
    return match[0] if match else ""


def shares_words(text: str, others: Sequence[str], *, length: int) -> bool:
    """Whether any other text has a run of this many characters in common with it."""
    runs = {text[start : start + length] for start in range(len(text) - length + 1)}
    return any(run in other for run in runs for other in others)

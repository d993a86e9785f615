"""From what a file says an item is based on (“第4条第(八)项”) to a clause of the bank's edition. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from quiz.banks.queries import ClauseView

_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_NUMBER = r"[零〇一二两三四五六七八九十百\d]+"
_UNITS = ("条", "款", "项")


def clauses_named(text: str, clauses: Sequence[ClauseView]) -> list[str]:
    """Ids of the clauses a text names: by their ids, as our own files do, or one by its number."""
    known = {clause.id for clause in clauses if clause.assessable}
    ids = [part for part in re.split(r"[；;、，,\s]+", text) if part in known]
    found = clause_for(text, clauses) if not ids else None
    return ids or ([found] if found else [])


def clause_for(text: str, clauses: Iterable[ClauseView]) -> str | None:
    """Id of the one assessable clause that the text names by number; None when it names none, or several that would fit."""
    wanted = _numbers(text)
    if wanted is None:
        return None
    found = [clause.id for clause in clauses if clause.assessable and _numbers(clause.ref) == wanted]
    return found[0] if len(found) == 1 else None


@lru_cache(4096)
def _numbers(text: str) -> tuple[int, int, int] | None:
    """Article, paragraph, item; 0 where none is named."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    numbers = []
    for unit in _UNITS:
        match = re.search(rf"第?\(?({_NUMBER})\)?{unit}", plain)
        numbers.append(number_of(match[1]) if match else 0)
    return (numbers[0], numbers[1], numbers[2]) if numbers[0] else None


def number_of(text: str) -> int:
    """A number below a thousand, in Arabic or Chinese digits: 二十一 → 21."""
    if text.isdigit() and text.isascii():
        return int(text)
    total, current = 0, 0
    for sign in text:
        if sign == "百":
            total, current = total + (current or 1) * 100, 0
        elif sign == "十":
            total, current = total + (current or 1) * 10, 0
        else:
            current = _DIGITS.get(sign, 0)
    return total + current

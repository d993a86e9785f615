"""Ids of clauses made from how a person cites them: `<edition>/<article>[-p<paragraph>][-<item>]`, unique within the edition. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_NUMERAL = r"([零〇一二两三四五六七八九十百0-9]{1,7})"
_ARTICLE = re.compile(
    rf"第{_NUMERAL}条(?:之{_NUMERAL})?(?:\(?第{_NUMERAL}款\)?)?(?:第?\(?{_NUMERAL}\)?项|\({_NUMERAL}\))?(?:第?\(?{_NUMERAL}\)?目)?"
)
_ITEM_ALONE = re.compile(rf"第?\(?{_NUMERAL}\)?项(?:第?\(?{_NUMERAL}\)?目)?")
_SECTION = re.compile(r"(?:第)?(\d{1,4}(?:\.\d{1,4}){0,6})(?:条)?(?:([a-z])\))?")
_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}


def clause_ids(edition: str, refs: Sequence[str]) -> list[str]:
    """One id for each reference, in order. A second fact of one clause ends in `.2`; what is no article becomes `x<place>`."""
    natural = [local_id(ref) or f"x{place}" for place, ref in enumerate(refs, start=1)]
    reserved, taken = set(natural), set[str]()
    found = []
    for name in natural:
        unique, number = name, 2
        while unique in taken or (unique != name and unique in reserved):
            unique, number = f"{name}.{number}", number + 1
        taken.add(unique)
        found.append(f"{edition}/{unique}")
    return found


def local_id(ref: str) -> str:
    """`第四条第(八)项` is 4-8, `第九条第二款` 9-p2, `5.2.1` itself; empty for anything else."""
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", ref))
    if match := _ARTICLE.fullmatch(text):
        article, inserted, paragraph, item, item_in_brackets, point = match.groups()
        parts = [
            f"{_number(article)}{f'.{_number(inserted)}' if inserted else ''}",
            f"p{_number(paragraph)}" if paragraph else "",
            str(_number(item or item_in_brackets)) if item or item_in_brackets else "",
        ]
        return "-".join(part for part in parts if part) + (f".{_number(point)}" if point else "")
    if match := _ITEM_ALONE.fullmatch(text):
        return f"{_number(match[1])}{f'.{_number(match[2])}' if match[2] else ''}"
    if match := _SECTION.fullmatch(text):
        return match[1] + (f"-{match[2]}" if match[2] else "")
    return ""


def _number(text: str) -> int:
    """一百零三 is 103, 二十 is 20, 12 is 12."""
    if text.isdigit() and text.isascii():
        return int(text)
    total = digit = 0
    for mark in text:
        if mark == "百":
            total, digit = total + (digit or 1) * 100, 0
        elif mark == "十":
            total, digit = total + (digit or 1) * 10, 0
        elif mark.isascii():
            digit = digit * 10 + int(mark)
        else:
            digit = _DIGITS[mark]
    return total + digit

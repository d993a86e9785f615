"""What a person types for a question of each type: what it becomes, and what is wrong with it, field by field. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from string import ascii_uppercase

from quiz.banks.question import ALTERNATIVE, BLANK, decimal_of
from quiz.vocabulary import ItemType

MOST_OPTIONS = len(ascii_uppercase)
MOST_GAPS = 20
MOST_PAIRS = 20
_GAP = re.compile(r"[_＿]{2,}|[（(][\s　]*[）)]")
"""However a gap is typed: underscores of any number and width, or brackets with nothing in them."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with a field, for the place beside it and for the list of all."""

    field: str
    label: str
    text: str

    @property
    def sentence(self) -> str:
        return f"{self.label}：{self.text}" if self.label else self.text

    def within(self, number: int, prefix: str) -> Fault:
        """The same, of question `number` of a case, whose fields carry the prefix."""
        return replace(self, field=f"{prefix}{self.field}", label=f"第 {number} 小题·{self.label}")


# 填空 -----------------------------------------------------------------------------------------------------------------


def stem_with_gaps(text: str) -> str:
    """Each gap as four underscores, however it was typed."""
    return _GAP.sub(BLANK, text)


def gaps(stem: str) -> int:
    """How many gaps a stem has."""
    return stem_with_gaps(stem).count(BLANK)


def accepted(lines: str) -> str:
    """One text a line, as an entry of a key."""
    return ALTERNATIVE.join(_lines(lines.replace(ALTERNATIVE, "\n")))


def as_lines(entry: str) -> str:
    """An entry of a key, one accepted text a line."""
    return "\n".join(part.strip() for part in entry.split(ALTERNATIVE))


def gap_faults(stem: str, key: Sequence[str]) -> list[Fault]:
    """A stem without gaps, and gaps without an answer."""
    number = gaps(stem)
    if stem and not number:
        return [Fault("stem", "题干", "还没有标出空的位置，请在要填的地方输入 ____（连打几个下划线）")]
    if number > MOST_GAPS:
        return [Fault("stem", "题干", f"有 {number} 个空，最多 {MOST_GAPS} 个，请拆成几道题")]
    return [Fault(f"gap_{n}", f"第 {n} 空", "还没有写答案") for n, entry in enumerate(key, start=1) if not entry]


# 计算 -----------------------------------------------------------------------------------------------------------------


def figure(text: str) -> str:
    """A number as it is kept: half width, without blanks and thousands separators."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).replace("\u2212", "-")
    return plain.replace(",", "") if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", plain) else plain


def tolerance(text: str) -> str:
    """A tolerance as it is kept; people like to write the ± as well."""
    return figure(re.sub(r"^\s*(±|\+/-|\+-)", "", text))


def figure_faults(key: str, allowed: str) -> list[Fault]:
    """A key or a tolerance that is no number."""
    faults = []
    if not key:
        faults.append(Fault("figure", "正确答案", "还没有填"))
    elif decimal_of(key) is None:
        faults.append(Fault("figure", "正确答案", "应是一个数，例如 12.5；单位请写在“单位”里"))
    if allowed and ((number := decimal_of(allowed)) is None or number < 0):
        faults.append(Fault("tolerance", "允许误差", "应是不小于 0 的数，与答案用同一单位，例如 0.5；不能写百分比"))
    return faults


def right_range(key: str, allowed: str) -> tuple[Decimal, Decimal] | None:
    """The least and the greatest number that is right; None while there is none."""
    number, around = decimal_of(key), decimal_of(allowed or "0")
    return (
        ((number - around).normalize(), (number + around).normalize())
        if number is not None and around is not None and around >= 0
        else None
    )


# 排序和配对 -----------------------------------------------------------------------------------------------------------


def in_order(lines: Sequence[str], known: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Options and key of lines that stand in their right order. A text keeps the letter it had among the `known` options.

    New texts are lettered by their wording, not by their place: as written they must not give the answer away.
    """
    options = _lettered(sorted(dict.fromkeys(lines)), known)
    letter_of = {text: letter for letter, text in options.items()}
    return options, [letter_of[text] for text in lines if text in letter_of]


def order_lines(text: str) -> list[str]:
    """The lines somebody wrote, without empty ones."""
    return _lines(text)


def order_faults(lines: Sequence[str]) -> list[Fault]:
    """Too few, too many, or the same line twice."""
    if len(lines) < 2:
        return [Fault("lines", "各项", "至少写两行，一行一项")]
    if len(lines) > MOST_OPTIONS:
        return [Fault("lines", "各项", f"有 {len(lines)} 项，最多 {MOST_OPTIONS} 项")]
    twice = [text for text, number in Counter(lines).items() if number > 1]
    return [Fault("lines", "各项", f"“{twice[0]}”写了两遍")] if twice else []


@dataclass(frozen=True)
class Pair:
    """A row of a matching: what is matched, and with what."""

    left: str
    right: str

    @property
    def is_empty(self) -> bool:
        return not self.left and not self.right


def matched(pairs: Sequence[Pair], spare: Sequence[str], known: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str], list[str]]:
    """Prompts, options and key. Two rows with the same right side share one option; a text keeps the letter it had."""
    rows = [pair for pair in pairs if not pair.is_empty]
    options = _lettered([text for text in dict.fromkeys((*(pair.right for pair in rows), *spare)) if text], known)
    letter_of = {text: letter for letter, text in options.items()}
    prompts = {str(number): pair.left for number, pair in enumerate(rows, start=1)}
    key = [f"{number}{letter_of[pair.right]}" for number, pair in enumerate(rows, start=1) if pair.right in letter_of]
    return prompts, options, key


def pair_faults(pairs: Sequence[Pair], spare: Sequence[str]) -> list[Fault]:
    """Rows with one side only, the same left side twice, too few rows, a spare text that is no spare."""
    faults = []
    seen: set[str] = set()
    for number, pair in enumerate(pairs, start=1):
        if pair.is_empty:
            continue
        if not pair.left:
            faults.append(Fault(f"left_{number}", f"左列 {number}", "还没有写"))
        elif pair.left in seen:
            faults.append(Fault(f"left_{number}", f"左列 {number}", "与前面的一项文字相同"))
        if not pair.right:
            faults.append(Fault(f"right_{number}", f"右列 {number}", "还没有写与左列对应的内容"))
        seen.add(pair.left)
    used = {pair.right for pair in pairs}
    wrong = next((text for text in spare if text in used), None)
    if wrong is not None:
        faults.append(Fault("spare", "多余的右列", f"“{wrong}”已经是某一项的答案，不必再写"))
    if sum(not pair.is_empty for pair in pairs) < 2:
        faults.append(Fault("left_1", "左列", "至少要有两组"))
    elif not faults and len(used - {""} | set(spare)) < 2:
        faults.append(Fault("spare", "右列", "各组的右列都相同，请在“多余的右列”补写干扰项"))
    elif len(used | set(spare)) > MOST_OPTIONS:
        faults.append(Fault("spare", "右列", f"最多 {MOST_OPTIONS} 项"))
    return faults


# 选择 -----------------------------------------------------------------------------------------------------------------


def without_empty_end(options: Mapping[str, str]) -> dict[str, str]:
    """Lines left empty at the end are no options; one in between is a mistake to be told."""
    last = max((n for n, text in enumerate(options.values()) if text), default=-1)
    return dict(list(options.items())[: last + 1])


def choice_faults(type_: ItemType, options: Mapping[str, str], key: Sequence[str]) -> list[Fault]:
    """Options that are empty, too few or the same, and a key that is none of them."""
    faults = [Fault(f"option_{letter}", f"选项 {letter}", "没有内容") for letter, text in options.items() if not text]
    first_of: dict[str, str] = {}
    for letter, text in options.items():
        if text and first_of.setdefault(text, letter) != letter:
            faults.append(Fault(f"option_{letter}", f"选项 {letter}", f"与选项 {first_of[text]} 文字相同"))
    if len(options) < 2:
        faults.append(Fault("option_A", "选项", "至少要有两个"))
    if not key:
        faults.append(Fault("key", "正确答案", "还没有选"))
    elif outside := [letter for letter in key if letter not in options]:
        faults.append(Fault("key", "正确答案", f"选了 {'、'.join(outside)}，但这个选项没有内容"))
    elif type_ is ItemType.MULTIPLE and len(key) == len(options) == 1:
        faults.append(Fault("key", "正确答案", "多选题的选项太少"))
    return faults


def _lines(text: str) -> list[str]:
    return [line for each in text.splitlines() if (line := each.strip())]


def _lettered(texts: Sequence[str], known: Mapping[str, str]) -> dict[str, str]:
    """Letters for texts: the one a text had, else the next free one; in the order of the letters."""
    had = {text: letter for letter, text in known.items()}
    kept = {had[text]: text for text in texts if text in had}
    free = iter(letter for letter in ascii_uppercase if letter not in kept)
    fresh = {letter: text for text, letter in zip((text for text in texts if text not in had), free, strict=False)}
    return dict(sorted((kept | fresh).items()))

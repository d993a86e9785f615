"""Answers as people write them: letters in any order and with any separator, words for right and wrong, texts, figures."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from quiz.exchange.option_list import OptionList
from quiz.exchange.wording import bare, half_width

TRUE_WORDS = frozenset(
    [
        "对",
        "正确",
        "√",
        "✓",
        "✔",
        "☑",
        "✅",
        "是",
        "对的",
        "正确的",
        "是的",
        "t",
        "true",
        "y",
        "yes",
        "right",
        "correct",
        "真",
        "a正确",
        "a对",
        "○",
        "1",
    ]
)
FALSE_WORDS = frozenset(
    [
        "错",
        "错误",
        "×",
        "✗",
        "✘",
        "✕",
        "╳",
        "☒",
        "❌",
        "x",
        "否",
        "不是",
        "不对",
        "不正确",
        "错的",
        "错误的",
        "f",
        "false",
        "n",
        "no",
        "wrong",
        "incorrect",
        "假",
        "b错误",
        "b错",
        "0",
    ]
)
PLAIN_WORDS = frozenset(
    [
        "对",
        "正确",
        "√",
        "✓",
        "✔",
        "☑",
        "✅",
        "错",
        "错误",
        "×",
        "✗",
        "✘",
        "✕",
        "╳",
        "☒",
        "❌",
        "不对",
        "不正确",
        "对的",
        "错的",
        "正确的",
        "错误的",
        "true",
        "false",
        "是",
        "否",
    ]
)
"""Words that mean right or wrong also where nobody said that the question is of that type."""
_PREFIX = re.compile(
    r"(?:正确答案|标准答案|参考答案|本题答案|答案|正确选项|答|answer|ans|key)\s*(?:是|为|选|应选|应为)?\s*[：:]?\s*", re.IGNORECASE
)
_LONGEST_WORD = 20
"""No word for right or wrong is longer, with brackets and `答案：` around it."""
_NAMED = re.compile(r"(?:选项|option|choice|opt)[\s_\-]*(?=[A-Za-z0-9])|(?<=^[A-Za-z])(?:选项|项)$", re.IGNORECASE)
_EDGES = " \t\n\u3000\u00a0。.；;，,、：:"
_LETTERS = re.compile(r"[A-Za-z](?:[\s,、;/|+&和与及.·>→—\-]*[A-Za-z])*")
_BRACKETED = re.compile(r"[（(\[【「]([^（()）\[\]【】]*)[)）\]】」]")
_FIGURES = re.compile(r"\d(?:[\s,、;/|+&和与及.·>→—\-]*\d)*")


@lru_cache(8192)
def plain_answer(text: str) -> str:
    """The answer without `答案：`, brackets around it and signs at its edges."""
    text = text.strip(_EDGES)
    found = _PREFIX.match(text)
    if found and found.end() < len(text):
        text = text[found.end() :].strip(_EDGES)
    found = _BRACKETED.fullmatch(text)
    text = found[1].strip(_EDGES) if found else text
    return _NAMED.sub("", text) if len(text) < 60 else text


@lru_cache(8192)
def truth_of(text: str) -> bool | None:
    """Whether a word says right or wrong; None when it says neither."""
    plain = re.sub(r"[\s.、:()\[\]]+", "", half_width(plain_answer(text))).lower() or text.strip()
    if plain in TRUE_WORDS:
        return True
    return False if plain in FALSE_WORDS else None


def says_truth_plainly(text: str, *, letters: bool = False) -> bool:
    """Is this a word for right or wrong, whatever the question? With `letters`, T and F are too."""
    if len(text) > _LONGEST_WORD:
        return False
    plain = half_width(plain_answer(text)).lower()
    return plain in PLAIN_WORDS or letters and plain in ("t", "f")


@lru_cache(8192)
def letters_of(text: str) -> tuple[str, ...]:
    """`ACD`, `a、c、d` and `Ａ，Ｃ，Ｄ` are the letters A, C, D in that order; anything else is none."""
    plain = half_width(plain_answer(text))
    if not _LETTERS.fullmatch(plain):
        return ()
    letters = [sign.upper() for sign in plain if sign.isascii() and sign.isalpha()]
    return tuple(letters) if len(letters) <= 26 else ()


@lru_cache(8192)
def figures_of(text: str) -> tuple[str, ...]:
    """Single figures that name numbered options: `1,3`; `①③` too."""
    plain = half_width(plain_answer(text)).translate({ord(sign): str(number) for number, sign in enumerate("①②③④⑤⑥⑦⑧⑨", 1)})
    return tuple(sign for sign in plain if sign.isdigit()) if _FIGURES.fullmatch(plain) else ()


@dataclass(frozen=True)
class Chosen:
    """Letters an answer names, in its order, and how they were understood."""

    letters: tuple[str, ...]
    how: str = "letters"
    """`letters`, `figures`, `text`, or `letters_and_text`."""
    missing: tuple[str, ...] = ()
    """Named, but no option has this label."""
    contradicting: str = ""
    """The text that stands after a letter and is not the text of its option."""


_SIGN_AFTER = tuple(".．、:：-")


def choose(text: str, options: OptionList) -> Chosen:
    """Which options an answer names; no letters when it names none."""
    answer = plain_answer(text)
    letter, astray = _part(answer, options, {}) if answer[1:2] in _SIGN_AFTER else ("", "")
    if letter and not astray:  # “A、A和O”, where the text of A consists of letters as well
        return Chosen((letter,), "letters_and_text")
    letters = letters_of(answer)
    if (
        len(letters) == 1 or letters and min(map(len, options.options.values()), default=0) > 2 * len(answer)
    ):  # no option can be called “ABC”
        return _named(letters, options)
    by_text = {bare(option): letter for letter, option in options.options.items()}
    whole = by_text.get(bare(answer))
    if letters and not whole:
        return _named(letters, options)
    if whole:
        return Chosen((whole,), "text")
    figures = figures_of(answer) if options.numbered else ()
    if figures:
        found = _named(figures, options)
        return Chosen(found.letters, "figures", found.missing)
    return _by_parts(answer, options, by_text)


def _named(labels: tuple[str, ...], options: OptionList) -> Chosen:
    missing = tuple(label for label in labels if label not in options.letter_of)
    return Chosen(tuple(options.letter_of[label] for label in labels if label in options.letter_of), missing=missing)


_PART = re.compile(r"\s*[(（]?([A-Za-zＡ-Ｚａ-ｚ])[)）]?\s*[.．、:：\s-]\s*(\S.*)", re.DOTALL)


def _by_parts(answer: str, options: OptionList, by_text: dict[str, str]) -> Chosen:
    """Several texts, or letters with their texts, in one answer."""
    doubtful: Chosen | None = None
    for separator in (None, "\n", "；", ";", "|", "##", "**", "#", "$;$", "&", "、", "，", ",", "/", "\t", " "):
        parts = [part.strip() for part in answer.split(separator) if part.strip()] if separator else [answer]
        if separator and len(parts) < 2:
            continue
        read = [_part(part, options, by_text) for part in parts]
        if all(letter for letter, _ in read):
            wrong = next((text for _, text in read if text), "")
            how = "text" if all(bare(part) in by_text for part in parts) else "letters_and_text"
            found = Chosen(tuple(letter for letter, _ in read), how, contradicting=wrong)
            if not wrong:
                return found
            doubtful = doubtful or found
    return doubtful or Chosen(())


def _part(part: str, options: OptionList, by_text: dict[str, str]) -> tuple[str, str]:
    """The letter, and the text after it when it is not that option's."""
    if letter := by_text.get(bare(part)):
        return letter, ""
    found = _PART.fullmatch(part)
    if found is None:
        return "", ""
    letter = options.letter_of.get(half_width(found[1]).upper(), "")
    return letter, "" if letter and bare(found[2]) == bare(options.options[letter]) else found[2]


_SIGNS_IN_STEM = ("##", "**", "$$", "&", "|", "#")


def options_behind_stem(stem: str, answer: str) -> list[str]:
    """The stem and the options that follow it in its cell, when the answer repeats some of them: `应当（）&停&跑&看`, `停&看`."""
    for sign in _SIGNS_IN_STEM:
        parts = [part.strip() for part in stem.split(sign)]
        named = [part.strip() for part in answer.split(sign)]
        if len(parts) > 2 and all(parts) and all(named) and set(named) <= set(parts[1:]) and len(set(parts)) == len(parts):
            return parts
    return []


# Figures --------------------------------------------------------------------------------------------------------------

_NUMBER = r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d{1,30})?(?:\.\d{1,30})?"
_UNIT = r"(?:(?![至到或和与及])[A-Za-z\u4e00-\u9fff%‰°℃℉μΩΩ㎡㎥㎏$¥￥][^\d±+()\s,;]{0,19}?(?:(?<=[A-Za-z])[23])?)?"
_FIGURE = re.compile(
    rf"(?P<about>约|大约|≈|左右)?\s*(?:=|等于)?\s*(?P<value>{_NUMBER})\s*(?P<unit>{_UNIT})\s*"
    rf"(?:(?:±|\+/-|\+-|[,;]?\s*(?:允许)?误差\s*(?:范围)?\s*(?:为|是|不超过|在|≤|<=|:)?\s*(?:±|\+/-)?)\s*(?P<tolerance>{_NUMBER})\s*"
    rf"(?P<percent>%?)\s*(?P<unit2>{_UNIT})\s*(?:以内|之内)?)?"
)


@dataclass(frozen=True)
class Figure:
    """A number with its unit and tolerance, as texts."""

    value: str
    unit: str = ""
    tolerance: str = ""
    rounded: bool = False
    """The answer says that it is about this number."""
    relative: bool = False
    """The tolerance was a share of the value and has been multiplied out."""


def figure_of(text: str) -> Figure | None:
    """`12.5±0.5 米`, `(12.5±0.5)米`, `12.5 米（误差0.5）`; None when it is not one figure."""
    plain = half_width(text.strip(_EDGES)).replace("－", "-").replace("—", "-").strip()
    found = _PREFIX.match(plain)
    plain = plain[found.end() :] if found and found.end() < len(plain) else plain
    plain = re.sub(r"[()]", " ", plain).strip()
    match = _FIGURE.fullmatch(re.sub(r"\s+", " ", plain))
    value = _number(match["value"]) if match else ""
    if match is None or not value:
        return None
    unit, tolerance = match["unit"] or match["unit2"] or "", _number(match["tolerance"] or "")
    if match["unit"] and match["unit2"] and match["unit"] != match["unit2"]:
        return None
    relative = bool(match["percent"]) and unit != "%"
    if relative and tolerance:
        tolerance = format(abs(Decimal(value)) * Decimal(tolerance) / 100, "f")
    return Figure(value, unit, tolerance.lstrip("+-") if tolerance else "", bool(match["about"]), relative)


def _number(text: str) -> str:
    text = text.replace(",", "")
    sign, digits = (text[:1], text[1:]) if text[:1] in "+-" else ("", text)
    if not digits or digits == ".":
        return ""
    return (sign if sign == "-" else "") + (f"0{digits}" if digits.startswith(".") else digits)

"""Settling answers that are no choice among options: figures, blanks, and the pairs of a matching question."""

from __future__ import annotations

import re
from collections.abc import Iterator

from quiz.banks.question import ALTERNATIVE, BLANK, decimal_of
from quiz.exchange.answers import figure_of, plain_answer
from quiz.exchange.domain import Severity
from quiz.exchange.judgement import Judgement, Settled
from quiz.exchange.option_list import LETTERS, Found
from quiz.exchange.wording import half_width
from quiz.vocabulary import ItemType

_LINES = re.compile(r"[_＿]{2,}(?:[ \u3000]?[_＿]{2,})*")
_BRACKETS = re.compile(r"（[ \u3000]*）|\([ \u3000]*\)|【[ \u3000]*】|\[[ \u3000]*\]|〔[ \u3000]*〕|\{[ \u3000]*\}")
_ONE_LINE = re.compile(r"(?<![_＿A-Za-z0-9])[_＿](?![_＿A-Za-z0-9])")
_EITHER = re.compile(f"{_LINES.pattern}|{_BRACKETS.pattern}")
MAX_UNIT = 20


def has_blank(stem: str) -> bool:
    """Does the stem mark a place to fill in?"""
    return bool(_EITHER.search(stem) or _ONE_LINE.search(stem))


def count_blanks(stem: str) -> int:
    """How many places to fill in the stem marks, as `settle_blanks` counts them first."""
    pattern = next((pattern for pattern in (_LINES, _BRACKETS, _EITHER, _ONE_LINE) if pattern.search(stem)), None)
    return len(pattern.findall(stem)) if pattern else 0


# Figures --------------------------------------------------------------------------------------------------------------


def settle_figure(judgement: Judgement, answer: str) -> Settled:
    """The number, unit and tolerance of a calculation."""
    if not answer:
        judgement.refuse("missing_answer", "没有答案", at="answer", action="请补上答案")
    found = figure_of(answer)
    if found is None or decimal_of(found.value) is None:
        message = f"计算题的答案“{answer[:40]}”不是一个确定的数"
        judgement.refuse("figure_expected", message, at="answer", action="请填一个数，可带单位和误差，如 12.5±0.5 米")
    extra = judgement.raw.extra
    unit = extra.get("unit", "").strip() or found.unit
    if found.unit and unit != found.unit:
        judgement.refuse("unit_conflict", f"答案的单位“{found.unit}”与单位列“{unit}”不同", at="answer", action="请改成同一个单位")
    if len(unit) > MAX_UNIT:
        judgement.refuse("figure_expected", f"单位“{unit[:40]}”超过 {MAX_UNIT} 个字", at="answer", action="请只填单位")
    tolerance = _stated_tolerance(judgement, found.tolerance)
    if found.rounded and not tolerance:
        message = f"答案写的是“约 {found.value}”，没有给出误差，按恰好 {found.value} 读取"
        judgement.repair("approximate_figure", message, at="answer", severity=Severity.WARNING, action="请补上允许误差")
    if found.relative:
        message = f"误差按百分比给出，已换算为 ±{tolerance}{unit}"
        judgement.repair("tolerance_converted", message, at="answer")
    return Settled(ItemType.NUMERIC, [found.value], unit=unit, tolerance=tolerance)


def _stated_tolerance(judgement: Judgement, found: str) -> str:
    text = half_width(judgement.raw.extra.get("tolerance", "")).strip().removeprefix("±").removeprefix("+/-").strip()
    if not text or text in ("无", "/", "-"):
        return found
    stated = figure_of(text)
    if stated is None or stated.unit == "%" or stated.value.startswith("-"):
        judgement.refuse("figure_expected", f"误差“{text[:40]}”不是一个数", at="tolerance", action="请填不小于 0 的数，与答案同一单位")
    if found and decimal_of(found) != decimal_of(stated.value):
        judgement.refuse("tolerance_conflict", f"答案里的误差 {found} 与误差列 {stated.value} 不同", at="tolerance", action="请改成一致")
    return stated.value


# Blanks ---------------------------------------------------------------------------------------------------------------


def settle_blanks(judgement: Judgement, stem: str, answer: str, options: list[str]) -> Settled:
    """Stem with its blanks marked, and what fills them."""
    if not answer and options:
        answer = "；".join(options)
        judgement.repair("answers_in_options", "选项列里的内容按各空的答案读取", at="options")
    if not answer:
        judgement.refuse("missing_answer", "没有答案", at="answer", action="请补上每个空的答案")
    patterns = [pattern for pattern in (_LINES, _BRACKETS, _EITHER, _ONE_LINE) if pattern.search(stem)]
    if not patterns:
        judgement.refuse("no_blank", "填空题的题干里没有空", action=f"请用 {BLANK} 标出空的位置")
    numbered = _ONE_NUMBERED.match(answer)
    if numbered and not _ENUMERATED.search(answer, numbered.end()):
        judgement.repair("enumeration_removed", f"答案前的空号“{numbered[0].strip()}”已去掉", at="answer")
        answer = answer[numbered.end() :]
    answer = re.sub(r"\|{2,}", ALTERNATIVE, plain_answer(answer))  # `校验|||验证`, as some platforms write alternatives
    ways = list(_ways(answer))
    for pattern in patterns:
        blanks = len(pattern.findall(stem))
        for parts in ways:
            if len(parts) == blanks:
                return _filled(judgement, stem, pattern, parts)
    blanks = len(patterns[0].findall(stem))
    counts = len(ways[0])
    judgement.refuse("blank_count", f"题干有 {blanks} 个空，答案有 {counts} 个", at="answer", action="请让答案与空一一对应，用“；”隔开")


def _filled(judgement: Judgement, stem: str, pattern: re.Pattern[str], parts: list[str]) -> Settled:
    if not all(parts) or any(not part.strip() for answer in parts for part in answer.split(ALTERNATIVE)):
        judgement.refuse("missing_answer", "有一个空没有答案", at="answer", action="请补上每个空的答案")
    if pattern is not _LINES:
        judgement.repair("blanks_marked", f"题干中的空已统一写成 {BLANK}")
    return Settled(ItemType.BLANK, parts, stem=pattern.sub(BLANK, stem))


_ENUMERATED = re.compile(
    r"(?:^|(?<=[\s;；,，、。]))(?:[(（]\d{1,2}[)）]|\d{1,2}[.．、:：)）](?!\d)|[①-⑳]|第[一二三四五六七八九十\d]{1,2}空\s*[：:]?)\s*"
)


_ONE_NUMBERED = re.compile(r"\s*(?:[(（]1[)）][ \t\u3000\u00a0\n]\s*|第[一1]空\s*[：:]?\s*)(?=\S)")
"""The number of the only blank, as platforms write it before its answer."""


def _ways(answer: str) -> Iterator[list[str]]:
    """The answer divided by each separator it has, the most deliberate first; undivided unless it has one of those."""
    marks = list(_ENUMERATED.finditer(answer))
    if len(marks) > 1 and not answer[: marks[0].start()].strip():
        ends = [mark.start() for mark in marks[1:]] + [len(answer)]
        yield [answer[mark.end() : end].strip(" \n;；,，、") for mark, end in zip(marks, ends, strict=True)]
    divided = False
    for separator in ("##", "**", "；", ";", "\n", "#"):
        if separator in answer.strip(separator):
            divided = True
            yield [part.strip() for part in answer.strip(separator).split(separator)]
    if not divided:
        yield [answer]
    for separator in ("|", "｜", "/", "、", "，", ",", "\t"):
        if separator in answer:
            yield [part.strip() for part in answer.split(separator)]
    if len(parts := answer.split()) > 1:
        yield parts


# Pairs ----------------------------------------------------------------------------------------------------------------

_PAIR = re.compile(r"[(（]?\s*(\d{1,2}|[①-⑨])\s*[)）]?\s*[-—–→=:：.、对配>]*\s*([A-Za-zＡ-Ｚａ-ｚ])")
_JOINED = re.compile(r"\s*(?:=>|->|→|——>|——|==|=|\|\||\||<=>|⇔|↔)\s*")


def settle_pairs(judgement: Judgement, found: list[Found], prompts_found: list[Found], answer: str) -> Settled:
    """Both columns of a matching question and how they belong together."""
    left = {label: text for label, text in found if label.isdigit()}
    right = {label: text for label, text in found if label.isalpha()}
    if prompts_found:
        left = {str(place): text for place, (_, text) in enumerate(prompts_found, 1)}
        right = {LETTERS[place]: text for place, (_, text) in enumerate(found[: len(LETTERS)])}
    if not left and not answer:
        return _joined_pairs(judgement, [text for _, text in found])
    if len(left) < 2 or len(right) < 2:
        judgement.refuse("too_few_options", "配对题没有找到左右两列", at="options", action="请把左列写成 1. 2. 3.，右列写成 A. B. C.")
    if not answer:
        judgement.refuse("missing_answer", "没有答案", at="answer", action="请写成 1A、2C、3B")
    pairs = [(half_width(number), letter) for number, letter in _PAIR.findall(re.sub(r"\s+", " ", half_width(answer)))]
    key = sorted((f"{_figure(number)}{letter.upper()}" for number, letter in pairs), key=lambda pair: int(pair[:-1]))
    if not key and re.fullmatch(r"[A-Za-z\s,、;]+", half_width(answer)):
        letters = [letter.upper() for letter in half_width(answer) if letter.isalpha()]
        key = [f"{number}{letter}" for number, letter in zip(left, letters, strict=False)] if len(letters) == len(left) else []
    if [pair[:-1] for pair in key] != sorted(left, key=int) or any(pair[-1] not in right for pair in key):
        message = f"配对题的答案“{answer[:40]}”没有把左列 {'、'.join(left)} 各配一项"
        judgement.refuse("answer_not_in_options", message, at="answer", action="请写成 1A、2C、3B，每一项恰好一次")
    return Settled(ItemType.MATCHING, key, right, prompts=left)


def _figure(text: str) -> str:
    return str("①②③④⑤⑥⑦⑧⑨".index(text) + 1) if text in "①②③④⑤⑥⑦⑧⑨" else text


def _joined_pairs(judgement: Judgement, texts: list[str]) -> Settled:
    halves = [_JOINED.split(text, maxsplit=1) for text in texts]
    if len(halves) < 2 or any(len(pair) != 2 or not all(pair) for pair in halves):
        judgement.refuse("missing_answer", "配对题没有答案", at="answer", action="请写成 1A、2C、3B")
    prompts = {str(place): left for place, (left, _) in enumerate(halves, 1)}
    texts_right = sorted({right for _, right in halves})  # in the order of the file they would give the answer away
    options = dict(zip(LETTERS, texts_right, strict=False))
    letter_of = {text: letter for letter, text in options.items()}
    message = "每个选项里的一对已分成左右两列，右列按文字重新排列"
    judgement.repair("pairs_divided", message, at="options", severity=Severity.INFO)
    return Settled(
        ItemType.MATCHING, [f"{place}{letter_of[right]}" for place, (_, right) in enumerate(halves, 1)], options, prompts=prompts
    )

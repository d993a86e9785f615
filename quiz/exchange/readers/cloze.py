"""Moodle's cloze: a text with answers embedded in braces, as blanks, a figure, or a case where its layout says so exactly."""

from __future__ import annotations

import re
from dataclasses import dataclass

from quiz.banks.question import BLANK
from quiz.exchange import structured
from quiz.exchange.markup_text import from_html
from quiz.exchange.structured import Entry, Values
from quiz.vocabulary import ItemType

_GAP = re.compile(r"\{(\d*):([A-Z_]{1,20}):((?:\\.|[^\\{}])*+)\}")
_MARK = "\ue0f7"
_SHORT = frozenset(("SHORTANSWER", "SA", "MW", "SHORTANSWER_C", "SAC", "MWC"))
_FIGURE = frozenset(("NUMERICAL", "NM"))
_SINGLE = frozenset(
    [
        "MULTICHOICE",
        "MC",
        "MULTICHOICE_V",
        "MCV",
        "MULTICHOICE_H",
        "MCH",
        "MULTICHOICE_S",
        "MCS",
        "MULTICHOICE_VS",
        "MCVS",
        "MULTICHOICE_HS",
        "MCHS",
    ]
)
_MULTIPLE = frozenset(["MULTIRESPONSE", "MR", "MULTIRESPONSE_H", "MRH", "MULTIRESPONSE_S", "MRS", "MULTIRESPONSE_HS", "MRHS"])
_WEIGHT = re.compile(r"=|%(-?\d+(?:\.\d*)?)%")


@dataclass(frozen=True)
class _Gap:
    """One embedded answer: its kind and its texts with their shares in percent."""

    kind: str
    answers: tuple[tuple[str, float], ...]

    @property
    def full(self) -> list[str]:
        return [text for text, share in self.answers if share >= 99.99]


def cloze_values(entry: Entry, raw: str) -> Values:
    """Values of the item a cloze comes to; refused by name where that would need bending."""
    gaps = [_gap(match[2], match[3]) for match in _GAP.finditer(raw)]
    text = entry.html(_GAP.sub(_MARK, raw))
    if not gaps:
        entry.judgement.refuse("missing_answer", "完形题（cloze）里没有空", at="answer", action="请在 Moodle 中改正后重新导出")
    unknown = [gap.kind for gap in gaps if gap.kind not in _SHORT | _FIGURE | _SINGLE | _MULTIPLE]
    if unknown:
        entry.judgement.kind_unsupported(f"完形题（cloze）中的 {unknown[0]}")
    if any(0 < share < 99.99 for gap in gaps if gap.kind not in _MULTIPLE for _, share in gap.answers):
        entry.judgement.repair("partial_credit_dropped", "只得部分分的答案没有保留", at="answer")
    if all(gap.kind in _SHORT for gap in gaps):
        return structured.blank(entry, text.replace(_MARK, BLANK), [_accepted(entry, gap) for gap in gaps])
    if len(gaps) == 1:
        return _part(entry, text.replace(_MARK, "").strip() if text.endswith(_MARK) else text.replace(_MARK, BLANK), gaps)
    return _case(entry, text, gaps)


def _gap(kind: str, body: str) -> _Gap:
    answers = []
    for piece in re.split(r"(?<!\\)~", body):
        weight = _WEIGHT.match(piece.strip())
        share = 0.0 if weight is None else 100.0 if weight[0] == "=" else float(weight[1])
        text = piece.strip()[weight.end() if weight else 0 :]
        text = re.split(r"(?<!\\)#", text, maxsplit=1)[0]
        answers.append((from_html(re.sub(r"\\(.)", r"\1", text)).text, share))
    return _Gap(kind, tuple(answers))


def _accepted(entry: Entry, gap: _Gap) -> list[str]:
    if "*" in gap.full:
        entry.judgement.refuse("wildcard_answer", "有一个空接受任意答案（*），安考只收确定的答案", at="answer", action="请写出可接受的答案")
    return gap.full


def _part(entry: Entry, stem: str, gaps: list[_Gap]) -> Values:
    """One question: a choice, a figure, or blanks."""
    gap = gaps[0]
    if all(each.kind in _SHORT for each in gaps):
        return structured.blank(entry, stem, [_accepted(entry, each) for each in gaps])
    if gap.kind in _FIGURE:
        if len(gap.full) != 1:
            message = f"计算题有 {len(gap.full)} 个满分答案"
            entry.judgement.refuse("figure_expected", message, at="answer", action="请只留一个答案，可写误差")
        value, _, tolerance = gap.full[0].partition(":")
        return structured.numeric(entry, stem, value, tolerance=tolerance)
    shares = [share for _, share in gap.answers]
    multiple = gap.kind in _MULTIPLE
    right = [place for place, share in enumerate(shares) if (share > 0 if multiple else share >= 99.99)]
    return structured.choice(entry, stem, [text for text, _ in gap.answers], right, multiple=multiple)


def _case(entry: Entry, text: str, gaps: list[_Gap]) -> Values:
    """A case, where every answer ends a line of its own that asks something; anything else would have to be rewritten."""
    lines = text.split("\n")
    first = next(place for place, line in enumerate(lines) if _MARK in line)
    parts, at = [], 0
    for line in lines[first:]:
        found = gaps[at : at + line.count(_MARK)]
        at += len(found)
        asks = line.replace(_MARK, "").strip()
        short = all(gap.kind in _SHORT for gap in found)
        if not found or len(asks) < 2 or not (short or (len(found) == 1 and line.endswith(_MARK))):
            entry.judgement.kind_unsupported("几种答案混在文字中的完形题（cloze）")
        parts.append(_part(entry, line.replace(_MARK, BLANK if short else "").strip(), found))
    stem = "\n".join(lines[:first]).strip()
    if not stem or len(parts) < 2:
        entry.judgement.kind_unsupported("几种答案混在文字中的完形题（cloze）")
    for part in parts:
        part.pop("rationales", None)
    return {"type": ItemType.CASE, "stem": stem, "parts": parts}

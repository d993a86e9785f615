"""The response processing of QTI 1.2: which responses earn the mark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from quiz.exchange.judgement import Judgement
from quiz.exchange.structured import between, figure
from quiz.exchange.xml_tree import Element

_FULL = ("score.max", "max", "maxscore")


@dataclass
class Condition:
    """One condition: the values it wants of each response, what it earns, and the feedback it shows."""

    wanted: list[tuple[str, str]] = field(default_factory=list)
    bounds: list[tuple[str, str]] = field(default_factory=list)
    """Comparisons by size: `vargte` and its figure."""
    score: float = 0.0
    shows: list[str] = field(default_factory=list)
    is_plain: bool = True
    """Wants one value, and nothing is denied or combined."""

    @property
    def earns(self) -> bool:
        return self.score > 0

    def wants(self, name: str) -> list[str]:
        """Values it wants of the response of that name."""
        return [value for response, value in self.wanted if response == name]


def conditions(item: Element) -> list[Condition]:
    """The conditions of an item, in order."""
    found = []
    for element in item.iterfind("resprocessing/respcondition"):
        condition = Condition(score=_score(element))
        variables = element.find("conditionvar")
        if variables is not None:
            _gather(variables, condition, denied=False)
        condition.is_plain &= len(condition.wanted) == 1
        condition.shows = [each.get("linkrefid") or "" for each in element.iterfind("displayfeedback")]
        found.append(condition)
    if found and not any(condition.earns for condition in found):
        for condition in found:  # some programs say what is right only by the feedback they show
            if any(name.lower() in ("correct", "correct_fb") for name in condition.shows):
                condition.score = 1.0
    return found


def _score(element: Element) -> float:
    total = 0.0
    for setting in element.iterfind("setvar"):
        if (setting.get("varname") or setting.get("variablename") or "SCORE").lower() not in ("score", "que_score", "scor", "scored"):
            continue
        text = (setting.text or "").strip()
        try:
            value = float(text)
        except ValueError:
            value = 1.0 if text.lower() in _FULL else 0.0
        total += -value if (setting.get("action") or "Set").lower() == "subtract" else value
    return total


def _gather(element: Element, condition: Condition, *, denied: bool) -> None:
    for child in element:
        if child.tag == "not":
            condition.is_plain = False
            _gather(child, condition, denied=not denied)
        elif child.tag in ("and", "or"):
            _gather(child, condition, denied=denied)
        elif child.tag in ("varequal", "varsubstring", "varsubset", "varinside") and not denied:
            condition.wanted.append((child.get("respident") or "", (child.text or "").strip()))
        elif child.tag in ("vargte", "vargt", "varlte", "varlt") and not denied:
            condition.bounds.append((str(child.tag), (child.text or "").strip()))


def texts_wanted(judgement: Judgement, found: Sequence[Condition], name: str) -> list[str]:
    """Texts that are accepted for one blank."""
    earning = [condition for condition in found if condition.earns and condition.wants(name)]
    texts = list(dict.fromkeys(value for condition in earning for value in condition.wants(name)))
    if not texts:
        judgement.refuse("missing_answer", "有一个空没有答案", at="answer", action="请在原来的软件里补上答案后重新导出")
    return texts


def figure_wanted(judgement: Judgement, found: Sequence[Condition]) -> tuple[str, str]:
    """The figure that earns the mark and how far off it may be."""
    earning = [condition for condition in found if condition.earns]
    if len(earning) != 1:
        message = f"计算题有 {len(earning)} 个得分条件，安考只能保存一个答案"
        judgement.refuse("figure_expected" if earning else "missing_answer", message, at="answer", action="请只留一个答案，可写误差")
    condition = earning[0]
    exact = [value for _, value in condition.wanted]
    bounds = dict(condition.bounds)
    if set(bounds) & {"vargt", "varlt"}:
        judgement.refuse("figure_expected", "误差不含端点（大于、小于），安考的误差含端点", at="tolerance", action="请改成含端点的误差")
    if not bounds and len(exact) == 1:
        return exact[0], ""
    ends = between(bounds.get("vargte", ""), bounds.get("varlte", "")) if len(condition.bounds) == 2 else None
    if ends is None or len(exact) > 1:
        judgement.refuse("figure_expected", "得分条件不是一个数或一个范围", at="answer", action="请只留一个答案，可写误差")
    middle = figure(exact[0]) if exact else ends[0]
    if middle is None or Decimal(middle) != Decimal(ends[0]):
        judgement.refuse("figure_expected", "答案不在误差范围的正中，安考的误差两边相同", at="tolerance", action="请改成两边相同的误差")
    return (exact[0] if exact else ends[0]), ends[1]

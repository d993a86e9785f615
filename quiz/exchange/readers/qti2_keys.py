"""Which response of a QTI 2.x or 3.0 item is right: correct response, mapping, or what its processing compares with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from quiz.exchange.domain import Severity
from quiz.exchange.judgement import Judgement
from quiz.exchange.structured import figure
from quiz.exchange.xml_tree import Element, text_of


@dataclass
class Declaration:
    """A response declaration."""

    identifier: str
    cardinality: str = "single"
    base_type: str = "identifier"
    correct: list[str] = field(default_factory=list)
    mapped: dict[str, float] = field(default_factory=dict)
    compared: list[str] = field(default_factory=list)
    """Values that the response processing compares the response with, where nothing is declared."""
    case_sensitive: bool = False

    def key(self, judgement: Judgement, *, several: bool) -> list[str]:
        """Identifiers that are right."""
        worth = {name: value for name, value in self.mapped.items() if value > 0}
        if self.correct:
            return list(dict.fromkeys(self.correct)) if self.cardinality != "ordered" else self.correct
        if worth and not several:
            best = [name for name, value in worth.items() if value == max(worth.values())]
            if len(best) < len(worth):
                judgement.repair("partial_credit_dropped", "只得部分分的选项按错误选项读取", at="answer", severity=Severity.WARNING)
            return best
        found = list(worth) or self.compared
        if not found:
            judgement.refuse("missing_answer", "没有正确答案", at="answer", action="请在原来的软件里补上答案后重新导出")
        return found

    def texts(self, judgement: Judgement) -> list[str]:
        """Texts that are accepted with full marks."""
        full = max(self.mapped.values(), default=0)
        accepted = [name for name, value in self.mapped.items() if value == full and value > 0]
        partial = [name for name, value in self.mapped.items() if 0 < value < full]
        if partial:
            message = f"只得部分分的答案没有保留：{'、'.join(partial)[:80]}"
            judgement.repair("partial_credit_dropped", message, at="answer", severity=Severity.WARNING)
        if self.case_sensitive and self.base_type == "string":
            judgement.note("case_ignored", "原题区分大小写，安考的填空题不区分", at="answer")
        found = list(dict.fromkeys([*self.correct, *accepted])) or self.compared
        if not found:
            judgement.refuse("missing_answer", "没有正确答案", at="answer", action="请在原来的软件里补上答案后重新导出")
        return found


def declarations(item: Element) -> dict[str, Declaration]:
    """The response declarations of an item, by identifier."""
    found: dict[str, Declaration] = {}
    for element in item.iterfind("responseDeclaration"):
        name = element.get("identifier") or ""
        declared = Declaration(name, element.get("cardinality") or "single", element.get("baseType") or "identifier")
        declared.correct = [_value(value) for value in element.iterfind("correctResponse/value")]
        for entry in element.iterfind("mapping/mapEntry"):
            declared.mapped[(entry.get("mapKey") or "").strip()] = _number(entry.get("mappedValue"))
            declared.case_sensitive |= entry.get("caseSensitive", "false") in ("true", "1")
        if not declared.correct and not declared.mapped:
            declared.compared = _compared(item, name)
        found[name] = declared
    return found


def _value(element: Element) -> str:
    return text_of(element).strip()


def _number(text: str | None) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return 0.0


def _compared(item: Element, name: str) -> list[str]:
    """What the first condition of the processing compares the response with: that is what earns the mark."""
    condition = item.find("responseProcessing/responseCondition/responseIf")
    if condition is None:
        return []
    for comparison in condition.iter("match", "equal", "stringMatch"):
        if [each.get("identifier") for each in comparison.iterfind("variable")] == [name]:
            values = [_value(each) for each in comparison.iter("baseValue")]
            if values:
                return values
    return []


def tolerance_of(item: Element, name: str) -> tuple[str, str] | None:
    """How far off the response may be: `absolute` or `relative` (percent) and the figure; None where it is neither."""
    for comparison in item.iter("equal", "equalRounded"):
        if all(each.get("identifier") != name for each in comparison.iter("variable")):
            continue
        if comparison.tag == "equalRounded":
            return None
        mode = comparison.get("toleranceMode") or "exact"
        sides = (comparison.get("tolerance") or "").split()
        if mode == "exact" or not sides:
            return "absolute", "0"
        included = all(comparison.get(each, "true") in ("true", "1") for each in ("includeLowerBound", "includeUpperBound"))
        if not included or not _same(sides) or mode not in ("absolute", "relative"):
            return None
        return mode, sides[0]
    return "absolute", "0"


def _same(sides: Sequence[str]) -> bool:
    figures = [figure(side) for side in sides]
    return None not in figures and len({float(each) for each in figures if each}) == 1

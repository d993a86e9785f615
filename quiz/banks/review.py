"""Review of a bank's items: the faults a reader would find before a candidate does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from quiz.banks.queries import ClauseView, VersionView
from quiz.vocabulary import ItemType

LONGEST_KEY_SHARE = 0.4
"""Of single-choice items, how many may have the key as their one longest option before length gives it away."""
KEY_POSITION_SHARE = (0.12, 0.40)
"""Share of single-choice keys that one position may hold."""
TRUE_FALSE_SHARE = 0.25


@dataclass(frozen=True)
class Finding:
    """One remark about an item, or about the bank (`item` empty)."""

    item: str
    severity: str
    """`error` or `warning`."""
    code: str
    message: str
    action: str

    def as_json(self) -> dict[str, str]:
        return {"item": self.item, "severity": self.severity, "code": self.code, "message": self.message, "action": self.action}


def review(items: Sequence[VersionView], clauses: Sequence[ClauseView]) -> list[Finding]:
    """All findings about the published items of one bank, given the clauses of its edition."""
    findings = [finding for item in items for finding in _of_item(item)]
    return findings + _of_bank(items, clauses)


def _of_item(item: VersionView) -> list[Finding]:
    found: list[Finding] = []

    def add(severity: str, code: str, message: str, action: str) -> None:
        found.append(Finding(item.item_code, severity, code, message, action))

    options = dict(item.options)
    if not item.clauses:
        add("error", "no_clause", "没有标注依据条款。", "补上题目所依据的条款。")
    for clause in item.clauses:
        if not clause.assessable:
            add(
                "error",
                "clause_not_assessable",
                f"所依据的{clause.ref}不得出题（未核实或属于背景信息）。",
                "改引可出题的条款，或停用本题。",
            )
    if not item.explanation.strip():
        add("error", "no_explanation", "没有解析。", "用平实的话说明为什么选这个答案。")
    if item.type is not ItemType.TRUE_FALSE:
        missing = sorted(set(options) - item.key - set(item.rationales))
        if missing:
            add("warning", "no_rationale", f"选项 {'、'.join(missing)} 没有说明为什么不对。", "补写错项说明。")
    for key, text in options.items():
        if re.search(r"以上(都|均|全)(对|是|正确|不对|不是)", text):
            add("warning", "all_of_the_above", f"选项 {key} 是“以上都对/都不对”一类。", "换成一个具体的选项。")
    if _asks_negatively(item.stem) and "【" not in item.stem:
        add("warning", "negative_stem", "题干是否定问法，没有醒目标记。", "改成正面问法，或把否定词写成【不】。")
    return found


def _asks_negatively(stem: str) -> bool:
    """Whether the question itself, not the situation it tells, is put in the negative."""
    question = re.split(r"[。；]", stem.strip().rstrip("。"))[-1]
    return bool(re.search(r"(下列|哪|何)[^，]{0,12}(不属于|不正确|不符合|不包括|不构成|不应|错误的)", question))


def _of_bank(items: Sequence[VersionView], clauses: Sequence[ClauseView]) -> list[Finding]:
    found: list[Finding] = []
    covered = {clause.id for item in items for clause in item.clauses}
    for clause in clauses:
        if clause.assessable and clause.id not in covered:
            found.append(Finding("", "warning", "clause_uncovered", f"{clause.ref}（{clause.heading}）还没有题。", "为该条款补题。"))
    stems = Counter(item.stem for item in items)
    for item in items:
        if stems[item.stem] > 1:
            found.append(Finding(item.item_code, "error", "same_stem", "题干与本题库另一题完全相同。", "合并或改写其中一题。"))
    singles = [item for item in items if item.type is ItemType.SINGLE]
    if len(singles) >= 20:
        found += _balance(singles)
    share = sum(item.type is ItemType.TRUE_FALSE for item in items) / len(items) if items else 0
    if share > TRUE_FALSE_SHARE:
        found.append(Finding("", "warning", "true_false_share", f"判断题占 {share:.0%}，偏多。", "用单选或情景题替换一部分判断题。"))
    return found


def _balance(singles: Sequence[VersionView]) -> list[Finding]:
    found: list[Finding] = []
    positions = Counter([key for key, _ in item.options].index(next(iter(item.key))) for item in singles)
    for position in range(4):
        share = positions[position] / len(singles)
        if not KEY_POSITION_SHARE[0] <= share <= KEY_POSITION_SHARE[1]:
            letter = chr(ord("A") + position)
            found.append(Finding("", "warning", "key_position", f"单选题答案为 {letter} 的占 {share:.0%}，分布不均。", "调整选项次序。"))
    longest = sum(_key_is_longest(item) for item in singles) / len(singles)
    if longest > LONGEST_KEY_SHARE:
        found.append(Finding("", "warning", "key_longest", f"{longest:.0%} 的单选题正确项最长，容易被猜中。", "缩短正确项或补足错项。"))
    return found


def _key_is_longest(item: VersionView) -> bool:
    key = next(iter(item.key))
    texts = dict(item.options)
    return len(texts[key]) > max(len(text) for option, text in texts.items() if option != key)

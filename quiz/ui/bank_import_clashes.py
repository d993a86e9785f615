"""Questions of a file that the bank, or the file itself, already has in another form: side by side, a decision each, or one for all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import streamlit as st

from quiz.exchange.domain import ReadRow
from quiz.exchange.plan import Clash, Decision, ImportPlan, Pair
from quiz.ui import bank_import_rows, components, item_card, version_diff
from quiz.ui.markup import draw, markup
from quiz.ui.state import Slot
from quiz.vocabulary import Labelled

SHOWN = 5
"""Pairs on one page: each is two whole questions."""


class Choice(Labelled):
    """What is to become of two questions that clash."""

    BOTH = "both", "两题都保留"
    OLD = "old", "不导入新题"
    NEW = "new", "用新题替换"


_IN_FILE = {Choice.BOTH: "两题都保留", Choice.OLD: "只要前一题", Choice.NEW: "只要后一题"}
_TITLES = {
    Clash.CONFLICT: ("题干相同，答案或选项不同", "同一道题有两种答案，必须先决定，才能导入。"),
    Clash.NEAR: ("内容相近", "没有另作决定的，两题都保留。"),
}

PairKey = tuple[int, int, int]
CHOICES = Slot[dict[PairKey, Choice]]("bank_import_choices", dict)
_ROUND = Slot[int]("bank_import_choices_round", lambda: 1)
"""A bulk decision draws the single ones anew: another number, other widgets."""


def key_of(pair: Pair) -> PairKey:
    """The same for the same two questions when the file is planned again."""
    return pair.row, pair.known.version_id if pair.known else 0, -1 if pair.other_row is None else pair.other_row


def decisions(pairs: Sequence[Pair], choices: Mapping[PairKey, Choice]) -> dict[int, Decision]:
    """Choices as the plan takes them, by row. What one choice leaves out, no other brings back.

    Of several rows of a file that contradict the same earlier one, “only the later” means the last.
    """
    found: dict[int, Decision] = {}
    left_out: set[int] = set()
    later: dict[int, int] = {}
    for pair in pairs:
        match choices.get(key_of(pair)):
            case Choice.BOTH:
                found[pair.row] = Decision.KEEP
            case Choice.OLD:
                left_out.add(pair.row)
            case Choice.NEW if pair.known:
                found[pair.row] = Decision.REPLACE
            case Choice.NEW if pair.other_row is not None:
                left_out.add(pair.other_row)
                if pair.clash is Clash.CONFLICT:
                    left_out |= {later[pair.other_row]} if pair.other_row in later else set()
                    later[pair.other_row] = pair.row
    return found | dict.fromkeys(left_out, Decision.SKIP)


def open_conflicts(pairs: Sequence[Pair], choices: Mapping[PairKey, Choice]) -> int:
    """Conflicts nobody has decided yet."""
    return sum(pair.clash is Clash.CONFLICT and key_of(pair) not in choices for pair in pairs)


def replaced_twice(plan: ImportPlan) -> list[str]:
    """Codes of items that two rows would replace: only one can."""
    known = [pair.known for pair in plan.pairs if pair.known and plan.decisions.get(pair.row) is Decision.REPLACE]
    return sorted(code for code, number in Counter(item.code for item in known).items() if number > 1)


def show(plan: ImportPlan) -> None:
    """Conflicts first, then what is alike; what is entirely the same is only counted."""
    same = sum(pair.clash is Clash.SAME for pair in plan.pairs)
    if same:
        components.hint(f"有 {same} 题与题库里的题完全相同，不再重复导入，计入“跳过”。")
    for clash, (title, advice) in _TITLES.items():
        pairs = [pair for pair in plan.pairs if pair.clash is clash]
        if pairs:
            _kind(clash, pairs, plan.reading.rows, title=title, advice=advice)


def _kind(clash: Clash, pairs: Sequence[Pair], rows: Sequence[ReadRow], *, title: str, advice: str) -> None:
    item_card.apply_look()
    choices = CHOICES.get()
    decided = sum(key_of(pair) in choices for pair in pairs)
    components.section(f"{title}（{len(pairs)} 处，已决定 {decided} 处）", advice)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("全部按同一办法：", width="content")
        for choice in Choice:
            if st.button(choice.label, key=f"clash_all_{clash.value}_{choice.value}"):
                CHOICES.set(choices | {key_of(pair): choice for pair in pairs})
                _ROUND.set(_ROUND.get() + 1)
                st.rerun()
    if any(pair.known is None for pair in pairs):
        components.hint("文件里自己与自己重复的：“不导入新题”只要前一题，“用新题替换”只要后一题。")
    start = components.pager(len(pairs), key=f"clash_page_{clash.value}", size=SHOWN)
    for pair in pairs[start : start + SHOWN]:
        _pair(pair, rows)


def _pair(pair: Pair, rows: Sequence[ReadRow]) -> None:
    new = rows[pair.row].draft
    old = pair.known.draft if pair.known else rows[pair.other_row or 0].draft
    if new is None or old is None:
        return
    with st.container(border=True):
        if pair.known:
            names = (f"题库中的 {pair.known.code}", f"新题：{rows[pair.row].place}")
        else:
            names = (f"前一题：{rows[pair.other_row or 0].place}", f"后一题：{rows[pair.row].place}")
        alike = components.badge(f"相似 {pair.likeness:.0f}%", "warn") if pair.clash is Clash.NEAR else components.badge("答案冲突", "bad")
        draw(markup("<p><b>{}</b>　与　<b>{}</b>　{}</p>", *names, alike))
        version_diff.show(bank_import_rows.as_view(old), bank_import_rows.as_view(new), names=names)
        _ask(pair)


def _ask(pair: Pair) -> None:
    choices = CHOICES.get()
    known = choices.get(key_of(pair), Choice.BOTH if pair.clash is Clash.NEAR else None)
    options = list(Choice)
    chosen = st.radio(
        "怎样处理", options, index=options.index(known) if known else None, horizontal=True,
        format_func=lambda choice: choice.label if pair.known else _IN_FILE[choice],
        key=f"clash_{_ROUND.get()}_{'_'.join(str(part) for part in key_of(pair))}",
    )  # fmt: skip
    if chosen is not None and chosen is not known:
        CHOICES.set(choices | {key_of(pair): chosen})
        st.rerun()

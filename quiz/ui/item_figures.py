"""What candidates made of the items of a bank: a filter, and a hint at those that tell nobody apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from quiz.attempts.item_statistics import NOBODY, ItemStatistic
from quiz.banks.queries import VersionView
from quiz.papers.prediction import ENOUGH_ANSWERS
from quiz.ui import components
from quiz.vocabulary import Labelled

_CODES_SHOWN = 6


class Figure(Labelled):
    """How candidates answered, as something to filter by."""

    ANY = "any", "不限"
    BELOW = "below", "答对率低于…"
    ABOVE = "above", "答对率高于…"
    NOBODY = "nobody", "无人答对"
    EVERYBODY = "everybody", "人人答对"
    UNASKED = "unasked", "还没有考过"


def choose(statistics: Mapping[int, ItemStatistic]) -> Callable[[VersionView], bool]:
    """Draw the filter and answer with what it asks of an item."""
    figure = (
        st.selectbox("答题统计", list(Figure), format_func=lambda f: f.label, key="item_figure", width=180, persist_state="page")
        or Figure.ANY
    )
    limit = 0.0
    if figure in (Figure.BELOW, Figure.ABOVE):
        limit = (
            st.number_input(
                "百分之", 0, 100, 60 if figure is Figure.BELOW else 90, 5, key=f"item_{figure}", width=120, persist_state="page"
            )
            / 100
        )
    return lambda item: _fits(statistics.get(item.item_id, NOBODY), figure, limit)


def _fits(statistic: ItemStatistic, figure: Figure, limit: float) -> bool:
    if figure is Figure.ANY:
        return True
    if statistic.share is None:
        return figure is Figure.UNASKED
    match figure:
        case Figure.BELOW:
            return statistic.share < limit
        case Figure.ABOVE:
            return statistic.share > limit
        case Figure.NOBODY:
            return statistic.right == 0
        case Figure.EVERYBODY:
            return statistic.right == statistic.asked
    return False


def percent(statistic: ItemStatistic | None) -> float | None:
    """The share right in per cent, as a cell."""
    return None if statistic is None or statistic.share is None else round(100 * statistic.share, 1)


def hints(items: Sequence[VersionView], statistics: Mapping[int, ItemStatistic]) -> None:
    """Items asked often enough that nobody or everybody got right: perhaps a wrong key, or nothing to learn from."""
    asked = [(item.item_code, found) for item in items if (found := statistics.get(item.item_id)) and found.asked >= ENOUGH_ANSWERS]
    nobody = [code for code, found in asked if found.right == 0]
    everybody = [code for code, found in asked if found.right == found.asked]
    if nobody:
        components.note(f"{_some(nobody)}：考过至少 {ENOUGH_ANSWERS} 人次，无人答对。请核对答案和题意。", tone="warn", title="无人答对")
    if everybody:
        components.note(f"{_some(everybody)}：考过至少 {ENOUGH_ANSWERS} 人次，人人答对。题目可能过易，或题干给出了答案。", title="人人答对")


def _some(codes: Sequence[str]) -> str:
    return "、".join(codes[:_CODES_SHOWN]) + (f" 等 {len(codes)} 道" if len(codes) > _CODES_SHOWN else "")

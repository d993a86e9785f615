"""The sections of a paper being written: so many items of which banks, clause groups, types, for how many points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from quiz.banks.queries import BankView
from quiz.papers.domain import Section
from quiz.ui import components
from quiz.ui.state import Slot
from quiz.vocabulary import ItemKind, ItemType

Groups = dict[str, tuple[str, ...]]
"""Clause groups by bank."""


@dataclass(frozen=True)
class Rows:
    """Which section rows the form shows, by a number that never changes; and what each began with."""

    numbers: tuple[int, ...]
    first: dict[int, Section]


def slot(form: str, sections: Sequence[Section]) -> Slot[Rows]:
    """The rows of this form, at first the sections of the stored paper, or one empty row."""

    def begin() -> Rows:
        numbers = tuple(range(1, len(sections) + 1)) or (1,)
        return Rows(numbers, dict(zip(numbers, sections, strict=False)))

    return Slot(f"{form}_rows", begin)


def edit(form: str, rows: Slot[Rows], banks: Sequence[BankView], groups: Groups) -> list[Section | None]:
    """Draw the rows and answer with the sections; None for a row without a bank."""
    known = rows.get()
    written = []
    for place, number in enumerate(known.numbers, start=1):
        with st.container(border=True):
            written.append(_row(f"{form}_{number}", place, known.first.get(number), banks, groups))
            if len(known.numbers) > 1 and st.button(
                "删除这一部分", key=f"{form}_{number}_remove", icon=":material/delete:", type="tertiary"
            ):
                rows.set(Rows(tuple(n for n in known.numbers if n != number), known.first))
                st.rerun()
    if st.button("再加一部分", key=f"{form}_add", icon=":material/add:"):
        rows.set(Rows((*known.numbers, max(known.numbers) + 1), known.first))
        st.rerun()
    return written


def _row(key: str, place: int, first: Section | None, banks: Sequence[BankView], groups: Groups) -> Section | None:
    components.heading(f"第 {place} 部分")
    titles = {bank.code: f"{bank.title}（{bank.items} 题）" for bank in banks}
    known = [code for code in first.banks if code in titles] if first else []
    chosen = st.multiselect(
        "从哪些题库抽题",
        list(titles),
        default=known,
        format_func=lambda code: titles[code],
        key=f"{key}_banks",
        placeholder="请选择题库",
        select_all=False,
    )
    with st.container(horizontal=True):
        wanted = _groups(f"{key}_groups", first, chosen, groups)
        types = st.multiselect(
            "题型",
            list(ItemType),
            default=first.types if first else (),
            format_func=lambda t: t.label,
            key=f"{key}_types",
            placeholder="不限",
            select_all=False,
            width=230,
        )
        kinds = st.multiselect(
            "类别",
            list(ItemKind),
            default=first.kinds if first else (),
            format_func=lambda k: k.label,
            key=f"{key}_kinds",
            placeholder="不限",
            select_all=False,
            width=230,
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        count = st.number_input(
            "抽几道题", min_value=1, max_value=200, value=first.count if first else 10, step=1, key=f"{key}_count", width=160
        )
        points = st.number_input(
            "每题几分",
            min_value=0.5,
            max_value=100.0,
            value=first.points if first else 5.0,
            step=0.5,
            format="%g",
            key=f"{key}_points",
            width=160,
        )
        must = st.checkbox(
            "必须答对",
            value=bool(first and first.must_be_right),
            key=f"{key}_must",
            help="这一部分的题答错任何一道，不论总分多少都不合格。",
        )
    if not chosen:
        return None
    return Section(
        count=int(count),
        points=float(points),
        banks=tuple(chosen),
        groups=tuple(wanted),
        types=tuple(types),
        kinds=tuple(kinds),
        items=first.items if first else (),
        must_be_right=must,
    )


def _groups(key: str, first: Section | None, chosen: Sequence[str], groups: Groups) -> list[str]:
    """Groups of the chosen banks; what was picked before stays on offer, so that changing a bank loses nothing silently."""
    picked = st.session_state.get(key, list(first.groups) if first else [])
    offered = sorted({group for code in chosen for group in groups.get(code, ())} | set(picked))
    return st.multiselect(
        "条款分组",
        offered,
        default=first.groups if first else (),
        key=key,
        placeholder="不限" if chosen else "先选题库",
        select_all=False,
        width=300,
    )


def tell(place: int, section: Section, fitting: int) -> tuple[object, ...]:
    """One line of the check: what is asked, what there is."""
    enough = fitting >= section.count
    verdict = components.badge("够用", "ok") if enough else components.badge(f"缺 {section.count - fitting} 道", "bad")
    return str(place), f"{section.count} 道", f"{fitting} 道", f"{section.count * section.points:g} 分", verdict

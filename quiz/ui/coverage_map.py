"""The districts as tiles laid out like the city: coloured by rate, each with its figures, each opening its towns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st
from markupsafe import Markup

from quiz.coverage.domain import NOTHING, Counts, show_rate
from quiz.coverage.queries import Group
from quiz.organisations.reference import Reference
from quiz.ui.markup import draw, join, markup

_CSS = Path(__file__).with_suffix(".css")
AREAS = {
    "371071": "gao", "371002": "huancui", "371072": "jing", "371073": "lingang", "371082": "rongcheng", "371083": "rushan",
    "371003": "wendeng", "WH-NH": "nanhai",
}  # fmt: skip
"""Where each district lies in the grid of the style sheet; one that is not named here comes after the others."""
STEPS = (0.4, 0.6, 0.8, 0.95)
_SCALE = ("低于 40%", "40%—60%", "60%—80%", "80%—95%", "95% 以上")


def step_of(counts: Counts) -> int | None:
    """Which of the five colours; None when nobody is due."""
    rate = counts.rate
    return None if rate is None else sum(rate >= bound for bound in STEPS)


def city(groups: Sequence[Group], reference: Reference, codes: Sequence[str], *, href: Callable[[str], str], chosen: str | None) -> None:
    """A tile for each district somebody may see."""
    st.html(f"<style>{_CSS.read_text(encoding='utf-8')}</style>")
    counts = {group.key: group.counts for group in groups}
    names = {row.code: row.short_name for row in reference.districts()}
    tiles = join(_tile(code, names.get(code, code), counts.get(code, NOTHING), href(code), code == chosen) for code in codes)
    scale = join(markup('<span><i class="ankao-step{}"></i>{}</span>', step, label) for step, label in enumerate(_SCALE))
    draw(markup('<div class="ankao-city">{}</div><p class="ankao-scale">{}</p>', tiles, scale))


def _tile(code: str, name: str, counts: Counts, href: str, is_chosen: bool) -> Markup:
    step = step_of(counts)
    look = "ankao-nothing" if step is None else f"ankao-step{step}"
    area = AREAS.get(code, "auto")
    inner = markup("<span>{}</span><b>{}</b><small>{}</small>", name, show_rate(counts), f"{counts.completed}/{counts.due}")
    return markup(
        '<a class="ankao-tile {}{}" style="grid-area:{}" href="{}" target="_self">{}</a>',
        look, " ankao-here" if is_chosen else "", area, href, inner,
    )  # fmt: skip

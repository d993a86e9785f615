"""Two versions of an item side by side, changed words marked; on a phone one under the other."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from markupsafe import Markup

from quiz import clock
from quiz.banks.history import Dated
from quiz.banks.queries import VersionView
from quiz.banks.version_diff import FieldDifference, Segments, compare
from quiz.ui import components
from quiz.ui.markup import draw, join, markup


def show(old: VersionView, new: VersionView, *, names: tuple[str, str]) -> None:
    """Every field once; where the two differ, both. `names` say what stands left and right."""
    fields = compare(old, new)
    head = markup("<header><span></span><span>{}</span><span>{}</span></header>", *names)
    draw(markup('<div class="ankao-diff">{}{}</div>', head, join(_row(field, names) for field in fields)))
    if not any(field.changed for field in fields):
        components.hint("两个版本的内容相同。")


def choose(versions: Sequence[Dated], *, key: str) -> None:
    """Two versions to choose among two or more, at first the newest and the one before it. `versions` come newest first."""
    named = {dated.view.id: f"第 {dated.view.number} 版 · {clock.show(dated.created_at)}" for dated in versions}
    ids = list(named)
    with st.container(horizontal=True):
        before = st.selectbox("原版本", ids, index=1, format_func=named.__getitem__, key=f"{key}_before", width=300)
        after = st.selectbox("新版本", ids, index=0, format_func=named.__getitem__, key=f"{key}_after", width=300)
    views = {dated.view.id: dated.view for dated in versions}
    old, new = views[before or ids[1]], views[after or ids[0]]
    show(old, new, names=(f"第 {old.number} 版", f"第 {new.number} 版"))


def _row(field: FieldDifference, names: tuple[str, str]) -> Markup:
    if not field.changed:
        cell = _text(field.after, "b", field.separator)
        return markup('<section class="ankao-same"><b>{}</b><div>{}</div></section>', field.label, cell)
    return markup(
        '<section class="ankao-differs"><b>{}</b><div data-label="{}">{}</div><div data-label="{}">{}</div></section>',
        field.label,
        names[0],
        _text(field.before, "del", field.separator),
        names[1],
        _text(field.after, "ins", field.separator),
    )


def _text(segments: Segments, mark: str, separator: str) -> Markup:
    if not segments:
        return Markup("<i>（无）</i>")
    tag = Markup(mark)
    parts = [markup("<{0}>{1}</{0}>", tag, part.text) if part.changed else markup("{}", part.text) for part in segments]
    return Markup("<br>" if separator == "\n" else separator).join(parts)

"""An item on screen: as its candidate sees it, and with key, reasons, clauses and history for those who look after the bank."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from markupsafe import Markup

from quiz import clock
from quiz.banks.history import Dated
from quiz.banks.queries import VersionView
from quiz.ui import components
from quiz.ui.markup import draw, join, markup
from quiz.vocabulary import Difficulty, ItemState


def as_candidate(view: VersionView, *, number: int, options: Sequence[str], points: float, must_be_right: bool = False) -> None:
    """A position of a form: stem and options in the order drawn, and nothing that gives the answer away."""
    must = components.badge("必须答对", "bad") if must_be_right else Markup("")
    head = markup("<p>{}. {} · {} 分 {}</p>", number, view.type.label, f"{points:g}", must)
    texts = dict(view.options)
    lines = join(markup("<li><b>{}</b><span>{}</span></li>", _letter(n), texts[key]) for n, key in enumerate(options))
    draw(markup('<div class="ankao-item">{}<p class="ankao-stem">{}</p><ol>{}</ol></div>', head, view.stem, lines))


def _letter(position: int) -> str:
    return chr(ord("A") + position)


def with_key(view: VersionView) -> None:
    """Stem, options with the key marked and the reasons, explanation, clauses."""
    lines = join(
        markup(
            '<li class="{}"><b>{}{}</b><span>{}{}</span></li>',
            "ankao-key" if key in view.key else "",
            key,
            " ✓" if key in view.key else "",
            text,
            markup("<small>{}</small>", view.rationales[key]) if view.rationales.get(key) else Markup(""),
        )
        for key, text in view.options
    )
    draw(markup('<div class="ankao-item"><p class="ankao-stem">{}</p><ol>{}</ol></div>', view.stem, lines))
    if view.explanation:
        components.note(view.explanation, title="解析")
    for clause in view.clauses:
        draw(
            markup(
                '<div class="ankao-clause"><b>{} {}</b>　{}<p>{}</p></div>', clause.edition_title, clause.ref, clause.heading, clause.text
            )
        )


def attributes(view: VersionView) -> None:
    """What the item is, in a grid."""
    withdrawn = view.state == ItemState.WITHDRAWN
    components.facts(
        [
            ("编号", view.item_code),
            ("题型", view.type.label),
            ("类别", view.kind.label),
            ("难度（编者估计）", Difficulty(view.difficulty).label),  # type: ignore[call-arg]
            ("主题", view.topic or "—"),
            ("状态", components.badge(ItemState(view.state).label, "bad" if withdrawn else "ok")),  # type: ignore[call-arg]
        ]
    )


def history(versions: Sequence[Dated]) -> None:
    """All versions, newest first; older ones stay for the attempts that used them."""
    for dated in versions:
        name = f"第 {dated.view.number} 版 · {clock.show(dated.created_at)}" + ("（当前）" if dated.is_current else "")
        with st.expander(name, expanded=False):
            with_key(dated.view)

"""An item on screen: as its candidate sees it, and with key, reasons, clauses and history for those who look after the bank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st
from markupsafe import Markup

from quiz import clock
from quiz.banks.history import Dated
from quiz.banks.queries import VersionView
from quiz.banks.review_queue import Waiting
from quiz.banks.workflow import StepView
from quiz.ui import components, typed_item
from quiz.ui.markup import draw, join, markup
from quiz.vocabulary import Difficulty, ItemState, ItemStepAction, PostRole

_CSS = Path(__file__).with_name("item_way.css")
_TONES: dict[ItemState, components.Tone] = {
    ItemState.DRAFT: "info",
    ItemState.REVIEWED: "info",
    ItemState.PUBLISHED: "ok",
    ItemState.WITHDRAWN: "bad",
}
_STEP_TONES: dict[ItemStepAction, components.Tone] = {
    ItemStepAction.REVIEWED: "ok",
    ItemStepAction.PUBLISHED: "ok",
    ItemStepAction.RESTORED: "ok",
    ItemStepAction.SENT_BACK: "warn",
    ItemStepAction.DISCARDED: "bad",
    ItemStepAction.WITHDRAWN: "bad",
}


def apply_look() -> None:
    """The style sheet of the screens on which an item is written and reviewed."""
    st.html(f"<style>{_CSS.read_text(encoding='utf-8')}</style>")


def as_candidate(
    view: VersionView, *, number: int, options: Sequence[str], points: float | None = None, must_be_right: bool = False
) -> None:
    """A position of a form: stem and options in the order drawn, and nothing that gives the answer away."""
    must = components.badge("必须答对", "bad") if must_be_right else Markup("")
    worth = f" · {points:g} 分" if points is not None else ""
    head = markup("<p>{}. {}{} {}</p>", number, view.type.label, worth, must)
    if not view.type.is_choice:
        draw(markup('<div class="ankao-item">{}{}{}</div>', head, typed_item.as_candidate(view, options), pictures(view, explained=False)))
        return
    texts = dict(view.options)
    lines = join(markup("<li><b>{}</b><span>{}</span></li>", _letter(n), texts[key]) for n, key in enumerate(options))
    stem = markup('<p class="ankao-stem">{}</p>{}', view.stem, pictures(view, explained=False))
    draw(markup('<div class="ankao-item">{}{}<ol>{}</ol></div>', head, stem, lines))


def pictures(view: VersionView, *, explained: bool = True) -> Markup:
    """The item's pictures, each with the place it belongs to; those of the explanation only for whoever may read it."""
    names = {"stem": "题干附图", "explanation": "解析附图"}
    return join(
        markup(
            '<figure><figcaption>{}</figcaption><img src="/pictures/{}" alt="{}"></figure>',
            f"{name}：{ref.description}" if ref.description else name,
            ref.digest,
            ref.description or name,
        )
        for ref in view.pictures
        if explained or ref.where != "explanation"
        for name in (names.get(ref.where, f"选项 {ref.where} 附图"),)
    )


def _letter(position: int) -> str:
    return chr(ord("A") + position)


def with_key(view: VersionView) -> None:
    """Stem, options with the key marked and the reasons, explanation, clauses."""
    lines = join(
        markup(
            '<li class="{}"><b>{}{}</b><span>{}{}</span></li>',
            "ankao-key" if right else "",
            key,
            " ✓" if right else "",
            text,
            markup("<small>{}</small>", view.rationales[key]) if view.rationales.get(key) else Markup(""),
        )
        for key, text in view.options
        for right in (key in view.key,)
    )
    choice = markup('<p class="ankao-stem">{}</p><ol>{}</ol>', view.stem, lines)
    draw(markup('<div class="ankao-item">{}{}</div>', choice if view.type.is_choice else typed_item.with_key(view), pictures(view)))
    if view.explanation:
        components.note(view.explanation, title="解析")
    for clause in view.clauses:
        draw(
            markup(
                '<div class="ankao-clause"><b>{} {}</b>　{}<p>{}</p></div>', clause.edition_title, clause.ref, clause.heading, clause.text
            )
        )


def state_badges(view: VersionView, waiting: Waiting | None) -> Markup:
    """Where the item stands, and where the version stands that is on its way."""
    state = ItemState(view.state)  # type: ignore[call-arg]
    badges = [components.badge(state.label, _TONES[state])]
    if waiting is not None:
        badges.append(components.badge(waiting.label, "bad" if waiting.is_sent_back else "warn"))
    return Markup(" ").join(badges)


def attributes(view: VersionView, *, sectors: Mapping[str, str] | None = None) -> None:
    """What the item is, in a grid; `sectors` are the names of sectors by code."""
    names = sectors or {}
    components.facts(
        [
            ("题型", view.type.label),
            ("类别", view.kind.label),
            ("难度（编者估计）", Difficulty(view.difficulty).label),  # type: ignore[call-arg]
            ("主题", view.topic or "—"),
            ("适用岗位", "、".join(PostRole(role).label for role in view.roles) or "不限"),  # type: ignore[call-arg]
            ("适用行业领域", "、".join(names.get(code, code) for code in view.sectors) if view.sectors else "与题库相同"),
        ]
    )


def timeline(steps: Sequence[StepView]) -> None:
    """Its steps, newest first: what, by whom, when, why."""
    lines = join(
        markup(
            '<li class="ankao-{}"><b>{}</b><small>第 {} 版 · {} · {}</small>{}</li>',
            _STEP_TONES.get(step.action, ""),
            step.action.label,
            step.version,
            step.account or "—",
            clock.show(step.at),
            markup("<p>{}</p>", step.note) if step.note else Markup(""),
        )
        for step in steps
    )
    draw(markup('<ol class="ankao-way">{}</ol>', lines))


def history(versions: Sequence[Dated], *, pending: int | None = None) -> None:
    """All versions, newest first; older ones stay for the attempts that used them. `pending` is the id of the one on its way."""
    for dated in versions:
        mark = "（待处理）" if dated.view.id == pending else "（当前）" if dated.is_current else ""
        with st.expander(f"第 {dated.view.number} 版 · {clock.show(dated.created_at)}{mark}", expanded=False):
            with_key(dated.view)

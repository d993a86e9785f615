"""What an edition changed against the one before: counts, and old and new text side by side with the changed words marked."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st
from markupsafe import Markup

from quiz import clock
from quiz.banks import editions
from quiz.banks.catalogue import EditionRow
from quiz.banks.law_change import ClausePair, ClauseText, Difference
from quiz.banks.version_diff import Segments, texts
from quiz.settings import settings
from quiz.ui import components, item_card, store
from quiz.ui.components import Kpi, Tone
from quiz.ui.markup import draw, join, markup
from quiz.vocabulary import ClauseChange

_AT_ONCE = 30
_DIFFERS = "differs"
_TONES: dict[ClauseChange, Tone] = {
    ClauseChange.CHANGED: "warn",
    ClauseChange.NEW: "info",
    ClauseChange.GONE: "bad",
    ClauseChange.KEPT: "ok",
}
_ORDER = (ClauseChange.CHANGED, ClauseChange.NEW, ClauseChange.GONE, ClauseChange.KEPT)


def show(edition: EditionRow) -> None:
    """The difference of an edition that is held."""
    with store.reading() as session:
        found = editions.difference(session, new_code=edition.code)
    if found is None:
        components.empty_state("没有可以对照的上一版", "这一版没有替代已收录的版本。")
        return
    components.section("与上一版对照", f"上一版：{edition.supersedes_title}。内容只差标点、空格、条号的算未变。")
    figures(found)
    listing(found, key=edition.code)
    components.download_xlsx(
        "下载对照表",
        frame(found),
        subject=f"{edition.title}新旧对照表",
        unit=settings().organiser,
        now=clock.now(),
        key="difference_xlsx",
        notes=(f"新版：{edition.title}", f"上一版：{edition.supersedes_title}"),
    )


def counts(found: Difference) -> tuple[tuple[str, int], ...]:
    """Label and number of the clauses of each kind."""
    return tuple((change.label, len(found.of(change))) for change in ClauseChange)


def figures(found: Difference) -> None:
    """How many clauses of each kind, and what that means for the items."""
    words = {
        ClauseChange.KEPT: "题目改引新版",
        ClauseChange.CHANGED: "题目停用待改",
        ClauseChange.NEW: "需要补题",
        ClauseChange.GONE: "题目停用",
    }
    components.kpi_row([Kpi(change.label, f"{len(found.of(change))} 条", words[change], tone=_TONES[change]) for change in ClauseChange])


def listing(found: Difference, *, key: str) -> None:
    """The pairs with a filter; on a phone the new text stands below the old."""
    item_card.apply_look()
    numbers = {change.value: len(found.of(change)) for change in _ORDER}
    labels = {_DIFFERS: f"有变化 {len(found.pairs) - numbers[ClauseChange.KEPT.value]}"}
    labels |= {change.value: f"{change.label} {numbers[change.value]}" for change in _ORDER}
    chosen = st.pills("只看", list(labels), format_func=labels.__getitem__, default=_DIFFERS, key=f"changes_{key}") or ""
    pairs = [
        pair for pair in found.pairs if not chosen or pair.change == chosen or (chosen == _DIFFERS and pair.change is not ClauseChange.KEPT)
    ]
    if not pairs:
        components.empty_state("没有这一类条款", "选择其他类别查看。")
        return
    first = components.pager(len(pairs), key=f"changes_page_{key}", size=_AT_ONCE)
    head = markup("<header><span>变化</span><span>上一版</span><span>新版</span></header>")
    draw(markup('<div class="ankao-diff">{}{}</div>', head, join(_row(pair) for pair in pairs[first : first + _AT_ONCE])))


def _row(pair: ClausePair) -> Markup:
    label = components.badge(pair.change.label, _TONES[pair.change])
    if pair.change is ClauseChange.KEPT and pair.new is not None and pair.old is not None:
        moved = markup("<small>（上一版 {}）</small>", pair.old.ref) if pair.old.ref != pair.new.ref else Markup("")
        return markup('<section class="ankao-same"><b>{}</b><div>{}{}<br>{}</div></section>', label, _name(pair.new), moved, pair.new.text)
    compared = texts("", pair.old.text if pair.old else "", pair.new.text if pair.new else "")
    whole = pair.old is None or pair.new is None
    return markup(
        '<section class="ankao-differs"><b>{}</b><div data-label="上一版">{}</div><div data-label="新版">{}</div></section>',
        label,
        _side(pair.old, compared.before, "del", marked=not whole),
        _side(pair.new, compared.after, "ins", marked=not whole),
    )


def _side(clause: ClauseText | None, segments: Segments, tag: str, *, marked: bool) -> Markup:
    if clause is None:
        return Markup("<i>（无）</i>")
    name = Markup(tag)
    parts = (markup("<{0}>{1}</{0}>", name, part.text) if part.changed and marked else markup("{}", part.text) for part in segments)
    return markup("{}<br>{}", _name(clause), join(parts))


def _name(clause: ClauseText) -> Markup:
    return markup("<strong>{} {}</strong>", clause.ref, clause.heading)


def frame(found: Difference) -> pd.DataFrame:
    """The whole difference as a table, Chinese headings."""
    return pd.DataFrame([_line(pair) for pair in found.pairs])


def _line(pair: ClausePair) -> dict[str, str]:
    old, new = _cells(pair.old), _cells(pair.new)
    names: Sequence[str] = ("条款", "要点", "内容")
    return (
        {"变化": pair.change.label}
        | {f"上一版{name}": value for name, value in zip(names, old, strict=True)}
        | {f"新版{name}": value for name, value in zip(names, new, strict=True)}
    )


def _cells(clause: ClauseText | None) -> tuple[str, str, str]:
    return (clause.ref, clause.heading, clause.text) if clause else ("", "", "")

"""The parts every screen is made of. They draw; what they show is decided by the rooms.

Reading a screen: `page_header`, `kpi_row`, `facts`, `table` (short, wraps, becomes cards on a phone), `data_table` (long, scrolls, sorts),
`empty_state`, `note`, `badge`. Doing: `link`, `go`, `confirm_button`, `download_xlsx`, `pager`, `said`.
Every text that comes from people is escaped here; pages never write HTML.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import pandas as pd
import streamlit as st
from markupsafe import Markup
from streamlit.delta_generator import DeltaGenerator

from quiz.coverage.domain import show_share
from quiz.ui import state
from quiz.ui.files import XLSX, file_name, xlsx_bytes
from quiz.ui.markup import draw, join, markup, plain

Tone = Literal["", "ok", "warn", "bad", "info"]

_ROWS_SHOWN_WHOLE, _TALL = 15, 560
_ROWS_ON_A_PHONE = 100
_LONG_FACT = 16

rate_text = show_share
"""`rate_text(part, whole)`: one decimal; “—” without a denominator; 99.9%↑ when it only rounds to everything."""


@dataclass(frozen=True)
class Kpi:
    """One figure with its name; `note` says what it is made of, `href` opens what is behind it."""

    label: str
    value: str
    note: str = ""
    tone: Tone = ""
    href: str = ""


def page_header(title: str, caption: str = "") -> None:
    """Title, one sentence on what the screen is for, and what was just done."""
    st.title(plain(title), anchor=False)
    if caption:
        draw(markup('<p class="ankao-lead">{}</p>', caption))
    said()


def section(title: str, caption: str = "") -> None:
    """A heading inside a screen."""
    st.subheader(plain(title), anchor=False)
    if caption:
        draw(markup('<p class="ankao-hint">{}</p>', caption))


def hint(text: str) -> None:
    """A quiet sentence."""
    draw(markup('<p class="ankao-hint">{}</p>', text))


def say(text: str) -> None:
    """Tell at the head of the next run what was done, for actions that draw the page again."""
    state.MESSAGE.set(text)


def said() -> None:
    """What the last action did, once."""
    text = state.MESSAGE.take()
    if text:
        note(text, tone="ok")


def note(text: str, *, tone: Tone = "info", title: str = "") -> None:
    """A coloured box: `ok` done, `warn` mind this, `bad` refused or wrong, `info` good to know."""
    head = markup("<b>{}</b>", title) if title else Markup("")
    draw(
        markup(
            '<div class="ankao-note ankao-{}" role="{}">{}<span>{}</span></div>', tone, "alert" if tone == "bad" else "status", head, text
        )
    )


def kpi_row(figures: Sequence[Kpi]) -> None:
    """Figures side by side; two in a row on a phone."""
    draw(markup('<div class="ankao-kpis">{}</div>', join(_kpi(figure) for figure in figures)))


def _kpi(figure: Kpi) -> Markup:
    inner = markup("<span>{}</span><b>{}</b><small>{}</small>", figure.label, figure.value, figure.note)
    if figure.href:
        return markup('<a class="ankao-kpi ankao-{}" href="{}" target="_self">{}</a>', figure.tone, figure.href, inner)
    return markup('<div class="ankao-kpi ankao-{}">{}</div>', figure.tone, inner)


def badge(text: str, tone: Tone = "") -> Markup:
    """A small label, for use in `heading`, `facts` and `table`."""
    return markup('<span class="ankao-badge ankao-{}">{}</span>', tone, text)


def heading(text: str, *badges: Markup, over: str = "") -> None:
    """The head of a card: a small line above, the name, its badges."""
    above = markup("<small>{}</small>", over) if over else Markup("")
    draw(markup('<div class="ankao-heading">{}<h3>{} {}</h3></div>', above, text, join(badges)))


def facts(pairs: Iterable[tuple[str, object]]) -> None:
    """Names and values in a tidy grid; values may be `badge(…)`."""
    draw(markup('<dl class="ankao-facts">{}</dl>', join(_fact(name, value) for name, value in pairs)))


def _fact(name: str, value: object) -> Markup:
    """On a phone a long value takes both columns: a code or a title broken in the middle is hard to read out."""
    wide = Markup(' class="ankao-wide"') if len(Markup(value).striptags() if isinstance(value, Markup) else str(value)) > _LONG_FACT else ""
    return markup("<div{}><dt>{}</dt><dd>{}</dd></div>", wide, name, value)


def bullets(lines: Iterable[str]) -> None:
    """A list of sentences."""
    draw(markup('<ul class="ankao-bullets">{}</ul>', join(markup("<li>{}</li>", line) for line in lines)))


def link(label: str, href: str, *, primary: bool = False) -> None:
    """A link that looks like a button and stays in the tab (`st.link_button` opens another one). `href` is a path of this site."""
    draw(markup('<a class="ankao-link-button{}" href="{}" target="_self">{}</a>', " ankao-primary" if primary else "", href, label))


def anchor(label: str, href: str) -> Markup:
    """A plain link for a cell of `table` or a value of `facts`."""
    return markup('<a href="{}" target="_self">{}</a>', href, label)


def go(label: str, href: str) -> None:
    """Leave Streamlit for a page of the light lane at once; the link stays for browsers that do not follow."""
    link(label, href, primary=True)
    st.html(f"<script>window.location.assign({href!r})</script>", unsafe_allow_javascript=True)


def empty_state(title: str, text: str, *, href: str = "", label: str = "") -> None:
    """Nothing here yet: say why, and where to go next."""
    way = markup('<a class="ankao-link-button" href="{}" target="_self">{}</a>', href, label) if href else Markup("")
    draw(markup('<div class="ankao-empty"><b>{}</b><p>{}</p>{}</div>', title, text, way))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Iterable[str] = (), narrow: bool = False) -> None:
    """A short table whose text wraps; on a phone each row becomes a card. Cells may be `badge(…)`; `numbers` are set to the right.

    A `narrow` one is drawn on a phone only, in place of what stands in `wide_only`.
    """
    right = set(numbers)
    head = join(markup("<th{}>{}</th>", _align(name in right), name) for name in columns)
    body = join(
        markup(
            "<tr>{}</tr>",
            join(
                markup('<td data-label="{}"{}>{}</td>', name, _align(name in right), cell) for name, cell in zip(columns, row, strict=True)
            ),
        )
        for row in rows
    )
    kind = " ankao-narrow" if narrow else ""
    draw(markup('<div class="ankao-table{}"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>', kind, head, body))


def phone_rows(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """What a phone shows instead of a table that scrolls sideways: a card for each row, and a word where there are too many."""
    table(columns, rows[:_ROWS_ON_A_PHONE], narrow=True)
    if len(rows) > _ROWS_ON_A_PHONE:
        draw(markup('<p class="ankao-hint ankao-narrow-hint">手机上只列前 {} 条，其余请用筛选，或在电脑上看。</p>', _ROWS_ON_A_PHONE))


def wide_only(key: str) -> DeltaGenerator:
    """A place that a phone does not show; `phone_rows` stands in for it."""
    return st.container(key=f"wide_{key}")


def _align(right: bool) -> Markup:
    return Markup(' class="ankao-number"') if right else Markup("")


def data_table(
    frame: pd.DataFrame,
    *,
    key: str,
    choose: bool = False,
    formats: Mapping[str, str] | None = None,
    widths: Mapping[str, Literal["small", "medium", "large"]] | None = None,
    height: int | None = None,
) -> int | None:
    """A long table to scroll and sort (click a heading). With `choose`, answers with the position of the marked row.

    Columns must carry their Chinese names. `formats` are printf patterns by column (`"%.1f"`); `widths` are hints. Up to 15 rows are
    shown whole; `height` is for more.
    """
    formats, widths = formats or {}, widths or {}
    config: dict[str, Any] = {
        name: st.column_config.NumberColumn(format=formats[name], width=widths.get(name))
        if name in formats
        else st.column_config.Column(width=widths.get(name))
        for name in frame.columns
    }
    tall = len(frame) > _ROWS_SHOWN_WHOLE
    more: dict[str, Any] = {"height": height or _TALL} if tall else {"height": "content"}
    if not choose:
        st.dataframe(frame, hide_index=True, column_config=config, key=key, row_height=40, **more)
        return None
    event = st.dataframe(
        frame,
        hide_index=True,
        column_config=config,
        key=key,
        row_height=40,
        on_select="rerun",
        selection_mode="single-row",
        **more,
    )
    rows = event["selection"]["rows"]
    return rows[0] if rows and rows[0] < len(frame) else None


def confirm_button(label: str, *, key: str, question: str, yes: str = "确认", icon: str | None = None, disabled: bool = False) -> bool:
    """A button that first says what will happen; True on the run in which it was confirmed."""
    with st.popover(label, icon=icon, disabled=disabled, key=f"{key}_popover"):
        draw(markup('<p class="ankao-question">{}</p>', question))
        return st.button(yes, key=key, type="primary", disabled=disabled)


def download_xlsx(
    label: str,
    frame: pd.DataFrame | Callable[[], pd.DataFrame],
    *,
    subject: str,
    unit: str,
    now: datetime,
    key: str,
    notes: Sequence[str] = (),
    audited: Callable[[], None] | None = None,
) -> bool:
    """A download of the frame as 单位_主题_日期.xlsx; a callable is asked only when somebody clicks. `audited` records the export."""

    def data() -> bytes:
        return xlsx_bytes(frame() if callable(frame) else frame, title=subject, now=now, notes=notes)

    return st.download_button(
        label,
        data,
        file_name=file_name(unit, subject, now, "xlsx"),
        mime=XLSX,
        key=key,
        icon=":material/download:",
        on_click=audited or "ignore",
    )


def pager(total: int, *, key: str, size: int = 50) -> int:
    """Which row to begin with; draws nothing when everything fits."""
    pages = max(1, -(-total // size))
    if pages == 1:
        return 0
    page = int(st.number_input(f"第几页（共 {pages} 页，{total} 条）", min_value=1, max_value=pages, value=1, step=1, key=key, width=240))
    return (page - 1) * size

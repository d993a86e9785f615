"""Figures of the screens: a frame in, a plotly figure out, so that a screen and a document can show the same one."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

DONE, OPEN, BAD, LINE, INK = "#2f7fbf", "#c9d4de", "#c65146", "#0a5894", "#1c2733"
_ROOM = 55
"""From this share on a bar has room for its own label, on a phone too; else the label stands on what is left."""
_TILES = 12
"""Tiles in a row: as many as a phone shows with a number in each."""
_CONFIG = {"displayModeBar": False, "displaylogo": False, "scrollZoom": False, "locale": "zh-CN"}


def show(figure: go.Figure, *, key: str, alt: str) -> None:
    """Put a figure on the screen, as wide as there is room, without the toolbar; `alt` says in words what it shows."""
    st.plotly_chart(figure, key=key, config=_CONFIG, alt=alt)


def choose(figure: go.Figure, *, key: str, alt: str, on_choose: Callable[[str], None]) -> None:
    """`show`, and when a bar is tapped `on_choose` is called with its group before the page is drawn again."""
    figure.update_traces(hoverinfo="none", selector={"hoverinfo": "skip"})  # a bar that skips hovering hears no tap

    def tapped() -> None:
        points = st.session_state[key]["selection"]["points"]
        if points:
            on_choose(str(points[0]["y"]))

    st.plotly_chart(figure, key=key, config=_CONFIG, alt=alt, on_select=tapped, selection_mode="points")


def rates_by_group(frame: pd.DataFrame, *, group: str, part: str, whole: str) -> go.Figure:
    """One bar a group, lowest share first from the top: the part that is done, and what is left of the whole, as percentages.

    The bar says “12/40 · 30.0%”, so that a small group is not read like a large one.
    """
    known = frame[frame[whole] > 0]
    share = 100 * known[part] / known[whole]
    known = known.assign(share=share).sort_values("share", ascending=False)
    labels = [f"{done}/{due} · {rate:.1f}%" for done, due, rate in zip(known[part], known[whole], known["share"], strict=True)]
    figure = go.Figure(
        [
            go.Bar(
                y=known[group],
                x=known["share"],
                orientation="h",
                marker_color=DONE,
                name="已完成",
                text=[label if rate >= _ROOM else "" for label, rate in zip(labels, known["share"], strict=True)],
                customdata=labels,
                textposition="inside",
                insidetextanchor="end",
                constraintext="none",
                hovertemplate="%{y}：%{customdata}<extra></extra>",
            ),
            go.Bar(
                y=known[group],
                x=100 - known["share"],
                orientation="h",
                marker_color=OPEN,
                name="未完成",
                hoverinfo="skip",
                text=["" if rate >= _ROOM else label for label, rate in zip(labels, known["share"], strict=True)],
                textposition="inside",
                insidetextanchor="start",
                constraintext="none",
                textfont_color=INK,
            ),
        ]
    )
    share_axis = {"range": [0, 100], "tickvals": [0, 20, 40, 60, 80, 100], "ticksuffix": "%"}
    figure.update_layout(barmode="stack", showlegend=False, height=80 + 38 * len(known), xaxis=share_axis)
    return _calm(figure)


def trend(frame: pd.DataFrame, *, day: str, value: str, suffix: str = "%") -> go.Figure:
    """A line over days; the axis begins at nothing."""
    figure = go.Figure(
        go.Scatter(
            x=frame[day],
            y=frame[value],
            mode="lines",
            line={"color": LINE, "width": 3},
            hovertemplate="%{x|%Y-%m-%d}：%{y:.1f}" + suffix + "<extra></extra>",
        )
    )
    figure.update_layout(height=300, yaxis={"rangemode": "tozero", "ticksuffix": suffix}, xaxis={"tickformat": "%m-%d"})
    return _calm(figure)


def trend_with_band(frame: pd.DataFrame, band: pd.DataFrame, *, due_on: object) -> go.Figure:
    """A line over days (`day`, `rate`), and ahead of it a band (`day`, `low`, `middle`, `high`), all in percent; the due day is marked."""
    figure = trend(frame, day="day", value="rate")
    if len(band):
        days = [*band["day"], *band["day"][::-1]]
        figure.add_scatter(
            x=days, y=[*band["high"], *band["low"][::-1]], fill="toself", fillcolor="rgba(47, 127, 191, .22)", line={"width": 0},
            hoverinfo="skip", mode="lines",
        )  # fmt: skip
        figure.add_scatter(
            x=band["day"], y=band["middle"], mode="lines", line={"color": LINE, "width": 2, "dash": "dot"}, customdata=band[["low", "high"]],
            hovertemplate="%{x|%Y-%m-%d}：约 %{y:.1f}%（%{customdata[0]:.1f}%—%{customdata[1]:.1f}%）<extra></extra>",
        )  # fmt: skip
    figure.add_vline(x=str(due_on), line={"color": BAD, "width": 2, "dash": "dash"})
    figure.add_annotation(x=str(due_on), y=1, yref="paper", text="期限", showarrow=False, xanchor="right", xshift=-4, font={"color": BAD})
    figure.update_layout(showlegend=False)
    return figure


def counts(frame: pd.DataFrame, *, group: str, value: str) -> go.Figure:
    """Upright bars in the order given: a distribution."""
    figure = go.Figure(
        go.Bar(x=frame[group], y=frame[value], marker_color=DONE, text=frame[value], hovertemplate="%{x}：%{y}<extra></extra>")
    )
    figure.update_layout(height=300, xaxis={"type": "category"})
    return _calm(figure)


def clause_tiles(frame: pd.DataFrame) -> go.Figure:
    """A tile a clause, a row a group (`group`, `name`, `count`): red without an item, darker with more; groups wrap after `_TILES`."""
    rows: list[tuple[str, pd.DataFrame]] = []
    for group, members in frame.groupby("group", sort=False):
        parts = [members.iloc[start : start + _TILES] for start in range(0, len(members), _TILES)]
        rows += [(f"{group}（续{n if n > 1 else ''}）" if n else str(group), part) for n, part in enumerate(parts)]
    width = max(len(part) for _, part in rows)
    counts = [[*map(int, part["count"]), *[None] * (width - len(part))] for _, part in rows]
    figure = go.Figure(
        go.Heatmap(
            z=[[None if count is None else min(count, 4) for count in row] for row in counts],
            y=[group for group, _ in rows],
            text=[["" if count is None else str(count) for count in row] for row in counts],
            customdata=[[*part["name"], *[""] * (width - len(part))] for _, part in rows],
            texttemplate="%{text}",
            hovertemplate="%{customdata}<br>%{text} 道题<extra></extra>",
            hoverongaps=False,
            zmin=0,
            zmax=4,
            colorscale=[
                [0, BAD],
                [0.124, BAD],
                [0.125, "#d6e6f3"],
                [0.374, "#d6e6f3"],
                [0.375, "#8fbfe3"],
                [0.624, "#8fbfe3"],
                [0.625, "#5a9fd2"],
                [1, DONE],
            ],
            showscale=False,
            xgap=3,
            ygap=3,
        )
    )
    figure.update_layout(
        height=60 + 34 * len(rows),
        plot_bgcolor="rgba(0,0,0,0)",
        xaxis={"visible": False, "range": [-0.5, _TILES - 0.5]},
        yaxis={"autorange": "reversed", "ticklabelstandoff": 6, "showgrid": False},
    )
    return _calm(figure)


def _calm(figure: go.Figure) -> go.Figure:
    figure.update_layout(margin={"l": 8, "r": 8, "t": 16, "b": 8}, font={"size": 15}, dragmode=False, hoverlabel={"font": {"size": 15}})
    figure.update_xaxes(automargin=True, fixedrange=True)
    figure.update_yaxes(automargin=True, fixedrange=True)
    return figure

"""The items of a bank as a table in which one row is opened, or several are marked."""

from __future__ import annotations

from typing import Literal

import pandas as pd
import streamlit as st

_SMALL = ("题型", "类别", "状态", "已考人次", "答对率")
_ROWS_SHOWN_WHOLE = 20


def choose(frame: pd.DataFrame, *, key: str, several: bool = False) -> list[int]:
    """Positions of the marked rows, or of the one somebody pressed. What was never asked has a dash where its share right would stand."""
    config = {name: st.column_config.Column(width="small") for name in _SMALL}
    config |= {"题干": st.column_config.Column(width="large"), "答对率": st.column_config.NumberColumn(format="%.0f%%", width="small")}
    mode: Literal["multi-row", "single-cell"] = "multi-row" if several else "single-cell"
    event = st.dataframe(
        frame,
        hide_index=True,
        key=key,
        row_height=40,
        height=520 if len(frame) > _ROWS_SHOWN_WHOLE else "content",
        on_select="rerun",
        selection_mode=mode,
        placeholder="—",
        column_config=config,
    )
    chosen = event["selection"]["rows"] if several else [row for row, _ in event["selection"]["cells"]]
    return [row for row in chosen if row < len(frame)]

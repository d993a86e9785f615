"""Clauses × items: the chart, the table, what is missing, and the workbook, for a bank, a paper or a form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from quiz import clock
from quiz.banks.clause_coverage import ClauseCount, covered
from quiz.settings import settings
from quiz.ui import charts, components
from quiz.ui.components import Kpi
from quiz.vocabulary import ItemKind, ItemType

_SHARE = "出现在多少份卷中"


def show(counts: Sequence[ClauseCount], *, subject: str, key: str, share: Mapping[str, float] | None = None) -> None:
    """The whole matrix. `share` adds, for a paper, how many of its forms ask about each clause."""
    if not counts:
        components.empty_state("没有可统计的条款", "题库没有对应的标准，或者标准里没有可以出题的条款。")
        return
    found = covered(counts)
    missing = [count for count in counts if not count.total]
    components.kpi_row(
        [
            Kpi("应考条款", f"{len(counts)} 条"),
            Kpi("有题的条款", f"{found} 条", components.rate_text(found, len(counts)), tone="ok" if not missing else "warn"),
            Kpi("没有题的条款", f"{len(missing)} 条", tone="ok" if not missing else "bad"),
        ]
    )
    if missing:
        components.note(
            "、".join(f"{_name(count, counts)} {count.clause.heading}" for count in missing[:12]) + ("……" if len(missing) > 12 else ""),
            tone="warn",
            title="没有题的条款",
        )
    components.hint("每个方格是一条，数字是考查它的题数；点按或悬停可看是哪一条。")
    charts.show(charts.clause_tiles(tiles(counts)), key=f"{key}_tiles", alt=f"{subject}：{len(counts)} 条中 {found} 条有题。")
    only_missing = st.toggle("只看没有题的条款", key=f"{key}_missing") if missing else False
    frame = matrix(missing if only_missing else counts, share=share)
    counted = [kind.label for kind in (*ItemKind, *ItemType)] + ["合计"]
    with components.wide_only(key):
        components.data_table(
            frame,
            key=f"{key}_table",
            formats=dict.fromkeys(counted, "%d"),
            height=520,
            widths={"内容": "large", **dict.fromkeys(counted, "small")},
        )
    components.phone_rows(*_for_a_phone(frame, counted))
    components.download_xlsx(
        "下载条款覆盖表",
        matrix(counts, share=share),
        subject=f"{subject}条款覆盖",
        unit=settings().organiser,
        now=clock.now(),
        key=f"{key}_xlsx",
    )


def _for_a_phone(frame: pd.DataFrame, counted: Sequence[str]) -> tuple[list[str], list[list[object]]]:
    """Clause, heading and total; of the kinds and types only those that occur."""
    asked = [name for name in ("标准", "条款", "要点", "合计", _SHARE) if name in frame]
    rows = []
    for row in frame.to_dict("records"):
        parts = [f"{name} {row[name]}" for name in counted[:-1] if row[name]]
        total = f"{row['合计']} 题" + (f"（{'、'.join(parts)}）" if parts else "")
        rows.append([total if name == "合计" else row[name] for name in asked])
    return ["题数" if name == "合计" else name for name in asked], rows


def _name(count: ClauseCount, counts: Sequence[ClauseCount]) -> str:
    """The reference, with its document where the matrix spans several."""
    several = len({each.clause.edition_code for each in counts}) > 1
    return f"《{count.clause.edition_title}》{count.clause.ref}" if several else count.clause.ref


def tiles(counts: Sequence[ClauseCount]) -> pd.DataFrame:
    """One row a clause: `group`, `name`, `count`; groups of several documents keep apart."""
    several = len({each.clause.edition_code for each in counts}) > 1
    return pd.DataFrame(
        [
            {
                "group": f"{count.clause.edition_title}·{count.clause.group}" if several else count.clause.group,
                "name": f"{count.clause.ref} {count.clause.heading}",
                "count": count.total,
            }
            for count in counts
        ]
    )


def matrix(counts: Sequence[ClauseCount], *, share: Mapping[str, float] | None = None) -> pd.DataFrame:
    """The table and the workbook, Chinese headings; what a phone should show comes first."""
    several = len({each.clause.edition_code for each in counts}) > 1
    return pd.DataFrame(
        [
            {"条款": count.clause.ref, "要点": count.clause.heading, "合计": count.total}
            | ({_SHARE: f"{share.get(count.clause.id, 0):.0%}"} if share is not None else {})
            | {kind.label: number for kind, number in count.kinds.items()}
            | {type_.label: number for type_, number in count.types.items()}
            | ({"标准": count.clause.edition_title} if several else {})
            | {"分组": count.clause.group, "题目编号": "、".join(count.items), "内容": count.clause.text}
            for count in counts
        ]
    )

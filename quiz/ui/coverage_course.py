"""How the rate came to be, where it is heading by the due day, and how often such a forecast was right before."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import streamlit as st
from sqlmodel import Session

from quiz.coverage import queries
from quiz.coverage.domain import show_share
from quiz.coverage.forecast import METHOD, Band, Standing, back_test, forecast
from quiz.organisations.reach import Reaches
from quiz.ui import charts, components
from quiz.ui.components import Kpi
from quiz.ui.coverage_view import PAGE, Question
from quiz.vocabulary import ProgrammeState

LONGEST_TREND = 365
HORIZONS = (7, 14, 28)
"""Days ahead at which the forecast is tried on the programme's own past."""


def course_of(session: Session, asked: Question, reach: Reaches) -> list[Standing]:
    """Every day since the opening, at most a year back."""
    first = max(asked.programme.opens_on, asked.day - timedelta(days=LONGEST_TREND))
    return queries.course(
        session, programme_code=asked.programme.code, from_day=first, to_day=asked.day, filters=asked.filters, reach=reach
    )


def bands_of(asked: Question, course: list[Standing]) -> tuple[Band, ...]:
    """Up to the due day, where the programme runs and the day lies ahead."""
    return forecast(course, until=asked.programme.due_on) if asked.programme.state is ProgrammeState.OPEN else ()


def course(asked: Question, standings: list[Standing], bands: tuple[Band, ...]) -> None:
    """The line, the band, the pace, and the record of the method."""
    known = [standing for standing in standings if standing.due]
    if len(known) < 2:
        components.empty_state("还画不出走势", "开放不足两天，或所选范围没有应训企业。")
        return
    components.section(
        "覆盖率走势和预测",
        f"{known[0].day.isoformat()} 至 {known[-1].day.isoformat()}，每天结束时的数字；负责人变更、企业增减都会使它变化。",
    )
    _pace(asked, known, bands)
    line = pd.DataFrame({"day": [each.day for each in known], "rate": [100 * each.rate for each in known]})
    band = pd.DataFrame([(each.day, 100 * each.low, 100 * each.middle, 100 * each.high) for each in bands])
    band.columns = ["day", "low", "middle", "high"][: len(band.columns)]
    said = f"覆盖率走势：从 {line['rate'].iloc[0]:.1f}% 到 {line['rate'].iloc[-1]:.1f}%"
    charts.show(charts.trend_with_band(line, band, due_on=asked.programme.due_on), key=f"{PAGE}_trend", alt=said)
    if bands:
        components.hint(METHOD)
        _record(known)
    elif asked.programme.due_on <= asked.day:
        components.hint("期限日已过，不再预测。")
    elif asked.programme.state is ProgrammeState.OPEN:
        components.hint("开放满 8 天后给出预测。")


def _pace(asked: Question, known: list[Standing], bands: tuple[Band, ...]) -> None:
    last = known[-1]
    week = known[-1].completed - known[-8].completed if len(known) > 7 else last.completed
    left, days = last.due - last.completed, (asked.programme.due_on - last.day).days
    needed = f"{left / days:.1f} 家" if days > 0 and left else "—"
    figures = [
        Kpi("覆盖率", show_share(last.completed, last.due), f"未完成 {left} 家"),
        Kpi("最近 7 天净完成", f"{week} 家", f"平均每天 {week / min(7, max(1, len(known) - 1)):.1f} 家"),
        Kpi("全部完成每天需", needed, f"离期限还有 {days} 天" if days > 0 else "期限已过"),
    ]
    if bands:
        end = bands[-1]
        figures.append(Kpi("期限日预测", f"{100 * end.middle:.1f}%", f"八成把握在 {100 * end.low:.1f}%—{100 * end.high:.1f}%"))
    components.kpi_row(figures)


def _record(known: list[Standing]) -> None:
    """What the method would have said on earlier days of this programme, beside what came; only when asked for."""
    if not st.toggle("这个方法以前准不准", key=f"{PAGE}_record"):
        return
    trials = back_test(known, horizons=HORIZONS)
    if not trials:
        st.markdown("历史还太短，没有可以对照的日子。")
        return
    hits = sum(trial.is_hit for trial in trials)
    components.hint(f"用本专项较早的 {len(trials)} 个时点试算（提前 7、14、28 天）：实际数落在区间内 {hits} 次；按方法应约八成。")
    rows = [
        (
            trial.made_on.isoformat(), trial.band.day.isoformat(), f"{100 * trial.band.low:.1f}%—{100 * trial.band.high:.1f}%",
            f"{100 * trial.actual:.1f}%", components.badge("在区间内", "ok") if trial.is_hit else components.badge("在区间外", "warn"),
        )
        for trial in reversed(trials)
    ]  # fmt: skip
    components.table(("在哪天预测", "预测哪天", "区间", "实际", "结果"), rows)

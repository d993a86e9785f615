"""The parts of the coverage screen: what is asked, the rate with its definition, bars to open, the course over days, the list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd
import streamlit as st
from sqlmodel import Session

from quiz.coverage import filtered
from quiz.coverage.domain import show_share
from quiz.coverage.queries import CoverageView, Dimension, TrendPoint
from quiz.coverage.uncovered import Filters, UncoveredRow, UncoveredView, uncovered
from quiz.organisations.reach import Reaches
from quiz.organisations.reference import Reference
from quiz.papers import queries as papers
from quiz.training.queries import ProgrammeView
from quiz.ui import charts, components, office
from quiz.ui.components import Kpi, Tone
from quiz.ui.markup import draw, markup, plain
from quiz.vocabulary import HolderPolicy, NotCoveredReason, ProgrammeState

PAGE = "coverage"
ROWS = 20
LONGEST_TREND = 365
_POLICIES = {
    HolderPolicy.ALL: "口径 A：企业在任的主要负责人全部合格，该企业才算完成",
    HolderPolicy.DESIGNATED: "口径 B：企业指定的参训人合格，该企业即算完成（没有指定的，在任主要负责人须全部合格）",
}


@dataclass(frozen=True)
class Question:
    """What the screen was asked: a programme, a day, and a part of the city."""

    programme: ProgrammeView
    day: date
    filters: Filters

    @property
    def place(self) -> str:
        return self.filters.town or self.filters.district or ""


def ask(found: Sequence[ProgrammeView], reference: Reference, reach: Reaches, *, today: date) -> Question:
    """Programme, day and filters, all kept in the address so that a view can be sent to a colleague."""
    by_code = {programme.code: programme for programme in found}
    titles = {code: f"{each.title}（{each.state.label}）" for code, each in by_code.items()}
    with st.container(border=True):
        wide, narrow = st.columns([3, 1])
        with wide:
            programme = by_code[office.choose("培训专项", titles, name="programme", page=PAGE, always=True)]
        with narrow:
            day = _day(programme, today)
        with st.expander(_scope(reference), icon=":material/filter_alt:"):
            left, right = st.columns(2)
            with left:
                district, town = office.choose_place(reference, reach, page=PAGE)
            with right:
                sectors = {code: row.name for code, row in reference.sectors.items() if _asks_sector(programme, code)}
                sector = office.choose("行业领域", {office.ALL: "全部行业", **sectors}, name="sector", page=PAGE)
                departments = {code: row.name for code, row in reference.departments.items()}
                department = office.choose("行业主管部门", {office.ALL: "全部部门", **departments}, name="department", page=PAGE)
            name = office.search("企业名称（只筛选名单，不影响数字）", page=PAGE, placeholder="输入名称的一部分")
    filters = Filters(district=district or None, town=town or None, sector=sector or None, department=department or None, name=name or None)
    return Question(programme, day, filters)


def _scope(reference: Reference) -> str:
    """What is chosen, on the closed lid of the filters."""
    kinds = {"district": "region", "town": "region", "sector": "sector", "department": "department"}
    chosen = [reference.label(kind, office.chosen(name, page=PAGE)) for name, kind in kinds.items()]
    name = office.chosen("q", page=PAGE)
    return "筛选：" + (" · ".join(filter(None, [*chosen, name and f"名称含“{plain(name)}”"])) or "全部区市、行业和部门")


def _asks_sector(programme: ProgrammeView, code: str) -> bool:
    return not programme.audience.sectors or code in programme.audience.sectors


def _day(programme: ProgrammeView, today: date) -> date:
    key, first = f"{PAGE}_day", min(programme.opens_on, today)
    if key not in st.session_state:
        st.session_state[key] = _stated_day() or today
    st.session_state[key] = min(max(st.session_state[key] or today, first), today)
    chosen = st.date_input("统计到哪一天", min_value=first, max_value=today, key=key, format="YYYY-MM-DD")
    day = chosen if isinstance(chosen, date) else today
    office.remember("day", day.isoformat(), today.isoformat())
    return day


def _stated_day() -> date | None:
    try:
        return date.fromisoformat(st.query_params.get("day", ""))
    except ValueError:
        return None


# 数字 -----------------------------------------------------------------------------------------------------------------


def headline(session: Session, asked: Question, view: CoverageView, reach: Reaches, overdue: int) -> None:
    """The rate with numerator, denominator and rule; then every figure it is made of."""
    total, programme = view.total, asked.programme
    people = filtered.persons_of(session, programme_code=programme.code, as_of=asked.day, filters=asked.filters, reach=reach)
    with st.container(border=True):
        draw(
            markup(
                '<div class="ankao-rate"><span>企业覆盖率</span><b>{}</b><span>= 已完成 {} 家 ÷ 应训 {} 家，统计到 {}</span></div>'
                '<div class="ankao-bar"><i style="width:{}%"></i></div><p class="ankao-hint">{}。应训企业不含核减；同一企业只计一次；'
                "分母为 0 时显示“—”。</p>",
                view.shown_rate, total.completed, total.due, asked.day.isoformat(),
                f"{100 * total.completed / total.due:.1f}" if total.due else "0", _POLICIES[view.policy],
            )
        )  # fmt: skip
    components.kpi_row(
        [
            Kpi("应训企业", f"{total.due} 家", f"另核减 {total.exempt} 家，不计入分母"),
            Kpi("已参训", f"{total.trained} 家", f"占应训 {show_share(total.trained, total.due)}"),
            Kpi("已参考", f"{total.examined} 家", f"占应训 {show_share(total.examined, total.due)}"),
            Kpi(
                "合格并完成",
                f"{total.completed} 家",
                f"占应训 {show_share(total.completed, total.due)}",
                tone="ok" if total.completed == total.due else "",
            ),
            Kpi("未完成", f"{total.uncovered} 家", "名单见下方", tone="warn" if total.uncovered else "ok"),
            Kpi("其中逾期", f"{overdue} 家", _due_text(programme, asked.day), tone="bad" if overdue else "ok"),
            Kpi("应训人员", f"{people.due} 人", f"完成 {people.completed} 人，占 {show_share(people.completed, people.due)}"),
            Kpi("其中新任", f"{people.new_holders} 人", f"任职未满 {programme.grace_days} 天，计入分母"),
        ]
    )


def _due_text(programme: ProgrammeView, day: date) -> str:
    left = (programme.due_on - day).days
    when = f"还剩 {left} 天" if left > 0 else "当日截止" if left == 0 else f"已过 {-left} 天"
    return f"期限 {programme.due_on.isoformat()}，{when}"


# 图 -------------------------------------------------------------------------------------------------------------------


def bars(session: Session, asked: Question, reference: Reference, reach: Reaches) -> None:
    """By district (or by town, once a district is chosen) and by sector; a tap opens what is behind a bar."""
    short = {row.code: row.short_name for row in reference.districts()}
    in_district = asked.filters.district is not None
    left, right = st.columns(2)
    with left:
        components.section("分镇街" if in_district else "分区市", "" if in_district else "点一根横条，看这个区市的镇街和名单。")
        _bars(session, asked, reach, by="town" if in_district else "region", name="town" if in_district else "district", names=short)
    with right:
        components.section("分行业领域", "横条上写的是“已完成/应训 · 覆盖率”。")
        _bars(session, asked, reach, by="sector", name="sector", names={})


def _bars(session: Session, asked: Question, reach: Reaches, *, by: Dimension, name: str, names: Mapping[str, str]) -> None:
    view = filtered.coverage_of(
        session,
        programme_code=asked.programme.code,
        as_of=asked.day,
        by=by,
        filters=asked.filters,
        reach=reach,
    )
    groups = [group for group in view.groups if group.counts.due]
    if not groups:
        st.markdown("没有应训企业。")
        return
    names = {group.key: names.get(group.key) or group.label for group in groups}
    frame = pd.DataFrame(
        {"名称": list(names.values()), "完成": [g.counts.completed for g in groups], "应训": [g.counts.due for g in groups]}
    )
    codes = {name: code for code, name in names.items()}

    def opened(label: str) -> None:
        st.session_state[f"{PAGE}_{name}"] = codes.get(label, office.ALL)
        st.query_params.pop("page", None)

    said = "；".join(f"{g.label}{g.counts.completed}/{g.counts.due}" for g in groups)
    key = f"{PAGE}_{by}_{asked.programme.code}_{asked.place}_{asked.filters.sector or ''}"
    charts.choose(charts.rates_by_group(frame, group="名称", part="完成", whole="应训"), key=key, alt=f"覆盖率：{said}", on_choose=opened)


def course(session: Session, asked: Question, reach: Reaches) -> None:
    """How the rate came to be, day by day since the opening."""
    first = max(asked.programme.opens_on, asked.day - timedelta(days=LONGEST_TREND))
    points = filtered.trend_of(
        session, programme_code=asked.programme.code, from_day=first, to_day=asked.day, filters=asked.filters, reach=reach
    )
    known = [point for point in points if point.counts.due]
    components.section(
        "覆盖率走势", f"{first.isoformat()} 至 {asked.day.isoformat()}，每天结束时的数字；负责人变更、企业增减都会使它变化。"
    )
    if len(known) < 2:
        st.markdown("还不足两天，暂时画不出走势。")
        return
    frame = pd.DataFrame({"日": [point.day for point in known], "覆盖率": [_percent(point) for point in known]})
    last = f"从 {frame['覆盖率'].iloc[0]:.1f}% 到 {frame['覆盖率'].iloc[-1]:.1f}%"
    charts.show(charts.trend(frame, day="日", value="覆盖率"), key=f"{PAGE}_trend", alt=f"覆盖率走势：{last}")


def _percent(point: TrendPoint) -> float:
    return 100 * point.counts.completed / point.counts.due


# 名单 -----------------------------------------------------------------------------------------------------------------


def counted(session: Session, asked: Question, reach: Reaches) -> UncoveredView:
    """How many are not covered, by reason, without their rows."""
    return uncovered(session, programme_code=asked.programme.code, as_of=asked.day, reach=reach, filters=asked.filters, limit=0)


def listing(session: Session, asked: Question, everything: UncoveredView, reach: Reaches, *, may_open: bool) -> None:
    """Who is not covered, and why; the reasons count and filter at once."""
    components.section("未覆盖名单", "到统计日仍未完成的企业、等谁完成、为什么。逾期与原因是两件事：逾期的企业同样写明原因。")
    reason = _reason(everything)
    filters = _with_reason(asked.filters, reason)
    office.begin_again(str(filters), asked.programme.code, str(asked.day), page=PAGE)
    view = uncovered(
        session, programme_code=asked.programme.code, as_of=asked.day, reach=reach, filters=filters, limit=ROWS, offset=office.offset(ROWS)
    )
    if not view.total:
        _nothing(asked, everything)
    else:
        columns = ("企业", "所在地", "行业领域", "等谁完成", "手机号", "原因", "完成期限")
        cut = _cut_percent(session, asked.programme)
        components.table(columns, [_line(row, may_open, cut) for row in view.rows])
        office.pages(view.total, page=PAGE, size=ROWS)


def _reason(view: UncoveredView) -> NotCoveredReason | None:
    numbers = {NotCoveredReason.OVERDUE: view.overdue, **view.by_reason}
    labels = {office.ALL: f"全部 {sum(view.by_reason.values())}"}
    labels |= {reason.value: f"{reason.label} {number}" for reason, number in numbers.items() if number}
    key = f"{PAGE}_reason"
    if st.session_state.get(key, st.query_params.get("reason", office.ALL)) not in labels:
        st.session_state[key] = office.ALL
    st.session_state.setdefault(key, st.query_params.get("reason", office.ALL))
    chosen = st.pills("按原因筛选", list(labels), format_func=lambda code: labels[code], key=key) or office.ALL
    office.remember("reason", chosen)
    return NotCoveredReason(chosen) if chosen else None


def _with_reason(filters: Filters, reason: NotCoveredReason | None) -> Filters:
    return Filters(filters.district, filters.town, filters.sector, filters.department, reason, filters.name)


def _nothing(asked: Question, everything: UncoveredView) -> None:
    if asked.filters.name:
        components.empty_state(
            "没有符合条件的企业", "未覆盖名单里没有这个名称。可以清空名称，或到企业名册里查。", href="/enterprises", label="企业名册"
        )
    elif sum(everything.by_reason.values()):
        components.empty_state("这一类没有企业", "请选择其他原因，或选“全部”。")
    else:
        components.empty_state("没有未完成的企业", "所选范围内应训企业都已完成，或没有应训企业。", href="/scores", label="查看成绩统计")


def _cut_percent(session: Session, programme: ProgrammeView) -> float:
    """What has to be reached, out of 100."""
    if programme.paper_id is None:
        return 100.0
    paper = papers.paper(session, programme.paper_id)
    return 100 * paper.cut_score / paper.max_score


def _best(percent: float | None, cut: float) -> str:
    """The best score; one that reaches the cut failed by a must-be-right item, and says so."""
    if percent is None:
        return ""
    return f"（最好 {percent:.0f} 分{'，必须答对的题答错' if percent >= cut else ''}）"


def _line(row: UncoveredRow, may_open: bool, cut: float) -> tuple[object, ...]:
    name = components.anchor(row.name, f"/enterprises?organisation={row.organisation_id}") if may_open else row.name
    tone: Tone = "bad" if row.is_overdue else "warn" if row.reason is NotCoveredReason.NOT_PASSED else "info"
    waiting = "、".join(row.waiting_for) or "—"
    best = _best(row.best_percent, cut)
    place = f"{row.district} {row.town}".strip()
    return (
        name, place, row.sector, waiting, row.masked_phone or "—", components.badge(row.shown_reason + best, tone), office.day(row.due_on)
    )  # fmt: skip


def title_state(programme: ProgrammeView) -> str:
    """What must be said when a programme does not run."""
    if programme.state is ProgrammeState.CLOSED:
        return "这个专项已经结束，数字停在结束时，不再随名册和成绩变化。"
    if programme.state is ProgrammeState.DRAFT:
        return "这个专项还是草稿，没有开放，所以还没有应训企业。"
    return ""

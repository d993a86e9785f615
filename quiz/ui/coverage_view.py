"""The head of the coverage screen: what is asked, the rate with its definition, the figures that open their rows; and the overview."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast
from urllib.parse import urlencode

import pandas as pd
import streamlit as st
from sqlmodel import Session

from quiz.coverage import filtered
from quiz.coverage.domain import AT_RISK_DAYS, show_share
from quiz.coverage.forecast import Band
from quiz.coverage.queries import CoverageView, Dimension
from quiz.coverage.uncovered import Filters, UncoveredView, uncovered
from quiz.organisations.reach import Reaches
from quiz.organisations.reference import Reference
from quiz.training.queries import ProgrammeView
from quiz.ui import charts, components, coverage_map, office
from quiz.ui.components import Kpi, Tone
from quiz.ui.markup import draw, markup, plain
from quiz.vocabulary import HolderPolicy, NotCoveredReason, ProgrammeState

PAGE = "coverage"
VIEWS = {"overview": "总览", "lists": "名单", "course": "走势和预测", "compare": "与上次通报相比", "files": "导出和快照"}
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

    def href(self, **changes: str) -> str:
        """The address of this screen with what is asked, otherwise where named: a figure's way to its rows, or a tile's to its towns."""
        chosen = {name: getattr(self.filters, name) or "" for name in ("district", "town", "sector", "department", "feature")}
        asked = {"programme": self.programme.code, "day": self.day.isoformat(), **chosen, **changes}
        return "/coverage?" + urlencode({name: value for name, value in asked.items() if value})


def is_chosen(found: Sequence[ProgrammeView]) -> bool:
    """Does the address, or an earlier choice, say which programme?"""
    return office.chosen("programme", page=PAGE) in {each.code for each in found}


def ask(found: Sequence[ProgrammeView], reference: Reference, reach: Reaches, *, today: date, first: str = "") -> Question:
    """Programme (`first` where nobody chose one), day and filters, all kept in the address so that a view can be sent to a colleague."""
    by_code = {programme.code: programme for programme in found}
    titles = {code: each.title + ("" if each.state is ProgrammeState.OPEN else f"（{each.state.label}）") for code, each in by_code.items()}
    with st.container(border=True):
        wide, narrow = st.columns([3, 1])
        with wide:
            programme = by_code[office.choose("培训专项", titles, name="programme", page=PAGE, default=first, always=True)]
        with narrow:
            day = _day(programme, today)
        sectors = {code: row.name for code, row in reference.sectors.items() if _asks_sector(programme, code)}
        departments = {code: row.name for code, row in reference.departments.items()}
        features = {code: row.name for code, row in reference.features.items()}
        lid = _scope(reference, {"sector": sectors, "department": departments, "feature": features})
        with st.expander(lid, icon=":material/filter_alt:"):
            left, right = st.columns(2)
            with left:
                district, town = office.choose_place(reference, reach, page=PAGE)
            with right:
                sector = office.choose("行业领域", {office.ALL: "全部行业", **sectors}, name="sector", page=PAGE)
                department = office.choose("行业主管部门", {office.ALL: "全部部门", **departments}, name="department", page=PAGE)
                feature = office.choose("特征标签", {office.ALL: "不限", **features}, name="feature", page=PAGE)
            name = office.search("企业名称（只筛选名单，不影响数字）", page=PAGE, placeholder="输入名称的一部分")
    filters = Filters(
        district=district or None, town=town or None, sector=sector or None, department=department or None, name=name or None,
        feature=feature or None,
    )  # fmt: skip
    return Question(programme, day, filters)


def _scope(reference: Reference, offered: Mapping[str, Mapping[str, str]]) -> str:
    """What is chosen, on the closed lid of the filters; a code of an old link that this programme does not offer counts for nothing."""
    places = {code: row.name for code, row in reference.regions.items()}
    known = {"district": places, "town": places, **offered}
    chosen = [names.get(office.chosen(name, page=PAGE), "") for name, names in known.items()]
    name = office.chosen("q", page=PAGE)
    return "筛选：" + (" · ".join(filter(None, [*chosen, name and f"名称含“{plain(name)}”"])) or "全部区市、行业、部门和标签")


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


def choose_view() -> str:
    """Which of the views is wanted; the address remembers it."""
    key = f"{PAGE}_view"
    if st.session_state.get(key) not in VIEWS:
        stated = st.query_params.get("view", "overview")
        st.session_state[key] = stated if stated in VIEWS else "overview"
    view = (
        st.pills("看什么", list(VIEWS), format_func=VIEWS.__getitem__, key=key, label_visibility="collapsed", required=True) or "overview"
    )
    office.remember("view", view, "overview")
    return view


# 数字 -----------------------------------------------------------------------------------------------------------------


def counted(session: Session, asked: Question, reach: Reaches) -> UncoveredView:
    """How many are not covered, by reason, without their rows; a name narrows lists only."""
    figures = Filters(
        asked.filters.district, asked.filters.town, asked.filters.sector, asked.filters.department, None, None, asked.filters.feature
    )
    return uncovered(session, programme_code=asked.programme.code, as_of=asked.day, reach=reach, filters=figures, limit=0)


def headline(asked: Question, view: CoverageView, band: Band | None) -> None:
    """The rate with numerator, denominator and rule, and where it is heading."""
    total = view.total
    completed = components.anchor(f"已完成 {total.completed} 家", asked.href(view="lists", list="completed"))
    due = components.anchor(f"应训 {total.due} 家", asked.href(view="lists", list="due"))
    with st.container(border=True):
        draw(
            markup(
                '<div class="ankao-rate"><span>企业覆盖率</span><b>{}</b><span>= {} ÷ {}，统计到 {}</span></div>'
                '<div class="ankao-bar"><i style="width:{}%"></i></div><p>{}</p><p class="ankao-hint">{}。应训企业不含核减；同一企业只计一次；'
                "分母为 0 时显示“—”。</p>",
                view.shown_rate, completed, due, asked.day.isoformat(), f"{100 * total.completed / total.due:.1f}" if total.due else "0",
                _heading_for(asked, band), _rule(view),
            )
        )  # fmt: skip


def _rule(view: CoverageView) -> str:
    """When an enterprise counts as completed; where nothing is examined nobody passes."""
    text = _POLICIES[view.policy]
    return text if view.has_paper else f"{text.replace('合格', '完成')}；本专项不设考试"


def to_act_on(asked: Question, view: CoverageView, missing: UncoveredView) -> None:
    """The figures somebody has to do something about; each opens its rows."""
    new = missing.by_reason.get(NotCoveredReason.NEW_HOLDER, 0)
    short = missing.by_reason.get(NotCoveredReason.HOURS_SHORT, 0)
    nobody = missing.by_reason.get(NotCoveredReason.NO_HOLDER, 0)
    left, days = view.total.uncovered, asked.programme.grace_days
    figures = (
        ("uncovered", "未完成", left, "点开看等谁、为什么", "warn"),
        ("overdue", "其中逾期", missing.overdue, "已过各自的完成期限", "bad"),
        ("at_risk", f"{AT_RISK_DAYS} 天内到期未开始", missing.at_risk, "再不联系就会逾期", "warn"),
        ("new_holder", "新任待训", new, f"任职未满 {days} 天", ""),
        *([("hours_short", "学时未满", short, "已开始，还差学时", "warn")] if short else []),
        *([("no_holder", "未登记负责人", nobody, "先补名册，才能培训", "warn")] if nobody or not short else []),
    )
    components.kpi_row(
        [
            Kpi(label, f"{number} 家", note, cast(Tone, tone) if number else "ok", asked.href(view="lists", list=name))
            for name, label, number, note, tone in figures
        ]
    )


def _heading_for(asked: Question, band: Band | None) -> str:
    due = _due_text(asked.programme, asked.day)
    if band is None:
        return f"{due}。"
    return f"{due}。照最近的进度，到期限日约 {100 * band.middle:.1f}%（八成把握在 {100 * band.low:.1f}%—{100 * band.high:.1f}%）。"


def _due_text(programme: ProgrammeView, day: date) -> str:
    left = (programme.due_on - day).days
    when = f"还剩 {left} 天" if left > 0 else "当日截止" if left == 0 else f"已过 {-left} 天"
    return f"期限 {programme.due_on.isoformat()}，{when}"


# 总览 -----------------------------------------------------------------------------------------------------------------

_GROUPINGS: dict[str, str] = {"sector": "行业领域", "department": "行业主管部门", "role": "岗位", "feature": "特征标签"}


def overview(session: Session, asked: Question, view: CoverageView, reference: Reference, reach: Reaches) -> None:
    """The city as a map of tiles, the towns of a chosen district, and one further grouping."""
    codes = list(office.districts(reference, reach))
    left, right = st.columns(2)
    with left:
        if len(codes) > 1:
            components.section("分区市", "颜色按覆盖率；点一个区市，看它的镇街。")
            everywhere = Filters(sector=asked.filters.sector, department=asked.filters.department, feature=asked.filters.feature)
            whole = filtered.coverage_of(
                session, programme_code=asked.programme.code, as_of=asked.day, by="region", filters=everywhere, reach=reach
            )
            coverage_map.city(
                whole.groups, reference, codes, href=lambda code: asked.href(district=code, town=""), chosen=asked.filters.district
            )
        if asked.filters.district or len(codes) == 1:
            components.section("分镇街", "点一根横条，看这个镇街的企业。")
            _bars(session, asked, reach, by="town", name="town", names={})
            components.link("看所选范围的企业名单", asked.href(view="lists", list="due"))
    with right:
        by = _grouping()
        components.section(f"分{_GROUPINGS[by]}", "横条上写的是“已完成/应训 · 覆盖率”。" + _GROUP_NOTES.get(by, ""))
        _bars(session, asked, reach, by=by, name=by, names={})
    _stages(asked, view)
    _people(session, asked, reach)


_GROUP_NOTES = {
    "feature": "一家企业可有几个标签，各计一次；标签没有历史，按现在的算。",
    "role": "本专项培训的岗位。",
}


def _grouping() -> Dimension:
    key = f"{PAGE}_by"
    if st.session_state.get(key) not in _GROUPINGS:
        stated = st.query_params.get("by", "sector")
        st.session_state[key] = stated if stated in _GROUPINGS else "sector"
    by = st.pills("分组", list(_GROUPINGS), format_func=_GROUPINGS.__getitem__, key=key, required=True) or "sector"
    office.remember("by", by, "sector")
    return cast(Dimension, by)


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
        if name != "role":
            st.session_state[f"{PAGE}_{name}"] = codes.get(label, office.ALL)
            st.query_params.pop("page", None)

    said = "；".join(f"{g.label}{g.counts.completed}/{g.counts.due}" for g in groups)
    key = f"{PAGE}_{by}_{asked.programme.code}_{asked.place}_{asked.filters.sector or ''}"
    charts.choose(charts.rates_by_group(frame, group="名称", part="完成", whole="应训"), key=key, alt=f"覆盖率：{said}", on_choose=opened)


def _stages(asked: Question, view: CoverageView) -> None:
    """How far they are, stage by stage; each figure opens its rows."""
    components.section("走到哪一步", "都按企业计：照上面的口径，应训人员都走到这一步，企业才算。")
    total = view.total
    steps = [("trained", "已参训"), ("completed", "已完成")]
    if asked.programme.paper_id is not None:  # without a paper nobody sits one, and a row of zeros would read as a failure
        steps[1:1] = [("examined", "已参考"), ("passed", "已合格")]
    components.kpi_row(
        [
            *(
                Kpi(label, f"{getattr(total, name)} 家", f"占应训 {show_share(getattr(total, name), total.due)}",
                    href=asked.href(view="lists", list=name))
                for name, label in steps
            ),
            Kpi("核减", f"{total.exempt} 家", "不计入应训", href=asked.href(view="lists", list="exempt")),
        ]
    )  # fmt: skip


def _people(session: Session, asked: Question, reach: Reaches) -> None:
    """People instead of enterprises, only when asked for: counting everybody once takes a moment."""
    if not st.toggle("再按人员统计（一人多企只计一次）", key=f"{PAGE}_people"):
        return
    people = filtered.persons_of(session, programme_code=asked.programme.code, as_of=asked.day, filters=asked.filters, reach=reach)
    components.kpi_row(
        [
            Kpi("应训人员", f"{people.due} 人", f"其中新任 {people.new_holders} 人，任职未满 {asked.programme.grace_days} 天"),
            Kpi("已参训", f"{people.trained} 人", f"参训率 {show_share(people.trained, people.due)}"),
            *(
                (
                    Kpi("已参考", f"{people.examined} 人", f"参考率 {show_share(people.examined, people.due)}"),
                    Kpi("已合格", f"{people.passed} 人", f"综合合格率 {show_share(people.passed, people.due)}"),
                )
                if asked.programme.paper_id is not None
                else ()
            ),
            Kpi("已完成", f"{people.completed} 人", f"完成率 {show_share(people.completed, people.due)}"),
        ]
    )
    if asked.programme.paper_id is None:
        return
    components.link("按人员看成绩", f"/scores?programme={asked.programme.code}")


def title_state(programme: ProgrammeView) -> str:
    """What must be said when a programme does not run."""
    if programme.state is ProgrammeState.CLOSED:
        return "这个专项已经结束，数字停在结束时，不再随名册和成绩变化。"
    if programme.state is ProgrammeState.DRAFT:
        return "这个专项还是草稿，没有开放，所以还没有应训企业。"
    return ""

"""A class session opened: its head, and what all its tabs share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import streamlit as st

from quiz import clock
from quiz.accounts.domain import User
from quiz.classes.domain import show_hours
from quiz.classes.queries import ClassView, SiteView
from quiz.classes.reach import ClassReach
from quiz.organisations.reach import Reaches
from quiz.organisations.reference import Reference
from quiz.ui import components, gate, office
from quiz.ui.components import Kpi, Tone
from quiz.ui.markup import draw, join, markup
from quiz.vocabulary import ClassState

PAGE = "classes"
STATE_TONES: dict[ClassState, Tone] = {
    ClassState.DRAFT: "warn",
    ClassState.ANNOUNCED: "ok",
    ClassState.CLOSED: "",
    ClassState.CANCELLED: "bad",
}
WEEKDAYS = "一二三四五六日"
MANY_SITES = 3


@dataclass(frozen=True)
class Room:
    """Who is at the screen, how far they reach, and when."""

    user: User
    reach: Reaches
    desk: ClassReach
    reference: Reference
    now: datetime

    @property
    def today(self) -> date:
        return clock.local_day(self.now)

    def stamp(self) -> dict[str, Any]:
        """What every act takes: desk, actor, moment."""
        return {"desk": self.desk, "actor": gate.actor(self.user), "now": clock.now()}


def head(view: ClassView, room: Room) -> None:
    """Name, state, when, figures, and what is in the way of hours."""
    components.page_header(view.title, view.programme or "不属于任何专项")
    components.link("返回班次列表", "/classes")
    badges = [components.badge(view.state.label, STATE_TONES[view.state])]
    if view.make_up_of:
        badges.append(components.badge("补课", "info"))
    draw(markup("<p><b>{}</b> {}</p>", when_text(view), join(badges)))
    registered = sum(site.registered for site in view.hosted)
    inside = [Kpi("现在在场", f"{sum(site.inside for site in view.hosted)} 人")] if room.today in view.days else []
    components.kpi_row(
        [
            Kpi(
                "学时", show_hours(view.credited_minutes, minutes_per_hour=view.minutes_per_hour), f"{view.minutes_per_hour} 分钟为 1 学时"
            ),
            Kpi("课堂", f"{len(view.hosted)} 个", "由您管理的" if not view.may_manage else "主课堂和分课堂"),
            Kpi("已报名", f"{registered} 人"),
            Kpi("到过", f"{view.came} 人", tone="ok" if view.came else ""),
            *inside,
        ]
    )
    if room.today in view.days and view.state is ClassState.ANNOUNCED and view.hosted:
        _today(view)
    barred = [(day, standing) for day, standing in view.standings if not standing.gives_hours]
    if barred:
        days = "、".join(f"{day.isoformat()}（{standing.label}）" for day, standing in barred)
        components.note(
            f"{view.institution}在 {days} 没有有效的条件复核，这些天不计学时；登记有效复核后自动重新计算。", tone="warn", title="不计学时"
        )
    if not view.may_manage:
        components.note("这个班次由市级统一安排。您可以为本辖区人员报名，并办理本区市课堂的签到和签到表。")


def _today(view: ClassView) -> None:
    """On the day itself the one thing a trainer in a hurry wants: the code on the wall."""
    components.section("今天上课", "点课堂，用投影仪显示签到二维码。")
    with st.container(horizontal=True):
        for site in view.hosted:
            components.link(
                f"投屏签到　{site.name}" if len(view.hosted) < MANY_SITES else site.name,
                screen_address(site),
                primary=len(view.hosted) < MANY_SITES,
            )


def screen_address(site: SiteView) -> str:
    """The projector's page of a classroom."""
    return f"/attend/{site.id}/screen"


PARTS = {"plan": "安排", "people": "报名", "presences": "签到记录", "sheet": "导入签到表", "acts": "办理"}


def choose_part() -> str:
    """Which part is open, kept in the address; the others are not even read."""
    key = f"{PAGE}_part"
    if key not in st.session_state:
        given = st.query_params.get("part", "plan")
        st.session_state[key] = given if given in PARTS else "plan"
    chosen = st.segmented_control("内容", list(PARTS), format_func=PARTS.__getitem__, key=key, label_visibility="collapsed") or "plan"
    office.remember("part", chosen, "plan")
    return chosen


def when_text(view: ClassView) -> str:
    """`2026-11-23（周一）09:00—10:40`, or from–to."""
    if view.begin is None or view.end is None:
        return "还没有排课"
    if len(view.days) == 1:
        day = view.days[0]
        return f"{day.isoformat()}（周{WEEKDAYS[day.weekday()]}）{clock.show(view.begin)[11:]}—{clock.show(view.end)[11:]}"
    return f"{view.days[0].isoformat()} 至 {view.days[-1].isoformat()}，共 {len(view.days)} 天"


def moment(day: date, at: time) -> datetime:
    """A day and a clock time of Weihai as a moment."""
    return datetime.combine(day, at, clock.SHANGHAI).astimezone(clock.UTC)


def moment_after(begin: datetime, at: time) -> datetime:
    """That clock time on the day of the beginning, or after midnight where it would lie before it."""
    found = moment(clock.local_day(begin), at)
    return found if found > begin else moment(clock.local_day(begin) + timedelta(days=1), at)


def choose_site(label: str, sites: tuple[SiteView, ...], *, key: str) -> SiteView | None:
    """One of these classrooms."""
    if not sites:
        return None
    names = {site.id: f"{site.label}　{_seats(site)}" for site in sites}
    chosen = st.selectbox(label, list(names), format_func=names.__getitem__, key=key)
    return next(site for site in sites if site.id == chosen)


def _seats(site: SiteView) -> str:
    return "不限人数" if site.left is None else f"余 {site.left} 座" if site.left else "已满"


def choose_day(label: str, view: ClassView, *, key: str, today: date) -> date:
    """One of the session's days: today if it is one, else the last that is past."""
    days = list(view.days)
    past = [day for day in days if day <= today]
    start = days.index(past[-1]) if past else 0
    return st.selectbox(label, days, index=start, format_func=lambda day: f"{day.isoformat()}（周{WEEKDAYS[day.weekday()]}）", key=key)

"""The plan of a session: classrooms and timetable."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import groupby

import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.classes import service
from quiz.classes.queries import ClassView, LessonView, SiteView
from quiz.classes.service import LessonDraft, SiteDraft
from quiz.ui import components, office
from quiz.ui.class_detail import PAGE, WEEKDAYS, Room, choose_site, moment, moment_after, screen_address
from quiz.ui.markup import join, markup
from quiz.vocabulary import ClassState, SiteKind

_EDITABLE = (ClassState.DRAFT, ClassState.ANNOUNCED)
SHOWN_DAYS = 2
"""A longer timetable is folded, day by day."""
CITY = ""
"""The choice of a classroom for the whole city."""


def show(view: ClassView, room: Room) -> None:
    """Classrooms, timetable, what the session says."""
    _sites(view, room)
    _lessons(view, room)
    components.section("计时办法")
    components.facts(
        [
            ("1 学时", f"{view.minutes_per_hour} 分钟"), ("迟到宽限", f"{view.grace_minutes} 分钟，超过的从签到时起计"),
            ("没有签退的", view.without_sign_out.label), ("报名截止", clock.show(view.deadline) or "开课时"),
            ("承办机构", view.institution or "无（自办）"), ("补哪一班的课", view.make_up_title or "—"),
        ]
    )  # fmt: skip
    if view.description:
        components.hint(view.description)


# 课堂 -----------------------------------------------------------------------------------------------------------------


def _sites(view: ClassView, room: Room) -> None:
    components.section(
        "课堂", "每个课堂各有自己的签到码；上课当天点“投屏签到”，用投影仪显示签到二维码。" if view.state is ClassState.ANNOUNCED else ""
    )
    if not view.sites:
        components.empty_state("还没有课堂", "先加主课堂，再在各区市加分课堂；每个课堂各有自己的签到码。")
    else:
        columns = ("课堂", "地点", "联系人", "报名", "到过", "签到")
        components.table(columns, [_site_line(view, site) for site in view.sites], numbers=("报名", "到过"))
    if view.state not in _EDITABLE:
        return
    if view.hosted:
        with st.expander("修改或删除课堂", icon=":material/edit_location:"):
            _site_acts(view, room)
    if view.may_manage:
        with st.expander("添加课堂", icon=":material/add_location:", expanded=not view.sites):
            kind = SiteKind.BRANCH if any(site.kind is SiteKind.MAIN for site in view.sites) else SiteKind.MAIN
            draft = _site_form(SiteDraft("", kind), room, key=f"{PAGE}_site_new_{len(view.sites)}", label="添加课堂")
            if draft is not None:
                office.perform(lambda session: _added(session, view, draft, room))


def _site_line(view: ClassView, site: SiteView) -> tuple[object, ...]:
    name: object = site.name
    if site.kind is SiteKind.MAIN:
        name = join([markup("{} ", site.name), components.badge(site.kind.label, "info")])
    seats = f"{site.registered if site.is_hosted else '—'} / {site.capacity or '不限'}"
    screen = components.anchor("投屏签到", screen_address(site)) if site.is_hosted and view.state is ClassState.ANNOUNCED else "—"
    place = f"{site.district}　{site.place}" if site.place and not site.place.startswith(site.district) else site.place or site.district
    return name, place, f"{site.host} {site.telephone}".strip() or "—", seats, site.came if site.is_hosted else "—", screen


def _site_acts(view: ClassView, room: Room) -> None:
    site = choose_site("哪个课堂", view.hosted, key=f"{PAGE}_site_chosen")
    if site is None:
        return
    given = SiteDraft(site.name, site.kind, site.place, site.district_code, site.host, site.telephone, site.capacity)
    draft = _site_form(given, room, key=f"{PAGE}_site_{site.id}", label="保存修改", whole=view.may_manage)
    if draft is not None:
        office.perform(lambda session: _edited(session, site, draft, room))
    if view.may_manage and components.confirm_button(
        "删除课堂", key=f"{PAGE}_site_drop_{site.id}", question=f"删除“{site.name}”。已有报名或签到的不能删除。"
    ):
        office.perform(lambda session: _dropped(session, site, room))


def _site_form(given: SiteDraft, room: Room, *, key: str, label: str, whole: bool = True) -> SiteDraft | None:
    offered = office.districts(room.reference, room.reach)
    places = ({CITY: "全市（不分区市）"} if room.desk.is_city_wide or room.desk.own_districts is None else {}) | offered
    with st.form(key, border=False):
        left, right = st.columns(2)
        with left:
            name = st.text_input("课堂名称（必填）", value=given.name, max_chars=80, placeholder="如：文登分课堂", key=f"{key}_name")
            kinds = list(SiteKind)
            kind = st.selectbox(
                "类别", kinds, index=kinds.index(given.kind), format_func=lambda each: each.label, key=f"{key}_kind", disabled=not whole
            )
            codes = list(places)
            current = given.district_code or CITY
            district = st.selectbox(
                "区市（由谁管理签到）", codes, index=codes.index(current) if current in codes else 0, format_func=places.__getitem__,
                key=f"{key}_district", disabled=not whole,
            )  # fmt: skip
        with right:
            place = st.text_input("地点", value=given.place, max_chars=200, key=f"{key}_place")
            host = st.text_input("联系人", value=given.host, max_chars=60, key=f"{key}_host")
            telephone = st.text_input("联系电话", value=given.telephone, max_chars=30, key=f"{key}_telephone")
        capacity = st.number_input(
            "容量（人，不限可留空）", min_value=1, max_value=service.LARGEST_ROOM, value=given.capacity, step=10, key=f"{key}_capacity"
        )
        if not st.form_submit_button(label, type="primary"):
            return None
    return SiteDraft(name, kind, place, district or None, host, telephone, int(capacity) if capacity else None)


def _added(session: Session, view: ClassView, draft: SiteDraft, room: Room) -> str:
    service.add_site(session, session_id=view.id, draft=draft, **room.stamp())
    return f"已添加“{draft.name.strip()}”。"


def _edited(session: Session, site: SiteView, draft: SiteDraft, room: Room) -> str:
    service.edit_site(session, site_id=site.id, draft=draft, **room.stamp())
    return f"“{draft.name.strip()}”已修改。"


def _dropped(session: Session, site: SiteView, room: Room) -> str:
    service.remove_site(session, site_id=site.id, **room.stamp())
    return f"“{site.name}”已删除。"


# 课表 -----------------------------------------------------------------------------------------------------------------


def _lessons(view: ClassView, room: Room) -> None:
    components.section("课表")
    if not view.lessons:
        components.empty_state("还没有排课", "可以按节次自动排好一天，也可以逐节添加。")
    for day, some in groupby(view.lessons, key=lambda lesson: lesson.day):
        lessons = list(some)
        title = f"{day.isoformat()}（周{WEEKDAYS[day.weekday()]}）"
        if len(view.days) <= SHOWN_DAYS:
            st.markdown(f"**{title}**")
            _timetable(lessons)
            continue
        with st.expander(f"{title}　{len(lessons)} 节" + ("　今天" if day == room.today else ""), expanded=day == room.today):
            _timetable(lessons)
    if not view.may_manage or view.state not in _EDITABLE:
        return
    with st.expander("按节次排一天的课", icon=":material/auto_schedule:", expanded=not view.lessons):
        _arrange(view, room)
    with st.expander("添加一节课", icon=":material/add:"):
        _one_more(view, room)
    if view.lessons:
        with st.expander("删除课", icon=":material/delete:"):
            _remove(view, room)


def _timetable(lessons: list[LessonView]) -> None:
    components.table(
        ("时间", "内容", "讲师", "学时"),
        [(each.time_text, each.topic, each.teacher or "—", "计" if each.is_credited else "不计") for each in lessons],
    )


def _kept(view: ClassView) -> list[LessonDraft]:
    return [LessonDraft(each.begin, each.end, each.topic, each.teacher, each.is_credited) for each in view.lessons]


def _put(view: ClassView, lessons: list[LessonDraft], room: Room, text: str) -> None:
    def work(session: Session) -> str:
        service.put_lessons(session, session_id=view.id, lessons=lessons, **room.stamp())
        return text

    office.perform(work)


def _next_day(view: ClassView, room: Room) -> date:
    return view.days[-1] + timedelta(days=1) if view.days else room.today + timedelta(days=7)


def _arrange(view: ClassView, room: Room) -> None:
    key = f"{PAGE}_arrange_{len(view.lessons)}"
    with st.form(key, border=False):
        left, right = st.columns(2)
        with left:
            day = st.date_input("日期", value=_next_day(view, room), format="YYYY-MM-DD", key=f"{key}_day")
            begin = st.time_input("第一节开始", value=time(8, 30), step=300, key=f"{key}_begin")
            count = st.number_input("上几节", 1, 12, 4, key=f"{key}_count")
        with right:
            length = st.number_input("每节多少分钟", 20, 180, view.minutes_per_hour, step=5, key=f"{key}_length")
            pause = st.number_input("课间休息（分钟）", 0, 60, 10, step=5, key=f"{key}_pause")
            teacher = st.text_input("讲师", max_chars=60, key=f"{key}_teacher")
        topic = st.text_input("内容", value="专题培训", max_chars=100, key=f"{key}_topic")
        pressed = st.form_submit_button("排课", type="primary")
    if pressed and isinstance(day, date):
        made = arranged(moment(day, begin), int(count), int(length), int(pause), topic, teacher)
        _put(view, [*_kept(view), *made], room, f"已排 {len(made)} 节课。")


def arranged(begin: datetime, count: int, length: int, pause: int, topic: str, teacher: str) -> list[LessonDraft]:
    """So many lessons one after the other."""
    step = timedelta(minutes=length + pause)
    return [
        LessonDraft(begin + step * n, begin + step * n + timedelta(minutes=length), f"{topic}（第 {n + 1} 节）", teacher)
        for n in range(count)
    ]  # fmt: skip


def _one_more(view: ClassView, room: Room) -> None:
    key = f"{PAGE}_lesson_{len(view.lessons)}"
    last = view.lessons[-1].end.astimezone(clock.SHANGHAI) if view.lessons else None
    with st.form(key, border=False):
        left, right = st.columns(2)
        with left:
            day = st.date_input("日期", value=view.days[-1] if view.days else _next_day(view, room), format="YYYY-MM-DD", key=f"{key}_day")
            begin = st.time_input("开始", value=last.time() if last else time(9, 0), step=300, key=f"{key}_begin")
            ends = (last or datetime(2026, 1, 1, 9, 0)) + timedelta(minutes=45)
            end = st.time_input("结束", value=ends.time(), step=300, key=f"{key}_end")
        with right:
            topic = st.text_input("内容（必填）", max_chars=120, key=f"{key}_topic")
            teacher = st.text_input("讲师", max_chars=60, key=f"{key}_teacher")
            credited = st.checkbox("计学时", value=True, key=f"{key}_credited", help="报到、休息、考试等不计学时的，去掉勾选")
        pressed = st.form_submit_button("添加", type="primary")
    if pressed and isinstance(day, date):
        one = LessonDraft(moment(day, begin), moment_after(moment(day, begin), end), topic, teacher, credited)
        _put(view, [*_kept(view), one], room, f"已添加“{topic}”。")


def _remove(view: ClassView, room: Room) -> None:
    names = {each.id: f"{each.day.isoformat()} {each.time_text} {each.topic}" for each in view.lessons}
    gone = st.multiselect(
        "删除哪几节", list(names), format_func=names.__getitem__, key=f"{PAGE}_lessons_gone", placeholder="可多选", select_all=False
    )
    question = f"删除 {len(gone)} 节课；已有签到的，学时随即重新计算。"
    if components.confirm_button("删除所选", key=f"{PAGE}_lessons_drop", question=question, disabled=not gone):
        kept = [lesson for lesson, row in zip(_kept(view), view.lessons, strict=True) if row.id not in gone]
        _put(view, kept, room, f"已删除 {len(gone)} 节课。")

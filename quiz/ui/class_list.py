"""The calendar of class sessions, and making a new one."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import streamlit as st
from markupsafe import Markup
from sqlmodel import Session

from quiz import clock
from quiz.classes import queries, service
from quiz.classes.queries import ClassRow, When
from quiz.classes.service import ClassDraft
from quiz.ui import components, office, state
from quiz.ui.class_detail import PAGE, STATE_TONES, WEEKDAYS, Room
from quiz.ui.markup import draw, join, markup
from quiz.vocabulary import ClassState, WithoutSignOut

_CSS = Path(__file__).with_suffix(".css")
_WHEN = {When.COMING: "将要举办", When.PAST: "已结束", When.ALL: "全部"}


def show(session: Session, room: Room) -> None:
    """What comes, what is over, by month."""
    st.html(f"<style>{_CSS.read_text(encoding='utf-8')}</style>")
    when, state_code, programme, text = _ask(session)
    rows = queries.sessions(
        session, desk=room.desk, now=room.now, when=when, state=state_code, programme_id=int(programme) if programme else None, text=text
    )
    if not rows:
        _empty(when, asked=bool(state_code or programme or text))
        return
    for month, some in groupby(rows, key=_month):
        draw(markup('<div class="ankao-month">{}</div>{}', month, join(_line(row, room) for row in some)))


def _ask(session: Session) -> tuple[str, str, str, str]:
    chosen = state.chosen("when") if state.chosen("when") in _WHEN else When.COMING
    when = st.segmented_control("时间", list(_WHEN), format_func=_WHEN.__getitem__, default=chosen, key=f"{PAGE}_when") or When.ALL
    office.remember("when", when, When.COMING)
    left, middle, right = st.columns([2, 1, 2])
    with left:
        options = {str(number): title for number, title in queries.programmes_to_choose(session).items()}
        programme = office.choose("培训专项", {"": "全部专项", **options}, name="programme", page=PAGE)
    with middle:
        state_code = office.choose("状态", {"": "全部", **{each.value: each.label for each in ClassState}}, name="state", page=PAGE)
    with right:
        text = office.search("查找", page=PAGE, placeholder="班次名称的一部分")
    return when, state_code, programme, text


def _month(row: ClassRow) -> str:
    if row.begin is None:
        return "还没有排课"
    day = clock.local_day(row.begin)
    return f"{day.year} 年 {day.month} 月"


def _line(row: ClassRow, room: Room) -> Markup:
    if row.begin is None or row.end is None:
        leaf = markup('<span class="ankao-leaf"><b>—</b><span>待排课</span></span>')
        when = "时间待定"
    else:
        day, last = clock.local_day(row.begin), clock.local_day(row.end)
        is_today = day <= room.today <= last
        leaf = markup(
            '<span class="ankao-leaf{}"><b>{}</b><span>{}</span></span>', " ankao-today" if is_today else "", day.day,
            "今天" if is_today else f"周{WEEKDAYS[day.weekday()]}",
        )  # fmt: skip
        when = f"{clock.show(row.begin)[11:]}—{clock.show(row.end)[11:]}" if row.days < 2 else f"至 {last.isoformat()}，共 {row.days} 天"
    badges = [components.badge(row.state.label, STATE_TONES[row.state])]
    if row.make_up_of:
        badges.append(components.badge("补课", "info"))
    return markup(
        '<a class="ankao-class" href="/classes?session={}" target="_self">{}<span class="ankao-class-what"><b>{}</b> {}'
        "<small>{}</small><small>{}</small></span>"
        '<span class="ankao-class-count"><span><b>{}</b> <small>报名</small></span> <span><b>{}</b> <small>到过</small></span></span></a>',
        row.id, leaf, row.title, join(badges), f"{when}　{row.programme or '不属于任何专项'}",
        f"{row.sites} 个课堂：{row.places}" if row.sites else "还没有课堂", row.registered, row.came,
    )  # fmt: skip


def _empty(when: str, *, asked: bool) -> None:
    if asked:
        components.empty_state("没有符合条件的班次", "换一个条件，或清除条件再看。", href="/classes?when=all", label="清除全部条件")
    elif when == When.COMING:
        components.empty_state(
            "没有将要举办的班次", "在下面新建班次：先定名称和专项，再加课堂、排课、发布。", href="/classes?when=past", label="看已结束的"
        )
    else:
        components.empty_state("还没有班次", "在下面新建班次：先定名称和专项，再加课堂、排课、发布。")


def add(session: Session, room: Room) -> None:
    """A new draft."""
    with st.expander("新建班次", icon=":material/add:"), st.form(f"{PAGE}_new", border=False):
        draft = fields(session, ClassDraft(""), key=f"{PAGE}_new")
        pressed = st.form_submit_button("新建班次", type="primary")
    if pressed:

        def work(inside: Session) -> str:
            number = service.create(inside, draft=draft, **room.stamp())
            st.query_params.from_dict({"session": str(number)})
            return "班次已建成草稿。接着在“安排”里加课堂、排课，再到“办理”里发布。"

        office.perform(work)


def fields(session: Session, given: ClassDraft, *, key: str) -> ClassDraft:
    """The form of a session's own facts."""
    programmes: dict[int | None, str] = {None: "不属于任何专项（学时不计入任务）"} | dict(queries.programmes_to_choose(session).items())
    institutions: dict[int | None, str] = {None: "无（由办公室、部门自办）"} | dict(queries.institutions_to_choose(session).items())
    if given.institution_id is not None and given.institution_id not in institutions:
        institutions[given.institution_id] = "现承办机构（已清退）"
    title = st.text_input("班次名称（必填）", value=given.title, max_chars=120, key=f"{key}_title")
    left, right = st.columns(2)
    with left:
        programme = st.selectbox(
            "计入哪个培训专项", list(programmes), index=_place(programmes, given.programme_id), format_func=programmes.__getitem__,
            key=f"{key}_programme",
        )  # fmt: skip
        per_hour = st.number_input("1 学时等于多少分钟", 30, 90, given.minutes_per_hour, step=5, key=f"{key}_per_hour")
        until = st.date_input(
            "报名截止日（不填为开课时）", value=clock.local_day(given.registration_until) if given.registration_until else None,
            format="YYYY-MM-DD", key=f"{key}_until",
        )  # fmt: skip
    with right:
        institution = st.selectbox(
            "承办培训机构", list(institutions), index=_place(institutions, given.institution_id), format_func=institutions.__getitem__,
            key=f"{key}_institution", help="当天没有有效条件复核的机构，其班次不计学时",
        )  # fmt: skip
        grace = st.number_input("迟到宽限（分钟）", 0, 30, given.grace_minutes, key=f"{key}_grace", help="在宽限内签到的，按整节计")
        policies = list(WithoutSignOut)
        policy = st.selectbox(
            "没有签退的", policies, index=policies.index(given.without_sign_out), format_func=lambda each: each.label, key=f"{key}_policy"
        )
    text = st.text_area("说明（学员可见）", value=given.description, max_chars=1000, height=90, key=f"{key}_text")
    return ClassDraft(
        title, programme, institution, text, int(per_hour), int(grace), policy, clock.end_of_day(until) if until else None
    )  # fmt: skip


def _place(options: dict, value: int | None) -> int:  # type: ignore[type-arg]
    return list(options).index(value) if value in options else 0

"""Presences of a session: what needs a hand first, then everybody, then corrections."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time

import pandas as pd
import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.classes import candidates, presence, registration
from quiz.classes.domain import show_hours
from quiz.classes.presence import Conflict, PresenceRow
from quiz.classes.queries import ClassView
from quiz.ui import components, office
from quiz.ui.class_detail import PAGE, Room, choose_day, choose_site, moment, moment_after
from quiz.ui.class_people import LONG_LIST
from quiz.ui.components import Kpi
from quiz.vocabulary import ClassState

_VIEWS = {"valid": "有效记录", "open": "未签退", "voided": "已作废"}


def show(session: Session, view: ClassView, room: Room) -> None:
    """Figures, conflicts, the list, corrections."""
    rows = presence.rows(session, session_id=view.id, desk=room.desk)
    conflicts = presence.conflicts(session, session_id=view.id, desk=room.desk, known=rows) if rows else ()
    valid = [row for row in rows if row.voided_at is None]
    unsettled = [row for row in valid if not row.is_settled]
    people = {row.person_id for row in valid}
    credited = {(row.person_id, row.day): row.minutes for row in valid}
    total = show_hours(sum(credited.values()), minutes_per_hour=view.minutes_per_hour)
    components.kpi_row(
        [
            Kpi("签到记录", f"{len(valid)} 条", f"{len(people)} 人"),
            Kpi("计入学时", total, "所列人员合计"),
            Kpi("未签退", f"{len(unsettled)} 条", view.without_sign_out.label, tone="warn" if unsettled else ""),
            Kpi("两处同时在场", f"{len(conflicts)} 条", "需要核实", tone="bad" if conflicts else ""),
        ]
    )
    if conflicts:
        _conflicts(conflicts, rows, view, room)
    if rows:
        _list(view, rows, room)
    else:
        components.empty_state("还没有签到记录", "上课当天在“安排”里点“投屏签到”；也可以导入纸质签到表，或在下面补登。")
    if view.state is ClassState.ANNOUNCED and view.hosted and view.days:
        with st.expander("补登签到", icon=":material/how_to_reg:"):
            _add(session, view, room)


def _conflicts(conflicts: Sequence[Conflict], rows: Sequence[PresenceRow], view: ClassView, room: Room) -> None:
    components.section("两处同时在场", "两条记录都保留，重叠的时间只计一次；核实后作废其中一条，或更正签退时间。")
    lines = [
        (one.name, one.organisation, one.first, one.second, f"{clock.show(one.begin)}—{clock.show(one.end)[11:]}") for one in conflicts
    ]
    components.table(("姓名", "单位", "课堂一", "课堂二", "重叠时间"), lines)
    here = {row.id: row for row in rows}
    known = {number: here[number] for one in conflicts for number in (one.first_id, one.second_id) if number in here}
    labels = {number: f"{row.name}　{row.site}　{_span(row)}" for number, row in known.items()}
    chosen = st.selectbox(
        "核实哪一条", list(labels), index=None, format_func=labels.__getitem__, key=f"{PAGE}_conflict", placeholder="选一条记录更正或作废"
    )
    if chosen is not None:
        _correct(known[chosen], view, room, place="conflict")


def _span(row: PresenceRow) -> str:
    return f"{clock.show(row.signed_in_at)[11:]}—{clock.show(row.signed_out_at)[11:] or '未签退'}"


def _list(view: ClassView, rows: Sequence[PresenceRow], room: Room) -> None:
    components.section("签到记录")
    groups = {
        "valid": [row for row in rows if row.voided_at is None],
        "open": [row for row in rows if not row.is_settled],
        "voided": [row for row in rows if row.voided_at is not None],
    }
    labels = {name: f"{label} {len(groups[name])}" for name, label in _VIEWS.items()}
    chosen = (
        st.segmented_control("只看", list(labels), format_func=labels.__getitem__, default="valid", key=f"{PAGE}_presence_view") or "valid"
    )
    shown = groups[chosen]
    if len(rows) > LONG_LIST:
        text = office.search("在记录里查找", page=PAGE, name="present", placeholder="姓名、单位或课堂的一部分")
        shown = [row for row in shown if text in row.name or text in row.organisation or text in row.site]
    if not shown:
        components.hint("没有这类记录。")
        return
    frame = pd.DataFrame([_line(row, view) for row in shown])
    at = components.data_table(frame, key=f"{PAGE}_presences_{chosen}_{len(shown)}", choose=True)
    if at is None:
        components.hint("点选一行可以核实签退时间、作废或恢复；每一笔都写理由、可查。")
        return
    _correct(shown[at], view, room)


def _line(row: PresenceRow, view: ClassView) -> dict[str, object]:
    several = {"日期": row.day.isoformat()} if len(view.days) > 1 else {}
    return {
        "姓名": row.name, "课堂": row.site, **several, "签到": clock.show(row.signed_in_at)[11:],
        "签退": clock.show(row.signed_out_at)[11:] or "未签退",
        "当天学时": show_hours(row.minutes, minutes_per_hour=view.minutes_per_hour), "单位": row.organisation, "方式": row.source.label,
        "说明": row.void_reason or row.note,
    }  # fmt: skip


def _correct(row: PresenceRow, view: ClassView, room: Room, *, place: str = "list") -> None:
    if view.state is not ClassState.ANNOUNCED:
        components.note(f"班次{view.state.label}，签到记录不能再改。")
        return
    site = view.site(row.site_id)
    if site is None or not site.is_hosted:
        components.note("这条记录在其他课堂，由该课堂的主办单位更正。")
        return
    with st.container(border=True):
        components.heading(f"{row.name}　{row.site}", over=f"{clock.show(row.signed_in_at)} 签到")
        if row.voided_at is not None:
            if components.confirm_button("恢复这条记录", key=f"{PAGE}_restore_{row.id}", question="恢复后重新计算学时。"):
                office.perform(lambda session: f"{presence.restore(session, presence_id=row.id, **room.stamp())}的签到记录已恢复。")
            return
        _settle(row, view, room, place)
        with st.form(f"{PAGE}_void_{place}_{row.id}", border=False):
            reason = st.text_input(
                "作废理由（必填）", max_chars=200, key=f"{PAGE}_void_reason_{place}_{row.id}", placeholder="如：代签，已核实"
            )
            pressed = st.form_submit_button("作废这条记录")
        if pressed:
            office.perform(lambda session: _voided(session, row, reason, room))


def _settle(row: PresenceRow, view: ClassView, room: Room, place: str) -> None:
    key = f"{PAGE}_settle_{place}_{row.id}"
    last = max((lesson.end for lesson in view.lessons if lesson.day == row.day), default=row.signed_in_at)
    given = (row.signed_out_at or last).astimezone(clock.SHANGHAI).time()
    with st.form(key, border=False):
        left, right = st.columns([1, 2])
        with left:
            at = st.time_input("离开时间", value=given, step=60, key=f"{key}_time")
        with right:
            reason = st.text_input("依据（必填）", max_chars=200, key=f"{key}_reason", placeholder="如：监控核实、班主任证明")
        pressed = st.form_submit_button("核实签退时间" if row.signed_out_at is None else "更正签退时间", type="primary")
    if pressed:
        left_at = moment_after(row.signed_in_at, at)
        office.perform(lambda session: _settled(session, row, left_at, reason, room))


def _settled(session: Session, row: PresenceRow, left_at: object, reason: str, room: Room) -> str:
    name = presence.settle(session, presence_id=row.id, left_at=left_at, reason=reason, **room.stamp())  # type: ignore[arg-type]
    return f"{name}的签退时间已登记，学时已重新计算。"


def _voided(session: Session, row: PresenceRow, reason: str, room: Room) -> str:
    name = presence.void(session, presence_id=row.id, reason=reason, **room.stamp())
    return f"{name}的签到记录已作废，学时已重新计算；可在“已作废”里恢复。"


def _add(session: Session, view: ClassView, room: Room) -> None:
    text = office.search("补登谁：姓名、完整手机号或单位", page=PAGE, name="add_who")
    seats = {row.person_id: f"{row.name}　{row.organisation}" for row in registration.rows(session, session_id=view.id, desk=room.desk)}
    names = (
        {one.person_id: f"{one.name}　{one.organisation}" for one in candidates.search(session, text=text, desk=room.desk)} if text else {}
    )
    names |= {number: label for number, label in seats.items() if text and text in label}
    if not names:
        components.hint("输入姓名查到本人后补登。" if not text else "没有查到，或不在您的管理范围内。")
        return
    key = f"{PAGE}_hand"
    with st.form(key, border=False):
        person = st.selectbox("人员", list(names), format_func=names.__getitem__, key=f"{key}_person")
        site = choose_site("课堂", view.hosted, key=f"{key}_site")
        day = choose_day("日期", view, key=f"{key}_day", today=room.today)
        left, right = st.columns(2)
        with left:
            begin = st.time_input("签到", value=time(8, 30), step=60, key=f"{key}_begin")
        with right:
            end = st.time_input("签退", value=time(11, 30), step=60, key=f"{key}_end")
        reason = st.text_input("理由（必填）", max_chars=200, key=f"{key}_reason", placeholder="如：手机没电，现场核实到课")
        pressed = st.form_submit_button("补登", type="primary")
    if pressed and site is not None:
        office.perform(
            lambda inside: (
                f"已为{presence.add(inside, site_id=site.id, person_id=person, begin=moment(day, begin), end=moment_after(moment(day, begin), end), reason=reason, **room.stamp())}补登签到。"
            )
        )

"""What is done with a session as a whole: publish, close, cancel, copy, make up, edit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import streamlit as st
from sqlmodel import Session

from quiz.classes import presence, service
from quiz.classes.queries import ClassView
from quiz.classes.service import ClassDraft
from quiz.ui import class_list, components, office
from quiz.ui.class_detail import PAGE, Room
from quiz.vocabulary import ClassState


def show(session: Session, view: ClassView, room: Room) -> None:
    """The next step first."""
    if view.may_manage:
        _next_step(session, view, room)
    with st.expander("复制为新班次", icon=":material/content_copy:"):
        _copy(view, room, as_make_up=False)
    if view.state is not ClassState.DRAFT:
        with st.expander("安排补课", icon=":material/event_repeat:"):
            components.hint("课堂和课表照搬到新的日期；报名了这一班而没有得到学时的人，会在补课班次的“报名”里列出。")
            _copy(view, room, as_make_up=True)
    if view.may_manage and view.state in (ClassState.DRAFT, ClassState.ANNOUNCED):
        with st.expander("修改基本情况", icon=":material/edit:"):
            _edit(session, view, room)
        with st.expander("取消班次", icon=":material/event_busy:"):
            _cancel(view, room)


def _do(work: Callable[..., None], view: ClassView, room: Room, text: str, **more: Any) -> None:
    def whole(session: Session) -> str:
        work(session, session_id=view.id, **room.stamp(), **more)
        return text

    office.perform(whole)


def _next_step(session: Session, view: ClassView, room: Room) -> None:
    if view.state is ClassState.DRAFT:
        missing = [name for name, there in (("课堂", view.sites), ("课表", view.lessons)) if not there]
        components.note(
            "草稿只有工作人员能看到；发布后学员可以报名，上课当天可以签到。" + (f"还缺：{'、'.join(missing)}。" if missing else "")
        )
        if components.confirm_button(
            "发布", key=f"{PAGE}_announce", question="发布后学员在“我的班次”里可以看到并报名。", icon=":material/campaign:"
        ):
            _do(service.announce, view, room, "班次已发布。")
    elif view.state is ClassState.ANNOUNCED:
        rows = presence.rows(session, session_id=view.id, desk=room.desk)
        unsettled = sum(not row.is_settled for row in rows)
        warning = f"还有 {unsettled} 条未签退没有核实，办结后按不计处理。" if unsettled else ""
        with st.container(horizontal=True):
            if components.confirm_button("办结", key=f"{PAGE}_close", question=f"课程结束、签到核实后办结，之后不能再改签到。{warning}"):
                _do(service.close, view, room, "班次已办结。")
            if components.confirm_button("撤回发布", key=f"{PAGE}_draft", question="退回草稿，学员不再看到；已有签到的不能撤回。"):
                _do(service.back_to_draft, view, room, "已退回草稿。")
    elif view.state is ClassState.CLOSED:
        if components.confirm_button("撤销办结", key=f"{PAGE}_reopen", question="重新打开，可以更正签到、导入签到表。"):
            _do(service.reopen, view, room, "已撤销办结。")
    elif components.confirm_button("撤销取消", key=f"{PAGE}_restore_class", question="退回草稿，改好时间后可以重新发布。"):
        _do(service.back_to_draft, view, room, "已退回草稿。")


def _copy(view: ClassView, room: Room, *, as_make_up: bool) -> None:
    key = f"{PAGE}_{'make_up' if as_make_up else 'copy'}"
    day = st.date_input("第一天改为", value=room.today + timedelta(days=7), format="YYYY-MM-DD", key=f"{key}_day")
    if not st.button("安排补课" if as_make_up else "复制", key=f"{key}_go", type="primary") or not isinstance(day, date):
        return

    def work(session: Session) -> str:
        number = service.copy(session, session_id=view.id, first_day=day, as_make_up=as_make_up, **room.stamp())
        st.query_params.from_dict({"session": str(number)})
        return "补课班次已建成草稿，核对时间和课堂后发布。" if as_make_up else "已复制为草稿，核对时间和课堂后发布。"

    office.perform(work)


def _edit(session: Session, view: ClassView, room: Room) -> None:
    given = ClassDraft(
        view.title, view.programme_id, view.institution_id, view.description, view.minutes_per_hour, view.grace_minutes,
        view.without_sign_out, view.registration_until,
    )  # fmt: skip
    with st.form(f"{PAGE}_edit", border=False):
        draft = class_list.fields(session, given, key=f"{PAGE}_edit_{view.id}")
        pressed = st.form_submit_button("保存修改", type="primary")
    if pressed:
        _do(service.edit, view, room, "已保存；改了专项、机构或计时办法的，学时已重新计算。", draft=draft)


def _cancel(view: ClassView, room: Room) -> None:
    with st.form(f"{PAGE}_cancel", border=False):
        reason = st.text_input("取消原因（必填）", max_chars=200, key=f"{PAGE}_cancel_reason")
        pressed = st.form_submit_button("取消班次")
    if pressed:
        _do(service.cancel, view, room, "班次已取消；可以在这里撤销。", reason=reason)

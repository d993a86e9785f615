"""The outbox on screen: what waits, what left, what failed and why."""

from __future__ import annotations

import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.accounts.domain import User
from quiz.organisations.reach import Reaches
from quiz.reminders import outbox
from quiz.reminders.outbox import MessageView
from quiz.training.queries import ProgrammeView
from quiz.ui import components, office
from quiz.ui.components import Tone
from quiz.ui.reminders_view import PAGE, require_city
from quiz.vocabulary import OutboxState

ROWS = 20
_TONES: dict[OutboxState, Tone] = {
    OutboxState.QUEUED: "info",
    OutboxState.SENDING: "info",
    OutboxState.SENT: "ok",
    OutboxState.FAILED: "bad",
    OutboxState.CANCELLED: "",
    OutboxState.DRY: "warn",
}


def show(session: Session, programme: ProgrammeView, user: User, reach: Reaches) -> None:
    """Numbers by state, which filter; the messages; what may be done with those that did not leave."""
    components.section("发件箱", "每条消息只发一次；不能确定对方是否收到的，不会自动重发。")
    everything = outbox.listed(session, programme_id=programme.id, reach=reach, limit=0)
    if not everything.total:
        components.empty_state("发件箱是空的", "到了提醒的日子，消息会自动出现在这里。")
        return
    labels = {office.ALL: f"全部 {everything.total}"}
    labels |= {state.value: f"{state.label} {number}" for state, number in everything.by_state.items()}
    key = f"{PAGE}_outbox_state"
    if st.session_state.get(key) not in labels:
        st.session_state[key] = office.ALL
    chosen = st.pills("按状态筛选", list(labels), format_func=labels.__getitem__, key=key) or office.ALL
    office.begin_again(chosen, programme.code, page=f"{PAGE}_outbox")
    state = OutboxState(chosen) if chosen else None
    found = outbox.listed(session, programme_id=programme.id, state=state, reach=reach, limit=ROWS, offset=office.offset(ROWS))
    components.table(("通道", "发给", "内容", "状态", "时间"), [_line(message) for message in found.messages])
    office.pages(found.total, page=f"{PAGE}_outbox", size=ROWS)
    if office.is_city_wide(reach):
        _acts(found.messages, programme, user, reach, waiting=everything.by_state.get(OutboxState.QUEUED, 0))


def _line(message: MessageView) -> tuple[object, ...]:
    to = f"{message.organisation} {message.address}".strip()
    said = message.body if len(message.body) <= 90 else message.body[:90] + "…"
    note = f"{said}\n{message.error}" if message.error else said
    when = clock.show(message.sent_at) if message.sent_at else f"不早于 {clock.show(message.not_before)}"
    return message.channel.label, to, note, components.badge(message.state.label, _TONES[message.state]), when


def _acts(messages: tuple[MessageView, ...], programme: ProgrammeView, user: User, reach: Reaches, *, waiting: int) -> None:
    failed = {each.id: f"{each.organisation} {each.address}" for each in messages if each.state is OutboxState.FAILED}
    with st.container(horizontal=True):
        if waiting and components.confirm_button(
            f"取消全部待发送（{waiting} 条）", key=f"{PAGE}_cancel_all", question="这些消息将不再发出；以后到期的提醒不受影响。"
        ):
            office.perform(lambda session: _cancel_all(session, programme, user, reach))
    if failed:
        with st.expander("重新发送失败的消息"):
            chosen = st.selectbox("哪一条", list(failed), format_func=failed.__getitem__, key=f"{PAGE}_again_choice")
            components.hint("请先核实对方确实没有收到，以免重复打扰。")
            if st.button("重新发送", key=f"{PAGE}_again"):
                office.perform(lambda session: _again(session, chosen, failed[chosen], user, reach))


def _cancel_all(session: Session, programme: ProgrammeView, user: User, reach: Reaches) -> str:
    require_city(reach)
    number = outbox.cancel_waiting(session, programme_id=programme.id)
    office.record(session, user, "cancel_message", subject=programme.title, number=number)
    return f"已取消 {number} 条。"


def _again(session: Session, message_id: int, said: str, user: User, reach: Reaches) -> str:
    require_city(reach)
    now = clock.now()
    outbox.send_again(session, message_id=message_id, now=now)
    office.record(session, user, "send_again", subject=said, now=now)
    return "已放回发件箱，将再次发送。"

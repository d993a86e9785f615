"""An enterprise stops, closes, opens again, or goes on as part of another: the acts of the office about it."""

from __future__ import annotations

from datetime import date

import streamlit as st
from sqlmodel import Session

from quiz.organisations import closing, queries
from quiz.organisations import service as organisations
from quiz.organisations.domain import STATUS_LABELS, OrganisationView
from quiz.organisations.existence import CLOSED_STATUSES
from quiz.ui import components, store
from quiz.ui.enterprises_desk import Desk, ask_document, pick_day
from quiz.ui.markup import plain
from quiz.vocabulary import OrganisationStatus

SHORTEST_DOCUMENT = 4
FOUND = 20
NEVER_CLOSED, OPENED_AGAIN = "登记有误，从未停业：按原来的日期一直计入应训", "恢复营业：从所填日期起重新计入应训，另给补训期"


def status(desk: Desk) -> None:
    """In business, suspended, out of reach, deregistered or revoked; and back."""
    row = desk.view.row
    labels = {code: label for code, label in STATUS_LABELS.items() if code != OrganisationStatus.MERGED}
    if row.status == OrganisationStatus.MERGED:
        st.markdown("该单位已经合并。合并有误的，在“与其他单位合并”里撤销；重新独立经营的，在这里选“在业”和恢复日期。")
    reopening = OPENED_AGAIN
    if row.status in CLOSED_STATUSES:
        reopening = st.radio("改为在业（停产、查无下落）时", [OPENED_AGAIN, NEVER_CLOSED], key=desk.key("status_reopening"))
    with st.form(desk.key("status"), border=False):
        chosen = st.selectbox(
            "经营状态", list(labels), index=list(labels).index(row.status) if row.status in labels else 0, format_func=labels.__getitem__,
            key=desk.key("status_code"),
        )  # fmt: skip
        day = pick_day(desk, "从哪一天起", "status_day")
        document = ask_document(desk, "status", must=True)
        components.bullets(
            [
                "注销、吊销：当日起不再计入应训企业，记录保留；在专项开始以前的，从不计入。",
                "停产停业、查无下落：仍计入应训企业；整个窗口期停产的，另办核减。",
                "恢复营业：当日起重新计入，期限自当日起另算。",
            ]
        )
        pressed = st.form_submit_button("确认变更状态", type="primary")
    if not pressed:
        return
    if len(document) < SHORTEST_DOCUMENT:
        components.note("请写明依据，例如“市场监管局 2026-11-20 准予注销登记通知书”。", tone="bad")
        return
    never = reopening == NEVER_CLOSED and chosen not in CLOSED_STATUSES

    def work(session: Session, view: OrganisationView) -> str:
        closed_on = view.details["closed_on"]
        since = closed_on if never and isinstance(closed_on, date) else day
        organisations.set_status(session, organisation_id=view.id, status=chosen, effective_on=since, document=document, **desk.stamp())
        told = "，按从未停业处理" if never and closed_on else f"，自 {since.isoformat()} 起"
        return f"经营状态已变更为“{labels[chosen]}”{told}。"

    desk.act("set_status", work, status=chosen, effective_on=day.isoformat(), document=document)


def merge(desk: Desk) -> None:
    """Into another enterprise within reach; or back."""
    with store.reading() as session:
        absorbed = closing.absorbed(session, desk.view.id)
        into = closing.merged_into(session, desk.view.id) if desk.view.details["merged_into_id"] else None
    for each in absorbed:
        components.note(f"“{each.name}”已于 {each.merged_on} 并入本单位。")
    if into is not None:
        _undo(desk, into)
        return
    if desk.view.row.status in CLOSED_STATUSES:
        st.markdown("已经注销或吊销的单位不能再办合并。")
        return
    text = st.text_input("并入哪一家（名称或统一社会信用代码）", max_chars=60, key=desk.key("merge_search")).strip()
    if not text:
        st.markdown("先查找合并后存续的单位。双方都须在您的管辖范围内。")
        return
    with store.reading() as session:
        page = queries.find(session, text=text, reach=desk.reach, limit=FOUND)
    offered = {row.id: f"{row.name}（{row.code_label}，{row.district_name}）" for row in page.rows if row.id != desk.view.id}
    if not offered:
        components.note("您的管辖范围内没有查到其他单位；跨区市的合并请市安委会办公室办理。", tone="warn")
        return
    with st.form(desk.key("merge"), border=False):
        chosen = st.selectbox("合并后存续的单位", list(offered), format_func=offered.__getitem__, key=desk.key("merge_into"))
        day = pick_day(desk, "合并日期（从这一天起本单位不再单独计入）", "merge_day")
        document = ask_document(desk, "merge", must=True)
        components.bullets(
            [
                "本单位的培训任务自合并之日关闭，任职、考试和证书记录保留在原处。",
                "存续单位的任务和数字不变；原负责人继续任职的，另在存续单位登记任职。",
                "同一单位重复登记的，合并日期填得早于专项开始，就从不计入。",
            ]
        )
        pressed = st.form_submit_button("确认合并", type="primary")
    if not pressed:
        return
    if len(document) < SHORTEST_DOCUMENT:
        components.note("请写明依据，例如“市场监管局 2026-11-20 合并登记通知书”。", tone="bad")
        return

    def work(session: Session, view: OrganisationView) -> str:
        return merge_into(desk, session, view, chosen, day, document)

    desk.act("merge_organisation", work, into=offered[chosen], effective_on=day.isoformat(), document=document)


def merge_into(desk: Desk, session: Session, view: OrganisationView, into_id: int, day: date, document: str) -> str:
    """Both ends are looked up within reach before anything is written."""
    other = queries.organisation_view(session, into_id, reach=desk.reach)
    organisations.merge(session, organisation_id=view.id, into_id=other.id, effective_on=day, document=document, **desk.stamp())
    return f"“{view.row.name}”已自 {day.isoformat()} 起并入“{other.row.name}”。"


def _undo(desk: Desk, into: closing.MergerView) -> None:
    st.markdown(f"已于 {into.merged_on} 并入 {plain(into.name)}。")
    with st.form(desk.key("undo_merge"), border=False):
        reason = ask_document(desk, "undo_merge", must=True)
        components.bullets(["撤销后按从未合并处理：培训任务和统计数恢复原样。", "合并后又办理过其他变更的，须先撤回那些变更。"])
        pressed = st.form_submit_button("撤销合并")
    if not pressed:
        return
    if len(reason) < SHORTEST_DOCUMENT:
        components.note("请写明撤销的依据。", tone="bad")
        return

    def work(session: Session, view: OrganisationView) -> str:
        organisations.undo_merge(session, organisation_id=view.id, reason=reason, **desk.stamp())
        return f"已撤销“{view.row.name}”并入“{into.name}”，培训任务恢复原样。"

    desk.act("undo_merge", work, into=into.name, document=reason)

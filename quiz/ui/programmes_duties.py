"""Single enterprises in a programme: more time for a holder, and the way to 核减, each with its reason and within reach."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import streamlit as st
from sqlmodel import Session

from quiz.accounts.domain import User
from quiz.organisations import queries as organisations
from quiz.organisations.reach import Reaches
from quiz.problems import Invalid
from quiz.training import service as training
from quiz.training.exemption_queries import ExemptionFilter
from quiz.training.exemption_queries import requests as exemption_requests
from quiz.training.granted import DutyRow, duty_row, duty_rows, granted
from quiz.training.queries import ProgrammeView
from quiz.ui import components, office
from quiz.ui.enterprises_detail import duty_state, remarks
from quiz.ui.programmes_view import PAGE
from quiz.vocabulary import ExemptionState, ProgrammeState

FOUND = 20
SHORTEST_REASON = 4


def show(session: Session, programme: ProgrammeView, user: User, reach: Reaches, *, today: date) -> None:
    """What was granted so far, and the way to grant more."""
    components.section("个别延期与核减", "延期给负责人更多时间；核减使企业不计入应训，须上传依据，经两级审核。")
    components.link("核减申请", f"/exemptions?programme={programme.code}")
    if programme.state is ProgrammeState.OPEN:
        text = office.search("查找企业", page=PAGE, placeholder="企业名称、信用代码或负责人姓名")
        if text:
            _choose(session, programme, user, reach, text, today)
    else:
        st.markdown("只有进行中的专项可以办理。")
    rows = granted(session, programme_id=programme.id, reach=reach)
    if rows:
        lines = [
            (
                components.anchor(row.organisation, f"/enterprises?organisation={row.organisation_id}"),
                row.person,
                components.badge(*duty_state(row, today)),
                office.day(row.due_on),
                remarks(row),
            )
            for row in rows
        ]
        components.table(("企业", "负责人", "状态", "期限", "办理情况"), lines)
    else:
        components.empty_state("还没有延期或核减", "确有需要的，在上面查到企业后办理。")


def _choose(session: Session, programme: ProgrammeView, user: User, reach: Reaches, text: str, today: date) -> None:
    found = organisations.find(session, text=text, reach=reach, limit=FOUND)
    if not found.total:
        components.note("管辖范围内没有查到这家企业，请核对名称。", tone="warn")
        return
    names = {row.id: f"{row.name}（{row.district_name}{row.town_name}，{row.principals or '未登记负责人'}）" for row in found.rows}
    if found.total > FOUND:
        st.markdown(f"查到 {found.total} 家，只列前 {FOUND} 家，请输入更完整的名称。")
    chosen = st.selectbox("选择企业", list(names), format_func=names.__getitem__, key=f"{PAGE}_organisation")
    rows = [row for row in duty_rows(session, reach=reach, organisation_id=chosen, programme_id=programme.id) if row.closed_on is None]
    if not rows:
        components.note("该企业在这个专项里没有登记负责人，或不属于培训对象。没有负责人的企业也可以申请核减。", tone="warn")
        components.link("申请核减", f"/exemptions?do=new&programme={programme.code}&organisation={chosen}")
    approved = ExemptionFilter(state=ExemptionState.APPROVED.value, programme_id=programme.id, organisation_id=chosen)
    by_request = bool(exemption_requests(session, reach=reach, asked=approved, limit=1))
    for row in rows:
        with st.container(border=True):
            _duty(row, user, reach, today, by_request=by_request)


def _duty(row: DutyRow, user: User, reach: Reaches, today: date, *, by_request: bool) -> None:
    components.heading(row.person, components.badge(*duty_state(row, today)), over=row.organisation)
    components.facts([("期限", office.day(row.due_on)), ("应训起", office.day(row.opened_on)), ("已办", remarks(row) or "—")])
    if row.completed_on is not None:
        st.markdown("已经完成，不需要延期或核减。")
        return
    if row.is_exempt_on(today):
        _recovery(row, user, reach, today, by_request=by_request)
        return
    with st.form(f"{PAGE}_extend_{row.id}"):
        earliest = max(row.due_on, today) + timedelta(days=1)
        due = st.date_input(
            "延期到", value=earliest + timedelta(days=14), min_value=earliest, format="YYYY-MM-DD", key=f"{PAGE}_due_{row.id}"
        )
        reason = st.text_input("延期理由（必填）", max_chars=200, key=f"{PAGE}_extend_reason_{row.id}")
        if st.form_submit_button("办理延期"):
            day = due if isinstance(due, date) else earliest
            _act(row, user, reach, "extend_due", lambda s: _extended(s, row, day, reason), reason)
    components.link("申请核减", f"/exemptions?do=new&programme={row.programme_code}&organisation={row.organisation_id}")


def _recovery(row: DutyRow, user: User, reach: Reaches, today: date, *, by_request: bool) -> None:
    """An exemption by request is ended there; one from before there were requests is withdrawn here."""
    if by_request:
        components.link("恢复应训", f"/exemptions?programme={row.programme_code}&state=approved")
        return
    question = f"撤销后，{row.organisation}重新计入应训，从今天起重新给足宽限期。"
    if components.confirm_button("撤销核减", key=f"{PAGE}_withdraw_{row.id}", question=question):
        _act(row, user, reach, "withdraw_exemption", lambda s: _withdrawn(s, row, today), "")


def _act(row: DutyRow, user: User, reach: Reaches, action: str, work: Callable[[Session], str], reason: str) -> None:
    """Look the duty up again within reach, do it, record it."""

    def whole(session: Session) -> str:
        again = duty_row(session, duty_id=row.id, reach=reach)
        if again.programme_state != ProgrammeState.OPEN:
            raise Invalid("这个专项已经结束，不能再办理。", code="programme_not_open")
        if action != "withdraw_exemption" and len(reason.strip()) < SHORTEST_REASON:
            raise Invalid("请写明理由和依据的文件，例如“整体停产，张村镇 2026-11-18 核实，区应急局同意”。", code="reason_short")
        text = work(session)
        office.record(
            session,
            user,
            action,
            subject=again.organisation,
            programme=again.programme_code,
            duty=again.id,
            person=again.person,
            reason=reason.strip(),
        )
        return text

    office.perform(whole)


def _extended(session: Session, row: DutyRow, day: date, reason: str) -> str:
    view = training.extend_due(session, duty_id=row.id, due_on=day, reason=reason)
    return f"已将{row.person}（{row.organisation}）的期限延至 {view.due_on.isoformat()}。"


def _withdrawn(session: Session, row: DutyRow, day: date) -> str:
    view = training.withdraw_exemption(session, duty_id=row.id, withdrawn_on=day)
    return f"已撤销{row.organisation}的核减，新的期限为 {view.due_on.isoformat()}。"

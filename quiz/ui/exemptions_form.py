"""Asking for an exemption: which enterprise, which programme, for whom, on what ground and paper."""

from __future__ import annotations

from datetime import date

import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.accounts.domain import User
from quiz.organisations import queries as organisations
from quiz.organisations.reach import Reaches
from quiz.problems import NotFound
from quiz.training import exemptions
from quiz.training.exemption_papers import LARGEST, Upload
from quiz.training.exemptions import Asked
from quiz.training.granted import DutyRow, duty_rows
from quiz.ui import components, gate, office, state
from quiz.vocabulary import ExemptionGround, ProgrammeState

PAGE = "exemption_form"
FOUND = 20


def show(session: Session, user: User, reach: Reaches, *, today: date) -> None:
    """The form; the enterprise may come with the address."""
    chosen = _enterprise(session, reach)
    if chosen is None:
        return
    duties = [
        row
        for row in duty_rows(session, reach=reach, organisation_id=chosen)
        if row.programme_state == ProgrammeState.OPEN and row.closed_on is None and row.completed_on is None and not row.is_exempt
    ]
    if not duties:
        components.note("这家企业没有可以核减的任务：不属于进行中专项的对象、没有登记负责人、已经完成或已经核减。", tone="warn")
        return
    with st.container(border=True):
        _request(duties, user, today)


def _enterprise(session: Session, reach: Reaches) -> int | None:
    given = state.chosen_id("organisation")
    if given is not None:
        try:
            view = organisations.organisation_view(session, given, reach=reach)
        except NotFound as refusal:
            components.note(refusal.message, tone="bad")
            return None
        components.facts([("企业", view.row.name)])
        return given
    text = office.search("查找企业", page=PAGE, placeholder="企业名称、信用代码或负责人姓名")
    if not text:
        return None
    found = organisations.find(session, text=text, reach=reach, limit=FOUND)
    if not found.total:
        components.note("管辖范围内没有查到这家企业，请核对名称。", tone="warn")
        return None
    names = {row.id: f"{row.name}（{row.district_name}{row.town_name}，{row.principals or '未登记负责人'}）" for row in found.rows}
    if found.total > FOUND:
        st.markdown(f"查到 {found.total} 家，只列前 {FOUND} 家，请输入更完整的名称。")
    return st.selectbox("选择企业", list(names), format_func=names.__getitem__, key=f"{PAGE}_organisation")


def _request(duties: list[DutyRow], user: User, today: date) -> None:
    titles = {row.programme_id: row.programme for row in duties}
    wanted = next((row.programme_id for row in duties if row.programme_code == state.chosen("programme")), duties[0].programme_id)
    programme_id = st.selectbox(
        "培训专项", list(titles), index=list(titles).index(wanted), format_func=titles.__getitem__, key=f"{PAGE}_programme"
    )
    own = {row.id: row for row in duties if row.programme_id == programme_id}
    whom = {0: "全部负责人（核减期间新任的也核减）", **{row.id: row.person for row in own.values()}}
    duty_id = st.selectbox("对谁核减", list(whom), format_func=whom.__getitem__, key=f"{PAGE}_duty")
    grounds = list(ExemptionGround)
    ground = st.selectbox("事由", grounds, index=0, format_func=lambda each: each.label, key=f"{PAGE}_ground") or grounds[0]
    reason = st.text_area(
        "理由（必填）", max_chars=300, height=80, key=f"{PAGE}_reason", placeholder="例如：9 月 10 日起整体停产，无从业人员"
    )
    paper = st.text_input(
        "依据文件的名称和文号（必填）", max_chars=200, key=f"{PAGE}_paper", placeholder="例如：停产核实表（张村应急〔2026〕12 号）"
    )
    earliest = min(row.opened_on for row in own.values())
    since = st.date_input(
        "从哪一天起核减", value=today, min_value=min(earliest, today), max_value=today, format="YYYY-MM-DD", key=f"{PAGE}_since"
    )
    file = st.file_uploader(
        f"上传文件扫描件（PDF、JPG、PNG，最大 {LARGEST // 1024 // 1024} MB）", type=["pdf", "jpg", "jpeg", "png"], key=f"{PAGE}_file"
    )
    if ground is ExemptionGround.SUSPENDED:
        components.hint("短期停产、失联或查无下落的不能核减。")
    if st.button("提交申请", type="primary", key=f"{PAGE}_submit"):
        asked = Asked(
            programme_id, next(iter(own.values())).organisation_id, duty_id or None, ground, reason, paper,
            since if isinstance(since, date) else today,
        )  # fmt: skip
        upload = Upload(file.name, file.getvalue()) if file is not None else None
        office.perform(lambda writing: _submit(writing, asked, upload, user))


def _submit(session: Session, asked: Asked, upload: Upload | None, user: User) -> str:
    row = exemptions.ask(session, user=user, asked=asked, upload=upload, actor=gate.actor(user), now=clock.now())
    st.query_params.from_dict({"request": str(row.id)})
    return f"已提交核减申请（编号 {row.id}），等待镇街或区市初审。"

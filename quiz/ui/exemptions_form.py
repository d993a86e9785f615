"""Asking for an exemption: which enterprise, which programme, for whom, on what ground and paper."""

from __future__ import annotations

from datetime import date, timedelta

import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.accounts.domain import User
from quiz.organisations import queries as organisations
from quiz.organisations.reach import Reaches
from quiz.problems import NotFound
from quiz.training import exemptions
from quiz.training.exemption_papers import LARGEST, Upload
from quiz.training.exemptions import Asked, Subject
from quiz.training.rulings import shown
from quiz.ui import components, gate, office, state
from quiz.vocabulary import ExemptionGround

PAGE = "exemption_form"
FOUND = 20


def show(session: Session, user: User, reach: Reaches, *, today: date) -> None:
    """The form; the enterprise may come with the address."""
    chosen = _enterprise(session, reach)
    if chosen is None:
        return
    offered = exemptions.subjects(session, user=user, organisation_id=chosen, today=today)
    if not offered:
        components.empty_state(
            "这家企业没有可以核减的专项",
            "不属于进行中专项的培训对象、已经完成，或已经核减。请核对企业名册，或查看已有的核减申请。",
            href=f"/enterprises?organisation={chosen}",
            label="查看企业",
        )
        return
    with st.container(border=True):
        _request(chosen, offered, user, today)


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
        components.hint("输入名称的一部分即可。没有登记负责人的企业也可以申请；停产、注销办理中等须有文件。")
        return None
    found = organisations.find(session, text=text, reach=reach, limit=FOUND)
    if not found.total:
        components.note("管辖范围内没有查到这家企业，请核对名称。", tone="warn")
        return None
    names = {row.id: f"{row.name}（{row.district_name}{row.town_name}，{row.principals or '未登记负责人'}）" for row in found.rows}
    if found.total > FOUND:
        st.markdown(f"查到 {found.total} 家，只列前 {FOUND} 家，请输入更完整的名称。")
    return st.selectbox("选择企业", list(names), format_func=names.__getitem__, key=f"{PAGE}_organisation")


def _request(organisation_id: int, offered: tuple[Subject, ...], user: User, today: date) -> None:
    by_id = {each.programme_id: each for each in offered}
    stated = next((each.programme_id for each in offered if each.programme_code == state.chosen("programme")), offered[0].programme_id)
    if len(by_id) == 1:
        components.facts([("培训专项", offered[0].programme)])
        subject = offered[0]
    else:
        chosen = st.selectbox(
            "培训专项", list(by_id), index=list(by_id).index(stated), format_func=lambda key: by_id[key].programme, key=f"{PAGE}_programme"
        )
        subject = by_id.get(chosen or stated, offered[0])
    _said(subject)
    duty_id = _whom(subject)
    grounds = list(ExemptionGround)
    ground = st.selectbox("事由", grounds, index=0, format_func=lambda each: each.label, key=f"{PAGE}_ground") or grounds[0]
    if ground is ExemptionGround.SUSPENDED:
        components.hint("短期停产、失联或查无下落的不能核减。")
    reason = st.text_area(
        "理由（必填）", max_chars=300, height=80, key=f"{PAGE}_reason", placeholder="例如：9 月 10 日起整体停产，无从业人员"
    )
    paper = st.text_input("依据文件的名称和文号（必填）", max_chars=200, key=f"{PAGE}_paper", placeholder="例如：停产核实表〔2026〕12 号")
    since, until = _days(subject, today)
    file = st.file_uploader(
        f"上传文件扫描件（必传，PDF、JPG、PNG，最大 {LARGEST // 1024 // 1024} MB）", type=["pdf", "jpg", "jpeg", "png"], key=f"{PAGE}_file"
    )
    if st.button("提交申请", type="primary", key=f"{PAGE}_submit"):
        asked = Asked(subject.programme_id, organisation_id, duty_id, ground, reason, paper, since, until)
        upload = Upload(file.name, file.getvalue()) if file is not None else None
        office.perform(lambda writing: _submit(writing, asked, upload, user))


def _whom(subject: Subject) -> int | None:
    """The whole enterprise, or one holder where somebody is registered."""
    if not subject.holders:
        components.facts([("对谁核减", "整个企业")])
        components.hint("这家企业现在没有登记负责人；核减期间登记的负责人也一并核减。")
        return None
    whom = {0: "整个企业", **{duty_id: f"只核减 {name}" for duty_id, name in subject.holders}}
    duty_id = st.selectbox("对谁核减", list(whom), format_func=whom.__getitem__, key=f"{PAGE}_duty_{subject.programme_id}")
    if not duty_id:
        components.hint("整个企业不计入应训；核减期间新任的负责人也一并核减。")
    return duty_id or None


def _said(subject: Subject) -> None:
    """What was granted before: its days stay as they are."""
    if subject.granted:
        components.hint(f"以前的核减：{'；'.join(shown(each) for each in subject.granted)}。新的核减另计，不改动以前的。")


def _days(subject: Subject, today: date) -> tuple[date, date | None]:
    """From which day, and up to which: asked as the last day of the exemption, kept as the first day after it."""
    first = subject.starts_on(today)
    chosen = st.date_input(
        "从哪一天起核减", value=first, min_value=min(subject.opens_on, first), max_value=first, format="YYYY-MM-DD",
        key=f"{PAGE}_since_{subject.programme_id}",
    )  # fmt: skip
    since = chosen if isinstance(chosen, date) else first
    if not st.checkbox("有截止日期（例如季节性停产）", key=f"{PAGE}_limited"):
        components.hint("不写截止日期：一直核减，到办理“恢复应训”为止。")
        return since, None
    last = st.date_input(
        "核减到哪一天（含当天）", value=max(since, today) + timedelta(days=30), min_value=since, format="YYYY-MM-DD",
        key=f"{PAGE}_last_{subject.programme_id}",
    )  # fmt: skip
    back_on = (last if isinstance(last, date) else since) + timedelta(days=1)
    due_on = subject.owed_until(back_on)
    components.hint(f"{back_on.isoformat()} 起自动恢复应训，从那天起给足 {subject.grace_days} 天，最迟 {due_on.isoformat()} 完成。")
    return since, back_on


def _submit(session: Session, asked: Asked, upload: Upload | None, user: User) -> str:
    row = exemptions.ask(session, user=user, asked=asked, upload=upload, actor=gate.actor(user), now=clock.now())
    st.query_params.from_dict({"request": str(row.id)})
    return f"已提交核减申请（编号 {row.id}），等待镇街或区市初审。"

"""One request for exemption: what it says, its paper, who did what, and the step that comes next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.accounts.domain import User
from quiz.organisations.reach import Reaches
from quiz.problems import NotFound
from quiz.training import exemption_papers, exemption_queries, exemptions
from quiz.training.exemption_queries import ExemptionRow
from quiz.ui import components, gate, office, store
from quiz.ui.exemptions_list import TONES
from quiz.ui.markup import plain
from quiz.vocabulary import ExemptionState

PAGE = "exemption"
Step = Callable[..., ExemptionRow]


def find(session: Session, request_id: int, reach: Reaches) -> ExemptionRow | None:
    """The request within reach; otherwise says that there is none."""
    try:
        return exemption_queries.request(session, request_id=request_id, reach=reach)
    except NotFound as refusal:
        components.note(refusal.message, tone="bad")
        return None


def show(row: ExemptionRow, user: User, reach: Reaches, *, today: date) -> None:
    """The request and what can be done with it now."""
    with st.container(border=True):
        components.heading(
            row.organisation, components.badge(row.shown_state(today), TONES[row.state]), over=f"编号 {row.id} · {row.programme}"
        )
        components.facts(
            [
                ("对谁核减", row.whom),
                ("属地", f"{row.district}{row.town}"),
                ("事由", row.ground.label),
                ("核减起", office.day(row.effective_on)),
                ("核减到", _last_day(row)),
                ("恢复应训", office.day(row.back_on)),
                ("依据文件", row.paper or "—"),
            ]
        )
        components.bullets([f"理由：{row.reason}"])
        _paper(row, user, reach)
    components.section("办理过程")
    components.table(("步骤", "办理人", "时间", "意见"), _steps(row))
    _next(row, user, today)


def _last_day(row: ExemptionRow) -> str:
    """The last day of the exemption, said as people say it."""
    if row.back_on is None:
        return "没有定，到办理恢复应训为止"
    return (row.back_on - timedelta(days=1)).isoformat() if row.back_on > row.effective_on else "未曾生效"


def _steps(row: ExemptionRow) -> list[tuple[object, ...]]:
    steps: list[tuple[object, ...]] = [("申请", row.requester, clock.show(row.requested_at), row.reason)]
    if row.first_by is not None:
        steps.append(("初审", row.first, clock.show(row.first_at), row.first_opinion or "同意"))
    if row.second_by is not None:
        steps.append(("审核", row.second, clock.show(row.second_at), row.second_opinion or "同意"))
    return steps


def _paper(row: ExemptionRow, user: User, reach: Reaches) -> None:
    if not row.file_name:
        return

    def content() -> bytes:
        with store.transaction() as session:
            paper = exemption_papers.paper_of(session, request_id=row.id, reach=reach)
            office.record(session, user, "open_exemption_paper", subject=row.organisation, request=row.id, file=paper.file_name)
        return paper.content

    st.download_button(
        f"下载附件：{plain(row.file_name)}", content, file_name=row.file_name, mime="application/octet-stream", key=f"{PAGE}_paper",
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip


def _next(row: ExemptionRow, user: User, today: date) -> None:
    if row.state is ExemptionState.REQUESTED:
        _withdraw(row, user)
        _opinion(row, user, exemptions.give_opinion, "初审", "由企业所在镇街或区市的工作人员初审，申请人本人不能办理。", "初审通过，交审核")
    elif row.state is ExemptionState.FIRST_APPROVED:
        _withdraw(row, user)
        _opinion(row, user, exemptions.decide, "审核", "由申请人、初审人以外的工作人员审核，管理范围不小于初审单位。", "同意核减")
    elif row.state is ExemptionState.APPROVED:
        _end(row, user, today)


def _opinion(row: ExemptionRow, user: User, step: Step, name: str, rule: str, yes: str) -> None:
    mine = row.requested_by == user.account_id or row.first_by == user.account_id
    components.section(name, rule)
    if mine:
        components.note("您已经办过这份申请的前一步，请由另一位工作人员办理。")
        return
    with st.form(f"{PAGE}_{name}"):
        opinion = st.text_area("意见（不同意时必填）", max_chars=300, height=80, key=f"{PAGE}_opinion")
        left, right = st.columns(2)
        with left:
            approved = st.form_submit_button(yes, type="primary", width="stretch")
        with right:
            refused = st.form_submit_button("不予核减", width="stretch")
    if approved or refused:
        office.perform(lambda session: _done(session, row, user, step, approved, opinion))


def _done(session: Session, row: ExemptionRow, user: User, step: Step, approve: bool, opinion: str) -> str:
    view = step(session, user=user, request_id=row.id, approve=approve, opinion=opinion, actor=gate.actor(user), now=clock.now())
    return f"{view.organisation}的核减申请：{view.state.label}。"


def _withdraw(row: ExemptionRow, user: User) -> None:
    if row.requested_by != user.account_id:
        return
    if components.confirm_button("撤回申请", key=f"{PAGE}_withdraw", question="撤回后这份申请作废，需要时可以重新申请。"):
        office.perform(lambda session: _withdrawn(session, row, user))


def _withdrawn(session: Session, row: ExemptionRow, user: User) -> str:
    exemptions.withdraw(session, user=user, request_id=row.id, actor=gate.actor(user), now=clock.now())
    return "已撤回申请。"


def _end(row: ExemptionRow, user: User, today: date) -> None:
    again = f"/exemptions?do=new&programme={row.programme_code}&organisation={row.organisation_id}"
    if row.is_over(today):
        components.note(f"已到期，{row.until} 起已恢复应训，并从那天起给足宽限期。还需要核减的，重新申请；这一次的时间保留不变。")
        components.link("再次申请核减", again)
        return
    if row.until is not None:
        components.note(f"到期后自动恢复：{row.until} 起重新计入应训，并从那天起给足宽限期。提前复产的在下面办理；到期仍停产的可以续办。")
        components.link("续办核减", again)
    components.section("恢复应训", "企业恢复生产、注销未办成等，从恢复之日起重新计入应训，并从那天起给足宽限期。")
    with st.form(f"{PAGE}_end"):
        day = st.date_input(
            "从哪一天起恢复", value=max(today, row.effective_on), min_value=row.effective_on, max_value=row.until, format="YYYY-MM-DD",
            key=f"{PAGE}_day",
        )  # fmt: skip
        reason = st.text_input("原因（必填）", max_chars=200, key=f"{PAGE}_end_reason", placeholder="例如：11 月 20 日复产，镇街核实")
        pressed = st.form_submit_button("恢复应训")
    if pressed:
        office.perform(lambda session: _ended(session, row, user, day if isinstance(day, date) else today, reason))


def _ended(session: Session, row: ExemptionRow, user: User, day: date, reason: str) -> str:
    view = exemptions.end(session, user=user, request_id=row.id, ended_on=day, reason=reason, actor=gate.actor(user), now=clock.now())
    return f"{view.organisation}自 {day.isoformat()} 起恢复应训。"

"""The parts of the programmes screen: the list, one programme with its rules and progress, and its opening and closing."""

from __future__ import annotations

from datetime import date

import streamlit as st
from sqlmodel import Session

from quiz.accounts.domain import User
from quiz.coverage.domain import show_rate
from quiz.coverage.queries import coverage
from quiz.organisations.reach import Reaches
from quiz.organisations.reference import Reference
from quiz.papers.queries import list_papers
from quiz.problems import Forbidden
from quiz.training import service as training
from quiz.training.domain import Audience
from quiz.training.queries import ProgrammeView
from quiz.ui import components, office, programmes_audience, programmes_components
from quiz.ui.components import Kpi, Tone
from quiz.vocabulary import HolderPolicy, OrganisationKind, ProgrammeState

PAGE = "programmes"
TONES: dict[ProgrammeState, Tone] = {ProgrammeState.DRAFT: "warn", ProgrammeState.OPEN: "ok", ProgrammeState.CLOSED: ""}
POLICY_TEXTS = {
    HolderPolicy.DESIGNATED: "B：指定参训人合格，企业就算完成。适合每家企业定一人参训的专项（默认）。",
    HolderPolicy.ALL: "A：所有在任的主要负责人都合格，企业才算完成。法定代表人和实际控制人不同的，两人都要考。",
}


def require_city(reach: Reaches) -> None:
    """Programmes are the whole city's: whoever reaches less may not change them."""
    if not office.is_city_wide(reach):
        raise Forbidden("培训专项由市安委会办公室统一管理；您可以办理本范围内企业的延期和核减。")


def cards(session: Session, found: list[ProgrammeView], reach: Reaches, *, today: date) -> None:
    """Each programme with its days and its rate within reach."""
    for programme in found:
        total = coverage(session, programme_code=programme.code, as_of=today, reach=reach).total
        with st.container(border=True):
            badge = components.badge(programme.state.label, TONES[programme.state])
            components.heading(programme.title, badge, over=f"{programme.opens_on.isoformat()} 至 {programme.due_on.isoformat()}")
            components.facts(
                [
                    ("覆盖率", f"{show_rate(total)}（{total.completed} ÷ {total.due}）"),
                    ("未完成", f"{total.uncovered} 家"),
                    ("核减", f"{total.exempt} 家"),
                    ("期限", _left(programme, today)),
                ]
            )
            with st.container(horizontal=True):
                components.link("查看和办理", f"/programmes?programme={programme.code}", primary=True)
                components.link("覆盖率", f"/coverage?programme={programme.code}")


def _left(programme: ProgrammeView, today: date) -> str:
    if programme.state is not ProgrammeState.OPEN:
        return programme.state.label
    days = (programme.due_on - today).days
    return f"还剩 {days} 天" if days > 0 else "今天截止" if days == 0 else f"已过 {-days} 天"


def audience_text(audience: Audience, reference: Reference) -> list[str]:
    """The rule in sentences; several values widen, several sentences narrow."""
    kinds = {kind.value: kind.label for kind in OrganisationKind}
    asked = (
        ("行业领域为", [reference.label("sector", code) for code in sorted(audience.sectors)]),
        ("特征标签含", [reference.label("feature", code) for code in sorted(audience.features)]),
        ("所在地为", [reference.label("region", code) for code in sorted(audience.regions)]),
        ("监管部门为", [reference.label("department", code) for code in sorted(audience.departments)]),
        ("医院等级为", sorted(audience.hospital_grades)),
        ("单位类型为", [kinds.get(code, code) for code in sorted(audience.kinds)]),
    )
    return [f"{name}{'或'.join(values)}" for name, values in asked if values] or ["全部在册单位"]


def rules(session: Session, programme: ProgrammeView, reference: Reference) -> None:
    """What the programme asks of whom."""
    titles = {paper.id: paper.title for paper in list_papers(session)}
    components.facts(
        [
            ("岗位", programme.role.label),
            ("试卷", titles.get(programme.paper_id or 0, "不考试")),
            ("开始", office.day(programme.opens_on)),
            ("截止", office.day(programme.due_on)),
            ("新任宽限", f"任职后 {programme.grace_days} 天"),
        ]
    )
    components.bullets(
        [
            f"培训对象：{'；并且'.join(audience_text(programme.audience, reference))}。",
            *programmes_components.sentences(session, programme),
            f"完成判定口径 {POLICY_TEXTS[programme.policy]}",
            f"依据：{programme.basis or '未填写'}",
            *([f"说明：{programme.description}"] if programme.description else []),
            f"编号（供数据接口和命令使用）：{programme.code}",
        ]
    )


def progress(session: Session, programme: ProgrammeView, reach: Reaches, *, today: date) -> None:
    """The figures of the day."""
    if programme.state is ProgrammeState.DRAFT:
        return
    total = coverage(session, programme_code=programme.code, as_of=today, reach=reach).total
    href = f"/coverage?programme={programme.code}"
    components.kpi_row(
        [
            Kpi("覆盖率", show_rate(total), f"已完成 {total.completed} ÷ 应训 {total.due}", href=href),
            Kpi("已参训", f"{total.trained} 家", f"已参考 {total.examined} 家" if programme.paper_id else "已开始学习", href=href),
            Kpi("未完成", f"{total.uncovered} 家", "点开看名单和原因", tone="warn" if total.uncovered else "ok", href=href),
            Kpi("核减", f"{total.exempt} 家", "不计入应训"),
        ]
    )


def check_one(session: Session, programme: ProgrammeView, reference: Reference, reach: Reaches) -> None:
    """Why any one enterprise is in or not, and what its holders owe."""
    with st.expander("查一家企业为什么在（不在）培训对象内"):
        programmes_audience.single(
            session, programme.audience, programme.role, programme.requirements, reference, reach, opens_on=programme.opens_on,
            page=f"{PAGE}_check", programme_id=programme.id,
        )  # fmt: skip


def manage(programme: ProgrammeView, user: User, reach: Reaches, *, today: date) -> None:
    """Open, edit, close: for the city's office."""
    if not office.is_city_wide(reach):
        components.note("专项由市安委会办公室统一建立和调整；您可以在下面办理本范围内企业的延期和核减。")
        return
    with st.container(horizontal=True):
        if programme.state is not ProgrammeState.CLOSED:
            components.link("修改", f"/programmes?programme={programme.code}&do=edit")
        if programme.state is not ProgrammeState.OPEN:
            again = programme.state is ProgrammeState.CLOSED
            question = "将按今天的名册给每家应训企业的负责人派发任务，负责人登录后即可看到考试。" + (
                "结束期间的变更会一并补算。" if again else ""
            )
            if components.confirm_button(
                "重新开放" if again else "开放", key=f"{PAGE}_open", question=question, icon=":material/play_arrow:"
            ):
                with st.spinner("正在派发任务……"):
                    office.perform(lambda session: _open(session, programme, user, reach, today))
        else:
            question = "结束后数字停在今天，不再随名册和成绩变化，负责人也不能再为这个专项答题。可以重新开放。"
            if components.confirm_button("结束", key=f"{PAGE}_close", question=question, icon=":material/stop:"):
                office.perform(lambda session: _close(session, programme, user, reach))


def _open(session: Session, programme: ProgrammeView, user: User, reach: Reaches, today: date) -> str:
    require_city(reach)
    opened = training.open_programme(session, programme_id=programme.id, today=today)
    office.record(
        session,
        user,
        "open_programme",
        subject=programme.title,
        programme=programme.code,
        organisations=opened.organisations,
        duties=opened.duties,
    )
    return f"“{programme.title}”已开放：{opened.organisations} 家企业，{opened.duties} 项任务。"


def _close(session: Session, programme: ProgrammeView, user: User, reach: Reaches) -> str:
    require_city(reach)
    training.close_programme(session, programme_id=programme.id)
    office.record(session, user, "close_programme", subject=programme.title, programme=programme.code)
    return f"“{programme.title}”已结束。"

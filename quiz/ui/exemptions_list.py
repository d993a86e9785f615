"""Requests for exemption within reach: by state, programme and district, on screen and as a workbook."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import streamlit as st
from markupsafe import Markup
from sqlmodel import Session

from quiz import clock
from quiz.accounts.domain import User
from quiz.organisations.reach import Reaches
from quiz.organisations.reference import Reference
from quiz.training import exemption_queries
from quiz.training.exemption_queries import ExemptionFilter, ExemptionRow
from quiz.training.queries import programmes
from quiz.ui import components, office, store
from quiz.ui.components import Tone
from quiz.ui.files import xlsx_bytes
from quiz.ui.markup import markup
from quiz.vocabulary import ExemptionState, ProgrammeState

PAGE = "exemptions"
ON_A_PAGE = 20
TONES: dict[ExemptionState, Tone] = {
    ExemptionState.REQUESTED: "warn", ExemptionState.FIRST_APPROVED: "warn", ExemptionState.APPROVED: "ok", ExemptionState.REFUSED: "bad",
    ExemptionState.WITHDRAWN: "", ExemptionState.ENDED: "info",
}  # fmt: skip


def choose(session: Session, reference: Reference, reach: Reaches) -> ExemptionFilter:
    """State, programme, district and words, kept in the address."""
    known = [each for each in programmes(session) if each.state is not ProgrammeState.DRAFT]
    with st.container(border=True):
        offered = office.districts(reference, reach)
        left, middle, right = st.columns(3) if len(offered) > 1 else (*st.columns(2), None)
        with left:
            states = {office.ALL: "全部状态", **{each.value: each.label for each in ExemptionState}}
            chosen = office.choose("状态", states, name="state", page=PAGE)
        with middle:
            titles = {office.ALL: "全部专项", **{each.code: each.title for each in known}}
            code = office.choose("培训专项", titles, name="programme", page=PAGE)
        district = office.ALL
        if right is not None:  # with a single district there is nothing to choose
            with right:
                district = office.choose("区市", {office.ALL: "全部区市", **offered}, name="district", page=PAGE)
        text = office.search("查找", page=PAGE, placeholder="企业名称、文件名称或文号")
    office.begin_again(chosen, code, district, text, page=PAGE)
    programme_id = next((each.id for each in known if each.code == code), None)
    return ExemptionFilter(state=chosen, programme_id=programme_id, district=district, text=text)


def show(session: Session, reach: Reaches, user: User, asked: ExemptionFilter, *, counts: dict[str, int]) -> None:
    """The list, and its workbook."""
    total = sum(counts.values())
    if not total:
        components.empty_state(
            "没有核减申请",
            "企业停产、正在注销等确实不能参训的，点“申请核减”，写明理由并上传文件。",
            href="/exemptions?do=new",
            label="申请核减",
        )
        return
    waiting = counts.get(ExemptionState.REQUESTED.value, 0), counts.get(ExemptionState.FIRST_APPROVED.value, 0)
    components.hint(f"共 {total} 份：待初审 {waiting[0]}，待审核 {waiting[1]}，已核减 {counts.get(ExemptionState.APPROVED.value, 0)}。")
    rows = exemption_queries.requests(session, reach=reach, asked=asked, limit=ON_A_PAGE, offset=office.offset(ON_A_PAGE))
    today = clock.local_day(clock.now())
    components.table(("企业", "对谁核减", "培训专项", "事由", "核减时间", "状态", "申请"), [_line(row, today) for row in rows])
    office.pages(total, page=PAGE, size=ON_A_PAGE)
    office.download(
        "下载清单（xlsx）", lambda: workbook(reach, asked), user=user, action="export", subject="核减申请清单", key=f"{PAGE}_export",
        detail={"rows": total},
    )  # fmt: skip


def _line(row: ExemptionRow, today: date) -> tuple[object, ...]:
    return (
        components.anchor(row.organisation, f"/exemptions?request={row.id}"), row.whom, row.programme, row.ground.label,
        _days(row), components.badge(row.shown_state(today), "info" if row.is_over(today) else TONES[row.state]),
        markup("{} {}", row.requester, office.day(clock.local_day(row.requested_at))),
    )  # fmt: skip


def _days(row: ExemptionRow) -> Markup | str:
    """From–to with the last day as people say it; a date never breaks in its middle."""
    if row.back_on is None:
        return markup("{} 起", office.day(row.effective_on))
    if row.back_on <= row.effective_on:
        return row.days
    return markup("{} 至 {}", office.day(row.effective_on), office.day(row.back_on - timedelta(days=1)))


def frame(rows: tuple[ExemptionRow, ...], today: date) -> pd.DataFrame:
    """One request a row, with every step."""
    return pd.DataFrame(
        [
            {
                "序号": number, "编号": row.id, "企业": row.organisation, "区市": row.district, "镇街": row.town, "对谁核减": row.whom,
                "培训专项": row.programme, "事由": row.ground.label, "理由": row.reason, "依据文件": row.paper, "附件": row.file_name,
                "核减起": row.effective_on.isoformat(), "恢复应训": row.back_on.isoformat() if row.back_on else "",
                "状态": row.shown_state(today), "申请人": row.requester, "申请时间": clock.show(row.requested_at),
                "初审人": row.first, "初审时间": clock.show(row.first_at), "初审意见": row.first_opinion,
                "审核人": row.second, "审核时间": clock.show(row.second_at), "审核意见": row.second_opinion,
            }
            for number, row in enumerate(rows, start=1)
        ]
    )  # fmt: skip


def workbook(reach: Reaches, asked: ExemptionFilter) -> bytes:
    """All requests of the filter, read when somebody clicks."""
    with store.reading() as session:
        rows = exemption_queries.requests(session, reach=reach, asked=asked)
    return xlsx_bytes(frame(rows, clock.local_day(clock.now())), title="核减申请清单", now=clock.now())

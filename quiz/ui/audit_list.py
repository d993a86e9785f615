"""The audit trail on screen: what was done, by whom; whether the chain is whole; and as a file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pandas as pd
import streamlit as st

from quiz import clock
from quiz.accounts import administration, audit
from quiz.accounts.domain import User
from quiz.accounts.labels import ACTIONS, action_label, detail_text, result_label
from quiz.accounts.queries import audit_events
from quiz.models.accounts import AuditEvent
from quiz.settings import settings
from quiz.ui import components, files, gate, store

_PAGE = 100
_MOST_EXPORTED = 50_000


def verify(user: User) -> None:
    """Check the chain when asked, and say when it was last checked."""
    with store.reading() as session:
        last = administration.latest_event(session, action="verify_audit")
    with st.container(horizontal=True, vertical_alignment="center"):
        wanted = st.button("核对完整性", key="verify_audit", icon=":material/verified:", type="primary")
        if last is not None:
            components.hint(f"上次核对：{clock.show(last.at)}，{'完整' if last.result == 'done' else '有异常'}。")
    if not wanted:
        return
    with st.spinner("正在逐条核对……"), store.reading() as session:
        report = audit.verify(session)
    with store.transaction() as session:
        audit.record(
            session,
            actor=gate.actor(user),
            action="verify_audit",
            result="done" if report.intact else "failed",
            at=clock.now(),
            detail={"rows": report.rows, "broken": len(report.broken)},
        )
    if report.intact:
        components.note(f"共 {report.rows} 条，逐条衔接，没有发现修改或删除。", tone="ok", title="审计记录完整")
        return
    components.note(
        f"共 {report.rows} 条，其中 {len(report.broken)} 处不符。请保留现场，并与备份比对。", tone="bad", title="审计记录有异常"
    )
    components.table(("记录号", "问题"), [(broken.id, broken.reason) for broken in report.broken[:100]])


def frame(events: Sequence[AuditEvent]) -> pd.DataFrame:
    """Rows of the trail with Chinese headings and labels."""
    return pd.DataFrame(
        [
            {
                "记录号": event.id,
                "时间": clock.show(event.at),
                "账号": event.account,
                "操作": action_label(event.action),
                "对象": event.subject,
                "结果": result_label(event.result),
                "来源地址": event.address,
                "说明": detail_text(event.detail),
            }
            for event in events
        ],
        columns=["记录号", "时间", "账号", "操作", "对象", "结果", "来源地址", "说明"],
    )


def show(user: User, now: datetime) -> None:
    """Filter, list, export."""
    with st.container(horizontal=True):
        text = st.text_input("账号或对象", key="audit_text", placeholder="例如：office", width=280).strip()
        action = st.selectbox("操作", _actions(), index=None, format_func=action_label, key="audit_action", placeholder="全部", width=280)
    with store.reading() as session:
        total = administration.count_events(session, text=text, action=action)
        offset = components.pager(total, key="audit_page", size=_PAGE)
        events = audit_events(session, text=text, action=action, limit=_PAGE, offset=offset)
    if not events:
        components.empty_state("没有符合条件的记录", "换一个关键词，或把操作改为“全部”。")
        return
    shown = frame(events)
    with components.wide_only("audit"):
        components.data_table(shown, key="audit", formats={"记录号": "%d"}, height=560, widths={"说明": "large", "记录号": "small"})
    components.phone_rows(list(shown.columns), shown.to_numpy().tolist())
    _export(user, text, action, total, now)


def _actions() -> list[str]:
    """One code for each label: some labels have had two codes."""
    return list({label: code for code, label in reversed(ACTIONS.items())}.values())[::-1]


def _export(user: User, text: str, action: str | None, total: int, now: datetime) -> None:
    def exported() -> pd.DataFrame:
        with store.reading() as session:
            return frame(audit_events(session, text=text, action=action, limit=_MOST_EXPORTED))

    def recorded() -> None:
        with store.transaction() as session:
            audit.record(
                session, actor=gate.actor(user), action="export_audit", at=clock.now(), detail={"rows": min(total, _MOST_EXPORTED)}
            )

    unit = settings().organiser
    notes = (
        f"筛选：{text or '全部'}；操作：{action_label(action) if action else '全部'}；共 {total} 条，最多导出最新 {_MOST_EXPORTED} 条。",
    )
    with st.container(horizontal=True):
        components.download_xlsx(
            "下载 Excel", exported, subject="审计记录", unit=unit, now=now, key="audit_xlsx", notes=notes, audited=recorded
        )
        st.download_button(
            "下载 CSV",
            lambda: files.csv_bytes(exported()),
            file_name=files.file_name(unit, "审计记录", now, "csv"),
            mime="text/csv",
            key="audit_csv",
            icon=":material/download:",
            on_click=recorded,
        )

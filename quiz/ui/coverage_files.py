"""What leaves the coverage screen: workbooks, the list with telephone numbers in full, and snapshots."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from io import BytesIO

import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.accounts.domain import User
from quiz.coverage import filtered
from quiz.coverage import service as coverage_service
from quiz.coverage.domain import show_rate
from quiz.coverage.export import coverage_xlsx
from quiz.coverage.uncovered import uncovered
from quiz.organisations.reach import Reaches
from quiz.problems import Forbidden, Invalid
from quiz.ui import components, office, store
from quiz.ui.coverage_view import PAGE, Question

SHORTEST_REASON = 4


def workbook(asked: Question, reach: Reaches, *, full_phones: bool, purpose: str = "", agreed: bool = False) -> Callable[[], bytes]:
    """Figures by district and sector and the whole list of the uncovered, as one workbook.

    What it returns raises Invalid for whole telephone numbers without a purpose and the promise: a disabled button hinders nobody
    who speaks to the server himself.
    """

    def make() -> bytes:
        if full_phones and not (agreed and len(purpose) >= SHORTEST_REASON):
            raise Invalid("导出完整手机号须写明用途并勾选确认。", code="purpose_missing")
        target = BytesIO()
        code, day, filters = asked.programme.code, asked.day, asked.filters
        with store.reading() as session:
            total, by_region, by_sector = (
                filtered.coverage_of(session, programme_code=code, as_of=day, by=by, filters=filters, reach=reach)
                for by in (None, "region", "sector")
            )
            listed = uncovered(session, programme_code=code, as_of=day, reach=reach, filters=filters, limit=None)
        coverage_xlsx(
            total, target, by_region=by_region, by_sector=by_sector, uncovered=listed, exported_at=clock.now(), full_phones=full_phones
        )
        return target.getvalue()

    return make


def downloads(asked: Question, user: User, reach: Reaches) -> None:
    """The workbook for everybody; with numbers in full only for a stated purpose."""
    components.section("导出", "含概况、分区域、分行业和未覆盖名单四张表；范围与上面的筛选一致，每次导出都记入审计。")
    subject = f"{asked.programme.title}覆盖情况"
    detail = {"programme": asked.programme.code, "day": asked.day.isoformat(), "filters": office.filters_noted(asked.filters)}
    office.download(
        "下载统计表和名单（手机号隐去中间四位）", workbook(asked, reach, full_phones=False), user=user, action="export_coverage",
        subject=subject, key=f"{PAGE}_download", primary=True, detail=detail | {"phones": "masked"},
    )  # fmt: skip
    with st.expander("需要完整手机号（用于电话催办）"):
        components.note("名单含个人信息，只限本次工作使用，用后及时删除，不得外传。导出人、时间和用途都记入审计。", tone="warn")
        purpose = (st.text_input("用途（必填）", key=f"{PAGE}_purpose", max_chars=100, placeholder="例如：电话通知逾期企业") or "").strip()
        agreed = st.checkbox("我确认确有工作需要，并妥善保管", key=f"{PAGE}_agreed")
        ready = agreed and len(purpose) >= SHORTEST_REASON
        if not ready:
            st.markdown("写明用途（不少于 4 个字）并勾选确认后，才能下载。")
        office.download(
            "下载含完整手机号的名单", workbook(asked, reach, full_phones=True, purpose=purpose, agreed=agreed), user=user,
            action="export_coverage", subject=f"{subject}（含手机号）", key=f"{PAGE}_download_full", disabled=not ready,
            detail=detail | {"phones": "full", "purpose": purpose},
        )  # fmt: skip


def snapshots(session: Session, asked: Question, user: User, reach: Reaches, now: datetime) -> None:
    """Fix today's knowledge of a day's figures under a number; the whole city's, so only for those who see it all."""
    components.section("快照", "通报使用的数字先固化成快照：以后名册、成绩怎么变，快照里的数字和名单都不变，可以随时核对。")
    taken = filtered.snapshots(session, programme_code=asked.programme.code)
    if office.is_city_wide(reach):
        question = f"将固化“{asked.programme.title}”截至 {asked.day.isoformat()} 的全市数字和企业名单。快照不能修改，也不能删除。"
        if components.confirm_button("固化快照", key=f"{PAGE}_snapshot", question=question, yes="确认固化", icon=":material/lock:"):
            office.perform(lambda writing: _take(writing, asked, user, reach, now))
        rows = [
            (
                line.number,
                line.as_of.isoformat(),
                show_rate(line.total),
                f"{line.total.completed} ÷ {line.total.due}",
                clock.show(line.taken_at),
            )
            for line in taken
        ]
        columns: tuple[str, ...] = ("快照号", "统计时点", "覆盖率", "已完成 ÷ 应训", "固化时间")
    else:
        st.markdown("快照固化的是全市数字，由市安委会办公室办理；通报中的快照号可在这里核对。")
        rows = [(line.number, line.as_of.isoformat(), clock.show(line.taken_at)) for line in taken]  # type: ignore[misc]
        columns = ("快照号", "统计时点", "固化时间")
    if rows:
        components.table(columns, rows)
    else:
        components.empty_state("还没有快照", "发通报前固化一份，通报里写上快照号。")


def _take(session: Session, asked: Question, user: User, reach: Reaches, now: datetime) -> str:
    if not office.is_city_wide(reach):
        raise Forbidden("快照固化的是全市数字，由市安委会办公室办理。")
    view = coverage_service.snapshot(session, programme_code=asked.programme.code, as_of=asked.day, now=now, account_id=user.account_id)
    office.record(session, user, "snapshot", subject=asked.programme.title, now=now, number=view.number, day=asked.day.isoformat())
    return f"快照已固化，编号 {view.number}，请写入通报。"

"""The parts of the documents screen that rest on snapshots: choose or take one, then the files made of it; and the yearly summary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.accounts.domain import User
from quiz.coverage import filtered
from quiz.coverage import service as coverage
from quiz.coverage.domain import show_rate
from quiz.coverage.service import SnapshotView
from quiz.organisations.reach import Reaches
from quiz.problems import Forbidden, Invalid, Refusal
from quiz.reports import ledger, notice, street_lists
from quiz.reports import year as years
from quiz.reports.render.docx import to_docx
from quiz.settings import settings
from quiz.training.queries import ProgrammeView, programmes
from quiz.ui import components, office, store
from quiz.vocabulary import ProgrammeState

PAGE = "documents"
SHORTEST_REASON = 4
ADDRESSEES = "各区市人民政府安委会，国家级开发区安委会，市安委会有关成员单位"


@dataclass(frozen=True)
class Question:
    """A programme and one of its snapshots."""

    programme: ProgrammeView
    snapshot_id: int


def question(session: Session, user: User, reach: Reaches, *, now: datetime) -> Question | None:
    """Which programme, which snapshot; the city may take a new one here."""
    known = {view.code: view for view in programmes(session, states=[ProgrammeState.OPEN, ProgrammeState.CLOSED])}
    if not known:
        components.empty_state("还没有培训专项", "开放专项、固化快照后，在这里生成通报。", href="/programmes", label="培训专项")
        return None
    code = office.choose("培训专项", {code: view.title for code, view in known.items()}, name="programme", page=PAGE, always=True)
    taken = filtered.snapshots(session, programme_code=code)
    today = clock.local_day(now)
    if office.is_city_wide(reach):
        with st.container(border=True):
            _take(known[code], user, reach, today=today)
    if not taken:
        todo = (
            "先在上面固化一份，通报、台账和名单就在这里下载。"
            if office.is_city_wide(reach)
            else "快照由市安委会办公室固化；固化后，在这里下载本范围的名单。"
        )
        components.empty_state("这个专项还没有快照", todo)
        return None
    names = {
        str(int(line.number.split("-")[0])): f"{line.as_of.isoformat()} · 覆盖率 {show_rate(line.total)} · 快照 {line.number}"
        for line in taken
    }
    chosen = office.choose("用哪份快照", names, name="snapshot", page=PAGE)
    return Question(known[code], int(chosen))


def _take(programme: ProgrammeView, user: User, reach: Reaches, *, today: date) -> None:
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    with left:
        day = st.date_input(
            "统计时点", value=today, min_value=programme.opens_on, max_value=max(today, programme.opens_on), format="YYYY-MM-DD",
            key=f"{PAGE}_day",
        )  # fmt: skip
    with right:
        question = f"将固化“{programme.title}”截至该日的全市数字和名单，快照不能修改、不能删除。"
        if isinstance(day, date) and components.confirm_button(
            "固化一份新快照", key=f"{PAGE}_take", question=question, icon=":material/lock:"
        ):
            office.perform(lambda session: _taken(session, programme, day, user, reach))


def _taken(session: Session, programme: ProgrammeView, day: date, user: User, reach: Reaches) -> str:
    if not office.is_city_wide(reach):
        raise Forbidden("快照固化的是全市数字，由市安委会办公室办理。")
    now = clock.now()
    view = coverage.snapshot(session, programme_code=programme.code, as_of=day, now=now, account_id=user.account_id)
    office.record(session, user, "snapshot", subject=programme.title, now=now, number=view.number, day=day.isoformat())
    st.query_params["snapshot"] = str(view.id)
    st.session_state.pop(f"{PAGE}_snapshot", None)
    return f"快照已固化，编号 {view.number}。"


# 由快照生成 -----------------------------------------------------------------------------------------------------------


def published(session: Session, asked: Question, user: User, reach: Reaches, *, now: datetime) -> None:
    """The check of the snapshot, and the files made of it."""
    view = coverage.read_snapshot(session, snapshot_id=asked.snapshot_id)
    faults = coverage.faults_of(view)
    if faults:
        components.note("；".join(faults), tone="bad", title="快照核对不上，请勿使用")
        return
    components.note(f"快照 {view.number} 已按名单重新点数，与固化时一致。", tone="ok")
    if office.is_city_wide(reach):
        _notice(session, asked, view, user, today=clock.local_day(now))
        _ledger(view, user)
    else:
        components.hint("通报和全市台账由市安委会办公室生成；本单位可以下载管辖范围内的镇街名单。")
    _streets(session, view, user, reach)


def _notice(session: Session, asked: Question, view: SnapshotView, user: User, *, today: date) -> None:
    components.section(
        "通报", "Word 文件，按公文版式排好：总体情况、分区市和分行业表、图、问题、要求、附件名单。文号和个别措辞可以在 Word 里再改。"
    )
    earlier = {
        int(line.number.split("-")[0]): f"{line.as_of.isoformat()}（快照 {line.number}）"
        for line in filtered.snapshots(session, programme_code=asked.programme.code)
        if line.as_of < view.as_of
    }
    left, right = st.columns(2)
    with left:
        addressees = st.text_input("主送", ADDRESSEES, max_chars=200, key=f"{PAGE}_addressees")
        compared = st.selectbox(
            "与哪次对比",
            [0, *earlier],
            format_func=lambda each: earlier.get(each, "不对比"),
            index=1 if earlier else 0,
            key=f"{PAGE}_earlier",
        )
    with right:
        signed_by = st.text_input("落款单位", settings().organiser, max_chars=60, key=f"{PAGE}_signed_by")
        signed_on = st.date_input("落款日期", value=today, format="YYYY-MM-DD", key=f"{PAGE}_signed_on")
    day = signed_on if isinstance(signed_on, date) else today
    office.download(
        "生成通报（Word）", _notice_file(view.id, compared or 0, addressees or "", signed_by or "", day), user=user, action="publish_notice",
        subject=f"{asked.programme.title}通报", key=f"{PAGE}_notice", extension="docx", primary=True, detail={"snapshot": view.number},
    )  # fmt: skip


def _notice_file(snapshot_id: int, earlier_id: int, addressees: str, signed_by: str, signed_on: date) -> Callable[[], bytes]:
    def make() -> bytes:
        with store.reading() as session:
            view = coverage.read_snapshot(session, snapshot_id=snapshot_id)
            earlier = coverage.read_snapshot(session, snapshot_id=earlier_id) if earlier_id else None
        return to_docx(notice.notice(view, addressees=addressees, signed_by=signed_by, signed_on=signed_on, earlier=earlier))

    return make


def _ledger(view: SnapshotView, user: User) -> None:
    components.section(
        "台账", "Excel 文件：概况、分区市、分镇街、分行业、分部门（各带图表）和未完成名单；首行冻结、可筛选，每张表都有出处。"
    )

    def make() -> bytes:
        with store.reading() as session:
            return ledger.ledger_xlsx(coverage.read_snapshot(session, snapshot_id=view.id), exported_at=clock.now())

    office.download(
        "生成台账（Excel）", make, user=user, action="publish_ledger", subject=f"{view.figures['programme']['title']}台账",
        key=f"{PAGE}_ledger", detail={"snapshot": view.number},
    )  # fmt: skip


def street_file(snapshot_id: int, reach: Reaches, *, full_phones: bool, purpose: str = "", agreed: bool = False) -> Callable[[], bytes]:
    """The package; raises Invalid for whole numbers without purpose and promise, whoever asks."""

    def make() -> bytes:
        if full_phones and not (agreed and len(purpose) >= SHORTEST_REASON):
            raise Invalid("导出完整手机号须写明用途并勾选确认。", code="purpose_missing")
        with store.reading() as session:
            view = coverage.read_snapshot(session, snapshot_id=snapshot_id)
            return street_lists.street_package(session, view, reach=reach, full_phones=full_phones, exported_at=clock.now())

    return make


def _streets(session: Session, view: SnapshotView, user: User, reach: Reaches) -> None:
    components.section("分镇街名单", "每个镇街一个 Excel，打成一个压缩包，留有“镇街核实情况”一栏，直接转发即可。")
    try:
        counted = street_lists.street_counts(session, view, reach=reach)
    except Refusal as refusal:
        components.empty_state(refusal.message, "可以换一份快照。")
        return
    components.hint(f"共 {len(counted)} 个镇街、{sum(counted.values())} 家企业。")
    subject = f"{view.figures['programme']['title']}分镇街未完成名单"
    detail = {"snapshot": view.number}
    office.download(
        "下载压缩包（手机号隐去中间四位）", street_file(view.id, reach, full_phones=False), user=user, action="export_street_lists",
        subject=subject, key=f"{PAGE}_streets", extension="zip", detail=detail | {"phones": "masked"},
    )  # fmt: skip
    with st.expander("需要完整手机号（用于电话催办）"):
        components.note("名单含个人信息，只限本次工作使用，用后及时删除，不得外传。", tone="warn")
        purpose = (st.text_input("用途（必填）", key=f"{PAGE}_purpose", max_chars=100) or "").strip()
        agreed = st.checkbox("我确认确有工作需要，并妥善保管", key=f"{PAGE}_agreed")
        office.download(
            "下载含完整手机号的压缩包", street_file(view.id, reach, full_phones=True, purpose=purpose, agreed=agreed), user=user,
            action="export_street_lists", subject=f"{subject}（含手机号）", key=f"{PAGE}_streets_full", extension="zip",
            disabled=not (agreed and len(purpose) >= SHORTEST_REASON), detail=detail | {"phones": "full", "purpose": purpose},
        )  # fmt: skip


# 年度总结 -------------------------------------------------------------------------------------------------------------


def year(session: Session, user: User, reach: Reaches, *, now: datetime) -> None:
    """The yearly summary; every programme of the year gets a snapshot of its own when it is made."""
    if not office.is_city_wide(reach):
        return
    components.section("年度总结", "汇总一年里全部专项；生成时为每个专项各固化一份快照，总结里写明快照号。")
    today = clock.local_day(now)
    chosen = st.selectbox("年份", [today.year - back for back in range(4)], key=f"{PAGE}_year")
    codes = years.programmes_of(session, year=chosen)
    if not codes:
        components.empty_state(f"{chosen} 年没有开放过培训专项", "换一个年份试试。")
        return
    components.hint(f"{chosen} 年有 {len(codes)} 个专项。")
    office.download(
        "生成年度总结（Word）", _year_file(chosen, user), user=user, action="publish_year", subject=f"{chosen}年安全生产培训考试工作总结",
        key=f"{PAGE}_year_file", extension="docx", detail={"year": chosen},
    )  # fmt: skip


def _year_file(chosen: int, user: User) -> Callable[[], bytes]:
    def make() -> bytes:
        now = clock.now()
        today = clock.local_day(now)
        with store.transaction() as session:
            as_of = min(today, date(chosen, 12, 31))
            views = [
                coverage.snapshot(session, programme_code=code, as_of=as_of, now=now, account_id=user.account_id)
                for code in years.programmes_of(session, year=chosen)
            ]
            facts = years.year_facts(session, year=chosen)
        document = years.year_summary(
            views, facts, year=chosen, addressees="市安全生产委员会", signed_by=settings().organiser, signed_on=today
        )
        return to_docx(document)

    return make

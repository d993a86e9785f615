"""The parts of the certificates screen: the list with its filters and files, and one certificate with what may be done to it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date

import pandas as pd
import streamlit as st
from markupsafe import Markup
from sqlmodel import Session

from quiz import clock
from quiz.accounts.domain import User
from quiz.certificates import printing, queries, service
from quiz.certificates.queries import CertificateList, CertificateRow, CertificateView, Filters
from quiz.organisations.reach import Reaches
from quiz.organisations.reference import Reference
from quiz.problems import NotFound
from quiz.settings import settings
from quiz.training.queries import programmes
from quiz.ui import components, office, store
from quiz.ui.components import Kpi, Tone
from quiz.ui.files import safe_name, xlsx_bytes
from quiz.ui.markup import markup
from quiz.vocabulary import CertificateState

PAGE = "certificates"
ROWS = 50
MOST_IN_A_PACKAGE = 500
DOUBTFUL = "doubtful"
TONES: dict[CertificateState, Tone] = {
    CertificateState.VALID: "ok",
    CertificateState.EXPIRED: "warn",
    CertificateState.REPLACED: "",
    CertificateState.REVOKED: "bad",
}


def base_url() -> str:
    """Where the site is reached: as set, else as this browser reached it."""
    if settings().public_url:
        return settings().public_url.rstrip("/")
    host = st.context.headers.get("host", "localhost")
    return f"{st.context.headers.get('x-forwarded-proto', 'http')}://{host}"


# 列表 -----------------------------------------------------------------------------------------------------------------


def listing(session: Session, reference: Reference, user: User, reach: Reaches, *, today: date) -> None:
    """Filters, figures, rows, files."""
    titles = {view.code: view.title for view in programmes(session)}
    left, right = st.columns(2)
    with left:
        programme = office.choose("培训专项", {office.ALL: "全部专项", **titles}, name="programme", page=PAGE)
        text = office.search("查找", page=PAGE, placeholder="编号、姓名或企业名称")
    with right:
        district, town = office.choose_place(reference, reach, page=PAGE)
    filters = Filters(programme or None, district or None, town or None, text=text)
    everything = queries.listed(session, filters=filters, reach=reach, today=today, limit=0)
    chosen = _state(everything)
    wanted = Filters(
        filters.programme, filters.district, filters.town, text=text, doubtful=chosen == DOUBTFUL,
        state=CertificateState(chosen) if chosen and chosen != DOUBTFUL else None,
    )  # fmt: skip
    office.begin_again(str(wanted), page=PAGE)
    found = queries.listed(session, filters=wanted, reach=reach, today=today, limit=ROWS, offset=office.offset(ROWS))
    _figures(everything)
    if not found.total:
        components.empty_state(
            "没有符合条件的证明", "负责人完成专项全部要求后，系统在一分钟内自动出具。", href="/coverage", label="查看覆盖率"
        )
        return
    components.table(("编号", "姓名", "企业", "培训专项", "发证时间", "有效期至", "状态"), [_line(row) for row in found.rows])
    office.pages(found.total, page=PAGE, size=ROWS)
    _files(user, wanted, reach, found.total, today)


def _figures(found: CertificateList) -> None:
    components.kpi_row(
        [
            Kpi("有效", f"{found.by_state[CertificateState.VALID]} 份", tone="ok"),
            Kpi("已过期", f"{found.by_state[CertificateState.EXPIRED]} 份", "到期须重新培训"),
            Kpi("已撤销", f"{found.by_state[CertificateState.REVOKED]} 份"),
            Kpi("依据有变", f"{found.doubtful} 份", "对应任务现在不是已完成", tone="warn" if found.doubtful else "ok"),
        ]
    )


def _state(found: CertificateList) -> str:
    labels = {office.ALL: f"全部 {sum(found.by_state.values())}"}
    labels |= {state.value: f"{state.label} {number}" for state, number in found.by_state.items() if number}
    if found.doubtful:
        labels[DOUBTFUL] = f"依据有变 {found.doubtful}"
    key = f"{PAGE}_state"
    if st.session_state.get(key) not in labels:
        asked = st.query_params.get("state", office.ALL)
        st.session_state[key] = asked if asked in labels else office.ALL
    chosen = st.pills("按状态筛选", list(labels), format_func=labels.__getitem__, key=key) or office.ALL
    office.remember("state", chosen)
    return chosen


def whole(text: object) -> Markup:
    """Never broken over two lines."""
    return markup('<span style="white-space:nowrap">{}</span>', text)


def _line(row: CertificateRow) -> tuple[object, ...]:
    badge = components.badge("依据有变", "warn") if row.is_doubtful else components.badge(row.state.label, TONES[row.state])
    return (
        whole(components.anchor(row.number, f"/certificates?number={row.number}")), whole(row.holder),
        components.anchor(row.organisation, f"/enterprises?organisation={row.organisation_id}"), row.programme, clock.show(row.issued_at),
        row.valid_until.isoformat() if row.valid_until else "长期", badge,
    )  # fmt: skip


def _files(user: User, wanted: Filters, reach: Reaches, total: int, today: date) -> None:
    components.section("导出", "与上面的筛选一致；每次导出都记入审计。")
    with st.container(horizontal=True):
        office.download(
            "下载证明台账", _ledger(wanted, reach, today), user=user, action="export_certificates", subject="结业证明台账",
            key=f"{PAGE}_ledger", detail={"filters": office.filters_noted(wanted)},
        )  # fmt: skip
        office.download(
            f"打包下载证明（{min(total, MOST_IN_A_PACKAGE)} 份 PDF）", _package(wanted, reach, today, base_url()), user=user,
            action="export_certificates", subject="结业证明", key=f"{PAGE}_package", extension="zip", detail={"filters": office.filters_noted(wanted)},
        )  # fmt: skip
    if total > MOST_IN_A_PACKAGE:
        st.markdown(f"一次最多打包 {MOST_IN_A_PACKAGE} 份（最新的），其余请缩小筛选范围分批下载。")


def _ledger(wanted: Filters, reach: Reaches, today: date) -> Callable[[], bytes]:
    def make() -> bytes:
        with store.reading() as session:
            found = queries.listed(session, filters=wanted, reach=reach, today=today, limit=None)
        frame = pd.DataFrame(
            [
                {
                    "序号": place, "证明编号": row.number, "姓名": row.holder, "企业": row.organisation, "培训专项": row.programme,
                    "发证时间": clock.show(row.issued_at), "有效期至": row.valid_until.isoformat() if row.valid_until else "长期",
                    "状态": row.state.label, "备注": "依据有变，请核对" if row.is_doubtful else "",
                }
                for place, row in enumerate(found.rows, start=1)
            ]
        )  # fmt: skip
        return xlsx_bytes(frame, title="结业证明台账", now=clock.now())

    return make


def _package(wanted: Filters, reach: Reaches, today: date, base: str) -> Callable[[], bytes]:
    def make() -> bytes:
        stream = io.BytesIO()
        with store.reading() as session, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
            for row in queries.listed(session, filters=wanted, reach=reach, today=today, limit=MOST_IN_A_PACKAGE).rows:
                view = queries.certificate_within(session, number=row.number, reach=reach, today=today)
                package.writestr(
                    f"{safe_name(row.organisation)}_{safe_name(row.holder)}_{row.number}.pdf", printing.certificate_pdf(view, base_url=base)
                )
        return stream.getvalue()

    return make


# 一份 -----------------------------------------------------------------------------------------------------------------


def one(session: Session, number: str, user: User, reach: Reaches, *, today: date) -> None:
    """Every printed field, its state, the files, and what may be done."""
    try:
        view = queries.certificate_within(session, number=number, reach=reach, today=today)
    except NotFound as refusal:
        components.page_header("结业证明")
        components.empty_state(refusal.message, "请核对编号；只能查看管辖范围内企业的证明。", href="/certificates", label="返回列表")
        return
    components.page_header(view.number, f"{view.content.holder} · {view.content.organisation}")
    components.link("返回列表", "/certificates")
    with st.container(border=True):
        components.heading(view.content.programme, components.badge(view.state.label, TONES[view.state]))
        if not view.is_genuine:
            components.note("系统中的内容与签名不一致，可能有人直接改动过数据库，请立即报告管理员。", tone="bad", title="签名核对不上")
        components.facts([(label, value) for label, value in view.content.shown()])
        if view.ended_at is not None:
            after = f"，新证 {view.replaced_by}" if view.replaced_by else ""
            components.hint(f"{clock.show(view.ended_at)} {view.state.label}：{view.end_reason}{after}")
    with st.container(horizontal=True):
        base = base_url()
        office.download(
            "下载 PDF", lambda: printing.certificate_pdf(view, base_url=base), user=user, action="export_certificates",
            subject=f"结业证明{view.number}", key=f"{PAGE}_pdf", extension="pdf", primary=True,
        )  # fmt: skip
        office.download(
            "下载签名文件", lambda: view.signed_file, user=user, action="export_certificates", subject=f"结业证明{view.number}",
            key=f"{PAGE}_json", extension="json",
        )  # fmt: skip
        components.link("公开核验页面", f"/verify/{view.number}")
    _acts(view, user, reach)


def _acts(view: CertificateView, user: User, reach: Reaches) -> None:
    if view.state is CertificateState.REPLACED:
        return
    components.section("办理")
    if view.state is CertificateState.REVOKED:
        question = "恢复后，公开核验页面重新显示为有效。"
        if components.confirm_button("恢复证明", key=f"{PAGE}_restore", question=question, icon=":material/undo:"):
            office.perform(lambda session: _restore(session, view, user, reach))
        return
    reason = (st.text_input("理由（必填，撤销理由会公开显示）", max_chars=200, key=f"{PAGE}_reason") or "").strip()
    with st.container(horizontal=True):
        question = "按现在登记的姓名、单位和专项名称换发新证，原证标为“已被新证替代”。"
        if components.confirm_button("换发", key=f"{PAGE}_replace", question=question, icon=":material/sync:"):
            office.perform(lambda session: _replace(session, view, user, reach, reason))
        question = "撤销后，任何人核验都会看到“已撤销”和理由；可以恢复。"
        if components.confirm_button("撤销", key=f"{PAGE}_revoke", question=question, icon=":material/block:"):
            office.perform(lambda session: _revoke(session, view, user, reach, reason))


def _restore(session: Session, view: CertificateView, user: User, reach: Reaches) -> str:
    now = clock.now()
    service.restore(session, number=view.number, reach=reach, now=now)
    office.record(session, user, "restore_certificate", subject=view.number, now=now)
    return f"证明 {view.number} 已恢复。"


def _replace(session: Session, view: CertificateView, user: User, reach: Reaches, reason: str) -> str:
    now = clock.now()
    new = service.replace_certificate(session, number=view.number, reason=reason, reach=reach, now=now, account_id=user.account_id)
    office.record(session, user, "replace_certificate", subject=view.number, now=now, reason=reason, new=new.number)
    st.query_params.from_dict({"number": new.number})
    return f"已换发新证 {new.number}，原证 {view.number} 标为已替代。"


def _revoke(session: Session, view: CertificateView, user: User, reach: Reaches, reason: str) -> str:
    now = clock.now()
    service.revoke(session, number=view.number, reason=reason, reach=reach, now=now, account_id=user.account_id)
    office.record(session, user, "revoke_certificate", subject=view.number, now=now, reason=reason)
    return f"证明 {view.number} 已撤销。"

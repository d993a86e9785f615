"""The system's own state: version and sizes, the office's telephone, backups, and whether the figures are sound."""

from __future__ import annotations

import platform
from pathlib import Path

import streamlit as st
from sqlalchemy import text

import quiz
from quiz import backup as backups
from quiz import clock
from quiz.accounts import administration, audit
from quiz.accounts.administration import OFFICE_TELEPHONE
from quiz.accounts.domain import User
from quiz.coverage import verification
from quiz.db import Database, database
from quiz.problems import Refusal
from quiz.settings import ROOT, settings
from quiz.ui import components, files, gate, state, store
from quiz.ui.components import Kpi

_SETTINGS: tuple[tuple[str, str, str], ...] = (
    ("organiser", "主办单位", "显示在页面底部、文件名和文书中"),
    ("office_telephone", "办公室电话（缺省值）", "没有在本页设置时使用"),
    ("secure_cookies", "仅 HTTPS 发送登录凭证", "全站使用 HTTPS 时应设为“是”"),
    ("trusted_proxies", "受信任的反向代理", "其转发的来访地址才被采信"),
    ("log_level", "日志级别", "排查问题时可临时改为 INFO"),
)


def version_and_size() -> None:
    """What runs, on what, and how much there is."""
    target = database()
    with store.reading() as session:
        if target.is_sqlite:
            engine = f"SQLite {session.execute(text('select sqlite_version()')).scalar_one()}"
            size = sum(path.stat().st_size for path in _sqlite_files(target))
        else:
            engine = f"PostgreSQL {session.execute(text('show server_version')).scalar_one()}"
            size = session.execute(text("select pg_database_size(current_database())")).scalar_one()
    components.kpi_row(
        [
            Kpi("安考版本", quiz.__version__, f"Python {platform.python_version()}"),
            Kpi("数据库", engine, "单机" if target.is_sqlite else "可多进程"),
            Kpi("数据量", megabytes(size)),
        ]
    )


def _sqlite_files(target: Database) -> list[Path]:
    base = target.url.database or ""
    return [path for path in (Path(base), Path(f"{base}-wal")) if path.exists()]


def megabytes(size: int) -> str:
    """`12.3 MB`."""
    return f"{size / 1024 / 1024:.1f} MB"


def telephone(user: User) -> None:
    """Set the number shown to those who cannot get in."""
    components.section("办公室电话", "显示在登录页和学员页面上，供忘记密码、换号、申请补考的人联系。")
    with store.reading() as session:
        known = administration.setting(session, OFFICE_TELEPHONE)
    with st.form("telephone", border=False):
        number = st.text_input("电话", value=known, max_chars=60, key="telephone_number", placeholder="例如：0631-5200000", width=360)
        wanted = st.form_submit_button("保存", key="telephone_save")
    if not wanted:
        return
    try:
        with store.transaction() as session:
            administration.set_office_telephone(session, telephone=number, now=clock.now(), actor=gate.actor(user))
    except Refusal as refusal:
        components.note(refusal.message, tone="bad")
        return
    components.say("办公室电话已保存。")
    st.rerun()


def backup(user: User) -> None:
    """Make a backup and take it away."""
    components.section("备份", "一个压缩文件，含全部数据和本机密钥，可用来恢复或迁移到 PostgreSQL。请像保管服务器一样保管它。")
    with store.reading() as session:
        last = administration.latest_event(session, action="backup")
    if last is None:
        components.note("还没有备份过。建议每天备份一次，并把文件存到另一台机器上。", tone="warn")
    else:
        components.hint(f"最近一次：{clock.show(last.at)}，{last.subject}。")
    if st.button("立即备份", key="backup_now", icon=":material/backup:", type="primary"):
        _make(user)
    path = Path(state.BACKUP_MADE.get())
    if state.BACKUP_MADE.get() and path.exists():
        st.download_button(
            f"下载 {path.name}（{megabytes(path.stat().st_size)}）",
            path.read_bytes,
            file_name=path.name,
            mime="application/zip",
            key="backup_download",
            icon=":material/download:",
            on_click="ignore",
        )
    components.hint("也可在服务器上运行 python -m quiz backup 文件名；恢复用 python -m quiz restore 文件名。")


def _make(user: User) -> None:
    target, now = database(), clock.now()
    folder = (Path(target.url.database or "").parent if target.is_sqlite else ROOT / "data") / "backups"
    folder.mkdir(parents=True, exist_ok=True)
    stamp = now.astimezone(clock.SHANGHAI).strftime("%H%M%S")
    path = folder / files.file_name("安考", f"备份{stamp}", now, "zip")
    with st.spinner("正在备份，请稍候……"):
        report = backups.backup(target, path)
    path.chmod(0o600)
    with store.transaction() as session:
        audit.record(session, actor=gate.actor(user), action="backup", subject=path.name, at=now, detail={"rows": report.total})
    state.BACKUP_MADE.set(str(path))
    components.note(f"共 {report.total} 行，保存在服务器的 {path}。请下载后另存一份。", tone="ok", title="备份完成")


def soundness(user: User) -> None:
    """Recount coverage from the facts and walk the audit trail, when asked."""
    components.section("数据核对", "覆盖率逐日重算，与统计表逐项比较；审计记录逐条校验。数据多时需要一两分钟。")
    with st.container(horizontal=True):
        coverage = st.button("核对覆盖率", key="verify_coverage", icon=":material/fact_check:")
        trail = st.button("核对审计记录", key="verify_audit", icon=":material/verified:")
    if coverage:
        _verify_coverage(user)
    if trail:
        _verify_audit(user)


def _verify_coverage(user: User) -> None:
    with st.spinner("正在重算……"), store.reading() as session:
        report = verification.verify(session)
    _record(user, "verify_coverage", report.consistent, {"figures": report.figures, "differing": report.differing})
    if report.consistent:
        components.note(
            f"{report.programmes} 个专项、{report.organisations} 家企业，{report.figures} 个数全部一致。", tone="ok", title="覆盖率无误"
        )
    else:
        components.note(f"有 {report.differing} 个数与重算不一致。请保留现场并联系维护人员。", tone="bad", title="覆盖率有出入")


def _verify_audit(user: User) -> None:
    with st.spinner("正在逐条核对……"), store.reading() as session:
        report = audit.verify(session)
    _record(user, "verify_audit", report.intact, {"rows": report.rows, "broken": len(report.broken)})
    if report.intact:
        components.note(f"共 {report.rows} 条，没有发现修改或删除。", tone="ok", title="审计记录完整")
    else:
        components.note(f"共 {report.rows} 条，其中 {len(report.broken)} 处不符，详见“审计记录”页。", tone="bad", title="审计记录有异常")


def _record(user: User, action: str, sound: bool, detail: dict[str, int]) -> None:
    with store.transaction() as session:
        audit.record(session, actor=gate.actor(user), action=action, result="done" if sound else "failed", at=clock.now(), detail=detail)


def settings_table() -> None:
    """What was set outside, by environment; secrets are left out."""
    components.section("运行设置", "由服务器的环境变量或 .env 文件设定，修改后重新启动服务生效。")
    known = settings()
    rows = [("数据库地址", "ANKAO_DATABASE_URL", database().url.render_as_string(hide_password=True), "口令不显示")]
    rows += [(label, f"ANKAO_{name.upper()}", _shown(getattr(known, name)), text) for name, label, text in _SETTINGS]
    components.table(("名称", "变量", "当前值", "说明"), rows)


def _shown(value: object) -> str:
    return ("是" if value else "否") if isinstance(value, bool) else str(value) or "（未设置）"

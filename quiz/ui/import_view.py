"""The parts of the roster import: template, preview, what is wrong and what to do, the import itself, and past ones."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import streamlit as st

from quiz import clock, wiring
from quiz.accounts.domain import User
from quiz.db import database
from quiz.organisations.reach import Reaches
from quiz.organisations.roster_report import KIND_LABELS, SEVERITY_LABELS, RosterReport
from quiz.organisations.roster_service import import_roster, read_and_plan
from quiz.organisations.roster_template import write_template
from quiz.problems import Refusal
from quiz.ui import components, office, store
from quiz.ui.components import Kpi, Tone
from quiz.ui.files import XLSX, xlsx_bytes
from quiz.ui.state import Slot

PAGE = "import_roster"
SHOWN = 20
LARGEST_MB = 50
_TONES: dict[str, Tone] = {"error": "bad", "warning": "warn", "info": "info"}


@dataclass(frozen=True)
class Preview:
    """A dry run, and of which file; or why there is none."""

    digest: str
    report: RosterReport | None
    refusal: str = ""


PREVIEW = Slot[Preview | None]("import_preview", lambda: None)
DONE = Slot[RosterReport | None]("import_done", lambda: None)
UPLOAD = Slot[int]("import_upload", lambda: 1)
"""Number of the uploader: another number is an empty one."""


def template() -> None:
    """The empty roster to fill in."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "名册模板.xlsx"
        write_template(path)
        data = path.read_bytes()
    st.download_button(
        "下载名册模板",
        data,
        file_name="企业名册模板.xlsx",
        mime=XLSX,
        key=f"{PAGE}_template",
        icon=":material/download:",
        on_click="ignore",
    )


def upload() -> tuple[str, bytes] | None:
    """The chosen file."""
    file = st.file_uploader(
        "选择名册文件（xlsx、xls 或 csv，不超过 50 MB）",
        type=["xlsx", "xls", "csv"],
        key=f"{PAGE}_file_{UPLOAD.get()}",
        max_upload_size=LARGEST_MB,
    )
    return (file.name, file.getvalue()) if file is not None else None


def preview(name: str, data: bytes, reach: Reaches) -> Preview:
    """What the file would do, worked out once for each file."""
    digest = hashlib.sha256(data).hexdigest()
    known = PREVIEW.get()
    if known is not None and known.digest == digest:
        return known
    today = clock.local_day(clock.now())
    with st.spinner("正在预检……"), store.reading() as session:
        try:
            report = read_and_plan(session, data=data, file_name=name, today=today, may_write=reach.may_write).report
            made = Preview(digest, report)
        except Refusal as refusal:
            made = Preview(digest, None, refusal.message)
    PREVIEW.set(made)
    return made


def figures(report: RosterReport) -> None:
    """How the rows end; the five numbers add up to all of them."""
    will = "将" if report.dry_run else "已"
    components.kpi_row(
        [
            Kpi("读到", f"{report.rows} 行", "、".join(report.sheets)[:40]),
            Kpi(f"{will}新增", f"{report.created} 行", tone="ok" if report.created else ""),
            Kpi(f"{will}更新", f"{report.updated} 行", tone="info" if report.updated else ""),
            Kpi("无变化", f"{report.unchanged} 行"),
            Kpi("不能导入", f"{report.refused} 行", "原因见下表，改正后重新导入", tone="bad" if report.refused else ""),
            Kpi("跳过", f"{report.skipped} 行", "空行、示例行、完全重复的行"),
        ]
    )


def problems(lines: Sequence[Mapping[str, Any]], *, key: str, name: str) -> None:
    """What is wrong or doubtful: where, what, why, what to do; the whole list as a workbook."""
    if not lines:
        return
    components.section(f"问题清单（{len(lines)} 条）", "按单元格定位；涉及个人信息的原值已隐去一部分。")
    counts = {code: sum(line["severity"] == code for line in lines) for code in SEVERITY_LABELS}
    options = {"": f"全部 {len(lines)}"} | {code: f"{SEVERITY_LABELS[code]} {number}" for code, number in counts.items() if number}
    worst = next(code for code in options if code) if counts["error"] else ""
    chosen = st.pills("只看", list(options), format_func=options.__getitem__, default=worst, key=f"{key}_severity") or ""
    wanted = [line for line in lines if not chosen or line["severity"] == chosen]
    rows = [
        (
            f"{line['sheet']} {line['cell']}".strip(), components.badge(SEVERITY_LABELS[line["severity"]], _TONES[line["severity"]]),
            line["column"] or "—", line["value"] or "—", line["message"], line["action"] or "—",
        )
        for line in wanted[:SHOWN]
    ]  # fmt: skip
    components.table(("位置", "类别", "列", "原值", "原因", "处理办法"), rows)
    if len(wanted) > SHOWN:
        st.markdown(f"只列出前 {SHOWN} 条，全部请下载。")

    def whole() -> bytes:
        columns = {
            "sheet": "工作表",
            "cell": "单元格",
            "row": "行号",
            "column": "列",
            "value": "原值（已脱敏）",
            "severity": "类别",
            "message": "原因",
            "action": "处理办法",
        }
        frame = pd.DataFrame(
            [
                {label: SEVERITY_LABELS[line[code]] if code == "severity" else line[code] for code, label in columns.items()}
                for line in lines
            ]
        )
        return xlsx_bytes(frame, title="问题清单", now=clock.now(), notes=(f"文件：{name}",))

    st.download_button(
        "下载问题清单",
        whole,
        file_name="名册导入问题清单.xlsx",
        mime=XLSX,
        key=f"{key}_problems",
        icon=":material/download:",
        on_click="ignore",
    )


def changes(lines: Sequence[Mapping[str, Any]], *, dry_run: bool) -> None:
    """What changes, field by field."""
    if not lines:
        return
    with st.expander(f"{'将' if dry_run else '已'}发生的变化（{len(lines)} 条）", icon=":material/difference:"):
        rows = [
            (
                f"{line['sheet']} 第 {line['row']} 行",
                line["organisation"],
                KIND_LABELS.get(line["kind"], line["kind"]),
                line["before"] or "—",
                line["after"] or "—",
            )
            for line in lines[:SHOWN]
        ]
        components.table(("位置", "企业", "内容", "原来", "改为"), rows)
        if len(lines) > SHOWN:
            st.markdown(f"只列出前 {SHOWN} 条。")


def run(name: str, data: bytes, user: User, reach: Reaches) -> None:
    """Import with a bar; rows go in whole or not at all, and the same file can be imported again after an interruption."""
    wiring.wire()
    bar = st.progress(0.0, text="正在导入，请不要关闭页面……")

    def progress(done: int, total: int) -> None:
        bar.progress(done / total if total else 1.0, text=f"正在导入：{done} / {total} 行")

    try:
        report = import_roster(
            database(), data=data, file_name=name, now=clock.now(), account_id=user.account_id, may_write=reach.may_write, progress=progress
        )
    except Refusal as refusal:
        components.note(refusal.message, tone="bad")
        return
    with store.transaction() as session:
        counts = {word: getattr(report, word) for word in ("rows", "created", "updated", "unchanged", "refused", "skipped")}
        office.record(session, user, "import_roster", subject=name, **counts)
    DONE.set(report)
    PREVIEW.clear()
    UPLOAD.set(UPLOAD.get() + 1)
    st.rerun()


def result() -> None:
    """The report of the import just made."""
    report = DONE.get()
    if report is None:
        return
    with st.container(border=True):
        tone: Tone = "warn" if report.refused else "ok"
        text = f"有 {report.refused} 行没有导入，请按问题清单改正后，把这些行重新导入。" if report.refused else "全部有效行都已入库。"
        components.note(f"{report.file} 导入完成。{text}", tone=tone)
        figures(report)
        problems(report.problems, key=f"{PAGE}_done", name=report.file)
        changes(report.changes, dry_run=False)
        with st.container(horizontal=True):
            components.link("查看企业名册", "/enterprises", primary=True)
            components.link("发放激活码", "/activation_slips")
            if st.button("知道了", key=f"{PAGE}_seen"):
                DONE.clear()
                st.rerun()

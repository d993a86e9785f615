"""Taking a bank away as a file: the format, what it would leave out or lose, then the download."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from quiz import clock
from quiz.accounts.domain import Permission, User
from quiz.banks import queries
from quiz.exchange import export
from quiz.exchange.export import Check, ExportFormat
from quiz.settings import settings
from quiz.ui import components, office, store
from quiz.ui.components import Kpi
from quiz.ui.state import Slot

SHOWN = 20
_WRITERS = "quiz.exchange.writers"
_FOR = {
    ExportFormat.XLSX: "用 Excel 或 WPS 修改后，可以再导入。", ExportFormat.CSV: "供其他软件读取；用 Excel 修改请选 Excel 表格。",
    ExportFormat.JSON: "内容最全，用于备份，或转到另一套安考。", ExportFormat.GIFT: "Moodle 等平台的文本格式。",
    ExportFormat.AIKEN: "只有单选题的简单文本格式。", ExportFormat.MOODLE_XML: "导入 Moodle 平台。",
    ExportFormat.QTI21: "国际通用的题库交换格式，多数考试平台能导入。", ExportFormat.QTI30: "国际通用的题库交换格式，新版。",
    ExportFormat.DOCX: "打印成卷，附答案和解析。",
}  # fmt: skip


@dataclass(frozen=True)
class Checked:
    """What a format makes of a bank, and of which state of it."""

    made_from: tuple[str, str, str]
    check: Check
    items: int


CHECKED = Slot[Checked | None]("bank_export_checked", lambda: None)


def show(user: User, bank_code: str, title: str) -> None:
    """From the choice of the format to the file. Every export is recorded."""
    if not user.may(Permission.MANAGE_PAPERS):
        components.empty_state("由培训教师导出", "需要题库文件，请联系培训教师或系统管理员。")
        return
    components.hint("导出已发布的题目。先看这种格式会漏掉什么，再下载。导出会记入审计记录。")
    format = st.selectbox(
        "导出格式", formats(), index=None, format_func=lambda each: f"{each.label}（.{export.suffix_of(each)}）", key=f"export_format_{bank_code}",
        placeholder="请选择", width=340,
    )  # fmt: skip
    if format is None:
        return
    components.hint(_FOR[format])
    checked = _checked(bank_code, format)
    if not checked.items:
        components.empty_state("没有已发布的题目", "题目发布后才能导出。草稿请先在“待处理”里复核、发布。")
        return
    _figures(checked)
    _listed(checked.check, title=title, key=f"export_{bank_code}_{format.value}")
    _download(user, bank_code, title, format, checked.check)


def formats() -> list[ExportFormat]:
    """The formats that can be written."""
    return [format for format in ExportFormat if _is_there(format)]


def _is_there(format: ExportFormat) -> bool:
    try:
        export.check((), format)
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith(_WRITERS):
            return False
        raise
    return True


def _checked(bank_code: str, format: ExportFormat) -> Checked:
    """Worked out once for each state of the banks: every click draws the page again."""
    with store.reading() as session:
        made_from = (bank_code, format.value, queries.stamp(session))
        known = CHECKED.get()
        if known is not None and known.made_from == made_from:
            return known
        _, items = export.items_to_export(session, bank_code)
    made = Checked(made_from, export.check(items, format), len(items))
    CHECKED.set(made)
    return made


def _figures(checked: Checked) -> None:
    check = checked.check
    components.kpi_row(
        [
            Kpi("已发布", f"{checked.items} 题"),
            Kpi("将导出", f"{len(check.holds)} 题", tone="ok" if check.holds else ""),
            Kpi("放不下", f"{len(check.left_out)} 题", "不在导出的文件里", tone="bad" if check.left_out else ""),
            Kpi("有损失", f"{len(check.losses)} 题", "导出，但少了一些内容", tone="warn" if check.losses else ""),
        ]
    )
    if not check.left_out and not check.losses:
        components.note("这种格式放得下全部题目，内容没有损失。", tone="ok")


def _listed(check: Check, *, title: str, key: str) -> None:
    """Each item that does not fit, or not whole, with the reasons."""
    rows = [("放不下", code, reasons) for code, reasons in check.left_out] + [("有损失", code, reasons) for code, reasons in check.losses]
    if not rows:
        return
    components.section("放不下和有损失的题目", "需要完整内容的，请选 JSON 或其他格式。")
    start = components.pager(len(rows), key=f"{key}_page", size=SHOWN)
    components.table(
        ("结果", "编号", "原因"),
        [(components.badge(what, "bad" if what == "放不下" else "warn"), code, "；".join(reasons)) for what, code, reasons in _page(rows, start)],
    )  # fmt: skip
    if len(rows) > SHOWN:
        frame = pd.DataFrame([(what, code, "；".join(reasons)) for what, code, reasons in rows], columns=["结果", "编号", "原因"])
        subject = f"{title}导出说明"
        components.download_xlsx("下载这份清单", frame, subject=subject, unit=settings().organiser, now=clock.now(), key=f"{key}_list")


def _page(rows: Sequence[tuple[str, str, tuple[str, ...]]], start: int) -> Sequence[tuple[str, str, tuple[str, ...]]]:
    return rows[start : start + SHOWN]


def _download(user: User, bank_code: str, title: str, format: ExportFormat, check: Check) -> None:
    if not check.holds:
        components.note("这种格式放不下这个题库的任何一题，请换一种格式。", tone="bad")
        return

    def data() -> bytes:
        with store.reading() as session:
            return export.export_bank(session, bank_code=bank_code, format=format).data

    office.download(
        f"下载 {len(check.holds)} 题", data, user=user, action="export_bank", subject=title, key=f"export_{bank_code}_{format.value}",
        extension=export.suffix_of(format), primary=True,
        detail={"bank": bank_code, "format": format.value, "items": len(check.holds), "left_out": len(check.left_out)},
    )  # fmt: skip

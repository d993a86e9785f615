"""Importing a paper sign-in sheet: choose, preview, apply, take back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.classes import sheet_service
from quiz.classes.queries import ClassView
from quiz.classes.sheet_plan import SEVERITIES, Fate, Options, SheetReport
from quiz.classes.sheet_service import ReadSheet, SheetView
from quiz.problems import Refusal
from quiz.ui import components, office
from quiz.ui.class_detail import PAGE, Room, choose_day, choose_site
from quiz.ui.components import Kpi, Tone
from quiz.ui.files import XLSX, xlsx_bytes
from quiz.ui.markup import plain
from quiz.ui.state import Slot
from quiz.vocabulary import ClassState

SHOWN = 20
LARGEST_MB = 20
_TONES: dict[str, Tone] = {"error": "bad", "warning": "warn", "info": "info"}


@dataclass(frozen=True)
class Chosen:
    """The file of this visit, read once; or why it cannot be read."""

    digest: str
    sheet: ReadSheet | None
    refusal: str = ""


CHOSEN = Slot[Chosen | None]("class_sheet", lambda: None)
UPLOAD = Slot[int]("class_sheet_upload", lambda: 1)


def show(session: Session, view: ClassView, room: Room) -> None:
    """The whole of it."""
    if view.state is not ClassState.ANNOUNCED or not view.hosted or not view.days:
        components.note(f"班次{view.state.label}。已发布、排了课、有您管理的课堂时，才能导入签到表。")
    else:
        _import(session, view, room)
    _past(session, view, room)


def _import(session: Session, view: ClassView, room: Room) -> None:
    components.section("导入签到表", "列名说法不同、标题行、并排两栏都能认；先预检，看清每一行怎么处理，再登记。签到表模板在“报名”里下载。")
    left, right = st.columns(2)
    with left:
        site = choose_site("表里没写课堂的，算哪个课堂", view.hosted, key=f"{PAGE}_import_site")
    with right:
        day = choose_day("表里没写日期的，算哪一天", view, key=f"{PAGE}_import_day", today=room.today)
    whole = st.checkbox("没有写时间、只打勾或签名的，按当天全程在场登记", key=f"{PAGE}_import_whole")
    file = st.file_uploader(
        "选择签到表（xlsx、xls、ods 或 csv）", type=["xlsx", "xls", "ods", "csv"], key=f"{PAGE}_import_file_{UPLOAD.get()}",
        max_upload_size=LARGEST_MB,
    )  # fmt: skip
    if file is None or site is None:
        CHOSEN.clear()
        return
    chosen = _read(file.name, file.getvalue())
    if chosen.sheet is None:
        components.note(chosen.refusal, tone="bad")
        return
    options = Options(site.id, day, whole)
    sheet = chosen.sheet
    report = sheet_service.preview(session, sheet=sheet, session_id=view.id, options=options, desk=room.desk, now=room.now)
    figures(report)
    problems(report.problems, key=f"{PAGE}_preview", name=report.file)
    _lines(report.lines)
    if not report.presences:
        components.note("没有可以登记的签到：各行都有问题，或已经登记过。", tone="warn")
    elif components.confirm_button(
        f"登记 {report.presences} 条签到", key=f"{PAGE}_import_go", icon=":material/upload:",
        question=f"将登记 {report.presences} 条签到并计算学时；不能导入的 {report.refused} 行不写入。可以撤销。",
    ):  # fmt: skip
        office.perform(lambda inside: _applied(inside, sheet, view, options, room))


def _read(name: str, data: bytes) -> Chosen:
    digest = hashlib.sha256(data).hexdigest()
    known = CHOSEN.get()
    if known is not None and known.digest == digest:
        return known
    with st.spinner("正在读取……"):
        try:
            made = Chosen(digest, sheet_service.read(data, file_name=name))
        except Refusal as refusal:
            made = Chosen(digest, None, refusal.message)
    CHOSEN.set(made)
    return made


def _applied(session: Session, sheet: ReadSheet, view: ClassView, options: Options, room: Room) -> str:
    report = sheet_service.apply(session, sheet=sheet, session_id=view.id, options=options, **room.stamp())
    CHOSEN.clear()
    UPLOAD.set(UPLOAD.get() + 1)
    text = f"已登记 {report.presences} 条签到，学时已计算。"
    return text + (f"有 {report.refused} 行没有导入，原因见下面“以往的导入”。" if report.refused else "")


def figures(report: SheetReport) -> None:
    """How the lines end; the four counts add up to all of them."""
    components.kpi_row(
        [
            Kpi("读到", f"{report.rows} 行", "、".join(report.sheets)[:40]),
            Kpi(Fate.ACCEPTED.label, f"{report.accepted} 行", tone="ok" if report.accepted else ""),
            Kpi(Fate.REPAIRED.label, f"{report.repaired} 行", "逐条列在下面", tone="warn" if report.repaired else ""),
            Kpi(Fate.REFUSED.label, f"{report.refused} 行", "改正后重新导入", tone="bad" if report.refused else ""),
            Kpi(Fate.SKIPPED.label, f"{report.skipped} 行", "未到、已登记、说明行"),
        ]
    )


def problems(lines: Sequence[Mapping[str, Any]], *, key: str, name: str) -> None:
    """What is wrong or was interpreted: where, what, why, what to do."""
    if not lines:
        return
    components.section(f"问题清单（{len(lines)} 条）", "按单元格定位；涉及个人信息的原值已隐去一部分。")
    counts = {code: sum(line["severity"] == code for line in lines) for code in SEVERITIES}
    options = {"": f"全部 {len(lines)}"} | {code: f"{SEVERITIES[code]} {number}" for code, number in counts.items() if number}
    start = "error" if counts["error"] else ""
    chosen = st.pills("只看", list(options), format_func=options.__getitem__, default=start, key=f"{key}_severity") or ""
    wanted = [line for line in lines if not chosen or line["severity"] == chosen]
    rows = [
        (
            f"{line['sheet']} {line['cell']}".strip(), components.badge(SEVERITIES[line["severity"]], _TONES[line["severity"]]),
            line["column"] or "—", line["value"] or "—", line["message"], line["action"] or "—",
        )
        for line in wanted[:SHOWN]
    ]  # fmt: skip
    components.table(("位置", "类别", "列", "原值", "原因", "处理办法"), rows)
    if len(wanted) > SHOWN:
        components.hint(f"只列出前 {SHOWN} 条，全部请下载。")
    titles = {
        "sheet": "工作表", "cell": "单元格", "row": "行号", "column": "列", "value": "原值（已脱敏）", "severity": "类别", "message": "原因",
        "action": "处理办法",
    }  # fmt: skip

    def whole() -> bytes:
        frame = pd.DataFrame(
            [{label: SEVERITIES[line[code]] if code == "severity" else line[code] for code, label in titles.items()} for line in lines]
        )
        return xlsx_bytes(frame, title="问题清单", now=clock.now(), notes=(f"文件：{name}",))

    st.download_button(
        "下载问题清单", whole, file_name="签到表问题清单.xlsx", mime=XLSX, key=f"{key}_problems", icon=":material/download:", on_click="ignore"
    )  # fmt: skip


def _lines(lines: Sequence[Mapping[str, Any]]) -> None:
    if not lines:
        return
    with st.expander(f"将登记的签到（{len(lines)} 条）", icon=":material/how_to_reg:"):
        rows = [
            (f"{line['sheet']} 第 {line['row']} 行", line["name"], line["site"], line["begin"], line["end"][11:] or "未签退")
            for line in lines[:SHOWN]
        ]
        components.table(("位置", "姓名", "课堂", "签到", "签退"), rows)
        if len(lines) > SHOWN:
            components.hint(f"只列出前 {SHOWN} 条。")


def _past(session: Session, view: ClassView, room: Room) -> None:
    components.section("以往的导入")
    found = sheet_service.sheets(session, session_id=view.id, desk=room.desk)
    if not found:
        components.empty_state("还没有导入过签到表", "打印的签到表用完后，把时间录入表格，在上面导入。")
        return
    for each in found:
        label = f"{clock.show(each.imported_at)}　{each.file_name}" + ("（已撤销）" if each.undone_at else "")
        with st.expander(plain(label)):
            words = {"rows": "读到", "accepted": "接受", "repaired": "修正后接受", "refused": "不能导入", "skipped": "跳过"}
            components.facts([(name, f"{each.report.get(word, 0)} 行") for word, name in words.items()])
            problems(each.report.get("problems", ()), key=f"{PAGE}_past_{each.id}", name=each.file_name)
            if each.undone_at is None and view.state is ClassState.ANNOUNCED and components.confirm_button(
                "撤销这次导入", key=f"{PAGE}_undo_{each.id}", question="作废这次导入的全部签到并重新计算学时；撤销后可以重新导入。"
            ):  # fmt: skip
                office.perform(lambda inside, each=each: _undone(inside, each, room))  # type: ignore[misc]


def _undone(session: Session, each: SheetView, room: Room) -> str:
    number = sheet_service.undo(session, sheet_id=each.id, **room.stamp())
    return f"已撤销“{each.file_name}”：作废 {number} 条签到，学时已重新计算。"

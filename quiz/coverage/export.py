"""Writes coverage and the list of the uncovered as workbooks that an office can filter, print and forward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from os import fspath
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from quiz import clock
from quiz.coverage.domain import Counts, show_rate
from quiz.coverage.queries import CoverageView
from quiz.coverage.uncovered import UncoveredRow, UncoveredView
from quiz.vocabulary import HolderPolicy

Target = str | Path | BytesIO


@dataclass(frozen=True)
class Column:
    """A heading, how wide, and whether the cells are numbers; everything else is written as text."""

    heading: str
    width: int
    is_number: bool = False


_GROUP_COLUMNS = (
    Column("应训企业数", 12, True), Column("已参训", 10, True), Column("已参考", 10, True), Column("已合格", 10, True),
    Column("已完成", 10, True), Column("未完成", 10, True), Column("核减", 8, True), Column("覆盖率", 10),
)  # fmt: skip
_OF_A_PAPER = ("已参考", "已合格")
"""Left out where nothing is examined: a column of noughts would read as a failure."""
_LIST_COLUMNS = (
    Column("序号", 6, True), Column("企业名称", 34), Column("统一社会信用代码", 22), Column("区市", 16), Column("镇街", 16),
    Column("行业领域", 16), Column("监管部门", 20), Column("主要负责人", 14), Column("手机号", 14), Column("未完成原因", 14),
    Column("是否逾期", 10), Column("截止日期", 12), Column("逾期天数", 10, True), Column("答题次数", 10, True),
    Column("最好成绩（百分制）", 18), Column("最近登录", 18),
)  # fmt: skip


class _Book:
    """A workbook with the few formats that are used, where every cell is written as what it is."""

    def __init__(self, target: Target) -> None:
        self.book = xlsxwriter.Workbook(target if isinstance(target, BytesIO) else fspath(target), {"in_memory": True})
        self.head = self.book.add_format({"bold": True, "bg_color": "#DCE6F1", "border": 1, "text_wrap": True, "valign": "vcenter"})
        self.text = self.book.add_format({"num_format": "@", "border": 1})
        self.number = self.book.add_format({"num_format": "0", "border": 1})
        self.title = self.book.add_format({"bold": True, "font_size": 16})
        self.wrapped = self.book.add_format({"num_format": "@", "border": 1, "text_wrap": True, "valign": "top"})

    def sheet(self, name: str, columns: Sequence[Column], rows: Sequence[Sequence[Any]], *, note: str) -> Worksheet:
        """A table with a frozen heading and filters; `note` is printed at the foot of each page."""
        sheet = self.book.add_worksheet(name)
        for number, column in enumerate(columns):
            sheet.set_column(number, number, column.width, self.number if column.is_number else self.text)
            sheet.write_string(0, number, column.heading, self.head)
        for line, row in enumerate(rows, start=1):
            for number, (column, value) in enumerate(zip(columns, row, strict=True)):
                self.write(sheet, line, number, value, self.number if column.is_number else self.text)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(len(rows), 1), len(columns) - 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.set_footer(f"&L{note.replace('&', '&&')}&R第 &P 页，共 &N 页")
        return sheet

    @staticmethod
    def write(sheet: Worksheet, line: int, number: int, value: Any, form: Format) -> None:
        """Numbers as numbers; anything else as plain text, so that no name can act as a formula."""
        if isinstance(value, int | float):
            sheet.write_number(line, number, value, form)
        else:
            sheet.write_string(line, number, "" if value is None else str(value), form)

    def overview(self, title: str, facts: Sequence[tuple[str, str]]) -> None:
        """The first sheet: what the figures mean."""
        sheet = self.book.add_worksheet("概况")
        sheet.set_column(0, 0, 22)
        sheet.set_column(1, 1, 70)
        sheet.write_string(0, 0, title, self.title)
        for line, (name, value) in enumerate(facts, start=2):
            sheet.write_string(line, 0, name, self.head)
            sheet.write_string(line, 1, value, self.wrapped)


def coverage_xlsx(
    total: CoverageView,
    target: Target,
    *,
    by_region: CoverageView,
    by_sector: CoverageView,
    uncovered: UncoveredView | None = None,
    exported_at: datetime,
    snapshot_number: str | None = None,
    full_phones: bool = False,
) -> None:
    """Sheets 概况, 分区域, 分行业 and, when given, 未覆盖名单."""
    book = _Book(target)
    note = _note(total.as_of, total.policy, exported_at, snapshot_number)
    book.overview(f"{total.title}覆盖情况", _facts(total, exported_at, snapshot_number))
    for name, heading, view in (("分区域", "区市", by_region), ("分行业", "行业领域", by_sector)):
        rows = [(group.label, *_figures(group.counts, view)) for group in view.groups] + [("合计", *_figures(view.total, view))]
        columns = [column for column in _GROUP_COLUMNS if view.has_paper or column.heading not in _OF_A_PAPER]
        book.sheet(name, (Column(heading, 24), *columns), rows, note=note)
    if uncovered is not None:
        book.sheet("未覆盖名单", _LIST_COLUMNS, _list_rows(uncovered.rows, full_phones), note=note)
    book.book.close()


def uncovered_xlsx(
    view: UncoveredView, target: Target, *, exported_at: datetime, snapshot_number: str | None = None, full_phones: bool = False
) -> None:
    """Sheets 概况 and 未覆盖名单; telephone numbers in full only when the caller says that the reader may have them."""
    book = _Book(target)
    facts = [
        ("培训专项", view.title), ("统计时点", view.as_of.isoformat()), ("完成判定口径", view.policy.label),
        ("未覆盖企业数", str(view.total)), ("其中逾期", str(view.overdue)),
        *((f"　{reason.label}", str(number)) for reason, number in view.by_reason.items()),
        ("导出时间", clock.show(exported_at)), ("快照号", snapshot_number or "未固化快照"),
    ]  # fmt: skip
    book.overview(f"{view.title}未覆盖名单", facts)
    note = _note(view.as_of, view.policy, exported_at, snapshot_number)
    book.sheet("未覆盖名单", _LIST_COLUMNS, _list_rows(view.rows, full_phones), note=note)
    book.book.close()


def _facts(view: CoverageView, exported_at: datetime, snapshot_number: str | None) -> list[tuple[str, str]]:
    return [
        ("培训专项", view.title),
        ("统计时点", view.as_of.isoformat()),
        ("统计单位", "企业（同一企业只计一次）"),
        ("完成判定口径", view.policy.label),
        *(() if view.has_paper else (("考试", "本专项不设考试，没有参考、合格数字"),)),
        ("分子：已完成企业数", str(view.total.completed)),
        ("分母：应训企业数（不含核减）", str(view.total.due)),
        ("企业覆盖率", show_rate(view.total)),
        ("未完成企业数", str(view.total.uncovered)),
        ("核减企业数", str(view.total.exempt)),
        ("导出时间", clock.show(exported_at)),
        ("快照号", snapshot_number or "未固化快照"),
    ]


def _note(as_of: Any, policy: HolderPolicy, exported_at: datetime, snapshot_number: str | None) -> str:
    return f"导出时间 {clock.show(exported_at)}；口径 {policy.label}；统计时点 {as_of.isoformat()}；快照号 {snapshot_number or '未固化'}"


def _figures(counts: Counts, view: CoverageView) -> tuple[Any, ...]:
    examined = (counts.examined, counts.passed) if view.has_paper else ()
    return counts.due, counts.trained, *examined, counts.completed, counts.uncovered, counts.exempt, show_rate(counts)


def _list_rows(rows: Sequence[UncoveredRow], full_phones: bool) -> list[tuple[Any, ...]]:
    return [
        (
            number, row.name, row.uscc or "待补码", row.district, row.town, row.sector, row.department,
            "、".join(row.waiting_for), row.phone if full_phones else row.masked_phone, row.reason.label,
            "是" if row.is_overdue else "否", row.due_on.isoformat(), row.days_overdue, row.attempts,
            "" if row.best_percent is None else f"{row.best_percent:.1f}", clock.show(row.last_sign_in_at),
        )
        for number, row in enumerate(rows, start=1)
    ]  # fmt: skip

"""The 台账 of a snapshot as a workbook: figures with native charts, the list, and a source line on every sheet."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import xlsxwriter

from quiz import clock
from quiz.coverage.domain import Counts, show_rate
from quiz.coverage.service import SnapshotView, has_paper
from quiz.problems import Refusal
from quiz.reports.notice import counts_of, source
from quiz.vocabulary import NotCoveredReason

FIGURES = ("应训企业", "已参训", "已参考", "已合格", "已完成", "未完成", "核减")
OF_A_PAPER = ("已参考", "已合格")
NO_PAPER = "—（本专项不设考试）"
LIST = ("序号", "企业名称", "区市", "镇街", "行业领域", "主管部门", "负责人", "未完成原因", "完成期限", "逾期天数")
WIDTHS = {"企业名称": 34, "主管部门": 18, "负责人": 16, "未完成原因": 14, "区市": 20, "镇街": 16, "行业领域": 14, "完成期限": 12}
GROUPS = (("region", "分区市", "区市"), ("town", "分镇街", "镇街"), ("sector", "分行业", "行业领域"), ("department", "分部门", "主管部门"))
CHARTED = 20
LINE_HEIGHT, WIDE_CELL = 20, 28
"""Of the overview: a line in points, and how many characters its second column holds; the basis of a programme takes several."""


def ledger_xlsx(view: SnapshotView, *, exported_at: datetime) -> bytes:
    """The workbook.

    Raises:
        Refusal: the snapshot is of a time when lists were not kept in it.
    """
    if "uncovered" not in view.figures:
        raise Refusal("这份快照是旧版本固化的，没有名单，不能生成台账；请重新固化一份。", code="snapshot_without_lists")
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(
        stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    forms = _Forms(book)
    foot = f"{source(view)}；导出时间 {clock.show(exported_at)}"
    _overview(book, forms, view, foot)
    total = counts_of(view.figures["total"])
    figures = tuple(name for name in FIGURES if has_paper(view.figures) or name not in OF_A_PAPER)
    for key, name, heading in GROUPS:
        _groups(book, forms, name, heading, view.figures["by"][key], total, foot, figures)
    _list(book, forms, view.figures["uncovered"], foot)
    book.close()
    return stream.getvalue()


class _Forms:
    def __init__(self, book: Any) -> None:
        self.title = book.add_format({"bold": True, "font_size": 16})
        self.head = book.add_format(
            {"bold": True, "bg_color": "#DCE6F1", "border": 1, "text_wrap": True, "valign": "vcenter", "align": "center"}
        )
        self.text = book.add_format({"border": 1, "num_format": "@", "valign": "vcenter", "text_wrap": True})
        self.number = book.add_format({"border": 1, "num_format": "0", "valign": "vcenter"})
        self.share = book.add_format({"border": 1, "num_format": "0.0%", "valign": "vcenter"})
        self.foot = book.add_format({"font_color": "#46586A", "italic": True})


def _overview(book: Any, forms: _Forms, view: SnapshotView, foot: str) -> None:
    sheet = book.add_worksheet("概况")
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 60)
    total, people, programme = counts_of(view.figures["total"]), view.figures["persons"], view.figures["programme"]
    facts = (
        ("培训专项", programme["title"]), ("依据", programme["basis"]), ("统计时点", view.as_of.isoformat()),
        ("快照号", view.number), ("固化时间", clock.show(view.taken_at)), ("企业覆盖率", show_rate(total)),
        ("　分子：已完成企业", str(total.completed)), ("　分母：应训企业（不含核减）", str(total.due)), ("　核减企业", str(total.exempt)),
        ("　未完成企业", str(total.uncovered)), ("应训人员（一人多企只计一次）", str(people["due"])),
        ("　已参训", str(people["trained"])),
        *((("　参加考试", str(people["examined"])), ("　考试合格", str(people["passed"]))) if has_paper(view.figures) else (("考试", NO_PAPER),)),
        ("　完成全部要求", str(people["completed"])),
    )  # fmt: skip
    sheet.write_string(0, 0, f"{programme['title']}台账", forms.title)
    for line, (name, value) in enumerate(facts, start=2):
        sheet.write_string(line, 0, name, forms.head)
        sheet.write_string(line, 1, value, forms.text)
        sheet.set_row(line, LINE_HEIGHT * max(1, -(-len(value) // WIDE_CELL)))
    sheet.write_string(len(facts) + 3, 0, foot, forms.foot)
    _printing(sheet, foot)


def _groups(
    book: Any, forms: _Forms, name: str, heading: str, groups: Sequence[Mapping[str, Any]], total: Counts, foot: str, figures: Sequence[str]
) -> None:
    sheet = book.add_worksheet(name)
    columns = ("序号", heading, *figures, "覆盖率")
    sheet.set_column(0, 0, 6)
    sheet.set_column(1, 1, 24)
    sheet.set_column(2, len(columns) - 1, 10)
    for number, column in enumerate(columns):
        sheet.write_string(0, number, column, forms.head)
    for line, group in enumerate(groups, start=1):
        sheet.write_number(line, 0, line, forms.number)
        _figures(sheet, forms, line, str(group["label"]), counts_of(group), figures)
    last = len(groups)
    sheet.write_string(last + 1, 0, "", forms.head)
    _figures(sheet, forms, last + 1, "合计", total, figures)
    sheet.write_string(last + 3, 0, foot, forms.foot)
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, max(last, 1), len(columns) - 1)
    _printing(sheet, foot)
    if groups:
        _chart(book, sheet, name, heading, min(last, CHARTED), last + 5, len(columns))


def _figures(sheet: Any, forms: _Forms, line: int, label: str, counts: Counts, figures: Sequence[str]) -> None:
    whole = (counts.due, counts.trained, counts.examined, counts.passed, counts.completed, counts.uncovered, counts.exempt)
    values = [value for name, value in zip(FIGURES, whole, strict=True) if name in figures]
    sheet.write_string(line, 1, label, forms.text)
    for number, value in enumerate(values, start=2):
        sheet.write_number(line, number, value, forms.number)
    if counts.rate is None:
        sheet.write_string(line, 2 + len(values), "—", forms.text)
    else:
        sheet.write_number(line, 2 + len(values), counts.rate, forms.share)


def _chart(book: Any, sheet: Any, name: str, heading: str, rows: int, line: int, columns: int) -> None:
    """A chart of Excel's own: it moves when somebody filters the table."""
    chart = book.add_chart({"type": "bar"})
    chart.add_series(
        {
            "name": "覆盖率", "categories": [name, 1, 1, rows, 1], "values": [name, 1, columns - 1, rows, columns - 1],
            "data_labels": {"value": True, "num_format": "0.0%"}, "fill": {"color": "#1F6FB2"}, "gap": 60,
        }
    )  # fmt: skip
    part = f"（表中前{CHARTED}个）" if rows == CHARTED else ""
    chart.set_title({"name": f"{heading}覆盖率{part}", "name_font": {"size": 12}})
    chart.set_y_axis({"reverse": True})
    chart.set_x_axis({"num_format": "0%", "min": 0, "max": 1, "major_gridlines": {"visible": False}})
    chart.set_legend({"none": True})
    chart.set_size({"width": 560, "height": 90 + 26 * rows})
    sheet.insert_chart(line, 1, chart)


def _list(book: Any, forms: _Forms, rows: Sequence[Mapping[str, Any]], foot: str) -> None:
    sheet = book.add_worksheet("未完成名单")
    for number, column in enumerate(LIST):
        sheet.set_column(number, number, WIDTHS.get(column, 9))
        sheet.write_string(0, number, column, forms.head)
    for line, row in enumerate(rows, start=1):
        texts = (
            row["name"], row["district_name"], row["town_name"] or "", row["sector_name"], row["department_name"] or "待明确",
            "、".join(row["holders"]), NotCoveredReason(row["reason"]).label, row["due_on"],
        )  # fmt: skip
        sheet.write_number(line, 0, line, forms.number)
        for number, text in enumerate(texts, start=1):
            sheet.write_string(line, number, text, forms.text)
        sheet.write_number(line, len(LIST) - 1, row["days_overdue"], forms.number)
    sheet.write_string(len(rows) + 2, 0, foot, forms.foot)
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, max(len(rows), 1), len(LIST) - 1)
    _printing(sheet, foot)


def _printing(sheet: Any, foot: str) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer(f"&L&8{foot.replace('&', '&&')[:220]}&R第 &P 页，共 &N 页")

"""The uncovered of a snapshot, one workbook a street in one package; telephone numbers in full only where the caller may have them."""

from __future__ import annotations

import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import xlsxwriter
from sqlalchemy import select
from sqlmodel import Session, col

from quiz import clock
from quiz.coverage.service import SnapshotView
from quiz.models.organisations import Organisation
from quiz.organisations import identifiers
from quiz.organisations import queries as organisations
from quiz.organisations.reach import Reach, Reaches
from quiz.problems import Refusal
from quiz.reports.notice import source
from quiz.vocabulary import NotCoveredReason

AnyReach = Reach | Reaches
COLUMNS = (
    ("序号", 6), ("企业名称", 34), ("统一社会信用代码", 22), ("详细地址", 30), ("行业领域", 14), ("主要负责人", 16), ("手机号", 24),
    ("未完成原因", 14), ("完成期限", 12), ("逾期天数", 9), ("镇街核实情况", 20),
)  # fmt: skip
_FORBIDDEN = re.compile(r'[\\/:*?"<>|\s]+')
AT_ONCE = 2_000


def street_package(session: Session, view: SnapshotView, *, reach: AnyReach, full_phones: bool, exported_at: datetime) -> bytes:
    """A zip with one workbook a street; only enterprises within reach today.

    Raises:
        Refusal: the snapshot holds no list, or nothing of it is within reach.
    """
    streets, within = _streets(session, view, reach)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        for street, rows in sorted(streets.items()):
            book = _workbook(street, rows, within, _phones(session, rows, full_phones=full_phones), view, exported_at)
            package.writestr(f"{_FORBIDDEN.sub('', street)}_未完成名单_{view.as_of.isoformat()}.xlsx", book)
    return stream.getvalue()


def street_counts(session: Session, view: SnapshotView, *, reach: AnyReach) -> dict[str, int]:
    """How many enterprises the package would list for each street.

    Raises:
        Refusal: as `street_package`.
    """
    streets, _ = _streets(session, view, reach)
    return {street: len(rows) for street, rows in sorted(streets.items())}


def _streets(
    session: Session, view: SnapshotView, reach: AnyReach
) -> tuple[dict[str, list[Mapping[str, Any]]], dict[int, tuple[str, str]]]:
    if "uncovered" not in view.figures:
        raise Refusal("这份快照是旧版本固化的，没有名单；请重新固化一份。", code="snapshot_without_lists")
    within = _within(session, [row["id"] for row in view.figures["uncovered"]], reach)
    streets: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in view.figures["uncovered"]:
        if row["id"] in within:
            streets[f"{row['district_name']}_{row['town_name'] or '未明确镇街'}"].append(row)
    if not streets:
        raise Refusal("管辖范围内没有未完成企业，不需要分发名单。", code="nothing_uncovered")
    return streets, within


def _within(session: Session, ids: Sequence[int], reach: AnyReach) -> dict[int, tuple[str, str]]:
    """Code and address of those within reach, by id."""
    found: dict[int, tuple[str, str]] = {}
    for start in range(0, len(ids), AT_ONCE):
        query = select(col(Organisation.id), col(Organisation.uscc), col(Organisation.address)).where(
            col(Organisation.id).in_(ids[start : start + AT_ONCE]), *reach.conditions()
        )
        found |= {each: (uscc or "待补码", address) for each, uscc, address in session.execute(query)}
    return found


def _phones(session: Session, rows: Sequence[Mapping[str, Any]], *, full_phones: bool) -> dict[int, str]:
    """The holders that are waited for with their numbers of today, by enterprise."""
    held = organisations.current_principals(session, [row["id"] for row in rows])
    said = {}
    for row in rows:
        numbers = [post.phone for post in held.get(row["id"], ()) if post.phone and post.person_name in row["holders"]]
        said[row["id"]] = "、".join(number if full_phones else identifiers.mask_phone(number) for number in numbers)
    return said


def _workbook(
    street: str, rows: Sequence[Mapping[str, Any]], within: Mapping[int, tuple[str, str]], phones: Mapping[int, str], view: SnapshotView,
    exported_at: datetime,
) -> bytes:  # fmt: skip
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(
        stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    title = book.add_format({"bold": True, "font_size": 14, "align": "center", "valign": "vcenter"})
    head = book.add_format({"bold": True, "bg_color": "#DCE6F1", "border": 1, "text_wrap": True, "valign": "vcenter", "align": "center"})
    text = book.add_format({"border": 1, "num_format": "@", "text_wrap": True, "valign": "vcenter"})
    number = book.add_format({"border": 1, "num_format": "0", "valign": "vcenter"})
    sheet = book.add_worksheet("未完成名单")
    sheet.merge_range(0, 0, 0, len(COLUMNS) - 1, f"{street.replace('_', '')} {view.figures['programme']['title']}未完成企业名单", title)
    sheet.set_row(0, 28)
    for place, (name, width) in enumerate(COLUMNS):
        sheet.set_column(place, place, width)
        sheet.write_string(1, place, name, head)
    for line, row in enumerate(rows, start=2):
        uscc, address = within[row["id"]]
        sheet.write_number(line, 0, line - 1, number)
        texts = (
            row["name"], uscc, address, row["sector_name"], "、".join(row["holders"]) or "未登记", phones[row["id"]] or "—",
            NotCoveredReason(row["reason"]).label, row["due_on"],
        )  # fmt: skip
        for place, value in enumerate(texts, start=1):
            sheet.write_string(line, place, value, text)
        sheet.write_number(line, len(COLUMNS) - 2, row["days_overdue"], number)
        sheet.write_blank(line, len(COLUMNS) - 1, None, text)
    foot = f"{source(view)}；导出时间 {clock.show(exported_at)}"
    sheet.write_string(len(rows) + 3, 0, foot, book.add_format({"font_color": "#46586A", "italic": True}))
    sheet.freeze_panes(2, 2)
    sheet.autofilter(1, 0, len(rows) + 1, len(COLUMNS) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0, 1)
    sheet.set_footer("&R第 &P 页，共 &N 页")
    book.close()
    return stream.getvalue()

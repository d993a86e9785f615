"""Slips to cut out and hand over: eight on a sheet of A4, and the plain list."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import segno
import xlsxwriter

from quiz import clock
from quiz.accounts.service import Slip
from quiz.organisations.reference import Reference

ACROSS, DOWN = 2, 4
"""Slips on a page."""
_WIDE, _NARROW, _GAP = 35, 12, 2
"""Widths of a slip's text, of its code to scan, and between two slips."""
_HEIGHTS = (24, 20, 20, 34, 30, 18, 56)
_SPACER = 8


def workbook(slips: Sequence[Slip], *, site: str, reference: Reference, now: datetime, organiser: str, telephone: str) -> bytes:
    """Sheets 激活条 (laid out for the printer) and 清单."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    _slips_sheet(book, slips, site=site, organiser=organiser, telephone=telephone)
    _list_sheet(book, slips, reference, now)
    book.close()
    return buffer.getvalue()


def _formats(book: Any) -> dict[str, Any]:
    whole = {"left": 1, "right": 1, "border_color": "#777777", "font_name": "微软雅黑", "valign": "vcenter", "text_wrap": True}
    left = {**whole, "right": 0, "font_size": 9, "indent": 1}
    return {
        "head": book.add_format({**whole, "top": 1, "bold": True, "font_size": 12, "align": "center"}),
        "line": book.add_format({**whole, "font_size": 11, "indent": 1}),
        "code": book.add_format({**whole, "bold": True, "font_size": 22, "align": "center", "font_name": "Consolas", "num_format": "@"}),
        "step": book.add_format(left),
        "last": book.add_format({**left, "bottom": 1, "valign": "top"}),
        "scan": book.add_format({"right": 1, "bottom": 1, "border_color": "#777777"}),
    }


def _slips_sheet(book: Any, slips: Sequence[Slip], *, site: str, organiser: str, telephone: str) -> None:
    sheet = book.add_worksheet("激活条（打印）")
    looks, image = _formats(book), _code_image(f"{site}/activate")
    sheet.set_paper(9)
    sheet.set_portrait()
    sheet.set_margins(left=0.4, right=0.4, top=0.4, bottom=0.5)
    sheet.set_footer("&C第 &P 页，共 &N 页　激活码属个人信息，请当面交给本人")
    sheet.hide_gridlines(2)
    for column, width in enumerate((_WIDE, _NARROW, _GAP, _WIDE, _NARROW)):
        sheet.set_column(column, column, width)
    height = len(_HEIGHTS) + 1
    for number, slip in enumerate(slips):
        place, side = divmod(number, ACROSS)
        _slip(sheet, _lines(slip, site, organiser, telephone), looks, image, top=place * height, left=side * 3)
    rows = -(-len(slips) // ACROSS)
    for place in range(rows):
        for offset, points in enumerate((*_HEIGHTS, _SPACER)):
            sheet.set_row(place * height + offset, points)
    sheet.set_h_pagebreaks([place * height for place in range(DOWN, rows, DOWN)])
    sheet.print_area(0, 0, max(rows * height - 1, 0), 4)
    sheet.fit_to_pages(1, 0)


def _slip(sheet: Any, lines: Sequence[tuple[str, str]], looks: dict[str, Any], image: bytes, *, top: int, left: int) -> None:
    """One slip: four lines across, then the steps with the code to scan beside them."""
    for offset, (look, text) in enumerate(lines):
        if look in ("step", "last"):
            sheet.write_string(top + offset, left, text, looks[look])
        else:
            sheet.merge_range(top + offset, left, top + offset, left + 1, "", looks[look])
            sheet.write_string(top + offset, left, text, looks[look])
    first, last = top + len(lines) - 3, top + len(lines) - 1
    sheet.merge_range(first, left + 1, last, left + 1, "", looks["scan"])
    options = {"x_offset": 4, "y_offset": 26, "x_scale": 0.62, "y_scale": 0.62, "object_position": 1, "description": "激活页二维码"}
    sheet.insert_image(first, left + 1, "activate.png", {**options, "image_data": io.BytesIO(image)})


def _lines(slip: Slip, site: str, organiser: str, telephone: str) -> tuple[tuple[str, str], ...]:
    help_line = f"咨询电话：{telephone}" if telephone else "忘记密码、换手机号请联系发放单位"
    until = clock.local_day(slip.expires_at).isoformat()
    return (
        ("head", "安全生产培训答题 · 账号激活条"),
        ("line", slip.organisation),
        ("line", f"{slip.name}　{_masked(slip.phone)}"),
        ("code", slip.code),
        ("step", f"1. 手机扫右边二维码，或打开\n{site}/activate"),
        ("step", "2. 填姓名和激活码，自己设密码"),
        ("last", f"3. 用手机号和密码登录，点“开始答题”\n有效期至 {until}，仅限本人使用\n{help_line}\n{organiser}"),
    )


def _masked(phone: str) -> str:
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) > 7 else "（激活时填写手机号）"


def _code_image(address: str) -> bytes:
    target = io.BytesIO()
    segno.make(address, error="m", micro=False).save(target, kind="png", scale=4, border=1)
    return target.getvalue()


def _list_sheet(book: Any, slips: Sequence[Slip], reference: Reference, now: datetime) -> None:
    sheet = book.add_worksheet("清单")
    head = book.add_format({"bold": True, "bg_color": "#E5F0F9", "border": 1, "valign": "vcenter"})
    cell = book.add_format({"border": 1, "num_format": "@", "valign": "top", "text_wrap": True})
    columns = {
        "序号": 6, "企业": 36, "区市": 18, "镇街": 16, "姓名": 12, "手机号": 15, "激活码": 14, "有效期至": 13, "签收": 16,
    }  # fmt: skip
    for number, (name, width) in enumerate(columns.items()):
        sheet.set_column(number, number, width)
        sheet.write_string(0, number, name, head)
    for line, slip in enumerate(slips, start=1):
        values = (
            str(line),
            slip.organisation,
            reference.label("region", slip.district_code),
            reference.label("region", slip.town_code),
            slip.name,
            _masked(slip.phone) if slip.phone else "",
            slip.code,
            clock.local_day(slip.expires_at).isoformat(),
            "",
        )
        for number, value in enumerate(values):
            sheet.write_string(line, number, value, cell)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(slips), 1), len(columns) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.repeat_rows(0)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer(f"&L发放时间 {clock.show(now)}&R第 &P 页，共 &N 页")

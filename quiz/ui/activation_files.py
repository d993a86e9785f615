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
_LINES = 7
_HEIGHTS = (24, 20, 20, 36, 18, 18, 48)
_SPACER = 10


def workbook(slips: Sequence[Slip], *, site: str, reference: Reference, now: datetime, organiser: str, telephone: str) -> bytes:
    """Sheets 激活条 (laid out for the printer) and 清单."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False})
    _slips_sheet(book, slips, site=site, organiser=organiser, telephone=telephone)
    _list_sheet(book, slips, reference, now)
    book.close()
    return buffer.getvalue()


def _formats(book: Any) -> dict[str, Any]:
    side = {"left": 1, "right": 1, "border_color": "#777777", "font_name": "微软雅黑", "valign": "vcenter", "text_wrap": True}
    return {
        "head": book.add_format({**side, "top": 1, "bold": True, "font_size": 12, "align": "center"}),
        "line": book.add_format({**side, "font_size": 11, "indent": 1}),
        "code": book.add_format({**side, "bold": True, "font_size": 22, "align": "center", "font_name": "Consolas", "num_format": "@"}),
        "small": book.add_format({**side, "font_size": 9, "indent": 1}),
        "foot": book.add_format({**side, "bottom": 1, "font_size": 9, "indent": 1, "valign": "top"}),
    }


def _slips_sheet(book: Any, slips: Sequence[Slip], *, site: str, organiser: str, telephone: str) -> None:
    sheet = book.add_worksheet("激活条（打印）")
    looks = _formats(book)
    image = _code_image(f"{site}/activate")
    sheet.set_paper(9)
    sheet.set_portrait()
    sheet.set_margins(left=0.4, right=0.4, top=0.4, bottom=0.5)
    sheet.set_footer("&C第 &P 页，共 &N 页　激活码属个人信息，请当面交给本人")
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 46)
    sheet.set_column(1, 1, 2)
    sheet.set_column(2, 2, 46)
    breaks = []
    for number, slip in enumerate(slips):
        place, column = divmod(number, ACROSS)
        top = place * (_LINES + 1)
        if place and place % DOWN == 0 and column == 0:
            breaks.append(top)
        for offset, (look, text) in enumerate(_lines(slip, site, organiser, telephone)):
            if column == 0:
                sheet.set_row(top + offset, _HEIGHTS[offset])
            sheet.write_string(top + offset, column * 2, text, looks[look])
        if column == 0:
            sheet.set_row(top + _LINES, _SPACER)
        options = {"x_offset": 262, "y_offset": 4, "x_scale": 0.62, "y_scale": 0.62, "object_position": 1, "description": "激活页二维码"}
        sheet.insert_image(top + 4, column * 2, "activate.png", {**options, "image_data": io.BytesIO(image)})
    sheet.set_h_pagebreaks(breaks)
    rows = -(-len(slips) // ACROSS) * (_LINES + 1)
    sheet.print_area(0, 0, max(rows - 1, 0), 2)
    sheet.fit_to_pages(1, 0)


def _lines(slip: Slip, site: str, organiser: str, telephone: str) -> tuple[tuple[str, str], ...]:
    help_line = f"咨询电话：{telephone}" if telephone else "忘记密码、换手机号请联系发放单位"
    return (
        ("head", "安全生产培训答题 · 账号激活条"),
        ("line", slip.organisation),
        ("line", f"{slip.name}　{_masked(slip.phone)}"),
        ("code", slip.code),
        ("small", f"1. 手机打开 {site}/activate\n    或扫右下方二维码"),
        ("small", "2. 填姓名和激活码，自己设密码"),
        ("foot", f"3. 用手机号和密码登录，点“开始答题”\n有效期至 {clock.local_day(slip.expires_at).isoformat()}，仅限本人使用\n{help_line}\n{organiser}"),
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
    columns = (("序号", 6), ("企业", 36), ("区市", 18), ("镇街", 16), ("姓名", 12), ("手机号", 15), ("激活码", 14), ("有效期至", 13), ("签收", 16))
    for number, (name, width) in enumerate(columns):
        sheet.set_column(number, number, width)
        sheet.write_string(0, number, name, head)
    for line, slip in enumerate(slips, start=1):
        values = (
            str(line), slip.organisation, reference.label("region", slip.district_code), reference.label("region", slip.town_code), slip.name,
            _masked(slip.phone) if slip.phone else "", slip.code, clock.local_day(slip.expires_at).isoformat(), "",
        )  # fmt: skip
        for number, value in enumerate(values):
            sheet.write_string(line, number, value, cell)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(slips), 1), len(columns) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.repeat_rows(0)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer(f"&L发放时间 {clock.show(now)}&R第 &P 页，共 &N 页")

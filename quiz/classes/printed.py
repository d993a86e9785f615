"""Lists to print and to take away: the sign-in sheet of each classroom, who came and for how long, the register of institutions."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import xlsxwriter
from sqlmodel import Session

from quiz import clock
from quiz.classes import presence, queries, registration
from quiz.classes.domain import show_hours
from quiz.classes.queries import ClassView, SiteView
from quiz.classes.reach import ClassReach
from quiz.classes.registration import RegistrationRow
from quiz.organisations import identifiers

BLANK_LINES = 15
"""Empty lines below the names, for those who come without having registered."""
_WIDTHS = (6, 12, 34, 15, 13, 14, 13, 14, 16)
_HEADS = ("序号", "姓名", "单位", "手机号", "签到时间", "签名", "签退时间", "签名", "备注")


@dataclass(frozen=True)
class _Formats:
    title: Any
    line: Any
    head: Any
    cell: Any
    centre: Any
    foot: Any


def _book() -> tuple[io.BytesIO, Any]:
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    return buffer, xlsxwriter.Workbook(buffer, options)


def _formats(book: Any) -> _Formats:
    cell = {"font_name": "仿宋", "font_size": 12, "border": 1, "valign": "vcenter", "text_wrap": True}
    return _Formats(
        title=book.add_format({"font_name": "黑体", "font_size": 20, "align": "center", "valign": "vcenter", "bold": True}),
        line=book.add_format({"font_name": "仿宋", "font_size": 12, "valign": "vcenter"}),
        head=book.add_format({**cell, "font_name": "黑体", "align": "center", "bg_color": "#F2F2F2"}),
        cell=book.add_format(cell),
        centre=book.add_format({**cell, "align": "center"}),
        foot=book.add_format({"font_name": "仿宋", "font_size": 11, "font_color": "#444444", "text_wrap": True, "valign": "top"}),
    )


def _sheet_name(text: str, taken: set[str]) -> str:
    name = re.sub(r"[\[\]:*?/\\']", "", text)[:26] or "课堂"
    found, number = name, 2
    while found.lower() in taken:
        found, number = f"{name}{number}", number + 1
    taken.add(found.lower())
    return found


def sign_in_sheets(session: Session, *, session_id: int, desk: ClassReach, day: date, organiser: str, now: datetime) -> bytes:
    """One printable sheet a classroom of one's own, with those registered; filled in and typed up, it can be imported as it is."""
    view = queries.opened(session, session_id, desk=desk)
    rows = registration.rows(session, session_id=session_id, desk=desk)
    buffer, book = _book()
    formats, taken = _formats(book), set[str]()
    for site in view.hosted:
        _sign_in_sheet(
            book, formats, _sheet_name(site.name, taken), view, site, day, organiser, [row for row in rows if row.site_id == site.id]
        )
    if not view.hosted:
        book.add_worksheet("没有课堂")
    book.close()
    return buffer.getvalue()


def _sign_in_sheet(
    book: Any, formats: _Formats, name: str, view: ClassView, site: SiteView, day: date, organiser: str, rows: Sequence[RegistrationRow]
) -> None:  # fmt: skip
    sheet = book.add_worksheet(name)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&C第 &P 页，共 &N 页")
    for column, width in enumerate(_WIDTHS):
        sheet.set_column(column, column, width)
    last = len(_WIDTHS) - 1
    sheet.merge_range(0, 0, 0, last, f"{view.title}签到表", formats.title)
    sheet.set_row(0, 36)
    sheet.merge_range(1, 0, 1, last, f"课堂：{site.label}　　地点：{site.place or '—'}　　日期：{_chinese_day(day)}", formats.line)
    teachers = "、".join(dict.fromkeys(lesson.teacher for lesson in view.lessons if lesson.day == day and lesson.teacher)) or "—"
    times = [lesson for lesson in view.lessons if lesson.day == day]
    span = f"{clock.show(times[0].begin)[11:]}—{clock.show(times[-1].end)[11:]}" if times else "—"
    held_by = view.institution or organiser
    sheet.merge_range(
        2, 0, 2, last, f"时间：{span}　　授课：{teachers}　　主办：{held_by}　　联系人：{site.host} {site.telephone}", formats.line
    )
    for line in (1, 2):
        sheet.set_row(line, 22)
    for column, head in enumerate(_HEADS):
        sheet.write_string(3, column, head, formats.head)
    sheet.set_row(3, 26)
    sheet.repeat_rows(3)
    for number in range(len(rows) + BLANK_LINES):
        row = rows[number] if number < len(rows) else None
        values = (str(number + 1), row.name if row else "", row.organisation if row else "", _phone(row), "", "", "", "", "")
        for column, value in enumerate(values):
            sheet.write_string(4 + number, column, value, formats.cell if column == 2 else formats.centre)
        sheet.set_row(4 + number, 27)
    below = 4 + len(rows) + BLANK_LINES
    note = f"说明：1. 由本人签名，注明到场、离场时间。2. 迟到 {view.grace_minutes} 分钟以内按整节计；{view.minutes_per_hour} 分钟为 1 学时。3. 没有签退的，{view.without_sign_out.label}。"
    sheet.merge_range(below, 0, below, last, note, formats.foot)
    sheet.set_row(below, 34)
    sheet.merge_range(below + 1, 0, below + 1, last, "工作人员签字：　　　　　　　　　　　　日期：", formats.line)


def _phone(row: RegistrationRow | None) -> str:
    """Enough to tell namesakes apart: the sheet goes from hand to hand."""
    return identifiers.mask_phone(row.phone) if row and row.phone else ""


def _chinese_day(day: date) -> str:
    return f"{day.year} 年 {day.month} 月 {day.day} 日"


def attendance_list(session: Session, *, session_id: int, desk: ClassReach, now: datetime) -> bytes:
    """Registered or come, person by person: where, from when to when, hours; one sheet a classroom of one's own, and one for one's people elsewhere."""
    view = queries.opened(session, session_id, desk=desk)
    seats = registration.rows(session, session_id=session_id, desk=desk)
    came = [row for row in presence.rows(session, session_id=session_id, desk=desk) if row.voided_at is None]
    minutes = queries.credited(session, session_id=session_id)
    buffer, book = _book()
    formats, taken = _formats(book), set[str]()
    hosted = {site.id: site for site in view.hosted}
    for site_id in [*hosted, None]:
        people: dict[int, tuple[str, str, str]] = {}
        for seat in seats:
            if seat.site_id == site_id or (site_id is None and seat.site_id not in hosted):
                people[seat.person_id] = (seat.name, seat.organisation, _phone(seat))
        for row in came:
            if row.site_id == site_id or (site_id is None and row.site_id not in hosted):
                people.setdefault(row.person_id, (row.name, row.organisation, ""))
        if not people and site_id is None:
            continue
        name = hosted[site_id].name if site_id is not None else "在其他课堂的本辖区人员"
        _attendance_sheet(book, formats, _sheet_name(name, taken), view, people, seats, came, minutes, now)
    book.close()
    return buffer.getvalue()


def _attendance_sheet(
    book: Any, formats: _Formats, name: str, view: ClassView, people: dict[int, tuple[str, str, str]],
    seats: Sequence[RegistrationRow], came: Sequence[presence.PresenceRow], minutes: dict[int, int], now: datetime,
) -> None:  # fmt: skip
    sheet = book.add_worksheet(name)
    heads = ("序号", "姓名", "单位", "手机号", "报名课堂", "签到签退", "登记方式", "计入学时", "说明")
    for column, (head, width) in enumerate(zip(heads, (6, 12, 34, 15, 18, 34, 16, 10, 24), strict=True)):
        sheet.write_string(0, column, head, formats.head)
        sheet.set_column(column, column, width)
    sheet.freeze_panes(1, 0)
    where = {seat.person_id: seat.site for seat in seats}
    for number, (person_id, (person, unit, phone)) in enumerate(sorted(people.items(), key=lambda pair: (pair[1][1], pair[1][0])), start=1):
        stays = [row for row in came if row.person_id == person_id]
        spans = "；".join(f"{row.site} {clock.show(row.signed_in_at)}—{clock.show(row.signed_out_at)[11:] or '未签退'}" for row in stays)
        remark = "未到" if not stays else "未签退，待核实" if any(not row.is_settled for row in stays) else ""
        sources = "、".join(dict.fromkeys(row.source.label for row in stays))
        earned = show_hours(minutes.get(person_id, 0), minutes_per_hour=view.minutes_per_hour)
        values = (str(number), person, unit, phone, where.get(person_id, "未报名"), spans, sources, earned, remark)
        for column, value in enumerate(values):
            if column == 7:
                sheet.write_number(number, column, float(value), formats.centre)
            else:
                sheet.write_string(number, column, value, formats.cell)
    if people:
        sheet.autofilter(0, 0, len(people), len(heads) - 1)
    foot = f"{view.title}；{view.minutes_per_hour} 分钟为 1 学时；导出时间：{clock.show(now)}"
    sheet.write_string(len(people) + 2, 0, foot, formats.line)

"""The sign-in sheet on paper: A4, one a classroom, with the names of those registered, empty lines, and room for two signatures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session

from quiz import clock
from quiz.classes import queries, registration
from quiz.classes.queries import ClassView, SiteView
from quiz.classes.reach import ClassReach
from quiz.classes.registration import RegistrationRow
from quiz.organisations import identifiers
from quiz.problems import Refusal
from quiz.typesetting import typeset

TEMPLATE = Path(__file__).parent / "templates" / "sign_in_sheet.typ"
COLUMNS = ("序号", "姓名", "单位", "手机号", "签到时间", "签到签名", "签退时间", "签退签名")
BLANK_LINES = 8
"""Empty lines below the names at least, for those who come without having registered."""
FIRST_PAGE, NEXT_PAGE = 12, 15
"""Lines on a page; the last one has the note below them and holds one less. What is begun is filled with empty lines."""
LONG_TITLE, LONG_UNIT = 26, 22
WEEKDAYS = "一二三四五六日"


def sheet_pdf(session: Session, *, session_id: int, desk: ClassReach, day: date, organiser: str, now: datetime) -> bytes:
    """The sheets of all classrooms of one's own for that day, to be printed as they are."""
    view = queries.opened(session, session_id, desk=desk)
    if not view.hosted:
        raise Refusal("这个班次没有您管理的课堂，没有可以打印的签到表。", code="no_site")
    rows = registration.rows(session, session_id=session_id, desk=desk)
    return typeset(TEMPLATE, sheet_data(view, rows, day=day, organiser=organiser, now=now))


def sheet_data(view: ClassView, rows: Sequence[RegistrationRow], *, day: date, organiser: str, now: datetime) -> dict[str, Any]:
    """What is set."""
    held_by = view.institution or organiser
    return {
        "title": f"{view.title}签到表",
        "organiser": held_by,
        "columns": COLUMNS,
        "footer": f"名单截至 {clock.show(now)}",
        "sheets": [_sheet(view, site, [row for row in rows if row.site_id == site.id], day, held_by) for site in view.hosted],
    }


def _sheet(view: ClassView, site: SiteView, rows: Sequence[RegistrationRow], day: date, held_by: str) -> dict[str, Any]:
    lessons = [lesson for lesson in view.lessons if lesson.day == day]
    span = f"{clock.show(lessons[0].begin)[11:]}—{clock.show(lessons[-1].end)[11:]}" if lessons else "—"
    teachers = "、".join(dict.fromkeys(lesson.teacher for lesson in lessons if lesson.teacher))
    where = [
        ("课堂", site.label), ("地点", site.place), ("日期", f"{day.year} 年 {day.month} 月 {day.day} 日（周{WEEKDAYS[day.weekday()]}）"), ("时间", span),
    ]  # fmt: skip
    who = [("主办", held_by), ("授课", teachers), ("联系人", f"{site.host} {site.telephone}".strip()), ("已报名", f"{len(rows)} 人")]
    return {
        "title": view.title,
        "title_size": 20 if len(view.title) <= LONG_TITLE else 16,
        "where": [pair for pair in where if pair[1]],
        "who": [pair for pair in who if pair[1]],
        "rows": _lines(rows),
        "note": (
            f"说明：本人签名，写明到场、离场时间，不得代签。迟到 {view.grace_minutes} 分钟以内按整节计；{view.minutes_per_hour} 分钟为 1 学时。"
            "没有报名的填在空行，写清单位和手机号。"
        ),
    }


def _lines(rows: Sequence[RegistrationRow]) -> list[dict[str, Any]]:
    """Names as a Chinese reader looks them up, then empty lines to the end of the page."""
    ordered = sorted(rows, key=lambda row: (row.name.encode("gb18030"), row.organisation))
    whole = _whole_pages(len(ordered) + BLANK_LINES)
    named: list[RegistrationRow | None] = [*ordered, *[None] * (whole - len(ordered))]
    return [
        {
            "number": str(number), "name": row.name if row else "", "unit": row.organisation if row else "",
            "unit_size": 10.5 if row is None or len(row.organisation) <= LONG_UNIT else 8.5,
            "phone": identifiers.mask_phone(row.phone) if row and row.phone else "",
        }
        for number, row in enumerate(named, start=1)
    ]  # fmt: skip


def _whole_pages(lines: int) -> int:
    if lines < FIRST_PAGE:
        return FIRST_PAGE - 1
    return FIRST_PAGE - 1 + -(-(lines - FIRST_PAGE + 1) // NEXT_PAGE) * NEXT_PAGE

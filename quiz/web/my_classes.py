"""A person's classes on the light lane: register, cancel, type the code of the screen, see the hours."""

from __future__ import annotations

import re
from typing import Any

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from quiz import clock
from quiz.accounts.domain import User
from quiz.classes import mine, registration
from quiz.classes.mine import MyClass
from quiz.classes.queries import LessonView, SiteView
from quiz.http import requests
from quiz.http.running import read, work
from quiz.problems import Refusal
from quiz.vocabulary import ClassState, SiteKind
from quiz.web import attend
from quiz.web.render import office_telephone, page

_WEEKDAYS = "一二三四五六日"


async def get_my_classes(request: Request) -> Response:
    """What one may come to, where one has a seat, and what one was present at."""
    return await _page(request)


async def _page(request: Request, *, error: str = "", status: int = 200) -> Response:
    def job(session: Session) -> tuple[User, dict[str, Any]]:
        user, person_id = attend.person_of(session, request)
        now = clock.now()
        found = mine.my_classes(session, person_id=person_id, now=now)
        return user, {
            "telephone": office_telephone(session),
            "coming": [_class(each) for each in found if not each.is_over],
            "past": [_class(each) for each in found if each.is_over],
            "code_open": mine.open_for_sign_in(session, person_id=person_id, now=now),
        }

    user, context = await read(job)
    return page("my_classes.html", user=user, error=error, status=status, **context)


def _class(each: MyClass) -> dict[str, Any]:
    view = each.view
    return {
        "id": view.id,
        "title": view.title,
        "programme": view.programme,
        "description": view.description,
        "institution": view.institution,
        "make_up": view.make_up_title,
        "cancelled": view.state is ClassState.CANCELLED,
        "when": when_text(each),
        "days": [{"day": _day_text(lessons[0]), "lessons": [_lesson(one) for one in lessons]} for lessons in _by_day(view.lessons)],
        "near": [_site(site) for site in view.sites if site.id in each.near and site != each.site],
        "far": [_site(site) for site in view.sites if site.id not in each.near and site != each.site],
        "site": _site(each.site) if each.site else None,
        "deadline": clock.show(view.deadline),
        "may_register": each.may_register,
        "may_cancel": each.may_cancel,
        "stays": [
            {"site": one.site, "day": clock.show(one.begin)[5:10], "begin": clock.show(one.begin)[11:], "end": clock.show(one.end)[11:]}
            for one in each.stays
        ],
        "hours": each.hours,
        "full_hours": each.full_hours,
        "minutes_per_hour": view.minutes_per_hour,
        "barred": [f"{day.isoformat()}（{why}）" for day, why in each.barred],
        "today": each.is_today and not each.is_over,
    }


def when_text(each: MyClass) -> str:
    """`2026-11-23（周一）09:00`, or how many days it takes."""
    view = each.view
    if view.begin is None or view.end is None:
        return "时间待定"
    if len(view.days) == 1:
        return (
            f"{view.days[0].isoformat()}（周{_WEEKDAYS[view.days[0].weekday()]}）{clock.show(view.begin)[11:]}—{clock.show(view.end)[11:]}"
        )
    return f"{view.days[0].isoformat()} 至 {view.days[-1].isoformat()}，共 {len(view.days)} 天"


def _by_day(lessons: tuple[LessonView, ...]) -> list[list[LessonView]]:
    days: dict[Any, list[LessonView]] = {}
    for lesson in lessons:
        days.setdefault(lesson.day, []).append(lesson)
    return list(days.values())


def _day_text(lesson: LessonView) -> str:
    return f"{lesson.day.isoformat()}（周{_WEEKDAYS[lesson.day.weekday()]}）"


def _lesson(lesson: LessonView) -> dict[str, Any]:
    return {"time": lesson.time_text, "topic": lesson.topic, "teacher": lesson.teacher, "credited": lesson.is_credited}


def _site(site: SiteView) -> dict[str, Any]:
    seats = "不限人数" if site.left is None else f"余 {site.left} 座" if site.left else "已满"
    return {
        "id": site.id,
        "name": site.name,
        "kind": "主课堂" if site.kind is SiteKind.MAIN else "分课堂",
        "place": site.place,
        "district": site.district,
        "host": site.host,
        "telephone": site.telephone,
        "seats": seats,
        "full": site.left == 0,
    }


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise Refusal("页面已过期，请刷新后重试。", code="stale_page")
    return int(text)


async def post_register(request: Request) -> Response:
    """Take a seat in a classroom; full says so and names the others."""
    form = await request.form()

    def job(session: Session) -> None:
        user, person_id = attend.person_of(session, request)
        registration.register_self(
            session, person_id=person_id, site_id=_number(str(form.get("site", ""))), actor=requests.actor_of(user, request),
            now=clock.now(),
        )  # fmt: skip

    try:
        await work(job)
    except registration.Full as full:
        return await _page(request, error=full.message, status=full.status)
    return RedirectResponse("/my/classes", status_code=303)


async def post_cancel(request: Request) -> Response:
    """Give the seat back."""
    form = await request.form()

    def job(session: Session) -> None:
        user, person_id = attend.person_of(session, request)
        registration.cancel_self(
            session, person_id=person_id, session_id=_number(str(form.get("session", ""))), actor=requests.actor_of(user, request),
            now=clock.now(),
        )  # fmt: skip

    await work(job)
    return RedirectResponse("/my/classes", status_code=303)


async def post_code(request: Request) -> Response:
    """The six digits typed: on to the classroom that shows them."""
    code = "".join(str((await request.form()).get("code", "")).split())
    try:
        site_id = await attend.find_by_code(request, code)
    except Refusal as refusal:
        if refusal.status in (401, 403) or refusal.code == "no_person":
            raise
        return await _page(request, error=refusal.message, status=refusal.status)
    return attend.carry(RedirectResponse(f"/attend/{site_id}", status_code=303), site_id, code)

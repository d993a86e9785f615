"""Classes over JSON: a person's own sessions and attendance, and what an office may read of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from quiz import clock
from quiz.accounts.domain import Permission
from quiz.classes import attendance, mine, presence, queries, registration
from quiz.classes.attendance import Attendance, OldCode, WrongCode
from quiz.classes.domain import show_hours
from quiz.classes.mine import MyClass
from quiz.classes.queries import SiteView
from quiz.classes.reach import ClassReach, class_reach
from quiz.http import requests
from quiz.http.running import read, work

classes = APIRouter()
ClassId = Annotated[int, Path(gt=0, lt=10**9, description="班次编号")]


class SeatBody(BaseModel):
    site: int = Field(gt=0, lt=10**9, description="课堂编号")


class AttendBody(BaseModel):
    site: int = Field(gt=0, lt=10**9, description="课堂编号")
    code: str = Field(min_length=6, max_length=6, description="课堂屏幕上现在显示的 6 位数字")
    act: Literal["in", "out"]


def _site(site: SiteView) -> dict[str, Any]:
    return {
        "id": site.id, "name": site.name, "kind": site.kind.value, "place": site.place, "district": site.district_code,
        "capacity": site.capacity, "left": site.left,
    }  # fmt: skip


def _mine(each: MyClass) -> dict[str, Any]:
    view = each.view
    return {
        "id": view.id,
        "title": view.title,
        "programme": view.programme_code,
        "state": view.state.value,
        "lessons": [
            {"begin": one.begin.isoformat(), "end": one.end.isoformat(), "topic": one.topic, "credited": one.is_credited}
            for one in view.lessons
        ],
        "sites": [_site(site) for site in view.sites],
        "registered_site": each.site.id if each.site else None,
        "may_register": each.may_register,
        "may_cancel": each.may_cancel,
        "presences": [
            {"site": one.site, "begin": one.begin.isoformat(), "end": one.end.isoformat() if one.end else None} for one in each.stays
        ],
        "minutes": each.minutes,
        "hours": float(each.hours),
    }


@classes.get("/me/classes", summary="我的班次：可报名的、已报名的、参加过的")
async def get_my_classes(request: Request) -> dict[str, Any]:
    def job(session: Session) -> dict[str, Any]:
        _, person_id = requests.require_person(session, request)
        return {"classes": [_mine(each) for each in mine.my_classes(session, person_id=person_id, now=clock.now())]}

    return await read(job)


@classes.put("/me/classes/{class_id}/seat", status_code=204, summary="报名，或改到另一个课堂（满员时答复中列出有座的课堂）")
async def put_seat(request: Request, class_id: ClassId, body: SeatBody) -> Response:
    def job(session: Session) -> None:
        user, person_id = requests.require_person(session, request)
        registration.register_self(
            session, person_id=person_id, site_id=body.site, actor=requests.actor_of(user, request), now=clock.now(), session_id=class_id
        )

    await work(job)
    return Response(status_code=204)


@classes.delete("/me/classes/{class_id}/seat", status_code=204, summary="取消报名（截止前）")
async def delete_seat(request: Request, class_id: ClassId) -> Response:
    def job(session: Session) -> None:
        user, person_id = requests.require_person(session, request)
        registration.cancel_self(session, person_id=person_id, session_id=class_id, actor=requests.actor_of(user, request), now=clock.now())

    await work(job)
    return Response(status_code=204)


@classes.post("/me/attendance", summary="凭课堂屏幕上的签到码签到或签退")
async def post_attendance(request: Request, body: AttendBody) -> dict[str, Any]:
    def job(session: Session) -> Attendance:
        user, person_id = requests.require_person(session, request)
        now = clock.now()
        return attendance.attend(
            session, site_id=body.site, person_id=person_id, code=body.code, scanned=now, act=body.act,
            actor=requests.actor_of(user, request), now=now,
        )  # fmt: skip

    def guess(session: Session) -> None:
        user, person_id = requests.require_person(session, request)
        attendance.record_guess(session, person_id=person_id, actor=requests.actor_of(user, request), now=clock.now())

    def stale(session: Session) -> None:
        user, _ = requests.require_person(session, request)
        attendance.record_stale(session, site_id=body.site, actor=requests.actor_of(user, request), now=clock.now())

    try:
        found = await work(job)
    except WrongCode:
        await work(guess)
        raise
    except OldCode:
        await work(stale)
        raise
    return {
        "class": found.session_id, "site": found.site_id, "state": found.state,
        "since": found.since.isoformat() if found.since else None, "left_at": found.left_at.isoformat() if found.left_at else None,
        "elsewhere": found.elsewhere,
    }  # fmt: skip


def _desk(session: Session, request: Request) -> ClassReach:
    user = requests.require_user(session, request)
    user.require(Permission.MANAGE_CLASSES)
    return class_reach(session, reaches=user.reach(Permission.MANAGE_CLASSES), account_id=user.account_id)


@classes.get("/classes", summary="班次（办公室、培训教师，限本人管辖范围）")
async def get_classes(request: Request) -> dict[str, Any]:
    def job(session: Session) -> dict[str, Any]:
        found = queries.sessions(session, desk=_desk(session, request), now=clock.now())
        return {
            "classes": [
                {
                    "id": row.id, "title": row.title, "state": row.state.value, "programme": row.programme,
                    "begin": row.begin.isoformat() if row.begin else None, "end": row.end.isoformat() if row.end else None,
                    "sites": row.sites, "registered": row.registered, "came": row.came,
                }
                for row in found
            ]
        }  # fmt: skip

    return await read(job)


@classes.get("/classes/{class_id}/presences", summary="一个班次的签到记录和学时（限本人管辖范围）")
async def get_presences(request: Request, class_id: ClassId) -> dict[str, Any]:
    def job(session: Session) -> dict[str, Any]:
        desk = _desk(session, request)
        view = queries.opened(session, class_id, desk=desk)
        rows = presence.rows(session, session_id=class_id, desk=desk)
        return {
            "class": class_id,
            "presences": [
                {
                    "name": row.name, "organisation": row.organisation, "site": row.site, "begin": row.signed_in_at.isoformat(),
                    "end": row.signed_out_at.isoformat() if row.signed_out_at else None, "source": row.source.value,
                    "hours": float(show_hours(row.minutes, minutes_per_hour=view.minutes_per_hour)),
                }
                for row in rows
                if row.voided_at is None
            ],
        }  # fmt: skip

    return await read(job)

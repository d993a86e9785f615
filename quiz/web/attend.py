"""Signing in to a class: the projector's page for the staff, and the page behind its QR code for everybody who came."""

from __future__ import annotations

import unicodedata
from typing import Any
from urllib.parse import quote

import segno
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from quiz import clock
from quiz.accounts.domain import Permission, User
from quiz.classes import attendance, codes
from quiz.classes.attendance import Attendance, OldCode, Screen, WrongCode
from quiz.classes.reach import ClassReach, class_reach
from quiz.http import requests
from quiz.http.running import read, work
from quiz.problems import Invalid, NotSignedIn, Refusal
from quiz.settings import settings
from quiz.web.render import office_telephone, page

_LOCAL = ("localhost", "127.0.0.1", "[::1]")


def desk_of(session: Session, request: Request) -> tuple[User, ClassReach]:
    """The staff at the projector, and how far they reach. Raises Forbidden for everybody else."""
    user = requests.require_user(session, request)
    user.require(Permission.MANAGE_CLASSES)
    return user, class_reach(session, reaches=user.reach(Permission.MANAGE_CLASSES), account_id=user.account_id)


def person_of(session: Session, request: Request) -> tuple[User, int]:
    """Who came. Raises Refusal for an account without a person."""
    user = requests.require_user(session, request)
    if user.person_id is None:
        raise Refusal("这个账号没有对应的人员，不能签到。请退出后用本人账号登录。", code="no_person")
    return user, user.person_id


# 学员 -----------------------------------------------------------------------------------------------------------------


def _cookie(site_id: int) -> str:
    return f"ankao_attend_{site_id}"


def _digits(text: str) -> str:
    """The code as typed or scanned, full-width digits too; at most six, and nothing else, for it goes into a cookie."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", text[:30]) if letter in "0123456789")[:6]


def carry(response: Response, site_id: int, code: str) -> Response:
    """Let the browser carry what it scanned, and when, to the confirmation; a sign-in may lie between."""
    response.set_cookie(
        _cookie(site_id), codes.claim(site_id, _digits(code), clock.now()), max_age=int(codes.CLAIM_LENGTH.total_seconds()), httponly=True,
        samesite="lax", secure=settings().secure_cookies, path="/attend",
    )  # fmt: skip
    return response


async def get_attend(request: Request) -> Response:
    """Behind the QR code: what was scanned goes into a cookie, so that nothing is left in the address; then one tap confirms."""
    site_id = int(request.path_params["site"])
    code = request.query_params.get("c", "")
    if code:
        return carry(RedirectResponse(f"/attend/{site_id}", status_code=303), site_id, code)
    claim = codes.read_claim(request.cookies.get(_cookie(site_id), ""), site_id=site_id, now=clock.now())

    def job(session: Session) -> tuple[User, int, str, Attendance | None]:
        user, person_id = person_of(session, request)
        telephone = office_telephone(session)
        if claim is None:
            return user, person_id, telephone, None
        found = attendance.attendance(session, site_id=site_id, person_id=person_id, code=claim[0], scanned=claim[1])
        return user, person_id, telephone, found

    try:
        user, _, telephone, found = await read(job)
    except NotSignedIn:
        return RedirectResponse(f"/sign-in?next={quote(f'/attend/{site_id}')}", status_code=303)
    except Invalid as refusal:
        return await _try_again(request, site_id, refusal)
    return _attend_page(user, telephone, site_id, found, scanned=claim[1] if claim else None)


def _attend_page(
    user: User, telephone: str, site_id: int, found: Attendance | None, *, scanned: Any = None, done: bool = False
) -> Response:
    used = found is not None and scanned is not None and scanned <= (found.left_at or found.since or scanned.min.replace(tzinfo=clock.UTC))
    context: dict[str, Any] = {"site_id": site_id, "found": found, "done": done or used, "error": "", "scanned": clock.show(scanned)[11:]}
    if found is not None:
        context |= {"since": clock.show(found.since)[11:], "left_at": clock.show(found.left_at)[11:], "ends": clock.show(found.ends)[11:]}
    return page("attend.html", user=user, telephone=telephone, **context)


async def post_attend(request: Request) -> Response:
    """The tap: in or out, as of the moment of the scan; or the six digits typed."""
    site_id = int(request.path_params["site"])
    form = await request.form()
    act, typed = str(form.get("act", "")), str(form.get("code", ""))
    if typed.strip():
        return carry(RedirectResponse(f"/attend/{site_id}", status_code=303), site_id, typed)
    claim = codes.read_claim(request.cookies.get(_cookie(site_id), ""), site_id=site_id, now=clock.now())
    if claim is None or act not in (attendance.IN, attendance.OUT):
        return RedirectResponse(f"/attend/{site_id}", status_code=303)

    def job(session: Session) -> tuple[User, Attendance, str]:
        user, person_id = person_of(session, request)
        found = attendance.attend(
            session, site_id=site_id, person_id=person_id, code=claim[0], scanned=claim[1], act=act,
            actor=requests.actor_of(user, request), now=clock.now(),
        )  # fmt: skip
        return user, found, office_telephone(session)

    try:
        user, found, telephone = await work(job)
    except NotSignedIn:
        return RedirectResponse(f"/sign-in?next={quote(f'/attend/{site_id}')}", status_code=303)
    except Invalid as refusal:
        return await _try_again(request, site_id, refusal)
    return _attend_page(user, telephone, site_id, found, scanned=claim[1], done=True)


async def _try_again(request: Request, site_id: int, refusal: Invalid) -> Response:
    """The code was wrong or old: say so, and let the digits be typed anew."""
    if isinstance(refusal, WrongCode):
        await _count_guess(request)
    elif isinstance(refusal, OldCode):
        await _keep_old(request, site_id)
    user, telephone = await read(lambda session: (person_of(session, request)[0], office_telephone(session)))
    response = page(
        "attend.html", user=user, telephone=telephone, status=refusal.status, site_id=site_id, found=None, error=refusal.message
    )
    response.delete_cookie(_cookie(site_id), path="/attend")
    return response


async def _count_guess(request: Request) -> None:
    def job(session: Session) -> None:
        user, person_id = person_of(session, request)
        attendance.record_guess(session, person_id=person_id, actor=requests.actor_of(user, request), now=clock.now())

    await work(job)


async def _keep_old(request: Request, site_id: int) -> None:
    def job(session: Session) -> None:
        user, _ = person_of(session, request)
        attendance.record_stale(session, site_id=site_id, actor=requests.actor_of(user, request), now=clock.now())

    await work(job)


async def find_by_code(request: Request, code: str) -> int:
    """The classroom that shows these digits, for whoever typed them; wrong ones are counted."""

    def job(session: Session) -> int:
        _, person_id = person_of(session, request)
        return attendance.find_site(session, person_id=person_id, code=code, now=clock.now())

    try:
        return await read(job)
    except WrongCode:
        await _count_guess(request)
        raise


# 投屏 -----------------------------------------------------------------------------------------------------------------


def _address(request: Request, site_id: int, code: str = "") -> str:
    """What the QR code says: this site as the projector's browser reaches it, so that no internet is needed."""
    forwarded = request.headers.get("x-forwarded-proto", "") == "https"
    scheme = "https" if settings().secure_cookies or forwarded else request.url.scheme
    return f"{scheme}://{request.url.netloc}/attend/{site_id}" + (f"?c={code}" if code else "")


def _picture(address: str) -> str:
    return segno.make(address, error="m").svg_data_uri(scale=8, border=2, dark="#000", light="#fff")


def _shown(request: Request, found: Screen) -> dict[str, Any]:
    address = _address(request, found.site_id, found.code)
    return {
        "open": bool(found.code),
        "code": found.code,
        "qr": _picture(address) if found.code else "",
        "next_in": codes.milliseconds_left(clock.now()),
        "inside": found.inside,
        "came": found.came,
        "registered": found.registered,
        "problem": found.problem,
        "time": clock.show(clock.now())[11:],
    }


async def get_screen(request: Request) -> Response:
    """Full screen for the projector."""
    site_id = int(request.path_params["site"])

    def job(session: Session) -> tuple[User, Screen, str]:
        user, desk = desk_of(session, request)
        return user, attendance.screen(session, site_id=site_id, desk=desk, now=clock.now()), office_telephone(session)

    user, found, telephone = await read(job)
    return page(
        "attend_screen.html", user=user, telephone=telephone, found=found, shown=_shown(request, found),
        begins=clock.show(found.begins)[11:], ends=clock.show(found.ends)[11:], open_until=clock.show(found.open_until)[11:],
        address=_address(request, site_id), is_local=(request.url.hostname or "") in _LOCAL,
    )  # fmt: skip


async def post_screen(request: Request) -> Response:
    """Open sign-in, or shut it."""
    site_id = int(request.path_params["site"])
    is_open = str((await request.form()).get("act", "")) == "open"

    def job(session: Session) -> None:
        user, desk = desk_of(session, request)
        attendance.set_open(session, site_id=site_id, is_open=is_open, desk=desk, actor=requests.actor_of(user, request), now=clock.now())

    await work(job)
    return RedirectResponse(f"/attend/{site_id}/screen", status_code=303)


async def get_code(request: Request) -> Response:
    """What the projector asks for every few seconds."""
    site_id = int(request.path_params["site"])

    def job(session: Session) -> Screen:
        _, desk = desk_of(session, request)
        return attendance.screen(session, site_id=site_id, desk=desk, now=clock.now())

    try:
        found = await read(job)
    except Refusal as refusal:
        return requests.problem(refusal)
    return JSONResponse(_shown(request, found), headers={"Cache-Control": "no-store"})

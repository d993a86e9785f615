"""What a request says about who sends it: token, address, origin; and the cookie that answers it."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from sqlmodel import Session
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from quiz import clock
from quiz.accounts import queries
from quiz.accounts.audit import Actor
from quiz.accounts.domain import SESSION_LENGTH, User
from quiz.problems import Forbidden, NotSignedIn, Refusal
from quiz.settings import settings

COOKIE = "ankao_session"
_SAFE = {"GET", "HEAD", "OPTIONS"}


def token_of(request: HTTPConnection) -> str:
    """The token of the cookie, or nothing."""
    return request.cookies.get(COOKIE, "")


def address_of(request: HTTPConnection) -> str:
    """The client's address; X-Forwarded-For is believed only from the proxies named in the settings.

    Read from the right: the last entry was written by the proxy in front of us, the one before by the proxy in front of that one,
    and the first entry that no trusted proxy wrote about itself is the client. What stands to the left of it anybody may have invented.
    """
    address = _plain(request.client.host) if request.client else ""
    trusted = {_plain(part) for part in settings().trusted_proxies.split(",") if part.strip()}
    hops = [part for line in request.headers.getlist("x-forwarded-for") for part in line.split(",")]
    while address in trusted and hops:
        before = _plain(hops.pop())
        if not before:
            break
        address = before
    return address


def _plain(text: str) -> str:
    """The address without port, brackets or IPv4-in-IPv6 dress; empty when it is none (names such as `testclient` stay)."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        parsed = ip_address(text)
    except ValueError:
        return text if text.isalpha() else ""
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(mapped or parsed)


class TemporaryPassword(Forbidden):
    """Signed in with a password that somebody else knows: first it has to be changed."""

    def __init__(self) -> None:
        super().__init__("您现在用的是临时密码，请先修改密码再继续。", code="must_change_password")


def signed_in_user(session: Session, request: HTTPConnection) -> User:
    """The signed-in user, also with a temporary password. Raises NotSignedIn."""
    user = queries.user_of_token(session, token_of(request), now=clock.now())
    if user is None:
        raise NotSignedIn()
    return user


def require_user(session: Session, request: HTTPConnection) -> User:
    """The signed-in user. Raises NotSignedIn, or TemporaryPassword."""
    user = signed_in_user(session, request)
    if user.must_change_password:
        raise TemporaryPassword()
    return user


def require_person(session: Session, request: HTTPConnection) -> tuple[User, int]:
    """The signed-in user and the person behind: only people take papers. Raises NotSignedIn or Refusal."""
    user = require_user(session, request)
    if user.person_id is None:
        raise Refusal("这个账号没有对应的人员，不能参加考试。请用本人账号登录。", code="no_person")
    return user, user.person_id


def actor_of(user: User, request: HTTPConnection) -> Actor:
    """Who acts, for the audit trail."""
    return Actor(user.account_id, user.account, address_of(request))


def set_cookie(response: Response, token: str, *, is_staff: bool) -> None:
    """Hand out the session cookie: HttpOnly, SameSite=Lax."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(SESSION_LENGTH[is_staff].total_seconds()),
        httponly=True,
        samesite="lax",
        secure=settings().secure_cookies,
        path="/",
    )


def clear_cookie(response: Response) -> None:
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=settings().secure_cookies)


def problem(refusal: Refusal) -> JSONResponse:
    """A refusal as application/problem+json (RFC 9457) with a Chinese `detail`."""
    return JSONResponse(
        {"type": "about:blank", "title": "请求未被接受", "status": refusal.status, "detail": refusal.message, "code": refusal.code},
        status_code=refusal.status,
        media_type="application/problem+json",
    )


class SameOriginMiddleware:
    """Refuses a state-changing request that a foreign page sent: its Origin is not this site's.

    No Origin at all (curl, an outside system) passes: such a client has no ambient cookie to abuse. With SameSite=Lax this is all
    the protection our own routes need; Streamlit guards its own.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in _SAFE and not scope["path"].startswith("/_stcore/"):
            headers = {name: value for name, value in scope["headers"] if name in (b"origin", b"host")}
            origin = headers.get(b"origin", b"").decode("latin-1")
            if origin and urlsplit(origin).netloc != headers.get(b"host", b"").decode("latin-1"):
                refusal = Refusal("请求来自其他网站，已拒绝。", code="foreign_origin")
                refusal.status = 403
                await problem(refusal)(scope, receive, send)
                return
        await self.app(scope, receive, send)

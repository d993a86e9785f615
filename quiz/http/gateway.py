"""Operations routes, and the redirect that spares phones the heavy screens."""

from __future__ import annotations

from urllib.parse import quote

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quiz import clock
from quiz.accounts import queries
from quiz.accounts.domain import User
from quiz.http import metrics, requests
from quiz.http.running import read, running
from quiz.problems import Forbidden, NotFound, NotSignedIn, Refusal


async def healthz(_request: Request) -> Response:
    """Alive: the process answers."""
    return JSONResponse({"status": "ok"})


async def readyz(_request: Request) -> Response:
    """Ready: migrated, recording, and the database answers."""
    try:
        parts = running()
        await read(lambda session: session.execute(text("select 1")).scalar_one())
    except Exception as problem:
        return JSONResponse({"status": "not ready", "reason": type(problem).__name__}, status_code=503)
    return JSONResponse({"status": "ready"} if parts.ready else {"status": "starting"}, status_code=200 if parts.ready else 503)


_FRAMEWORK = frozenset({"_stcore", "static", "media", "component", "app", "vendor"})
"""First path segments that Streamlit answers itself."""


_UPLOADS, _FILES = "/_stcore/upload_file", "/media/"
_NOBODYS = ("/_stcore/metrics", "/_stcore/script-health-check")
_HEADERS = {b"x-frame-options": b"SAMEORIGIN", b"x-content-type-options": b"nosniff", b"referrer-policy": b"same-origin"}


def _guarded(send: Send) -> Send:
    """The screens in no foreign frame, their files guessed at by no browser."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            known = {name.lower() for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *((name, value) for name, value in _HEADERS.items() if name not in known)]
        await send(message)

    return sent


class LandingMiddleware:
    """Before 2.7 MB of screens are sent: strangers go to the sign-in page, trainees to their light home."""

    def __init__(self, app: ASGIApp, *, screens: frozenset[str]) -> None:
        self.app = app
        self.screens = screens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (refusal := await self._refused(scope)) is not None:
            await requests.problem(refusal)(scope, receive, send)
            return
        if scope["type"] == "http" and scope["method"] == "GET" and self._is_lost(scope):
            await RedirectResponse("/", status_code=303)(scope, receive, send)
            return
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"].strip("/") in self.screens:
            request = Request(scope)
            user = await read(lambda session: queries.user_of_token(session, requests.token_of(request), now=clock.now()))
            elsewhere = self._elsewhere(user, scope["path"])
            if elsewhere:
                await RedirectResponse(elsewhere, status_code=303)(scope, receive, send)
                return
        await self.app(scope, receive, _guarded(send) if scope["type"] == "http" else send)

    @staticmethod
    async def _refused(scope: Scope) -> Refusal | None:
        """The framework takes and gives files from anybody who knows a number, and tells anybody how it is doing: we do not."""
        path = scope["path"]
        if path.startswith(_NOBODYS):
            return NotFound("没有这个页面。")
        if scope["method"] == "OPTIONS" or not path.startswith((_UPLOADS, _FILES)):
            return None
        user = await read(lambda session: queries.user_of_token(session, requests.token_of(Request(scope)), now=clock.now()))
        if user is None or user.must_change_password:
            return NotSignedIn()
        return Forbidden() if path.startswith(_UPLOADS) and not user.is_staff else None

    def _is_lost(self, scope: Scope) -> bool:
        """A person's browser asks for a page that is none of ours: the framework would answer in English."""
        path = scope["path"].strip("/")
        wants_page = any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])
        return wants_page and path not in self.screens and "." not in path and path.split("/", 1)[0] not in _FRAMEWORK

    @staticmethod
    def _elsewhere(user: User | None, path: str) -> str | None:
        if user is None:
            return "/sign-in" if path == "/" else f"/sign-in?next={quote(path)}"
        if user.must_change_password:
            return "/change-password"
        return "/my" if path == "/" and not user.is_staff else None


routes: list[BaseRoute] = [
    Route("/healthz", healthz, methods=["GET"]),
    Route("/readyz", readyz, methods=["GET"]),
    Route("/metrics", metrics.metrics, methods=["GET"]),
]

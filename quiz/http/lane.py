"""The short way in: our own routes are answered before the screens' machinery, which the light lane does not need."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quiz.http.page_headers import SECURITY_HEADERS

COMPRESS_FROM_BYTES = 1_000
COMPRESS_LEVEL = 5
LARGEST_BODY_BYTES = 1_000_000
"""Our forms and answers are a few KB; rosters are uploaded through the screens, which have a limit of their own."""


class LaneMiddleware:
    """Requests whose first path segment is one of ours go to our router; everything else to the screens.

    Streamlit's own session, path and compression layers cost more processor time than a saved answer does.
    """

    def __init__(self, app: ASGIApp, *, routes: Sequence[BaseRoute]) -> None:
        self.screens = app
        # The application's own exception layer lies further in, so a missing asset or a wrong method needs this one to become an answer.
        router = ExceptionMiddleware(Router(routes), handlers={HTTPException: _say})
        self.lane = GZipMiddleware(router, minimum_size=COMPRESS_FROM_BYTES, compresslevel=COMPRESS_LEVEL)
        self.segments = frozenset(_first_segment(route.path) for route in routes if isinstance(route, Route | Mount))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _first_segment(scope["path"]) not in self.segments:
            await self.screens(scope, receive, send)
        elif scope["method"] in ("GET", "HEAD"):
            await self.lane(scope, receive, _unstored(send) if scope["path"].startswith("/api/") else send)
        elif _stated_length(scope) > LARGEST_BODY_BYTES:
            await PlainTextResponse("提交的内容过大。", status_code=413)(scope, receive, send)
        else:
            await self.lane(scope, _limited(receive), _unstored(send))


class _TooLarge(HTTPException):
    def __init__(self) -> None:
        super().__init__(413, "提交的内容过大。")


def _stated_length(scope: Scope) -> int:
    stated = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(stated) if stated.isdigit() else 0


def _unstored(send: Send) -> Send:
    """Answers about a person are kept by no cache on the way."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start" and not any(name == b"cache-control" for name, _ in message["headers"]):
            message["headers"] = [*message["headers"], (b"cache-control", b"no-store")]
        await send(message)

    return sent


def _limited(receive: Receive) -> Receive:
    """Count what really arrives: a body sent in chunks states no length."""
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > LARGEST_BODY_BYTES:
            raise _TooLarge
        return message

    return counted


def _say(request: Request, problem: Exception) -> Response:
    status = problem.status_code if isinstance(problem, HTTPException) else 500
    text = {404: "没有这个页面。", 405: "这个页面不支持该请求方法。", 413: "提交的内容过大。"}.get(status, "请求未被接受。")
    headers = {**SECURITY_HEADERS, **((problem.headers or {}) if isinstance(problem, HTTPException) else {})}
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(_PAGE.format(text=text), status_code=status, headers=headers)
    return PlainTextResponse(text, status_code=status, headers=headers)


_PAGE = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{text}</title><link rel="stylesheet" href="/assets/ankao.css"></head>
<body><main class="page"><div class="narrow"><section class="card prose"><h1>{text}</h1>
<p><a class="btn btn-primary btn-wide" href="/">回到首页</a></p></section></div></main></body></html>
"""
"""What somebody reads who mistyped an address, with a way back."""


def _first_segment(path: str) -> str:
    return path.split("/", 2)[1] if path.startswith("/") else ""

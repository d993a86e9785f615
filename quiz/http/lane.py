"""The short way in: our own routes are answered before the screens' machinery, which the light lane does not need."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

COMPRESS_FROM_BYTES = 1_000
COMPRESS_LEVEL = 5


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
        ours = scope["type"] == "http" and _first_segment(scope["path"]) in self.segments
        await (self.lane if ours else self.screens)(scope, receive, send)


def _say(_request: Request, problem: Exception) -> Response:
    status = problem.status_code if isinstance(problem, HTTPException) else 500
    text = {404: "没有这个页面。", 405: "这个页面不支持该请求方法。"}.get(status, "请求未被接受。")
    headers = problem.headers if isinstance(problem, HTTPException) else None
    return PlainTextResponse(text, status_code=status, headers=headers)


def _first_segment(path: str) -> str:
    return path.split("/", 2)[1] if path.startswith("/") else ""

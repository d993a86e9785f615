"""What Prometheus may ask about the running process."""

from __future__ import annotations

import re
import time
from functools import cache
from typing import Any

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUESTS = Counter("ankao_requests", "Requests answered", ["lane", "status"])
SECONDS = Histogram(
    "ankao_request_seconds", "Time to answer", ["lane"], buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
)
EXPIRED = Counter("ankao_attempts_expired", "Attempts handed in by the server at their deadline")
WAITING = Gauge("ankao_recorder_waiting", "Jobs queued at the recorder")
GROUPS = Gauge("ankao_recorder_groups", "Transactions the recorder has committed since start")
JOBS = Gauge("ankao_recorder_jobs", "Jobs the recorder has taken up since start")

_LANES = (
    ("save", re.compile(r"^/api/v1/attempts/\d+/responses$")),
    ("attempt", re.compile(r"^/api/v1/attempts")),
    ("api", re.compile(r"^/api/")),
    ("light", re.compile(r"^/(sign-|exam/|my|verify/|activate|assets/|change-password)")),
)


def lane_of(path: str) -> str:
    """Which lane a path belongs to; few values, so that nobody can flood the labels."""
    return next((name for name, pattern in _LANES if pattern.match(path)), "screens")


@cache
def _children(lane: str, status: int) -> tuple[Counter, Histogram]:
    """The counters of one lane and status; looked up once, not with every request."""
    return REQUESTS.labels(lane, str(status)), SECONDS.labels(lane)


class MeasureMiddleware:
    """Counts and times HTTP requests by lane; websockets pass untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        lane, begun = lane_of(scope["path"]), time.perf_counter()

        async def measured(message: Message) -> None:
            if message["type"] == "http.response.start":
                count, seconds = _children(lane, message["status"])
                count.inc()
                seconds.observe(time.perf_counter() - begun)
            await send(message)

        await self.app(scope, receive, measured)


def watch(recorder: Any) -> None:
    """Let the gauges read the recorder whenever they are asked."""
    WAITING.set_function(lambda: recorder.waiting)
    GROUPS.set_function(lambda: recorder.groups)
    JOBS.set_function(lambda: recorder.jobs)


_LOCAL = ("127.0.0.1", "::1", "testclient")
_PROXIED = ("x-forwarded-for", "x-real-ip", "x-forwarded-host", "x-forwarded-proto", "forwarded", "via")
"""What a reverse proxy on the same machine adds: then the request may come from anywhere."""


async def metrics(request: Request) -> Response:
    """`/metrics`, for a Prometheus on the same machine; a proxied or foreign request is turned away."""
    host = request.client.host if request.client else ""
    if host not in _LOCAL or any(name in request.headers for name in _PROXIED):
        return PlainTextResponse("只允许本机访问。", status_code=403)
    registry: CollectorRegistry = REGISTRY
    return Response(generate_latest(registry), media_type="text/plain; version=0.0.4")

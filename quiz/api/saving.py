"""Saving an answer, the request everybody sends all the time: answered before any routing.

Under load nine tenths of a save's processor time went into the layers between socket and recorder. `SaveMiddleware` takes the one
route past them; the route in `application.py` says the same in OpenAPI and answers where this middleware is not installed.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from typing import Any

import structlog
from pydantic import ValidationError
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from quiz import clock
from quiz.api.schemas import ResponsesBody
from quiz.attempts.service import Save
from quiz.http import requests
from quiz.http.running import running
from quiz.problems import Invalid, NotSignedIn, Refusal

log = structlog.get_logger()
_ROUTE = re.compile(r"/api/v1/attempts/(\d{1,18})/responses")
LARGEST_BODY_BYTES = 200_000
"""400 answers of 26 options fit many times, and a hundred with several texts each."""


class Failure(Refusal):
    """Something broke on our side; what was acknowledged is safe."""

    status = 503


def failure() -> Failure:
    """The same words wherever something breaks."""
    return Failure("系统暂时繁忙，请稍后重试；已显示“已保存”的答案不会丢失。", code="failure")


async def save(*, token: str, attempt_id: int, body: ResponsesBody) -> dict[str, object]:
    """Keep the answers; returns after the commit with the sequences that are kept. Raises the recorder's refusals."""
    if not token:
        raise NotSignedIn()
    saves = [Save(row.position, tuple(row.answer), row.sequence) for row in body.responses]
    kept = await asyncio.wrap_future(running().recorder.save(token=token, attempt_id=attempt_id, saves=saves, received_at=clock.now()))
    return {
        "saved": [{"position": position, "sequence": sequence} for position, sequence in kept],
        "server_time": clock.now().isoformat(),
    }


class SaveMiddleware:
    """Answers `PUT /api/v1/attempts/{id}/responses`; everything else goes on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match = _ROUTE.fullmatch(scope["path"]) if scope["type"] == "http" and scope["method"] == "PUT" else None
        if match is None:
            await self.app(scope, receive, send)
            return
        try:
            body = _parsed(await _read(receive))
            answer = await save(token=_token(scope), attempt_id=int(match[1]), body=body)
        except Refusal as refusal:
            await requests.problem(refusal)(scope, receive, send)
        except Exception:  # logged, and answered with 503: the player keeps the answer and sends it again
            log.exception("save failed")
            await requests.problem(failure())(scope, receive, send)
        else:
            await _send_json(send, answer)


async def _read(receive: Receive) -> bytes:
    parts, length = [], 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        length += len(part)
        if length > LARGEST_BODY_BYTES:
            raise Invalid("提交的内容过大。", code="too_large")
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _parsed(data: bytes) -> ResponsesBody:
    try:
        return ResponsesBody.model_validate_json(data)
    except ValidationError as error:
        raise invalid_request(error.errors()) from None


def invalid_request(errors: Sequence[Any], *, prefix: int = 0) -> Invalid:
    """Where a request breaks the interface, in Chinese; `prefix` parts of each place name only the envelope (body, header)."""
    if any(problem["type"] == "json_invalid" for problem in errors):
        return Invalid("请求体不是合法的 JSON。", code="invalid_json")
    places = [".".join(str(part) for part in problem["loc"][prefix:]) or "请求体" for problem in errors]
    return Invalid(f"请求内容不符合接口要求，请检查：{'、'.join(dict.fromkeys(places))}。", code="invalid_request")


def _token(scope: Scope) -> str:
    sent = b"; ".join(value for name, value in scope["headers"] if name == b"cookie")
    return cookie_parser(sent.decode("latin-1")).get(requests.COOKIE, "")


async def _send_json(send: Send, answer: dict[str, object]) -> None:
    data = json.dumps(answer, separators=(",", ":")).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(data)).encode()), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": data})

"""What a request says about who sends it: who is believed about addresses, and whose origin may act."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from quiz.http import metrics, requests
from quiz.problems import Refusal
from quiz.settings import settings


@pytest.fixture(autouse=True)
def proxies(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("ANKAO_TRUSTED_PROXIES", "10.0.0.1, 10.0.0.2,::1")
    settings.cache_clear()
    yield
    settings.cache_clear()


def request(client: str | None, *forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    return Request({"type": "http", "headers": headers, "client": (client, 5000) if client else None})


@pytest.mark.parametrize(
    ("client", "forwarded", "address"),
    [
        ("203.0.113.9", (), "203.0.113.9"),
        ("203.0.113.9", ("198.51.100.1",), "203.0.113.9"),  # not a proxy of ours: what it says is not believed
        ("10.0.0.1", ("203.0.113.9",), "203.0.113.9"),
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("198.51.100.1, 203.0.113.9",), "203.0.113.9"),  # the client invented the first entry
        ("10.0.0.1", ("198.51.100.1", "203.0.113.9"), "203.0.113.9"),  # the same in two header lines
        ("10.0.0.1", ("198.51.100.1, 203.0.113.9, 10.0.0.2",), "203.0.113.9"),  # two proxies of ours
        ("10.0.0.1", ("10.0.0.2",), "10.0.0.2"),
        ("10.0.0.1", ("not an address",), "10.0.0.1"),
        ("10.0.0.1", ("203.0.113.9:41234",), "203.0.113.9"),
        ("10.0.0.1", ("[2001:db8::7]:443",), "2001:db8::7"),
        ("::ffff:10.0.0.1", ("2001:DB8:0::7",), "2001:db8::7"),
        ("::1", ("203.0.113.9",), "203.0.113.9"),
        (None, (), ""),
    ],
)
def test_the_address_is_what_a_trusted_proxy_says_and_nobody_else(client: str | None, forwarded: tuple[str, ...], address: str) -> None:
    assert requests.address_of(request(client, *forwarded)) == address


def cookie_of(response: Response) -> set[str]:
    return set(response.headers["set-cookie"].split("; "))


@pytest.mark.parametrize("secure", [False, True])
def test_the_cookie_is_out_of_reach_for_scripts_and_foreign_sites(monkeypatch: pytest.MonkeyPatch, secure: bool) -> None:
    monkeypatch.setenv("ANKAO_SECURE_COOKIES", str(secure))
    settings.cache_clear()
    given, taken = Response(), Response()

    requests.set_cookie(given, "token", is_staff=False)
    requests.clear_cookie(taken)

    flags = {"HttpOnly", "SameSite=lax", "Path=/"} | ({"Secure"} if secure else set())
    assert cookie_of(given) == {"ankao_session=token", "Max-Age=604800"} | flags
    assert flags | {"Max-Age=0"} <= cookie_of(taken)


def test_a_refusal_becomes_problem_json() -> None:
    response = requests.problem(Refusal("不行。", code="no"))

    assert (response.status_code, response.media_type) == (409, "application/problem+json")
    assert bytes(response.body).decode() == '{"type":"about:blank","title":"请求未被接受","status":409,"detail":"不行。","code":"no"}'


@pytest.mark.parametrize(
    ("method", "origin", "status"),
    [
        ("POST", None, 200),  # no browser: nothing to abuse
        ("POST", b"https://ankao.example:8443", 200),
        ("POST", b"https://ankao.example", 403),  # another port is another site
        ("POST", b"https://evil.example", 403),
        ("POST", b"null", 403),
        ("PUT", b"https://evil.example", 403),
        ("DELETE", b"https://evil.example", 403),
        ("PATCH", b"https://evil.example", 403),
        ("GET", b"https://evil.example", 200),  # changes nothing
        ("HEAD", b"https://evil.example", 200),
    ],
)
def test_only_a_page_of_this_site_may_change_anything(method: str, origin: bytes | None, status: int) -> None:
    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        await Response()(scope, receive, send)

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    headers = [(b"host", b"ankao.example:8443"), *([(b"origin", origin)] if origin else [])]
    scope = {"type": "http", "method": method, "path": "/my/start", "headers": headers}
    asyncio.run(requests.SameOriginMiddleware(inner)(scope, receive, send))

    assert sent[0]["status"] == status


@pytest.mark.parametrize(
    ("path", "lane"),
    [
        ("/api/v1/attempts/7/responses", "save"), ("/api/v1/attempts/7", "attempt"), ("/api/v1/me", "api"), ("/my", "light"),
        ("/sign-in", "light"), ("/exam/7", "light"), ("/coverage", "screens"), ("/whatever/7", "screens"),
    ],
)  # fmt: skip
def test_requests_are_counted_by_few_lanes(path: str, lane: str) -> None:
    assert metrics.lane_of(path) == lane

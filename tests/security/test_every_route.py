"""Every HTTP route × everybody: who gets what, written out. A route that is added must be added here."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from starlette.routing import BaseRoute, Mount, Route

from quiz.api import api
from quiz.http import gateway
from quiz.web import light_lane
from tests.running_site import PROGRAMME
from tests.security.conftest import Town

STRANGERS = ("stranger", "disabled")
TRAINEES = ("trainee", "other trainee")
OFFICES = ("office", "district", "other-district", "department", "town", "admin")
STAFF = ("trainer", *OFFICES)
EVERYBODY = (*STRANGERS, "temporary", *TRAINEES, *STAFF)
DOOR, CHANGE = "→ /sign-in", "→ /change-password"
Row = dict[str, int | str]


def row(*, strangers: int | str, temporary: int | str, trainee: int | str, other: int | str, staff: int | str, **single: int | str) -> Row:
    found: Row = dict.fromkeys(STRANGERS, strangers) | {"temporary": temporary, "trainee": trainee, "other trainee": other}
    return found | dict.fromkeys(STAFF, staff) | single


def alike(status: int | str) -> Row:
    return dict.fromkeys(EVERYBODY, status)


def own(status: int | str, *, other: int | str = 404, door: str = DOOR) -> Row:
    """A page of the candidate: theirs alone; accounts without a person have no papers at all."""
    return row(strangers=door, temporary=CHANGE, trainee=status, other=other, staff=409)


def own_json(status: int | str, *, other: int = 404, staff: int = 409, temporary: int = 403) -> Row:
    return row(strangers=401, temporary=temporary, trainee=status, other=other, staff=staff)


def reading(status: int, path: str) -> Row:
    """Law in our words: for everybody who is signed in."""
    return row(strangers=f"→ /sign-in?next={path}", temporary=CHANGE, trainee=status, other=status, staff=status)


def wall(status: int, *, door: int | str, temporary: int | str = CHANGE) -> Row:
    """The projector of a classroom: for the staff who run it; this one nobody runs."""
    return row(strangers=door, temporary=temporary, trainee=403, other=403, staff=status)


COVERAGE = row(strangers=401, temporary=403, trainee=403, other=403, staff=200, trainer=403)
SCREEN = row(strangers="→ /sign-in?next=/coverage", temporary=CHANGE, trainee="screens", other="screens", staff="screens")
EXPECTED: dict[tuple[str, str], Row] = {
    ("GET", "/healthz"): alike(200),
    ("GET", "/readyz"): alike(200),
    ("GET", "/metrics"): alike(200),  # from this machine; see test_doors.py
    ("GET", "/"): row(strangers=DOOR, temporary=CHANGE, trainee="→ /my", other="→ /my", staff="screens"),
    ("GET", "/coverage"): SCREEN,
    ("GET", "/sign-in"): row(strangers=200, temporary=200, trainee="→ /my", other="→ /my", staff="→ /"),
    ("GET", "/sign-out"): alike(200),
    ("GET", "/activate"): alike(200),
    ("GET", "/change-password"): row(strangers="→ /sign-in?next=/change-password", temporary=200, trainee=200, other=200, staff=200),
    ("GET", "/forgotten-password"): alike(200),
    ("GET", "/privacy"): alike(200),
    ("GET", "/first-run"): alike(DOOR),
    ("GET", "/my"): own(200, other=200, door="→ /sign-in?next=/my"),
    ("GET", "/my/classes"): own(200, other=200, door="→ /sign-in?next=/my/classes"),
    ("POST", "/my/classes/register"): own(409, other=409, door="→ /sign-in?next=/my/classes/register"),
    ("POST", "/my/classes/cancel"): own(409, other=409, door="→ /sign-in?next=/my/classes/cancel"),
    ("POST", "/my/classes/code"): own(422, other=422, door="→ /sign-in?next=/my/classes/code"),
    ("GET", "/attend/999999"): own(200, other=200, door="→ /sign-in?next=/attend/999999"),
    ("POST", "/attend/999999"): alike("→ /attend/999999"),
    ("GET", "/attend/999999/screen"): wall(404, door="→ /sign-in?next=/attend/999999/screen"),
    ("POST", "/attend/999999/screen"): wall(404, door="→ /sign-in?next=/attend/999999/screen"),
    ("GET", "/attend/999999/code"): wall(404, door=401, temporary=403),
    ("GET", "/exam/{open}"): own(200, door="→ /sign-in?next=/exam/{open}"),
    ("GET", "/exam/{closed}/result"): own(200, door="→ /sign-in?next=/exam/{closed}/result"),
    ("GET", "/exam/{open}/result"): own("→ /exam/{open}", door="→ /sign-in?next=/exam/{open}/result"),
    ("GET", "/exam/999999"): own(404, door="→ /sign-in?next=/exam/999999"),
    ("GET", "/learn"): reading(200, "/learn"),
    ("GET", "/learn/nothing"): reading(404, "/learn/nothing"),
    ("GET", "/learn/nothing/x"): reading(404, "/learn/nothing/x"),
    ("GET", "/pictures/x"): reading(404, "/pictures/x"),
    ("GET", "/my/certificates"): own(200, other=200, door="→ /sign-in?next=/my/certificates"),
    ("GET", "/my/certificates/x"): own(404, other=404, door="→ /sign-in?next=/my/certificates/x"),
    ("GET", "/verify"): alike(200),
    ("GET", "/verify/x"): alike(404),
    ("GET", "/verify-keys"): alike(200),
    ("GET", "/assets/player.js"): alike(200),
    ("GET", "/assets/../render.py"): alike(404),
    ("POST", "/my/start"): own("→ /exam/{open}", other="→ /exam/{other}", door="→ /sign-in?next=/my/start"),
    ("POST", "/sign-in"): alike(401),
    ("POST", "/activate"): alike(422),
    ("POST", "/first-run"): alike(422),
    ("POST", "/change-password"): row(strangers="→ /sign-in?next=/change-password", temporary=422, trainee=422, other=422, staff=422),
    ("GET", "/api/v1/openapi.json"): alike(200),
    ("POST", "/api/v1/session"): alike(401),
    ("GET", "/api/v1/me"): row(strangers=401, temporary=200, trainee=200, other=200, staff=200),
    ("GET", "/api/v1/me/papers"): own_json(200, other=200),
    ("POST", "/api/v1/me/study"): own_json(404),
    ("GET", "/api/v1/me/classes"): own_json(200, other=200),
    ("PUT", "/api/v1/me/classes/999999/seat"): own_json(404),
    ("DELETE", "/api/v1/me/classes/999999/seat"): own_json(404),
    ("POST", "/api/v1/me/attendance"): own_json(404),
    ("GET", "/api/v1/classes"): row(strangers=401, temporary=403, trainee=403, other=403, staff=200),
    ("GET", "/api/v1/classes/999999/presences"): row(strangers=401, temporary=403, trainee=403, other=403, staff=404),
    ("POST", "/api/v1/attempts"): own_json(200, other=200),
    ("GET", "/api/v1/attempts/{open}"): own_json(200),
    ("GET", "/api/v1/attempts/{closed}"): own_json(200),
    ("PUT", "/api/v1/attempts/{open}/responses"): own_json(200, staff=404, temporary=401),
    ("POST", "/api/v1/attempts/{closed}/submission"): own_json(200),
    ("GET", "/api/v1/certificates/x"): alike(404),
    ("GET", "/api/v1/coverage/" + PROGRAMME): COVERAGE,
    ("GET", "/api/v1/coverage/nothing"): COVERAGE | dict.fromkeys(OFFICES, 404),
    ("GET", "/media/x.xlsx"): row(strangers=401, temporary=401, trainee="screens", other="screens", staff="screens"),
    ("PUT", "/_stcore/upload_file/s/f"): row(strangers=401, temporary=401, trainee=403, other=403, staff="screens"),
    ("DELETE", "/_stcore/upload_file/s/f"): row(strangers=401, temporary=401, trainee=403, other=403, staff="screens"),
    ("GET", "/_stcore/metrics"): alike(404),
    ("GET", "/_stcore/script-health-check"): alike(404),
}
NOT_ASKED = {("POST", "/sign-out"), ("DELETE", "/api/v1/session")}
"""They end the session of whoever asks: `test_doors.py`."""


_numbers = count(1)
"""A name that is tried again and again locks, whether anybody has it or not."""


def body(method: str, path: str, town: Town) -> dict[str, Any]:
    if path == "/api/v1/attempts":
        return {"json": {"paper": town.site.paper_id}, "headers": {"Idempotency-Key": "everybody-tries"}}
    if path == "/api/v1/me/study":
        return {"json": {"card": "nothing/1"}}
    if path == "/api/v1/session":
        return {"json": {"account": f"nobody-{next(_numbers)}", "password": "nothing"}}
    if path == "/sign-in":
        return {"data": {"account": f"nobody-{next(_numbers)}", "password": "nothing"}}
    if path.endswith("/seat"):
        return {"json": {"site": 999_999}} if method == "PUT" else {}
    if path.endswith("/attendance"):
        return {"json": {"site": 999_999, "code": "123456", "act": "in"}}
    if path.endswith("/responses"):
        return {"json": {"responses": [{"position": 1, "answer": ["A"], "sequence": 1}]}}
    return {"data": {"paper": str(town.site.paper_id), "key": "everybody-tries"}} if method == "POST" else {}


@pytest.mark.parametrize(("method", "path"), EXPECTED)
def test_who_gets_what(town: Town, method: str, path: str) -> None:
    names = {"{open}": str(town.open_attempt), "{closed}": str(town.closed_attempt)}
    answered: Row = {}
    for who in EVERYBODY:
        address = path
        for name, value in names.items():
            address = address.replace(name, value)
        response = town.browsers[who].request(method, address, **body(method, path, town))
        said: int | str = response.status_code
        if response.status_code == 303:
            said = f"→ {response.headers['location']}"
            for name, value in names.items():
                said = said.replace(f"/exam/{value}", f"/exam/{name}")
        elif response.status_code == 404 and response.text == "Not Found" and EXPECTED[method, path][who] != 404:
            said = "screens"  # passed on to the screens, which are not served here and have their own gate
        answered[who] = said

    wanted = EXPECTED[method, path]
    if wanted["other trainee"] == "→ /exam/{other}":
        assert str(answered["other trainee"]).startswith("→ /exam/")
        answered["other trainee"] = wanted["other trainee"]
    assert answered == wanted


def routes_of(found: list[BaseRoute], before: str = "") -> Iterator[tuple[str, str]]:
    for route in found:
        if isinstance(route, Route):
            for method in (route.methods or set()) - {"HEAD"}:
                yield method, before + route.path
        else:
            assert isinstance(route, Mount)


def test_no_route_is_missing_here() -> None:
    """Parameters are told apart by their place alone."""
    described = api.openapi()["paths"]
    served = {*routes_of([*gateway.routes, *light_lane])} | {
        (method.upper(), f"/api/v1{path}") for path, methods in described.items() for method in methods
    }

    def shape(method: str, path: str) -> tuple[str, tuple[str, ...]]:
        parts = ["*" if part.startswith("{") or part in ("x", "999999", PROGRAMME, "nothing") else part for part in path.split("/")]
        return method, tuple(parts)

    assert {shape(*each) for each in served} - {shape(*each) for each in [*EXPECTED, *NOT_ASKED]} == set()


def test_coverage_is_counted_within_the_reach_of_whoever_asks(town: Town) -> None:
    """Twelve principals in each of two districts; every enterprise belongs to 应急局, none to 消防."""
    counted = {who: town.browsers[who].get(f"/api/v1/coverage/{PROGRAMME}?by=region").json() for who in OFFICES}

    assert {who: answer["total"]["due"] for who, answer in counted.items()} == {
        "office": 24, "admin": 24, "district": 12, "other-district": 12, "town": 12, "department": 0,
    }  # fmt: skip
    assert {who: [group["key"] for group in answer["groups"]] for who, answer in counted.items()} == {
        "office": ["371002", "371082"], "admin": ["371002", "371082"], "district": ["371082"], "other-district": ["371002"],
        "town": ["371002"], "department": [],
    }  # fmt: skip


def test_nobody_without_the_session_learns_a_key_or_a_name(town: Town) -> None:
    stranger = town.browsers["stranger"]
    for method, path in EXPECTED:
        address = path.replace("{open}", str(town.open_attempt)).replace("{closed}", str(town.closed_attempt))
        text = stranger.request(method, address, **body(method, path, town)).text
        assert [
            word for word in ("explanation", "用气的地方才会漏气", "王海", "食品厂", "Traceback") if word in text and "openapi" not in path
        ] == []

"""The screens as really served: what a stranger's websocket, upload and download get, and what happens when a session ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.protobuf.json_format import MessageToJson
from sqlalchemy import select
from sqlmodel import col
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from quiz import clock
from quiz.accounts import service as accounts
from quiz.accounts.audit import SYSTEM
from quiz.db import Database
from quiz.models.accounts import Account
from tests import running_site
from tests.databases import Content, new_file
from tests.journeys.server import Server
from tests.running_site import PASSWORD

SIGNED_OUT = "登录已失效"


@dataclass
class Served:
    server: Server
    db: Database
    candidate: str

    def sign_in(self, account: str) -> str:
        """A real session's cookie."""
        answer = httpx.post(f"{self.server.url}/api/v1/session", json={"account": account, "password": PASSWORD})
        assert answer.status_code == 204
        return f"ankao_session={answer.cookies['ankao_session']}"

    def screen(self, cookie: str = "", origin: str | None = None) -> ClientConnection:
        address = f"{self.server.url.replace('http', 'ws')}/_stcore/stream"
        headers = {"Cookie": cookie} if cookie else {}
        return connect(address, additional_headers=headers, origin=origin, subprotocols=["streamlit"], max_size=None)  # type: ignore[list-item,arg-type]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("served")
    url = new_file(folder, Content.PREPARED)
    with running_site.environment(url, folder):
        database = Database(url)
        site = running_site.build(database, principals=4)
        server = Server(url, folder)
        server.start()
        try:
            yield Served(server, database, site.spare.pop())
        finally:
            server.stop()
            database.dispose()


def run(screen: ClientConnection, page: str = "") -> tuple[str, str]:
    """Everything the server draws for one run of a page, and the number of the visit."""
    message = BackMsg()
    message.rerun_script.page_name = page
    message.rerun_script.query_string = ""
    screen.send(message.SerializeToString())
    drawn: list[str] = []
    session = ""
    while True:
        forward = ForwardMsg()
        forward.ParseFromString(screen.recv(timeout=20))  # type: ignore[arg-type]
        if forward.HasField("new_session"):
            session = forward.new_session.initialize.session_id
        if forward.HasField("delta"):
            drawn.append(MessageToJson(forward.delta, ensure_ascii=False))
        if forward.HasField("script_finished"):
            return "\n".join(drawn), session


def titles(drawn: str) -> list[str]:
    return [word for word in (SIGNED_OUT, "没有此项权限", "企业名册", "覆盖率", "账号与权限", "系统与备份", "食品厂") if word in drawn]


@pytest.mark.parametrize("page", ["", "coverage", "enterprises", "accounts", "system", "audit_trail", "take_quiz"])
@pytest.mark.parametrize("cookie", ["", "ankao_session=made-up", "ankao_session=' or 1=1 --"])
def test_a_strangers_websocket_gets_the_refusal_and_nothing_else(served: Served, page: str, cookie: str) -> None:
    with served.screen(cookie) as screen:
        drawn, _ = run(screen, page)

    assert titles(drawn) == [SIGNED_OUT]


def test_a_candidates_websocket_opens_no_screen_of_the_office(served: Served) -> None:
    with served.screen(served.sign_in(served.candidate)) as screen:
        shown = {page: titles(run(screen, page)[0]) for page in ("coverage", "enterprises", "accounts", "system")}

    assert shown == dict.fromkeys(shown, ["没有此项权限"])


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1.evil.example"])
def test_a_foreign_page_opens_no_websocket(served: Served, origin: str) -> None:
    with pytest.raises(WebSocketException) as refused, served.screen(served.sign_in("office"), origin) as screen:
        run(screen)

    assert not isinstance(refused.value, InvalidStatus) or refused.value.response.status_code in (400, 403)


def test_the_screen_that_is_open_closes_with_the_session(served: Served) -> None:
    """Signed out, reset and disabled: the very next run of a screen that was open shows nothing any more."""
    endings: dict[str, Any] = {
        "signed out": lambda cookie, _id: httpx.delete(f"{served.server.url}/api/v1/session", headers={"Cookie": cookie}),
        "password reset": lambda _cookie, number: change(
            served, lambda s: accounts.reset_password(s, account_id=number, now=clock.now(), actor=SYSTEM)
        ),
        "disabled": lambda _cookie, number: change(
            served, lambda s: accounts.set_disabled(s, account_id=number, disabled=True, now=clock.now(), actor=SYSTEM)
        ),
    }
    seen = {}
    for (how, end), name in zip(endings.items(), ("office", "district", "trainer"), strict=True):
        cookie = served.sign_in(name)
        with served.db.reading() as session:
            number = session.execute(select(col(Account.id)).where(col(Account.account) == name)).scalar_one()
        with served.screen(cookie) as screen:
            before = titles(run(screen, "banks")[0])
            end(cookie, number)
            seen[how] = (SIGNED_OUT in before, titles(run(screen, "banks")[0]))

    assert seen == dict.fromkeys(endings, (False, [SIGNED_OUT]))


def change(served: Served, job: Any) -> None:
    with served.db.transaction() as session:
        job(session)


def test_the_visit_of_another_account_is_not_taken_up(served: Served) -> None:
    """A browser that reconnects names its old visit; with another account's cookie it starts from nothing."""
    with served.screen(served.sign_in("admin")) as screen:
        _, visit = run(screen, "system")
    address = f"{served.server.url.replace('http', 'ws')}/_stcore/stream"
    cookie = served.sign_in(served.candidate)

    with connect(address, additional_headers={"Cookie": cookie}, subprotocols=["streamlit", "x", visit], max_size=None) as screen:  # type: ignore[list-item]
        drawn, _ = run(screen, "system")

    assert titles(drawn) == ["没有此项权限"]


def test_a_stranger_leaves_no_file_on_the_server(served: Served) -> None:
    """An open websocket is all the framework asks for; fifty megabytes a request would fill any memory."""
    with served.screen() as screen:
        _, visit = run(screen)
        address = f"{served.server.url}/_stcore/upload_file/{visit}/one"
        refused = httpx.put(address, files={"file": ("a.xlsx", b"x" * 1000)})
        trainee = httpx.put(address, files={"file": ("a.xlsx", b"x" * 1000)}, headers={"Cookie": served.sign_in(served.candidate)})

    assert (visit != "", refused.status_code, trainee.status_code) == (True, 401, 403)
    assert refused.headers["content-type"] == "application/problem+json"


def test_a_file_is_given_to_nobody_who_is_not_signed_in(served: Served) -> None:
    assert httpx.get(f"{served.server.url}/media/anything.xlsx").status_code == 401
    assert httpx.head(f"{served.server.url}/media/anything.xlsx").status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/assets/..%2f..%2fdb.py",
        "/assets/%2e%2e/%2e%2e/db.py",
        "/assets/..\\..\\db.py",
        "/static/..%2f..%2f..%2fpasswd",
        "/app/static/../../data/secret.key",
        "/media/..%2f..%2fsecret.key",
        "/component/..%2f..%2fetc%2fpasswd/x",
        "/_stcore/bidi-components/../../x",
        "/assets//etc/passwd",
        "/assets/%00",
    ],
)
def test_no_path_leads_out_of_the_folders_that_are_served(served: Served, path: str) -> None:
    cookie = served.sign_in("admin")
    answer = httpx.get(f"{served.server.url}{path}", headers={"Cookie": cookie, "Accept": "*/*"})

    assert "root:" not in answer.text and "sqlmodel" not in answer.text and "Traceback" not in answer.text
    assert answer.status_code in (400, 403, 404) or "<!doctype html>" in answer.text.lower()


def test_the_screens_stand_in_no_foreign_frame_and_tell_nothing_about_the_machine(served: Served) -> None:
    cookie = served.sign_in("admin")
    answer = httpx.get(f"{served.server.url}/", headers={"Cookie": cookie})

    assert answer.status_code == 200
    assert (answer.headers["x-frame-options"], answer.headers["x-content-type-options"], answer.headers["referrer-policy"]) == (
        "SAMEORIGIN",
        "nosniff",
        "same-origin",
    )
    assert "server" not in answer.headers
    assert [httpx.get(f"{served.server.url}/_stcore/{name}").status_code for name in ("metrics", "script-health-check")] == [404, 404]
    assert json.loads(httpx.get(f"{served.server.url}/_stcore/host-config").text).get("useExternalAuthToken") is False

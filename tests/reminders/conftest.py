"""A campaign of three enterprises, and servers on this machine that take what is sent."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlmodel import Session

from quiz.coverage import subscriptions as coverage
from quiz.models.organisations import Organisation
from quiz.reminders import templates
from quiz.settings import settings
from quiz.training import service as training
from quiz.training import subscriptions as training_subscriptions
from tests import factories

DUE = date(2026, 11, 30)


@pytest.fixture(autouse=True)
def subscribed() -> None:
    training_subscriptions.subscribe_all()
    coverage.subscribe_all()


@pytest.fixture(autouse=True)
def fresh_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    settings.cache_clear()
    yield monkeypatch
    settings.cache_clear()


@dataclass
class Town:
    """Three enterprises of two districts in a programme that is due a week after the tests' day."""

    programme: int
    firms: dict[str, int]
    people: dict[str, int]
    account: int


def build(session: Session, *, today: date) -> Town:
    factories.reference(session)
    firms = {
        "甲公司": factories.organisation(session, name="甲公司", features=("confined_space",)),
        "乙公司": factories.organisation(session, name="乙公司", town="371002002"),
        "丙公司": factories.organisation(session, name="丙公司", district="371003", town="371003001"),
    }
    session.get_one(Organisation, firms["乙公司"]).hours_high_risk = True
    people = {}
    for place, (name, firm) in enumerate(firms.items()):
        people[name] = factories.person(session, name=f"{name[0]}负责人", phone=f"1380631000{place}" if name != "丙公司" else None)
        factories.post(session, organisation_id=firm, person_id=people[name], designated=True)
    programme = factories.programme(session, code="gas", title="用气餐饮培训", due_on=DUE)
    training.open_programme(session, programme_id=programme, today=today)
    templates.load_shipped(session, now=factories.at(today))
    return Town(programme, firms, people, factories.account(session, name="office"))


@pytest.fixture
def town(session: Session, today: date) -> Town:
    return build(session, today=today)


# --- servers ----------------------------------------------------------------------------------------------------------------------


@dataclass
class Taken:
    """What a server took, and how it answers."""

    url: str = ""
    letters: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    answer: str = '{"errcode": 0}'
    hang_up: bool = False


@contextmanager
def http_server() -> Iterator[Taken]:
    """An SMS gateway or a WeCom webhook."""
    taken = Taken()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taken.letters.append({"path": self.path, "headers": dict(self.headers), "body": json.loads(body)})
            if taken.hang_up:
                self.connection.close()
                return
            self.send_response(taken.status)
            self.end_headers()
            self.wfile.write(taken.answer.encode())

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    taken.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield taken
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def smtp_server() -> Iterator[Taken]:
    """A mail server that says yes to everything, or what `status` says to the letter itself."""
    taken = Taken(status=250)

    class Handler(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            self.say("220 ready")
            letter: dict[str, Any] = {"to": []}
            while line := self.rfile.readline().decode().strip():
                verb = line.split()[0].upper()
                if verb == "DATA":
                    self.say("354 go on")
                    lines = []
                    while (part := self.rfile.readline()) != b".\r\n":
                        lines.append(part)
                    letter["message"] = b"".join(lines)
                    if taken.hang_up:
                        taken.letters.append(letter)
                        return
                    if taken.status == 250:
                        taken.letters.append(letter)
                    self.say(f"{taken.status} {'taken' if taken.status == 250 else 'no room'}")
                elif verb == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    if verb == "RCPT":
                        letter["to"].append(line.split("<")[1].split(">")[0])
                    self.say("250 fine")

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    taken.url = f"smtp://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield taken
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def gateway() -> Iterator[Taken]:
    with http_server() as taken:
        yield taken


@pytest.fixture
def mail() -> Iterator[Taken]:
    with smtp_server() as taken:
        yield taken

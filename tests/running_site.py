"""The two HTTP doors with their lifespan, in this process: everything of the application except the Streamlit screens."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import Session
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.testclient import TestClient

import quiz.db
from quiz import clock, installation
from quiz.accounts import passwords
from quiz.accounts import service as accounts
from quiz.api import SaveMiddleware, api
from quiz.db import Database
from quiz.http import gateway, lane, metrics, requests, running
from quiz.settings import settings
from quiz.training import service as training
from quiz.training.domain import Audience
from quiz.ui import navigation
from quiz.vocabulary import AccountRole
from quiz.web import light_lane
from tests import factories
from tests.attempts import exam

PASSWORD = "Sea-breeze-26"
PROGRAMME = "gas-2026"
HUANCUI, RONGCHENG = "371002", "371082"


@cache
def hashed() -> str:
    return passwords.hash_password(PASSWORD)


def application() -> Starlette:
    """As `streamlit_app.py` puts it together, with nothing where the screens would be."""
    return Starlette(
        middleware=[
            Middleware(metrics.MeasureMiddleware),
            Middleware(requests.SameOriginMiddleware),
            Middleware(SaveMiddleware),
            Middleware(lane.LaneMiddleware, routes=[*gateway.routes, *light_lane, Mount("/api/v1", app=api)]),
            Middleware(gateway.LandingMiddleware, screens=navigation.paths()),
        ],
        lifespan=running.serving,
    )


@contextmanager
def environment(url: str, folder: Path) -> Iterator[None]:
    """This process looks at that database, with a key of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANKAO_DATABASE_URL", url)
        patch.setenv("ANKAO_SECRET_FILE", str(folder / "secret.key"))
        patch.setenv("ANKAO_COLD", "1")
        patch.setattr(running, "EXPIRY_EVERY_SECONDS", 0.5)
        settings.cache_clear()
        quiz.db.database.cache_clear()
        yield
        quiz.db.database().dispose()
    settings.cache_clear()
    quiz.db.database.cache_clear()


@dataclass
class Site:
    """A served installation. `db` is the database it serves."""

    app: Starlette
    db: Database
    paper_id: int = 0
    spare: list[str] = field(default_factory=list)
    """Principals nobody has used yet; even ones in 环翠区, odd ones in 荣成市."""

    def browser(self, account: str | None = None) -> TestClient:
        """A browser of its own, signed in when an account is named."""
        client = TestClient(self.app, follow_redirects=False)
        if account:
            response = client.post("/api/v1/session", json={"account": account, "password": PASSWORD})
            assert response.status_code == 204, response.text
        return client

    def candidate(self) -> TestClient:
        """A principal nobody has used yet, signed in."""
        return self.browser(self.spare.pop())

    def change(self, job: Callable[[Session], Any]) -> Any:
        with self.db.transaction() as session:
            return job(session)


@contextmanager
def serve(site: Site) -> Iterator[None]:
    """Run the lifespan: migrate, record, expire; drain at the end."""
    with TestClient(site.app):
        yield


def build(database: Database, *, principals: int = 24) -> Site:
    """Staff of each role, principals of two districts, one open programme with one paper of three items."""
    site = Site(application(), database)
    now = clock.now()
    today = clock.local_day(now)
    installation.prepare(database)
    with database.transaction() as session:
        for name, role, region in (
            ("office", AccountRole.OFFICE, None), ("district", AccountRole.OFFICE, RONGCHENG), ("trainer", AccountRole.TRAINER, None),
            ("admin", AccountRole.ADMINISTRATOR, None),
        ):  # fmt: skip
            accounts.create_account(session, account=name, password_hash=hashed(), name=name, roles=[(role, region, None, None)], now=now)
        for number in range(principals):
            site.spare.append(_principal(session, number, now))
        exam.write_bank(session, now=now)
        site.paper_id = exam.paper(session, now=now)
        programme = training.create_programme(
            session, code=PROGRAMME, title="用气餐饮负责人培训", audience=Audience(), opens_on=today - timedelta(days=1),
            due_on=today + timedelta(days=7), paper_id=site.paper_id, now=now,
        )  # fmt: skip
        training.open_programme(session, programme_id=programme.id, today=today)
    return site


def _principal(session: Session, number: int, now: datetime) -> str:
    district, town = (HUANCUI, "371002001") if number % 2 == 0 else (RONGCHENG, "371082007")
    organisation_id = factories.organisation(
        session, name=f"望海第{number}食品厂", district=district, town=town, sector="industry_trade", department="emergency_management"
    )
    account = f"139{number:08}"
    person_id = factories.person(session, name=f"王海{number}", phone=account)
    factories.post(session, organisation_id=organisation_id, person_id=person_id, designated=True)
    accounts.create_account(
        session, account=account, password_hash=hashed(), name=f"王海{number}", person_id=person_id,
        roles=[(AccountRole.TRAINEE, None, None, None)], now=now,
    )  # fmt: skip
    return account


def start(client: TestClient, paper_id: int, key: str = "key-00000001") -> httpx.Response:
    return client.post("/api/v1/attempts", json={"paper": paper_id}, headers={"Idempotency-Key": key})


def save(client: TestClient, attempt_id: int, answers: dict[int, list[str]], sequence: int = 1) -> httpx.Response:
    responses = [{"position": position, "answer": answer, "sequence": sequence} for position, answer in answers.items()]
    return client.put(f"/api/v1/attempts/{attempt_id}/responses", json={"responses": responses})


def submit(client: TestClient, attempt_id: int) -> httpx.Response:
    return client.post(f"/api/v1/attempts/{attempt_id}/submission")


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether it came true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return condition()

"""An examination hall: one server and one town for a whole module, and candidates who sit down with an attempt of their own."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, expect, sync_playwright
from sqlalchemy import select

from quiz import clock
from quiz.attempts import queries as attempts
from quiz.banks.queries import VersionView
from quiz.db import Database
from quiz.models.attempts import Attempt, LateResponse, Response
from quiz.models.papers import Paper
from quiz.papers import service as papers
from quiz.papers.domain import Blueprint, FormItem, Section
from quiz.settings import settings
from quiz.vocabulary import ItemType, ReviewPolicy
from tests import browser as chromium
from tests.databases import Content, new_file
from tests.journeys import town
from tests.journeys.server import Server

CANDIDATES = 45
PHONE = {"width": 390, "height": 844}
PATIENCE_MS = 30_000
"""Two cores are shared by everybody: a wait that succeeds costs nothing."""
SINGLES, MULTIPLES, TRUE_FALSE, MUST = range(1, 9), range(9, 13), range(13, 17), range(17, 21)
"""Positions of each type: the hall's paper keeps its items in the order of its sections."""
RESPONSES = "**/api/v1/attempts/*/responses"
SUBMISSION = "**/api/v1/attempts/*/submission"
ATTEMPT = re.compile(r"/api/v1/attempts/\d+$")


@dataclass
class Candidate:
    """One person with a phone and an open attempt."""

    hall: Hall
    account: str
    context: BrowserContext
    attempt_id: int
    errors: list[str] = field(default_factory=list)

    def open(self, *, position: int = 1, context: BrowserContext | None = None) -> Page:
        """The player, with an item on screen; also on another device or in another tab."""
        page = (context or self.context).new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(f"{self.hall.server.url}/exam/{self.attempt_id}#{position}")
        expect(page.locator(".opt").first).to_be_visible(timeout=PATIENCE_MS)
        return page

    def other_device(self) -> BrowserContext:
        return self.hall.signed_in(self.account)

    def kept(self) -> dict[int, tuple[list[str], int]]:
        """Position → (answer, sequence), from the database."""
        with self.hall.database.reading() as session:
            rows = session.scalars(select(Response).where(Response.attempt_id == self.attempt_id))  # type: ignore[arg-type]
            return {row.position: (row.answer, row.sequence) for row in rows}

    def late(self) -> dict[int, list[str]]:
        with self.hall.database.reading() as session:
            rows = session.scalars(select(LateResponse).where(LateResponse.attempt_id == self.attempt_id))  # type: ignore[arg-type]
            return {row.position: row.answer for row in rows}

    def row(self) -> Attempt:
        with self.hall.database.reading() as session:
            return session.get_one(Attempt, self.attempt_id)

    def form(self) -> dict[int, tuple[FormItem, VersionView]]:
        with self.hall.database.reading() as session:
            return dict(enumerate(attempts.form_with_versions(session, self.row().form_id), 1))

    def move_deadline(self, *, seconds: float) -> None:
        """The server's deadline, so many seconds from now."""
        with self.hall.database.transaction() as session:
            session.get_one(Attempt, self.attempt_id).deadline = clock.now() + timedelta(seconds=seconds)

    def answer_by_api(self, answers: dict[int, list[str]], *, sequence: int = 1, context: BrowserContext | None = None) -> None:
        """Answers of another device that runs no browser."""
        body = {"responses": [{"position": n, "answer": answer, "sequence": sequence} for n, answer in answers.items()]}
        answered = (context or self.context).request.put(f"{self.hall.server.url}/api/v1/attempts/{self.attempt_id}/responses", data=body)
        assert answered.status == 200, answered.text()

    def hand_in_by_api(self) -> None:
        answered = self.context.request.post(f"{self.hall.server.url}/api/v1/attempts/{self.attempt_id}/submission")
        assert answered.status == 200, answered.text()

    def right_answers(self) -> dict[int, list[str]]:
        return {n: sorted(view.key) for n, (_, view) in self.form().items()}

    def wrong_answer(self, position: int) -> list[str]:
        item, view = self.form()[position]
        wrong = [key for key in item.options if key not in view.key]
        return wrong[:1] or list(view.key[:-1])  # where every option is right, one too few is wrong


class Hall:
    """The server, its database, and the candidates who have not come in yet."""

    def __init__(self, server: Server, database: Database, people: town.Town, browser: Browser) -> None:
        self.server, self.database, self.browser, self.paper_id = server, database, browser, people.paper_id
        self._waiting = iter(people.candidates)
        self._contexts: list[BrowserContext] = []

    def device(self, **options: Any) -> BrowserContext:
        """A browser of its own, phone size unless told otherwise."""
        context = self.browser.new_context(**{"viewport": PHONE, "has_touch": True, **options})
        context.set_default_timeout(PATIENCE_MS)
        self._contexts.append(context)
        return context

    def signed_in(self, account: str, **options: Any) -> BrowserContext:
        context = self.device(**options)
        answered = context.request.post(f"{self.server.url}/api/v1/session", data={"account": account, "password": town.PASSWORD})
        assert answered.status == 204, answered.text()
        return context

    def newcomer(self, **options: Any) -> tuple[str, BrowserContext]:
        """Somebody signed in who has not started."""
        account = next(self._waiting)
        return account, self.signed_in(account, **options)

    def candidate(self, **options: Any) -> Candidate:
        """Somebody with an open attempt."""
        account, context = self.newcomer(**options)
        answered = context.request.post(
            f"{self.server.url}/api/v1/attempts", data={"paper": self.paper_id}, headers={"Idempotency-Key": f"hall-{account}"}
        )
        assert answered.status == 201, answered.text()
        return Candidate(self, account, context, answered.json()["id"])

    @contextmanager
    def review_policy(self, policy: ReviewPolicy) -> Iterator[None]:
        """Another review policy for a while."""
        self._set_review_policy(policy)
        yield
        self._set_review_policy(ReviewPolicy.AFTER_HAND_IN)

    def _set_review_policy(self, policy: ReviewPolicy) -> None:
        with self.database.transaction() as session:
            session.get_one(Paper, self.paper_id).review_policy = policy.value

    def send_everybody_home(self) -> None:
        for context in self._contexts:
            context.close()
        self._contexts.clear()


@contextmanager
def opened(folder: Path) -> Iterator[Hall]:
    """A hall on SQLite, its server running."""
    url = new_file(folder, Content.PREPARED)
    database = Database(url)
    with _secret(folder / "secret.key"):
        people = town.build(database, candidates=CANDIDATES)
    with database.transaction() as session:
        papers.edit_paper(session, paper_id=people.paper_id, draft=_draft())
    server = Server(url, folder)
    server.start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium.ensure(), args=chromium.ARGUMENTS)
            yield Hall(server, database, people, browser)
            browser.close()
    finally:
        server.stop()
        database.dispose()


@contextmanager
def _secret(path: Path) -> Iterator[None]:
    """The server's key in this process, while the town is built."""
    before = os.environ.get("ANKAO_SECRET_FILE")
    os.environ["ANKAO_SECRET_FILE"] = str(path)
    settings.cache_clear()
    yield
    del os.environ["ANKAO_SECRET_FILE"]
    if before is not None:
        os.environ["ANKAO_SECRET_FILE"] = before
    settings.cache_clear()


def _draft() -> papers.PaperDraft:
    def section(count: int, kind: ItemType, *banks: str, must: bool = False) -> Section:
        return Section(count=count, points=5, banks=banks, types=(kind,), must_be_right=must)

    now = clock.now()
    return papers.PaperDraft(
        title="有限空间作业安全必考卷",
        blueprint=Blueprint(
            sections=(
                section(8, ItemType.SINGLE, "confined-space"),
                section(4, ItemType.MULTIPLE, "confined-space", "trade-industry"),
                section(4, ItemType.TRUE_FALSE, "trade-industry"),
                section(4, ItemType.SINGLE, "trade-industry", must=True),
            )
        ),
        cut_score=60,
        opens_at=now - timedelta(days=5),
        closes_at=now + timedelta(days=15),
        time_limit_minutes=60,
        attempts_allowed=3,
        shuffle_items=False,
    )


# ---- what a candidate does and sees


def choose(page: Page, index: int) -> str:
    """Press the option at that place; answers with its key."""
    key = page.locator(".opt input").nth(index).get_attribute("value")
    page.locator(".opt").nth(index).click()
    assert key is not None
    return key


def go(page: Page, position: int) -> None:
    page.evaluate(f"location.hash = '#{position}'")
    expect(page.locator("#meta")).to_contain_text(f"第 {position} 题")


def take_up(page: Page) -> None:
    """The phone comes back from the pocket: the player asks the server again."""
    page.evaluate("window.dispatchEvent(new Event('online'))")


def in_the_last_second(page: Page, indexes: list[int]) -> list[str]:
    """Press those options while the display says 00:01, in the page itself: a busy test machine would be too late."""
    return page.evaluate(
        """indexes => new Promise(resolve => { const timer = setInterval(() => {
            if (document.getElementById('clock-time').textContent !== '00:01') return;
            clearInterval(timer);
            const inputs = document.querySelectorAll('.opt input');
            resolve(indexes.map(index => { inputs[index].click(); return inputs[index].value; }));
        }, 10); })""",
        indexes,
    )


def expect_state(page: Page, text: str) -> None:
    expect(page.locator("#save-text")).to_contain_text(text, timeout=PATIENCE_MS)


def expect_saved(page: Page) -> None:
    expect(page.locator("#save-text")).to_have_text("已保存", timeout=PATIENCE_MS)


def expect_dialog(page: Page, text: str) -> None:
    expect(page.locator("#dialog")).to_contain_text(text, timeout=PATIENCE_MS)


def expect_chosen(page: Page, key: str) -> None:
    expect(page.locator(f".opt input[value='{key}']")).to_be_checked(timeout=PATIENCE_MS)


def to_result(page: Page) -> None:
    page.wait_for_url("**/result", timeout=PATIENCE_MS)


def hand_in(page: Page) -> None:
    """Press 交卷 and confirm, whatever is missing."""
    page.locator("#hand-in").click()
    page.locator("#dialog").get_by_role("button", name=re.compile("确认交卷|不答了，交卷")).click()


# ---- what goes wrong on the way


class Line:
    """The line between a phone and the server: counted, cut, held up, or losing what comes back."""

    def __init__(self, device: BrowserContext | Page, pattern: str | re.Pattern[str] = RESPONSES) -> None:
        self._device, self._pattern = device, pattern
        self._held: list[Route] = []
        self._holding = False
        self.requests = 0
        device.on("request", self._count)

    def _count(self, request: Request) -> None:
        tail = "/submission" if self._pattern == SUBMISSION else "/responses"
        self.requests += request.url.endswith(tail)

    def cut(self) -> None:
        """Nothing gets through."""
        self._device.route(self._pattern, lambda route: route.abort())

    def hold(self) -> None:
        """Requests are under way until `release`."""
        self._holding = True
        self._device.route(self._pattern, lambda route: self._held.append(route) if self._holding else route.continue_())

    def release(self) -> None:
        self._holding = False
        for route in self._held:
            route.continue_()
        self._held.clear()

    def lose_answers(self) -> None:
        """The server gets it, the phone never hears of it."""

        def handle(route: Route) -> None:
            route.fetch()
            route.abort()

        self._device.route(self._pattern, handle)

    def fulfil(self, **answer: Any) -> None:
        """Somebody else answers."""
        self._device.route(self._pattern, lambda route: route.fulfill(**answer))

    def repair(self) -> None:
        self._device.unroute(self._pattern)

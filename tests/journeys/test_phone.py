"""A principal with a phone, and the office's figure: the spine of the product, in a real browser."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from quiz.attempts import queries as attempts
from quiz.db import Database
from tests import browser as chromium
from tests.journeys import town
from tests.journeys.server import Server

PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium.ensure(), args=chromium.ARGUMENTS)
        yield launched
        launched.close()


def _sign_in(page: Page, server: Server, account: str) -> None:
    page.goto(f"{server.url}/sign-in")
    page.get_by_label("账号").fill(account)
    page.locator("#password").fill(town.PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()


def _right_answers(database: Database, attempt_id: int) -> dict[int, list[int]]:
    """Indexes, in the shown order, of the right options of each position: what a well-prepared principal knows."""
    with database.reading() as session:
        form = attempts.form_with_versions(session, attempts.attempt_row(session, attempt_id).form_id)
    return {n: [i for i, key in enumerate(item.options) if key in view.key] for n, (item, view) in enumerate(form, 1)}


def _answer(page: Page, position: int, options: list[int]) -> None:
    expect(page.locator("#meta")).to_contain_text(f"第 {position} 题")
    for option in options:
        page.locator(".opt").nth(option).click()


def _covered(page: Page, server: Server) -> dict[str, object]:
    """The office's figure through the API its screen stands on."""
    return json.loads(page.request.get(f"{server.url}/api/v1/coverage/{town.PROGRAMME}").text())["total"]


def test_quiz_on_a_phone_through_reload_and_a_killed_server_moves_the_coverage_by_one(
    town_database: Database, server: Server, browser: Browser
) -> None:
    people = town.build(town_database, candidates=4)
    server.start()
    office = browser.new_context().new_page()
    _sign_in(office, server, "town-office")
    before = _covered(office, server)
    phone = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True).new_page()  # type: ignore[arg-type]

    _sign_in(phone, server, people.candidates[0])
    expect(phone.get_by_role("heading", name="有限空间作业安全必考卷")).to_be_visible()
    phone.get_by_role("button", name="开始答题").click()
    phone.wait_for_url("**/exam/*")
    attempt_id = int(phone.url.split("/exam/")[1].split("#")[0])
    right = _right_answers(town_database, attempt_id)
    for position in range(1, 8):
        _answer(phone, position, right[position])
        phone.locator("#next").click()
    expect(phone.locator("#save-text")).to_contain_text("已保存")

    phone.reload()
    expect(phone.locator("#answered")).to_contain_text("已答 7")
    for position in range(8, 14):
        _answer(phone, position, right[position])
        phone.locator("#next").click()
    expect(phone.locator("#save-text")).to_contain_text("已保存")

    server.kill()
    _answer(phone, 14, right[14])
    expect(phone.locator("#save-text")).to_contain_text("信号不好")
    phone.locator("#next").click()
    _answer(phone, 15, right[15])
    server.start()
    expect(phone.locator("#save-text")).to_contain_text("已保存", timeout=30_000)
    for position in range(16, people.questions + 1):
        phone.locator("#next").click()
        _answer(phone, position, right[position])
    phone.locator("#hand-in").click()
    phone.get_by_role("button", name="确认交卷").click()

    phone.wait_for_url("**/result")
    expect(phone.locator("body")).to_contain_text("合格")
    expect(phone.locator("body")).to_contain_text("100")
    after = _covered(office, server)
    assert (before["due"], before["completed"]) == (4, 0)
    assert (after["due"], after["completed"], after["rate"]) == (4, 1, 0.25)


def test_a_second_phone_goes_on_where_the_first_stopped(town_database: Database, server: Server, browser: Browser) -> None:
    people = town.build(town_database, candidates=1)
    server.start()
    first = browser.new_context(viewport=PHONE).new_page()  # type: ignore[arg-type]
    _sign_in(first, server, people.candidates[0])
    first.get_by_role("button", name="开始答题").click()
    first.wait_for_url("**/exam/*")
    first.locator(".opt").first.click()
    expect(first.locator("#save-text")).to_contain_text("已保存")

    second = browser.new_context(viewport=PHONE).new_page()  # type: ignore[arg-type]
    _sign_in(second, server, people.candidates[0])
    second.get_by_role("link", name="继续答题").click()

    expect(second.locator("#answered")).to_contain_text("已答 1")


def test_activation_by_paper_slip_leads_straight_to_the_paper(town_database: Database, server: Server, browser: Browser) -> None:
    people = town.build(town_database, candidates=1)
    slip = town.new_principal_with_slip(town_database)
    server.start()
    phone = browser.new_context(viewport=PHONE).new_page()  # type: ignore[arg-type]
    phone.goto(f"{server.url}/activate")
    phone.get_by_label("姓名").fill(slip.name)
    phone.get_by_label("手机号").fill(slip.phone)
    phone.locator("#code").fill(slip.code.lower())
    phone.locator("#password").fill(town.PASSWORD)
    phone.locator("#again").fill(town.PASSWORD)
    phone.locator("button[type=submit]").last.click()

    phone.wait_for_url("**/my")

    expect(phone.get_by_role("button", name="开始答题")).to_be_visible()
    assert people.candidates[0] != slip.phone

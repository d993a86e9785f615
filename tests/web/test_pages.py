"""The light lane page by page: what it answers, what it weighs, and what it never lets through."""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from sqlalchemy import select, update
from sqlmodel import col
from starlette.testclient import TestClient

from quiz import clock
from quiz.accounts import queries as accounts
from quiz.accounts import service as account_service
from quiz.accounts.audit import SYSTEM
from quiz.models.accounts import Account
from quiz.models.attempts import Attempt
from quiz.models.banks import ItemVersion
from quiz.models.organisations import Organisation, Person, Post
from quiz.models.papers import Paper
from quiz.organisations.reach import Reaches
from quiz.web.render import STATIC
from quiz.web.sign_in import safe_next
from tests.attempts import exam
from tests.running_site import PASSWORD, Site, save, start, submit, until

PUBLIC = ("/sign-in", "/activate", "/forgotten-password", "/privacy", "/sign-out")
PAGE_LIMIT = 100_000
"""Bytes to the first question, as sent without compression."""


class Source(HTMLParser):
    """What a page would run or load."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.inline: list[str] = []
        self.loaded: list[str] = []
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.tags.append(tag)
        self._open.append(tag)
        self.inline += [name for name in given if name.startswith("on") or name == "style"]
        if tag == "script" and not given.get("src"):
            self.inline.append("script")
        if tag in ("script", "link", "img") and (address := given.get("src") or given.get("href")):
            self.loaded.append(address)

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "style":
            self.inline.append("style element")


def begin(site: Site) -> tuple[TestClient, int]:
    """A candidate with an open attempt."""
    phone = site.candidate()
    return phone, start(phone, site.paper_id).json()["id"]


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_answer_strangers(site: Site, path: str) -> None:
    response = site.browser().get(path)

    assert response.status_code == 200
    assert '<html lang="zh-CN">' in response.text
    check_safety(response)


def check_safety(response) -> None:  # type: ignore[no-untyped-def]
    """Headers of every page, and nothing inline for an injected script to hide among."""
    headers = response.headers
    policy = headers["content-security-policy"]
    assert (
        "default-src 'self'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy and "form-action 'self'" in policy
    )
    assert (headers["x-content-type-options"], headers["x-frame-options"], headers["referrer-policy"], headers["cache-control"]) == (
        "nosniff", "DENY", "same-origin", "no-store",
    )  # fmt: skip
    source = Source(response.text)
    assert source.inline == []
    assert all(address.startswith("/assets/") for address in source.loaded)


def test_a_candidates_pages_are_as_safe(site: Site) -> None:
    phone, attempt_id = begin(site)
    pages = [phone.get(path) for path in ("/my", f"/exam/{attempt_id}", "/change-password")]
    submit(phone, attempt_id)
    pages.append(phone.get(f"/exam/{attempt_id}/result"))

    assert [page.status_code for page in pages] == [200] * 4
    for page in pages:
        check_safety(page)


@pytest.mark.parametrize("path", ["/my", "/exam/1", "/exam/1/result", "/change-password"])
def test_strangers_are_sent_to_the_door_and_back_again(site: Site, path: str) -> None:
    response = site.browser().get(path)

    assert (response.status_code, response.headers["location"]) == (303, f"/sign-in?next={path}")
    phone = site.browser()
    entered = phone.post("/sign-in", data={"account": site.spare[0], "password": PASSWORD, "next": path})
    assert (entered.status_code, entered.headers["location"]) == (303, path)


def test_the_root_sends_strangers_to_the_door_trainees_home_and_lets_staff_pass(site: Site) -> None:
    assert site.browser().get("/").headers["location"] == "/sign-in"
    assert site.browser().get("/coverage").headers["location"] == "/sign-in?next=/coverage"
    assert site.browser(site.spare[0]).get("/").headers["location"] == "/my"
    assert site.browser("office").get("/").status_code == 404  # no screens here: Streamlit would answer
    assert site.browser().get("/coverage/../metrics").status_code in (200, 404)


def test_signing_in_lands_trainees_at_home_and_staff_at_the_screens(site: Site) -> None:
    def landing(account: str) -> str:
        response = site.browser().post("/sign-in", data={"account": account, "password": PASSWORD})
        cookie = response.headers["set-cookie"]
        assert response.status_code == 303 and "HttpOnly" in cookie and "SameSite=lax" in cookie
        return response.headers["location"]

    assert [landing(account) for account in (site.spare[0], "office", "trainer", "admin")] == ["/my", "/", "/", "/"]
    signed_in = site.browser("office")
    assert signed_in.get("/sign-in").headers["location"] == "/"


def test_a_wrong_password_says_so_and_keeps_the_account_name_but_not_the_password(site: Site) -> None:
    response = site.browser().post("/sign-in", data={"account": '"><script>alert(1)</script>', "password": "Wrong-wind-26"})

    assert response.status_code == 401
    assert "账号或密码不正确" in response.text and "Wrong-wind-26" not in response.text
    check_safety(response)


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "/%0d%0aSet-Cookie:x", "/a\nb",
        " /my", "", "///evil.example", "/my@evil.example:80", "/my#x",
    ],
)  # fmt: skip
def test_no_link_leads_through_the_door_to_another_site(site: Site, target: str) -> None:
    account = site.spare[0]
    page = site.browser().get("/sign-in", params={"next": target})
    response = site.browser().post("/sign-in", data={"account": account, "password": PASSWORD, "next": target})
    signed_in = site.browser(account).get("/sign-in", params={"next": target})

    assert (response.headers["location"], signed_in.headers["location"]) in {("/my", "/my"), (safe_next(target), safe_next(target))}
    assert not safe_next(target) or re.fullmatch(r"/[^/\\\s]*", safe_next(target))
    assert "evil.example" not in page.text


@pytest.mark.parametrize("path", ["/my", "/exam/12", "/exam/12/result", "/coverage?by=region", "/"])
def test_local_pages_are_fine_to_go_on_to(path: str) -> None:
    assert safe_next(path) == path


def test_a_foreign_page_can_neither_sign_in_nor_out_nor_start(site: Site) -> None:
    phone = site.candidate()
    foreign = {"Origin": "https://evil.example"}

    refused = [
        phone.post("/sign-out", headers=foreign),
        phone.post("/my/start", data={"paper": site.paper_id, "key": "key-00000001"}, headers=foreign),
        site.browser().post("/sign-in", data={"account": "office", "password": PASSWORD}, headers=foreign),
    ]

    assert [response.status_code for response in refused] == [403] * 3
    assert phone.get("/my").status_code == 200
    linked = phone.get("/sign-out", headers={"Sec-Fetch-Site": "cross-site"})
    assert (linked.status_code, phone.get("/my").status_code) == (200, 200)  # only asked, not done


def test_signing_out_closes_the_session_not_only_the_cookie(site: Site) -> None:
    phone = site.candidate()
    token = phone.cookies["ankao_session"]

    assert phone.post("/sign-out").headers["location"] == "/sign-in"

    thief = site.browser()
    thief.cookies.set("ankao_session", token)
    assert thief.get("/api/v1/me").status_code == 401


def test_home_states_the_rules_before_the_start(site: Site) -> None:
    page = site.candidate().get("/my").text

    for words in (
        "燃气安全考试",
        "3 题",
        "30 分钟",
        "满分 12 分",
        "2 次",
        "必须答对",
        "多选题全部选对才得分",
        "本人承诺",
        "交卷后即可查看",
    ):
        assert words in page


def test_starting_without_javascript_is_harmless_when_pressed_twice(site: Site) -> None:
    phone = site.candidate()
    form = {"paper": str(site.paper_id), "key": "key-00000001"}

    first, second = (phone.post("/my/start", data=form) for _ in range(2))

    assert first.headers["location"] == second.headers["location"]
    assert re.fullmatch(r"/exam/\d+", first.headers["location"])
    for wrong in (
        {"paper": "²", "key": "key-00000001"},
        {"paper": "9" * 30, "key": "key-00000001"},
        {"paper": str(site.paper_id), "key": "x"},
        {},
    ):
        response = phone.post("/my/start", data=wrong)
        assert response.status_code == 409 and "页面已过期" in response.text


def test_a_closed_attempt_leads_to_its_result_and_an_open_one_back_to_the_player(site: Site) -> None:
    phone, attempt_id = begin(site)
    open_result = phone.get(f"/exam/{attempt_id}/result")
    submit(phone, attempt_id)

    assert open_result.headers["location"] == f"/exam/{attempt_id}"
    assert phone.get(f"/exam/{attempt_id}").headers["location"] == f"/exam/{attempt_id}/result"


@pytest.mark.parametrize("path", ["/exam/{}", "/exam/{}/result"])
def test_another_persons_paper_is_not_there(site: Site, path: str) -> None:
    _, attempt_id = begin(site)
    stranger = site.candidate()

    for number in (attempt_id, 10**6, 10**30):
        response = stranger.get(path.format(number))
        assert response.status_code == 404
        check_safety(response)


def test_the_players_shell_holds_no_item_and_the_result_shows_what_was_wrong_and_why(site: Site) -> None:
    phone, attempt_id = begin(site)
    shell = phone.get(f"/exam/{attempt_id}").text
    save(phone, attempt_id, {1: ["B"], 2: ["A", "B", "C"]})
    submit(phone, attempt_id)

    result = phone.get(f"/exam/{attempt_id}/result").text

    assert "报警器" not in shell
    for words in (
        "未合格",
        "燃气报警器应装在哪里？",
        "用气的地方才会漏气。",
        "仓库不用气。",
        "第七条",
        "《燃气管理规定》",
        "必须答对",
        "未答",
        "再考一次",
    ):
        assert words in result


def test_what_people_wrote_is_shown_as_text_never_as_markup(site: Site) -> None:
    script, image = "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'
    account = site.spare.pop()
    phone = site.browser(account)

    def spoil(session) -> None:  # type: ignore[no-untyped-def]
        person = session.scalars(select(col(Account.person_id)).where(col(Account.account) == account)).one()
        organisation = session.scalars(select(col(Post.organisation_id)).where(col(Post.person_id) == person)).one()
        session.execute(update(Account).where(col(Account.account) == account).values(name=script))
        session.execute(update(Person).where(col(Person.id) == person).values(name=script))
        session.execute(update(Organisation).where(col(Organisation.id) == organisation).values(name=image))
        session.execute(update(Paper).where(col(Paper.id) == site.paper_id).values(title=image))
        for version in session.scalars(select(ItemVersion).where(col(ItemVersion.stem).contains("穿墙"))):
            version.stem, version.explanation = script, image
            version.options = [{"key": "A", "text": script}, {"key": "B", "text": image}]

    site.change(spoil)
    try:
        attempt_id = start(phone, site.paper_id).json()["id"]
        pages = [phone.get("/my"), phone.get(f"/exam/{attempt_id}")]
        save(phone, attempt_id, {3: ["A"]})
        submit(phone, attempt_id)
        pages += [phone.get(f"/exam/{attempt_id}/result"), phone.get("/verify/<script>alert(1)<!-- -->")]
        pages.append(site.browser().get("/activate", params={"code": '"><script>'}))

        for page in pages:
            assert "<script>alert" not in page.text and "<img" not in page.text and '"><script>' not in page.text
            check_safety(page)
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in pages[0].text
    finally:
        site.change(lambda session: session.execute(update(Paper).where(col(Paper.id) == site.paper_id).values(title="燃气安全考试")))


def test_a_phone_has_the_first_question_after_less_than_100_kilobytes(site: Site) -> None:
    """From the sign-in page to the first item: every page, asset and JSON body on the way, uncompressed."""
    phone = TestClient(site.app, follow_redirects=True)
    seen: dict[str, int] = {}

    def load(address: str) -> str:
        response = phone.get(address)
        assert response.status_code == 200, address
        seen.setdefault(address, len(response.content))
        for asset in Source(response.text).loaded if "html" in response.headers["content-type"] else ():
            if asset not in seen:
                load(asset)
        return response.text

    load("/sign-in")
    phone.post("/sign-in", data={"account": site.spare.pop(), "password": PASSWORD})
    load("/my")
    attempt_id = start(phone, site.paper_id).json()["id"]
    load(f"/exam/{attempt_id}")
    load(f"/api/v1/attempts/{attempt_id}")

    assert sum(seen.values()) < PAGE_LIMIT, seen
    assert len([address for address in seen if address.startswith("/assets/")]) >= 3


def test_assets_are_kept_by_the_phone_until_they_change(site: Site) -> None:
    browser = site.browser()
    (player,) = [address for address in Source(page_of_player(site)).loaded if "player.js" in address]

    assert "immutable" in browser.get(player).headers["cache-control"]
    assert browser.get(player.split("?")[0]).headers["cache-control"] == "no-cache"
    assert browser.get("/assets/../render.py").status_code == 404
    assert {path.suffix for path in STATIC.iterdir()} <= {".css", ".js", ".svg"}


def page_of_player(site: Site) -> str:
    phone, attempt_id = begin(site)
    return phone.get(f"/exam/{attempt_id}").text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/assets/nothing.js", 404), ("GET", "/exam/abc", 404), ("GET", "/my/nothing", 404), ("GET", "/verify/a/b", 404),
        ("POST", "/my", 405), ("DELETE", "/sign-in", 405),
    ],
)  # fmt: skip
def test_a_page_that_is_not_there_is_no_failure(site: Site, method: str, path: str, status: int) -> None:
    response = site.browser().request(method, path)

    assert response.status_code == status
    assert any("\u4e00" <= letter <= "\u9fff" for letter in response.text)


def test_a_mistyped_address_shows_a_way_back(site: Site) -> None:
    response = site.browser().get("/my/nothing", headers={"Accept": "text/html"})

    assert (response.status_code, 'href="/"' in response.text, "没有这个页面" in response.text) == (404, True, True)


def test_a_temporary_password_leads_to_the_change_page_from_everywhere(site: Site) -> None:
    account = site.spare.pop()
    ids = dict(site.change(lambda session: session.execute(exam.select_ids([account])).all()))
    temporary = site.change(lambda session: account_service.reset_password(session, account_id=ids[account], now=clock.now(), actor=SYSTEM))
    phone = site.browser()

    entered = phone.post("/sign-in", data={"account": account, "password": temporary, "next": "/my"})
    forced = [phone.get(path).headers["location"] for path in ("/my", "/exam/1", "/", "/coverage")]
    page = phone.get("/change-password").text
    form = {"current": temporary, "password": "New-breeze-26", "again": "New-breeze-26"}
    refused = [
        phone.post("/change-password", data=form | changed)
        for changed in (
            {"current": "wrong"},
            {"again": "other"},
            {"password": "short", "again": "short"},
            {"password": temporary, "again": temporary},
        )
    ]
    changed = phone.post("/change-password", data=form)

    assert (entered.headers["location"], forced) == ("/change-password", ["/change-password"] * 4)
    assert "临时密码" in page
    assert [response.status_code for response in refused] == [422] * 4
    assert (changed.status_code, changed.headers["location"], phone.get("/my").status_code) == (303, "/my", 200)


def test_first_use_from_the_paper_slip_to_the_papers(site: Site) -> None:
    def issue(session) -> account_service.Slip:  # type: ignore[no-untyped-def]
        account = session.scalars(select(Account).where(col(Account.account) == site.spare.pop())).one()
        person_id, account.person_id = account.person_id, None
        account.account = f"old-{person_id}"
        session.flush()
        everyone = accounts.activation_rows(
            session, reaches=Reaches.everything(), district_code=None, town_code=None, state=None, now=clock.now()
        )
        rows = [row for row in everyone if row.person_id == person_id]
        return account_service.issue_activations(session, rows=rows, now=clock.now(), actor=SYSTEM)[0]

    slip = site.change(issue)
    phone = site.browser()
    form = {"name": slip.name, "phone": slip.phone, "code": slip.code.lower(), "password": "My-breeze-26", "again": "My-breeze-26"}

    refused = [
        phone.post("/activate", data=form | wrong)
        for wrong in ({"name": "李四"}, {"code": "AAAA-AAAA"}, {"again": "x"}, {"phone": "123"}, {"password": "short", "again": "short"})
    ]
    entered = phone.post("/activate", data=form)
    again = site.browser().post("/activate", data=form)

    assert [response.status_code for response in refused] == [422] * 5
    assert all(slip.name in response.text or "李四" in response.text for response in refused)
    assert all("My-breeze-26" not in response.text for response in refused)
    assert (entered.status_code, entered.headers["location"]) == (303, "/my")
    assert "燃气安全考试" in phone.get("/my").text
    assert (again.status_code, "已经使用过" in again.text) == (422, True)


def test_time_that_ran_out_is_said_on_the_result(site: Site) -> None:
    phone, attempt_id = begin(site)
    past = clock.now() - timedelta(seconds=1)
    site.change(lambda session: session.execute(update(Attempt).where(col(Attempt.id) == attempt_id).values(deadline=past)))
    assert until(lambda: phone.get(f"/api/v1/attempts/{attempt_id}").json()["state"] == "expired", seconds=9)
    save(phone, attempt_id, {3: ["B"]}, sequence=2)

    page = phone.get(f"/exam/{attempt_id}/result").text

    assert "到时由服务器自动交卷" in page and "已留存，按规定不计分" in page


def test_a_certificate_that_is_not_there_says_so(site: Site) -> None:
    response = site.browser().get("/verify/AK-2026-000001")

    assert response.status_code == 404 and "AK-2026-000001" in response.text
    check_safety(response)


def test_an_office_has_no_papers_of_its_own_and_is_told_so(site: Site) -> None:
    response = site.browser("office").get("/my")

    assert response.status_code == 409 and "不能参加考试" in response.text


# ---------------------------------------------------------------- operations


def test_the_server_says_that_it_lives_and_is_ready(site: Site) -> None:
    browser = site.browser()

    assert [browser.get(path).json()["status"] for path in ("/healthz", "/readyz")] == ["ok", "ready"]


def test_figures_are_for_the_machine_itself_only(site: Site) -> None:
    browser = site.browser()
    browser.get("/sign-in")

    own, proxied = browser.get("/metrics"), browser.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"})

    assert own.status_code == 200 and 'ankao_requests_total{lane="light",status="200"}' in own.text
    assert proxied.status_code == 403
    assert TestClient(site.app, client=("203.0.113.9", 5000)).get("/metrics").status_code == 403


def test_a_failure_is_said_in_plain_words_and_logged_without_passwords(empty_site: Site, capfd: pytest.CaptureFixture[str]) -> None:
    """The hash of this account is none, which no verification expects."""
    empty_site.change(lambda session: session.add(Account(account="odd", name="某", password_hash="-", created_at=clock.now())))

    response = empty_site.browser().post("/sign-in", data={"account": "odd", "password": PASSWORD})

    logged = capfd.readouterr().err
    assert (response.status_code, "系统暂时繁忙" in response.text) == (503, True)
    assert "light lane failed" in logged and "UnknownHashError" in logged
    assert PASSWORD not in logged and PASSWORD not in response.text


# ---------------------------------------------------------------- first run


def test_the_first_administrator_is_made_once_and_only_with_the_code_of_the_console(
    empty_site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    browser = empty_site.browser()
    assert browser.get("/").headers["location"] == "/sign-in"
    assert browser.get("/sign-in").headers["location"] == "/first-run"
    page = browser.get("/first-run")
    found = re.search(r"设置码：(\S+)", capsys.readouterr().err)
    assert found and page.status_code == 200
    code = found.group(1)
    check_safety(page)
    assert code not in page.text
    form = {"setup_code": code, "account": "root", "name": "管理员", "password": PASSWORD, "again": PASSWORD}

    refused = [
        browser.post("/first-run", data=form | wrong)
        for wrong in (
            {"setup_code": "0000-0000"},
            {"setup_code": "设置码"},
            {"again": "x"},
            {"password": "weak", "again": "weak"},
            {"account": " "},
        )
    ]
    assert [response.status_code for response in refused] == [422] * 5
    made = browser.post("/first-run", data=form)
    assert (made.status_code, made.headers["location"]) == (303, "/")
    assert browser.get("/api/v1/me").json()["roles"] == ["administrator"]

    late = empty_site.browser()
    assert late.get("/first-run").headers["location"] == "/sign-in"
    second = late.post("/first-run", data=form | {"account": "second"})
    assert (second.status_code, "已经有管理员" in second.text) == (409, True)

"""The doors: guessing, sessions, foreign pages, redirects, and what leaks."""

from __future__ import annotations

import logging
import os
import stat
import statistics
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col
from starlette.testclient import TestClient

from quiz import backup as backups
from quiz import clock
from quiz.accounts import queries
from quiz.accounts.domain import ADDRESS_FAILURES, CODE_ALPHABET
from quiz.accounts.labels import ACTIONS
from quiz.keyed_digest import keyed_digest
from quiz.models.accounts import Account, AuditEvent, SignIn, SignInFailure
from quiz.settings import settings
from quiz.web.sign_in import safe_next
from tests.running_site import PASSWORD, Site, save, start, submit
from tests.security.conftest import Town, account_id


@pytest.fixture(autouse=True)
def forgiven(town: Town) -> None:
    """Guesses of the test before are forgotten: all tests come from one address."""
    town.site.change(lambda session: session.execute(delete(SignInFailure)))


# 猜 -------------------------------------------------------------------------------------------------------------------


def test_the_sixth_guess_is_not_even_looked_at_through_either_door(town: Town) -> None:
    victim = town.site.spare.pop()
    guess = {"account": victim, "password": "Wrong-wind-26"}

    through_json = [town.site.browser().post("/api/v1/session", json=guess).status_code for _ in range(5)]
    right = {"account": victim, "password": PASSWORD}

    assert through_json == [401] * 4 + [429]
    assert town.site.browser().post("/api/v1/session", json=right).status_code == 429
    assert town.site.browser().post("/sign-in", data=right).status_code == 429


def test_a_hundred_accounts_with_one_password_each_bar_the_address(town: Town) -> None:
    """Spraying: no account is guessed at twice."""
    for _ in range(ADDRESS_FAILURES - 1):
        town.site.change(lambda s: s.add(SignInFailure(address="testclient", account="x", at=clock.now())))
    assert town.site.browser().post("/api/v1/session", json={"account": "n1", "password": "Winter-2026"}).status_code == 401

    barred = town.site.browser().post("/api/v1/session", json={"account": "n2", "password": "Winter-2026"})
    activation = town.site.browser().post("/activate", data={"code": "AAAA-AAAA", "name": "x", "phone": "13800000000"})

    assert (barred.status_code, activation.status_code) == (429, 429)
    assert (
        town.site.browser().post("/api/v1/session", json={"account": "office", "password": PASSWORD}).status_code == 204
    )  # known from here


def test_guesses_at_activation_codes_count_like_passwords(town: Town) -> None:
    before = failures(town.site)
    form = {"code": "AAAA-AAAA", "name": "王海1", "phone": "13800000000", "password": PASSWORD, "again": PASSWORD}

    answer = town.site.browser().post("/activate", data=form)

    assert (answer.status_code, failures(town.site) - before) == (422, 1)
    assert len(CODE_ALPHABET) ** 8 > 10**11


def failures(site: Site) -> int:
    with site.db.reading() as session:
        return len(session.scalars(select(col(SignInFailure.id))).all())


def test_an_unknown_account_is_answered_like_a_wrong_password_in_words_and_time(town: Town) -> None:
    def ask(account: str) -> tuple[str, float]:
        town.site.change(lambda s: s.execute(delete(SignInFailure)))
        town.site.change(lambda s: s.execute(text("update account set failures = 0, locked_until = null")))
        begun = time.perf_counter()
        answer = town.site.browser().post("/api/v1/session", json={"account": account, "password": "Wrong-wind-26"})
        return answer.text, time.perf_counter() - begun

    ask("nobody-at-all")
    asked = {name: [ask(name) for _ in range(9)] for name in ("nobody-at-all", "disabled", "office")}

    assert len({words for answers in asked.values() for words, _ in answers}) == 1
    middles = [statistics.median(took for _, took in answers) for answers in asked.values()]
    assert max(middles) < 3 * min(middles)


# 会话 -----------------------------------------------------------------------------------------------------------------


def test_every_sign_in_has_a_token_of_its_own_and_takes_none_from_outside(town: Town) -> None:
    planted = TestClient(town.site.app, cookies={"ankao_session": "planted-by-somebody-else"}, follow_redirects=False)

    answers = [
        planted.post("/sign-in", data={"account": "office", "password": PASSWORD, "ankao_session": "planted"}),
        town.site.browser().post("/api/v1/session", json={"account": "office", "password": PASSWORD}),
    ]

    tokens = [answer.headers["set-cookie"].split(";")[0].partition("=")[2] for answer in answers]
    assert len({*tokens, "planted-by-somebody-else"}) == 3
    assert all(len(token) >= 43 for token in tokens)  # 32 random bytes
    with town.site.db.reading() as session:
        stored = set(session.scalars(select(col(SignIn.token_digest))))
        assert queries.user_of_token(session, "planted-by-somebody-else", now=clock.now()) is None
    assert not stored & set(tokens) and {queries.token_digest(token) for token in tokens} <= stored


def test_a_changed_password_ends_every_other_session_and_keeps_this_one(town: Town) -> None:
    name = town.site.spare.pop()
    here, elsewhere = town.site.browser(name), town.site.browser(name)
    changed = {"current": PASSWORD, "password": "Another-sea-27", "again": "Another-sea-27"}

    assert here.post("/change-password", data=changed).status_code == 303

    assert [browser.get("/api/v1/me").status_code for browser in (here, elsewhere)] == [200, 401]


def test_an_expired_session_opens_nothing_and_a_save_through_it_neither(town: Town) -> None:
    name = town.site.spare.pop()
    browser = town.site.browser(name)
    attempt = start(browser, town.site.paper_id).json()["id"]
    with town.site.db.transaction() as session:
        number = account_id(session, name)
        for row in session.scalars(select(SignIn).where(col(SignIn.account_id) == number)):
            row.expires_at = clock.now() - timedelta(seconds=1)

    assert (browser.get("/api/v1/me").status_code, save(browser, attempt, {1: ["A"]}).status_code) == (401, 401)


def test_a_temporary_password_saves_no_answer(town: Town) -> None:
    """Whoever gave it out knows it too."""
    name = town.site.spare.pop()
    browser = town.site.browser(name)
    attempt = start(browser, town.site.paper_id).json()["id"]
    with town.site.db.transaction() as session:
        session.get_one(Account, account_id(session, name)).must_change_password = True

    assert save(browser, attempt, {1: ["A"]}).status_code == 401
    assert submit(browser, attempt).status_code == 403


# 外站 -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "null"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://testserver.evil.example"},
        {"Origin": "http://testserver@evil.example"},
        {"Origin": "http://testserver:81"},
        {"Origin": "evil"},
        {"Origin": "http://TESTSERVER.evil.example"},
        {"Origin": "http://evil.example", "X-Forwarded-Host": "evil.example"},
        {"Origin": "http://evil.example", "X-HTTP-Method-Override": "GET"},
        {"Origin": "http://evil.example", "Content-Type": "text/plain"},
    ],
)
def test_no_foreign_page_changes_anything(town: Town, headers: dict[str, str]) -> None:
    candidate = town.browsers["trainee"]
    acts = (
        candidate.post("/my/start", data={"paper": str(town.site.paper_id), "key": "foreign-page"}, headers=headers),
        candidate.post("/api/v1/attempts", json={"paper": town.site.paper_id}, headers={"Idempotency-Key": "foreign-page", **headers}),
        candidate.put(f"/api/v1/attempts/{town.open_attempt}/responses", json={"responses": []}, headers=headers),
        candidate.post(f"/api/v1/attempts/{town.open_attempt}/submission", headers=headers),
        candidate.delete("/api/v1/session", headers=headers),
        candidate.post("/sign-out", headers=headers),
        candidate.post("/change-password", data={"current": PASSWORD, "password": "x", "again": "x"}, headers=headers),
    )

    assert [answer.status_code for answer in acts] == [403] * 7
    assert candidate.get("/api/v1/me").status_code == 200


def test_a_method_in_a_header_or_in_the_body_is_not_believed(town: Town) -> None:
    candidate = town.browsers["trainee"]

    for answer in (
        candidate.get("/api/v1/session", headers={"X-HTTP-Method-Override": "DELETE"}),
        candidate.get("/my/start", params={"_method": "POST", "paper": town.site.paper_id}),
        candidate.get("/sign-out", headers={"Sec-Fetch-Site": "cross-site"}),
        candidate.get("/sign-out", headers={"Sec-Fetch-Site": "none"}),
    ):
        assert answer.status_code in (200, 405)
    assert candidate.get("/api/v1/me").status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80@testserver", "testserver/evil"])
def test_a_false_host_turns_no_redirect_away(town: Town, host: str) -> None:
    for path in ("/", "/my", "/coverage", "/exam/1", "/change-password"):
        location = town.site.browser().get(path, headers={"Host": host}).headers["location"]
        assert location.startswith("/") and "evil" not in location


TARGETS = (
    "//evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "/%5cevil.example",
    "/%2f%2fevil.example",
    "javascript:alert(1)",
    "http:evil.example",
    "https://evil.example",
    "///evil.example",
    "/ /evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\nSet-Cookie: a=b",
    "/my#@evil",
    "/@evil",
    "data:text/html,x",
    "",
    "my",
)


@pytest.mark.parametrize("target", TARGETS)
def test_the_way_on_stays_on_this_site(target: str) -> None:
    """What is let through is one path of this site: one slash, then nothing a browser could read as another host."""
    allowed = safe_next(target)

    assert allowed == "" or (allowed[0] == "/" and allowed[1:2] not in ("/", "\\") and not set(allowed) & set("\\\r\n\t @:#"))
    assert allowed == (target if target in ("/%5cevil.example", "/%2f%2fevil.example") else "")


# 泄露 -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Forwarded-Proto", "Via"])
def test_figures_are_not_given_through_a_proxy_on_the_same_machine(town: Town, header: str) -> None:
    assert town.site.browser().get("/metrics", headers={header: "203.0.113.9"}).status_code == 403


def test_before_the_review_no_answer_holds_key_mark_or_reason(town: Town) -> None:
    """The strictest policy: after the closing."""
    site = town.site
    site.change(lambda session: session.execute(text("update paper set review_policy = 'after_close'")))
    try:
        browser = site.browser(site.spare.pop())
        answers = [browser.get("/api/v1/me/papers"), browser.get("/my")]
        begun = start(browser, site.paper_id)
        attempt = begun.json()["id"]
        answers += [begun, save(browser, attempt, {1: ["B"]}), browser.get(f"/api/v1/attempts/{attempt}"), browser.get(f"/exam/{attempt}")]
        answers += [submit(browser, attempt), browser.get(f"/api/v1/attempts/{attempt}"), browser.get(f"/exam/{attempt}/result")]
    finally:
        site.change(lambda session: session.execute(text("update paper set review_policy = 'after_hand_in'")))

    everything = "".join(answer.text + str(answer.headers) for answer in answers)
    assert [answer.status_code for answer in answers] == [200, 200, 201, 200, 200, 200, 200, 200, 200]
    words = (
        "用气的地方才会漏气",
        "前三项是法定职责",
        "软管不得穿墙",
        "仓库不用气",
        "代签是造假",
        '"key": ["',
        '"marks"',
        "正确答案",
        "rationale",
    )
    assert [word for word in words if word in everything] == []


def test_a_failure_shows_no_trace_and_its_log_no_values(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    database = town.site.db
    secret = "13987654321"
    with caplog.at_level(logging.DEBUG), pytest.raises(IntegrityError) as failed, database.transaction() as session:
        for _ in range(2):
            session.add(Account(account=secret, name="某", password_hash="$argon2id$secret", created_at=clock.now()))
        session.flush()

    assert secret not in str(failed.value) and "argon2id" not in str(failed.value) and secret not in caplog.text


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/attempts/99999999999999999999",
        "/api/v1/attempts/-1",
        "/api/v1/coverage/%00",
        "/api/v1/coverage/gas-2026?as_of=0001-01-01",
        "/api/v1/coverage/gas-2026?as_of=9999-12-31",
        "/api/v1/coverage/gas-2026?by=password",
        "/api/v1/coverage/" + "x" * 5000,
        "/api/v1/certificates/<script>",
        "/verify/%00",
        "/verify/<script>alert(1)</script>",
        "/exam/99999999999999999999",
        "/activate?code=<script>",
        "/sign-in?next=%ff%fe",
    ],
)
def test_odd_addresses_are_refused_without_a_trace(town: Town, path: str) -> None:
    for who in ("stranger", "trainee", "office"):
        answer = town.browsers[who].get(path)
        assert answer.status_code < 500, (who, answer.text)
        assert (
            "Traceback" not in answer.text
            and "<script>" not in answer.text.replace("<script src=", "")
            or "json" in answer.headers["content-type"]
        )


def test_backups_and_the_key_are_their_owners_alone(tmp_path: Path, town: Town) -> None:
    keyed_digest("x")
    path = tmp_path / "ankao.zip"
    old = os.umask(0)
    try:
        backups.backup(town.site.db, path)
    finally:
        os.umask(old)

    assert [oct(stat.S_IMODE(each.stat().st_mode)) for each in (path, settings().secret_file)] == ["0o600", "0o600"]


def test_the_trail_holds_sign_ins_and_no_password(town: Town) -> None:
    town.site.browser().post("/api/v1/session", json={"account": "office", "password": "Not-the-one-26"})
    town.site.browser("office")
    with town.site.db.reading() as session:
        rows = session.scalars(
            select(AuditEvent).where(col(AuditEvent.account) == "office").order_by(col(AuditEvent.id).desc()).limit(2)
        ).all()

    assert [(row.action, row.result, row.address) for row in rows] == [
        ("sign_in", "done", "testclient"),
        ("sign_in", "refused", "testclient"),
    ]
    assert "Not-the-one-26" not in str([row.model_dump() for row in rows])


REQUIRED = {
    "sign_in",
    "change_password",
    "reset_password",
    "create_account",
    "disable_account",
    "import_roster",
    "undo_roster_import",
    "merge_organisation",
    "merge_persons",
    "export",
    "export_coverage",
    "export_scores",
    "export_audit",
    "grant_extension",
    "extend_due",
    "exempt",
    "withdraw_exemption",
    "create_programme",
    "edit_programme",
    "open_programme",
    "close_programme",
    "publish_paper",
    "withdraw_paper",
    "draft_item",
    "review_item",
    "send_back_item",
    "discard_draft",
    "publish_item",
    "withdraw_item",
    "restore_item",
    "load_edition",
    "edition_took_effect",
    "change_principal",
    "move_organisation",
    "set_status",
    "snapshot",
    "backup",
    "issue_activations",
    "set_setting",
    "import_bank",
    "undo_import",
    "undo_bulk",
    "export_bank",
    "merge_banks",
    "request_exemption",
    "first_exemption_opinion",
    "refuse_exemption",
    "end_exemption",
    "withdraw_exemption_request",
    "open_exemption_paper",
    "create_class",
    "edit_class",
    "class_state",
    "open_sign_in",
    "shut_sign_in",
    "register_class",
    "cancel_registration",
    "attend",
    "leave_class",
    "add_presence",
    "settle_presence",
    "void_presence",
    "restore_presence",
    "import_sheet",
    "undo_sheet",
    "create_institution",
    "edit_institution",
    "review_institution",
    "withdraw_review",
    "strike_off_institution",
    "put_back_institution",
    "export_call_list",
    "log_contact",
    "withdraw_contact",
    "export_certificates",
    "revoke_certificate",
    "restore_certificate",
    "replace_certificate",
    "export_dossier",
    "export_street_lists",
    "publish_notice",
    "publish_ledger",
    "publish_year",
    "set_reminders_live",
    "add_reminder",
    "remove_reminder",
    "plan_reminders",
    "set_address",
    "change_template",
    "send_again",
    "cancel_message",
    "correct_duplicate",
    "undo_merge",
    "undo_person_merge",
    "confirm_quality",
    "revoke_quality",
    "correct_phone",
    "correct_tenure",
    "create_from_template",
}
"""等保 2.0: sign-in, import and export, changes of scores, roster and rules, and what keeps the records."""


def test_everything_that_must_be_on_the_trail_is_written_somewhere() -> None:
    root = Path(__file__).parents[2] / "quiz"
    source = "".join(path.read_text(encoding="utf-8") for path in root.rglob("*.py") if path.name != "labels.py")

    assert sorted(action for action in REQUIRED if f'"{action}"' not in source) == []
    assert set(ACTIONS) >= REQUIRED

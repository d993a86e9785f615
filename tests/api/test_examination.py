"""An examination over HTTP: from the door to the result, with everything that goes wrong on the way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from quiz import clock
from quiz.accounts import service as accounts
from quiz.accounts.audit import SYSTEM
from quiz.models.accounts import Account, SignIn
from quiz.models.attempts import Attempt
from quiz.models.banks import Bank
from tests.attempts import exam
from tests.running_site import PASSWORD, PROGRAMME, RONGCHENG, Site, save, start, submit, until

FIXED_PATHS = {
    "/session": {"post", "delete"},
    "/me": {"get"},
    "/me/papers": {"get"},
    "/attempts": {"post"},
    "/attempts/{attempt_id}": {"get"},
    "/attempts/{attempt_id}/responses": {"put"},
    "/attempts/{attempt_id}/submission": {"post"},
    "/certificates/{number}": {"get"},
    "/coverage/{programme}": {"get"},
}


def problem(response: Any, status: int, code: str) -> str:
    """Check that it is a refusal as promised, and answer with its Chinese detail."""
    body = response.json()
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json"), response.text
    assert (body["status"], body["code"]) == (status, code)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in body["detail"])
    return str(body["detail"])


def test_a_whole_examination(site: Site) -> None:
    phone = site.candidate()
    office = site.browser("office")

    def completed() -> tuple[int, int, int, float]:
        total = office.get(f"/api/v1/coverage/{PROGRAMME}").json()["total"]
        return total["trained"], total["examined"], total["completed"], total["rate"]

    trained, examined, passed, _ = completed()
    me, papers = phone.get("/api/v1/me").json(), phone.get("/api/v1/me/papers").json()["papers"]
    assert (me["roles"], me["is_staff"], me["has_person"]) == (["trainee"], False, True)
    assert [(paper["id"], paper["programme"], paper["attempts_left"], paper["open_attempt"]) for paper in papers] == [
        (site.paper_id, "用气餐饮负责人培训", 2, None)
    ]

    begun = start(phone, site.paper_id)
    attempt_id = begun.json()["id"]
    resumed = start(phone, site.paper_id, key="key-00000002")
    assert (begun.status_code, resumed.status_code, resumed.json()["id"]) == (201, 200, attempt_id)
    assert phone.get("/api/v1/me/papers").json()["papers"][0]["open_attempt"] == attempt_id

    assert save(phone, attempt_id, exam.RIGHT, sequence=5).json()["saved"] == [{"position": n, "sequence": 5} for n in (1, 2, 3)]
    stale = save(phone, attempt_id, {1: ["B"]}, sequence=4)
    assert (stale.status_code, stale.json()["saved"]) == (200, [{"position": 1, "sequence": 5}])
    assert phone.get(f"/api/v1/attempts/{attempt_id}").json()["responses"] == [
        {"position": position, "answer": answer, "sequence": 5} for position, answer in exam.RIGHT.items()
    ]

    first, again = submit(phone, attempt_id), submit(phone, attempt_id)
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    result = first.json()
    assert datetime.fromisoformat(result.pop("handed_in_at")) <= clock.now()
    assert result == {
        "id": attempt_id, "state": "handed_in", "score": 12.0, "max_score": 12.0, "cut_score": 8.0, "passed": True, "correct": 3, "total": 3,
        "must_failed": 0,
    }  # fmt: skip

    assert "不计分" in problem(save(phone, attempt_id, {1: ["C"]}, sequence=9), 409, "closed")
    after = completed()
    assert after[:3] == (trained + 1, examined + 1, passed + 1)
    assert after[3] == pytest.approx((passed + 1) / 24)


def test_signing_in_sets_a_cookie_that_scripts_and_foreign_sites_cannot_use(site: Site) -> None:
    browser = site.browser()

    response = browser.post("/api/v1/session", json={"account": " office ", "password": PASSWORD})

    cookie = response.headers["set-cookie"]
    assert response.status_code == 204
    assert cookie.startswith("ankao_session=") and "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/" in cookie
    assert "Max-Age=43200" in cookie  # staff: twelve hours
    assert browser.get("/api/v1/me").status_code == 200
    assert browser.delete("/api/v1/session").status_code == 204
    assert browser.get("/api/v1/me").status_code == 401


def test_a_wrong_password_and_an_unknown_account_are_told_alike_and_the_fifth_locks(site: Site) -> None:
    account = site.spare.pop()
    browser = site.browser()

    def knock(name: str, password: str = "Wrong-wind-26") -> Any:
        return browser.post("/api/v1/session", json={"account": name, "password": password})

    unknown = problem(knock("nobody"), 401, "wrong_password")
    wrong = [problem(knock(account), 401, "wrong_password") for _ in range(4)]
    assert set(wrong) == {unknown}
    problem(knock(account), 429, "locked")
    problem(knock(account, PASSWORD), 429, "locked")  # the right one comes too late
    assert problem(knock("nul\0\0"), 401, "wrong_password") == unknown


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/me"), ("GET", "/me/papers"), ("POST", "/attempts"), ("GET", "/attempts/1"), ("PUT", "/attempts/1/responses"),
        ("POST", "/attempts/1/submission"), ("GET", f"/coverage/{PROGRAMME}"),
    ],
)  # fmt: skip
def test_whoever_is_not_signed_in_gets_nowhere(site: Site, method: str, path: str) -> None:
    bodies: dict[str, Any] = {
        "/attempts": {"paper": site.paper_id}, "/attempts/1/responses": {"responses": [{"position": 1, "answer": ["A"], "sequence": 1}]}
    }  # fmt: skip
    stranger = site.browser()

    response = stranger.request(method, f"/api/v1{path}", json=bodies.get(path), headers={"Idempotency-Key": "key-00000001"})

    problem(response, 401, "not_signed_in")


def test_another_persons_attempt_is_not_there(site: Site) -> None:
    mine, stranger = site.candidate(), site.candidate()
    attempt_id = start(mine, site.paper_id).json()["id"]

    problem(stranger.get(f"/api/v1/attempts/{attempt_id}"), 404, "not_found")
    problem(save(stranger, attempt_id, {1: ["A"]}), 404, "not_found")
    problem(submit(stranger, attempt_id), 404, "not_found")
    problem(mine.get(f"/api/v1/attempts/{10**25}"), 404, "not_found")
    problem(save(mine, 10**25, {1: ["A"]}), 404, "not_found")
    assert mine.get(f"/api/v1/attempts/{attempt_id}").json()["responses"] == []


def test_no_key_or_explanation_leaves_before_or_after_the_hand_in(site: Site) -> None:
    phone = site.candidate()
    begun = start(phone, site.paper_id)
    attempt_id = begun.json()["id"]
    bodies = [begun, phone.get(f"/api/v1/attempts/{attempt_id}"), save(phone, attempt_id, {1: ["B"]}), phone.get("/api/v1/me/papers")]
    bodies += [submit(phone, attempt_id), phone.get(f"/api/v1/attempts/{attempt_id}")]

    secrets = {"explanation", "rationales", "rationale", "is_key", "marks", "clauses", "review"}
    assert [secrets & set(exam.field_names(body.json())) for body in bodies] == [set()] * len(bodies)
    assert [body.text for body in bodies if "用气的地方" in body.text] == []


def test_a_trainee_has_no_business_in_coverage_and_an_office_none_in_examinations(site: Site) -> None:
    problem(site.candidate().get(f"/api/v1/coverage/{PROGRAMME}"), 403, "forbidden")
    problem(site.browser("trainer").get(f"/api/v1/coverage/{PROGRAMME}"), 403, "forbidden")
    problem(site.browser("office").get("/api/v1/me/papers"), 409, "no_person")
    problem(start(site.browser("office"), site.paper_id), 409, "no_person")


def test_an_office_of_one_district_sees_that_district_only(site: Site) -> None:
    def groups(account: str) -> dict[str, int]:
        body = site.browser(account).get(f"/api/v1/coverage/{PROGRAMME}", params={"by": "region"}).json()
        assert body["total"]["due"] == sum(group["due"] for group in body["groups"])
        return {group["key"]: group["due"] for group in body["groups"]}

    assert groups("office") == {"371002": 12, RONGCHENG: 12}
    assert groups("district") == {RONGCHENG: 12}
    assert "371002" not in site.browser("district").get(f"/api/v1/coverage/{PROGRAMME}", params={"by": "town"}).text


def test_coverage_says_what_its_rate_means(site: Site) -> None:
    office = site.browser("office")
    body = office.get(f"/api/v1/coverage/{PROGRAMME}", params={"as_of": "2020-01-01"}).json()

    assert (body["programme"], body["as_of"], body["policy"], body["unit"]) == (PROGRAMME, "2020-01-01", "designated", "enterprise")
    assert body["total"] == {"due": 0, "trained": 0, "examined": 0, "passed": 0, "completed": 0, "exempt": 0, "rate": None}
    assert office.get("/api/v1/coverage/no-such-programme").status_code == 404
    problem(office.get(f"/api/v1/coverage/{PROGRAMME}", params={"by": "colour"}), 422, "invalid_request")
    problem(office.get(f"/api/v1/coverage/{PROGRAMME}", params={"as_of": "someday"}), 422, "invalid_request")


def test_a_page_of_another_site_cannot_act_for_a_signed_in_person(site: Site) -> None:
    phone = site.candidate()

    def act(origin: str) -> Any:
        return phone.post("/api/v1/attempts", json={"paper": site.paper_id}, headers={"Idempotency-Key": "key-00000001", "Origin": origin})

    for foreign in ("https://evil.example", "null", "http://testserver.evil.example", "http://testserver:81"):
        problem(act(foreign), 403, "foreign_origin")
    assert phone.delete("/api/v1/session", headers={"Origin": "https://evil.example"}).status_code == 403
    assert phone.get("/api/v1/me/papers").json()["papers"][0]["open_attempt"] is None
    assert act("http://testserver").status_code == 201


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"responses": []}, "responses"),
        ({"responses": [{"position": 0, "answer": [], "sequence": 1}]}, "position"),
        ({"responses": [{"position": 1, "answer": [], "sequence": 2**31}]}, "sequence"),
        ({"responses": [{"position": 1, "answer": "A", "sequence": 1}]}, "answer"),
        ({"responses": [{"position": 1, "answer": [], "sequence": 1, "mark": 5}]}, "mark"),
        ({}, "responses"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_by_field_in_chinese(site: Site, body: dict[str, Any], named: str) -> None:
    response = site.browser("office").put("/api/v1/attempts/1/responses", json=body)

    assert named in problem(response, 422, "invalid_request")


def test_what_is_not_json_or_not_there_is_said_in_chinese(site: Site) -> None:
    office = site.browser("office")

    broken = office.post("/api/v1/session", content="{", headers={"content-type": "application/json"})
    assert problem(broken, 422, "invalid_json") == "请求体不是合法的 JSON。"
    problem(office.get("/api/v1/nothing"), 404, "http_404")
    problem(office.delete("/api/v1/me"), 405, "http_405")
    problem(office.get("/api/v1/certificates/AK-2026-000001"), 404, "no_certificate")


def test_answers_the_form_does_not_allow_are_refused(site: Site) -> None:
    phone = site.candidate()
    attempt_id = start(phone, site.paper_id).json()["id"]

    problem(save(phone, attempt_id, {1: ["Z"]}), 422, "option")
    problem(save(phone, attempt_id, {1: ["A", "B"]}), 422, "option")
    problem(save(phone, attempt_id, {9: ["A"]}), 422, "position")


@pytest.mark.parametrize("key", [None, "short", "x" * 81])
def test_a_start_needs_an_idempotency_key(site: Site, key: str | None) -> None:
    headers = {"Idempotency-Key": key} if key else {}
    response = site.browser("office").post("/api/v1/attempts", json={"paper": site.paper_id}, headers=headers)

    assert "idempotency-key" in problem(response, 422, "invalid_request").lower()


def test_a_paper_that_no_duty_asks_for_is_not_there(site: Site) -> None:
    now = clock.now()
    other = site.change(lambda session: exam.paper(session, now=now, title="别人的试卷"))
    phone = site.candidate()

    problem(start(phone, other), 404, "not_assigned")
    problem(start(phone, 10**6), 404, "not_assigned")
    problem(start(phone, 10**20), 422, "invalid_request")


def test_a_temporary_password_opens_nothing_but_the_way_to_change_it(site: Site) -> None:
    account = site.spare.pop()
    phone = site.browser(account)
    site.change(lambda session: session.execute(update(Account).where(Account.account == account).values(must_change_password=True)))  # type: ignore[arg-type]

    assert phone.get("/api/v1/me").json()["must_change_password"] is True
    problem(phone.get("/api/v1/me/papers"), 403, "must_change_password")
    problem(start(phone, site.paper_id), 403, "must_change_password")


def test_a_disabled_account_and_an_expired_sign_in_are_out_at_once(site: Site) -> None:
    disabled, expired = site.spare.pop(), site.spare.pop()
    phones = [site.browser(account) for account in (disabled, expired)]
    attempts = [start(phone, site.paper_id).json()["id"] for phone in phones]
    ids = dict(site.change(lambda session: session.execute(exam.select_ids([disabled, expired])).all()))

    site.change(lambda session: accounts.set_disabled(session, account_id=ids[disabled], disabled=True, now=clock.now(), actor=SYSTEM))
    site.change(lambda session: session.execute(update(SignIn).where(SignIn.account_id == ids[expired]).values(expires_at=clock.now())))  # type: ignore[arg-type]

    for phone, attempt_id in zip(phones, attempts, strict=True):
        problem(phone.get(f"/api/v1/attempts/{attempt_id}"), 401, "not_signed_in")
        problem(save(phone, attempt_id, {1: ["A"]}), 401, "not_signed_in")


def test_submissions_at_once_are_one(site: Site) -> None:
    phone = site.candidate()
    attempt_id = start(phone, site.paper_id).json()["id"]
    save(phone, attempt_id, {1: ["A"], 3: ["B"]})

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: submit(phone, attempt_id).json(), range(48)))

    assert answers == [answers[0]] * 48
    assert answers[0]["score"] == 6.0
    assert phone.get("/api/v1/me/papers").json()["papers"][0]["attempts_taken"] == 1


def test_the_clock_hands_in_what_nobody_hands_in(site: Site) -> None:
    phone = site.candidate()
    attempt_id = start(phone, site.paper_id).json()["id"]
    save(phone, attempt_id, {1: ["A"]})
    deadline = clock.now() - timedelta(seconds=1)
    site.change(lambda session: session.execute(update(Attempt).where(Attempt.id == attempt_id).values(deadline=deadline)))  # type: ignore[arg-type]

    assert until(lambda: phone.get(f"/api/v1/attempts/{attempt_id}").json()["state"] == "expired", seconds=9)
    result = submit(phone, attempt_id).json()
    assert (result["state"], result["score"], result["handed_in_at"]) == ("expired", 4.0, deadline.isoformat())
    problem(save(phone, attempt_id, {2: ["A"]}, sequence=7), 409, "closed")


def test_the_description_names_the_fixed_paths(site: Site) -> None:
    described = site.browser().get("/api/v1/openapi.json").json()["paths"]

    assert {path: set(methods) for path, methods in described.items() if path in FIXED_PATHS} == FIXED_PATHS


def test_the_served_installation_has_its_shipped_banks(site: Site) -> None:
    def codes(session: Any) -> set[str]:
        return {bank.code for bank in session.query(Bank)}

    assert site.change(codes) >= {"trade-industry", "confined-space", "work-safety-law", "shandong-work-safety-regulation"}

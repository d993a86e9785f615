"""The routes of classes, certificates and study: odd numbers, broken forms, foreign pages, guessing, and whom an act is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlmodel import Session, col
from starlette.testclient import TestClient

from quiz import clock, wiring
from quiz.accounts.audit import SYSTEM
from quiz.certificates import service as issuing
from quiz.classes import attendance, codes, service
from quiz.classes.reach import ClassReach
from quiz.classes.service import ClassDraft, LessonDraft, SiteDraft
from quiz.http import misses, running
from quiz.http.misses import Misses, TooManyMisses
from quiz.models.accounts import SignInFailure
from quiz.models.banks import Clause, LearningCard
from quiz.models.certificates import Certificate
from quiz.models.classes import ClassSite, Presence, Registration
from quiz.models.training import Duty, Programme, StudyTime
from quiz.training import study
from quiz.vocabulary import SiteKind
from tests.running_site import HUANCUI, PASSWORD, PROGRAMME, RONGCHENG, Site
from tests.security.conftest import Town, town

__all__ = ["town"]

BIG = "9" * 20
BROKEN = {"content": b"\xff\xfe", "headers": {"content-type": "multipart/form-data; boundary=x"}}
NO_BOUNDARY = {"content": b"x", "headers": {"content-type": "multipart/form-data"}}


@pytest.fixture(autouse=True)
def forgiven(town: Town) -> None:
    """Guesses of the test before are forgotten: all tests come from one address."""
    town.site.change(lambda session: session.execute(delete(SignInFailure)))
    running.running().misses.counted.clear()


# 怪地址 ---------------------------------------------------------------------------------------------------------------

ODD: tuple[tuple[str, str, dict[str, Any]], ...] = (
    *(("GET", f"/attend/{BIG}{part}", {}) for part in ("", "/screen", "/code")),
    *(("GET", f"/attend/1?c={text}", {}) for text in ("<script>", "%00%ff", "%0d%0aSet-Cookie:%20a=b", "签到码签到码")),
    *(("GET", f"/verify{path}", {}) for path in ("?number=" + "x" * 5000, "?number=%00", "?number=<script>", "/" + "x" * 5000)),
    *(("GET", f"/my/certificates/{path}", {}) for path in ("%00.pdf", "x.pdf", "x.exe", "..%2f..%2fsecret.key", "x" * 3000)),
    *(("GET", f"/learn/{path}", {}) for path in ("%00", "%00/x", "a/%00", "a/b?exam=<script>")),
    *(("GET", f"/api/v1/classes/{number}/presences", {}) for number in (BIG, "-1", "x")),
    ("GET", "/api/v1/certificates/%00", {}),
    ("POST", f"/attend/{BIG}", {"data": {"act": "in"}}),
    ("POST", f"/attend/{BIG}/screen", {"data": {"act": "open"}}),
    ("POST", "/attend/1", {"data": {"code": "\x00<b>"}}),
    *(("POST", path, BROKEN) for path in ("/attend/1", "/attend/1/screen", "/my/classes/register", "/my/classes/code")),
    ("POST", "/my/classes/register", NO_BOUNDARY),
    ("POST", "/my/classes/register", {"files": {"site": ("a.txt", b"1")}}),
    *(("POST", "/my/classes/register", {"data": {"site": text}}) for text in (BIG, "-1", "１", "1e3", "")),
    ("POST", "/my/classes/cancel", {"data": {"session": BIG}}),
    *(("POST", "/my/classes/code", {"data": {"code": text}}) for text in ("<b>", "\x00", "9" * 5000)),
    ("POST", "/api/v1/me/study", {"json": {"card": "a\x00b"}}),
    *((method, f"/api/v1/me/classes/{BIG}/seat", {"json": {"site": 5}} if method == "PUT" else {}) for method in ("PUT", "DELETE")),
    ("PUT", "/api/v1/me/classes/1/seat", {"json": {"site": 10**30}}),
    *(
        ("POST", "/api/v1/me/attendance", {"json": {"site": site, "code": code, "act": "in"}})
        for site, code in ((1, "１２３４５６"), (1, "\x00" * 6), (10**30, "123456"), (1, "1234567"))
    ),
)


def test_no_odd_request_is_a_failure_of_ours(town: Town) -> None:
    failed = []
    for method, path, given in ODD:
        for who in ("stranger", "trainee", "office"):
            answer = town.browsers[who].request(method, path, **given)
            said = answer.text.replace("<script src=", "") if "json" not in answer.headers.get("content-type", "") else ""
            if answer.status_code >= 500 or "Traceback" in said or "<script>" in said or "a=b" in answer.headers.get("set-cookie", ""):
                failed.append((who, method, path[:60], answer.status_code))

    assert failed == []


def test_a_body_without_end_is_refused_as_too_large(town: Town) -> None:
    def endless() -> Iterator[bytes]:
        yield b"site="
        for _ in range(40):
            yield b"1" * 50_000

    headers = {"content-type": "application/x-www-form-urlencoded"}
    answers = [town.browsers["trainee"].post(path, content=endless(), headers=headers) for path in ("/my/classes/register", "/attend/1")]

    assert [answer.status_code for answer in answers] == [413, 413]


def test_no_foreign_page_acts_for_whoever_is_signed_in(town: Town) -> None:
    foreign = {"Origin": "http://evil.example"}
    paths = ("/my/classes/register", "/my/classes/cancel", "/my/classes/code", "/attend/1", "/attend/1/screen")
    acts: list[tuple[str, str, dict[str, Any]]] = [("POST", path, {"data": {"site": "1", "act": "in"}}) for path in paths]
    acts += [
        ("PUT", "/api/v1/me/classes/1/seat", {"json": {"site": 1}}),
        ("DELETE", "/api/v1/me/classes/1/seat", {}),
        ("POST", "/api/v1/me/attendance", {"json": {"site": 1, "code": "123456", "act": "in"}}),
        ("POST", "/api/v1/me/study", {"json": {"card": "a/b"}}),
    ]

    answered = {
        (who, path): town.browsers[who].request(method, path, headers=foreign, **given).status_code
        for who in ("trainee", "office") for method, path, given in acts
    }  # fmt: skip

    assert set(answered.values()) == {403}


def test_no_page_of_ours_is_kept_by_a_search_engine_or_framed(town: Town) -> None:
    for path in ("/verify", "/verify/AK2026-AAAA-AAAA", "/verify-keys", "/sign-in"):
        headers = town.browsers["stranger"].get(path).headers
        assert (headers["x-robots-tag"], headers["x-frame-options"], headers["cache-control"]) == ("noindex", "DENY", "no-store")


# 证明 -----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(town: Town) -> str:
    """The number of the candidate's certificate."""

    def issue(session: Session) -> str:
        wiring.wire()
        today = clock.local_day(clock.now())
        person = session.execute(
            select(col(Duty.person_id)).where(col(Duty.completed_on).is_(None)).order_by(col(Duty.id)).limit(1)
        ).scalar_one()
        session.execute(update(Duty).where(col(Duty.person_id) == person).values(completed_on=today, passed_on=today))
        return issuing.issue_due(session, now=clock.now(), person_id=person)[0]

    return town.site.change(issue)


def test_numbers_are_not_found_out_by_trying_and_who_knows_one_may_ask_on(town: Town, certificate: str) -> None:
    stranger = town.site.browser()
    found = [stranger.get(f"/verify/{certificate}").status_code for _ in range(5)]
    half = misses.ALLOWED // 2

    tried = {stranger.get(f"/verify/AK2026-{n:04}-AAAA").status_code for n in range(half)}
    tried |= {stranger.get(f"/api/v1/certificates/AK2026-{n:04}-BBBB").status_code for n in range(misses.ALLOWED - half)}

    assert (set(found), tried) == ({200}, {404})
    barred = [stranger.get(path).status_code for path in (f"/verify/{certificate}", f"/api/v1/certificates/{certificate}", "/verify")]
    assert barred == [429, 429, 200]
    assert "请 15 分钟后再试" in stranger.get("/verify/x").text
    assert stranger.post("/api/v1/session", json={"account": "office", "password": PASSWORD}).status_code == 204


def test_an_address_is_forgiven_and_another_never_barred(now: datetime) -> None:
    counted = Misses()
    for _ in range(misses.ALLOWED):
        counted.note("2001:db8:1:2::1", now=now)

    with pytest.raises(TooManyMisses):
        counted.refuse_if_many("2001:db8:1:2:ffff::9", now=now)  # the same customer
    counted.refuse_if_many("2001:db8:1:3::1", now=now)
    counted.refuse_if_many("10.0.0.7", now=now)
    counted.refuse_if_many("2001:db8:1:2::1", now=now + misses.WINDOW)
    counted.note("2001:db8:1:2::1", now=now + misses.WINDOW)
    counted.refuse_if_many("2001:db8:1:2::1", now=now + misses.WINDOW)
    for number in range(misses.MOST_ADDRESSES + 5):
        counted.note(str(number), now=now)
    assert len(counted.counted) == misses.MOST_ADDRESSES


def test_the_check_tells_what_is_printed_and_no_more_of_the_person(town: Town, certificate: str) -> None:
    with town.site.db.reading() as session:
        row = session.scalars(select(Certificate).where(col(Certificate.number) == certificate)).one()
        content, person = row.content, row.person_id
    page, data = (town.site.browser().get(f"{path}/{certificate}") for path in ("/verify", "/api/v1/certificates"))

    assert set(data.json()["fields"]) == set(content)
    assert "139000" not in page.text + data.text
    assert [word for word in ("phone", "identity", '"id"', "person_id") if word in data.text] == []
    assert str(person) not in {str(value) for value in data.json().values()}


def test_another_persons_certificate_is_nobodys_to_take(town: Town, certificate: str) -> None:
    asked = [
        town.browsers[who].get(f"/my/certificates/{certificate}.{kind}").status_code
        for who in ("trainee", "other trainee") for kind in ("pdf", "json")
    ]  # fmt: skip
    owner = [who for who in ("trainee", "other trainee") if certificate in town.browsers[who].get("/my/certificates").text]

    assert asked == [404] * 4 and owner == []


# 课堂 -----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rooms(town: Town) -> tuple[int, int, int]:
    """A session that is on now: its number, its classroom here and its classroom in the other district."""

    def make(session: Session) -> tuple[int, int, int]:
        wiring.wire()
        now = clock.now()
        programme = session.scalars(select(col(Programme.id)).where(col(Programme.code) == PROGRAMME)).one()
        stamp: dict[str, Any] = {"desk": ClassReach.everything(), "actor": SYSTEM, "now": now - timedelta(days=1)}
        number = service.create(session, draft=ClassDraft("专题班", programme, registration_until=now + timedelta(hours=1)), **stamp)
        here = service.add_site(session, session_id=number, draft=SiteDraft("环翠课堂", SiteKind.MAIN, "", HUANCUI), **stamp)
        there = service.add_site(session, session_id=number, draft=SiteDraft("荣成课堂", SiteKind.BRANCH, "", RONGCHENG), **stamp)
        begin = clock.start_of_day(clock.local_day(now))
        hours = [begin + timedelta(hours=6 * n) for n in range(5)]
        lessons = [LessonDraft(since, until - timedelta(seconds=1), "课") for since, until in pairwise(hours)]
        service.put_lessons(session, session_id=number, lessons=lessons, **stamp)
        service.announce(session, session_id=number, **stamp)
        session.execute(update(ClassSite).values(code_open_until=now + timedelta(hours=2)))
        return number, here, there

    return town.site.change(make)


def shown(site: Site, site_id: int) -> str:
    """What the screen of that classroom shows now."""
    with site.db.reading() as session:
        secret = session.get_one(ClassSite, site_id).secret
    return codes.code_of(secret, site_id, codes.step_at(clock.now()))


def wrong(site: Site, site_id: int) -> str:
    return f"{(int(shown(site, site_id)) + 500_000) % 1_000_000:06d}"


def by_api(browser: TestClient, site_id: int, code: str) -> int:
    return browser.post("/api/v1/me/attendance", json={"site": site_id, "code": code, "act": "in"}).status_code


def by_page(browser: TestClient, site_id: int, code: str) -> int:
    browser.get(f"/attend/{site_id}?c={code}")
    return browser.get(f"/attend/{site_id}").status_code


def by_digits(browser: TestClient, _site_id: int, code: str) -> int:
    return browser.post("/my/classes/code", data={"code": code}).status_code


@pytest.mark.parametrize("way", [by_api, by_page, by_digits])
def test_codes_are_not_found_out_by_trying_through_any_door(
    town: Town, rooms: tuple[int, int, int], way: Callable[[TestClient, int, str], int]
) -> None:
    """After eight wrong ones even the right one is not looked at, through none of the doors; and it is this person alone who waits."""
    site, here = town.site, rooms[1]
    guesser, other = site.candidate(), site.candidate()

    tried = [way(guesser, here, wrong(site, here)) for _ in range(attendance.GUESSES)]

    assert tried == [422] * attendance.GUESSES
    assert [each(guesser, here, shown(site, here)) for each in (by_api, by_page, by_digits)] == [429] * 3
    assert by_api(other, here, shown(site, here)) == 200


def test_a_scan_is_of_one_classroom_and_cannot_be_written_by_hand(town: Town, rooms: tuple[int, int, int]) -> None:
    site, (_, here, there) = town.site, rooms
    phone = site.candidate()
    phone.get(f"/attend/{here}?c={shown(site, here)}")
    scanned = phone.cookies[f"ankao_attend_{here}"]
    site_id, code, moment, seal = scanned.split(".")

    forged = {
        "another classroom": (there, scanned.replace(f"{here}.", f"{there}.", 1)),
        "the scan of another classroom": (there, scanned),
        "another code": (here, f"{site_id}.{wrong(site, here)}.{moment}.{seal}"),
        "another moment": (here, f"{site_id}.{code}.{int(moment) - 3_600_000}.{seal}"),
        "no seal": (here, f"{site_id}.{code}.{moment}."),
    }
    pages = {}
    for name, (number, cookie) in forged.items():
        other = site.candidate()
        other.cookies.set(f"ankao_attend_{number}", cookie, path="/attend")
        pages[name] = 'value="in"' in other.get(f"/attend/{number}").text

    assert pages == dict.fromkeys(forged, False)
    assert 'value="in"' in phone.get(f"/attend/{here}").text


def test_an_act_is_about_whoever_is_signed_in_whatever_the_body_names(town: Town, rooms: tuple[int, int, int]) -> None:
    site, (number, here, _) = town.site, rooms
    victim = site.spare[-1]
    with site.db.reading() as session:
        row = session.execute(select(Duty).order_by(col(Duty.id).desc()).limit(1)).scalar_one()
        other = row.person_id
    browser = site.candidate()
    names = {"person": str(other), "person_id": str(other), "account": victim}

    browser.put(f"/api/v1/me/classes/{number}/seat", json={"site": here, **names})
    browser.post("/my/classes/register", data={"site": str(here), **names})
    browser.post("/api/v1/me/attendance", json={"site": here, "code": shown(site, here), "act": "in", **names})

    with site.db.reading() as session:
        seats = set(session.scalars(select(col(Registration.person_id)).where(col(Registration.session_id) == number)))
        present = set(session.scalars(select(col(Presence.person_id)).where(col(Presence.session_id) == number)))
    assert other not in seats | present and len(seats) >= 1


def test_only_who_runs_the_classroom_learns_its_code(town: Town, rooms: tuple[int, int, int]) -> None:
    _, here, there = rooms
    asked = {
        who: tuple(town.browsers[who].get(f"/attend/{number}/code").status_code for number in (here, there))
        for who in ("stranger", "disabled", "temporary", "trainee", "trainer", "office", "district", "other-district", "town", "department", "admin")
    }  # fmt: skip
    opened = {
        who: tuple(town.browsers[who].post(f"/attend/{number}/screen", data={"act": "open"}).status_code for number in (here, there))
        for who in asked
    }

    assert asked == {
        "stranger": (401, 401), "disabled": (401, 401), "temporary": (403, 403), "trainee": (403, 403), "trainer": (200, 200),
        "office": (200, 200), "district": (404, 200), "other-district": (200, 404), "town": (404, 404), "department": (404, 404),
        "admin": (200, 200),
    }  # fmt: skip
    assert opened == {
        who: tuple(303 if status in (200, 401) or who == "temporary" else status for status in each) for who, each in asked.items()
    }


def test_names_in_a_session_are_seen_within_reach(town: Town, rooms: tuple[int, int, int]) -> None:
    number = rooms[0]
    statuses = {
        who: town.browsers[who].get(f"/api/v1/classes/{number}/presences").status_code
        for who in ("trainer", "office", "town", "department")
    }
    foreign = town.browsers["district"].get(f"/api/v1/classes/{number}/presences").json()

    assert statuses == {"trainer": 200, "office": 200, "town": 404, "department": 404}
    assert [row for row in foreign["presences"] if row["site"] == "环翠课堂" and "荣成" in row["organisation"]] == []
    assert "139" not in str(foreign)


# 学习时间 -------------------------------------------------------------------------------------------------------------


def test_minutes_of_study_are_the_servers_not_the_browsers(town: Town) -> None:
    """However fast, however parallel, however far ahead it claims to be: time counts once, and a card only so long."""
    with town.site.db.reading() as session:
        cards = list(session.scalars(select(col(LearningCard.clause_id)).limit(3)))
        assert session.get(Clause, cards[0]) is not None
    browser = town.site.candidate()

    answers = [browser.post("/api/v1/me/study", json={"card": card}).status_code for card in cards * 30]
    claims = [
        browser.post("/api/v1/me/study", json={"card": cards[0], **more}).status_code
        for more in ({"seconds": 3600}, {"minutes": 60}, {"at": "2020-01-01T00:00:00Z"}, {"person": 1})
    ]

    assert (set(answers), claims) == ({200}, [422] * 4)
    with town.site.db.reading() as session:
        assert sum(session.scalars(select(col(StudyTime.seconds)))) <= 30
    assert study.seconds_of_beat(since_last=-5, counted=0, cap=600) == 0
    assert study.seconds_of_beat(since_last=10_000, counted=0, cap=600) == 0
    assert study.seconds_of_beat(since_last=40, counted=0, cap=600) == study.BEAT_COUNTS_AT_MOST
    assert study.seconds_of_beat(since_last=15, counted=595, cap=600) == 5

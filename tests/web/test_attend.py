"""Signing in by QR code through the served pages: the way in, replays, guesses, and who may show the code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlmodel import Session, col
from starlette.testclient import TestClient

from quiz import clock, wiring
from quiz.accounts.audit import SYSTEM
from quiz.classes import codes, service
from quiz.classes.reach import ClassReach
from quiz.classes.service import ClassDraft, LessonDraft, SiteDraft
from quiz.models.accounts import Account, SignInFailure
from quiz.models.classes import ClassSite, HoursCredit, Presence, Registration
from quiz.models.training import Programme
from quiz.vocabulary import SiteKind
from tests.running_site import HUANCUI, PASSWORD, PROGRAMME, RONGCHENG, Site
from tests.web.test_pages import check_safety


@dataclass
class Class:
    """A session that is on now, with a classroom in each district."""

    id: int
    here: int
    there: int


@pytest.fixture(scope="module")
def held(site: Site) -> Class:
    def make(session: Session) -> Class:
        wiring.wire()
        now = clock.now()
        programme = session.scalars(select(col(Programme.id)).where(col(Programme.code) == PROGRAMME)).one()
        stamp: dict[str, Any] = {"desk": ClassReach.everything(), "actor": SYSTEM, "now": now - timedelta(days=1)}
        number = service.create(
            session, draft=ClassDraft("用气餐饮专题班<b>", programme, registration_until=now + timedelta(hours=1)), **stamp
        )
        here = service.add_site(
            session, session_id=number, draft=SiteDraft("环翠课堂", SiteKind.MAIN, "三楼<i>", HUANCUI, "甲", "0631-1", 1), **stamp
        )  # fmt: skip
        there = service.add_site(session, session_id=number, draft=SiteDraft("荣成课堂", SiteKind.BRANCH, "", RONGCHENG), **stamp)
        begin = clock.start_of_day(clock.local_day(now))
        lessons = [LessonDraft(begin + timedelta(hours=6 * n), begin + timedelta(hours=6 * n + 6), f"第{n}节") for n in range(4)]
        lessons[-1] = LessonDraft(lessons[-1].begin, lessons[-1].end - timedelta(seconds=1), "末节")
        service.put_lessons(session, session_id=number, lessons=lessons, **stamp)
        service.announce(session, session_id=number, **stamp)
        return Class(number, here, there)

    return site.change(make)


@pytest.fixture(autouse=True)
def fresh(site: Site, held: Class) -> Iterator[None]:
    """Sign-in is open everywhere, nobody has come, nobody has guessed."""

    def reset(session: Session) -> None:
        for table in (HoursCredit, Presence, Registration, SignInFailure):
            session.execute(delete(table))
        session.execute(update(ClassSite).values(code_open_until=clock.now() + timedelta(hours=2)))

    site.change(reset)
    yield


def code(site: Site, site_id: int, steps_ago: int = 0) -> str:
    with site.db.reading() as session:
        secret = session.get_one(ClassSite, site_id).secret
    return codes.code_of(secret, site_id, codes.step_at(clock.now()) - steps_ago)


def presences(site: Site) -> list[tuple[int, bool]]:
    """Classroom, and whether signed out."""
    with site.db.reading() as session:
        rows = session.execute(select(col(Presence.site_id), col(Presence.signed_out_at)).order_by(col(Presence.id)))
        return [(number, left is not None) for number, left in rows]


def scan(phone: TestClient, site: Site, site_id: int, digits: str | None = None) -> Any:
    """Follow the QR code to the page that asks for one tap."""
    answer = phone.get(f"/attend/{site_id}?c={digits or code(site, site_id)}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/attend/{site_id}")
    return phone.get(f"/attend/{site_id}")


def test_one_tap_signs_in_and_the_next_scan_asks_before_signing_out(site: Site, held: Class) -> None:
    phone = site.candidate()

    asked = scan(phone, site, held.here)
    signed = phone.post(f"/attend/{held.here}", data={"act": "in"})
    again = scan(phone, site, held.here)
    out = phone.post(f"/attend/{held.here}", data={"act": "out"})

    assert 'value="in"' in asked.text and "签到（" in asked.text and "code" not in str(asked.url)
    assert "已签到" in signed.text and "签退" in again.text and 'value="out"' in again.text and "已签退" in out.text
    assert presences(site) == [(held.here, True)]
    for page in (asked, signed, again, out):
        check_safety(page)
        assert "<b>" not in page.text.split("<h1>")[1].split("</h1>")[0] and "三楼<i>" not in page.text


def test_who_is_not_signed_in_goes_to_the_door_and_comes_back(site: Site, held: Class) -> None:
    account = site.spare.pop()
    phone = site.browser()

    assert phone.get(f"/attend/{held.here}?c={code(site, held.here)}").headers["location"] == f"/attend/{held.here}"
    door = phone.get(f"/attend/{held.here}")
    assert (door.status_code, door.headers["location"]) == (303, f"/sign-in?next=/attend/{held.here}")
    entered = phone.post("/sign-in", data={"account": account, "password": PASSWORD, "next": f"/attend/{held.here}"})

    assert entered.headers["location"] == f"/attend/{held.here}"
    assert 'value="in"' in phone.get(f"/attend/{held.here}").text
    assert "已签到" in phone.post(f"/attend/{held.here}", data={"act": "in"}).text


def test_a_repeated_tap_is_one_presence_and_the_same_scan_does_not_sign_out(site: Site, held: Class) -> None:
    phone = site.candidate()
    scan(phone, site, held.here)

    pages = [phone.post(f"/attend/{held.here}", data={"act": act}).text for act in ("in", "in", "out")]

    assert all("已签到" in page for page in pages)
    assert presences(site) == [(held.here, False)]


def test_an_old_code_a_foreign_one_and_no_code_sign_nobody_in(site: Site, held: Class) -> None:
    phone = site.candidate()

    old = scan(phone, site, held.here, code(site, held.here, steps_ago=3))
    foreign = scan(phone, site, held.here, code(site, held.there))
    typed = phone.get(f"/attend/{held.here}")
    phone.post(f"/attend/{held.here}", data={"act": "in"})
    carried = site.candidate()
    carried.cookies.set(f"ankao_attend_{held.here}", f"{held.here}.{code(site, held.here)}.9999999999999.{'0' * 32}")

    assert (old.status_code, "已经更换" in old.text) == (422, True)
    assert (foreign.status_code, "签到码不正确" in foreign.text) == (422, True)
    assert 'name="code"' in typed.text and 'value="in"' not in typed.text
    assert 'value="in"' not in carried.get(f"/attend/{held.here}").text
    assert presences(site) == []


def test_guessing_ends_after_eight_codes_for_this_person_only(site: Site, held: Class) -> None:
    guesser, honest = site.candidate(), site.candidate()
    right = code(site, held.here)
    wrong = [f"{(int(right) + n) % 1_000_000:06d}" for n in range(100_001, 100_009)]

    answers = [scan(guesser, site, held.here, digits).status_code for digits in wrong]
    locked = scan(guesser, site, held.here)
    typed = guesser.post("/my/classes/code", data={"code": code(site, held.here)})

    assert (answers, locked.status_code, typed.status_code) == ([422] * 8, 429, 429)
    assert 'value="in"' in scan(honest, site, held.here).text
    assert site.browser().post("/api/v1/session", json={"account": "office", "password": PASSWORD}).status_code == 204


def test_typed_digits_lead_to_the_same_tap(site: Site, held: Class) -> None:
    phone = site.candidate()
    assert "输入屏幕上现在显示的 6 位数字" in phone.get("/my/classes").text
    digits = code(site, held.there)

    answer = phone.post("/my/classes/code", data={"code": f"{digits[:3]} {digits[3:]}"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/attend/{held.there}")
    phone.get(f"/attend/{held.there}")
    phone.post(f"/attend/{held.there}", data={"act": "in"})

    assert presences(site) == [(held.there, False)]
    assert "签到码不正确" in phone.post("/my/classes/code", data={"code": "000000"}).text


def test_a_full_classroom_says_so_and_offers_the_other(site: Site, held: Class) -> None:
    first, second = site.candidate(), site.candidate()
    assert first.post("/my/classes/register", data={"site": held.here}).status_code == 303
    assert "已报名" in first.get("/my/classes").text

    full = second.post("/my/classes/register", data={"site": held.here})

    assert full.status_code == 409
    assert "“环翠课堂”已满（1 人）" in full.text and "荣成课堂（不限）" in full.text
    check_safety(full)
    assert second.post("/my/classes/register", data={"site": held.there}).status_code == 303
    assert first.post("/my/classes/cancel", data={"session": held.id}).status_code == 303
    assert second.post("/my/classes/register", data={"site": held.here}).status_code == 303
    with site.db.reading() as session:
        rows = session.execute(select(col(Registration.site_id), col(Registration.state)).order_by(col(Registration.id))).all()
    assert [tuple(row) for row in rows] == [(held.here, "cancelled"), (held.here, "registered")]


def test_only_the_staff_who_run_the_classroom_see_its_code(site: Site, held: Class) -> None:
    """`district` is an office of 荣成市."""
    asked = {
        (who, room): site.browser(who).get(f"/attend/{room}/code").status_code
        for who in ("office", "district", "trainer", "admin")
        for room in (held.here, held.there)
    }
    trainee = site.candidate()

    assert asked == {
        ("office", held.here): 200, ("office", held.there): 200, ("district", held.here): 404, ("district", held.there): 200,
        ("trainer", held.here): 200, ("trainer", held.there): 200, ("admin", held.here): 200, ("admin", held.there): 200,
    }  # fmt: skip
    assert [trainee.get(f"/attend/{held.here}/{page}").status_code for page in ("code", "screen")] == [403, 403]
    assert site.browser("district").get(f"/attend/{held.here}/screen").status_code == 404
    assert site.browser("district").post(f"/attend/{held.here}/screen", data={"act": "shut"}).status_code == 404
    assert site.browser().get(f"/attend/{held.here}/code").status_code == 401


def test_the_wall_shows_code_and_counts_and_can_be_shut(site: Site, held: Class) -> None:
    office, phone = site.browser("office"), site.candidate()
    scan(phone, site, held.here)
    phone.post(f"/attend/{held.here}", data={"act": "in"})

    wall = office.get(f"/attend/{held.here}/screen")
    shown = office.get(f"/attend/{held.here}/code").json()
    office.post(f"/attend/{held.here}/screen", data={"act": "shut"})
    shut = office.get(f"/attend/{held.here}/code").json()

    assert "unsafe" not in wall.headers["content-security-policy"] and "<script>" not in wall.text
    assert re.search(r"data-code[^>]*>\d{3} \d{3}<", wall.text) and "data:image/svg+xml" in wall.text
    assert (shown["code"], shown["inside"], shown["came"], shown["open"]) == (code(site, held.here), 1, 1, True)
    assert 0 < shown["next_in"] <= 15_000
    assert (shut["code"], shut["qr"], shut["open"]) == ("", "", False)
    assert scan(site.candidate(), site, held.here).status_code == 409


def test_the_json_door_signs_in_and_registers_by_the_same_rules(site: Site, held: Class) -> None:
    phone = site.candidate()
    seat = f"/api/v1/me/classes/{held.id}/seat"

    assert phone.put(seat, json={"site": held.there}).status_code == 204
    assert phone.put(f"/api/v1/me/classes/{held.id + 1}/seat", json={"site": held.there}).status_code == 404
    signed = phone.post("/api/v1/me/attendance", json={"site": held.there, "code": code(site, held.there), "act": "in"})
    wrong = phone.post("/api/v1/me/attendance", json={"site": held.there, "code": code(site, held.here), "act": "out"})
    mine = phone.get("/api/v1/me/classes").json()["classes"]

    assert (signed.status_code, signed.json()["state"]) == (200, "in")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "code_wrong")
    assert [(each["id"], each["registered_site"], len(each["presences"]), each["hours"]) for each in mine] == [(held.id, held.there, 1, 0)]
    assert phone.delete(seat).status_code == 204


def test_an_office_reads_only_its_own_classrooms_and_people_over_json(site: Site, held: Class) -> None:
    account = next(name for name in reversed(site.spare) if int(name[-2:]) % 2 == 0)  # even ones work in 环翠区
    site.spare.remove(account)
    phone = site.browser(account)
    scan(phone, site, held.here)
    phone.post(f"/attend/{held.here}", data={"act": "in"})
    with site.db.reading() as session:
        name = session.scalars(select(col(Account.name)).where(col(Account.account) == account)).one()

    read = {who: site.browser(who).get(f"/api/v1/classes/{held.id}/presences").json()["presences"] for who in ("office", "district")}
    rows = {who: site.browser(who).get("/api/v1/classes").json()["classes"] for who in ("office", "district")}

    assert [row["name"] for row in read["office"]] == [name] and read["district"] == []
    assert [(row["came"], row["sites"]) for row in rows["office"]] == [(1, 2)]
    assert [(row["came"], row["sites"]) for row in rows["district"]] == [(0, 1)]
    assert phone.get("/api/v1/classes").status_code == 403
    assert phone.get(f"/api/v1/classes/{held.id}/presences").status_code == 403

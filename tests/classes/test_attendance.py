"""Signing in with the code on the screen: who, where, when, how often; and what a second request does."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from quiz.accounts.audit import Actor
from quiz.classes import attendance, codes, presence, registration, service
from quiz.classes.attendance import IN, OUT, Attendance, TooManyGuesses, WrongCode
from quiz.models.classes import ClassSite, Presence
from quiz.problems import NotFound, Refusal
from quiz.vocabulary import PresenceSource
from tests.classes.conftest import TODAY, School, at

TRAINEE = Actor(None, "13800000001", "10.0.0.8")


def scan(school: School, person: int, site: int, moment: datetime, act: str, code: str | None = None) -> Attendance:
    return attendance.attend(
        school.session, site_id=site, person_id=person, code=code or school.code(site, moment), scanned=moment, act=act, actor=TRAINEE,
        now=moment + timedelta(seconds=5),
    )  # fmt: skip


def refused(school: School, person: int, site: int, moment: datetime, code: str | None = None) -> str:
    with pytest.raises(Refusal) as refusal:
        scan(school, person, site, moment, IN, code)
    return refusal.value.code


def test_in_and_out_again_gives_the_hours_of_the_lessons_between(school: School) -> None:
    assert scan(school, school.zhang, school.here, at(8, 55), IN).state == IN
    assert school.credited() == {}

    left = scan(school, school.zhang, school.here, at(10, 45), OUT)

    assert (left.state, left.since, left.left_at) == (OUT, at(8, 55), at(10, 45))
    assert school.credited() == {(school.class_id, school.zhang): 90}
    assert [(event.person_ids, event.programme_id, event.today) for event in school.heard] == [
        (frozenset({school.zhang}), school.programme, TODAY)
    ]
    assert school.audited()[-2:] == ["attend", "leave_class"]


def test_a_repeated_request_changes_nothing(school: School) -> None:
    first = scan(school, school.zhang, school.here, at(8, 55), IN)
    again = scan(school, school.zhang, school.here, at(8, 55), IN)
    out_with_the_same_scan = scan(school, school.zhang, school.here, at(8, 55), OUT)
    scan(school, school.zhang, school.here, at(10, 45), OUT)
    late_replay = scan(school, school.zhang, school.here, at(8, 55), IN)

    assert first == again == out_with_the_same_scan
    assert (late_replay.state, late_replay.left_at) == (OUT, at(10, 45))
    assert school.presences(school.zhang) == [("环翠分课堂", "08:55", "10:45")]


def test_who_left_may_come_back(school: School) -> None:
    for moment, act in ((at(8, 55), IN), (at(9, 30), OUT), (at(10, 0), IN), (at(10, 50), OUT)):
        scan(school, school.zhang, school.here, moment, act)

    assert school.presences(school.zhang) == [("环翠分课堂", "08:55", "09:30"), ("环翠分课堂", "10:00", "10:50")]
    assert school.credited() == {(school.class_id, school.zhang): 30 + 45}


def test_signing_out_without_having_come_does_nothing(school: School) -> None:
    assert scan(school, school.zhang, school.here, at(9), OUT).state == "none"
    assert school.presences(school.zhang) == []


def test_the_code_is_good_for_its_interval_and_the_next(school: School) -> None:
    moment = at(9)
    code = school.code(school.here, moment)
    site = school.session.get_one(ClassSite, school.here)

    found = [
        codes.match(code, secret=site.secret, site_id=school.here, at=moment + timedelta(seconds=seconds)).value
        for seconds in (-16, -15, 0, 14, 15, 29, 30, 599, 600)
    ]

    assert found == ["wrong", "good", "good", "good", "good", "good", "old", "old", "wrong"]  # a clock set back a little does no harm
    assert refused(school, school.zhang, school.here, moment + timedelta(seconds=30), code) == "code_old"


def test_a_code_is_never_good_for_another_classroom(school: School) -> None:
    """Two secrets may by chance show the same digits; here they do not."""
    moment = at(9)

    assert school.code(school.here, moment) != school.code(school.main, moment)
    assert refused(school, school.zhang, school.here, moment, school.code(school.main, moment)) == "code_wrong"


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        (at(7, 59), "too_early"),
        (at(11, 41), "too_late"),
        (at(9) + timedelta(days=1), "not_today"),
        (at(9) - timedelta(days=1), "not_today"),
    ],
)
def test_codes_are_taken_from_an_hour_before_until_an_hour_after_the_lessons(school: School, moment: datetime, code: str) -> None:
    assert refused(school, school.zhang, school.here, moment) == code


def test_codes_are_taken_only_while_the_staff_has_sign_in_open(school: School) -> None:
    attendance.set_open(school.session, site_id=school.here, is_open=False, **school.stamp(at(9)))
    assert refused(school, school.zhang, school.here, at(9, 1)) == "not_open"
    assert attendance.screen(school.session, site_id=school.here, desk=school.city, now=at(9, 1)).code == ""

    attendance.set_open(school.session, site_id=school.here, is_open=True, **school.stamp(at(9, 2)))
    shown = attendance.screen(school.session, site_id=school.here, desk=school.city, now=at(9, 2))

    assert (shown.code, shown.open_until, shown.problem) == (school.code(school.here, at(9, 2)), at(11, 40), "")
    assert scan(school, school.zhang, school.here, at(9, 2), IN, shown.code).state == IN


def test_who_neither_owes_the_programme_nor_registered_is_not_let_in(school: School) -> None:
    assert refused(school, school.wang, school.here, at(9)) == "not_expected"

    registration.register(school.session, site_id=school.here, person_ids=[school.wang], **school.stamp(at(8)))

    assert scan(school, school.wang, school.here, at(9), IN).state == IN


def test_a_closed_session_and_a_draft_take_no_codes(school: School) -> None:
    service.back_to_draft(school.session, session_id=school.class_id, **school.stamp(at(8)))
    with pytest.raises(NotFound):
        scan(school, school.zhang, school.here, at(9), IN)

    service.announce(school.session, session_id=school.class_id, **school.stamp(at(8)))
    service.cancel(school.session, session_id=school.class_id, reason="场地停电", **school.stamp(at(8)))
    assert refused(school, school.zhang, school.here, at(9)) == "class_state"


def test_after_eight_wrong_codes_even_the_right_one_waits(school: School) -> None:
    moment = at(9)
    wrong = f"{(int(school.code(school.here, moment)) + 1) % 1_000_000:06d}"
    for _ in range(8):
        with pytest.raises(WrongCode):
            scan(school, school.zhang, school.here, moment, IN, wrong)
        attendance.record_guess(school.session, person_id=school.zhang, actor=TRAINEE, now=moment)

    with pytest.raises(TooManyGuesses) as refusal:
        scan(school, school.zhang, school.here, moment + timedelta(seconds=1), IN)

    assert refusal.value.status == 429
    assert scan(school, school.li, school.here, moment, IN).state == IN
    assert scan(school, school.zhang, school.here, moment + timedelta(minutes=10, seconds=1), IN).state == IN


def test_typed_digits_lead_to_the_classroom_that_shows_them(school: School) -> None:
    for site_id in (school.main, school.here, school.there):
        code = school.code(site_id, at(9))
        assert attendance.find_site(school.session, person_id=school.zhang, code=code, now=at(9)) == site_id
    for code, expected in (("12ab56", "code_form"), (school.code(school.here, at(8, 58)), "code_old")):
        with pytest.raises(Refusal) as refusal:
            attendance.find_site(school.session, person_id=school.zhang, code=code, now=at(9))
        assert refusal.value.code == expected
    with pytest.raises(WrongCode):
        attendance.find_site(school.session, person_id=school.wang, code=school.code(school.here, at(9)), now=at(9))


def test_two_places_at_once_are_both_recorded_and_listed(school: School) -> None:
    scan(school, school.zhang, school.here, at(8, 55), IN)
    warned = scan(school, school.zhang, school.main, at(9, 30), IN)
    scan(school, school.zhang, school.main, at(10, 45), OUT)

    assert warned.elsewhere == "环翠分课堂"
    found = presence.conflicts(school.session, session_id=school.class_id, desk=school.city)
    assert [(row.name, row.first, row.second, row.begin, row.end) for row in found] == [
        ("张三", "环翠分课堂", "市主课堂", at(9, 30), at(10, 40))
    ]
    assert school.credited() == {(school.class_id, school.zhang): 15 + 45}

    first = found[0].first_id
    presence.settle(school.session, presence_id=first, left_at=at(9, 20), reason="监控核实九点二十离开", **school.stamp())

    assert presence.conflicts(school.session, session_id=school.class_id, desk=school.city) == ()
    assert school.credited() == {(school.class_id, school.zhang): 20 + 15 + 45}


def test_staff_void_restore_and_add_with_a_reason_and_the_hours_follow(school: School) -> None:
    presence.add(
        school.session, site_id=school.here, person_id=school.zhang, begin=at(8, 50), end=at(10, 40), reason="手机没电，现场核实",
        **school.stamp(),
    )  # fmt: skip
    row = presence.rows(school.session, session_id=school.class_id, desk=school.city)[0]
    assert (row.source, row.note, row.minutes, row.is_settled) == (PresenceSource.HAND, "手机没电，现场核实", 90, True)

    presence.void(school.session, presence_id=row.id, reason="登记错了人", **school.stamp())
    assert school.credited() == {}
    presence.restore(school.session, presence_id=row.id, **school.stamp())
    assert school.credited() == {(school.class_id, school.zhang): 90}

    with pytest.raises(Refusal, match="理由"):
        presence.void(school.session, presence_id=row.id, reason="错", **school.stamp())
    assert school.audited()[-3:] == ["add_presence", "void_presence", "restore_presence"]


def test_who_did_not_sign_out_is_listed_until_somebody_settles_it(school: School) -> None:
    scan(school, school.zhang, school.here, at(8, 55), IN)
    row = presence.rows(school.session, session_id=school.class_id, desk=school.city)[0]
    assert (row.is_settled, row.minutes) == (False, 0)

    presence.settle(school.session, presence_id=row.id, left_at=at(10, 40), reason="班主任证明听完全程", **school.stamp())

    row = presence.rows(school.session, session_id=school.class_id, desk=school.city)[0]
    assert (row.is_settled, row.minutes, row.signed_out_at) == (True, 90, at(10, 40))
    assert school.session.get_one(Presence, row.id).note == "班主任证明听完全程"


def test_a_claim_is_of_one_classroom_sealed_and_ten_minutes_long(school: School) -> None:
    claim = codes.claim(school.here, "123456", at(9))

    assert codes.read_claim(claim, site_id=school.here, now=at(9, 10)) == ("123456", at(9))
    assert codes.read_claim(claim, site_id=school.here, now=at(9, 10) + timedelta(milliseconds=1)) is None
    assert codes.read_claim(claim, site_id=school.main, now=at(9)) is None
    assert codes.read_claim(claim.replace("123456", "123457"), site_id=school.here, now=at(9)) is None
    assert codes.read_claim(claim, site_id=school.here, now=at(8, 59) + timedelta(seconds=50)) == (
        "123456",
        at(8, 59) + timedelta(seconds=50),
    )
    assert codes.read_claim(claim, site_id=school.here, now=at(8, 59)) is None
    assert codes.read_claim("", site_id=school.here, now=at(9)) is None

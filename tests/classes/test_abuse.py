"""What somebody who was not there, or not all the time, may try; and what honest people run into."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from quiz.accounts.audit import Actor
from quiz.classes import attendance, codes, hours, institutions, presence, service
from quiz.classes.attendance import IN, OUT, Attendance, OldCode
from quiz.classes.institutions import InstitutionDraft, ReviewDraft
from quiz.classes.service import ClassDraft, LessonDraft
from quiz.models.accounts import AuditEvent
from quiz.models.classes import ClassSite, HoursCredit
from quiz.problems import Refusal
from quiz.vocabulary import ReviewVerdict, WithoutSignOut
from tests.classes.conftest import TODAY, School, at

TRAINEE = Actor(None, "13800000001", "10.0.0.8")
TOMORROW = TODAY + timedelta(days=1)


def scan(school: School, site: int, moment: datetime, act: str, *, seen: datetime | None = None, person: int | None = None) -> Attendance:
    """With the code shown at `seen`, the moment itself if left out."""
    return attendance.attend(
        school.session, site_id=site, person_id=person or school.zhang, code=school.code(site, seen or moment), scanned=moment, act=act,
        actor=TRAINEE, now=moment + timedelta(seconds=2),
    )  # fmt: skip


def reopen_sign_in(school: School, until: datetime) -> None:
    for site_id in (school.main, school.here, school.there):
        school.session.get_one(ClassSite, site_id).code_open_until = until
    school.session.flush()


def by_day(school: School) -> dict[date, int]:
    school.session.flush()
    school.session.expire_all()
    return {row.day: row.minutes for row in school.session.query(HoursCredit).filter_by(person_id=school.zhang)}


# 签到码 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("late", [30, 60, 300, 590])
def test_a_code_passed_on_by_chat_is_dead_after_half_a_minute(school: School, late: int) -> None:
    with pytest.raises(OldCode):
        scan(school, school.here, at(9) + timedelta(seconds=late), IN, seen=at(9))

    assert school.presences(school.zhang) == []


def test_who_sends_an_old_code_is_on_record_and_not_locked_out(school: School) -> None:
    for _ in range(attendance.GUESSES + 1):
        attendance.record_stale(school.session, site_id=school.here, actor=TRAINEE, now=at(9))

    event = school.session.query(AuditEvent).order_by(AuditEvent.id.desc()).first()  # type: ignore[union-attr]
    assert event is not None
    assert (event.action, event.result, event.subject) == ("attend", "refused", "主要负责人专题班")
    assert scan(school, school.here, at(9), IN).state == IN


def test_the_scan_of_a_sign_in_does_not_sign_out_later(school: School) -> None:
    """Whoever keeps the page open and goes home has no sign-out: that takes a code shown at the end."""
    scan(school, school.here, at(8, 55), IN)

    assert scan(school, school.here, at(8, 55), OUT).state == IN
    with pytest.raises(OldCode):
        scan(school, school.here, at(9, 4), OUT, seen=at(8, 55))
    assert school.credited() == {}


def test_a_sign_in_the_staff_voided_does_not_come_back_with_the_same_scan(school: School) -> None:
    scan(school, school.here, at(8, 55), IN)
    row = presence.rows(school.session, session_id=school.class_id, desk=school.city)[0]
    presence.void(school.session, presence_id=row.id, reason="本人不在场", **school.stamp(at(8, 57)))

    assert scan(school, school.here, at(8, 55), IN).state == "none"
    assert school.presences(school.zhang) == []
    assert scan(school, school.here, at(8, 58), IN).state == IN


def test_another_days_code_of_the_same_hour_is_wrong(school: School) -> None:
    with pytest.raises(attendance.WrongCode):
        scan(school, school.here, at(9), IN, seen=at(9) - timedelta(days=1))


def test_a_claim_cannot_be_made_older_or_younger_by_hand(school: School) -> None:
    site, code, moment, seal = codes.claim(school.here, "123456", at(9)).split(".")

    forged = [f"{site}.{code}.{int(moment) + change}.{seal}" for change in (-60_000, 60_000)] + [
        f"{site}.{code}.{moment}",
        f"{site}.{code}.x.{seal}",
    ]

    assert [codes.read_claim(each, site_id=school.here, now=at(9, 1)) for each in forged] == [None] * 4


# 两处、先后 -----------------------------------------------------------------------------------------------------------


def test_from_the_main_classroom_to_a_branch_counts_as_one_and_is_no_conflict(school: School) -> None:
    for site, moment, act in (
        (school.main, at(8, 55), IN),
        (school.main, at(9, 45), OUT),
        (school.here, at(9, 53), IN),
        (school.here, at(10, 41), OUT),
    ):
        scan(school, site, moment, act)

    assert school.credited() == {(school.class_id, school.zhang): 90}
    assert presence.conflicts(school.session, session_id=school.class_id, desk=school.city) == ()


def test_who_never_signed_out_of_the_main_classroom_and_left_the_branch_early_gets_no_more_than_was_seen(school: School) -> None:
    draft = ClassDraft("主要负责人专题班", school.programme, without_sign_out=WithoutSignOut.LESSON_END)
    service.edit(school.session, session_id=school.class_id, draft=draft, **school.stamp())
    scan(school, school.main, at(8, 55), IN)
    scan(school, school.here, at(9, 20), IN)
    scan(school, school.here, at(9, 40), OUT)
    hours.credit_ended(school.session, now=at(12))

    assert school.credited()[school.class_id, school.zhang] == 40
    listed = presence.conflicts(school.session, session_id=school.class_id, desk=school.city)
    assert [(one.first, one.second) for one in listed] == [("市主课堂", "环翠分课堂")]


# 零点 -----------------------------------------------------------------------------------------------------------------


def night(school: School) -> None:
    """22:00—23:00 today, 23:10—00:10, and 00:15—01:00 tomorrow; another morning follows."""
    lessons = (
        LessonDraft(at(22), at(23), "夜班专题一"), LessonDraft(at(23, 10), at(24, 10), "夜班专题二"),
        LessonDraft(at(24, 15), at(25), "夜班专题三"), LessonDraft(at(33), at(34), "次日上午"),
    )  # fmt: skip
    service.put_lessons(school.session, session_id=school.class_id, lessons=lessons, **school.stamp())
    reopen_sign_in(school, at(40))


def test_who_came_in_the_evening_signs_out_after_midnight(school: School) -> None:
    night(school)
    scan(school, school.here, at(21, 50), IN)

    left = scan(school, school.here, at(25, 5), OUT)

    assert (left.state, left.since, left.left_at, left.ends) == (OUT, at(21, 50), at(25, 5), at(25))
    assert by_day(school) == {TODAY: 120, TOMORROW: 45}


def test_an_evening_that_ends_before_midnight_can_be_left_after_it(school: School) -> None:
    service.put_lessons(
        school.session, session_id=school.class_id, lessons=[LessonDraft(at(22), at(23, 45), "晚间专题")], **school.stamp()
    )  # fmt: skip
    reopen_sign_in(school, at(26))
    scan(school, school.here, at(21, 50), IN)

    assert scan(school, school.here, at(24, 20), OUT).state == OUT
    with pytest.raises(Refusal) as refusal:
        scan(school, school.here, at(24, 46), IN)
    assert (by_day(school), refusal.value.code) == ({TODAY: 105}, "not_today")


def test_the_next_morning_begins_anew(school: School) -> None:
    night(school)
    scan(school, school.here, at(21, 50), IN)

    assert scan(school, school.here, at(32, 50), IN).since == at(32, 50)
    assert [(name, begin, end) for name, begin, end in school.presences(school.zhang)] == [
        ("环翠分课堂", "21:50", ""), ("环翠分课堂", "08:50", ""),
    ]  # fmt: skip


def test_the_wall_counts_after_midnight_who_came_before_it(school: School) -> None:
    night(school)
    scan(school, school.here, at(21, 50), IN)

    shown = [
        attendance.screen(school.session, site_id=school.here, desk=school.city, now=moment)
        for moment in (at(23, 59), at(24, 30), at(32, 50))
    ]

    assert [(found.inside, found.came, found.ends) for found in shown] == [(1, 1, at(25)), (1, 1, at(25)), (0, 0, at(34))]


# 复核 -----------------------------------------------------------------------------------------------------------------


def test_a_review_that_lapses_between_two_days_bars_the_second_until_the_next_review(school: School) -> None:
    stamp = {"districts": None, "actor": school.actor, "now": at(12)}
    number = institutions.add(school.session, draft=InstitutionDraft("威海安培中心", district_code=None), **stamp)
    draft = ReviewDraft(TODAY - timedelta(days=364), ReviewVerdict.PASSED, TODAY, (), "复核组")
    institutions.review(school.session, institution_id=number, draft=draft, today=TODAY, **stamp)
    service.edit(
        school.session, session_id=school.class_id, draft=ClassDraft("主要负责人专题班", school.programme, number), **school.stamp()
    )
    lessons = [LessonDraft(at(9) + timedelta(days=day), at(10) + timedelta(days=day), "专题") for day in (0, 1)]
    service.put_lessons(school.session, session_id=school.class_id, lessons=lessons, **school.stamp())
    for day in (0, 1):
        presence.add(
            school.session, site_id=school.here, person_id=school.zhang, begin=at(8, 50) + timedelta(days=day),
            end=at(10) + timedelta(days=day), reason="现场核实", **school.stamp(at(36)),
        )  # fmt: skip
    lapsed = by_day(school)

    again = replace(draft, reviewed_on=TOMORROW, valid_until=TOMORROW + timedelta(days=364))
    institutions.review(school.session, institution_id=number, draft=again, today=TOMORROW, **(stamp | {"now": at(37)}))

    assert (lapsed, by_day(school)) == ({TODAY: 60}, {TODAY: 60, TOMORROW: 60})

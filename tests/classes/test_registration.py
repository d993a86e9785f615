"""Seats: given once, to whom they are due, until the deadline; and how a session comes about."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlmodel import select

from quiz.accounts.audit import Actor
from quiz.classes import candidates, mine, presence, queries, registration, service
from quiz.classes.queries import When
from quiz.classes.reach import ClassReach
from quiz.classes.registration import Full
from quiz.classes.service import ClassDraft, LessonDraft, SiteDraft
from quiz.db import Database
from quiz.models.classes import ClassSite, Registration
from quiz.problems import Invalid, NotFound, Refusal
from quiz.training import service as training
from quiz.vocabulary import ClassState, SiteKind
from tests import factories
from tests.classes.conftest import HERE, MORNING, TODAY, School, at, worker

SELF = Actor(None, "13800000001", "10.0.0.8")


def register(school: School, *people: int, site: int) -> registration.Registered:
    return registration.register(school.session, site_id=site, person_ids=people, **school.stamp(at(8)))


def seats(school: School) -> list[tuple[str, str]]:
    return [(row.name, row.site) for row in registration.rows(school.session, session_id=school.class_id, desk=school.city)]


# 报名 -----------------------------------------------------------------------------------------------------------------


def test_seats_are_given_in_order_until_none_is_left(school: School) -> None:
    done = register(school, school.li, school.zhang, site=school.there)

    assert (done.done, done.refused) == (1, (("张三", "座位已满"),))
    assert seats(school) == [("李四", "文登分课堂")]
    with pytest.raises(Full, match="“文登分课堂”已满（1 人）。还有座位的课堂：市主课堂（余 100）、环翠分课堂（余 2）。"):
        register(school, school.zhang, site=school.there)


def test_registering_again_changes_nothing_and_another_classroom_moves_the_seat(school: School) -> None:
    register(school, school.zhang, site=school.here)

    again = register(school, school.zhang, site=school.here)
    moved = register(school, school.zhang, site=school.main)

    assert (again.already, again.done, moved.moved) == (1, 0, 1)
    assert seats(school) == [("张三", "市主课堂")]


def test_a_cancelled_seat_is_free_for_the_next_and_may_be_taken_again(school: School) -> None:
    register(school, school.li, site=school.there)
    row = registration.rows(school.session, session_id=school.class_id, desk=school.city)[0]

    assert registration.cancel(school.session, registration_id=row.id, **school.stamp()) == "李四"
    register(school, school.zhang, site=school.there)

    assert seats(school) == [("张三", "文登分课堂")]
    with pytest.raises(Full):
        register(school, school.li, site=school.there)


def test_of_many_who_ask_for_the_last_seat_at_once_one_gets_it(db: Database) -> None:
    with db.transaction() as session:
        factories.reference(session)
        people = [worker(session, f"学员{n}", f"1390000000{n}", HERE, f"威海第{n}厂") for n in range(6)]
        programme = factories.programme(session, opens_on=TODAY - timedelta(days=20), due_on=TODAY + timedelta(days=20))
        training.open_programme(session, programme_id=programme, today=TODAY)
        stamp = {"desk": ClassReach.everything(), "actor": Actor(None, "city"), "now": at(8)}
        number = service.create(session, draft=ClassDraft("最后一座", programme), **stamp)  # type: ignore[arg-type]
        site = service.add_site(session, session_id=number, draft=SiteDraft("唯一课堂", SiteKind.MAIN, capacity=1), **stamp)  # type: ignore[arg-type]
        service.put_lessons(session, session_id=number, lessons=MORNING, **stamp)  # type: ignore[arg-type]
        service.announce(session, session_id=number, **stamp)  # type: ignore[arg-type]
    outcomes: list[str] = []

    def ask(person: int) -> None:
        try:
            with db.transaction() as session:
                registration.register_self(session, person_id=person, site_id=site, actor=SELF, now=at(8))
            outcomes.append("seat")
        except Full:
            outcomes.append("full")

    threads = [threading.Thread(target=ask, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["full"] * 5 + ["seat"]
    with db.reading() as session:
        assert len(session.exec(select(Registration)).all()) == 1


def test_one_registers_oneself_only_for_a_programme_one_owes_and_until_the_deadline(school: School) -> None:
    def ask(person: int, now: object) -> str:
        return registration.register_self(school.session, person_id=person, site_id=school.here, actor=SELF, now=now)  # type: ignore[arg-type]

    assert ask(school.zhang, at(8, 59)) == "环翠分课堂"
    with pytest.raises(NotFound):
        ask(school.wang, at(8))
    with pytest.raises(Refusal, match="截止"):
        ask(school.li, at(9, 1))
    with pytest.raises(Refusal, match="截止"):
        registration.cancel_self(school.session, person_id=school.zhang, session_id=school.class_id, actor=SELF, now=at(9, 1))
    registration.cancel_self(school.session, person_id=school.zhang, session_id=school.class_id, actor=SELF, now=at(8, 59))
    assert seats(school) == []


def test_my_classes_are_those_i_owe_and_those_i_came_to(school: School) -> None:
    def titles(person: int, now: object) -> list[tuple[str, bool]]:
        return [(each.view.title, each.may_register) for each in mine.my_classes(school.session, person_id=person, now=now)]  # type: ignore[arg-type]

    assert titles(school.zhang, at(8)) == [("主要负责人专题班", True)]
    assert titles(school.wang, at(8)) == []
    assert titles(school.zhang, at(12)) == []
    presence.add(
        school.session, site_id=school.here, person_id=school.zhang, begin=at(8, 50), end=at(10, 40), reason="现场核实", **school.stamp()
    )
    found = mine.my_classes(school.session, person_id=school.zhang, now=at(12))
    assert [(each.hours, each.full_hours, each.is_over, each.may_register) for each in found] == [("2", "2", True, False)]


# 选人 -----------------------------------------------------------------------------------------------------------------


def test_the_uncovered_are_those_who_owe_have_not_completed_and_have_no_seat(school: School) -> None:
    def names(**asked: str) -> list[str]:
        found = candidates.uncovered(school.session, session_id=school.class_id, desk=school.city, day=TODAY, **asked)
        return [one.name for one in found]

    assert names() == ["张三", "李四"]
    assert names(district=HERE) == ["张三"]
    register(school, school.zhang, site=school.here)
    assert names() == ["李四"]


def test_a_pasted_list_is_matched_line_by_line(school: School) -> None:
    worker(school.session, "张三", "13800000009", HERE, "威海同名商贸有限公司")
    text = "1. 张三，13800000001\n张三\n张三 同名商贸\n李四\t13800000009\n13800000002\n李四 威海没有的厂\n赵六 13800000007\n\n！！"

    found = [
        (one.candidate.person_id if one.candidate else None, one.problem[:6])
        for one in candidates.read_pasted(school.session, text=text, desk=school.city)
    ]

    other = next(one.person_id for one in candidates.search(school.session, text="13800000009", desk=school.city))
    assert found == [
        (school.zhang, ""), (None, "有重名，请在"), (other, ""), (None, "姓名与手机号"), (school.li, ""), (school.li, ""),
        (None, "名册里没有这"), (None, "没有读到姓名"),
    ]  # fmt: skip


def test_a_make_up_session_proposes_those_who_were_registered_and_earned_nothing(school: School) -> None:
    register(school, school.zhang, school.wang, site=school.here)
    presence.add(
        school.session, site_id=school.here, person_id=school.zhang, begin=at(8, 50), end=at(10, 40), reason="现场核实", **school.stamp()
    )

    made = service.copy(school.session, session_id=school.class_id, first_day=TODAY + timedelta(days=7), as_make_up=True, **school.stamp())

    assert [one.name for one in candidates.missed(school.session, session_id=made, desk=school.city)] == ["王五"]
    view = queries.opened(school.session, made, desk=school.city)
    assert (view.title, view.state, view.make_up_title) == ("主要负责人专题班（补课）", ClassState.DRAFT, "主要负责人专题班")
    assert (view.days, len(view.sites), view.credited_minutes) == ((TODAY + timedelta(days=7),), 3, 90)


def test_a_copy_has_secrets_of_its_own(school: School) -> None:
    made = service.copy(school.session, session_id=school.class_id, first_day=TODAY, **school.stamp())

    secrets = school.session.exec(select(ClassSite.secret)).all()

    assert made != school.class_id and len(secrets) == len(set(secrets)) == 6


# 班次 -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lessons", "code"),
    [
        ([LessonDraft(at(9), at(9), "课")], "lesson_order"),
        ([LessonDraft(at(9), at(15, 1), "课")], "lesson_long"),
        ([LessonDraft(at(9), at(10), "  ")], "lesson_topic"),
        ([LessonDraft(at(9), at(10), "甲"), LessonDraft(at(9, 59), at(10, 30), "乙")], "lesson_overlap"),
        ([], "no_lesson"),
    ],
)
def test_a_timetable_that_cannot_be_is_refused(school: School, lessons: list[LessonDraft], code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        service.put_lessons(school.session, session_id=school.class_id, lessons=lessons, **school.stamp())

    assert refusal.value.code == code


def test_a_draft_is_announced_only_with_a_classroom_and_a_lesson_that_counts(school: School) -> None:
    number = service.create(school.session, draft=ClassDraft("新班", school.programme), **school.stamp())

    def refused() -> str:
        with pytest.raises(Refusal) as refusal:
            service.announce(school.session, session_id=number, **school.stamp())
        return refusal.value.code

    assert refused() == "no_site"
    service.add_site(school.session, session_id=number, draft=SiteDraft("主课堂", SiteKind.MAIN), **school.stamp())
    service.put_lessons(school.session, session_id=number, lessons=[LessonDraft(at(9), at(10), "报到", "", False)], **school.stamp())
    assert refused() == "no_lesson"
    service.put_lessons(school.session, session_id=number, lessons=[LessonDraft(at(9), at(10), "课")], **school.stamp())
    service.announce(school.session, session_id=number, **school.stamp())
    assert queries.opened(school.session, number, desk=school.city).state is ClassState.ANNOUNCED


def test_one_session_has_one_main_classroom_and_no_two_of_one_name(school: School) -> None:
    for draft, code in (
        (SiteDraft("第二主课堂", SiteKind.MAIN), "second_main"),
        (SiteDraft("环翠分课堂"), "site_name_taken"),
        (SiteDraft("空"), "site_name"),
        (SiteDraft("乳山分课堂", district_code="999999"), "district"),
    ):
        with pytest.raises(Invalid) as refusal:
            service.add_site(school.session, session_id=school.class_id, draft=draft, **school.stamp())
        assert refusal.value.code == code


def test_a_used_classroom_stays_and_its_capacity_is_not_cut_below_its_seats(school: School) -> None:
    register(school, school.zhang, school.wang, site=school.here)

    with pytest.raises(Refusal, match="2 条报名"):
        service.remove_site(school.session, site_id=school.here, **school.stamp())
    with pytest.raises(Refusal, match="已有 2 人报名"):
        service.edit_site(
            school.session, site_id=school.here, draft=SiteDraft("环翠分课堂", capacity=1, district_code=HERE), **school.stamp()
        )
    service.remove_site(school.session, site_id=school.there, **school.stamp())
    assert school.session.get(ClassSite, school.there) is None


def test_hours_follow_a_changed_timetable_policy_and_state(school: School) -> None:
    presence.add(
        school.session, site_id=school.here, person_id=school.zhang, begin=at(9, 20), end=at(10, 40), reason="现场核实", **school.stamp()
    )
    credit = {(school.class_id, school.zhang): 25 + 45}
    assert school.credited() == credit

    service.edit(
        school.session,
        session_id=school.class_id,
        draft=ClassDraft("主要负责人专题班", school.programme, grace_minutes=20),
        **school.stamp(),
    )
    assert school.credited() == {(school.class_id, school.zhang): 90}
    service.put_lessons(school.session, session_id=school.class_id, lessons=MORNING[:1], **school.stamp())
    assert school.credited() == {(school.class_id, school.zhang): 45}
    service.edit(school.session, session_id=school.class_id, draft=ClassDraft("主要负责人专题班", None), **school.stamp())
    assert {event.programme_id for event in school.heard[-2:]} == {school.programme, None}


def test_closing_ends_corrections_and_is_taken_back(school: School) -> None:
    presence.add(
        school.session, site_id=school.here, person_id=school.zhang, begin=at(8, 50), end=at(10, 40), reason="现场核实", **school.stamp()
    )
    row = presence.rows(school.session, session_id=school.class_id, desk=school.city)[0]
    with pytest.raises(Refusal, match="签到记录"):
        service.cancel(school.session, session_id=school.class_id, reason="临时停电", **school.stamp())
    with pytest.raises(Refusal, match="结束后再办结"):
        service.close(school.session, session_id=school.class_id, **school.stamp(at(10)))
    service.close(school.session, session_id=school.class_id, **school.stamp())
    with pytest.raises(Refusal, match="已办结"):
        presence.void(school.session, presence_id=row.id, reason="登记错人", **school.stamp())

    service.reopen(school.session, session_id=school.class_id, **school.stamp())
    presence.void(school.session, presence_id=row.id, reason="登记错人", **school.stamp())

    assert school.credited() == {}


def test_the_calendar_parts_what_comes_from_what_is_over(school: School) -> None:
    service.create(school.session, draft=ClassDraft("还没排课的班"), **school.stamp())

    def titles(when: str, hour: int) -> list[str]:
        return [row.title for row in queries.sessions(school.session, desk=school.city, now=at(hour), when=when)]

    assert titles(When.COMING, 10) == ["还没排课的班", "主要负责人专题班"]
    assert titles(When.COMING, 11) == ["还没排课的班"]
    assert titles(When.PAST, 11) == ["主要负责人专题班"]
    assert sorted(titles(When.ALL, 11)) == ["主要负责人专题班", "还没排课的班"]

"""Two entries of one human being in the same class, on the same card, with the same reminder: what counts once, and exactly back."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import UniqueConstraint, select
from sqlmodel import Session, col

from quiz import clock
from quiz.accounts.audit import Actor
from quiz.classes import hours, presence, registration, service
from quiz.classes.reach import ClassReach
from quiz.classes.service import ClassDraft, LessonDraft, SiteDraft
from quiz.models.accounts import Activation
from quiz.models.attempts import Extension
from quiz.models.certificates import Certificate, SigningKey
from quiz.models.classes import HoursCredit, Presence, Registration
from quiz.models.organisations import Person
from quiz.models.reminders import Contact, OutboxMessage
from quiz.models.training import Duty, ExemptionRequest, StudyTime
from quiz.organisations.references import pointers_at
from quiz.training import service as training
from quiz.vocabulary import HoursRule, OutboxState, RegistrationState, SiteKind
from tests import factories
from tests.organisations.one_human import DUE, OPENS, Town

DAY = date(2026, 10, 20)
CARD = "gb-1/3.1"


def at(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    return clock.start_of_day(day) + timedelta(hours=hour, minutes=minute)


class School(Town):
    """The same, with a morning of two lessons in a main classroom and a branch."""

    def __init__(self, session: Session, now: datetime) -> None:
        super().__init__(session, now)
        self.office = factories.account(session, name="office")
        self.desk, self.actor = ClassReach.everything(self.office), Actor(self.office, "office", "10.0.0.1")
        stamp: dict[str, Any] = {"desk": self.desk, "actor": self.actor, "now": at(8)}
        self.sitting = service.create(session, draft=ClassDraft("专题班", programme_id=self.programme, grace_minutes=0), **stamp)
        self.main = service.add_site(session, session_id=self.sitting, draft=SiteDraft("主课堂", SiteKind.MAIN), **stamp)
        self.branch = service.add_site(session, session_id=self.sitting, draft=SiteDraft("分课堂", capacity=1), **stamp)
        lessons = [LessonDraft(at(9), at(9, 45), "一"), LessonDraft(at(10), at(10, 45), "二")]
        service.put_lessons(session, session_id=self.sitting, lessons=lessons, **stamp)
        service.announce(session, session_id=self.sitting, **stamp)

    def register(self, person: int, site: int, moment: datetime) -> None:
        registration.register(self.session, site_id=site, person_ids=[person], desk=self.desk, actor=self.actor, now=moment)

    def came(self, person: int, site: int, begin: datetime, end: datetime | None) -> int:
        row = Presence(session_id=self.sitting, site_id=site, person_id=person, signed_in_at=begin, signed_out_at=end, source="code")
        self.session.add(row)
        hours.recompute(self.session, person_ids=[person], now=at(12))
        return row.id or 0

    def minutes(self) -> dict[int, int]:
        self.session.flush()
        return {person: minutes for person, minutes in self.session.execute(select(col(HoursCredit.person_id), col(HoursCredit.minutes)))}

    def seats(self) -> list[tuple[int, int]]:
        rows = registration.rows(self.session, session_id=self.sitting, desk=self.desk)
        return [(row.person_id, row.site_id or 0) for row in rows]

    def settled(self) -> dict[str, Any]:
        """Every table, duties as they stand."""
        training.synchronise(self.session, programme_id=self.programme, organisation_ids=None, today=clock.local_day(self.now))
        return self.rows()


@pytest.fixture
def school(session: Session, now: datetime) -> School:
    return School(session, now)


def unchanged(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    return {name: (before[name], after[name]) for name in before if before[name] != after[name]}


# 报名 -----------------------------------------------------------------------------------------------------------------


def test_of_two_seats_in_one_class_the_later_stays_and_the_other_is_free(school: School) -> None:
    school.register(school.kept, school.branch, at(8))
    school.register(school.dropped, school.main, at(8, 30))
    before = school.settled()

    merged = school.merge()
    seats, free = school.seats(), service.seats_taken(school.session, school.branch)
    school.undo(merged)

    assert (seats, free) == ([(school.kept, school.main)], 0)
    assert unchanged(before, school.settled()) == {}


def test_a_seat_goes_before_a_cancelled_one_whoever_holds_it(school: School) -> None:
    school.register(school.kept, school.branch, at(8, 30))
    registration.cancel_self(school.session, person_id=school.kept, session_id=school.sitting, actor=school.actor, now=at(8, 40))
    school.register(school.dropped, school.branch, at(8, 45))
    before = school.settled()

    merged = school.merge()
    seats = school.seats()
    school.undo(merged)

    assert seats == [(school.kept, school.branch)]
    assert unchanged(before, school.settled()) == {}


def test_a_seat_changed_since_the_merge_stays_changed_for_the_kept_entry(school: School) -> None:
    school.register(school.kept, school.branch, at(8))
    school.register(school.dropped, school.main, at(8, 30))
    merged = school.merge()
    registration.cancel_self(school.session, person_id=school.kept, session_id=school.sitting, actor=school.actor, now=at(8, 50))

    school.undo(merged)

    rows = school.session.execute(select(col(Registration.person_id), col(Registration.state)).order_by(col(Registration.person_id)))
    held, cancelled = RegistrationState.REGISTERED.value, RegistrationState.CANCELLED.value
    assert [tuple(row) for row in rows] == [(school.kept, cancelled), (school.dropped, held)]


# 在场和学时 -----------------------------------------------------------------------------------------------------------


def test_lessons_heard_under_either_entry_add_up(school: School) -> None:
    school.came(school.kept, school.main, at(9), at(9, 45))
    school.came(school.dropped, school.branch, at(10), at(10, 45))
    before = school.settled()

    merged = school.merge()
    minutes = school.minutes()
    school.undo(merged)

    assert minutes == {school.kept: 90}
    assert school.minutes() == {school.kept: 45, school.dropped: 45}
    assert unchanged(before, school.settled()) == {}


def test_the_same_lesson_in_two_classrooms_counts_once_and_is_listed(school: School) -> None:
    school.came(school.kept, school.main, at(9), at(9, 45))
    school.came(school.dropped, school.branch, at(9), at(10, 45))
    before = school.settled()

    merged = school.merge()
    minutes = school.minutes()
    listed = presence.conflicts(school.session, session_id=school.sitting, desk=school.desk)
    school.undo(merged)

    assert minutes == {school.kept: 90}
    assert [(one.person_id, one.begin, one.end) for one in listed] == [(school.kept, at(9), at(9, 45))]
    assert unchanged(before, school.settled()) == {}


def test_hours_of_both_complete_a_duty_that_neither_did(school: School) -> None:
    training.edit_programme(
        school.session, programme_id=school.programme, today=DAY, paper_id=None, hours_rule=HoursRule.FIXED, hours_fixed=2
    )
    school.came(school.kept, school.main, at(9), at(9, 45))
    school.came(school.dropped, school.branch, at(10), at(10, 45))
    before = school.settled()

    merged = school.merge()
    done = list(school.session.scalars(select(col(Duty.completed_on)).order_by(col(Duty.id))))
    school.undo(merged)

    assert done == [DAY, DAY]
    assert list(school.session.scalars(select(col(Duty.completed_on)))) == [None, None]
    assert unchanged(before, school.settled()) == {}


def test_presence_recorded_after_the_merge_stays_with_the_kept_entry_and_so_do_its_hours(school: School) -> None:
    school.came(school.dropped, school.main, at(9), at(9, 45))
    merged = school.merge()
    school.came(school.kept, school.main, at(10), at(10, 45))

    school.undo(merged)

    assert school.minutes() == {school.kept: 45, school.dropped: 45}


def test_a_presence_voided_after_the_merge_stays_void(school: School) -> None:
    there = school.came(school.dropped, school.main, at(9), at(9, 45))
    merged = school.merge()
    presence.void(school.session, presence_id=there, reason="代签，已核实", desk=school.desk, actor=school.actor, now=at(12))

    school.undo(merged)

    assert school.minutes() == {}


@pytest.mark.parametrize("seed", range(4))
def test_whatever_both_did_is_counted_once_and_comes_back(school: School, seed: int) -> None:
    chance = random.Random(seed)
    for person in (school.kept, school.dropped) * 3:
        begin = at(8, 45) + timedelta(minutes=chance.randrange(0, 110))
        end = None if chance.random() < 0.2 else begin + timedelta(minutes=chance.randrange(1, 90))
        school.came(person, chance.choice((school.main, school.branch)), begin, end)
        card = f"gb-1/{chance.randrange(3)}"
        if school.session.get(StudyTime, (person, card, DAY)) is None:
            school.session.add(StudyTime(person_id=person, material=card, day=DAY, seconds=chance.randrange(300), last_beat_at=at(20)))
        school.session.flush()
    for person in (school.kept, school.dropped):
        if chance.random() < 0.7:
            school.register(person, school.main, at(7, chance.randrange(60)))
    before, apart = school.settled(), school.minutes()

    merged = school.merge()
    together = school.minutes()
    hours.recompute(school.session, person_ids=[school.kept, school.dropped], now=school.now)
    again = school.minutes()
    school.undo(merged)

    most = max(apart.get(school.kept, 0), apart.get(school.dropped, 0))
    assert most <= together.get(school.kept, 0) <= min(90, sum(apart.values()))
    assert (again, together.get(school.dropped, 0)) == (together, 0)
    assert unchanged(before, school.settled()) == {}


# 学习 -----------------------------------------------------------------------------------------------------------------


def studied(school: School) -> dict[int, int]:
    school.session.expire_all()
    return {row.person_id: row.seconds for row in school.session.scalars(select(StudyTime))}


def test_of_two_times_on_one_card_and_day_the_longer_counts(school: School) -> None:
    school.session.add(StudyTime(person_id=school.kept, material=CARD, day=DAY, seconds=100, last_beat_at=at(20)))
    school.session.add(StudyTime(person_id=school.dropped, material=CARD, day=DAY, seconds=160, last_beat_at=at(19)))
    before = school.settled()

    merged = school.merge()
    together = studied(school)[school.kept]
    school.undo(merged)

    assert together == 160
    assert unchanged(before, school.settled()) == {}


def test_what_was_studied_since_the_merge_stays_with_the_kept_entry(school: School) -> None:
    school.session.add(StudyTime(person_id=school.kept, material=CARD, day=DAY, seconds=100, last_beat_at=at(20)))
    school.session.add(StudyTime(person_id=school.dropped, material=CARD, day=DAY, seconds=160, last_beat_at=at(19)))
    merged = school.merge()
    row = school.session.get_one(StudyTime, (school.kept, CARD, DAY), populate_existing=True)
    row.seconds, row.last_beat_at = row.seconds + 15, at(21)

    school.undo(merged)

    assert studied(school) == {school.kept: 115, school.dropped: 160}


# 其他随人走的记录 -----------------------------------------------------------------------------------------------------


def test_extensions_contacts_and_activation_slips_follow_and_return(school: School) -> None:
    school.session.add(Extension(paper_id=school.paper, person_id=school.dropped, extra_attempts=1, granted_at=school.now))
    for person, organisation in ((school.kept, school.first), (school.dropped, school.second)):
        school.session.add(
            Contact(
                programme_id=school.programme, organisation_id=organisation, person_id=person, account_id=school.office, at=school.now,
                outcome="reached",
            )
        )  # fmt: skip
        school.session.add(
            Activation(
                person_id=person, organisation_id=organisation, code_digest=f"{person:064}", issued_at=school.now,
                expires_at=school.now + timedelta(days=9),
            )
        )  # fmt: skip
    before = school.settled()

    merged = school.merge()
    rows = school.rows()
    followed = {row.person_id for name in ("extension", "contact", "activation") for row in rows[name]}
    school.undo(merged)

    assert followed == {school.kept}
    assert unchanged(before, school.settled()) == {}


def message(school: School, person: int, occasion: str, state: OutboxState = OutboxState.QUEUED) -> None:
    school.session.add(
        OutboxMessage(
            dedupe_key=f"due:all-2026:p{person}:{DUE}:{occasion}", programme_id=school.programme, person_id=person, channel="sms",
            address=f"1380000000{person}", body="请在截止前完成", state=state.value, not_before=school.now, created_at=school.now,
        )
    )  # fmt: skip


def messages(school: School) -> list[tuple[str, str]]:
    school.session.flush()
    rows = school.session.execute(select(col(OutboxMessage.dedupe_key), col(OutboxMessage.state)).order_by(col(OutboxMessage.id)))
    return [(key.removeprefix("due:all-2026:").replace(f":{DUE}:", " "), state) for key, state in rows]


def test_nobody_is_reminded_twice_of_one_occasion_under_two_entries(school: School) -> None:
    kept, dropped = f"p{school.kept}", f"p{school.dropped}"
    message(school, school.dropped, "30", OutboxState.SENT)
    message(school, school.kept, "7")
    message(school, school.dropped, "7")
    message(school, school.kept, "3")
    message(school, school.dropped, "3", OutboxState.SENT)
    before = school.settled()

    merged = school.merge()
    together = messages(school)
    school.undo(merged)

    assert together == [
        (f"{kept} 30", "sent"), (f"{kept} 7", "queued"), (f"{dropped} 7", "cancelled"), (f"{kept} 3", "cancelled"), (f"{dropped} 3", "sent"),
    ]  # fmt: skip
    assert unchanged(before, school.settled()) == {}


# 同一岗位登记了两次 ---------------------------------------------------------------------------------------------------


def double(school: School) -> tuple[int, int]:
    """The dropped entry holds the first enterprise's post too; the duties of the standing and of the later post."""
    factories.post(school.session, organisation_id=school.first, person_id=school.dropped, held_from=date(2026, 10, 1))
    training.synchronise(school.session, programme_id=school.programme, organisation_ids=None, today=DAY)
    rows = school.session.execute(
        select(col(Duty.id)).where(col(Duty.organisation_id) == school.first).order_by(col(Duty.post_id))
    ).scalars()  # fmt: skip
    standing, emptied = rows
    return standing, emptied


def duties(school: School) -> dict[tuple[int, date | None], tuple[date | None, str]]:
    """Person and closing day at the first enterprise → exemption."""
    school.session.expire_all()
    rows = school.session.scalars(select(Duty).where(col(Duty.organisation_id) == school.first).order_by(col(Duty.post_id)))
    return {(row.person_id, row.closed_on): (row.exempted_on, row.exempt_reason) for row in rows}


def last_days(school: School) -> dict[tuple[int, int], date]:
    school.session.expire_all()
    open_ones = school.session.scalars(select(Duty).where(col(Duty.closed_on).is_(None)))
    return {(row.organisation_id, row.person_id): row.due_on for row in open_ones}


def test_an_exemption_granted_on_the_doubled_post_holds_for_the_one_that_stands(school: School) -> None:
    _, emptied = double(school)
    training.exempt(school.session, duty_id=emptied, exempted_on=DAY, reason="停产核实表（2026）1 号")
    before = duties(school)

    merged = school.merge()
    together = duties(school)
    school.undo(merged)

    assert together[school.kept, None] == (DAY, "停产核实表（2026）1 号")
    assert duties(school) == before
    assert before[school.kept, None] == (None, "")


def test_a_later_day_granted_on_the_doubled_post_holds_for_the_one_that_stands(school: School) -> None:
    standing, emptied = double(school)
    training.extend_due(school.session, duty_id=emptied, due_on=date(2027, 1, 15), reason="住院，有证明")
    before = last_days(school)

    merged = school.merge()
    together = last_days(school)
    school.undo(merged)

    assert together[school.first, school.kept] == date(2027, 1, 15)
    assert last_days(school) == before
    assert school.session.get_one(Duty, standing).due_on == DUE


def test_a_request_on_the_doubled_post_is_decided_for_the_one_that_stands(school: School) -> None:
    standing, emptied = double(school)
    school.session.add(
        ExemptionRequest(
            programme_id=school.programme, organisation_id=school.first, duty_id=emptied, ground="stopped", effective_on=DAY,
            requested_by=school.office, requested_at=school.now,
        )
    )  # fmt: skip

    merged = school.merge()
    together = school.session.execute(select(col(ExemptionRequest.duty_id))).scalar_one()
    school.undo(merged)

    apart = school.session.execute(select(col(Duty.person_id)).join(ExemptionRequest, col(ExemptionRequest.duty_id) == col(Duty.id)))
    assert (together, apart.scalar_one()) == (standing, school.dropped)


def certificate(school: School, person: int, duty: int, number: str) -> None:
    if school.session.get(SigningKey, "k") is None:
        school.session.add(SigningKey(id="k", public_key="-", created_at=school.now))
        school.session.flush()
    school.session.add(
        Certificate(
            number=number, person_id=person, programme_id=school.programme, organisation_id=school.first, duty_id=duty,
            content={"holder": "王建国"}, signature="s", key_id="k", issued_at=school.now,
        )
    )  # fmt: skip
    school.session.flush()


def certificates(school: School) -> list[tuple[str, int, int]]:
    school.session.expire_all()
    return [
        (row.number, row.person_id, row.duty_id or 0) for row in school.session.scalars(select(Certificate).order_by(col(Certificate.id)))
    ]


def test_the_certificate_of_the_doubled_post_is_that_of_the_one_that_stands(school: School) -> None:
    standing, emptied = double(school)
    certificate(school, school.dropped, emptied, "AK-1")

    merged = school.merge()
    together = certificates(school)
    school.undo(merged)

    holder = school.session.execute(select(col(Duty.person_id)).where(col(Duty.id) == certificates(school)[0][2])).scalar_one()
    assert together == [("AK-1", school.kept, standing)]
    assert (certificates(school)[0][:2], holder) == (("AK-1", school.dropped), school.dropped)


def test_two_certificates_for_one_post_both_stay_and_each_names_its_own_duty(school: School) -> None:
    standing, emptied = double(school)
    certificate(school, school.kept, standing, "AK-1")
    certificate(school, school.dropped, emptied, "AK-2")
    before = certificates(school)

    merged = school.merge()
    together = certificates(school)
    school.undo(merged)

    assert together == [("AK-1", school.kept, standing), ("AK-2", school.kept, emptied)]
    assert certificates(school) == before


# 没有忘记谁 -----------------------------------------------------------------------------------------------------------


def test_whatever_is_unique_for_a_person_has_a_rule_of_its_own() -> None:
    def keys(table: Any, person: str) -> set[tuple[str, ...]]:
        found = {tuple(each.columns.keys()) for each in table.constraints if isinstance(each, UniqueConstraint)}
        found |= {tuple(each.columns.keys()) for each in table.indexes if each.unique}
        return {key for key in {*found, tuple(table.primary_key.columns.keys())} if person in key}

    unique = {pointer.table.name for pointer in pointers_at("person") if keys(pointer.table, pointer.column.name)}

    assert unique == {"account", "attempt", "hours_credit", "post", "registration", "study_time"}


def test_the_emptied_entry_is_pointed_at_by_nothing_that_counts(school: School) -> None:
    school.register(school.kept, school.main, at(8))
    school.register(school.dropped, school.branch, at(8, 30))
    school.came(school.dropped, school.branch, at(9), at(9, 45))
    school.attempt(school.dropped, OPENS, 80)

    school.merge()

    rows = {
        pointer.table.name: school.session.execute(select(pointer.table).where(pointer.column == school.dropped)).mappings().all()
        for pointer in pointers_at("person")
        if pointer.table.name != "person_merge"
    }
    assert {name: [row["state"] for row in found] for name, found in rows.items() if found} == {"registration": ["cancelled"]}
    assert school.session.get_one(Person, school.dropped).phone is None

"""Classes of the demonstration city: one held in every district, one to register for, one that runs this week, and two institutions."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from quiz import clock
from quiz.accounts.audit import SYSTEM
from quiz.classes import hours, institutions, service
from quiz.classes.institutions import Finding, InstitutionDraft, ReviewDraft
from quiz.classes.reach import ClassReach
from quiz.classes.service import ClassDraft, LessonDraft, SiteDraft
from quiz.demonstration.trades import DISTRICTS
from quiz.demonstration.writing import insert_rows
from quiz.models.classes import ClassSite, Presence, Registration
from quiz.models.organisations import Organisation
from quiz.models.training import Duty, Programme
from quiz.vocabulary import PresenceSource, RegistrationState, ReviewVerdict, SiteKind, WithoutSignOut

HELD_DAYS_AGO, COMING_IN_DAYS, LAPSED_DAYS_AGO = 12, 9, 30
PEOPLE_A_DISTRICT = 26
_TOPICS = ("主要负责人法定职责", "有限空间作业审批与监护", "工贸企业重大事故隐患判定", "典型事故案例警示")
_TEACHERS = ("宋知远", "宋知远", "姜海澜", "姜海澜")
_HALLS = {
    "371002": "环翠区政府三楼会议室", "371003": "文登区会议中心", "371082": "荣成市市民文化中心", "371083": "乳山市委党校",
    "371071": "高区创新创业基地报告厅", "371072": "经区管委会二楼", "371073": "临港区管委会报告厅", "WH-NH": "南海新区会展中心",
}  # fmt: skip
_NAMES = {
    "371002": "环翠", "371003": "文登", "371082": "荣成", "371083": "乳山", "371071": "高区", "371072": "经区", "371073": "临港",
    "WH-NH": "南海新区",
}  # fmt: skip
_DESK = ClassReach.everything()


@dataclass(frozen=True)
class _Sites:
    """Ids of a session's classrooms: the main one, and a branch for each district."""

    session_id: int
    main: int
    branches: dict[str, int]


def hold(session: Session, *, now: datetime, seed: int, shown_person: int | None = None) -> None:
    """Make them; `shown_person` is the principal to show around with, who has a seat this week."""
    today = clock.local_day(now)
    chance = random.Random(f"{seed} classes")
    good, lapsed = _institutions(session, today=today, now=now)
    programmes: dict[str, int] = {code: number for code, number in session.execute(select(col(Programme.code), col(Programme.id)))}
    confined, catering, mines = (programmes[code] for code in ("confined-space-2024", "catering-gas", "non-coal-mine-2024"))

    day = _working_day(today - timedelta(days=HELD_DAYS_AGO))
    held = _session(
        session, "工贸有限空间企业主要负责人专题培训班（第一期）", confined, _morning_and_afternoon(day), now=now, institution_id=good,
        description="市委党校设主课堂，各区市设分课堂，同步听课。",
    )  # fmt: skip
    people = _people(session, confined, chance)
    came = _attend(session, held, people, day, chance)

    mine_day = _working_day(today - timedelta(days=HELD_DAYS_AGO - 5))
    unreviewed = _session(
        session, "非煤矿山企业主要负责人专题培训班（荣成）", mines, _morning_and_afternoon(mine_day), now=now, institution_id=lapsed,
        only="371082",
    )  # fmt: skip
    miners = {code: some for code, some in _people(session, mines, chance).items() if code == "371082"}
    came |= _attend(session, unreviewed, miners, mine_day, chance)

    coming = _session(
        session, "使用燃气的餐饮企业主要负责人培训班", catering, _evening(_working_day(today + timedelta(days=COMING_IN_DAYS))), now=now,
        description="晚间授课，带手机；没有签退的按在场到课程结束计。", policy=WithoutSignOut.LESSON_END, capacity=60,
    )  # fmt: skip
    _register(session, coming, _people(session, catering, chance), now - timedelta(days=2), chance)
    _fill_one(session, coming)

    week = [lesson for n in range(7) for lesson in _all_day(today + timedelta(days=n))]
    running = _session(session, "有限空间企业主要负责人轮训周（白天、晚间任选）", confined, week, now=now, until=week[-1].end)
    if shown_person is not None:
        organisation_id = session.scalars(
            select(col(Duty.organisation_id)).where(col(Duty.person_id) == shown_person, col(Duty.programme_id) == confined)
        ).first()
        shown = {"371002": [(shown_person, organisation_id or 0)]} if organisation_id else {}
        _register(session, running, shown, now - timedelta(days=1), chance)
    hours.recompute(session, person_ids=came, now=now)


def _working_day(day: date) -> date:
    return day - timedelta(days=max(0, day.weekday() - 4))


def _at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), clock.SHANGHAI).astimezone(clock.UTC)


def _lessons(day: date, *times: tuple[int, int]) -> list[LessonDraft]:
    """Lessons of 45 minutes at these times of day."""
    return [
        LessonDraft(_at(day, hour, minute), _at(day, hour, minute) + timedelta(minutes=45), _TOPICS[n % 4], _TEACHERS[n % 4])
        for n, (hour, minute) in enumerate(times)
    ]


def _morning_and_afternoon(day: date) -> list[LessonDraft]:
    signing = LessonDraft(_at(day, 8, 10), _at(day, 8, 30), "报到、签到", is_credited=False)
    return [signing, *_lessons(day, (8, 30), (9, 25), (10, 20), (13, 30), (14, 25), (15, 20))]


def _evening(day: date) -> list[LessonDraft]:
    return _lessons(day, (18, 30), (19, 20))


def _all_day(day: date) -> list[LessonDraft]:
    return _lessons(day, (8, 30), (9, 25), (10, 20), (14, 0), (14, 55), (15, 50), (19, 0), (19, 50))


def _session(
    session: Session, title: str, programme_id: int, lessons: list[LessonDraft], *, now: datetime, institution_id: int | None = None,
    description: str = "", until: datetime | None = None, policy: WithoutSignOut = WithoutSignOut.SETTLE, capacity: int = 120, only: str = "",
) -> _Sites:  # fmt: skip
    stamp: dict[str, Any] = {"desk": _DESK, "actor": SYSTEM, "now": min(now, lessons[0].begin - timedelta(days=14))}
    draft = ClassDraft(title, programme_id, institution_id, description, without_sign_out=policy, registration_until=until)
    number = service.create(session, draft=draft, **stamp)
    main = 0
    if not only:
        hall = SiteDraft("市主课堂", SiteKind.MAIN, "威海市委党校报告厅", None, "丛明川", "0631-5200000", 300)
        main = service.add_site(session, session_id=number, draft=hall, **stamp)
    branches = {}
    for n, code in enumerate(_HALLS):
        if only in ("", code):
            kind = SiteKind.MAIN if only else SiteKind.BRANCH
            room = SiteDraft(f"{_NAMES[code]}分课堂", kind, _HALLS[code], code, "安委会办公室", f"0631-52000{n + 1:02}", capacity)
            branches[code] = service.add_site(session, session_id=number, draft=room, **stamp)
    service.put_lessons(session, session_id=number, lessons=lessons, **stamp)
    service.announce(session, session_id=number, **stamp)
    return _Sites(number, main, branches)


def _people(session: Session, programme_id: int, chance: random.Random) -> dict[str, list[tuple[int, int]]]:
    """Per district some holders of open duties, most of those who began: (person, organisation)."""
    rows = session.execute(
        select(col(Organisation.district_code), col(Duty.person_id), col(Duty.organisation_id), col(Duty.trained_on))
        .join(Organisation, col(Organisation.id) == col(Duty.organisation_id))
        .where(col(Duty.programme_id) == programme_id, col(Duty.closed_on).is_(None), col(Duty.exempted_on).is_(None))
        .order_by(col(Duty.id))
    )
    found: dict[str, dict[int, int]] = defaultdict(dict)
    seen: set[int] = set()
    for district, person_id, organisation_id, trained_on in rows:
        if person_id not in seen and (trained_on is not None or chance.random() < 0.12):
            found[district][person_id] = organisation_id
            seen.add(person_id)
    known = {district.code for district in DISTRICTS}
    return {
        code: sorted(chance.sample(sorted(people.items()), k=min(PEOPLE_A_DISTRICT, len(people))))
        for code, people in found.items()
        if code in known
    }


def _register(
    session: Session, sites: _Sites, people: dict[str, list[tuple[int, int]]], at: datetime, chance: random.Random
) -> dict[int, int]:  # fmt: skip
    """Person → classroom: mostly the branch of the district, some go to the main one."""
    where: dict[int, int] = {}
    rows = []
    for code, some in people.items():
        for n, (person_id, organisation_id) in enumerate(some):
            to_main = sites.main and n % 9 == 8
            where[person_id] = sites.main if to_main else sites.branches.get(code, sites.main)
            rows.append(
                {
                    "session_id": sites.session_id, "site_id": where[person_id], "person_id": person_id,
                    "organisation_id": organisation_id, "state": RegistrationState.REGISTERED.value,
                    "registered_at": at - timedelta(minutes=chance.randint(1, 4_000)),
                }
            )  # fmt: skip
    insert_rows(session.connection(), Registration, rows)
    return where


def _attend(
    session: Session, sites: _Sites, people: dict[str, list[tuple[int, int]]], day: date, chance: random.Random
) -> set[int]:  # fmt: skip
    """Most come by code; some are late or leave early, some forget to sign out, one is in two places; answers with who came."""
    where = _register(session, sites, people, _at(day, 9) - timedelta(days=3), chance)
    rows: list[dict[str, Any]] = []

    def stay(person_id: int, site_id: int, begin: datetime, end: datetime | None, source: PresenceSource, note: str = "") -> None:
        rows.append(
            {
                "session_id": sites.session_id, "site_id": site_id, "person_id": person_id, "signed_in_at": begin, "signed_out_at": end,
                "source": source.value, "void_reason": "", "note": note,
            }
        )  # fmt: skip

    came: set[int] = set()
    for number, (person_id, site_id) in enumerate(sorted(where.items())):
        if chance.random() < 0.13:
            continue
        came.add(person_id)
        begin = _at(day, 8, 10) + timedelta(seconds=chance.randint(0, 1_500))
        if number % 17 == 3:
            stay(person_id, site_id, _at(day, 8, 30), _at(day, 16, 5), PresenceSource.HAND, "手机没电，现场核实到课")
            continue
        if number % 19 == 5:
            begin = _at(day, 8, 30) + timedelta(minutes=chance.randint(12, 40))
        stay(person_id, site_id, begin, _at(day, 11, 5) + timedelta(seconds=chance.randint(0, 300)), PresenceSource.CODE)
        leaves: datetime | None = _at(day, 16, 5) + timedelta(seconds=chance.randint(0, 500))
        if number % 23 == 7:
            leaves = None
        elif number % 13 == 4:
            leaves = _at(day, 14, 10) + timedelta(minutes=chance.randint(0, 50))
        stay(person_id, site_id, _at(day, 13, 12) + timedelta(seconds=chance.randint(0, 1_000)), leaves, PresenceSource.CODE)
    doubled = min(came, default=None)
    if doubled is not None and sites.main and where[doubled] != sites.main:
        stay(doubled, sites.main, _at(day, 9, 40), _at(day, 10, 30), PresenceSource.CODE)
    insert_rows(session.connection(), Presence, rows)
    return came


def _fill_one(session: Session, sites: _Sites) -> None:
    """One classroom of the coming session is full, so that the screens show it."""
    taken = service.seats_taken(session, sites.branches["371071"])
    session.get_one(ClassSite, sites.branches["371071"]).capacity = max(taken, 1)
    session.flush()


def _institutions(session: Session, *, today: date, now: datetime) -> tuple[int, int]:
    """One with a valid review, one whose review ran out a month ago."""
    stamp: dict[str, Any] = {"districts": None, "actor": SYSTEM, "now": now}
    found = []
    for name, district, reviewed, until in (
        ("威海海岳安全技术培训中心（演示）", None, today - timedelta(days=320), today + timedelta(days=45)),
        (
            "荣成石岛湾职业培训学校（演示）",
            "371082",
            today - timedelta(days=LAPSED_DAYS_AGO + 365),
            today - timedelta(days=LAPSED_DAYS_AGO),
        ),
    ):
        number = institutions.add(
            session,
            draft=InstitutionDraft(name, "", district, "演示地址", "演示联系人", "0631-5200099", "主要负责人、安全生产管理人员"),
            **stamp,
        )
        findings = tuple(
            Finding(
                item.code,
                None if item.code in ("online", "special-operations") else True,
                "" if item.complete else "已对照标准原文核对（演示）",
            )
            for item in institutions.checklist()[1]
        )
        review = ReviewDraft(reviewed, ReviewVerdict.PASSED, until, findings, "市应急局复核组（演示）", "演示数据")
        institutions.review(session, institution_id=number, draft=review, today=today, **stamp)
        found.append(number)
    return found[0], found[1]

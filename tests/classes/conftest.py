"""A programme with people of two districts, and a morning's session with a main classroom and a branch in each district."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from quiz import clock, events
from quiz.accounts.audit import Actor
from quiz.classes import codes, service
from quiz.classes.reach import ClassReach, class_reach
from quiz.classes.service import ClassDraft, LessonDraft, SiteDraft
from quiz.models.accounts import AuditEvent
from quiz.models.classes import ClassSite, HoursCredit, Presence
from quiz.organisations.reach import Reach, Reaches
from quiz.training import service as training
from quiz.vocabulary import SiteKind
from tests import factories

HERE, THERE = "371002", "371003"
TODAY = date(2026, 11, 23)


def at(hour: int, minute: int = 0, *, day: date = TODAY) -> datetime:
    """A moment of that day in Weihai."""
    return clock.start_of_day(day) + timedelta(hours=hour, minutes=minute)


MORNING = (
    LessonDraft(at(9), at(9, 45), "法定职责", "宋老师"),
    LessonDraft(at(9, 45), at(9, 55), "课间休息", is_credited=False),
    LessonDraft(at(9, 55), at(10, 40), "重大事故隐患判定", "宋老师"),
)


@dataclass
class School:
    """Ids of what there is, and the desks of three offices."""

    session: Session
    programme: int
    class_id: int
    main: int
    here: int
    there: int
    zhang: int
    """Owes the programme, works in 环翠区, telephone 13800000001."""
    li: int
    """Owes the programme, works in 文登区, telephone 13800000002."""
    wang: int
    """Works in 环翠区, owes nothing."""
    city: ClassReach
    district: ClassReach
    """Of 环翠区."""
    other_district: ClassReach
    actor: Actor
    heard: list[events.HoursChanged] = field(default_factory=list)

    def code(self, site_id: int, moment: datetime) -> str:
        site = self.session.get_one(ClassSite, site_id)
        return codes.code_of(site.secret, site_id, codes.step_at(moment))

    def stamp(self, now: datetime | None = None) -> dict[str, Any]:
        return {"desk": self.city, "actor": self.actor, "now": now or at(12)}

    def credited(self) -> dict[tuple[int, int], int]:
        """(session, person) → minutes."""
        self.session.flush()
        rows = self.session.execute(select(col(HoursCredit.session_id), col(HoursCredit.person_id), col(HoursCredit.minutes)))
        return {(session_id, person_id): minutes for session_id, person_id, minutes in rows}

    def presences(self, person_id: int) -> list[tuple[str, str, str]]:
        """Site, in, out of what is not voided."""
        self.session.flush()
        rows = self.session.execute(
            select(col(ClassSite.name), col(Presence.signed_in_at), col(Presence.signed_out_at))
            .join(ClassSite, col(ClassSite.id) == col(Presence.site_id))
            .where(col(Presence.person_id) == person_id, col(Presence.voided_at).is_(None))
            .order_by(col(Presence.signed_in_at))
        )
        return [(name, clock.show(begin)[11:], clock.show(end)[11:]) for name, begin, end in rows]

    def audited(self) -> list[str]:
        self.session.flush()
        return list(self.session.scalars(select(col(AuditEvent.action)).order_by(col(AuditEvent.id))))


def worker(session: Session, name: str, phone: str, district: str, unit: str, *, role: str = "principal") -> int:
    town = f"{district}001"
    organisation = factories.organisation(session, name=unit, district=district, town=town)
    person = factories.person(session, name=name, phone=phone)
    factories.post(session, organisation_id=organisation, person_id=person, role=role, designated=True)
    return person


def office(session: Session, district: str | None, account_id: int) -> ClassReach:
    reach = Reach(district_codes=frozenset({district})) if district else Reach.everything()
    return class_reach(session, reaches=Reaches((reach,)), account_id=account_id)


@pytest.fixture
def school(session: Session, monkeypatch: pytest.MonkeyPatch) -> School:
    """The session is announced; it is today."""
    factories.reference(session)
    zhang = worker(session, "张三", "13800000001", HERE, "威海张三机械有限公司")
    li = worker(session, "李四", "13800000002", THERE, "文登李四食品有限公司")
    wang = worker(session, "王五", "13800000003", HERE, "威海王五物业有限公司", role="safety_manager")
    programme = factories.programme(session, opens_on=TODAY - timedelta(days=20), due_on=TODAY + timedelta(days=20))
    training.open_programme(session, programme_id=programme, today=TODAY)
    account = factories.account(session, name="city")
    actor = Actor(account, "city", "10.0.0.7")
    city = office(session, None, account)
    stamp: dict[str, Any] = {"desk": city, "actor": actor, "now": at(8)}
    class_id = service.create(session, draft=ClassDraft("主要负责人专题班", programme_id=programme), **stamp)
    main, here, there = (
        service.add_site(session, session_id=class_id, draft=draft, **stamp)
        for draft in (
            SiteDraft("市主课堂", SiteKind.MAIN, "市委党校报告厅", None, capacity=100),
            SiteDraft("环翠分课堂", SiteKind.BRANCH, "环翠区政府三楼", HERE, "毕主任", "0631-5200001", 2),
            SiteDraft("文登分课堂", SiteKind.BRANCH, "文登区会议中心", THERE, capacity=1),
        )
    )
    service.put_lessons(session, session_id=class_id, lessons=MORNING, **stamp)
    service.announce(session, session_id=class_id, **stamp)
    for site_id in (main, here, there):
        session.get_one(ClassSite, site_id).code_open_until = at(12)
    session.flush()
    made = School(
        session, programme, class_id, main, here, there, zhang, li, wang, city,
        office(session, HERE, factories.account(session)), office(session, THERE, factories.account(session)), actor,
    )  # fmt: skip
    monkeypatch.setattr(events, "_handlers", {**events._handlers, events.HoursChanged: [lambda _, event: made.heard.append(event)]})
    return made

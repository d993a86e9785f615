"""A town in which everything happens through the services an office uses, told to the oracle at the same time."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session, col

from quiz import events
from quiz.coverage.domain import MEASURES
from quiz.models.attempts import Attempt
from quiz.models.classes import ClassSession, HoursCredit
from quiz.models.coverage import Tally
from quiz.models.organisations import Organisation, Person, RosterImport
from quiz.models.training import Duty
from quiz.models.training import Programme as ProgrammeRow
from quiz.organisations import person_merge, roster_undo
from quiz.organisations import service as organisations
from quiz.organisations.domain import OrganisationDraft, PersonDraft
from quiz.organisations.reference import seed_reference
from quiz.organisations.roster_service import apply_plan, read_and_plan
from quiz.problems import Refusal
from quiz.training import service as training
from tests import factories
from tests.coverage.oracle import DAYS, FIRST, LAST, Oracle, Programme
from tests.organisations import sheets

OPENS, DUE = date(2026, 9, 1), date(2026, 11, 30)
PLACES = (("371002", "371002001"), ("371002", None), ("371082", "371082007"), ("371083", None))
SECTORS = (("industry_trade", "emergency_management"), ("catering", "commerce"), ("hospital", "health"))
TAG = "confined_space"
MINUTES = 90
TERMS: tuple[dict[str, Any], ...] = (
    {"audience": {"sectors": ["catering", "industry_trade"]}, "policy": "designated"},
    {"audience": {"features": [TAG]}, "policy": "all"},
    {"audience": {}, "policy": "all", "hours_rule": "fixed", "hours_fixed": 2.0},
    {"audience": {}, "policy": "designated"},
    {"audience": {"sectors": ["catering", "hospital"]}, "policy": "designated", "hours_rule": "fixed", "hours_fixed": 2.0, "paper": False},
)
OFTEN = {
    "appoint": 4, "change_principal": 4, "leave": 2, "correct_tenure": 2, "designate": 2, "pass_exam": 6, "fail_exam": 3, "start_exam": 1,
    "hours": 4, "move": 4, "change_sector": 3, "tag": 4, "suspend": 2, "deregister": 3, "revoke": 2, "reopen": 4, "merge": 2,
    "undo_merge": 2, "found": 2, "refound": 1, "exempt": 3, "exempt_whole": 2, "withdraw": 3, "extend": 1, "merge_people": 2, "roster_and_undo": 2,
}  # fmt: skip


@dataclass
class Counted:
    """How often what happened, and how often it was refused."""

    done: dict[str, int]
    refused: dict[str, int]


class Town:
    """A few enterprises and people, five open programmes, two of them with hours, one of these without a paper; `step` lets something happen on the next day or the same."""

    def __init__(self, session: Session, seed: int, *, enterprises: int = 5, people: int = 6) -> None:
        self.session, self.chance, self.today = session, random.Random(seed), OPENS
        self.counted = Counted({}, {})
        seed_reference(session)
        self.paper = factories.paper(session)
        self.programmes = [
            factories.programme(
                session, paper_id=self.paper, opens_on=OPENS, due_on=DUE, audience=terms["audience"], policy=terms["policy"]
            )
            for terms in TERMS
        ]
        self.sittings: dict[int, int] = {}
        for programme_id, terms in zip(self.programmes, TERMS, strict=True):
            if "hours_rule" in terms:
                session.connection().execute(
                    update(ProgrammeRow)
                    .where(col(ProgrammeRow.id) == programme_id)
                    .values(hours_rule="fixed", hours_fixed=2.0, paper_id=self.paper if terms.get("paper", True) else None)
                )
                session.expire_all()
                sitting = ClassSession(title="班次", programme_id=programme_id, created_at=factories.at(OPENS))
                session.add(sitting)
                session.flush()
                self.sittings[programme_id] = sitting.id or 0
        self.oracle = Oracle(
            {
                programme_id: Programme(
                    sectors=frozenset(terms["audience"].get("sectors", ())),
                    needs_tag="features" in terms["audience"],
                    policy=terms["policy"],
                    opens_on=OPENS,
                    minutes=MINUTES if "hours_rule" in terms else 0,
                    has_paper=terms.get("paper", True),
                )  # fmt: skip
                for programme_id, terms in zip(self.programmes, TERMS, strict=True)
            }
        )
        self.people = [factories.person(session, name=f"人{number}", phone=f"1380000{number:04}") for number in range(people)]
        for programme_id in self.programmes:
            training.open_programme(session, programme_id=programme_id, today=OPENS)
        for _ in range(enterprises):
            self._found(date(2020, 1, 1))
        self.double = 0

    # --- chance ---

    def step(self) -> str:
        """Something happens; answers what, or an empty text when the office refused it."""
        self.today = min(LAST - timedelta(days=30), self.today + timedelta(days=self.chance.choice((0, 0, 1, 1, 2))))
        kind = self.chance.choices(list(OFTEN), weights=list(OFTEN.values()))[0]
        try:
            with self.session.begin_nested():
                told = getattr(self, f"_{kind}_event")()
        except Refusal:
            self.session.expire_all()
            self.counted.refused[kind] = self.counted.refused.get(kind, 0) + 1
            return ""
        self.session.flush()
        self.session.expire_all()
        if told is None:
            return ""
        told()
        self.counted.done[kind] = self.counted.done.get(kind, 0) + 1
        return kind

    def _day(self) -> date:
        """Today, or a day of the last two months."""
        return max(FIRST, self.today - timedelta(days=self.chance.choice((0, 0, 0, 1, 5, 20, 60))))

    def _enterprise(self) -> int:
        return self.chance.choice(list(self.oracle.enterprises))

    def _stamp(self) -> dict[str, Any]:
        return {"now": factories.at(self.today), "today": self.today}

    def _post(self, *, current: bool | None = None) -> int | None:
        found = [key for key, post in self.oracle.posts.items() if current is None or (post.held_to is None) == current]
        return self.chance.choice(found) if found else None

    # --- enterprises ---

    def _found(self, day: date | None, entered: date | None = None) -> int:
        place, sector, tagged = self.chance.choice(PLACES), self.chance.choice(SECTORS), self.chance.random() < 0.5
        number = len(self.oracle.enterprises) + 1
        view = organisations.add_organisation(
            self.session,
            draft=OrganisationDraft(
                name=f"第{number}厂", registration_number=f"R{number:08}", district_code=place[0], town_code=place[1], sector_code=sector[0],
                department_code=sector[1], registered_on=day, since=entered, features=frozenset({TAG} if tagged else ()),
            ),
            **self._stamp(),
        )  # fmt: skip
        self.oracle.found(
            view.id, founded=day, entered=entered or day or self.today, place=(place[0], place[1] or ""), sector=sector, tagged=tagged
        )
        return view.id

    def _found_event(self) -> Callable[[], None] | None:
        if len(self.oracle.enterprises) > 9:
            return None
        kind = self.chance.choice(("founded", "entered", "old"))
        self._found(*{"founded": (self._day(), None), "entered": (None, self._day()), "old": (date(2015, 5, 5), None)}[kind])
        return lambda: None

    def _refound_event(self) -> Callable[[], None]:
        number, day = self._enterprise(), self._day()
        organisations.edit_organisation(self.session, organisation_id=number, changes={"registered_on": day}, **self._stamp())
        return lambda: self.oracle.refound(number, day)

    def _move_event(self) -> Callable[[], None]:
        number, place, day = self._enterprise(), self.chance.choice(PLACES), self._day()
        organisations.move(
            self.session, organisation_id=number, district_code=place[0], town_code=place[1], effective_on=day, **self._stamp()
        )
        return lambda: self.oracle.move(number, day, (place[0], place[1] or ""))

    def _change_sector_event(self) -> Callable[[], None]:
        number, sector, day = self._enterprise(), self.chance.choice(SECTORS), self._day()
        organisations.change_sector(
            self.session, organisation_id=number, sector_code=sector[0], department_code=sector[1], effective_on=day, **self._stamp()
        )
        return lambda: self.oracle.change_sector(number, day, sector)

    def _tag_event(self) -> Callable[[], None]:
        number, day = self._enterprise(), self._day()
        tagged = not self.oracle.enterprises[number].tagged[LAST]
        organisations.set_features(
            self.session, organisation_id=number, features=frozenset({TAG} if tagged else ()), effective_on=day, **self._stamp()
        )
        return lambda: self.oracle.tag(number, day, tagged)

    def _set_status(self, status: str) -> Callable[[], None]:
        number, day = self._enterprise(), self._day()
        organisations.set_status(self.session, organisation_id=number, status=status, effective_on=day, **self._stamp())
        if status in ("active", "suspended", "unreachable"):
            return lambda: self.oracle.reopen(number, day, status)
        return lambda: self.oracle.close(number, day, status)

    def _suspend_event(self) -> Callable[[], None]:
        return self._set_status(self.chance.choice(("suspended", "unreachable")))

    def _deregister_event(self) -> Callable[[], None]:
        return self._set_status("deregistered")

    def _revoke_event(self) -> Callable[[], None]:
        return self._set_status("revoked")

    def _reopen_event(self) -> Callable[[], None]:
        return self._set_status("active")

    def _merge_event(self) -> Callable[[], None]:
        number, day = self._enterprise(), self._day()
        organisations.merge(self.session, organisation_id=number, into_id=self._enterprise(), effective_on=day, **self._stamp())
        return lambda: self.oracle.close(number, day, "merged")

    def _undo_merge_event(self) -> Callable[[], None] | None:
        merged = [number for number, each in self.oracle.enterprises.items() if each.status == "merged"]
        if not merged:
            return None
        number = self.chance.choice(merged)
        view = organisations.undo_merge(self.session, organisation_id=number, **self._stamp())
        day = self.oracle.enterprises[number].closed_on
        assert day is not None
        return lambda: self.oracle.reopen(number, day, view.row.status)

    # --- people and posts ---

    def _appoint_event(self) -> Callable[[], None] | None:
        number, person, day, designated = self._enterprise(), self.chance.choice(self.people), self._day(), self.chance.random() < 0.3
        held = [post for post in self.oracle.posts.values() if post.enterprise == number and post.held_to is None]
        if any(post.person == person for post in held):
            return None
        row = self.session.get_one(Person, person)
        post = organisations.appoint(
            self.session, organisation_id=number, person=PersonDraft(row.name, row.phone), role="principal", held_from=day,
            designated=designated, **self._stamp(),
        )  # fmt: skip
        assert post.person_id == person
        return lambda: self.oracle.appoint(post.id, person, number, day, designated)

    def _change_principal_event(self) -> Callable[[], None] | None:
        leaving, person, day = self._post(current=True), self.chance.choice(self.people), self._day()
        if leaving is None:
            return None
        old = self.oracle.posts[leaving]
        row = self.session.get_one(Person, person)
        post = organisations.change_principal(
            self.session, organisation_id=old.enterprise, person=PersonDraft(row.name, row.phone), held_from=day, leaving_post_id=leaving,
            **self._stamp(),
        )  # fmt: skip

        def told() -> None:
            old.held_to = day
            self.oracle.appoint(post.id, person, old.enterprise, day, old.designated)

        return told

    def _leave_event(self) -> Callable[[], None] | None:
        post_id, day = self._post(current=True), self._day()
        if post_id is None:
            return None
        organisations.end_post(self.session, post_id=post_id, held_to=day, **self._stamp())
        return lambda: setattr(self.oracle.posts[post_id], "held_to", day)

    def _correct_tenure_event(self) -> Callable[[], None] | None:
        post_id, days = self._post(), sorted((self._day(), self._day()))
        if post_id is None:
            return None
        held_to = days[1] if self.chance.random() < 0.5 else None
        organisations.correct_tenure(self.session, post_id=post_id, held_from=days[0], held_to=held_to, **self._stamp())

        def told() -> None:
            post = self.oracle.posts[post_id]
            post.held_from, post.held_to = days[0], held_to

        return told

    def _designate_event(self) -> Callable[[], None] | None:
        post_id = self._post(current=True)
        if post_id is None:
            return None
        organisations.designate(self.session, post_id=post_id, **self._stamp())
        return lambda: self.oracle.designate(post_id) if not self.oracle.posts[post_id].designated else None

    def _merge_people_event(self) -> Callable[[], None] | None:
        if len(self.people) < 5:
            return None
        kept, dropped = self.chance.sample(self.people, 2)
        names = [self.session.get_one(Person, each) for each in (kept, dropped)]
        names[1].name = names[0].name
        self.session.flush()
        person_merge.merge_persons(self.session, kept_id=kept, dropped_id=dropped, reason="重复登记", **self._stamp())

        def told() -> None:
            self.oracle.merge_people(kept, dropped)
            self.people.remove(dropped)

        return told

    # --- learning ---

    def _pass_exam_event(self) -> Callable[[], None]:
        return self._attempt(80)

    def _fail_exam_event(self) -> Callable[[], None]:
        return self._attempt(40)

    def _start_exam_event(self) -> Callable[[], None] | None:
        person, moment = self.chance.choice(self.people), factories.at(self.today)
        sitting = select(Attempt.id).where(col(Attempt.person_id) == person, col(Attempt.state) == "open")  # type: ignore[call-overload]
        if self.session.scalars(sitting).first() is not None:
            return None
        attempt_id = factories.attempt(self.session, person_id=person, paper_id=self.paper, started_at=moment)
        events.announce(self.session, events.AttemptStarted(attempt_id, person, self.paper, moment))
        return lambda: self.oracle.started.setdefault(person, []).append(self.today)

    def _attempt(self, score: float) -> Callable[[], None]:
        person, moment = self.chance.choice(self.people), factories.at(self.today)
        attempt_id = factories.attempt(
            self.session, person_id=person, paper_id=self.paper, started_at=moment, handed_in_at=moment, score=score
        )
        self._announce_attempt(attempt_id, person, passed=score >= 60)
        return lambda: self._told_attempt(person, score >= 60)

    def _announce_attempt(self, attempt_id: int, person: int, *, passed: bool) -> None:
        moment = factories.at(self.today)
        events.announce(self.session, events.AttemptStarted(attempt_id, person, self.paper, moment))
        events.announce(self.session, events.AttemptHandedIn(attempt_id, person, self.paper, passed, moment))

    def _told_attempt(self, person: int, passed: bool) -> None:
        self.oracle.started.setdefault(person, []).append(self.today)
        self.oracle.handed_in.setdefault(person, []).append((self.today, passed))

    def _hours_event(self) -> Callable[[], None] | None:
        person, minutes = self.chance.choice(self.people), self.chance.choice((45, 45, 90))
        programme_id, sitting = self.chance.choice(list(self.sittings.items()))
        if self.session.get(HoursCredit, (sitting, person, self.today)) is not None:
            return None
        self.session.add(HoursCredit(session_id=sitting, person_id=person, day=self.today, programme_id=programme_id, minutes=minutes))
        self.session.flush()
        events.announce(self.session, events.HoursChanged(frozenset({person}), programme_id, self.today))
        day = self.today
        return lambda: self.oracle.minutes.setdefault(person, []).append((programme_id, day, minutes))

    # --- decisions ---

    def _duty(self) -> Any:
        rows = self.session.connection().execute(select(Duty.id, Duty.programme_id, Duty.post_id, Duty.due_on).order_by(col(Duty.id))).all()  # type: ignore[call-overload]
        return self.chance.choice(rows) if rows else None

    def _until(self, day: date) -> date | None:
        """Without an end, or for some weeks, which may be over by now."""
        return day + timedelta(days=self.chance.choice((7, 20, 40))) if self.chance.random() < 0.6 else None

    def _exempt_event(self) -> Callable[[], None] | None:
        duty, day = self._duty(), self._day()
        if duty is None:
            return None
        until = self._until(day)
        training.exempt(self.session, duty_id=duty.id, exempted_on=day, until=until, reason="停产核减")
        return lambda: self.oracle.posts[duty.post_id].exempt.setdefault(duty.programme_id, []).append((day, until))

    def _exempt_whole_event(self) -> Callable[[], None]:
        number, programme_id, day = self._enterprise(), self.chance.choice(self.programmes), self._day()
        until = self._until(day) or day + timedelta(days=30)
        training.exempt_organisation(
            self.session, programme_id=programme_id, organisation_id=number, exempted_on=day, until=until, reason="整体停产核减"
        )
        return lambda: self.oracle.enterprises[number].exempt.setdefault(programme_id, []).append((day, until))

    def _withdraw_event(self) -> Callable[[], None] | None:
        day = self._day()
        exempt = [
            (post, programme_id, days)
            for post in self.oracle.posts.items()
            for programme_id, periods in post[1].exempt.items()
            if (days := max((each for each in periods if each[1] is None or each[1] > day), default=None, key=lambda each: each[0]))
        ]
        if not exempt:
            return None
        (post_id, post), programme_id, (since, until) = self.chance.choice(exempt)
        found = select(Duty.id).where(col(Duty.post_id) == post_id, col(Duty.programme_id) == programme_id)  # type: ignore[call-overload]
        training.withdraw_exemption(self.session, duty_id=self.session.connection().execute(found).scalar_one(), withdrawn_on=day)

        def told() -> None:
            post.exempt[programme_id].remove((since, until))
            if day > since:
                post.exempt[programme_id].append((since, day))

        return told

    def _extend_event(self) -> Callable[[], None] | None:
        duty = self._duty()
        if duty is None:
            return None
        training.extend_due(self.session, duty_id=duty.id, due_on=duty.due_on + timedelta(days=7), reason="因灾延期")
        return lambda: None

    # --- a wrong roster, noticed ---

    def _roster_and_undo_event(self) -> Callable[[], None]:
        rows = []
        for number in self.chance.sample(list(self.oracle.enterprises), 2):
            known = self.session.get_one(Organisation, number)
            rows.append({
                "企业名称": known.name, "统一社会信用代码": None, "登记注册号": known.registration_number,
                "所属区市": self.chance.choice(("环翠区", "荣成市")), "镇街": None, "行业领域": self.chance.choice(("工贸", "餐饮")),
                "监管部门": None, "经营状态": self.chance.choice(("在业", "注销", "停产")), "主要负责人姓名": f"误{self.chance.randint(1, 3)}",
                "手机号": sheets.phone(self.chance.randint(1, 9)), "任职日期": self.today.isoformat(),
                "特征标签": self.chance.choice(("有限空间", "无")),
            })  # fmt: skip
        rows.append(sheets.enterprise(self.chance.randint(1, 99), 特征标签="有限空间"))
        header = ("登记注册号", "特征标签", *sheets.HEADER)
        plan = read_and_plan(self.session, data=sheets.roster(*rows, header=header), file_name="误导入.xlsx", today=self.today)
        report = apply_plan(self.session, plan=plan, account_id=None, now=factories.at(self.today))
        if report.import_id is not None:
            roster_undo.undo_within(self.session, import_id=report.import_id, now=factories.at(self.today))
            assert self.session.get_one(RosterImport, report.import_id).undone_at is not None
        return lambda: None

    # --- what the tally says ---

    def tallied(self, programme_id: int) -> Iterator[tuple[date, dict[tuple[str, ...], int]]]:
        """Day by day, the level of each cell by the tally."""
        columns = [getattr(Tally, name) for name in ("district_code", "town_code", "sector_code", "department_code", *MEASURES)]
        query = select(col(Tally.day), *columns).where(col(Tally.programme_id) == programme_id).order_by(col(Tally.day))
        rows = self.session.connection().execute(query).all()
        level: dict[tuple[str, ...], int] = {}
        position = 0
        for day in DAYS:
            while position < len(rows) and rows[position][0] <= day:
                row = rows[position]
                for name, value in zip(MEASURES, row[5:], strict=True):
                    level[(*row[1:5], name)] = level.get((*row[1:5], name), 0) + value
                position += 1
            yield day, {key: value for key, value in level.items() if value}

"""A tiny city in which anything may happen, and a slow, plain count of it to compare the tally with."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlmodel import Session, col

from quiz import clock, events
from quiz.coverage.domain import MEASURES
from quiz.models.attempts import Attempt
from quiz.models.coverage import Tally
from quiz.models.organisations import Organisation, OrganisationFeature, Placement, Post
from quiz.models.training import Duty, Exemption, Programme
from quiz.problems import Refusal
from quiz.training import service
from tests import factories

FIRST, LAST = date(2026, 8, 20), date(2026, 12, 10)
OPENS_ON, DUE_ON = date(2026, 9, 1), date(2026, 10, 31)
ENTERPRISES, PEOPLE = 3, 4
PLACES = (("371002", "371002001"), ("371002", None), ("371003", "371003001"))
SECTORS = (("industry", "emergency"), ("catering", "commerce"), ("hospital", None))
KINDS = (
    "appoint", "appoint", "appoint", "leave", "leave", "pass", "pass", "pass", "fail", "start", "move", "move", "exempt", "exempt",
    "withdraw", "close", "reopen", "unleave", "designate", "shift_post", "extend", "tag", "untag", "policy", "audience", "end_programme",
    "exempt_for_a_time", "exempt_whole",
)  # fmt: skip
"""What may happen, the commoner things more often."""


@dataclass(frozen=True)
class Event:
    """Something that happens, to things chosen by number: `on` is the day it takes effect, which may be long past."""

    kind: str
    first: int
    second: int
    on: date
    today: date


class City:
    """Three enterprises, four people, and two programmes: one asks for sectors, one for a feature as well."""

    def __init__(self, session: Session) -> None:
        self.session = session
        factories.reference(session)
        self.organisations = [
            factories.organisation(session, district=place[0], town=place[1], sector=sector, department=department)
            for place, (sector, department) in zip(PLACES, SECTORS, strict=True)
        ]
        self.people = [factories.person(session) for _ in range(PEOPLE)]
        for organisation_id, person_id in zip(self.organisations, self.people, strict=False):
            factories.post(session, organisation_id=organisation_id, person_id=person_id)
        self.paper = factories.paper(session)
        self.programmes = [
            factories.programme(session, paper_id=self.paper, opens_on=OPENS_ON, due_on=DUE_ON, audience=audience, policy=policy)
            for audience, policy in (({"sectors": ["industry", "catering"]}, "designated"), ({"features": ["confined_space"]}, "all"))
        ]
        for programme_id in self.programmes:
            service.open_programme(session, programme_id=programme_id, today=OPENS_ON)

    def play(self, event: Event) -> None:
        """Let it happen, the way the rooms below would: write the facts, announce them."""
        getattr(self, f"_{event.kind}")(event)
        self.session.flush()
        self.session.expire_all()

    # --- facts ---

    def _organisation(self, event: Event) -> int:
        return self.organisations[event.first % ENTERPRISES]

    def _person(self, event: Event) -> int:
        return self.people[event.second % PEOPLE]

    def _posts(self, *, current: bool | None = None) -> list[Any]:
        query = select(Post.__table__).order_by(col(Post.id))  # type: ignore[attr-defined]
        if current is not None:
            query = query.where(col(Post.held_to).is_(None) if current else col(Post.held_to).is_not(None))
        return list(self.session.connection().execute(query))

    def _write(self, statement: Any) -> None:
        self.session.connection().execute(statement)

    def _posts_changed(self, organisation_id: int, event: Event) -> None:
        events.announce(self.session, events.PostsChanged(organisation_ids=frozenset({organisation_id}), today=event.today))

    def _organisation_changed(self, organisation_id: int, event: Event) -> None:
        events.announce(self.session, events.OrganisationsChanged(organisation_ids=frozenset({organisation_id}), today=event.today))

    def _appoint(self, event: Event) -> None:
        organisation_id, person_id = self._organisation(event), self._person(event)
        if any((post.organisation_id, post.person_id) == (organisation_id, person_id) for post in self._posts(current=True)):
            return
        factories.post(
            self.session, organisation_id=organisation_id, person_id=person_id, held_from=event.on, designated=event.second % 3 == 0
        )
        self._posts_changed(organisation_id, event)

    def _on_some_post(self, event: Event, posts: list[Any], **values: Any) -> None:
        if posts:
            post = posts[event.first % len(posts)]
            self._write(update(Post).where(col(Post.id) == post.id).values(**values))
            self._posts_changed(post.organisation_id, event)

    def _leave(self, event: Event) -> None:
        self._on_some_post(event, [post for post in self._posts(current=True) if post.held_from <= event.on], held_to=event.on)

    def _unleave(self, event: Event) -> None:
        current = {(post.organisation_id, post.person_id) for post in self._posts(current=True)}
        left = [post for post in self._posts(current=False) if (post.organisation_id, post.person_id) not in current]
        self._on_some_post(event, left, held_to=None)

    def _designate(self, event: Event) -> None:
        self._on_some_post(event, self._posts(), designated=event.second % 2 == 0)

    def _shift_post(self, event: Event) -> None:
        self._on_some_post(event, [post for post in self._posts() if post.held_to is None or event.on <= post.held_to], held_from=event.on)

    def _close(self, event: Event) -> None:
        organisation_id = self._organisation(event)
        self._write(update(Organisation).where(col(Organisation.id) == organisation_id).values(status="deregistered", closed_on=event.on))
        self._organisation_changed(organisation_id, event)

    def _reopen(self, event: Event) -> None:
        organisation_id = self._organisation(event)
        self._write(update(Organisation).where(col(Organisation.id) == organisation_id).values(status="active", closed_on=None))
        self._organisation_changed(organisation_id, event)

    def _move(self, event: Event) -> None:
        """Placed anew from that day on; what was recorded for later days is replaced."""
        organisation_id = self._organisation(event)
        district, town = PLACES[event.second % 3]
        sector, department = SECTORS[event.second // 3 % 3]
        own = col(Placement.organisation_id) == organisation_id
        self._write(delete(Placement).where(own, col(Placement.since) >= event.on))
        later = col(Placement.until).is_(None) | (col(Placement.until) > event.on)
        self._write(update(Placement).where(own, later).values(until=event.on))
        place = {"district_code": district, "town_code": town, "sector_code": sector, "department_code": department}
        self._write(insert(Placement).values(organisation_id=organisation_id, since=event.on, **place))
        self._write(update(Organisation).where(col(Organisation.id) == organisation_id).values(**place))
        self._organisation_changed(organisation_id, event)

    def _tag(self, event: Event) -> None:
        organisation_id = self._organisation(event)
        if organisation_id not in self._tagged():
            self._write(insert(OrganisationFeature).values(organisation_id=organisation_id, feature_code="confined_space"))
            self._organisation_changed(organisation_id, event)

    def _untag(self, event: Event) -> None:
        organisation_id = self._organisation(event)
        self._write(delete(OrganisationFeature).where(col(OrganisationFeature.organisation_id) == organisation_id))
        self._organisation_changed(organisation_id, event)

    def _tagged(self) -> set[int]:
        return set(self.session.connection().execute(select(col(OrganisationFeature.organisation_id))).scalars())

    # --- attempts ---

    def _start(self, event: Event) -> None:
        self._attempt(event, score=None)

    def _fail(self, event: Event) -> None:
        self._attempt(event, score=40.0)

    def _pass(self, event: Event) -> None:
        self._attempt(event, score=80.0)

    def _attempt(self, event: Event, *, score: float | None) -> None:
        person_id, moment = self._person(event), factories.at(event.today)
        mine = (col(Attempt.person_id) == person_id, col(Attempt.state) == "open")
        opened = self.session.connection().execute(select(col(Attempt.id), col(Attempt.started_at)).where(*mine)).one_or_none()
        if opened is None:
            attempt_id = factories.attempt(self.session, person_id=person_id, paper_id=self.paper, started_at=moment)
            events.announce(self.session, events.AttemptStarted(attempt_id=attempt_id, person_id=person_id, paper_id=self.paper, at=moment))
        else:
            attempt_id, moment = opened.id, max(moment, opened.started_at)
        if score is not None:
            passed = score >= 60
            marked = {"state": "handed_in", "handed_in_at": moment, "score": score, "passed": passed}
            self._write(update(Attempt).where(col(Attempt.id) == attempt_id).values(**marked))
            events.announce(
                self.session,
                events.AttemptHandedIn(attempt_id=attempt_id, person_id=person_id, paper_id=self.paper, passed=passed, at=moment),
            )

    # --- decisions of the office ---

    def _some_duty(self, event: Event) -> Any:
        duties = self.session.connection().execute(select(Duty.__table__).order_by(col(Duty.id))).all()  # type: ignore[attr-defined]
        return duties[event.first % len(duties)] if duties else None

    def _decide(self, event: Event, verb: Any, **values: Any) -> None:
        duty = self._some_duty(event)
        if duty is not None:
            try:
                verb(self.session, duty_id=duty.id, **values)
            except Refusal as refusal:
                assert refusal.code in {"already_exempt", "not_exempt", "extension_not_later"}

    def _exempt(self, event: Event) -> None:
        self._decide(event, service.exempt, exempted_on=event.on, reason="停产核减，区市审核")

    def _exempt_for_a_time(self, event: Event) -> None:
        until = event.on + timedelta(days=5 + 7 * event.second)
        self._decide(event, service.exempt, exempted_on=event.on, until=until, reason="停产核减，区市审核")

    def _exempt_whole(self, event: Event) -> None:
        until = None if event.first % 3 == 0 else event.on + timedelta(days=5 + 7 * event.second)
        try:
            service.exempt_organisation(
                self.session, programme_id=self.programmes[event.second % 2], organisation_id=self._organisation(event),
                exempted_on=event.on, until=until, reason="整体停产核减",
            )  # fmt: skip
        except Refusal as refusal:
            assert refusal.code == "already_exempt"

    def _withdraw(self, event: Event) -> None:
        self._decide(event, service.withdraw_exemption, withdrawn_on=event.on)

    def _extend(self, event: Event) -> None:
        self._decide(event, service.extend_due, due_on=event.on, reason="因灾延期")

    def _policy(self, event: Event) -> None:
        self._edit(event, policy="all" if event.second % 2 else "designated")

    def _audience(self, event: Event) -> None:
        wanted = [SECTORS[0][0]] if event.second % 2 else [code for code, _ in SECTORS]
        if event.first % 2 == 0:
            self._edit(event, audience=service.Audience.of({"sectors": wanted}))

    def _edit(self, event: Event, **changes: Any) -> None:
        programme_id = self.programmes[event.first % 2]
        if self.state(programme_id) == "open":
            service.edit_programme(self.session, programme_id=programme_id, today=event.today, **changes)

    def _end_programme(self, event: Event) -> None:
        """Closed on one call, taken up again on the next."""
        programme_id = self.programmes[1]
        if self.state(programme_id) == "open":
            service.close_programme(self.session, programme_id=programme_id)
        else:
            service.open_programme(self.session, programme_id=programme_id, today=event.today)

    def state(self, programme_id: int) -> str:
        return self.session.connection().execute(select(col(Programme.state)).where(col(Programme.id) == programme_id)).scalar_one()

    # --- the two counts ---

    def tallied(self, programme_id: int) -> Iterator[tuple[date, dict[Any, int]]]:
        """Day by day, the level of each cell by the tally."""
        columns = [getattr(Tally, name) for name in ("district_code", "town_code", "sector_code", "department_code", *MEASURES)]
        query = select(col(Tally.day), *columns).where(col(Tally.programme_id) == programme_id)
        rows = self.session.connection().execute(query).all()
        day = FIRST
        while day <= LAST:
            level: Counter[Any] = Counter()
            for row in rows:
                if row[0] <= day:
                    for name, value in zip(MEASURES, row[5:], strict=True):
                        level[(*row[1:5], name)] += value
            yield day, {key: value for key, value in level.items() if value}
            day += timedelta(days=1)

    def counted(self, programme_id: int) -> Iterator[tuple[date, dict[Any, int]]]:
        """Day by day, the level of each cell by the facts: posts, placements, closings, attempts, exemptions; no duty dates."""
        connection = self.session.connection()
        programme = connection.execute(select(Programme.__table__).where(col(Programme.id) == programme_id)).one()  # type: ignore[attr-defined]
        organisations = connection.execute(select(Organisation.__table__)).all()  # type: ignore[attr-defined]
        placements = connection.execute(select(Placement.__table__)).all()  # type: ignore[attr-defined]
        own, whole = self._exemptions(programme_id)
        progress = self._progress()
        posts = self._posts()
        day = FIRST
        while day <= LAST:
            level: Counter[Any] = Counter()
            for organisation in organisations:
                place = next((row for row in placements if row.organisation_id == organisation.id and _on(day, row.since, row.until)), None)
                if place is None or day < programme.opens_on or place.sector_code not in programme.audience["sectors"]:
                    continue
                if organisation.status == "deregistered" and organisation.closed_on <= day:
                    continue
                held = [post for post in posts if post.organisation_id == organisation.id and _on(day, post.held_from, post.held_to)]
                cell = (place.district_code, place.town_code or "", place.sector_code, place.department_code or "")
                exempt = any(_on(day, *days) for days in whole[organisation.id])
                for name in ["exempt"] if exempt else _measures(day, held, own, progress, programme.policy):
                    level[(*cell, name)] += 1
            yield day, dict(level)
            day += timedelta(days=1)

    def _exemptions(self, programme_id: int) -> tuple[dict[int, list[Any]], dict[int, list[Any]]]:
        """The days granted to single posts, and to whole enterprises."""
        own: dict[int, list[Any]] = defaultdict(list)
        whole: dict[int, list[Any]] = defaultdict(list)
        query = (
            select(col(Exemption.organisation_id), col(Duty.post_id), col(Exemption.since), col(Exemption.until))
            .outerjoin(Duty, col(Duty.id) == col(Exemption.duty_id))
            .where(col(Exemption.programme_id) == programme_id)
        )
        for organisation_id, post_id, *days in self.session.connection().execute(query):
            (own[post_id] if post_id is not None else whole[organisation_id]).append(days)
        return own, whole

    def _progress(self) -> dict[int, dict[str, date]]:
        """Per person, the first day of each level."""
        first: dict[int, dict[str, date]] = {person_id: {} for person_id in self.people}
        rows = self.session.connection().execute(select(Attempt.__table__)).all()  # type: ignore[attr-defined]
        for attempt in rows:
            reached = [("trained", attempt.started_at)]
            if attempt.handed_in_at is not None:
                reached += [("trained", attempt.handed_in_at), ("examined", attempt.handed_in_at)]
            if attempt.passed:
                reached += [("passed", attempt.handed_in_at), ("completed", attempt.handed_in_at)]
            for name, moment in reached:
                day = clock.local_day(moment)
                if day >= OPENS_ON:
                    known = first[attempt.person_id].get(name, date.max)
                    first[attempt.person_id][name] = min(known, day)
        return first


def _on(day: date, since: date, until: date | None) -> bool:
    return since <= day and (until is None or day < until)


def _measures(day: date, held: list[Any], exemptions: dict[int, list[Any]], progress: dict[int, dict[str, date]], policy: str) -> list[str]:
    """The measures in which one enterprise counts for one."""
    owing = [post for post in held if not any(_on(day, *days) for days in exemptions[post.id])]
    if held and not owing:
        return ["exempt"]
    deciding = owing
    if policy == "designated" and any(post.designated for post in owing):
        deciding = [post for post in owing if post.designated]
    reached = [
        name
        for name in ("trained", "examined", "passed", "completed")
        if deciding and all(progress[post.person_id].get(name, date.max) <= day for post in deciding)
    ]
    return ["due", *reached]

"""Fills an empty database with the demonstration city, in one transaction: it is either all there or not at all."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from quiz import clock, installation, wiring
from quiz.accounts import audit
from quiz.accounts.passwords import hash_password
from quiz.coverage import waiting
from quiz.db import Database
from quiz.demonstration import (
    accounts,
    campaign,
    candidates,
    city,
    classes,
    exemption_cases,
    people,
    queries,
    roster_cases,
    rows,
    rulings,
    writing,
    yearly,
)
from quiz.demonstration.accounts import PASSWORD, PRINCIPAL, Holder, Readiness
from quiz.demonstration.campaign import Campaign
from quiz.demonstration.city import Enterprise
from quiz.demonstration.history import Candidate, Examination, Past
from quiz.demonstration.people import Holding, Staff
from quiz.demonstration.trades import DISTRICTS
from quiz.demonstration.writing import Progress, insert_rows
from quiz.models.accounts import Account, Grant, Setting
from quiz.models.attempts import Attempt, Response
from quiz.models.organisations import Organisation, OrganisationChange, OrganisationFeature, Person, Placement, Post
from quiz.models.papers import Form
from quiz.models.training import Duty, Programme
from quiz.organisations.reference import Reference
from quiz.papers import queries as papers
from quiz.papers import service as paper_service
from quiz.problems import Refusal
from quiz.training import domain as training
from quiz.training import service as training_service
from quiz.vocabulary import OrganisationStatus, PostRole

SEED = 20240329
"""The day of the paper that set the city its tasks."""
_LESS_ZEAL = {OrganisationStatus.SUSPENDED: 0.45, OrganisationStatus.UNREACHABLE: 0.1}


@dataclass(frozen=True)
class DemonstrationAccount:
    """A way in."""

    account: str
    name: str
    about: str


@dataclass(frozen=True)
class DemonstrationReport:
    """What there is, and how to come in. `created` is false when the city was there before."""

    created: bool
    sizes: queries.Sizes
    programmes: tuple[queries.ProgrammeFigures, ...]
    accounts: tuple[DemonstrationAccount, ...]
    password: str = PASSWORD

    @property
    def text(self) -> str:
        """In Chinese, for the command line."""
        sizes = self.sizes
        what = f"{sizes.organisations} 家单位、{sizes.people} 名人员、{sizes.attempts} 次答题、{len(self.programmes)} 个培训专项"
        head = f"演示城市已建成：{what}。" if self.created else f"演示城市已经存在，未作改动：{what}。"
        programmes = [f"  {each.text}" for each in self.programmes]
        ways_in = [f"  {each.account:<12}{each.name or '　　　'}　{each.about}" for each in self.accounts]
        return "\n".join([head, *programmes, f"演示账号（密码均为 {self.password}）：", *ways_in])


@dataclass
class _Making:
    """What the steps hand on to each other."""

    session: Session
    now: datetime
    progress: Progress
    reference: Reference
    password_hash: str
    enterprises: list[Enterprise]
    staff: Staff

    @property
    def today(self) -> date:
        return clock.local_day(self.now)

    @property
    def known_on(self) -> date:
        return self.today - timedelta(days=city.ROSTER_AGE_DAYS)

    def write(self, table: Any, new: list[dict[str, Any]], label: str = "") -> None:
        insert_rows(self.session.connection(), table, new, label=label, progress=self.progress)

    def next_id(self, table: Any) -> int:
        return writing.next_id(self.session.connection(), table)


def fill(database: Database, *, now: datetime, progress: Progress | None = None) -> DemonstrationReport:
    """Make the city in a prepared database (`installation.prepare`); a database that has it already is left as it is.

    Raises:
        Refusal: the database holds organisations or accounts of its own.
    """
    wiring.wire()
    with database.transaction() as session:
        if installation.is_demonstration(session):
            return _report(session, now=now, created=False)
        _refuse_if_used(session)
        _make(session, now=now, progress=progress or (lambda label, done, total: None))
        session.add(Setting(name=installation.DEMONSTRATION, value="1"))
        session.flush()
        return _report(session, now=now, created=True)


def _refuse_if_used(session: Session) -> None:
    for table in (Organisation, Account):
        if session.execute(select(col(table.id)).limit(1)).first() is not None:  # type: ignore[attr-defined]
            raise Refusal(
                "数据库中已有单位或账号，不能再写入演示城市。请用 ANKAO_DATABASE_URL 指定一个新的空数据库后重试。", code="not_empty"
            )


def _make(session: Session, *, now: datetime, progress: Progress) -> None:
    progress("虚构企业和负责人", 0, 1)
    reference = Reference.load(session)
    making = _Making(session, now, progress, reference, hash_password(PASSWORD), [], Staff())
    making.enterprises = city.found_city(seed=SEED, today=making.today, reference=reference)
    making.staff = people.appoint(making.enterprises, seed=SEED, today=making.today, known_on=making.known_on)
    _write_city(making)

    trainer_id = _write_staff_accounts(making)
    pasts = []
    for done, each in enumerate(campaign.CAMPAIGNS):
        progress(f"模拟答题：{each.paper_title}", done, len(campaign.CAMPAIGNS))
        pasts.append(_examine(making, each, trainer_id=trainer_id))
    for done, each in enumerate(campaign.CAMPAIGNS, start=1):
        _open(session, each, today=making.today)
        progress("计算覆盖率", done, len(campaign.CAMPAIGNS))
    rulings.rule(session, enterprises=making.enterprises, today=making.today)
    _write_trainee_accounts(making, pasts)
    progress("年度再培训和核减申请", 0, 1)
    yearly.hold(session, now=now, seed=SEED)
    exemption_cases.ask(session, now=now)
    shown = session.execute(select(col(Account.person_id)).where(col(Account.account) == PRINCIPAL)).scalar()
    classes.hold(session, now=now, seed=SEED, shown_person=shown)
    waiting.look_up_sign_ins(session.connection())
    writing.continue_numbering(session.connection(), (Organisation, Person, Post, Form, Attempt, Account))
    roster_cases.leave_traces(session, now=now)
    audit.record(session, actor=audit.SYSTEM, action="make_demonstration", at=now, detail={"seed": SEED})


def _write_city(making: _Making) -> None:
    making.write(Organisation, rows.organisations(making.enterprises, making.reference), "写入企业和负责人")
    making.write(OrganisationFeature, rows.features(making.enterprises))
    making.write(Placement, rows.placements(making.enterprises))
    making.write(OrganisationChange, rows.changes(making.enterprises, making.reference))
    making.write(Person, rows.people(making.staff.people, known_on=making.known_on))
    making.write(Post, rows.posts(making.staff.posts, known_on=making.known_on))


def _write_staff_accounts(making: _Making) -> int:
    """Answers with the trainer's account id: the papers are theirs."""
    first_id = making.next_id(Account)
    new = accounts.staff_rows(first_id=first_id, password_hash=making.password_hash, now=making.now)
    making.write(Account, new.accounts)
    making.write(Grant, new.grants)
    return first_id


# --- the past ---------------------------------------------------------------------------------------------------------------------


def _examine(making: _Making, plan: Campaign, *, trainer_id: int) -> Past:
    """Publish the paper, draft the programme, let people sit the paper, and write down what they did."""
    session, today = making.session, making.today
    opened_at = rows.at_office_hours(plan.opens_on(today) - timedelta(days=3))
    paper = paper_service.create_paper(session, draft=plan.draft(today), created_by=trainer_id, now=opened_at, publish=True)
    training_service.create_programme(
        session, code=plan.code, title=plan.title, description=plan.description, basis=plan.basis, audience=plan.audience,
        opens_on=plan.opens_on(today), due_on=plan.due_on(today), now=opened_at, paper_id=paper.id,
        components=plan.components, template=plan.template, series=plan.code,
    )  # fmt: skip
    pool = papers.pool(session, paper.blueprint)
    views = papers.version_views(session, (item.version for item in pool))
    examination = Examination(plan, paper, pool, candidates.tempers(views, seed=SEED), making.now, SEED)
    past = examination.take_place(_candidates(making, plan))

    first_form, first_id = making.next_id(Form), making.next_id(Attempt)
    rules = {"scoring_policy": paper.scoring_policy.value, "cut_score": paper.cut_score, "max_score": paper.max_score}
    making.write(Form, rows.forms(past.sittings, paper_id=paper.id, first_id=first_form))
    making.write(Attempt, rows.attempts(past.sittings, paper_id=paper.id, first_form=first_form, first_id=first_id, rules=rules))
    making.write(Response, rows.responses(past.sittings, first_id=first_id), f"写入答题：{plan.paper_title}")
    return past


def _candidates(making: _Making, plan: Campaign) -> list[Candidate]:
    """Principals of the enterprises the programme is about, each once, with the days they could come."""
    concerned = {each.id: each for each in making.enterprises if _is_concerned(each, plan)}
    held: dict[int, list[tuple[Holding, Enterprise]]] = defaultdict(list)
    for post in making.staff.posts:
        if post.role is PostRole.PRINCIPAL and post.organisation_id in concerned:
            held[post.person_id].append((post, concerned[post.organisation_id]))
    opens_on = plan.opens_on(making.today)
    found = []
    for person_id, posts in held.items():
        since = max(opens_on, min(max(post.held_from, each.registered_on) for post, each in posts))
        until = max(_last_day(post, each, today=making.today) for post, each in posts)
        if since <= until:
            zeal = max(_zeal(post, each, opens_on=opens_on) for post, each in posts)
            found.append(Candidate(person_id, since, until, zeal))
    return found


def _is_concerned(each: Enterprise, plan: Campaign) -> bool:
    facts = training.OrganisationFacts(
        kind=each.kind.value, sector=each.sector_code, regions=frozenset({each.district_code, each.town_code}),
        departments=frozenset({each.department_code, each.direct_department_code}), features=frozenset(each.features),
        hospital_grade=each.hospital_grade,
    )  # fmt: skip
    return training.selects(plan.audience, facts)


def _last_day(post: Holding, each: Enterprise, *, today: date) -> date:
    ends = [day - timedelta(days=1) for day in (post.held_to, each.closed_on) if day is not None]
    return min([today, *ends])


_ZEAL = {district.code: district.zeal for district in DISTRICTS}


def _zeal(post: Holding, each: Enterprise, *, opens_on: date) -> float:
    """The district's, less for those who stopped work, are new, or leave it to the other principal; large firms are keener."""
    share = _ZEAL[each.district_code] * _LESS_ZEAL.get(each.status, 1.0)
    if post.held_from > opens_on:
        share *= 0.6
    if not post.designated:
        share *= 0.5
    if each.employees > 200:
        share *= 1.1
    return min(0.95, max(0.03, share))


def _open(session: Session, plan: Campaign, *, today: date) -> None:
    """Duties and tally follow from the attempts that are already there."""
    programme_id = session.execute(select(Programme.id).where(col(Programme.code) == plan.code)).scalar_one()  # type: ignore[call-overload]
    training_service.open_programme(session, programme_id=programme_id, today=today)


# --- accounts ---------------------------------------------------------------------------------------------------------------------


def _write_trainee_accounts(making: _Making, pasts: list[Past]) -> None:
    """`principal`, the numbered ones, and the telephone numbers of everybody else who ever sat a paper."""
    last_seen = _last_seen(pasts)
    ordered = accounts.in_order(_holders(making), seed=SEED)
    shown = _shown_principal(making, ordered, seen=set(last_seen))
    ordered = [each for each in ordered if each is not shown]
    named = [(PRINCIPAL, shown.person_id, shown.name)]
    named += [(f"p{number:04}", each.person_id, each.name) for number, each in enumerate(ordered[: accounts.NUMBERED], start=1)]

    given = {person_id for _, person_id, _ in named}
    telephones = Counter(each.phone for each in making.staff.people)
    named += [
        (each.phone, each.id, each.name)
        for each in making.staff.people
        if each.id in last_seen and each.id not in given and telephones[each.phone] == 1
    ]
    first_opening = min(each.opens_on(making.today) for each in campaign.CAMPAIGNS)
    new = accounts.trainee_rows(
        named, first_id=making.next_id(Account), password_hash=making.password_hash, issued_at=rows.at_office_hours(first_opening),
        last_seen=last_seen,
    )  # fmt: skip
    making.write(Account, new.accounts, "开通演示账号")
    making.write(Grant, new.grants)


def _last_seen(pasts: Iterable[Past]) -> dict[int, datetime]:
    """When each person signed in last: for the last attempt, or to look in."""
    seen: dict[int, datetime] = {}
    for past in pasts:
        moments = [(each.person_id, each.started_at - timedelta(minutes=2)) for each in past.sittings]
        for person_id, moment in [*moments, *past.looked_in.items()]:
            seen[person_id] = max(moment, seen.get(person_id, moment))
    return seen


def _holders(making: _Making) -> list[Holder]:
    """Principals in office at enterprises in business, with what is before them today."""
    open_ids = {each.id for each in making.enterprises if each.closed_on is None}
    in_office = {
        post.person_id
        for post in making.staff.posts
        if post.role is PostRole.PRINCIPAL and post.held_to is None and post.organisation_id in open_ids
    }
    connection = making.session.connection()
    taken: Counter[tuple[int, int]] = Counter()
    for person_id, paper_id in connection.execute(select(Attempt.person_id, Attempt.paper_id)):  # type: ignore[call-overload]
        taken[(person_id, paper_id)] += 1
    allowed = {view.id: view.attempts_allowed for view in papers.list_papers(making.session)}
    duties: dict[int, list[tuple[Readiness, bool]]] = defaultdict(list)
    query = select(Duty.person_id, Programme.paper_id, Duty.completed_on, Duty.designated)  # type: ignore[call-overload]
    for person_id, paper_id, completed_on, designated in connection.execute(
        query.join(Programme, col(Programme.id) == col(Duty.programme_id)).where(
            col(Duty.opened_on) <= making.today,
            col(Duty.closed_on).is_(None) | (col(Duty.closed_on) > making.today),
            col(Duty.exempted_on).is_(None),
        )
    ):
        readiness = _readiness(taken[(person_id, paper_id)], allowed[paper_id], is_completed=completed_on is not None)
        duties[person_id].append((readiness, designated))
    return [
        Holder(
            each.id, each.name,
            readiness=min((readiness for readiness, _ in duties[each.id]), default=Readiness.NOTHING_DUE),
            decides=len(duties[each.id]) == 1 and duties[each.id][0][1],
        )
        for each in making.staff.people
        if each.id in in_office
    ]  # fmt: skip


def _readiness(taken: int, allowed: int | None, *, is_completed: bool) -> Readiness:
    if allowed is not None and taken >= allowed:
        return Readiness.USED_UP
    if is_completed:
        return Readiness.PASSED
    return Readiness.NOT_PASSED if taken else Readiness.NOT_BEGUN


def _shown_principal(making: _Making, holders: list[Holder], *, seen: set[int]) -> Holder:
    """The principal to show around with: of the largest firm with confined spaces in 环翠区 whose principal has only looked in."""
    district = next(each.region_code for each in accounts.STAFF if each.account == "district")
    plan = next(each for each in campaign.CAMPAIGNS if each.code == "confined-space-2024")
    firms = {
        each.id: each.employees
        for each in making.enterprises
        if each.district_code == district and each.status is OrganisationStatus.ACTIVE and _is_concerned(each, plan)
    }
    in_office = [post for post in making.staff.posts if post.organisation_id in firms and post.held_to is None]
    size = {post.person_id: firms[post.organisation_id] for post in in_office}
    fitting = [each for each in holders if each.readiness is Readiness.NOT_BEGUN and each.decides and each.person_id in size]
    return max(fitting, key=lambda each: (each.person_id in seen, size[each.person_id], -each.person_id))


def _report(session: Session, *, now: datetime, created: bool) -> DemonstrationReport:
    staff = [DemonstrationAccount(each.account, each.name, each.about) for each in accounts.STAFF]
    name = session.execute(select(Account.name).where(col(Account.account) == PRINCIPAL)).scalar() or ""  # type: ignore[call-overload]
    trainees = [
        DemonstrationAccount(PRINCIPAL, name, "企业主要负责人：有一份待考试卷"),
        DemonstrationAccount(f"p0001…p{accounts.NUMBERED}", "", "其他企业主要负责人"),
    ]
    return DemonstrationReport(
        created=created, sizes=queries.sizes(session), programmes=queries.programme_figures(session, today=clock.local_day(now)),
        accounts=(trainees[0], *staff, trainees[1]),
    )  # fmt: skip

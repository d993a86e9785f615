"""A small town for the journeys: a real installation with an office, a district office, candidates, one programme and its paper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from quiz import clock, installation
from quiz.accounts import audit, passwords
from quiz.accounts import queries as account_queries
from quiz.accounts import service as accounts
from quiz.db import Database
from quiz.organisations import appointments
from quiz.organisations import domain as organisations
from quiz.organisations import service as roster
from quiz.organisations.reach import Reaches
from quiz.papers import service as papers
from quiz.papers.domain import Blueprint, Section
from quiz.training import service as training
from quiz.training.domain import Audience
from quiz.vocabulary import AccountRole, ItemType, PostCategory, PostRole

PASSWORD = "Sea-breeze-26"
PROGRAMME = "confined-space"


@dataclass(frozen=True)
class Town:
    """Who lives there."""

    candidates: tuple[str, ...]
    """Accounts of principals, one enterprise each; the first half in 环翠区, the rest in 荣成市."""
    paper_id: int
    questions: int


def build(database: Database, *, candidates: int, now: datetime | None = None, minutes: int = 60, attempts_allowed: int | None = 3) -> Town:
    """Install into an empty database and fill it through the services."""
    now = now or clock.now()
    today = clock.local_day(now)
    installation.prepare(database)
    hashed = passwords.hash_password(PASSWORD)
    names = tuple(f"139{number:08}" for number in range(1, candidates + 1))
    with database.transaction() as session:
        for number, account in enumerate(names):
            _principal(session, number, account, hashed, in_first_half=number < (candidates + 1) // 2, now=now)
        _staff(session, hashed, now)
        paper = papers.create_paper(session, draft=_draft(now, minutes, attempts_allowed), created_by=None, now=now, publish=True)
        programme = training.create_programme(
            session,
            code=PROGRAMME,
            title="工贸有限空间企业主要负责人专题培训",
            audience=Audience(features=frozenset({"confined_space"})),
            opens_on=today - timedelta(days=10),
            due_on=today + timedelta(days=20),
            paper_id=paper.id,
            now=now,
        )
        training.open_programme(session, programme_id=programme.id, today=today)
    return Town(names, paper.id, paper.questions)


def _draft(now: datetime, minutes: int, attempts_allowed: int | None) -> papers.PaperDraft:
    sections = (
        Section(count=8, points=5, banks=("confined-space",), types=(ItemType.SINGLE,)),
        Section(count=6, points=5, banks=("confined-space", "trade-industry"), types=(ItemType.MULTIPLE,)),
        Section(count=4, points=5, banks=("work-safety-law",), types=(ItemType.SINGLE,)),
        Section(count=2, points=5, banks=("trade-industry",), groups=("有限空间",), must_be_right=True),
    )
    return papers.PaperDraft(
        title="有限空间作业安全必考卷",
        blueprint=Blueprint(sections=sections),
        cut_score=60,
        opens_at=now - timedelta(days=5),
        closes_at=now + timedelta(days=15),
        time_limit_minutes=minutes,
        attempts_allowed=attempts_allowed,
    )


def _principal(session: Session, number: int, account: str, hashed: str, *, in_first_half: bool, now: datetime) -> None:
    person_id = _enterprise(session, number, account, in_first_half=in_first_half, now=now)
    accounts.create_account(
        session, account=account, password_hash=hashed, name=f"王海{number + 1}", person_id=person_id,
        roles=[(AccountRole.TRAINEE, None, None, None)], now=now,
    )  # fmt: skip


def _enterprise(session: Session, number: int, phone: str, *, in_first_half: bool, now: datetime) -> int:
    """An enterprise with its principal; answers with the person's id."""
    today = clock.local_day(now)
    organisation = roster.add_organisation(
        session,
        draft=organisations.OrganisationDraft(
            name=f"望海第{number + 1}食品有限公司",
            registration_number=f"TOWN{number:06}",
            district_code="371002" if in_first_half else "371082",
            town_code="371002001" if in_first_half else "371082007",
            sector_code="industry_trade",
            department_code="emergency_management",
            features=frozenset({"confined_space"}),
            registered_on=today - timedelta(days=900),
        ),
        now=now,
    )
    post = appointments.appoint(
        session,
        organisation_id=organisation.id,
        person=organisations.PersonDraft(name=f"王海{number + 1}", phone=phone),
        role=PostRole.PRINCIPAL,
        category=PostCategory.LEGAL_REPRESENTATIVE,
        designated=True,
        held_from=today - timedelta(days=400),
        now=now,
    )
    return post.person_id


def _staff(session: Session, hashed: str, now: datetime) -> None:
    for account, role, region in (
        ("town-office", AccountRole.OFFICE, None),
        ("town-district", AccountRole.OFFICE, "371082"),
        ("town-admin", AccountRole.ADMINISTRATOR, None),
    ):
        accounts.create_account(session, account=account, password_hash=hashed, name=account, roles=[(role, region, None, None)], now=now)


def new_principal_with_slip(database: Database, *, now: datetime | None = None) -> accounts.Slip:
    """One more enterprise whose principal has no account yet, and the slip the office printed."""
    now = now or clock.now()
    with database.transaction() as session:
        _enterprise(session, 900, "13700009999", in_first_half=True, now=now)
        rows = account_queries.activation_rows(
            session, reaches=Reaches.everything(), district_code=None, town_code=None, state="none", now=now
        )
        return accounts.issue_activations(session, rows=rows, now=now, actor=audit.SYSTEM)[0]

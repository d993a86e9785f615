"""Dull rows for tests: every function writes one thing and answers with its id; what a test does not say is ordinary."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from quiz import clock
from quiz.models.accounts import Account
from quiz.models.attempts import Attempt
from quiz.models.organisations import Department, Feature, Organisation, OrganisationFeature, Person, Placement, Post, Region, Sector
from quiz.models.papers import Form, Paper
from quiz.models.training import Programme

LONG_AGO = date(2020, 1, 1)
ENTERED_AT = datetime(2026, 1, 1, tzinfo=UTC)

DISTRICTS = {"371002": ("环翠区", ("371002001", "371002002")), "371003": ("文登区", ("371003001",))}
DEPARTMENTS = {"emergency": "应急管理局", "commerce": "商务局", "fire": "消防救援支队"}
SECTORS = {"industry": ("工贸", "emergency"), "catering": ("餐饮", "commerce"), "hospital": ("医院", "fire")}
FEATURES = {"confined_space": "有限空间", "gas_catering": "用气餐饮"}

_numbers = count(1)


def at(day: date, hour: int = 10) -> datetime:
    """A moment of that day in Weihai."""
    return datetime.combine(day, time(hour), clock.SHANGHAI).astimezone(UTC)


def reference(session: Session) -> None:
    """One city, two districts, three towns; three departments, three sectors, two features."""
    session.add(Region(code="371000", name="威海市", short_name="威海", level="city", kind="administrative"))
    session.flush()
    for code, (name, towns) in DISTRICTS.items():
        session.add(Region(code=code, name=name, short_name=name[:2], level="district", kind="administrative", parent_code="371000"))
        session.flush()
        for town in towns:
            label = f"{name[:2]}街道{town[-1]}"
            session.add(Region(code=town, name=label, short_name=label, level="town", kind="administrative", parent_code=code))
    session.add_all(Department(code=code, name=name) for code, name in DEPARTMENTS.items())
    session.flush()
    session.add_all(Sector(code=code, name=name, department_code=department) for code, (name, department) in SECTORS.items())
    session.add_all(Feature(code=code, name=name) for code, name in FEATURES.items())
    session.flush()


def organisation(
    session: Session,
    *,
    name: str = "",
    district: str = "371002",
    town: str | None = "371002001",
    sector: str = "industry",
    department: str | None = "emergency",
    direct_department: str | None = None,
    features: Iterable[str] = (),
    kind: str = "enterprise",
    hospital_grade: str = "",
    status: str = "active",
    since: date = LONG_AGO,
    registered_on: date | None = None,
    closed_on: date | None = None,
    created_at: datetime = ENTERED_AT,
) -> int:
    """An enterprise that has stood where it stands since `since`."""
    number = next(_numbers)
    row = Organisation(
        name=name or f"第{number}公司", registration_number=f"R{number:08}", kind=kind, hospital_grade=hospital_grade, status=status,
        district_code=district, town_code=town, sector_code=sector, department_code=department,
        direct_department_code=direct_department, registered_on=registered_on, closed_on=closed_on, created_at=created_at,
    )  # fmt: skip
    session.add(row)
    session.flush()
    assert row.id is not None
    session.add_all(OrganisationFeature(organisation_id=row.id, feature_code=code) for code in features)
    place: dict[str, Any] = {"district_code": district, "town_code": town, "sector_code": sector, "department_code": department}
    session.add(Placement(organisation_id=row.id, since=since, **place))
    session.flush()
    return row.id


def person(session: Session, *, name: str = "", phone: str | None = None) -> int:
    """Somebody."""
    number = next(_numbers)
    row = Person(name=name or f"人{number}", phone=phone, created_at=ENTERED_AT)
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id


def post(
    session: Session,
    *,
    organisation_id: int,
    person_id: int | None = None,
    role: str = "principal",
    designated: bool = False,
    held_from: date = LONG_AGO,
    held_to: date | None = None,
) -> int:
    """A post, of a new person unless one is given."""
    row = Post(
        person_id=person_id or person(session), organisation_id=organisation_id, role=role, designated=designated,
        held_from=held_from, held_to=held_to, created_at=ENTERED_AT,
    )  # fmt: skip
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id


def paper(session: Session, *, title: str = "安全知识考试", cut_score: float = 60) -> int:
    """A published paper, open for years."""
    row = Paper(
        title=title, state="published", cut_score=cut_score, attempts_allowed=None, opens_at=ENTERED_AT,
        closes_at=ENTERED_AT + timedelta(days=3650), created_at=ENTERED_AT,
    )  # fmt: skip
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id


def programme(
    session: Session,
    *,
    paper_id: int | None = None,
    code: str = "",
    title: str = "主要负责人全覆盖培训",
    audience: dict[str, list[str]] | None = None,
    policy: str = "designated",
    opens_on: date = date(2026, 9, 1),
    due_on: date = date(2026, 10, 31),
    grace_days: int = 30,
    state: str = "draft",
    role: str = "principal",
) -> int:
    """A draft for all enterprises, from 1 September to 31 October 2026."""
    row = Programme(
        code=code or f"programme-{next(_numbers)}", title=title, audience=audience or {}, policy=policy, opens_on=opens_on, due_on=due_on,
        grace_days=grace_days, state=state, role=role, paper_id=paper_id or paper(session), created_at=ENTERED_AT,
    )  # fmt: skip
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id


def account(session: Session, *, person_id: int | None = None, name: str = "", last_sign_in_at: datetime | None = None) -> int:
    """An account; never signed in unless said."""
    row = Account(
        account=name or f"account{next(_numbers)}", name=name or "某人", password_hash="-", person_id=person_id,
        created_at=ENTERED_AT, last_sign_in_at=last_sign_in_at,
    )  # fmt: skip
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id


def attempt(
    session: Session,
    *,
    person_id: int,
    paper_id: int,
    started_at: datetime,
    handed_in_at: datetime | None = None,
    score: float | None = None,
    max_score: float = 100,
    cut_score: float = 60,
) -> int:
    """An attempt: open without `handed_in_at`, otherwise marked with `score`."""
    form = Form(paper_id=paper_id, seed=1)
    session.add(form)
    session.flush()
    earlier = session.scalar(
        select(func.count()).select_from(Attempt).where(col(Attempt.person_id) == person_id, col(Attempt.paper_id) == paper_id)
    )
    row = Attempt(
        person_id=person_id, paper_id=paper_id, form_id=form.id or 0, number=(earlier or 0) + 1,
        state="open" if handed_in_at is None else "handed_in", idempotency_key=f"k{next(_numbers)}", scoring_policy="all_or_nothing",
        cut_score=cut_score, max_score=max_score, started_at=started_at, deadline=started_at + timedelta(hours=1),
        handed_in_at=handed_in_at, score=score, passed=None if score is None else score >= cut_score,
    )  # fmt: skip
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id

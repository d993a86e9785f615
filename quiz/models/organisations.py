"""Who there is: regions, departments, sectors, organisations, people, and the posts they hold from–to."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from quiz.models.base import json_field, moment


class Region(SQLModel, table=True):
    """City, district or managing unit, or town; seeded from `quiz/organisations/data/`."""

    code: str = Field(primary_key=True, max_length=12)
    name: str = Field(max_length=60)
    short_name: str = Field(max_length=20)
    level: str = Field(max_length=10)
    kind: str = Field(max_length=20)
    parent_code: str | None = Field(default=None, foreign_key="region.code", index=True)
    aliases: list[str] = json_field(default_factory=list)
    position: int = 0


class Department(SQLModel, table=True):
    """A supervising department, with the names it goes by."""

    code: str = Field(primary_key=True, max_length=40)
    name: str = Field(max_length=60)
    aliases: list[str] = json_field(default_factory=list)
    position: int = 0


class Sector(SQLModel, table=True):
    """行业领域. `hours_high_risk` is the national reading (training hours), not the province's."""

    code: str = Field(primary_key=True, max_length=40)
    name: str = Field(max_length=60)
    aliases: list[str] = json_field(default_factory=list)
    department_code: str | None = Field(default=None, foreign_key="department.code")
    hours_high_risk: bool = False
    sd_high_risk: bool = False
    position: int = 0


class Feature(SQLModel, table=True):
    """特征标签: confined_space, dust_explosion, ammonia_refrigeration, gas_catering, … Some make an organisation 高危 by themselves."""

    code: str = Field(primary_key=True, max_length=40)
    name: str = Field(max_length=60)
    aliases: list[str] = json_field(default_factory=list)
    hours_high_risk: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    sd_high_risk: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    position: int = 0


class Organisation(SQLModel, table=True):
    """An enterprise, hospital, self-employed restaurant or office, as it stands now; see Placement for where it stood when."""

    __table_args__ = (
        Index(
            "uq_organisation_uscc_premises",
            "uscc",
            "premises",
            unique=True,
            sqlite_where=text("uscc is not null"),
            postgresql_where=text("uscc is not null"),
        ),
        Index(
            "uq_organisation_registration_number",
            "registration_number",
            unique=True,
            sqlite_where=text("uscc is null and registration_number is not null"),
            postgresql_where=text("uscc is null and registration_number is not null"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(default="enterprise", max_length=20)
    name: str = Field(max_length=120, index=True)
    uscc: str | None = Field(default=None, max_length=18)
    """统一社会信用代码; NULL means 待补码."""
    uscc_forced: bool = False
    """The code failed its check digit and was let in with a reason (audited)."""
    premises: str = Field(default="", max_length=120)
    """经营场所, only where one code runs several: a branch or shop. Empty for the head office."""
    registration_number: str | None = Field(default=None, max_length=40)
    district_code: str = Field(foreign_key="region.code", index=True)
    town_code: str | None = Field(default=None, foreign_key="region.code", index=True)
    village: str = Field(default="", max_length=80)
    address: str = Field(default="", max_length=200)
    sector_code: str = Field(foreign_key="sector.code", index=True)
    subsector: str = Field(default="", max_length=60)
    department_code: str | None = Field(default=None, foreign_key="department.code", index=True)
    """行业主管部门."""
    direct_department_code: str | None = Field(default=None, foreign_key="department.code")
    """直接监管部门."""
    employees: int | None = None
    sd_high_risk: bool = False
    """高危, the province's reading (省条例第十九条)."""
    hours_high_risk: bool = False
    """高危, the reading that decides training hours (培训规定)."""
    gas_kind: str = Field(default="", max_length=20)
    standardisation: str = Field(default="", max_length=20)
    hospital_grade: str = Field(default="", max_length=10)
    """`二级`, `三级`, … for hospitals."""
    status: str = Field(default="active", max_length=20, index=True)
    telephone: str = Field(default="", max_length=30)
    remark: str = Field(default="", max_length=200)
    registered_on: date | None = None
    """成立日期 / the day it entered the roster's scope."""
    closed_on: date | None = None
    created_at: datetime = moment()
    merged_into_id: int | None = None
    """The organisation that took this one over; its own posts and records stay with it."""


class OrganisationFeature(SQLModel, table=True):
    organisation_id: int = Field(foreign_key="organisation.id", primary_key=True, ondelete="CASCADE")
    feature_code: str = Field(foreign_key="feature.code", primary_key=True, index=True)


class Placement(SQLModel, table=True):
    """Where an organisation is counted, from–to (`until` is the first day it no longer holds)."""

    __tablename__ = "placement"
    __table_args__ = (CheckConstraint("until is null or until > since", name="order"),)

    id: int | None = Field(default=None, primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", index=True, ondelete="CASCADE")
    since: date
    until: date | None = None
    district_code: str = Field(foreign_key="region.code")
    town_code: str | None = Field(default=None, foreign_key="region.code")
    sector_code: str = Field(foreign_key="sector.code")
    department_code: str | None = Field(default=None, foreign_key="department.code")


class OrganisationChange(SQLModel, table=True):
    """History of an organisation, one changed field a row, so that an office can answer “who changed this and when”."""

    id: int | None = Field(default=None, primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", index=True, ondelete="CASCADE")
    effective_on: date
    recorded_at: datetime = moment()
    field: str = Field(max_length=40)
    before: str = Field(default="", max_length=300)
    after: str = Field(default="", max_length=300)
    import_id: int | None = Field(default=None, foreign_key="roster_import.id")
    account_id: int | None = None


class Person(SQLModel, table=True):
    """A human being. Identity numbers are kept only as a keyed digest and the last four characters."""

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=60, index=True)
    phone: str | None = Field(default=None, max_length=20, index=True)
    identity_digest: str | None = Field(default=None, max_length=64, unique=True)
    identity_tail: str = Field(default="", max_length=4)
    created_at: datetime = moment()


class Post(SQLModel, table=True):
    """任职: person × organisation × role, held from the day `held_from` until the day before `held_to`."""

    __table_args__ = (
        CheckConstraint("held_to is null or held_to >= held_from", name="order"),
        Index(
            "uq_post_current",
            "person_id",
            "organisation_id",
            "role",
            unique=True,
            sqlite_where=text("held_to is null"),
            postgresql_where=text("held_to is null"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    role: str = Field(max_length=20)
    category: str = Field(default="other", max_length=30)
    title: str = Field(default="", max_length=40)
    designated: bool = False
    """指定参训人: the one who counts under policy B."""
    held_from: date
    held_to: date | None = None
    import_id: int | None = Field(default=None, foreign_key="roster_import.id")
    created_at: datetime = moment()


class RosterImport(SQLModel, table=True):
    """One uploaded roster: what was in it and what became of it."""

    __tablename__ = "roster_import"

    id: int | None = Field(default=None, primary_key=True)
    file_name: str = Field(max_length=200)
    digest: str = Field(max_length=64)
    imported_at: datetime = moment()
    account_id: int | None = None
    report: dict = json_field(default_factory=dict)  # type: ignore[type-arg]
    journal: dict[str, Any] | None = json_field(default=None, nullable=True)
    """What it takes to put everything back: rows made, and rows as they were before. NULL for imports of before there was an undo."""
    undone_at: datetime | None = moment(nullable=True)
    undone_by: int | None = None


class QualityRuling(SQLModel, table=True):
    """Somebody looked at a doubtful entry of the roster and says it is right as it stands."""

    __tablename__ = "quality_ruling"

    check_code: str = Field(primary_key=True, max_length=40)
    subject: str = Field(primary_key=True, max_length=120)
    """What the finding is about, as the check names it: `organisation:12`, `phone:…digest`."""
    reason: str = Field(max_length=200)
    account_id: int | None = None
    at: datetime = moment()


class Closure(SQLModel, table=True):
    """Days an organisation was closed before it opened again (`until` is the first day open); the present closing is its own row's."""

    __table_args__ = (CheckConstraint("until > since", name="order"),)

    organisation_id: int = Field(foreign_key="organisation.id", primary_key=True, ondelete="CASCADE")
    since: date = Field(primary_key=True)
    until: date
    status: str = Field(max_length=20)
    """What it was meanwhile: deregistered, revoked, merged."""


class RosterJournal(SQLModel, table=True):
    """What one batch of a roster import wrote: rows made, and each changed value before and after. One row a batch, so none grows."""

    __tablename__ = "roster_journal"

    import_id: int = Field(foreign_key="roster_import.id", primary_key=True, ondelete="CASCADE")
    number: int = Field(primary_key=True)
    entries: dict[str, Any] = json_field(default_factory=dict)
    undone: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})


class PersonMerge(SQLModel, table=True):
    """Two entries of one human being made one. The emptied entry stays, without telephone and identity, so that it can be undone."""

    __tablename__ = "person_merge"

    id: int | None = Field(default=None, primary_key=True)
    kept_id: int = Field(foreign_key="person.id", index=True)
    dropped_id: int = Field(foreign_key="person.id", index=True)
    reason: str = Field(max_length=200)
    moved: dict[str, Any] = json_field(default_factory=dict)
    """Keys of the rows that changed hands, by table, and both entries as they were."""
    account_id: int | None = None
    at: datetime = moment()
    undone_at: datetime | None = moment(nullable=True)
    undone_by: int | None = None

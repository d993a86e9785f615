"""Training institutions and their reviews; class sessions with their classrooms, who registered, and who was there from when to when."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from quiz.models.base import json_field, moment


class Institution(SQLModel, table=True):
    """安全生产培训机构."""

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=120, unique=True)
    uscc: str | None = Field(default=None, max_length=18)
    district_code: str | None = Field(default=None, foreign_key="region.code")
    address: str = Field(default="", max_length=200)
    contact: str = Field(default="", max_length=60)
    telephone: str = Field(default="", max_length=30)
    scope: str = Field(default="", max_length=300)
    state: str = Field(default="listed", max_length=20)
    remark: str = Field(default="", max_length=300)
    created_at: datetime = moment()
    struck_off_on: date | None = None
    """清退: from this day on none of its sessions gives hours."""
    struck_off_reason: str = Field(default="", max_length=200)


class InstitutionReview(SQLModel, table=True):
    """One review against the checklist of AQ 8011; the latest one decides from `reviewed_on` until `valid_until` (last day)."""

    __tablename__ = "institution_review"

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int = Field(foreign_key="institution.id", index=True)
    reviewed_on: date
    valid_until: date | None = None
    verdict: str = Field(max_length=20)
    checklist: list[dict[str, Any]] = json_field(default_factory=list)
    """`[{"code", "met": true|false|null, "note"}]`, by the codes of the checklist."""
    reviewers: str = Field(default="", max_length=120)
    remark: str = Field(default="", max_length=500)
    attachment_id: int | None = Field(default=None, foreign_key="attachment.id")
    recorded_by: int | None = Field(default=None, foreign_key="account.id")
    recorded_at: datetime = moment()
    withdrawn_at: datetime | None = moment(nullable=True)


class ClassSession(SQLModel, table=True):
    """班次: one session of a class, held at once in a main classroom and its branches (主课堂 + 分课堂)."""

    __tablename__ = "class_session"

    id: int | None = Field(default=None, primary_key=True)
    title: str = Field(max_length=120)
    programme_id: int | None = Field(default=None, foreign_key="programme.id", index=True)
    institution_id: int | None = Field(default=None, foreign_key="institution.id", index=True)
    description: str = Field(default="", max_length=1000)
    state: str = Field(default="draft", max_length=20, index=True)
    minutes_per_hour: int = 45
    grace_minutes: int = 10
    """Signing in this late still counts from the beginning of the lesson."""
    registration_until: datetime | None = moment(nullable=True)
    make_up_of: int | None = Field(default=None, foreign_key="class_session.id")
    created_by: int | None = Field(default=None, foreign_key="account.id")
    created_at: datetime = moment()
    without_sign_out: str = Field(default="settle", max_length=20)
    """`quiz.vocabulary.WithoutSignOut`: what a presence without an end is worth."""


class ClassLesson(SQLModel, table=True):
    """One line of the timetable."""

    __tablename__ = "class_lesson"
    __table_args__ = (CheckConstraint("ends_at > starts_at", name="order"),)

    id: int | None = Field(default=None, primary_key=True)
    session_id: int = Field(foreign_key="class_session.id", index=True, ondelete="CASCADE")
    starts_at: datetime = moment()
    ends_at: datetime = moment()
    topic: str = Field(max_length=120)
    teacher: str = Field(default="", max_length=60)
    is_credited: bool = True
    """Registration and breaks are lines of the timetable too, but give no hours."""


class ClassSite(SQLModel, table=True):
    """One classroom of a session."""

    __tablename__ = "class_site"

    id: int | None = Field(default=None, primary_key=True)
    session_id: int = Field(foreign_key="class_session.id", index=True, ondelete="CASCADE")
    kind: str = Field(max_length=10)
    """`main` or `branch`."""
    name: str = Field(max_length=80)
    place: str = Field(default="", max_length=200)
    district_code: str | None = Field(default=None, foreign_key="region.code")
    host: str = Field(default="", max_length=60)
    telephone: str = Field(default="", max_length=30)
    capacity: int | None = None
    secret: str = Field(max_length=64)
    """From it the code on the screen of this classroom is made, a new one every few seconds."""
    code_open_until: datetime | None = moment(nullable=True)


class Registration(SQLModel, table=True):
    """Who said to come, and to which classroom."""

    __table_args__ = (UniqueConstraint("session_id", "person_id"), Index("ix_registration_person", "person_id"))

    id: int | None = Field(default=None, primary_key=True)
    session_id: int = Field(foreign_key="class_session.id", ondelete="CASCADE")
    site_id: int | None = Field(default=None, foreign_key="class_site.id")
    person_id: int = Field(foreign_key="person.id")
    organisation_id: int | None = Field(default=None, foreign_key="organisation.id")
    state: str = Field(default="registered", max_length=20)
    registered_at: datetime = moment()
    registered_by: int | None = Field(default=None, foreign_key="account.id")


class Presence(SQLModel, table=True):
    """Somebody was in a classroom from–to; an open one has not signed out yet."""

    __table_args__ = (Index("ix_presence_session_person", "session_id", "person_id"), Index("ix_presence_person", "person_id"))

    id: int | None = Field(default=None, primary_key=True)
    session_id: int = Field(foreign_key="class_session.id", ondelete="CASCADE")
    site_id: int | None = Field(default=None, foreign_key="class_site.id")
    person_id: int = Field(foreign_key="person.id")
    signed_in_at: datetime = moment()
    signed_out_at: datetime | None = moment(nullable=True)
    source: str = Field(max_length=20)
    """`code`, `sheet` or `hand`."""
    sheet_id: int | None = Field(default=None, foreign_key="sign_in_sheet.id", index=True)
    recorded_by: int | None = Field(default=None, foreign_key="account.id")
    voided_at: datetime | None = moment(nullable=True)
    void_reason: str = Field(default="", max_length=200)
    note: str = Field(default="", max_length=200)
    """Why it was entered or ended by hand."""


class SignInSheet(SQLModel, table=True):
    """One imported paper sign-in sheet: what was on it and what became of each line."""

    __tablename__ = "sign_in_sheet"

    id: int | None = Field(default=None, primary_key=True)
    session_id: int = Field(foreign_key="class_session.id", index=True, ondelete="CASCADE")
    file_name: str = Field(max_length=200)
    digest: str = Field(max_length=64)
    imported_at: datetime = moment()
    imported_by: int | None = Field(default=None, foreign_key="account.id")
    report: dict[str, Any] = json_field(default_factory=dict)
    undone_at: datetime | None = moment(nullable=True)
    undone_by: int | None = Field(default=None, foreign_key="account.id")


class HoursCredit(SQLModel, table=True):
    """Minutes of credited lessons one person was present for in one session on one day; worked out from presence, never typed."""

    __tablename__ = "hours_credit"
    __table_args__ = (Index("ix_hours_credit_person_day", "person_id", "day"),)

    session_id: int = Field(foreign_key="class_session.id", primary_key=True, ondelete="CASCADE")
    person_id: int = Field(foreign_key="person.id", primary_key=True)
    day: date = Field(primary_key=True)
    programme_id: int | None = Field(default=None, foreign_key="programme.id", index=True)
    minutes: int = 0

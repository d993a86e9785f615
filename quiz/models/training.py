"""Programmes and the duties they lay on the holders of posts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from quiz.models.base import json_field, moment


class Programme(SQLModel, table=True):
    """Who must have learnt what by when. `audience` is `quiz.training.domain.Audience` as JSON."""

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=60, unique=True)
    title: str = Field(max_length=120)
    description: str = Field(default="", max_length=1000)
    basis: str = Field(default="", max_length=500)
    """The clause or notice that requires it."""
    state: str = Field(default="draft", max_length=20, index=True)
    role: str = Field(default="principal", max_length=20)
    audience: dict[str, Any] = json_field(default_factory=dict)
    policy: str = Field(default="designated", max_length=20)
    opens_on: date
    due_on: date
    grace_days: int = 30
    """A holder who took up the post later than the opening has at least this long."""
    paper_id: int | None = Field(default=None, foreign_key="paper.id", index=True)
    """The paper to be passed; NULL when nothing is examined."""
    created_at: datetime = moment()
    template: str = Field(default="", max_length=60, sa_column_kwargs={"server_default": ""})
    """Code of the template it was made from, see `quiz/training/data/programme_templates.yaml`."""
    series: str = Field(default="", max_length=60, sa_column_kwargs={"server_default": ""})
    """Cycles of the same programme share a series; empty for one that stands alone."""
    hours_rule: str = Field(default="none", max_length=20, sa_column_kwargs={"server_default": "none"})
    """`quiz.vocabulary.HoursRule`: none, a fixed number, or what the law asks of each holder."""
    hours_fixed: float | None = None
    minutes_per_hour: int = Field(default=45, sa_column_kwargs={"server_default": "45"})
    """What one 学时 is; no law says, so each programme does."""
    materials: list[str] = json_field(default_factory=list, sa_column_kwargs={"server_default": "[]"})
    """Codes of the editions whose learning cards are to be studied."""
    material_minutes: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """Minutes of study of these materials that are asked for; 0 asks nothing."""
    validity_months: int | None = None
    """How long its certificate holds; NULL = without end."""
    retraining_months: int | None = None
    """After how many months the next cycle is due; NULL = once."""


class TraitPeriod(SQLModel, table=True):
    """From–to when an organisation was seen to carry the traits a programme asks for (kind, features, hospital grade).

    Nothing else keeps the history of these; sector, region and department have theirs in Placement.
    """

    __tablename__ = "trait_period"
    __table_args__ = (CheckConstraint("until is null or until > since", name="order"),)

    programme_id: int = Field(foreign_key="programme.id", primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", primary_key=True, ondelete="CASCADE")
    since: date = Field(primary_key=True)
    until: date | None = None


class Membership(SQLModel, table=True):
    """In the audience of a programme from–to (`until` is the first day it no longer is).

    An enterprise in the audience is due even when nobody is registered as its principal.
    """

    __table_args__ = (
        CheckConstraint("until is null or until > since", name="order"),
        Index("ix_membership_organisation", "organisation_id"),
    )

    programme_id: int = Field(foreign_key="programme.id", primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", primary_key=True, ondelete="CASCADE")
    since: date = Field(primary_key=True)
    until: date | None = None


class Duty(SQLModel, table=True):
    """Programme × organisation × role × holder, and how it ended. The post is the holder's."""

    __table_args__ = (
        UniqueConstraint("programme_id", "post_id"),
        Index("ix_duty_programme_organisation", "programme_id", "organisation_id"),
        CheckConstraint("exempt_until is null or exempt_until > exempted_on", name="exemption"),
        CheckConstraint("closed_on is null or closed_on >= opened_on", name="order"),
    )

    id: int | None = Field(default=None, primary_key=True)
    programme_id: int = Field(foreign_key="programme.id")
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    role: str = Field(max_length=20)
    post_id: int = Field(foreign_key="post.id", index=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    designated: bool = False
    opened_on: date
    due_on: date
    """Last day on which completing it is in time."""
    extended_to: date | None = None
    """A later last day granted to this holder."""
    extension_reason: str = Field(default="", max_length=200)
    is_new_holder: bool = False
    """The holder took up the post after the programme opened: 新任待训."""
    trained_on: date | None = None
    """First day of any learning or attempt within the programme."""
    examined_on: date | None = None
    """First day with a handed-in attempt."""
    passed_on: date | None = None
    completed_on: date | None = None
    completed_attempt_id: int | None = Field(default=None, foreign_key="attempt.id")
    exempted_on: date | None = None
    """First day of its latest exemption; each exemption has its own row in `Exemption`, and days are counted there."""
    exempt_until: date | None = None
    """First day on which it is owed again; NULL while the exemption has no end."""
    exempt_reason: str = Field(default="", max_length=200)
    """By whom and on what paper."""
    closed_on: date | None = None
    """First day on which it is no longer owed."""
    closing: str | None = Field(default=None, max_length=30)
    is_first_time: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """First training in this role rather than the yearly one, where the rule on hours asks."""
    minutes_due: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """Minutes of class that are asked of this holder; 0 asks nothing."""
    minutes_done: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    hours_on: date | None = None
    """First day on which the minutes of class were reached."""
    study_minutes: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    materials_on: date | None = None
    """First day on which the minutes of study were reached."""


class StudyTime(SQLModel, table=True):
    """Seconds a person studied one learning card on one day, as counted by the server."""

    __tablename__ = "study_time"

    person_id: int = Field(foreign_key="person.id", primary_key=True)
    material: str = Field(primary_key=True, max_length=100)
    """Id of the card's clause, which begins with the code of its edition."""
    day: date = Field(primary_key=True)
    seconds: int = 0
    last_beat_at: datetime = moment()


class ExemptionRequest(SQLModel, table=True):
    """核减: asked for on a paper, looked at by the street or district, decided by another; only then the duties are exempt."""

    __tablename__ = "exemption_request"
    __table_args__ = (Index("ix_exemption_request_state", "state"),)

    id: int | None = Field(default=None, primary_key=True)
    programme_id: int = Field(foreign_key="programme.id", index=True)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    duty_id: int | None = Field(default=None, foreign_key="duty.id")
    """NULL: every holder of the organisation."""
    ground: str = Field(max_length=30)
    reason: str = Field(default="", max_length=300)
    paper: str = Field(default="", max_length=200)
    """Title and number of the document it rests on."""
    attachment_id: int | None = Field(default=None, foreign_key="attachment.id")
    effective_on: date
    until: date | None = None
    state: str = Field(default="requested", max_length=20)
    requested_by: int = Field(foreign_key="account.id")
    requested_at: datetime = moment()
    first_by: int | None = Field(default=None, foreign_key="account.id")
    first_at: datetime | None = moment(nullable=True)
    first_opinion: str = Field(default="", max_length=300)
    second_by: int | None = Field(default=None, foreign_key="account.id")
    second_at: datetime | None = moment(nullable=True)
    second_opinion: str = Field(default="", max_length=300)
    ended_on: date | None = None
    """First day on which the duties are owed again."""


class Exemption(SQLModel, table=True):
    """核减 as it was granted: from–to, of one holder's duty or (`duty_id` NULL) of the whole organisation, holders or none.

    A later exemption never touches an earlier one: what held on a past day stays to be seen.
    """

    __table_args__ = (
        Index("ix_exemption_organisation", "programme_id", "organisation_id"),
        CheckConstraint("until is null or until > since", name="order"),
    )

    id: int | None = Field(default=None, primary_key=True)
    programme_id: int = Field(foreign_key="programme.id")
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    duty_id: int | None = Field(default=None, foreign_key="duty.id", index=True)
    since: date
    until: date | None = None
    """First day on which it is owed again; NULL while no end is known."""
    reason: str = Field(default="", max_length=200)
    """By whom and on what paper."""
    request_id: int | None = Field(default=None, foreign_key="exemption_request.id", unique=True)
    """The request that granted it; NULL for those from before there were requests."""

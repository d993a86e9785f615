"""Who may come in, as what, how far they reach, and what they did."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from quiz.models.base import json_field, moment


class Account(SQLModel, table=True):
    """A door key. People without one exist (not activated); accounts without a person do too (offices)."""

    id: int | None = Field(default=None, primary_key=True)
    account: str = Field(max_length=60, unique=True)
    name: str = Field(max_length=60)
    password_hash: str = Field(max_length=200)
    person_id: int | None = Field(default=None, foreign_key="person.id", unique=True)
    must_change_password: bool = False
    is_demonstration: bool = False
    disabled: bool = False
    failures: int = 0
    locked_until: datetime | None = moment(nullable=True)
    created_at: datetime = moment()
    last_sign_in_at: datetime | None = moment(nullable=True)


class Grant(SQLModel, table=True):
    """A role of an account and its reach. All reach columns NULL = everywhere; columns that are set narrow it together."""

    __tablename__ = "account_grant"
    __table_args__ = (UniqueConstraint("account_id", "role", "region_code", "department_code", "organisation_id"),)

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True, ondelete="CASCADE")
    role: str = Field(max_length=20)
    region_code: str | None = Field(default=None, foreign_key="region.code")
    department_code: str | None = Field(default=None, foreign_key="department.code")
    organisation_id: int | None = Field(default=None, foreign_key="organisation.id")


class SignIn(SQLModel, table=True):
    """A session: the cookie's random token is stored only as its SHA-256."""

    __tablename__ = "sign_in"

    token_digest: str = Field(primary_key=True, max_length=64)
    account_id: int = Field(foreign_key="account.id", index=True, ondelete="CASCADE")
    created_at: datetime = moment()
    seen_at: datetime = moment()
    expires_at: datetime = moment(index=True)
    address: str = Field(default="", max_length=60)
    agent: str = Field(default="", max_length=200)


class SignInFailure(SQLModel, table=True):
    """A wrong password, by address; good sign-ins from the same address are never held up by count."""

    __tablename__ = "sign_in_failure"

    id: int | None = Field(default=None, primary_key=True)
    address: str = Field(max_length=60, index=True)
    account: str = Field(max_length=60)
    at: datetime = moment(index=True)


class Activation(SQLModel, table=True):
    """A first-use code for a person of the roster, handed out on paper by the office; stored as a keyed digest."""

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True, ondelete="CASCADE")
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    code_digest: str = Field(max_length=64, unique=True)
    issued_at: datetime = moment()
    issued_by: int | None = Field(default=None, foreign_key="account.id")
    expires_at: datetime = moment()
    used_at: datetime | None = moment(nullable=True)
    revoked_at: datetime | None = moment(nullable=True)


class AuditEvent(SQLModel, table=True):
    """What was done, by whom: a chain in which each row carries the digest of the one before."""

    __tablename__ = "audit_event"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = moment(index=True)
    account_id: int | None = Field(default=None, index=True)
    account: str = Field(default="", max_length=60)
    address: str = Field(default="", max_length=60)
    action: str = Field(max_length=60, index=True)
    subject: str = Field(default="", max_length=120)
    result: str = Field(default="done", max_length=20)
    detail: dict = json_field(default_factory=dict)  # type: ignore[type-arg]
    previous: str = Field(default="", max_length=64)
    digest: str = Field(max_length=64)


class Setting(SQLModel, table=True):
    """What an administrator sets on screen (office telephone, notice) and marks such as `demonstration`."""

    __tablename__ = "setting"

    name: str = Field(primary_key=True, max_length=60)
    value: str = Field(default="", max_length=4000)

"""Certificates of completion, each signed, and the public keys they are checked with."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from quiz.models.base import json_field, moment


class SigningKey(SQLModel, table=True):
    """A public key that has signed certificates; the private half is a file of the server."""

    __tablename__ = "signing_key"

    id: str = Field(primary_key=True, max_length=32)
    """First characters of the SHA-256 of the public key, printed on the certificate."""
    public_key: str = Field(max_length=120)
    created_at: datetime = moment()


class Certificate(SQLModel, table=True):
    """结业证明. What is printed is `content`, exactly as it was signed; only the state changes afterwards."""

    __table_args__ = (
        Index("ix_certificate_person", "person_id"),
        Index("ix_certificate_programme_organisation", "programme_id", "organisation_id"),
        Index(
            "uq_certificate_valid_duty",
            "duty_id",
            unique=True,
            sqlite_where=text("state = 'valid'"),
            postgresql_where=text("state = 'valid'"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(max_length=40, unique=True)
    person_id: int = Field(foreign_key="person.id")
    programme_id: int = Field(foreign_key="programme.id")
    organisation_id: int = Field(foreign_key="organisation.id")
    duty_id: int | None = Field(default=None, foreign_key="duty.id", index=True)
    series: str = Field(default="", max_length=60, index=True)
    content: dict[str, Any] = json_field(default_factory=dict)
    signature: str = Field(max_length=200)
    key_id: str = Field(max_length=32, foreign_key="signing_key.id")
    issued_at: datetime = moment()
    valid_until: date | None = None
    """Last day of validity."""
    state: str = Field(default="valid", max_length=20)
    """`valid`, `revoked` or `replaced`; expiry follows from the day."""
    ended_at: datetime | None = moment(nullable=True)
    end_reason: str = Field(default="", max_length=200)
    ended_by: int | None = Field(default=None, foreign_key="account.id")
    replaced_by: str = Field(default="", max_length=40)
    """Number of the certificate that took its place."""

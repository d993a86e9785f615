"""Who was called, what is to be sent when, and the outbox with what became of each message."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from quiz.models.base import moment


class Contact(SQLModel, table=True):
    """One attempt to reach an enterprise about a programme, and what came of it."""

    __table_args__ = (Index("ix_contact_programme_organisation", "programme_id", "organisation_id"),)

    id: int | None = Field(default=None, primary_key=True)
    programme_id: int = Field(foreign_key="programme.id")
    organisation_id: int = Field(foreign_key="organisation.id")
    person_id: int | None = Field(default=None, foreign_key="person.id")
    account_id: int = Field(foreign_key="account.id")
    at: datetime = moment()
    outcome: str = Field(max_length=20)
    promised_on: date | None = None
    note: str = Field(default="", max_length=300)
    withdrawn_at: datetime | None = moment(nullable=True)


class MessageTemplate(SQLModel, table=True):
    """Wording of a kind of message; placeholders in braces are named in `quiz/reminders/templates.py`."""

    __tablename__ = "message_template"

    code: str = Field(primary_key=True, max_length=60)
    title: str = Field(max_length=80)
    channel: str = Field(max_length=20)
    audience: str = Field(max_length=20)
    """`holder`, `town` or `district`."""
    subject: str = Field(default="", max_length=120)
    body: str = Field(max_length=2000)
    is_builtin: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    changed_at: datetime = moment()


class ReminderRule(SQLModel, table=True):
    """When a programme reminds whom: so many days before (or, negative, after) the due day."""

    __tablename__ = "reminder_rule"
    __table_args__ = (Index("uq_reminder_rule", "programme_id", "template_code", "days_before", unique=True),)

    id: int | None = Field(default=None, primary_key=True)
    programme_id: int = Field(foreign_key="programme.id")
    template_code: str = Field(foreign_key="message_template.code", max_length=60)
    days_before: int
    is_enabled: bool = True
    created_by: int | None = Field(default=None, foreign_key="account.id")
    created_at: datetime = moment()


class OutboxMessage(SQLModel, table=True):
    """One message to one address. `dedupe_key` makes a second one of the same occasion impossible."""

    __tablename__ = "outbox_message"
    __table_args__ = (Index("ix_outbox_message_state_not_before", "state", "not_before"),)

    id: int | None = Field(default=None, primary_key=True)
    dedupe_key: str = Field(max_length=200, unique=True)
    programme_id: int | None = Field(default=None, foreign_key="programme.id", index=True)
    organisation_id: int | None = Field(default=None, foreign_key="organisation.id")
    person_id: int | None = Field(default=None, foreign_key="person.id")
    template_code: str = Field(default="", max_length=60)
    channel: str = Field(max_length=20)
    address: str = Field(max_length=300)
    subject: str = Field(default="", max_length=120)
    body: str = Field(max_length=4000)
    state: str = Field(default="queued", max_length=20)
    attempts: int = 0
    not_before: datetime = moment()
    created_at: datetime = moment()
    claimed_at: datetime | None = moment(nullable=True)
    sent_at: datetime | None = moment(nullable=True)
    receipt: str = Field(default="", max_length=200)
    error: str = Field(default="", max_length=500)

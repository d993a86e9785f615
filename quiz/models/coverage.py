"""The day-by-day tally of coverage, and each organisation's own part in it.

`Contribution` rows are what one organisation adds to the counts of one programme on one day (a change, not a level);
`Tally` is their sum over organisations. Both change in the transaction of the fact that caused them.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from quiz.models.base import json_field, moment


class Contribution(SQLModel, table=True):
    """Change that one organisation makes to one programme's counts on one day, in one cell."""

    __table_args__ = (Index("ix_contribution_organisation", "organisation_id"),)

    programme_id: int = Field(foreign_key="programme.id", primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", primary_key=True)
    day: date = Field(primary_key=True)
    district_code: str = Field(primary_key=True, max_length=12)
    town_code: str = Field(primary_key=True, max_length=12)
    sector_code: str = Field(primary_key=True, max_length=40)
    department_code: str = Field(primary_key=True, max_length=40)
    due: int = 0
    trained: int = 0
    examined: int = 0
    passed: int = 0
    completed: int = 0
    exempt: int = 0


class Tally(SQLModel, table=True):
    """Sum of contributions per programme, day and cell."""

    programme_id: int = Field(foreign_key="programme.id", primary_key=True)
    day: date = Field(primary_key=True)
    district_code: str = Field(primary_key=True, max_length=12)
    town_code: str = Field(primary_key=True, max_length=12)
    sector_code: str = Field(primary_key=True, max_length=40)
    department_code: str = Field(primary_key=True, max_length=40)
    due: int = 0
    trained: int = 0
    examined: int = 0
    passed: int = 0
    completed: int = 0
    exempt: int = 0


class Snapshot(SQLModel, table=True):
    """What was known when a figure was published; never changed by later facts."""

    id: int | None = Field(default=None, primary_key=True)
    programme_id: int = Field(foreign_key="programme.id", index=True)
    as_of: date
    policy: str = Field(max_length=20)
    taken_at: datetime = moment()
    account_id: int | None = None
    figures: dict[str, Any] = json_field(default_factory=dict)
    digest: str = Field(max_length=64)

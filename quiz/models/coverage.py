"""The day-by-day tally of coverage, and each organisation's own part in it.

`Contribution` rows are what one organisation adds to the counts of one programme on one day (a change, not a level);
`Tally` is their sum over organisations, and `Level` the sum of the tally over all its days. `UncoveredPeriod` rows say from when
to when an organisation was due and not covered, and for whom it waited; `UncoveredTally` and `UncoveredLevel` are to them what
tally and level are to the contributions, by kind. All change in the transaction of the fact that caused them.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from quiz.models.base import json_field, moment

ENDLESS = date(9999, 12, 31)
"""The end of a period that has none: a comparison with a day needs no second look at an empty field."""
TALLY_INDEX = (
    "programme_id", "district_code", "day", "town_code", "sector_code", "department_code",
    "due", "trained", "examined", "passed", "completed", "exempt",
)  # fmt: skip
"""The whole row, district by district: sums are read from the index alone."""
CHANGED_INDEX = (
    "programme_id", "day", "organisation_id", "district_code", "town_code", "sector_code", "department_code", "due", "completed", "exempt",
)  # fmt: skip
"""What a comparison of two days asks of the days between."""
LISTED_INDEX = (
    "programme_id", "district_code", "town_code", "organisation_id", "until", "since", "sector_code", "department_code",
    "duty_id", "due_on", "new_until", "trained_on", "examined_on", "has_signed_in", "short_from",
)  # fmt: skip
"""The list in the order in which it is shown: a page is read without looking at the rest."""


class Contribution(SQLModel, table=True):
    """Change that one organisation makes to one programme's counts on one day, in one cell."""

    __table_args__ = (
        Index("ix_contribution_organisation", "organisation_id"),
        Index("ix_contribution_changed", *CHANGED_INDEX),
    )

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

    __table_args__ = (
        Index("ix_tally_whole", *TALLY_INDEX),
        Index("ix_tally_course", "programme_id", "day", "district_code", "due", "completed"),
    )

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


class Level(SQLModel, table=True):
    """Sum of the tally over all its days per programme and cell: a day near the end is this less what comes later."""

    programme_id: int = Field(foreign_key="programme.id", primary_key=True)
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


class UncoveredPeriod(SQLModel, table=True):
    """From–to (`until` is the first day it no longer holds) when an organisation was due and not covered, and the duty it waited for."""

    __tablename__ = "uncovered_period"
    __table_args__ = (
        Index("ix_uncovered_period_listed", *LISTED_INDEX),
        Index("ix_uncovered_period_organisation", "organisation_id"),
    )

    programme_id: int = Field(foreign_key="programme.id", primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", primary_key=True)
    since: date = Field(primary_key=True)
    until: date = ENDLESS
    district_code: str = Field(max_length=12)
    town_code: str = Field(max_length=12)
    sector_code: str = Field(max_length=40)
    department_code: str = Field(max_length=40)
    duty_id: int | None = None
    """The most urgent of the duties it waits for; NULL when nobody is registered as its holder."""
    due_on: date
    """Last day on which completing it is in time."""
    new_until: date | None = None
    """First day on which the holder is no longer a new one; NULL for those in office since the opening."""
    trained_on: date | None = None
    examined_on: date | None = None
    has_signed_in: bool = False
    short_from: date | None = None
    """First day on which only hours of class or of study are missing: the paper is passed, or none is asked and learning has begun."""


class UncoveredTally(SQLModel, table=True):
    """Change of the number of uncovered organisations per programme, day and cell: each in one of six states, and beside it overdue, at risk."""

    __tablename__ = "uncovered_tally"

    programme_id: int = Field(foreign_key="programme.id", primary_key=True)
    day: date = Field(primary_key=True)
    district_code: str = Field(primary_key=True, max_length=12)
    town_code: str = Field(primary_key=True, max_length=12)
    sector_code: str = Field(primary_key=True, max_length=40)
    department_code: str = Field(primary_key=True, max_length=40)
    new_holder: int = 0
    never_signed_in: int = 0
    not_attempted: int = 0
    not_passed: int = 0
    no_holder: int = 0
    overdue: int = 0
    at_risk: int = 0
    hours_short: int = 0


class UncoveredLevel(SQLModel, table=True):
    """Sum of these over all days per programme and cell."""

    __tablename__ = "uncovered_level"

    programme_id: int = Field(foreign_key="programme.id", primary_key=True)
    district_code: str = Field(primary_key=True, max_length=12)
    town_code: str = Field(primary_key=True, max_length=12)
    sector_code: str = Field(primary_key=True, max_length=40)
    department_code: str = Field(primary_key=True, max_length=40)
    new_holder: int = 0
    never_signed_in: int = 0
    not_attempted: int = 0
    not_passed: int = 0
    no_holder: int = 0
    overdue: int = 0
    at_risk: int = 0
    hours_short: int = 0


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

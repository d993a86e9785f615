"""What a finished demonstration city amounts to, read back from its tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlmodel import Session, SQLModel, col

from quiz.coverage.domain import show_share
from quiz.models.accounts import Account
from quiz.models.attempts import Attempt
from quiz.models.coverage import Tally
from quiz.models.organisations import Organisation, Person, Region
from quiz.models.training import Programme
from quiz.vocabulary import RegionLevel


@dataclass(frozen=True)
class DistrictFigures:
    """How far one district is in one programme."""

    district: str
    due: int
    completed: int

    @property
    def rate(self) -> float | None:
        return self.completed / self.due if self.due else None


@dataclass(frozen=True)
class ProgrammeFigures:
    """A programme and its districts, in their official order."""

    code: str
    title: str
    due_on: date
    districts: tuple[DistrictFigures, ...]

    @property
    def text(self) -> str:
        """In Chinese, for the command line."""
        districts = "，".join(f"{each.district} {show_share(each.completed, each.due)}" for each in self.districts)
        return f"{self.title}：{show_share(self.completed, self.due)}（{self.completed}/{self.due}）　{districts}"

    @property
    def due(self) -> int:
        return sum(each.due for each in self.districts)

    @property
    def completed(self) -> int:
        return sum(each.completed for each in self.districts)


@dataclass(frozen=True)
class Sizes:
    """How many of each there are."""

    organisations: int
    people: int
    attempts: int
    accounts: int


def sizes(session: Session) -> Sizes:
    """Count the rows."""

    def number(table: type[SQLModel]) -> int:
        return int(session.scalar(select(func.count()).select_from(table)) or 0)

    return Sizes(number(Organisation), number(Person), number(Attempt), number(Account))


def programme_figures(session: Session, *, today: date) -> tuple[ProgrammeFigures, ...]:
    """Every programme with every district, as the tally has it today."""
    counts = {
        (row.programme_id, row.district_code): (int(row.due), int(row.completed))
        for row in session.execute(
            select(  # type: ignore[call-overload]
                Tally.programme_id, Tally.district_code, func.sum(Tally.due).label("due"), func.sum(Tally.completed).label("completed")
            )
            .where(col(Tally.day) <= today)
            .group_by(Tally.programme_id, Tally.district_code)
        )
    }
    districts = session.execute(
        select(Region.code, Region.short_name).where(Region.level == RegionLevel.DISTRICT.value).order_by(col(Region.position))  # type: ignore[call-overload,arg-type]
    ).all()
    return tuple(
        ProgrammeFigures(
            programme.code, programme.title, programme.due_on,
            tuple(DistrictFigures(name, *counts.get((programme.id, code), (0, 0))) for code, name in districts),
        )
        for programme in session.scalars(select(Programme).order_by(col(Programme.opens_on), col(Programme.code)))
    )  # fmt: skip

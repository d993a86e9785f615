"""What changed between two days: who was newly completed, newly due, left, moved or lost completion; it always adds up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, Subquery, and_, case, func, null, select, true
from sqlmodel import Session, col

from quiz.coverage import queries
from quiz.coverage.conditions import EVERYWHERE, AnyReach, carriers_of, in_cells, within
from quiz.coverage.domain import Counts
from quiz.coverage.uncovered import Filters
from quiz.models.coverage import Contribution
from quiz.models.organisations import Organisation, Region, Sector
from quiz.training.queries import programme
from quiz.vocabulary import Labelled


class Kind(Labelled):
    """How an enterprise stands otherwise than before, within what is looked at."""

    COMPLETED = "completed", "新完成"
    LOST = "lost", "由完成变为未完成"
    ENTERED = "entered", "新纳入应训"
    RESUMED = "resumed", "恢复应训"
    MOVED_IN = "moved_in", "从范围外调入"
    LEFT = "left", "退出应训"
    EXEMPTED = "exempted", "经审核核减"
    MOVED_OUT = "moved_out", "调到范围外"
    MOVED = "moved", "范围内调整所属"


@dataclass(frozen=True)
class Movement:
    """The enterprises of one kind, and what they did to the figures."""

    kind: Kind
    organisations: int
    due: int
    completed: int


@dataclass(frozen=True)
class Comparison:
    """Two days and everything between: `before` and the movements add up to `after`, in due and in completed."""

    from_day: date
    to_day: date
    before: Counts
    after: Counts
    movements: tuple[Movement, ...]

    @property
    def adds_up(self) -> bool:
        """Whether nothing is missing and nothing is there twice."""
        due, completed = (sum(getattr(each, name) for each in self.movements) for name in ("due", "completed"))
        return (self.before.due + due, self.before.completed + completed) == (self.after.due, self.after.completed)


@dataclass(frozen=True)
class ChangedRow:
    """One enterprise, where it stands now."""

    organisation_id: int
    name: str
    district: str
    town: str
    sector: str
    kind: Kind


def compare(
    session: Session, *, programme_code: str, from_day: date, to_day: date, filters: Filters, reach: AnyReach = EVERYWHERE
) -> Comparison:
    """What happened after the end of `from_day` up to the end of `to_day`, within the chosen cells."""
    wanted = programme(session, code=programme_code)
    before, after = (
        queries.coverage(session, programme_code=programme_code, as_of=day, reach=reach, filters=filters).total
        for day in (from_day, to_day)
    )
    changed = _changed(wanted.id, from_day, to_day, filters, reach)
    sums = select(changed.c.kind, func.count(), func.sum(changed.c.due), func.sum(changed.c.completed)).group_by(changed.c.kind)
    found = {Kind(row[0]): row for row in session.connection().execute(sums.where(changed.c.kind.is_not(None)))}
    movements = tuple(Movement(kind, found[kind][1], int(found[kind][2]), int(found[kind][3])) for kind in Kind if kind in found)
    return Comparison(from_day, to_day, before, after, movements)


def changed_rows(
    session: Session,
    *,
    programme_code: str,
    from_day: date,
    to_day: date,
    kind: Kind,
    filters: Filters,
    reach: AnyReach = EVERYWHERE,
    limit: int | None = 20,
    offset: int = 0,
) -> tuple[ChangedRow, ...]:
    """The enterprises of one kind, in the order in which they were entered."""
    wanted = programme(session, code=programme_code)
    changed = _changed(wanted.id, from_day, to_day, filters, reach)
    chosen = (
        select(changed.c.organisation_id)
        .where(changed.c.kind == kind.value)
        .order_by(changed.c.organisation_id)
        .limit(limit)
        .offset(offset or None)
        .subquery("chosen")
    )
    rows: Sequence[Any] = session.connection().execute(_named(chosen)).all()
    regions = queries.names_of(session, Region)
    sectors = queries.names_of(session, Sector)
    return tuple(
        ChangedRow(
            row.id, row.name, regions.get(row.district_code, ""), regions.get(row.town_code, ""), sectors.get(row.sector_code, ""), kind
        )
        for row in rows
    )


def _named(chosen: Subquery) -> Select[Any]:
    names = ("id", "name", "district_code", "town_code", "sector_code")
    columns: list[Any] = [getattr(Organisation, name) for name in names]
    return select(*columns).join(chosen, chosen.c.organisation_id == col(Organisation.id)).order_by(col(Organisation.id))


def _changed(programme_id: int, from_day: date, to_day: date, filters: Filters, reach: AnyReach) -> Subquery:
    """Every enterprise with a change between the days: what it added to due and completed, and of which kind that is."""
    part = Contribution
    cell = (col(part.district_code), col(part.town_code), col(part.sector_code), col(part.department_code))
    conditions = [*in_cells(filters, part), *within(reach, part)]
    is_inside = case((and_(true(), *conditions), 1), else_=0)
    per_cell = (
        select(
            col(part.organisation_id), is_inside.label("is_inside"),
            *(func.sum(getattr(part, name)).label(name) for name in ("due", "completed", "exempt")),
        )
        .where(col(part.programme_id) == programme_id, col(part.day) > from_day, col(part.day) <= to_day)
        .group_by(col(part.organisation_id), *cell)
    )  # fmt: skip
    if filters.feature:
        per_cell = per_cell.where(col(part.organisation_id).in_(carriers_of(filters.feature)))
    cells = per_cell.subquery("per_cell")
    inside = {name: func.sum(cells.c[name] * cells.c.is_inside) for name in ("due", "completed")}
    everywhere = {name: func.sum(cells.c[name]) for name in ("due", "exempt")}
    touched = func.sum(case((and_(cells.c.is_inside == 1, cells.c.due != 0), 1), else_=0))
    kind = case(
        (and_(inside["due"] > 0, everywhere["exempt"] < 0), Kind.RESUMED.value),
        (and_(inside["due"] > 0, everywhere["due"] == 0), Kind.MOVED_IN.value),
        (inside["due"] > 0, Kind.ENTERED.value),
        (and_(inside["due"] < 0, everywhere["exempt"] > 0), Kind.EXEMPTED.value),
        (and_(inside["due"] < 0, everywhere["due"] == 0), Kind.MOVED_OUT.value),
        (inside["due"] < 0, Kind.LEFT.value),
        (inside["completed"] > 0, Kind.COMPLETED.value),
        (inside["completed"] < 0, Kind.LOST.value),
        (touched > 1, Kind.MOVED.value),
        else_=null(),
    )
    return (
        select(
            cells.c.organisation_id, inside["due"].label("due"), inside["completed"].label("completed"), kind.label("kind"),
        )
        .group_by(cells.c.organisation_id)
        .subquery("changed")
    )  # fmt: skip

"""The enterprises behind a figure: those due, trained, examined, passed, completed or exempt on a day, and how far each is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy import and_, func, select
from sqlmodel import Session, col

from quiz.coverage import queries
from quiz.coverage.conditions import EVERYWHERE, AnyReach, carriers_of, in_cells, placed_on, within
from quiz.coverage.domain import MEASURES
from quiz.coverage.uncovered import Filters
from quiz.models.coverage import Contribution
from quiz.models.organisations import Organisation, Placement, Region, Sector
from quiz.training.queries import programme

Measure = Literal["due", "trained", "examined", "passed", "completed", "exempt"]
LABELS: dict[str, str] = {
    "due": "应训", "trained": "已参训", "examined": "已参考", "passed": "已合格", "completed": "已完成", "exempt": "核减",
}  # fmt: skip
_FURTHEST = ("exempt", "completed", "passed", "examined", "trained")


@dataclass(frozen=True)
class StandingRow:
    """One enterprise and how far it is; its place is that of the day."""

    organisation_id: int
    name: str
    district: str
    town: str
    sector: str
    furthest: str
    """In Chinese: 已完成, 已参训, 未参训, …"""


@dataclass(frozen=True)
class StandingView:
    """A page of them, and how many there are in all."""

    total: int
    rows: tuple[StandingRow, ...]


def organisations_at(
    session: Session,
    *,
    programme_code: str,
    as_of: date,
    measure: Measure,
    filters: Filters,
    reach: AnyReach = EVERYWHERE,
    limit: int | None = 20,
    offset: int = 0,
) -> StandingView:
    """The enterprises that a figure counts, in the order in which they were entered.

    `filters.name` narrows the rows and their number here; it never narrows a rate.
    """
    wanted = programme(session, code=programme_code)
    part = Contribution
    sums = {name: func.sum(getattr(part, name)) for name in MEASURES}
    counted = (
        # the day is hidden from the planner: read in the order of the key, a page needs no sorting and stops when it is full
        select(col(part.organisation_id), *(sums[name].label(name) for name in MEASURES))
        .where(col(part.programme_id) == wanted.id, func.coalesce(col(part.day), col(part.day)) <= as_of)
        .where(*in_cells(filters, part), *within(reach, part))
    )
    if filters.feature:
        counted = counted.where(col(part.organisation_id).in_(carriers_of(filters.feature)))
    if filters.name:
        named = select(col(Organisation.id)).where(col(Organisation.name).contains(filters.name, autoescape=True))
        counted = counted.where(col(part.organisation_id).in_(named))
    counted = counted.group_by(col(part.organisation_id)).having(sums[measure] > 0)
    connection = session.connection()
    if filters.name:
        total = connection.execute(select(func.count()).select_from(counted.subquery("counted"))).scalar_one()
    else:
        view = queries.coverage(session, programme_code=programme_code, as_of=as_of, reach=reach, filters=filters)
        total = getattr(view.total, measure)
    page = counted.order_by(col(part.organisation_id)).limit(limit).offset(offset or None).subquery("page")
    rows: Sequence[Any] = connection.execute(
        select(
            page, col(Organisation.name).label("name"), col(Placement.district_code).label("district_code"),
            col(Placement.town_code).label("town_code"), col(Placement.sector_code).label("sector_code"),
        )
        .join(Organisation, col(Organisation.id) == page.c.organisation_id)
        .join(Placement, and_(col(Placement.organisation_id) == page.c.organisation_id, placed_on(as_of)))
        .order_by(page.c.organisation_id)
    ).all()  # fmt: skip
    regions, sectors = queries.names_of(session, Region), queries.names_of(session, Sector)
    return StandingView(
        total,
        tuple(
            StandingRow(
                row.organisation_id, row.name, regions.get(row.district_code, ""), regions.get(row.town_code or "", ""),
                sectors.get(row.sector_code, ""), _furthest(row),
            )
            for row in rows
        ),
    )  # fmt: skip


def _furthest(row: Any) -> str:
    return next((LABELS[name] for name in _FURTHEST if getattr(row, name)), "未参训")

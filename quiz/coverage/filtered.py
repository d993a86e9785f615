"""Coverage of a part: the same figures once a district, town, sector or department has been chosen, and the snapshots taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlmodel import Session, col

from quiz.coverage import queries
from quiz.coverage.conditions import EVERYWHERE, Part, carriers_of, in_cells, placed_on
from quiz.coverage.domain import MEASURES, Counts
from quiz.coverage.queries import CoverageView, Dimension, PersonsView, TrendPoint
from quiz.coverage.uncovered import Filters
from quiz.models.coverage import Snapshot
from quiz.models.organisations import Organisation, Placement
from quiz.organisations.reach import Reaches
from quiz.training.queries import programme


def part_of(reach: Reaches, *, day: date, filters: Filters) -> Reaches:
    """The reach narrowed to organisations counted in the chosen cells on that day (and named so): for lists of people and scores."""
    cells = in_cells(filters, Placement)
    further: list[ColumnElement[bool]] = []
    if cells:
        counted = select(col(Placement.organisation_id)).where(placed_on(day), *cells)
        further.append(col(Organisation.id).in_(counted))
    if filters.feature:
        further.append(col(Organisation.id).in_(carriers_of(filters.feature)))
    if filters.name:
        further.append(col(Organisation.name).contains(filters.name, autoescape=True))
    return Part(reach.parts, tuple(further)) if further else reach


def coverage_of(
    session: Session, *, programme_code: str, as_of: date, filters: Filters, by: Dimension | None = None, reach: Reaches = EVERYWHERE
) -> CoverageView:
    """`queries.coverage` within the chosen cells."""
    return queries.coverage(session, programme_code=programme_code, as_of=as_of, by=by, reach=reach, filters=filters)


def trend_of(
    session: Session, *, programme_code: str, from_day: date, to_day: date, filters: Filters, reach: Reaches = EVERYWHERE
) -> list[TrendPoint]:
    """`queries.trend` within the chosen cells, in total."""
    return queries.trend(session, programme_code=programme_code, from_day=from_day, to_day=to_day, reach=reach, filters=filters)


def persons_of(session: Session, *, programme_code: str, as_of: date, filters: Filters, reach: Reaches = EVERYWHERE) -> PersonsView:
    """`queries.persons` within the chosen cells."""
    part = part_of(reach, day=as_of, filters=filters)
    return queries.persons(session, programme_code=programme_code, as_of=as_of, reach=part)


@dataclass(frozen=True)
class SnapshotLine:
    """One snapshot in a list."""

    number: str
    as_of: date
    taken_at: datetime
    total: Counts


def snapshots(session: Session, *, programme_code: str, limit: int = 20) -> tuple[SnapshotLine, ...]:
    """The latest snapshots of a programme, the newest first."""
    wanted = programme(session, code=programme_code)
    figures: Any = col(Snapshot.figures)
    latest = (
        select(col(Snapshot.id), col(Snapshot.digest), col(Snapshot.as_of), col(Snapshot.taken_at), figures["total"])
        .where(col(Snapshot.programme_id) == wanted.id)
        .order_by(col(Snapshot.id).desc())
        .limit(limit)
    )
    rows: Sequence[Any] = session.connection().execute(latest).all()
    return tuple(
        SnapshotLine(f"{number:06d}-{digest[:8]}", as_of, taken_at, Counts(**{name: int(total[name]) for name in MEASURES}))
        for number, digest, as_of, taken_at, total in rows
    )

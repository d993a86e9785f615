"""Coverage of a part: the same figures once a district, town, sector or department has been chosen, and the snapshots taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session, col

from quiz.coverage import queries
from quiz.coverage.conditions import EVERYWHERE, Part, on_cells, placed_on
from quiz.coverage.domain import MEASURES, Counts
from quiz.coverage.queries import CoverageView, Dimension, Group, PersonsView, TrendPoint
from quiz.coverage.uncovered import Filters
from quiz.models.coverage import Contribution, Snapshot, Tally
from quiz.models.organisations import Organisation, Placement
from quiz.organisations.reach import Reaches
from quiz.training.queries import programme

_CELLS = {"district": "district_code", "town": "town_code", "sector": "sector_code", "department": "department_code"}
_KEYS = {"region": "district_code", "town": "town_code", "sector": "sector_code", "department": "department_code"}


def part_of(reach: Reaches, *, day: date, filters: Filters) -> Reaches:
    """The reach narrowed to organisations counted in the chosen cells on that day (and named so): for lists of people and scores."""
    cells = _asked(filters, Placement)
    further: list[ColumnElement[bool]] = []
    if cells:
        counted = select(col(Placement.organisation_id)).where(placed_on(day), *cells)
        further.append(col(Organisation.id).in_(counted))
    if filters.name:
        further.append(col(Organisation.name).contains(filters.name, autoescape=True))
    return Part(reach.parts, tuple(further)) if further else reach


def coverage_of(
    session: Session, *, programme_code: str, as_of: date, filters: Filters, by: Dimension | None = None, reach: Reaches = EVERYWHERE
) -> CoverageView:
    """`queries.coverage` within the chosen cells."""
    whole = queries.coverage(session, programme_code=programme_code, as_of=as_of, by=by, reach=reach)
    if not _asked(filters, Tally):
        return whole
    wanted = programme(session, code=programme_code)
    levels: dict[str, Counts] = defaultdict(Counts)
    for row in _sums(session, wanted.id, reach, filters, key=_KEYS.get(by or "", "district_code"), until=as_of):
        levels[row[0]] += Counts(*(int(value) for value in row[2:]))
    labels = {group.key: group.label for group in whole.groups}
    order = {key: place for place, key in enumerate(labels)}
    groups = [Group(key, labels[key], levels[key]) for key in sorted(levels.keys() & labels.keys(), key=order.__getitem__)]
    return replace(
        whole,
        total=sum(levels.values(), Counts()),
        groups=tuple(group for group in groups if by and not group.counts.is_nothing),
    )


def trend_of(
    session: Session, *, programme_code: str, from_day: date, to_day: date, filters: Filters, reach: Reaches = EVERYWHERE
) -> list[TrendPoint]:
    """`queries.trend` within the chosen cells, in total."""
    if not _asked(filters, Tally):
        return queries.trend(session, programme_code=programme_code, from_day=from_day, to_day=to_day, reach=reach)
    wanted = programme(session, code=programme_code)
    changes: dict[date, Counts] = defaultdict(Counts)
    for row in _sums(session, wanted.id, reach, filters, key="district_code", until=to_day):
        changes[row[1]] += Counts(*(int(value) for value in row[2:]))
    level = sum((counts for day, counts in changes.items() if day < from_day), Counts())
    points, day = [], from_day
    while day <= to_day:
        level += changes.get(day, Counts())
        points.append(TrendPoint(day, "", "合计", level))
        day += timedelta(days=1)
    return points


def persons_of(session: Session, *, programme_code: str, as_of: date, filters: Filters, reach: Reaches = EVERYWHERE) -> PersonsView:
    """`queries.persons` within the chosen cells."""
    part = part_of(reach, day=as_of, filters=filters)
    return queries.persons(session, programme_code=programme_code, as_of=as_of, reach=part)


def _sums(session: Session, programme_id: int, reach: Reaches, filters: Filters, *, key: str, until: date) -> Sequence[Any]:
    """Changes by key and day, from the tally where the reach can be said of its cells, else from the organisations' parts."""
    cells = on_cells(reach, Tally)
    table: Any = Tally if cells is not None else Contribution
    query = select(getattr(table, key), table.day, *(func.sum(getattr(table, name)) for name in MEASURES)).where(
        col(table.programme_id) == programme_id, col(table.day) <= until, *_asked(filters, table)
    )
    if cells is None:
        query = query.join(Organisation, col(Organisation.id) == col(Contribution.organisation_id)).where(*reach.conditions())
    else:
        query = query.where(*cells)
    return session.connection().execute(query.group_by(getattr(table, key), table.day)).all()


def _asked(filters: Filters, table: Any) -> list[ColumnElement[bool]]:
    return [col(getattr(table, column)) == value for name, column in _CELLS.items() if (value := getattr(filters, name)) is not None]


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

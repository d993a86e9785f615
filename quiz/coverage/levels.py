"""Where counts stand at the end of a day, from the sums kept of them: forward from the beginning, or back from the end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, select, union_all
from sqlmodel import Session, col

from quiz.coverage.conditions import AnyReach, in_cells, on_cells
from quiz.coverage.domain import KINDS, MEASURES
from quiz.models.coverage import Level, Tally, UncoveredLevel, UncoveredTally

COLUMNS = {"region": "district_code", "town": "town_code", "sector": "sector_code", "department": "department_code"}


@dataclass(frozen=True)
class Pair:
    """Changes by day and cell, and their sums by cell."""

    tally: Any
    level: Any
    measures: tuple[str, ...]


COVERED = Pair(Tally, Level, MEASURES)
UNCOVERED = Pair(UncoveredTally, UncoveredLevel, KINDS)
Conditions = list[tuple[Any, Any]]


def cell_conditions(filters: Any, reach: AnyReach) -> Any:
    """What filters and reach ask of a table with cells, for `level_sums`."""

    def on(table: Any) -> list[ColumnElement[bool]]:
        cells = on_cells(reach, table)
        assert cells is not None
        return [*in_cells(filters, table), *cells]

    return on


def level_sums(
    session: Session, pair: Pair, *, programme_id: int, as_of: date, conditions: Any, by: str | None = None
) -> dict[str, tuple[int, ...]]:
    """The measures at the end of that day by key of the group (`by` names a column of the cell), or under the empty key."""
    connection = session.connection()
    # two questions, each answered by one look into the index; asked together they would read all of it
    own = col(pair.tally.programme_id) == programme_id
    bounds = (select(end(pair.tally.day)).where(own).scalar_subquery() for end in (func.min, func.max))
    first, last = connection.execute(select(*bounds)).one()
    if first is None or as_of < first:
        return {}

    def sums(table: Any, *further: ColumnElement[bool], sign: int = 1) -> Select[Any]:
        # the key is hidden from the planner: an index in its order would be read whole, where the days want only a few rows
        key = func.coalesce(getattr(table, COLUMNS[by]), "") if by else literal("")
        measures = [(sign * func.sum(getattr(table, name))).label(name) for name in pair.measures]
        query = select(key.label("key"), *measures).where(col(table.programme_id) == programme_id, *conditions(table), *further)
        return query.group_by(key) if by else query.having(func.count() > 0)

    if as_of - first < last - as_of:
        rows: Sequence[Any] = connection.execute(sums(pair.tally, col(pair.tally.day) <= as_of)).all()
    else:
        rows = connection.execute(union_all(sums(pair.level), sums(pair.tally, col(pair.tally.day) > as_of, sign=-1))).all()
    found: dict[str, list[int]] = defaultdict(lambda: [0] * len(pair.measures))
    for key, *values in rows:
        found[key] = [known + int(value) for known, value in zip(found[key], values, strict=True)]
    return {key: tuple(values) for key, values in found.items()}

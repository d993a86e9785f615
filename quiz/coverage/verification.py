"""Proves the tally: counts everything again in SQL, by another road than the one that keeps it, and lists what differs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Subquery, and_, case, exists, func, or_, select, union
from sqlmodel import Session, col

from quiz.coverage.domain import MEASURES, NOTHING, Cell, Counts
from quiz.models.coverage import Contribution, Tally
from quiz.models.organisations import Placement
from quiz.models.training import Duty, Exemption, Membership, Programme
from quiz.vocabulary import HolderPolicy

LISTED = 100
"""Differences listed by name; beyond these they are only counted."""

Key = tuple[date, Cell]
State = tuple[Cell | None, Counts]


@dataclass(frozen=True)
class Difference:
    """A figure that is kept otherwise than it is counted."""

    programme: str
    table: str
    """`tally`, or `contribution` with the organisation."""
    organisation_id: int | None
    day: date
    cell: Cell
    kept: Counts
    counted: Counts

    def as_json(self) -> dict[str, Any]:
        return {
            "programme": self.programme, "table": self.table, "organisation": self.organisation_id, "day": self.day.isoformat(),
            "cell": self.cell._asdict(), "kept": self.kept.as_json(), "counted": self.counted.as_json(),
        }  # fmt: skip


@dataclass(frozen=True)
class VerifyReport:
    """What was compared, and what differs."""

    programmes: int
    organisations: int
    figures: int
    """Figures of the tally that were compared."""
    differing: int
    differences: tuple[Difference, ...]
    """The first of them."""

    @property
    def consistent(self) -> bool:
        """Nothing differs."""
        return self.differing == 0

    @property
    def text(self) -> str:
        """In Chinese, for the command line."""
        compared = f"已核对 {self.programmes} 个专项、{self.organisations} 家次单位、{self.figures} 个数字"
        if self.consistent:
            return f"{compared}：统计表与明细完全一致。"
        listed = [
            f"  {each.programme} {each.day} {'／'.join(filter(None, each.cell))}"
            f"{'' if each.organisation_id is None else f' 单位 {each.organisation_id}'}：记为 {each.kept.shown}，实为 {each.counted.shown}"
            for each in self.differences
        ]
        return "\n".join([f"{compared}：{self.differing} 处不一致。", *listed])

    def as_json(self) -> dict[str, Any]:
        return {
            "consistent": self.consistent, "programmes": self.programmes, "organisations": self.organisations, "figures": self.figures,
            "differing": self.differing, "differences": [each.as_json() for each in self.differences],
        }  # fmt: skip


def verify(session: Session) -> VerifyReport:
    """Recount every programme for every day from memberships, duties and placements, and compare contributions and tally."""
    session.flush()
    connection = session.connection()
    found: list[Difference] = []
    organisations = figures = 0
    listed = select(col(Programme.id), col(Programme.code), col(Programme.policy)).order_by(col(Programme.id))
    programmes: Sequence[Any] = connection.execute(listed).all()
    for programme_id, code, policy in programmes:
        kept = _kept_contributions(connection, programme_id)
        total: dict[Key, Counts] = defaultdict(Counts)
        for organisation_id, counted in _recounted(connection, programme_id, HolderPolicy(policy)):
            organisations += 1
            for key, counts in counted.items():
                total[key] += counts
            found += _differences(code, "contribution", organisation_id, kept.pop(organisation_id, {}), counted)
        for organisation_id, part in kept.items():
            found += _differences(code, "contribution", organisation_id, part, {})
        tally = _kept_tally(connection, programme_id)
        found += _differences(code, "tally", None, tally, dict(total))
        figures += len(total.keys() | tally.keys()) * len(MEASURES)
    return VerifyReport(
        programmes=len(programmes), organisations=organisations, figures=figures, differing=len(found), differences=tuple(found[:LISTED])
    )


def _differences(
    code: str, table: str, organisation_id: int | None, kept: dict[Key, Counts], counted: dict[Key, Counts]
) -> list[Difference]:
    return [
        Difference(code, table, organisation_id, *key, kept.get(key, NOTHING), counted.get(key, NOTHING))
        for key in sorted(kept.keys() | counted.keys())
        if kept.get(key, NOTHING) != counted.get(key, NOTHING)
    ]


def _kept_contributions(connection: Connection, programme_id: int) -> dict[int, dict[Key, Counts]]:
    columns = [getattr(Contribution, name) for name in ("district_code", "town_code", "sector_code", "department_code", *MEASURES)]
    kept: dict[int, dict[Key, Counts]] = defaultdict(dict)
    query = select(col(Contribution.organisation_id), col(Contribution.day), *columns).where(col(Contribution.programme_id) == programme_id)
    for row in connection.execute(query):
        kept[row[0]][(row[1], Cell(*row[2:6]))] = Counts(*row[6:])
    return kept


def _kept_tally(connection: Connection, programme_id: int) -> dict[Key, Counts]:
    columns = [getattr(Tally, name) for name in ("district_code", "town_code", "sector_code", "department_code", *MEASURES)]
    query = select(col(Tally.day), *columns).where(col(Tally.programme_id) == programme_id)
    return {(row[0], Cell(*row[1:5])): Counts(*row[5:]) for row in connection.execute(query)}


def _recounted(connection: Connection, programme_id: int, policy: HolderPolicy) -> Iterator[tuple[int, dict[Key, Counts]]]:
    """Each organisation with the differences between its states, the states being worked out by the database."""
    rows = connection.execute(_states(programme_id, policy))
    for organisation_id, days in groupby(rows, key=lambda row: row.organisation_id):
        counted: dict[Key, Counts] = defaultdict(Counts)
        before: State = (None, NOTHING)
        for row in days:
            after: State = (None, NOTHING)
            if row.district_code is not None:
                cell = Cell(row.district_code, row.town_code or "", row.sector_code, row.department_code or "")
                after = (cell, Counts(*(getattr(row, name) for name in MEASURES)))
            for (where, counts), sign in ((before, -1), (after, 1)):
                if where is not None:
                    counted[(row.day, where)] += counts if sign > 0 else NOTHING - counts
            before = after
        yield organisation_id, {key: counts for key, counts in counted.items() if counts != NOTHING}


def _days(programme_id: int) -> Subquery:
    """Every day on which something about a member organisation may change."""
    members = select(col(Membership.organisation_id)).where(col(Membership.programme_id) == programme_id)
    changing = {
        Membership: ("since", "until"),
        Duty: ("opened_on", "closed_on", "trained_on", "examined_on", "passed_on", "completed_on"),
        Exemption: ("since", "until"),
        Placement: ("since", "until"),
    }
    parts = []
    for model, names in changing.items():
        columns = model.__table__.c  # type: ignore[attr-defined]
        own = columns.organisation_id.in_(members) if model is Placement else columns.programme_id == programme_id
        for name in names:
            parts.append(select(columns.organisation_id, columns[name].label("day")).where(own, columns[name].is_not(None)))
    return union(*parts).subquery("days")


def _states(programme_id: int, policy: HolderPolicy) -> Any:
    """Per organisation and day: the cell it is counted in (none when outside the audience) and what it counts for."""
    days = _days(programme_id)
    day: ColumnElement[Any] = days.c.day

    def on(since: Any, until: Any) -> ColumnElement[bool]:
        return and_(col(since) <= day, or_(col(until).is_(None), col(until) > day))

    def exempt(*whom: ColumnElement[bool]) -> ColumnElement[bool]:
        """An exemption of the programme and organisation that holds that day."""
        own = (col(Exemption.programme_id) == programme_id, col(Exemption.organisation_id) == days.c.organisation_id)
        return exists().where(*own, on(Exemption.since, Exemption.until), *whom).correlate(days, Duty)

    owing = ~exempt(col(Exemption.duty_id) == col(Duty.id))
    named = and_(owing, col(Duty.designated))

    def number(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((and_(col(Duty.id).is_not(None), condition), 1), else_=0)), 0)

    def reached(column: Any) -> ColumnElement[int]:
        everybody = and_(number(owing) > 0, number(and_(owing, col(column) <= day)) == number(owing))
        if policy is HolderPolicy.ALL:
            return case((everybody, 1), else_=0)
        designated = number(and_(named, col(column) <= day)) == number(named)
        return case((number(named) > 0, case((designated, 1), else_=0)), else_=case((everybody, 1), else_=0))

    as_a_whole = func.max(case((exempt(col(Exemption.duty_id).is_(None)), 1), else_=0)) == 1
    is_exempt = or_(as_a_whole, and_(func.count(col(Duty.id)) > 0, number(owing) == 0))
    place = (col(Placement.district_code), col(Placement.town_code), col(Placement.sector_code), col(Placement.department_code))
    own = (col(Membership.programme_id) == programme_id, col(Membership.organisation_id) == days.c.organisation_id)
    return (
        select(
            days.c.organisation_id,
            days.c.day,
            *place,
            case((is_exempt, 0), else_=1).label("due"),
            case((as_a_whole, 0), else_=reached(Duty.trained_on)).label("trained"),
            case((as_a_whole, 0), else_=reached(Duty.examined_on)).label("examined"),
            case((as_a_whole, 0), else_=reached(Duty.passed_on)).label("passed"),
            case((as_a_whole, 0), else_=reached(Duty.completed_on)).label("completed"),
            case((is_exempt, 1), else_=0).label("exempt"),
        )
        .select_from(days)
        .outerjoin(Membership, and_(*own, on(Membership.since, Membership.until)))
        .outerjoin(
            Placement,
            and_(
                col(Placement.organisation_id) == col(Membership.organisation_id),
                on(Placement.since, Placement.until),
            ),
        )
        .outerjoin(
            Duty,
            and_(
                col(Duty.programme_id) == programme_id,
                col(Duty.organisation_id) == days.c.organisation_id,
                on(Duty.opened_on, Duty.closed_on),
            ),
        )
        .group_by(days.c.organisation_id, days.c.day, *place)
        .order_by(days.c.organisation_id, days.c.day)
    )

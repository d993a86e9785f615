"""Reads coverage as it stands on a day, its course over days, and people instead of enterprises."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, select
from sqlmodel import Session, col

from quiz.coverage.conditions import (
    EVERYWHERE,
    AnyReach,
    carriers_of,
    held_on,
    in_cells,
    member_on,
    not_exempt_on,
    on_cells,
    reached_by,
    within,
)
from quiz.coverage.domain import MEASURES, Counts, show_rate
from quiz.coverage.forecast import Standing
from quiz.coverage.levels import COLUMNS, COVERED, cell_conditions, level_sums
from quiz.coverage.uncovered import Filters, UncoveredRow, UncoveredView, uncovered
from quiz.models.coverage import Contribution, Tally
from quiz.models.organisations import Department, Feature, Organisation, OrganisationFeature, Region, Sector
from quiz.models.training import Duty, Membership
from quiz.training.queries import ProgrammeView, programme
from quiz.vocabulary import HolderPolicy, PostRole, ProgrammeState

__all__ = [
    "CoverageView", "Dimension", "Group", "PersonsView", "TrendPoint", "UncoveredRow", "UncoveredView", "coverage", "most_pressing",
    "persons", "trend", "uncovered",
]  # fmt: skip

Dimension = Literal["region", "town", "sector", "department", "role", "feature"]
UNIT = "enterprise"
UNSTATED = "未明确"
NO_PAPER = "本专项不设考试，没有参考（examined）和合格（passed）数字，两项恒为 0，不代表没有完成。"
EVERYBODY = Filters()

_TABLES: dict[str, Any] = {"region": Region, "town": Region, "sector": Sector, "department": Department, "feature": Feature}


@dataclass(frozen=True)
class Group:
    """One district, town, sector, department, role or feature."""

    key: str
    label: str
    counts: Counts

    def as_json(self) -> dict[str, Any]:
        return {"key": self.key, "label": self.label, **self.counts.as_json()}


@dataclass(frozen=True)
class CoverageView:
    """Coverage on a day, with everything that must be said beside the rate."""

    programme: str
    title: str
    as_of: date
    policy: HolderPolicy
    unit: str
    by: Dimension | None
    total: Counts
    groups: tuple[Group, ...]
    has_paper: bool = True
    """Without a paper 参考 and 合格 are not figures of the programme, and are not shown."""

    @property
    def shown_rate(self) -> str:
        return show_rate(self.total)

    @property
    def text(self) -> str:
        """In Chinese, for the command line."""
        head = f"{self.title}  统计时点 {self.as_of}  口径 {self.policy.label}  单位：企业"
        total = f"覆盖率 {show_rate(self.total)}（已完成 {self.total.completed} ÷ 应训 {self.total.due}，核减 {self.total.exempt}）"
        groups = [f"  {show_rate(each.counts):>7}  {each.counts.completed:>6} ÷ {each.counts.due:<6}  {each.label}" for each in self.groups]
        return "\n".join([head, total, *([] if self.has_paper else ["本专项不设考试。"]), *groups])

    def as_json(self) -> dict[str, Any]:
        """As `coverage --json` and the API give it."""
        return {
            "programme": self.programme, "as_of": self.as_of.isoformat(), "policy": self.policy.value, "unit": self.unit,
            "total": self.total.as_json(), "groups": [group.as_json() for group in self.groups],
            **({} if self.has_paper else {"notes": [NO_PAPER]}),
        }  # fmt: skip


@dataclass(frozen=True)
class TrendPoint:
    """Where the counts stood at the end of a day."""

    day: date
    key: str
    label: str
    counts: Counts


@dataclass(frozen=True)
class PersonsView:
    """People, each counted once however many enterprises they answer for."""

    due: int
    trained: int
    examined: int
    passed: int
    completed: int
    new_holders: int
    """Of the due: those who took up a post less than the grace ago."""


def coverage(
    session: Session,
    *,
    programme_code: str,
    as_of: date,
    by: Dimension | None = None,
    reach: AnyReach = EVERYWHERE,
    filters: Filters = EVERYBODY,
) -> CoverageView:
    """Enterprises due and how far they are at the end of that day, in total and by group; within the chosen cells."""
    wanted = programme(session, code=programme_code)
    levels = _levels(session, wanted, as_of, by, reach, filters)
    # an enterprise has one district and one sector, but several features or none
    whole = _levels(session, wanted, as_of, None, reach, filters) if by == "feature" else levels
    return CoverageView(
        programme=wanted.code, title=wanted.title, as_of=as_of, policy=wanted.policy, unit=UNIT, by=by,
        total=sum(whole.values(), Counts()), groups=() if by is None else _groups(session, wanted, by, levels),
        has_paper=wanted.has_paper,
    )  # fmt: skip


def most_pressing(session: Session, *, found: Sequence[ProgrammeView], today: date, reach: AnyReach = EVERYWHERE) -> str:
    """The code of the programme an office has to look at first: open, somebody still uncovered, and its last day nearest."""
    opened = [each for each in found if each.state is ProgrammeState.OPEN]
    by_due = sorted(opened, key=lambda each: (abs((each.due_on - today).days), each.due_on < today, each.code))
    for each in by_due:
        if coverage(session, programme_code=each.code, as_of=today, reach=reach).total.uncovered:
            return each.code
    return (by_due or list(found))[0].code


def _levels(
    session: Session, wanted: ProgrammeView, as_of: date, by: Dimension | None, reach: AnyReach, filters: Filters
) -> dict[str, Counts]:
    """The counts by key: from the kept levels, or from the organisations' parts where reach or question is about single ones."""
    if on_cells(reach, Tally) is not None and by != "feature" and not filters.feature:
        column = by if by in COLUMNS else None
        asked = cell_conditions(filters, reach)
        found = level_sums(session, COVERED, programme_id=wanted.id, as_of=as_of, conditions=asked, by=column)
        return {_key(wanted, by, key): Counts(*values) for key, values in found.items()}
    return (
        _levels_by_feature(session, wanted, as_of, reach, filters)
        if by == "feature"
        else _levels_of_some(session, wanted, as_of, by, reach, filters)
    )


def _levels_of_some(
    session: Session, wanted: ProgrammeView, as_of: date, by: Dimension | None, reach: AnyReach, filters: Filters
) -> dict[str, Counts]:
    key: Any = getattr(Contribution, COLUMNS[by]) if by in COLUMNS else literal("")
    sums = [func.sum(getattr(Contribution, name)) for name in MEASURES]
    query = select(key.label("key"), *sums).where(*_parts_asked(wanted, as_of, reach, filters))
    query = query.group_by(key) if by in COLUMNS else query.having(func.count() > 0)
    return {_key(wanted, by, row[0]): Counts(*map(int, row[1:])) for row in session.connection().execute(query)}


def _levels_by_feature(session: Session, wanted: ProgrammeView, as_of: date, reach: AnyReach, filters: Filters) -> dict[str, Counts]:
    """By feature as carried today. An outer join, so that both databases begin with the few that carry one."""
    sums = [func.coalesce(func.sum(getattr(Contribution, name)), 0) for name in MEASURES]
    same = col(Contribution.organisation_id) == col(OrganisationFeature.organisation_id)
    query = (
        select(col(OrganisationFeature.feature_code), *sums)
        .outerjoin(Contribution, and_(same, *_parts_asked(wanted, as_of, reach, filters)))
        .group_by(col(OrganisationFeature.feature_code))
    )
    return {row[0]: Counts(*map(int, row[1:])) for row in session.connection().execute(query)}


def _parts_asked(wanted: ProgrammeView, as_of: date, reach: AnyReach, filters: Filters) -> list[ColumnElement[bool]]:
    """The organisations' parts up to that day, of those the filters and the reach leave."""
    part = Contribution
    asked = [col(part.programme_id) == wanted.id, col(part.day) <= as_of, *in_cells(filters, part), *within(reach, part)]
    if filters.feature:
        asked.append(col(part.organisation_id).in_(carriers_of(filters.feature)))
    return asked


def _key(wanted: ProgrammeView, by: Dimension | None, key: str) -> str:
    return wanted.role.value if by == "role" else key


def trend(
    session: Session,
    *,
    programme_code: str,
    from_day: date,
    to_day: date,
    by: Dimension | None = None,
    reach: AnyReach = EVERYWHERE,
    filters: Filters = EVERYBODY,
) -> list[TrendPoint]:
    """The counts at the end of every day of the span, in total or by group; within the chosen cells."""
    wanted = programme(session, code=programme_code)
    changes: dict[date, dict[str, Counts]] = defaultdict(dict)
    for row in session.connection().execute(_changes(wanted, reach, by, filters, until=to_day)):
        changes[row[1]][row[0]] = Counts(*(int(value) for value in row[2:]))
    level: dict[str, Counts] = {}
    for day in sorted(day for day in changes if day < from_day):
        _add(level, changes[day])
    labels = _labels(session, by, wanted.role) if by else {"": "合计"}
    points = []
    day = from_day
    while day <= to_day:
        _add(level, changes.get(day, {}))
        known = level if by else {"": level.get("", Counts())}
        points += [TrendPoint(day, key, labels.get(key, UNSTATED), known[key]) for key in _in_order(known, labels)]
        day += timedelta(days=1)
    return points


def course(
    session: Session, *, programme_code: str, from_day: date, to_day: date, reach: AnyReach = EVERYWHERE, filters: Filters = EVERYBODY
) -> list[Standing]:
    """Due and completed at the end of every day of the span: what a rate needs, and no more is read."""
    wanted = programme(session, code=programme_code)
    changes = {
        row.day: (int(row.due), int(row.completed))
        for row in session.connection().execute(_changes(wanted, reach, None, filters, until=to_day, measures=("due", "completed")))
    }
    due = sum(change[0] for day, change in changes.items() if day < from_day)
    completed = sum(change[1] for day, change in changes.items() if day < from_day)
    standings, day = [], from_day
    while day <= to_day:
        change = changes.get(day, (0, 0))
        due, completed = due + change[0], completed + change[1]
        standings.append(Standing(day, due, completed))
        day += timedelta(days=1)
    return standings


def persons(session: Session, *, programme_code: str, as_of: date, reach: AnyReach = EVERYWHERE) -> PersonsView:
    """Distinct people who owe the programme that day, and how far they are in it."""
    wanted = programme(session, code=programme_code)
    fresh_since = as_of - timedelta(days=wanted.grace_days)
    levels = (
        reached_by(Duty.trained_on, as_of), reached_by(Duty.examined_on, as_of), reached_by(Duty.passed_on, as_of),
        reached_by(Duty.completed_on, as_of), and_(col(Duty.is_new_holder), col(Duty.opened_on) > fresh_since),
    )  # fmt: skip
    membership = and_(col(Membership.programme_id) == col(Duty.programme_id), col(Membership.organisation_id) == col(Duty.organisation_id))
    owing = (
        select(col(Duty.person_id), *(func.max(case((level, 1), else_=0)).label(f"level{n}") for n, level in enumerate(levels)))
        .join(Membership, membership)
        .where(col(Duty.programme_id) == wanted.id, held_on(as_of), not_exempt_on(as_of), member_on(as_of))
        .group_by(col(Duty.person_id))
    )
    if limits := reach.conditions():
        owing = owing.join(Organisation, col(Organisation.id) == col(Duty.organisation_id)).where(*limits)
    each = owing.subquery()
    row = session.connection().execute(
        select(func.count(), *(func.coalesce(func.sum(each.c[f"level{n}"]), 0) for n in range(len(levels)))).select_from(each)
    ).one()  # fmt: skip
    return PersonsView(*(int(value) for value in row))


def _changes(
    wanted: ProgrammeView, reach: AnyReach, by: Dimension | None, filters: Filters, *, until: date, measures: Sequence[str] = MEASURES
) -> Select[Any]:
    """Sums of changes by group and day: from the tally, or from contributions where the reach asks about single organisations."""
    table: Any = Contribution if on_cells(reach, Tally) is None or filters.feature else Tally
    key: Any = getattr(table, COLUMNS[by]) if by in COLUMNS else literal(wanted.role.value if by == "role" else "")
    sums = [func.sum(getattr(table, name)).label(name) for name in measures]
    query = select(key.label("key"), table.day, *sums).where(
        col(table.programme_id) == wanted.id, col(table.day) <= until, *in_cells(filters, table), *within(reach, table)
    )
    if filters.feature:
        query = query.where(col(table.organisation_id).in_(carriers_of(filters.feature)))
    return query.group_by(*([key] if by in COLUMNS else []), table.day)


def _groups(session: Session, wanted: ProgrammeView, by: Dimension, levels: dict[str, Counts]) -> tuple[Group, ...]:
    labels = _labels(session, by, wanted.role)
    return tuple(Group(key, labels.get(key, UNSTATED), levels[key]) for key in _in_order(levels, labels) if not levels[key].is_nothing)


def _labels(session: Session, by: Dimension, role: PostRole) -> dict[str, str]:
    """Code → name, in the order in which they are shown."""
    if by == "role":
        return {role.value: role.label}
    return names_of(session, _TABLES[by])


def names_of(session: Session, table: Any) -> dict[str, str]:
    """Code → name of regions, sectors, departments or features, in the order in which they are shown."""
    rows = session.connection().execute(select(table.code, table.name).order_by(table.position, table.code))
    return {code: name for code, name in rows}


def _in_order(keys: Iterable[str], labels: dict[str, str]) -> list[str]:
    place = {key: number for number, key in enumerate(labels)}
    return sorted(keys, key=lambda key: (place.get(key, len(place)), key))


def _add(level: dict[str, Counts], changes: dict[str, Counts]) -> None:
    for key, counts in changes.items():
        level[key] = level.get(key, Counts()) + counts

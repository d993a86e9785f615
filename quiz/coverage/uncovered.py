"""The list an office works with: which enterprises are due and not covered on a day, whom to call, and why it is so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlmodel import Session, col

from quiz.coverage.conditions import (
    EVERYWHERE,
    AnyReach,
    attempt_counts,
    carriers_of,
    held_on,
    in_cells,
    not_exempt_on,
    on_cells,
    within,
)
from quiz.coverage.domain import AT_RISK_DAYS, KINDS, NO_KINDS
from quiz.coverage.levels import UNCOVERED, cell_conditions, level_sums
from quiz.models.accounts import Account
from quiz.models.attempts import Attempt
from quiz.models.coverage import ENDLESS, UncoveredPeriod
from quiz.models.organisations import Department, Organisation, Person, Region, Sector
from quiz.models.training import Duty
from quiz.training.queries import ProgrammeView, programme
from quiz.vocabulary import HolderPolicy, NotCoveredReason

PEOPLE_AT_ONCE = 2_000

REASONS = (
    NotCoveredReason.NEW_HOLDER,
    NotCoveredReason.NEVER_SIGNED_IN,
    NotCoveredReason.NOT_ATTEMPTED,
    NotCoveredReason.NOT_PASSED,
    NotCoveredReason.HOURS_SHORT,
    NotCoveredReason.NO_HOLDER,
)
"""What an enterprise's state is; overdue is said beside it, so that it never hides why."""


@dataclass(frozen=True)
class Filters:
    """What is wanted; None asks nothing. The reason `OVERDUE` takes every overdue row, whatever its state; `at_risk` those not begun
    and due within `AT_RISK_DAYS`. Reason, name and risk narrow the list only; the rest narrows the figures too."""

    district: str | None = None
    town: str | None = None
    sector: str | None = None
    department: str | None = None
    reason: NotCoveredReason | None = None
    name: str | None = None
    feature: str | None = None
    at_risk: bool = False


@dataclass(frozen=True)
class UncoveredRow:
    """One enterprise that is due and not covered, with the holder it waits for."""

    organisation_id: int
    name: str
    uscc: str | None
    district_code: str
    district: str
    town_code: str | None
    town: str
    sector_code: str
    sector: str
    department_code: str | None
    department: str
    duty_id: int | None
    person_id: int | None
    holder: str
    phone: str | None
    """In full; show `masked_phone` to those who may not see it. None where the organisation has left the reach since."""
    waiting_for: tuple[str, ...]
    """All holders it waits for, by name."""
    due_on: date
    is_overdue: bool
    days_overdue: int
    is_new_holder: bool
    reason: NotCoveredReason
    attempts: int
    best_percent: float | None
    last_sign_in_at: datetime | None

    @property
    def masked_phone(self) -> str:
        """`138****1234`."""
        return "" if not self.phone else f"{self.phone[:3]}****{self.phone[-4:]}"

    @property
    def shown_reason(self) -> str:
        """`未参加（逾期 3 天）`."""
        return f"{self.reason.label}（逾期 {self.days_overdue} 天）" if self.is_overdue else self.reason.label


@dataclass(frozen=True)
class UncoveredView:
    """A page of the list, and how many there are of each kind in all (before the filter by reason)."""

    programme: str
    title: str
    as_of: date
    policy: HolderPolicy
    total: int
    """Rows that match every filter."""
    overdue: int
    by_reason: dict[NotCoveredReason, int]
    rows: tuple[UncoveredRow, ...]
    at_risk: int = 0


def uncovered(
    session: Session,
    *,
    programme_code: str,
    as_of: date,
    reach: AnyReach = EVERYWHERE,
    filters: Filters | None = None,
    limit: int | None = 100,
    offset: int = 0,
) -> UncoveredView:
    """The uncovered enterprises on that day, by district and town; `limit=None` gives all of them."""
    wanted = programme(session, code=programme_code)
    asked = filters or Filters()
    counted = kinds(session, wanted=wanted, as_of=as_of, reach=reach, filters=asked)
    by_reason = {reason: counted[reason.value] for reason in REASONS if counted[reason.value]}
    total = sum(by_reason.values())
    if asked.at_risk:
        total = counted["at_risk"]
    elif asked.reason is not None:
        total = counted[asked.reason.value]
    found = session.connection().execute(_page(wanted, as_of, asked, reach, limit, offset)).all() if limit != 0 and total else []
    return UncoveredView(
        programme=wanted.code, title=wanted.title, as_of=as_of, policy=wanted.policy, total=total, overdue=counted["overdue"],
        by_reason=by_reason, rows=tuple(_rows(session, wanted, as_of, found, reach)), at_risk=counted["at_risk"],
    )  # fmt: skip


def kinds(session: Session, *, wanted: ProgrammeView, as_of: date, reach: AnyReach, filters: Filters) -> dict[str, int]:
    """How many are uncovered on that day by each of `KINDS`; what the filters say of reason and risk is not asked."""
    if on_cells(reach, UncoveredPeriod) is None or filters.name or filters.feature:
        sums = [func.coalesce(func.sum(case((_IS[kind](as_of), 1), else_=0)), 0) for kind in KINDS]
        row = session.connection().execute(select(*sums).where(*_asked(wanted, as_of, filters, reach))).one()
    else:
        levels = level_sums(session, UNCOVERED, programme_id=wanted.id, as_of=as_of, conditions=cell_conditions(filters, reach))
        row = levels.get("", NO_KINDS)  # type: ignore[assignment]
    return {kind: int(number) for kind, number in zip(KINDS, row, strict=True)}


def _is_due_before(day: date) -> ColumnElement[bool]:
    return col(UncoveredPeriod.due_on) < day


def _is_new(day: date) -> ColumnElement[bool]:
    return func.coalesce(col(UncoveredPeriod.new_until), _LONG_AGO) > day


def _is_examined(day: date) -> ColumnElement[bool]:
    return func.coalesce(col(UncoveredPeriod.examined_on), ENDLESS) <= day


def _is_short(day: date) -> ColumnElement[bool]:
    return func.coalesce(col(UncoveredPeriod.short_from), ENDLESS) <= day


_LONG_AGO = date(1900, 1, 1)
_has_holder = col(UncoveredPeriod.duty_id).is_not(None)
_signed_in = col(UncoveredPeriod.has_signed_in)
_IS: dict[str, Callable[[date], ColumnElement[bool]]] = {
    "no_holder": lambda day: ~_has_holder,
    "new_holder": lambda day: and_(_has_holder, _is_new(day)),
    "hours_short": lambda day: and_(_has_holder, ~_is_new(day), _is_short(day)),
    "not_passed": lambda day: and_(_has_holder, ~_is_new(day), ~_is_short(day), _is_examined(day)),
    "not_attempted": lambda day: and_(_has_holder, ~_is_new(day), ~_is_short(day), ~_is_examined(day), _signed_in),
    "never_signed_in": lambda day: and_(_has_holder, ~_is_new(day), ~_is_short(day), ~_is_examined(day), ~_signed_in),
    "overdue": _is_due_before,
    "at_risk": lambda day: and_(
        ~_is_due_before(day),
        _is_due_before(day + timedelta(days=AT_RISK_DAYS + 1)),
        func.coalesce(col(UncoveredPeriod.trained_on), ENDLESS) > day,
    ),
}
"""The kinds of `Uncovered.kinds_on`, as conditions on the table. None of them is ever NULL."""


def _asked(wanted: ProgrammeView, day: date, asked: Filters, reach: AnyReach) -> list[ColumnElement[bool]]:
    period = UncoveredPeriod
    conditions = [col(period.programme_id) == wanted.id, col(period.since) <= day, col(period.until) > day]
    conditions += [*in_cells(asked, period), *within(reach, period)]
    if asked.feature is not None:
        conditions.append(col(period.organisation_id).in_(carriers_of(asked.feature)))
    if asked.name:
        named = select(col(Organisation.id)).where(col(Organisation.name).contains(asked.name, autoescape=True))
        conditions.append(col(period.organisation_id).in_(named))
    return conditions


def _page(wanted: ProgrammeView, day: date, asked: Filters, reach: AnyReach, limit: int | None, offset: int) -> Any:
    """The rows of a page, found in the one index that has their order, and only these joined with names and telephone numbers."""
    conditions = _asked(wanted, day, asked, reach)
    if asked.at_risk:
        conditions.append(_IS["at_risk"](day))
    elif asked.reason is not None:
        conditions.append(_IS[asked.reason.value](day))
    period = UncoveredPeriod
    order = [col(period.district_code), col(period.town_code), col(period.organisation_id)]
    reason = case(*((_IS[kind.value](day), kind.value) for kind in REASONS))
    chosen = (
        select(
            *order, col(period.sector_code), col(period.department_code), col(period.duty_id), col(period.due_on), col(period.new_until),
            case((_is_due_before(day), 1), else_=0).label("is_overdue"), reason.label("reason"),
        )
        .where(*conditions)
        .order_by(*order)
        .limit(limit)
        .offset(offset or None)
        .subquery("chosen")
    )  # fmt: skip
    return (
        select(
            chosen, col(Organisation.name), col(Organisation.uscc), col(Organisation.district_code).label("now_in_district"),
            col(Organisation.town_code).label("now_in_town"), col(Organisation.department_code).label("now_under"),
            col(Organisation.direct_department_code).label("now_directly_under"), col(Duty.person_id),
            col(Person.name).label("holder"), col(Person.phone), col(Account.last_sign_in_at),
        )
        .select_from(chosen)
        .join(Organisation, col(Organisation.id) == chosen.c.organisation_id)
        .outerjoin(Duty, col(Duty.id) == chosen.c.duty_id)
        .outerjoin(Person, col(Person.id) == col(Duty.person_id))
        .outerjoin(Account, col(Account.person_id) == col(Duty.person_id))
        .order_by(chosen.c.district_code, chosen.c.town_code, chosen.c.organisation_id)
    )  # fmt: skip


@dataclass(frozen=True)
class _NowAt:
    """Where an organisation stands today: whoever reaches it may see its holder's telephone number."""

    id: int
    district_code: str
    town_code: str | None
    department_code: str | None
    direct_department_code: str | None

    @classmethod
    def of(cls, row: Any) -> _NowAt:
        return cls(row.organisation_id, row.now_in_district, row.now_in_town, row.now_under, row.now_directly_under)


def _rows(session: Session, wanted: ProgrammeView, day: date, found: Sequence[Any], reach: AnyReach) -> list[UncoveredRow]:
    labels = {table: _names(session, table) for table in (Region, Sector, Department)}
    scores = _scores(session, wanted, day, [row.person_id for row in found if row.person_id is not None])
    waiting = _names_waited_for(session, wanted, day, [row.organisation_id for row in found if row.duty_id is not None])
    rows = []
    for row in found:
        number, best = scores.get(row.person_id, (0, None))
        rows.append(
            UncoveredRow(
                organisation_id=row.organisation_id, name=row.name, uscc=row.uscc,
                district_code=row.district_code, district=labels[Region].get(row.district_code, ""),
                town_code=row.town_code or None, town=labels[Region].get(row.town_code, ""),
                sector_code=row.sector_code, sector=labels[Sector].get(row.sector_code, ""),
                department_code=row.department_code or None, department=labels[Department].get(row.department_code, ""),
                duty_id=row.duty_id, person_id=row.person_id, holder=row.holder or "", phone=row.phone if reach.covers(_NowAt.of(row)) else None,
                waiting_for=tuple(waiting.get(row.organisation_id, ())),
                due_on=row.due_on, is_overdue=bool(row.is_overdue), days_overdue=max((day - row.due_on).days, 0),
                is_new_holder=row.new_until is not None, reason=NotCoveredReason(row.reason), attempts=number, best_percent=best,
                last_sign_in_at=row.last_sign_in_at,
            )
        )  # fmt: skip
    return rows


def _names(session: Session, table: Any) -> dict[str | None, str]:
    return {code: name for code, name in session.connection().execute(select(table.code, table.name))}


def _scores(session: Session, wanted: ProgrammeView, day: date, people: Sequence[int]) -> dict[int, tuple[int, float | None]]:
    """Per person: attempts, and the best of them in percent."""
    found: dict[int, tuple[int, float | None]] = {}
    for start in range(0, len(people), PEOPLE_AT_ONCE):
        chunk = people[start : start + PEOPLE_AT_ONCE]
        query = (
            select(col(Attempt.person_id), func.count(), func.max(100.0 * col(Attempt.score) / col(Attempt.max_score)))
            .where(attempt_counts(wanted, day), col(Attempt.person_id).in_(chunk))
            .group_by(col(Attempt.person_id))
        )
        found.update({row[0]: (row[1], row[2]) for row in session.connection().execute(query)})
    return found


def _names_waited_for(session: Session, wanted: ProgrammeView, day: date, organisations: Sequence[int]) -> dict[int, list[str]]:
    """All on whom an enterprise's completion waits, the most urgent first."""
    names: dict[int, list[str]] = defaultdict(list)
    for start in range(0, len(organisations), PEOPLE_AT_ONCE):
        query = (
            select(col(Duty.organisation_id), col(Duty.designated), col(Duty.completed_on), col(Person.name))
            .join(Person, col(Person.id) == col(Duty.person_id))
            .where(
                col(Duty.programme_id) == wanted.id, held_on(day), not_exempt_on(day),
                col(Duty.organisation_id).in_(organisations[start : start + PEOPLE_AT_ONCE]),
            )
            .order_by(col(Duty.organisation_id), col(Duty.due_on), col(Duty.id))
        )  # fmt: skip
        owing: dict[int, list[Any]] = defaultdict(list)
        for row in session.connection().execute(query):
            owing[row.organisation_id].append(row)
        for organisation_id, rows in owing.items():
            named = [row for row in rows if row.designated] if wanted.policy is HolderPolicy.DESIGNATED else []
            names[organisation_id] = [row.name for row in named or rows if row.completed_on is None or row.completed_on > day]
    return names

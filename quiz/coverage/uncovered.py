"""The list an office works with: which enterprises are due and not covered on a day, whom to call, and why it is so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Subquery, and_, case, exists, false, func, literal, null, or_, select, union_all
from sqlmodel import Session, col

from quiz.coverage.conditions import EVERYWHERE, AnyReach, attempt_counts, held_on, member_on, not_exempt_on, placed_on
from quiz.models.accounts import Account
from quiz.models.attempts import Attempt
from quiz.models.organisations import Department, Organisation, Person, Placement, Region, Sector
from quiz.models.training import Duty, Membership
from quiz.training.domain import Terms, due_day
from quiz.training.queries import ProgrammeView, programme
from quiz.vocabulary import HolderPolicy, NotCoveredReason

PEOPLE_AT_ONCE = 2_000

REASONS = (
    NotCoveredReason.NEW_HOLDER,
    NotCoveredReason.NEVER_SIGNED_IN,
    NotCoveredReason.NOT_ATTEMPTED,
    NotCoveredReason.NOT_PASSED,
    NotCoveredReason.NO_HOLDER,
)
"""What an enterprise's state is; overdue is said beside it, so that it never hides why."""


@dataclass(frozen=True)
class Filters:
    """What of the list is wanted; None asks nothing. The reason `OVERDUE` takes every overdue row, whatever its state."""

    district: str | None = None
    town: str | None = None
    sector: str | None = None
    department: str | None = None
    reason: NotCoveredReason | None = None
    name: str | None = None


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
    """In full; show `masked_phone` to those who may not see it."""
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
    base = _base(wanted, as_of, reach, asked).subquery("uncovered")
    connection = session.connection()

    by_reason: dict[NotCoveredReason, int] = defaultdict(int)
    overdue = 0
    for reason, is_overdue, number in connection.execute(
        select(base.c.reason, base.c.is_overdue, func.count()).group_by(base.c.reason, base.c.is_overdue)
    ):
        by_reason[NotCoveredReason(reason)] += number
        overdue += number if is_overdue else 0

    page = select(base).order_by(base.c.district_code, base.c.town_code, base.c.organisation_id)
    if asked.reason is NotCoveredReason.OVERDUE:
        page = page.where(base.c.is_overdue == 1)
        total = overdue
    elif asked.reason is not None:
        page = page.where(base.c.reason == asked.reason.value)
        total = by_reason.get(asked.reason, 0)
    else:
        total = sum(by_reason.values())
    if limit is not None:
        page = page.limit(limit).offset(offset)
    return UncoveredView(
        programme=wanted.code, title=wanted.title, as_of=as_of, policy=wanted.policy, total=total, overdue=overdue,
        by_reason={reason: by_reason[reason] for reason in REASONS if reason in by_reason},
        rows=tuple(_rows(session, wanted, as_of, connection.execute(page).all())),
    )  # fmt: skip


_PLACE: tuple[Any, ...] = (
    col(Organisation.id).label("organisation_id"), col(Organisation.name), col(Organisation.uscc), col(Placement.district_code),
    col(Placement.town_code), col(Placement.sector_code), col(Placement.department_code), col(Membership.since).label("member_since"),
)  # fmt: skip


def _waiting(wanted: ProgrammeView, day: date) -> Subquery:
    """The duties on which an enterprise's completion waits, the most urgent of each enterprise ranked first."""
    owing = (
        select(
            col(Duty.id), col(Duty.organisation_id), col(Duty.person_id), col(Duty.due_on), col(Duty.opened_on), col(Duty.is_new_holder),
            col(Duty.examined_on), col(Duty.completed_on), col(Duty.designated),
            func.max(case((col(Duty.designated), 1), else_=0)).over(partition_by=col(Duty.organisation_id)).label("any_designated"),
        )
        .where(col(Duty.programme_id) == wanted.id, held_on(day), not_exempt_on(day))
        .subquery("owing")
    )  # fmt: skip
    unfinished: list[ColumnElement[bool]] = [or_(owing.c.completed_on.is_(None), owing.c.completed_on > day)]
    if wanted.policy is HolderPolicy.DESIGNATED:
        unfinished.append(or_(owing.c.designated, owing.c.any_designated == 0))
    rank = func.row_number().over(partition_by=owing.c.organisation_id, order_by=(owing.c.due_on, owing.c.id))
    return select(owing, rank.label("rank")).where(*unfinished).subquery("waiting")


def _base(wanted: ProgrammeView, day: date, reach: AnyReach, asked: Filters) -> CompoundSelect[Any]:
    """The enterprises that wait for a holder, and those that have none: two plain joins, for which both databases find a fast way."""
    waiting = _waiting(wanted, day)
    grace = timedelta(days=wanted.grace_days)
    is_new = and_(waiting.c.is_new_holder, waiting.c.opened_on > day - grace)
    has_examined = and_(waiting.c.examined_on.is_not(None), waiting.c.examined_on <= day)
    reason = case(
        (is_new, NotCoveredReason.NEW_HOLDER.value),
        (has_examined, NotCoveredReason.NOT_PASSED.value),
        (col(Account.last_sign_in_at).is_(None), NotCoveredReason.NEVER_SIGNED_IN.value),
        else_=NotCoveredReason.NOT_ATTEMPTED.value,
    )
    conditions = [col(Membership.programme_id) == wanted.id, member_on(day), *reach.conditions(), *_asked(asked)]
    with_holder = (
        select(
            *_PLACE, waiting.c.id.label("duty_id"), waiting.c.person_id, waiting.c.due_on, waiting.c.is_new_holder,
            col(Person.name).label("holder"), col(Person.phone), col(Account.last_sign_in_at),
            case((waiting.c.due_on < day, 1), else_=0).label("is_overdue"), reason.label("reason"),
        )
        .select_from(waiting)
        .join(Membership, col(Membership.organisation_id) == waiting.c.organisation_id)
        .join(Organisation, col(Organisation.id) == waiting.c.organisation_id)
        .join(Placement, and_(col(Placement.organisation_id) == waiting.c.organisation_id, placed_on(day)))
        .join(Person, col(Person.id) == waiting.c.person_id)
        .outerjoin(Account, col(Account.person_id) == waiting.c.person_id)
        .where(waiting.c.rank == 1, *conditions)
    )  # fmt: skip
    has_holder = exists().where(
        col(Duty.programme_id) == wanted.id, col(Duty.organisation_id) == col(Membership.organisation_id), held_on(day)
    )  # fmt: skip
    late = or_(col(Membership.since) <= wanted.opens_on, col(Membership.since) < day - grace) if wanted.due_on < day else false()
    nothing = [null().label(name) for name in ("duty_id", "person_id", "due_on", "is_new_holder", "holder", "phone", "last_sign_in_at")]
    without_holder = (
        select(*_PLACE, *nothing, case((late, 1), else_=0).label("is_overdue"), literal(NotCoveredReason.NO_HOLDER.value).label("reason"))
        .select_from(Membership)
        .join(Organisation, col(Organisation.id) == col(Membership.organisation_id))
        .join(Placement, and_(col(Placement.organisation_id) == col(Membership.organisation_id), placed_on(day)))
        .where(~has_holder, *conditions)
    )
    return union_all(with_holder, without_holder)


def _asked(asked: Filters) -> list[ColumnElement[bool]]:
    pairs = (
        (Placement.district_code, asked.district), (Placement.town_code, asked.town), (Placement.sector_code, asked.sector),
        (Placement.department_code, asked.department),
    )  # fmt: skip
    conditions = [col(column) == value for column, value in pairs if value is not None]
    if asked.name:
        conditions.append(col(Organisation.name).contains(asked.name, autoescape=True))
    return conditions


def _rows(session: Session, wanted: ProgrammeView, day: date, found: Sequence[Any]) -> list[UncoveredRow]:
    labels = {table: _names(session, table) for table in (Region, Sector, Department)}
    scores = _scores(session, wanted, day, [row.person_id for row in found if row.person_id is not None])
    waiting = _names_waited_for(session, wanted, day, [row.organisation_id for row in found if row.duty_id is not None])
    terms = Terms(wanted.opens_on, wanted.due_on, wanted.grace_days)
    rows = []
    for row in found:
        due_on = row.due_on or due_day(terms, owed_since=row.member_since)
        number, best = scores.get(row.person_id, (0, None))
        rows.append(
            UncoveredRow(
                organisation_id=row.organisation_id, name=row.name, uscc=row.uscc,
                district_code=row.district_code, district=labels[Region].get(row.district_code, ""),
                town_code=row.town_code, town=labels[Region].get(row.town_code, ""),
                sector_code=row.sector_code, sector=labels[Sector].get(row.sector_code, ""),
                department_code=row.department_code, department=labels[Department].get(row.department_code, ""),
                duty_id=row.duty_id, person_id=row.person_id, holder=row.holder or "", phone=row.phone,
                waiting_for=tuple(waiting.get(row.organisation_id, ())),
                due_on=due_on, is_overdue=bool(row.is_overdue), days_overdue=max((day - due_on).days, 0),
                is_new_holder=bool(row.is_new_holder), reason=NotCoveredReason(row.reason), attempts=number, best_percent=best,
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
    waiting = _waiting(wanted, day)
    names: dict[int, list[str]] = defaultdict(list)
    for start in range(0, len(organisations), PEOPLE_AT_ONCE):
        query = (
            select(waiting.c.organisation_id, col(Person.name))
            .join(Person, col(Person.id) == waiting.c.person_id)
            .where(waiting.c.organisation_id.in_(organisations[start : start + PEOPLE_AT_ONCE]))
            .order_by(waiting.c.organisation_id, waiting.c.rank)
        )
        for organisation_id, name in session.connection().execute(query):
            names[organisation_id].append(name)
    return names

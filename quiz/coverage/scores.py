"""Scores by enterprise, role, region and sector, down to one person's attempts. The score belongs to the person.

An enterprise's figures are those of the people who owe the programme there on the day, with all their attempts since the
programme opened: a result brought along from another enterprise counts here as it does in coverage, a predecessor's does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Subquery, and_, case, func, select
from sqlmodel import Session, col

from quiz.coverage.conditions import EVERYWHERE, AnyReach, attempt_counts, held_on, member_on, not_exempt_on, placed_on
from quiz.coverage.domain import show_share
from quiz.models.attempts import Attempt
from quiz.models.organisations import Organisation, Person, Placement, Region, Sector
from quiz.models.training import Duty, Membership
from quiz.problems import NotFound
from quiz.training.queries import ProgrammeView, programme
from quiz.vocabulary import AttemptState, PostRole

GroupedBy = Literal["enterprise", "role", "region", "sector"]
Order = Literal["label", "due", "participation_rate", "overall_pass_rate", "exam_pass_rate", "mean_percent"]

BINS = ((0, 60, "60 以下"), (60, 70, "60–69"), (70, 80, "70–79"), (80, 90, "80–89"), (90, 101, "90–100"))
"""From, below, label: bins of the best score in percent."""


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


@dataclass(frozen=True)
class ScoreRow:
    """One group. Each rate says its denominator: 参考 are those who handed in at least once, 应考 those who owe it."""

    key: str
    label: str
    due: int
    """应考人数."""
    attempts: int
    participants: int
    """参考人数."""
    passed: int
    first_time_passed: int
    """Passed at the first attempt."""
    mean_percent: float | None
    """Mean of the participants' best scores, in percent."""
    distribution: tuple[int, ...]
    """Participants by best score, in the bins of `BINS`."""

    @property
    def participation_rate(self) -> float | None:
        """参考率 = 参考 ÷ 应考."""
        return _share(self.participants, self.due)

    @property
    def exam_pass_rate(self) -> float | None:
        """考试合格率 = 合格 ÷ 参考."""
        return _share(self.passed, self.participants)

    @property
    def overall_pass_rate(self) -> float | None:
        """综合合格率 = 合格 ÷ 应考."""
        return _share(self.passed, self.due)

    @property
    def first_time_pass_rate(self) -> float | None:
        """一次合格率 = 首次合格 ÷ 参考."""
        return _share(self.first_time_passed, self.participants)

    @property
    def text(self) -> str:
        """In one line."""
        mean = "—" if self.mean_percent is None else f"{self.mean_percent:.1f}"
        return (
            f"{self.due:>4}  {self.participants:>4}  {show_share(self.participants, self.due):>7}  {self.passed:>4}  "
            f"{show_share(self.passed, self.participants):>7}  {show_share(self.passed, self.due):>7}  "
            f"{show_share(self.first_time_passed, self.participants):>7}  {mean:>5}  {self.label}"
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "key": self.key, "label": self.label, "due": self.due, "attempts": self.attempts, "participants": self.participants,
            "participation_rate": self.participation_rate, "passed": self.passed, "exam_pass_rate": self.exam_pass_rate,
            "overall_pass_rate": self.overall_pass_rate, "first_time_pass_rate": self.first_time_pass_rate,
            "mean_percent": self.mean_percent,
            "distribution": {label: number for (_, _, label), number in zip(BINS, self.distribution, strict=True)},
        }  # fmt: skip


@dataclass(frozen=True)
class ScoresView:
    """A page of groups, how many there are, and the whole."""

    programme: str
    title: str
    as_of: date
    by: GroupedBy
    groups: int
    total: ScoreRow
    """Everybody once, whatever groups they appear in."""
    rows: tuple[ScoreRow, ...]

    @property
    def text(self) -> str:
        """In Chinese, for the command line."""
        head = f"{self.title}  统计时点 {self.as_of}  共 {self.groups} 组"
        columns = "应考  参考  参考率  合格  考试合格率  综合合格率  一次合格率  平均最好成绩"
        return "\n".join([head, columns, *(row.text for row in (*self.rows, self.total))])

    def as_json(self) -> dict[str, Any]:
        return {
            "programme": self.programme, "as_of": self.as_of.isoformat(), "by": self.by, "groups_in_all": self.groups,
            "total": self.total.as_json(), "groups": [row.as_json() for row in self.rows],
        }  # fmt: skip


@dataclass(frozen=True)
class AttemptRow:
    """One attempt of one person."""

    id: int
    number: int
    state: AttemptState
    started_at: datetime
    handed_in_at: datetime | None
    score: float | None
    max_score: float
    passed: bool | None

    @property
    def percent(self) -> float | None:
        return None if self.score is None else 100 * self.score / self.max_score


@dataclass(frozen=True)
class HolderRow:
    """A present or former holder of an enterprise's duty, and how far they came."""

    duty_id: int
    person_id: int
    name: str
    role: PostRole
    designated: bool
    opened_on: date
    due_on: date
    completed_on: date | None
    exempted_on: date | None
    exempt_until: date | None
    closed_on: date | None
    closing: str | None
    attempts: int
    best_percent: float | None


def scores(
    session: Session,
    *,
    programme_code: str,
    by: GroupedBy,
    as_of: date,
    reach: AnyReach = EVERYWHERE,
    limit: int | None = None,
    offset: int = 0,
    order: Order = "label",
    descending: bool = False,
) -> ScoresView:
    """Participation, pass rates, mean and distribution of each group on that day; groups without anybody due are left out."""
    wanted = programme(session, code=programme_code)
    people, best = _people(wanted, by, as_of, reach), _best(wanted, as_of)
    connection = session.connection()

    figures = _figures(best)
    grouped = (
        select(people.c.key, *figures.values())
        .select_from(people.outerjoin(best, best.c.person_id == people.c.person_id))
        .group_by(people.c.key)
        .subquery("grouped")
    )
    label = {"enterprise": Organisation.name, "region": Region.name, "sector": Sector.name}.get(by)
    page: Any = select(grouped, (col(label) if label is not None else grouped.c.key).label("label"))
    if by == "enterprise":
        page = page.join(Organisation, col(Organisation.id) == grouped.c.key)
    elif by == "region":
        page = page.join(Region, col(Region.code) == grouped.c.key)
    elif by == "sector":
        page = page.join(Sector, col(Sector.code) == grouped.c.key)
    page = page.order_by(*_ordering(grouped, by, order, descending))
    if limit is not None:
        page = page.limit(limit).offset(offset)

    rows = [_row(row, str(row.key), PostRole(row.label).label if by == "role" else row.label) for row in connection.execute(page)]
    groups = connection.execute(select(func.count(people.c.key.distinct()))).scalar_one()
    everybody = select(people.c.person_id).distinct().subquery("everybody")
    whole = connection.execute(
        select(*figures.values()).select_from(everybody.outerjoin(best, best.c.person_id == everybody.c.person_id))
    ).one()  # fmt: skip
    return ScoresView(
        programme=wanted.code, title=wanted.title, as_of=as_of, by=by, groups=groups, total=_row(whole, "", "合计"), rows=tuple(rows)
    )


def holders(
    session: Session, *, programme_code: str, organisation_id: int, as_of: date, reach: AnyReach = EVERYWHERE
) -> tuple[HolderRow, ...]:
    """Who answers or answered for an enterprise in the programme, the present ones first."""
    wanted = programme(session, code=programme_code)
    if session.connection().execute(
        select(func.count()).select_from(Organisation).where(col(Organisation.id) == organisation_id, *reach.conditions())
    ).scalar() != 1:  # fmt: skip
        raise NotFound()
    best = _best(wanted, as_of)
    query: Any = (
        select(
            col(Duty.id).label("duty_id"), col(Duty.person_id), col(Person.name), col(Duty.role), col(Duty.designated), col(Duty.opened_on),
            col(Duty.due_on), col(Duty.completed_on), col(Duty.exempted_on), col(Duty.exempt_until), col(Duty.closed_on),
            col(Duty.closing), func.coalesce(best.c.attempts, 0).label("attempts"), best.c.percent.label("best_percent"),
        )
        .join(Person, col(Person.id) == col(Duty.person_id))
        .outerjoin(best, best.c.person_id == col(Duty.person_id))
        .where(col(Duty.programme_id) == wanted.id, col(Duty.organisation_id) == organisation_id)
        .order_by(case((held_on(as_of), 0), else_=1), col(Duty.opened_on).desc(), col(Duty.id))
    )  # fmt: skip
    rows: Sequence[Any] = session.connection().execute(query).all()
    return tuple(HolderRow(**{**row._mapping, "role": PostRole(row.role)}) for row in rows)


def person_attempts(session: Session, *, programme_code: str, person_id: int, reach: AnyReach = EVERYWHERE) -> tuple[AttemptRow, ...]:
    """One person's attempts at the programme's paper, in order; only for those who reach an enterprise the person answers for."""
    wanted = programme(session, code=programme_code)
    within = (
        select(func.count())
        .select_from(Duty)
        .join(Organisation, col(Organisation.id) == col(Duty.organisation_id))
        .where(col(Duty.programme_id) == wanted.id, col(Duty.person_id) == person_id, *reach.conditions())
    )
    if not session.connection().execute(within).scalar():
        raise NotFound()
    query = (
        select(
            col(Attempt.id), col(Attempt.number), col(Attempt.state), col(Attempt.started_at), col(Attempt.handed_in_at),
            col(Attempt.score), col(Attempt.max_score), col(Attempt.passed),
        )
        .where(col(Attempt.person_id) == person_id, col(Attempt.paper_id) == wanted.paper_id)
        .order_by(col(Attempt.number))
    )  # fmt: skip
    rows: Sequence[Any] = session.connection().execute(query).all()
    return tuple(AttemptRow(row[0], row[1], AttemptState(row[2]), *row[3:]) for row in rows)


def _people(wanted: ProgrammeView, by: GroupedBy, day: date, reach: AnyReach) -> Subquery:
    """Everybody who owes the programme that day, once in each group they belong to."""
    keys: dict[str, Any] = {
        "enterprise": col(Duty.organisation_id), "role": col(Duty.role), "region": col(Placement.district_code),
        "sector": col(Placement.sector_code),
    }  # fmt: skip
    return (
        select(keys[by].label("key"), col(Duty.person_id))
        .join(
            Membership,
            and_(
                col(Membership.programme_id) == col(Duty.programme_id), col(Membership.organisation_id) == col(Duty.organisation_id),
                member_on(day),
            ),
        )
        .join(Placement, and_(col(Placement.organisation_id) == col(Duty.organisation_id), placed_on(day)))
        .join(Organisation, col(Organisation.id) == col(Duty.organisation_id))
        .where(col(Duty.programme_id) == wanted.id, held_on(day), not_exempt_on(day), *reach.conditions())
        .distinct()
        .subquery("people")
    )  # fmt: skip


def _best(wanted: ProgrammeView, day: date) -> Subquery:
    """Per person: attempts, the best in percent, whether any passed, whether the first did."""
    in_order = func.row_number().over(partition_by=col(Attempt.person_id), order_by=(col(Attempt.handed_in_at), col(Attempt.id)))
    passed: Any = Attempt.passed
    each = (
        select(
            col(Attempt.person_id), (100.0 * col(Attempt.score) / col(Attempt.max_score)).label("percent"),
            case((passed, 1), else_=0).label("passed"),
            in_order.label("place"),
        )
        .where(attempt_counts(wanted, day))
        .subquery("each")
    )  # fmt: skip
    return (
        select(
            each.c.person_id, func.count().label("attempts"), func.max(each.c.percent).label("percent"),
            func.max(each.c.passed).label("passed"),
            func.max(case((each.c.place == 1, each.c.passed), else_=0)).label("first_passed"),
        )
        .group_by(each.c.person_id)
        .subquery("best")
    )  # fmt: skip


def _figures(best: Subquery) -> dict[str, ColumnElement[Any]]:
    figures: dict[str, ColumnElement[Any]] = {
        "due": func.count(),
        "attempts": func.coalesce(func.sum(best.c.attempts), 0),
        "participants": func.count(best.c.person_id),
        "passed": func.coalesce(func.sum(best.c.passed), 0),
        "first_time_passed": func.coalesce(func.sum(best.c.first_passed), 0),
        "mean_percent": func.avg(best.c.percent),
    }
    for number, (low, high, _) in enumerate(BINS):
        within = and_(best.c.percent >= low, best.c.percent < high)
        figures[f"bin{number}"] = func.coalesce(func.sum(case((within, 1), else_=0)), 0)
    return {name: figure.label(name) for name, figure in figures.items()}


def _ordering(grouped: Subquery, by: GroupedBy, order: Order, descending: bool) -> list[ColumnElement[Any]]:
    """By figure or by name; what has no figure comes last, and equals stay in a fixed order."""
    columns = grouped.c
    if order == "label":
        first: Any = {
            "enterprise": col(Organisation.name), "region": col(Region.position), "sector": col(Sector.position), "role": columns.key,
        }[by]  # fmt: skip
    else:
        first = {
            "due": columns.due,
            "participation_rate": 1.0 * columns.participants / columns.due,
            "overall_pass_rate": 1.0 * columns.passed / columns.due,
            "exam_pass_rate": 1.0 * columns.passed / func.nullif(columns.participants, 0),
            "mean_percent": columns.mean_percent,
        }[order]
    return [(first.desc() if descending else first.asc()).nulls_last(), columns.key]


def _row(row: Any, key: str, label: str) -> ScoreRow:
    return ScoreRow(
        key=key, label=label, due=int(row.due), attempts=int(row.attempts), participants=int(row.participants), passed=int(row.passed),
        first_time_passed=int(row.first_time_passed), mean_percent=None if row.mean_percent is None else float(row.mean_percent),
        distribution=tuple(int(getattr(row, f"bin{number}")) for number in range(len(BINS))),
    )  # fmt: skip

"""Keeps the list of the uncovered: from when to when an organisation was due and not covered, and for whom it waited."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from operator import add
from operator import sub as subtract
from typing import Any

from sqlalchemy import Connection, Insert, Select, Table, bindparam, delete, exists, select, update
from sqlalchemy.dialects import postgresql, sqlite

from quiz.coverage.domain import KINDS, NO_KINDS, Cell, Kinds, Uncovered
from quiz.models.accounts import Account
from quiz.models.coverage import ENDLESS, UncoveredLevel, UncoveredPeriod, UncoveredTally
from quiz.models.training import Duty

AT_ONCE = 2_000
Moves = defaultdict[tuple[date, Cell], Kinds]
"""What is added to the counts by kind, by day and cell."""

_TABLE: Table = UncoveredPeriod.__table__  # type: ignore[attr-defined]
_SAID = ("due_on", "duty_id", "new_until", "trained_on", "examined_on", "has_signed_in", "short_from")
_CELL = ("district_code", "town_code", "sector_code", "department_code")
_ids: Any = bindparam("ids", expanding=True)
_kept = select(_TABLE).where(_TABLE.c.programme_id == bindparam("programme_id"), _TABLE.c.organisation_id.in_(_ids))
_drop = delete(_TABLE).where(
    _TABLE.c.programme_id == bindparam("of_programme"), _TABLE.c.organisation_id == bindparam("of_organisation"),
    _TABLE.c.since == bindparam("from_day"),
)  # fmt: skip


def _putting(insert: Any) -> Insert:
    """Insert a period, or put it in the place of the one that began the same day."""
    statement = insert(_TABLE)
    said = {name: statement.excluded[name] for name in ("until", *_CELL, *_SAID)}
    return statement.on_conflict_do_update(index_elements=["programme_id", "organisation_id", "since"], set_=said)  # type: ignore[no-any-return]


_put = {"sqlite": _putting(sqlite.insert), "postgresql": _putting(postgresql.insert)}


def adding(table: Any, measures: Sequence[str]) -> dict[str, Insert]:
    """By dialect: insert a row, or add its measures to the one with the same key."""
    columns: Table = table.__table__
    found: dict[str, Insert] = {}
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql)):
        statement: Any = dialect.insert(columns)  # type: ignore[attr-defined]
        found[name] = statement.on_conflict_do_update(
            index_elements=[column.name for column in columns.primary_key],
            set_={each: columns.c[each] + statement.excluded[each] for each in measures},
        )
    return found


_add_to_tally = adding(UncoveredTally, KINDS)
_add_to_level = adding(UncoveredLevel, KINDS)


def kept(connection: Connection, *, programme_id: int, ids: Sequence[int]) -> dict[int, list[Uncovered]]:
    """The periods as they stand in the table, by organisation, in order."""
    found: dict[int, list[Uncovered]] = defaultdict(list)
    for row in connection.execute(_kept, {"programme_id": programme_id, "ids": ids}):
        found[row.organisation_id].append(_period(row))
    for periods in found.values():
        periods.sort(key=lambda period: period.since)
    return found


def _period(row: Any) -> Uncovered:
    return Uncovered(
        row.since, None if row.until == ENDLESS else row.until, Cell(*(getattr(row, name) for name in _CELL)),
        *(getattr(row, name) for name in _SAID),
    )  # fmt: skip


def keep(connection: Connection, *, programme_id: int, ids: Sequence[int], periods: Mapping[int, Sequence[Uncovered]]) -> None:
    """Write what became otherwise: mostly nothing, or the one period that has just ended."""
    before = kept(connection, programme_id=programme_id, ids=ids)
    dropped: list[dict[str, Any]] = []
    put: list[dict[str, Any]] = []
    moved: Moves = defaultdict(lambda: NO_KINDS)
    for organisation_id in ids:
        was, becomes = before.get(organisation_id, []), periods.get(organisation_id, [])
        if was == becomes:
            continue
        gone, new = [period for period in was if period not in becomes], [period for period in becomes if period not in was]
        begun = {period.since for period in new}
        dropped += [
            {"of_programme": programme_id, "of_organisation": organisation_id, "from_day": period.since}
            for period in gone
            if period.since not in begun
        ]
        put += [columns(programme_id, organisation_id, period) for period in new]
        _move(moved, gone, subtract)
        _move(moved, new, add)
    if dropped:
        connection.execute(_drop, dropped)
    if put:
        connection.execute(_put[connection.dialect.name], put)
    _count(connection, programme_id, moved)


def recount(connection: Connection, *, programme_id: int) -> None:
    """Add all periods of a programme to its counts by kind, where nothing was counted before."""
    _count(connection, programme_id, counted(connection, programme_id=programme_id))


def counted(connection: Connection, *, programme_id: int) -> Moves:
    """What the periods of a programme add up to, by day and cell."""
    moved: Moves = defaultdict(lambda: NO_KINDS)
    for row in connection.execute(_whole.where(_TABLE.c.programme_id == programme_id)):
        _move(moved, [_period(row)], add)
    return moved


def kept_counts(connection: Connection, *, programme_id: int) -> dict[tuple[date, Cell], Kinds]:
    """The counts by kind as they stand in the table."""
    columns: Table = UncoveredTally.__table__  # type: ignore[attr-defined]
    query = select(columns.c.day, *(columns.c[name] for name in (*_CELL, *KINDS))).where(columns.c.programme_id == programme_id)
    return {(row[0], Cell(*row[1:5])): tuple(row[5:]) for row in connection.execute(query) if any(row[5:])}


def _move(moved: Moves, periods: Iterable[Uncovered], sign: Callable[[int, int], int]) -> None:
    for period in periods:
        for day, kinds in period.changes:
            moved[day, period.cell] = tuple(map(sign, moved[day, period.cell], kinds))


def _count(connection: Connection, programme_id: int, moved: Moves) -> None:
    """Move the counts by kind; in a fixed order, so that two transactions never wait for each other in a circle."""
    days, levels = [], dict[Cell, Kinds]()
    for day, cell in sorted(moved):
        kinds = moved[day, cell]
        if any(kinds):
            days.append({"programme_id": programme_id, "day": day, **_named(cell, kinds)})
            levels[cell] = tuple(map(add, levels.get(cell, NO_KINDS), kinds))
    if days:
        connection.execute(_add_to_tally[connection.dialect.name], days)
        wholes = [{"programme_id": programme_id, **_named(cell, levels[cell])} for cell in sorted(levels) if any(levels[cell])]
        if wholes:
            connection.execute(_add_to_level[connection.dialect.name], wholes)


def _named(cell: Cell, kinds: Kinds) -> dict[str, Any]:
    return {**dict(zip(_CELL, cell, strict=True)), **dict(zip(KINDS, kinds, strict=True))}


def columns(programme_id: int, organisation_id: int, period: Uncovered) -> dict[str, Any]:
    """A period as a row."""
    return {
        "programme_id": programme_id, "organisation_id": organisation_id, "since": period.since, "until": period.until or ENDLESS,
        **dict(zip(_CELL, period.cell, strict=True)), **{name: getattr(period, name) for name in _SAID},
    }  # fmt: skip


def look_up_sign_ins(connection: Connection, *, organisation_ids: Iterable[int] | None = None) -> None:
    """Say anew whether the holders waited for have ever signed in, at these organisations (None: at all)."""
    signed_in = exists(
        select(Account.id)  # type: ignore[call-overload]
        .join(Duty, Duty.person_id == Account.person_id)
        .where(Duty.id == _TABLE.c.duty_id, Account.last_sign_in_at.is_not(None))  # type: ignore[union-attr]
    )
    otherwise = _whole.where(_TABLE.c.duty_id.is_not(None), _TABLE.c.has_signed_in != signed_in)
    if organisation_ids is None:
        _turn(connection, otherwise)
        return
    wanted = sorted(set(organisation_ids))
    for start in range(0, len(wanted), AT_ONCE):
        _turn(connection, otherwise.where(_TABLE.c.organisation_id.in_(wanted[start : start + AT_ONCE])))


def first_signed_in(connection: Connection, *, person_id: int) -> None:
    """Somebody opened a session: who waits for them no longer waits for a person who never signed in."""
    duties = connection.execute(_duties_of, {"person_id": person_id}).all()
    if duties:
        ids = sorted({duty.organisation_id for duty in duties})
        _turn(connection, _waiting_for, {"ids": ids, "duties": sorted(duty.id for duty in duties)})


def _turn(connection: Connection, query: Select[Any], values: dict[str, Any] | None = None) -> None:
    """Let the periods the query finds say the other thing about signing in, and move the counts by kind with them."""
    by_programme: dict[int, list[Any]] = defaultdict(list)
    for row in connection.execute(query.order_by(_TABLE.c.programme_id), values or {}).all():
        by_programme[row.programme_id].append(row)
    for programme_id, rows in by_programme.items():
        moved: Moves = defaultdict(lambda: NO_KINDS)
        for row in rows:
            before = _period(row)
            _move(moved, [before], subtract)
            _move(moved, [before._replace(has_signed_in=not before.has_signed_in)], add)
        connection.execute(
            _say_signed_in,
            [
                {
                    "of_programme": programme_id,
                    "of_organisation": row.organisation_id,
                    "from_day": row.since,
                    "value": not row.has_signed_in,
                }
                for row in rows
            ],
        )
        _count(connection, programme_id, moved)


_duties_of = select(Duty.id, Duty.organisation_id).where(Duty.person_id == bindparam("person_id"))  # type: ignore[call-overload]
_whole = select(_TABLE)
_waiting_for = _whole.where(
    _TABLE.c.organisation_id.in_(_ids), _TABLE.c.duty_id.in_(bindparam("duties", expanding=True)), _TABLE.c.has_signed_in.is_(False)
)
_say_signed_in = (
    update(_TABLE)
    .where(
        _TABLE.c.programme_id == bindparam("of_programme"), _TABLE.c.organisation_id == bindparam("of_organisation"),
        _TABLE.c.since == bindparam("from_day"),
    )
    .values(has_signed_in=bindparam("value"))
)  # fmt: skip

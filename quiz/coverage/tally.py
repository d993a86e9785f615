"""Keeps contributions and the tally in step with the rows, in the transaction of the fact that changed them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Insert, Table, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from quiz.coverage.domain import MEASURES, NOTHING, Cell, Counts, Owed, Placed, Span, timeline
from quiz.models.coverage import Contribution, Tally
from quiz.models.organisations import Organisation, Placement
from quiz.models.training import Duty, Membership, Programme
from quiz.vocabulary import HolderPolicy

CHUNK = 2_000
"""Organisations handled at once."""
CELL = ("district_code", "town_code", "sector_code", "department_code")

Key = tuple[date, Cell]
Part = dict[Key, Counts]
"""An organisation's changes by day and cell."""

_TALLY: Table = Tally.__table__  # type: ignore[attr-defined]
_CONTRIBUTION: Table = Contribution.__table__  # type: ignore[attr-defined]
_ids: Any = bindparam("ids", expanding=True)
_scope: Any = bindparam("programme_id")

_lock = select(col(Organisation.id)).where(col(Organisation.id).in_(_ids)).order_by(col(Organisation.id)).with_for_update(key_share=True)
_members = (
    select(col(Membership.organisation_id), col(Membership.since), col(Membership.until), col(Programme.policy))
    .join(Programme, col(Programme.id) == col(Membership.programme_id))
    .where(col(Membership.programme_id) == _scope, col(Membership.organisation_id).in_(_ids))
)
_placements = select(
    col(Placement.organisation_id), col(Placement.since), col(Placement.until), col(Placement.district_code),
    col(Placement.town_code), col(Placement.sector_code), col(Placement.department_code),
).where(col(Placement.organisation_id).in_(_ids))  # fmt: skip
_duties: Any = select(col(Duty.organisation_id), *(getattr(Duty, name) for name in Owed._fields)).where(
    col(Duty.programme_id) == _scope, col(Duty.organisation_id).in_(_ids)
)
_contributions = select(
    _CONTRIBUTION.c.organisation_id, _CONTRIBUTION.c.day, *(_CONTRIBUTION.c[name] for name in (*CELL, *MEASURES))
).where(_CONTRIBUTION.c.programme_id == _scope, _CONTRIBUTION.c.organisation_id.in_(_ids))
_drop_contribution = delete(_CONTRIBUTION).where(
    *(_CONTRIBUTION.c[name] == bindparam(f"old_{name}") for name in ("programme_id", "organisation_id", "day", *CELL))
)


def _putting(insert: Any) -> Insert:
    """Insert a contribution, or put it in the place of the one that is there."""
    statement = insert(_CONTRIBUTION)
    return statement.on_conflict_do_update(  # type: ignore[no-any-return]
        index_elements=["programme_id", "organisation_id", "day", *CELL], set_={name: statement.excluded[name] for name in MEASURES}
    )


def _adding(insert: Any) -> Insert:
    """Insert a tally row, or add to the one that is there."""
    statement = insert(_TALLY)
    return statement.on_conflict_do_update(  # type: ignore[no-any-return]
        index_elements=["programme_id", "day", *CELL],
        set_={name: _TALLY.c[name] + statement.excluded[name] for name in MEASURES},
    )


_put_contribution = {"sqlite": _putting(sqlite.insert), "postgresql": _putting(postgresql.insert)}
_add_to_tally = {"sqlite": _adding(sqlite.insert), "postgresql": _adding(postgresql.insert)}


def refresh(session: Session, *, programme_id: int, organisation_ids: Iterable[int]) -> None:
    """Work out these organisations' parts anew and move the tally by the difference."""
    session.flush()
    connection = session.connection()
    ids = sorted(set(organisation_ids))
    for start in range(0, len(ids), CHUNK):
        _refresh_chunk(connection, programme_id=programme_id, ids=ids[start : start + CHUNK])


def _refresh_chunk(connection: Connection, *, programme_id: int, ids: Sequence[int]) -> None:
    scope = {"programme_id": programme_id, "ids": ids}
    if connection.dialect.name != "sqlite":
        connection.execute(_lock, {"ids": ids})
    before = _parts_as_kept(connection, scope)
    after = _parts_as_due(connection, scope)
    difference: Part = defaultdict(Counts)
    dropped: list[dict[str, Any]] = []
    put: list[dict[str, Any]] = []
    for each in ids:
        was, becomes = before.get(each, {}), after.get(each, {})
        if was == becomes:
            continue
        for key in was.keys() - becomes.keys():
            difference[key] -= was[key]
            dropped.append(_old({"programme_id": programme_id, "organisation_id": each}, key))
        for key, counts in becomes.items():
            if was.get(key) != counts:
                difference[key] += counts - was.get(key, NOTHING)
                put.append({"programme_id": programme_id, "organisation_id": each, **_columns(key, counts)})

    if dropped:
        connection.execute(_drop_contribution, dropped)
    if put:
        connection.execute(_put_contribution[connection.dialect.name], put)
    # always in the same order, so that two transactions on PostgreSQL never wait for each other in a circle
    moves = [{"programme_id": programme_id, **_columns(key, difference[key])} for key in sorted(difference) if difference[key] != NOTHING]
    if moves:
        connection.execute(_add_to_tally[connection.dialect.name], moves)


def _columns(key: Key, counts: Counts) -> dict[str, Any]:
    day, cell = key
    return {"day": day, **dict(zip(CELL, cell, strict=True)), **dict(zip(MEASURES, counts.values, strict=True))}


def _old(owner: dict[str, Any], key: Key) -> dict[str, Any]:
    day, cell = key
    return {f"old_{name}": value for name, value in {**owner, "day": day, **dict(zip(CELL, cell, strict=True))}.items()}


def _parts_as_kept(connection: Connection, scope: dict[str, Any]) -> dict[int, Part]:
    found: dict[int, Part] = defaultdict(dict)
    for row in connection.execute(_contributions, scope):
        found[row[0]][(row[1], Cell(*row[2:6]))] = Counts(*row[6:])
    return found


def _parts_as_due(connection: Connection, scope: dict[str, Any]) -> dict[int, Part]:
    member: dict[int, list[Span]] = defaultdict(list)
    policy = HolderPolicy.DESIGNATED
    for organisation_id, since, until, code in connection.execute(_members, scope):
        member[organisation_id].append(Span(since, until))
        policy = HolderPolicy(code)
    if not member:
        return {}
    placements: dict[int, list[Placed]] = defaultdict(list)
    for organisation_id, since, until, district, town, sector, department in connection.execute(_placements, {"ids": scope["ids"]}):
        placements[organisation_id].append(Placed(since, until, Cell(district, town or "", sector, department or "")))
    duties: dict[int, list[Owed]] = defaultdict(list)
    for organisation_id, *days in connection.execute(_duties, scope):
        duties[organisation_id].append(Owed(*days))

    parts: dict[int, Part] = {}
    for each, spans in member.items():
        changes = timeline(member=spans, duties=duties[each], placements=placements[each], policy=policy)
        if changes:
            parts[each] = {(change.day, change.cell): change.counts for change in changes}
    return parts

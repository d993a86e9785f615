"""Keeps contributions, the tally and the list of the uncovered in step with the rows, in the transaction of the fact that changed them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, Insert, Table, bindparam, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from quiz.coverage import waiting
from quiz.coverage.domain import (
    MEASURES,
    NOTHING,
    Cell,
    Counts,
    Holding,
    Owed,
    Placed,
    Span,
    Uncovered,
    Waited,
    timeline,
    uncovered_periods,
)
from quiz.models.accounts import Account
from quiz.models.coverage import Contribution, Level, Tally, UncoveredPeriod
from quiz.models.organisations import Organisation, Placement
from quiz.models.training import Duty, Exemption, Membership, Programme
from quiz.training.domain import Terms
from quiz.vocabulary import HolderPolicy

CHUNK = 2_000
"""Organisations handled at once."""
CELL = ("district_code", "town_code", "sector_code", "department_code")

Key = tuple[date, Cell]
Part = dict[Key, Counts]
"""An organisation's changes by day and cell."""

_CONTRIBUTION: Table = Contribution.__table__  # type: ignore[attr-defined]
_ids: Any = bindparam("ids", expanding=True)
_scope: Any = bindparam("programme_id")

_lock = select(col(Organisation.id)).where(col(Organisation.id).in_(_ids)).order_by(col(Organisation.id)).with_for_update(key_share=True)
_members: Any = (
    select(
        col(Membership.organisation_id), col(Membership.since), col(Membership.until), col(Programme.policy), col(Programme.opens_on),
        col(Programme.due_on), col(Programme.grace_days), col(Programme.paper_id).is_not(None),
    )
    .join(Programme, col(Programme.id) == col(Membership.programme_id))
    .where(col(Membership.programme_id) == _scope, col(Membership.organisation_id).in_(_ids))
)  # fmt: skip
_placements = select(
    col(Placement.organisation_id), col(Placement.since), col(Placement.until), col(Placement.district_code),
    col(Placement.town_code), col(Placement.sector_code), col(Placement.department_code),
).where(col(Placement.organisation_id).in_(_ids))  # fmt: skip
_duties: Any = (
    select(
        col(Duty.organisation_id), col(Duty.id), col(Duty.due_on), col(Duty.is_new_holder), col(Account.last_sign_in_at).is_not(None),
        col(Duty.extended_to), *(getattr(Duty, name) for name in Owed._fields if name != "exempt"),
    )
    .outerjoin(Account, col(Account.person_id) == col(Duty.person_id))
    .where(col(Duty.programme_id) == _scope, col(Duty.organisation_id).in_(_ids))
)  # fmt: skip
_exemptions = select(col(Exemption.organisation_id), col(Exemption.duty_id), col(Exemption.since), col(Exemption.until)).where(
    col(Exemption.programme_id) == _scope, col(Exemption.organisation_id).in_(_ids)
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


_put_contribution = {"sqlite": _putting(sqlite.insert), "postgresql": _putting(postgresql.insert)}
_add_to_tally = waiting.adding(Tally, MEASURES)
_add_to_level = waiting.adding(Level, MEASURES)


@dataclass
class Facts:
    """What is known of one organisation in one programme."""

    policy: HolderPolicy
    terms: Terms
    has_paper: bool
    member: list[Span] = field(default_factory=list)
    placements: list[Placed] = field(default_factory=list)
    holdings: list[Holding] = field(default_factory=list)
    exempt: list[Span] = field(default_factory=list)
    """Of the whole organisation."""

    @property
    def part(self) -> Part:
        """Its changes by day and cell."""
        owed = [holding.owed for holding in self.holdings]
        changes = timeline(member=self.member, duties=owed, placements=self.placements, policy=self.policy, exempt=self.exempt)
        return {(change.day, change.cell): change.counts for change in changes}

    @property
    def uncovered(self) -> list[Uncovered]:
        """When it was due and not covered."""
        known = Waited(self.member, self.holdings, self.exempt, self.policy, self.terms, self.has_paper)
        return uncovered_periods(known, placements=self.placements)


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
    facts = _facts(connection, scope)
    after = {each: part for each, known in facts.items() if (part := known.part)}
    waiting.keep(connection, programme_id=programme_id, ids=ids, periods={each: known.uncovered for each, known in facts.items()})
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
        _move_levels(connection, programme_id, difference)


def _move_levels(connection: Connection, programme_id: int, difference: Part) -> None:
    """Move what the cells add up to over all days; changes of one cell that only swap days leave it as it is."""
    level: dict[Cell, Counts] = defaultdict(Counts)
    for (_, cell), counts in difference.items():
        level[cell] += counts
    rows = [
        {"programme_id": programme_id, **dict(zip(CELL, cell, strict=True)), **dict(zip(MEASURES, level[cell].values, strict=True))}
        for cell in sorted(level)
        if level[cell] != NOTHING
    ]
    if rows:
        connection.execute(_add_to_level[connection.dialect.name], rows)


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


def _facts(connection: Connection, scope: dict[str, Any]) -> dict[int, Facts]:
    """By organisation, of those that are or were in the audience."""
    found: dict[int, Facts] = {}
    for organisation_id, since, until, code, opens_on, due_on, grace_days, has_paper in connection.execute(_members, scope):
        terms = Terms(opens_on, due_on, grace_days)
        found.setdefault(organisation_id, Facts(HolderPolicy(code), terms, bool(has_paper))).member.append(Span(since, until))
    if not found:
        return {}
    for organisation_id, since, until, district, town, sector, department in connection.execute(_placements, {"ids": scope["ids"]}):
        if organisation_id in found:
            found[organisation_id].placements.append(Placed(since, until, Cell(district, town or "", sector, department or "")))
    exempt: dict[int, list[Span]] = defaultdict(list)
    for organisation_id, owner, since, until in connection.execute(_exemptions, scope):
        if owner is not None:
            exempt[owner].append(Span(since, until))
        elif organisation_id in found:
            found[organisation_id].exempt.append(Span(since, until))
    for organisation_id, duty_id, due_on, is_new, signed_in, extended_to, *days in connection.execute(_duties, scope):
        if organisation_id in found:
            owed = Owed(*days)._replace(exempt=tuple(exempt.get(duty_id, ())))
            found[organisation_id].holdings.append(Holding(duty_id, due_on, is_new, bool(signed_in), owed, extended_to))
    return found


def lay_out_waiting(session: Session) -> None:
    """Fill levels and the list of the uncovered where there are none: once, after the upgrade to the version that keeps them."""
    connection = session.connection()
    if connection.execute(select(col(UncoveredPeriod.organisation_id)).limit(1)).first() is not None:
        return
    if connection.execute(select(col(Level.programme_id)).limit(1)).first() is None:
        cell = [getattr(Tally, name) for name in ("programme_id", *CELL)]
        sums = select(*cell, *(func.sum(getattr(Tally, name)) for name in MEASURES)).group_by(*cell)
        connection.execute(insert(Level).from_select(["programme_id", *CELL, *MEASURES], sums))
    for programme_id, ids in _chunks_of_members(connection):
        periods = periods_due(connection, programme_id=programme_id, ids=ids)
        waiting.keep(connection, programme_id=programme_id, ids=ids, periods=periods)


def waiting_faults(session: Session) -> list[str]:
    """Enterprises whose periods in the list of the uncovered are otherwise than the facts, in Chinese; and what the counts then miss."""
    session.flush()
    connection, faults = session.connection(), []
    for programme_id, ids in _chunks_of_members(connection):
        is_kept = waiting.kept(connection, programme_id=programme_id, ids=ids)
        due = periods_due(connection, programme_id=programme_id, ids=ids)
        faults += [f"专项 {programme_id} 单位 {each}：未完成时段与明细不符" for each in ids if is_kept.get(each, []) != due.get(each, [])]
    return faults


def periods_due(connection: Connection, *, programme_id: int, ids: Sequence[int]) -> dict[int, list[Uncovered]]:
    """The periods in which these organisations were uncovered, worked out from the facts."""
    return {each: known.uncovered for each, known in _facts(connection, {"programme_id": programme_id, "ids": ids}).items()}


def _chunks_of_members(connection: Connection) -> Iterator[tuple[int, list[int]]]:
    """Everybody who is or was in the audience of a programme, some at a time."""
    members: dict[int, set[int]] = defaultdict(set)
    for programme_id, organisation_id in connection.execute(select(col(Membership.programme_id), col(Membership.organisation_id))):
        members[programme_id].add(organisation_id)
    for programme_id in sorted(members):
        ids = sorted(members[programme_id])
        for start in range(0, len(ids), CHUNK):
            yield programme_id, ids[start : start + CHUNK]

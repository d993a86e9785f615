"""What every change of an organisation writes beside it: placements that mirror it through time, history, and the announcement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from sqlmodel import Session, col, delete, insert, select, update

from quiz import events
from quiz.models.organisations import OrganisationChange, Placement
from quiz.organisations.domain import PLACED_FIELDS, Segment, place_from

Item = TypeVar("Item")

CHUNK = 500
"""How many values go into one IN-list."""
TEXT_LENGTH = 300


def chunks(items: Iterable[Item], size: int = CHUNK) -> Iterator[list[Item]]:
    """The items in lists of at most `size`."""
    rest = list(items)
    for start in range(0, len(rest), size):
        yield rest[start : start + size]


@dataclass(frozen=True)
class Entry:
    """One changed field, for the history."""

    organisation_id: int
    field: str
    before: str
    after: str
    effective_on: date


def record(session: Session, entries: Sequence[Entry], *, now: datetime, account_id: int | None, import_id: int | None = None) -> None:
    """Write the history."""
    if entries:
        session.execute(
            insert(OrganisationChange),
            [
                {
                    "organisation_id": entry.organisation_id,
                    "effective_on": entry.effective_on,
                    "recorded_at": now,
                    "field": entry.field,
                    "before": entry.before[:TEXT_LENGTH],
                    "after": entry.after[:TEXT_LENGTH],
                    "account_id": account_id,
                    "import_id": import_id,
                }
                for entry in entries
            ],
        )


def start_placements(session: Session, rows: Iterable[tuple[int, date, Mapping[str, Any]]]) -> None:
    """The first placement of new organisations: id, first day, and where."""
    values = [
        {"organisation_id": organisation_id, "since": since, "until": None, **{name: place[name] for name in PLACED_FIELDS}}
        for organisation_id, since, place in rows
    ]
    if values:
        session.execute(insert(Placement), values)


def change_placements(session: Session, changed: Mapping[int, tuple[date, Mapping[str, Any]]]) -> None:
    """Split the placements of these organisations at the day from which the changed fields hold."""
    known: dict[int, list[Placement]] = defaultdict(list)
    for ids in chunks(changed):
        rows = session.exec(
            select(Placement).where(col(Placement.organisation_id).in_(ids)).order_by(col(Placement.since), col(Placement.id))
        )
        for row in rows:
            known[row.organisation_id].append(row)
    for organisation_id, (effective_on, fields) in changed.items():
        rows_now = known[organisation_id]
        wanted = place_from([segment_of(row) for row in rows_now], effective_on=effective_on, changed=fields)
        rewrite_placements(session, organisation_id, rows_now, wanted)
    session.flush()


def segment_of(row: Placement) -> Segment:
    """A placement row as a value."""
    return Segment(row.since, row.until, row.district_code, row.town_code, row.sector_code, row.department_code)


def rewrite_placements(session: Session, organisation_id: int, rows: Sequence[Placement], wanted: Sequence[Segment]) -> None:
    """Make these rows say that, keeping those that begin on the same day."""
    by_day = {row.since: row for row in rows}
    for segment in wanted:
        row = by_day.pop(segment.since, None) or Placement(
            organisation_id=organisation_id, since=segment.since, district_code="", sector_code=""
        )
        row.until = segment.until
        for name in PLACED_FIELDS:
            setattr(row, name, getattr(segment, name))
        session.add(row)
    for ids in chunks(row.id for row in by_day.values()):
        session.execute(delete(Placement).where(col(Placement.id).in_(ids)))


def update_rows(session: Session, table: type[Any], rows: Iterable[Mapping[str, Any]]) -> None:
    """Update by primary key, rows with the same columns together."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        alike[tuple(sorted(row))].append(dict(row))
    for values in alike.values():
        session.execute(update(table), values)


def begin_placements_by(session: Session, organisation_id: int, day: date) -> None:
    """Nothing is known of where it stood before its first placement: founded earlier, it stood there too."""
    first = session.exec(
        select(Placement).where(Placement.organisation_id == organisation_id).order_by(col(Placement.since)).limit(1)
    ).one()
    first.since = min(first.since, day)
    session.add(first)


def announce(
    session: Session, *, organisations: Iterable[int] = (), posts: Iterable[int] = (), today: date, traits_since: date | None = None
) -> None:
    """Tell the higher rooms, once for the whole batch."""
    session.flush()
    if changed := frozenset(organisations):
        events.announce(session, events.OrganisationsChanged(changed, today, traits_since))
    if appointed := frozenset(posts):
        events.announce(session, events.PostsChanged(appointed, today))

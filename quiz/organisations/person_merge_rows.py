"""Rows of two entries that say the same once the entries are one (a seat in the same class, the same card studied on the same day): what each becomes, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, Date, Table, select, update
from sqlmodel import Session, col

from quiz.models.base import Moment, metadata
from quiz.models.organisations import Post
from quiz.vocabulary import OutboxState, RegistrationState

Entry = dict[str, Any]
"""One changed row, fit for JSON: `table`, `key`, and its columns `before` and `after`."""
_LATER_DAY = ("extended_to", "extension_reason")
_PAPERS = ("certificate", "exemption", "exemption_request")
"""What names a duty."""
_COUNTED = "seconds"


def join(session: Session, *, kept_id: int, dropped_id: int) -> list[Entry]:
    """Settle every pair, before the rest changes hands; answers with what was changed."""
    return [
        *_one_seat_a_class(session, kept_id, dropped_id),
        *_one_time_a_card(session, kept_id, dropped_id),
        *_one_message_an_occasion(session, kept_id, dropped_id),
    ]


def part(session: Session, entries: Sequence[Entry]) -> None:
    """Put back what has not been changed since; of time that was added to since, only what came from the other entry goes."""
    for entry in reversed(entries):
        table = metadata.tables[entry["table"]]
        before, after = thawed(table, entry["before"]), thawed(table, entry["after"])
        row = _row(session, table, entry["key"])
        if row is None:
            continue
        now = {name: row[name] for name in after}
        if now == after:
            _set(session, table, entry["key"], before)
        elif _COUNTED in after:
            _set(session, table, entry["key"], {_COUNTED: max(now[_COUNTED] - after[_COUNTED] + before[_COUNTED], 0)})


# 三种重复 -------------------------------------------------------------------------------------------------------------


def _one_seat_a_class(session: Session, kept_id: int, dropped_id: int) -> list[Entry]:
    """Of two seats the one taken later stays, with the kept entry; the other is free again. A seat goes before a cancelled one."""
    table = metadata.tables["registration"]
    entries = []
    for kept, dropped in _pairs(session, table, kept_id, dropped_id, ("session_id",)):
        held = RegistrationState.REGISTERED.value
        if dropped["state"] != held:
            continue
        if kept["state"] != held or kept["registered_at"] < dropped["registered_at"]:
            seat = {name: dropped[name] for name in ("site_id", "organisation_id", "state", "registered_at", "registered_by")}
            entries.append(_change(session, table, {"id": kept["id"]}, seat))
        entries.append(_change(session, table, {"id": dropped["id"]}, {"state": RegistrationState.CANCELLED.value}))
    return entries


def _one_time_a_card(session: Session, kept_id: int, dropped_id: int) -> list[Entry]:
    """The longer of two times on one card and day: two telephones at once were one reader, and the day's limit holds."""
    table = metadata.tables["study_time"]
    return [
        _change(
            session, table, {name: kept[name] for name in ("person_id", "material", "day")},
            {"seconds": dropped["seconds"], "last_beat_at": max(kept["last_beat_at"], dropped["last_beat_at"])},
        )
        for kept, dropped in _pairs(session, table, kept_id, dropped_id, ("material", "day"))
        if dropped["seconds"] > kept["seconds"]
    ]  # fmt: skip


def _one_message_an_occasion(session: Session, kept_id: int, dropped_id: int) -> list[Entry]:
    """A reminder to the emptied entry counts as one to the kept; where both have one, what has not left yet does not leave twice."""
    table = metadata.tables["outbox_message"]
    rows = session.execute(select(table).where(table.c.person_id == dropped_id).order_by(table.c.id)).mappings().all()
    entries = []
    for row in rows:
        key = row["dedupe_key"].replace(f":p{dropped_id}:", f":p{kept_id}:")
        if key == row["dedupe_key"]:
            continue
        twin = session.execute(select(table).where(table.c.dedupe_key == key)).mappings().first()
        if twin is None:
            entries.append(_change(session, table, {"id": row["id"]}, {"dedupe_key": key}))
            continue
        waiting = row if row["state"] == OutboxState.QUEUED else twin if _has_left(row) and twin["state"] == OutboxState.QUEUED else None
        if waiting is not None:
            cancelled = {"state": OutboxState.CANCELLED.value, "error": "两条登记合并，同一提醒不重复发送"}
            entries.append(_change(session, table, {"id": waiting["id"]}, cancelled))
    return entries


def _has_left(row: Any) -> bool:
    return row["state"] in (OutboxState.SENDING, OutboxState.SENT, OutboxState.DRY)


def _pairs(session: Session, table: Table, kept_id: int, dropped_id: int, same: tuple[str, ...]) -> list[tuple[Any, Any]]:
    """Rows of both entries that agree in these columns."""

    def of(person_id: int) -> dict[tuple[Any, ...], Any]:
        rows = session.execute(select(table).where(table.c.person_id == person_id)).mappings()
        return {tuple(row[name] for name in same): row for row in rows}

    session.flush()
    kept, dropped = of(kept_id), of(dropped_id)
    return [(kept[key], dropped[key]) for key in sorted(kept.keys() & dropped.keys())]


# 同一岗位登记了两次 ---------------------------------------------------------------------------------------------------


def share_grants(session: Session, *, standing: Post, emptied: Post) -> list[Entry]:
    """A later last day granted on a duty of the emptied post holds for the same duty of the standing one."""
    table = metadata.tables["duty"]
    return [
        _change(session, table, {"id": mine["id"]}, {name: other[name] for name in _LATER_DAY})
        for mine, other in _duties(session, standing, emptied)
        if mine["extended_to"] is None and other["extended_to"] is not None
    ]


def hand_over_papers(session: Session, *, standing: Post, emptied: Post) -> list[Entry]:
    """Certificates, exemptions and requests of a duty of the emptied post are those of the standing one; of two certificates each stays."""
    moved = []
    for mine, other in _duties(session, standing, emptied):
        for name in _PAPERS:
            columns = metadata.tables[name].c
            if name == "certificate" and session.execute(select(columns.id).where(columns.duty_id == mine["id"])).first():
                continue
            for row_id in session.execute(select(columns.id).where(columns.duty_id == other["id"])).scalars().all():
                _set(session, columns.id.table, {"id": row_id}, {"duty_id": mine["id"]})
                moved.append(
                    {"table": name, "id": row_id, "duty_id": mine["id"], "post_id": emptied.id, "programme_id": mine["programme_id"]}
                )
    return moved


def give_papers_back(session: Session, papers: Sequence[Entry]) -> None:
    """To the duty of the post that is held again; its row may be a new one, so it is looked up."""
    duties = metadata.tables["duty"].c
    for paper in papers:
        table = metadata.tables[paper["table"]]
        at_post = (duties.post_id == paper["post_id"], duties.programme_id == paper["programme_id"])
        own = session.execute(select(duties.id).where(*at_post)).scalar()
        row = _row(session, table, {"id": paper["id"]})
        if own is not None and row is not None and row["duty_id"] == paper["duty_id"]:
            _set(session, table, {"id": paper["id"]}, {"duty_id": own})


def _duties(session: Session, standing: Post, emptied: Post) -> list[tuple[Any, Any]]:
    """The duties of both posts in the same programmes."""
    table = metadata.tables["duty"]
    rows = session.execute(select(table).where(table.c.post_id.in_((standing.id, emptied.id))).order_by(table.c.programme_id)).mappings()
    found = {(row["programme_id"], row["post_id"]): row for row in rows}
    return [
        (row, found[programme, emptied.id])
        for (programme, post), row in found.items()
        if post == standing.id and (programme, emptied.id) in found
    ]  # fmt: skip


def doubled_posts(session: Session, *, kept_id: int, dropped_id: int) -> list[tuple[Post, Post]]:
    """Where both hold the same post at the same organisation: the earlier entry and each later one."""
    current = select(Post).where(col(Post.person_id).in_((kept_id, dropped_id)), col(Post.held_to).is_(None))
    first: dict[tuple[int, str], Post] = {}
    pairs = []
    for post in session.scalars(current.order_by(col(Post.held_from), col(Post.id))).all():
        earlier = first.setdefault((post.organisation_id, post.role), post)
        if earlier is not post:
            pairs.append((earlier, post))
    return pairs


# 记下和放回 -----------------------------------------------------------------------------------------------------------


def frozen(values: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON keeps them."""
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def thawed(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """As the table keeps them."""
    return {name: _thaw(table.c[name], value) for name, value in values.items()}


def _thaw(column: Column[Any], value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if isinstance(column.type, Moment):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if isinstance(column.type, Date) else value


def _change(session: Session, table: Table, key: Mapping[str, Any], after: Mapping[str, Any]) -> Entry:
    row = _row(session, table, key)
    before = {name: row[name] for name in after}
    _set(session, table, key, after)
    return {"table": table.name, "key": frozen(key), "before": frozen(before), "after": frozen(after)}


def _at(table: Table, key: Mapping[str, Any]) -> list[Any]:
    return [table.c[name] == value for name, value in thawed(table, key).items()]


def _row(session: Session, table: Table, key: Mapping[str, Any]) -> Any:
    return session.execute(select(table).where(*_at(table, key))).mappings().first()


def _set(session: Session, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    session.execute(update(table).where(*_at(table, key)).values(dict(values)))

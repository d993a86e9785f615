"""Taking a roster import back: everything stands again as it did before, or nothing is touched and the obstacles are named."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlmodel import Session, col

from quiz import clock, events
from quiz.db import Database
from quiz.models.organisations import Organisation, OrganisationFeature, Person, Placement, Post, RosterImport, RosterJournal
from quiz.organisations import ledger
from quiz.organisations.closing import write_closures
from quiz.organisations.domain import Segment
from quiz.organisations.existence import Closed
from quiz.organisations.ledger import chunks
from quiz.organisations.reach import Reach, Reaches
from quiz.organisations.roster_journal import Changed, Entries
from quiz.organisations.roster_obstacles import Obstacle, Rows, obstacles
from quiz.problems import NotFound, Refusal

PAUSE_SECONDS = 0.02
NAMED = 5
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class UndoPreview:
    """What taking an import back would do, or what is in its way."""

    import_id: int
    file_name: str
    imported_at: datetime
    removed_organisations: int
    removed_posts: int
    removed_persons: int
    restored_organisations: int
    restored_posts: int
    restored_persons: int
    obstacles: tuple[Obstacle, ...]
    refusal: str = ""
    """Why it cannot be taken back at all."""

    @property
    def is_possible(self) -> bool:
        """Is nothing in the way?"""
        return not self.obstacles and not self.refusal


@dataclass(frozen=True)
class Undone:
    """What was taken back."""

    import_id: int
    file_name: str
    removed_organisations: int
    removed_posts: int
    restored_organisations: int
    restored_posts: int


def preview(session: Session, *, import_id: int, reach: Reach | Reaches, account_id: int | None) -> UndoPreview:
    """What would go, what would be restored, and everything that stands in the way."""
    row = _the_import(session, import_id, reach=reach, account_id=account_id)
    parts = _parts(session, import_id)
    rows = Rows.of(parts)
    refusal = _refusal(row)
    blocked = [] if refusal else obstacles(session, import_id=import_id, parts=parts, rows=rows)
    return UndoPreview(
        import_id, row.file_name, row.imported_at,
        removed_organisations=len(rows.made_organisations),
        removed_posts=len(rows.made_posts),
        removed_persons=len(rows.made_persons),
        restored_organisations=len(rows.organisations - rows.made_organisations),
        restored_posts=len(rows.posts - rows.made_posts),
        restored_persons=len(rows.persons - rows.made_persons),
        obstacles=tuple(blocked),
        refusal=refusal,
    )  # fmt: skip


def undo(
    db: Database,
    *,
    import_id: int,
    now: datetime,
    account_id: int | None = None,
    reach: Reach | Reaches | None = None,
    progress: Progress | None = None,
    pause: float = PAUSE_SECONDS,
) -> Undone:
    """Take it back batch by batch, the last one first, in short transactions; interrupted, a second call does what is left.

    Raises:
        NotFound: no such import within reach.
        Refusal: something depends on what it wrote; nothing was touched.
    """
    reach = reach or Reaches.everything()
    with db.reading() as session:
        seen = preview(session, import_id=import_id, reach=reach, account_id=account_id)
        parts = list(_open_parts(session, import_id))
    if seen.refusal:
        raise Refusal(seen.refusal, code="not_undoable")
    _refuse_if_blocked(seen.obstacles)
    for done, number in enumerate(reversed(parts), start=1):
        with db.transaction() as session:
            _undo_part(session, import_id=import_id, number=number, now=now, account_id=account_id)
        if progress:
            progress(done, len(parts))
        time.sleep(pause)
    with db.transaction() as session:
        row = session.get_one(RosterImport, import_id)
        row.undone_at, row.undone_by = now, account_id
        session.add(row)
    return Undone(
        import_id, seen.file_name, seen.removed_organisations, seen.removed_posts, seen.restored_organisations, seen.restored_posts
    )


def undo_within(session: Session, *, import_id: int, now: datetime, account_id: int | None = None) -> None:
    """The same in the caller's transaction, for small imports and for tests."""
    parts = _parts(session, import_id)
    _refuse_if_blocked(obstacles(session, import_id=import_id, parts=parts, rows=Rows.of(parts)))
    for number in reversed(_open_parts(session, import_id)):
        _undo_part(session, import_id=import_id, number=number, now=now, account_id=account_id)
    row = session.get_one(RosterImport, import_id)
    row.undone_at, row.undone_by = now, account_id
    session.add(row)
    session.flush()


def _refuse_if_blocked(found: Collection[Obstacle]) -> None:
    if found:
        named = "；".join(f"{each.about}：{each.reason}" for each in list(found)[:NAMED])
        more = f"；等 {len(found)} 处" if len(found) > NAMED else ""
        raise Refusal(f"不能撤销，下列内容依赖这次导入：{named}{more}。", code="undo_blocked")


def _refusal(row: RosterImport) -> str:
    if row.undone_at is not None:
        return "这次导入已经撤销。"
    if row.journal is None:
        return "这次导入时系统还不留存撤销所需的记录，不能自动撤销；请在企业档案中逐项更正。"
    return ""


def _the_import(session: Session, import_id: int, *, reach: Reach | Reaches, account_id: int | None) -> RosterImport:
    """One's own import, as far as all it touched is still within reach; the city's office may take back any."""
    row = session.get(RosterImport, import_id)
    conditions = reach.conditions()
    if row is None or (conditions and (row.account_id is None or row.account_id != account_id)):
        raise NotFound("没有找到这次导入，或不是由您导入的。")
    if conditions:
        rows = Rows.of(_parts(session, import_id))
        ids = rows.organisations | _organisations_of_posts(session, rows.posts)
        within: set[int] = set()
        for part in chunks(sorted(ids)):
            query = select(Organisation.id).where(col(Organisation.id).in_(part), *conditions)  # type: ignore[call-overload]
            within |= set(session.scalars(query))
        if within != ids and row.undone_at is None:
            raise NotFound("这次导入中有企业已不在您的管理范围内，请由市安委会办公室撤销。")
    return row


def _organisations_of_posts(session: Session, post_ids: Iterable[int]) -> set[int]:
    found: set[int] = set()
    for part in chunks(sorted(post_ids)):
        found |= set(session.scalars(select(Post.organisation_id).where(col(Post.id).in_(part))))  # type: ignore[call-overload]
    return found


def _parts(session: Session, import_id: int) -> list[Entries]:
    query = select(RosterJournal.entries).where(col(RosterJournal.import_id) == import_id, col(RosterJournal.undone).is_(False))  # type: ignore[call-overload]
    return [Entries.of_json(entries) for entries in session.scalars(query.order_by(col(RosterJournal.number)))]


def _open_parts(session: Session, import_id: int) -> list[int]:
    query = select(RosterJournal.number).where(col(RosterJournal.import_id) == import_id, col(RosterJournal.undone).is_(False))  # type: ignore[call-overload]
    return list(session.scalars(query.order_by(col(RosterJournal.number))))


# 一批 -----------------------------------------------------------------------------------------------------------------


def _undo_part(session: Session, *, import_id: int, number: int, now: datetime, account_id: int | None) -> None:
    journal = session.get_one(RosterJournal, (import_id, number))
    entries = Entries.of_json(journal.entries)
    whole = Rows.of(_parts(session, import_id))
    _refuse_if_blocked(obstacles(session, import_id=import_id, parts=[entries], rows=whole))
    row = session.get_one(RosterImport, import_id)
    day = clock.local_day(row.imported_at)
    appointed = _organisations_of_posts(session, [*entries.posts, *entries.changed_posts])
    made = frozenset(entries.organisations)
    sharing = _organisations_of_people(session, {values[-2] for values in entries.posts.values()})
    events.announce(session, events.RosterWithdrawn(made, frozenset(entries.posts), frozenset(entries.persons)))
    _delete(session, Post, entries.posts)
    _delete(session, Organisation, entries.organisations)
    _restore(session, Post, entries.changed_posts)
    _restore_organisations(session, entries)
    _restore(session, Person, entries.changed_persons)
    _delete(session, Person, entries.persons)
    session.expire_all()
    changed = entries.touched
    lines = [
        ledger.Entry(organisation_id, "roster_undone", row.file_name, "已恢复导入前的登记", day)
        for organisation_id in sorted(changed | (appointed - made))
    ]
    ledger.record(session, lines, now=now, account_id=account_id, import_id=import_id)
    journal.undone = True
    session.add(journal)
    session.flush()
    # dated by the import: from that day on their traits are again what they were before
    ledger.announce(session, organisations=entries.changed_traits, today=day)
    ledger.announce(session, organisations=changed - entries.changed_traits, posts=(appointed | sharing) - made, today=clock.local_day(now))


def _organisations_of_people(session: Session, person_ids: Iterable[int]) -> set[int]:
    """Where these people hold posts: what is asked of them at one place may depend on another."""
    found: set[int] = set()
    for part in chunks(sorted(person_ids)):
        found |= set(session.scalars(select(Post.organisation_id).where(col(Post.person_id).in_(part))))  # type: ignore[call-overload]
    return found


def _delete(session: Session, table: type[Organisation] | type[Post] | type[Person], ids: Iterable[int]) -> None:
    for part in chunks(sorted(ids)):
        session.execute(delete(table).where(col(table.id).in_(part)))


def _restore(session: Session, table: type[Organisation] | type[Post] | type[Person], changed: Changed) -> None:
    rows = [{"id": key, **{name: both.before for name, both in values.items()}} for key, values in changed.items()]
    ledger.update_rows(session, table, rows)


def _restore_organisations(session: Session, entries: Entries) -> None:
    freed = [{"id": key, "uscc": None} for key, values in entries.changed_organisations.items() if "uscc" in values]
    ledger.update_rows(session, Organisation, freed)  # two that exchanged their codes would meet halfway
    _restore(session, Organisation, entries.changed_organisations)
    for part in chunks(sorted(entries.features)):
        session.execute(delete(OrganisationFeature).where(col(OrganisationFeature.organisation_id).in_(part)))
    tags = [{"organisation_id": key, "feature_code": code} for key, both in entries.features.items() for code in sorted(both.before)]
    if tags:
        session.execute(insert(OrganisationFeature), tags)
    write_closures(session, {key: [Closed(*each) for each in both.before] for key, both in entries.closures.items()})
    _restore_placements(session, entries)


def _restore_placements(session: Session, entries: Entries) -> None:
    known: dict[int, list[Placement]] = {}
    for part in chunks(sorted(entries.placements)):
        rows = session.scalars(select(Placement).where(col(Placement.organisation_id).in_(part)).order_by(col(Placement.since)))
        for row in rows:
            known.setdefault(row.organisation_id, []).append(row)
    for organisation_id, both in entries.placements.items():
        ledger.rewrite_placements(session, organisation_id, known[organisation_id], [Segment(*each) for each in both.before])
    session.flush()

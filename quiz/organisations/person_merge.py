"""Two entries of one human being made one: posts, attempts, hours and certificates go over to the entry that stays; and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, UniqueConstraint, select, update
from sqlmodel import Session, col

from quiz import events
from quiz.models.base import metadata
from quiz.models.organisations import Organisation, Person, PersonMerge, Post
from quiz.organisations import ledger, person_merge_rows
from quiz.organisations.desk import Actor, id_of, record
from quiz.organisations.reference import name_key
from quiz.organisations.references import Pointer, pointers_at
from quiz.problems import Invalid, NotFound, Refusal

_OWN_RULES = frozenset({"attempt", "account", "person_merge", "hours_credit"})
"""Tables whose rows do not simply change hands; hours are worked out anew from presence."""


@dataclass(frozen=True)
class PersonMergeView:
    """A merge as it is listed."""

    id: int
    kept: str
    kept_id: int
    dropped_id: int
    reason: str
    at: datetime
    account_id: int | None
    undone_at: datetime | None


def merge_persons(
    session: Session,
    *,
    kept_id: int,
    dropped_id: int,
    reason: str,
    now: datetime,
    today: date | None = None,
    account_id: int | None = None,
) -> PersonMergeView:
    """From now on there is only `kept`: everything that pointed at `dropped` points at it, and duties are worked out anew.

    Of rows that would say the same twice (a seat in the same class under both entries) one stays with the emptied entry, and counts for nothing.

    Raises:
        Refusal: two identity numbers or two names are two people; or one of them is sitting an exam.
    """
    actor = Actor.of(now, today, account_id)
    _lock(session, (kept_id, dropped_id))
    kept, dropped = _person(session, kept_id), _person(session, dropped_id)
    if len(reason.strip()) < 2:
        raise Invalid("请写明依据，例如“本人确认，换号后重复登记”。", code="reason_missing")
    _refuse_two_people(session, kept, dropped)
    moved: dict[str, Any] = {"kept": _entry(kept), "dropped": _entry(dropped), "rows": {}, "changed": [], "papers": []}
    organisations = _organisations_of(session, (kept_id, dropped_id))
    moved["posts"] = _empty_doubled_posts(session, kept_id, dropped_id, moved)
    moved["changed"] += person_merge_rows.join(session, kept_id=kept_id, dropped_id=dropped_id)
    moved["attempts"] = _number_attempts(session, kept_id, dropped_id)
    moved["account"] = _hand_over_account(session, kept_id, dropped_id)
    for pointer in pointers_at("person"):
        if pointer.table.name not in _OWN_RULES and (keys := _hand_over(session, pointer, dropped_id, kept_id)):
            moved["rows"][pointer.table.name] = keys
    _join_entries(session, kept, dropped)
    row = PersonMerge(kept_id=kept_id, dropped_id=dropped_id, reason=reason.strip(), moved=moved, account_id=account_id, at=now)
    session.add(row)
    text = f"{moved['dropped']['name']} 的两条登记合并为一条"
    record(session, [ledger.Entry(each, "person_merge", "", text, actor.today) for each in sorted(organisations)], actor)
    _announce(session, row, organisations, actor)
    return _view(row, kept.name)


def _announce(session: Session, row: PersonMerge, organisations: set[int], actor: Actor) -> None:
    """Hours first: duties rest on them."""
    session.flush()
    session.expire_all()
    events.announce(session, events.PersonsMerged(person_ids=frozenset((row.kept_id, row.dropped_id)), at=actor.now))
    ledger.announce(session, posts=organisations, today=actor.today)


def undo_person_merge(
    session: Session, *, merge_id: int, now: datetime, today: date | None = None, account_id: int | None = None
) -> PersonMergeView:
    """Two people again, each with what was theirs; what came to the kept one since stays with it.

    Raises:
        Refusal: one of the two was merged again since, or sits an exam.
    """
    actor = Actor.of(now, today, account_id)
    row = session.get(PersonMerge, merge_id)
    if row is None:
        raise NotFound("没有找到这次人员合并。")
    if row.undone_at is not None:
        raise Refusal("这次合并已经撤销。", code="already_undone")
    later = select(PersonMerge.id).where(  # type: ignore[call-overload]
        col(PersonMerge.id) > merge_id, col(PersonMerge.undone_at).is_(None),
        col(PersonMerge.kept_id).in_((row.kept_id, row.dropped_id)) | col(PersonMerge.dropped_id).in_((row.kept_id, row.dropped_id)),
    )  # fmt: skip
    if session.scalars(later).first() is not None:
        raise Refusal("这两条登记后来又参与了合并，请先撤销后来的那一次。", code="merged_again")
    _lock(session, (row.kept_id, row.dropped_id))
    kept, dropped = _person(session, row.kept_id), _person(session, row.dropped_id)
    _refuse_while_sitting(session, (row.kept_id, row.dropped_id))
    organisations = _organisations_of(session, (row.kept_id,))
    for pointer in pointers_at("person"):
        for key in row.moved["rows"].get(pointer.table.name, ()) if pointer.table.name not in _OWN_RULES else ():
            _set_person(session, pointer, key, row.dropped_id)
    person_merge_rows.part(session, row.moved.get("changed", ()))
    for post_id, days in row.moved["posts"].items():
        post = session.get_one(Post, int(post_id))
        post.held_to, post.designated = _day(days["held_to"]), days["designated"]
        session.add(post)
    session.flush()
    _restore_attempts(session, row)
    if row.moved["account"] is not None:
        _give_account(session, row.moved["account"]["id"], row.dropped_id, disabled=row.moved["account"]["disabled"])
    _part_entries(session, kept, dropped, row.moved)
    row.undone_at, row.undone_by = now, account_id
    session.add(row)
    text = f"{dropped.name} 的合并已撤销，恢复为两条登记"
    record(session, [ledger.Entry(each, "person_merge", text, "", actor.today) for each in sorted(organisations)], actor)
    _announce(session, row, organisations, actor)
    if papers := row.moved.get("papers", ()):  # what they name may have been made only just now
        person_merge_rows.give_papers_back(session, papers)
        _announce(session, row, organisations, actor)
    return _view(row, kept.name)


def merges(session: Session, *, conditions: Sequence[ColumnElement[bool]] = (), limit: int = 50) -> tuple[PersonMergeView, ...]:
    """Merges, the latest first, of people with a post at an organisation that meets the conditions."""
    held = select(Post.id).join(Organisation, col(Organisation.id) == col(Post.organisation_id))  # type: ignore[call-overload]
    query = select(PersonMerge, Person.name).join(Person, col(Person.id) == col(PersonMerge.kept_id))  # type: ignore[call-overload]
    if conditions:
        query = query.where(held.where(col(Post.person_id) == col(PersonMerge.kept_id), *conditions).exists())
    return tuple(_view(row, name) for row, name in session.execute(query.order_by(col(PersonMerge.id).desc()).limit(limit)))


# 谁是谁 ---------------------------------------------------------------------------------------------------------------


def _lock(session: Session, person_ids: tuple[int, ...]) -> None:
    """Whoever signs in to a class at this moment waits, or is waited for."""
    session.execute(select(col(Person.id)).where(col(Person.id).in_(person_ids)).order_by(col(Person.id)).with_for_update())


def _person(session: Session, person_id: int) -> Person:
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound("没有找到该人员，或不在您的管理范围内。")
    return person


def _refuse_two_people(session: Session, kept: Person, dropped: Person) -> None:
    if kept.id == dropped.id:
        raise Invalid("请选择两条不同的登记。", code="merge_itself")
    if name_key(kept.name) != name_key(dropped.name):
        raise Refusal("两条登记的姓名不同，不能合并。", code="different_names")
    if kept.identity_digest and dropped.identity_digest and kept.identity_digest != dropped.identity_digest:
        raise Refusal("两条登记的身份证号不同，是同名的两个人，不能合并。", code="different_identities")
    emptied = select(PersonMerge.id).where(  # type: ignore[call-overload]
        col(PersonMerge.dropped_id).in_((kept.id, dropped.id)), col(PersonMerge.undone_at).is_(None)
    )
    if session.scalars(emptied).first() is not None:
        raise Refusal("其中一条登记已经合并到别处，请刷新后重新选择。", code="merged_already")
    _refuse_while_sitting(session, (id_of(kept), id_of(dropped)))


def _refuse_while_sitting(session: Session, person_ids: tuple[int, ...]) -> None:
    attempts = metadata.tables["attempt"].c
    if session.execute(select(attempts.id).where(attempts.person_id.in_(person_ids), attempts.state == "open").limit(1)).first():
        raise Refusal("其中一人正在答题，请等交卷后再办理。", code="sitting")


def _organisations_of(session: Session, person_ids: tuple[int, ...]) -> set[int]:
    return set(session.scalars(select(Post.organisation_id).where(col(Post.person_id).in_(person_ids))))  # type: ignore[call-overload]


def _entry(person: Person) -> dict[str, Any]:
    return {"name": person.name, "phone": person.phone, "identity_digest": person.identity_digest, "identity_tail": person.identity_tail}


def _join_entries(session: Session, kept: Person, dropped: Person) -> None:
    """The kept entry learns what only the other knew; the other keeps its name, so that no roster finds it any more."""
    phone, digest, tail = dropped.phone, dropped.identity_digest, dropped.identity_tail
    dropped.phone, dropped.identity_digest, dropped.identity_tail = None, None, ""
    session.add(dropped)
    session.flush()
    kept.phone = kept.phone or phone
    if kept.identity_digest is None:
        kept.identity_digest, kept.identity_tail = digest, tail
    session.add(kept)
    session.flush()


def _part_entries(session: Session, kept: Person, dropped: Person, moved: dict[str, Any]) -> None:
    learnt = moved["dropped"]
    if kept.identity_digest == learnt["identity_digest"]:
        kept.identity_digest, kept.identity_tail = moved["kept"]["identity_digest"], moved["kept"]["identity_tail"]
    if kept.phone == learnt["phone"]:
        kept.phone = moved["kept"]["phone"]
    session.add(kept)
    session.flush()
    dropped.phone, dropped.identity_digest, dropped.identity_tail = learnt["phone"], learnt["identity_digest"], learnt["identity_tail"]
    session.add(dropped)
    session.flush()


# 各表 -----------------------------------------------------------------------------------------------------------------


def _hand_over(session: Session, pointer: Pointer, giver: int, taker: int) -> list[dict[str, Any]]:
    """Let the rows point at the taker, but for those that would then say something twice. Answers their keys."""
    table = pointer.table
    rows = session.execute(select(table).where(pointer.column == giver)).all()
    if not rows:
        return []
    taken = {names: set() for names in _unique_keys(table, pointer.column.name)}  # type: ignore[var-annotated]
    for row in session.execute(select(table).where(pointer.column == taker)) if taken else ():
        for names, known in taken.items():
            known.add(tuple(getattr(row, name) for name in names))
    moved = []
    for row in rows:
        if any(tuple(getattr(row, name) for name in names) in known for names, known in taken.items()):
            continue
        key = {column.name: getattr(row, column.name) for column in table.primary_key.columns}
        _set_person(session, pointer, key, taker)
        key |= {pointer.column.name: taker} if pointer.column.name in key else {}
        moved.append({name: value.isoformat() if isinstance(value, date) else value for name, value in key.items()})
    return moved


def _unique_keys(table: Table, person: str) -> set[tuple[str, ...]]:
    """What else decides, beside the person, that two rows are the same."""
    keys = [constraint.columns for constraint in table.constraints if isinstance(constraint, UniqueConstraint)]
    keys.append(table.primary_key.columns)
    return {tuple(column.name for column in key if column.name != person) for key in keys if person in {column.name for column in key}}


def _set_person(session: Session, pointer: Pointer, key: dict[str, Any], person_id: int) -> None:
    columns = pointer.table.c
    wanted = [columns[name] == (_day(value) if columns[name].type.python_type is date else value) for name, value in key.items()]
    session.execute(update(pointer.table).where(*wanted).values({pointer.column.name: person_id}))


def _empty_doubled_posts(session: Session, kept_id: int, dropped_id: int, moved: dict[str, Any]) -> dict[str, Any]:
    """Where both hold the same post at the same organisation, the later entry is held on no day; what was granted on either holds for the other."""
    emptied: dict[str, Any] = {}
    for earlier, post in person_merge_rows.doubled_posts(session, kept_id=kept_id, dropped_id=dropped_id):
        for each in (earlier, post):
            emptied.setdefault(str(each.id), {"held_to": None, "designated": each.designated})
        moved["changed"] += person_merge_rows.share_grants(session, standing=earlier, emptied=post)
        moved["papers"] += person_merge_rows.hand_over_papers(session, standing=earlier, emptied=post)
        earlier.designated = earlier.designated or post.designated
        post.held_to, post.designated = post.held_from, False
        session.add_all((earlier, post))
    session.flush()
    return emptied


def _number_attempts(session: Session, kept_id: int, dropped_id: int) -> dict[str, Any]:
    """All attempts at a paper are the kept person's, numbered in the order in which they were started."""
    table = metadata.tables["attempt"]
    columns = table.c
    mine = select(columns.id, columns.person_id, columns.paper_id, columns.number, columns.idempotency_key).where(
        columns.person_id.in_((kept_id, dropped_id))
    )
    rows = session.execute(mine.order_by(columns.paper_id, columns.started_at, columns.id)).all()
    if not any(row.person_id == dropped_id for row in rows):
        return {}
    before = {str(row.id): {"person_id": row.person_id, "number": row.number, "key": row.idempotency_key} for row in rows}
    numbers: dict[int, int] = {}
    after = {}
    for row in rows:
        numbers[row.paper_id] = numbers.get(row.paper_id, 0) + 1
        key = row.idempotency_key if row.person_id == kept_id else f"{row.idempotency_key[:60]}~{row.id}"
        after[row.id] = {"person_id": kept_id, "number": numbers[row.paper_id], "idempotency_key": key}
    _write_attempts(session, after)
    return before


def _restore_attempts(session: Session, row: PersonMerge) -> None:
    """As they were numbered; attempts made since follow behind the kept person's own."""
    before = row.moved["attempts"]
    if not before:
        return
    columns = metadata.tables["attempt"].c
    own = {"person_id": row.kept_id}
    after: dict[int, dict[str, Any]] = {
        int(attempt_id): {"person_id": was["person_id"], "number": was["number"], "idempotency_key": was["key"]}
        for attempt_id, was in before.items()
    }
    since = select(columns.id, columns.paper_id, columns.idempotency_key).where(
        columns.person_id == row.kept_id, columns.id.not_in(list(after))
    )
    papers = dict(session.execute(select(columns.id, columns.paper_id).where(columns.id.in_(list(after)))).all())  # type: ignore[arg-type]
    numbers: dict[int, int] = {}
    for attempt_id, values in after.items():
        if values["person_id"] == row.kept_id:
            numbers[papers[attempt_id]] = max(numbers.get(papers[attempt_id], 0), values["number"])
    for attempt_id, paper_id, key in session.execute(since.order_by(columns.started_at, columns.id)):
        numbers[paper_id] = numbers.get(paper_id, 0) + 1
        after[attempt_id] = {**own, "number": numbers[paper_id], "idempotency_key": key}
    _write_attempts(session, after)


def _write_attempts(session: Session, after: dict[int, dict[str, Any]]) -> None:
    table = metadata.tables["attempt"]
    for attempt_id in after:  # out of the way first: numbers are unique a person and paper
        session.execute(update(table).where(table.c.id == attempt_id).values(number=-attempt_id))
    for attempt_id, values in after.items():
        session.execute(update(table).where(table.c.id == attempt_id).values(values))


def _hand_over_account(session: Session, kept_id: int, dropped_id: int) -> dict[str, Any] | None:
    """The one account goes to the kept person; a second one is closed."""
    columns = metadata.tables["account"].c
    found = {
        row.person_id: row
        for row in session.execute(select(metadata.tables["account"]).where(columns.person_id.in_((kept_id, dropped_id))))
    }
    if dropped_id not in found:
        return None
    own = found[dropped_id]
    if kept_id in found:
        _give_account(session, own.id, None, disabled=True)
    else:
        _give_account(session, own.id, kept_id, disabled=own.disabled)
    return {"id": own.id, "disabled": own.disabled}


def _give_account(session: Session, account_id: int, person_id: int | None, *, disabled: bool) -> None:
    table = metadata.tables["account"]
    session.execute(update(table).where(table.c.id == account_id).values(person_id=person_id, disabled=disabled))


def _day(value: Any) -> Any:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _view(row: PersonMerge, kept: str) -> PersonMergeView:
    return PersonMergeView(row.id or 0, kept, row.kept_id, row.dropped_id, row.reason, row.at, row.account_id, row.undone_at)


def people_named(session: Session, person_ids: tuple[int, ...]) -> dict[int, str]:
    """Where these people hold posts, to tell two of one name apart."""
    rows = session.execute(
        select(Post.person_id, Organisation.name)  # type: ignore[call-overload]
        .join(Organisation, col(Organisation.id) == col(Post.organisation_id))
        .where(col(Post.person_id).in_(person_ids))
        .order_by(col(Post.id))
    )
    found: dict[int, list[str]] = {}
    for person_id, name in rows:
        found.setdefault(person_id, []).append(name)
    return {person_id: "、".join(dict.fromkeys(names)) for person_id, names in found.items()}


def phones_of(session: Session, person_ids: tuple[int, ...]) -> dict[int, str | None]:
    """Their numbers, to be shown masked."""
    return {person.id or 0: person.phone for person in session.scalars(select(Person).where(col(Person.id).in_(person_ids)))}

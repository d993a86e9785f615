"""What a batch of an import wrote, so that it can be put back: rows made, and each value that changed, before and after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from sqlmodel import Session, col, func, insert, select

from quiz.models.organisations import Organisation, Person, Placement, Post, RosterJournal
from quiz.organisations.domain import PLACED_FIELDS
from quiz.organisations.ledger import chunks
from quiz.organisations.roster_state import OrganisationState, PersonState, PostState


class Both(NamedTuple):
    """A value before and after."""

    before: Any
    after: Any


Changed = dict[int, dict[str, Both]]
"""Row → column → value before and after."""
PLACEMENT_FIELDS = ("since", "until", *PLACED_FIELDS)
POST_FIELDS = ("category", "title", "designated", "held_to")
MADE_FIELDS = (*POST_FIELDS, "held_from", "person_id", "organisation_id")
TRAITS = frozenset({"kind", "hospital_grade"})
"""What, like features, no placement keeps: programmes count it from the day on which it was seen."""


@dataclass
class Entries:
    """What one batch wrote."""

    organisations: list[int] = field(default_factory=list)
    """Made by it, as posts and persons below."""
    posts: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    """Made, with their values of `MADE_FIELDS`."""
    persons: list[int] = field(default_factory=list)
    changed_organisations: Changed = field(default_factory=dict)
    changed_posts: Changed = field(default_factory=dict)
    changed_persons: Changed = field(default_factory=dict)
    features: dict[int, Both] = field(default_factory=dict)
    closures: dict[int, Both] = field(default_factory=dict)
    placements: dict[int, Both] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For the table: days become texts, keys become texts."""
        made = {"organisations": self.organisations, "persons": self.persons}
        made_posts = {str(key): list(values) for key, values in self.posts.items()}
        changed = {
            name: {str(key): {column: list(both) for column, both in values.items()} for key, values in getattr(self, name).items()}
            for name in ("changed_organisations", "changed_posts", "changed_persons")
        }
        whole = {
            name: {str(key): list(both) for key, both in getattr(self, name).items()} for name in ("features", "closures", "placements")
        }
        return {**made, "posts": made_posts, **changed, **whole}

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> Entries:
        """From the table."""
        posts = {int(key): _typed_row(Post, MADE_FIELDS, row) for key, row in value["posts"].items()}
        entries = cls(list(value["organisations"]), posts, list(value["persons"]))
        tables: dict[str, Any] = {"changed_organisations": Organisation, "changed_posts": Post, "changed_persons": Person}
        for name, table in tables.items():
            columns = table.__table__.c
            setattr(
                entries,
                name,
                {
                    int(key): {column: Both(*(_typed(columns[column], each) for each in both)) for column, both in values.items()}
                    for key, values in value[name].items()
                },
            )
        entries.features = {int(key): Both(*(frozenset(codes) for codes in both)) for key, both in value["features"].items()}
        for name, days in (("closures", 2), ("placements", 2)):
            periods = {int(key): Both(*(_periods(rows, days) for rows in both)) for key, both in value[name].items()}
            setattr(entries, name, periods)
        return entries

    @property
    def touched(self) -> frozenset[int]:
        """Organisations that were there before and were changed in anything but their posts."""
        return frozenset(self.changed_organisations) | frozenset(self.features) | frozenset(self.closures) | frozenset(self.placements)

    @property
    def changed_traits(self) -> frozenset[int]:
        """Those of them whose features, kind or grade changed."""
        attributes = {key for key, values in self.changed_organisations.items() if not TRAITS.isdisjoint(values)}
        return frozenset(self.features) | attributes


def _typed(column: Any, value: Any) -> Any:
    return date.fromisoformat(value) if value is not None and column.type.python_type is date else value


def _typed_row(table: type[Any], names: Sequence[str], row: Sequence[Any]) -> tuple[Any, ...]:
    columns = table.__table__.c
    return tuple(_typed(columns[name], value) for name, value in zip(names, row, strict=True))


def _periods(rows: Sequence[Sequence[Any]], days: int) -> tuple[tuple[Any, ...], ...]:
    return tuple((*(date.fromisoformat(day) if day else None for day in row[:days]), *row[days:]) for row in rows)


# 记录 -----------------------------------------------------------------------------------------------------------------


def note_organisations(entries: Entries, states: Iterable[OrganisationState]) -> None:
    """Attributes, features and closings of organisations that were there before."""
    for state in states:
        assert state.id is not None
        if values := state.changed_attributes():
            entries.changed_organisations[state.id] = {name: Both(state.original.get(name), value) for name, value in values.items()}
        if state.features != state.original_features:
            entries.features[state.id] = Both(sorted(state.original_features), sorted(state.features))
        if state.closures != state.original_closures:
            entries.closures[state.id] = Both(state.original_closures, state.closures)


def note_persons(entries: Entries, persons: Iterable[PersonState]) -> None:
    """Telephone and identity of people who were known before."""
    for person in persons:
        assert person.id is not None
        phone, digest = person.original
        values = {"phone": Both(phone, person.phone)} if phone != person.phone else {}
        if digest != person.digest:
            values |= {"identity_digest": Both(digest, person.digest), "identity_tail": Both("", person.tail)}
        entries.changed_persons[person.id] = values


def note_posts(entries: Entries, posts: Iterable[PostState]) -> None:
    """Posts that were held before."""
    for post in posts:
        assert post.id is not None
        pairs = zip(POST_FIELDS, post.original, post.values, strict=True)
        entries.changed_posts[post.id] = {name: Both(before, after) for name, before, after in pairs if before != after}


def placements_of(session: Session, organisation_ids: Iterable[int]) -> dict[int, tuple[tuple[Any, ...], ...]]:
    """Where these organisations stand and stood, in order, as plain values."""
    found: dict[int, list[tuple[Any, ...]]] = {}
    columns = [getattr(Placement, name) for name in PLACEMENT_FIELDS]
    for ids in chunks(organisation_ids):
        query = select(Placement.organisation_id, *columns).where(col(Placement.organisation_id).in_(ids))  # type: ignore[call-overload]
        for organisation_id, *row in session.execute(query.order_by(col(Placement.since))):
            found.setdefault(organisation_id, []).append(tuple(row))
    return {organisation_id: tuple(rows) for organisation_id, rows in found.items()}


def keep(session: Session, *, import_id: int, entries: Entries) -> None:
    """File the batch with its import."""
    last = session.scalar(select(func.max(RosterJournal.number)).where(RosterJournal.import_id == import_id))
    number = 1 if last is None else last + 1
    session.execute(insert(RosterJournal), [{"import_id": import_id, "number": number, "entries": entries.as_json(), "undone": False}])

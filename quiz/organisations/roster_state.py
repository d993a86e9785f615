"""What is known about the organisations and people of a roster while it is planned: states that remember how they began."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from quiz.organisations.existence import Closed, Existence
from quiz.organisations.reference import name_key
from quiz.vocabulary import PostRole

Group = tuple[str, str, str]


@dataclass(eq=False)
class PersonState:
    """A person, known or about to be. `stated_phone` is the number the roster gave first: a second one does not override it."""

    name: str
    id: int | None = None
    phone: str | None = None
    digest: str | None = None
    tail: str = ""
    stated_phone: str | None = None
    original: tuple[str | None, str | None] = (None, None)

    @property
    def is_changed(self) -> bool:
        """Must the row of a known person be rewritten?"""
        return self.id is not None and (self.phone, self.digest) != self.original


@dataclass(eq=False)
class PostState:
    """A post held now or opened by the roster. `stated_at` is the cell that confirmed it in this file."""

    person: PersonState
    role: str
    category: str
    title: str
    designated: bool
    held_from: date
    id: int | None = None
    held_to: date | None = None
    stated_at: str = ""
    stated: dict[str, Any] = field(default_factory=dict)
    original: tuple[Any, ...] = ()

    @property
    def values(self) -> tuple[Any, ...]:
        """What may change on a post."""
        return (self.category, self.title, self.designated, self.held_to)

    def copy(self) -> PostState:
        """A copy to try changes on."""
        return PostState(
            self.person, self.role, self.category, self.title, self.designated, self.held_from, self.id, self.held_to,
            self.stated_at, dict(self.stated), self.original,
        )  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One thing that a row changes."""

    field: str
    before: str
    after: str
    effective_on: date


@dataclass(eq=False)
class OrganisationState:
    """An organisation as it will stand after the rows planned so far."""

    attributes: dict[str, Any]
    features: frozenset[str] = frozenset()
    posts: list[PostState] = field(default_factory=list)
    id: int | None = None
    original: dict[str, Any] = field(default_factory=dict)
    original_features: frozenset[str] = frozenset()
    closures: tuple[Closed, ...] = ()
    original_closures: tuple[Closed, ...] = ()
    former_people: list[PersonState] = field(default_factory=list)
    stated: dict[str, tuple[Any, str]] = field(default_factory=dict)
    """What rows of this file said of it, with the cell."""
    changes: list[Change] = field(default_factory=list)
    since: date | None = None

    @property
    def existence(self) -> Existence:
        """In business or closed, through time."""
        return Existence(self.attributes["status"], self.attributes["closed_on"], self.closures)

    @property
    def current_posts(self) -> list[PostState]:
        """Posts nobody has left."""
        return [post for post in self.posts if post.held_to is None]

    @property
    def principals(self) -> list[PostState]:
        """Current posts as 主要负责人."""
        return [post for post in self.current_posts if post.role == PostRole.PRINCIPAL]

    def changed_attributes(self) -> dict[str, Any]:
        """Attributes that differ from the table."""
        return {key: value for key, value in self.attributes.items() if self.original.get(key) != value}


class People:
    """People by identity digest, and by name and phone."""

    def __init__(self, people: Iterable[PersonState] = ()) -> None:
        self.everybody: list[PersonState] = []
        self._by_digest: dict[str, PersonState] = {}
        self._by_name_and_phone: dict[tuple[str, str], PersonState] = {}
        self._names_by_phone: dict[str, set[str]] = defaultdict(set)
        for person in people:
            self.add(person)

    def add(self, person: PersonState) -> None:
        """Know this person from now on, also under a new phone or digest."""
        if person not in self.everybody[-1:] and not self.knows(person):
            self.everybody.append(person)
        if person.digest:
            self._by_digest.setdefault(person.digest, person)
        if person.phone:
            self._by_name_and_phone.setdefault((person.name, person.phone), person)
            self._names_by_phone[person.phone].add(person.name)

    def knows(self, person: PersonState) -> bool:
        """Is this very person found by digest, or by name and phone?"""
        return (person.digest is not None and self._by_digest.get(person.digest) is person) or (
            person.phone is not None and self._by_name_and_phone.get((person.name, person.phone)) is person
        )

    def with_digest(self, digest: str | None) -> PersonState | None:
        """Whoever has this identity number."""
        return self._by_digest.get(digest) if digest else None

    def with_phone(self, name: str, phone: str | None) -> PersonState | None:
        """Whoever has this name and this phone."""
        return self._by_name_and_phone.get((name, phone)) if phone else None

    def others_with_phone(self, name: str, phone: str) -> set[str]:
        """Other names that this phone belongs to."""
        return self._names_by_phone.get(phone, set()) - {name}


class Known:
    """Organisations and people that the rows may speak of."""

    def __init__(self, organisations: Iterable[OrganisationState], people: People) -> None:
        self.people = people
        self._by_code: dict[tuple[str, str], OrganisationState] = {}
        self._by_registration: dict[str, OrganisationState] = {}
        self._uncoded_by_name: dict[tuple[str, str], OrganisationState] = {}
        self.organisations: list[OrganisationState] = []
        for state in organisations:
            self.add(state)

    def add(self, state: OrganisationState) -> None:
        """Know this organisation from now on."""
        self.organisations.append(state)
        self.index(state)

    def index(self, state: OrganisationState) -> None:
        """Find it also by the codes it has now."""
        attributes = state.attributes
        if attributes.get("uscc"):
            self._by_code[attributes["uscc"], name_key(attributes.get("premises") or "")] = state
        else:
            self._uncoded_by_name[name_key(attributes["name"]), attributes["district_code"]] = state
        if attributes.get("registration_number"):
            self._by_registration.setdefault(attributes["registration_number"], state)

    def find(self, group: Group, attributes: dict[str, Any]) -> OrganisationState | None:
        """The organisation a row speaks of: by code and premises, else by registration number, else 待补码 by name and district."""
        kind, code, premises = group
        if kind == "uscc" and (state := self._by_code.get((code, premises))):
            return state
        number = attributes.get("registration_number")
        state = self._by_registration.get(number) if number else None
        if state and (kind != "uscc" or not state.attributes.get("uscc")):
            return state
        if kind != "uscc" or premises:
            return None
        uncoded = self._uncoded_by_name.get((name_key(attributes.get("name", "")), attributes.get("district_code", "")))
        return uncoded if uncoded and not uncoded.attributes.get("uscc") else None

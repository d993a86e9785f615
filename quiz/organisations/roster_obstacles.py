"""What stands in the way of taking a roster import back: later imports, later changes, records of exams and decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlmodel import Session, col

from quiz import clock
from quiz.models.accounts import Activation
from quiz.models.certificates import Certificate
from quiz.models.organisations import (
    Closure,
    Organisation,
    OrganisationChange,
    OrganisationFeature,
    Person,
    Post,
    RosterImport,
    RosterJournal,
)
from quiz.models.training import Duty, Exemption, ExemptionRequest, Membership, Programme
from quiz.organisations.domain import FIELD_LABELS, ROLE_LABELS
from quiz.organisations.ledger import chunks
from quiz.organisations.references import count_references
from quiz.organisations.roster_journal import MADE_FIELDS, Changed, Entries, placements_of
from quiz.vocabulary import ProgrammeState

_DERIVED_OF_ORGANISATION = frozenset(
    {
        "organisationfeature",
        "placement",
        "closure",
        "organisationchange",
        "membership",
        "trait_period",
        "contribution",
        "uncovered_period",
        "duty",
    }
)
"""These go with an organisation that is taken back."""


@dataclass(frozen=True)
class Obstacle:
    """One thing in the way, and what it is about. `import_id` names a later import that must be taken back first."""

    about: str
    reason: str
    import_id: int | None = None


@dataclass(frozen=True)
class LaterImport:
    """An import that changed the same rows afterwards."""

    id: int
    file_name: str
    imported_at: datetime
    shared: int


@dataclass
class Rows:
    """Everything an import made or changed."""

    organisations: set[int] = field(default_factory=set)
    posts: set[int] = field(default_factory=set)
    persons: set[int] = field(default_factory=set)
    made_organisations: set[int] = field(default_factory=set)
    made_posts: set[int] = field(default_factory=set)
    made_persons: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, parts: Iterable[Entries]) -> Rows:
        """All parts together."""
        rows = cls()
        for part in parts:
            rows.made_organisations |= set(part.organisations)
            rows.made_posts |= set(part.posts)
            rows.made_persons |= set(part.persons)
            rows.organisations |= part.touched
            rows.posts |= set(part.changed_posts)
            rows.persons |= set(part.changed_persons)
        rows.organisations |= rows.made_organisations
        rows.posts |= rows.made_posts
        rows.persons |= rows.made_persons
        return rows

    def shared_with(self, other: Rows) -> int:
        """How many rows both speak of."""
        pairs = ((self.organisations, other.organisations), (self.posts, other.posts), (self.persons, other.persons))
        return sum(len(own & theirs) for own, theirs in pairs)


def later_imports(session: Session, *, import_id: int, rows: Rows) -> tuple[LaterImport, ...]:
    """Imports after this one, not taken back, that made or changed the same rows; the latest first."""
    newer = select(RosterJournal.import_id, RosterJournal.entries).where(  # type: ignore[call-overload]
        col(RosterJournal.import_id) > import_id, col(RosterJournal.undone).is_(False)
    )
    shared: Counter[int] = Counter()
    for later_id, entries in session.execute(newer.execution_options(yield_per=20)):
        shared[later_id] += rows.shared_with(Rows.of([Entries.of_json(entries)]))
    found = []
    for later_id in sorted((each for each, number in shared.items() if number), reverse=True):
        row = session.get_one(RosterImport, later_id)
        found.append(LaterImport(later_id, row.file_name, row.imported_at, shared[later_id]))
    return tuple(found)


def obstacles(session: Session, *, import_id: int, parts: Sequence[Entries], rows: Rows) -> list[Obstacle]:
    """What stands in the way of taking these parts back; `rows` are those of the whole import."""
    later = later_imports(session, import_id=import_id, rows=Rows.of(parts))
    if later:
        return [
            Obstacle(
                f"《{each.file_name}》", f"{clock.show(each.imported_at)} 的导入又改动了其中 {each.shared} 处，请先撤销那一次", each.id
            )
            for each in later
        ]
    found: list[Obstacle] = []
    for part in parts:
        found += _changed_since(session, part)
        found += _history_since(session, part, import_id=import_id)
    return [*found, *_records(session, Rows.of(parts), rows)]


# 后来的变更 -----------------------------------------------------------------------------------------------------------


def _changed_since(session: Session, part: Entries) -> list[Obstacle]:
    """Values that are no longer what the import wrote."""
    found = []
    names = _names(session, Organisation, part.touched)
    for organisation_id, column in _differing(session, Organisation, part.changed_organisations):
        found.append(Obstacle(names[organisation_id], f"“{FIELD_LABELS.get(column, column)}”后来又改过"))
    codes: dict[int, set[str]] = {}
    for ids in chunks(part.features):
        query = select(OrganisationFeature.organisation_id, OrganisationFeature.feature_code)  # type: ignore[call-overload]
        for organisation_id, code in session.execute(query.where(col(OrganisationFeature.organisation_id).in_(ids))):
            codes.setdefault(organisation_id, set()).add(code)
    found += [Obstacle(names[key], "“特征标签”后来又改过") for key, both in part.features.items() if codes.get(key, set()) != both.after]
    now_placed = placements_of(session, part.placements)
    found += [Obstacle(names[key], "所在地或行业后来又改过") for key, both in part.placements.items() if now_placed.get(key) != both.after]
    found += [
        Obstacle(names[key], "停业、恢复的记录后来又改过") for key, both in part.closures.items() if _closures(session, key) != both.after
    ]
    people = _names(session, Person, part.changed_persons)
    for person_id, column in _differing(session, Person, part.changed_persons):
        found.append(Obstacle(people[person_id], f"“{'手机号' if column == 'phone' else '身份证号'}”后来又改过"))
    posts = {post_id: dict(zip(MADE_FIELDS, values, strict=True)) for post_id, values in part.posts.items()}
    expected: dict[int, dict[str, Any]] = {
        **{post_id: {name: both.after for name, both in values.items()} for post_id, values in part.changed_posts.items()},
        **posts,
    }
    labels = _post_labels(session, expected)
    for post_id, row in _rows(session, Post, expected).items():
        if any(getattr(row, name) != value for name, value in expected[post_id].items()):
            found.append(Obstacle(labels.get(post_id, "任职"), "该任职后来又有变更"))
    return found


def _differing(session: Session, table: type[Any], changed: Changed) -> list[tuple[int, str]]:
    rows = _rows(session, table, changed)
    return [
        (key, column)
        for key, values in changed.items()
        for column, both in values.items()
        if key not in rows or getattr(rows[key], column) != both.after
    ]


def _rows(session: Session, table: type[Any], ids: Iterable[int]) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for part in chunks(ids):
        columns = table.__table__.c
        found.update({row.id: row for row in session.execute(select(*columns).where(columns.id.in_(part)))})
    return found


def _closures(session: Session, organisation_id: int) -> tuple[tuple[Any, ...], ...]:
    query = select(Closure.since, Closure.until, Closure.status).where(col(Closure.organisation_id) == organisation_id)  # type: ignore[call-overload]
    return tuple(tuple(row) for row in session.execute(query.order_by(col(Closure.since))))


def _history_since(session: Session, part: Entries, *, import_id: int) -> list[Obstacle]:
    """Lines that somebody else wrote into the history of an organisation that the import made."""
    found = []
    names = _names(session, Organisation, part.organisations)
    for ids in chunks(part.organisations):
        undone = select(RosterImport.id).where(col(RosterImport.undone_at).is_not(None))  # type: ignore[call-overload]
        by_other = and_(col(OrganisationChange.import_id) != import_id, col(OrganisationChange.import_id).not_in(undone))
        foreign = or_(col(OrganisationChange.import_id).is_(None), by_other)
        query = select(OrganisationChange.organisation_id, OrganisationChange.field, OrganisationChange.effective_on)  # type: ignore[call-overload]
        for organisation_id, name, day in session.execute(query.where(col(OrganisationChange.organisation_id).in_(ids), foreign)):
            found.append(Obstacle(names[organisation_id], f"{day} 办理过“{FIELD_LABELS.get(name, name)}”"))
    return found


# 考试、核减等记录 -----------------------------------------------------------------------------------------------------


def _records(session: Session, own: Rows, whole: Rows) -> list[Obstacle]:
    """Records that depend on rows the import made; `own` are those to go now, `whole` those that go in the end."""
    found: list[Obstacle] = []
    people = _names(session, Person, own.made_persons)
    unused = _unused_slips(session, own)
    references = count_references(
        session, target="person", ids=own.made_persons, but={"duty"}, unless={"post": whole.made_posts, "activation": unused}
    )
    for pointer, numbers in references:
        found += [Obstacle(people[key], f"已有{pointer.label} {number} 条") for key, number in sorted(numbers.items())]
    names = _names(session, Organisation, own.made_organisations)
    references = count_references(
        session, target="organisation", ids=own.made_organisations, but=_DERIVED_OF_ORGANISATION,
        unless={"post": whole.made_posts, "activation": unused},
    )  # fmt: skip
    for pointer, numbers in references:
        found += [Obstacle(names[key], f"已有{pointer.label} {number} 条") for key, number in sorted(numbers.items())]
    return [*found, *_decisions(session, own), *_closed_programmes(session, own)]


def _unused_slips(session: Session, own: Rows) -> frozenset[int]:
    found: set[int] = set()
    for column, ids in ((col(Activation.person_id), own.made_persons), (col(Activation.organisation_id), own.made_organisations)):
        for part in chunks(sorted(ids)):
            found |= set(session.scalars(select(Activation.id).where(column.in_(part), col(Activation.used_at).is_(None))))  # type: ignore[call-overload]
    return frozenset(found)


def _decisions(session: Session, own: Rows) -> list[Obstacle]:
    """Extensions, exemptions and certificates that stand on a duty of a post the import made."""
    found = []
    granted = or_(
        col(Duty.extended_to).is_not(None),
        select(Exemption.id).where(col(Exemption.duty_id) == col(Duty.id)).exists(),  # type: ignore[call-overload]
        select(Certificate.id).where(col(Certificate.duty_id) == col(Duty.id)).exists(),  # type: ignore[call-overload]
        select(ExemptionRequest.id).where(col(ExemptionRequest.duty_id) == col(Duty.id)).exists(),  # type: ignore[call-overload]
    )
    for part in chunks(sorted(own.made_posts)):
        query = (
            select(Organisation.name, Person.name, Programme.title)  # type: ignore[call-overload]
            .select_from(Duty)
            .join(Organisation, col(Organisation.id) == col(Duty.organisation_id))
            .join(Person, col(Person.id) == col(Duty.person_id))
            .join(Programme, col(Programme.id) == col(Duty.programme_id))
            .where(col(Duty.post_id).in_(part), granted)
        )
        for organisation, person, programme in session.execute(query.order_by(col(Duty.id))):
            found.append(Obstacle(f"{organisation} {person}", f"“{programme}”的任务已办理延期、核减或发证"))
    return found


def _closed_programmes(session: Session, own: Rows) -> list[Obstacle]:
    """A programme that has ended keeps its figures: what they count must stay."""
    found: Counter[tuple[str, str]] = Counter()
    closed = col(Programme.state) == ProgrammeState.CLOSED.value
    for table, column, ids in (
        (Duty, col(Duty.post_id), own.made_posts),
        (Membership, col(Membership.organisation_id), own.made_organisations),
    ):
        for part in chunks(sorted(ids)):
            query = (
                select(Organisation.name, Programme.title)  # type: ignore[call-overload]
                .select_from(table)
                .join(Organisation, col(Organisation.id) == col(table.organisation_id))  # type: ignore[attr-defined]
                .join(Programme, col(Programme.id) == col(table.programme_id))  # type: ignore[attr-defined]
                .where(column.in_(part), closed)
            )
            found.update(tuple(row) for row in session.execute(query))
    return [Obstacle(organisation, f"已计入已结束的专项“{title}”") for organisation, title in sorted(found)]


# 名称 -----------------------------------------------------------------------------------------------------------------


def _names(session: Session, table: type[Any], ids: Collection[int] | Mapping[int, Any]) -> dict[int, str]:
    found: dict[int, str] = {}
    for part in chunks(sorted(ids)):
        found.update({key: name for key, name in session.execute(select(table.id, table.name).where(col(table.id).in_(part)))})
    return {key: found.get(key, f"编号 {key}") for key in ids}


def _post_labels(session: Session, ids: Collection[int]) -> dict[int, str]:
    found = {}
    for part in chunks(sorted(ids)):
        query = (
            select(Post.id, Organisation.name, Person.name, Post.role)  # type: ignore[call-overload]
            .join(Organisation, col(Organisation.id) == col(Post.organisation_id))
            .join(Person, col(Person.id) == col(Post.person_id))
            .where(col(Post.id).in_(part))
        )
        for post_id, organisation, person, role in session.execute(query):
            found[post_id] = f"{organisation} {person}（{ROLE_LABELS[role]}）"
    return found

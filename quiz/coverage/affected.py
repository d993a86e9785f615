"""Who took items on clauses that a new edition changed or dropped, within reach. It only reads: old attempts stay as they are."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Text, cast, func, select
from sqlmodel import Session, col

from quiz import clock
from quiz.banks import editions
from quiz.coverage.conditions import AnyReach
from quiz.models.attempts import Attempt
from quiz.models.banks import Clause, ItemClause
from quiz.models.organisations import Organisation, Person, Post, Region
from quiz.models.papers import Form, Paper
from quiz.papers import queries as papers
from quiz.papers.domain import FormItem
from quiz.vocabulary import AttemptState, ClauseChange, ClauseRelation

_AT_ONCE = 5000
_FETCHED_AT_ONCE = 2000
"""Forms read from the database in one go: some megabytes."""
_VERSION = re.compile(r'"version":\s*(\d+)')
"""The versions in a form's JSON. Forms are only parsed where one of them counts: most of 200,000 never are."""
_CLOSED = (AttemptState.HANDED_IN.value, AttemptState.EXPIRED.value)


@dataclass(frozen=True)
class Touched:
    """Versions that test a changed or gone clause of the superseded edition, with those clauses as `第四条第(八)项 有修改`."""

    edition_code: str
    clauses: Mapping[int, tuple[str, ...]]


@dataclass(frozen=True)
class PaperCount:
    """One paper: how many handed-in attempts lie within reach, and how many of them had such an item."""

    paper_id: int
    title: str
    attempts: int
    affected: int


@dataclass(frozen=True)
class Survey:
    """What was found: counts by paper, and the attempts themselves by id, newest first within each paper."""

    edition_code: str
    papers: tuple[PaperCount, ...]
    people: int
    attempt_ids: array[int]

    @property
    def affected(self) -> int:
        """Attempts with at least one such item."""
        return len(self.attempt_ids)

    def of_paper(self, paper_id: int) -> array[int]:
        """Those at one paper: they stand together, in the order of `papers`."""
        start = 0
        for paper in self.papers:
            if paper.paper_id == paper_id:
                return self.attempt_ids[start : start + paper.affected]
            start += paper.affected
        return array("q")


@dataclass(frozen=True)
class TakenItem:
    """One such item in an attempt, and how it went."""

    position: int
    item_id: int
    bank_code: str
    code: str
    stem: str
    clauses: tuple[str, ...]
    mark: float
    points: float

    @property
    def outcome(self) -> str:
        """答对, 部分得分, or neither."""
        if self.mark >= self.points:
            return "答对"
        return "部分得分" if self.mark > 0 else "答错或未答"


@dataclass(frozen=True)
class AffectedAttempt:
    """One attempt with the items it had on changed law."""

    attempt_id: int
    person_id: int
    name: str
    organisations: tuple[str, ...]
    """Enterprises within reach for which the person answered that day, or answers now."""
    districts: tuple[str, ...]
    paper: str
    number: int
    handed_in_at: datetime
    passed: bool
    items: tuple[TakenItem, ...]


def touched(session: Session, *, new_code: str) -> Touched:
    """Every version ever written that tests a clause which this edition changed or dropped. Raises NotFound: no such edition."""
    changes = editions.difference(session, new_code=new_code)
    fates: dict[str, ClauseChange] = {}
    if changes is not None:
        fates = {pair.old.id: changes.fate(pair.old.id) for pair in changes.pairs if pair.old is not None}
    lost = sorted(id_ for id_, fate in fates.items() if fate is not ClauseChange.KEPT)
    found: dict[int, tuple[str, ...]] = {}
    for part in _parts(lost):
        rows = session.execute(
            select(col(ItemClause.version_id), col(Clause.id), col(Clause.ref))
            .join(Clause, col(Clause.id) == col(ItemClause.clause_id))
            .where(col(ItemClause.clause_id).in_(part), col(ItemClause.relation) == ClauseRelation.TESTS.value)
            .order_by(col(ItemClause.version_id), col(ItemClause.position))
        )
        for version_id, clause_id, ref in rows:
            found[version_id] = (*found.get(version_id, ()), f"{ref}（{fates[clause_id].label}）")
    return Touched(new_code, found)


def closed_attempts(session: Session, *, reach: AnyReach) -> int:
    """How many attempts a survey has to look at."""
    return session.scalar(_within(select(func.count(col(Attempt.id))), reach)) or 0


def survey(
    session: Session, wanted: Touched, *, reach: AnyReach, today: date, progress: Callable[[int, int], None] | None = None
) -> Survey:
    """Look through the forms of all handed-in attempts within reach, paper by paper; `progress` hears (looked at, of all)."""
    titles = {
        paper_id: title
        for paper_id, title in session.execute(
            _within(select(col(Attempt.paper_id), col(Paper.title)), reach)
            .join(Paper, col(Paper.id) == col(Attempt.paper_id))
            .distinct()
            .order_by(col(Paper.title), col(Attempt.paper_id))
        )
    }
    total, looked_at = closed_attempts(session, reach=reach) if progress else 0, 0
    posts = _posts(session, reach) if reach.conditions() else None
    ids, people, found = array("q"), set[int](), []
    for paper_id, title in titles.items() if wanted.clauses else ():
        number, hits = 0, list[tuple[datetime, int]]()
        for attempt in _forms(session, paper_id, wanted.clauses, reach):
            looked_at += 1
            if progress and looked_at % _FETCHED_AT_ONCE == 0:
                progress(looked_at, total)
            if posts is not None and not _held(posts, attempt.person_id, attempt.handed_in_at, today):
                continue
            number += 1
            if attempt.has_one:
                hits.append((attempt.handed_in_at, attempt.id))
                people.add(attempt.person_id)
        if hits:
            ids.extend(attempt_id for _, attempt_id in sorted(hits, reverse=True))
            found.append(PaperCount(paper_id, title, number, len(hits)))
    if progress:
        progress(total, total)
    return Survey(wanted.edition_code, tuple(found), len(people), ids)


def _within(query: Any, reach: AnyReach) -> Any:
    """Only closed attempts, of people who hold or held a post in an organisation within reach."""
    query = query.where(col(Attempt.state).in_(_CLOSED))
    conditions = reach.conditions()
    if not conditions:
        return query
    within = select(col(Post.person_id)).join(Organisation, col(Organisation.id) == col(Post.organisation_id)).where(*conditions)
    return query.where(col(Attempt.person_id).in_(within))


@dataclass(frozen=True, slots=True)
class _Form:
    id: int
    person_id: int
    handed_in_at: datetime
    has_one: bool


def _forms(session: Session, paper_id: int, versions: Collection[int], reach: AnyReach) -> Iterator[_Form]:
    """The attempts at one paper and whether each had one of the versions; in no order, since sorting would hold every form at once."""
    query = (
        _within(select(col(Attempt.id), col(Attempt.person_id), col(Attempt.handed_in_at), cast(col(Form.items), Text)), reach)
        .join(Form, col(Form.id) == col(Attempt.form_id))
        .where(col(Attempt.paper_id) == paper_id)
        .execution_options(yield_per=_FETCHED_AT_ONCE)
    )
    wanted = {str(version) for version in versions}
    for attempt_id, person_id, handed_in_at, text in session.connection().execute(query):
        yield _Form(attempt_id, person_id, handed_in_at, not wanted.isdisjoint(_VERSION.findall(text)))


@dataclass(frozen=True, slots=True)
class _Post:
    organisation: str
    district: str
    held_from: date
    held_to: date | None

    def is_held_on(self, day: date) -> bool:
        return self.held_from <= day and (self.held_to is None or self.held_to > day)


def _posts(session: Session, reach: AnyReach, people: Collection[int] | None = None) -> dict[int, list[_Post]]:
    """The posts within reach, by person: of everybody, or of these at most 5000."""
    query = (
        select(col(Post.person_id), col(Organisation.name), col(Region.name), col(Post.held_from), col(Post.held_to))
        .join(Organisation, col(Organisation.id) == col(Post.organisation_id))
        .join(Region, col(Region.code) == col(Organisation.district_code))
        .where(*reach.conditions())
        .order_by(col(Post.id))
    )
    if people is not None:
        query = query.where(col(Post.person_id).in_(people))
    found: dict[int, list[_Post]] = {}
    for person_id, *post in session.execute(query):
        found.setdefault(person_id, []).append(_Post(*post))
    return found


def _held(posts: Mapping[int, Sequence[_Post]], person_id: int, handed_in_at: datetime, today: date) -> list[_Post]:
    """What the person answered for on the day of the attempt, or answers for today: somebody else's past is nobody's business."""
    of_person = posts.get(person_id, ())
    day = clock.local_day(handed_in_at) if of_person else today
    return [post for post in of_person if post.is_held_on(today) or post.is_held_on(day)]


def rows(session: Session, wanted: Touched, attempt_ids: Sequence[int], *, reach: AnyReach, today: date) -> list[AffectedAttempt]:
    """These attempts in full, in the order given; whatever lies outside the reach by now is left out."""
    found: dict[int, AffectedAttempt] = {}
    for part in _parts(attempt_ids):
        found |= _rows(session, wanted, part, reach=reach, today=today)
    return [found[id_] for id_ in attempt_ids if id_ in found]


def _rows(session: Session, wanted: Touched, ids: Sequence[int], *, reach: AnyReach, today: date) -> dict[int, AffectedAttempt]:
    attempts = session.execute(
        _within(select(Attempt, col(Person.name), col(Paper.title), col(Form.items)), reach)
        .join(Person, col(Person.id) == col(Attempt.person_id))
        .join(Paper, col(Paper.id) == col(Attempt.paper_id))
        .join(Form, col(Form.id) == col(Attempt.form_id))
        .where(col(Attempt.id).in_(ids))
    ).all()
    posts = _posts(session, reach, {row[0].person_id for row in attempts})
    found = {}
    for attempt, name, paper, form in attempts:
        held = _held(posts, attempt.person_id, attempt.handed_in_at, today)
        if not held and reach.conditions():
            continue
        found[attempt.id] = AffectedAttempt(
            attempt_id=attempt.id,
            person_id=attempt.person_id,
            name=name,
            organisations=tuple(dict.fromkeys(post.organisation for post in held)),
            districts=tuple(dict.fromkeys(post.district for post in held)),
            paper=paper,
            number=attempt.number,
            handed_in_at=attempt.handed_in_at,
            passed=bool(attempt.passed),
            items=_items(session, wanted, form, attempt.marks or []),
        )
    return found


def _items(session: Session, wanted: Touched, form: Sequence[dict[str, Any]], marks: Sequence[float]) -> tuple[TakenItem, ...]:
    taken = [(place, FormItem.from_json(each)) for place, each in enumerate(form) if each["version"] in wanted.clauses]
    views = papers.version_views(session, {item.version for _, item in taken})
    return tuple(
        TakenItem(
            position=place + 1,
            item_id=views[item.version].item_id,
            bank_code=views[item.version].bank_code,
            code=views[item.version].item_code,
            stem=views[item.version].stem,
            clauses=wanted.clauses[item.version],
            mark=marks[place] if place < len(marks) else 0.0,
            points=item.points,
        )
        for place, item in taken
    )


def _parts(ids: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]

"""How often each item was asked and how often it was answered right, counted from the marks of closed attempts.

Every attempt keeps a mark for each position, every form says which version of which item stood there: one pass over both is the whole
count. A pass reads 100,000 attempts of thirty items in some seconds, so each process remembers what it has counted, adds only the
attempts that were closed since, and does that at most once in `REFRESH_SECONDS`. Should the stored scores no longer add up to what was
counted (an attempt was marked again, or the database is another one), everything is counted anew.
"""

from __future__ import annotations

import re
import threading
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import numpy as np
from sqlalchemy import Engine, Text, cast, func, select
from sqlmodel import Session, col

from quiz.attempts.queries import attempts
from quiz.banks import queries as banks
from quiz.banks.queries import VersionView
from quiz.banks.same_wording import wording
from quiz.models.banks import Item, ItemVersion
from quiz.models.papers import Form
from quiz.vocabulary import AttemptState

REFRESH_SECONDS = 30.0
_AT_ONCE = 2000
_BREATH_SECONDS = 0.002
"""Between two portions, so that answers being saved in the same process are not held up."""
_LEAST_DIFFERENCE = 0.01

_VERSION, _POINTS = re.compile(r'"version": ?(\d+)'), re.compile(r'"points": ?([-+.\deE]+)')
_CLOSED = attempts.c.state != AttemptState.OPEN.value, func.coalesce(cast(attempts.c.marks, Text), "null").not_in(["null", "[]"])
"""Closed and marked."""
_forms = Form.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True)
class ItemStatistic:
    """What candidates made of one wording of an item."""

    asked: int = 0
    """Closed attempts in which it stood, answered or not."""
    right: int = 0
    """Of those, with full marks."""
    earned: float = 0.0
    """Sum of the shares of its points that were earned: more than `right` where a part of an answer counts."""

    @property
    def share(self) -> float | None:
        """Facility: the share who got it fully right, between 0 and 1; None while nobody was asked."""
        return self.right / self.asked if self.asked else None

    def __add__(self, other: ItemStatistic) -> ItemStatistic:
        return ItemStatistic(self.asked + other.asked, self.right + other.right, self.earned + other.earned)


@dataclass(frozen=True)
class Pace:
    """How long candidates took over one item, measured over whole attempts that they handed in themselves."""

    attempts: int
    seconds: float
    """Median, per item."""


NOBODY = ItemStatistic()


@dataclass
class _Count:
    """All that was counted so far in one database."""

    seen: set[int] = field(default_factory=set)
    score: float = 0.0
    figures: dict[int, list[float]] = field(default_factory=dict)
    """By version: asked, right, earned."""
    seconds: dict[int, array[float]] = field(default_factory=dict)
    """By paper: seconds an item, one figure an attempt."""
    stamp: tuple[int, float] = (0, 0.0)
    looked_at: float = float("-inf")

    def add(self, rows: Sequence[Any]) -> None:
        """A portion of closed attempts. Texts are searched, not parsed: as JSON the same takes three times as long."""
        self.seen.update(row.id for row in rows)
        self.score += sum(row.score or 0.0 for row in rows)
        rows = [row for row in rows if row.form.count('"version"') == _length(row.marks)]
        if not rows:
            return
        forms = "\n".join(row.form for row in rows)
        versions = np.array(_VERSION.findall(forms), dtype=np.int64)
        points = np.array(_POINTS.findall(forms), dtype=float)
        marks = np.array(",".join(row.marks[1:-1] for row in rows).split(","), dtype=float)
        known, place = np.unique(versions, return_inverse=True)
        asked = np.bincount(place)
        right = np.bincount(place, weights=marks >= points)
        earned = np.bincount(place, weights=marks / points)
        for version, *figures in zip(known.tolist(), asked.tolist(), right.tolist(), earned.tolist(), strict=True):
            kept = self.figures.setdefault(version, [0, 0, 0.0])
            self.figures[version] = [one + other for one, other in zip(kept, figures, strict=True)]
        for row in rows:
            if row.state == AttemptState.HANDED_IN:
                pace = (row.handed_in_at - row.started_at).total_seconds() / _length(row.marks)
                self.seconds.setdefault(row.paper_id, array("f")).append(pace)


def _length(marks: str) -> int:
    return marks.count(",") + 1


_counts: dict[Engine, _Count] = {}
_lock = threading.Lock()


def by_version(session: Session, *, clock: Callable[[], float] = time.monotonic) -> dict[int, ItemStatistic]:
    """Statistics of every version that was ever asked; at most `REFRESH_SECONDS` old."""
    count = _up_to_date(session, clock)
    return {version: ItemStatistic(int(asked), int(right), earned) for version, (asked, right, earned) in count.figures.items()}


def of_items(session: Session, items: Sequence[VersionView], *, clock: Callable[[], float] = time.monotonic) -> dict[int, ItemStatistic]:
    """Statistics by item: those of the version given and of all others that read the same. Nobody asked: not in the answer."""
    figures = _up_to_date(session, clock).figures
    if not figures:
        return {}
    found: dict[int, ItemStatistic] = {}
    for view in items:
        _gather(found, figures, view.item_id, view.id)
    words = {view.item_id: view for view in items}
    for other in _other_versions(session, items, figures):
        if wording(other) == wording(words[other.item_id]):
            _gather(found, figures, other.item_id, other.id)
    return found


def pace_of(session: Session, paper_ids: Iterable[int], *, clock: Callable[[], float] = time.monotonic) -> Pace | None:
    """How quickly these papers were answered; None while nobody has."""
    seconds = _up_to_date(session, clock).seconds
    measured = [pace for paper_id in sorted(set(paper_ids)) for pace in seconds.get(paper_id, ())]
    return Pace(len(measured), median(measured)) if measured else None


def forget(session: Session) -> None:
    """Count everything anew the next time: what was remembered is no longer in this database, such as after a restored backup."""
    with _lock:
        _counts.pop(session.get_bind().engine, None)


def _gather(found: dict[int, ItemStatistic], figures: Mapping[int, Sequence[float]], item_id: int, version: int) -> None:
    if version in figures:
        asked, right, earned = figures[version]
        found[item_id] = found.get(item_id, NOBODY) + ItemStatistic(int(asked), int(right), earned)


def _other_versions(session: Session, items: Sequence[VersionView], figures: Mapping[int, object]) -> Iterator[VersionView]:
    """Other versions of these items that somebody was asked."""
    given = {view.item_id: view.id for view in items}
    banks_of_items = sorted({view.bank_code for view in items})
    rows = session.execute(
        select(col(ItemVersion.id), col(ItemVersion.item_id))
        .join(Item, col(Item.id) == col(ItemVersion.item_id))
        .where(col(Item.bank_code).in_(banks_of_items), col(ItemVersion.id) != col(Item.version_id))
    )
    ids = [row.id for row in rows if row.id in figures and given.get(row.item_id, row.id) != row.id]
    for start in range(0, len(ids), _AT_ONCE):
        yield from banks.versions(session, ids[start : start + _AT_ONCE]).values()


def _up_to_date(session: Session, clock: Callable[[], float]) -> _Count:
    engine = session.get_bind().engine
    with _lock:
        count = _counts.setdefault(engine, _Count())
        if clock() - count.looked_at < REFRESH_SECONDS:
            return count
        stamp = _stamp(session)
        if stamp != count.stamp:
            count = _counts[engine] = _counted(session, count, stamp)
        count.looked_at = clock()
        return count


def _stamp(session: Session) -> tuple[int, float]:
    """Closed attempts, and the sum of their scores."""
    number, score = session.execute(select(func.count(), func.coalesce(func.sum(attempts.c.score), 0.0)).where(*_CLOSED)).one()
    return number, float(score)


def _counted(session: Session, before: _Count, stamp: tuple[int, float]) -> _Count:
    """What was counted before and what was closed since; from the beginning where that does not come to the stamp."""
    for count in (before, _Count()):
        for rows in _closed(session, count.seen):
            count.add(rows)
        if len(count.seen) == stamp[0] and abs(count.score - stamp[1]) < _LEAST_DIFFERENCE:
            break
    count.stamp = stamp
    return count


def _closed(session: Session, seen: set[int]) -> Iterator[Sequence[Any]]:
    """Closed attempts not yet seen, in portions."""
    ids = session.scalars(select(attempts.c.id).where(*_CLOSED).order_by(attempts.c.id)).all()
    new = [id_ for id_ in ids if id_ not in seen]
    columns = [attempts.c[name] for name in ("id", "paper_id", "state", "started_at", "handed_in_at", "score")]
    texts = cast(attempts.c.marks, Text).label("marks"), cast(_forms.c["items"], Text).label("form")
    query = select(*columns, *texts).join(_forms, _forms.c.id == attempts.c.form_id)
    for start in range(0, len(new), _AT_ONCE):
        yield session.execute(query.where(attempts.c.id.in_(new[start : start + _AT_ONCE]))).all()
        time.sleep(_BREATH_SECONDS)

"""Reads of the papers room: papers, pools (cached by the banks' stamp) and forms."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine, bindparam, select
from sqlmodel import Session

from quiz.banks import queries as banks
from quiz.banks.queries import VersionView
from quiz.models.papers import Form, Paper
from quiz.papers.domain import Blueprint, FormItem, Pool, PoolItem
from quiz.problems import NotFound
from quiz.vocabulary import PaperState, ReviewPolicy, ScoringPolicy


@lru_cache(maxsize=512)
def _blueprint(text: str) -> Blueprint:
    """Parsed once for each wording: it is read with every start."""
    return Blueprint.model_validate_json(text)


@dataclass(frozen=True)
class PaperView:
    """A paper and its rules."""

    id: int
    title: str
    description: str
    state: PaperState
    blueprint: Blueprint
    cut_score: float
    time_limit_minutes: int
    attempts_allowed: int | None
    opens_at: datetime
    closes_at: datetime
    scoring_policy: ScoringPolicy
    review_policy: ReviewPolicy
    shuffle_items: bool
    shuffle_options: bool

    @property
    def questions(self) -> int:
        return self.blueprint.count

    @property
    def max_score(self) -> float:
        return self.blueprint.max_score

    def is_open(self, now: datetime) -> bool:
        return self.state is PaperState.PUBLISHED and self.opens_at <= now <= self.closes_at

    @classmethod
    def of(cls, paper: Any) -> PaperView:
        """From a row of the paper table, or a Paper."""
        return cls(
            id=paper.id or 0,
            title=paper.title,
            description=paper.description,
            state=PaperState(paper.state),
            blueprint=_blueprint(json.dumps(paper.blueprint, sort_keys=True)),
            cut_score=paper.cut_score,
            time_limit_minutes=paper.time_limit_minutes,
            attempts_allowed=paper.attempts_allowed,
            opens_at=paper.opens_at,
            closes_at=paper.closes_at,
            scoring_policy=ScoringPolicy(paper.scoring_policy),
            review_policy=ReviewPolicy(paper.review_policy),
            shuffle_items=paper.shuffle_items,
            shuffle_options=paper.shuffle_options,
        )


_papers, _forms = Paper.__table__, Form.__table__  # type: ignore[attr-defined]
_PAPER = select(_papers).where(_papers.c.id == bindparam("paper_id"))
_FORM = select(_forms.c["items"]).where(_forms.c.id == bindparam("form_id"))


def paper(session: Session, paper_id: int) -> PaperView:
    """Raises NotFound when there is none."""
    found = session.connection().execute(_PAPER, {"paper_id": paper_id}).first()
    if found is None:
        raise NotFound("没有这份试卷。")
    return PaperView.of(found)


def list_papers(session: Session) -> list[PaperView]:
    """All papers, newest first."""
    return [PaperView.of(row) for row in session.scalars(select(Paper).order_by(Paper.id.desc()))]  # type: ignore[union-attr]


class _Versions:
    """Item versions never change, so each process keeps the ones it has seen (up to 20,000)."""

    def __init__(self, limit: int = 20_000) -> None:
        self._views: OrderedDict[tuple[Engine, int], VersionView] = OrderedDict()
        self._lock = threading.Lock()
        self._limit = limit

    def keep(self, session: Session, views: Iterable[VersionView]) -> None:
        """Remember versions that were read anyway."""
        database = _database_key(session)
        with self._lock:
            self._views.update({(database, view.id): view for view in views})
            while len(self._views) > self._limit:
                self._views.popitem(last=False)

    def get(self, session: Session, ids: Iterable[int]) -> dict[int, VersionView]:
        wanted = list(ids)
        database = _database_key(session)
        with self._lock:
            found = {i: view for i in wanted if (view := self._views.get((database, i))) is not None}
        missing = [i for i in wanted if i not in found]
        if missing:
            fetched = banks.versions(session, missing)
            found |= fetched
            self.keep(session, fetched.values())
        return found


def _database_key(session: Session) -> Engine:
    """One process may know several databases; its engine tells them apart."""
    return session.get_bind().engine


_versions = _Versions()
_pools: dict[tuple[Engine, frozenset[str]], tuple[str, Pool]] = {}


def version_views(session: Session, ids: Iterable[int]) -> dict[int, VersionView]:
    """Item versions by id, from memory where seen before."""
    return _versions.get(session, ids)


def pool(session: Session, blueprint: Blueprint) -> Pool:
    """All published items of the blueprint's banks."""
    stamp = banks.stamp(session)
    cache_key = (_database_key(session), blueprint.banks)
    cached = _pools.get(cache_key)
    if cached is not None and cached[0] == stamp:
        return cached[1]
    views = banks.published(session, blueprint.banks)
    _versions.keep(session, views)
    items = Pool(
        PoolItem(
            version=view.id,
            bank=view.bank_code,
            code=view.item_code,
            type=view.type,
            kind=view.kind,
            groups=view.groups,
            clause=view.clauses[0].id if view.clauses else view.item_code,
            options=tuple(key for key, _ in view.options),
            parts=tuple((part.type, tuple(part.options)) for part in view.parts),
        )
        for view in views
    )
    _pools[cache_key] = (stamp, items)
    return items


def warm_up(session: Session) -> None:
    """Read the pools of all published papers, so that the first to start waits no longer than the last."""
    for view in list_papers(session):
        if view.state is PaperState.PUBLISHED:
            pool(session, view.blueprint)


def form_items(session: Session, form_id: int) -> tuple[FormItem, ...]:
    """The positions of a form, in order."""
    rows = session.connection().execute(_FORM, {"form_id": form_id}).scalar_one()
    return tuple(FormItem.from_json(row) for row in rows)

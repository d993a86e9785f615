"""Which clauses a paper can ask about, how often its forms do, and which ones a single form asks about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from quiz.banks.cards import editions_of_banks
from quiz.banks.clause_coverage import ClauseCount, count_by_clause
from quiz.banks.queries import ClauseView, VersionView, clauses_of_edition
from quiz.papers import queries
from quiz.papers.domain import Blueprint, Pool, PoolTooSmall, assemble_form

FORMS_DRAWN = 100
"""Forms drawn to see how often a clause comes up: enough for whole per cents, quick enough for a screen."""


@dataclass(frozen=True)
class PaperCoverage:
    """The matrix of a paper."""

    counts: list[ClauseCount]
    """Items of the pool that some section accepts, by clause of the banks' editions."""
    share: dict[str, float]
    """By clause id: of the forms drawn, the share that asks about it. Empty when no form can be drawn."""


def of_paper(session: Session, blueprint: Blueprint) -> PaperCoverage:
    """What the present pool gives a paper."""
    pool = queries.pool(session, blueprint)
    accepted = {version for section in blueprint.sections for version in pool.accepted(section)}
    views = queries.version_views(session, sorted(accepted))
    counts = count_by_clause(_clauses(session, blueprint.banks), list(views.values()))
    return PaperCoverage(counts, _share(pool, blueprint, views))


def _share(pool: Pool, blueprint: Blueprint, views: dict[int, VersionView]) -> dict[str, float]:
    hits = Counter[str]()
    try:
        for seed in range(FORMS_DRAWN):
            form = assemble_form(pool, blueprint, seed=seed)
            hits.update({clause.id for item in form for clause in views[item.version].clauses})
    except PoolTooSmall:
        return {}
    return {clause: count / FORMS_DRAWN for clause, count in hits.items()}


def of_form(session: Session, blueprint: Blueprint, views: Sequence[VersionView]) -> list[ClauseCount]:
    """What one form asks about, among all clauses of the paper's banks."""
    return count_by_clause(_clauses(session, blueprint.banks), views)


def _clauses(session: Session, banks: frozenset[str]) -> list[ClauseView]:
    return [clause for edition in sorted(editions_of_banks(session, banks)) for clause in clauses_of_edition(session, edition)]

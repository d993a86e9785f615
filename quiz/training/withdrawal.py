"""Takes away what was derived from rows of the roster that are taken back themselves."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import delete, select
from sqlmodel import Session, col

from quiz import events
from quiz.models.training import Duty, Membership, TraitPeriod
from quiz.training import facts


def withdraw(session: Session, *, organisation_ids: frozenset[int], post_ids: frozenset[int]) -> None:
    """No duty of these posts, no membership of these organisations; the tally hears of it before the rows are gone."""
    connection = facts.core(session)
    concerned: dict[int, set[int]] = defaultdict(set)
    for chunk in facts.chunks(sorted(post_ids)):
        rows = connection.execute(select(col(Duty.programme_id), col(Duty.organisation_id)).where(col(Duty.post_id).in_(chunk)))
        for programme_id, organisation_id in rows:
            concerned[programme_id].add(organisation_id)
        connection.execute(delete(Duty).where(col(Duty.post_id).in_(chunk)))
    for chunk in facts.chunks(sorted(organisation_ids)):
        members = select(col(Membership.programme_id), col(Membership.organisation_id)).where(col(Membership.organisation_id).in_(chunk))
        for programme_id, organisation_id in connection.execute(members):
            concerned[programme_id].add(organisation_id)
        for table in (Membership, TraitPeriod):
            connection.execute(delete(table).where(col(table.organisation_id).in_(chunk)))  # type: ignore[attr-defined]
    for programme_id in sorted(concerned):
        events.announce(session, events.DutiesChanged(programme_id=programme_id, organisation_ids=frozenset(concerned[programme_id])))

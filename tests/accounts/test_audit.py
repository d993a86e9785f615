"""The audit trail: whatever is changed or missing shows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update
from sqlmodel import Session

from quiz import clock
from quiz.accounts import audit
from quiz.accounts.audit import Actor, AuditReport
from quiz.models.accounts import AuditEvent

WANG = Actor(7, "wang", "10.0.0.1")


@pytest.fixture
def trail(session: Session, now: datetime) -> list[int]:
    """Five rows; their ids."""
    for n in range(5):
        detail = {"第几次": n, "rate": 0.5, "none": None, "list": [1, "甲"]}
        audit.record(session, actor=WANG, action="export", at=now + timedelta(seconds=n), subject=f"名册{n}", detail=detail)
    return list(session.scalars(select(AuditEvent.id).order_by(AuditEvent.id)))  # type: ignore[arg-type,call-overload]


def broken(session: Session) -> list[int]:
    session.expire_all()
    return [each.id for each in audit.verify(session).broken]


def test_an_untouched_trail_is_intact(session: Session, trail: list[int]) -> None:
    assert audit.verify(session) == AuditReport(rows=5, broken=())
    assert audit.verify(session).intact


def test_an_empty_trail_is_intact(session: Session) -> None:
    assert audit.verify(session) == AuditReport(rows=0, broken=())


@pytest.mark.parametrize(
    "change",
    [
        {"account": "li"},
        {"subject": "别的"},
        {"result": "refused"},
        {"detail": {"n": 1}},
        {"action": "import"},
        {"address": ""},
        {"account_id": None},
    ],
)
def test_an_edited_row_shows(session: Session, trail: list[int], change: dict[str, Any]) -> None:
    session.execute(update(AuditEvent).where(AuditEvent.id == trail[2]).values(**change))  # type: ignore[arg-type]

    assert broken(session) == [trail[2]]


def test_a_moved_time_shows(session: Session, trail: list[int], now: datetime) -> None:
    session.execute(update(AuditEvent).where(AuditEvent.id == trail[0]).values(at=now - timedelta(days=1)))  # type: ignore[arg-type]

    assert broken(session) == [trail[0]]


@pytest.mark.parametrize(("gone", "shows_at"), [(0, 1), (2, 3)])
def test_a_deleted_row_shows_at_the_next_one_and_in_the_count(session: Session, trail: list[int], gone: int, shows_at: int) -> None:
    session.execute(delete(AuditEvent).where(AuditEvent.id == trail[gone]))  # type: ignore[arg-type]

    assert broken(session) == [trail[shows_at], 0]


def test_rows_cut_off_the_end_show_and_keep_showing(session: Session, trail: list[int], now: datetime) -> None:
    session.execute(delete(AuditEvent).where(AuditEvent.id >= trail[3]))  # type: ignore[arg-type,operator]

    assert broken(session) == [0]
    audit.record(session, actor=WANG, action="export", at=now)
    newest = session.scalars(select(func.max(AuditEvent.id))).one()
    assert broken(session) == [newest, 0]  # the next row hangs on what was cut off


def test_a_trail_that_was_emptied_shows(session: Session, trail: list[int]) -> None:
    session.execute(delete(AuditEvent))

    assert broken(session) == [0]


def test_the_zone_in_which_a_time_was_given_does_not_matter(session: Session, now: datetime) -> None:
    audit.record(session, actor=WANG, action="export", at=now.astimezone(clock.SHANGHAI))
    session.expunge_all()

    assert audit.verify(session).intact
    assert session.scalar(select(func.max(AuditEvent.at))) == now


def test_what_is_too_long_is_shortened_and_still_fits_the_chain(session: Session, now: datetime) -> None:
    audit.record(session, actor=Actor(1, "长" * 99, "9" * 99), action="export", at=now, subject="名" * 300)

    assert audit.verify(session).intact

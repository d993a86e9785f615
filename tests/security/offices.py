"""More accounts for the small site of the screens: offices of every reach, and those who are turned away."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from quiz import clock
from quiz.accounts import service as accounts
from quiz.accounts.audit import SYSTEM
from quiz.db import Database
from quiz.models.accounts import Account
from quiz.vocabulary import AccountRole
from tests.pages.office_site import ELSEWHERE, Ids, ids

__all__ = ["ids", "offices"]

OFFICES: dict[str, tuple[str | None, str | None]] = {
    "other-district": (ELSEWHERE, None),
    "town": ("371002001", None),
    "department": (None, "fire_rescue"),
    "temporary": (None, None),
}
"""Region and department of each."""


def number_of(session: Session, name: str) -> int:
    return session.execute(select(col(Account.id)).where(col(Account.account) == name)).scalar_one() or 0


@pytest.fixture
def offices(site: Database, ids: Ids) -> Ids:
    """The two districts of `office_site`, with an office of every reach and one that has a temporary password."""
    now = clock.now()
    with site.transaction() as session:
        for name, (region, department) in OFFICES.items():
            accounts.create_account(
                session,
                account=name,
                password_hash="-",
                name=f"办公室{name}",
                roles=[(AccountRole.OFFICE, region, department, None)],
                now=now,
            )
        session.get_one(Account, number_of(session, "temporary")).must_change_password = True
    return ids


def disable(site: Database, name: str) -> None:
    """From now on nobody of that name comes in."""
    with site.transaction() as session:
        accounts.set_disabled(session, account_id=number_of(session, name), disabled=True, now=clock.now(), actor=SYSTEM)

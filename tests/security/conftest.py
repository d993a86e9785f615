"""A served site with somebody of every kind: each role, each reach, a disabled account, a temporary password."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select
from sqlmodel import Session, col
from starlette.testclient import TestClient

import quiz.db
from quiz import clock
from quiz.accounts import service as accounts
from quiz.accounts.audit import SYSTEM
from quiz.models.accounts import Account
from quiz.vocabulary import AccountRole
from tests import running_site
from tests.databases import Content, new_file
from tests.running_site import HUANCUI, RONGCHENG, Site, hashed, start, submit

DEPARTMENT, TOWN = "emergency_management", "371002001"
STAFF: dict[str, tuple[AccountRole, str | None, str | None]] = {
    "trainer": (AccountRole.TRAINER, None, None),
    "office": (AccountRole.OFFICE, None, None),
    "district": (AccountRole.OFFICE, RONGCHENG, None),
    "other-district": (AccountRole.OFFICE, HUANCUI, None),
    "department": (AccountRole.OFFICE, None, "fire_rescue"),
    "town": (AccountRole.OFFICE, TOWN, None),
    "admin": (AccountRole.ADMINISTRATOR, None, None),
}


@dataclass
class Town:
    """The site, who is signed in, and the rows of the one candidate everybody else must not reach."""

    site: Site
    browsers: dict[str, TestClient] = field(default_factory=dict)
    candidate: str = ""
    other: str = ""
    open_attempt: int = 0
    closed_attempt: int = 0


def account_id(session: Session, name: str) -> int:
    return session.execute(select(col(Account.id)).where(col(Account.account) == name)).scalar_one() or 0


def _people(site: Site) -> None:
    now = clock.now()
    with site.db.transaction() as session:
        for name, (role, region, department) in STAFF.items():
            if name not in ("trainer", "office", "district", "admin"):
                accounts.create_account(
                    session, account=name, password_hash=hashed(), name=name, roles=[(role, region, department, None)], now=now
                )
        for name in ("disabled", "temporary"):
            accounts.create_account(
                session, account=name, password_hash=hashed(), name=name, roles=[(AccountRole.OFFICE, None, None, None)], now=now
            )


def _barred(site: Site) -> dict[str, TestClient]:
    """Signed in first, then disabled, or given a temporary password and signed in with it: what remains of their cookies."""
    browsers = {name: site.browser(name) for name in ("disabled", "temporary")}
    now = clock.now()
    with site.db.transaction() as session:
        accounts.set_disabled(session, account_id=account_id(session, "disabled"), disabled=True, now=now, actor=SYSTEM)
        temporary = account_id(session, "temporary")
        session.get_one(Account, temporary).must_change_password = True
    return browsers


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    with running_site.environment(new_file(folder, Content.PREPARED), folder):
        site = running_site.build(quiz.db.database())
        _people(site)
        with running_site.serve(site):
            found = Town(site, candidate=site.spare.pop(), other=site.spare.pop())
            found.browsers = {"stranger": site.browser(), **{name: site.browser(name) for name in STAFF}, **_barred(site)}
            candidate = found.browsers["trainee"] = site.browser(found.candidate)
            found.browsers["other trainee"] = site.browser(found.other)
            found.closed_attempt = start(candidate, site.paper_id, "first-start").json()["id"]
            assert submit(candidate, found.closed_attempt).status_code == 200
            found.open_attempt = start(candidate, site.paper_id, "second-start").json()["id"]
            yield found

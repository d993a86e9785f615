"""Who can sign in to the demonstration, and under which name."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

from quiz.vocabulary import AccountRole

PASSWORD = "Ankao-demo-1"
PRINCIPAL = "principal"
NUMBERED = 2_000
"""`p0001` … `p2000`."""


@dataclass(frozen=True)
class StaffAccount:
    """An account of somebody who holds no post."""

    account: str
    name: str
    role: AccountRole
    region_code: str | None
    about: str


STAFF = (
    StaffAccount("trainer", "宋知远", AccountRole.TRAINER, None, "培训教师：题库、试卷、成绩"),
    StaffAccount("office", "丛明川", AccountRole.OFFICE, None, "市安委会办公室：全市覆盖率、名册、专项"),
    StaffAccount("district", "毕清扬", AccountRole.OFFICE, "371002", "区安委会办公室：只看环翠区"),
    StaffAccount("admin", "于一诺", AccountRole.ADMINISTRATOR, None, "系统管理员：账号、审计"),
)


class Readiness(IntEnum):
    """What a principal has before them; the numbered accounts begin with those who can still change a figure."""

    NOT_BEGUN = 0
    NOT_PASSED = 1
    PASSED = 2
    USED_UP = 3
    NOTHING_DUE = 4


@dataclass(frozen=True)
class Holder:
    """A principal in office, as an account would find them."""

    person_id: int
    name: str
    readiness: Readiness
    decides: bool
    """Passing makes exactly one enterprise complete in one programme."""


def in_order(holders: Iterable[Holder], *, seed: int) -> list[Holder]:
    """Who has not begun comes first, then who may try again, then who passed; mixed over districts and trades within each."""
    mixed = sorted(holders, key=lambda each: each.person_id)
    random.Random(f"{seed} accounts").shuffle(mixed)
    return sorted(mixed, key=lambda each: (each.readiness, not each.decides))


@dataclass(frozen=True)
class AccountRows:
    """Rows of accounts and of their grants."""

    accounts: list[dict[str, Any]]
    grants: list[dict[str, Any]]


def staff_rows(*, first_id: int, password_hash: str, now: datetime) -> AccountRows:
    """The four accounts of offices, trainer and administrator."""
    accounts = [
        _account(first_id + n, each.account, each.name, password_hash, person_id=None, created_at=now, last=None)
        for n, each in enumerate(STAFF)
    ]
    grants = [_grant(first_id + n, each.role, each.region_code) for n, each in enumerate(STAFF)]
    return AccountRows(accounts, grants)


def trainee_rows(
    named: Sequence[tuple[str, int, str]], *, first_id: int, password_hash: str, issued_at: datetime, last_seen: Mapping[int, datetime]
) -> AccountRows:
    """Accounts for (account, person id, name); who was never seen got the account from the office and has not used it."""
    accounts = [
        _account(
            first_id + n, account, name, password_hash, person_id=person_id,
            created_at=min(issued_at, last_seen.get(person_id, issued_at) - timedelta(minutes=3)), last=last_seen.get(person_id),
        )
        for n, (account, person_id, name) in enumerate(named)
    ]  # fmt: skip
    return AccountRows(accounts, [_grant(row["id"], AccountRole.TRAINEE, None) for row in accounts])


def _account(
    account_id: int, account: str, name: str, password_hash: str, *, person_id: int | None, created_at: datetime, last: datetime | None
) -> dict[str, Any]:
    return {
        "id": account_id, "account": account, "name": name, "password_hash": password_hash, "person_id": person_id,
        "must_change_password": False, "is_demonstration": True, "disabled": False, "failures": 0, "locked_until": None,
        "created_at": created_at, "last_sign_in_at": last,
    }  # fmt: skip


def _grant(account_id: int, role: AccountRole, region_code: str | None) -> dict[str, Any]:
    return {"account_id": account_id, "role": role.value, "region_code": region_code, "department_code": None, "organisation_id": None}

"""Rules of the door: passwords, lockout, codes, and what a role may do."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from quiz.organisations.reach import Reach, Reaches
from quiz.problems import Forbidden, Invalid
from quiz.vocabulary import AccountRole

MINIMUM_PASSWORD = 10
PASSWORD_KINDS = 3
FAILURES_BEFORE_LOCK = 5
LOCK_FOR = timedelta(minutes=15)
ADDRESS_WINDOW = timedelta(minutes=15)
ADDRESS_FAILURES = 100
"""Wrong passwords from one address within the window before strangers from there must wait. A whole town may share one address,
so only failures count, and whoever signed in from there before is not held up."""
SESSION_LENGTH = {True: timedelta(hours=12), False: timedelta(days=7)}
"""How long a sign-in lasts, by `is_staff`; a candidate's phone must not be signed out in the middle of the evening."""
ACTIVATION_LENGTH = timedelta(days=60)
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRTUVWXYZ"  # nothing that reads like something else on paper


class Permission(Enum):
    """One thing a page or route lets a person do."""

    TAKE_QUIZ = auto()
    SEE_COVERAGE = auto()
    SEE_SCORES = auto()
    MANAGE_ROSTER = auto()
    MANAGE_PROGRAMMES = auto()
    ISSUE_ACTIVATIONS = auto()
    SEE_BANKS = auto()
    MANAGE_PAPERS = auto()
    GRANT_EXTENSIONS = auto()
    MANAGE_CLASSES = auto()
    MANAGE_INSTITUTIONS = auto()
    DECIDE_EXEMPTIONS = auto()
    PUBLISH_DOCUMENTS = auto()
    MANAGE_CERTIFICATES = auto()
    SEND_REMINDERS = auto()
    MANAGE_ACCOUNTS = auto()
    SEE_AUDIT = auto()
    MANAGE_SYSTEM = auto()


_OFFICE = {
    Permission.SEE_COVERAGE,
    Permission.SEE_SCORES,
    Permission.MANAGE_ROSTER,
    Permission.MANAGE_PROGRAMMES,
    Permission.ISSUE_ACTIVATIONS,
    Permission.SEE_BANKS,
    Permission.GRANT_EXTENSIONS,
    Permission.MANAGE_CLASSES,
    Permission.MANAGE_INSTITUTIONS,
    Permission.DECIDE_EXEMPTIONS,
    Permission.PUBLISH_DOCUMENTS,
    Permission.MANAGE_CERTIFICATES,
    Permission.SEND_REMINDERS,
}
_TRAINER = {
    Permission.SEE_BANKS,
    Permission.MANAGE_PAPERS,
    Permission.SEE_SCORES,
    Permission.GRANT_EXTENSIONS,
    Permission.MANAGE_CLASSES,
}
PERMISSIONS: dict[AccountRole, frozenset[Permission]] = {
    AccountRole.TRAINEE: frozenset({Permission.TAKE_QUIZ}),
    AccountRole.TRAINER: frozenset(_TRAINER),
    AccountRole.OFFICE: frozenset(_OFFICE),
    AccountRole.ADMINISTRATOR: frozenset(_OFFICE | _TRAINER | {Permission.MANAGE_ACCOUNTS, Permission.SEE_AUDIT, Permission.MANAGE_SYSTEM}),
}
"""Deny by default: what is not listed here is refused."""


@dataclass(frozen=True)
class GrantView:
    """A role and how far it reaches."""

    role: AccountRole
    reach: Reach


@dataclass(frozen=True)
class User:
    """Whoever is at the door, as the gate re-reads it on each request."""

    account_id: int
    account: str
    name: str
    person_id: int | None
    grants: tuple[GrantView, ...]
    must_change_password: bool = False

    @property
    def roles(self) -> frozenset[AccountRole]:
        return frozenset(grant.role for grant in self.grants)

    @property
    def is_staff(self) -> bool:
        return any(role is not AccountRole.TRAINEE for role in self.roles)

    def may(self, permission: Permission) -> bool:
        """Whether any of the roles allows it."""
        return any(permission in PERMISSIONS[role] for role in self.roles)

    def require(self, permission: Permission) -> None:
        """Raise Forbidden unless `may`."""
        if not self.may(permission):
            raise Forbidden()

    def reach(self, permission: Permission) -> Reaches:
        """The rows this permission extends to: the union over the grants that carry it; nothing when none does."""
        return Reaches(tuple(grant.reach for grant in self.grants if permission in PERMISSIONS[grant.role]))


def check_password_strength(password: str, *, account: str) -> None:
    """Refuse a password that is short, of one kind of character, or the account's own name."""
    kinds = sum(bool(re.search(pattern, password)) for pattern in (r"[a-z]", r"[A-Z]", r"\d", r"[^a-zA-Z\d]"))
    if len(password) < MINIMUM_PASSWORD:
        raise Invalid(f"密码至少 {MINIMUM_PASSWORD} 位。", code="password_short")
    if kinds < PASSWORD_KINDS:
        raise Invalid("密码须包含大写字母、小写字母、数字、符号中的至少三类。", code="password_simple")
    if len(password) > 128:
        raise Invalid("密码最长 128 位。", code="password_long")
    if account and account.lower() in password.lower():
        raise Invalid("密码不能包含账号或手机号。", code="password_account")


def lock_after(failures: int, *, now: datetime) -> datetime | None:
    """Until when an account is locked after so many wrong passwords in a row."""
    return now + LOCK_FOR if failures >= FAILURES_BEFORE_LOCK else None


def new_code() -> str:
    """A first-use code for a paper slip: `K7M2-9QXP`."""
    letters = "".join(secrets.choice(CODE_ALPHABET) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def tidy_code(text: str) -> str:
    """The code as stored, however it was typed: without spaces and dashes, upper case, full-width made half-width."""
    half = "".join(chr(ord(c) - 0xFEE0) if 0xFF01 <= ord(c) <= 0xFF5E else c for c in text)
    return re.sub(r"[\s\-—–－]", "", half).upper()

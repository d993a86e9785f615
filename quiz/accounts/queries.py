"""Reads of the accounts room: who a token belongs to, what they may reach."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, func, select
from sqlmodel import Session, col

from quiz.accounts.domain import ADDRESS_WINDOW, LOCK_FOR, GrantView, User
from quiz.models.accounts import Account, Activation, AuditEvent, Grant, SignIn, SignInFailure
from quiz.models.organisations import Organisation, Person, Post, Region
from quiz.organisations.reach import Reach, Reaches
from quiz.vocabulary import AccountRole, PostRole, RegionLevel

# What every request asks is composed once.
_USER_OF_TOKEN = (
    select(Account.id, Account.account, Account.name, Account.person_id, Account.must_change_password)  # type: ignore[call-overload]
    .join(SignIn, SignIn.account_id == Account.id)
    .where(SignIn.token_digest == bindparam("digest"), SignIn.expires_at > bindparam("now"), Account.disabled.is_(False))  # type: ignore[attr-defined]
)
_accounts = Account.__table__  # type: ignore[attr-defined]
_BY_NAME = select(_accounts).where(_accounts.c.account == bindparam("name"))
_USER_OF_ACCOUNT = select(_accounts.c.account, _accounts.c.name, _accounts.c.person_id, _accounts.c.must_change_password).where(
    _accounts.c.id == bindparam("account_id")
)
_GRANTS = (
    select(Grant.role, Grant.region_code, Grant.department_code, Grant.organisation_id, Region.level)  # type: ignore[call-overload]
    .outerjoin(Region, Region.code == Grant.region_code)
    .where(Grant.account_id == bindparam("account_id"))
    .order_by(Grant.id)
)
_FAILURES = (
    select(func.count())
    .select_from(SignInFailure)
    .where(SignInFailure.address == bindparam("address"), SignInFailure.at > bindparam("since"))  # type: ignore[arg-type]
)


def token_digest(token: str) -> str:
    """What is stored of a cookie's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def user_of_token(session: Session, token: str | None, *, now: datetime) -> User | None:
    """The user whose sign-in the token is, or None when it is unknown, expired, or the account is disabled."""
    if not token:
        return None
    row = session.connection().execute(_USER_OF_TOKEN, {"digest": token_digest(token), "now": now}).first()
    if row is None:
        return None
    return User(row.id, row.account, row.name, row.person_id, grants_of(session, row.id), row.must_change_password)


def user_of_account(session: Session, account_id: int) -> User:
    """The user behind an account, whether or not signed in."""
    session.flush()
    row = session.connection().execute(_USER_OF_ACCOUNT, {"account_id": account_id}).one()
    return User(account_id, row.account, row.name, row.person_id, grants_of(session, account_id), row.must_change_password)


def grants_of(session: Session, account_id: int) -> tuple[GrantView, ...]:
    """The roles of an account with their reach."""
    rows = session.connection().execute(_GRANTS, {"account_id": account_id}).all()
    return tuple(
        GrantView(AccountRole(row.role), _reach(row.region_code, row.level, row.department_code, row.organisation_id)) for row in rows
    )


def _reach(region_code: str | None, level: str | None, department_code: str | None, organisation_id: int | None) -> Reach:
    if region_code and level not in (RegionLevel.CITY, RegionLevel.DISTRICT, RegionLevel.TOWN):
        return Reach.nothing()  # a place we do not know narrows to nothing, never to everything
    return Reach(
        district_codes=frozenset({region_code}) if region_code and level == RegionLevel.DISTRICT else None,
        town_codes=frozenset({region_code}) if region_code and level == RegionLevel.TOWN else None,
        department_codes=frozenset({department_code}) if department_code else None,
        organisation_ids=frozenset({organisation_id}) if organisation_id is not None else None,
    )


def account_by_name(session: Session, account: str) -> Row[Any] | None:
    """The row of the account with that sign-in name."""
    session.flush()
    return session.connection().execute(_BY_NAME, {"name": account}).first()


def address_is_barred(session: Session, *, address: str, account_id: int | None, limit: int, now: datetime) -> bool:
    """Too many recent wrong passwords from this address, and this account never signed in from it."""
    address = address[:60]  # as it is stored
    failures = session.connection().execute(_FAILURES, {"address": address, "since": now - ADDRESS_WINDOW}).scalar_one()
    if failures < limit:
        return False
    if account_id is None:
        return True
    # The trail, not the sessions: signing out must not make a stranger of anybody.
    good = (AuditEvent.account_id == account_id, AuditEvent.action == "sign_in", AuditEvent.result == "done", AuditEvent.address == address)
    return session.execute(select(AuditEvent.id).where(*good).limit(1)).first() is None  # type: ignore[call-overload,arg-type]


def recent_failures_of_name(session: Session, *, account: str, now: datetime) -> int:
    """Wrong passwords for a name nobody has: it seems to lock like any other, so that names cannot be tried out."""
    query = select(func.count()).select_from(SignInFailure)
    return session.execute(query.where(col(SignInFailure.account) == account[:60], col(SignInFailure.at) > now - LOCK_FOR)).scalar_one()


def any_account(session: Session) -> bool:
    """Whether anybody can sign in at all; if not, the first administrator is to be made."""
    return session.execute(select(col(Account.id)).limit(1)).first() is not None


@dataclass(frozen=True)
class AccountRow:
    """One line of the account list."""

    id: int
    account: str
    name: str
    roles: str
    reach: str
    disabled: bool
    locked_until: datetime | None
    last_sign_in_at: datetime | None
    is_demonstration: bool


def list_accounts(
    session: Session, *, text: str = "", role: str | None = None, limit: int = 50, offset: int = 0
) -> tuple[list[AccountRow], int]:
    """Accounts by name or account, newest first, and how many there are in all."""
    condition = [Account.account.contains(text) | Account.name.contains(text)] if text else []  # type: ignore[attr-defined]
    if role:
        condition.append(col(Account.id).in_(select(col(Grant.account_id)).where(col(Grant.role) == role)))
    total = session.execute(select(func.count()).select_from(Account).where(*condition)).scalar_one()
    accounts = session.scalars(select(Account).where(*condition).order_by(Account.id.desc()).limit(limit).offset(offset)).all()  # type: ignore[union-attr]
    grants = session.execute(
        select(Grant, Region.name, Organisation.name)  # type: ignore[call-overload]
        .outerjoin(Region, Region.code == Grant.region_code)
        .outerjoin(Organisation, Organisation.id == Grant.organisation_id)
        .where(Grant.account_id.in_([account.id for account in accounts]))  # type: ignore[attr-defined]
    ).all()
    rows = []
    for account in accounts:
        mine = [row for row in grants if row[0].account_id == account.id]
        rows.append(
            AccountRow(
                id=account.id or 0,
                account=account.account,
                name=account.name,
                roles="、".join(AccountRole(row[0].role).label for row in mine),
                reach="、".join(filter(None, (row[1] or row[0].department_code or row[2] or "" for row in mine))) or "不限",
                disabled=account.disabled,
                locked_until=account.locked_until,
                last_sign_in_at=account.last_sign_in_at,
                is_demonstration=account.is_demonstration,
            )
        )
    return rows, total


@dataclass(frozen=True)
class ActivationRow:
    """A principal of the roster and the state of their first-use code."""

    person_id: int
    organisation_id: int
    organisation: str
    district_code: str
    town_code: str | None
    name: str
    phone: str | None
    state: str
    """`activated`, `issued`, `expired` or `none`."""
    issued_at: datetime | None
    expires_at: datetime | None

    @property
    def state_label(self) -> str:
        return {"activated": "已激活", "issued": "已发放未使用", "expired": "已过期", "none": "未发放"}[self.state]


def activation_rows(
    session: Session, *, reaches: Reaches, district_code: str | None, town_code: str | None, state: str | None, now: datetime
) -> list[ActivationRow]:
    """Principals in office within reach and area, each once, with the state of the account or of the newest code."""
    conditions = [Post.role == PostRole.PRINCIPAL, Post.held_to.is_(None), *reaches.conditions()]  # type: ignore[union-attr]
    if district_code:
        conditions.append(Organisation.district_code == district_code)
    if town_code:
        conditions.append(Organisation.town_code == town_code)
    newest = (
        select(col(Activation.person_id), func.max(col(Activation.id)).label("id"))
        .where(col(Activation.revoked_at).is_(None))
        .group_by(col(Activation.person_id))
        .subquery()
    )
    query = (
        select(Person, Organisation, Account.id, Activation)  # type: ignore[call-overload]
        .select_from(Post)
        .join(Person, Person.id == Post.person_id)
        .join(Organisation, Organisation.id == Post.organisation_id)
        .outerjoin(Account, Account.person_id == Person.id)
        .outerjoin(newest, newest.c.person_id == Person.id)
        .outerjoin(Activation, Activation.id == newest.c.id)
        .where(*conditions)
        .order_by(Organisation.district_code, Organisation.town_code, Organisation.name, Person.id)
    )
    seen: set[int] = set()
    rows: list[ActivationRow] = []
    for person, organisation, account_id, activation in session.execute(query):
        if person.id in seen:
            continue
        seen.add(person.id)
        issued = activation is not None and activation.used_at is None
        now_state = "activated" if account_id else "none" if not issued else "issued" if activation.expires_at > now else "expired"
        if state and state != now_state:
            continue
        rows.append(
            ActivationRow(
                person_id=person.id,
                organisation_id=organisation.id,
                organisation=organisation.name,
                district_code=organisation.district_code,
                town_code=organisation.town_code,
                name=person.name,
                phone=person.phone,
                state=now_state,
                issued_at=activation.issued_at if issued else None,
                expires_at=activation.expires_at if issued else None,
            )
        )
    return rows


def audit_events(session: Session, *, text: str = "", action: str | None = None, limit: int = 100, offset: int = 0) -> Sequence[AuditEvent]:
    """The newest rows of the trail, filtered by account or subject."""
    query = select(AuditEvent).order_by(AuditEvent.id.desc()).limit(limit).offset(offset)  # type: ignore[union-attr]
    if text:
        query = query.where(AuditEvent.account.contains(text) | AuditEvent.subject.contains(text))  # type: ignore[attr-defined]
    if action:
        query = query.where(col(AuditEvent.action) == action)
    return session.scalars(query).all()

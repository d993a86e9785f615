"""Verbs of the door: sign in and out, activate, create accounts, reset passwords."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from sqlalchemy import bindparam, delete, insert, select, update
from sqlmodel import Session, col

from quiz import events
from quiz.accounts import audit, queries
from quiz.accounts.audit import Actor
from quiz.accounts.domain import (
    ACTIVATION_LENGTH,
    ADDRESS_FAILURES,
    ADDRESS_WINDOW,
    FAILURES_BEFORE_LOCK,
    SESSION_LENGTH,
    check_password_strength,
    lock_after,
    new_code,
    tidy_code,
)
from quiz.accounts.passwords import hash_password, nobody
from quiz.keyed_digest import keyed_digest
from quiz.models.accounts import Account, Activation, Grant, SignIn, SignInFailure
from quiz.models.organisations import Organisation, Person, Post
from quiz.problems import Invalid, NotFound, NotSignedIn, Refusal
from quiz.vocabulary import AccountRole

WRONG = "账号或密码不正确。连续输错 5 次，账号将锁定 15 分钟。"


_NEW_SIGN_IN = insert(SignIn)
_SIGNED_IN = (
    update(Account)
    .where(Account.id == bindparam("of_account"))  # type: ignore[arg-type]
    .values(failures=0, locked_until=None, last_sign_in_at=bindparam("now"))
)


class Locked(Refusal):
    """Too many wrong passwords; waiting helps."""

    status = 429


@dataclass(frozen=True)
class Credentials:
    """What sign-in needs to know before the (slow) verification: `hashed` is never empty."""

    account_id: int | None
    hashed: str


def credentials(session: Session, *, account: str, address: str, now: datetime) -> Credentials:
    """Fetch the hash to verify against.

    Raises:
        Locked: the account is locked, or the address is barred.
    """
    found = queries.account_by_name(session, account)
    if found is not None and found.locked_until is not None and found.locked_until > now:
        minutes = int((found.locked_until - now).total_seconds() // 60) + 1
        raise Locked(f"密码连续输错次数过多，账号已锁定，请 {minutes} 分钟后再试，或联系发放账号的办公室重置密码。", code="locked")
    if found is None and queries.recent_failures_of_name(session, account=account, now=now) >= FAILURES_BEFORE_LOCK:
        raise Locked("密码连续输错次数过多，账号已锁定，请 15 分钟后再试，或联系发放账号的办公室重置密码。", code="locked")
    account_id = found.id if found else None
    refuse_barred_address(session, address=address, account_id=account_id, now=now)
    if found is None or found.disabled:
        return Credentials(None, nobody())
    return Credentials(account_id, found.password_hash)


def refuse_barred_address(session: Session, *, address: str, account_id: int | None, now: datetime) -> None:
    """Raise Locked when too many guesses came from this address lately and this account never signed in from it."""
    if queries.address_is_barred(session, address=address, account_id=account_id, limit=ADDRESS_FAILURES, now=now):
        raise Locked("当前网络短时间内输错次数过多，请 15 分钟后再试，或换一个网络。", code="address_barred")


def purge_sign_ins(session: Session, *, now: datetime) -> int:
    """Forget sign-ins that expired. Returns how many."""
    return session.connection().execute(delete(SignIn).where(col(SignIn.expires_at) < now)).rowcount


def open_verified(session: Session, *, account: str, known: Credentials, address: str, agent: str, now: datetime) -> str:
    """Open a session for credentials whose password was verified meanwhile, if nothing changed since they were fetched.

    Many guesses sent at once are all fetched before the first of them can lock the account; here they come one by one.

    Raises:
        Locked: as `credentials`.
        NotSignedIn: the password or the account is another one now.
    """
    if known.account_id is None or credentials(session, account=account, address=address, now=now) != known:
        raise NotSignedIn(WRONG, code="wrong_password")
    return open_session(session, account_id=known.account_id, address=address, agent=agent, now=now)


def open_session(session: Session, *, account_id: int, address: str, agent: str, now: datetime) -> str:
    """Record a good sign-in and hand out its token (kept only as a digest)."""
    user = queries.user_of_account(session, account_id)
    token = secrets.token_urlsafe(32)
    expires = now + SESSION_LENGTH[user.is_staff]
    connection = session.connection()
    connection.execute(
        _NEW_SIGN_IN,
        {
            "token_digest": queries.token_digest(token),
            "account_id": account_id,
            "created_at": now,
            "seen_at": now,
            "expires_at": expires,
            "address": address[:60],
            "agent": agent[:200],
        },
    )
    connection.execute(_SIGNED_IN, {"of_account": account_id, "now": now})
    if user.person_id is not None:
        events.announce(session, events.SignedIn(user.person_id))
    audit.record(session, actor=Actor(account_id, user.account, address), action="sign_in", at=now)
    return token


class SignInResult(Enum):
    WRONG_PASSWORD = auto()
    NOW_LOCKED = auto()


def record_failure(session: Session, *, account: str, account_id: int | None, address: str, now: datetime) -> SignInResult:
    """Count a wrong password against the account and the address; lock the account at the fifth in a row."""
    session.execute(delete(SignInFailure).where(SignInFailure.at < now - 2 * ADDRESS_WINDOW))  # type: ignore[arg-type]
    session.add(SignInFailure(address=address[:60], account=account[:60], at=now))
    locked = None
    if account_id is not None:
        found = session.get_one(Account, account_id, with_for_update=True)
        found.failures += 1
        locked = lock_after(found.failures, now=now)
        if locked:
            found.locked_until, found.failures = locked, 0
    audit.record(session, actor=Actor(account_id, account, address), action="sign_in", result="refused", at=now)
    seems_locked = account_id is None and queries.recent_failures_of_name(session, account=account, now=now) >= FAILURES_BEFORE_LOCK
    return SignInResult.NOW_LOCKED if locked or seems_locked else SignInResult.WRONG_PASSWORD


def close_session(session: Session, *, token: str) -> None:
    """Sign out: the token opens nothing any more."""
    session.execute(delete(SignIn).where(SignIn.token_digest == queries.token_digest(token)))  # type: ignore[arg-type]


def create_account(
    session: Session,
    *,
    account: str,
    password_hash: str,
    name: str,
    roles: list[tuple[AccountRole, str | None, str | None, int | None]],
    now: datetime,
    person_id: int | None = None,
    must_change_password: bool = False,
    is_demonstration: bool = False,
    actor: Actor = audit.SYSTEM,
) -> int:
    """Make an account; `roles` are (role, region code, department code, organisation id), None = not narrowed.

    Raises:
        Invalid: the name is taken or empty.
    """
    account = account.strip()
    if not account:
        raise Invalid("账号不能为空。", code="account_empty")
    if queries.account_by_name(session, account) is not None:
        raise Invalid(f"账号“{account}”已存在，请换一个账号名。", code="account_taken")
    row = Account(
        account=account,
        name=name or account,
        password_hash=password_hash,
        person_id=person_id,
        must_change_password=must_change_password,
        is_demonstration=is_demonstration,
        created_at=now,
    )
    session.add(row)
    session.flush()
    assert row.id is not None
    for role, region, department, organisation_id in roles:
        session.add(
            Grant(account_id=row.id, role=role.value, region_code=region, department_code=department, organisation_id=organisation_id)
        )
    audit.record(
        session,
        actor=actor,
        action="create_account",
        subject=account,
        at=now,
        detail={"roles": [[role.value, *rest] for role, *rest in roles]},
    )
    return row.id


def change_password(
    session: Session, *, account_id: int, password: str, now: datetime, keep_token: str | None, actor: Actor, hashed: str | None = None
) -> None:
    """Set a new password chosen by the owner and end all other sign-ins of the account.

    `hashed` is the password's hash when the door has made it beforehand: hashing takes 18 ms, too long inside the one writer.
    """
    account = session.get_one(Account, account_id)
    check_password_strength(password, account=account.account)
    account.password_hash = hashed or hash_password(password)
    account.must_change_password = False
    others = delete(SignIn).where(SignIn.account_id == account_id)  # type: ignore[arg-type]
    if keep_token:
        others = others.where(SignIn.token_digest != queries.token_digest(keep_token))  # type: ignore[arg-type]
    session.execute(others)
    audit.record(session, actor=actor, action="change_password", subject=account.account, at=now)


def temporary_password() -> str:
    """One to read out or write down; it has to be changed at the next sign-in."""
    return f"{new_code()}-{new_code()[:4].lower()}{secrets.randbelow(90) + 10}"


def reset_password(session: Session, *, account_id: int, now: datetime, actor: Actor) -> str:
    """Give a temporary password to hand over; it must be changed at the next sign-in. Also lifts a lock."""
    account = session.get_one(Account, account_id)
    temporary = temporary_password()
    account.password_hash = hash_password(temporary)
    account.must_change_password, account.failures, account.locked_until = True, 0, None
    session.execute(delete(SignIn).where(SignIn.account_id == account_id))  # type: ignore[arg-type]
    audit.record(session, actor=actor, action="reset_password", subject=account.account, at=now)
    return temporary


def set_disabled(session: Session, *, account_id: int, disabled: bool, now: datetime, actor: Actor) -> None:
    """Bar an account or let it in again; barring ends its sign-ins at once."""
    account = session.get_one(Account, account_id)
    account.disabled = disabled
    if disabled:
        session.execute(delete(SignIn).where(SignIn.account_id == account_id))  # type: ignore[arg-type]
    audit.record(session, actor=actor, action="disable_account" if disabled else "enable_account", subject=account.account, at=now)


@dataclass(frozen=True)
class Slip:
    """A paper slip with a first-use code; the code can be read only now, on this slip."""

    organisation: str
    district_code: str
    town_code: str | None
    name: str
    phone: str
    code: str
    expires_at: datetime


def issue_activations(session: Session, *, rows: list[queries.ActivationRow], now: datetime, actor: Actor) -> list[Slip]:
    """Give each person a new code and void the one given before. People who are already activated are left out."""
    rows = [row for row in rows if row.state != "activated"]
    person_ids = [row.person_id for row in rows]
    for start in range(0, len(person_ids), 5000):
        session.execute(
            update(Activation)
            .where(
                col(Activation.person_id).in_(person_ids[start : start + 5000]),
                col(Activation.used_at).is_(None),
                col(Activation.revoked_at).is_(None),
            )
            .values(revoked_at=now)
        )
    expires = now + ACTIVATION_LENGTH
    slips = []
    for row in rows:
        code = new_code()
        session.add(
            Activation(
                person_id=row.person_id,
                organisation_id=row.organisation_id,
                code_digest=keyed_digest("activation:" + tidy_code(code)),
                issued_at=now,
                issued_by=actor.account_id,
                expires_at=expires,
            )
        )
        slips.append(Slip(row.organisation, row.district_code, row.town_code, row.name, row.phone or "", code, expires))
    audit.record(session, actor=actor, action="issue_activations", at=now, detail={"count": len(slips)})
    return slips


@dataclass(frozen=True)
class Candidate:
    """Whose code it is, before the account is made."""

    activation_id: int
    person_id: int
    name: str
    phone: str
    organisation: str


def candidate_of_code(session: Session, *, code: str, name: str, now: datetime) -> Candidate:
    """The person a first-use code was made for.

    Raises:
        Invalid: wrong, used, expired or replaced code, or the name is not the one on the roster.
    """
    row = session.execute(
        select(Activation, Person, Organisation.name)  # type: ignore[call-overload]
        .join(Person, Person.id == Activation.person_id)
        .join(Organisation, Organisation.id == Activation.organisation_id)
        .where(Activation.code_digest == keyed_digest("activation:" + tidy_code(code)))
    ).first()
    if row is None or _without_spaces(row[1].name) != _without_spaces(name):
        raise Invalid("姓名与激活码不匹配。请核对纸条上的姓名和激活码；激活码不区分大小写。", code="activation_wrong")
    activation, person, organisation = row
    if activation.used_at is not None:
        raise Invalid("该激活码已经使用过，请直接登录。忘记密码请联系发放激活码的办公室。", code="activation_used")
    if activation.revoked_at is not None:
        raise Invalid("该激活码已被新的激活码替换，请使用最近一次发放的激活码。", code="activation_replaced")
    if activation.expires_at <= now:
        raise Invalid("该激活码已过期，请联系发放激活码的办公室重新领取。", code="activation_expired")
    return Candidate(activation.id, person.id, person.name, person.phone or "", organisation)


def _without_spaces(name: str) -> str:
    """张 三, also with the wide space of a Chinese keyboard, is 张三."""
    return "".join(name.split())


def activate(
    session: Session, *, code: str, name: str, phone: str, password: str, now: datetime, address: str, hashed: str | None = None
) -> int:
    """Turn a first-use code into an account whose name is the mobile number. Returns the account's id.

    `hashed` as in `change_password`.
    """
    candidate = candidate_of_code(session, code=code, name=name, now=now)
    account = candidate.phone or phone
    if candidate.phone and phone and phone != candidate.phone:
        raise Invalid("手机号与名册登记的不一致。换号请联系发放激活码的办公室更正名册。", code="activation_phone")
    if not account:
        raise Invalid("请填写手机号，今后用它登录。", code="activation_phone_missing")
    if queries.account_by_name(session, account) is not None:
        raise Invalid("这个手机号已经开通了账号，请直接登录；家庭共用手机号的请联系办公室另开账号。", code="account_taken")
    if session.execute(select(col(Account.id)).where(col(Account.person_id) == candidate.person_id)).first():
        raise Invalid("您的账号已经激活，请直接登录。", code="activation_used")
    check_password_strength(password, account=account)
    account_id = create_account(
        session,
        account=account,
        password_hash=hashed or hash_password(password),
        name=candidate.name,
        person_id=candidate.person_id,
        roles=[(AccountRole.TRAINEE, None, None, None)],
        now=now,
        actor=Actor(account=account, address=address),
    )
    activation = session.get_one(Activation, candidate.activation_id)
    activation.used_at = now
    if not candidate.phone:
        session.get_one(Person, candidate.person_id).phone = phone
    return account_id


def require_person_in_reach(session: Session, *, person_id: int, conditions: list) -> None:  # type: ignore[type-arg]
    """Raise NotFound unless the person holds or held a post at an organisation that satisfies the conditions."""
    held = (
        select(col(Post.id))
        .join(Organisation, col(Organisation.id) == col(Post.organisation_id))
        .where(col(Post.person_id) == person_id, *conditions)
    )
    if session.execute(held.limit(1)).first() is None:
        raise NotFound()

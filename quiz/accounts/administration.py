"""What an administrator does to accounts, with the rules that keep the door from being locked from outside."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from quiz.accounts import audit, service
from quiz.accounts.audit import Actor
from quiz.accounts.domain import new_code
from quiz.accounts.passwords import hash_password
from quiz.accounts.queries import AccountRow, list_accounts
from quiz.models.accounts import Account, AuditEvent, Grant, Setting, SignIn
from quiz.models.organisations import Department, Region
from quiz.problems import Invalid, NotFound, Refusal
from quiz.vocabulary import AccountRole

OFFICE_TELEPHONE = "office_telephone"
STAFF = (AccountRole.OFFICE, AccountRole.TRAINER, AccountRole.ADMINISTRATOR)
"""Roles given on screen; trainees make their own account with a code from the roster."""
_LONGEST_TELEPHONE = 60


@dataclass(frozen=True)
class Handed:
    """An account and the temporary password to hand over: it can be read only now."""

    account_id: int
    account: str
    password: str


def open_account(
    session: Session,
    *,
    account: str,
    name: str,
    role: AccountRole,
    region_code: str | None,
    department_code: str | None,
    now: datetime,
    actor: Actor,
) -> Handed:
    """Make an account for an office, a trainer or an administrator, with a temporary password that must be changed.

    Raises:
        Invalid: the name is taken, somebody is nameless, the role is not one of STAFF, or an administrator's reach is narrowed.
    """
    account = account.strip()
    if role not in STAFF:
        raise Invalid("学员账号由本人用激活码开通，不能在这里新建。", code="role")
    if not account or len(account) > 60 or any(letter.isspace() for letter in account):
        raise Invalid("请填写账号：1 至 60 个字符，不含空格。", code="account_empty")
    if not name.strip():
        raise Invalid("请填写使用人或单位的名称，便于审计时辨认。", code="name_empty")
    if role is AccountRole.ADMINISTRATOR and (region_code or department_code):
        raise Invalid("管理员管理全部区市和部门，不能限定范围；如需限定范围，请选择“安委会办公室”。", code="reach")
    if region_code is not None and session.get(Region, region_code) is None:
        raise Invalid("没有这个区市或镇街。", code="region")
    if department_code is not None and session.get(Department, department_code) is None:
        raise Invalid("没有这个部门。", code="department")
    temporary = f"{new_code()}-{secrets.randbelow(90) + 10}"
    account_id = service.create_account(
        session,
        account=account,
        password_hash=hash_password(temporary),
        name=name.strip()[:60],
        roles=[(role, region_code, department_code, None)],
        now=now,
        must_change_password=True,
        actor=actor,
    )
    return Handed(account_id, account, temporary)


def give_temporary_password(session: Session, *, account_id: int, now: datetime, actor: Actor) -> Handed:
    """Reset a forgotten password and lift a lock. One's own password is changed, not reset.

    Raises:
        Refusal: it is the actor's own account.
    """
    account = _account(session, account_id)
    if account_id == actor.account_id:
        raise Refusal("这是您自己的账号，请用菜单底部的“修改密码”。", code="own_account")
    return Handed(account_id, account.account, service.reset_password(session, account_id=account_id, now=now, actor=actor))


def bar_account(session: Session, *, account_id: int, now: datetime, actor: Actor) -> None:
    """Disable an account and end its sign-ins.

    Raises:
        Refusal: it is the actor's own account, or the last administrator who can still sign in.
    """
    _account(session, account_id)
    if account_id == actor.account_id:
        raise Refusal("不能停用自己正在使用的账号；请由另一位管理员操作。", code="own_account")
    if account_id in (administrators := _enabled_administrators(session)) and len(administrators) == 1:
        raise Refusal("这是最后一个可用的管理员账号，停用后将无人能够管理系统。请先新建另一个管理员账号。", code="last_administrator")
    service.set_disabled(session, account_id=account_id, disabled=True, now=now, actor=actor)


def admit_account(session: Session, *, account_id: int, now: datetime, actor: Actor) -> None:
    """Let a disabled account in again."""
    _account(session, account_id)
    service.set_disabled(session, account_id=account_id, disabled=False, now=now, actor=actor)


def _account(session: Session, account_id: int) -> Account:
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound("没有这个账号。")
    return account


def _enabled_administrators(session: Session) -> set[int]:
    """Locked rows: two administrators cannot bar each other at the same moment."""
    rows = session.scalars(
        select(col(Account.id))
        .where(
            col(Account.disabled).is_(False),
            col(Account.id).in_(select(col(Grant.account_id)).where(col(Grant.role) == AccountRole.ADMINISTRATOR.value)),
        )
        .order_by(col(Account.id))
        .with_for_update()
    )
    return {account_id for account_id in rows if account_id is not None}


def set_office_telephone(session: Session, *, telephone: str, now: datetime, actor: Actor) -> None:
    """The number shown to those who cannot get in; empty shows none."""
    telephone = " ".join(telephone.split())
    if len(telephone) > _LONGEST_TELEPHONE:
        raise Invalid(f"电话最长 {_LONGEST_TELEPHONE} 个字符；多个号码用顿号隔开。", code="telephone")
    session.merge(Setting(name=OFFICE_TELEPHONE, value=telephone))
    audit.record(session, actor=actor, action="set_setting", subject="办公室电话", at=now, detail={"value": telephone})


def setting(session: Session, name: str) -> str:
    """What an administrator set, or nothing."""
    row = session.get(Setting, name)
    return row.value if row else ""


@dataclass(frozen=True)
class AccountFigures:
    """How many accounts there are, and in what state."""

    accounts: int
    staff: int
    disabled: int
    locked: int
    signed_in: int
    """Sign-ins that still hold."""


def account_figures(session: Session, *, now: datetime) -> AccountFigures:
    """Counts for the administrator's home."""
    staff = select(col(Grant.account_id)).where(col(Grant.role) != AccountRole.TRAINEE.value)

    def count(*conditions: object) -> int:
        return session.execute(select(func.count()).select_from(Account).where(*conditions)).scalar_one()  # type: ignore[arg-type]

    return AccountFigures(
        accounts=count(),
        staff=count(col(Account.id).in_(staff)),
        disabled=count(col(Account.disabled).is_(True)),
        locked=count(col(Account.locked_until) > now),
        signed_in=session.execute(select(func.count(func.distinct(SignIn.account_id))).where(col(SignIn.expires_at) > now)).scalar_one(),
    )


def latest_event(session: Session, *, action: str) -> AuditEvent | None:
    """When something was last done, such as a backup, and how it ended."""
    return session.scalars(select(AuditEvent).where(col(AuditEvent.action) == action).order_by(col(AuditEvent.id).desc()).limit(1)).first()


def account_row(session: Session, account_id: int) -> AccountRow:
    """One account as the list shows it."""
    name = _account(session, account_id).account
    rows, _ = list_accounts(session, text=name, limit=1000)
    return next(row for row in rows if row.id == account_id)


def count_events(session: Session, *, text: str = "", action: str | None = None) -> int:
    """How many rows of the trail match, for paging through `audit_events`."""
    query = select(func.count()).select_from(AuditEvent)
    if text:
        query = query.where(col(AuditEvent.account).contains(text) | col(AuditEvent.subject).contains(text))
    if action:
        query = query.where(col(AuditEvent.action) == action)
    return session.execute(query).scalar_one()

"""What an office does for a trainee at the telephone: find the person within reach, reset a password, lift a lock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlmodel import Session, col

from quiz.accounts import audit, queries, service
from quiz.accounts.audit import Actor
from quiz.models.accounts import Account
from quiz.models.organisations import Organisation, Person, Post
from quiz.organisations.reach import Reaches
from quiz.problems import NotFound, Refusal
from quiz.vocabulary import AccountRole, PostRole


@dataclass(frozen=True)
class PersonRow:
    """A person of the roster, with the posts the asker may see, and their account."""

    id: int
    name: str
    phone: str | None
    posts: tuple[str, ...]
    """`某某公司（主要负责人）`: only organisations within reach."""
    account: str | None
    locked_until: datetime | None
    disabled: bool
    last_sign_in_at: datetime | None


def find_people(session: Session, *, text: str, reach: Reaches, limit: int = 20) -> tuple[PersonRow, ...]:
    """People in office within reach whose name, telephone, account or enterprise is meant; nobody for an empty text."""
    if not text.strip():
        return ()
    text = text.strip()
    meant = or_(
        col(Person.name).contains(text, autoescape=True),
        col(Person.phone) == text,
        col(Account.account) == text,
        col(Organisation.name).contains(text, autoescape=True),
    )
    ids = (
        select(col(Person.id))
        .join(Post, col(Post.person_id) == col(Person.id))
        .join(Organisation, col(Organisation.id) == col(Post.organisation_id))
        .outerjoin(Account, col(Account.person_id) == col(Person.id))
        .where(col(Post.held_to).is_(None), meant, *reach.conditions())
        .distinct()
        .order_by(col(Person.id))
        .limit(limit)
    )
    return _rows(session, [number for number in session.scalars(ids) if number is not None], reach)


def person_row(session: Session, *, person_id: int, reach: Reaches) -> PersonRow:
    """One person in office within reach; beyond it there is none."""
    rows = _rows(session, [person_id], reach)
    if not rows:
        raise NotFound("没有找到这个人，或不在您的管理范围内。")
    return rows[0]


def _rows(session: Session, ids: list[int], reach: Reaches) -> tuple[PersonRow, ...]:
    query: Any = (
        select(Person, col(Organisation.name), col(Post.role), Account)
        .select_from(Post)
        .join(Person, col(Person.id) == col(Post.person_id))
        .join(Organisation, col(Organisation.id) == col(Post.organisation_id))
        .outerjoin(Account, col(Account.person_id) == col(Person.id))
        .where(col(Person.id).in_(ids), col(Post.held_to).is_(None), *reach.conditions())
        .order_by(col(Person.name), col(Person.id), col(Post.id))
    )
    found: dict[int, list[Any]] = {}
    for row in session.execute(query):
        found.setdefault(row[0].id, []).append(row)
    rows = []
    for person_id, held in found.items():
        person, account = held[0][0], held[0][3]
        rows.append(
            PersonRow(
                id=person_id,
                name=person.name,
                phone=person.phone,
                posts=tuple(f"{name}（{PostRole(role).label}）" for _, name, role, _ in held),
                account=account.account if account else None,
                locked_until=account.locked_until if account else None,
                disabled=bool(account and account.disabled),
                last_sign_in_at=account.last_sign_in_at if account else None,
            )
        )
    return tuple(rows)


def reset_trainee_password(session: Session, *, person_id: int, reach: Reaches, now: datetime, actor: Actor) -> str:
    """A temporary password for somebody in office within reach; also lifts a lock.

    Raises:
        NotFound: beyond the reach.
        Refusal: no account yet, or one that may do more than a trainee: a local office must not take over such an account.
    """
    return service.reset_password(session, account_id=_trainee(session, person_id, reach), now=now, actor=actor)


def unlock_trainee(session: Session, *, person_id: int, reach: Reaches, now: datetime, actor: Actor) -> None:
    """Let somebody try again at once after too many wrong passwords; the password stays."""
    account = session.get_one(Account, _trainee(session, person_id, reach), with_for_update=True)
    account.failures, account.locked_until = 0, None
    session.add(account)
    audit.record(session, actor=actor, action="unlock_account", subject=account.account, at=now)


def _trainee(session: Session, person_id: int, reach: Reaches) -> int:
    person_row(session, person_id=person_id, reach=reach)
    account_id = session.execute(select(col(Account.id)).where(col(Account.person_id) == person_id)).scalar()
    if account_id is None:
        raise Refusal("本人还没有激活账号，请发放激活码。", code="no_account")
    if any(grant.role is not AccountRole.TRAINEE for grant in queries.grants_of(session, account_id)):
        raise Refusal("这个账号还有工作人员权限，请由系统管理员办理。", code="staff_account")
    return account_id

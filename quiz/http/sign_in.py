"""Signing in: read the hash, verify off the event loop, write through the recorder."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from sqlmodel import Session

from quiz import clock
from quiz.accounts import passwords, queries, service
from quiz.accounts.domain import User
from quiz.accounts.service import Locked, SignInResult
from quiz.http.running import read, work
from quiz.problems import Invalid, NotSignedIn

LOCKED_NOW = "密码已连续输错 5 次，账号锁定 15 分钟。忘记密码请联系发放账号的办公室重置。"


@dataclass(frozen=True)
class Opened:
    """A fresh session."""

    token: str
    user: User


async def sign_in(*, account: str, password: str, address: str, agent: str) -> Opened:
    """Open a session for the right password.

    Raises:
        NotSignedIn: account or password is wrong (which of the two is not told).
        Locked: this account, or this address for strangers, has to wait.
    """
    account = account.replace("\0", "").strip()  # PostgreSQL cannot hold NUL
    known = await read(lambda session: service.credentials(session, account=account, address=address, now=clock.now()))
    good = await verify_password(password, known.hashed)
    account_id = known.account_id
    if not good or account_id is None:
        result = await work(
            lambda session: service.record_failure(session, account=account, account_id=account_id, address=address, now=clock.now())
        )
        if result is SignInResult.NOW_LOCKED:
            raise Locked(LOCKED_NOW, code="locked")
        raise NotSignedIn(service.WRONG, code="wrong_password")

    def open_it(session: Session) -> Opened:
        token = service.open_verified(session, account=account, known=known, address=address, agent=agent, now=clock.now())
        return Opened(token, queries.user_of_account(session, account_id))

    return await work(open_it)


async def confirm_password(user: User, password: str, *, address: str) -> None:
    """Raise unless it is the user's present password; guesses count and lock as at the door."""
    known = await read(lambda session: service.credentials(session, account=user.account, address=address, now=clock.now()))
    if not await verify_password(password, known.hashed):
        await work(
            lambda session: service.record_failure(
                session, account=user.account, account_id=user.account_id, address=address, now=clock.now()
            )
        )
        raise Invalid("现在的密码不正确。连续输错 5 次，账号将锁定 15 分钟。", code="wrong_password")


async def verify_password(password: str, hashed: str) -> bool:
    """`passwords.verify_password` in the bounded pool."""
    return await asyncio.get_running_loop().run_in_executor(passwords.pool, passwords.verify_password, password, hashed)


async def hash_password(password: str) -> str:
    """`passwords.hash_password` in the bounded pool."""
    return await asyncio.get_running_loop().run_in_executor(passwords.pool, passwords.hash_password, password)

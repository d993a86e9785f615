"""The audit trail: who did what, chained by digests so that a changed or missing row shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, select, text
from sqlmodel import Session

from quiz.models.accounts import AuditEvent, Setting

HEAD = "audit_head"
"""The setting that holds how many rows there are and the digest of the last: without it, rows cut off the end would leave no trace."""
_CHAIN_LOCK = 727_274  # any fixed number: the advisory lock that orders the chain on PostgreSQL


_events, _settings = AuditEvent.__table__, Setting.__table__  # type: ignore[attr-defined]
# Composed once: every sign-in is on the trail.
_LOCK = text("select pg_advisory_xact_lock(:key)")
_HEAD = select(_settings.c.value).where(_settings.c.name == HEAD)
_APPEND = _events.insert()
_FIRST_HEAD = _settings.insert().values(name=bindparam("head_name"), value=bindparam("head_value"))
_MOVE_HEAD = _settings.update().where(_settings.c.name == bindparam("head_name")).values(value=bindparam("head_value"))


@dataclass(frozen=True)
class Actor:
    """Who acts, and from where."""

    account_id: int | None = None
    account: str = ""
    address: str = ""


SYSTEM = Actor(account="系统")


@dataclass(frozen=True)
class Broken:
    """A row of the trail that does not fit."""

    id: int
    reason: str


@dataclass(frozen=True)
class AuditReport:
    rows: int
    broken: Sequence[Broken] = field(default_factory=tuple)

    @property
    def intact(self) -> bool:
        return not self.broken


def _digest(row: dict[str, Any]) -> str:
    text_form = json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text_form.encode()).hexdigest()


def _content(event: AuditEvent) -> dict[str, Any]:
    return {
        "at": event.at.astimezone(UTC).isoformat(),
        "account_id": event.account_id,
        "account": event.account,
        "address": event.address,
        "action": event.action,
        "subject": event.subject,
        "result": event.result,
        "detail": event.detail,
        "previous": event.previous,
    }


def record(
    session: Session,
    *,
    actor: Actor,
    action: str,
    at: datetime,
    subject: str = "",
    result: str = "done",
    detail: dict[str, Any] | None = None,
) -> None:
    """Append one row to the trail, in the caller's transaction."""
    session.flush()
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK, {"key": _CHAIN_LOCK})
    rows, _, previous = (connection.execute(_HEAD).scalar() or "0:").partition(":")
    event = AuditEvent(
        at=at,
        account_id=actor.account_id,
        account=actor.account[:60],
        address=actor.address[:60],
        action=action,
        subject=subject[:120],
        result=result,
        detail=json.loads(json.dumps(detail, ensure_ascii=False, default=str)) if detail else {},
        previous=previous,
        digest="",
    )
    content = _content(event)
    digest = _digest(content)
    connection.execute(_APPEND, {**content, "at": at, "digest": digest})
    head = f"{int(rows) + 1}:{digest}"
    connection.execute(_FIRST_HEAD if rows == "0" else _MOVE_HEAD, {"head_name": HEAD, "head_value": head})


def verify(session: Session) -> AuditReport:
    """Walk the chain from the first row and name each row whose digest or link is wrong."""
    broken: list[Broken] = []
    previous, rows = "", 0
    for event in session.scalars(select(AuditEvent).order_by(AuditEvent.id).execution_options(yield_per=1000)):  # type: ignore[arg-type]
        rows += 1
        if event.previous != previous:
            broken.append(Broken(event.id or 0, "与上一条记录的校验值不衔接（中间可能有记录被删除）"))
        if _digest(_content(event)) != event.digest:
            broken.append(Broken(event.id or 0, "内容与校验值不符（记录可能被修改）"))
        previous = event.digest
    head = session.execute(select(Setting.value).where(Setting.name == HEAD)).scalar() or "0:"  # type: ignore[call-overload]
    if head != f"{rows}:{previous}":
        broken.append(Broken(0, f"记录共 {rows} 条，与登记的 {head.split(':')[0]} 条或末条校验值不符（末尾可能有记录被删除或添加）"))
    return AuditReport(rows=rows, broken=tuple(broken))

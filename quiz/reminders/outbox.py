"""Sends what waits in the outbox: claimed first, sent once, and what became of it written down.

A message is claimed in a transaction of its own before anything leaves. If the process dies in between, nobody knows whether
it went out: it is then shown as unclear and never sent again by itself. Only what was certainly not taken is tried again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from quiz.db import Database
from quiz.models.organisations import Organisation
from quiz.models.reminders import OutboxMessage
from quiz.organisations.reach import Reach, Reaches
from quiz.problems import NotFound, Refusal
from quiz.reminders import addresses, mode
from quiz.reminders.senders import Letter, NotSent, Sender, Unclear
from quiz.settings import settings
from quiz.vocabulary import Channel, OutboxState

AnyReach = Reach | Reaches
MOST_ATTEMPTS = 4
PAUSES = (timedelta(minutes=2), timedelta(minutes=15), timedelta(hours=2))
LOST_AFTER = timedelta(minutes=10)
UNCLEAR = "发送过程中断，不能确定对方是否收到；请先核实，确需再发的点“重新发送”。"


@dataclass(frozen=True)
class MessageView:
    """One message as the list shows it."""

    id: int
    channel: Channel
    address: str
    """Masked."""
    subject: str
    body: str
    state: OutboxState
    attempts: int
    not_before: datetime
    sent_at: datetime | None
    receipt: str
    error: str
    organisation: str


@dataclass(frozen=True)
class Outbox:
    """A page of the outbox and the numbers by state."""

    total: int
    by_state: dict[OutboxState, int]
    messages: tuple[MessageView, ...]


# --- sending ----------------------------------------------------------------------------------------------------------------------


def send_some(database: Database, *, roads: Mapping[Channel, Sender], now: datetime, limit: int = 20) -> int:
    """Send what may leave now, within the limit of each road per minute; answers with how many were taken up."""
    with database.transaction() as session:
        _give_up_lost(session, now=now)
        live = mode.is_live(session)
        claimed = _claim(session, roads, now=now, limit=limit, live=live)
    for message in claimed:
        outcome = _dry() if not live else _deliver(roads[Channel(message.channel)], message)
        with database.transaction() as session:
            _note(session, message, outcome, now=now)
    return len(claimed)


@dataclass(frozen=True)
class _Outcome:
    state: OutboxState
    receipt: str = ""
    error: str = ""
    again: bool = False


def _dry() -> _Outcome:
    return _Outcome(OutboxState.DRY)


def _deliver(road: Sender, message: OutboxMessage) -> _Outcome:
    try:
        receipt = road.send(Letter(message.address, message.subject, message.body, message.dedupe_key))
    except NotSent as problem:
        return _Outcome(OutboxState.FAILED, error=str(problem)[:500], again=True)
    except Unclear as problem:
        return _Outcome(OutboxState.FAILED, error=f"{UNCLEAR}（{problem}）"[:500])
    except Refusal as problem:
        return _Outcome(OutboxState.FAILED, error=problem.message[:500])
    return _Outcome(OutboxState.SENT, receipt=receipt[:200])


def _claim(session: Session, roads: Mapping[Channel, Sender], *, now: datetime, limit: int, live: bool) -> list[OutboxMessage]:
    """Take messages out of the queue; another process that looks at the same time takes others."""
    claimed: list[OutboxMessage] = []
    for channel in Channel:
        if live and channel not in roads:
            continue
        free = min(limit - len(claimed), settings().messages_per_minute - _sent_lately(session, channel, now=now))
        if free <= 0:
            continue
        waiting = (
            select(OutboxMessage)
            .where(
                col(OutboxMessage.state) == OutboxState.QUEUED.value, col(OutboxMessage.channel) == channel.value,
                col(OutboxMessage.not_before) <= now,
                col(OutboxMessage.dedupe_key).startswith(mode.DRY_PREFIX) == (not live),
            )
            .order_by(col(OutboxMessage.not_before), col(OutboxMessage.id))
            .limit(free)
            .with_for_update(skip_locked=True)
        )  # fmt: skip
        for row in session.scalars(waiting):
            row.state, row.claimed_at, row.attempts = OutboxState.SENDING.value, now, row.attempts + 1
            claimed.append(row)
    session.flush()
    for row in claimed:
        session.expunge(row)
    return claimed


def _sent_lately(session: Session, channel: Channel, *, now: datetime) -> int:
    query = select(func.count()).where(
        col(OutboxMessage.channel) == channel.value, col(OutboxMessage.claimed_at) > now - timedelta(minutes=1)
    )
    return session.scalar(query) or 0


def _give_up_lost(session: Session, *, now: datetime) -> None:
    """What a process that died had in its hands."""
    session.execute(
        update(OutboxMessage)
        .where(col(OutboxMessage.state) == OutboxState.SENDING.value, col(OutboxMessage.claimed_at) < now - LOST_AFTER)
        .values(state=OutboxState.FAILED.value, error=UNCLEAR)
    )


def _note(session: Session, message: OutboxMessage, outcome: _Outcome, *, now: datetime) -> None:
    values: dict[str, object] = {"state": outcome.state.value, "receipt": outcome.receipt, "error": outcome.error}
    if outcome.state in (OutboxState.SENT, OutboxState.DRY):
        values["sent_at"] = now
    if outcome.again and message.attempts < MOST_ATTEMPTS:
        values |= {"state": OutboxState.QUEUED.value, "not_before": now + PAUSES[min(message.attempts, len(PAUSES)) - 1]}
    session.execute(update(OutboxMessage).where(col(OutboxMessage.id) == message.id).values(values))


# --- by hand ----------------------------------------------------------------------------------------------------------------------


def send_again(session: Session, *, message_id: int, now: datetime) -> None:
    """Somebody looked into it and wants it sent once more."""
    row = _message(session, message_id)
    if row.state != OutboxState.FAILED.value:
        raise Refusal("只有发送失败的消息可以重新发送。", code="not_failed")
    row.state, row.not_before, row.error, row.attempts = OutboxState.QUEUED.value, now, "", 0


def cancel(session: Session, *, message_id: int) -> None:
    """It shall not leave."""
    row = _message(session, message_id)
    if row.state not in (OutboxState.QUEUED.value, OutboxState.FAILED.value):
        raise Refusal("只有还没发出的消息可以取消。", code="already_sent")
    row.state = OutboxState.CANCELLED.value


def cancel_waiting(session: Session, *, programme_id: int) -> int:
    """Nothing of this programme shall leave any more; answers with how many were waiting."""
    done = session.execute(
        update(OutboxMessage)
        .where(col(OutboxMessage.programme_id) == programme_id, col(OutboxMessage.state) == OutboxState.QUEUED.value)
        .values(state=OutboxState.CANCELLED.value)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def listed(
    session: Session, *, programme_id: int, state: OutboxState | None = None, reach: AnyReach, limit: int = 50, offset: int = 0
) -> Outbox:
    """Messages of a programme within reach, the latest first. Digests belong to nobody's enterprise: only the whole city sees them."""
    conditions = [col(OutboxMessage.programme_id) == programme_id]
    limits = reach.conditions()
    base = select(OutboxMessage, col(Organisation.name)).outerjoin(Organisation, col(Organisation.id) == col(OutboxMessage.organisation_id))
    if limits:
        conditions += [col(OutboxMessage.organisation_id).is_not(None), *limits]
    numbers = (
        select(col(OutboxMessage.state), func.count())
        .outerjoin(Organisation, col(Organisation.id) == col(OutboxMessage.organisation_id))
        .where(*conditions)
        .group_by(col(OutboxMessage.state))
    )
    by_state = {OutboxState(code): number for code, number in session.execute(numbers)}
    page = base.where(*conditions).order_by(col(OutboxMessage.id).desc()).limit(limit).offset(offset)
    if state is not None:
        page = page.where(col(OutboxMessage.state) == state.value)
    messages = tuple(_view(row, organisation or "") for row, organisation in session.execute(page))
    return Outbox(total=by_state.get(state, 0) if state else sum(by_state.values()), by_state=by_state, messages=messages)


def _message(session: Session, message_id: int) -> OutboxMessage:
    row = session.get(OutboxMessage, message_id)
    if row is None:
        raise NotFound("没有找到这条消息。", code="message_unknown")
    return row


def _view(row: OutboxMessage, organisation: str) -> MessageView:
    channel = Channel(row.channel)
    return MessageView(
        id=row.id or 0, channel=channel, address=addresses.masked(channel, row.address), subject=row.subject, body=row.body,
        state=OutboxState(row.state), attempts=row.attempts, not_before=row.not_before, sent_at=row.sent_at, receipt=row.receipt,
        error=row.error, organisation=organisation,
    )  # fmt: skip

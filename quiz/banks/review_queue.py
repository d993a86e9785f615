"""What waits in a bank and for whom: drafts for a second reader, reviewed versions to be published, remarks for their writer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from sqlalchemy import func, select
from sqlmodel import Session, col

from quiz.banks import workflow
from quiz.banks.workflow import Pending
from quiz.models.banks import Item, ItemStep
from quiz.vocabulary import ItemState, ItemStepAction


class Task(IntEnum):
    """What a waiting version asks of a person, in the order in which it is laid before them."""

    REVIEW = 1
    PUBLISH = 2
    MEND = 3


@dataclass(frozen=True)
class Waiting:
    """A version on its way, and the last step somebody took with it."""

    pending: Pending
    action: ItemStepAction
    account: str
    note: str
    at: datetime

    @property
    def is_sent_back(self) -> bool:
        return self.action is ItemStepAction.SENT_BACK

    @property
    def label(self) -> str:
        """`草稿待复核（wang 起草）`: what is due, and who brought it here."""
        if self.is_sent_back:
            return f"已退回待修改（{self.account} 退回）"
        if self.pending.state is ItemState.REVIEWED:
            return f"已复核待发布（{self.account} 复核）"
        return f"草稿待复核（{self.pending.writer} 起草）"

    def task_of(self, account_id: int) -> Task | None:
        """What this person has to do with it; nothing while others have to."""
        if self.pending.state is ItemState.REVIEWED:
            return Task.PUBLISH
        is_writer = self.pending.writer_id == account_id
        if self.is_sent_back:
            return Task.MEND if is_writer else None
        return None if is_writer else Task.REVIEW


def waiting_in_bank(session: Session, bank_code: str) -> dict[int, Waiting]:
    """All that waits in a bank, by item."""
    steps = session.scalars(
        select(ItemStep)
        .join(Item, (col(Item.id) == col(ItemStep.item_id)) & (col(Item.pending_id) == col(ItemStep.version_id)))
        .where(col(Item.bank_code) == bank_code)
        .order_by(col(ItemStep.id))
    )
    last = {step.item_id: step for step in steps}
    return {
        item_id: Waiting(pending, ItemStepAction(step.action), step.account, step.note, step.at)  # type: ignore[call-arg]
        for item_id, pending in workflow.pending_of_bank(session, bank_code).items()
        for step in (last[item_id],)
    }


@dataclass(frozen=True)
class Count:
    """How many versions of a bank wait, by what has to be done with them."""

    review: int = 0
    publish: int = 0
    mend: int = 0
    """Sent back to whoever wrote them."""

    @property
    def total(self) -> int:
        return self.review + self.publish + self.mend


def waiting(session: Session) -> dict[str, Count]:
    """What waits in each bank, for the list of banks."""
    last = (
        select(func.max(col(ItemStep.id)).label("id"))
        .join(Item, (col(Item.id) == col(ItemStep.item_id)) & (col(Item.pending_id) == col(ItemStep.version_id)))
        .group_by(col(Item.id))
        .subquery()
    )
    rows = session.execute(
        select(col(Item.bank_code), col(Item.pending_state), col(ItemStep.action), func.count())
        .join(Item, col(Item.id) == col(ItemStep.item_id))
        .where(col(ItemStep.id).in_(select(last.c.id)))
        .group_by(col(Item.bank_code), col(Item.pending_state), col(ItemStep.action))
    )
    found: dict[str, Counter[str]] = {}
    for bank, state, action, number in rows:
        is_sent_back = action == ItemStepAction.SENT_BACK.value
        found.setdefault(bank, Counter())["mend" if is_sent_back else "publish" if state == ItemState.REVIEWED.value else "review"] += (
            number
        )
    return {bank: Count(**counts) for bank, counts in found.items()}


def tasks_of(waiting: Iterable[Waiting], *, account_id: int) -> list[tuple[Task, Waiting]]:
    """What waits for this person: first to be reviewed, then to be published, then to be mended; oldest first."""
    mine = [(task, each) for each in waiting if (task := each.task_of(account_id)) is not None]
    return sorted(mine, key=lambda pair: (pair[0], pair[1].pending.written_at, pair[1].pending.item_id))

"""Who points at an organisation, a post or a person: found in the schema itself, so that a room added tomorrow is not forgotten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Column, Table, func, select
from sqlmodel import Session

from quiz.models.base import metadata
from quiz.organisations.ledger import chunks

LABELS = {
    "account": "登录账号",
    "account_grant": "账号授权",
    "activation": "激活码",
    "attempt": "答题记录",
    "extension": "考试延期",
    "study_time": "学习记录",
    "registration": "班次报名",
    "presence": "班次签到",
    "hours_credit": "培训学时",
    "certificate": "结业证明",
    "exemption_request": "核减申请",
    "exemption": "核减",
    "duty": "培训任务",
    "contact": "联系记录",
    "outbox_message": "提醒消息",
    "post": "任职",
    "person_merge": "人员合并",
    "organisationchange": "变更记录",
}
"""What the rows of a table are called where an office must be told of them."""


@dataclass(frozen=True)
class Pointer:
    """One column that points at one table."""

    table: Table
    column: Column[int]

    @property
    def label(self) -> str:
        """What its rows are, in Chinese."""
        return LABELS.get(self.table.name, "其他记录")


@lru_cache
def pointers_at(target: str) -> tuple[Pointer, ...]:
    """Every column of the schema that points at that table, in the order of the tables' names."""
    return tuple(
        Pointer(table, column)
        for table in sorted(metadata.tables.values(), key=lambda each: each.name)
        for column in table.columns
        if any(key.target_fullname == f"{target}.id" for key in column.foreign_keys)
    )


def count_references(
    session: Session, *, target: str, ids: Collection[int], but: Collection[str] = (), unless: Mapping[str, Collection[int]] | None = None
) -> Iterator[tuple[Pointer, Counter[int]]]:
    """For each pointer with rows: how many point at each id. `but` names tables to leave out, `unless` rows of a table by their id."""
    for pointer in pointers_at(target):
        if pointer.table.name in but:
            continue
        allowed = (unless or {}).get(pointer.table.name, ())
        found: Counter[int] = Counter()
        for part in chunks(sorted(ids)):
            if allowed:
                rows = session.execute(select(pointer.table.c.id, pointer.column).where(pointer.column.in_(part)))
                found.update(target_id for row_id, target_id in rows if row_id not in allowed)
            else:
                query = select(pointer.column, func.count()).where(pointer.column.in_(part)).group_by(pointer.column)
                found.update({target_id: number for target_id, number in session.execute(query)})
        if found:
            yield pointer, found

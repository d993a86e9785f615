"""Proves everything coverage keeps: the tally, the list of the uncovered with its counts, the levels, and every snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, union_all
from sqlmodel import Session, col

from quiz.coverage import service, tally, waiting
from quiz.coverage.domain import STATES
from quiz.coverage.levels import COVERED, UNCOVERED, Pair
from quiz.coverage.tally import CELL
from quiz.coverage.verification import VerifyReport, verify
from quiz.models.coverage import Snapshot, Tally, UncoveredTally
from quiz.models.training import Programme

LISTED = 100
"""Faults listed by name; beyond these they are only counted."""


@dataclass(frozen=True)
class BrokenSnapshot:
    """A snapshot that does not add up any more, and why."""

    number: str
    programme: str
    as_of: str
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Proof:
    """What was compared, and what differs."""

    counts: VerifyReport
    waiting: tuple[str, ...]
    snapshots: int
    broken: tuple[BrokenSnapshot, ...]

    @property
    def consistent(self) -> bool:
        """Nothing differs."""
        return self.counts.consistent and not self.waiting and not self.broken

    @property
    def text(self) -> str:
        """In Chinese, for the command line."""
        lines = [self.counts.text]
        lines += [f"未完成名单：{len(self.waiting)} 处不一致。", *self.waiting[:LISTED]] if self.waiting else ["未完成名单与明细完全一致。"]
        if self.broken:
            lines.append(f"已核对 {self.snapshots} 份快照，{len(self.broken)} 份对不上：")
            lines += [f"  快照 {each.number}（{each.programme}，{each.as_of}）：{'；'.join(each.faults)}" for each in self.broken]
        else:
            lines.append(f"已核对 {self.snapshots} 份快照：数字与所附名单完全一致。")
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """The report of the tally, and beside it the list and the snapshots."""
        broken = [
            {"number": each.number, "programme": each.programme, "as_of": each.as_of, "faults": list(each.faults)} for each in self.broken
        ]
        return {
            **self.counts.as_json(), "consistent": self.consistent,
            "uncovered": {"differing": len(self.waiting), "differences": list(self.waiting[:LISTED])},
            "snapshots": {"checked": self.snapshots, "broken": broken},
        }  # fmt: skip


def prove(session: Session) -> Proof:
    """Count everything again and compare."""
    faults = [*tally.waiting_faults(session), *_counts_by_kind(session), *_levels(session, COVERED), *_levels(session, UNCOVERED)]
    checked, broken = _snapshots(session)
    return Proof(verify(session), (*faults, *_uncovered_are_due_less_completed(session)), checked, broken)


def _counts_by_kind(session: Session) -> list[str]:
    """The counts by kind are what the periods add up to."""
    connection, faults = session.connection(), []
    for programme_id in connection.execute(select(col(Programme.id)).order_by(col(Programme.id))).scalars().all():
        assert programme_id is not None
        counted = {key: kinds for key, kinds in waiting.counted(connection, programme_id=programme_id).items() if any(kinds)}
        kept = waiting.kept_counts(connection, programme_id=programme_id)
        faults += [
            f"专项 {programme_id} {day} {'／'.join(filter(None, cell))}：未完成分类数与时段不符"
            for day, cell in sorted(counted.keys() | kept.keys())
            if counted.get((day, cell)) != kept.get((day, cell))
        ]
    return faults


def _levels(session: Session, pair: Pair) -> list[str]:
    """Each level is the sum of its tally."""
    sides = []
    for table, sign in ((pair.tally, 1), (pair.level, -1)):
        cell = [getattr(table, name) for name in ("programme_id", *CELL)]
        sides.append(select(*cell, *((sign * getattr(table, name)).label(name) for name in pair.measures)))
    both = union_all(*sides).subquery("both")
    keys = [both.c[name] for name in ("programme_id", *CELL)]
    sums = [func.sum(both.c[name]) for name in pair.measures]
    rows = session.connection().execute(select(*keys, *sums).group_by(*keys)).all()
    return [f"专项 {row[0]} {'／'.join(filter(None, row[1:5]))}：合计与逐日数不符" for row in rows if any(row[5:])]


def _uncovered_are_due_less_completed(session: Session) -> list[str]:
    """By another road: on every day and in every cell the list is as long as the tally says."""
    sides = []
    for table, number in (
        (Tally, col(Tally.due) - col(Tally.completed)),
        (UncoveredTally, -sum((getattr(UncoveredTally, name) for name in STATES[1:]), getattr(UncoveredTally, STATES[0]))),
    ):
        sides.append(select(*(getattr(table, name) for name in ("programme_id", "day", *CELL)), number.label("number")))
    both = union_all(*sides).subquery("both")
    keys = [both.c[name] for name in ("programme_id", "day", *CELL)]
    rows = session.connection().execute(select(*keys).group_by(*keys).having(func.sum(both.c.number) != 0)).all()
    return [f"专项 {row[0]} {row[1]} {'／'.join(filter(None, row[2:]))}：未完成数不等于应训减完成" for row in rows]


def _snapshots(session: Session) -> tuple[int, tuple[BrokenSnapshot, ...]]:
    """Every snapshot ever taken, one after the other: one holds all enterprises of a day."""
    ids = session.connection().execute(select(col(Snapshot.id)).order_by(col(Snapshot.id))).scalars().all()
    broken = []
    for snapshot_id in ids:
        assert snapshot_id is not None
        view = service.read_snapshot(session, snapshot_id=snapshot_id)
        faults = service.faults_of(view)
        if faults:
            broken.append(BrokenSnapshot(view.number, view.programme, view.as_of.isoformat(), tuple(faults)))
    return len(ids), tuple(broken)

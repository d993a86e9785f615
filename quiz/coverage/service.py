"""Keeps the tally, proves it, and fixes a published figure in a snapshot."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from quiz.coverage import queries
from quiz.coverage.domain import MEASURES, Cell, Counts
from quiz.coverage.tally import refresh
from quiz.coverage.verification import verify
from quiz.models.coverage import Contribution, Snapshot
from quiz.models.training import Programme
from quiz.problems import NotFound
from quiz.training.queries import ProgrammeView, programme

__all__ = ["SnapshotView", "has_paper", "read_snapshot", "refresh", "snapshot", "total_of", "verify"]

LEVELS = ("exempt", "none", "trained", "examined", "passed", "completed")
"""How far an enterprise is, the furthest level only: of these lists every figure of the day can be counted again."""


@dataclass(frozen=True)
class SnapshotView:
    """What was known when a figure was published."""

    id: int
    programme: str
    as_of: date
    policy: str
    taken_at: datetime
    figures: dict[str, Any]
    digest: str

    @property
    def number(self) -> str:
        """As it is printed beside the figure."""
        return f"{self.id:06d}-{self.digest[:8]}"


def snapshot(session: Session, *, programme_code: str, as_of: date, now: datetime, account_id: int | None = None) -> SnapshotView:
    """Fix the figures of that day as they are known now, with the enterprises behind them."""
    wanted = programme(session, code=programme_code)
    by: dict[str, Any] = {
        name: [group.as_json() for group in queries.coverage(session, programme_code=programme_code, as_of=as_of, by=name).groups]
        for name in ("region", "town", "sector", "department")
    }
    figures = {
        "total": queries.coverage(session, programme_code=programme_code, as_of=as_of).total.as_json(),
        "by": by,
        "persons": asdict(queries.persons(session, programme_code=programme_code, as_of=as_of)),
        "organisations": _organisations(session, wanted.id, as_of),
        "programme": _programme(wanted),
        "uncovered": _uncovered(session, programme_code=programme_code, as_of=as_of),
    }
    row = Snapshot(
        programme_id=wanted.id, as_of=as_of, policy=wanted.policy.value, taken_at=now, account_id=account_id, figures=figures,
        digest=_digest(wanted.code, as_of, wanted.policy.value, figures),
    )  # fmt: skip
    session.add(row)
    session.flush()
    return _view(row, wanted.code)


def read_snapshot(session: Session, *, snapshot_id: int) -> SnapshotView:
    """A snapshot as it was taken."""
    row = session.get(Snapshot, snapshot_id)
    if row is None:
        raise NotFound("没有找到该快照。", code="snapshot_unknown")
    code = session.connection().execute(select(col(Programme.code)).where(col(Programme.id) == row.programme_id)).scalar_one()
    return _view(row, code)


def _programme(wanted: ProgrammeView) -> dict[str, Any]:
    """What must be said beside the figures, as it stood."""
    return {
        "title": wanted.title, "basis": wanted.basis, "role": wanted.role.label, "opens_on": wanted.opens_on.isoformat(),
        "due_on": wanted.due_on.isoformat(), "grace_days": wanted.grace_days,
        "has_paper": wanted.has_paper,
    }  # fmt: skip


def _uncovered(session: Session, *, programme_code: str, as_of: date) -> list[dict[str, Any]]:
    """The list as it was known, without telephone numbers: names change, and a published list must not."""
    listed = queries.uncovered(session, programme_code=programme_code, as_of=as_of, limit=None)
    return [
        {
            "id": row.organisation_id, "name": row.name, "district": row.district_code, "district_name": row.district, "town": row.town_code,
            "town_name": row.town, "sector": row.sector_code, "sector_name": row.sector, "department_name": row.department,
            "holders": list(row.waiting_for), "due_on": row.due_on.isoformat(), "days_overdue": row.days_overdue if row.is_overdue else 0,
            "reason": row.reason.value,
        }
        for row in listed.rows
    ]  # fmt: skip


def has_paper(figures: dict[str, Any]) -> bool:
    """Was anything examined in the programme when its figures were fixed?"""
    return bool(figures.get("programme", {}).get("has_paper", True))


def total_of(figures: dict[str, Any]) -> Counts:
    """The total counted again from the enterprises a snapshot lists."""
    furthest: dict[str, int] = defaultdict(int)
    for cell in figures["organisations"]:
        for level, ids in cell["levels"].items():
            furthest[level] += len(ids)
    reached = {level: sum(furthest[further] for further in LEVELS[place:]) for place, level in enumerate(LEVELS)}
    if not has_paper(figures):  # completed without a paper: nobody sat one
        reached |= {"examined": 0, "passed": 0}
    return Counts(
        due=reached["none"], trained=reached["trained"], examined=reached["examined"], passed=reached["passed"],
        completed=reached["completed"], exempt=furthest["exempt"],
    )  # fmt: skip


def faults_of(view: SnapshotView) -> list[str]:
    """What in a snapshot does not add up, in Chinese; nothing when it is as it was taken and every figure follows from its lists."""
    figures, faults = view.figures, []
    if _digest(view.programme, view.as_of, view.policy, figures) != view.digest:
        faults.append("内容与固化时的校验值不符，可能被改动过")
    counted = total_of(figures)
    if counted.as_json() != figures["total"]:
        faults.append(f"合计记为 {figures['total']}，按名单重数为 {counted.as_json()}")
    for name, groups in figures["by"].items():
        summed = sum((Counts(**{measure: group[measure] for measure in MEASURES}) for group in groups), Counts())
        if summed != counted:
            faults.append(f"{name} 各组相加为 {summed.shown}，合计为 {counted.shown}")
    if "uncovered" in figures and len(figures["uncovered"]) != counted.uncovered:
        faults.append(f"未完成名单 {len(figures['uncovered'])} 家，应为 {counted.uncovered} 家")
    return faults


def _organisations(session: Session, programme_id: int, as_of: date) -> list[dict[str, Any]]:
    """Cell by cell, the ids of the enterprises by how far they are."""
    cell: list[Any] = [getattr(Contribution, f"{name}_code") for name in Cell._fields]
    sums = [func.sum(getattr(Contribution, name)).label(name) for name in MEASURES]
    query = (
        select(*cell, col(Contribution.organisation_id), *sums)
        .where(col(Contribution.programme_id) == programme_id, col(Contribution.day) <= as_of)
        .group_by(*cell, col(Contribution.organisation_id))
        .order_by(*cell, col(Contribution.organisation_id))
    )
    found: dict[Cell, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row in session.connection().execute(query):
        if row.exempt:
            found[Cell(*row[:4])]["exempt"].append(row.organisation_id)
        elif row.due:
            level = next((name for name in reversed(LEVELS[2:]) if getattr(row, name)), "none")
            found[Cell(*row[:4])][level].append(row.organisation_id)
    return [{**where._asdict(), "levels": dict(levels)} for where, levels in found.items()]


def _digest(code: str, as_of: date, policy: str, figures: dict[str, Any]) -> str:
    text = json.dumps([code, as_of.isoformat(), policy, figures], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _view(row: Snapshot, code: str) -> SnapshotView:
    assert row.id is not None
    return SnapshotView(
        id=row.id, programme=code, as_of=row.as_of, policy=row.policy, taken_at=row.taken_at, figures=row.figures, digest=row.digest
    )

"""The table of hours due by law, read from `data/hours_by_law.yaml`: numbers of the law stand there, beside their clause."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from quiz.training.requirements import HoursTable, LegalHours

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Interval:
    """How far apart two trainings lie, by the clause that says so."""

    at_least_months: int
    at_most_months: int
    source: str


@lru_cache
def _data() -> Any:
    return yaml.safe_load((DATA / "hours_by_law.yaml").read_text("utf-8"))


@lru_cache
def table() -> HoursTable:
    """All lines."""
    lines = tuple(
        LegalHours(
            role=row["role"], high_risk=row["high_risk"], is_first=row["occasion"] == "first", hours=row["hours"],
            law=row.get("law", ""), article=row.get("article", ""), clause=row.get("clause", ""), remark=row.get("remark", ""),
        )
        for row in _data()["hours"]
    )  # fmt: skip
    return HoursTable(lines, _data()["periods"]["first_within_months"]["months"])


def retraining_interval() -> Interval:
    """Between two yearly trainings of enterprises that are not 高危."""
    row = _data()["periods"]["retraining"]
    return Interval(row["at_least_months"], row["at_most_months"], f"《{row['law']}》{row['article']}")


def source_text(line: LegalHours) -> str:
    """`《生产经营单位安全培训规定》第九条第二款`, or why there is no number."""
    return f"《{line.law}》{line.article}" if line.hours is not None else line.remark

"""Readings in short, to be compared whole."""

from __future__ import annotations

from typing import Any

from quiz.exchange.domain import Reading, ReadRow


def brief(row: ReadRow) -> dict[str, Any]:
    """What became of a row, leaving out what is empty."""
    found: dict[str, Any] = {"fate": row.fate.value}
    codes = [remark.code for remark in row.remarks]
    if codes:
        found["codes"] = codes
    if row.draft is not None:
        values = row.draft.model_dump(mode="json", exclude_defaults=True, exclude={"code"})
        found |= {name: value for name, value in values.items() if value}
    return found


def rows(reading: Reading) -> list[dict[str, Any]]:
    return [brief(row) for row in reading.rows]


TRUTH = {"A": "正确", "B": "错误"}

"""An attempt as one line of a list."""

from __future__ import annotations

from quiz import clock
from quiz.attempts.queries import AttemptRow
from quiz.ui import components


def result_row(row: AttemptRow, title: str) -> tuple[object, ...]:
    """Paper, number, start, score, verdict, how it was handed in, and the way to the result."""
    score = "—" if row.score is None else f"{row.score:g} / {row.max_score:g}"
    if not row.state.is_closed:
        verdict, way = components.badge("答题中", "warn"), components.anchor("继续答题", f"/exam/{row.id}")
    else:
        verdict = components.badge("合格", "ok") if row.passed else components.badge("未合格", "bad")
        way = components.anchor("查看", f"/exam/{row.id}/result")
    return title, f"第 {row.number} 次", clock.show(row.started_at), score, verdict, row.state.label, way

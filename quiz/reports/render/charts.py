"""Charts as pictures, for documents that hold none of their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from quiz.coverage.domain import show_share
from quiz.typesetting import draw

TEMPLATE = Path(__file__).parent.parent / "templates" / "bars.typ"
FINE, BEHIND = "#1f6fb2", "#c2571a"


def share_bars(bars: Sequence[tuple[str, int, int]], *, part: int, whole: int) -> bytes:
    """A png with one bar a group (label, part, whole), those below the average in another colour, and the average as a line."""
    average = part / whole if whole else None
    return draw(
        TEMPLATE,
        {
            "bars": [
                {
                    "label": label, "share": done / due if due else 0.0, "said": f"{show_share(done, due)}（{done}/{due}）",
                    "color": BEHIND if average is not None and due and done / due < average else FINE,
                }
                for label, done, due in bars
            ],
            "average": average,
            "average_said": f"红线：平均 {show_share(part, whole)}；橙色：低于平均",
        },
    )  # fmt: skip

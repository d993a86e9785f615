"""A question of a table judged, with what was remarked while its cells were read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from quiz.exchange.domain import Fate, RawQuestion, ReadRow, Remark, Severity
from quiz.exchange.judge import judge
from quiz.vocabulary import ItemType
from quiz.wall import in_halves

_CHANGING = {"date_cell", "truth_by_figure", "answer_number_matched", "answer_list_read", "picture_not_in_file"}
"""Remarks on a row that make an accepted question a repaired one."""


@dataclass(frozen=True)
class Asked:
    """A question out of its row, not judged yet."""

    raw: RawQuestion
    remarks: Sequence[Remark] = ()
    unvalued: ReadRow | None = None
    """What becomes of it where a formula was never calculated."""


def judged(asked: Asked) -> ReadRow:
    """The row it comes to."""
    row, remarks = asked.unvalued or judge(asked.raw), asked.remarks
    if not remarks:
        return row
    if row.draft and row.draft.type in (ItemType.BLANK, ItemType.NUMERIC) and any(_is_date_of(remark, asked.raw) for remark in remarks):
        doubt = next(remark for remark in remarks if _is_date_of(remark, asked.raw))
        return replace(row, fate=Fate.REFUSED, draft=None, remarks=(replace(doubt, severity=Severity.ERROR),))
    changed = row.fate is Fate.ACCEPTED and any(remark.code in _CHANGING for remark in remarks)
    return replace(row, remarks=(*remarks, *row.remarks), fate=Fate.REPAIRED if changed else row.fate)


def all_judged(found: Sequence[ReadRow | Asked]) -> list[ReadRow]:
    """Rows as they are, and what becomes of the questions among them."""
    rows = iter(in_halves(lambda part: [judged(asked) for asked in part], [each for each in found if isinstance(each, Asked)]))
    return [next(rows) if isinstance(each, Asked) else each for each in found]


def _is_date_of(remark: Remark, raw: RawQuestion) -> bool:
    return remark.code == "date_cell" and remark.place == raw.places.get("answer")

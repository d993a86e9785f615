"""Banks out, in every format: what a format cannot hold is listed before, not lost."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import ModuleType

from sqlalchemy import select
from sqlmodel import Session, col

from quiz.banks import queries
from quiz.banks.files import ItemDraft
from quiz.exchange.domain import Picture
from quiz.models.banks import Bank, Clause, Edition, PictureFile
from quiz.problems import NotFound
from quiz.vocabulary import ItemState, Labelled


class ExportFormat(Labelled):
    """A format a bank can leave in."""

    XLSX = "xlsx", "Excel 表格"
    CSV = "csv", "CSV 表格"
    JSON = "json", "JSON"
    GIFT = "gift", "GIFT"
    AIKEN = "aiken", "Aiken"
    MOODLE_XML = "moodle-xml", "Moodle XML"
    QTI21 = "qti21", "QTI 2.1"
    QTI30 = "qti30", "QTI 3.0"
    DOCX = "docx", "Word 试卷与答案"


_WRITERS = {
    ExportFormat.XLSX: ("table", "xlsx"),
    ExportFormat.CSV: ("table", "csv"),
    ExportFormat.JSON: ("json_file", "json"),
    ExportFormat.GIFT: ("gift", "gift.txt"),
    ExportFormat.AIKEN: ("aiken", "aiken.txt"),
    ExportFormat.MOODLE_XML: ("moodle_xml", "xml"),
    ExportFormat.QTI21: ("qti21", "zip"),
    ExportFormat.QTI30: ("qti30", "zip"),
    ExportFormat.DOCX: ("printed", "docx"),
}


def suffix_of(format: ExportFormat) -> str:
    """How the name of a file of this format ends."""
    return _WRITERS[format][1]


@dataclass(frozen=True)
class Check:
    """What a format makes of a bank, before anything is written."""

    holds: tuple[ItemDraft, ...]
    left_out: tuple[tuple[str, tuple[str, ...]], ...]
    """Code and reasons of items it cannot hold at all."""
    losses: tuple[tuple[str, tuple[str, ...]], ...]
    """Code and reasons of items that lose something."""


@dataclass(frozen=True)
class Export:
    """A written file, and what did not fit into it."""

    data: bytes
    suffix: str
    items: int
    left_out: tuple[tuple[str, tuple[str, ...]], ...]
    losses: tuple[tuple[str, tuple[str, ...]], ...]

    def as_json(self) -> dict[str, object]:
        def listed(rows: Sequence[tuple[str, tuple[str, ...]]]) -> list[dict[str, object]]:
            return [{"item": code, "reasons": list(reasons)} for code, reasons in rows]

        return {"items": self.items, "left_out": listed(self.left_out), "losses": listed(self.losses)}


def items_to_export(session: Session, bank_code: str) -> tuple[str, list[ItemDraft]]:
    """Title and published items of a bank. Raises NotFound when there is no such bank."""
    bank = session.get(Bank, bank_code)
    if bank is None:
        raise NotFound(f"没有编号为 {bank_code} 的题库。")
    views = [view for view in queries.items_of_bank(session, bank_code) if view.state == ItemState.PUBLISHED]
    return bank.title, [view.as_draft() for view in views]


def check(items: Sequence[ItemDraft], format: ExportFormat) -> Check:
    """What the format can hold, and what it would leave out or lose."""
    writer = _writer(format)
    unreadable = writer.unreadable(items) if format is ExportFormat.DOCX else {}
    holds, left_out, losses = [], [], []
    for place, item in enumerate(items):
        reasons = tuple(writer.left_out(item))
        if reasons:
            left_out.append((item.code, reasons))
            continue
        holds.append(item)
        lost = (*writer.cannot_hold(item), *unreadable.get(place, ()))
        if lost:
            losses.append((item.code, lost))
    return Check(tuple(holds), tuple(left_out), tuple(losses))


def export_bank(session: Session, *, bank_code: str, format: ExportFormat) -> Export:
    """Write the published items of a bank. Raises NotFound when there is no such bank."""
    title, items = items_to_export(session, bank_code)
    return export_items(session, title=title, items=items, format=format)


def export_items(session: Session, *, title: str, items: Sequence[ItemDraft], format: ExportFormat) -> Export:
    """Write these items."""
    checked = check(items, format)
    digests = {ref.digest for item in checked.holds for ref in item.pictures}
    rows = session.scalars(select(PictureFile).where(col(PictureFile.digest).in_(digests))) if digests else ()
    pictures = {row.digest: Picture(row.data, row.media_type) for row in rows}
    if format is ExportFormat.DOCX:  # read by people, who know a clause by its name
        checked = replace(checked, holds=tuple(_with_names(session, checked.holds)))
    writer = _writer(format)
    write = writer.write_csv if format is ExportFormat.CSV else writer.write
    return Export(write(title, checked.holds, pictures), suffix_of(format), len(checked.holds), checked.left_out, checked.losses)


def _with_names(session: Session, items: Sequence[ItemDraft]) -> list[ItemDraft]:
    ids = {clause for item in items for clause in item.clauses}
    rows = session.execute(
        select(col(Clause.id), col(Edition.title), col(Clause.ref))
        .join(Edition, col(Edition.code) == col(Clause.edition_code))
        .where(col(Clause.id).in_(ids))
    )
    names = {id_: f"《{title}》{ref}" for id_, title, ref in rows}
    return [item.model_copy(update={"clauses": [names.get(clause, clause) for clause in item.clauses]}) for item in items]


def _writer(format: ExportFormat) -> ModuleType:
    """`write(title, items, pictures) -> bytes`; `left_out(item)`: why it is not written at all; `cannot_hold(item)`: that, or what it loses."""
    return importlib.import_module(f"quiz.exchange.writers.{_WRITERS[format][0]}")

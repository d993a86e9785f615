"""Sets files of enterprises and persons as pdf."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from quiz.reports.dossiers import Dossier
from quiz.reports.structure import Block, Paragraph, Table
from quiz.typesetting import typeset

TEMPLATE = Path(__file__).parent.parent / "templates" / "dossier.typ"


def to_pdf(dossier: Dossier) -> bytes:
    """The file."""
    facts = list(dossier.facts)
    if len(facts) % 2:
        facts.append(("", ""))
    sections = [{"heading": section.heading, "blocks": [_block(block) for block in section.blocks]} for section in dossier.sections]
    return typeset(
        TEMPLATE, {"title": dossier.title, "subject": dossier.subject, "facts": facts, "sections": sections, "source": dossier.source}
    )


def _block(block: Block) -> dict[str, Any]:
    if isinstance(block, Table):
        widths = block.widths or (1.0,) * len(block.columns)
        return {"kind": "table", "columns": block.columns, "rows": [list(row) for row in block.rows], "widths": widths}
    assert isinstance(block, Paragraph)
    return {"kind": "text", "text": block.text}

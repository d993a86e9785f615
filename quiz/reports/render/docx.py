"""Sets a document as an official letter in Word: page, fonts and spacing of GB/T 9704, tables with repeated heads, page numbers."""

from __future__ import annotations

import io
import re
from typing import Any

from docx import Document as new_document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from quiz.reports.render.charts import share_bars
from quiz.reports.structure import Bars, Block, Document, Section, Table

TITLE, HEADING, BODY, SONG = "方正小标宋简体", "黑体", "仿宋_GB2312", "宋体"
SECOND, THIRD, FOURTH, SMALL = Pt(22), Pt(16), Pt(14), Pt(10.5)
LINE, NO_SPACE = Pt(28), Pt(0)
SHORT_TABLE = 12
"""Rows that stay on one page: a head with a single line below it, and the rest overleaf, reads badly."""
LONGEST_TITLE_LINE = 20
_TITLE_BREAKS = ("主要负责人", "责任人", "负责人", "人员")
_UNHOLDABLE = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
"""What a Word file cannot hold: one name with such a character must not stop the whole letter."""


def to_docx(document: Document) -> bytes:
    """The file."""
    word: Any = new_document()
    _page(word)
    lines = title_lines(document.title)
    for place, line in enumerate(lines, start=1):
        after = Pt(18) if place == len(lines) else NO_SPACE
        _paragraph(word, line, font=TITLE, size=SECOND, align=WD_ALIGN_PARAGRAPH.CENTER, after=after, line=Pt(34), keep=True)
    if document.addressees:
        _paragraph(word, f"{document.addressees}：")
    _paragraph(word, document.opening, indent=True)
    for section in document.sections:
        _section(word, section)
    word.paragraphs[-1].paragraph_format.keep_with_next = True  # a signature never stands on a page without text
    if document.annexes:
        _paragraph(word, "", keep=True)
        _paragraph(word, document.annexes[0].heading, indent=True, keep=True)
    _paragraph(word, "", keep=True)
    _paragraph(word, document.signed_by, align=WD_ALIGN_PARAGRAPH.RIGHT, right=Mm(12), keep=True)
    _paragraph(word, document.signed_on, align=WD_ALIGN_PARAGRAPH.RIGHT, right=Mm(12))
    for annex in document.annexes:
        word.add_page_break()
        _section(word, annex)
    _footer(word, document.source)
    word.core_properties.title = _held(document.title)
    word.core_properties.author = _held(document.signed_by)
    stream = io.BytesIO()
    word.save(stream)
    return stream.getvalue()


def title_lines(title: str) -> tuple[str, ...]:
    """A long title in two lines that break after a whole expression, as near to the middle as one is found."""
    if len(title) <= LONGEST_TITLE_LINE:
        return (title,)
    ends = {title.find(word) + len(word) for word in _TITLE_BREAKS if word in title}
    fitting = [end for end in ends if end <= LONGEST_TITLE_LINE and len(title) - end <= LONGEST_TITLE_LINE]
    if not fitting:
        return (title,)
    end = min(fitting, key=lambda place: abs(2 * place - len(title)))
    return title[:end], title[end:]


def _page(word: Any) -> None:
    section = word.sections[0]
    section.orientation = WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    style = word.styles["Normal"]
    style.font.name, style.font.size = "Times New Roman", THIRD
    style.element.rPr.rFonts.set(qn("w:eastAsia"), BODY)
    language = OxmlElement("w:lang")
    language.set(qn("w:eastAsia"), "zh-CN")
    style.element.rPr.append(language)


def _section(word: Any, section: Section) -> None:
    _paragraph(word, section.heading, font=HEADING, indent=not section.heading.startswith("附件"), keep=True)
    for block in section.blocks:
        _block(word, block)


def _block(word: Any, block: Block) -> None:
    if isinstance(block, Table):
        _table(word, block)
    elif isinstance(block, Bars):
        _paragraph(word, block.caption, font=HEADING, size=FOURTH, align=WD_ALIGN_PARAGRAPH.CENTER, keep=True, line=Pt(24))
        word.add_picture(io.BytesIO(share_bars(block.bars, part=block.part, whole=block.whole)), width=Mm(154))
        word.paragraphs[-1].alignment = WD_ALIGN_PARAGRAPH.CENTER
    else:
        _paragraph(word, block.text, indent=True)


def _paragraph(
    word: Any,
    text: str,
    *,
    font: str = BODY,
    size: Any = THIRD,
    align: Any = None,
    indent: bool = False,
    after: Any = NO_SPACE,
    line: Any = LINE,
    right: Any = None,
    keep: bool = False,
) -> None:
    paragraph = word.add_paragraph()
    _write(paragraph, text, font=font, size=size)
    shape = paragraph.paragraph_format
    shape.line_spacing_rule, shape.line_spacing = WD_LINE_SPACING.EXACTLY, line
    shape.space_before, shape.space_after = Pt(0), after
    shape.keep_with_next = keep
    if indent:
        shape.first_line_indent = size * 2
    if right is not None:
        shape.right_indent = right
    if align is not None:
        paragraph.alignment = align


def _held(text: str) -> str:
    return _UNHOLDABLE.sub("", text)


def _write(paragraph: Any, text: str, *, font: str, size: Any, bold: bool = False) -> None:
    run = paragraph.add_run(_held(text))
    run.font.size, run.font.name, run.bold = size, "Times New Roman", bold
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)


def _table(word: Any, block: Table) -> None:
    _paragraph(word, block.caption, font=HEADING, size=FOURTH, align=WD_ALIGN_PARAGRAPH.CENTER, keep=True, line=Pt(24))
    table = word.add_table(rows=1, cols=len(block.columns))
    table.style, table.alignment, table.autofit = "Table Grid", WD_TABLE_ALIGNMENT.CENTER, False
    shares = block.widths or (1.0,) * len(block.columns)
    widths = [Mm(156 * share / sum(shares)) for share in shares]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    _row(table.rows[0], block.columns, widths, fonts=HEADING, align=[WD_ALIGN_PARAGRAPH.CENTER] * len(block.columns))
    _repeat_head(table.rows[0])
    aligns = [WD_ALIGN_PARAGRAPH.RIGHT if name in block.numeric else WD_ALIGN_PARAGRAPH.LEFT for name in block.columns]
    for place, values in enumerate(block.rows):
        is_total = block.last_is_total and place == len(block.rows) - 1
        row = table.add_row()
        _row(row, values, widths, fonts=HEADING if is_total else SONG, align=aligns)
        if len(block.rows) <= SHORT_TABLE and place < len(block.rows) - 1:
            _keep(row)
    if block.rows:
        _keep(table.rows[0])
    _paragraph(word, "", line=Pt(12))


def _row(row: Any, values: tuple[str, ...], widths: list[Any], *, fonts: str, align: list[Any]) -> None:
    never_split = OxmlElement("w:cantSplit")
    row._tr.get_or_add_trPr().append(never_split)
    for cell, text, width, side in zip(row.cells, values, widths, align, strict=True):
        cell.width = width
        paragraph = cell.paragraphs[0]
        paragraph.alignment = side
        paragraph.paragraph_format.space_after = Pt(0)
        paragraph.paragraph_format.line_spacing = Pt(16)
        _write(paragraph, text, font=fonts, size=SMALL)


def _keep(row: Any) -> None:
    """On one page with the row below it."""
    for cell in row.cells:
        cell.paragraphs[0].paragraph_format.keep_with_next = True


def _repeat_head(row: Any) -> None:
    head = OxmlElement("w:tblHeader")
    head.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(head)


def _footer(word: Any, source: str) -> None:
    footer = word.sections[0].footer
    paragraph = footer.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _write(paragraph, "— ", font=SONG, size=FOURTH)
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        run = paragraph.add_run()
        run.font.size = FOURTH
        part = OxmlElement("w:instrText" if text else "w:fldChar")
        if text:
            part.text = text
        else:
            part.set(qn("w:fldCharType"), kind)
        run._element.append(part)
    _write(paragraph, " —", font=SONG, size=FOURTH)
    note = footer.add_paragraph()
    _write(note, source, font=SONG, size=Pt(8))

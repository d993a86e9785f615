"""Sets paragraphs, tables and pictures into a document, and keeps together what should not be divided between pages."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from docx.document import Document
from docx.image.exceptions import InvalidImageStreamError, UnexpectedEndOfFileError, UnrecognizedImageError
from docx.image.image import Image
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.opc.packuri import PackURI
from docx.oxml import ns
from docx.oxml.shape import CT_Inline
from docx.parts.image import ImagePart
from docx.shared import Emu, Mm, Pt
from lxml import etree

from quiz.exchange.domain import Picture
from quiz.exchange.writers.printed_page import BODY_PT, Page
from quiz.exchange.writers.printed_text import clean, em

_EM = BODY_PT * 20
"""A Chinese character in twentieths of a point, Word's unit."""
_WIDEST_MM = 110
_NAMES = {"w": ns.nsmap["w"]}
qn = cache(ns.qn)
_SCREEN_DPI = 96
"""Of a picture that does not say how large it wants to be."""
_BAD_PICTURE = (
    InvalidImageStreamError,
    UnexpectedEndOfFileError,
    UnrecognizedImageError,
    ValueError,
    LookupError,
    ArithmeticError,
    OSError,
)


@dataclass(frozen=True)
class Run:
    """Text with a look of its own."""

    text: str
    style: str = ""
    bold: bool = False
    gap: float = 0
    """Room after each sign, in characters. No line ends after an opening bracket, so this room is never divided, as blanks would be."""


Text = str | Run


class Canvas:
    """The body of a document, written from top to bottom."""

    def __init__(self, document: Document, page: Page, pictures: Mapping[str, Picture]) -> None:
        self.page = page
        self._part = document.part
        self._body = document.element.body
        self._end = self._body.find(qn("w:sectPr"))
        self._pictures = pictures
        self._placed: dict[str, tuple[str, int, int] | None] = {}
        self._shapes = 0
        self._group: list[etree._Element] | None = None
        self._height = 0.0

    # Paragraphs -------------------------------------------------------------------------------------------------------

    def line(
        self,
        style: str,
        *texts: Text,
        left: float = 0,
        hanging: float = 0,
        tabs: Sequence[float] = (),
        after: float | None = None,
        plain: bool = False,
        new_page: bool = False,
    ) -> None:
        """A paragraph; lengths in widths of a character, `after` in points. `plain` sets it flush left instead of justified."""
        paragraph = _paragraph(style, left=left, hanging=hanging, tabs=tabs, after=after, plain=plain, new_page=new_page)
        for text in texts:
            _add_run(paragraph, text)
        width = sum(em(text) if isinstance(text, str) else em(text.text) + text.gap for text in texts)
        self._append(paragraph, lines=1.1 + width // max(1.0, self.page.column_em - left))

    def _append(self, element: etree._Element, *, lines: float) -> None:
        self._end.addprevious(element)
        self._height += lines
        if self._group is not None:
            self._group.append(element)

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is set inside stays on one page, unless it is longer than most of one: then its first lines do."""
        self._group, self._height = [], 0
        try:
            yield
        finally:
            group, self._group = self._group, None
            whole = self._height <= self.page.lines * 0.8
            for element in group[:-1] if whole else group[:1]:
                for paragraph in element.iter(qn("w:p")):
                    _keep_with_next(paragraph)

    # Tables -----------------------------------------------------------------------------------------------------------

    def table(self, rows: Sequence[Sequence[str]], widths: Sequence[float], *, left: float = 0, centred: Sequence[int] = ()) -> None:
        """A table with lines around its cells; widths in characters."""
        table = etree.Element(qn("w:tbl"), nsmap=_NAMES)
        look = etree.SubElement(table, qn("w:tblPr"))
        _child(look, "tblW", w=sum(widths) * _EM, type="dxa")
        if left:
            _child(look, "tblInd", w=left * _EM, type="dxa")
        else:
            _child(look, "jc", val="center")
        borders = etree.SubElement(look, qn("w:tblBorders"))
        for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
            _child(borders, side, val="single", sz=4, space=0, color="000000")
        _child(look, "tblLayout", type="fixed")
        grid = etree.SubElement(table, qn("w:tblGrid"))
        for width in widths:
            _child(grid, "gridCol", w=width * _EM)
        for row in rows:
            self._add_row(table, row, widths, centred)
        self._append(
            table, lines=sum(max(1.3, *(1.3 + em(text) // width for text, width in zip(row, widths, strict=True))) for row in rows)
        )

    def _add_row(self, table: etree._Element, row: Sequence[str], widths: Sequence[float], centred: Sequence[int]) -> None:
        line = etree.SubElement(table, qn("w:tr"))
        properties = etree.SubElement(line, qn("w:trPr"))
        etree.SubElement(properties, qn("w:cantSplit"))
        for place, (text, width) in enumerate(zip(row, widths, strict=True)):
            cell = etree.SubElement(line, qn("w:tc"))
            form = etree.SubElement(cell, qn("w:tcPr"))
            _child(form, "tcW", w=width * _EM, type="dxa")
            _child(form, "vAlign", val="center")
            for part in clean(text).split("\n"):
                paragraph = _paragraph("Cell", centre=place in centred)
                _add_run(paragraph, part)
                cell.append(paragraph)

    # Pictures ---------------------------------------------------------------------------------------------------------

    def picture(self, digest: str, *, left: float = 0, highest_mm: float = 50) -> None:
        """The picture, no wider than the column and no larger than is good to read; words in its place when it cannot be printed."""
        placed = self._place(digest)
        if placed is None:
            self.line("Figure", "［图片无法打印，请在系统中查看］", left=left)
            return
        relation, width, height = placed
        widest = min(Mm(_WIDEST_MM), Pt((self.page.column_em - left) * BODY_PT))
        share = min(1.0, widest / width, Mm(highest_mm) / height)
        shown = Emu(max(1, round(width * share))), Emu(max(1, round(height * share)))
        self._shapes += 1
        inline = CT_Inline.new_pic_inline(self._shapes, relation, f"picture-{self._shapes}", *shown)
        paragraph = _paragraph("Figure", left=left)
        drawing = etree.SubElement(etree.SubElement(paragraph, qn("w:r")), qn("w:drawing"))
        drawing.append(inline)
        self._append(paragraph, lines=shown[1].pt / (BODY_PT * 1.6) + 1)

    def _place(self, digest: str) -> tuple[str, int, int] | None:
        """Relation and natural size of a picture, stored once however often it is shown."""
        if digest not in self._placed:
            picture = self._pictures.get(digest)
            self._placed[digest] = self._store(picture.data) if picture else None
        return self._placed[digest]

    def _store(self, data: bytes) -> tuple[str, int, int] | None:
        try:
            image = Image.from_file(io.BytesIO(data))
            across, down = (dpi if dpi > 72 else _SCREEN_DPI for dpi in (image.horz_dpi, image.vert_dpi))
            width, height = int(image.px_width / across * 914400), int(image.px_height / down * 914400)
        except _BAD_PICTURE:
            return None  # the document says so in the picture's place
        if width <= 0 or height <= 0:
            return None
        part = ImagePart.from_image(image, PackURI(f"/word/media/image{len(self._placed) + 1}.{image.ext}"))
        return self._part.relate_to(part, RT.IMAGE), width, height


def _child(parent: etree._Element, tag: str, **values: object) -> etree._Element:
    texts = {qn(f"w:{name}"): str(round(value) if isinstance(value, float) else value) for name, value in values.items()}
    return etree.SubElement(parent, qn(f"w:{tag}"), texts)


def _paragraph(
    style: str,
    *,
    left: float = 0,
    hanging: float = 0,
    tabs: Sequence[float] = (),
    after: float | None = None,
    plain: bool = False,
    centre: bool = False,
    new_page: bool = False,
) -> etree._Element:
    """A paragraph with its properties in the order the schema wants."""
    paragraph = etree.Element(qn("w:p"), nsmap=_NAMES)
    form = etree.SubElement(paragraph, qn("w:pPr"))
    _child(form, "pStyle", val=style)
    if new_page:
        etree.SubElement(form, qn("w:pageBreakBefore"))
    if tabs:
        stops = etree.SubElement(form, qn("w:tabs"))
        for stop in tabs:
            _child(stops, "tab", val="left", pos=stop * _EM)
    if after is not None:
        _child(form, "spacing", after=after * 20)
    if left or hanging:
        _child(form, "ind", left=left * _EM, hanging=hanging * _EM)
    if plain or centre:
        _child(form, "jc", val="center" if centre else "left")
    return paragraph


def _keep_with_next(paragraph: etree._Element) -> None:
    form = paragraph.find(qn("w:pPr"))
    if form is not None and form.find(qn("w:keepNext")) is None:
        form.insert(1, etree.Element(qn("w:keepNext"), nsmap=_NAMES))


def _add_run(paragraph: etree._Element, text: Text) -> None:
    run = text if isinstance(text, Run) else Run(text)
    words = clean(run.text)
    if not words:
        return
    element = etree.SubElement(paragraph, qn("w:r"))
    if run.style or run.bold or run.gap:
        look = etree.SubElement(element, qn("w:rPr"))
        if run.style:
            _child(look, "rStyle", val=run.style)
        if run.bold:
            etree.SubElement(look, qn("w:b"))
        if run.gap:
            _child(look, "spacing", val=run.gap * _EM)
    for place, piece in enumerate(words.split("\t")):
        if place:
            etree.SubElement(element, qn("w:tab"))
        if piece:
            shown = etree.SubElement(element, qn("w:t"))
            shown.text = piece
            shown.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")

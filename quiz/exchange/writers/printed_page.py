"""A page as Word keeps it: size, margins, fonts and styles of a Chinese school's paper, running title and page numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass

import docx
from docx.document import Document
from docx.enum.section import WD_ORIENT
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.styles.style import ParagraphStyle
from docx.text.paragraph import Paragraph
from lxml import etree

from quiz.exchange.lines import ANSWER_SPACE
from quiz.exchange.writers.printed_text import clean

BODY_PT = 10.5
"""五号, what school papers are set in."""
SONG, HEI, LATIN = "宋体", "黑体", "Times New Roman"
_FALLBACKS = {
    SONG: "SimSun,NSimSun,Songti SC,STSong,Noto Serif CJK SC,Source Han Serif SC",
    HEI: "SimHei,Heiti SC,STHeiti,Noto Sans CJK SC,Source Han Sans SC",
}
"""Runs in this style are room to write an answer in: they are no part of the question."""


@dataclass(frozen=True)
class Page:
    """A sheet of paper and how it is divided."""

    width: float
    height: float
    columns: int = 1
    """All lengths in millimetres."""
    margin: float = 22
    gap: float = 20

    @property
    def column_em(self) -> float:
        """Chinese characters of the body in a line."""
        width = (self.width - 2 * self.margin - (self.columns - 1) * self.gap) / self.columns
        return width / 25.4 * 72 / BODY_PT

    @property
    def lines(self) -> int:
        """Lines of the body in a column, about."""
        return int((self.height - 2 * self.margin) / 25.4 * 72 / (BODY_PT * 1.6))


A4 = Page(210, 297)
A3 = Page(420, 297, columns=2)
"""Two pages side by side, for printing on large sheets that are folded once."""


def new_document(page: Page, *, title: str, aside: str = "") -> Document:
    """An empty document with its styles; the title runs on every page, `aside` at its right."""
    document = docx.Document()
    _set_page(document, page)
    _set_fonts(document)
    _add_styles(document)
    _set_header(document, page, title=clean(title).replace("\n", " "), aside=aside)
    _set_footer(document)
    properties = document.core_properties
    properties.title, properties.author, properties.comments, properties.language = clean(title)[:200], "安考", "", "zh-CN"
    for element in list(properties._element):
        if etree.QName(element).localname in ("created", "modified"):  # those of the library's template
            properties._element.remove(element)
    return document


def _set_page(document: Document, page: Page) -> None:
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE if page.width > page.height else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Mm(page.width), Mm(page.height)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(page.margin)
    section.header_distance = section.footer_distance = Mm(12)
    if page.columns > 1:
        columns = section._sectPr.find(qn("w:cols"))
        assert columns is not None  # the library's template has it
        columns.set(qn("w:num"), str(page.columns))
        columns.set(qn("w:space"), str(round(Mm(page.gap).pt * 20)))
        columns.set(qn("w:sep"), "1")


def _set_fonts(document: Document) -> None:
    """Names of fonts that a Chinese office has, and what stands in for them elsewhere."""
    defaults = document.styles.element.find(qn("w:docDefaults")).find(qn("w:rPrDefault")).find(qn("w:rPr"))
    fonts = defaults.find(qn("w:rFonts"))
    fonts.attrib.clear()
    for script, name in (("ascii", LATIN), ("hAnsi", LATIN), ("cs", LATIN), ("eastAsia", SONG)):
        fonts.set(qn(f"w:{script}"), name)
    language = defaults.find(qn("w:lang"))
    language.set(qn("w:val"), "en-US")
    language.set(qn("w:eastAsia"), "zh-CN")
    part = document.part.part_related_by(RT.FONT_TABLE)
    table = etree.fromstring(part.blob)
    for name, others in _FALLBACKS.items():
        for old in table.findall(f"{qn('w:font')}[@{qn('w:name')}='{name}']"):
            table.remove(old)
        font = etree.SubElement(table, qn("w:font"), {qn("w:name"): name})
        etree.SubElement(font, qn("w:altName"), {qn("w:val"): others})
        etree.SubElement(font, qn("w:charset"), {qn("w:val"): "86"})
        etree.SubElement(font, qn("w:family"), {qn("w:val"): "auto"})
        etree.SubElement(font, qn("w:pitch"), {qn("w:val"): "variable"})
    part._blob = etree.tostring(table, xml_declaration=True, encoding="UTF-8", standalone=True)


def _add_styles(document: Document) -> None:
    normal = document.styles["Normal"]
    normal.font.size = Pt(BODY_PT)
    normal.paragraph_format.space_after = normal.paragraph_format.space_before = Pt(0)
    normal.paragraph_format.line_spacing = 1.2
    normal.paragraph_format.widow_control = True
    centred = WD_ALIGN_PARAGRAPH.CENTER
    _style(document, "Title1", "试卷标题", size=18, font=HEI, align=centred, before=0, after=8)
    _style(document, "Line1", "考生信息", size=BODY_PT, align=centred, before=2, after=6)
    _style(document, "Note", "说明", size=9.5, before=4, after=2)
    _style(document, "Part", "大题标题", size=12, font=HEI, before=12, after=4, next_too=True, outline=0)
    _style(document, "Stem", "题干", before=5, align=WD_ALIGN_PARAGRAPH.JUSTIFY, together=True)
    _style(document, "Choice", "选项", before=1, together=True)
    _style(document, "Cell", "表格文字", before=1, after=1, together=True)
    _style(document, "Figure", "图片", before=3, after=3, together=True)
    _style(document, "Keys", "答案速查", before=2)
    _style(document, "Reason", "解析", size=9.5, before=2, align=WD_ALIGN_PARAGRAPH.JUSTIFY)
    space = document.styles.add_style("作答处", WD_STYLE_TYPE.CHARACTER)
    space.element.set(qn("w:styleId"), ANSWER_SPACE)


def _style(
    document: Document,
    style_id: str,
    name: str,
    *,
    size: float = BODY_PT,
    font: str = "",
    align: WD_ALIGN_PARAGRAPH | None = None,
    before: float = 0,
    after: float = 0,
    next_too: bool = False,
    together: bool = False,
    outline: int | None = None,
) -> None:
    style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    assert isinstance(style, ParagraphStyle)
    style.element.set(qn("w:styleId"), style_id)
    style.base_style = document.styles["Normal"]
    style.quick_style = True
    style.font.size = Pt(size)
    if font:
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for script in ("ascii", "hAnsi", "eastAsia"):
            fonts.set(qn(f"w:{script}"), font)
    form = style.paragraph_format
    form.alignment, form.space_before, form.space_after = align, Pt(before), Pt(after)
    form.keep_with_next, form.keep_together = next_too or None, (next_too or together) or None
    if outline is not None:
        level = OxmlElement("w:outlineLvl")
        level.set(qn("w:val"), str(outline))
        style.element.get_or_add_pPr().append(level)


def _set_header(document: Document, page: Page, *, title: str, aside: str) -> None:
    paragraph = document.sections[0].header.paragraphs[0]
    paragraph.style = document.styles["Normal"]
    borders = etree.SubElement(paragraph._p.get_or_add_pPr(), qn("w:pBdr"))
    border = etree.SubElement(borders, qn("w:bottom"))
    for name, value in (("val", "single"), ("sz", "4"), ("space", "1"), ("color", "808080")):
        border.set(qn(f"w:{name}"), value)
    paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(page.width - 2 * page.margin), WD_TAB_ALIGNMENT.RIGHT)
    shown = title if len(title) <= 40 else title[:39] + "…"
    paragraph.add_run(f"{shown}\t{aside}").font.size = Pt(9)


def _set_footer(document: Document) -> None:
    paragraph = document.sections[0].footer.paragraphs[0]
    paragraph.style = document.styles["Normal"]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for text in ("第 ", "{PAGE}", " 页　共 ", "{NUMPAGES}", " 页"):
        field = re.fullmatch(r"\{(\w+)\}", text)
        if field is None:
            paragraph.add_run(text).font.size = Pt(9)
        else:
            _add_field(paragraph, field[1])


def _add_field(paragraph: Paragraph, code: str) -> None:
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), f" {code} ")
    paragraph._p.append(field)
    run = paragraph.add_run("1")
    run.font.size = Pt(9)
    field.append(run._r)

"""Word documents in free layout: every paragraph a person sees, in its order, as questions or as what it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from lxml import etree

from quiz.exchange.block_rows import without_questions
from quiz.exchange.blocks import rows_of
from quiz.exchange.domain import Format, Picture, Place, Reading, ReadRow, Remark, Severity
from quiz.exchange.lines import Line, Notice
from quiz.exchange.readers.word_chunks import html_lines, mht_lines, text_lines
from quiz.exchange.readers.word_formula import attribute, child, local
from quiz.exchange.readers.word_package import Package, Relation, open_package, parse_xml, refuse
from quiz.exchange.readers.word_rtf import rtf_lines
from quiz.exchange.readers.word_styles import Numbering, Styles
from quiz.exchange.readers.word_tables import Cell, Rows, table_lines
from quiz.exchange.readers.word_text import Paragraph, Source, alternative
from quiz.problems import Invalid

MAX_PARAGRAPHS = 400_000
_DEEPEST = 12
"""Tables in tables, boxes in boxes."""
_CHUNKS_DEEP = 2
_EXCERPT = 16


def read(data: bytes, *, name: str = "") -> Reading:
    """The questions of a Word document, and every other paragraph of it.

    Raises:
        Invalid: it is no docx, or encrypted, damaged or made to do harm.
    """
    package = open_package(data)
    document = Document(package)
    lines = document.lines()
    rows = tuple(_with_beginning(row) for row in rows_of(lines, document.pictures))
    return Reading(Format.DOCX, rows, (*document.remarks, *without_questions(rows)))


def _with_beginning(row: ReadRow) -> ReadRow:
    """Remarks that say how their paragraph begins, since Word does not number paragraphs."""
    if not row.remarks or not row.excerpt:
        return row
    beginning = row.excerpt[:_EXCERPT] + ("…" if len(row.excerpt) > _EXCERPT else "")
    return replace(row, remarks=tuple(replace(remark, message=f"{remark.message}（本段开头：“{beginning}”）") for remark in row.remarks))


class Document:
    """Walks the body and counts its paragraphs."""

    def __init__(self, package: Package, pictures: dict[str, Picture] | None = None, depth: int = 0) -> None:
        self.package = package
        self.pictures: dict[str, Picture] = {} if pictures is None else pictures
        self.remarks: list[Remark] = []
        self.number = 0
        self.depth = depth
        main = package.main
        folder = main.rsplit("/", 1)[0]
        relations = package.relations(main)
        styles = Styles(package.xml(_part(relations, "styles", f"{folder}/styles.xml")))
        numbering = Numbering(package.xml(_part(relations, "numbering", f"{folder}/numbering.xml")), styles)
        self.source = Source(package, main, relations, styles, numbering, self.pictures)
        for kind in ("footnote", "endnote"):
            self._read_notes(kind, _part(relations, f"{kind}s", f"{folder}/{kind}s.xml"))

    def _read_notes(self, kind: str, part: str) -> None:
        root = self.package.xml(part)
        for note in root if root is not None else ():
            text = "".join(each.text or "" for each in note.iter() if local(each) == "t").strip()
            self.source.notes[kind, attribute(note, "id") or ""] = text

    def count(self) -> int:
        """The next number of a paragraph."""
        self.number += 1
        if self.number > MAX_PARAGRAPHS:
            refuse("file_too_large", "文档的段落过多，不像题库。请拆成几个文件后再导入。")
        return self.number

    def lines(self) -> list[Line]:
        """Every paragraph and row in order, empty paragraphs as gaps."""
        root = self.package.xml(self.package.main)
        body = child(root, "body")
        if body is None:
            refuse("damaged", "文件里没有正文，可能已损坏。请用 Word 或 WPS 打开，另存为 .docx 后再导入。")
        try:
            found = list(self._blocks(body, 0))
        except RecursionError:
            refuse("damaged", "文件内部嵌套过深，无法读取。请用 Word 或 WPS 打开，另存为 .docx 后再导入。")
        self._say_file()
        return found

    def _say_file(self) -> None:
        if self.package.has_macros:
            self._say(Notice(Severity.WARNING, "macros_ignored", "文件带有宏，宏没有运行，也没有读取", "如不需要，请另存为 .docx"))
        linked = [
            relation for relation in self.source.relations.values() if relation.external and relation.kind not in ("hyperlink", "image")
        ]
        if linked:
            self._say(
                Notice(Severity.WARNING, "external_ignored", f"文件引用了 {len(linked)} 处外部内容，没有读取", "请把内容直接放进文档")
            )
        for notice in dict.fromkeys(self.source.left_out):
            self._say(notice)

    def _say(self, notice: Notice, line: int | None = None) -> None:
        self.remarks.append(Remark(notice.severity, notice.code, notice.message, notice.action, Place(line=line)))

    # Blocks -----------------------------------------------------------------------------------------------------------

    def _blocks(self, element: etree._Element, depth: int) -> Iterator[Line]:
        if depth > _DEEPEST:
            self._say(Notice(Severity.WARNING, "nested_too_deep", "嵌套过深的表格或文本框没有读取", "请核对"), self.number or None)
            return
        for each in element:
            name = local(each)
            if name == "p":
                yield from self._paragraph(each, depth)
            elif name == "tbl":
                yield from table_lines(self._rows(each, depth), self.count)
                yield _NOTHING
            elif name == "sdt":
                content = child(each, "sdtContent")
                if content is not None:
                    yield from self._blocks(content, depth + 1)
            elif name in ("customXml", "smartTag", "ins", "moveTo"):
                yield from self._blocks(each, depth + 1)
            elif name == "AlternateContent":
                chosen = alternative(each)
                if chosen is not None:
                    yield from self._blocks(chosen, depth + 1)
            elif name == "altChunk":
                yield from self._chunk(attribute(each, "id") or "")
            elif name in ("del", "moveFrom"):
                self._say(
                    Notice(Severity.WARNING, "tracked_deletion", "修订中已删除的段落没有读取", "请在 Word 中接受或拒绝修订"),
                    self.number or None,
                )

    def _paragraph(self, element: etree._Element, depth: int) -> Iterator[Line]:
        paragraph = Paragraph(self.source, element)
        lines = paragraph.lines(self.number + 1)
        if lines:
            self.count()
            yield from lines
        elif not paragraph.boxes:
            yield Line(0, "")
        for box in paragraph.boxes:
            yield from self._blocks(box, depth + 1)

    def _rows(self, table: etree._Element, depth: int) -> Rows:
        rows: Rows = []
        for row in _inside(table, "tr"):
            if child(child(row, "trPr"), "del") is not None:
                self._say(
                    Notice(Severity.WARNING, "tracked_deletion", "修订中已删除的表格行没有读取", "请在 Word 中接受或拒绝修订"),
                    self.number or None,
                )
                continue
            rows.append([Cell(self._cell(cell, depth)) for cell in _inside(row, "tc")])
        return rows

    def _cell(self, cell: etree._Element, depth: int) -> list[Line]:
        """The lines of a cell; they are numbered when the table is laid out."""
        before = self.number
        lines = [line for line in self._blocks(cell, depth + 1) if line.text.strip()]
        self.number = before
        return lines

    # Foreign parts ----------------------------------------------------------------------------------------------------

    def _chunk(self, identifier: str) -> Iterator[Line]:
        relation = self.source.relations.get(identifier)
        if relation is None or relation.external or relation.target not in self.package.names:
            self._say(
                Notice(Severity.WARNING, "external_ignored", "嵌入内容在文件之外，没有读取", "请把内容直接放进文档"), self.number or None
            )
            return
        data = self.package.read(relation.target)
        try:
            lines, notices = self._chunk_lines(data, relation.target)
        except Invalid as problem:
            lines, notices = (
                [],
                [Notice(Severity.WARNING, "altchunk_unreadable", f"嵌入的内容没有读取：{problem.message}", "请把内容直接放进文档")],
            )
        for notice in notices:
            self._say(notice, self.number or None)
        yield _NOTHING
        yield from lines
        yield _NOTHING

    def _chunk_lines(self, data: bytes, target: str) -> tuple[list[Line], list[Notice]]:
        head = data[:1000].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
        suffix = target.rsplit(".", 1)[-1].lower()
        if data.startswith(b"PK"):
            if self.depth >= _CHUNKS_DEEP:
                refuse("nested_too_deep", "嵌入的文档层数过多")
            inner = Document(open_package(data), self.pictures, self.depth + 1)
            inner.number = self.number
            lines = inner.lines()
            self.number = inner.number
            self.remarks += inner.remarks
            return lines, []
        if head.startswith(b"mime-version:") or suffix in ("mht", "mhtml") or b"content-type: multipart" in head:
            return mht_lines(data, self.count, self.pictures)
        if head.startswith(b"{\\rtf"):
            return rtf_lines(data, self.count)
        if (
            head.startswith(b"<")
            and (b"<html" in head or b"<body" in head or b"<p" in head or b"<div" in head)
            or suffix in ("html", "htm", "xhtml")
        ):
            return html_lines(data, self.count, self.pictures)
        if head.startswith(b"<?xml"):
            parse_xml(data)
            return [], [Notice(Severity.WARNING, "altchunk_unreadable", "嵌入的 XML 内容没有读取", "请在 Word 中打开并另存后再导入")]
        return text_lines(data, self.count), []


_NOTHING = Line(0, "")


def _inside(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """Rows of a table or cells of a row, also inside content controls."""
    for each in element:
        found = local(each)
        if found == name:
            yield each
        elif found in ("sdt", "sdtContent", "customXml", "ins", "moveTo"):
            yield from _inside(each, name)


def _part(relations: Mapping[str, Relation], kind: str, otherwise: str) -> str:
    return next((found.target for found in relations.values() if found.kind == kind and not found.external), otherwise)

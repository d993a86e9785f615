"""Paragraphs of a Word document as lines: what a person sees, with pictures and formatting, and what was left out said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from lxml import etree

from quiz.exchange.domain import Picture, Severity
from quiz.exchange.lines import ANSWER_SPACE, FIRST_PICTURE, LAST_PICTURE, UNDERLINED, Line, Notice
from quiz.exchange.readers.word_formula import Unconvertible, attribute, child, linear, linear_field, local
from quiz.exchange.readers.word_package import MAX_PICTURE_BYTES, Package, Relation
from quiz.exchange.readers.word_styles import Numbering, Styles, marks_of, numbering_of, run_properties

DEEPEST = 60
_THROUGH = frozenset(
    ["hyperlink", "smartTag", "customXml", "ins", "moveTo", "fldSimple", "dir", "bdo", "sdtContent", "rt", "rubyBase", "r", "subDoc"]
)
_MEDIA = (
    (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF87a", "image/gif"), (b"GIF89a", "image/gif"), (b"BM", "image/bmp"),
)  # fmt: skip
_SYMBOLS = {
    ("wingdings", 0xFC): "√", ("wingdings", 0xFB): "×", ("wingdings", 0xFE): "√", ("wingdings", 0xFD): "×", ("wingdings", 0xA8): "□",
    ("wingdings", 0x6F): "□", ("wingdings 2", 0x50): "√", ("wingdings 2", 0x4F): "×", ("wingdings 2", 0x52): "√", ("wingdings 2", 0x53): "×",
    ("wingdings 2", 0x51): "×", ("symbol", 0xB3): "≥", ("symbol", 0xA3): "≤", ("symbol", 0xB4): "×", ("symbol", 0xB1): "±", ("symbol", 0xB0): "°",
    ("symbol", 0x6D): "μ", ("symbol", 0x57): "Ω", ("symbol", 0xD6): "√", ("symbol", 0xB8): "÷", ("symbol", 0xB9): "≠", ("symbol", 0x61): "α",
    ("symbol", 0x62): "β", ("symbol", 0x67): "γ", ("symbol", 0x44): "Δ", ("symbol", 0x70): "π",
}  # fmt: skip


@dataclass
class Source:
    """A part of the package that is being read, with what all parts share."""

    package: Package
    part: str
    relations: dict[str, Relation]
    styles: Styles
    numbering: Numbering
    pictures: dict[str, Picture]
    notes: dict[tuple[str, str], str] = field(default_factory=dict)
    """Texts of footnotes and endnotes by kind and id."""
    left_out: list[Notice] = field(default_factory=list)
    """What was left out of paragraphs that show nothing at all."""
    depth: int = 0


@dataclass
class _Field:
    instruction: str = ""
    has_result: bool = False


class Paragraph:
    """Reads one paragraph."""

    def __init__(self, source: Source, element: etree._Element) -> None:
        self.source = source
        self.text: list[str] = []
        self.style = bytearray()
        self.notices: list[Notice] = []
        self.boxes: list[etree._Element] = []
        """Contents of text boxes anchored here, read after the paragraph."""
        self.fields: list[_Field] = []
        settings = child(element, "pPr")
        self.style_name = attribute(child(settings, "pStyle"), "val") or source.styles.default_paragraph
        self.base = source.styles.defaults | source.styles.run_of(self.style_name)
        chain = source.styles.chain(self.style_name)
        self.is_title = any(style.is_title for style in chain[:1])
        self.label = self._label(settings)
        self._walk(element, 0)

    def _label(self, settings: etree._Element | None) -> str:
        own = numbering_of(settings)
        style = next(((found.numbering, name) for found, name in self._style_chain() if found.numbering), None)
        if own is None and style is None:
            return ""
        numbering, level = own or style[0]  # type: ignore[index]
        if own is not None and not numbering and style is not None:
            numbering = style[0][0]  # type: ignore[index]
        if own is None:
            return self.source.numbering.next_label(numbering, level, self.style_name)
        return self.source.numbering.next_label(numbering, max(level, 0), self.style_name)

    def _style_chain(self) -> Iterator[tuple]:  # type: ignore[type-arg]
        return ((style, self.style_name) for style in self.source.styles.chain(self.style_name))

    def _put(self, text: str, marks: int) -> None:
        self.text.append(text)
        self.style += bytes([marks]) * len(text)

    def _note(self, severity: Severity, code: str, message: str, action: str = "", *, repairs: bool = False, refuses: bool = False) -> None:
        self.notices.append(Notice(severity, code, message, action, repairs, refuses))

    # Walking ----------------------------------------------------------------------------------------------------------

    def _walk(self, element: etree._Element, depth: int) -> None:
        if depth > DEEPEST:
            return self._note(Severity.WARNING, "nested_too_deep", "嵌套过深的内容没有读取", "请核对这一段")
        for each in element:
            name = local(each)
            if name == "r":
                self._run(each, depth)
            elif name in _THROUGH:
                self._walk(each, depth + 1)
            elif name == "sdt":
                self._walk_through(child(each, "sdtContent"), depth)
            elif name == "AlternateContent":
                self._walk_through(alternative(each), depth)
            elif name in ("oMath", "oMathPara"):
                self._formula(each)
            elif name in ("del", "moveFrom"):
                self._deleted(each)

    def _walk_through(self, element: etree._Element | None, depth: int) -> None:
        if element is not None:
            self._walk(element, depth + 1)

    def _run(self, run: etree._Element, depth: int) -> None:
        own = run_properties(child(run, "rPr"))
        named = own.get("style", "")
        if named == ANSWER_SPACE:
            return  # room to write in, which our own printed papers leave behind a stem
        properties = self.base | (self.source.styles.run_of(named) if named else {}) | own
        if properties.get("vanish") == "1":
            hidden = "".join(each.text or "" for each in run.iter() if local(each) == "t").strip()
            if hidden:
                self._note(Severity.WARNING, "hidden_text", f"隐藏文字“{hidden[:30]}”没有读取", "如需要，请在 Word 中取消隐藏后重新导入")
            return
        marks = marks_of(properties)
        for each in run:
            self._inside_run(each, marks, depth)
        if _is_wide(own) and "".join(each.text or "" for each in run if local(each) == "t").endswith(("（", "(")):
            self._put("\u3000", 0)  # room for the answer that is set as spacing, as our own printed papers do

    def _inside_run(self, element: etree._Element, marks: int, depth: int) -> None:
        name = local(element)
        hidden_by_field = bool(self.fields) and not self.fields[-1].has_result
        match name:
            case "t":
                if not hidden_by_field:
                    self._put((element.text or "").replace("\n", " "), marks)
            case "tab" | "ptab":
                self._put("\t", marks)
            case "br" | "cr":
                self._put("\n", 0)
            case "noBreakHyphen":
                self._put("-", marks)
            case "sym":
                self._symbol(element, marks)
            case "drawing" | "pict" | "object":
                self._drawing(element)
            case "AlternateContent":
                chosen = alternative(element)
                for each in chosen if chosen is not None else ():
                    self._inside_run(each, marks, depth + 1)
            case "ruby":
                self._walk_through(child(element, "rubyBase"), depth)
            case "footnoteReference" | "endnoteReference":
                self._footnote(name.removesuffix("Reference"), attribute(element, "id") or "")
            case "commentReference":
                self._note(Severity.INFO, "comment_left_out", "批注没有读取")
            case "fldChar":
                self._field(attribute(element, "fldCharType") or "", marks)
            case "instrText":
                if self.fields:
                    self.fields[-1].instruction += element.text or ""
            case "oMath" | "oMathPara":
                self._formula(element)

    def _symbol(self, element: etree._Element, marks: int) -> None:
        font = (attribute(element, "font") or "").lower()
        code = attribute(element, "char") or ""
        value = int(code, 16) if re.fullmatch(r"[0-9A-Fa-f]{1,6}", code) else 0
        sign = _SYMBOLS.get((font, value - 0xF000 if value >= 0xF000 else value))
        if sign is None and value and not 0xE000 <= value <= 0xF8FF and value < 0x110000 and not 0xD800 <= value <= 0xDFFF:
            sign = chr(value)
        if sign is None:
            self._note(
                Severity.WARNING,
                "symbol_unknown",
                f"特殊符号（{font or '未知字体'} {code}）无法识别，记为□",
                "请核对并补上这个符号",
                repairs=True,
            )
        self._put(sign or "□", marks)

    def _field(self, kind: str, marks: int) -> None:
        if kind == "begin":
            self.fields.append(_Field())
        elif kind == "separate" and self.fields:
            self.fields[-1].has_result = True
        elif kind == "end" and self.fields:
            done = self.fields.pop()
            if not done.has_result and done.instruction.strip().lower().startswith("eq"):
                self._equation_field(done.instruction, marks)

    def _equation_field(self, instruction: str, marks: int) -> None:
        try:
            self._put(linear_field(instruction), marks)
            self._note(Severity.INFO, "formula_as_text", "公式已写成一行文字", "请核对公式", repairs=True)
        except Unconvertible:
            self._formula_lost()

    def _formula(self, element: etree._Element) -> None:
        try:
            text = linear(element)
        except Unconvertible:
            return self._formula_lost()
        if not text.strip():
            return None
        self._put(text, 0)
        if not re.fullmatch(r"[\w\s.,+\-=<>≤≥%°()/×·]*", text) or "/" in text:
            self._note(Severity.INFO, "formula_as_text", f"公式已写成一行文字：{text[:40]}", "请核对公式", repairs=True)
        return None

    def _formula_lost(self) -> None:
        self._put("〔公式〕", 0)
        self._note(Severity.ERROR, "formula", "公式不能写成一行文字", "请把公式改为文字或图片后重新导入", refuses=True)

    def _deleted(self, element: etree._Element) -> None:
        text = "".join(each.text or "" for each in element.iter() if local(each) in ("delText", "t")).strip()
        if text:
            self._note(Severity.WARNING, "tracked_deletion", f"修订中已删除的“{text[:30]}”没有读取", "请在 Word 中接受或拒绝修订")

    def _footnote(self, kind: str, identifier: str) -> None:
        text = self.source.notes.get((kind, identifier), "")
        self._note(Severity.WARNING, "footnote_left_out", f"脚注{f'“{text[:40]}”' if text else ''}没有并入题目", "如需要，请写进题干或解析")

    # Pictures ---------------------------------------------------------------------------------------------------------

    def _drawing(self, element: etree._Element) -> None:
        found = False
        for each in _once(element, 0):
            name = local(each)
            if name == "txbxContent":
                self.boxes.append(each)
                found = True
            elif name == "blip":
                found = True
                self._picture(attribute(each, "embed") or attribute(each, "link") or "")
            elif name == "imagedata":
                found = True
                if not self._is_equation(element):
                    self._picture(attribute(each, "id") or attribute(each, "href") or "")
            elif name == "chart" or name == "relIds":
                found = True
                self._note(Severity.WARNING, "picture_unsupported", "图表（Chart、SmartArt）不能读取", "请把它另存为图片后粘贴回原处")
        if self._is_equation(element):
            self._formula_lost()
        elif not found and local(element) == "object":
            self._note(Severity.WARNING, "picture_unsupported", "嵌入的对象不能读取", "请把它改为文字或图片")

    @staticmethod
    def _is_equation(element: etree._Element) -> bool:
        return any(
            (attribute(each, "ProgID") or "").lower().startswith(("equation", "mathtype"))
            for each in element.iter()
            if local(each) == "OLEObject"
        )

    def _picture(self, identifier: str) -> None:
        relation = self.source.relations.get(identifier)
        if relation is None or relation.external or relation.target not in self.source.package.names:
            message = "图片在文件之外（链接），没有读取" if relation is not None and relation.external else "图片已丢失，没有读取"
            return self._note(Severity.WARNING, "picture_missing", message, "请把图片直接插入文档后重新导入")
        data = self.source.package.read(relation.target, at_most=MAX_PICTURE_BYTES)
        self.add_picture(data, relation.target.rsplit(".", 1)[-1])
        return None

    def add_picture(self, data: bytes, suffix: str) -> None:
        """A picture where the text has come to."""
        sign = keep_picture(self.source.pictures, data)
        if sign:
            self._put(sign, 0)
        else:
            message = f"{suffix.upper()[:8]} 图片浏览器不能显示，没有读取"
            self._note(Severity.WARNING, "picture_unsupported", message, "请把图片另存为 PNG 后替换，或在安考里补上")

    # Lines ------------------------------------------------------------------------------------------------------------

    def lines(self, number: int) -> list[Line]:
        """What the paragraph shows, divided where a person broke the line."""
        text, style = _with_blanks("".join(self.text), bytes(self.style))
        if not text.strip():
            if not self.label:
                self.source.left_out += self.notices
            return []
        if self.label:
            text, style = f"{self.label} {text.lstrip()}", bytes(len(self.label) + 1) + style[len(text) - len(text.lstrip()) :]
        has_style = any(style)
        found: list[Line] = []
        start = 0
        for part in text.split("\n"):
            if part.strip() or not found:
                found.append(Line(number, part, style[start : start + len(part)] if has_style else b"", is_title=self.is_title))
            start += len(part) + 1
        found = [line for line in found if line.text.strip()]
        if found and self.notices:
            found[0] = replace(found[0], notices=tuple(self.notices))
        return found


def keep_picture(pictures: dict[str, Picture], data: bytes) -> str:
    """The character that stands for a picture in the text; empty when browsers do not show its kind."""
    media = next((kind for head, kind in _MEDIA if data.startswith(head)), "")
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        media = "image/webp"
    code = FIRST_PICTURE + len(pictures)
    if not media or code > LAST_PICTURE:
        return ""
    pictures[chr(code)] = Picture(data, media)
    return chr(code)


def _once(element: etree._Element, depth: int) -> Iterator[etree._Element]:
    """Everything below an element, of alternatives only the one to be shown, text boxes not entered."""
    if depth > DEEPEST:
        return
    for each in element:
        name = local(each)
        if name == "AlternateContent":
            chosen = alternative(each)
            if chosen is not None:
                yield from _once(chosen, depth + 1)
            continue
        yield each
        if name not in ("txbxContent", "blip"):
            yield from _once(each, depth + 1)


def alternative(element: etree._Element) -> etree._Element | None:
    """The choice of an alternative content, or its fallback where the choice shows nothing that can be read."""
    choice, fallback = child(element, "Choice"), child(element, "Fallback")
    readable = ("t", "blip", "txbxContent", "imagedata", "chart", "relIds", "oMath", "tab", "br", "sym")
    if choice is not None and (fallback is None or any(local(each) in readable for each in choice.iter())):
        return choice
    return fallback


_WIDE = 200
"""Spacing behind a sign, in twentieths of a point, that leaves as much room as a blank does."""


def _is_wide(properties: Mapping[str, str]) -> bool:
    spacing = properties.get("spacing", "")
    return spacing.isdigit() and len(spacing) < 6 and int(spacing) >= _WIDE


_UNDERLINED_GAP = re.compile(r"[\s\u00a0\u3000]+")


def _with_blanks(text: str, style: bytes) -> tuple[str, bytes]:
    """Underlined blanks are places to fill in."""
    if not any(mark & UNDERLINED for mark in style):
        return text, style
    parts: list[tuple[str, bytes]] = []
    start = 0
    while start < len(text):
        end = start + 1
        underlined = bool(style[start] & UNDERLINED)
        while end < len(text) and bool(style[end] & UNDERLINED) == underlined:
            end += 1
        stretch = text[start:end]
        if underlined and _UNDERLINED_GAP.fullmatch(stretch) and (len(stretch) > 1 or stretch == "\t"):
            parts.append(("____", bytes(4)))
        else:
            parts.append((stretch, style[start:end]))
        start = end
    return "".join(part for part, _ in parts), b"".join(marks for _, marks in parts)

"""Foreign parts a Word document carries along (altChunk): web pages, single-file web pages and plain text as lines."""

from __future__ import annotations

import base64
import binascii
import email
import email.policy
import re
from collections.abc import Callable

from lxml import etree, html

from quiz.exchange.domain import Picture, Severity
from quiz.exchange.lines import Line, Notice
from quiz.exchange.readers.text import decode
from quiz.exchange.readers.word_formula import local
from quiz.exchange.readers.word_text import DEEPEST, keep_picture

_BLOCKS = frozenset(
    ["p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "dl", "dt", "dd", "pre", "blockquote", "section", "article",
     "header", "footer", "center", "tbody", "thead", "body", "form", "fieldset", "hr"]
)  # fmt: skip
_DROPPED = frozenset(["script", "style", "head", "title", "template", "noscript", "iframe", "object", "embed", "svg", "textarea", "select"])
_DATA_PICTURE = re.compile(r"data:image/[\w.+-]{1,20};base64,", re.IGNORECASE)
_MAX_CHUNK = 20 * 2**20


class _Reader:
    """Walks a web page."""

    def __init__(self, pictures: dict[str, Picture], parts: dict[str, bytes]) -> None:
        self.pictures, self.parts = pictures, parts
        self.rows: list[list[str]] = [[]]
        self.notices: list[Notice] = []

    def walk(self, element: etree._Element, depth: int, *, keeps_lines: bool = False) -> None:
        name = local(element).lower()
        if depth > DEEPEST * 3:
            return
        if name in _DROPPED:
            if name in ("script", "style", "iframe", "object", "embed") and (name == "iframe" or (element.text or "").strip()):
                self._note("script_dropped", "网页里的脚本或样式没有读取")
            self._text(element.tail, keeps_lines)
            return
        if name in _BLOCKS:
            self.rows.append([])
        if name == "br":
            self.rows.append([])
        elif name == "img":
            self._image(element.get("src") or "")
        elif name in ("sup", "sub") and (element.text or "").strip():
            self.rows[-1].append({"sup": "^", "sub": "_"}[name])
        elif name == "li":
            self.rows[-1].append(_item_label(element))
        self._text(element.text, keeps_lines or name == "pre")
        for each in element:
            if isinstance(each.tag, str):
                self.walk(each, depth + 1, keeps_lines=keeps_lines or name == "pre")
            else:
                self._text(each.tail, keeps_lines)
        if name in ("td", "th"):
            self.rows[-1].append("\t")
        if name in _BLOCKS:
            self.rows.append([])
        if depth:
            self._text(element.tail, keeps_lines)

    def _text(self, text: str | None, keeps_lines: bool) -> None:
        if not text:
            return
        if keeps_lines:
            first, *rest = text.split("\n")
            self.rows[-1].append(first)
            self.rows += [[line] for line in rest]
        else:
            self.rows[-1].append(re.sub(r"[ \t\r\n]+", " ", text))

    def _image(self, source: str) -> None:
        data = self.parts.get(source.rsplit("/", 1)[-1]) or self.parts.get(source.removeprefix("cid:"))
        if data is None and _DATA_PICTURE.match(source):
            try:
                data = base64.b64decode(source.split(",", 1)[1], validate=False)
            except (binascii.Error, ValueError):
                data = None
        sign = keep_picture(self.pictures, data) if data else ""
        if sign:
            self.rows[-1].append(sign)
        else:
            self._note("picture_missing", "网页里的图片没有随文件保存，没有读取")

    def _note(self, code: str, message: str) -> None:
        if not any(known.code == code for known in self.notices):
            self.notices.append(Notice(Severity.WARNING, code, message, "请核对"))


def _item_label(element: etree._Element) -> str:
    """The number a browser shows before an item of an ordered list."""
    parent = element.getparent()
    if parent is None or local(parent).lower() != "ol":
        return ""
    start = parent.get("start") or "1"
    place = int(start) if start.isdigit() and len(start) < 6 else 1
    place += sum(1 for each in element.itersiblings(preceding=True) if local(each).lower() == "li")
    kind = parent.get("type") or "1"
    return f"{chr(ord(kind) + (place - 1) % 26)}. " if kind in "Aa" else f"{place}. "


def html_lines(
    data: bytes | str, count: Callable[[], int], pictures: dict[str, Picture], parts: dict[str, bytes] | None = None
) -> tuple[list[Line], list[Notice]]:
    """The visible text of a web page, line by line, and what was left out."""
    text = data if isinstance(data, str) else _decoded(data)
    if not text.strip():
        return [], []
    parser = html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        root = html.document_fromstring(re.sub(r"^\s*<\?xml[^>]{0,200}\?>", "", text), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return [], [Notice(Severity.WARNING, "altchunk_unreadable", "嵌入的网页内容已损坏，没有读取", "请在 Word 中打开并另存后再导入")]
    reader = _Reader(pictures, parts or {})
    reader.walk(root, 0)
    lines = []
    for row in reader.rows:
        line = "".join(row).strip(" \t")
        if line.strip():
            lines.append(Line(count(), line))
    return lines, reader.notices


def _decoded(data: bytes) -> str:
    found = re.search(rb"charset\s{0,3}=\s{0,3}[\"']?([\w-]{1,20})", data[:2000], re.IGNORECASE)
    names = [found[1].decode("ascii")] if found else []
    if names and names[0].lower() in ("gb2312", "gbk"):
        names = ["gb18030"]
    for name in names:
        try:
            return data.decode(name)
        except (LookupError, UnicodeDecodeError):
            continue
    return decode(data)


def mht_lines(data: bytes, count: Callable[[], int], pictures: dict[str, Picture]) -> tuple[list[Line], list[Notice]]:
    """The web page of a single-file web page, with the pictures it brings."""
    message = email.message_from_bytes(data, policy=email.policy.compat32)
    page: bytes | None = None
    parts: dict[str, bytes] = {}
    charset = ""
    for part in list(message.walk())[:500]:
        payload = part.get_payload(decode=True)
        if not isinstance(payload, bytes):
            continue
        if part.get_content_type() == "text/html" and page is None:
            page, charset = payload, part.get_content_charset() or ""
        elif part.get_content_maintype() == "image":
            for name in (part.get("Content-Location", "").rsplit("/", 1)[-1], part.get("Content-ID", "").strip("<>")):
                parts[name] = payload
    if page is None:
        return [], [Notice(Severity.WARNING, "altchunk_unreadable", "嵌入的网页内容没有正文，没有读取", "请在 Word 中打开并另存后再导入")]
    if charset.lower() in ("utf-8", "gbk", "gb2312", "gb18030", "utf-16"):
        return html_lines(page.decode("gb18030" if charset.lower().startswith("gb") else charset, errors="replace"), count, pictures, parts)
    return html_lines(page, count, pictures, parts)


def text_lines(data: bytes, count: Callable[[], int]) -> list[Line]:
    """Plain text line by line."""
    return [Line(count(), row) if row.strip() else Line(0, "") for row in re.split(r"\r\n|\r|\n", decode(data))]

"""XML from outside: parsed without entities, document types or the network, however it is encoded."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from html.entities import html5
from typing import NoReturn

from lxml import etree

from quiz.exchange.markup_text import without_forbidden
from quiz.problems import Invalid

Element = etree._Element

_DECLARED = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,400}\?>")
_DOCTYPE = re.compile(r"<!DOCTYPE[^<>\[]{0,2000}(\[|>)")
_ENCODINGS = frozenset(
    [
        "utf-8",
        "ascii",
        "gb18030",
        "gbk",
        "gb2312",
        "big5",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "iso8859-1",
        "iso8859-2",
        "iso8859-15",
        "cp1250",
        "cp1251",
        "cp1252",
    ]
)
_PROLOG = re.compile(r"(?:\s++|<!--(?:[^-]|-(?!->))*+-->|<\?(?:[^?]|\?(?!>))*+\?>)*+")
_WITH_ENTITIES = "文件声明了 XML 实体或内部文档类型（DTD），有安全风险，不能导入。请在原来的软件里重新导出。"
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{0,40});")
_XML_ENTITIES = frozenset(("amp", "lt", "gt", "quot", "apos"))
DEEPEST = 200


class UnreadableXml(Invalid):
    """The file is no XML that can be read."""


def parse(data: bytes) -> Element:
    """The root of the tree. Comments and processing instructions are left out.

    Raises:
        UnreadableXml: broken, in an unknown encoding, nested too deep, or declaring entities; names the line.
    """
    text = _decoded(data)
    text = _without_doctype(_DECLARATION.sub(_blank_lines, text, count=1))
    text = without_forbidden(text)
    try:
        root = _parsed(text)
    except etree.XMLSyntaxError:
        root = _parsed_leniently(text)
    _check_depth(root)
    return root


def _parsed(text: str) -> Element:
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=True,
        remove_comments=True, remove_pis=True, strip_cdata=True,
    )  # fmt: skip
    root: Element = etree.fromstring(text.encode("utf-8", errors="replace"), parser)
    return root


def _parsed_leniently(text: str) -> Element:
    """Once more, with entities of HTML resolved that programs write without declaring them."""
    pieces, at = [], 0
    while at < len(text):
        opens = text.find("<![CDATA[", at)
        closes = text.find("]]>", opens) if opens >= 0 else -1
        markup = text[at:opens] if closes >= 0 else text[at:]
        pieces.append(_ENTITY.sub(_resolved, markup))
        pieces.append(text[opens:closes] if closes >= 0 else "")
        at = closes if closes >= 0 else len(text)
    try:
        return _parsed("".join(pieces))
    except etree.XMLSyntaxError as problem:
        line = problem.lineno or 1
        _refuse("broken_xml", f"第 {line} 行附近的 XML 写法有误或文件不完整，无法读取。请在原来的软件里重新导出。")


def _refuse(code: str, message: str) -> NoReturn:
    raise UnreadableXml(message, code=code)


def _decoded(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif data.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    else:
        declared = _DECLARED.match(data[:1000])
        encoding = declared[1].decode("ascii").lower() if declared else "utf-8"
    try:
        known = codecs.lookup(encoding).name
    except LookupError:
        known = ""
    if known not in _ENCODINGS and encoding != "utf-8-sig":
        _refuse("unknown_encoding", f"XML 声明的编码“{encoding[:40]}”不认识。请另存为 UTF-8 编码后再导入。")
    if known in ("gbk", "gb2312"):
        known = "gb18030"  # what such programs really write
    try:
        return data.decode("utf-8-sig" if encoding == "utf-8-sig" else known).removeprefix("\ufeff")
    except UnicodeDecodeError:
        _refuse("unknown_encoding", f"文件内容不是它声明的编码（{encoding[:40]}）。请另存为 UTF-8 编码后再导入。")


def _blank_lines(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n")


def _without_doctype(text: str) -> str:
    """The text without its document type; one that declares entities is refused."""
    before = _PROLOG.match(text)
    at = before.end() if before else 0
    match = _DOCTYPE.match(text, at)
    if match is None:
        if text.startswith("<!", at):
            _refuse("entities", _WITH_ENTITIES)
        return text
    end = match.end()
    if match[1] == "[":
        closes = re.compile(r"\]\s*>").search(text, end)
        if closes is None or "ENTITY" in text[end : closes.end()].upper() or "%" in text[end : closes.start()]:
            _refuse("entities", _WITH_ENTITIES)
        end = closes.end()
    return text[:at] + "\n" * text.count("\n", at, end) + text[end:]


def _resolved(match: re.Match[str]) -> str:
    found = html5.get(f"{match[1]};", "&")
    return match[0] if match[1] in _XML_ENTITIES or found in "<>&\"'" else found


def _check_depth(root: Element) -> None:
    if root.getroottree().xpath(f"boolean({'/*' * (DEEPEST + 1)})"):
        _refuse("too_deep", f"XML 嵌套超过 {DEEPEST} 层，不是正常的题库。请在原来的软件里重新导出。")


def local_name(element: Element) -> str:
    """The tag without its namespace."""
    tag = element.tag
    return tag.rsplit("}", 1)[-1] if isinstance(tag, str) else ""


def children(element: Element, name: str) -> Iterator[Element]:
    """Children of that local name."""
    return (child for child in element if local_name(child) == name)


def child(element: Element | None, name: str) -> Element | None:
    """The first child of that local name."""
    return next(children(element, name), None) if element is not None else None


def text_of(element: Element | None) -> str:
    """All text inside, as it stands."""
    return "" if element is None else "".join(map(str, element.itertext()))


def line_of(element: Element) -> int | None:
    """The line of the file on which the element begins."""
    line = element.sourceline
    return line if isinstance(line, int) else None

"""Text between markup and plain: what a person reads of an HTML fragment, and plain text written as one."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_BLOCKS = frozenset(
    [
        "p",
        "div",
        "br",
        "li",
        "ul",
        "ol",
        "dl",
        "dt",
        "dd",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "section",
        "article",
        "header",
        "footer",
        "figure",
        "figcaption",
        "center",
        "address",
        "hr",
        "table",
        "thead",
        "tbody",
        "tfoot",
        "tr",
        "caption",
        "fieldset",
        "legend",
        "form",
        "main",
        "aside",
        "nav",
        "details",
        "summary",
        "pre",
        "prompt",
    ]
)
_DROPPED = frozenset(["script", "style", "noscript", "template", "link", "meta", "base", "title"])
_MEDIA = {
    "audio": "音频", "video": "视频", "iframe": "嵌入网页", "embed": "嵌入内容", "applet": "Java 小程序", "canvas": "画布", "svg": "矢量图",
    "map": "热区图", "source": "音视频",
}  # fmt: skip
_RECORDING = re.compile(r"\.(mp3|m4a|aac|ogg|oga|wav|wma|amr|mp4|m4v|mov|avi|wmv|webm|flv|swf)([?#].*)?$", re.IGNORECASE)
_VOID = frozenset(["br", "hr", "img", "input", "meta", "link", "base", "source", "embed", "area", "col", "param", "wbr", "track"])
_SUPER = str.maketrans("0123456789+-=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ")
_SUB = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")
_SUPER_SOURCE, _SUB_SOURCE = frozenset("0123456789+-=()ni"), frozenset("0123456789+-=()")
_SPACES = re.compile(r"[ \t\r\n\f]+")
_TAG = re.compile(
    r"<(/?)([A-Za-z][A-Za-z0-9:_-]*)((?:\s(?:\"[^\"<]*\"|'[^'<]*'|[^'\"<>])*)?)/?>|<(/?)([A-Za-z][A-Za-z0-9:_-]*)(\s[^<>]*)?>"
)
_ATTRIBUTE = re.compile(r"([A-Za-z_:][-A-Za-z0-9_:.]*)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_KNOWN_TAG = re.compile(
    r"</?(?:p|br|b|i|u|em|strong|sub|sup|span|div|ul|ol|li|table|tbody|thead|tr|td|th|img|font|h[1-6]|pre|code|a|blockquote|hr)"
    r"(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_LINE = re.compile(r"[ \t]*\n[ \t]*")
_PLAIN_TAG = re.compile(r"</?(?:(br)|(p|div)|b|i|u|em|strong|span|font)(?:\s(?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*+)?/?>", re.IGNORECASE)
_ALONE = re.compile(r"<p>([^<]*)</p>")
"""One paragraph, as most texts of a learning platform are."""
_KEPT_SPACE, _KEPT_LINE, _KEPT_TAB = "\x1d", "\x1e", "\x1f"
_KEEP = str.maketrans({" ": _KEPT_SPACE, "\n": _KEPT_LINE, "\t": _KEPT_TAB})
_RESTORE = str.maketrans({_KEPT_SPACE: " ", _KEPT_LINE: "\n", _KEPT_TAB: "\t", "\u00a0": " "})
_KEPT_MARK = re.compile("[\x1d-\x1f\u00a0]")
_BREAKS = re.compile(f"[ \n{_KEPT_LINE}]*[\n{_KEPT_LINE}][ \n{_KEPT_LINE}]*")
# Blanks that mean something stand as control characters until the others are collapsed."""


@dataclass
class Plain:
    """What markup comes to as plain text, and what it held besides."""

    text: str
    images: tuple[str, ...] = ()
    """Where each picture comes from: its `src` as written."""
    dropped: tuple[str, ...] = ()
    """Elements that are never text, such as `script`."""
    unsupported: tuple[str, ...] = ()
    """Names, in Chinese, of what plain text cannot hold: sound, film, a formula."""


@dataclass
class TextBuilder:
    """Builds plain text from a stream of tags and texts, whichever parser they come from."""

    keep_lines: bool = False
    """Line breaks of the source count, as in Moodle's own text format."""
    parts: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    unsupported: list[str] = field(default_factory=list)
    _silent: list[str] = field(default_factory=list)
    _open_raised: list[tuple[str, int]] = field(default_factory=list)
    _numbers: list[int | None] = field(default_factory=list)
    _cells: int = 0
    _preformatted: int = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element opens. `tag` is lower case, without prefix."""
        if self._silent:
            if tag == self._silent[-1] and tag not in _VOID:
                self._silent.append(tag)
            return
        if tag in _DROPPED:
            self.dropped.append(tag)
            self._hush(tag)
        elif tag in _MEDIA:
            self.unsupported.append(_MEDIA[tag])
            self._hush(tag)
        elif tag == "math":
            self.unsupported.append("数学公式（MathML）")
            self._hush(tag)
        elif tag == "img" or (tag == "object" and _is_picture(attributes)):
            self.images.append(attributes.get("src") or attributes.get("data") or "")
        elif tag == "object":
            self.unsupported.append("嵌入对象")
        elif tag == "a" and _RECORDING.search(attributes.get("href", "")):
            self.unsupported.append("音视频")
        elif tag in ("sup", "sub"):
            self._open_raised.append((tag, len(self.parts)))
        elif tag == "rt":
            self.parts.append("（")
        elif tag == "rp":
            self._hush(tag)
        else:
            self._start_block(tag)

    def _hush(self, tag: str) -> None:
        if tag not in _VOID:
            self._silent.append(tag)

    def _start_block(self, tag: str) -> None:
        if tag in ("td", "th"):
            if self._cells:
                self.parts.append("\t")
            self._cells += 1
            return
        if tag == "br":
            self.parts.append(_KEPT_LINE)
        elif tag in _BLOCKS:
            self.parts.append("\n")
        if tag == "tr":
            self._cells = 0
        elif tag in ("ol", "ul"):
            self._numbers.append(0 if tag == "ol" else None)
        elif tag == "li" and self._numbers and self._numbers[-1] is not None:
            self._numbers[-1] += 1
            self.parts.append(f"{self._numbers[-1]}. ")
        elif tag == "pre":
            self._preformatted += 1

    def end(self, tag: str) -> None:
        """An element closes; a tag that never opened is passed over."""
        if self._silent:
            if tag == self._silent[-1]:
                self._silent.pop()
            return
        if tag in ("sup", "sub") and self._open_raised:
            kind, place = self._open_raised.pop()
            raised = raise_text("".join(self.parts[place:]), lower=kind == "sub")
            self.parts[place:] = [raised]
        elif tag == "rt":
            self.parts.append("）")
        elif tag in ("ol", "ul") and self._numbers:
            self._numbers.pop()
            self.parts.append("\n")
        elif tag == "pre":
            self._preformatted = max(0, self._preformatted - 1)
            self.parts.append("\n")
        elif tag in _BLOCKS and tag != "br":
            self.parts.append("\n")

    def data(self, text: str) -> None:
        """Characters, entities already resolved."""
        if self._silent or not text:
            return
        if self.keep_lines or self._preformatted:
            self.parts.append(text.replace("\r\n", "\n").translate(_KEEP))
        else:
            self.parts.append(_SPACES.sub(" ", text))

    def plain(self) -> Plain:
        """The text so far: blocks on lines of their own, blanks between words single unless they were meant."""
        return Plain(_collapsed("".join(self.parts)), tuple(self.images), tuple(self.dropped), tuple(self.unsupported))


def _collapsed(text: str) -> str:
    """Runs of blanks as one, and those that were meant as they were."""
    text = re.sub(" {2,}", " ", text) if "  " in text else text
    if "\n" in text or _KEPT_LINE in text:
        text = _BREAKS.sub(_break, text)
    if _KEPT_MARK.search(text):
        text = text.translate(_RESTORE)
    return text.strip()


def _plain_break(match: re.Match[str]) -> str:
    return _KEPT_LINE if match[1] else "\n" if match[2] else ""


def _break(match: re.Match[str]) -> str:
    return "\n" * max(1, match[0].count(_KEPT_LINE))


def _is_picture(attributes: Mapping[str, str]) -> bool:
    kind = attributes.get("type", "")
    return kind.startswith("image/") or (not kind and bool(re.search(r"\.(png|jpe?g|gif|bmp|webp|svg)$", attributes.get("data", ""), re.I)))


def raise_text(text: str, *, lower: bool) -> str:
    """Superscript, or subscript with `lower`: in Unicode where every character has one, otherwise after `^` or `_`."""
    inner = text.strip()
    if not inner:
        return text
    if set(inner) <= (_SUB_SOURCE if lower else _SUPER_SOURCE):
        return inner.translate(_SUB if lower else _SUPER)
    sign = "_" if lower else "^"
    return f"{sign}{inner}" if len(inner) == 1 else f"{sign}({inner})"


def from_html(text: str, *, keep_lines: bool = False) -> Plain:
    """The plain text of an HTML fragment, however broken; nothing in it is run or fetched."""
    if not keep_lines:
        alone = _ALONE.fullmatch(text)
        text = alone[1] if alone else text
        simple = _PLAIN_TAG.sub(_plain_break, _SPACES.sub(" ", text)) if "<" in text else _SPACES.sub(" ", text)
        if "<" not in simple:
            return Plain(_collapsed(html.unescape(simple) if "&" in simple else simple))
    builder = TextBuilder(keep_lines=keep_lines)
    for kind, name, rest in _tokens(text):
        if kind == "text":
            builder.data(html.unescape(name) if "&" in name else name)
        elif kind == "start":
            builder.start(name, _attributes(rest))
        else:
            builder.end(name)
    return builder.plain()


def looks_like_html(text: str) -> bool:
    """Does the text hold tags that a person's editor writes?"""
    return "<" in text and bool(_KNOWN_TAG.search(text))


def _tokens(text: str) -> Iterator[tuple[str, str, str]]:
    """Texts and tags in order. Comments are left out; a `<` that opens nothing is text."""
    at, end = 0, len(text)
    while at < end:
        opens = text.find("<", at)
        if opens < 0:
            yield "text", text[at:], ""
            return
        if opens > at:
            yield "text", text[at:opens], ""
        if text.startswith(("<!--", "<![CDATA[", "<!", "<?"), opens):
            at = _after_declaration(text, opens)
            continue
        match = _TAG.match(text, opens)
        if match is None:
            yield "text", "<", ""
            at = opens + 1
            continue
        closing, name, rest = match.group(1, 2, 3) if match[2] else match.group(4, 5, 6)
        name = name.rsplit(":", 1)[-1].lower()
        if closing:
            yield "end", name, ""
        else:
            yield "start", name, rest or ""
            if match[0].endswith("/>") and name not in _VOID:
                yield "end", name, ""
        at = match.end()
        if not closing and name in ("script", "style") and not match[0].endswith("/>"):
            closed = re.compile(f"</{name}", re.IGNORECASE).search(text, at)
            at = closed.start() if closed else end


def _after_declaration(text: str, opens: int) -> int:
    closer = "-->" if text.startswith("<!--", opens) else ">"
    found = text.find(closer, opens)
    return len(text) if found < 0 else found + len(closer)


def _attributes(rest: str) -> dict[str, str]:
    if "=" not in rest:
        return {}
    return {match[1].lower(): html.unescape(match[2] or match[3] or match[4] or "") for match in _ATTRIBUTE.finditer(rest)}


# The other way --------------------------------------------------------------------------------------------------------


def escape_html(text: str) -> str:
    """Plain text as HTML that reads back the same: line breaks as `<br/>`, further blanks kept apart."""
    escaped = html.escape(text, quote=False)
    escaped = re.sub("(?<= ) |^ | $", "\u00a0", escaped, flags=re.MULTILINE)
    return escaped.replace("\n", "<br/>")


def survives_html(text: str) -> bool:
    """Does the text come back the same from HTML?"""
    return from_html(escape_html(text)).text == text


_FORBIDDEN_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def without_forbidden(text: str) -> str:
    """The text without characters that XML does not allow."""
    return _FORBIDDEN_IN_XML.sub("", text)


def one_line(text: str) -> str:
    """The text with each line break and the blanks around it as one space."""
    return _LINE.sub(" ", text).strip()

"""Markdown: its marks taken off, and those that show an answer kept as formatting."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from quiz.exchange.domain import Severity
from quiz.exchange.lines import BOLD, COLOURED, HIGHLIGHTED, UNDERLINED, Line, Notice

_HEADING = re.compile(r"\s{0,3}(#{1,6})\s+(?P<text>.*?)\s*#*\s*$")
_BULLET = re.compile(r"(?P<indent>\s*)(?:>\s?)*\s*[-*+]\s+(?=\S)")
_TASK = re.compile(r"\[(?P<ticked>[xX√]|\s)\]\s+(?=\S)")
_QUOTE = re.compile(r"\s{0,3}(?:>\s?)+")
_FENCE = re.compile(r"\s{0,3}(?:```|~~~)")
_RULE_ROW = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*")
_ROW = re.compile(r"\s*\|.*\|\s*")
_STRONG = re.compile(r"\*\*(?=\S)(?:[^*\n]|\*(?!\*)){1,2000}?\*\*")
_SIGNS = (
    re.compile(r"^\s{0,3}#{1,6}\s+\S"),
    _STRONG,
    re.compile(r"^\s*[-*+]\s+(?:\*\*)?[A-Ha-h](?:\*\*)?\s?[.、．:：)）]"),
    re.compile(r"^\s*[-*+]\s+\[[xX ]\]\s"),
    re.compile(r"</?(?:font|span|u|mark|b|strong)\b[^>\n]{0,200}>", re.IGNORECASE),
)
_MANY = 4
"""Lines that look like Markdown, at least, in a file that does not call itself so."""
_INLINE = re.compile(
    r"(?P<escaped>\\[\\*_#.\-`~|>])|(?P<image>!\[[^\]\n]{0,300}\]\([^)\n]{0,2000}\))|\[(?P<link>[^\]\n]{1,300})\]\((?:[a-z]{2,12}:|#|/|\./)(?:[^()\n]|\([^()\n]{0,200}\)){0,2000}\)"
    r"|(?P<strong>\*\*)|(?P<marked>==)|`(?P<code>[^`\n]{1,2000})`|(?P<tag></?[a-zA-Z][a-zA-Z0-9]{0,9}\b[^<>\n]{0,300}>)|(?<![A-Za-z0-9*])\*(?P<leaning>[^\s*][^*\n]{0,300})\*(?!\*)"
)
_EMPTY_STRONG = re.compile(r"(?<=[\s.、．])\*\*\s+|\*\*\s*$")
_TAGS = {"u": UNDERLINED, "ins": UNDERLINED, "mark": HIGHLIGHTED, "b": BOLD, "strong": BOLD, "font": COLOURED, "span": COLOURED}
_PLAIN_COLOURS = re.compile(r"(?:color\s*[:=]\s*[\"']?\s*)(?:black|#000(?:000)?|inherit|rgb\(\s*0\s*,\s*0\s*,\s*0\s*\))", re.IGNORECASE)
_IMAGE_NOTICE = Notice(Severity.WARNING, "picture_missing", "图片在文件之外，没有读取", "请改用 Word 或 Excel 导入，或在导入后补图")


def is_markdown(rows: Sequence[str], *, name: str) -> bool:
    """Does the file say so by its name, or by marks in many of its lines?"""
    if name.lower().endswith((".md", ".markdown")):
        return True
    signs = sum(any(sign.search(row) for sign in _SIGNS) for row in rows[:4000])
    return signs >= _MANY and signs * 8 >= sum(bool(row.strip()) for row in rows[:4000])


def markdown_lines(rows: Sequence[str]) -> list[Line]:
    """The lines as a reader of the page sees them, numbered as in the file."""
    found: list[Line] = []
    in_code = False
    for number, row in enumerate(rows, 1):
        if _FENCE.match(row):
            in_code = not in_code
            found.append(Line(number, row, skip=("separator", "代码块的标记，不是题目")))
        elif in_code:
            found.append(Line(number, row))
        elif "|" in row and "-" in row and _RULE_ROW.fullmatch(row):
            found.append(Line(number, row, skip=("separator", "表格线，不是题目")))
        else:
            found.append(_line(number, row))
    return found


def _line(number: int, row: str) -> Line:
    heading = _HEADING.match(row)
    if heading:
        text, style, notices = _inline(heading["text"])
        return Line(number, text, style, notices, is_title=True)
    ticked = is_row = False
    if _ROW.fullmatch(row):
        cells = [cell.strip() for cell in row.strip().strip("|").split("|")]
        ticked = cells[:1] == ["*"]
        cells = [cell for cell in cells[ticked:] if cell]
        is_row = not (len(cells) == 2 and re.fullmatch(r"\(?[A-La-l]\s?[.、．)）:：]?", cells[0]))
        row = ("\t" if is_row else " ").join(cells)
    else:
        quote = _QUOTE.match(row)
        row = row[quote.end() :] if quote else row
        bullet = _BULLET.match(row)
        row = row[bullet.end() :] if bullet else row
        task = _TASK.match(row) if bullet else None
        if task:
            ticked, row = bool(task["ticked"].strip()), row[task.end() :]
    text, style, notices = _inline(row)
    if ticked:
        style = bytes(mark | HIGHLIGHTED for mark in style or bytes(len(text)))
    return Line(number, text, style, notices, is_row=is_row)


def _inline(row: str) -> tuple[str, bytes, tuple[Notice, ...]]:
    """Text without marks, what the marks made of it, and what was left out."""
    row = _EMPTY_STRONG.sub("", row) if row.count("**") % 2 else row
    if not any(sign in row for sign in "*\\`<=![&"):
        return row, b"", ()
    text: list[str] = []
    style = bytearray()
    notices: tuple[Notice, ...] = ()
    open_marks: list[tuple[str, int]] = []
    place = 0

    def add(piece: str) -> None:
        text.append(piece)
        marks = 0
        for _, mark in open_marks:
            marks |= mark
        style.extend(bytes([marks]) * len(piece))

    for match in _INLINE.finditer(row):
        add(html.unescape(row[place : match.start()]))
        place = match.end()
        kind = match.lastgroup
        if kind == "escaped":
            add(match[0][1:])
        elif kind == "image":
            notices = (_IMAGE_NOTICE,)
        elif kind in ("link", "code", "leaning"):
            add(match[kind])
        elif kind == "strong":
            _toggle(open_marks, "**", BOLD)
        elif kind == "marked" and (row.count("==") >= 2):
            _toggle(open_marks, "==", HIGHLIGHTED)
        elif kind == "tag":
            _tag(open_marks, match[0], add)
        else:
            add(match[0])
    add(html.unescape(row[place:]))
    shown = "".join(text)
    return shown, bytes(style) if any(style) else b"", notices


def _toggle(open_marks: list[tuple[str, int]], sign: str, mark: int) -> None:
    if (sign, mark) in open_marks:
        open_marks.remove((sign, mark))
    else:
        open_marks.append((sign, mark))


def _tag(open_marks: list[tuple[str, int]], tag: str, add: object) -> None:
    """A tag of HTML: formatting is noted, a line end is a blank, anything else stays as text."""
    name = re.sub(r"[^a-z0-9]", "", re.split(r"[\s>]", tag[1:].lower())[0])
    assert callable(add)
    if name == "br":
        add(" ")
    elif name in ("sup", "sub"):
        add("" if tag.startswith("</") else {"sup": "^", "sub": "_"}[name])
    elif name in _TAGS:
        mark = 0 if name in ("font", "span") and ("color" not in tag.lower() or _PLAIN_COLOURS.search(tag)) else _TAGS[name]
        if tag.startswith("</"):
            place = next((place for place in range(len(open_marks) - 1, -1, -1) if open_marks[place][0] == name), None)
            if place is not None:
                del open_marks[place]
        else:
            open_marks.append((name, mark))
    elif name not in ("p", "div", "center", "em", "i"):
        add(tag)

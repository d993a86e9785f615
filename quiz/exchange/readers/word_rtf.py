"""Rich Text Format that a Word document carries along, as lines: text and line ends; pictures and formatting are named and left out."""

from __future__ import annotations

import re
from collections.abc import Callable

from quiz.exchange.domain import Severity
from quiz.exchange.lines import Line, Notice

_PIECE = re.compile(
    rb"\\(?P<word>[a-zA-Z]{1,32})(?P<figure>-?\d{1,10})? ?|\\'(?P<hex>[0-9a-fA-F]{2})|\\(?P<sign>[^a-zA-Z])|(?P<brace>[{}])|(?P<end>[\r\n]+)|(?P<text>[^\\{}\r\n]+)"
)
_SILENT = frozenset(
    b"fonttbl colortbl stylesheet info pict object themedata colorschememapping datastore latentstyles listtable listoverridetable rsidtbl generator"
    b" xmlnstbl header headerl headerr headerf footer footerl footerr footerf footnote fldinst bkmkstart bkmkend filetbl mmathPr wgrffmtfilter pgptbl"
    b" nonshppict annotation atnid atnauthor revtbl shppict".split()
)
"""Groups whose text nobody sees as text of the page."""
_ENDS = {b"par": "\n", b"line": "\n", b"row": "\n", b"sect": "\n", b"page": "\n", b"cell": "\t", b"tab": "\t"}
_SIGNS = {
    b"emdash": "—", b"endash": "–", b"lquote": "‘", b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”", b"bullet": "•", b"emspace": " ",
    b"enspace": " ", b"qmspace": " ",
}  # fmt: skip
_CODE_PAGES = {936: "gb18030", 950: "big5", 932: "cp932", 949: "cp949", 65001: "utf-8", 1252: "cp1252", 10008: "gb18030"}
_CHARSETS = {134: "gb18030", 136: "big5", 128: "cp932", 129: "cp949", 0: ""}
_DEEPEST = 200
_LONGEST = 20 * 2**20


def rtf_lines(data: bytes, count: Callable[[], int]) -> tuple[list[Line], list[Notice]]:
    """The text of an RTF, a line each; `count` gives the next number."""
    text, left_out = rtf_text(data[:_LONGEST])
    notices = [Notice(Severity.INFO, "rtf_read", "嵌入的 RTF 内容按文字读取，格式没有读取", "请核对")]
    if left_out:
        notices.append(Notice(Severity.WARNING, "picture_missing", "嵌入的 RTF 内容里的图片没有读取", "请把图片直接放进文档"))
    return [Line(count() if row.strip() else 0, row) for row in text.split("\n")], notices


def rtf_text(data: bytes) -> tuple[str, bool]:
    """The text a reader of the page sees, and whether a picture was among what was left out."""
    reader = _Reader()
    for match in _PIECE.finditer(data):
        reader.take(match)
    reader.end_bytes()
    return "".join(reader.found), reader.pictures


class _Reader:
    """Goes through an RTF once."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.pictures = False
        self.code_page = "gb18030"
        self.fonts: dict[int, str] = {}
        self.stack: list[tuple[bool, int, str]] = []
        self.silent, self.skip_after, self.encoding = False, 1, ""
        """Of the open group: whether its text is seen, how many signs stand in for a Unicode one, and how its bytes are encoded."""
        self.raw = bytearray()
        self.to_skip = 0
        self.may_be_optional = False
        self.defining: int | None = None

    def take(self, match: re.Match[bytes]) -> None:
        kind = match.lastgroup
        if kind == "hex" or kind == "text":
            self._bytes(bytes.fromhex(match["hex"].decode()) if match["hex"] else match["text"])
            return
        self.end_bytes()
        if kind == "brace":
            self._brace(match["brace"])
        elif kind == "sign":
            self._sign(match["sign"])
        elif kind != "end":
            self._word(match["word"], int(match["figure"]) if match["figure"] else None)

    def _bytes(self, piece: bytes) -> None:
        if self.to_skip:
            dropped = min(self.to_skip, len(piece))
            self.to_skip -= dropped
            piece = piece[dropped:]
        if not self.silent:
            self.raw += piece
        self.may_be_optional = False

    def end_bytes(self) -> None:
        if self.raw:
            self.found.append(bytes(self.raw).decode(self.encoding or self.code_page, errors="replace"))
            self.raw.clear()

    def _brace(self, brace: bytes) -> None:
        self.to_skip = 0
        if brace == b"{" and len(self.stack) < _DEEPEST:
            self.stack.append((self.silent, self.skip_after, self.encoding))
        elif brace == b"}" and self.stack:
            self.silent, self.skip_after, self.encoding = self.stack.pop()

    def _sign(self, sign: bytes) -> None:
        if sign == b"*":
            self.may_be_optional = True
        elif not self.silent and sign in b"\\{}~_-":
            self.found.append({b"~": " ", b"_": "-", b"-": ""}.get(sign, sign.decode()))

    def _word(self, word: bytes, figure: int | None) -> None:
        optional, self.may_be_optional = self.may_be_optional, False
        if word == b"pict":
            self.pictures = True
        if word in _SILENT or optional and word != b"shppict":
            self.silent = True
        if word == b"ansicpg" and figure in _CODE_PAGES:
            self.code_page = _CODE_PAGES[figure]
        elif word == b"f" and figure is not None:
            self.defining, self.encoding = figure, self.fonts.get(figure, "")
        elif word == b"fcharset" and figure is not None and self.defining is not None:
            self.fonts[self.defining] = _CHARSETS.get(figure, "")
        elif word == b"uc" and figure is not None:
            self.skip_after = max(0, min(figure, 10))
        elif word == b"u" and figure is not None:
            self._unicode(figure)
        elif not self.silent:
            self.found.append(_ENDS.get(word) or _SIGNS.get(word, ""))

    def _unicode(self, figure: int) -> None:
        self.to_skip = self.skip_after
        if not self.silent:
            value = figure % 0x10000
            self.found.append(chr(value) if not 0xD800 <= value < 0xE000 else "\ufffd")

"""Plain text: questions in any layout a person types them in."""

from __future__ import annotations

import re
from typing import NoReturn

from quiz.exchange.block_rows import without_questions
from quiz.exchange.blocks import rows_of
from quiz.exchange.domain import Format, Reading, Remark, Severity
from quiz.exchange.lines import Line
from quiz.exchange.readers.text_markdown import is_markdown, markdown_lines
from quiz.problems import Invalid

MAX_BYTES = 20 * 2**20
MAX_LINES = 1_000_000
MAX_LINE = 100_000
"""Signs of one line: no question is longer, and some patterns look at a line several times."""

_GAP = " " * 60
_LONG_GAP = re.compile(r"[ \t\u3000\u00a0]{61,}")
"""Blanks that only fill a line."""
_LINE_END = re.compile(r"\r\n|\r|\n")
_OTHER_BREAK = re.compile(r"[\x0b\x0c\x85\u2028\u2029]")
"""Breaks that a text editor does not number."""
_MARKDOWN = Remark(Severity.INFO, "markdown", "按 Markdown 读取：标题、列表、加粗等标记已去掉，颜色、突出显示和勾选按格式看待")


def read(data: bytes, *, name: str = "") -> Reading:
    """The questions of a text file, and every other line of it.

    Raises:
        Invalid: empty, too large, or no text.
    """
    if not data.strip():
        _refuse("empty_file", "文件是空的。请重新保存后上传。")
    if len(data) > MAX_BYTES:
        _refuse("file_too_large", f"文本超过 {MAX_BYTES // 2**20} MB。请拆成几个文件分别导入。")
    lines = lines_of(decode(data))
    rows = [line.text for line in lines]
    marked = is_markdown(rows, name=name)
    found = tuple(rows_of(markdown_lines(rows) if marked else lines))
    return Reading(Format.TEXT, found, (*((_MARKDOWN,) if marked else ()), *without_questions(found)))


def _refuse(code: str, message: str) -> NoReturn:
    raise Invalid(message, code=code)


def lines_of(text: str) -> list[Line]:
    """The lines as a text editor numbers them."""
    rows = _LINE_END.split(text)
    if len(rows) > MAX_LINES or max(map(len, rows)) > MAX_LINE:
        _refuse("file_too_large", "文本的行数过多，或有一行过长，不像题库。请检查后分行保存，或拆成几个文件再导入。")
    if _OTHER_BREAK.search(text) or _LONG_GAP.search(text):
        rows = [_LONG_GAP.sub(_GAP, _OTHER_BREAK.sub(" ", row)) for row in rows]
    return [Line(number, row) for number, row in enumerate(rows, 1)]


def decode(data: bytes) -> str:
    """UTF-8, UTF-16 and GB18030, told apart by mark or content.

    Raises:
        Invalid: it is in none of them.
    """
    for encoding in _encodings(data):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        return text.removeprefix("\ufeff")
    _refuse("encoding", "无法识别文字编码（应为 UTF-8、UTF-16 或 GB18030），或这不是文本文件。请用记事本打开后另存为 UTF-8 再导入。")


def _encodings(data: bytes) -> list[str]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ["utf-16"]
    head = data[:2000]
    if head[1::2].count(0) > len(head) // 8:
        return ["utf-16-le"]
    if head[0::2].count(0) > len(head) // 8:
        return ["utf-16-be"]
    return ["utf-8-sig", "gb18030"]

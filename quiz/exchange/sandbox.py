"""Reading a question file behind the wall of `quiz.wall`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable

from quiz.exchange.detect import detect
from quiz.exchange.domain import Format, Reading
from quiz.wall import Words, behind_wall, reply

SECONDS = 120.0
_READERS = {
    Format.XLSX: "excel",
    Format.CSV: "excel",
    Format.DOCX: "word",
    Format.TEXT: "text",
    Format.JSON: "json_file",
    Format.GIFT: "gift",
    Format.AIKEN: "aiken",
    Format.MOODLE_XML: "moodle_xml",
    Format.QTI12: "qti",
    Format.QTI21: "qti",
    Format.QTI30: "qti",
}
WORDS = Words(
    damaged="文件内部结构异常，无法读取。请在原来的软件里打开，另存为新文件后再导入。",
    too_slow="文件过于复杂，在规定时间内没有读完。请拆成几个文件后再导入。",
    too_large="文件展开后过大，可能不是正常的题库。请只保留题目，另存后再导入。",
)


def read_file(data: bytes, *, name: str = "", format: Format | None = None) -> Reading:
    """Read a question file of any known format, behind a wall.

    Raises:
        Invalid: it is no question file, is damaged, or took too long or too much memory.
    """
    chosen = format or detect(data, name=name)
    answer = behind_wall("quiz.exchange.sandbox", [chosen.value, name[:200]], data, words=WORDS, seconds=SECONDS)
    assert isinstance(answer, Reading)
    return answer


def reader_of(format: Format) -> Callable[..., Reading]:
    """The reading function of a format."""
    read: Callable[..., Reading] = importlib.import_module(f"quiz.exchange.readers.{_READERS[format]}").read
    return read


if __name__ == "__main__":
    reply(lambda data: reader_of(Format(sys.argv[1]))(data, name=sys.argv[2]), words=WORDS)  # type: ignore[call-arg]

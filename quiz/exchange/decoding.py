"""Text files from outside: whichever encoding they were saved in, as text with plain line breaks."""

from __future__ import annotations

import codecs

from quiz.problems import Invalid


def decoded(data: bytes) -> str:
    """The text of a UTF-8, UTF-16 or GB18030 file, with `\\n` between lines.

    Raises:
        Invalid: it is none of them.
    """
    encodings = ["utf-16"] if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError:
            continue
    raise Invalid("文件的文字编码认不出。请用记事本打开，另存为 UTF-8 编码后再导入。", code="unknown_encoding")

"""What a file is, from its bytes: its name may lie, and the person is told when it does."""

from __future__ import annotations

import io
import re
import zipfile
from typing import NoReturn

from quiz.exchange.domain import Format
from quiz.problems import Invalid

MAX_FILE_BYTES = 80 * 2**20
_HEAD = 200_000
"""Bytes looked at to tell the text formats apart."""


def detect(data: bytes, *, name: str = "") -> Format:
    """The format of a question file.

    Raises:
        Invalid: empty, too large, encrypted, or nothing a reader knows; says what to do.
    """
    if not data.strip():
        _refuse("empty_file", "文件是空的。请重新导出或另存后上传。")
    if len(data) > MAX_FILE_BYTES:
        _refuse("file_too_large", f"文件超过 {MAX_FILE_BYTES // 2**20} MB。请拆成几个文件分别导入。")
    if data.startswith(b"PK"):
        return _in_zip(data)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return _in_compound_file(data)
    if data.startswith(b"{\\rtf"):
        _refuse("rtf", "这是 RTF 文档。请用 Word 或 WPS 打开，另存为 .docx 后再导入。")
    if data.startswith(b"%PDF"):
        _refuse("pdf", "这是 PDF。请导入生成它的 Word 或 Excel 原文件。")
    if data[:4] in (b"\x89PNG", b"GIF8") or data.startswith((b"\xff\xd8\xff", b"BM")):
        _refuse("picture", "这是一张图片。请把题目录入 Word 或 Excel 后再导入。")
    if data.startswith((b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b")):
        _refuse("archive", "这是压缩文件（rar、7z 或 gz）。请先解压，再逐个导入里面的文件。")
    if data.startswith((b"MZ", b"\x7fELF")):
        _refuse("program", "这是程序，不是题库。请选择 Excel、Word 或其他题库文件；来历不明的文件请不要打开。")
    return _in_text(data, name)


def _refuse(code: str, message: str) -> NoReturn:
    raise Invalid(message, code=code)


def _in_zip(data: bytes) -> Format:
    try:
        names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError):
        _refuse("damaged", "压缩结构已损坏，无法打开。请在原来的软件里重新导出或另存。")
    known = set(names)
    if "word/document.xml" in known or any(name.startswith("word/") for name in known):
        return Format.DOCX
    if any(name.startswith("xl/") for name in known) or "content.xml" in known and "mimetype" in known:
        return Format.XLSX
    if any(name.rsplit("/", 1)[-1].lower() == "imsmanifest.xml" for name in known) or any(name.lower().endswith(".xml") for name in known):
        return _in_package(data, names)
    _refuse("unknown_package", "压缩包里没有题库。可以导入 xlsx、docx、QTI 题包（含 imsmanifest.xml）；其他压缩包请先解压，再逐个导入。")


def _in_package(data: bytes, names: list[str]) -> Format:
    """Which QTI a package holds: its manifest or one of its items says."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        for name in sorted(names, key=lambda name: (not name.lower().endswith("imsmanifest.xml"), name))[:50]:
            if name.lower().endswith(".xml"):
                try:
                    with package.open(name) as stream:
                        head = stream.read(_HEAD)
                except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, zipfile.zlib.error):  # type: ignore[attr-defined]
                    continue  # this entry tells nothing; the reader will name it as damaged
                found = _qti(head)
                if found:
                    return found
    return Format.QTI21


def _qti(head: bytes) -> Format | None:
    lowered = head.lower()
    if b"imsqtiasi_v3" in lowered or b"qti-assessment-item" in lowered or b"qtiv3" in lowered or b"imsqti_v3" in lowered:
        return Format.QTI30
    if b"imsqti_v2" in lowered or b"imsqti_item_xmlv2" in lowered or b"<assessmentitem" in lowered or b"imsqti_test_xmlv2" in lowered:
        return Format.QTI21
    if b"questestinterop" in lowered or b"imsqti_xmlv1" in lowered or b"ims_qtiasiv1" in lowered:
        return Format.QTI12
    return None


def _in_compound_file(data: bytes) -> Format:
    """An old Office file, or a new one under a password."""
    wide = (
        data.replace(b"\x00", b"")
        if len(data) < 4 * 2**20
        else data[: 2**20].replace(b"\x00", b"") + data[-(2**20) :].replace(b"\x00", b"")
    )
    if b"EncryptedPackage" in wide or b"EncryptionInfo" in wide:
        _refuse("encrypted", "文件设了打开密码。请先取消密码，另存后再导入。")
    if b"WordDocument" in wide:
        _refuse("old_word", "这是旧版 Word 文档（.doc）。请用 Word 或 WPS 打开，另存为 .docx 后再导入。")
    return Format.XLSX


def _in_text(data: bytes, name: str) -> Format:
    head = data[:_HEAD]
    if head.count(b"\x00") > len(head) // 4 and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        _refuse("unknown_file", "认不出这种文件。可以导入 Excel、Word、CSV、纯文本、GIFT、Aiken、Moodle XML、QTI 和 JSON。")
    text = _decoded(head)
    start = text.lstrip("\ufeff \t\r\n")
    if start.startswith("<"):
        return _in_xml(head, start, name)
    if start[:1] in "{[" and re.match(r"[\[{]\s*([\"{\[\]}])", start):
        return Format.JSON
    suffix = name.lower().rsplit(".", 1)[-1] if "." in name else ""
    if suffix in ("csv", "tsv") and _looks_like_table(text):
        return Format.CSV  # braces in a cell make no GIFT of it
    if suffix == "gift" or _looks_like_gift(text):
        return Format.GIFT
    if re.search(r"^ANSWER:\s*[A-Z]\s*$", text, re.MULTILINE) and re.search(r"^[A-Z][.)]\s", text, re.MULTILINE):
        return Format.AIKEN
    return Format.CSV if suffix in ("csv", "tsv") or _looks_like_table(text) else Format.TEXT


def _decoded(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", errors="replace")
    try:
        return head.decode("utf-8")
    except UnicodeDecodeError as problem:
        if problem.start > len(head) - 4:  # cut in the middle of a character
            return head[: problem.start].decode("utf-8")
        return head.decode("gb18030", errors="replace")


def _in_xml(head: bytes, start: str, name: str) -> Format:
    lowered = head.lower()
    found = _qti(head)
    if found:
        return found
    if b"<quiz" in lowered:
        return Format.MOODLE_XML
    if re.match(r"<!doctype html|<html|<table|<meta", start, re.IGNORECASE):
        if name.lower().endswith((".doc", ".docx", ".txt", ".md", ".wps")):
            _refuse("html", "这是网页（HTML），不是文档。请用 Word 或 WPS 打开，另存为 .docx 后再导入。")
        _refuse("html", "这是网页（HTML）改了后缀的“假表格”。请用 WPS 或 Excel 打开，另存为 .xlsx 后再导入。")
    if b"microsoft.com/office/word" in lowered or b'progid="word.document"' in lowered or b"wordprocessingml" in lowered:
        _refuse("word_xml", "这是 XML 格式的 Word 文档，不是 .docx。请用 Word 或 WPS 打开，另存为 .docx 后再导入。")
    _refuse("unknown_xml", "这个 XML 不是 Moodle XML，也不是 QTI。请确认导出时选择的格式。")


def _looks_like_gift(text: str) -> bool:
    """Braces with an answer in them, GIFT's own signs, or its category line."""
    if re.search(r"^\$CATEGORY:", text, re.MULTILINE) or re.search(r"^::[^:\n]+::", text, re.MULTILINE):
        return True
    return bool(re.search(r"(?<!\\)\{\s*(?:[=~#]|T\}|F\}|TRUE\}|FALSE\}|T#|F#|TRUE#|FALSE#|\})", text))


def _looks_like_table(text: str) -> bool:
    """Several lines with as many separators each, as a spreadsheet writes them."""
    lines = [line for line in text.splitlines()[:30] if line.strip()]
    for separator in ("\t", ",", "，"):
        counts = [line.count(separator) for line in lines]
        if len(lines) >= 2 and min(counts[:5]) >= 3 and len(set(counts[:5])) <= 2:
            return separator != "，"
    return False

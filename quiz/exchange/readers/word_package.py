"""The zip package of a Word document: opened with suspicion, its parts read within limits."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import unquote

from lxml import etree

from quiz.exchange.readers.word_formula import attribute, local
from quiz.problems import Invalid

MAX_FILE_BYTES = 80 * 2**20
MAX_ENTRIES = 5000
MAX_UNPACKED_BYTES = 400 * 2**20
MAX_XML_BYTES = 100 * 2**20
MAX_PICTURE_BYTES = 10 * 2**20
_RESAVE = "请用 Word 或 WPS 打开，另存为 .docx 后再导入。"


@dataclass(frozen=True)
class Relation:
    """Where a relationship of a part leads."""

    kind: str
    """The last word of its type: `image`, `aFChunk`, `hyperlink` …"""
    target: str
    external: bool = False


def refuse(code: str, message: str) -> NoReturn:
    """Raises Invalid."""
    raise Invalid(message, code=code)


def open_package(data: bytes) -> Package:
    """The package of a docx or docm; what the file is shows in its bytes.

    Raises:
        Invalid: it is something else, encrypted, damaged, too large, or made to do harm.
    """
    if not data.strip():
        refuse("empty_file", "文件是空的。请重新保存后上传。")
    if len(data) > MAX_FILE_BYTES:
        refuse("file_too_large", f"文件超过 {MAX_FILE_BYTES // 2**20} MB。请拆成几个文件分别导入。")
    if not data.startswith(b"PK"):
        _refuse_other(data)
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError, OSError):
        refuse("damaged", f"文件已损坏，无法打开。{_RESAVE}")
    return Package(archive)


def _refuse_other(data: bytes) -> NoReturn:
    head = data[:4096]
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in data:
            refuse("encrypted", "文件设了打开密码。请先取消密码，另存后再导入。")
        if "WordDocument".encode("utf-16-le") in data:
            refuse("old_word", f"这是旧版 Word 文档（.doc）。{_RESAVE}")
        refuse("not_word", "这不是 Word 文档，可能是旧版 Excel 或其他 Office 文件。请确认文件后重新上传。")
    if head.lstrip().startswith(b"{\\rtf"):
        refuse("rtf", f"这是 RTF 文档，不是 .docx。{_RESAVE}")
    if data.startswith(b"%PDF"):
        refuse("pdf", "这是 PDF。请导入生成它的 Word 原文件。")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = head.decode("utf-16", errors="replace").lstrip().lower().encode()
    if re.match(rb"<!doctype html|<html|<head|<body|<table|<meta", text) or b"<html" in text[:1000]:
        refuse("html", f"这是网页（HTML）改了后缀的“假文档”。{_RESAVE}")
    if text.startswith(b"mime-version:"):
        refuse("html", f"这是单个网页文件（MHT），不是 .docx。{_RESAVE}")
    if text.startswith(b"<?xml"):
        refuse("word_xml", f"这是 XML 格式的文档，不是 .docx。{_RESAVE}")
    refuse("not_word", "这不是 Word 文档。纯文本请用 .txt 后缀上传；其他文件请用 Word 或 WPS 打开，另存为 .docx。")


class Package:
    """Parts by name."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        entries = archive.infolist()
        self.names = {entry.filename for entry in entries}
        self._check(entries)
        self.main = self._main_part()
        self._left = MAX_UNPACKED_BYTES

    def _check(self, entries: list[zipfile.ZipInfo]) -> None:
        if any(entry.flag_bits & 1 for entry in entries):
            refuse("encrypted", "文件设有密码。请取消密码后再导入。")
        if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
            refuse("file_too_large", f"文件展开后过大，可能不是正常的文档。{_RESAVE}")
        for name in self.names:
            plain = name.replace("\\", "/")
            if plain.startswith("/") or ".." in plain.split("/") or re.match(r"[A-Za-z]:", plain):
                refuse("unsafe_package", f"文件里有指向外部的路径（{name[:40]}），不是正常的 Word 文档。{_RESAVE}")
        if not any(name.startswith("word/") for name in self.names):
            kind = (
                "Excel 表格"
                if any(name.startswith("xl/") for name in self.names)
                else "PPT 演示文稿"
                if any(name.startswith("ppt/") for name in self.names)
                else "压缩包"
            )
            refuse("not_word", f"这是{kind}，不是 Word 文档。请上传 .docx 格式的文档。")

    def _main_part(self) -> str:
        if "_rels/.rels" in self.names:
            self._left = MAX_UNPACKED_BYTES
            for relation in self._relations_in("_rels/.rels", "").values():
                if relation.kind == "officeDocument" and not relation.external and relation.target in self.names:
                    return relation.target
        if "word/document.xml" not in self.names:
            refuse("damaged", f"文件里没有正文，可能已损坏。{_RESAVE}")
        return "word/document.xml"

    @property
    def has_macros(self) -> bool:
        return any(name.lower().endswith("vbaproject.bin") for name in self.names)

    def read(self, name: str, *, at_most: int = MAX_XML_BYTES) -> bytes:
        """A part's bytes, however much its entry claims to hold.

        Raises:
            Invalid: damaged, or larger than any document's part.
        """
        try:
            with self.archive.open(name) as stream:
                data = stream.read(min(at_most, self._left) + 1)
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError, ValueError, zipfile.zlib.error):  # type: ignore[attr-defined]
            refuse("damaged", f"文件已损坏，无法读取其中的 {name[:60]}。{_RESAVE}")
        self._left -= len(data)
        if len(data) > at_most or self._left < 0:
            refuse("file_too_large", f"文件展开后过大，可能不是正常的文档。{_RESAVE}")
        return data

    def xml(self, name: str) -> etree._Element | None:
        """A part as XML; None when there is no such part."""
        if name not in self.names:
            return None
        return parse_xml(self.read(name))

    def relations(self, part: str) -> dict[str, Relation]:
        """The relationships of a part by their id."""
        folder, base = posixpath.split(part)
        name = posixpath.join(folder, "_rels", f"{base}.rels")
        return self._relations_in(name, folder) if name in self.names else {}

    def _relations_in(self, name: str, folder: str) -> dict[str, Relation]:
        found = {}
        for item in parse_xml(self.read(name)):
            identifier, target = attribute(item, "Id") or "", attribute(item, "Target") or ""
            external = attribute(item, "TargetMode") == "External"
            if not external:
                target = unquote(target)
                target = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            found[identifier] = Relation((attribute(item, "Type") or "").rsplit("/", 1)[-1], target, external)
        return found


def parse_xml(data: bytes) -> etree._Element:
    """XML without entities, network or unbounded depth.

    Raises:
        Invalid: it is broken, or declares entities.
    """
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data or "<!DOCTYPE".encode("utf-16-le") in data or "<!DOCTYPE".encode("utf-16-be") in data:
        refuse("xml_entities", f"文件里有 Word 不会写出的 XML 声明（实体），可能是恶意文件，未读取。{_RESAVE}")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        refuse("damaged", f"文件内部结构损坏，无法读取。{_RESAVE}")
    if root is None:
        refuse("damaged", f"文件内部结构损坏，无法读取。{_RESAVE}")
    return root


__all__ = ["MAX_PICTURE_BYTES", "Package", "Relation", "local", "open_package", "parse_xml", "refuse"]

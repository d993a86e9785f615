"""A zip of questions and pictures: what it holds is counted before anything is unpacked, and nothing leaves its folder."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from typing import NoReturn
from urllib.parse import unquote

from quiz.problems import Invalid

MAX_ENTRIES = 60_000
MAX_UNPACKED = 600 * 2**20
MAX_ENTRY = 64 * 2**20
_FILE_BASE = re.compile(r"\$IMS[-_]CC[-_]FILE_?BASE\$/?")
"""How Canvas writes the folder of its files."""
_ARCHIVES = (".zip", ".rar", ".7z", ".gz", ".tar", ".imscc", ".bz2", ".xz")


class Package:
    """The files of a package by their path."""

    def __init__(self, data: bytes) -> None:
        """Raises Invalid where the zip is broken, encrypted, too large, or names files outside itself."""
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            entries = [entry for entry in self._zip.infolist() if not entry.is_dir()]
        except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError):
            _refuse("damaged", "压缩包已损坏，无法打开。请在原来的软件里重新导出。")
        if any(entry.flag_bits & 1 for entry in entries):
            _refuse("encrypted", "压缩包设有密码。请取消密码后再导入。")
        if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
            _refuse("file_too_large", "压缩包展开后过大，可能不是正常的题库。请拆成几个题包后再导入。")
        unsafe = next((entry.filename for entry in entries if _is_unsafe(entry.filename)), None)
        if unsafe is not None:
            _refuse("unsafe_package", f"压缩包里的文件名“{unsafe[:60]}”指向包外，有安全风险，不能导入。请在原来的软件里重新导出。")
        self._entries = {posixpath.normpath(entry.filename): entry for entry in entries}
        self._by_lower = {name.lower(): name for name in self._entries}

    @property
    def names(self) -> list[str]:
        """Paths of all files, in the order of the zip."""
        return list(self._entries)

    @property
    def archives(self) -> list[str]:
        """Archives inside, which are not opened."""
        return [name for name in self._entries if name.lower().endswith(_ARCHIVES)]

    def find(self, address: str, *, beside: str = "") -> str | None:
        """The path that an address means, as written in the file `beside`; None where the package has no such file."""
        plain = unquote(re.sub(r"[?#].*$", "", address.strip())).replace("\\", "/")
        plain = _FILE_BASE.sub("web_resources/", plain)
        for base in dict.fromkeys((posixpath.dirname(beside), "")):
            path = posixpath.normpath(posixpath.join(base, plain.lstrip("/")))
            found = path if path in self._entries else self._by_lower.get(path.lower())
            if found is not None:
                return found
        return None

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; None where it cannot be unpacked or is too large."""
        entry = self._entries[path]
        if entry.file_size > MAX_ENTRY:
            return None
        try:
            with self._zip.open(entry) as stream:
                data = stream.read(MAX_ENTRY + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError):
            return None
        return data if len(data) <= MAX_ENTRY else None


def _refuse(code: str, message: str) -> NoReturn:
    raise Invalid(message, code=code)


def _is_unsafe(name: str) -> bool:
    plain = name.replace("\\", "/")
    return plain.startswith("/") or ".." in plain.split("/") or bool(re.match(r"[A-Za-z]:", plain)) or "\0" in name

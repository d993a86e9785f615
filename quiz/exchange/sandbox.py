"""Reading a question file in a process of its own: whatever a hostile file does to a reader, the server goes on."""

from __future__ import annotations

import gc
import importlib
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from quiz.exchange.detect import detect
from quiz.exchange.domain import Format, Reading
from quiz.problems import Invalid

MEMORY_BYTES = 3 * 2**30
SECONDS = 120.0
LARGEST_ANSWER = 512 * 2**20
_ROOT = Path(__file__).parents[2]
_one_at_a_time = threading.Lock()
"""Two hostile files at once would take twice the memory; an honest one takes seconds."""
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
DAMAGED = "文件内部结构异常，无法读取。请在原来的软件里打开，另存为新文件后再导入。"
TOO_SLOW = "文件过于复杂，在规定时间内没有读完。请拆成几个文件后再导入。"
TOO_LARGE = "文件展开后过大，可能不是正常的题库。请只保留题目，另存后再导入。"


def read_file(data: bytes, *, name: str = "", format: Format | None = None) -> Reading:
    """Read a question file of any known format, behind a wall.

    Raises:
        Invalid: it is no question file, is damaged, or took too long or too much memory.
    """
    chosen = format or detect(data, name=name)
    answer = behind_wall("quiz.exchange.sandbox", [chosen.value, name[:200]], data)
    assert isinstance(answer, Reading)
    return answer


def behind_wall(module: str, arguments: Sequence[str], data: bytes) -> Any:
    """What the module, run as a process of its own with limits, makes of the bytes; it answers through `reply`.

    Raises:
        Invalid: what it refused, or that it broke or took too long.
    """
    environment = {key: value for key, value in os.environ.items() if not key.upper().startswith("ANKAO_")}
    command = [sys.executable, "-X", "utf8", "-m", module, *arguments]
    try:
        with _one_at_a_time:
            done = subprocess.run(command, input=data, capture_output=True, cwd=_ROOT, env=environment, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise Invalid(TOO_SLOW, code="too_slow") from None
    if done.returncode != 0:
        raise Invalid(DAMAGED, code="damaged")
    answer = _unpacked(done.stdout)
    if isinstance(answer, tuple):
        code, message = answer
        raise Invalid(message, code=code)
    return answer


def _unpacked(data: bytes) -> Any:
    """Hundreds of thousands of small objects at once: looking for garbage among them meanwhile would only cost time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        return pickle.loads(data)
    finally:
        if was_on:
            gc.enable()


def reader_of(format: Format) -> Callable[..., Reading]:
    """The reading function of a format."""
    read: Callable[..., Reading] = importlib.import_module(f"quiz.exchange.readers.{_READERS[format]}").read
    return read


def _limit() -> None:
    """Less memory than the machine has. Windows knows no such limit; there the process of its own is all."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def reply(work: Callable[[bytes], Any]) -> None:
    """In the child: bytes in, an answer or a refusal out."""
    _limit()
    gc.disable()  # the process lives for one file: what it made is wanted until the end
    data = sys.stdin.buffer.read()
    try:
        answer = pickle.dumps(work(data), pickle.HIGHEST_PROTOCOL)
    except Invalid as refusal:
        answer = pickle.dumps((refusal.code, refusal.message))
    except (MemoryError, RecursionError):
        answer = b""
    if not answer or len(answer) > LARGEST_ANSWER:
        answer = pickle.dumps(("file_too_large", TOO_LARGE))
    sys.stdout.buffer.write(answer)


if __name__ == "__main__":
    reply(lambda data: reader_of(Format(sys.argv[1]))(data, name=sys.argv[2]))  # type: ignore[call-arg]

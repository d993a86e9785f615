"""Reading an uploaded table in a process of its own: whatever a hostile file does to the reader, the server goes on.

A few kilobytes can make a spreadsheet reader ask for terabytes, and the Rust reader then ends its whole process; a regular
expression can be kept busy for hours while it holds the interpreter. So the file goes to a child with a limit on memory and
time and without our settings in its environment, and what it read comes back.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path

from quiz.spreadsheets.reading import Grid, Unreadable, open_grids

MEMORY_BYTES = 3 * 2**30
"""Measured: 290,000 rows of 26 columns take 0.4 GB and some 20 s of one core."""
SECONDS = 90.0
LARGEST_ANSWER = 512 * 2**20
_ROOT = Path(__file__).parents[2]
_one_at_a_time = threading.Lock()
"""Two hostile files at once would take twice the memory; an honest one takes a second."""

DAMAGED = "文件内部结构异常，无法打开。请在 WPS 或 Excel 中打开，只保留需要的工作表，另存为 .xlsx 后再导入。"
TOO_SLOW = "文件过于复杂，在规定时间内没有读完。请只保留需要的工作表，另存为 .xlsx，或拆成几个文件后再导入。"


def read_grids(data: bytes) -> list[Grid]:
    """`open_grids` behind a wall. Raises Unreadable, also for a file that ended its reader or took too long."""
    environment = {name: value for name, value in os.environ.items() if not name.upper().startswith("ANKAO_")}
    command = [sys.executable, "-X", "utf8", "-m", "quiz.spreadsheets.sandbox"]
    try:
        with _one_at_a_time:
            done = subprocess.run(command, input=data, capture_output=True, cwd=_ROOT, env=environment, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise Unreadable(TOO_SLOW, code="too_slow") from None
    if done.returncode != 0:
        raise Unreadable(DAMAGED, code="damaged")
    answer = pickle.loads(done.stdout)
    if isinstance(answer, tuple):
        code, message = answer
        raise Unreadable(message, code=code)
    return answer


def _limit() -> None:
    """Less memory than the machine has. Windows knows no such limit; there the process of its own is all."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _child() -> None:
    """Bytes in, grids or a refusal out."""
    _limit()
    data = sys.stdin.buffer.read()
    try:
        answer = pickle.dumps(open_grids(data), pickle.HIGHEST_PROTOCOL)
    except Unreadable as refusal:
        answer = pickle.dumps((refusal.code, refusal.message))
    except MemoryError:
        answer = b""
    if not answer or len(answer) > LARGEST_ANSWER:
        answer = pickle.dumps(("file_too_large", "文件展开后过大，可能不是正常的表格。请只保留需要的工作表，另存后再导入。"))
    sys.stdout.buffer.write(answer)


if __name__ == "__main__":
    _child()

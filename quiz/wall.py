"""Work on hostile bytes in a process of its own: whatever a file does to its reader, the server goes on.

A few kilobytes can make a reader ask for terabytes, and a Rust reader then ends its whole process; a regular expression can be
kept busy for hours while it holds the interpreter. So the bytes go to a child with a limit on memory and time and without our
settings in its environment, and what it made of them comes back.
"""

from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quiz.problems import Invalid

MEMORY_BYTES = 3 * 2**30
"""Measured: a table of 290,000 rows of 26 columns takes 0.4 GB and some 20 s of one core."""
LARGEST_ANSWER = 512 * 2**20
_ROOT = Path(__file__).parents[1]
_one_at_a_time = threading.Lock()
"""Two hostile files at once would take twice the memory; an honest one takes seconds."""


@dataclass(frozen=True)
class Words:
    """What the person is told when a file breaks its reader, keeps it too long, or unfolds without end."""

    damaged: str
    too_slow: str
    too_large: str


def behind_wall(
    module: str, arguments: Sequence[str], data: bytes, *, words: Words, seconds: float, refusal: type[Invalid] = Invalid
) -> Any:
    """What the module, run as a process of its own with limits, makes of the bytes; it answers through `reply`.

    Raises:
        Invalid: what it refused, or that it broke or took too long; of the class asked for.
    """
    environment = {name: value for name, value in os.environ.items() if not name.upper().startswith("ANKAO_")}
    command = [sys.executable, "-X", "utf8", "-m", module, *arguments]
    try:
        with _one_at_a_time:
            done = subprocess.run(command, input=data, capture_output=True, cwd=_ROOT, env=environment, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise refusal(words.too_slow, code="too_slow") from None
    if done.returncode != 0:
        raise refusal(words.damaged, code="damaged")
    answer = _unpacked(done.stdout)
    if isinstance(answer, tuple):
        code, message = answer
        raise refusal(message, code=code)
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


def reply(work: Callable[[bytes], Any], *, words: Words) -> None:
    """In the child: bytes in, an answer or a refusal out."""
    _limit()
    gc.disable()  # the process lives for one file: what it made is wanted until the end
    data = sys.stdin.buffer.read()
    try:
        answer = pickle.dumps(work(data), pickle.HIGHEST_PROTOCOL)
    except Invalid as refused:
        answer = pickle.dumps((refused.code, refused.message))
    except (MemoryError, RecursionError):
        answer = b""
    if not answer or len(answer) > LARGEST_ANSWER:
        answer = pickle.dumps(("file_too_large", words.too_large))
    sys.stdout.buffer.write(answer)


def _limit() -> None:
    """Less memory than the machine has. Windows knows no such limit; there the process of its own is all."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

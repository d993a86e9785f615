"""Work on hostile bytes in a process of its own: whatever a file does to its reader, the server goes on.

A few kilobytes can make a reader ask for terabytes, and a Rust reader then ends its whole process; a regular expression can be
kept busy for hours while it holds the interpreter. So the bytes go to a child with a limit on memory and time and without our
settings in its environment, and what it made of them comes back.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from quiz.problems import Invalid

MEMORY_BYTES = 3 * 2**30
"""Measured: a table of 290,000 rows of 26 columns takes 0.4 GB and some 20 s of one core."""
LARGEST_ANSWER = 512 * 2**20
WORTH_SHARING = 1500
"""Things of a file, below which a second process costs about what it saves."""
NICENESS = 5
"""On a busy machine a reader gets a third of what a server process gets: enough to end in time."""
HELP_SECONDS = 120
"""Of a processor: the help outlives its reader by no more, should that be stopped."""
_ROOT = Path(__file__).parents[1]
_one_at_a_time = threading.Lock()
"""Two hostile files at once would take twice the memory; an honest one takes seconds."""
_behind = False
"""Is this process one of those behind the wall? They have one thread and live for one file, so that they may divide in two."""

_Thing = TypeVar("_Thing")
_Made = TypeVar("_Made")


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
    with without_collection():
        answer = pickle.loads(done.stdout)
    if isinstance(answer, tuple):
        code, message = answer
        raise refusal(message, code=code)
    return answer


@contextmanager
def without_collection() -> Iterator[None]:
    """For making hundreds of thousands of objects that all stay: looking for garbage among them takes a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def reply(work: Callable[[bytes], Any], *, words: Words) -> None:
    """In the child: bytes in, an answer or a refusal out. It ends the process."""
    global _behind
    _limit()
    _behind = True
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
    sys.stdout.buffer.flush()
    os._exit(0)  # to take a quarter of a million objects apart one by one would only keep the person waiting


def in_halves(work: Callable[[Sequence[_Thing]], list[_Made]], things: Sequence[_Thing]) -> list[_Made]:
    """`work(things)`, behind the wall and with two processors at hand the second half in a process beside this one.

    What work makes of a thing must depend on nothing but that thing. Whatever goes wrong in the other process, a file that breaks it
    or asks for too much, is met again here, where it is told.
    """
    if not _behind or len(things) < WORTH_SHARING or not _has_two_processors():
        return work(things)
    middle = len(things) // 2
    out, into = os.pipe()
    helper = os.fork()
    if helper == 0:
        _help(lambda: work(things[middle:]), into)
    os.close(into)
    try:
        with open(out, "rb") as stream:
            first = work(things[:middle])
            answer = stream.read()
    except Exception:
        os.kill(helper, signal.SIGKILL)  # nobody waits for its half any more
        raise
    _, status = os.waitpid(helper, 0)
    return first + (pickle.loads(answer) if status == 0 else work(things[middle:]))


def _has_two_processors() -> bool:
    return hasattr(os, "fork") and hasattr(os, "sched_getaffinity") and len(os.sched_getaffinity(0)) > 1


def _help(work: Callable[[], Any], into: int) -> NoReturn:
    """In the process beside: the work, and its end. It holds none of the pipes that somebody else waits at, and half of the memory."""
    import resource

    try:
        for pipe in range(3):
            os.close(pipe)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES // 2, MEMORY_BYTES // 2))
        resource.setrlimit(resource.RLIMIT_CPU, (HELP_SECONDS, HELP_SECONDS))
        with open(into, "wb") as stream:
            stream.write(pickle.dumps(work(), pickle.HIGHEST_PROTOCOL))
        os._exit(0)
    finally:
        os._exit(1)


def _limit() -> None:
    """Less memory than the machine has, and way for whoever sits an exam meanwhile. Windows knows neither; there the process of its own
    is all."""
    if sys.platform != "win32":
        import resource

        os.nice(NICENESS)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

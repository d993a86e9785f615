"""Work that goes on in a thread of its own while its screen is drawn again: reading a large file, importing it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from time import monotonic
from typing import Generic, TypeVar

import streamlit as st

Value = TypeVar("Value")

_AT_ONCE = 4
_LOOK_EVERY = 0.4
_SAY_SECONDS_AFTER = 2
_pool = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="ankao-import")


class Job(Generic[Value]):
    """A piece of work, begun at once. It goes on when the person clicks elsewhere, and is found again in a `Slot`."""

    def __init__(self, made_from: object, work: Callable[[Callable[[int, int], None]], Value]) -> None:
        """`made_from` tells this work from another; `work` is given a function to say how far it is: `(done, total)`."""
        self.made_from = made_from
        self._progress = (0, 0)
        self._begun = monotonic()
        self._future: Future[Value] = _pool.submit(work, self._tell)

    def _tell(self, done: int, total: int) -> None:
        self._progress = (done, total)

    @property
    def is_done(self) -> bool:
        return self._future.done()

    def watch(self, text: str, *, unit: str = "") -> Value:
        """Show a bar until the work is done; its result, or what it raised."""
        if not self.is_done:
            bar = st.progress(0.0, text=text)
            while not self.is_done:
                done, total = self._progress
                bar.progress(done / total if total else 0.0, text=f"{text}{self._how_far(done, total, unit)}")
                wait([self._future], timeout=_LOOK_EVERY)
            bar.empty()
        return self._future.result()

    def _how_far(self, done: int, total: int, unit: str) -> str:
        seconds = int(monotonic() - self._begun)
        if total:
            return f"　{done} / {total} {unit}"
        return f"　已用 {seconds} 秒" if seconds >= _SAY_SECONDS_AFTER else ""

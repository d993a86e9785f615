"""A small keep-alive HTTP client: cheap enough that the load generator does not become the thing measured."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Timings:
    """Seconds per named step, and what went wrong."""

    steps: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def note(self, step: str, seconds: float) -> None:
        self.steps.setdefault(step, []).append(seconds)

    @property
    def requests(self) -> int:
        return sum(map(len, self.steps.values()))


def percentile(values: list[float], share: float) -> float:
    """The value below which that share of the values lies; 0 for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


class Client:
    """One browser: one connection, one cookie."""

    def __init__(self, host: str, port: int, timings: Timings) -> None:
        self.host, self.port, self.timings = host, port, timings
        self.cookie = ""
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    async def request(self, step: str, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        """Send and wait for the whole answer; its time is noted under `step`."""
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(self.host, self.port)
        payload = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}:{self.port}"]
        if body is not None:
            lines += ["Content-Type: application/json"]
        lines += [f"Content-Length: {len(payload)}"]
        if self.cookie:
            lines.append(f"Cookie: {self.cookie}")
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        begun = time.perf_counter()
        self._writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + payload)
        status, answer = await self._answer()
        self.timings.note(step, time.perf_counter() - begun)
        if status >= 400:
            self.timings.errors.append(f"{step} {status} {answer if isinstance(answer, dict) else ''}")
        return status, answer

    async def _answer(self) -> tuple[int, Any]:
        assert self._reader is not None
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status = int(head.split(" ", 2)[1])
        length, content_type = 0, ""
        for line in head.split("\r\n")[1:]:
            name, _, value = line.partition(":")
            name = name.lower()
            if name == "content-length":
                length = int(value)
            elif name == "content-type":
                content_type = value
            elif name == "set-cookie" and "ankao_session=" in value:
                self.cookie = value.strip().split(";", 1)[0]
        data = await self._reader.readexactly(length) if length else b""
        return status, json.loads(data) if "json" in content_type and data else data

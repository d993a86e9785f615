"""A console on an installation: commands with their exit code, standard output and standard error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
LIMIT_SECONDS = 120


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Standard output, which must be exactly one JSON object on one line."""
        assert self.out.count("\n") == 1, self.out
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value

    @property
    def reason(self) -> str:
        """Why it was refused: exit code 1 and something on standard error that is no traceback."""
        assert self.code == 1, (self.code, self.out, self.err)
        assert self.err.strip() and "Traceback" not in self.err, self.err
        return self.err


class Console:
    """Runs commands against one database and one key."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.folder = folder
        self.environment = {"ANKAO_DATABASE_URL": database_url, "ANKAO_SECRET_FILE": str(folder / "secret.key"), "ANKAO_LOG_LEVEL": "DEBUG"}
        self._warm: subprocess.Popen[str] | None = None

    def at(self, database_url: str, folder: Path) -> Console:
        """Another installation, through the same interpreter."""
        folder.mkdir(parents=True, exist_ok=True)
        other = Console(database_url, folder)
        other._warm = self._interpreter()
        return other

    def run(self, *arguments: str, given: str = "") -> Done:
        """A command in an interpreter that is warm already, where the system can fork."""
        if not hasattr(os, "fork"):
            return self.start(*arguments, given=given)
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            files = [Path(folder) / name for name in ("in", "out", "err")]
            for path, text in zip(files, (given, "", ""), strict=True):
                path.write_bytes(text.encode())
            request = {"arguments": arguments, "environment": self.environment, "files": [str(path) for path in files]}
            warm = self._interpreter()
            assert warm.stdin is not None and warm.stdout is not None
            warm.stdin.write(json.dumps(request) + "\n")
            warm.stdin.flush()
            return Done(int(warm.stdout.readline()), files[1].read_text(encoding="utf-8"), files[2].read_text(encoding="utf-8"))

    def start(self, *arguments: str, given: str = "", **environment: str) -> Done:
        """A command in a process of its own: `python -m quiz …`."""
        done = subprocess.run(
            [sys.executable, "-m", "quiz", *arguments], cwd=ROOT, env={**os.environ, **self.environment, **environment},
            input=given.encode(), capture_output=True, timeout=LIMIT_SECONDS, check=False,
        )  # fmt: skip
        return Done(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))

    def _interpreter(self) -> subprocess.Popen[str]:
        if self._warm is None:
            self._warm = subprocess.Popen(
                [sys.executable, "-m", "tests.cli.warm"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        return self._warm

    def close(self) -> None:
        """Let the warm interpreter go."""
        if self._warm is not None:
            self._warm.communicate(timeout=30)

"""Reads the project's own files for the tests of this folder: Python modules, Markdown, and the command block of the READMEs."""

from __future__ import annotations

import ast
import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
_NOT_OURS = re.compile(r"\.(?!ci$|streamlit$)|__pycache__$|data$|output$|node_modules$|.*\.egg-info$")


@cache
def files() -> tuple[Path, ...]:
    """Every file that belongs to the project: no caches, no environment, no database."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        at_root = Path(folder) == ROOT
        folders[:] = sorted(name for name in folders if not _NOT_OURS.match(name) or (name == "data" and not at_root))
        found += [Path(folder) / name for name in sorted(names) if not name.startswith(".coverage")]
    return tuple(found)


def modules(*folders: str) -> tuple[Path, ...]:
    """The Python files below these folders (or these files), `migrations/versions` apart: Alembic writes those."""
    wanted = [ROOT / folder for folder in folders]
    return tuple(
        path
        for path in files()
        if path.suffix == ".py" and "versions" not in path.parts and any(path == top or top in path.parents for top in wanted)
    )


def shown(path: Path) -> str:
    """`quiz/cli.py`."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@cache
def imported(path: Path) -> frozenset[str]:
    """Top-level packages a module imports, wherever in the module."""
    names: list[str] = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.append(str(node.module))
    return frozenset(name.split(".")[0] for name in names)


def read(name: str) -> str:
    """The text of a file, by its path from the root."""
    return (ROOT / name).read_text(encoding="utf-8")


def headings(text: str) -> list[str]:
    """The `##` headings, in order."""
    return re.findall(r"^## (.+)$", _without_blocks(text), re.MULTILINE)


def _without_blocks(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def blocks(text: str) -> list[str]:
    """The contents of the fenced blocks, in order."""
    return re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def first_column(text: str, heading: str | None = None) -> list[str]:
    """The first cells of the tables (below a `##` heading), without code marks and without the heads."""
    if heading is not None:
        text = text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in text.splitlines() if line.startswith("|")]
    ruled = [number for number, line in enumerate(rows) if set(line) <= set("|-: ")]
    body = [row for number, row in enumerate(rows) if number not in ruled and number + 1 not in ruled]
    return [row.split("|")[1].strip() for row in body]


def links(text: str) -> list[str]:
    """Targets of links and images that point into the project."""
    return [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"https?:|mailto:|#", target)]


@dataclass(frozen=True)
class Usage:
    """One command as a README writes it."""

    command: str
    arguments: tuple[str, ...]
    options: frozenset[str]
    choices: frozenset[tuple[str, tuple[str, ...]]]
    """Option → what it may be, where the README says so."""


def usages(block: str, commands: set[str]) -> list[Usage]:
    """The commands of a block: one or two a line, set apart by spaces; whatever else stands there is an explanation."""
    found = []
    for line in block.strip().splitlines():
        for number, part in enumerate(re.split(r"\s{3,}", line.strip())):
            command = _command(part, commands)
            if command:
                found.append(_usage(command, part))
            elif number == 0 or re.search(r"--|[\[\]]", part):
                raise AssertionError(f"no command of this program: {part}")
    return found


def _command(part: str, commands: set[str]) -> str | None:
    words = part.split()
    return next((name for name in (" ".join(words[:2]), words[0]) if name in commands), None)


def _usage(command: str, part: str) -> Usage:
    rest = re.sub(r"[\[\]]", " ", part[len(command) :])
    values = dict(re.findall(r"(--[\w-]+)\s+([^\s-]\S*)", rest))
    arguments = tuple(re.findall(r"\b[A-Z]+\b", re.sub(r"--[\w-]+(\s+[^\s-]\S*)?", " ", rest)))
    choices = frozenset((option, tuple(value.split("|"))) for option, value in values.items() if "|" in value)
    return Usage(command, arguments, frozenset(re.findall(r"--[\w-]+", rest)), choices)

"""What all commands share: the database brought up to date, JSON on stdout, a progress bar on a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from sqlmodel import Session

from quiz import installation
from quiz.accounts.audit import Actor
from quiz.db import Database, database

CONSOLE = Actor(account="命令行")
"""Who acts in the audit trail: whoever may run commands on the server."""
AsJson = Annotated[bool, typer.Option("--json", help="在标准输出打印一个 JSON 对象")]


def print_json(value: dict[str, Any]) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=None, default=str))


def prepared() -> Database:
    """The database, brought up to date first."""
    target = database()
    installation.prepare(target)
    return target


@contextmanager
def reading() -> Iterator[Session]:
    with prepared().reading() as session:
        yield session


@contextmanager
def progress(title: str) -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar on a terminal, silence in a pipe."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        disable=not sys.stderr.isatty(),
    ) as bar:
        task = bar.add_task(title, total=None)
        yield lambda label, done, total: bar.update(task, description=label, completed=done, total=total)

"""How code looks here: a sentence at the head of every module, and nothing too long to be read in one go."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.architecture import project

EVERYWHERE = ("quiz", "pages", "bench", "tests", "streamlit_app.py")


def test_every_module_opens_with_a_sentence() -> None:
    silent = [
        project.shown(path) for path in project.modules(*EVERYWHERE) if path.read_text(encoding="utf-8").strip() and not _sentence(path)
    ]

    assert silent == []


def test_a_page_fits_on_a_screen() -> None:
    assert _longer_than(120, "pages") == {}


def test_a_module_has_one_subject() -> None:
    assert _longer_than(450, "quiz") == {}


def test_a_function_says_one_thing() -> None:
    long = {
        f"{project.shown(path)}: {node.name}": length
        for path in project.modules("quiz", "pages", "streamlit_app.py")
        for node in ast.walk(project.tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (length := (node.end_lineno or 0) - node.lineno + 1) > 70
    }

    assert long == {}


def test_nothing_is_left_to_do_later() -> None:
    marks = ("TO" + "DO", "FIX" + "ME", "X" + "XX:")
    later = [
        f"{project.shown(path)}:{number}"
        for path in project.modules(*EVERYWHERE)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if any(mark in line for mark in marks)
    ]

    assert later == []


def _sentence(path: Path) -> bool:
    docstring = ast.get_docstring(project.tree(path))
    return docstring is not None and docstring.split("\n\n")[0].rstrip().endswith((".", "…", "?", "!"))


def _longer_than(limit: int, *folders: str) -> dict[str, int]:
    lengths = {project.shown(path): len(path.read_text(encoding="utf-8").splitlines()) for path in project.modules(*folders)}
    return {name: length for name, length in lengths.items() if length > limit}

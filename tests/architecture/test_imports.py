"""Who may import whom: the contracts of pyproject.toml, and the frameworks that stay behind their doors."""

from __future__ import annotations

import subprocess
import sys

from tests.architecture import project


def test_the_import_contracts_hold() -> None:
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"

    done = subprocess.run(
        [sys.executable, "-c", command, "--no-cache"], cwd=project.ROOT, capture_output=True, text=True, encoding="utf-8", check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_streamlit_is_imported_only_by_the_entry_the_pages_and_its_door() -> None:
    assert _importers("streamlit") - _below("quiz/ui/", "pages/") == {"streamlit_app.py"}


def test_fastapi_and_starlette_are_imported_only_at_the_http_doors() -> None:
    doors = _below("quiz/api/", "quiz/web/", "quiz/http/")

    assert _importers("fastapi") <= doors
    assert _importers("starlette") - doors == {"streamlit_app.py"}


def _importers(package: str) -> set[str]:
    return {
        project.shown(path) for path in project.modules("quiz", "pages", "bench", "streamlit_app.py") if package in project.imported(path)
    }


def _below(*folders: str) -> set[str]:
    return {project.shown(path) for path in project.modules("quiz", "pages") if project.shown(path).startswith(folders)}

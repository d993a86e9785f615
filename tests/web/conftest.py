"""A served site for each module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import quiz.db
from tests import running_site
from tests.databases import Content, new_file
from tests.running_site import Site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with running_site.environment(new_file(folder, Content.PREPARED), folder):
        site = running_site.build(quiz.db.database())
        with running_site.serve(site):
            yield site


@pytest.fixture
def empty_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Freshly installed: nobody can sign in yet."""
    folder = tmp_path_factory.mktemp("empty")
    with running_site.environment(new_file(folder, Content.PREPARED), folder):
        site = Site(running_site.application(), quiz.db.database())
        with running_site.serve(site):
            yield site

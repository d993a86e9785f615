"""A served site for each module, on both engines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import quiz.db
from tests import running_site
from tests.databases import ENGINES, Content, new_file
from tests.running_site import Site


@pytest.fixture(scope="module", params=ENGINES)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    if request.param == "sqlite":
        url = new_file(folder, Content.PREPARED)
    else:
        url = request.getfixturevalue("postgresql_server").new(Content.PREPARED)
    with running_site.environment(url, folder):
        site = running_site.build(quiz.db.database())
        with running_site.serve(site):
            yield site

"""The rooms listen to each other, as they do in the running application."""

from __future__ import annotations

import pytest

from quiz.coverage import subscriptions as coverage
from quiz.training import subscriptions as training


@pytest.fixture(autouse=True)
def subscribed() -> None:
    training.subscribe_all()
    coverage.subscribe_all()

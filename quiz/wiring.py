"""Joins the rooms: who hears what. Called once by every entry (server, command line, tests)."""

from __future__ import annotations

from quiz.accounts import subscriptions as accounts
from quiz.classes import subscriptions as classes
from quiz.coverage import subscriptions as coverage
from quiz.training import subscriptions as training


def wire() -> None:
    """Subscribe classes to people, training to posts, attempts and hours, and coverage to duties; a second call changes nothing."""
    accounts.subscribe_all()
    classes.subscribe_all()
    training.subscribe_all()
    coverage.subscribe_all()

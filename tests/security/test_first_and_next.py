"""Before the first account there is a code to guess; after one person at a screen there may come another."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlmodel import col

from quiz.accounts import queries
from quiz.accounts.domain import ADDRESS_FAILURES
from quiz.db import Database
from quiz.models.accounts import SignInFailure
from quiz.ui import gate, state
from tests.pages.conftest import Open, made_site, open_screen, sign_in, site
from tests.running_site import PASSWORD, Site
from tests.web.conftest import empty_site

__all__ = ["empty_site", "made_site", "open_screen", "site"]


def test_guesses_at_the_first_run_code_are_counted_and_end(empty_site: Site) -> None:
    browser = empty_site.browser()
    form = {"setup_code": "0000-0000", "account": "evil", "name": "x", "password": PASSWORD, "again": PASSWORD}

    answers = {browser.post("/first-run", data=form).status_code for _ in range(ADDRESS_FAILURES)}

    with empty_site.db.reading() as session:
        counted = len(session.scalars(select(col(SignInFailure.id))).all())
    assert (answers, counted) == ({422}, ADDRESS_FAILURES)
    assert browser.post("/first-run", data=form).status_code == 429
    with empty_site.db.reading() as session:
        assert not queries.any_account(session)


def test_what_a_visit_remembers_is_forgotten_when_somebody_else_goes_on(
    site: Database, open_screen: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_screen("accounts", "administrator")
    app.session_state["activation_issued"] = "codes"
    app.run()
    assert app.session_state["activation_issued"] == "codes"
    office = sign_in(site, "office")

    monkeypatch.setattr(gate, "read_token", lambda: office)
    app.run()

    assert "activation_issued" not in app.session_state
    assert app.session_state[state.VISITOR.name] != 0

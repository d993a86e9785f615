"""A server that was away: what was saved is there, who was signed in still is, and what fell due meanwhile is handed in at once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, update

import quiz.db
from quiz import clock
from quiz.models.attempts import Attempt
from tests import running_site
from tests.databases import Content, new_file
from tests.running_site import save, start, submit, until


def test_an_attempt_whose_deadline_passed_while_the_server_was_down_is_handed_in_within_seconds(tmp_path: Path) -> None:
    with running_site.environment(new_file(tmp_path, Content.PREPARED), tmp_path):
        site = running_site.build(quiz.db.database(), principals=2)
        with running_site.serve(site):
            gone, returning = site.candidate(), site.candidate()
            attempts = [start(phone, site.paper_id).json()["id"] for phone in (gone, returning)]
            for phone, attempt_id in zip((gone, returning), attempts, strict=True):
                save(phone, attempt_id, {1: ["A"], 3: ["B"]})
        deadline = clock.now() - timedelta(minutes=3)
        site.change(lambda session: session.execute(update(Attempt).where(Attempt.id == attempts[0]).values(deadline=deadline)))  # type: ignore[arg-type]

        with running_site.serve(site):
            expired = until(lambda: site.change(lambda session: session.scalars(state_of(attempts[0])).one()) == "expired", seconds=5)
            result, resumed = submit(gone, attempts[0]).json(), start(returning, site.paper_id, key="key-00000002")

        assert expired  # with nobody asking
        assert (result["state"], result["score"], result["handed_in_at"]) == ("expired", 6.0, deadline.isoformat())
        assert (resumed.status_code, resumed.json()["id"]) == (200, attempts[1])
        assert resumed.json()["responses"] == [
            {"position": 1, "answer": ["A"], "sequence": 1}, {"position": 3, "answer": ["B"], "sequence": 1},
        ]  # fmt: skip


def state_of(attempt_id: int):  # type: ignore[no-untyped-def]
    return select(Attempt.state).where(Attempt.id == attempt_id)  # type: ignore[arg-type,call-overload]

"""The day of an edition comes while the server runs: it takes over with nobody asking."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

import quiz.db
from quiz import clock
from quiz.banks import editions
from quiz.banks.files import EditionDraft
from quiz.http import running
from quiz.models.banks import Edition, Item
from quiz.vocabulary import EditionStatus
from tests import running_site
from tests.attempts.exam import BANK, CLAUSE
from tests.banks.test_editions import OFFICE
from tests.databases import Content, new_file
from tests.running_site import until


def announce(session: Session, effective: date) -> EditionStatus:
    """The law of the little examination, rewritten as from that day; loaded the day before."""
    draft = EditionDraft.model_validate(
        {
            "standard": "gas", "title": "燃气管理规定（新）", "edition": "gas-next", "effective": effective, "supersedes": "gas-2024",
            "clauses": [
                {"id": "gas-next/7", "ref": "第七条", "group": "报警", "heading": "报警装置", "text": "用气场所应当安装联网报警装置。",
                 "replaces": [CLAUSE]}
            ],
        }
    )  # fmt: skip
    return editions.write_edition(session, draft=draft, now=clock.now(), today=effective - timedelta(days=1), actor=OFFICE)


def test_an_edition_takes_over_on_its_day_while_the_server_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "LAW_EVERY_SECONDS", 0.2)
    with running_site.environment(new_file(tmp_path, Content.PREPARED), tmp_path):
        site = running_site.build(quiz.db.database(), principals=1)
        with running_site.serve(site):
            status = site.change(lambda session: announce(session, clock.local_day(clock.now())))
            begun = until(lambda: site.change(lambda session: session.get_one(Edition, "gas-next").status) == "in_force", seconds=10)

        states = site.change(lambda session: set(session.scalars(select(col(Item.state)).where(col(Item.bank_code) == BANK))))
        assert (status, begun, states) == (EditionStatus.UPCOMING, True, {"withdrawn"})

"""Which clauses a paper asks about: what its sections accept, and what its forms really draw."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlmodel import Session

from quiz.banks import service as banks
from quiz.banks.clause_coverage import covered
from quiz.banks.files import BankDraft, ItemDraft
from quiz.models.banks import Clause, Edition, Standard
from quiz.papers import clause_coverage, queries
from quiz.papers.domain import Blueprint, Section, assemble_form
from quiz.vocabulary import ItemKind, ItemType


@pytest.fixture
def bank(session: Session, now: datetime) -> str:
    """Clauses 1–4, the fourth not to be tested; two items on 1, one on 1 and 2 together, none on 3."""
    session.add(Standard(code="gas", title="燃气"))
    session.flush()
    session.add(Edition(code="gas-1", standard_code="gas", title="燃气规定"))
    session.flush()
    for n in (1, 2, 3, 4):
        row = Clause(id=f"gas-1/{n}", edition_code="gas-1", ref=f"第{n}条", group="用气", heading=f"要点{n}", text="文", position=n)
        row.assessable = n < 4
        session.add(row)
    session.flush()
    items = [
        _item("a", ["gas-1/1"], ItemKind.SCENARIO),
        _item("b", ["gas-1/1"], ItemKind.KNOWLEDGE),
        _item("c", ["gas-1/2", "gas-1/1"], ItemKind.KNOWLEDGE),
    ]
    banks.write_bank(session, draft=BankDraft(bank="gas", title="燃气", edition="gas-1", items=items), now=now)
    banks.touch(session)
    return "gas"


def _item(code: str, clauses: list[str], kind: ItemKind) -> ItemDraft:
    options = {"A": "正确", "B": "错误"}
    return ItemDraft(code=code, type=ItemType.TRUE_FALSE, kind=kind, clauses=clauses, stem=f"{code}？", options=options, key=["A"])


def test_each_clause_counts_the_items_its_sections_accept_by_kind_and_type(session: Session, bank: str) -> None:
    everything = Blueprint(sections=(Section(count=2, points=1, banks=(bank,)),))
    scenarios = Blueprint(sections=(Section(count=1, points=1, banks=(bank,), kinds=(ItemKind.SCENARIO,)),))

    whole, part = (clause_coverage.of_paper(session, blueprint).counts for blueprint in (everything, scenarios))

    assert [(row.clause.id, row.items, row.kinds[ItemKind.KNOWLEDGE], row.types[ItemType.TRUE_FALSE]) for row in whole] == [
        ("gas-1/1", ("a", "b", "c"), 2, 3),
        ("gas-1/2", ("c",), 1, 1),
        ("gas-1/3", (), 0, 0),
    ]
    assert [(row.items, covered(part)) for row in part] == [(("a",), 1), ((), 1), ((), 1)]


def test_the_share_of_forms_is_what_forms_really_draw(session: Session, bank: str) -> None:
    blueprint = Blueprint(sections=(Section(count=1, points=1, banks=(bank,)),))

    share = clause_coverage.of_paper(session, blueprint).share

    pool = queries.pool(session, blueprint)
    both = {item.version for item in pool if item.code == "c"}
    drawn = sum(assemble_form(pool, blueprint, seed=seed)[0].version in both for seed in range(clause_coverage.FORMS_DRAWN))
    assert share == {"gas-1/1": 1.0, "gas-1/2": drawn / clause_coverage.FORMS_DRAWN}
    assert 0 < share["gas-1/2"] < 1


def test_a_paper_that_cannot_be_drawn_still_shows_its_clauses(session: Session, bank: str) -> None:
    found = clause_coverage.of_paper(session, Blueprint(sections=(Section(count=9, points=1, banks=(bank,)),)))

    assert ([row.total for row in found.counts], found.share) == ([3, 1, 0], {})


def test_a_form_is_measured_against_all_clauses_of_its_banks(session: Session, bank: str) -> None:
    blueprint = Blueprint(sections=(Section(count=1, points=1, banks=(bank,), items=("c",)),))
    form = assemble_form(queries.pool(session, blueprint), blueprint, seed=1)
    views = queries.version_views(session, [item.version for item in form])

    counts = clause_coverage.of_form(session, blueprint, list(views.values()))

    assert [(row.clause.ref, row.total) for row in counts] == [("第1条", 1), ("第2条", 1), ("第3条", 0)]

"""The catalogue: which edition superseded which, how much of it is held, and what a change of law did to the items."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlmodel import Session

from quiz import clock
from quiz.banks import catalogue, editions, queries, service, workflow
from quiz.banks.files import BankDraft, EditionDraft
from quiz.models.banks import LearningCard
from quiz.problems import NotFound
from quiz.vocabulary import EditionStatus
from tests.banks.test_editions import ALARM, HOSE, NEW, OFFICE, TRAINING, edition, item


def load(session: Session, draft: EditionDraft, now: datetime) -> None:
    editions.write_edition(session, draft=draft, now=now, today=clock.local_day(now), actor=OFFICE)


@pytest.fixture
def bank(session: Session, now: datetime) -> None:
    """Three clauses of 2024, one of them with a card; three items."""
    load(session, edition(2024, ALARM, HOSE, TRAINING, document_number="第1号", caution="第3条未核实"), now)
    items = [item("alarm", "gas-2024/1"), item("hose", "gas-2024/2"), item("both", "gas-2024/1", "gas-2024/2")]
    service.write_bank(session, draft=BankDraft(bank="gas", title="燃气", edition="gas-2024", items=items), now=now)
    session.add(LearningCard(clause_id="gas-2024/2", says="软管", why="老化", on_site=["厨房"], mistakes=["过长"]))
    session.flush()


def test_editions_stand_newest_first_each_with_what_is_held_of_it(bank: None, session: Session, now: datetime) -> None:
    load(session, NEW, now)

    found = next(each for each in catalogue.standards(session) if each.code == "gas")

    assert found.title == "燃气规定（2026）"
    assert [
        (each.code, each.status, each.clauses, each.assessable, each.items, each.cards, each.banks) for each in found.editions
    ] == [
        ("gas-2026", EditionStatus.IN_FORCE, 3, 3, 1, 0, (("gas", "燃气"),)),
        ("gas-2024", EditionStatus.SUPERSEDED, 3, 3, 0, 1, ()),
    ]  # fmt: skip
    new, old = found.editions
    assert (new.supersedes, new.supersedes_title, new.superseded_by) == ("gas-2024", "燃气规定（2024）（第1号）", None)
    assert (old.supersedes, old.superseded_by, old.superseded_by_title, old.caution) == (
        None, "gas-2026", "燃气规定（2026）（2026）", "第3条未核实",
    )  # fmt: skip


def test_a_chain_of_editions_is_ordered_by_who_superseded_whom_even_without_dates(session: Session, now: datetime) -> None:
    for year, before in ((2020, None), (2018, "gas-2020"), (2022, "gas-2018")):
        load(session, edition(year, ALARM, supersedes=before, effective=None).model_copy(update={"effective": None}), now)

    found = next(each for each in catalogue.standards(session) if each.code == "gas")

    assert [each.code for each in found.editions] == ["gas-2022", "gas-2018", "gas-2020"]


def test_search_finds_number_issuer_scope_and_bank(bank: None, session: Session) -> None:
    words = next(each for each in catalogue.standards(session) if each.code == "gas").words

    assert [word in words for word in ("第1号", "gas-2024", "燃气", "石油")] == [True, True, True, False]


def test_clauses_say_how_many_items_test_them_and_whether_they_have_a_card(bank: None, session: Session) -> None:
    uses = catalogue.clause_uses(session, "gas-2024")

    assert {id_: (use.items, use.has_card) for id_, use in uses.items()} == {
        "gas-2024/1": (2, False), "gas-2024/2": (2, True), "gas-2024/3": (0, False),
    }  # fmt: skip


def test_the_impact_says_what_happened_why_and_where_each_item_stands(bank: None, session: Session, now: datetime) -> None:
    load(session, NEW, now)
    hose = next(view for view in queries.items_of_bank(session, "gas") if view.item_code == "hose")
    draft = item("hose", "gas-2026/1", stem="软管最长几米？")
    workflow.write_draft(session, bank_code="gas", draft=draft, item_id=hose.item_id, now=now + timedelta(hours=1), actor=OFFICE)

    found = catalogue.impact(session, "gas-2026")

    assert [(each.item_code, each.action.value, each.reason, each.standing) for each in found] == [
        ("both", "withdrawn", "所依据的条款在新版中：第2条有修改", "仍停用"),
        ("hose", "withdrawn", "所依据的条款在新版中：第2条有修改", "仍停用，修改稿草稿"),
        ("alarm", "recited", "", "在用"),
    ]


def test_an_unknown_edition_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        catalogue.edition(session, "nothing")

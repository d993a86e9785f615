"""Two banks become one: nothing is lost, clashes end as decided, and the empty bank goes when nothing names it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from quiz.accounts.audit import Actor
from quiz.banks import queries, service
from quiz.banks.files import BankDraft
from quiz.exchange import merging
from quiz.exchange.merging import Merged, MergePlan
from quiz.exchange.plan import Decision
from quiz.models.banks import Bank
from quiz.papers import service as papers
from quiz.papers.domain import Blueprint, Section
from quiz.papers.service import PaperDraft
from quiz.problems import Invalid, NotFound, Refusal
from quiz.vocabulary import PaperState
from tests.exchange.material import draft

ALARM = "厨房里的可燃气体报警装置应当装在哪里，由谁每天检查？"
HOSE = "连接燃气灶的软管长度不得超过多少米？"
WANG = Actor(account="wang")


class Desk:
    """`old` asks three things, of which `new` has one the same and one with another key."""

    def __init__(self, session: Session, now: datetime) -> None:
        self.session, self.now = session, now
        self._bank("new", draft(ALARM, code="a"), draft(HOSE, code="b"))
        self._bank("old", draft(ALARM, code="a"), draft(HOSE, code="h", key="B"), draft("新员工上岗前要做什么？", code="b"))
        self._bank("law", built_in=True)

    def _bank(self, code: str, *items: Any, built_in: bool = False) -> None:
        service.write_bank(self.session, draft=BankDraft(bank=code, title=code, items=list(items)), now=self.now, is_built_in=built_in)
        service.touch(self.session)

    def plan(self, source: str = "old", target: str = "new", **decisions: Decision) -> MergePlan:
        return merging.plan(self.session, source=source, target=target, decisions=self.by_item(decisions))

    def merge(self, *, expected: int = 3, **decisions: Decision) -> Merged:
        return merging.merge(
            self.session, source="old", target="new", decisions=self.by_item(decisions), expected=expected, actor=WANG, now=self.now
        )

    def by_item(self, decisions: dict[str, Decision]) -> dict[int, Decision]:
        ids = {view.item_code: view.item_id for view in queries.items_of_bank(self.session, "old")}
        return {ids[code]: decision for code, decision in decisions.items()}

    def states(self, bank: str = "new") -> dict[str, str]:
        return {view.item_code: view.state for view in queries.items_of_bank(self.session, bank)}

    def paper(self, state: PaperState) -> None:
        blueprint = Blueprint(sections=(Section(count=1, points=1, banks=("old",)),))
        terms = PaperDraft(title="月考", blueprint=blueprint, cut_score=1, opens_at=self.now, closes_at=self.now + timedelta(days=1))
        papers.create_paper(self.session, draft=terms, created_by=None, now=self.now, publish=state is PaperState.PUBLISHED)


@pytest.fixture
def desk(session: Session, now: datetime) -> Desk:
    return Desk(session, now)


def test_the_plan_tells_clashes_with_what_would_become_of_them_and_new_codes(desk: Desk) -> None:
    found = desk.plan()

    assert [(m.clash.value, m.coming.item_code, m.staying.item_code, m.decision.value) for m in found.meetings] == [
        ("same", "a", "a", "skip"), ("conflict", "h", "b", "keep"),
    ]  # fmt: skip
    assert (found.items, found.renamed, found.papers) == (3, (("a", "a-2"), ("b", "b-2")), ())


def test_everything_moves_the_same_is_withdrawn_and_the_empty_bank_goes(desk: Desk) -> None:
    merged = desk.merge()

    assert (merged, desk.session.get(Bank, "old")) == (Merged(moved=3, withdrawn=1, removed=True), None)
    assert desk.states() == {"a": "published", "a-2": "withdrawn", "b": "published", "b-2": "published", "h": "published"}


@pytest.mark.parametrize(
    ("decision", "states"),
    [
        (Decision.KEEP, {"h": "published", "b": "published"}),
        (Decision.SKIP, {"h": "withdrawn", "b": "published"}),
        (Decision.REPLACE, {"h": "published", "b": "withdrawn"}),
    ],
)
def test_a_clash_ends_as_decided(desk: Desk, decision: Decision, states: dict[str, str]) -> None:
    desk.merge(h=decision)

    assert {code: desk.states()[code] for code in ("h", "b")} == states


def test_a_published_paper_holds_its_bank_and_a_draft_keeps_it_empty(desk: Desk) -> None:
    desk.paper(PaperState.DRAFT)
    merged = desk.merge()
    assert (merged.removed, desk.states("old")) == (False, {})


def test_a_bank_that_candidates_are_asked_from_is_not_merged(desk: Desk) -> None:
    desk.paper(PaperState.PUBLISHED)

    with pytest.raises(Refusal) as refusal:
        desk.merge()

    assert (refusal.value.code, "月考" in refusal.value.message, len(desk.states("old"))) == ("bank_in_use", True, 3)


def test_a_bank_that_changed_since_it_was_shown_is_not_merged(desk: Desk) -> None:
    with pytest.raises(Refusal) as refusal:
        desk.merge(expected=2)

    assert refusal.value.code == "bank_moved_on"


@pytest.mark.parametrize(
    ("source", "target", "problem"),
    [("old", "old", Invalid), ("law", "new", Invalid), ("old", "law", Invalid), ("old", "none", NotFound)],
)
def test_only_two_banks_of_ones_own_are_merged(desk: Desk, source: str, target: str, problem: type[Refusal]) -> None:
    with pytest.raises(problem):
        desk.plan(source, target)


def test_only_own_banks_are_offered(desk: Desk) -> None:
    assert merging.own_banks(desk.session) == {"new": "new", "old": "old"}

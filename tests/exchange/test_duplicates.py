"""Pairs that may be one question: found in and across banks, decided once, shown again only when somebody words one anew."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quiz.accounts.audit import Actor
from quiz.banks import queries, service, workflow
from quiz.banks.files import BankDraft, ItemDraft
from quiz.banks.queries import VersionView
from quiz.banks.same_wording import wording_of_pair
from quiz.db import Database
from quiz.exchange import duplicates
from quiz.exchange.bank_comparison import Twins, twins
from quiz.exchange.duplicates import Verdict
from quiz.exchange.plan import Clash
from quiz.models.banks import Clause, Edition, Item, Standard
from quiz.problems import Refusal
from quiz.vocabulary import ItemKind, ItemType
from tests.exchange.material import draft

ALARM = "厨房里的可燃气体报警装置应当装在哪里，由谁每天检查？"
NEAR = "厨房里的可燃气体报警装置应该装在哪里，由谁每天检查？"
HOSE = "连接燃气灶的软管长度不得超过多少米？"
WANG = Actor(account="wang")


class Desk:
    """Two banks and a clause."""

    def __init__(self, db: Database, now: datetime) -> None:
        self.db, self.now = db, now
        with db.transaction() as session:
            session.add(Standard(code="gas", title="燃气"))
            session.flush()
            session.add(Edition(code="gas-2024", standard_code="gas", title="燃气规定"))
            session.flush()
            session.add(Clause(id="gas-2024/7", edition_code="gas-2024", ref="第七条", group="报警", heading="报警", text="应当安装。"))

    def write(self, bank: str, *items: ItemDraft) -> None:
        with self.db.transaction() as session:
            service.write_bank(session, draft=BankDraft(bank=bank, title=bank, items=list(items)), now=self.now)

    def pairs(self, *banks: str) -> list[Twins]:
        with self.db.reading() as session:
            found = duplicates.pairs_of_banks(session, bank_codes=banks)
            done = duplicates.decided(session, found)
        return [pair for pair in found if pair.ids not in done]

    def decide(self, pair: Twins, verdict: Verdict) -> str:
        with self.db.transaction() as session:
            return duplicates.decide(
                session, first_id=pair.first.item_id, second_id=pair.second.item_id, seen=wording_of_pair(pair.first, pair.second),
                verdict=verdict, actor=WANG, now=self.now,
            )  # fmt: skip

    def states(self, bank: str) -> dict[str, str]:
        with self.db.reading() as session:
            return {view.item_code: view.state for view in queries.items_of_bank(session, bank)}

    def row(self, item_id: int) -> Item:
        with self.db.reading() as session:
            found = session.get(Item, item_id)
        assert found is not None
        return found


@pytest.fixture
def desk(db: Database, now: datetime) -> Desk:
    return Desk(db, now)


def told(pairs: list[Twins]) -> list[tuple[str, str, str]]:
    return [(pair.clash.value, pair.first.item_code, pair.second.item_code) for pair in pairs]


def test_same_contradicting_and_near_items_are_found_the_plainest_first(desk: Desk) -> None:
    desk.write("own", draft(NEAR, code="near"), draft(HOSE, code="hose", key="A"), draft(HOSE, code="other", key="B"))
    desk.write("more", draft(HOSE, code="turned", key="C", options=("丙", "乙", "甲")))

    assert told(desk.pairs("own")) == [("conflict", "hose", "other")]
    assert told(desk.pairs("own", "more")) == [
        ("same", "hose", "turned"), ("conflict", "hose", "other"), ("conflict", "other", "turned"),
    ]  # fmt: skip
    desk.write("alarm", draft(ALARM, code="alarm"))
    assert told(desk.pairs("own", "alarm"))[-1] == ("near", "near", "alarm")


def test_three_alike_are_three_pairs(desk: Desk) -> None:
    desk.write("own", *(draft(ALARM, code=code) for code in "abc"))

    assert told(desk.pairs("own")) == [("same", "a", "b"), ("same", "a", "c"), ("same", "b", "c")]


def test_a_kept_pair_is_not_shown_again_until_one_is_worded_anew(desk: Desk) -> None:
    desk.write("own", draft(ALARM, code="a"), draft(NEAR, code="b"))
    [pair] = desk.pairs("own")

    desk.decide(pair, Verdict.KEEP_BOTH)
    after = desk.pairs("own")
    desk.write("own", draft(ALARM, code="a", topic="报警"), draft(NEAR, code="b"))
    with_another_topic = desk.pairs("own")
    desk.write("own", draft(ALARM.replace("每天", "每日"), code="a"), draft(NEAR, code="b"))

    assert (after, with_another_topic, told(desk.pairs("own"))) == ([], [], [("near", "a", "b")])


def test_a_pair_can_be_thought_over(desk: Desk) -> None:
    desk.write("own", draft(ALARM, code="a"), draft(NEAR, code="b"))
    [pair] = desk.pairs("own")
    desk.decide(pair, Verdict.KEEP_BOTH)

    with desk.db.transaction() as session:
        duplicates.forget(session, item_ids=pair.ids)

    assert told(desk.pairs("own")) == [("near", "a", "b")]


@pytest.mark.parametrize(
    ("verdict", "states"),
    [
        (Verdict.KEEP_FIRST, {"a": "published", "b": "withdrawn"}),
        (Verdict.KEEP_SECOND, {"a": "withdrawn", "b": "published"}),
        (Verdict.MERGE_FIRST, {"a": "published", "b": "withdrawn"}),
        (Verdict.MERGE_SECOND, {"a": "withdrawn", "b": "published"}),
    ],
)
def test_one_is_kept_and_the_other_withdrawn_with_the_reason(desk: Desk, verdict: Verdict, states: dict[str, str]) -> None:
    desk.write("own", draft(ALARM, code="a"), draft(ALARM, code="b"))
    [pair] = desk.pairs("own")

    desk.decide(pair, verdict)

    gone = pair.first if states["a"] == "withdrawn" else pair.second
    with desk.db.reading() as session:
        note = workflow.steps_of_item(session, item_id=gone.item_id)[0].note
    kept = "b" if gone is pair.first else "a"
    assert (desk.states("own"), note, desk.pairs("own")) == (states, f"与 own 的 {kept} 重复", [])


def test_merging_brings_clauses_and_explanation_to_what_is_kept_as_a_draft(desk: Desk) -> None:
    desk.write("own", draft(ALARM, code="a"), draft(ALARM, code="b", clauses=["gas-2024/7"], explanation="用气的地方才会漏气。"))
    [pair] = desk.pairs("own")

    said = desk.decide(pair, Verdict.MERGE_FIRST)

    row = desk.row(pair.first.item_id)
    with desk.db.reading() as session:
        [new] = queries.versions(session, [row.pending_id or 0]).values()
    assert ([clause.id for clause in new.clauses], new.explanation, row.state) == (["gas-2024/7"], "用气的地方才会漏气。", "published")
    assert "等另一位老师复核" in said


def test_merging_buries_no_change_that_is_waiting(desk: Desk) -> None:
    desk.write("own", draft(ALARM, code="a"), draft(ALARM, code="b", explanation="用气的地方才会漏气。"))
    [pair] = desk.pairs("own")
    with desk.db.transaction() as session:
        changed = draft(ALARM, code="a", explanation="别的解析。")
        workflow.write_draft(session, bank_code="own", draft=changed, now=desk.now, actor=WANG, item_id=pair.first.item_id)

    with pytest.raises(Refusal) as refusal:
        desk.decide(pair, Verdict.MERGE_FIRST)

    assert (refusal.value.code, desk.states("own")) == ("pending", {"a": "published", "b": "published"})


def test_what_was_changed_since_it_was_shown_is_not_decided(desk: Desk) -> None:
    desk.write("own", draft(ALARM, code="a"), draft(NEAR, code="b"))
    [pair] = desk.pairs("own")
    desk.write("own", draft(HOSE, code="a"), draft(NEAR, code="b"))

    with pytest.raises(Refusal) as refusal:
        desk.decide(pair, Verdict.KEEP_FIRST)

    assert refusal.value.code == "item_moved_on"


def view(number: int, stem: str, **more: Any) -> VersionView:
    values: dict[str, Any] = {
        "id": number, "item_id": number, "item_code": f"q-{number}", "bank_code": "own", "type": ItemType.SINGLE, "kind": ItemKind.KNOWLEDGE,
        "topic": "", "difficulty": "easy", "stem": stem, "options": (("A", "甲"), ("B", "乙")), "key": frozenset("A"), "ordered_key": ("A",),
        "explanation": "", "rationales": {}, "clauses": (),
    }  # fmt: skip
    return VersionView(**values | more)


@given(st.lists(st.sampled_from([ALARM, NEAR, HOSE, "什么是安全？", "安全"]), max_size=9))
def test_every_two_items_with_one_stem_are_one_pair_and_no_item_is_its_own_twin(stems: list[str]) -> None:
    found = twins([view(number, stem) for number, stem in enumerate(stems, start=1)])

    same = {(one, other) for other in range(len(stems)) for one in range(other) if stems[one] == stems[other]}
    assert {(pair.first.id - 1, pair.second.id - 1) for pair in found if pair.clash is Clash.SAME} == same
    assert all(pair.first.id < pair.second.id for pair in found) and len({pair.ids for pair in found}) == len(found)

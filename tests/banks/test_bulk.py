"""Many items at once: what is changed, what is left alone and why."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from quiz.accounts.audit import Actor
from quiz.banks import bulk, bulk_plan, bulk_record, queries, service, workflow
from quiz.banks.bulk import Done
from quiz.banks.bulk_plan import Act, BulkPlan, Order, free_code
from quiz.banks.files import BankDraft, ItemDraft
from quiz.banks.queries import VersionView
from quiz.banks.same_wording import wording
from quiz.models.accounts import Account, AuditEvent
from quiz.models.banks import Item
from quiz.problems import Invalid, Refusal
from quiz.vocabulary import Difficulty, ItemState, ItemType, PostRole

CODES = ("a", "b", "c")


def item(code: str, **more: Any) -> ItemDraft:
    draft = {"code": code, "type": ItemType.SINGLE, "stem": f"{code}？", "options": {"A": "对的", "B": "错的"}, "key": ["A"]}
    return ItemDraft.model_validate(draft | more)


class Desk:
    """Two teachers, a bank that was shipped, and two of their own: one with three published items, one with an item `a`."""

    def __init__(self, session: Session, now: datetime) -> None:
        self.session, self.now = session, now
        self.wang, self.li = (self._account(name) for name in ("wang", "li"))
        for bank, codes in {"law": CODES, "own": CODES, "other": ("a",)}.items():
            draft = BankDraft(bank=bank, title=f"题库 {bank}", items=[item(code) for code in codes])
            service.write_bank(session, draft=draft, now=now, is_built_in=bank == "law", actor=self.wang)

    def _account(self, name: str) -> Actor:
        account = Account(account=name, name=name, password_hash="!", created_at=self.now)
        self.session.add(account)
        self.session.flush()
        return Actor(account_id=account.id, account=name)

    def views(self, bank: str = "own") -> dict[str, VersionView]:
        return {view.item_code: view for view in queries.items_of_bank(self.session, bank)}

    def ids(self, *codes: str, bank: str = "own") -> list[int]:
        views = self.views(bank)
        return [views[code].item_id for code in codes or views]

    def row(self, code: str, bank: str = "own") -> Item:
        return self.session.exec(select(Item).where(Item.bank_code == bank, Item.code == code)).one()

    def plan(self, order: Order, ids: Collection[int] | None = None, *, bank: str = "own", by: Actor | None = None) -> BulkPlan:
        chosen = self.ids(bank=bank) if ids is None else ids
        return bulk_plan.plan(self.session, bank_code=bank, item_ids=chosen, order=order, actor=by or self.wang)

    def do(self, order: Order, ids: Collection[int] | None = None, *, bank: str = "own", by: Actor | None = None) -> Done:
        chosen = self.ids(bank=bank) if ids is None else ids
        return bulk.carry_out(self.session, bank_code=bank, item_ids=chosen, order=order, actor=by or self.wang, now=self.now)

    def draft(self, code: str, by: Actor) -> int:
        return workflow.write_draft(self.session, bank_code="own", draft=item(code), now=self.now, actor=by)

    def notes(self, code: str, bank: str = "own") -> list[tuple[str, str]]:
        steps = workflow.steps_of_item(self.session, item_id=self.row(code, bank).id or 0)
        return [(step.action.value, step.note) for step in steps]

    def trail(self) -> list[tuple[str, str, int]]:
        rows = self.session.scalars(select(AuditEvent).order_by(col(AuditEvent.id)))
        return [(row.action, row.subject, row.detail["count"]) for row in rows]


@pytest.fixture
def desk(session: Session, now: datetime) -> Desk:
    return Desk(session, now)


def reasons(plan: BulkPlan) -> dict[str, list[str]]:
    return plan.reasons


def test_moved_items_keep_their_versions_and_steps_and_get_a_free_code(desk: Desk) -> None:
    before = desk.views()["a"]
    planned = desk.plan(Order(Act.MOVE, bank="other"), desk.ids("a", "b"))

    done = desk.do(Order(Act.MOVE, bank="other"), desk.ids("a", "b"))

    moved = desk.views("other")
    assert (planned.renamed, sorted(moved), sorted(desk.views())) == ([("a", "a-2")], ["a", "a-2", "b"], ["c"])
    assert (moved["a-2"].id, moved["a-2"].item_id, len(done.items)) == (before.id, before.item_id, 2)
    assert desk.notes("a-2", "other") == [("published", "自题库“题库 own”移入，原编号 a"), ("published", "")]
    assert desk.trail() == [("move_items", "own", 2)]


def test_a_moved_item_no_longer_belongs_to_the_import_that_brought_it(desk: Desk) -> None:
    desk.row("b").import_id = 7
    desk.session.flush()

    desk.do(Order(Act.MOVE, bank="other"), desk.ids("b"))

    assert desk.row("b", "other").import_id is None


def test_shipped_items_are_copied_not_moved(desk: Desk) -> None:
    barred = desk.plan(Order(Act.MOVE, bank="own"), bank="law")
    desk.do(Order(Act.COPY, bank="other"), bank="law")

    assert reasons(barred) == {"随系统提供的题目不能移走，可以复制": ["a", "b", "c"]}
    assert {code: view.state for code, view in desk.views("other").items()} == dict.fromkeys(["a", "a-2", "b", "c"], "published")
    assert (desk.notes("a-2", "other"), sorted(desk.views("law"))) == ([("published", "复制自 law 的 a")], ["a", "b", "c"])


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (Order(Act.MOVE), "target_missing"),
        (Order(Act.MOVE, bank="own"), "target_same"),
        (Order(Act.COPY, bank="law"), "target_built_in"),
        (Order(Act.WITHDRAW, reason=" "), "reason_missing"),
        (Order(Act.TOPIC, topic="长" * 81), "topic_long"),
    ],
)
def test_an_order_that_lacks_something_is_refused(desk: Desk, order: Order, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        desk.plan(order)

    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("order", "field", "value"),
    [
        (Order(Act.TOPIC, topic=" 动火 "), "topic", "动火"),
        (Order(Act.DIFFICULTY, difficulty=Difficulty.HARD), "difficulty", "hard"),
        (Order(Act.ROLES, roles=(PostRole.WORKER,)), "roles", ("worker",)),
    ],
)
def test_what_describes_an_item_makes_a_version_in_use_at_once_with_the_same_words(
    desk: Desk, order: Order, field: str, value: object
) -> None:
    before = desk.views()["a"]

    desk.do(order, desk.ids("a"))

    after = desk.views()["a"]
    assert (getattr(after, field), after.number, after.state, wording(after)) == (value, 2, "published", wording(before))
    assert desk.notes("a")[0] == ("published", f"批量修改：{bulk_plan.told(order)}")
    assert (desk.row("a").pending_id, [view.item_code for view in desk.plan(order, desk.ids("a")).unchanged]) == (None, ["a"])


def test_sectors_move_without_a_version(desk: Desk) -> None:
    desk.do(Order(Act.SECTORS, sectors=("catering",)), desk.ids("a"))

    assert (desk.views()["a"].sectors, desk.views()["a"].number) == (("catering",), 1)


def test_another_teachers_draft_is_left_alone_and_ones_own_stays_a_draft(desk: Desk) -> None:
    mine, others = desk.draft("mine", desk.wang), desk.draft("others", desk.li)
    order = Order(Act.TOPIC, topic="动火")

    planned = desk.plan(order, [mine, others])
    desk.do(order, [mine, others])

    row = desk.row("mine")
    assert reasons(planned) == {"由 li 起草，尚未发布": ["others"]}
    assert (row.state, row.pending_state, row.pending_id == row.version_id, desk.views()["mine"].topic) == ("draft", "draft", True, "动火")
    with pytest.raises(Refusal):  # still nobody reviews what he wrote
        workflow.review(desk.session, item_id=mine, now=desk.now, actor=desk.wang)


def test_items_with_a_change_under_way_reviewed_or_withdrawn_are_not_revised(desk: Desk) -> None:
    workflow.write_draft(desk.session, bank_code="own", draft=item("a", stem="新？"), now=desk.now, actor=desk.li, item_id=desk.ids("a")[0])
    desk.do(Order(Act.WITHDRAW, reason="过时"), desk.ids("b"))
    reviewed = desk.draft("r", desk.wang)
    workflow.review(desk.session, item_id=reviewed, now=desk.now, actor=desk.li)

    assert reasons(desk.plan(Order(Act.TOPIC, topic="动火"))) == {
        "有修改正在等待处理": ["a"],
        "已停用，请先恢复使用": ["b"],
        "已复核待发布，请先发布": ["r"],
    }


def test_withdrawing_needs_a_reason_that_every_item_shows(desk: Desk) -> None:
    desk.do(Order(Act.WITHDRAW, reason="条款已改"))

    assert (queries.published(desk.session, ["own"]), desk.notes("b")[0]) == ([], ("withdrawn", "条款已改"))
    assert desk.trail() == [("withdraw_item", "own", 3)]


def test_every_act_goes_on_record_in_both_banks_it_concerns(desk: Desk) -> None:
    desk.do(Order(Act.TOPIC, topic="动火"), desk.ids("a"))
    desk.do(Order(Act.COPY, bank="other", reason="共用"), desk.ids("a", "b"))
    desk.do(Order(Act.WITHDRAW, reason="过时"), desk.ids("a"), by=desk.li)

    told = [(act.label, act.told, act.count, act.account) for act in bulk_record.acts_of_bank(desk.session, "own")]
    assert told == [("停用", "过时", 1, "li"), ("复制到另一题库", "“题库 other”（共用）", 2, "wang"), ("设置主题", "主题：动火", 1, "wang")]
    assert [act.label for act in bulk_record.acts_of_bank(desk.session, "other")] == ["复制到另一题库"]


def test_what_never_was_published_is_not_restored(desk: Desk) -> None:
    draft = desk.draft("d", desk.wang)
    workflow.discard(desk.session, item_id=draft, now=desk.now, actor=desk.wang)

    assert reasons(desk.plan(Order(Act.RESTORE), [draft])) == {"从未发布过，须先送复核": ["d"]}


def test_what_is_sent_for_review_is_read_by_another_and_stays_in_use_meanwhile(desk: Desk) -> None:
    desk.do(Order(Act.WITHDRAW, reason="过时"), desk.ids("b"))
    desk.do(Order(Act.REVIEW), desk.ids("a", "b"))
    between = {code: view.state for code, view in desk.views().items()}
    with pytest.raises(Refusal):
        workflow.review(desk.session, item_id=desk.ids("a")[0], now=desk.now, actor=desk.wang)

    for item_id in desk.ids("a", "b"):
        workflow.review(desk.session, item_id=item_id, now=desk.now, actor=desk.li)
        workflow.publish(desk.session, item_id=item_id, now=desk.now, actor=desk.wang)

    assert between == {"a": "published", "b": "draft", "c": "published"}
    assert {code: (view.state, view.number) for code, view in desk.views().items()} == dict.fromkeys(CODES, ("published", 1))
    assert reasons(desk.plan(Order(Act.REVIEW))) == {}


def test_an_unfinished_import_and_items_that_left_are_named(desk: Desk) -> None:
    desk.row("c").state = ItemState.DRAFT.value
    desk.session.flush()
    elsewhere = desk.ids("a", bank="other")[0]

    assert reasons(desk.plan(Order(Act.TOPIC, topic="动火"), [*desk.ids("c"), elsewhere])) == {
        "导入没有完成": ["c"],
        "已不在本题库": [f"第 {elsewhere} 号"],
    }


def test_nothing_to_do_is_said_and_leaves_no_trace(desk: Desk) -> None:
    with pytest.raises(Refusal) as refusal:
        desk.do(Order(Act.RESTORE))

    assert (refusal.value.code, desk.trail()) == ("nothing_to_do", [])


@pytest.mark.parametrize("act", list(Act))
def test_every_chosen_item_is_counted_once(desk: Desk, act: Act) -> None:
    desk.draft("d", desk.li)
    desk.do(Order(Act.WITHDRAW, reason="过时"), desk.ids("b"))
    ids = [*desk.ids(), 10**6]

    planned = desk.plan(Order(act, bank="other", reason="理由", topic="动火"), ids)

    told = [v.item_id for v in (*planned.items, *planned.unchanged)] + [each.item_id for each in planned.barred]
    assert sorted(told) == sorted(ids)


@given(st.text("abc-", min_size=1, max_size=60), st.sets(st.text("abc-23", min_size=1, max_size=60)))
def test_a_free_code_is_free_and_fits(wanted: str, taken: set[str]) -> None:
    code = free_code(wanted, taken)

    assert code not in taken and len(code) <= 60
    assert code == wanted or wanted in taken

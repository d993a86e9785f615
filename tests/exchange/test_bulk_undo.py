"""Acts on many items taken back: as if they had never been, or a refusal that says what was built upon them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from quiz.accounts.audit import Actor
from quiz.banks import bulk, bulk_record, queries, service, workflow
from quiz.banks.bulk_plan import Act, Order
from quiz.banks.files import BankDraft
from quiz.db import Database
from quiz.exchange import bulk_undo, merging
from quiz.exchange.plan import Decision
from quiz.models.accounts import Account, AuditEvent
from quiz.models.banks import Bank, BankAct, Clause, Edition, Item, Standard
from quiz.papers import service as papers
from quiz.papers.domain import Blueprint, Section
from quiz.papers.service import PaperDraft
from quiz.problems import NotFound, Refusal
from quiz.vocabulary import Difficulty, EditionStatus, PostRole
from tests.databases import new_file
from tests.exchange.bank_state import state_of_banks
from tests.exchange.material import draft

CODES = ("a", "b", "c")


class Desk:
    """A teacher with a bank of three items, another bank with an item `a`, and one that was shipped."""

    def __init__(self, session: Session, now: datetime) -> None:
        self.session, self.now = session, now
        self.wang, self.li = (self._account(name) for name in ("wang", "li"))
        for bank, codes in {"law": CODES, "own": CODES, "other": ("a",)}.items():
            items = [draft(f"{bank} 的 {code} 问什么？", code=code) for code in codes]
            wanted = BankDraft(bank=bank, title=f"题库 {bank}", items=items)
            service.write_bank(session, draft=wanted, now=now, is_built_in=bank == "law", actor=self.wang)

    def _account(self, name: str) -> Actor:
        account = Account(account=name, name=name, password_hash="!", created_at=self.now)
        self.session.add(account)
        self.session.flush()
        return Actor(account_id=account.id, account=name)

    def ids(self, *codes: str, bank: str = "own") -> list[int]:
        views = {view.item_code: view.item_id for view in queries.items_of_bank(self.session, bank)}
        return [views[code] for code in codes or views]

    def do(self, order: Order, *codes: str, bank: str = "own") -> int:
        self.now += timedelta(minutes=1)
        ids = self.ids(*codes, bank=bank)
        done = bulk.carry_out(self.session, bank_code=bank, item_ids=ids, order=order, actor=self.wang, now=self.now)
        return done.act_id or 0

    def merge(self, source: str = "own", target: str = "other") -> int:
        self.now += timedelta(minutes=1)
        expected = merging.plan(self.session, source=source, target=target).items
        decisions: dict[int, Decision] = {}
        merging.merge(self.session, source=source, target=target, decisions=decisions, expected=expected, actor=self.wang, now=self.now)
        return self.session.exec(select(BankAct.id).order_by(col(BankAct.id).desc())).first() or 0

    def undo(self, act_id: int) -> int:
        return bulk_undo.undo(self.session, act_id=act_id, actor=self.li, now=self.now)

    def state(self) -> dict[str, list[str]]:
        self.session.flush()
        return state_of_banks(self.session)

    def ask(self, bank: str) -> None:
        """Draw a form of everything in the bank."""
        blueprint = Blueprint(sections=(Section(count=len(self.ids(bank=bank)), points=1, banks=(bank,)),))
        terms = PaperDraft(title="月考", blueprint=blueprint, cut_score=1, opens_at=self.now, closes_at=self.now + timedelta(days=1))
        papers.draw_form(self.session, paper=papers.create_paper(self.session, draft=terms, created_by=None, now=self.now), seed=1)


@pytest.fixture
def desk(session: Session, now: datetime) -> Desk:
    return Desk(session, now)


ORDERS = [
    Order(Act.TOPIC, topic="动火"),
    Order(Act.DIFFICULTY, difficulty=Difficulty.HARD),
    Order(Act.ROLES, roles=(PostRole.WORKER,)),
    Order(Act.SECTORS, sectors=("catering",)),
    Order(Act.MOVE, bank="other"),
    Order(Act.COPY, bank="other"),
    Order(Act.WITHDRAW, reason="过时"),
    Order(Act.REVIEW),
]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.act.value)
def test_every_act_is_taken_back_without_a_trace_but_on_the_audit_trail(desk: Desk, order: Order) -> None:
    before = desk.state()

    number = desk.undo(desk.do(order))

    assert (number, desk.state()) == (3, before)
    trail = desk.session.exec(select(AuditEvent).order_by(col(AuditEvent.id))).all()
    assert [(row.action, row.subject, row.detail["count"], row.account) for row in trail[-1:]] == [("undo_bulk", "own", 3, "li")]
    assert [(act.undone_by, act.undone_at) for act in bulk_record.acts_of_bank(desk.session, "own")] == [("li", desk.now)]


def test_what_was_brought_back_into_use_goes_out_again(desk: Desk) -> None:
    desk.do(Order(Act.WITHDRAW, reason="过时"))
    before = desk.state()

    desk.undo(desk.do(Order(Act.RESTORE), "a", "b"))

    assert desk.state() == before


def test_a_merged_bank_comes_back_with_its_items_and_their_codes(desk: Desk) -> None:
    before = desk.state()
    act = desk.merge()
    between = desk.session.get(Bank, "own")

    number = desk.undo(act)

    assert (between, number, desk.state()) == (None, 3, before)
    assert bulk_record.acts_of_bank(desk.session, "other")[0].told == "“题库 own”并入“题库 other”，移入 3 道，停用重复题 0 道，原题库删除"


def test_an_act_is_taken_back_once(desk: Desk) -> None:
    act = desk.do(Order(Act.SECTORS, sectors=("catering",)))
    desk.undo(act)

    with pytest.raises(Refusal) as refusal:
        desk.undo(act)
    with pytest.raises(NotFound):
        desk.undo(10**6)

    assert refusal.value.code == "undone_before"


def test_a_later_act_on_the_same_items_has_to_be_taken_back_first(desk: Desk) -> None:
    first = desk.do(Order(Act.TOPIC, topic="动火"))
    second = desk.do(Order(Act.WITHDRAW, reason="过时"), "b")

    with pytest.raises(Refusal) as refusal:
        desk.undo(first)
    desk.undo(second)

    assert refusal.value.code == "changed_since"
    assert refusal.value.message == (
        "有 1 道题后来又处理过（如 b），不能整批撤销。最近一次是 wang 于 2026-11-23 09:02“过时”。请先撤销后来的操作，或逐题改回。"
    )
    assert desk.undo(first) == 3


def test_sectors_that_somebody_has_set_anew_are_not_put_back(desk: Desk) -> None:
    act = desk.do(Order(Act.SECTORS, sectors=("catering",)))
    desk.do(Order(Act.SECTORS, sectors=("coal",)), "a")

    with pytest.raises(Refusal, match=r"有 1 道题后来又处理过（如 a）"):
        desk.undo(act)


def test_a_copy_that_was_asked_stays(desk: Desk) -> None:
    act = desk.do(Order(Act.COPY, bank="other"))
    desk.ask("other")

    with pytest.raises(Refusal) as refusal:
        desk.undo(act)

    assert (refusal.value.code, len(desk.ids(bank="other"))) == ("in_use", 4)


def test_a_topic_is_put_back_though_somebody_was_asked_and_the_form_keeps_its_version(desk: Desk) -> None:
    act = desk.do(Order(Act.TOPIC, topic="动火"), "a")
    desk.ask("own")
    asked = queries.items_of_bank(desk.session, "own")[0].id

    desk.undo(act)

    view = queries.items_of_bank(desk.session, "own")[0]
    notes = [step.note for step in workflow.steps_of_item(desk.session, item_id=view.item_id)]
    assert (view.topic, view.number, asked in queries.versions(desk.session, [asked])) == ("", 1, True)
    assert notes == ["撤销批量操作（主题：动火）", "批量修改：主题：动火", ""]


def test_items_whose_old_code_was_given_away_stay_where_they_are(desk: Desk) -> None:
    act = desk.do(Order(Act.MOVE, bank="other"), "a")
    workflow.write_draft(desk.session, bank_code="own", draft=draft("新？", code="a"), now=desk.now, actor=desk.li)

    with pytest.raises(Refusal, match="编号 a 已经给了别的题目"):
        desk.undo(act)


def test_what_rests_on_old_law_is_not_brought_back_into_use(desk: Desk) -> None:
    desk.session.add(Standard(code="gas", title="燃气"))
    desk.session.flush()
    edition = Edition(code="gas-1", standard_code="gas", title="规定")
    desk.session.add(edition)
    desk.session.flush()
    desk.session.add(Clause(id="gas-1/4", edition_code="gas-1", ref="第四条", group="用气", heading="软管", text="文"))
    desk.session.flush()
    items = [draft("依据何条？", code="x", clauses=["gas-1/4"])]
    service.write_bank(desk.session, draft=BankDraft(bank="gas", title="燃气", items=items), now=desk.now)
    act = desk.do(Order(Act.WITHDRAW, reason="过时"), bank="gas")
    edition.status = EditionStatus.SUPERSEDED.value
    desk.session.flush()

    with pytest.raises(Refusal, match=r"不再是现行版本（如 x）"):
        desk.undo(act)


_steps = st.lists(
    st.tuples(
        st.sampled_from([*ORDERS, Order(Act.RESTORE), "merge"]),
        st.sampled_from(["own", "other"]),
        st.sets(st.integers(0, 5), min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(steps=_steps)
def test_acts_taken_back_in_reverse_leave_nothing(tmp_path_factory: pytest.TempPathFactory, now: datetime, steps: list[Any]) -> None:
    db = Database(new_file(tmp_path_factory.mktemp("acts")))
    with db.transaction() as session:
        desk = Desk(session, now)
        states = []
        for order, bank, chosen in steps:
            codes = sorted(session.exec(select(Item.code).where(Item.bank_code == bank)).all())
            before = desk.state()
            try:
                act = _act(desk, order, bank, {codes[place % len(codes)] for place in chosen} if codes else set())
            except Refusal:
                continue
            states.append((act, before))
        for act, before in reversed(states):
            desk.undo(act)
            assert desk.state() == before
    db.dispose()


def _act(desk: Desk, order: Order | str, bank: str, codes: set[str]) -> int:
    if isinstance(order, str):
        return desk.merge(bank, "other" if bank == "own" else "own")
    if order.bank == bank:
        order = Order(order.act, bank="own")
    return desk.do(order, *codes, bank=bank)

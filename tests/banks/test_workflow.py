"""Draft → reviewed → published → withdrawn: who may take which step, and what candidates get meanwhile."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlmodel import Session

from quiz.accounts.audit import Actor
from quiz.banks import editions, queries, review_queue, service, workflow
from quiz.banks.files import BankDraft, EditionDraft, ItemDraft
from quiz.banks.queries import VersionView
from quiz.banks.review_queue import Count
from quiz.models.accounts import Account
from quiz.problems import Invalid, NotFound, Refusal
from quiz.vocabulary import ItemState, ItemType

EDITION: dict[str, Any] = {
    "standard": "gas", "title": "燃气规定", "edition": "gas-2024",
    "clauses": [
        {"id": "gas-2024/1", "ref": "第一条", "group": "总则", "heading": "目的", "text": "为了安全。", "assessable": False},
        {"id": "gas-2024/7", "ref": "第七条", "group": "报警", "heading": "报警装置", "text": "应当安装报警装置。"},
    ],
}  # fmt: skip


def hose(stem: str = "软管可以穿墙。", **more: Any) -> ItemDraft:
    draft = {"code": "hose", "type": ItemType.TRUE_FALSE, "clauses": ["gas-2024/7"], "stem": stem, "options": {"A": "正确", "B": "错误"}}
    return ItemDraft.model_validate(draft | {"key": ["B"], "explanation": "不得穿墙。"} | more)


class Desk:
    """Two teachers at one bank."""

    def __init__(self, session: Session, now: datetime) -> None:
        self.session, self.now = session, now
        self.wang, self.li = (self._account(name) for name in ("wang", "li"))
        draft = EditionDraft.model_validate(EDITION)
        editions.write_edition(session, draft=draft, now=now, today=now.date(), actor=self.wang)
        service.write_bank(session, draft=BankDraft(bank="gas", title="燃气", edition="gas-2024", items=[]), now=now)

    def _account(self, name: str) -> Actor:
        account = Account(account=name, name=name, password_hash="!", created_at=self.now)
        self.session.add(account)
        self.session.flush()
        return Actor(account_id=account.id, account=name)

    def write(self, draft: ItemDraft, by: Actor | None = None, **more: Any) -> int:
        return workflow.write_draft(self.session, bank_code="gas", draft=draft, now=self.now, actor=by or self.wang, **more)

    def take(self, verb: Any, item_id: int, by: Actor, **more: Any) -> None:
        verb(self.session, item_id=item_id, now=self.now, actor=by, **more)

    def published(self, draft: ItemDraft) -> int:
        item_id = self.write(draft)
        self.take(workflow.review, item_id, self.li)
        self.take(workflow.publish, item_id, self.wang)
        return item_id

    def served(self) -> list[str]:
        return [view.stem for view in queries.published(self.session, ["gas"])]

    def view(self, item_id: int) -> VersionView:
        return next(view for view in queries.items_of_bank(self.session, "gas") if view.item_id == item_id)

    def acts(self, item_id: int) -> list[tuple[str, int, str]]:
        return [(step.action.value, step.version, step.account) for step in reversed(workflow.steps_of_item(self.session, item_id=item_id))]


@pytest.fixture
def desk(session: Session, now: datetime) -> Desk:
    return Desk(session, now)


def test_a_new_item_reaches_candidates_only_after_a_second_person_and_the_publication(desk: Desk, session: Session) -> None:
    item_id = desk.write(hose())
    as_draft = (desk.served(), desk.view(item_id).state)
    desk.take(workflow.review, item_id, desk.li)
    reviewed = (desk.served(), workflow.pending_of_bank(session, "gas")[item_id].state)
    stamp = queries.stamp(session)
    desk.take(workflow.publish, item_id, desk.wang)

    assert (as_draft, reviewed) == (([], "draft"), ([], ItemState.REVIEWED))
    assert (desk.served(), desk.view(item_id).state, workflow.pending_of_bank(session, "gas")) == (["软管可以穿墙。"], "published", {})
    assert queries.stamp(session) != stamp
    assert desk.acts(item_id) == [("drafted", 1, "wang"), ("reviewed", 1, "li"), ("published", 1, "wang")]


def test_the_writer_cannot_review_and_unreviewed_work_cannot_be_published(desk: Desk) -> None:
    item_id = desk.write(hose())

    with pytest.raises(Refusal, match="起草人不能复核自己的题目"):
        desk.take(workflow.review, item_id, desk.wang)
    with pytest.raises(Refusal, match="须先经另一人复核"):
        desk.take(workflow.publish, item_id, desk.li)
    assert desk.served() == []


def test_candidates_keep_the_published_text_while_a_new_one_is_reviewed(desk: Desk) -> None:
    item_id = desk.published(hose())

    desk.write(hose("连接软管可以穿墙。"), desk.li, item_id=item_id)
    during = desk.served()
    desk.take(workflow.review, item_id, desk.wang)
    desk.take(workflow.publish, item_id, desk.li)

    assert (during, desk.served()) == (["软管可以穿墙。"], ["连接软管可以穿墙。"])
    assert desk.view(item_id).number == 2


def test_rewriting_what_was_reviewed_makes_it_a_draft_again(desk: Desk, session: Session) -> None:
    item_id = desk.write(hose())
    desk.take(workflow.review, item_id, desk.li)

    desk.write(hose("软管可穿墙。"), desk.li, item_id=item_id)

    assert workflow.pending_of_bank(session, "gas")[item_id].state is ItemState.DRAFT
    with pytest.raises(Refusal, match="起草人不能复核"):
        desk.take(workflow.review, item_id, desk.li)


def test_what_is_sent_back_says_why_and_waits_for_review_again(desk: Desk, session: Session) -> None:
    item_id = desk.write(hose())
    desk.take(workflow.review, item_id, desk.li)

    with pytest.raises(Invalid, match="写明"):
        desk.take(workflow.send_back, item_id, desk.li, note=" ")
    desk.take(workflow.send_back, item_id, desk.li, note="题干太短")

    newest = workflow.steps_of_item(session, item_id=item_id)[0]
    assert (newest.action.value, newest.note, newest.account) == ("sent_back", "题干太短", "li")
    assert workflow.pending_of_bank(session, "gas")[item_id].state is ItemState.DRAFT


def test_a_discarded_change_leaves_what_was_published(desk: Desk) -> None:
    published, never = desk.published(hose()), desk.write(hose("另一题。", code="other"))
    desk.write(hose("改坏了。"), item_id=published)

    desk.take(workflow.discard, published, desk.li)
    desk.take(workflow.discard, never, desk.li)

    assert (desk.served(), desk.view(published).state, desk.view(never).state) == (["软管可以穿墙。"], "published", "withdrawn")
    with pytest.raises(Refusal, match="从未发布过"):
        desk.take(workflow.restore, never, desk.li)


def test_a_withdrawn_item_is_served_again_only_after_it_was_restored(desk: Desk) -> None:
    item_id = desk.published(hose())

    desk.take(workflow.withdraw, item_id, desk.li, note="有争议")
    withdrawn = desk.served()
    with pytest.raises(Refusal, match="没有在用"):
        desk.take(workflow.withdraw, item_id, desk.li)
    desk.take(workflow.restore, item_id, desk.wang)

    assert (withdrawn, desk.served()) == ([], ["软管可以穿墙。"])


def test_whoever_wrote_from_an_older_text_is_told_so_and_nothing_is_lost(desk: Desk, session: Session) -> None:
    item_id = desk.published(hose())
    seen = desk.view(item_id).id
    desk.write(hose("王老师改的。"), desk.wang, item_id=item_id, based_on=seen)

    with pytest.raises(Refusal, match="别人已经改过这道题"):
        desk.write(hose("李老师改的。"), desk.li, item_id=item_id, based_on=seen)

    pending = workflow.pending_of_bank(session, "gas")[item_id]
    assert (queries.versions(session, [pending.version_id])[pending.version_id].stem, pending.writer) == ("王老师改的。", "wang")


def test_a_click_on_a_text_that_was_rewritten_meanwhile_approves_nothing(desk: Desk, session: Session) -> None:
    item_id = desk.write(hose())
    seen = workflow.pending_of_bank(session, "gas")[item_id].version_id
    desk.write(hose("改过的。"), item_id=item_id)

    for verb in (workflow.review, workflow.publish):
        with pytest.raises(Refusal, match="刚刚又被改过"):
            desk.take(verb, item_id, desk.li, version_id=seen)
    assert workflow.pending_of_bank(session, "gas")[item_id].state is ItemState.DRAFT


def test_sectors_move_without_a_new_version_or_a_review(desk: Desk) -> None:
    item_id = desk.published(hose())

    desk.write(hose(sectors=["catering"]), item_id=item_id)

    assert (desk.view(item_id).sectors, desk.view(item_id).number, desk.served()) == (("catering",), 1, ["软管可以穿墙。"])


@pytest.mark.parametrize(
    ("draft", "message"),
    [
        (hose(clauses=["gas-2024/99"]), "没有这些条款：gas-2024/99"),
        (hose(clauses=["gas-2024/1"]), "不得出题"),
        (hose(changed_from=["gas-2024/7"]), "只能选已被替代的版本"),
    ],
)
def test_a_draft_cites_only_clauses_that_may_be_tested(desk: Desk, draft: ItemDraft, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        desk.write(draft)
    assert queries.items_of_bank(desk.session, "gas") == []


def test_a_code_taken_an_unchanged_text_and_an_unknown_item_are_refused(desk: Desk) -> None:
    item_id = desk.write(hose())

    with pytest.raises(Invalid, match="已经用过"):
        desk.write(hose("别的。"))
    with pytest.raises(Refusal, match="没有变化"):
        desk.write(hose(), item_id=item_id)
    with pytest.raises(NotFound):
        desk.take(workflow.withdraw, 10**6, desk.li)
    with pytest.raises(NotFound):
        workflow.write_draft(desk.session, bank_code="none", draft=hose(), now=desk.now, actor=desk.wang)


def test_what_waits_is_counted_by_bank_and_by_what_is_to_be_done(desk: Desk, session: Session) -> None:
    for code in ("a", "b"):
        desk.write(hose(f"{code}。", code=code))
    reviewed, sent_back, mended = (desk.write(hose(f"{code}。", code=code)) for code in ("c", "d", "e"))
    desk.take(workflow.review, reviewed, desk.li)
    for item_id in (sent_back, mended):
        workflow.send_back(session, item_id=item_id, now=desk.now, actor=desk.li, note="太短")
    desk.write(hose("e，改过。", code="e"), item_id=mended)

    assert review_queue.waiting(session) == {"gas": Count(review=3, publish=1, mend=1)}

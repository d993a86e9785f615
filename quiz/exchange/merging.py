"""Two banks of one's own become one: clashes are decided as at an import, then the items move, and the empty bank goes.

It stands in this room and not among the banks because it compares as an import does and has to know the papers, which banks do not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlmodel import Session, col

from quiz.accounts import audit
from quiz.accounts.audit import Actor
from quiz.banks import bulk, bulk_record, queries, service
from quiz.banks.bulk_plan import Act, Order, free_code
from quiz.banks.queries import VersionView
from quiz.exchange.bank_comparison import plan_merge
from quiz.exchange.plan import Clash, Decision, Pair
from quiz.models.banks import Bank, BankImport, Item
from quiz.papers.shortage import papers_of_bank
from quiz.problems import Invalid, NotFound, Refusal
from quiz.vocabulary import ItemState, PaperState

_ACTION = "merge_banks"


@dataclass(frozen=True)
class Meeting:
    """An item of the bank that is dissolved, beside the one of the other bank it clashes with."""

    coming: VersionView
    staying: VersionView
    clash: Clash
    likeness: float
    decision: Decision


@dataclass(frozen=True)
class MergePlan:
    """What merging would do."""

    source: str
    target: str
    items: int
    """Items that move, withdrawn ones and drafts too: an item takes its history along."""
    meetings: tuple[Meeting, ...]
    renamed: tuple[tuple[str, str], ...]
    """Old and new code of items whose code the other bank has already."""
    papers: tuple[str, ...]
    """Titles of papers that draw on the bank that is dissolved: while there are any, it stays, empty."""


@dataclass(frozen=True)
class Merged:
    """What merging did."""

    moved: int
    withdrawn: int
    removed: bool
    """The emptied bank is gone."""


def plan(session: Session, *, source: str, target: str, decisions: Mapping[int, Decision] | None = None) -> MergePlan:
    """Look before merging; `decisions` are by item of the source. Without one, what is the same is withdrawn and all else kept.

    Raises:
        NotFound, Invalid: the two cannot be merged.
    """
    _check(session, source, target)
    coming, staying = queries.items_of_bank(session, source), queries.items_of_bank(session, target)
    living = [view for view in coming if view.state == ItemState.PUBLISHED]
    known = {view.item_id: view for view in staying if view.state == ItemState.PUBLISHED}
    found = plan_merge(living, list(known.values()), {})
    meetings = [_meeting(pair, living, known, decisions or {}) for pair in found.pairs if pair.known is not None]
    taken, renamed = {view.item_code for view in staying}, []
    for view in coming:
        code = free_code(view.item_code, taken)
        taken.add(code)
        if code != view.item_code:
            renamed.append((view.item_code, code))
    papers = tuple(paper.title for paper in papers_of_bank(session, source))
    return MergePlan(source, target, len(coming), tuple(meetings), tuple(renamed), papers)


def merge(
    session: Session, *, source: str, target: str, decisions: Mapping[int, Decision], expected: int, actor: Actor, now: datetime
) -> Merged:
    """Carry it out. `decisions` as in `plan`; `expected` is the number of items that was on screen.

    KEEP leaves both in use, SKIP withdraws the one that comes, REPLACE the one that was there. Nothing is deleted but an empty bank.

    Raises:
        NotFound, Invalid: as `plan`.
        Refusal: a published paper draws on the source, items came or went meanwhile, or an import is still running.
    """
    planned = plan(session, source=source, target=target, decisions=decisions)
    if planned.items != expected:
        raise Refusal("题库刚刚有变化。请重新核对后再合并。", code="bank_moved_on")
    open_papers = [p.title for p in papers_of_bank(session, source) if p.state is PaperState.PUBLISHED]
    if open_papers:
        raise Refusal(
            f"已发布的试卷“{'”“'.join(open_papers)}”从这个题库抽题，合并后将抽不出题。请先改用目标题库或停用试卷。", code="bank_in_use"
        )
    titles = title_of(session, source), title_of(session, target)
    ids = [view.item_id for view in queries.items_of_bank(session, source)]
    stood = bulk_record.before(session, [*ids, *(meeting.staying.item_id for meeting in planned.meetings)])
    withdrawn = _withdraw_losers(session, planned, actor, now)
    moved = 0
    if ids:
        order = Order(Act.MOVE, bank=target, reason="合并题库")
        done = bulk.carry_out(session, bank_code=source, item_ids=ids, order=order, actor=actor, now=now, is_part=True)
        if done.barred:
            raise Refusal(f"有 {done.barred} 道题还不能移动（导入没有完成）。请稍后再试。", code="import_running")
        moved = len(done.items)
    gone = _remove_if_unused(session, source)
    removed = gone is not None
    service.touch(session)
    bulk_record.keep(
        session, stood=stood, act=bulk_record.MERGE, bank_code=source, other_code=target, bank=gone, actor=actor, now=now,
        told=f"“{titles[0]}”并入“{titles[1]}”，移入 {moved} 道，停用重复题 {withdrawn} 道" + ("，原题库删除" if removed else ""),
    )  # fmt: skip
    detail = {"title": titles[0], "count": moved, "value": f"停用重复题 {withdrawn} 道" + ("，删除已空的题库" if removed else "")}
    audit.record(session, actor=actor, action=_ACTION, subject=f"{source} → {target}", at=now, detail=detail)
    return Merged(moved, withdrawn, removed)


def title_of(session: Session, code: str) -> str:
    """Title of a bank. Raises NotFound when there is none."""
    bank = session.get(Bank, code)
    if bank is None:
        raise NotFound("没有这个题库。")
    return bank.title


def own_banks(session: Session) -> dict[str, str]:
    """Titles of the banks that did not come with the product, by code."""
    rows = session.execute(select(col(Bank.code), col(Bank.title)).where(col(Bank.is_built_in).is_(False)).order_by(col(Bank.title)))
    return {code: title for code, title in rows}


def _check(session: Session, source: str, target: str) -> None:
    if source == target:
        raise Invalid("请选择两个不同的题库。", code="target_same")
    for code in (source, target):
        bank = session.get(Bank, code)
        if bank is None:
            raise NotFound("没有这个题库。")
        if bank.is_built_in:
            raise Invalid(f"“{bank.title}”是随系统提供的题库，不能合并。可以把题目复制到自建题库。", code="target_built_in")


def _meeting(pair: Pair, living: Sequence[VersionView], known: Mapping[int, VersionView], decisions: Mapping[int, Decision]) -> Meeting:
    assert pair.known is not None
    coming = living[pair.row]
    usual = Decision.SKIP if pair.clash is Clash.SAME else Decision.KEEP
    return Meeting(coming, known[pair.known.item_id], pair.clash, pair.likeness, decisions.get(coming.item_id, usual))


def _withdraw_losers(session: Session, planned: MergePlan, actor: Actor, now: datetime) -> int:
    coming = [m.coming.item_id for m in planned.meetings if m.decision is Decision.SKIP]
    staying = [m.staying.item_id for m in planned.meetings if m.decision is Decision.REPLACE]
    order = Order(Act.WITHDRAW, reason="合并题库时与另一题库的题目重复")
    number = 0
    for bank, ids in ((planned.source, coming), (planned.target, list(dict.fromkeys(staying)))):
        if ids:
            number += len(bulk.carry_out(session, bank_code=bank, item_ids=ids, order=order, actor=actor, now=now, is_part=True).items)
    return number


def _remove_if_unused(session: Session, code: str) -> dict[str, Any] | None:
    """The bank goes when nothing is left in it, no paper names it, and no import is writing into it; its row as it was."""
    holds = session.scalars(select(col(Item.id)).where(col(Item.bank_code) == code)).first()
    running = session.scalars(
        select(col(BankImport.id)).where(col(BankImport.bank_code) == code, col(BankImport.state) == "running")
    ).first()
    bank = session.get(Bank, code)
    if bank is None or holds is not None or running is not None or papers_of_bank(session, code):
        return None
    row = bank.model_dump(mode="json")
    session.execute(delete(Bank).where(col(Bank.code) == code))
    session.expire_all()
    return row

"""Duplicates in and across banks: found, decided by a person, and not asked about again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from quiz.accounts import audit
from quiz.accounts.audit import Actor
from quiz.banks import queries, workflow
from quiz.banks.queries import VersionView
from quiz.banks.same_wording import wording_of_pair
from quiz.exchange.bank_comparison import Twins, twins
from quiz.models.banks import DuplicateDecision, Item, ItemVersion
from quiz.problems import Invalid, NotFound, Refusal
from quiz.vocabulary import ItemState, Labelled

_AT_ONCE = 5000
_ACTION = "decide_duplicate"


class Verdict(Labelled):
    """What becomes of the two items of a pair."""

    KEEP_BOTH = "keep_both", "两题都保留"
    KEEP_FIRST = "keep_first", "保留左题，停用右题"
    KEEP_SECOND = "keep_second", "保留右题，停用左题"
    MERGE_FIRST = "merge_first", "并入左题，停用右题"
    MERGE_SECOND = "merge_second", "并入右题，停用左题"


def pairs_of_banks(session: Session, *, bank_codes: Sequence[str]) -> list[Twins]:
    """All pairs among the living items of these banks, decided ones too; the first bank's items stand left."""
    items = [
        view
        for code in dict.fromkeys(bank_codes)
        for view in queries.items_of_bank(session, code)
        if view.state in (ItemState.PUBLISHED, ItemState.DRAFT)
    ]
    return twins(items)


def stamp(session: Session) -> str:
    """Changes whenever an item of any bank was written, worded anew, taken out of use or brought back."""
    living = select(func.count()).select_from(Item).where(col(Item.state).in_((ItemState.PUBLISHED.value, ItemState.DRAFT.value)))
    newest = select(func.max(col(ItemVersion.id)))
    return f"{queries.stamp(session)} {session.scalar(living)} {session.scalar(newest)}"


def decided(session: Session, pairs: Iterable[Twins]) -> dict[tuple[int, int], DuplicateDecision]:
    """What was decided about these pairs, by the ids of their items; not where one of the two was worded anew since."""
    known = {pair.ids: pair for pair in pairs}
    firsts = sorted({first for first, _ in known})
    found = {}
    for start in range(0, len(firsts), _AT_ONCE):
        chunk = firsts[start : start + _AT_ONCE]
        for row in session.scalars(select(DuplicateDecision).where(col(DuplicateDecision.first_id).in_(chunk))):
            pair = known.get((row.first_id, row.second_id))
            if pair is not None and row.wording == wording_of_pair(pair.first, pair.second):
                found[pair.ids] = row
    return found


def decide(session: Session, *, first_id: int, second_id: int, seen: str, verdict: Verdict, actor: Actor, now: datetime) -> str:
    """Carry out what somebody decided about two items, and remember it; answers with what was done, in a sentence.

    `seen` is the digest (`wording_of_pair`) of what was on screen. To merge means: what is kept gets, as a draft for review, the clauses
    of the other, and its explanation where it has none.

    Raises:
        NotFound: one of the items is gone.
        Refusal: one of the two was changed meanwhile, or what is kept has a change waiting that merging would bury.
    """
    first, second = _item(session, first_id), _item(session, second_id)
    if wording_of_pair(first, second) != seen:
        raise Refusal("这两道题刚刚有人改过。请看过最新内容再决定。", code="item_moved_on")
    keeps_first = verdict in (Verdict.KEEP_FIRST, Verdict.MERGE_FIRST)
    kept, dropped = (first, second) if keeps_first else (second, first)
    text = f"{first.item_code} 和 {second.item_code} 都保留，以后不再提示。"
    if verdict is not Verdict.KEEP_BOTH:
        carried = verdict in (Verdict.MERGE_FIRST, Verdict.MERGE_SECOND) and _carry_over(session, kept, dropped, actor, now)
        _take_out(session, dropped, kept, actor, now)
        text = f"已停用 {dropped.item_code}，保留 {kept.item_code}。" + ("它的条款和解析已补入后者，等另一位老师复核。" if carried else "")
    one, other = sorted((first_id, second_id))
    session.merge(
        DuplicateDecision(
            first_id=one,
            second_id=other,
            decision=verdict.value,
            wording=seen,
            account_id=actor.account_id,
            account=actor.account[:60],
            at=now,
        )
    )
    audit.record(
        session,
        actor=actor,
        action=_ACTION,
        subject=f"{first.bank_code} {first.item_code}、{second.bank_code} {second.item_code}",
        at=now,
        detail={"value": verdict.label},
    )
    return text


def forget(session: Session, *, item_ids: tuple[int, int]) -> None:
    """Show the pair again."""
    row = session.get(DuplicateDecision, tuple(sorted(item_ids)))
    if row is not None:
        session.delete(row)


def _item(session: Session, item_id: int) -> VersionView:
    version_id = session.scalars(select(col(Item.version_id)).where(col(Item.id) == item_id)).first()
    if version_id is None:
        raise NotFound("没有这道题，可能刚刚被删除。")
    return queries.versions(session, [version_id])[version_id]


def _carry_over(session: Session, kept: VersionView, dropped: VersionView, actor: Actor, now: datetime) -> bool:
    """Whether there was anything to carry over."""
    draft = kept.as_draft()
    clauses = list(dict.fromkeys([*draft.clauses, *(clause.id for clause in dropped.clauses if clause.in_force and clause.assessable)]))
    richer = draft.model_copy(update={"clauses": clauses, "explanation": draft.explanation or dropped.explanation})
    if richer.digest == draft.digest:
        return False
    waits = session.scalars(select(col(Item.pending_id)).where(col(Item.id) == kept.item_id)).first()
    if waits is not None and waits != kept.id:
        raise Refusal(f"{kept.item_code} 有修改正在等待处理，请先处理完再合并。", code="pending")
    workflow.write_draft(
        session, bank_code=kept.bank_code, draft=richer, now=now, actor=actor, item_id=kept.item_id, based_on=waits or kept.id
    )
    return True


def _take_out(session: Session, dropped: VersionView, kept: VersionView, actor: Actor, now: datetime) -> None:
    note = f"与 {kept.bank_code} 的 {kept.item_code} 重复"
    if dropped.state == ItemState.PUBLISHED:
        workflow.withdraw(session, item_id=dropped.item_id, now=now, actor=actor, note=note)
    elif dropped.state == ItemState.DRAFT:
        workflow.discard(session, item_id=dropped.item_id, now=now, actor=actor)
    else:
        raise Invalid(f"{dropped.item_code} 已经停用。", code="not_published")

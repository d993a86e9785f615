"""What an act on many items of a bank would come to: which it changes, which are so already, which it must leave alone and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlmodel import Session, col

from quiz.accounts.audit import Actor
from quiz.banks import queries, workflow
from quiz.banks.queries import VersionView
from quiz.models.banks import Bank, Item, ItemStep
from quiz.problems import Invalid, NotFound
from quiz.vocabulary import Difficulty, ItemState, ItemStepAction, Labelled, PostRole

_AT_ONCE = 5000
_TOPIC_LENGTH, _CODE_LENGTH = 80, 60


class Act(Labelled):
    """What is done to every chosen item."""

    TOPIC = "topic", "设置主题"
    DIFFICULTY = "difficulty", "设置难度"
    ROLES = "roles", "设置适用岗位"
    SECTORS = "sectors", "设置适用行业领域"
    MOVE = "move", "移到另一题库"
    COPY = "copy", "复制到另一题库"
    WITHDRAW = "withdraw", "停用"
    RESTORE = "restore", "恢复使用"
    REVIEW = "review", "送复核"


@dataclass(frozen=True)
class Order:
    """What a person wants done; only what the act needs is filled in."""

    act: Act
    bank: str = ""
    """Code of the bank that items are moved or copied to."""
    topic: str = ""
    difficulty: Difficulty = Difficulty.MEDIUM
    roles: tuple[PostRole, ...] = ()
    sectors: tuple[str, ...] = ()
    """Empty: as the bank says."""
    reason: str = ""


@dataclass(frozen=True)
class Barred:
    """An item that the act leaves alone, and why."""

    item_id: int
    code: str
    reason: str


@dataclass(frozen=True)
class BulkPlan:
    """What an order comes to."""

    order: Order
    bank: str
    items: tuple[VersionView, ...]
    """Those that it changes."""
    unchanged: tuple[VersionView, ...]
    """Those that are already as they should be."""
    barred: tuple[Barred, ...]
    codes: dict[int, str] = field(default_factory=dict)
    """Of items that are moved or copied: the code each will have, by item."""

    @property
    def renamed(self) -> list[tuple[str, str]]:
        """Old and new code of those whose code is taken in the other bank."""
        return [
            (view.item_code, self.codes[view.item_id])
            for view in self.items
            if self.codes.get(view.item_id, "") not in ("", view.item_code)
        ]

    @property
    def reasons(self) -> dict[str, list[str]]:
        """Codes of the items left alone, by reason."""
        found: dict[str, list[str]] = {}
        for each in self.barred:
            found.setdefault(each.reason, []).append(each.code)
        return found


def plan(session: Session, *, bank_code: str, item_ids: Collection[int], order: Order, actor: Actor, lock: bool = False) -> BulkPlan:
    """Which items the order would change, and which not; nothing is written.

    Raises:
        NotFound: no such bank.
        Invalid: the order lacks something or contradicts itself.
    """
    bank = session.get(Bank, bank_code)
    if bank is None:
        raise NotFound("没有这个题库。")
    _check(session, order, bank)
    items = chosen_items(session, bank_code, item_ids, lock=lock)
    views = {view.item_id: view for view in _views(session, [item.version_id for item in items if item.version_id])}
    judge = _Judge(session, order, bank, items, actor)
    todo, unchanged, barred = [], [], []
    for item in items:
        view = views.get(item.id or 0)
        reason = judge.hindrance(item, view)
        if view is None or reason:
            barred.append(Barred(item.id or 0, item.code, reason))
        elif judge.changes(item, view):
            todo.append(view)
        else:
            unchanged.append(view)
    here = {item.id for item in items}
    barred += [Barred(item_id, f"第 {item_id} 号", "已不在本题库") for item_id in sorted(set(item_ids) - here)]
    codes = _codes(session, order, todo) if order.act in (Act.MOVE, Act.COPY) else {}
    return BulkPlan(order, bank_code, tuple(todo), tuple(unchanged), tuple(barred), codes)


def told(order: Order) -> str:
    """The order in words: `难度：难`."""
    match order.act:
        case Act.TOPIC:
            return f"主题：{order.topic.strip() or '（清空）'}"
        case Act.DIFFICULTY:
            return f"难度：{order.difficulty.label}"
        case Act.ROLES:
            return f"适用岗位：{'、'.join(role.label for role in order.roles) or '不限'}"
        case Act.SECTORS:
            return "适用行业领域：" + ("所选行业" if order.sectors else "与题库相同")
    return order.act.label


def _check(session: Session, order: Order, bank: Bank) -> None:
    if order.act in (Act.MOVE, Act.COPY):
        target = session.get(Bank, order.bank)
        if target is None:
            raise Invalid("请选择目标题库。", code="target_missing")
        if target.code == bank.code:
            raise Invalid("目标题库就是本题库，请另选一个。", code="target_same")
        if target.is_built_in:
            raise Invalid(f"“{target.title}”是随系统提供的题库，不能移入题目。请选自建题库。", code="target_built_in")
    if order.act is Act.WITHDRAW and not order.reason.strip():
        raise Invalid("请写明停用原因。", code="reason_missing")
    if order.act is Act.TOPIC and len(order.topic.strip()) > _TOPIC_LENGTH:
        raise Invalid(f"主题不能超过 {_TOPIC_LENGTH} 个字。", code="topic_long")


class _Judge:
    """Knows of each chosen item what the act depends on."""

    def __init__(self, session: Session, order: Order, bank: Bank, items: Sequence[Item], actor: Actor) -> None:
        self.order, self.bank, self.actor = order, bank, actor
        self.pending = workflow.pending_of_bank(session, bank.code)
        withdrawn = [item for item in items if item.state == ItemState.WITHDRAWN]
        self.was_published = _were_published(session, withdrawn) if order.act is Act.RESTORE else set()

    def hindrance(self, item: Item, view: VersionView | None) -> str:
        """Why the act leaves this item alone; empty when it does not."""
        if view is None or (item.state == ItemState.DRAFT and item.pending_id is None):
            return "导入没有完成"
        match self.order.act:
            case Act.MOVE:
                return "随系统提供的题目不能移走，可以复制" if self.bank.is_built_in else ""
            case Act.COPY:
                return "" if item.state == ItemState.PUBLISHED else "只能复制已发布的题目"
            case Act.WITHDRAW:
                return "还没有发布，可在题目中放弃" if item.state == ItemState.DRAFT else ""
            case Act.RESTORE:
                return self._against_restoring(item, view)
            case Act.REVIEW:
                return "已在待处理之中" if item.pending_id is not None else ""
            case Act.SECTORS:
                return ""
        return self._against_revising(item)

    def _against_restoring(self, item: Item, view: VersionView) -> str:
        if item.state == ItemState.DRAFT:
            return "还没有发布，须先经复核再发布"
        if item.state == ItemState.WITHDRAWN and item.id not in self.was_published:
            return "从未发布过，须先送复核"
        if not all(clause.in_force for clause in view.clauses):
            return "所依据的条款不是现行版本"
        return ""

    def _against_revising(self, item: Item) -> str:
        if item.state == ItemState.WITHDRAWN:
            return "已停用，请先恢复使用"
        if item.pending_id is None:
            return ""
        if item.state == ItemState.PUBLISHED:
            return "有修改正在等待处理"
        if item.pending_state == ItemState.REVIEWED:
            return "已复核待发布，请先发布"
        waiting = self.pending[item.id or 0]
        return "" if waiting.writer_id == self.actor.account_id else f"由 {waiting.writer or '他人'} 起草，尚未发布"

    def changes(self, item: Item, view: VersionView) -> bool:
        match self.order.act:
            case Act.WITHDRAW:
                return item.state == ItemState.PUBLISHED
            case Act.RESTORE:
                return item.state == ItemState.WITHDRAWN
            case Act.SECTORS:
                return tuple(item.sectors or ()) != self.order.sectors
            case Act.TOPIC:
                return view.topic != self.order.topic.strip()
            case Act.DIFFICULTY:
                return view.difficulty != self.order.difficulty
            case Act.ROLES:
                return set(view.roles) != set(self.order.roles)
        return True


def _were_published(session: Session, items: Sequence[Item]) -> set[int]:
    """Versions shipped before steps were kept have no record; they came published (as in `workflow`)."""
    steps: dict[int, set[str]] = {}
    versions = [item.version_id for item in items if item.version_id]
    for ids in _chunks(versions):
        for version_id, action in session.execute(
            select(col(ItemStep.version_id), col(ItemStep.action)).where(col(ItemStep.version_id).in_(ids))
        ):
            steps.setdefault(version_id, set()).add(action)
    served = {ItemStepAction.PUBLISHED.value, ItemStepAction.RECITED.value}
    return {item.id or 0 for item in items if not (found := steps.get(item.version_id or 0)) or found & served}


def _codes(session: Session, order: Order, views: Sequence[VersionView]) -> dict[int, str]:
    taken = set(session.scalars(select(col(Item.code)).where(col(Item.bank_code) == order.bank)))
    codes = {}
    for view in views:
        codes[view.item_id] = free_code(view.item_code, taken)
        taken.add(codes[view.item_id])
    return codes


def free_code(wanted: str, taken: Collection[str]) -> str:
    """The code itself, or the first of `code-2`, `code-3` … that is free."""
    code, number = wanted, 1
    while code in taken:
        number += 1
        ending = f"-{number}"
        code = wanted[: _CODE_LENGTH - len(ending)] + ending
    return code


def chosen_items(session: Session, bank_code: str, ids: Collection[int], *, lock: bool = False) -> list[Item]:
    """The items of the bank with these ids, by code; `lock` keeps others from changing them meanwhile."""
    found: list[Item] = []
    for chunk in _chunks(sorted(set(ids))):
        query = select(Item).where(col(Item.bank_code) == bank_code, col(Item.id).in_(chunk)).order_by(col(Item.id))
        found += session.scalars(query.with_for_update() if lock else query).all()
    return sorted(found, key=lambda item: item.code)


def _views(session: Session, version_ids: Sequence[int]) -> Iterator[VersionView]:
    for chunk in _chunks(version_ids):
        yield from queries.versions(session, chunk).values()


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))

"""Many items of a bank handled at once: which ones, what is to be done, what it comes to, and the acts before with the way back."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.accounts.domain import User
from quiz.banks import bulk, bulk_plan
from quiz.banks.bulk_plan import Act, BulkPlan, Order
from quiz.banks.queries import VersionView
from quiz.exchange.merging import own_banks
from quiz.organisations.reference import Reference
from quiz.papers.shortage import short_without
from quiz.problems import Refusal
from quiz.ui import bank_acts, components, gate, item_table, office, store
from quiz.ui.state import Slot
from quiz.vocabulary import Difficulty, ItemState, PostRole

_ROUND = Slot[int]("bulk_round", int)
"""Counts what was done: the table begins anew, without the rows that were marked."""
_CODES_SHOWN = 8
_ALL, _MARKED = "all", "marked"


def show(user: User, bank_code: str, items: Sequence[VersionView], frame: pd.DataFrame) -> None:
    """Mark rows, choose an act, look at what it comes to, confirm."""
    rows = item_table.choose(frame, key=f"bulk_items_{bank_code}_{_ROUND.get()}", several=True)
    marked = [items[row] for row in rows]
    with st.container(border=True):
        # Labels that count would be other labels after each click, and the browser would forget which one is marked.
        labels = {_MARKED: "表中勾选的题目", _ALL: "全部筛选结果"}
        scope = st.radio("处理哪些题目", list(labels), format_func=labels.__getitem__, key="bulk_scope", horizontal=True)
        chosen = list(items) if scope == _ALL else marked
        components.hint(f"已选 {len(chosen)} 道题。")
        order = _order(bank_code)
        if not chosen:
            components.hint("先在表中勾选题目（可勾选表头全选），或改为“全部筛选结果”。")
        elif order is not None:
            _preview(user, bank_code, chosen, order)
    bank_acts.show(user, bank_code)


# ---- what is to be done


def _order(bank_code: str) -> Order | None:
    """The order as far as it is given; None while something is missing."""
    act = st.selectbox("要做什么", list(Act), index=None, format_func=lambda a: a.label, key="bulk_act", placeholder="请选择", width=320)
    match act:
        case None:
            return None
        case Act.TOPIC:
            topic = st.text_input("新的主题（留空则清除）", key="bulk_topic", max_chars=80, placeholder="例如：有限空间作业", width=420)
            return Order(act, topic=topic or "")
        case Act.DIFFICULTY:
            level = st.segmented_control(
                "新的难度（编者估计）", list(Difficulty), format_func=lambda d: d.label, key="bulk_difficulty", default=Difficulty.MEDIUM
            )
            return Order(act, difficulty=level) if level else None
        case Act.ROLES:
            roles = st.multiselect(
                "新的适用岗位（不选为不限）",
                list(PostRole),
                format_func=lambda r: r.label,
                key="bulk_roles",
                placeholder="不限",
                select_all=False,
            )
            return Order(act, roles=tuple(roles))
        case Act.SECTORS:
            return Order(act, sectors=_sectors())
        case Act.MOVE | Act.COPY:
            return _other_bank(bank_code, act)
    asked = "停用原因（必填，会记入每道题的经过）" if act is Act.WITHDRAW else "说明（选填）"
    return Order(act, reason=st.text_input(asked, key=f"bulk_reason_{act}", max_chars=300) or "")


def _sectors() -> tuple[str, ...]:
    with store.reading() as session:
        names = {code: row.name for code, row in Reference.load(session).sectors.items()}
    chosen = st.multiselect(
        "新的适用行业领域（不选则与题库相同）", list(names), format_func=names.__getitem__, key="bulk_sectors", placeholder="与题库相同",
        select_all=False,
    )  # fmt: skip
    return tuple(chosen)


def _other_bank(bank_code: str, act: Act) -> Order | None:
    with store.reading() as session:
        banks = {code: title for code, title in own_banks(session).items() if code != bank_code}
    if not banks:
        components.note("还没有别的自建题库。先用“导入题库”建一个，再来移动或复制。", tone="warn")
        return None
    target = st.selectbox(
        "目标题库", list(banks), index=None, format_func=banks.__getitem__, key="bulk_target", placeholder="请选择自建题库", width=420
    )
    return Order(act, bank=target) if target else None


# ---- what it comes to


def _preview(user: User, bank_code: str, chosen: Sequence[VersionView], order: Order) -> None:
    ids = [view.item_id for view in chosen]
    try:
        with store.reading() as session:
            found = bulk_plan.plan(session, bank_code=bank_code, item_ids=ids, order=order, actor=gate.actor(user))
            short = _short(session, found)
    except Refusal as refusal:
        components.note(refusal.message, tone="warn")
        return
    components.facts(
        [
            ("将改动", f"{len(found.items)} 道"),
            ("无需改动", f"{len(found.unchanged)} 道"),
            ("不能处理", f"{len(found.barred)} 道"),
        ]
    )
    if found.barred:
        components.table(["不能处理的原因", "题数", "题目"], [(why, len(codes), _some(codes)) for why, codes in found.reasons.items()])
    if found.renamed:
        pairs = [f"{old} → {new}" for old, new in found.renamed]
        components.note(f"目标题库已有相同编号，{len(pairs)} 道题将换用新编号：{_some(pairs)}。", tone="info")
    if short:
        components.note(f"下列已发布试卷的题量将不足，考生将无法开始：{'、'.join(short)}。请先调整试卷。", tone="warn")
    question = f"将对 {len(found.items)} 道题“{bulk_plan.told(order)}”。{_CONSEQUENCES[order.act]}"
    if components.confirm_button(
        f"{order.act.label}（{len(found.items)} 道）", key="bulk_go", question=question, yes="确认执行", disabled=not found.items
    ):
        _carry_out(user, bank_code, ids, order)


_CONSEQUENCES = {
    Act.TOPIC: "考生看到的内容不变，不需要重新复核；每道题留下一条“批量修改”的记录。",
    Act.DIFFICULTY: "考生看到的内容不变，不需要重新复核；每道题留下一条“批量修改”的记录。",
    Act.ROLES: "考生看到的内容不变，不需要重新复核；每道题留下一条“批量修改”的记录。",
    Act.SECTORS: "考生看到的内容不变。",
    Act.MOVE: "版本和经过随题目一起移走；已经开始的答题和以往成绩不变。",
    Act.COPY: "复制的题目立即可用，以后各自修改。",
    Act.WITHDRAW: "新抽的试卷不再出现这些题；已经开始的答题和以往成绩不变。",
    Act.RESTORE: "新抽的试卷可能出现这些题。",
    Act.REVIEW: "须由另一位老师复核、发布；在用的题目复核期间照常使用，已停用的发布后恢复使用。",
}


def _short(session: Session, found: BulkPlan) -> list[str]:
    if found.order.act not in (Act.MOVE, Act.WITHDRAW):
        return []
    gone = [view.id for view in found.items if view.state == ItemState.PUBLISHED]
    return short_without(session, bank_code=found.bank, version_ids=gone)


def _some(codes: Sequence[str]) -> str:
    more = f" 等 {len(codes)} 道" if len(codes) > _CODES_SHOWN else ""
    return "、".join(codes[:_CODES_SHOWN]) + more


def _carry_out(user: User, bank_code: str, ids: Sequence[int], order: Order) -> None:
    def work(session: Session) -> str:
        done = bulk.carry_out(session, bank_code=bank_code, item_ids=ids, order=order, actor=gate.actor(user), now=clock.now())
        _ROUND.set(_ROUND.get() + 1)
        left = f"，{done.barred} 道不能处理" if done.barred else ""
        return f"{order.act.label}：已改动 {len(done.items)} 道题，{done.unchanged} 道无需改动{left}。"

    office.perform(work)

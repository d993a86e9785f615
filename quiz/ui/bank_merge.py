"""This bank into another of one's own: the clashes are decided as at an import, then all items move."""

from __future__ import annotations

from collections import Counter

import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.accounts.domain import User
from quiz.exchange import merging
from quiz.exchange.merging import Meeting, MergePlan
from quiz.exchange.plan import Clash, Decision
from quiz.problems import Refusal
from quiz.ui import bank_acts, components, gate, item_card, office, state, store, version_diff
from quiz.ui.components import Kpi

_LABELS = {Decision.KEEP: "两题都保留", Decision.SKIP: "停用移入的一题", Decision.REPLACE: "停用原有的一题"}
_AT_ONCE = 10
_CODES_SHOWN = 8


def show(user: User, bank_code: str, title: str) -> None:
    """Choose where to, decide the clashes, confirm."""
    with store.reading() as session:
        banks = merging.own_banks(session)
    others = {code: name for code, name in banks.items() if code != bank_code}
    if bank_code not in banks:
        components.empty_state("随系统提供的题库不能合并", "可以用“批量处理”把题目复制到自建题库。")
        return
    if not others:
        components.empty_state("没有别的自建题库", "有两个以上自建题库时，可以在这里合并。")
        bank_acts.show(user, bank_code)
        return
    target = st.selectbox(
        f"把“{title}”并入",
        list(others),
        index=None,
        format_func=others.__getitem__,
        key="merge_target",
        placeholder="请选择题库",
        width=420,
    )
    if not target:
        components.hint("本题库的全部题目（连同停用的、版本和经过）移入所选题库；没有试卷再用到本题库时，空题库自动删除。")
        bank_acts.show(user, bank_code)
        return
    decisions = _decisions(target)
    try:
        with store.reading() as session:
            found = merging.plan(session, source=bank_code, target=target, decisions=decisions)
    except Refusal as refusal:
        components.note(refusal.message, tone="bad", title="不能合并")
        return
    _told(found)
    _clashes(found, target)
    if components.confirm_button(
        f"合并（移入 {found.items} 道）",
        key="merge_go",
        question=f"确认把“{title}”并入“{others[target]}”？合并后题目没有再动过的，可以在“{others[target]}”里撤销。",
        yes="确认合并",
    ):
        _merge(user, found, {meeting.coming.item_id: meeting.decision for meeting in found.meetings}, others[target])


def _decisions(target: str) -> dict[int, Decision]:
    prefix = f"merge_{target}_"
    return {
        int(str(key).removeprefix(prefix)): value
        for key, value in st.session_state.items()
        if str(key).startswith(prefix) and isinstance(value, Decision)
    }


def _told(found: MergePlan) -> None:
    counts = Counter(meeting.clash for meeting in found.meetings)
    tones: dict[Clash, components.Tone] = {Clash.SAME: "warn", Clash.CONFLICT: "bad", Clash.NEAR: "warn"}
    components.kpi_row(
        [
            Kpi("移入题目", f"{found.items} 道", "含停用和未发布的"),
            *(Kpi(clash.label, f"{counts[clash]} 对", tone=tones[clash] if counts[clash] else "ok") for clash in Clash),
        ]
    )
    if found.renamed:
        pairs = [f"{old} → {new}" for old, new in found.renamed]
        more = f" 等 {len(pairs)} 道" if len(pairs) > _CODES_SHOWN else ""
        components.note(f"编号与目标题库相同的题目换用新编号：{'、'.join(pairs[:_CODES_SHOWN])}{more}。", tone="info")
    if found.papers:
        components.note(
            f"这些试卷从本题库抽题：{'、'.join(found.papers)}。已发布的须先改用目标题库或停用，才能合并；草稿合并后请改用目标题库，空题库因此保留。",
            tone="warn",
        )


def _clashes(found: MergePlan, target: str) -> None:
    if not found.meetings:
        components.note("两个题库没有重复、矛盾或相近的题目。", tone="ok")
        return
    components.section("重复和相近的题目", "没有另作决定的：完全相同的停用移入的一题，其余两题都保留。")
    item_card.apply_look()
    start = components.pager(len(found.meetings), key="merge_page", size=_AT_ONCE)
    for meeting in found.meetings[start : start + _AT_ONCE]:
        _meeting(meeting, target)


def _meeting(meeting: Meeting, target: str) -> None:
    with st.container(border=True):
        tone: components.Tone = "warn" if meeting.clash is Clash.NEAR else "bad"
        label = f"{meeting.clash.label} {meeting.likeness:.0f}%" if meeting.clash is Clash.NEAR else meeting.clash.label
        components.heading(f"{meeting.staying.item_code} 与 {meeting.coming.item_code}", components.badge(label, tone))
        version_diff.show(
            meeting.staying, meeting.coming, names=(f"原有：{meeting.staying.item_code}", f"移入：{meeting.coming.item_code}")
        )
        slot = state.Slot[Decision](f"merge_{target}_{meeting.coming.item_id}", lambda: meeting.decision)
        slot.set(slot.get())  # keeps what was decided on another page of the list
        st.radio("怎样处理", list(Decision), format_func=_LABELS.__getitem__, key=slot.name, horizontal=True)


def _merge(user: User, found: MergePlan, decisions: dict[int, Decision], target_title: str) -> None:
    def work(session: Session) -> str:
        merged = merging.merge(
            session,
            source=found.source,
            target=found.target,
            decisions=decisions,
            expected=found.items,
            actor=gate.actor(user),
            now=clock.now(),
        )
        gone = "空题库已删除。" if merged.removed else "原题库已空，仍有试卷引用，予以保留。"
        st.query_params.from_dict({"bank": found.target})
        return f"已把 {merged.moved} 道题并入“{target_title}”，停用重复题 {merged.withdrawn} 道。{gone}不对的，可在下面撤销。"

    office.perform(work)

"""Acts on many items that were done before: who, when, what, how many, and taking one back."""

from __future__ import annotations

import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.accounts.domain import User
from quiz.banks import bulk_record
from quiz.banks.bulk_record import ActView
from quiz.exchange import bulk_undo
from quiz.ui import components, gate, office, store
from quiz.ui.markup import draw, markup

SHOWN = 5
_KEY = "bank_act"


def show(user: User, bank_code: str) -> None:
    """The last acts first; nothing where there are none."""
    with store.reading() as session:
        found = bulk_record.acts_of_bank(session, bank_code)
    if not found:
        return
    components.section("最近的批量操作", "题目没有再动过、复制出的题目没有考过的，可以整批撤销；后做的先撤销。")
    start = components.pager(len(found), key=f"{_KEY}_{bank_code}", size=SHOWN)
    for each in found[start : start + SHOWN]:
        with st.container(border=True, key=f"{_KEY}_{each.id}"):
            _act(user, each)


def _act(user: User, each: ActView) -> None:
    undone = f"　{clock.show(each.undone_at)} 由 {each.undone_by or '系统'} 撤销" if each.undone_at else ""
    draw(
        markup(
            '<p><b>{}</b>　{} {}</p><p class="ankao-hint">{}　{}　{} 道题{}</p>',
            each.label, each.told, components.badge("已撤销") if undone else "", clock.show(each.at), each.account or "—", each.count, undone,
        )
    )  # fmt: skip
    if undone:
        return
    question = f"将撤销“{each.label}”，{each.count} 道题恢复原状。确认撤销？"
    if components.confirm_button("撤销", key=f"{_KEY}_undo_{each.id}", question=question, yes="确认撤销", icon=":material/undo:"):
        _undo(user, each)


def _undo(user: User, each: ActView) -> None:
    def work(session: Session) -> str:
        number = bulk_undo.undo(session, act_id=each.id, actor=gate.actor(user), now=clock.now())
        return f"已撤销：{each.label} {number} 道题。"

    office.perform(work)

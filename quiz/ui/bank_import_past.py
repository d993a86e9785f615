"""Imports of a bank that were made before: who, when, what became of the rows, and taking one back."""

from __future__ import annotations

import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.accounts.domain import User
from quiz.exchange import import_undo, queries, service
from quiz.exchange.domain import Format
from quiz.exchange.service import ImportView
from quiz.ui import bank_import_rows as rows
from quiz.ui import components, gate, office, store
from quiz.ui.markup import draw, markup

PAGE = "import_bank"
SHOWN = 10
_STATES = {"running": "正在导入", "done": "已导入", "undone": "已撤销", "broken": "中途停止，已清除"}
_STATE_TONES: dict[str, components.Tone] = {"running": "info", "done": "ok", "undone": "", "broken": "bad"}


def show(user: User, bank_code: str, title: str) -> None:
    """Earlier imports into a bank: who, when, what became of the rows; its problems as a file; taking it back."""
    with store.reading() as session:
        found = service.imports_of_bank(session, bank_code)
    components.section(f"“{title}”以往的导入")
    if not found:
        components.empty_state("还没有导入过", "从文件导入后，每一次的时间、经办人和结果都列在这里，没有用过的可以整批撤销。")
        return
    start = components.pager(len(found), key=f"{PAGE}_{bank_code}", size=SHOWN)
    for each in found[start : start + SHOWN]:
        with st.container(border=True, key=f"{PAGE}_past_{each.id}"):
            _past(user, each)


def _past(user: User, each: ImportView) -> None:
    state = components.badge(_STATES.get(each.state, each.state), _STATE_TONES.get(each.state, ""))
    label = next((format.label for format in Format if format.value == each.format), each.format)
    undone = f"　{clock.show(each.undone_at)} 由 {each.undone_by or '系统'} 撤销" if each.undone_at else ""
    draw(
        markup(
            '<p><b>{}</b> {}</p><p class="ankao-hint">{}　{} 导入　{}{}</p>',
            each.file_name or "（没有文件名）", state, clock.show(each.at), each.account or "—", label, undone,
        )
    )  # fmt: skip
    if each.counts:
        components.hint(rows.equation(each.counts.get("rows", 0), each.counts))
    if each.state != "done":
        return
    with st.container(horizontal=True):
        with store.reading() as session:
            problems = queries.problems_of_import(session, each.id)
        if problems:
            rows.problems_download(problems, file_name=each.file_name, key=f"{PAGE}_past_problems_{each.id}", label="查看问题清单")
        asked = components.confirm_button(
            "撤销这次导入", key=f"{PAGE}_undo_{each.id}", yes="确认撤销", icon=":material/undo:",
            question=f"将删除“{each.file_name}”这次新增的全部题目，撤回还没有发布的替换文字。"
            "有题目已经出过卷、修改过或复核过的，不能撤销；已经发布的替换文字保留。",
        )  # fmt: skip
    if asked:
        _undo(user, each)


def _undo(user: User, each: ImportView) -> None:
    now, actor = clock.now(), gate.actor(user)

    def work(session: Session) -> str:
        undone = import_undo.undo(session, import_id=each.id, actor=actor, now=now)
        return f"已撤销 {each.file_name} 的导入，{undone.told}。"

    office.perform(work)

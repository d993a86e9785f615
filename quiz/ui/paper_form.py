"""Write or change a paper, told at once how many items fit and what the points come to."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.accounts.domain import User
from quiz.attempts.usage import attempts_by_paper
from quiz.banks.queries import list_banks
from quiz.papers import editing, queries
from quiz.papers.domain import Blueprint, Section
from quiz.papers.queries import PaperView
from quiz.papers.service import PaperDraft
from quiz.problems import Refusal
from quiz.ui import components, gate, paper_feedback, paper_last_year, paper_rules, paper_sections, state, store
from quiz.ui.components import Kpi
from quiz.ui.paper_sections import Groups


def show(user: User, paper_id: int | None) -> None:
    """The form, filled with the stored paper when there is one."""
    with store.reading() as session:
        paper = queries.paper(session, paper_id) if paper_id is not None else None
        banks = list_banks(session)
        groups = _groups_by_bank(session, [bank.code for bank in banks])
        taken = attempts_by_paper(session).get(paper_id or 0, 0)
    form = f"paper_{paper_id or 'new'}"
    rows = paper_sections.slot(form, paper.blueprint.sections if paper else ())
    components.page_header(f"修改试卷：{paper.title}" if paper else "新建试卷", "先存为草稿，核对预览后再发布。" if paper is None else "")
    if st.button("不保存，返回", key="back", icon=":material/arrow_back:"):
        rows.clear()
        state.choose(**({"paper": paper_id} if paper_id is not None else {}))
    if taken:
        components.note(f"这份试卷已有 {taken} 人次开始答题。修改只影响以后开始的答题，已有成绩不变。", tone="warn")
    if paper_id is None:
        paper_last_year.offer(user)
    title, description = _names(form, paper)
    components.section("一、抽题规则", "一份试卷可以分几部分，各部分从不同题库、条款、题型中抽题；同一道题不会重复抽到。")
    sections = paper_sections.edit(form, rows, banks, groups)
    written = [section for section in sections if section is not None]
    max_score = _check(sections, written)
    components.section("二、考试规则")
    rules = paper_rules.ask(form, paper, max_score=max_score)
    if max_score:
        paper_feedback.show(form, title, written, rules)
    ready = bool(max_score) and rules is not None and len(written) == len(sections)
    if st.button("保存", key=f"{form}_save", type="primary", disabled=not ready) and rules is not None:
        draft = PaperDraft(title=title, description=description, blueprint=Blueprint(sections=tuple(written)), **vars(rules))
        _save(user, paper_id, draft, rows)


def _names(form: str, paper: PaperView | None) -> tuple[str, str]:
    title = st.text_input(
        "试卷名称",
        value=paper.title if paper else "",
        max_chars=120,
        key=f"{form}_title",
        placeholder="例如：工贸企业主要负责人安全生产考试",
    )
    description = st.text_area(
        "说明（选填）", value=paper.description if paper else "", max_chars=1000, height=80, key=f"{form}_description"
    )
    return title, description


def _groups_by_bank(session: Session, codes: Sequence[str]) -> Groups:
    """Clause groups that published items of each bank have, from the cached pool."""
    if not codes:
        return {}
    everything = Blueprint(sections=(Section(count=1, points=1, banks=tuple(codes)),))
    found: dict[str, set[str]] = {}
    for item in queries.pool(session, everything):
        found.setdefault(item.bank, set()).update(item.groups)
    return {code: tuple(sorted(groups)) for code, groups in found.items()}


def _check(sections: Sequence[Section | None], written: Sequence[Section]) -> float:
    """Say how many items fit and what the whole comes to; the total is what the cut score is measured against."""
    if len(written) < len(sections):
        components.note("请为每一部分选择题库；不需要的部分请删除。", tone="warn")
    if not written:
        return 0.0
    with store.reading() as session:
        found = editing.feedback(session, written)
    components.table(
        ("部分", "要抽", "符合条件", "小计", "检查"),
        [
            paper_sections.tell(n, section, fitting)
            for n, (section, fitting) in enumerate(zip(written, found.fitting, strict=True), start=1)
        ],
        numbers=("要抽", "符合条件", "小计"),
    )
    if found.problem:
        components.note(found.problem, tone="bad", title="题量不足，暂时不能保存")
    components.kpi_row(
        [
            Kpi("总题数", f"{found.questions} 题"),
            Kpi(
                "满分",
                f"{found.max_score:g} 分",
                "" if found.max_score == 100 else "不是 100 分，请确认",
                tone="" if found.max_score == 100 else "warn",
            ),
            Kpi("能否抽成一份卷", "不能" if found.problem else "可以", tone="bad" if found.problem else "ok"),
        ]
    )
    return 0.0 if found.problem else found.max_score


def _save(user: User, paper_id: int | None, draft: PaperDraft, rows: state.Slot[paper_sections.Rows]) -> None:
    try:
        with store.transaction() as session:
            saved = editing.save(session, paper_id=paper_id, draft=draft, now=clock.now(), actor=gate.actor(user))
    except Refusal as refusal:
        components.note(refusal.message, tone="bad", title="没有保存")
        return
    rows.clear()
    components.say(f"试卷“{saved.title}”已保存。" + ("" if paper_id else "请核对预览，然后发布。"))
    state.choose(paper=saved.id)

"""Write or change a paper, told at once how many items fit and what the points come to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta

import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.accounts.domain import User
from quiz.attempts.usage import attempts_by_paper
from quiz.banks.queries import list_banks, published
from quiz.papers import editing, queries
from quiz.papers.domain import Blueprint, Section
from quiz.papers.queries import PaperView
from quiz.papers.service import PaperDraft
from quiz.problems import Refusal
from quiz.ui import components, gate, paper_sections, state, store
from quiz.ui.components import Kpi
from quiz.ui.paper_sections import Groups
from quiz.vocabulary import ReviewPolicy, ScoringPolicy

_OPEN_FOR = timedelta(days=30)
_CLOSING = time(23, 59)
_SHARE_TO_PASS = 0.6


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
    components.section("一、抽题规则", "一份试卷可以分几部分，各部分从不同题库、条款、题型中抽题；同一道题不会重复抽到。")
    sections = paper_sections.edit(form, rows, banks, groups)
    written = [section for section in sections if section is not None]
    max_score = _check(sections, written)
    components.section("二、考试规则")
    draft = _rules(form, paper, written, title, description, max_score) if written else None
    if st.button("保存", key=f"{form}_save", type="primary", disabled=draft is None or len(written) < len(sections)) and draft is not None:
        _save(user, paper_id, draft, rows)


def _groups_by_bank(session: Session, codes: Sequence[str]) -> Groups:
    found: dict[str, set[str]] = {}
    for item in published(session, codes):
        found.setdefault(item.bank_code, set()).update(item.groups)
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


def _rules(
    form: str, paper: PaperView | None, written: Sequence[Section], title: str, description: str, max_score: float
) -> PaperDraft | None:
    with st.container(horizontal=True):
        cut = st.number_input(
            "合格分",
            min_value=0.5,
            value=paper.cut_score if paper else max(1.0, round(max_score * _SHARE_TO_PASS)),
            step=1.0,
            format="%g",
            key=f"{form}_cut",
            width=160,
        )
        limit = st.number_input(
            "时限（分钟）",
            min_value=1,
            max_value=600,
            value=paper.time_limit_minutes if paper else 30,
            step=5,
            key=f"{form}_limit",
            width=160,
        )
        allowed = st.number_input(
            "允许次数（留空为不限）",
            min_value=1,
            max_value=99,
            value=paper.attempts_allowed if paper else 3,
            step=1,
            key=f"{form}_allowed",
            placeholder="不限次数",
            width=220,
        )
    opens, closes = _window(form, paper)
    scoring = st.radio(
        "多选题计分",
        list(ScoringPolicy),
        format_func=lambda p: p.label,
        index=_index(ScoringPolicy, paper and paper.scoring_policy),
        key=f"{form}_scoring",
    )
    review = st.radio(
        "成绩和答案的公布",
        list(ReviewPolicy),
        format_func=lambda p: p.label,
        index=_index(ReviewPolicy, paper and paper.review_policy),
        key=f"{form}_review",
    )
    with st.container(horizontal=True):
        items = st.checkbox("打乱题目顺序", value=paper.shuffle_items if paper else True, key=f"{form}_shuffle_items")
        options = st.checkbox("打乱选项顺序", value=paper.shuffle_options if paper else True, key=f"{form}_shuffle_options")
    if not max_score or opens is None or closes is None:
        return None
    return PaperDraft(
        title=title,
        blueprint=Blueprint(sections=tuple(written)),
        cut_score=float(cut),
        opens_at=opens,
        closes_at=closes,
        time_limit_minutes=int(limit),
        attempts_allowed=None if allowed is None else int(allowed),
        scoring_policy=scoring,
        review_policy=review,
        shuffle_items=items,
        shuffle_options=options,
        description=description,
    )


def _index(kind: type[ScoringPolicy] | type[ReviewPolicy], value: object) -> int:
    return next((n for n, member in enumerate(kind) if member is value), 0)


def _window(form: str, paper: PaperView | None) -> tuple[datetime | None, datetime | None]:
    """Opening and closing in Weihai's time."""
    today = clock.local_day(clock.now())
    opens = (paper.opens_at if paper else clock.start_of_day(today)).astimezone(clock.SHANGHAI)
    closes = (paper.closes_at if paper else clock.end_of_day(today + _OPEN_FOR)).astimezone(clock.SHANGHAI)
    with st.container(horizontal=True):
        first_day = st.date_input("开放日期", value=opens.date(), format="YYYY-MM-DD", key=f"{form}_opens_day", width=190)
        first_time = st.time_input(
            "开放时间", value=opens.time().replace(second=0, microsecond=0), step=300, key=f"{form}_opens_time", width=140
        )
        last_day = st.date_input("截止日期", value=closes.date(), format="YYYY-MM-DD", key=f"{form}_closes_day", width=190)
        last_time = st.time_input(
            "截止时间", value=closes.time().replace(second=0, microsecond=0), step=300, key=f"{form}_closes_time", width=140
        )
    if not (first_day and last_day) or first_time is None or last_time is None:
        return None, None
    last = last_time.replace(second=59) if last_time == _CLOSING else last_time
    return (
        datetime.combine(first_day, first_time, clock.SHANGHAI).astimezone(clock.UTC),
        datetime.combine(last_day, last, clock.SHANGHAI).astimezone(clock.UTC),
    )


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

"""All papers, by state, each with what it asks and where it is used."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from quiz import clock
from quiz.attempts.usage import attempts_by_paper
from quiz.papers.queries import PaperView, list_papers
from quiz.training.queries import programmes
from quiz.ui import components, state, store
from quiz.ui.components import Tone
from quiz.vocabulary import PaperState


def state_badge(paper: PaperView, now: datetime) -> tuple[str, Tone]:
    """Draft, waiting, open, over, withdrawn."""
    if paper.state is not PaperState.PUBLISHED:
        return paper.state.label, "" if paper.state is PaperState.DRAFT else "bad"
    if now < paper.opens_at:
        return "已发布，未到开放时间", "info"
    return ("正在开放", "ok") if now <= paper.closes_at else ("已截止", "warn")


def paper_facts(paper: PaperView) -> list[tuple[str, object]]:
    """The rules of a paper in a grid."""
    return [
        ("题目", f"{paper.questions} 题"),
        ("合格线", f"{paper.cut_score:g} 分（满分 {paper.max_score:g} 分）"),
        ("时限", f"{paper.time_limit_minutes} 分钟"),
        ("允许次数", "不限次数" if paper.attempts_allowed is None else f"{paper.attempts_allowed} 次"),
        ("开放", clock.show(paper.opens_at)),
        ("截止", clock.show(paper.closes_at)),
    ]


def users_of_papers() -> tuple[dict[int, list[str]], dict[int, int]]:
    """Titles of the programmes that ask for each paper, and attempts at it."""
    with store.reading() as session:
        used: dict[int, list[str]] = {}
        for programme in programmes(session):
            if programme.paper_id is not None:
                used.setdefault(programme.paper_id, []).append(programme.title)
        return used, attempts_by_paper(session)


def show() -> None:
    """The list, and the way to a new one."""
    components.page_header("试卷", "试卷写明抽题规则；每位考生开始时按规则随机抽题，同一份试卷各人题目不同。")
    if st.button("新建试卷", key="new_paper", type="primary", icon=":material/add:"):
        state.choose(paper="new")
    with store.reading() as session:
        papers = list_papers(session)
    if not papers:
        components.empty_state("还没有试卷", "点“新建试卷”，选好题库和题量，几分钟就能组好一份。")
        return
    wanted = st.segmented_control("状态", list(PaperState), format_func=lambda s: s.label, key="paper_state", selection_mode="multi")
    now = clock.now()
    used, taken = users_of_papers()
    for paper in (paper for paper in papers if not wanted or paper.state in wanted):
        with st.container(border=True):
            components.heading(paper.title, components.badge(*state_badge(paper, now)))
            programmes_text = "、".join(used.get(paper.id, [])) or "暂无专项使用"
            components.facts([*paper_facts(paper), ("用于专项", programmes_text), ("已答题", f"{taken.get(paper.id, 0)} 人次")])
            if st.button("打开", key=f"open_{paper.id}", icon=":material/folder_open:"):
                state.choose(paper=paper.id)

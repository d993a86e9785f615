"""Begin a new paper with last year's: choose it, see what has changed since, copy it with its days moved by a year."""

from __future__ import annotations

import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.accounts.domain import User
from quiz.banks.queries import list_banks
from quiz.papers import last_year, queries
from quiz.papers.last_year import YearLater
from quiz.ui import components, gate, office, store


def offer(user: User) -> None:
    """A fold above the empty form; nothing while there is no paper to copy."""
    with store.reading() as session:
        papers = {paper.id: paper for paper in queries.list_papers(session)}
    if not papers:
        return
    with st.expander("复制去年的试卷", icon=":material/event_repeat:"):
        paper_id = st.selectbox(
            "哪一份试卷",
            list(papers),
            index=None,
            format_func=lambda key: f"{papers[key].title}（{clock.show(papers[key].opens_at)[:10]} 开放）",
            key="last_year_paper",
            placeholder="请选择",
        )
        if not paper_id:
            components.hint("抽题规则和考试规则照旧，开放和截止时间顺延一年，存为草稿，核对后再发布。")
            return
        with store.reading() as session:
            found = last_year.outlook(session, paper_id=paper_id, now=clock.now())
            titles = {bank.code: bank.title for bank in list_banks(session)}
        _tell(found, titles)
        if st.button("复制为草稿", key="last_year_copy", type="primary", icon=":material/content_copy:"):
            _copy(user, paper_id)


def _tell(found: YearLater, titles: dict[str, str]) -> None:
    components.facts([("新名称", found.title), ("开放", clock.show(found.opens_at)), ("截止", clock.show(found.closes_at))])
    if found.missing_banks:
        components.note(f"题库“{'”“'.join(found.missing_banks)}”已经不在，请在草稿中改选。", tone="bad", title="题库缺失")
    if found.problem:
        components.note(found.problem, tone="bad", title="按现有题库抽不出这份试卷")
    if not found.withdrawn:
        components.note("这份试卷写成以后，所用题库没有停用题目。", tone="ok")
        return
    components.note(
        f"这份试卷写成以后，所用题库停用了 {found.withdrawn_count} 道题，新试卷不会再抽到。请核对是否影响考查内容。",
        tone="warn",
        title="已停用的题目",
    )
    components.table(
        ["题库", "题目", "题干", "停用时间", "原因"],
        [
            (
                titles.get(item.bank, item.bank),
                components.badge(
                    components.anchor(item.code, f"/banks?bank={item.bank}&item={item.item_id}"), "bad" if item.is_named else ""
                ),
                item.stem[:60],
                clock.show(item.at),
                item.reason or "—",
            )
            for item in found.withdrawn
        ],
    )


def _copy(user: User, paper_id: int) -> None:
    def work(session: Session) -> str:
        made = last_year.copy_a_year_later(session, paper_id=paper_id, now=clock.now(), actor=gate.actor(user))
        st.query_params.from_dict({"paper": str(made.id), "do": "edit"})
        return f"已复制为草稿“{made.title}”。请核对日期和规则，然后保存、发布。"

    office.perform(work)

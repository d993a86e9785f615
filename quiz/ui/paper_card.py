"""One paper: its rules, how it is drawn, a form as a candidate would get it, and what can be done with it."""

from __future__ import annotations

import random

import streamlit as st

from quiz import clock
from quiz.accounts.domain import User
from quiz.banks.queries import list_banks
from quiz.exchange import print_paper
from quiz.exchange.print_paper import PaperSize
from quiz.papers import clause_coverage, editing, queries
from quiz.papers.domain import PoolTooSmall
from quiz.papers.queries import PaperView
from quiz.problems import Refusal
from quiz.ui import clause_matrix, components, gate, item_card, office, paper_list, state, store
from quiz.vocabulary import PaperState


def show(user: User, paper_id: int) -> None:
    """Rules, blueprint, preview, and the acts."""
    with store.reading() as session:
        paper = queries.paper(session, paper_id)
        titles = {bank.code: bank.title for bank in list_banks(session)}
    used, taken = paper_list.users_of_papers()
    components.page_header(paper.title, paper.description)
    if st.button("返回试卷列表", key="back", icon=":material/arrow_back:"):
        state.choose()
    with st.container(border=True):
        components.heading("考试规则", components.badge(*paper_list.state_badge(paper, clock.now())))
        components.facts(
            [
                *paper_list.paper_facts(paper),
                ("用于专项", "、".join(used.get(paper_id, [])) or "暂无"),
                ("已答题", f"{taken.get(paper_id, 0)} 人次"),
            ]
        )
        components.bullets(
            [
                f"计分：{paper.scoring_policy.label}。",
                f"公布：{paper.review_policy.label}。",
                f"题目顺序{'打乱' if paper.shuffle_items else '固定'}，选项顺序{'打乱' if paper.shuffle_options else '固定'}。",
            ]
        )
    _acts(user, paper)
    components.section("抽题规则")
    _blueprint(paper, titles)
    components.section("条款覆盖", f"这份试卷能考到哪些条款，以及随机抽 {clause_coverage.FORMS_DRAWN} 份卷，每一条出现在其中多少份里。")
    _clauses(paper)
    components.section("预览", "按规则随机抽一份，与考生看到的一样；预览不会保存，也不计入答题。")
    _preview(paper)
    components.section("打印", "印成纸质试卷，供不能上网的考场使用；纸质卷的成绩不会进入系统。")
    _print(user, paper)


def _acts(user: User, paper: PaperView) -> None:
    published = paper.state is PaperState.PUBLISHED
    with st.container(horizontal=True):
        if published:
            withdraw = components.confirm_button(
                "停用", key="withdraw_paper", question="停用后不能再开始新的答题；已经开始的可以答完，成绩保留。", yes="确认停用"
            )
            publish = False
        else:
            publish = components.confirm_button(
                "发布",
                key="publish_paper",
                question="发布后，开放时间内列入专项的学员就能开始答题。",
                yes="确认发布",
                icon=":material/publish:",
            )
            withdraw = False
        edit = st.button("修改", key="edit_paper", icon=":material/edit:")
        copy = st.button("复制一份", key="copy_paper", icon=":material/content_copy:")
    if edit:
        state.choose(paper=paper.id, do="edit")
    if publish or withdraw:
        _change(user, paper, PaperState.PUBLISHED if publish else PaperState.WITHDRAWN)
    if copy:
        with store.transaction() as session:
            made = editing.copy_paper(session, paper_id=paper.id, now=clock.now(), actor=gate.actor(user))
        components.say(f"已复制为草稿“{made.title}”。")
        state.choose(paper=made.id)


def _change(user: User, paper: PaperView, new: PaperState) -> None:
    try:
        with store.transaction() as session:
            editing.change_state(session, paper_id=paper.id, state=new, now=clock.now(), actor=gate.actor(user))
    except Refusal as refusal:
        components.note(refusal.message, tone="bad", title="没有办成")
        return
    components.say(f"试卷“{paper.title}”{'已发布' if new is PaperState.PUBLISHED else '已停用'}。")
    st.rerun()


def _blueprint(paper: PaperView, titles: dict[str, str]) -> None:
    rows = [
        (
            str(number),
            "、".join(titles.get(bank, bank) for bank in section.banks),
            "、".join(section.groups) or "不限",
            "、".join(kind.label for kind in (*section.types, *section.kinds)) or "不限",
            f"{section.count} 题",
            f"{section.points:g} 分",
            components.badge("必须答对", "bad") if section.must_be_right else "—",
        )
        for number, section in enumerate(paper.blueprint.sections, start=1)
    ]
    components.table(("部分", "题库", "条款分组", "题型和类别", "题数", "每题", "要求"), rows, numbers=("题数", "每题"))


def _clauses(paper: PaperView) -> None:
    if not st.toggle("显示条款覆盖", key="clauses"):
        return
    with store.reading() as session:
        found = clause_coverage.of_paper(session, paper.blueprint)
    clause_matrix.show(found.counts, subject=paper.title, key="paper_clauses", share=found.share)


def _preview(paper: PaperView) -> None:
    if not st.toggle("显示预览", key="preview"):
        return
    if st.button("换一份", key="another", icon=":material/refresh:"):
        state.PREVIEW_SEED.set(random.randrange(1, 10**6))
    try:
        with store.reading() as session:
            form = editing.preview(session, paper=paper, seed=state.PREVIEW_SEED.get())
    except PoolTooSmall as refusal:
        components.note(refusal.message, tone="bad", title="抽不出这份试卷")
        return
    if st.toggle("显示这份卷考到的条款", key="form_clauses"):
        with store.reading() as session:
            counts = clause_coverage.of_form(session, paper.blueprint, [view for _, view in form])
        clause_matrix.show(counts, subject=f"{paper.title}预览卷", key="form_clauses")
    for number, (item, view) in enumerate(form, start=1):
        with st.container(border=True):
            item_card.as_candidate(view, number=number, options=item.options, points=item.points, must_be_right=item.must_be_right)


def _print(user: User, paper: PaperView) -> None:
    """The documents of one form: its number is the seed, so paper and key belong together."""
    if not st.toggle("显示打印选项", key="print"):
        return
    with st.container(horizontal=True):
        number = int(st.number_input("卷号", 1, 999_999, value=state.PREVIEW_SEED.get(), key="print_number", width=160))
        size = st.selectbox("纸张", list(PaperSize), format_func=lambda each: each.label, key="print_size", width=200)
    components.hint("一个卷号是一份卷，换卷号就换题、换选项顺序。题库改动后同一卷号抽到的题会变，试卷和答案请一起下载。")
    try:
        with store.reading() as session:
            printout = print_paper.draw(session, paper=paper, seed=number)
    except PoolTooSmall as refusal:
        components.note(refusal.message, tone="bad", title="抽不出这份试卷")
        return
    detail = {"paper": paper.id, "form": printout.sheet.number}
    with st.container(horizontal=True):
        for label, make, what in (
            ("下载试卷（Word）", lambda: printout.paper(size or PaperSize.A4), "试卷"),
            ("下载答案（Word）", printout.key, "参考答案"),
        ):
            subject = f"{paper.title}{what}{printout.sheet.number}"
            office.download(label, make, user=user, action="export", subject=subject, key=f"print_{what}", extension="docx", detail=detail)

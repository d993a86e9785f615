"""A paper as its candidate reads it before the start: rules, time, what counts, and the promise to answer alone."""

from __future__ import annotations

from datetime import date

import streamlit as st

from quiz import clock
from quiz.accounts.domain import User
from quiz.problems import Refusal
from quiz.training import my_papers
from quiz.training.my_papers import MyPaper
from quiz.ui import components, state, store
from quiz.ui.components import Tone

PROMISE = "本人承诺：由本人独立作答，不请他人代答，不替他人作答。点“开始答题”即表示承诺。"
_STATES: dict[str, tuple[str, Tone]] = {
    "running": ("答题中", "warn"),
    "open": ("待完成", "warn"),
    "passed": ("已合格", "ok"),
    "not_open": ("未开始", ""),
    "closed": ("已结束", ""),
    "no_attempts": ("次数已用完", "bad"),
}


def show(view: MyPaper, *, user: User, today: date) -> None:
    """The card, and the way into the player when there is one."""
    with st.container(border=True):
        label, tone = _STATES["running" if view.open_attempt_id else view.status]
        components.heading(view.paper.title, components.badge(label, tone), over="、".join(view.programmes))
        components.facts(_facts(view, today))
        components.bullets(rules(view))
        if view.open_attempt_id is not None:
            components.note("这份卷子还在计时，已保存的答案都在，请接着答。", tone="warn")
            components.link("继续答题", f"/exam/{view.open_attempt_id}", primary=True)
        elif view.may_start:
            _start(view, user)
        else:
            components.note(_why_not(view), tone="ok" if view.passed else "info")


def _facts(view: MyPaper, today: date) -> list[tuple[str, object]]:
    days = (view.due_on - today).days
    due = f"还剩 {days} 天" if days > 0 else "今天截止" if days == 0 else f"已逾期 {-days} 天"
    found: list[tuple[str, object]] = [
        ("题目", f"{view.paper.questions} 题"),
        ("时间", f"{view.minutes} 分钟"),
        ("合格线", f"{view.paper.cut_score:g} 分（满分 {view.paper.max_score:g} 分）"),
        ("还可考", "不限次数" if view.attempts_left is None else f"{view.attempts_left} 次"),
        ("完成期限", f"{view.due_on.isoformat()}（{due}）" if not view.passed else view.due_on.isoformat()),
        ("考试窗口", f"{clock.show(view.paper.opens_at)} 至\n{clock.show(view.closes_at)}"),
    ]
    if view.best_score is not None:
        found.append(("最好成绩", f"{view.best_score:g} 分"))
    return found


def rules(view: MyPaper) -> list[str]:
    """What must be known before the clock starts."""
    must = view.paper.blueprint.must_be_right
    return [
        f"{view.paper.scoring_policy.label}。",
        *([f"有 {must} 道“必须答对”的题，答错任何一道即为不合格。"] if must else []),
        "开始后即计时，中途离开不停表；答案随答随存，换手机、断网后可以接着答。",
        "到时由服务器自动交卷，以当时已保存的答案计分。",
        f"{view.paper.review_policy.label}。",
    ]


def _start(view: MyPaper, user: User) -> None:
    components.note("这项考试已合格，不用再考；再考一次不会降低已有成绩。" if view.passed else PROMISE)
    label = "再考一次" if view.passed else "开始答题"
    if not st.button(label, key=f"start_{view.paper.id}", type="secondary" if view.passed else "primary"):
        return
    try:
        with store.transaction() as session:
            started = my_papers.start_paper(
                session,
                person_id=user.person_id or 0,
                paper_id=view.paper.id,
                idempotency_key=state.start_key(view.paper.id),
                now=clock.now(),
            )
    except Refusal as refusal:
        components.note(refusal.message, tone="bad")
        return
    state.forget_start_key(view.paper.id)
    components.go("已经开始计时，进入答题页", f"/exam/{started.attempt.id}")


def _why_not(view: MyPaper) -> str:
    if view.passed:
        return "这项考试已合格，不用再考。"
    if view.status == "not_open":
        return f"{clock.show(view.paper.opens_at)} 开放，到时再来即可。"
    if view.status == "no_attempts":
        return "规定的次数已经用完。需要再考的，请联系办公室增加次数。"
    return "考试时间已过。需要补考的，请联系办公室延期。"

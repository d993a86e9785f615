"""What waits for me in a bank, one after the other: act, and the next one is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from quiz.accounts.domain import Permission, User
from quiz.banks.queries import VersionView
from quiz.banks.review_queue import Task, Waiting, tasks_of
from quiz.ui import components, item_card, item_way, state
from quiz.ui.state import Slot

AT_ITEM = Slot[int]("queue_item", int)
"""The item of the queue that is open; any other value opens the first."""
_ACTED = Slot[bool]("queue_acted", bool)
_TO_TOP = "<script>document.querySelector('[data-testid=\"stMain\"]')?.scrollTo({{top: 0}}) // {}</script>"
"""The number makes it another element each time; the browser runs the same one only once."""
_NAMES = {Task.REVIEW: "待复核", Task.PUBLISH: "待发布", Task.MEND: "退回给我修改"}


def show(user: User, bank_code: str, items: Sequence[VersionView], waiting: dict[int, Waiting]) -> None:
    """The open task with its buttons; says so when nothing waits."""
    if not user.may(Permission.MANAGE_PAPERS):
        components.empty_state("由培训教师复核和发布", "在“题目”中打开“只看待处理”，可以查看有哪些题目在等待。")
        return
    tasks = tasks_of(waiting.values(), account_id=user.account_id)
    others = len(waiting) - len(tasks)
    if not tasks:
        text = f"另有 {others} 道由您起草或已退回，等其他老师处理。" if others else "题目起草后在这里复核和发布。"
        components.empty_state("没有待您处理的题目", text)
        return
    item_card.apply_look()
    counts = Counter(task for task, _ in tasks)
    summary = " · ".join(f"{_NAMES[task]} {counts[task]} 道" for task in Task if counts[task])
    components.hint(f"{summary}。处理完一道，自动打开下一道。" + (f"另有 {others} 道等其他老师处理。" if others else ""))
    place = next((n for n, (_, each) in enumerate(tasks) if each.pending.item_id == AT_ITEM.get()), 0)
    task, chosen = tasks[place]
    item = next(view for view in items if view.item_id == chosen.pending.item_id)
    number = place + 1 - sum(counts[each] for each in Task if each < task)
    following = tasks[(place + 1) % len(tasks)][1].pending.item_id
    at_once = task is Task.PUBLISH and st.toggle("连续发布，不再逐题确认", key="publish_at_once")
    with st.container(border=True):
        components.heading(
            item.item_code, item_card.state_badges(item, chosen), over=f"{_NAMES[task]}：第 {number} 道，共 {counts[task]} 道"
        )
    item_way.pending(user, bank_code, item, chosen, acted=lambda: _move_on(following), at_once=at_once)
    with st.container(horizontal=True):
        if len(tasks) > 1 and st.button("跳过，看下一道", key="queue_next", icon=":material/arrow_forward:"):
            _move_on(following)
            st.rerun()
        if st.button("查看全部信息", key="queue_open", icon=":material/open_in_full:", type="tertiary"):
            state.choose(bank=bank_code, item=item.item_id)
    if _ACTED.take():
        st.html(_TO_TOP.format(item.item_id), unsafe_allow_javascript=True)


def _move_on(item_id: int) -> None:
    AT_ITEM.set(item_id)
    _ACTED.set(True)

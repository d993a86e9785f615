"""One item on its way: where it stands, what waits, the steps somebody may take, and the steps that were taken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Protocol

import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.accounts.audit import Actor
from quiz.accounts.domain import Permission, User
from quiz.banks import history, queries, workflow
from quiz.banks.queries import VersionView
from quiz.banks.review_queue import Waiting
from quiz.organisations.reference import Reference
from quiz.papers import editing
from quiz.ui import components, gate, item_card, item_editor_preview, office, state, store, version_diff
from quiz.ui.markup import draw, markup
from quiz.vocabulary import ItemState


class Verb(Protocol):
    """A step of `quiz.banks.workflow` that needs no reason."""

    def __call__(self, session: Session, *, item_id: int, now: datetime, actor: Actor) -> None: ...


def _nothing() -> None:
    return None


def show(user: User, bank_code: str, item: VersionView, waiting: Waiting | None) -> None:
    """The item as it is used, what waits beside it, its steps and versions."""
    item_card.apply_look()
    with store.reading() as session:
        versions = history.versions_of_item(session, item_id=item.item_id)
        steps = workflow.steps_of_item(session, item_id=item.item_id)
        sectors = {code: row.name for code, row in Reference.load(session).sectors.items()}
    with st.container(border=True):
        components.heading(item.item_code, item_card.state_badges(item, waiting))
        if waiting is None or waiting.pending.version_id != item.id:
            item_card.with_key(item)
        item_card.attributes(item, sectors=sectors)
    if waiting is None:
        _on_phone(item)
    if waiting is not None:
        components.section("待处理的内容", _meanwhile(item))
        pending(user, bank_code, item, waiting)
    if user.may(Permission.MANAGE_PAPERS):
        _use(user, bank_code, item, waiting)
    components.section("经过", "每一步由谁、在什么时间、因为什么做的，都有记录。")
    if steps:
        item_card.timeline(steps)
    else:
        components.hint("这道题在启用记录之前就已发布，没有更早的记录。")
    components.section("版本记录", "题目改动后生成新版本；已用旧版本考过的成绩不受影响。")
    if len(versions) > 1:
        with st.expander("比较两个版本", expanded=waiting is None):
            version_diff.choose(versions, key=f"versions_{item.item_id}")
    item_card.history(versions, pending=waiting.pending.version_id if waiting else None)


def _on_phone(view: VersionView) -> None:
    """On request: the whole player is drawn."""
    if st.toggle("手机预览：考生看到的样子", key=f"item_phone_{view.id}"):
        item_editor_preview.on_phone(view, {})


def _meanwhile(item: VersionView) -> str:
    if item.state == ItemState.PUBLISHED:
        return "新的写法发布之前，考生看到的仍是上面已发布的内容。"
    return "发布之前，考生看不到这道题。"


def pending(
    user: User, bank_code: str, item: VersionView, waiting: Waiting, *, acted: Callable[[], None] = _nothing, at_once: bool = False
) -> None:
    """The version on its way, beside the one in use where there is one, with the steps this person may take.

    `acted` is called once a step was taken, before the screen is drawn again; with `at_once` publishing is not asked again.
    """
    version_id = waiting.pending.version_id
    if waiting.note:
        tone: components.Tone = "warn" if waiting.is_sent_back else "info"
        components.note(waiting.note, tone=tone, title=f"{waiting.account} 的意见（{clock.show(waiting.at)}）")
    if version_id == item.id:
        with st.container(border=True):
            item_card.with_key(item)
        _on_phone(item)
    else:
        with store.reading() as session:
            new = queries.versions(session, [version_id])[version_id]
        used = "已发布" if item.state == ItemState.PUBLISHED else "现有内容"
        version_diff.show(item, new, names=(f"{used}（第 {item.number} 版）", f"待处理（第 {new.number} 版）"))
        if new.pictures:
            draw(markup('<div class="ankao-item">{}</div>', item_card.pictures(new)))
        _on_phone(new)
    if user.may(Permission.MANAGE_PAPERS):
        _steps(user, bank_code, item, waiting, acted, at_once=at_once)


def _steps(user: User, bank_code: str, item: VersionView, waiting: Waiting, acted: Callable[[], None], *, at_once: bool) -> None:
    """Keys carry the version: a click meant for one text never acts on another that was written meanwhile."""
    version = waiting.pending.version_id
    is_draft, is_mine = waiting.pending.state is ItemState.DRAFT, waiting.pending.writer_id == user.account_id
    if is_draft and is_mine:
        components.hint("这是您起草的内容，须由另一位老师复核。")
    reviewed = discarded = published = False
    with st.container(horizontal=True):
        if is_draft and not is_mine:
            reviewed = st.button("复核通过", key=f"review_item_{version}", type="primary", icon=":material/check:")
        if not is_draft:
            published = _publish_button(version, at_once=at_once)
        remark = None if is_draft and is_mine else _with_reason(
            "退回修改", key=f"send_back_item_{version}", question="起草人会看到您的意见，改好后再次送复核。", asked="需要修改什么（必填）", yes="确认退回"
        )  # fmt: skip
        if st.button("修改", key=f"edit_item_{version}", icon=":material/edit:"):
            state.choose(bank=bank_code, item=item.item_id, edit=version)
        discarded = components.confirm_button(
            "放弃修改", key=f"discard_draft_{version}", question=_lost(item), yes="确认放弃", icon=":material/delete:"
        )
    name = f"题目 {item.item_code} "
    if reviewed:
        _take(user, partial(workflow.review, version_id=version), item, f"{name}复核通过，可以发布。", acted)
    if published:
        _take(user, partial(workflow.publish, version_id=version), item, f"{name}已发布。", acted)
    if discarded:
        _take(user, workflow.discard, item, f"{name}的这次修改已放弃。", acted)
    if remark is not None:
        _take(user, partial(workflow.send_back, note=remark), item, f"{name}已退回修改。", acted)


def _publish_button(version: int, *, at_once: bool) -> bool:
    if at_once:
        return st.button("发布", key=f"publish_item_{version}", type="primary", icon=":material/publish:")
    question = "发布后，新抽的试卷会出现这段内容；已经开始的答题和以往成绩不变。"
    return components.confirm_button("发布", key=f"publish_item_{version}", question=question, yes="确认发布", icon=":material/publish:")


def _lost(item: VersionView) -> str:
    if item.state == ItemState.DRAFT:
        return "这道题还没有发布过，放弃后转为已停用，内容仍留在版本记录里。"
    return "放弃后，现有内容不变；写过的内容仍留在版本记录里。"


def _use(user: User, bank_code: str, item: VersionView, waiting: Waiting | None) -> None:
    """Rewrite it, take it out of use, bring it back."""
    if item.state == ItemState.PUBLISHED:
        with store.reading() as session:
            short = editing.papers_short_without(session, bank_code=bank_code, version_id=item.id)
        if short:
            components.note(f"停用后，下列已发布试卷的题量将不足，考生将无法开始：{'、'.join(short)}。请先调整试卷。", tone="warn")
    reason, restored = None, False
    with st.container(horizontal=True):
        if waiting is None and st.button("修改题目", key="edit_item", icon=":material/edit:"):
            state.choose(bank=bank_code, item=item.item_id, edit=item.id)
        if item.state == ItemState.PUBLISHED:
            reason = _with_reason(
                "停用", key="withdraw_item", question="停用后，新抽的试卷不再出现这道题；已经开始的答题和以往成绩不变。",
                asked="停用原因（选填）", yes="确认停用",
            )  # fmt: skip
        if item.state == ItemState.WITHDRAWN:
            question = "恢复后，新抽的试卷可能出现这道题。"
            restored = components.confirm_button("恢复使用", key="restore_item", question=question, yes="确认恢复")
    if reason is not None:
        text = f"题目 {item.item_code} 已停用。"
        _take(user, partial(workflow.withdraw, note=reason), item, text, _nothing)
    if restored:
        _take(user, workflow.restore, item, f"题目 {item.item_code} 已恢复使用。", _nothing)


def _with_reason(label: str, *, key: str, question: str, asked: str, yes: str) -> str | None:
    """A button that asks for a reason; the reason on the run in which it was confirmed."""
    with st.popover(label, key=f"{key}_popover"):
        draw(markup('<p class="ankao-question">{}</p>', question))
        reason = st.text_area(asked, max_chars=500, height=90, key=f"{key}_note") or ""
        return reason.strip() if st.button(yes, key=key, type="primary") else None


def _take(user: User, verb: Verb, item: VersionView, text: str, acted: Callable[[], None]) -> None:
    def work(session: Session) -> str:
        verb(session, item_id=item.item_id, now=clock.now(), actor=gate.actor(user))
        acted()
        return text

    office.perform(work)

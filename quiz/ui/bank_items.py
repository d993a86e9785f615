"""One bank opened: its items with filters, one item in full, its clauses, its edition."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from quiz import clock
from quiz.accounts.domain import Permission, User
from quiz.banks import history, workflow
from quiz.banks.history import EditionView
from quiz.banks.queries import VersionView, clauses_of_edition, items_of_bank
from quiz.papers import editing
from quiz.settings import settings
from quiz.ui import components, gate, item_card, state, store
from quiz.vocabulary import Difficulty, ItemKind, ItemState, ItemType


def show(user: User, bank_code: str) -> None:
    """The bank with its three views: items, clauses, edition."""
    with store.reading() as session:
        title = history.bank_title(session, bank_code)
        items, edition = items_of_bank(session, bank_code), history.edition_of_bank(session, bank_code)
    components.page_header(title)
    item_id = state.chosen_id("item")
    chosen = next((item for item in items if item.item_id == item_id), None)
    with st.container(horizontal=True):
        if st.button("题库列表", key="back", icon=":material/arrow_back:"):
            state.choose()
        if chosen is not None and st.button("题目列表", key="back_to_items", icon=":material/list:"):
            state.choose(bank=bank_code)
    if chosen is not None:
        _one(user, bank_code, chosen)
        return
    list_tab, clause_tab, edition_tab = st.tabs(["题目", "条款覆盖", "依据版本"])
    with list_tab:
        _list(bank_code, title, items)
    with clause_tab:
        _clauses(title, items, edition)
    with edition_tab:
        _edition(edition)


def _list(bank_code: str, title: str, items: list[VersionView]) -> None:
    found = _filtered(items)
    st.markdown(f"共 **{len(found)}** 道题。在表中勾选一行，打开这道题。")
    if not found:
        components.empty_state("没有符合条件的题目", "放宽上面的条件再试。")
        return
    frame = items_frame(found)
    row = components.data_table(
        frame,
        key=f"items_{bank_code}",
        choose=True,
        height=520,
        widths={"题干": "large", "题型": "small", "类别": "small", "状态": "small"},
    )
    if row is not None:
        state.choose(bank=bank_code, item=found[row].item_id)
    components.download_xlsx(
        "下载题目清单", frame, subject=f"{title}题目清单", unit=settings().organiser, now=clock.now(), key="items_xlsx"
    )


def _filtered(items: list[VersionView]) -> list[VersionView]:
    with st.container(horizontal=True):
        text = st.text_input("搜索题干、选项或编号", key="item_text", placeholder="例如：液氨", width=280)
        types = st.multiselect(
            "题型", list(ItemType), format_func=lambda t: t.label, key="item_types", placeholder="全部", select_all=False, width=220
        )
        kinds = st.multiselect(
            "类别", list(ItemKind), format_func=lambda k: k.label, key="item_kinds", placeholder="全部", select_all=False, width=220
        )
        names = sorted({group for item in items for group in item.groups})
        groups = st.multiselect("条款分组", names, key="item_groups", placeholder="全部", select_all=False, width=260)
        states = st.multiselect(
            "状态", list(ItemState), format_func=lambda s: s.label, key="item_states", placeholder="全部", select_all=False, width=200
        )
    return [
        item
        for item in items
        if (not text or text.strip().lower() in _words(item))
        and (not types or item.type in types)
        and (not kinds or item.kind in kinds)
        and (not groups or not item.groups.isdisjoint(groups))
        and (not states or item.state in states)
    ]


def _words(item: VersionView) -> str:
    return " ".join((item.item_code, item.stem, item.topic, *(text for _, text in item.options))).lower()


def items_frame(items: list[VersionView]) -> pd.DataFrame:
    """The list as a table, Chinese headings."""
    return pd.DataFrame(
        [
            {
                "编号": item.item_code,
                "题型": item.type.label,
                "类别": item.kind.label,
                "状态": ItemState(item.state).label,  # type: ignore[call-arg]
                "题干": item.stem,
                "条款": "、".join(clause.ref for clause in item.clauses),
                "分组": "、".join(sorted(item.groups)),
                "难度": Difficulty(item.difficulty).label,  # type: ignore[call-arg]
                "版本": item.number,
            }
            for item in items
        ]
    )


def _one(user: User, bank_code: str, item: VersionView) -> None:
    with st.container(border=True):
        item_card.attributes(item)
        item_card.with_key(item)
    if user.may(Permission.MANAGE_PAPERS):
        _change_state(user, bank_code, item)
    components.section("版本记录", "题目改动后生成新版本；已用旧版本考过的成绩不受影响。")
    with store.reading() as session:
        item_card.history(history.versions_of_item(session, item_id=item.item_id))


def _change_state(user: User, bank_code: str, item: VersionView) -> None:
    withdrawn = item.state == ItemState.WITHDRAWN
    if withdrawn:
        wanted = components.confirm_button("恢复使用", key="restore_item", question="恢复后，新抽的试卷可能出现这道题。", yes="确认恢复")
    else:
        with store.reading() as session:
            short = editing.papers_short_without(session, bank_code=bank_code, version_id=item.id)
        if short:
            components.note(f"停用后，下列已发布试卷的题量将不足，考生将无法开始：{'、'.join(short)}。请先调整试卷。", tone="warn")
        wanted = components.confirm_button(
            "停用这道题", key="withdraw_item", question="停用后，新抽的试卷不再出现这道题；已经开始的答题和以往成绩不变。", yes="确认停用"
        )
    if wanted:
        act = workflow.restore if withdrawn else workflow.withdraw
        with store.transaction() as session:
            act(session, item_id=item.item_id, now=clock.now(), actor=gate.actor(user))
        components.say(f"题目 {item.item_code} {'已恢复使用' if withdrawn else '已停用'}。")
        st.rerun()


def _clauses(title: str, items: list[VersionView], edition: EditionView | None) -> None:
    if edition is None:
        components.empty_state("这个题库没有对应的标准", "不对应标准的题库无法统计条款覆盖。")
        return
    with store.reading() as session:
        covered = history.coverage_of_clauses(clauses_of_edition(session, edition.code), items)
    missing = sum(row.total == 0 for row in covered)
    st.markdown(f"应考条款 **{len(covered)}** 条，没有题目的 **{missing}** 条。")
    frame = pd.DataFrame(
        [
            {"条款": row.clause.ref, "要点": row.clause.heading, "分组": row.clause.group}
            | {kind.label: count for kind, count in row.items.items()}
            | {"合计": row.total, "内容": row.clause.text}
            for row in covered
        ]
    )
    formats = {kind.label: "%d" for kind in ItemKind} | {"合计": "%d"}
    components.data_table(frame, key="clauses", formats=formats, height=560, widths={"内容": "large", **dict.fromkeys(formats, "small")})
    components.download_xlsx(
        "下载条款覆盖表", frame, subject=f"{title}条款覆盖", unit=settings().organiser, now=clock.now(), key="clauses_xlsx"
    )


def _edition(edition: EditionView | None) -> None:
    if edition is None:
        components.empty_state("这个题库没有对应的标准", "题目没有绑定某一版标准。")
        return
    components.facts(
        [
            ("名称", edition.title),
            ("文号", edition.document_number or "—"),
            ("发布机关", edition.issuer or "—"),
            ("公布日期", _day(edition.published)),
            ("施行日期", _day(edition.effective)),
            ("状态", components.badge(edition.status.label, "ok" if edition.status.value == "in_force" else "bad")),
        ]
    )
    if edition.scope:
        components.note(edition.scope, title="适用范围")


def _day(day: date | None) -> str:
    return day.isoformat() if day else "—"

"""One bank opened: its items with filters, one item in full, its clauses, its edition."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TypeVar

import pandas as pd
import streamlit as st

from quiz import clock
from quiz.accounts.domain import Permission, User
from quiz.attempts import item_statistics
from quiz.attempts.item_statistics import NOBODY, ItemStatistic
from quiz.banks import history
from quiz.banks.clause_coverage import count_by_clause
from quiz.banks.history import EditionView
from quiz.banks.queries import VersionView, clauses_of_edition, items_of_bank
from quiz.banks.review_queue import Waiting, waiting_in_bank
from quiz.settings import settings
from quiz.ui import (
    bank_acts,
    bank_bulk,
    bank_duplicates,
    bank_export,
    bank_merge,
    bank_review,
    clause_matrix,
    components,
    item_editor,
    item_figures,
    item_table,
    item_way,
    review_queue,
    state,
    store,
)
from quiz.ui.state import Slot
from quiz.vocabulary import Difficulty, ItemKind, ItemState, ItemType, Labelled

NEW = "new"
"""What `?edit=` says for a new item; otherwise it names the version that is rewritten."""
_LISTED = Slot[list[int]]("items_listed", list)
"""Items as they were last listed, to be leafed through one after the other."""
Choice = TypeVar("Choice", bound=Labelled)
_STATES = (ItemState.DRAFT, ItemState.PUBLISHED, ItemState.WITHDRAWN)


def show(user: User, bank_code: str) -> None:
    """The bank with its views: items, what waits, clauses, review, edition."""
    with store.reading() as session:
        title = history.bank_title(session, bank_code)
        items, edition = items_of_bank(session, bank_code), history.edition_of_bank(session, bank_code)
        waiting = waiting_in_bank(session, bank_code)
    item_id, edit = state.chosen_id("item"), state.chosen("edit")
    chosen = next((item for item in items if item.item_id == item_id), None)
    if user.may(Permission.MANAGE_PAPERS) and (edit == NEW or (edit and chosen is not None)):
        item_editor.show(user, bank_code, items, chosen)
        return
    with st.container():  # its place stays the same with and without a message: otherwise the open tab would be forgotten
        components.page_header(title)
    with st.container(horizontal=True):
        if st.button("题库列表", key="back", icon=":material/arrow_back:"):
            state.choose()
        if chosen is None and user.may(Permission.MANAGE_PAPERS):
            components.link("导入题目", f"/import_bank?bank={bank_code}")
        if chosen is not None:
            _leaf(bank_code, items, chosen)
    if chosen is not None:
        item_way.show(user, bank_code, chosen, waiting.get(chosen.item_id))
        return
    may_write = user.may(Permission.MANAGE_PAPERS)
    names = ["题目", "待处理", "条款覆盖", "命题检查", "依据版本"] + (["导出"] if may_write else [])
    list_tab, queue_tab, clause_tab, review_tab, edition_tab, *export_tab = st.tabs(names)
    for tab in export_tab:
        with tab:
            bank_export.show(user, bank_code, title)
    with list_tab:
        _list(user, bank_code, title, items, waiting)
    with queue_tab:
        review_queue.show(user, bank_code, items, waiting)
    with clause_tab:
        _clauses(title, items, edition)
    with review_tab:
        bank_review.show(user, bank_code, title, items, edition)
    with edition_tab:
        _edition(edition)


def _leaf(bank_code: str, items: list[VersionView], chosen: VersionView) -> None:
    """Back to the list, or on to its next item."""
    if st.button("题目列表", key="back_to_items", icon=":material/list:"):
        state.choose(bank=bank_code)
    ids = [item.item_id for item in items]
    listed = [id_ for id_ in _LISTED.get() if id_ in set(ids)]
    if chosen.item_id not in listed:
        listed = ids
    place = listed.index(chosen.item_id)
    if st.button("上一题", key="item_before", icon=":material/chevron_left:", disabled=place == 0):
        state.choose(bank=bank_code, item=listed[place - 1])
    if st.button(
        f"下一题（{place + 1} / {len(listed)}）", key="item_after", icon=":material/chevron_right:", disabled=place + 1 == len(listed)
    ):
        state.choose(bank=bank_code, item=listed[place + 1])


class Work(Labelled):
    """What a trainer does with the items of a bank."""

    BROWSE = "browse", "浏览"
    BULK = "bulk", "批量处理"
    DUPLICATES = "duplicates", "查重"
    MERGE = "merge", "合并题库"


def _list(user: User, bank_code: str, title: str, items: list[VersionView], waiting: dict[int, Waiting]) -> None:
    work = _work() if user.may(Permission.MANAGE_PAPERS) else Work.BROWSE
    if work is Work.DUPLICATES:
        bank_duplicates.show(user, bank_code)
        return
    if work is Work.MERGE:
        bank_merge.show(user, bank_code, title)
        return
    with st.spinner("正在统计答题情况…", show_time=True), store.reading() as session:
        statistics = item_statistics.of_items(session, items)
    found = _filtered(items, waiting, statistics)
    st.markdown(f"共 **{len(found)}** 道题。" + ("点击一行，打开这道题；点表头排序。" if work is Work.BROWSE else ""))
    item_figures.hints(found, statistics)
    if not found:
        components.empty_state("没有符合条件的题目", "放宽上面的条件再试。")
        if work is Work.BULK:
            bank_acts.show(user, bank_code)  # the items may be gone through the act that is to be taken back
        return
    frame = items_frame(found, waiting, statistics)
    if work is Work.BULK:
        bank_bulk.show(user, bank_code, found, frame)
        return
    _browse(bank_code, title, found, frame)


def _work() -> Work:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        work = st.segmented_control(
            "题目工作台", list(Work), default=Work.BROWSE, format_func=lambda w: w.label, key="bank_work", label_visibility="collapsed"
        )
        if st.button("新建题目", key="new_item", icon=":material/add:"):
            state.choose(bank=state.chosen("bank"), edit=NEW)
    return work or Work.BROWSE


def _browse(bank_code: str, title: str, found: list[VersionView], frame: pd.DataFrame) -> None:
    _LISTED.set([item.item_id for item in found])
    with components.wide_only("items"):
        rows = item_table.choose(frame, key=f"items_{bank_code}")
    links = (components.anchor(item.item_code, f"/banks?bank={bank_code}&item={item.item_id}") for item in found)
    columns = ["编号", "题干", "题型", "状态", "待处理", "条款"]
    components.phone_rows(columns, [[link, *row] for link, row in zip(links, frame[columns[1:]].to_numpy().tolist(), strict=True)])
    if rows:
        state.choose(bank=bank_code, item=found[rows[0]].item_id)
    components.download_xlsx(
        "下载题目清单", frame, subject=f"{title}题目清单", unit=settings().organiser, now=clock.now(), key="items_xlsx"
    )


def _filtered(items: list[VersionView], waiting: dict[int, Waiting], statistics: Mapping[int, ItemStatistic]) -> list[VersionView]:
    """The filters stay as they were set while an item is open."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input("搜索题干、选项或编号", key="item_text", placeholder="例如：液氨", width=280, persist_state="page")
        types = _several("题型", list(ItemType), "item_types")
        only_waiting = st.toggle("只看待处理", value=bool(state.chosen("waiting")), key="only_waiting")
    with (
        st.expander("更多筛选：状态、条款分组、类别、答题统计", icon=":material/filter_alt:"),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        states = _several("状态", list(_STATES), "item_states")
        names = sorted({group for item in items for group in item.groups})
        groups = st.multiselect("条款分组", names, key="item_groups", placeholder="全部", select_all=False, width=260, persist_state="page")
        kinds = _several("类别", list(ItemKind), "item_kinds")
        fits = item_figures.choose(statistics)
    return [
        item
        for item in items
        if (not text or text.strip().lower() in _words(item))
        and (not types or item.type in types)
        and (not kinds or item.kind in kinds)
        and (not groups or not item.groups.isdisjoint(groups))
        and (not states or item.state in states)
        and fits(item)
        and (not only_waiting or item.item_id in waiting)
    ]


def _several(label: str, choices: list[Choice], key: str) -> list[Choice]:
    return st.multiselect(
        label, choices, format_func=lambda each: each.label, key=key, placeholder="全部", select_all=False, width=220, persist_state="page"
    )  # fmt: skip


def _words(item: VersionView) -> str:
    return " ".join((item.item_code, item.stem, item.topic, *(text for _, text in item.options))).lower()


def items_frame(items: list[VersionView], waiting: dict[int, Waiting], statistics: Mapping[int, ItemStatistic]) -> pd.DataFrame:
    """The list as a table, Chinese headings; figures are of the present wording."""
    return pd.DataFrame(
        [
            {
                "编号": item.item_code,
                "题干": " ".join(item.stem.split()),
                "题型": item.type.label,
                "状态": ItemState(item.state).label,  # type: ignore[call-arg]
                "待处理": waiting[item.item_id].label if item.item_id in waiting else "",
                "已考人次": statistics.get(item.item_id, NOBODY).asked,
                "答对率": item_figures.percent(statistics.get(item.item_id)),
                "类别": item.kind.label,
                "条款": "、".join(clause.ref for clause in item.clauses),
                "分组": "、".join(sorted(item.groups)),
                "难度": Difficulty(item.difficulty).label,  # type: ignore[call-arg]
                "版本": item.number,
            }
            for item in items
        ]
    )


def _clauses(title: str, items: list[VersionView], edition: EditionView | None) -> None:
    if edition is None:
        components.empty_state("这个题库没有对应的标准", "不对应标准的题库无法统计条款覆盖。")
        return
    with store.reading() as session:
        clauses = clauses_of_edition(session, edition.code)
    counts = count_by_clause(clauses, [item for item in items if item.state == ItemState.PUBLISHED])
    clause_matrix.show(counts, subject=title, key="clauses")


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

"""One edition opened: its clauses, what it changed, what that did to the items, and who had been examined on what it changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from quiz import clock
from quiz.accounts.domain import Permission, User
from quiz.banks import catalogue, edition_change
from quiz.banks.catalogue import NOT_TESTED, ClauseUse, EditionRow
from quiz.banks.queries import ClauseView, clauses_of_edition
from quiz.settings import settings
from quiz.ui import (
    components,
    edition_affected,
    edition_difference,
    edition_impact,
    edition_upload,
    gate,
    office,
    standard_list,
    state,
    store,
)
from quiz.ui.components import Tone
from quiz.vocabulary import EditionStatus

CLAUSES, CHANGES, ITEMS, TAKEN = "clauses", "changes", "items", "taken"
_VIEWS = {CLAUSES: "条款", CHANGES: "与上一版对照", ITEMS: "对题目的影响", TAKEN: "谁考过这些题"}

_TESTABLE: dict[EditionStatus, tuple[str, Tone]] = {
    EditionStatus.IN_FORCE: ("可出题", "ok"),
    EditionStatus.UPCOMING: ("施行后可出题", "info"),
    EditionStatus.SUPERSEDED: ("旧版，只供对照", ""),
}


def show(user: User, code: str) -> None:
    """Head, facts and cautions, then the chosen view. Only that one is worked out: who took what means looking through every form."""
    with store.reading() as session:
        edition = catalogue.edition(session, code)
    components.page_header(edition.title)
    with st.container(horizontal=True):
        if st.button("标准目录", key="back", icon=":material/arrow_back:"):
            state.choose()
        for bank_code, title in edition.banks:
            components.link(f"题库：{title}", f"/banks?bank={bank_code}")
        if edition.cards and edition.status is EditionStatus.IN_FORCE:
            components.link("学习卡", f"/learn/{code}")
    standard_list.edition_facts(edition, with_status=True)
    if edition.scope:
        components.note(edition.scope, title="适用范围")
    if edition.caution:
        components.note(edition.caution, tone="warn", title=standard_list.CAUTION)
    edition_upload.summary(edition)
    _undo(user, edition)
    match _view(user, edition):
        case "changes":
            edition_difference.show(edition)
        case "items":
            edition_impact.show(edition)
        case "taken":
            edition_affected.show(user, edition)
        case _:
            _clauses(edition)


def _view(user: User, edition: EditionRow) -> str:
    if edition.supersedes is None:
        return CLAUSES
    offered = [view for view in _VIEWS if view != TAKEN or user.may(Permission.SEE_SCORES)]
    key = f"view_{edition.code}"
    if key not in st.session_state:
        asked = state.chosen("view")
        st.session_state[key] = asked if asked in offered else CLAUSES
    chosen = st.pills("查看", offered, format_func=_VIEWS.__getitem__, key=key, label_visibility="collapsed") or CLAUSES
    office.remember("view", chosen, CLAUSES)
    return chosen


def _undo(user: User, edition: EditionRow) -> None:
    """Offered for what a person loaded; where it is too late, the reason stands in its place."""
    if edition.is_shipped or not user.may(Permission.MANAGE_PAPERS):
        return
    with store.reading() as session:
        reason = edition_change.why_not_undone(session, edition.code)
    if reason:
        components.hint(f"撤销载入：{reason}")
        return
    if components.confirm_button(
        "撤销载入",
        key="undo_edition",
        icon=":material/undo:",
        question="将删除这一版和它的全部条款，题目和以往成绩不受影响。确定撤销吗？",
    ):
        with store.transaction() as session:
            edition_change.undo(session, code=edition.code, now=clock.now(), actor=gate.actor(user))
        components.say(f"已撤销载入《{edition.title}》。")
        state.choose()


def _clauses(edition: EditionRow) -> None:
    with store.reading() as session:
        clauses, uses = clauses_of_edition(session, edition.code), catalogue.clause_uses(session, edition.code)
    if not clauses:
        components.empty_state("这一版没有条款", "只登记了版本信息。")
        return
    groups = list(dict.fromkeys(clause.group for clause in clauses))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = st.multiselect("分组", groups, key="clause_groups", placeholder="全部分组", select_all=False, width=360)
        text = st.text_input("搜索条款", key="clause_text", placeholder="例如：报警", width=280).strip()
        testable = st.segmented_control("可出题", ["可出题", "不出题"], key="clause_testable")
    found = [
        clause
        for clause in clauses
        if (not wanted or clause.group in wanted)
        and (not text or text in f"{clause.ref}{clause.heading}{clause.text}")
        and (testable is None or clause.assessable == (testable == "可出题"))
    ]
    barred = sum(not clause.assessable for clause in clauses)
    st.markdown(f"共 **{len(found)}** 条。" + (f"全部 {len(clauses)} 条中有 {barred} 条{NOT_TESTED}。" if barred else ""))
    if not found:
        components.empty_state("没有符合条件的条款", "放宽上面的条件再试。")
    else:
        first = components.pager(len(found), key=f"clauses_{edition.code}", size=40)
        components.table(
            ("条款", "分组", "要点", "内容", "出题", "题目", "学习卡"),
            [_row(edition, clause, uses) for clause in found[first : first + 40]],
            numbers=("题目",),
        )
    components.download_xlsx(
        "下载条款表",
        clauses_frame(clauses, uses),
        subject=f"{edition.title}条款表",
        unit=settings().organiser,
        now=clock.now(),
        key="clauses_xlsx",
        notes=(edition.caution,) if edition.caution else (),
    )


def _row(edition: EditionRow, clause: ClauseView, uses: Mapping[str, ClauseUse]) -> tuple[object, ...]:
    use = uses[clause.id]
    readable = use.has_card and edition.status is EditionStatus.IN_FORCE
    return (
        clause.ref,
        clause.group,
        clause.heading,
        clause.text,
        components.badge(*_TESTABLE[edition.status]) if clause.assessable else components.badge(NOT_TESTED, "warn"),
        use.items or "—",
        components.anchor("阅读", f"/learn/{clause.id}") if readable else "有" if use.has_card else "—",
    )


def clauses_frame(clauses: Sequence[ClauseView], uses: Mapping[str, ClauseUse]) -> pd.DataFrame:
    """All clauses as a table, Chinese headings."""
    return pd.DataFrame(
        [
            {
                "编号": clause.id,
                "条款": clause.ref,
                "分组": clause.group,
                "要点": clause.heading,
                "内容": clause.text,
                "可出题": "是" if clause.assessable else "否",
                "说明": "" if clause.assessable else NOT_TESTED,
                "在用题目": uses[clause.id].items,
                "学习卡": "有" if uses[clause.id].has_card else "",
            }
            for clause in clauses
        ]
    )

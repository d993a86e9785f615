"""All standards with their editions: which is in force, what it replaced, how much of it is tested and explained."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd
import streamlit as st
from markupsafe import Markup

from quiz import clock
from quiz.accounts.domain import Permission, User
from quiz.banks import catalogue
from quiz.banks.catalogue import EditionRow, StandardRow
from quiz.settings import settings
from quiz.ui import components, office, state, store
from quiz.ui.components import Kpi, Tone
from quiz.vocabulary import EditionStatus

PAGE = "standards"
ROWS = 12
CAUTION = "效力提示"
_TONES: dict[EditionStatus, Tone] = {EditionStatus.IN_FORCE: "ok", EditionStatus.UPCOMING: "info", EditionStatus.SUPERSEDED: "bad"}


def show(user: User) -> None:
    """Totals, search, then one card a standard."""
    components.page_header("标准目录", "每道题依据哪部法规标准的哪一版，现在是否有效；载入新版后，看哪些题目要改、谁考过旧条款。")
    if user.may(Permission.MANAGE_PAPERS) and st.button("载入新版", key="upload_edition", icon=":material/upload_file:", type="primary"):
        state.choose(upload=1)
    with store.reading() as session:
        found = catalogue.standards(session)
    if not found:
        components.empty_state(
            "还没有标准", "随系统提供的标准会在服务启动时自动装入；请重新启动服务，或联系系统管理员。", href="/", label="返回工作台"
        )
        return
    _figures(found)
    chosen = _asked(found)
    if not chosen:
        components.empty_state("没有符合条件的标准", "换一个词，或者放宽状态再试。")
    else:
        st.markdown(f"共 **{len(chosen)}** 部标准。")
        first = office.offset(ROWS)
        for each in chosen[first : first + ROWS]:
            _card(each)
        office.pages(len(chosen), page=PAGE, size=ROWS)
    with st.container(horizontal=True):
        components.download_xlsx(
            "下载标准目录",
            catalogue_frame(chosen or found),
            subject="标准目录",
            unit=settings().organiser,
            now=clock.now(),
            key="standards_xlsx",
        )


def _figures(found: Sequence[StandardRow]) -> None:
    editions = [each for standard in found for each in standard.editions]
    by_status = {status: sum(each.status is status for each in editions) for status in EditionStatus}
    current = [each for each in editions if each.status is EditionStatus.IN_FORCE]
    upcoming = by_status[EditionStatus.UPCOMING]
    components.kpi_row(
        [
            Kpi("标准", f"{len(found)} 部", f"版本 {len(editions)} 个"),
            Kpi("现行有效", f"{by_status[EditionStatus.IN_FORCE]} 个", f"已被替代 {by_status[EditionStatus.SUPERSEDED]} 个"),
            Kpi("已公布未施行", f"{upcoming} 个", tone="warn" if upcoming else ""),
            Kpi("现行条款", f"{sum(each.clauses for each in current)} 条", f"可出题 {sum(each.assessable for each in current)} 条"),
            Kpi("在用题目", f"{sum(each.items for each in current)} 道", f"学习卡 {sum(each.cards for each in current)} 张"),
        ]
    )


def _asked(found: Sequence[StandardRow]) -> list[StandardRow]:
    wide, narrow = st.columns([3, 2], vertical_alignment="bottom")
    with wide:
        text = office.search("搜索", page=PAGE, placeholder="名称、文号、发布机关或题库，例如：粉尘").lower()
    with narrow:
        options = {office.ALL: "全部状态", "caution": "有效力提示", **{status.value: status.label for status in EditionStatus}}
        status = office.choose("状态", options, name="status", page=PAGE)
    office.begin_again(text, status, page=PAGE)
    return [each for each in found if all(word in each.words for word in text.split()) and _has(each, status)]


def _has(standard: StandardRow, status: str) -> bool:
    if status == "caution":
        return any(each.caution and each.status is not EditionStatus.SUPERSEDED for each in standard.editions)
    return not status or any(each.status == status for each in standard.editions)


def _card(standard: StandardRow) -> None:
    newest = standard.newest
    with st.container(border=True):
        components.heading(newest.title, status_badge(newest))
        edition_facts(newest)
        if newest.caution:
            components.note(newest.caution, tone="warn", title=CAUTION)
        with st.container(horizontal=True):
            if st.button("打开", key=f"open_{newest.code}", icon=":material/menu_book:"):
                state.choose(edition=newest.code)
            for older in standard.editions[1:]:
                label = f"上一版：{older.document_number or older.title}（{older.status.label}）"
                if st.button(label, key=f"open_{older.code}", icon=":material/history:"):
                    state.choose(edition=older.code)


def status_badge(edition: EditionRow) -> Markup:
    """现行有效, 已公布未施行 or 已被替代, in its colour."""
    return components.badge(edition.status.label, _TONES[edition.status])


def edition_facts(edition: EditionRow, *, with_status: bool = False) -> None:
    """Number, issuer, days, relations, and how much is held."""
    pairs: list[tuple[str, object]] = [("状态", status_badge(edition))] if with_status else []
    pairs += [
        ("文号", edition.document_number or "—"),
        ("发布机关", edition.issuer or "—"),
        ("公布日期", day(edition.published)),
        ("施行日期", day(edition.effective)),
    ]
    if edition.supersedes:
        pairs.append(("替代", components.anchor(edition.supersedes_title, f"/standards?edition={edition.supersedes}")))
    if edition.superseded_by:
        word = "已被替代" if edition.status is EditionStatus.SUPERSEDED else "将被替代"
        pairs.append((word, components.anchor(edition.superseded_by_title, f"/standards?edition={edition.superseded_by}")))
    pairs += [
        ("条款", f"{edition.clauses} 条，可出题 {edition.assessable} 条"),
        ("题库在用题目", f"{edition.items} 道"),
        ("学习卡", f"{edition.cards} 张"),
    ]
    components.facts(pairs)


def day(value: date | None) -> str:
    """`2026-07-01`; a dash for none."""
    return value.isoformat() if value else "—"


def catalogue_frame(found: Sequence[StandardRow]) -> pd.DataFrame:
    """The catalogue as a table, one line an edition, Chinese headings."""
    return pd.DataFrame(
        [
            {
                "标准": standard.title,
                "版本": each.title,
                "版本编号": each.code,
                "文号": each.document_number,
                "发布机关": each.issuer,
                "公布日期": each.published.isoformat() if each.published else "",
                "施行日期": each.effective.isoformat() if each.effective else "",
                "状态": each.status.label,
                "替代": each.supersedes_title,
                "被替代": each.superseded_by_title,
                "适用范围": each.scope,
                CAUTION: each.caution,
                "条款数": each.clauses,
                "可出题条款": each.assessable,
                "在用题目": each.items,
                "学习卡": each.cards,
                "题库": "、".join(title for _, title in each.banks),
            }
            for standard in found
            for each in standard.editions
        ]
    )

"""What a change of law does to the items: withdrawn or re-cited, why, and where each stands today; or what it will do on its day."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st
from markupsafe import Markup

from quiz import clock
from quiz.banks import catalogue, edition_change, editions
from quiz.banks.catalogue import EditionRow, ItemImpact
from quiz.banks.edition_change import Expected
from quiz.settings import settings
from quiz.ui import components, standard_list, store
from quiz.ui.components import Kpi, Tone
from quiz.ui.markup import markup
from quiz.vocabulary import EditionStatus, ItemState, ItemStepAction

_AT_ONCE = 20
_TONES: dict[ItemStepAction, Tone] = {ItemStepAction.WITHDRAWN: "bad", ItemStepAction.RECITED: "ok"}


def show(edition: EditionRow) -> None:
    """What happened; for an edition whose day is still to come, what will happen."""
    if edition.status is EditionStatus.UPCOMING:
        _expected(edition)
        return
    with store.reading() as session:
        found = catalogue.impact(session, edition.code)
    components.section("对题目的影响", "条款未变的，题目自动改引新版；条款有修改或删除的，题目停用，改写并复核后再发布。以往答卷不受影响。")
    if not found:
        components.empty_state("没有题目受影响", "这一版接替上一版时，没有在用的题目引用上一版。", href="/banks", label="题库")
        return
    withdrawn = [each for each in found if each.action is ItemStepAction.WITHDRAWN]
    waiting = [each for each in withdrawn if each.state is not ItemState.PUBLISHED]
    components.kpi_row(
        [
            Kpi("因换版停用", f"{len(withdrawn)} 道", tone="bad" if withdrawn else ""),
            Kpi("其中仍停用", f"{len(waiting)} 道", "需要改写或另行出题", tone="warn" if waiting else "ok"),
            Kpi("已恢复使用", f"{len(withdrawn) - len(waiting)} 道", tone="ok"),
            Kpi("改引新版", f"{len(found) - len(withdrawn)} 道", "条款未变，继续使用"),
        ]
    )
    options = {"": f"全部 {len(found)}", "waiting": f"仍停用 {len(waiting)}", "withdrawn": f"停用过 {len(withdrawn)}"}
    options["recited"] = f"改引 {len(found) - len(withdrawn)}"
    chosen = st.pills("只看", list(options), format_func=options.__getitem__, default="waiting" if waiting else "", key="impact_kind") or ""
    shown = [each for each in found if not chosen or each.action == chosen or (chosen == "waiting" and each in waiting)]
    first = components.pager(len(shown), key="impact_page", size=_AT_ONCE)
    several = len({each.bank_code for each in found}) > 1
    components.table(
        ("题目", "题干", "处理", "原因", "现在"),
        [
            (
                _item(each.bank_code, each.item_id, each.item_code, each.bank_title if several else ""),
                each.stem,
                components.badge(each.action.label, _TONES[each.action]),
                each.reason or "条款未变",
                components.badge(each.standing, "ok" if each.state is ItemState.PUBLISHED else "warn"),
            )
            for each in shown[first : first + _AT_ONCE]
        ],
    )
    components.download_xlsx(
        "下载受影响题目", frame(found), subject=f"{edition.title}受影响题目", unit=settings().organiser, now=clock.now(), key="impact_xlsx"
    )


def _item(bank_code: str, item_id: int, code: str, bank_title: str) -> Markup:
    """The item's code as a link; its bank above it where there are several."""
    link = components.anchor(code, f"/banks?bank={bank_code}&item={item_id}")
    return markup("{}<br>{}", bank_title, link) if bank_title else link


def frame(found: Sequence[ItemImpact]) -> pd.DataFrame:
    """What happened as a table, Chinese headings."""
    return pd.DataFrame(
        [
            {
                "题库": each.bank_title,
                "题目编号": each.item_code,
                "题干": each.stem,
                "处理": each.action.label,
                "原因": each.reason or "条款未变",
                "处理时间": clock.show(each.at),
                "现在": each.standing,
            }
            for each in found
        ]
    )


def _expected(edition: EditionRow) -> None:
    with store.reading() as session:
        changes = editions.difference(session, new_code=edition.code)
        found = (
            edition_change.expected_impact(session, old_code=edition.supersedes, changes=changes) if changes and edition.supersedes else []
        )
        titles = catalogue.bank_titles(session)
    components.section("施行后对题目的影响", f"这一版自 {standard_list.day(edition.effective)} 起施行；在此之前，题目照旧使用。")
    expected(found, titles, key=edition.code)
    if found:
        components.download_xlsx(
            "下载将受影响题目",
            expected_frame(found, titles),
            subject=f"{edition.title}将受影响题目",
            unit=settings().organiser,
            now=clock.now(),
            key="impact_xlsx",
        )


def expected(found: Sequence[Expected], titles: dict[str, str], *, key: str) -> None:
    """What would happen: by bank, then item by item."""
    if not found:
        components.empty_state("没有题目受影响", "没有在用的题目引用被替代的版本。")
        return
    banks = list(dict.fromkeys(each.view.bank_code for each in found))
    rows = []
    for bank in banks:
        of_bank = [each for each in found if each.view.bank_code == bank]
        lost = sum(each.action is ItemStepAction.WITHDRAWN for each in of_bank)
        rows.append((titles.get(bank, bank), f"{lost} 道", f"{len(of_bank) - lost} 道"))
    components.table(("题库", "将停用", "将改引新版"), rows, numbers=("将停用", "将改引新版"))
    withdrawn = sum(each.action is ItemStepAction.WITHDRAWN for each in found)
    options = {"": f"全部 {len(found)}", "withdrawn": f"将停用 {withdrawn}", "recited": f"将改引 {len(found) - withdrawn}"}
    chosen = (
        st.pills(
            "只看题目", list(options), format_func=options.__getitem__, default="withdrawn" if withdrawn else "", key=f"expected_kind_{key}"
        )
        or ""
    )
    shown = [each for each in found if not chosen or each.action == chosen]
    first = components.pager(len(shown), key=f"expected_page_{key}", size=_AT_ONCE)
    components.table(
        ("题目", "题干", "施行后", "原因"),
        [
            (
                _item(
                    each.view.bank_code,
                    each.view.item_id,
                    each.view.item_code,
                    titles.get(each.view.bank_code, each.view.bank_code) if len(banks) > 1 else "",
                ),
                each.view.stem,
                components.badge(each.action.label, _TONES[each.action]),
                each.reason or "条款未变",
            )
            for each in shown[first : first + _AT_ONCE]
        ],
    )


def expected_frame(found: Sequence[Expected], titles: dict[str, str]) -> pd.DataFrame:
    """What would happen as a table, Chinese headings."""
    return pd.DataFrame(
        [
            {
                "题库": titles.get(each.view.bank_code, each.view.bank_code),
                "题目编号": each.view.item_code,
                "题干": each.view.stem,
                "施行后": each.action.label,
                "原因": each.reason or "条款未变",
            }
            for each in found
        ]
    )

"""All banks, each with its size and how much of its standard it covers."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from quiz.banks import review_queue
from quiz.banks.queries import BankView, list_banks
from quiz.banks.review_queue import Count
from quiz.exchange.merging import own_banks
from quiz.ui import components, state, store
from quiz.ui.components import Kpi


def show() -> None:
    """Totals, then one card a bank."""
    components.page_header("题库", "每道题都注明依据的条款；条款覆盖率说明一个题库是否考到了标准的每一条。")
    with store.reading() as session:
        banks, waiting, own = list_banks(session), review_queue.waiting(session), own_banks(session)
    if not banks:
        components.empty_state("还没有题库", "随系统提供的题库会在服务启动时自动装入；请重新启动服务，或联系管理员。")
        return
    clauses, covered = sum(bank.clauses for bank in banks), sum(bank.clauses_covered for bank in banks)
    components.kpi_row(
        [
            Kpi("题库", f"{len(banks)} 个"),
            Kpi("在用题目", f"{sum(bank.items for bank in banks)} 道"),
            Kpi(
                "条款覆盖率",
                components.rate_text(covered, clauses),
                f"{covered} ÷ {clauses} 条",
                tone="ok" if covered == clauses else "warn",
            ),
            Kpi("待处理", f"{sum(count.total for count in waiting.values())} 道", _counted(_all(waiting)) or "没有待复核、待发布的题目"),
        ]
    )
    wanted = st.text_input("查找题库", key="bank_search", placeholder="名称、标准或说明中的几个字，例如：燃气").strip().lower()
    found = [bank for bank in banks if wanted in f"{bank.title}{bank.edition_title}{bank.description}".lower()]
    if not found:
        components.empty_state("没有找到题库", "换几个字再试。")
    for bank in sorted(found, key=lambda bank: (bank.code not in waiting, bank.code not in own)):
        _card(bank, waiting.get(bank.code), is_own=bank.code in own)


def _card(bank: BankView, waiting: Count | None, *, is_own: bool) -> None:
    with st.container(border=True):
        whole = bank.clauses and bank.clauses_covered == bank.clauses
        label = "条款全覆盖" if whole else f"还差 {bank.clauses - bank.clauses_covered} 条"
        covered = components.badge(label, "ok" if whole else "warn") if bank.clauses else components.badge("未对应标准")
        components.heading(bank.title, *([components.badge("自建", "info")] if is_own else []), covered)
        if bank.description:
            components.bullets([bank.description])
        facts = [("在用题目", f"{bank.items} 道")]
        if bank.clauses:
            facts.append(("已覆盖条款", f"{bank.clauses_covered} ÷ {bank.clauses} 条"))
        components.facts(facts)
        if bank.edition_title:
            components.hint(f"依据：{bank.edition_title}")
        with st.container(horizontal=True):
            if st.button("打开题库", key=f"open_{bank.code}", icon=":material/folder_open:"):
                state.choose(bank=bank.code)
            if waiting and st.button(_counted(waiting), key=f"waiting_{bank.code}", icon=":material/rate_review:"):
                state.choose(bank=bank.code, waiting=1)


def _all(waiting: Mapping[str, Count]) -> Count:
    counts = waiting.values()
    return Count(sum(each.review for each in counts), sum(each.publish for each in counts), sum(each.mend for each in counts))


def _counted(waiting: Count) -> str:
    """`待复核 2 · 退回待改 1`; what there is none of is left out."""
    named = (("待复核", waiting.review), ("待发布", waiting.publish), ("退回待改", waiting.mend))
    return " · ".join(f"{name} {number}" for name, number in named if number)

"""Items that ask the same, side by side, in this bank and the banks chosen beside it: decide once, and the pair is not shown again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.accounts.domain import User
from quiz.banks import queries
from quiz.banks.queries import list_banks
from quiz.banks.same_wording import wording_of_pair
from quiz.exchange import duplicates
from quiz.exchange.bank_comparison import Twins
from quiz.exchange.duplicates import Verdict
from quiz.exchange.plan import Clash
from quiz.settings import settings
from quiz.ui import components, gate, item_card, office, store, version_diff
from quiz.ui.components import Kpi, Tone
from quiz.vocabulary import ItemState

_AT_ONCE = 10
_TONES: dict[Clash, Tone] = {Clash.SAME: "bad", Clash.CONFLICT: "bad", Clash.NEAR: "warn"}


def show(user: User, bank_code: str) -> None:
    """The pairs still to be decided, each with its buttons."""
    with store.reading() as session:
        titles = {bank.code: bank.title for bank in list_banks(session)}
    others = st.multiselect(
        "同时与这些题库比对（选填）",
        [code for code in titles if code != bank_code],
        format_func=titles.__getitem__,
        key="twin_banks",
        placeholder="只查本题库内部",
        select_all=False,
    )
    banks = (bank_code, *others)
    with store.reading() as session:
        pairs = _pairs(banks, settings().database_url, duplicates.stamp(session))
        decided = duplicates.decided(session, pairs)
    waiting = [pair for pair in pairs if pair.ids not in decided]
    counts = Counter(pair.clash for pair in waiting)
    components.kpi_row([Kpi(clash.label, f"{counts[clash]} 对", tone=_TONES[clash] if counts[clash] else "ok") for clash in Clash])
    item_card.apply_look()
    kept = [pair for pair in pairs if pair.ids in decided]
    if not waiting:
        components.empty_state("没有待处理的重复题", f"已处理过 {len(kept)} 对。" if kept else "没有发现重复、矛盾或相近的题目。")
    else:
        chosen = st.pills("只看", list(Clash), format_func=lambda c: c.label, key="twin_clashes", selection_mode="multi")
        shown = [pair for pair in waiting if not chosen or pair.clash in chosen]
        start = components.pager(len(shown), key="twin_page", size=_AT_ONCE)
        for pair in shown[start : start + _AT_ONCE]:
            _pair(user, pair, titles)
    _decided(user, kept, decided)


@st.cache_data(max_entries=16, show_spinner="正在比对题目…")
def _pairs(banks: tuple[str, ...], database: str, stamp: str) -> list[Twins]:
    """The same banks are compared once: `stamp` moves with every change of an item."""
    with store.reading() as session:
        return duplicates.pairs_of_banks(session, bank_codes=banks)


def _pair(user: User, pair: Twins, titles: dict[str, str]) -> None:
    first, second = pair.first, pair.second
    key = f"{first.item_id}_{second.item_id}_{first.id}_{second.id}"
    with st.container(border=True):
        likeness = f"{pair.clash.label} {pair.likeness:.0f}%" if pair.clash is Clash.NEAR else pair.clash.label
        components.heading(f"{first.item_code} 与 {second.item_code}", components.badge(likeness, _TONES[pair.clash]))
        version_diff.show(first, second, names=(_named(first, titles), _named(second, titles)))
        verdict = st.selectbox(
            "怎样处理", list(Verdict), index=None, format_func=lambda v: v.label, key=f"twin_{key}", placeholder="请选择", width=320
        )
        if verdict and st.button("确定", key=f"twin_go_{key}", type="primary"):
            _decide(user, pair, verdict)
        if verdict in (Verdict.MERGE_FIRST, Verdict.MERGE_SECOND):
            components.hint("保留的一题补入另一题的依据条款；自己没有解析的，补入另一题的解析。补入的内容作为草稿，须由另一位老师复核。")


def _named(item: queries.VersionView, titles: dict[str, str]) -> str:
    state = ItemState(item.state)  # type: ignore[call-arg]
    return f"{item.item_code}（{titles.get(item.bank_code, item.bank_code)}，{state.label}）"


def _decide(user: User, pair: Twins, verdict: Verdict) -> None:
    def work(session: Session) -> str:
        return duplicates.decide(
            session,
            first_id=pair.first.item_id,
            second_id=pair.second.item_id,
            seen=wording_of_pair(pair.first, pair.second),
            verdict=verdict,
            actor=gate.actor(user),
            now=clock.now(),
        )

    office.perform(work)


def _decided(user: User, pairs: Sequence[Twins], decided: dict[tuple[int, int], duplicates.DuplicateDecision]) -> None:
    """Pairs that were kept on purpose, to be thought over again."""
    if not pairs:
        return
    with st.expander(f"已决定保留的 {len(pairs)} 对", icon=":material/checklist:"):
        for pair in pairs:
            row = decided[pair.ids]
            with st.container(horizontal=True, vertical_alignment="center"):
                components.hint(f"{pair.first.item_code} 与 {pair.second.item_code}：{row.account or '—'}，{clock.show(row.at)}")
                if st.button("重新处理", key=f"twin_again_{pair.ids[0]}_{pair.ids[1]}", type="tertiary"):
                    _forget(pair)


def _forget(pair: Twins) -> None:
    def work(session: Session) -> str:
        duplicates.forget(session, item_ids=pair.ids)
        return f"{pair.first.item_code} 与 {pair.second.item_code} 重新列入待处理。"

    office.perform(work)

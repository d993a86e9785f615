"""The item-writing review of a bank: what was found, by severity and rule, and what the rules are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pandas as pd
import streamlit as st
from markupsafe import Markup

from quiz import clock
from quiz.accounts.domain import User
from quiz.banks import queries
from quiz.banks.history import EditionView
from quiz.banks.queries import VersionView
from quiz.banks.review import ERROR, LABELS, RULES, WARNING, Finding, Rule, review
from quiz.banks.review_basis import basis_of_bank
from quiz.settings import settings
from quiz.ui import components, store
from quiz.ui.components import Kpi, Tone
from quiz.vocabulary import ItemState

SOURCE = (
    "命题指南指 Haladyna、Downing、Rodriguez 2002 年归纳的 31 条选择题命题指南"
    "（Applied Measurement in Education，第 15 卷第 3 期，309–334 页）；"
    "Haladyna、Rodriguez 2013 年的专著 Developing and Validating Test Items 作了修订。没有注明条号的是本平台规则。"
)
_TONES: dict[str, Tone] = {ERROR: "bad", WARNING: "warn"}
_MEANING = {ERROR: "必须改正后再用。", WARNING: "由命题人判断：有道理就改，确属需要可以保留。"}
_AT_ONCE = 50
_NO_CLAUSE = "no_clause"


def show(user: User, bank_code: str, title: str, items: Sequence[VersionView], edition: EditionView | None) -> None:
    """Figures, the findings with links to their items, the list to take away, and what is looked for."""
    checked = _scope(items)
    with store.reading() as session:
        made_of = (settings().database_url, queries.stamp(session), *((item.id, item.state) for item in checked))
    findings = _findings(bank_code, made_of, _items=checked)
    if edition is None:  # nothing to cite: the same complaint about every item would bury the others
        findings = [finding for finding in findings if finding.code != _NO_CLAUSE]
    counts = Counter(finding.severity for finding in findings)
    components.kpi_row(
        [
            Kpi("检查题目", f"{len(checked)} 道", edition.title if edition else "没有对应的标准"),
            Kpi("错误", f"{counts[ERROR]} 处", tone="bad" if counts[ERROR] else "ok"),
            Kpi("提醒", f"{counts[WARNING]} 处", tone="warn" if counts[WARNING] else "ok"),
        ]
    )
    if findings:
        _found(bank_code, title, findings, {item.item_code: item.item_id for item in checked})
    else:
        components.empty_state("没有发现问题", "题库通过了下面列出的全部检查。")
    _rules()


def _scope(items: Sequence[VersionView]) -> list[VersionView]:
    """What is in use, or what is being written as well; what was withdrawn is not looked at."""
    published = [item for item in items if item.state == ItemState.PUBLISHED]
    living = [item for item in items if item.state != ItemState.WITHDRAWN]
    if len(living) == len(published):
        return published
    scopes = {"已发布": published, "已发布和未发布": living}
    chosen = st.radio("检查范围", list(scopes), key="review_scope", horizontal=True)
    return scopes[chosen or "已发布"]


@st.cache_data(max_entries=64, show_spinner="正在检查题目…")
def _findings(bank_code: str, made_of: tuple[object, ...], _items: Sequence[VersionView]) -> list[Finding]:
    """Tabs are drawn on every click, whichever is open: the same items are reviewed once. `made_of` tells other items from the same."""
    with store.reading() as session:
        basis = basis_of_bank(session, bank_code)
    return review(_items, basis)


def _found(bank_code: str, title: str, findings: Sequence[Finding], ids: dict[str, int]) -> None:
    by_rule = Counter(finding.code for finding in findings)
    chosen = st.multiselect(
        "只看这些规则",
        [code for code in RULES if by_rule[code]],
        format_func=lambda code: f"{RULES[code].title}（{by_rule[code]}）",
        key="review_rules",
        placeholder="全部",
        select_all=False,
    )
    shown = [finding for finding in findings if not chosen or finding.code in chosen]
    for severity, label in LABELS.items():
        group = [finding for finding in shown if finding.severity == severity]
        if group:
            components.section(f"{label}（{len(group)} 处）", _MEANING[severity])
            _table(bank_code, group, ids, key=f"review_{severity}")
    components.download_xlsx(
        "下载检查结果",
        review_frame(shown),
        subject=f"{title}命题检查",
        unit=settings().organiser,
        now=clock.now(),
        key="review_xlsx",
        notes=(SOURCE,),
    )


def _table(bank_code: str, findings: Sequence[Finding], ids: dict[str, int], *, key: str) -> None:
    start = components.pager(len(findings), key=key, size=_AT_ONCE)
    components.table(
        ["题目", "规则", "发现", "建议"],
        [
            [_open(bank_code, finding.item, ids), finding.rule.title, finding.message, finding.action]
            for finding in findings[start : start + _AT_ONCE]
        ],
    )


def _open(bank_code: str, code: str, ids: dict[str, int]) -> Markup | str:
    if code not in ids:
        return "题库整体"
    return components.badge(components.anchor(code, f"/banks?bank={bank_code}&item={ids[code]}"))  # a badge does not break at hyphens


def review_frame(findings: Sequence[Finding]) -> pd.DataFrame:
    """The findings as a table, Chinese headings."""
    return pd.DataFrame(
        [
            {
                "题目": finding.item or "题库整体",
                "级别": finding.label,
                "规则": finding.rule.title,
                "发现": finding.message,
                "建议": finding.action,
                "依据": finding.rule.source,
            }
            for finding in findings
        ]
    )


def _rules() -> None:
    with st.expander("按什么检查", icon=":material/rule:"):
        components.hint(SOURCE)
        components.table(["规则", "级别", "为什么", "依据"], [_rule(rule) for rule in RULES.values()])


def _rule(rule: Rule) -> list[object]:
    return [rule.title, components.badge(LABELS[rule.severity], _TONES[rule.severity]), rule.reason, rule.source]

"""Whom a programme concerns: numbers, a list to search, who has nobody registered, and why any single enterprise is in or not."""

from __future__ import annotations

from datetime import date

import streamlit as st
from sqlmodel import Session

from quiz.organisations import queries as organisations
from quiz.organisations.reach import Reaches
from quiz.organisations.reference import Reference
from quiz.training import audience as audiences
from quiz.training.audience import AudienceCount, Owed
from quiz.training.domain import Audience, selects, why
from quiz.training.queries import organisation_facts
from quiz.training.requirements import Requirements
from quiz.ui import components
from quiz.ui.components import Kpi
from quiz.vocabulary import PostRole

PAGE_SIZE = 10
FOUND = 20


def show(session: Session, audience: Audience, role: PostRole, reference: Reference, reach: Reaches, *, today: date, page: str) -> None:
    """The audience by today's roster."""
    found = audiences.count(session, audience=audience, role=role, reach=reach, today=today)
    components.kpi_row(
        [
            Kpi("按今天的名册，涉及", f"{found.total} 家", "不含已注销、吊销、合并的单位", tone="ok" if found.total else "bad"),
            Kpi(f"在任{role.label}", f"{found.holders} 人", "一人多企只计 1 人"),
            Kpi(
                "没有登记", f"{found.without_holder} 家", f"没有在任{role.label}，仍计入应训", tone="warn" if found.without_holder else "ok"
            ),
        ]
    )
    if not found.total:
        components.note("没有企业符合这些条件。请检查条件是否互相矛盾，或名册里的行业、标签是否登记完整。", tone="warn")
        return
    with st.expander("分区市、分行业的家数"):
        _tables(found)
    with st.expander("逐家查看名单"):
        _list(session, audience, role, reach, today=today, page=page)


def _tables(found: AudienceCount) -> None:
    left, right = st.columns(2)
    with left:
        components.table(("区市", "企业数"), [(name, number) for _, name, number in found.by_district], numbers=("企业数",))
    with right:
        components.table(("行业领域", "企业数"), [(name, number) for _, name, number in found.by_sector], numbers=("企业数",))


def _list(session: Session, audience: Audience, role: PostRole, reach: Reaches, *, today: date, page: str) -> None:
    text = st.text_input("查找", key=f"{page}_find", placeholder="企业名称或统一社会信用代码", max_chars=60).strip()
    vacant = st.checkbox(f"只看没有登记{role.label}的", key=f"{page}_vacant")
    key = f"{page}_page_{text}_{vacant}"
    start = int(st.session_state.get(key, 1) - 1) * PAGE_SIZE
    rows, total = audiences.listed(
        session, audience=audience, role=role, reach=reach, today=today, text=text, vacant=vacant, limit=PAGE_SIZE, offset=start
    )
    if not total:
        components.note("没有符合条件的企业。")
        return
    components.table(
        ("企业", "区市", "镇街", "行业领域", role.label),
        [
            (
                components.anchor(row.name, f"/enterprises?organisation={row.id}"),
                row.district,
                row.town or "—",
                row.sector,
                row.holders or components.badge("未登记", "warn"),
            )
            for row in rows
        ],
    )
    components.pager(total, key=key, size=PAGE_SIZE)


def single(
    session: Session, audience: Audience, role: PostRole, requirements: Requirements, reference: Reference, reach: Reaches, *,
    opens_on: date, page: str, programme_id: int = 0, paper: str = "",
) -> None:  # fmt: skip
    """Any enterprise within reach: is it in, why, and what its holders would owe."""
    text = st.text_input(
        "查一家企业：在不在对象内、负责人要完成什么", key=f"{page}_single", placeholder="企业名称、代码或负责人", max_chars=60
    ).strip()
    if not text:
        return
    found = organisations.find(session, text=text, reach=reach, limit=FOUND)
    if not found.total:
        components.note("管辖范围内没有查到这家企业，请核对名称。", tone="warn")
        return
    names = {row.id: f"{row.name}（{row.district_name}{row.town_name}）" for row in found.rows}
    chosen = st.selectbox("选择企业", list(names), format_func=names.__getitem__, key=f"{page}_single_choice")
    facts = organisation_facts(session, organisation_id=chosen)
    inside = selects(audience, facts)
    components.note(why(audience, facts, labels=_labels(reference)), tone="ok" if inside else "warn")
    if inside:
        owed = audiences.would_owe(
            session, organisation_id=chosen, requirements=requirements, role=role, opens_on=opens_on, programme_id=programme_id
        )
        components.bullets([sentence(each, requirements, paper) for each in owed])


def sentence(owed: Owed, requirements: Requirements, paper: str) -> str:
    """What one holder would owe, in a sentence."""
    parts = []
    if owed.minutes:
        kind = ("初次培训" if owed.is_first else "每年再培训") if requirements.is_by_law else "集中培训"
        parts.append(f"{kind} {owed.minutes / requirements.minutes_per_hour:g} 学时（{owed.source}）")
    elif requirements.is_by_law:
        parts.append(f"没有法定学时（{owed.source}）")
    if requirements.study_minutes:
        parts.append(f"学习资料 {requirements.study_minutes} 分钟")
    if requirements.paper or paper:
        parts.append(f"考试合格{f'（{paper}）' if paper else ''}")
    return f"{owed.person}：{'；'.join(parts) or '没有任何要求'}。"


def _labels(reference: Reference) -> dict[str, str]:
    return {
        **{code: row.name for code, row in reference.regions.items()},
        **{code: row.name for code, row in reference.sectors.items()},
        **{code: row.name for code, row in reference.features.items()},
        **{code: row.name for code, row in reference.departments.items()},
    }

"""What a programme asks for beside the paper: hours of class, learning cards, and how long it lasts."""

from __future__ import annotations

from typing import Any

import streamlit as st
from sqlmodel import Session

from quiz.banks import cards
from quiz.training import hours_by_law
from quiz.training.queries import ProgrammeView
from quiz.training.requirements import BY_LAW, Requirements
from quiz.training.service import LONGEST_HOUR, SHORTEST_HOUR
from quiz.training.study import card_cap
from quiz.ui import components
from quiz.vocabulary import HoursRule, PostRole

PAGE = "programme_editor"
OCCASIONS = {HoursRule.LAW_FIRST: (True,), HoursRule.LAW_YEARLY: (False,), HoursRule.LAW: (True, False)}


def edit(session: Session, known: ProgrammeView | None, role: PostRole, *, note: str = "") -> dict[str, Any]:
    """The section of the editor; answers with the columns of the programme."""
    components.section("四、学时和学习资料", "和试卷一样都是完成条件：要求了几项，几项都达到才算完成。")
    hours = _hours(known, role, note)
    study = _study(session, known)
    return {**hours, **study, **_lasting(known)}


def requirements(values: dict[str, Any]) -> Requirements:
    """The components as the rules see them, while they are still being chosen."""
    return Requirements(
        paper=values.get("paper_id") is not None,
        hours_rule=values["hours_rule"].value,
        fixed_minutes=round((values["hours_fixed"] or 0) * values["minutes_per_hour"]),
        minutes_per_hour=values["minutes_per_hour"],
        study_minutes=values["material_minutes"] if values["materials"] else 0,
        law=hours_by_law.table(),
    )


def _hours(known: ProgrammeView | None, role: PostRole, note: str) -> dict[str, Any]:
    rules = list(HoursRule)
    left, right = st.columns(2)
    with left:
        rule = st.selectbox(
            "集中培训学时", rules, index=rules.index(known.hours_rule) if known else 0, format_func=lambda each: each.label,
            key=f"{PAGE}_hours_rule",
        )  # fmt: skip
    with right:
        minutes = st.number_input(
            "一学时多少分钟", SHORTEST_HOUR, LONGEST_HOUR, known.minutes_per_hour if known else 45, step=5, key=f"{PAGE}_minutes_per_hour",
            help="法规没有统一规定，惯例 45 分钟；开班时也会写明。", disabled=rule is HoursRule.NONE,
        )  # fmt: skip
    fixed = None
    if rule is HoursRule.FIXED:
        value = float(known.hours_fixed) if known and known.hours_fixed else 8.0
        fixed = float(st.number_input("统一规定多少学时", 0.5, 200.0, value, step=0.5, format="%g", key=f"{PAGE}_hours_fixed"))
        if note:
            components.hint(note)
    if rule in BY_LAW:
        _law(role, rule)
    return {"hours_rule": rule, "hours_fixed": fixed, "minutes_per_hour": int(minutes)}


def _law(role: PostRole, rule: HoursRule) -> None:
    """The lines of law that decide, each with its clause."""
    table = hours_by_law.table()
    rows = []
    for is_first in OCCASIONS[rule]:
        for risky in (True, False):
            line = table.line(role.value, high_risk=risky, is_first=is_first)
            hours = f"{line.hours} 学时" if line.hours is not None else components.badge("没有规定", "bad")
            rows.append(("初次" if is_first else "每年", "学时高危" if risky else "一般", hours, hours_by_law.source_text(line)))
    components.table(("培训", "企业", "应达", "依据"), rows)
    if table.gaps(role.value, rule):
        components.note("这个岗位的法定学时不全，不能按法定学时开放；请改选“统一规定学时”并写明。", tone="bad")
    elif rule is HoursRule.LAW:
        components.hint(
            f"任职（同一岗位，不论在哪家企业，连续计算）不满 {table.first_within_months} 个月、没有初次培训记录的按初次；其余按每年。"
            "一人任多家企业的取最高要求。每年学时按自然年计算，跨年重新计；初次学时不清零。"
        )


def _study(session: Session, known: ProgrammeView | None) -> dict[str, Any]:
    offered = cards.editions_with_cards(session)
    now = [code for code in (known.materials if known else ()) if code in offered]
    chosen = st.multiselect(
        "学习资料（有学习卡的标准）", list(offered), default=now, format_func=offered.__getitem__, placeholder="不要求", select_all=False,
        key=f"{PAGE}_materials",
    )  # fmt: skip
    if not chosen:
        return {"materials": (), "material_minutes": 0}
    most = card_cap(cards.readable_characters(session, chosen)) // 60
    minutes = st.number_input(
        "要求学习多少分钟", 0, 600, known.material_minutes if known else 30, step=5, key=f"{PAGE}_material_minutes",
        help="由服务器按实际打开、翻看的时间计算；填 0 表示只推荐、不要求。",
    )  # fmt: skip
    components.hint(f"这些资料慢读两遍约 {most} 分钟；一张卡一天内计时有上限，所以一天最多能计这么多。")
    if minutes > most:
        components.note("要求的时间比慢读两遍还长，学员须分几天完成。", tone="warn")
    return {"materials": tuple(chosen), "material_minutes": int(minutes)}


def _lasting(known: ProgrammeView | None) -> dict[str, Any]:
    left, right = st.columns(2)
    with left:
        validity = st.number_input(
            "证书有效期（月，0 为长期）", 0, 120, (known.validity_months or 0) if known else 12, step=1, key=f"{PAGE}_validity"
        )
    with right:
        retraining = st.number_input(
            "再培训间隔（月，0 为不再培训）", 0, 120, (known.retraining_months or 0) if known else 12, step=1, key=f"{PAGE}_retraining"
        )
    interval = hours_by_law.retraining_interval()
    if retraining and not interval.at_least_months <= retraining <= interval.at_most_months:
        components.note(
            f"{interval.source}：两次再培训间隔原则上不少于 {interval.at_least_months} 个月、不超过 {interval.at_most_months} 个月。",
            tone="warn",
        )
    return {"validity_months": int(validity) or None, "retraining_months": int(retraining) or None}


def sentences(session: Session, programme: ProgrammeView) -> list[str]:
    """What is asked beside the paper, for reading."""
    asked = programme.requirements
    said = []
    if asked.hours:
        number = f"：{programme.hours_fixed:g} 学时" if programme.hours_rule is HoursRule.FIXED and programme.hours_fixed else ""
        said.append(f"学时：{programme.hours_rule.label}{number}，一学时 {programme.minutes_per_hour} 分钟。")
    if programme.materials:
        titles = cards.editions_with_cards(session, programme.materials)
        need = f"，不少于 {programme.material_minutes} 分钟" if programme.material_minutes else "（推荐，不作完成条件）"
        said.append(f"学习资料：{'、'.join(f'《{titles.get(code, code)}》' for code in programme.materials)}{need}。")
    lasting = [f"证书有效期 {programme.validity_months} 个月"] if programme.validity_months else []
    lasting += [f"每 {programme.retraining_months} 个月再培训一次"] if programme.retraining_months else []
    return said + ([f"周期：{'，'.join(lasting)}。"] if lasting else [])

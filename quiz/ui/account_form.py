"""A new account for an office, a trainer or an administrator, and the temporary password to hand over."""

from __future__ import annotations

import streamlit as st

from quiz import clock
from quiz.accounts import administration
from quiz.accounts.administration import STAFF
from quiz.accounts.domain import User
from quiz.organisations.reference import Reference
from quiz.problems import Refusal
from quiz.ui import components, gate, state, store
from quiz.ui.markup import draw, markup


def show_temporary_password() -> None:
    """The password somebody must be told, once; it is stored nowhere in plain."""
    secret = state.TEMPORARY_PASSWORD.take()
    if secret is None:
        return
    with st.container(border=True):
        components.heading(f"账号 {secret.account} 的临时密码", components.badge("只显示这一次", "warn"))
        draw(markup('<span class="ankao-secret">{}</span>', secret.password))
        components.bullets(
            ["请当面或电话告知使用人，不要发在工作群里。", "使用人首次登录后必须修改密码。离开本页后无法再次查看，遗失可重置。"]
        )


def _places(reference: Reference) -> dict[str, str]:
    """Districts and their towns by code, in order."""
    places = {}
    for district in reference.districts():
        places[district.code] = district.name
        places |= {town.code: f"{district.name} · {town.name}" for town in reference.towns_of(district.code)}
    return places


def show(user: User) -> None:
    """The form."""
    with store.reading() as session:
        reference = Reference.load(session)
    places, departments = _places(reference), {code: row.name for code, row in reference.departments.items()}
    with st.form("new_account", border=True):
        account = st.text_input("账号（登录用，不含空格）", key="new_account_name", max_chars=60, placeholder="例如：hc-office")
        name = st.text_input("使用人或单位名称", key="new_account_person", max_chars=60, placeholder="例如：环翠区安委办 张三")
        role = st.selectbox("角色", STAFF, format_func=lambda r: r.label, key="new_account_role")
        place = st.selectbox(
            "管辖区市或镇街",
            list(places),
            index=None,
            format_func=lambda code: places[code],
            key="new_account_region",
            placeholder="不限（全市）",
        )
        department = st.selectbox(
            "主管部门",
            list(departments),
            index=None,
            format_func=lambda code: departments[code],
            key="new_account_department",
            placeholder="不限（全部部门）",
        )
        components.bullets(
            [
                "区市和部门同时选择时取交集：只能看到本区市、本部门监管的企业。",
                "培训教师管理题库和试卷；安委会办公室管理名册、专项和统计；管理员管理账号、审计和备份。",
                "学员账号由本人用激活码开通，不在这里新建。",
            ]
        )
        wanted = st.form_submit_button("新建账号", type="primary", key="new_account_submit")
    if not wanted:
        return
    try:
        with store.transaction() as session:
            handed = administration.open_account(
                session,
                account=account,
                name=name,
                role=role,
                region_code=place,
                department_code=department,
                now=clock.now(),
                actor=gate.actor(user),
            )
    except Refusal as refusal:
        components.note(refusal.message, tone="bad", title="没有新建")
        return
    state.TEMPORARY_PASSWORD.set(state.Secret(handed.account, handed.password))
    components.say(f"账号 {handed.account} 已新建。")
    state.choose(account=handed.account_id)

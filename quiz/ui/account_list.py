"""The accounts: find one, see what it may do, and act on it."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import streamlit as st

from quiz import clock
from quiz.accounts import administration
from quiz.accounts.domain import User
from quiz.accounts.queries import AccountRow, list_accounts
from quiz.organisations.reference import Reference
from quiz.problems import Refusal
from quiz.ui import components, gate, state, store
from quiz.ui.components import Kpi, Tone
from quiz.vocabulary import AccountRole

_PAGE = 50


def figures(now: datetime) -> None:
    """How many there are."""
    with store.reading() as session:
        counted = administration.account_figures(session, now=now)
    components.kpi_row(
        [
            Kpi("账号总数", f"{counted.accounts} 个"),
            Kpi("工作人员", f"{counted.staff} 个"),
            Kpi("停用", f"{counted.disabled} 个"),
            Kpi("锁定中", f"{counted.locked} 个", tone="warn" if counted.locked else ""),
            Kpi("登录有效", f"{counted.signed_in} 人"),
        ]
    )


def state_of(row: AccountRow, now: datetime) -> tuple[str, Tone]:
    """Disabled, locked, never used, in use."""
    if row.disabled:
        return "已停用", "bad"
    if row.locked_until is not None and row.locked_until > now:
        return "锁定中", "warn"
    return ("正常", "ok") if row.last_sign_in_at else ("从未登录", "info")


def reach_text(row: AccountRow, departments: dict[str, str]) -> str:
    """How far the account reaches, departments by name."""
    if row.roles == AccountRole.TRAINEE.label:
        return "本人"
    return "、".join(departments.get(part, part) for part in row.reach.split("、"))


def find(now: datetime) -> int | None:
    """The list with its search; answers with the id of the account that is opened."""
    with st.container(horizontal=True):
        text = st.text_input("搜索账号或姓名", key="account_text", placeholder="账号、手机号或姓名", width=300)
        role = st.selectbox(
            "角色", list(AccountRole), index=None, format_func=lambda r: r.label, key="account_role", placeholder="全部", width=220
        )
    with store.reading() as session:
        _, total = list_accounts(session, text=text.strip(), role=role, limit=1)
        offset = components.pager(total, key="account_page", size=_PAGE)
        rows, _ = list_accounts(session, text=text.strip(), role=role, limit=_PAGE, offset=offset)
        departments = {code: row.name for code, row in Reference.load(session).departments.items()}
    if not rows:
        components.empty_state("没有符合条件的账号", "换一个关键词，或把角色改为“全部”。")
        return None
    st.markdown(f"共 **{total}** 个账号。在表中勾选一行（手机上点账号），打开这个账号。")
    frame = _frame(rows, departments, now)
    with components.wide_only("accounts"):
        place = components.data_table(frame, key="accounts", choose=True)
    links = [components.anchor(row.account, f"/accounts?account={row.id}") for row in rows]
    components.phone_rows(list(frame.columns), [[link, *cells[1:]] for link, cells in zip(links, frame.to_numpy().tolist(), strict=True)])
    return rows[place].id if place is not None else state.chosen_id("account")


def _frame(rows: list[AccountRow], departments: dict[str, str], now: datetime) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "账号": row.account,
                "姓名": row.name,
                "角色": row.roles,
                "管辖范围": reach_text(row, departments),
                "状态": state_of(row, now)[0],
                "最近登录": clock.show(row.last_sign_in_at) or "—",
            }
            for row in rows
        ]
    )


def show_one(user: User, account_id: int, now: datetime) -> None:
    """One account and what can be done with it. Raises NotFound when there is none."""
    with store.reading() as session:
        row = administration.account_row(session, account_id)
        departments = {code: row.name for code, row in Reference.load(session).departments.items()}
    with st.container(border=True):
        components.heading(f"{row.name}（{row.account}）", components.badge(*state_of(row, now)))
        components.facts(
            [
                ("角色", row.roles or "无"),
                ("管辖范围", reach_text(row, departments)),
                ("最近登录", clock.show(row.last_sign_in_at) or "从未登录"),
                ("锁定到", clock.show(row.locked_until) if row.locked_until and row.locked_until > now else "—"),
            ]
        )
        if account_id == user.account_id:
            components.note("这是您自己的账号：请用菜单底部的“修改密码”；停用须由另一位管理员操作。")
            return
        _acts(user, row)


def _acts(user: User, row: AccountRow) -> None:
    with st.container(horizontal=True):
        reset = components.confirm_button(
            "重置密码",
            key="reset_password",
            question="会生成一个临时密码，原密码立即失效，该账号须重新登录并修改密码；锁定同时解除。",
            yes="确认重置",
            icon=":material/lock_reset:",
        )
        if row.disabled:
            change = components.confirm_button("恢复账号", key="enable_account", question="恢复后，该账号可以重新登录。", yes="确认恢复")
        else:
            change = components.confirm_button(
                "停用账号",
                key="disable_account",
                question="停用后立即退出登录，不能再登录；成绩和记录保留。",
                yes="确认停用",
                icon=":material/block:",
            )
    if not (reset or change):
        return
    actor, now = gate.actor(user), clock.now()
    try:
        with store.transaction() as session:
            if reset:
                handed = administration.give_temporary_password(session, account_id=row.id, now=now, actor=actor)
                state.TEMPORARY_PASSWORD.set(state.Secret(handed.account, handed.password))
            elif row.disabled:
                administration.admit_account(session, account_id=row.id, now=now, actor=actor)
            else:
                administration.bar_account(session, account_id=row.id, now=now, actor=actor)
    except Refusal as refusal:
        components.note(refusal.message, tone="bad", title="没有办成")
        return
    components.say(f"账号 {row.account} " + ("的密码已重置。" if reset else "已恢复。" if row.disabled else "已停用。"))
    state.choose(account=row.id)

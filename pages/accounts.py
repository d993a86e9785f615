"""Give and take away the keys: offices, trainers, administrators; reset, disable, enable."""

import streamlit as st

from quiz import clock
from quiz.accounts.domain import Permission
from quiz.problems import NotFound
from quiz.ui import account_form, account_list, components, gate

user = gate.require(Permission.MANAGE_ACCOUNTS)
components.page_header("账号与权限", "新建、停用账号和重置密码；每一步都记入审计。")
now = clock.now()

account_form.show_temporary_password()
account_list.figures(now)
list_tab, new_tab = st.tabs(["账号列表", "新建账号"])
with list_tab:
    chosen = account_list.find(now)
    if chosen is not None:
        try:
            account_list.show_one(user, chosen, now)
        except NotFound as refusal:
            components.note(refusal.message, tone="bad")
with new_tab:
    account_form.show(user)

"""Import questions: the bank, the file, a preview of every row, the decisions, then the import; past imports and taking them back."""

import streamlit as st

from quiz.accounts.domain import Permission
from quiz.ui import bank_import_past, bank_import_view, components, gate

user = gate.require(Permission.MANAGE_PAPERS)
components.page_header("导入题目", "先预览，看清每一行怎样处理、哪里有问题，再导入。确认之前不写入任何内容。")

asks = bank_import_view.running()
bank_import_view.result(user)
if asks:
    with st.container(border=True):
        components.section("一、选择题库")
        goal = bank_import_view.destination()
    with st.container(border=True):
        components.section("二、选择文件", "已有自己的题库文件，直接选择即可，不必抄进模板。")
        bank_import_view.template()
        chosen = bank_import_view.upload()
        read = bank_import_view.reading(chosen) if chosen else None
    if chosen and read:
        with st.container(border=True):
            components.section("三、核对")
            planned = bank_import_view.plan(user, goal, chosen, read)
            bank_import_view.check(planned, chosen)
        with st.container(border=True):
            components.section("四、导入")
            bank_import_view.confirm(user, goal, chosen, planned)
    if not goal.is_new:
        bank_import_past.show(user, goal.code, goal.title)

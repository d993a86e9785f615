"""Whom to call first, and what came of the calls."""

from quiz import clock
from quiz.accounts.domain import Permission
from quiz.organisations.reference import Reference
from quiz.ui import calls_view, components, gate, store

user, reach = gate.require_reach(Permission.SEND_REMINDERS)
now = clock.now()

with store.reading() as session:
    components.page_header("电话催办", "未完成的企业按轻重缓急排序，写明为什么排在这里；打完电话随手登记结果。")
    asked = calls_view.question(session, Reference.load(session), reach)
    if asked is not None:
        calls_view.listing(session, asked, user, reach, now=now)
        calls_view.past(session, asked, user, reach)

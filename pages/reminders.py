"""Reminders: rules, wordings, addresses, and the outbox."""

from quiz import clock
from quiz.accounts.domain import Permission
from quiz.organisations.reference import Reference
from quiz.ui import components, gate, reminders_outbox, reminders_view, store

user, reach = gate.require_reach(Permission.SEND_REMINDERS)
now = clock.now()

with store.reading() as session:
    reference = Reference.load(session)
    components.page_header("消息提醒", "到期前后自动给负责人发短信、给镇街发汇总；同一件事只发一次。")
    reminders_view.mode_card(session, user, reach)
    programme = reminders_view.choose_programme(session)
    if programme is not None:
        reminders_view.rules(session, programme, user, reach, now=now)
        reminders_outbox.show(session, programme, user, reach)
    reminders_view.address_book(session, reference, user, reach)
    reminders_view.wordings(session, user, reach)

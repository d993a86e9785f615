"""Certificates: find, hand out, check, replace, revoke."""

from quiz import clock
from quiz.accounts.domain import Permission
from quiz.organisations.reference import Reference
from quiz.ui import certificates_view, components, gate, state, store

user, reach = gate.require_reach(Permission.MANAGE_CERTIFICATES)
today = clock.local_day(clock.now())
number = state.chosen("number")

with store.reading() as session:
    if number:
        certificates_view.one(session, number, user, reach, today=today)
    else:
        components.page_header("结业证明", "完成专项全部要求后自动出具，带签名和二维码；任何人都可以凭编号核验，也可以离线核验。")
        certificates_view.listing(session, Reference.load(session), user, reach, today=today)

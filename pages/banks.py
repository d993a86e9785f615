"""Look into the banks: items with key and reasons, clauses covered, versions; withdraw what is wrong."""

from quiz.accounts.domain import Permission
from quiz.problems import NotFound
from quiz.ui import bank_items, bank_list, components, gate, state

user = gate.require(Permission.SEE_BANKS)
bank = state.chosen("bank")

if bank:
    try:
        bank_items.show(user, bank)
    except NotFound as refusal:
        components.page_header("题库")
        components.empty_state(refusal.message, "可能已经改名，请从题库列表重新打开。", href="/banks", label="题库列表")
else:
    bank_list.show()

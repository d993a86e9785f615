"""The catalogue of standards: editions and their clauses, what a new one changed, and loading the next."""

from quiz.accounts.domain import Permission
from quiz.problems import NotFound
from quiz.ui import components, edition_upload, gate, standard_card, standard_list, state

user = gate.require(Permission.SEE_BANKS)
edition = state.chosen("edition")

try:
    if state.chosen("upload") and user.may(Permission.MANAGE_PAPERS):
        edition_upload.show(user)
    elif edition:
        standard_card.show(user, edition)
    else:
        standard_list.show(user)
except NotFound as refusal:
    components.page_header("标准目录")
    components.empty_state(refusal.message, "请从标准目录重新打开。", href="/standards", label="标准目录")

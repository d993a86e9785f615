"""Write papers: which items, how many points, when, how often; then publish."""

from quiz.accounts.domain import Permission
from quiz.problems import NotFound
from quiz.ui import components, gate, paper_card, paper_form, paper_list, state

user = gate.require(Permission.MANAGE_PAPERS)
paper_id = state.chosen_id("paper")

try:
    if state.chosen("paper") == "new":
        paper_form.show(user, None)
    elif paper_id is not None and state.chosen("do") == "edit":
        paper_form.show(user, paper_id)
    elif paper_id is not None:
        paper_card.show(user, paper_id)
    else:
        paper_list.show()
except NotFound as refusal:
    components.page_header("试卷")
    components.empty_state(refusal.message, "请从试卷列表重新打开。", href="/papers", label="试卷列表")

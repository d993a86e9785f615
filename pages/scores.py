"""Scores by enterprise, role, district and sector, down to one person's answers."""

from quiz import clock
from quiz.accounts.domain import Permission
from quiz.organisations.reference import Reference
from quiz.problems import NotFound
from quiz.training.queries import programme, programmes
from quiz.ui import components, gate, office, scores_detail, scores_view, state, store
from quiz.vocabulary import ProgrammeState

user, reach = gate.require_reach(Permission.SEE_SCORES)
now = clock.now()
today = clock.local_day(now)
organisation_id, person_id, attempt_id = (state.chosen_id(name) for name in ("organisation", "person", "attempt"))

with store.reading() as session:
    found = programmes(session, states=[ProgrammeState.OPEN, ProgrammeState.CLOSED])
    if organisation_id is not None:
        try:
            wanted = programme(session, code=state.chosen("programme"))
            if person_id is not None and attempt_id is not None:
                scores_detail.attempt(session, wanted, organisation_id, person_id, attempt_id, reach, today=today, now=now)
            elif person_id is not None:
                scores_detail.person(session, wanted, organisation_id, person_id, reach, today=today)
            else:
                may_open = user.may(Permission.MANAGE_ROSTER)
                scores_detail.enterprise(session, wanted, organisation_id, reach, today=today, may_open=may_open)
        except NotFound as refusal:
            components.page_header("成绩统计")
            components.empty_state(refusal.message, "可能已被移出您的管辖范围，请从列表重新打开。", href="/scores", label="返回成绩统计")
    else:
        reference = Reference.load(session)
        components.page_header("成绩统计", f"从全市到一个人的一次答卷，逐级可查。您的范围：{office.reach_text(reach, reference)}。")
        if found:
            asked = scores_view.ask(scores_view.with_papers_first(found), reference, reach, today=today)
            if scores_view.has_paper(asked):
                scores_view.listing(session, asked, reach)
                scores_view.download(asked, user, reach)
        else:
            components.empty_state("还没有成绩", "开放一个培训专项、有人答题以后，这里显示统计。", href="/", label="返回工作台")

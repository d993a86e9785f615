"""The roster: find an enterprise, open its file, keep it right."""

import streamlit as st

from quiz import clock
from quiz.accounts.domain import Permission
from quiz.organisations import queries
from quiz.organisations.reference import Reference
from quiz.problems import NotFound
from quiz.ui import components, enterprises_actions, enterprises_detail, enterprises_list, gate, office, state, store

user, reach = gate.require_reach(Permission.MANAGE_ROSTER)
today = clock.local_day(clock.now())
organisation_id = state.chosen_id("organisation")

with store.reading() as session:
    reference = Reference.load(session)
    if organisation_id is not None:
        try:
            view = queries.organisation_view(session, organisation_id, reach=reach)
        except NotFound as refusal:
            components.page_header("企业名册")
            components.empty_state(refusal.message, "可能已迁往其他区市。请从名册重新查找。", href="/enterprises", label="返回名册")
        else:
            enterprises_detail.head(view)
            profile, posts, duties, history, acts = st.tabs(["基本情况", "任职", "培训任务", "变更记录", "办理"])
            with profile:
                enterprises_detail.profile(view, reference)
            with posts:
                enterprises_detail.posts(view)
            with duties:
                enterprises_detail.duties(session, view, reach, may_see_scores=user.may(Permission.SEE_SCORES))
            with history:
                enterprises_detail.history(session, view)
            with acts:
                enterprises_actions.show(enterprises_actions.Desk(user, reach, reference, view, today))
    else:
        components.page_header("企业名册", f"查企业、看档案、办变更。您的范围：{office.reach_text(reach, reference)}。")
        components.link("数据质量：重复、缺项和矛盾", "/data_quality")
        listing, adding = st.tabs(["名册", "添加企业"])
        with listing:
            asked = enterprises_list.ask(reference, reach)
            if enterprises_list.show(session, asked, reach):
                make = enterprises_list.workbook(asked, reach)
                office.download(
                    "导出名册（按当前条件）",
                    make,
                    user=user,
                    action="export",
                    subject="企业名册",
                    key="enterprises_download",
                    detail={"filters": {name: value for name, value in asked.items() if value}},
                )
        with adding:
            enterprises_list.add(user, reference, reach, today)

"""Training institutions: the register, what runs out soon, one institution with its reviews."""

import streamlit as st

from quiz import clock
from quiz.accounts.domain import Permission
from quiz.classes import institutions
from quiz.classes.reach import institution_districts
from quiz.organisations.reference import Reference
from quiz.problems import NotFound
from quiz.ui import components, gate, institution_detail, institution_list, office, state, store

user, reach = gate.require_reach(Permission.MANAGE_INSTITUTIONS)
institution_id = state.chosen_id("institution")
today = clock.local_day(clock.now())

with store.reading() as session:
    reference = Reference.load(session)
    desk = institution_list.Register(user, reach, institution_districts(reach), reference, today)
    if institution_id is None:
        components.page_header("培训机构", f"登记、条件复核、清退。您的范围：{office.reach_text(reach, reference)}。")
        institution_list.show(session, desk)
    else:
        try:
            view = institutions.institution(session, institution_id, districts=desk.districts, today=today)
        except NotFound as refusal:
            components.page_header("培训机构")
            components.empty_state(refusal.message, "可能登记在其他区市。", href="/institutions", label="返回机构列表")
        else:
            institution_detail.head(view, desk)
            history, review, acts = st.tabs(["复核记录", "登记复核", "办理"])
            with history:
                institution_detail.history(view, desk)
            with review:
                institution_detail.review(view, desk)
            with acts:
                institution_detail.acts(view, desk)

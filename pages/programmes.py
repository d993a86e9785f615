"""Training programmes: who must pass what by when; opened by the city's office, eased for single enterprises by every office."""

import streamlit as st

from quiz import clock
from quiz.accounts.domain import Permission
from quiz.organisations.reference import Reference
from quiz.training.queries import programmes
from quiz.training.templates import template, templates
from quiz.ui import (
    components,
    gate,
    office,
    programmes_audience,
    programmes_duties,
    programmes_editor,
    programmes_templates,
    programmes_view,
    state,
    store,
)  # fmt: skip
from quiz.vocabulary import ProgrammeState

user, reach = gate.require_reach(Permission.MANAGE_PROGRAMMES)
today = clock.local_day(clock.now())
code = state.chosen("programme")
may_write = office.is_city_wide(reach)

with store.reading() as session:
    reference = Reference.load(session)
    found = programmes(session)
    if not may_write:
        found = [each for each in found if each.state is not ProgrammeState.DRAFT]
    chosen = next((each for each in found if each.code == code), None)
    taken = {each.code for each in found}
    made_from = template(state.chosen("template")) if state.chosen("template") in {each.code for each in templates()} else None
    if may_write and code == "templates":
        programmes_templates.choose(reference)
    elif may_write and code == "new" and made_from is not None and made_from.sectors:
        programmes_templates.by_sector(session, made_from, reference, user, reach, taken=taken, today=today)
    elif may_write and (code == "new" or (chosen is not None and state.chosen("do") == "edit")):
        programmes_editor.show(session, chosen, reference, reach, user, taken=taken, today=today, made_from=made_from)
    elif chosen is not None:
        components.page_header(chosen.title, f"{chosen.state.label}。您的范围：{office.reach_text(reach, reference)}。")
        components.link("返回专项列表", "/programmes")
        programmes_view.rules(session, chosen, reference)
        programmes_view.manage(chosen, user, reach, today=today)
        programmes_view.progress(session, chosen, reach, today=today)
        if chosen.state is ProgrammeState.DRAFT:
            components.section("开放后涉及哪些企业")
            programmes_audience.show(session, chosen.audience, chosen.role, reference, reach, today=today, page="draft")
        else:
            programmes_duties.show(session, chosen, user, reach, today=today)
        programmes_view.check_one(session, chosen, reference, reach)
        programmes_templates.next_cycle(session, chosen, user, reach, taken=taken, today=today)
    else:
        components.page_header("培训专项", f"谁、在什么期限前、学什么考什么。您的范围：{office.reach_text(reach, reference)}。")
        if may_write:
            with st.container(horizontal=True):
                components.link("从模板新建", "/programmes?programme=templates", primary=True)
                components.link("新建空白专项", "/programmes?programme=new")
        programmes_view.cards(session, found, reach, today=today)
        if not found:
            text = "选定培训对象、期限和试卷，存为草稿，核对后开放。" if may_write else "市安委会办公室开放专项后，这里显示本范围的进度。"
            components.empty_state(
                "还没有培训专项",
                text,
                href="/programmes?programme=templates" if may_write else "/",
                label="从模板新建" if may_write else "返回工作台",
            )

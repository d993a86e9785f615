"""Class sessions: the calendar, and one session with its timetable, classrooms, registrations, presences and sign-in sheets."""

from quiz import clock
from quiz.accounts.domain import Permission
from quiz.classes import queries
from quiz.classes.reach import class_reach
from quiz.organisations.reference import Reference
from quiz.problems import NotFound
from quiz.ui import (
    class_acts,
    class_detail,
    class_list,
    class_people,
    class_plan,
    class_presence,
    class_sheet,
    components,
    gate,
    office,
    state,
    store,
)

user, reach = gate.require_reach(Permission.MANAGE_CLASSES)
session_id = state.chosen_id("session")
now = clock.now()

with store.reading() as session:
    reference = Reference.load(session)
    desk = class_reach(session, reaches=reach, account_id=user.account_id)
    room = class_detail.Room(user, reach, desk, reference, now)
    if session_id is None:
        components.page_header("班次与签到", f"主课堂和分课堂的安排、报名、签到和学时。您的范围：{office.reach_text(reach, reference)}。")
        class_list.show(session, room)
        class_list.add(session, room)
    else:
        try:
            view = queries.opened(session, session_id, desk=desk, now=now)
        except NotFound as refusal:
            components.page_header("班次与签到")
            components.empty_state(refusal.message, "可能已删除，或由其他区市举办。", href="/classes", label="返回班次列表")
        else:
            class_detail.head(view, room)
            part = class_detail.choose_part()
            if part == "plan":
                class_plan.show(view, room)
            elif part == "people":
                class_people.show(session, view, room)
            elif part == "presences":
                class_presence.show(session, view, room)
            elif part == "sheet":
                class_sheet.show(session, view, room)
            else:
                class_acts.show(session, view, room)

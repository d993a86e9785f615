"""Help one person: another attempt, more time, a later closing, a new password, a lifted lock."""

from quiz import clock
from quiz.accounts import help_desk
from quiz.accounts.domain import Permission
from quiz.problems import NotFound
from quiz.ui import components, extensions_view, gate, state, store

user, reach = gate.require_reach(Permission.GRANT_EXTENSIONS)
now = clock.now()
person_id = state.chosen_id("person")

with store.reading() as session:
    if person_id is None:
        components.page_header("延期与补考", "增加考试次数、延长时间、推迟截止，以及重置密码和解锁；每一笔都写理由、可查。")
        extensions_view.find(session, reach, now)
        extensions_view.past(session, reach)
    else:
        try:
            person = help_desk.person_row(session, person_id=person_id, reach=reach)
        except NotFound as refusal:
            components.page_header("延期与补考")
            components.empty_state(refusal.message, "只能办理管辖范围内在任的人员。", href="/extensions", label="重新查找")
        else:
            components.page_header(person.name, "延期与补考")
            components.link("重新查找", "/extensions")
            extensions_view.account(person, user, reach, now)
            extensions_view.papers(session, person, user, reach, now)
            extensions_view.past(session, reach, person_id=person_id)

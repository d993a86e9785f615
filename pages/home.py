"""The first screen: by role, what is going on and what comes next."""

from quiz import clock
from quiz.accounts.domain import Permission
from quiz.ui import components, gate, home_parts, store

user = gate.require_user()
components.page_header(f"{user.name}，您好", "、".join(role.label for role in sorted(user.roles)))
now = clock.now()

with store.reading() as session:
    if user.may(Permission.MANAGE_ROSTER):
        home_parts.steps(session, user)
    if user.may(Permission.TAKE_QUIZ):
        home_parts.trainee(session, user, now)
    if user.may(Permission.SEE_COVERAGE):
        home_parts.office(session, user, now)
    if user.may(Permission.MANAGE_PAPERS):
        home_parts.trainer(session, now)
    if user.may(Permission.MANAGE_ACCOUNTS):
        home_parts.administrator(session, now)

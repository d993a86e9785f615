"""Who did what; whether the chain of records is whole; and the records as a file."""

from quiz import clock
from quiz.accounts.domain import Permission
from quiz.ui import audit_list, components, gate

user = gate.require(Permission.SEE_AUDIT)
components.page_header("审计记录", "登录、名册、试卷、成绩口径等重要操作都在这里留痕，记录首尾相连，改动或删除都能查出。")
audit_list.verify(user)
audit_list.show(user, clock.now())

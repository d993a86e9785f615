"""Version and sizes, the office's telephone, backups, and proofs that the figures are sound."""

from quiz.accounts.domain import Permission
from quiz.ui import components, gate, system_parts

user = gate.require(Permission.MANAGE_SYSTEM)
components.page_header("系统与备份")
system_parts.version_and_size()
system_parts.backup(user)
system_parts.telephone(user)
system_parts.soundness(user)
system_parts.settings_table()

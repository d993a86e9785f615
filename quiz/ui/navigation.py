"""The screens: where each stands in the menu and which permission opens it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from streamlit.runtime.pages_manager import PagesManager

from quiz.accounts.domain import Permission, User

# A folder named `pages` makes Streamlit run the file of the address by itself, without the shell, until `st.navigation` was
# called once in the process: whoever came first to a fresh server by a deep link saw a bare page and English file names.
PagesManager.uses_pages_directory = False


@dataclass(frozen=True)
class Screen:
    """One file of `pages/`. `permission` None = anybody signed in."""

    file: str
    title: str
    icon: str
    section: str
    permission: Permission | None

    @property
    def path(self) -> str:
        return self.file.removesuffix(".py")


PAGES = Path(__file__).parents[2] / "pages"

HOME = Screen("home.py", "工作台", ":material/home:", "首页", None)
SCREENS: tuple[Screen, ...] = (
    HOME,
    Screen("take_quiz.py", "我的考试", ":material/edit_note:", "学员", Permission.TAKE_QUIZ),
    Screen("my_results.py", "我的成绩", ":material/workspace_premium:", "学员", Permission.TAKE_QUIZ),
    Screen("coverage.py", "覆盖率", ":material/monitoring:", "办公室", Permission.SEE_COVERAGE),
    Screen("scores.py", "成绩统计", ":material/leaderboard:", "办公室", Permission.SEE_SCORES),
    Screen("enterprises.py", "企业名册", ":material/apartment:", "办公室", Permission.MANAGE_ROSTER),
    Screen("import_roster.py", "导入名册", ":material/upload_file:", "办公室", Permission.MANAGE_ROSTER),
    Screen("data_quality.py", "数据质量", ":material/fact_check:", "办公室", Permission.MANAGE_ROSTER),
    Screen("activation_slips.py", "激活码发放", ":material/key:", "办公室", Permission.ISSUE_ACTIVATIONS),
    Screen("programmes.py", "培训专项", ":material/assignment:", "办公室", Permission.MANAGE_PROGRAMMES),
    Screen("exemptions.py", "核减", ":material/rule:", "办公室", Permission.DECIDE_EXEMPTIONS),
    Screen("classes.py", "班次与签到", ":material/event_available:", "办公室", Permission.MANAGE_CLASSES),
    Screen("institutions.py", "培训机构", ":material/domain_verification:", "办公室", Permission.MANAGE_INSTITUTIONS),
    Screen("extensions.py", "延期与补考", ":material/more_time:", "办公室", Permission.GRANT_EXTENSIONS),
    Screen("documents.py", "通报与台账", ":material/article:", "办公室", Permission.PUBLISH_DOCUMENTS),
    Screen("calls.py", "电话催办", ":material/call:", "办公室", Permission.SEND_REMINDERS),
    Screen("reminders.py", "消息提醒", ":material/outgoing_mail:", "办公室", Permission.SEND_REMINDERS),
    Screen("certificates.py", "结业证明", ":material/verified:", "办公室", Permission.MANAGE_CERTIFICATES),
    Screen("banks.py", "题库", ":material/library_books:", "培训教师", Permission.SEE_BANKS),
    Screen("import_bank.py", "导入题目", ":material/drive_folder_upload:", "培训教师", Permission.MANAGE_PAPERS),
    Screen("standards.py", "标准目录", ":material/gavel:", "培训教师", Permission.SEE_BANKS),
    Screen("papers.py", "试卷", ":material/quiz:", "培训教师", Permission.MANAGE_PAPERS),
    Screen("accounts.py", "账号与权限", ":material/manage_accounts:", "系统管理", Permission.MANAGE_ACCOUNTS),
    Screen("audit_trail.py", "审计记录", ":material/policy:", "系统管理", Permission.SEE_AUDIT),
    Screen("system.py", "系统与备份", ":material/settings:", "系统管理", Permission.MANAGE_SYSTEM),
)


def paths() -> frozenset[str]:
    """URL paths of all screens; the home page answers at the root."""
    return frozenset({"", *(screen.path for screen in SCREENS)})


def is_open_to(screen: Screen, user: User) -> bool:
    """Whether one of the user's roles opens the screen. The menu hides the others; their own gate refuses."""
    return screen.permission is None or user.may(screen.permission)

"""What is around every screen: page settings, theme, menu, who is signed in, and what is said when a screen fails."""

from __future__ import annotations

import streamlit as st
import structlog

from quiz.accounts.domain import User
from quiz.problems import Refusal
from quiz.settings import settings
from quiz.ui import components, gate, navigation, theme

log = structlog.get_logger()


def run() -> None:
    """Draw the navigation for this user and run the chosen page."""
    st.set_page_config(page_title="安考 · 安全生产培训答题平台", page_icon=theme.ICON, layout="wide", initial_sidebar_state="auto")
    theme.apply()
    user = gate.require_user()
    chosen = st.navigation(_menu(user), expanded=True)
    with st.sidebar:
        theme.signature(user.name, "、".join(role.label for role in sorted(user.roles)), settings().organiser)
    try:
        chosen.run()
    except Refusal as refusal:
        components.note(refusal.message, tone="bad", title="没有办成")
    except Exception:  # logged, and said in Chinese where the framework would show its own English box
        log.exception("screen failed", screen=chosen.url_path)
        components.note("系统没有完成这个操作，已记录原因。请刷新页面重试；多次出现请联系管理员。", tone="bad", title="页面出错")


def _menu(user: User) -> dict[str, list[st.Page]]:  # type: ignore[valid-type]
    """All screens; those of other roles hidden, so that their address meets our refusal and not the framework's English one."""
    sections: dict[str, list[st.Page]] = {}  # type: ignore[valid-type]
    for screen in navigation.SCREENS:
        page = st.Page(
            f"pages/{screen.file}",
            title=screen.title,
            icon=screen.icon,
            url_path=screen.path,
            default=screen is navigation.HOME,
            visibility="visible" if navigation.is_open_to(screen, user) else "hidden",
        )
        sections.setdefault(screen.section, []).append(page)
    return sections

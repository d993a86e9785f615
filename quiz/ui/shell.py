"""What is around every screen: page settings, theme, menu, who is signed in."""

from __future__ import annotations

import streamlit as st

from quiz.settings import settings
from quiz.ui import gate, navigation, theme


def run() -> None:
    """Draw the navigation for this user and run the chosen page."""
    st.set_page_config(page_title="安考 · 安全生产培训答题平台", page_icon=theme.ICON, layout="wide", initial_sidebar_state="auto")
    theme.apply()
    user = gate.require_user()
    sections: dict[str, list[st.Page]] = {}  # type: ignore[valid-type]
    for screen in navigation.visible(user):
        page = st.Page(
            f"pages/{screen.file}", title=screen.title, icon=screen.icon, url_path=screen.path, default=screen is navigation.HOME
        )
        sections.setdefault(screen.section, []).append(page)
    chosen = st.navigation(sections)
    with st.sidebar:
        theme.signature(user.name, "、".join(role.label for role in sorted(user.roles)), settings().organiser)
    chosen.run()

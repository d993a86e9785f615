"""Look of the screens: what `.streamlit/config.toml` cannot say, and Chinese over the framework's own English."""

from __future__ import annotations

from html import escape
from pathlib import Path

import streamlit as st

ICON = str(Path(__file__).parent.parent / "web" / "static" / "icon.svg")
_CSS = Path(__file__).with_name("theme.css")


def apply() -> None:
    """Add our style sheet."""
    st.html(f"<style>{_CSS.read_text(encoding='utf-8')}</style>")


def signature(name: str, roles: str, organiser: str) -> None:
    """Who is signed in, and the ways out, at the foot of the menu."""
    st.markdown(
        f'<div class="ankao-user"><b>{escape(name)}</b><span>{escape(roles)}</span>'
        '<nav><a href="/change-password" target="_self">修改密码</a><a href="/sign-out" target="_self">退出登录</a></nav>'
        f"<small>{escape(organiser)}</small></div>",
        unsafe_allow_html=True,
    )

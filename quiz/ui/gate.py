"""Who is at the screen, re-read from the cookie on every rerun; deny by default."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st

from quiz import clock
from quiz.accounts import queries
from quiz.accounts.audit import Actor
from quiz.accounts.domain import Permission, User
from quiz.organisations.reach import Reaches
from quiz.settings import settings
from quiz.ui import state, store

COOKIE = "ankao_session"


def read_token() -> str:
    """The cookie's token. The one place tests replace: AppTest cannot send cookies, and there is no other way in."""
    return st.context.cookies.get(COOKIE, "")


def read_address() -> str:
    """Where the browser is, for the audit trail; like the HTTP doors it believes only the proxies named in the settings."""
    direct = st.context.ip_address or "127.0.0.1"
    trusted = {part.strip() for part in settings().trusted_proxies.split(",") if part.strip()}
    forwarded = st.context.headers.get("X-Forwarded-For", "") if direct in trusted else ""
    return forwarded.rsplit(",", 1)[-1].strip() or direct


def current_user() -> User | None:
    """The signed-in user, or None."""
    with store.reading() as session:
        return queries.user_of_token(session, read_token(), now=clock.now())


def require_user() -> User:
    """The signed-in user; otherwise the page ends here with the way to the door."""
    user = current_user()
    if user is None:
        _turn_away("登录已失效", "请重新登录后继续。", link="/sign-in", label="去登录")
    state.belong_to(user.account_id)
    if user.must_change_password:
        _turn_away("请先修改密码", "管理员为您设置的是临时密码。", link="/change-password", label="修改密码")
    return user


def require(permission: Permission) -> User:
    """The signed-in user if a role allows it; otherwise the page ends here."""
    user = require_user()
    if not user.may(permission):
        _turn_away("没有此项权限", "您的账号不能查看这个页面。如需开通，请联系系统管理员。", link="/", label="返回首页")
    return user


def require_reach(permission: Permission) -> tuple[User, Reaches]:
    """The user and the rows this permission extends to."""
    user = require(permission)
    return user, user.reach(permission)


def actor(user: User) -> Actor:
    """Who acts, for the audit trail."""
    return Actor(user.account_id, user.account, read_address())


def _turn_away(title: str, text: str, *, link: str, label: str) -> NoReturn:
    st.title(title)
    st.write(text)
    st.markdown(f'<a href="{link}" target="_self" class="ankao-link-button">{label}</a>', unsafe_allow_html=True)
    st.stop()
    raise AssertionError("unreachable")

"""Every screen of these, for every role: what is allowed is drawn without an error, everything else is refused."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from quiz.db import Database
from quiz.ui import gate, navigation
from tests.pages.conftest import ENTRY, ROLES, Open, sign_in, words

TITLES = {
    "take_quiz": "我的考试",
    "my_results": "我的成绩",
    "banks": "题库",
    "import_bank": "导入题目",
    "standards": "标准目录",
    "papers": "试卷",
    "exemptions": "核减",
    "classes": "班次与签到",
    "institutions": "培训机构",
    "accounts": "账号与权限",
    "audit_trail": "审计记录",
    "system": "系统与备份",
}
STAFF = {"trainer", "office", "district", "administrator"}
ALLOWED = {
    "take_quiz": {"trainee"},
    "my_results": {"trainee"},
    "banks": STAFF,
    "import_bank": {"trainer", "administrator"},
    "standards": STAFF,
    "papers": {"trainer", "administrator"},
    "exemptions": {"office", "district", "administrator"},
    "classes": STAFF,
    "institutions": {"office", "district", "administrator"},
    "accounts": {"administrator"},
    "audit_trail": {"administrator"},
    "system": {"administrator"},
}


@pytest.mark.parametrize("screen", TITLES)
def test_a_screen_opens_for_its_roles_and_for_nobody_else(open_screen: Open, screen: str) -> None:
    shown = {}
    for role in ROLES:
        app = open_screen(screen, role)
        assert not app.exception, (role, app.exception)
        shown[role] = app.title[0].value

    assert shown == {role: TITLES[screen] if role in ALLOWED[screen] else "没有此项权限" for role in ROLES}


@pytest.mark.parametrize("screen", TITLES)
def test_a_stranger_is_sent_to_the_door(open_screen: Open, screen: str) -> None:
    app = open_screen(screen, "")

    assert (app.title[0].value, "/sign-in" in words(app), len(app.button)) == ("登录已失效", True, 0)


@pytest.mark.parametrize("role", ROLES)
def test_home_greets_everybody_with_the_name_as_it_is_written(open_screen: Open, role: str) -> None:
    app = open_screen("home", role)

    assert not app.exception
    assert app.title[0].value.replace("\\", "").endswith("，您好")
    if role == "trainee":
        assert app.title[0].value == r"王\*建国\*，您好"


def test_home_shows_an_office_the_rate_with_its_parts(open_screen: Open) -> None:
    assert "已完成 0 ÷ 应训 1" in words(open_screen("home", "district"))


def test_every_screen_of_the_menu_has_the_gate_its_menu_entry_names() -> None:
    written = [screen for screen in navigation.SCREENS if (navigation.PAGES / screen.file).exists()]
    for screen in written:
        source = (navigation.PAGES / screen.file).read_text(encoding="utf-8")
        if screen.permission is None:
            assert "gate.require_user()" in source
        else:
            assert f"Permission.{screen.permission.name})" in source, screen.file


def test_a_signed_out_token_opens_nothing(site: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(site, "administrator")
    monkeypatch.setattr(gate, "read_token", lambda: "a-made-up-token")

    app = AppTest.from_file(ENTRY, default_timeout=30).run()

    assert app.title[0].value == "登录已失效"

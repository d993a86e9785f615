"""The code that proves whoever makes the first administrator can read the server's console."""

from __future__ import annotations

import hmac
import sys

from quiz.accounts.domain import tidy_code
from quiz.db import Database
from quiz.keyed_digest import keyed_digest
from quiz.problems import Invalid


def setup_code(database: Database) -> str:
    """Eight characters derived from the installation's key: the same until the first account is made."""
    digest = keyed_digest(f"setup:{database.url.render_as_string(hide_password=True)}").upper()
    return f"{digest[:4]}-{digest[4:8]}"


def announce(database: Database) -> None:
    """Print the code where only the administrator of the machine sees it."""
    print(f"\n  首次使用：请在浏览器打开 /first-run 创建管理员，设置码：{setup_code(database)}\n", file=sys.stderr, flush=True)


def check(database: Database, given: str) -> None:
    """Raises Invalid when it is not the code."""
    if not hmac.compare_digest(tidy_code(given).encode(), tidy_code(setup_code(database)).encode()):
        raise Invalid("设置码不正确。设置码显示在启动服务的命令行窗口里。", code="setup_code")

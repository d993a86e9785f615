"""The administrator's last two screens: the trail and the system."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from sqlalchemy import text

from quiz import settings
from quiz.accounts.administration import OFFICE_TELEPHONE, setting
from quiz.accounts.labels import ACTIONS
from quiz.db import Database
from tests.pages.conftest import Open, words


def test_the_trail_is_listed_in_chinese(open_screen: Open) -> None:
    frame = open_screen("audit_trail", "administrator").dataframe[0].value

    assert list(frame.columns) == ["记录号", "时间", "账号", "操作", "对象", "结果", "来源地址", "说明"]
    assert set(frame["操作"]) == {"登录", "新建账号"}


def test_an_intact_trail_is_reported_as_intact(open_screen: Open) -> None:
    app = open_screen("audit_trail", "administrator")

    app.button(key="verify_audit").click().run()

    assert "审计记录完整" in words(app)


def test_a_changed_row_of_the_trail_is_found(open_screen: Open, site: Database) -> None:
    app = open_screen("audit_trail", "administrator")
    with site.transaction() as session:
        session.execute(text("update audit_event set account = '别人' where id = 2"))

    app.button(key="verify_audit").click().run()

    assert "审计记录有异常" in words(app)


def test_the_telephone_is_kept(open_screen: Open, site: Database) -> None:
    app = open_screen("system", "administrator")

    app.text_input(key="telephone_number").set_value("0631-5200000")
    app.button(key="telephone_save").click().run()

    with site.reading() as session:
        assert setting(session, OFFICE_TELEPHONE) == "0631-5200000"


def test_a_backup_is_written_beside_the_database(open_screen: Open, site: Database) -> None:
    app = open_screen("system", "administrator")

    app.button(key="backup_now").click().run()

    [made] = (Path(site.url.database or "").parent / "backups").iterdir()
    assert (not app.exception, zipfile.is_zipfile(made), made.stat().st_mode & 0o077) == (True, True, 0)


def test_the_figures_are_proved_on_screen(open_screen: Open) -> None:
    app = open_screen("system", "administrator")

    app.button(key="verify_coverage").click().run()

    assert "覆盖率无误" in words(app)


def test_every_act_that_is_recorded_has_a_chinese_name() -> None:
    sources = [path.read_text(encoding="utf-8") for folder in ("quiz", "pages") for path in (settings.ROOT / folder).rglob("*.py")]

    wording = re.compile(r'(?:action="|record\(\s*session,\s*(?:self\.)?user,\s*"|\.act\(\s*")([a-z_]+)"')
    recorded = {code for source in sources for code in wording.findall(source)}

    assert recorded - ACTIONS.keys() == set()

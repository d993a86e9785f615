"""A bank leaves as a file: what does not fit is seen before, and the export is recorded."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from quiz import clock
from quiz.accounts.audit import SYSTEM
from quiz.db import Database
from quiz.exchange import export, service
from quiz.exchange.export import ExportFormat
from quiz.ui import bank_export
from tests.exchange.material import PICTURE, draft, reading, row
from tests.pages.conftest import sign_in, words


def screen(database: Database, monkeypatch: pytest.MonkeyPatch, account: str = "trainer", bank: str = "own") -> AppTest:
    from quiz.ui import gate

    token = sign_in(database, account)
    monkeypatch.setattr(gate, "read_token", lambda: token)
    monkeypatch.setattr(gate, "read_address", lambda: "10.0.0.7")

    def script(code: str) -> None:
        from quiz.ui import bank_export, gate

        bank_export.show(gate.require_user(), code, "本厂题库")

    return AppTest.from_function(script, args=(bank,), default_timeout=30).run()


@pytest.fixture
def own(site: Database) -> Database:
    matching = {
        "code": "", "type": "matching", "stem": "配对<b>_x0041_？", "prompts": {"1": "甲", "2": "乙"}, "options": {"A": "一", "B": "二"}, "key": ["1A", "2B"]
    }  # fmt: skip
    file = reading(draft("一？"), row(2, draft("看图？"), pictures=(PICTURE,)), type(draft("x")).model_validate(matching))
    service.import_bank(site, reading=file, bank_code="own", file_name="", digest="", actor=SYSTEM, now=clock.now())
    return site


def test_only_formats_that_can_be_written_are_offered() -> None:
    offered = bank_export.formats()

    assert {ExportFormat.XLSX, ExportFormat.CSV} <= set(offered)
    for format in offered:
        assert export.check((), format).holds == ()


def test_what_a_format_leaves_out_or_loses_is_listed_before(own: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    app = screen(own, monkeypatch)
    before = words(app)

    app.selectbox(key="export_format_own").set_value(ExportFormat.XLSX).run()

    shown = words(app)
    assert ("将导出" in before, app.exception.len) == (False, 0)
    assert [part in shown for part in ("q-0003", "不能保存其中的控制字符", "q-0002", "图片不随表格导出")] == [True] * 4
    assert [button.label for button in app.get("download_button")] == ["下载 2 题"]


def test_a_bank_that_fits_whole_says_so(site: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    app = screen(site, monkeypatch, bank="trade-industry")

    app.selectbox(key="export_format_trade-industry").set_value(ExportFormat.XLSX).run()

    assert ("放得下全部题目" in words(app), app.exception.len) == (True, 0)


def test_drafts_are_not_exported(site: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    file = reading(draft("一？"))
    service.import_bank(site, reading=file, bank_code="own", file_name="", digest="", actor=SYSTEM, now=clock.now(), publish=False)
    app = screen(site, monkeypatch)

    app.selectbox(key="export_format_own").set_value(ExportFormat.XLSX).run()

    assert ("没有已发布的题目" in words(app), len(app.get("download_button"))) == (True, 0)


def test_an_office_takes_no_bank_away(own: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    app = screen(own, monkeypatch, account="office")

    assert ("由培训教师导出" in words(app), len(app.selectbox), len(app.get("download_button"))) == (True, 0, 0)

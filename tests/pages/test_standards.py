"""The catalogue of standards on screen: look up, load a new edition, see what it did, and who took what it changed."""

from __future__ import annotations

import io
from datetime import date, timedelta

import openpyxl
import pytest
from sqlmodel import col, select
from streamlit.testing.v1 import AppTest

from quiz import clock
from quiz.banks import edition_file, files, queries
from quiz.db import Database
from quiz.models.accounts import AuditEvent
from quiz.models.attempts import Attempt
from quiz.models.banks import Clause, Edition, Item
from quiz.vocabulary import ItemState
from tests.organisations.sheets import saved
from tests.pages.conftest import Open, words
from tests.pages.office_site import FOREIGN, Ids, everything, ids

__all__ = ["ids"]
OLD, STANDARD, NEW = "trade-industry-2023", "trade-industry", "trade-industry-2026"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook(database: Database, *, rewrite: int = 10_000) -> bytes:
    """The template of the old edition with the first clauses rewritten."""
    with database.reading() as session:
        data = edition_file.write_template(queries.clauses_of_edition(session, OLD), title="工贸")
    book = openpyxl.load_workbook(io.BytesIO(data))
    sheet = book["条款"]
    for row in range(2, sheet.max_row + 1):
        if sheet.cell(row, 4).value and row < rewrite + 2:
            sheet.cell(row, 4).value = f"{sheet.cell(row, 4).value}每月复核一次。"
    return saved(book)


def fill(open_screen: Open, data: bytes, *, effective: date, account: str = "trainer") -> AppTest:
    """The form with the standard chosen, the day typed and the workbook uploaded."""
    app = open_screen("standards", account, upload="1")
    app.selectbox(key="upload_standard").set_value(STANDARD).run()
    app.text_input(key=f"effective_{OLD}").set_value(effective.isoformat()).run()
    return app.file_uploader[0].upload("新版.xlsx", data, XLSX).run()


def load(open_screen: Open, database: Database, **more: date) -> AppTest:
    app = fill(open_screen, workbook(database), effective=more.get("effective", date(2026, 1, 1)))
    return app.button(key="confirm_edition").click().run()


def states(database: Database) -> set[str]:
    with database.reading() as session:
        return set(session.scalars(select(col(Item.state)).where(col(Item.bank_code) == STANDARD)))


# 目录 -----------------------------------------------------------------------------------------------------------------


def test_the_catalogue_can_be_searched(open_screen: Open) -> None:
    app = open_screen("standards", "office")
    everything_shown = words(app)

    app.text_input(key="standards_q").set_value("煤矿重大 21号").run()
    found = words(app)

    assert ("共 **1** 部标准" in found, "煤矿重大事故隐患判定标准" in found, "效力提示" in everything_shown) == (True, True, True)
    app.text_input(key="standards_q").set_value("没有这样的标准").run()
    assert "没有符合条件的标准" in words(app)


def test_an_edition_shows_its_relations_and_the_clauses_that_are_not_tested(open_screen: Open) -> None:
    text = words(open_screen("standards", "office", edition="coal-mine-2026"))

    shown = ("现行有效", "/standards?edition=coal-mine-2020", "/banks?bank=coal-mine", "背景信息或未核实，不出题", "第四条第(一)项")
    assert [part for part in shown if part not in text] == []


def test_a_superseded_edition_leads_to_its_successor_and_shows_its_caution(open_screen: Open) -> None:
    text = words(open_screen("standards", "office", edition="coal-mine-2020"))

    assert ("已被替代" in text, "/standards?edition=coal-mine-2026" in text, "效力提示" in text) == (True, True, True)


def test_the_difference_marks_the_changed_words(open_screen: Open) -> None:
    app = open_screen("standards", "office", edition="coal-mine-2026", view="changes")
    text = words(app)

    assert [mark in text for mark in ("<ins>", "<del>", "有修改", "删除", 'data-label="上一版"')] == [True] * 5


@pytest.mark.parametrize("view", ["items", "taken"])
def test_without_any_item_the_views_say_so(open_screen: Open, view: str) -> None:
    app = open_screen("standards", "office", edition="fire-2025", view=view)

    assert (app.exception.len, "没有" in words(app)) == (0, True)


def test_an_unknown_edition_leads_back_to_the_list(open_screen: Open) -> None:
    app = open_screen("standards", "office", edition="nothing")

    assert (app.exception.len, "没有这个版本" in words(app)) == (0, True)


# 载入 -----------------------------------------------------------------------------------------------------------------


def test_nothing_is_written_before_it_is_confirmed(open_screen: Open, site: Database) -> None:
    app = fill(open_screen, workbook(site, rewrite=3), effective=date(2026, 1, 1))
    text = words(app)

    assert ("何时生效" in text, "施行日期已到，确认后立即生效" in text, "题目会怎样" in text) == (True, True, True)
    assert "有修改</span><b>3 条" in text
    with site.reading() as session:
        assert session.get(Edition, NEW) is None
    assert states(site) == {ItemState.PUBLISHED.value}


def test_a_new_edition_takes_over_at_once_when_its_day_has_come(open_screen: Open, site: Database) -> None:
    app = load(open_screen, site)

    assert ("载入完成，已生效" in words(app), "view=taken" in words(app), app.query_params["edition"]) == (True, True, NEW)
    assert states(site) == {ItemState.WITHDRAWN.value}
    with site.reading() as session:
        assert [session.get_one(Edition, code).status for code in (OLD, NEW)] == ["superseded", "in_force"]
        acts = session.scalars(select(col(AuditEvent.subject)).where(col(AuditEvent.action) == "load_edition")).all()
    assert acts == [NEW]
    assert "undo_edition" not in [button.key for button in app.button]
    assert "已经施行并接替了上一版" in words(app)
    impact = words(open_screen("standards", "trainer", edition=NEW, view="items"))
    assert ("仍停用" in impact, "所依据的条款在新版中" in impact) == (True, True)


def test_an_edition_of_a_later_day_waits_and_can_be_taken_back(open_screen: Open, site: Database) -> None:
    later = clock.local_day(clock.now()) + timedelta(days=40)
    edition = f"{STANDARD}-{later.year}"
    load(open_screen, site, effective=later)
    assert states(site) == {ItemState.PUBLISHED.value}
    expected = words(open_screen("standards", "trainer", edition=edition, view="items"))
    assert ("已公布未施行" in expected, "施行后对题目的影响" in expected) == (True, True)

    app = open_screen("standards", "trainer", edition=edition)
    app.button(key="undo_edition").click().run()

    assert "已撤销载入" in words(app)
    with site.reading() as session:
        assert (session.get(Edition, edition), session.scalars(select(Clause).where(col(Clause.edition_code) == edition)).all()) == (
            None,
            [],
        )


def test_faults_are_listed_by_place_and_there_is_nothing_to_confirm(open_screen: Open, site: Database) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook(site)))
    book["条款"].cell(5, 2).value = None

    app = fill(open_screen, saved(book), effective=date(2026, 1, 1))

    assert "工作表“条款”第 5 行“分组”列" in words(app)
    assert "confirm_edition" not in [button.key for button in app.button]


@pytest.mark.parametrize(
    ("typed", "message"), [("", "施行日期：请填写"), ("明年", "不是日期"), ("2020-01-01", "施行日期应晚于被替代版本的施行日期")]
)
def test_a_day_that_does_not_fit_is_refused(open_screen: Open, site: Database, typed: str, message: str) -> None:
    app = fill(open_screen, workbook(site), effective=date(2026, 1, 1))

    app.text_input(key=f"effective_{OLD}").set_value(typed).run()

    assert (message in words(app), "confirm_edition" in [button.key for button in app.button]) == (True, False)


def test_a_yaml_file_can_be_loaded_and_refused(open_screen: Open, site: Database) -> None:
    app = open_screen("standards", "administrator", upload="1")
    app.radio(key="upload_way").set_value(app.radio(key="upload_way").options[1]).run()
    app.file_uploader[0].upload("新版.yaml", b"standard: [", "application/yaml").run()
    refused = words(app)
    source = next(path for path in files.standard_files() if path.stem == OLD).read_text(encoding="utf-8")
    text = source.replace(OLD, NEW).replace("status: in_force", f"status: in_force\nsupersedes: {OLD}")

    app.file_uploader[0].upload("新版.yaml", text.encode(), "application/yaml").run()
    app.button(key="confirm_edition").click().run()

    assert ("文件“新版.yaml”" in refused, "载入完成" in words(app), states(site)) == (True, True, {ItemState.PUBLISHED.value})


def test_an_office_looks_but_loads_nothing(open_screen: Open, site: Database) -> None:
    app = open_screen("standards", "office", upload="1")

    assert (app.title[0].value, "upload_edition" in [button.key for button in app.button]) == ("标准目录", False)


# 谁考过 ---------------------------------------------------------------------------------------------------------------


def test_a_district_sees_its_own_people_only_and_old_attempts_stay(open_screen: Open, site: Database, ids: Ids) -> None:
    with site.reading() as session:
        before = [row.model_dump() for row in session.scalars(select(Attempt).order_by(col(Attempt.id)))]
    load(open_screen, site)

    district = everything(open_screen("standards", "district", edition=NEW, view="taken"))
    city = everything(open_screen("standards", "office", edition=NEW, view="taken"))

    assert ("本区张三" in district, "本区甲厂有限公司" in district) == (True, True)
    assert [name for name in FOREIGN if name in district] == []
    assert ("本区张三" in city, "他区李四" in city) == (True, True)
    with site.reading() as session:
        assert [row.model_dump() for row in session.scalars(select(Attempt).order_by(col(Attempt.id)))] == before

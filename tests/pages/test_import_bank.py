"""A trainer imports a file of questions: everything is seen before anything is written, and can be taken back."""

from __future__ import annotations

import io
from typing import Any

import pytest
from openpyxl import Workbook
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from quiz import clock
from quiz.accounts.audit import SYSTEM
from quiz.banks import queries, workflow
from quiz.db import Database
from quiz.exchange import service
from quiz.exchange.domain import Format
from quiz.exchange.plan import Clash, Decision, ImportPlan, Known, Pair
from quiz.exchange.writers import template
from quiz.models.accounts import AuditEvent
from quiz.models.banks import Bank
from quiz.ui.bank_import_clashes import Choice, decisions, key_of, open_conflicts, replaced_twice
from tests.exchange.material import PICTURE, draft, reading
from tests.pages.conftest import Open, words

HEADER = ("题型", "题干", "A", "B", "C", "答案", "依据条款")
GOOD = ("单选题", "灭火器多长时间检查一次？", "每月", "每季", "每年", "A", "")
NUMBERED = ("单选题", "2、谁是安全生产第一责任人？", "主要负责人", "安全员", "班组长", "A", "")
KEYLESS = ("单选题", "<script>alert(1)</script>没有答案的题？", "甲", "乙", "丙", "", "")
OTHER_KEY = ("单选题", "灭火器多长时间检查一次？", "每月", "每季", "每年", "B", "")


def workbook(*rows: tuple[str, ...]) -> bytes:
    book, stream = Workbook(), io.BytesIO()
    for row in (HEADER, *rows):
        book.active.append(list(row))
    book.save(stream)
    return stream.getvalue()


def choose(app: AppTest, data: bytes, name: str = "题库.xlsx") -> AppTest:
    return app.file_uploader[0].set_value((name, data, "application/octet-stream")).run()


def new_bank(app: AppTest, title: str = "本厂题库") -> AppTest:
    app.radio(key="import_bank_way").set_value("新建题库").run()
    return app.text_input(key="import_bank_title").set_value(title).run()


def confirm(app: AppTest) -> AppTest:
    return next(button for button in app.button if str(button.key).startswith("import_bank_confirm")).click().run()


def may_confirm(app: AppTest) -> bool:
    return any(str(button.key).startswith("import_bank_confirm") and not button.disabled for button in app.button)


def items(database: Database, bank: str = "bank-0001") -> dict[str, tuple[str, str]]:
    with database.reading() as session:
        return {view.item_code: (view.stem, view.state) for view in queries.items_of_bank(session, bank)}


def banks(database: Database) -> set[str]:
    with database.reading() as session:
        return set(session.exec(select(Bank.code)).all())


def test_everything_is_seen_before_anything_is_written(open_screen: Open, site: Database) -> None:
    before = banks(site)
    app = choose(new_bank(open_screen("import_bank", "trainer")), workbook(GOOD, NUMBERED, KEYLESS))

    shown = words(app)
    assert "共 4 行 = 接受 1 + 修正后接受 1 + 拒绝 1 + 跳过 1" in shown
    assert ("识别为 Excel 表格" in shown, "没有答案" in shown, "题号已去掉" in shown) == (True, True, True)
    assert ("&lt;script&gt;alert(1)&lt;/script&gt;" in shown, "<script>" in shown) == (True, False)
    assert (banks(site), may_confirm(app)) == (before, True)


def test_refused_and_repaired_rows_come_first_and_an_item_opens_as_its_candidate_sees_it(open_screen: Open) -> None:
    app = choose(new_bank(open_screen("import_bank", "trainer")), workbook(GOOD, NUMBERED, KEYLESS))
    at_first = words(app)

    app.button(key="import_bank_open_2").click().run()

    assert ("没有答案的题" in at_first, "灭火器" in at_first) == (True, False)
    assert "<b>A</b><span>主要负责人</span>" in words(app)


def test_a_confirmed_import_publishes_and_says_what_became_of_every_row(open_screen: Open, site: Database) -> None:
    app = confirm(choose(new_bank(open_screen("import_bank", "trainer")), workbook(GOOD, NUMBERED, KEYLESS)))

    shown = words(app)
    assert items(site) == {"q-0001": ("灭火器多长时间检查一次？", "published"), "q-0002": ("谁是安全生产第一责任人？", "published")}
    assert ("导入完成" in shown, "新增 2 题，已发布" in shown, "有 1 行没有导入" in shown) == (True, True, True)
    assert "/banks?bank=bank-0001" in shown
    with site.reading() as session:
        acts = session.exec(select(AuditEvent.action, AuditEvent.account).where(AuditEvent.subject == "bank-0001")).all()
    assert list(acts) == [("import_bank", "trainer")]


def test_drafts_wait_for_review(open_screen: Open, site: Database) -> None:
    app = choose(new_bank(open_screen("import_bank", "trainer")), workbook(GOOD))
    app.radio(key="import_bank_publish").set_value("先作为草稿，复核后发布").run()

    confirm(app)

    assert items(site) == {"q-0001": ("灭火器多长时间检查一次？", "draft")}


def test_a_shipped_bank_takes_drafts_only(open_screen: Open, site: Database) -> None:
    app = choose(open_screen("import_bank", "trainer", bank="work-safety-law"), workbook(GOOD))
    offered = {radio.key for radio in app.radio}

    confirm(app)

    assert "import_bank_publish" not in offered
    assert items(site, "work-safety-law")["q-0001"][1] == "draft"


def test_a_new_bank_needs_a_name_and_a_code_of_its_own(open_screen: Open) -> None:
    app = choose(open_screen("import_bank", "trainer"), workbook(GOOD))
    nameless = (may_confirm(app), "请在上面填写题库名称" in words(app))

    app.text_input(key="import_bank_title").set_value("本厂题库").run()
    told = {}
    for code in ("work-safety-law", "本厂", "own"):
        app.text_input(key="import_bank_code").set_value(code).run()
        told[code] = (may_confirm(app), "已经是题库" in words(app), "题库编号只能用" in words(app))

    assert nameless == (False, True)
    assert told == {"work-safety-law": (False, True, False), "本厂": (False, False, True), "own": (True, False, False)}


def test_a_new_bank_may_rest_on_an_edition_whose_clauses_are_matched(open_screen: Open, site: Database) -> None:
    with site.reading() as session:
        law = next(bank for bank in queries.list_banks(session) if bank.code == "work-safety-law")
        clause = next(each for each in queries.clauses_of_edition(session, law.edition_code or "") if each.assessable)
    app = new_bank(open_screen("import_bank", "trainer"))
    app.selectbox(key="import_bank_edition").set_value(law.edition_code).run()

    confirm(choose(app, workbook((*GOOD[:-1], clause.ref))))

    with site.reading() as session:
        bank = session.get(Bank, "bank-0001")
        view = queries.items_of_bank(session, "bank-0001")[0]
    assert bank is not None
    assert (bank.edition_code, [each.edition_code for each in view.clauses] or view.explanation) == (
        law.edition_code,
        [law.edition_code] if view.clauses else f"（依据：{clause.ref}）",
    )


def test_a_conflict_must_be_decided_before_the_import(open_screen: Open, site: Database) -> None:
    confirm(choose(new_bank(open_screen("import_bank", "trainer")), workbook(GOOD)))
    app = choose(open_screen("import_bank", "trainer", bank="bank-0001"), workbook(OTHER_KEY, NUMBERED))
    undecided = (may_confirm(app), "还有 1 处答案冲突没有决定" in words(app), "<del>A</del>" in words(app))

    app.button(key="clash_all_conflict_new").click().run()
    decided = may_confirm(app)
    confirm(app)

    assert (undecided, decided) == ((False, True, True), True)
    assert "新增 1 题，已发布。1 题替换原题" in words(app)
    assert items(site) == {"q-0001": (GOOD[1], "published"), "q-0002": ("谁是安全生产第一责任人？", "published")}
    with site.reading() as session:
        pending = workflow.pending_of_bank(session, "bank-0001")
        assert [queries.versions(session, [each.version_id])[each.version_id].key for each in pending.values()] == [{"B"}]


def test_a_single_decision_is_kept_when_something_else_is_clicked(open_screen: Open, site: Database) -> None:
    app = choose(new_bank(open_screen("import_bank", "trainer")), workbook(GOOD, OTHER_KEY))
    ask = next(radio for radio in app.radio if str(radio.key).startswith("clash_"))

    ask.set_value(Choice.NEW).run()
    app.text_input(key="import_bank_title").set_value("另一个名字").run()
    confirm(app)

    with site.reading() as session:
        assert [(view.stem, view.key) for view in queries.items_of_bank(session, "bank-0001")] == [(GOOD[1], {"B"})]


def test_what_the_bank_has_already_is_skipped_and_nothing_left_to_import_is_said(open_screen: Open) -> None:
    confirm(choose(new_bank(open_screen("import_bank", "trainer")), workbook(GOOD)))

    app = choose(open_screen("import_bank", "trainer", bank="bank-0001"), workbook(GOOD))

    assert ("没有可以导入的题目" in words(app), "完全相同" in words(app), may_confirm(app)) == (True, True, False)


def test_a_bank_that_changed_meanwhile_is_compared_anew_and_the_old_click_imports_nothing(open_screen: Open, site: Database) -> None:
    confirm(choose(new_bank(open_screen("import_bank", "trainer")), workbook(NUMBERED)))
    app = choose(open_screen("import_bank", "trainer", bank="bank-0001"), workbook(GOOD))
    service.import_bank(
        site, reading=reading(draft("另一个人加的题？")), bank_code="bank-0001", file_name="", digest="", actor=SYSTEM, now=clock.now()
    )

    confirm(app)
    told = "已重新比对" in words(app)
    before = set(items(site))
    confirm(app)

    assert (told, before, set(items(site))) == (True, {"q-0001", "q-0002"}, {"q-0001", "q-0002", "q-0003"})


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("题库.pdf", b"%PDF-1.7", "PDF"),
        ("题库.doc", b"\xd0\xcf\x11\xe0" + "WordDocument".encode("utf-16-le"), "另存为 .docx"),
        ("题库.xlsx", b"PK\x03\x04broken", "已损坏"),
    ],
)
def test_a_file_that_cannot_be_read_is_answered_with_what_to_do(open_screen: Open, name: str, data: bytes, says: str) -> None:
    app = choose(open_screen("import_bank", "trainer"), data, name)

    assert (app.exception.len, says in words(app), may_confirm(app)) == (0, True, False)


def test_a_wrong_suffix_is_said(open_screen: Open) -> None:
    assert "内容其实是 Excel 表格" in words(choose(open_screen("import_bank", "trainer"), workbook(GOOD), "题库.txt"))


def test_the_format_can_be_named_when_it_was_taken_for_another(open_screen: Open) -> None:
    text = "1. 灭火器多长时间检查一次？\nA. 每月\nB. 每年\n答案：A\n".encode()
    app = choose(open_screen("import_bank", "trainer"), text, "题.txt")

    app.selectbox(key="import_bank_format").set_value(Format.CSV).run()
    as_table = words(app)
    app.selectbox(key="import_bank_format").set_value(Format.TEXT).run()

    assert ("这个文件不能读取" in as_table, "按指定的格式 纯文本，读到 1 行" in words(app)) == (True, True)


def test_an_import_is_listed_and_taken_back(open_screen: Open, site: Database) -> None:
    app = confirm(choose(new_bank(open_screen("import_bank", "trainer")), workbook(GOOD, KEYLESS)))
    listed = words(app)

    app.button(key="import_bank_undo_1").click().run()

    assert ("以往的导入" in listed, "trainer 导入" in listed) == (True, True)
    assert ("已撤销 题库.xlsx 的导入，删除 1 题。" in words(app), "bank-0001" in banks(site)) == (True, False)


def test_why_an_import_cannot_be_taken_back_is_said(open_screen: Open, site: Database) -> None:
    app = confirm(choose(new_bank(open_screen("import_bank", "trainer")), workbook(GOOD)))
    with site.transaction() as session:
        item = queries.items_of_bank(session, "bank-0001")[0]
        workflow.withdraw(session, item_id=item.item_id, now=clock.now(), actor=SYSTEM)

    app.button(key="import_bank_undo_1").click().run()

    assert ("不能整批撤销" in words(app), len(items(site))) == (True, 1)


def test_after_one_file_comes_another(open_screen: Open) -> None:
    app = confirm(choose(new_bank(open_screen("import_bank", "trainer")), workbook(GOOD)))

    app.button(key="import_bank_again").click().run()

    assert ("导入完成" in words(app), app.file_uploader[0].value, app.selectbox(key="import_bank_bank").value) == (False, None, "bank-0001")


def test_pictures_are_shown_with_their_item() -> None:
    def script() -> None:
        from quiz.ui.bank_import_rows import candidate_view
        from tests.exchange.material import PICTURE, draft

        candidate_view(draft("看图？<b>"), (PICTURE,), "《规定》第四条")

    app = AppTest.from_function(script).run()

    drawn = "".join(str(element.proto) for element in app.get("html")) + words(app)
    assert ("data:image/png;base64," in drawn, "看图？&lt;b&gt;" in drawn, "《规定》第四条" in drawn) == (True, True, True)
    assert PICTURE.media_type == "image/png"


def test_the_template_is_read_and_its_three_examples_are_left_out() -> None:
    read = service.read(template.write(), name="题库模板.xlsx")

    assert read.items == []
    assert [row.remarks[0].code for row in read.rows if row.fate.value == "skipped"].count("template_example") == 3
    assert [row for row in read.rows if row.fate.value == "refused"] == []


# 决定 -----------------------------------------------------------------------------------------------------------------


def pair(row: int, clash: Clash = Clash.CONFLICT, **more: Any) -> Pair:
    return Pair(clash, row, **more)


KNOWN = Known(1, 11, "q-0001", draft("一？", code="q-0001"))


def test_choices_become_decisions_and_what_is_left_out_stays_out() -> None:
    pairs = [pair(1, known=KNOWN), pair(2, other_row=0), pair(3, Clash.NEAR, other_row=2)]
    choices = {key_of(pairs[0]): Choice.NEW, key_of(pairs[1]): Choice.BOTH, key_of(pairs[2]): Choice.NEW}

    assert decisions(pairs, choices) == {1: Decision.REPLACE, 2: Decision.SKIP}
    assert decisions(pairs, {}) == {}
    assert [open_conflicts(pairs, chosen) for chosen in ({}, choices)] == [2, 0]


def test_of_several_rows_against_one_the_later_wins() -> None:
    pairs = [pair(1, other_row=0), pair(2, other_row=0)]

    assert decisions(pairs, {key_of(each): Choice.NEW for each in pairs}) == {0: Decision.SKIP, 1: Decision.SKIP}


def test_one_item_is_replaced_by_one_row_only() -> None:
    pairs = (pair(0, known=KNOWN), pair(1, known=KNOWN))
    file = reading(draft("一？", key="B"), draft("一？", key="C"))

    assert replaced_twice(ImportPlan(file, pairs, {0: Decision.REPLACE, 1: Decision.REPLACE})) == ["q-0001"]
    assert replaced_twice(ImportPlan(file, pairs, {0: Decision.REPLACE, 1: Decision.SKIP})) == []

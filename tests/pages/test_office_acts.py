"""What an office does on its screens: what is written, what the trail says, and that the reach holds in the act itself."""

from __future__ import annotations

import io
from datetime import timedelta

import openpyxl
import pytest
from sqlmodel import select

from quiz import clock
from quiz.accounts.queries import user_of_account
from quiz.accounts.service import Slip
from quiz.attempts.granted import granted
from quiz.coverage.filtered import coverage_of, snapshots
from quiz.coverage.uncovered import Filters
from quiz.db import Database
from quiz.models.accounts import Account
from quiz.models.organisations import Organisation
from quiz.models.training import Programme
from quiz.organisations import queries
from quiz.organisations.domain import PersonDraft
from quiz.organisations.identifiers import uscc_check_digit
from quiz.organisations.reach import Reach, Reaches
from quiz.organisations.reference import Reference
from quiz.problems import NotFound, Refusal
from quiz.training import queries as training
from quiz.training import service as duties
from quiz.training.granted import duty_rows
from quiz.ui import activation_files, coverage_files, enterprises_actions, gate
from quiz.ui.coverage_view import Question
from tests.pages.conftest import DISTRICT, Open, words
from tests.pages.office_site import PROGRAMME, Ids, account_of, audited, everything, ids

__all__ = ["ids"]
HERE = Reaches((Reach(district_codes=frozenset({DISTRICT})),))
EVERYWHERE = Reaches.everything()


def _question(site: Database) -> Question:
    with site.reading() as session:
        return Question(training.programme(session, code=PROGRAMME), clock.local_day(clock.now()), Filters())


# 覆盖率 ---------------------------------------------------------------------------------------------------------------


def test_coverage_says_numerator_denominator_and_rule(open_screen: Open, ids: Ids) -> None:
    app = open_screen("coverage", "district", programme=PROGRAMME)

    said = words(app)
    assert "已完成 0 家" in said and "应训 3 家" in said
    assert "口径 B" in said

    listed = open_screen("coverage", "district", programme=PROGRAMME, view="lists")
    assert "139****0001" in words(listed)
    assert "13900000001" not in everything(listed)


def test_coverage_of_a_town_counts_only_that_town(site: Database, ids: Ids) -> None:
    today = clock.local_day(clock.now())
    with site.reading() as session:
        town = coverage_of(session, programme_code=PROGRAMME, as_of=today, filters=Filters(town="371002002"), by="region", reach=HERE)
        sector = coverage_of(session, programme_code=PROGRAMME, as_of=today, filters=Filters(sector="industry_trade"))
        nothing = coverage_of(session, programme_code=PROGRAMME, as_of=today, filters=Filters(district="371082"), reach=HERE)

    assert (town.total.due, [(group.key, group.counts.due) for group in town.groups]) == (1, [(DISTRICT, 1)])
    assert (sector.total.due, sector.total.examined, nothing.total.due) == (5, 3, 0)


def test_the_list_with_whole_telephone_numbers_needs_a_purpose_and_a_promise(open_screen: Open, ids: Ids) -> None:
    app = open_screen("coverage", "district", programme=PROGRAMME, view="files")
    assert [button.proto.disabled for button in app.get("download_button")] == [False, True]

    app.text_input(key="coverage_purpose").set_value("电话催办").run()
    assert [button.proto.disabled for button in app.get("download_button")] == [False, True]
    app.checkbox(key="coverage_agreed").check().run()

    assert [button.proto.disabled for button in app.get("download_button")] == [False, False]


@pytest.mark.parametrize(("full", "phone"), [(False, "139****0002"), (True, "13900000002")])
def test_the_workbook_holds_our_district_and_masks_unless_told_not_to(site: Database, ids: Ids, full: bool, phone: str) -> None:
    content = coverage_files.workbook(_question(site), HERE, full_phones=full, purpose="电话催办", agreed=True)()

    book = openpyxl.load_workbook(io.BytesIO(content))
    rows = list(book["未覆盖名单"].iter_rows(values_only=True))
    assert book.sheetnames == ["概况", "分区域", "分行业", "未覆盖名单"]
    assert {row[3] for row in rows[1:]} == {"环翠区"}
    assert phone in {row[8] for row in rows[1:]}


def test_a_snapshot_is_the_citys_and_leaves_a_number(open_screen: Open, site: Database, ids: Ids) -> None:
    assert not [button for button in open_screen("coverage", "district", view="files").button if button.key == "coverage_snapshot"]

    open_screen("coverage", "office", view="files").button(key="coverage_snapshot").click().run()

    with site.reading() as session:
        [line] = snapshots(session, programme_code=PROGRAMME)
    assert (line.total.due, audited(site, "snapshot")[0]["number"]) == (5, line.number)


# 企业 -----------------------------------------------------------------------------------------------------------------


def test_a_changed_principal_ends_one_post_and_begins_another(open_screen: Open, site: Database, ids: Ids) -> None:
    app = open_screen("enterprises", "district", organisation=str(ids.own))
    key = f"enterprise_{ids.own}"

    app.text_input(key=f"{key}_change_name").set_value("新任赵六")
    app.text_input(key=f"{key}_change_phone").set_value("13900000009")
    next(button for button in app.button if button.label == "确认变更").click()
    app.run()

    with site.reading() as session:
        view = queries.organisation_view(session, ids.own, reach=HERE)
        [open_duty] = [row for row in duty_rows(session, reach=HERE, organisation_id=ids.own) if row.closed_on is None]
    assert not app.exception
    assert [post.person_name for post in view.principals] == ["新任赵六"]
    assert [post.person_name for post in view.past_posts] == ["本区张三"]
    assert open_duty.person == "新任赵六"
    assert audited(site, "change_principal")[0]["organisation"] == ids.own


def test_an_act_on_a_foreign_row_finds_nothing_whatever_the_widget_says(open_screen: Open, site: Database, ids: Ids) -> None:
    open_screen("enterprises", "district")
    today = clock.local_day(clock.now())
    with site.reading() as session:
        user = user_of_account(session, account_of(site, "district").id or 0)
        own = queries.organisation_view(session, ids.own)
        reference = Reference.load(session)
    desk = enterprises_actions.Desk(user, HERE, reference, own, today)

    with site.transaction() as session:
        with pytest.raises(NotFound):
            enterprises_actions._changed(desk, session, own, ids.li_post, PersonDraft("某人"), "other", today, "任命文件")
        with pytest.raises(NotFound):
            enterprises_actions._phone(desk, session, own, ids.li_post, "13900000010")
        with pytest.raises(NotFound):
            enterprises_actions._ended(desk, session, own, ids.li_post, today)
        with pytest.raises(Refusal) as moved:
            enterprises_actions._moved(desk, session, own, "371082", "371082007", today)
    assert moved.value.code == "beyond_reach"


def test_an_enterprise_entered_by_hand_is_on_the_roster(open_screen: Open, site: Database) -> None:
    app = open_screen("enterprises", "district")

    next(field for field in app.text_input if field.label == "单位全称（必填）").set_value("本区新厂有限公司")
    next(field for field in app.text_input if field.label.startswith("登记注册号")).set_value("NEW1")
    next(button for button in app.button if button.label == "添加企业").click()
    app.run()

    with site.reading() as session:
        made = session.exec(select(Organisation).where(Organisation.registration_number == "NEW1")).one()
    assert (made.name, made.district_code, audited(site, "create_organisation")[0]["organisation"]) == (
        "本区新厂有限公司",
        DISTRICT,
        made.id,
    )


def test_a_taken_code_of_another_district_is_refused_without_its_name(open_screen: Open, ids: Ids) -> None:
    app = open_screen("enterprises", "district")

    next(field for field in app.text_input if field.label == "单位全称（必填）").set_value("本区新厂有限公司")
    next(field for field in app.text_input if field.label.startswith("登记注册号")).set_value("NO000003")
    next(button for button in app.button if button.label == "添加企业").click()
    app.run()

    assert ("已经在名册中登记" in words(app), "他区丙厂" in everything(app)) == (True, False)


# 名册 -----------------------------------------------------------------------------------------------------------------


def _roster() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(
        ["企业名称", "统一社会信用代码", "所属区市", "镇街", "行业领域", "监管部门", "经营状态", "主要负责人姓名", "手机号", "任职日期"]
    )
    for number, (name, district, town) in enumerate((("导入一厂", "环翠区", "张村镇"), ("导入二厂", "荣成市", "俚岛镇"))):
        body = f"91371000MA00000B{number}"
        code = body + uscc_check_digit(body)
        sheet.append([name, code, district, town, "工贸", "应急管理局", "在业", "孙建国", f"1370000000{number}", "2024-03-05"])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_a_roster_is_previewed_then_imported_within_the_reach(open_screen: Open, site: Database) -> None:
    app = open_screen("import_roster", "district")

    app.file_uploader[0].upload("名册.xlsx", _roster(), "application/octet-stream").run()
    previewed = words(app)
    with site.reading() as session:
        before = queries.find(session, text="导入").total
    app.button(key="import_confirm").click().run()

    with site.reading() as session:
        names = [row.name for row in queries.find(session, text="导入").rows]
    assert not app.exception
    assert ("将新增" in previewed, "不能导入" in previewed, before) == (True, True, 0)
    assert names == ["导入一厂"]
    assert "导入完成" in words(app)
    assert {name: audited(site, "import_roster")[0][name] for name in ("rows", "created", "refused")} == {
        "rows": 2,
        "created": 1,
        "refused": 1,
    }


def test_a_file_that_is_no_roster_is_refused_in_words(open_screen: Open) -> None:
    app = open_screen("import_roster", "office")

    app.file_uploader[0].upload("名册.xlsx", b"not a workbook", "application/octet-stream").run()

    assert not app.exception
    assert [button.key for button in app.button if button.key == "import_confirm"] == []
    assert "ankao-bad" in words(app)


# 激活码 ---------------------------------------------------------------------------------------------------------------


def test_slips_are_seen_once_and_cover_our_district_only(open_screen: Open, site: Database, ids: Ids) -> None:
    app = open_screen("activation_slips", "district")

    app.button(key="activation_issue").click().run()
    shown = words(app)
    app.button(key="activation_put_away").click().run()

    assert not app.exception
    assert ("刚发放的激活码（1 张）" in everything(app), "本区王五" in shown) == (False, True)
    assert audited(site, "issue_activations") == [{"count": 1}]


def test_the_slips_workbook_prints_eight_on_a_page_with_address_and_steps(site: Database) -> None:
    with site.reading() as session:
        reference = Reference.load(session)
    now = clock.now()
    slips = [Slip(f"某厂{n}", DISTRICT, "371002001", "某人", "13900000001", f"ABCD-{n:04}", now) for n in range(9)]

    content = activation_files.workbook(
        slips, site="http://ankao.test", reference=reference, now=now, organiser="安委办", telephone="0631-1"
    )

    book = openpyxl.load_workbook(io.BytesIO(content))
    printed, listed = book["激活条（打印）"], book["清单"]
    texts = [str(cell) for row in printed.iter_rows(values_only=True) for cell in row if cell]
    assert [each.id for each in printed.row_breaks.brk] == [32]
    assert sum(text.startswith("ABCD-") for text in texts) == 9
    assert sum("http://ankao.test/activate" in text for text in texts) == 9
    assert [row[6] for row in listed.iter_rows(min_row=2, values_only=True)] == [slip.code for slip in slips]
    assert "13900000001" not in str(list(listed.iter_rows(values_only=True)))


# 专项 -----------------------------------------------------------------------------------------------------------------


def test_a_programme_is_drafted_then_opened(open_screen: Open, site: Database, ids: Ids) -> None:
    app = open_screen("programmes", "office", programme="new")
    app.text_input(key="programme_editor_title").set_value("有限空间专题")
    app.multiselect(key="programme_editor_sectors").set_value(["industry_trade"])
    app.selectbox(key="programme_editor_paper").set_value(1).run()
    assert "5 家" in words(app)
    app.button(key="programme_editor_save").click().run()

    app.button(key="programmes_open").click().run()

    assert not app.exception
    with site.reading() as session:
        made = session.exec(select(Programme).where(Programme.title == "有限空间专题")).one()
    assert (made.state, made.audience, audited(site, "open_programme")[0]["organisations"]) == ("open", {"sectors": ["industry_trade"]}, 5)


def test_an_office_of_one_district_may_not_change_a_programme(open_screen: Open, ids: Ids) -> None:
    for address in ({"programme": "new"}, {"programme": PROGRAMME, "do": "edit"}, {"programme": PROGRAMME}):
        app = open_screen("programmes", "district", **address)
        keys = {button.key for button in app.button}
        assert keys & {"programme_editor_save", "programmes_open", "programmes_close"} == set()


def test_an_exemption_is_asked_for_on_its_own_screen_and_an_old_one_can_still_be_withdrawn(
    open_screen: Open, site: Database, ids: Ids
) -> None:
    with site.reading() as session:
        [duty] = duty_rows(session, reach=HERE, organisation_id=ids.own_second)
    offered = open_screen("programmes", "district", programme=PROGRAMME, q="本区乙厂")
    with site.transaction() as session:
        duties.exempt(session, duty_id=duty.id, exempted_on=duty.opened_on, reason="以前直接办理的核减")

    app = open_screen("programmes", "district", programme=PROGRAMME, q="本区乙厂")
    app.button(key=f"programmes_withdraw_{duty.id}").click().run()

    with site.reading() as session:
        again = coverage_of(session, programme_code=PROGRAMME, as_of=clock.local_day(clock.now()), filters=Filters(), reach=HERE).total
    assert f"/exemptions?do=new&amp;programme={PROGRAMME}&amp;organisation={ids.own_second}" in words(offered)
    assert "办理核减" not in everything(offered)
    assert ((again.due, again.exempt), audited(site, "withdraw_exemption")[0]["duty"]) == ((3, 0), duty.id)


def test_a_later_due_needs_a_reason(open_screen: Open, site: Database, ids: Ids) -> None:
    with site.reading() as session:
        [duty] = duty_rows(session, reach=HERE, organisation_id=ids.own_second)
    app = open_screen("programmes", "district", programme=PROGRAMME, q="本区乙厂")

    next(button for button in app.button if button.label == "办理延期").click()
    app.run()
    refused = words(app)
    app.date_input(key=f"programmes_due_{duty.id}").set_value(duty.due_on + timedelta(days=20))
    app.text_input(key=f"programmes_extend_reason_{duty.id}").set_value("负责人住院，附证明")
    next(button for button in app.button if button.label == "办理延期").click()
    app.run()

    with site.reading() as session:
        [after] = duty_rows(session, reach=HERE, organisation_id=ids.own_second)
    assert "请写明理由" in refused
    assert (after.due_on, after.extension_reason) == (duty.due_on + timedelta(days=20), "负责人住院，附证明")


# 延期与补考 -----------------------------------------------------------------------------------------------------------


def test_more_attempts_are_granted_with_a_reason(open_screen: Open, site: Database, ids: Ids) -> None:
    app = open_screen("extensions", "district", person=str(ids.zhang))
    key = f"extensions_{ids.zhang}_1"

    app.number_input(key=f"{key}_minutes").set_value(15)
    app.text_input(key=f"{key}_reason").set_value("考试当天停电")
    next(button for button in app.button if button.label == "办理").click()
    app.run()

    with site.reading() as session:
        [row] = granted(session, reach=HERE)
        elsewhere = granted(session, reach=HERE, person_id=ids.li)
    assert (row.person, row.extra_minutes, row.reason, elsewhere) == ("本区张三", 15, "考试当天停电", ())
    assert audited(site, "grant_extension")[0]["person"] == ids.zhang


def test_a_password_is_reset_for_a_trainee_and_shown_once(open_screen: Open, site: Database, ids: Ids) -> None:
    app = open_screen("extensions", "district", person=str(ids.zhang))

    app.button(key="extensions_reset").click().run()
    shown, again = words(app), words(app.run())

    assert (account_of(site, "13900000001").must_change_password, "临时密码" in shown, "临时密码" in again) == (True, True, False)


def test_the_account_of_a_colleague_is_not_reset_by_a_local_office(open_screen: Open, site: Database, ids: Ids) -> None:
    with site.transaction() as session:
        admin = session.exec(select(Account).where(Account.account == "administrator")).one()
        own = session.exec(select(Account).where(Account.person_id == ids.zhang)).one()
        own.person_id = None
        session.add(own)
        session.flush()
        admin.person_id = ids.zhang
        session.add(admin)
    app = open_screen("extensions", "district", person=str(ids.zhang))

    app.button(key="extensions_reset").click().run()

    assert "由系统管理员办理" in words(app)
    assert account_of(site, "administrator").must_change_password is False


def test_a_locked_account_is_unlocked(open_screen: Open, site: Database, ids: Ids) -> None:
    with site.transaction() as session:
        own = session.exec(select(Account).where(Account.person_id == ids.zhang)).one()
        own.locked_until = clock.now() + timedelta(minutes=10)
        session.add(own)
    app = open_screen("extensions", "district", person=str(ids.zhang))

    app.button(key="extensions_unlock").click().run()

    assert (account_of(site, "13900000001").locked_until, len(audited(site, "unlock_account"))) == (None, 1)


def test_whoever_acts_is_in_the_trail(open_screen: Open, site: Database, ids: Ids, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_screen("extensions", "district", person=str(ids.zhang))
    app.button(key="extensions_reset").click().run()

    from quiz.models.accounts import AuditEvent

    with site.reading() as session:
        row = session.exec(select(AuditEvent).where(AuditEvent.action == "reset_password")).one()
    assert (row.account, row.address) == ("district", gate.read_address())

"""The screen of 核减: asked for with a paper, looked at, decided, ended; nothing of another district anywhere."""

from __future__ import annotations

import io
from datetime import date, timedelta

import openpyxl
from sqlalchemy import update
from sqlmodel import col, select
from streamlit.testing.v1 import AppTest

from quiz import clock, events
from quiz.accounts.audit import Actor
from quiz.accounts.queries import user_of_account
from quiz.coverage.filtered import coverage_of
from quiz.coverage.uncovered import Filters
from quiz.db import Database
from quiz.models.organisations import Post
from quiz.models.training import Duty, ExemptionRequest
from quiz.organisations.reach import Reach, Reaches
from quiz.training import exemptions
from quiz.training.exemption_papers import Upload
from quiz.training.exemption_queries import ExemptionFilter
from quiz.training.exemptions import Asked
from quiz.training.granted import duty_rows
from quiz.ui import exemptions_list
from quiz.vocabulary import ExemptionGround
from tests.pages.conftest import DISTRICT, Open, words
from tests.pages.office_site import PROGRAMME, Ids, account_of, audited, everything, ids

__all__ = ["ids"]
HERE = Reaches((Reach(district_codes=frozenset({DISTRICT})),))
EVERYWHERE = Reaches.everything()
SCAN = b"%PDF-1.4 scan"


def _ask(site: Database, organisation_id: int, who: str = "office") -> int:
    today = clock.local_day(clock.now())
    with site.transaction() as session:
        [row, *_] = duty_rows(session, reach=EVERYWHERE, organisation_id=organisation_id)
        return exemptions.ask(
            session, user=user_of_account(session, account_of(site, who).id or 0),
            asked=Asked(row.programme_id, organisation_id, None, ExemptionGround.SUSPENDED, "整体停产，无从业人员", "停产核实表〔1〕", today),
            upload=Upload("核实表.pdf", SCAN), actor=Actor(account=who), now=clock.now(),
        ).id  # fmt: skip


def _counts(site: Database) -> tuple[int, int]:
    with site.reading() as session:
        total = coverage_of(session, programme_code=PROGRAMME, as_of=clock.local_day(clock.now()), filters=Filters(), reach=HERE).total
    return total.due, total.exempt


def _press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click()
    return app.run()


def test_a_request_goes_through_three_hands(open_screen: Open, site: Database, ids: Ids) -> None:
    app = open_screen("exemptions", "office", do="new", organisation=str(ids.own_second), programme=PROGRAMME)
    app.text_area(key="exemption_form_reason").set_value("整个培训期间停产，无从业人员")
    app.text_input(key="exemption_form_paper").set_value("停产核实表（〔2026〕12 号）")
    app.file_uploader[0].upload("核实表.pdf", SCAN, "application/pdf").run()
    asked = _press(app, "提交申请")
    first = _press(open_screen("exemptions", "district", request="1"), "初审通过，交审核")
    second = _press(open_screen("exemptions", "administrator", request="1"), "同意核减")

    assert not (asked.exception or first.exception or second.exception)
    assert ("待初审" in words(asked), "待审核" in words(first), "已核减" in words(second)) == (True, True, True)
    assert _counts(site) == (2, 1)
    assert [audited(site, action)[0]["request"] for action in ("request_exemption", "first_exemption_opinion", "exempt")] == [1, 1, 1]


def test_the_requester_is_not_offered_the_next_step(open_screen: Open, site: Database, ids: Ids) -> None:
    number = _ask(site, ids.own_second, "district")

    app = open_screen("exemptions", "district", request=str(number))

    assert {button.label for button in app.button} & {"初审通过，交审核", "同意核减"} == set()
    assert "您已经办过这份申请的前一步" in words(app)


def test_work_begins_again(open_screen: Open, site: Database, ids: Ids) -> None:
    number = _ask(site, ids.own_second)
    _press(open_screen("exemptions", "district", request=str(number)), "初审通过，交审核")
    _press(open_screen("exemptions", "administrator", request=str(number)), "同意核减")
    app = open_screen("exemptions", "district", request=str(number))
    app.text_input(key="exemption_end_reason").set_value("企业已复产，镇街核实")

    ended = _press(app, "恢复应训")

    assert ("已恢复应训" in words(ended), _counts(site)) == (True, (3, 0))
    assert audited(site, "end_exemption")[0]["ended_on"] == clock.local_day(clock.now()).isoformat()


def test_a_request_without_its_paper_is_refused_in_words(open_screen: Open, site: Database, ids: Ids) -> None:
    app = open_screen("exemptions", "office", do="new", organisation=str(ids.own_second))
    app.text_area(key="exemption_form_reason").set_value("整个培训期间停产，无从业人员")
    app.text_input(key="exemption_form_paper").set_value("停产核实表（〔2026〕12 号）").run()

    assert "请上传核减所依据文件的扫描件" in words(_press(app, "提交申请"))
    assert audited(site, "request_exemption") == []


def test_an_office_of_one_district_sees_nothing_of_another(open_screen: Open, site: Database, ids: Ids) -> None:
    theirs, ours = _ask(site, ids.foreign), _ask(site, ids.own)
    pages = [
        open_screen("exemptions", "district"),
        open_screen("exemptions", "district", request=str(theirs)),
        open_screen("exemptions", "district", do="new", organisation=str(ids.foreign)),
        open_screen("exemptions", "district", do="new", q="厂"),
    ]

    assert [word for app in pages for word in ("他区丙厂", "他区李四", "他区丁厂") if word in everything(app)] == []
    assert "本区甲厂" in everything(pages[0]) and "不在您的管理范围内" in words(pages[1])
    assert "他区丙厂" in everything(open_screen("exemptions", "office"))
    assert ours != theirs


def test_the_workbook_holds_what_is_within_reach(site: Database, open_screen: Open, ids: Ids) -> None:
    _ask(site, ids.foreign)
    _ask(site, ids.own)
    open_screen("exemptions", "district")

    book = openpyxl.load_workbook(io.BytesIO(exemptions_list.workbook(HERE, ExemptionFilter())))

    text = "\n".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None)
    assert ("本区甲厂有限公司" in text, "他区丙厂" in text, "停产核实表〔1〕" in text) == (True, False, True)
    assert date.today().isoformat()[:4] in text


def test_one_for_a_time_says_when_it_ends_and_is_kept_so(open_screen: Open, site: Database, ids: Ids) -> None:
    today = clock.local_day(clock.now())
    last, back_on = today + timedelta(days=9), today + timedelta(days=10)
    app = open_screen("exemptions", "office", do="new", organisation=str(ids.own_second), programme=PROGRAMME)
    app.text_area(key="exemption_form_reason").set_value("季节性停产，无从业人员")
    app.text_input(key="exemption_form_paper").set_value("停产核实表（〔2026〕13 号）")
    app.checkbox(key="exemption_form_limited").set_value(True).run()
    next(each for each in app.date_input if each.label.startswith("核减到")).set_value(last).run()
    hint = words(app)
    app.file_uploader[0].upload("核实表.pdf", SCAN, "application/pdf").run()
    card = words(_press(app, "提交申请"))

    assert f"{back_on.isoformat()} 起自动恢复应训" in hint
    assert (last.isoformat() in card, back_on.isoformat() in card) == (True, True)
    with site.reading() as session:
        assert session.scalars(select(ExemptionRequest.until)).one() == back_on


def test_an_enterprise_without_a_holder_can_be_asked_for(open_screen: Open, site: Database, ids: Ids) -> None:
    with site.transaction() as session:
        post = session.scalars(select(Post).where(col(Post.organisation_id) == ids.own_second)).one()
        post.held_to = post.held_from
        session.flush()
        events.announce(session, events.PostsChanged(frozenset({ids.own_second}), clock.local_day(clock.now())))

    app = open_screen("exemptions", "office", do="new", organisation=str(ids.own_second), programme=PROGRAMME)

    assert ("没有登记负责人" in words(app), [button.label for button in app.button if button.label == "提交申请"]) == (True, ["提交申请"])


def test_what_is_covered_has_nothing_to_ask_for(open_screen: Open, site: Database, ids: Ids) -> None:
    with site.transaction() as session:
        session.execute(update(Duty).values(completed_on=clock.local_day(clock.now())))

    app = open_screen("exemptions", "office", do="new", organisation=str(ids.own_second))

    assert "这家企业没有可以核减的专项" in words(app)

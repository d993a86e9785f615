"""Calls and reminders on screen: nobody sees or does anything outside the reach, and every act is on the trail."""

from __future__ import annotations

import io
from datetime import timedelta

import openpyxl
import pytest
from sqlmodel import select

from quiz import clock
from quiz.coverage.uncovered import Filters
from quiz.db import Database
from quiz.models.reminders import Contact, OutboxMessage, ReminderRule
from quiz.organisations.reach import Reach, Reaches
from quiz.problems import Forbidden, Invalid, NotFound
from quiz.reminders import addresses, contacts, mode, planning
from quiz.reminders.addresses import Address
from quiz.training import queries as training
from quiz.ui import calls_view, reminders_view
from quiz.ui.calls_view import Question
from quiz.vocabulary import ContactOutcome
from tests.pages.conftest import DISTRICT, ROLES, Open, words
from tests.pages.office_site import FOREIGN, PROGRAMME, Ids, account_of, audited, everything, ids

__all__ = ["ids"]
HERE = Reaches((Reach(district_codes=frozenset({DISTRICT})),))
ALLOWED = {"office", "district", "administrator"}


@pytest.mark.parametrize(("screen", "title"), [("calls", "电话催办"), ("reminders", "消息提醒")])
def test_a_screen_opens_for_offices_and_for_nobody_else(open_screen: Open, ids: Ids, screen: str, title: str) -> None:
    shown = {role: open_screen(screen, role) for role in ROLES}

    assert {role: app.title[0].value for role, app in shown.items()} == {
        role: title if role in ALLOWED else "没有此项权限" for role in ROLES
    }
    assert not any(app.exception for app in shown.values())
    assert not any(name in everything(shown["district"]) for name in FOREIGN)


def test_calls_show_why_and_hide_numbers(open_screen: Open, ids: Ids) -> None:
    app = open_screen("calls", "district", programme=PROGRAMME)

    assert "本区甲厂有限公司" in words(app) and "未登录" in words(app)
    assert "139****0001" in words(app) and "13900000001" not in everything(app)


def test_a_call_is_logged_moves_the_enterprise_down_and_is_taken_back_by_its_writer(site: Database, open_screen: Open, ids: Ids) -> None:
    key = f"calls_{PROGRAMME}_{ids.own}"
    app = open_screen("calls", "district", programme=PROGRAMME)
    app.radio(key=f"{key}_outcome").set_value(ContactOutcome.PROMISED).run()
    app.text_input(key=f"{key}_note").input("明天来考").run()
    app.button(key=f"{key}_save").click().run()

    with site.reading() as session:
        row = session.exec(select(Contact)).one()
        assert (row.organisation_id, row.outcome, row.note) == (ids.own, "promised", "明天来考")
        assert row.promised_on == clock.local_day(clock.now()) + timedelta(days=3)
    assert len(audited(site, "log_contact")) == 1
    assert "承诺" in words(open_screen("calls", "district", programme=PROGRAMME))

    app = open_screen("calls", "district", programme=PROGRAMME)
    app.button(key="calls_withdraw").click().run()
    with site.reading() as session:
        assert contacts.contacts(session, reach=HERE) == []


def test_a_call_outside_the_reach_cannot_be_logged(site: Database, ids: Ids) -> None:
    account = account_of(site, "district").id or 0
    with site.transaction() as session, pytest.raises(NotFound):
        contacts.log_contact(
            session, programme_code=PROGRAMME, organisation_id=ids.foreign, outcome=ContactOutcome.CALLED, reach=HERE,
            account_id=account, now=clock.now(),
        )  # fmt: skip


def test_the_file_has_whole_numbers_only_for_a_purpose(site: Database, ids: Ids) -> None:
    today = clock.local_day(clock.now())
    with site.reading() as session:
        asked = Question(training.programme(session, code=PROGRAMME), Filters(), "全部")

    with pytest.raises(Invalid):
        calls_view.workbook(asked, HERE, today, full_phones=True)()
    masked = calls_view.workbook(asked, HERE, today, full_phones=False)()
    whole = calls_view.workbook(asked, HERE, today, full_phones=True, purpose="电话通知逾期企业", agreed=True)()

    texts = [
        "\n".join(str(cell) for row in openpyxl.load_workbook(io.BytesIO(data)).active.values for cell in row) for data in (masked, whole)
    ]
    assert "13900000001" not in texts[0] and "13900000001" in texts[1]
    assert not any(name in text for name in FOREIGN for text in texts)


def test_a_district_cannot_change_what_is_the_citys(site: Database, ids: Ids, open_screen: Open) -> None:
    with site.transaction() as session:
        programme = training.programme(session, code=PROGRAMME)
        user = None
        for act in (
            lambda: reminders_view._add(session, programme, user, HERE, "holder-before", 7, clock.now()),  # type: ignore[arg-type]
            lambda: reminders_view._switch(session, user, HERE, True),  # type: ignore[arg-type]
            lambda: reminders_view._plan(session, user, HERE),  # type: ignore[arg-type]
        ):
            with pytest.raises(Forbidden):
                act()
    app = open_screen("reminders", "district", programme=PROGRAMME)
    assert not [button.key for button in app.button if button.key in ("reminders_live", "reminders_usual")]


def test_the_city_sets_the_usual_reminders_with_one_press_and_sees_the_trial(site: Database, ids: Ids, open_screen: Open) -> None:
    app = open_screen("reminders", "office", programme=PROGRAMME)
    app.button(key="reminders_usual").click().run()
    with site.transaction() as session:
        assert len(session.exec(select(ReminderRule)).all()) == 7
        programme = training.programme(session, code=PROGRAMME)
        planning.add_rule(
            session, programme_id=programme.id, template_code="holder-before", days_before=30, account_id=None, now=clock.now()
        )
        planning.plan_today(session, now=clock.now())
        assert not mode.is_live(session)
        assert session.exec(select(OutboxMessage)).all()

    own, whole = (everything(open_screen("reminders", role, programme=PROGRAMME)) for role in ("district", "office"))
    assert "本区甲厂有限公司" in own and "他区丙厂有限公司" not in own and "他区丙厂有限公司" in whole
    assert "13900000001" not in whole


def test_a_district_keeps_the_addresses_of_its_own_streets_only(site: Database, ids: Ids, open_screen: Open) -> None:
    with site.transaction() as session:
        addresses.set_address(session, Address("371082007", email="foreign@example.cn"))
        with pytest.raises(Forbidden):
            reminders_view._keep(session, Address("371082007", email="x@example.cn"), {DISTRICT: "环翠区"}, None)  # type: ignore[arg-type]
    assert "foreign@example.cn" not in everything(open_screen("reminders", "district", programme=PROGRAMME))

"""An administrator opens, resets and disables accounts, and can never lock the door from outside."""

from __future__ import annotations

from sqlmodel import col, select

from quiz.accounts.passwords import verify_password
from quiz.accounts.queries import grants_of
from quiz.db import Database
from quiz.models.accounts import Account, AuditEvent
from quiz.vocabulary import AccountRole
from tests.pages.conftest import DISTRICT, Open, words


def account(database: Database, name: str) -> Account:
    with database.reading() as session:
        return session.exec(select(Account).where(Account.account == name)).one()


def test_a_new_office_account_reaches_its_district_and_gets_a_password_shown_once(open_screen: Open, site: Database) -> None:
    app = open_screen("accounts", "administrator")

    app.text_input(key="new_account_name").set_value("hc-office")
    app.text_input(key="new_account_person").set_value("环翠区安委办")
    app.selectbox(key="new_account_region").set_value(DISTRICT)
    app.button(key="new_account_submit").click().run()
    shown = words(app)
    again = words(app.run())

    made = account(site, "hc-office")
    password = shown.split('ankao-secret">')[1].split("<")[0]
    with site.reading() as session:
        [grant] = grants_of(session, made.id or 0)
    assert (grant.role, grant.reach.district_codes, made.must_change_password) == (AccountRole.OFFICE, frozenset({DISTRICT}), True)
    assert verify_password(password, made.password_hash)
    assert password not in again


def test_a_reset_gives_a_temporary_password_and_is_recorded(open_screen: Open, site: Database) -> None:
    app = open_screen("accounts", "administrator", account=str(account(site, "office").id))

    app.button(key="reset_password").click().run()

    with site.reading() as session:
        events = session.scalars(select(col(AuditEvent.account)).where(col(AuditEvent.action) == "reset_password")).all()  # type: ignore[call-overload]
    assert ("ankao-secret" in words(app), account(site, "office").must_change_password, events) == (True, True, ["administrator"])


def test_an_account_is_disabled_and_enabled(open_screen: Open, site: Database) -> None:
    app = open_screen("accounts", "administrator", account=str(account(site, "trainer").id))

    app.button(key="disable_account").click().run()
    disabled = account(site, "trainer").disabled
    app.button(key="enable_account").click().run()

    assert (disabled, account(site, "trainer").disabled) == (True, False)


def test_nobody_disables_their_own_account(open_screen: Open, site: Database) -> None:
    app = open_screen("accounts", "administrator", account=str(account(site, "administrator").id))

    assert "disable_account" not in [button.key for button in app.button]
    assert "这是您自己的账号" in words(app)


def test_a_taken_name_is_refused_in_chinese(open_screen: Open) -> None:
    app = open_screen("accounts", "administrator")

    app.text_input(key="new_account_name").set_value("office")
    app.text_input(key="new_account_person").set_value("某人")
    app.button(key="new_account_submit").click().run()

    assert "账号“office”已存在" in words(app)

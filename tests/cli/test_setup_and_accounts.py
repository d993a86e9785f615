"""Setting up, the first accounts, and how the program says no: exit 0 done, 1 refused, 2 wrong usage."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import select

from quiz import clock
from quiz.accounts import passwords, service
from quiz.db import Database
from quiz.models.accounts import Account, AuditEvent, Grant
from tests.cli.console import Console

PASSWORD = "Hai-feng-2026"


def database_of(console: Console) -> Database:
    return Database(console.environment["ANKAO_DATABASE_URL"])


def test_setup_twice_says_the_same_and_keeps_the_data(empty_console: Console) -> None:
    first = empty_console.run("setup")
    empty_console.run("account", "create", "--account", "office", "--role", "office", "--password-stdin", given=f"{PASSWORD}\n")
    second = empty_console.run("setup")

    assert (first.code, first.err) == (0, "")
    assert second == first
    assert "数据库已是最新版本" in first.out and empty_console.environment["ANKAO_DATABASE_URL"] in first.out
    assert "office" in names_of(empty_console)


def test_in_a_plain_c_locale_chinese_is_read_and_printed_as_utf8(own_town: Console) -> None:
    done = own_town.start(
        "account", "create", "--account", "admin", "--role", "administrator", "--name", "于一诺", "--password-stdin",
        given="海风Hai-2026\n", LC_ALL="C", PYTHONUTF8="0",
    )  # fmt: skip

    assert (done.code, done.out, done.err) == (0, "已创建账号 admin（管理员）。\n", "")
    assert signs_in(own_town, "admin", "海风Hai-2026")
    assert names_of(own_town)["admin"] == "于一诺"


def test_an_account_with_a_given_password_can_sign_in_at_once_and_reaches_its_region(own_town: Console) -> None:
    done = own_town.run(
        "account", "create", "--account", "huancui", "--role", "office", "--region", "371002", "--department", "应急管理局",
        "--password-stdin", given=f"{PASSWORD}\r\n",
    )  # fmt: skip

    assert (done.code, done.out) == (0, "已创建账号 huancui（安委会办公室）。\n")
    assert signs_in(own_town, "huancui", PASSWORD)
    database = database_of(own_town)
    with database.reading() as session:
        account = session.scalars(select(Account).where(Account.account == "huancui")).one()  # type: ignore[arg-type]
        grant = session.scalars(select(Grant).where(Grant.account_id == account.id)).one()  # type: ignore[arg-type]
        noted = session.scalars(select(AuditEvent).where(AuditEvent.subject == "huancui")).one()  # type: ignore[arg-type]
    database.dispose()
    assert (grant.role, grant.region_code, grant.department_code) == ("office", "371002", "emergency_management")
    assert (noted.account, noted.action) == ("命令行", "create_account")
    assert account.must_change_password is False


def test_without_a_password_a_temporary_one_is_printed_that_must_be_changed(own_town: Console) -> None:
    done = own_town.run("account", "create", "--account", "trainer", "--role", "trainer")

    database = database_of(own_town)
    with database.reading() as session:
        changes = session.scalars(select(Account.must_change_password).where(Account.account == "trainer")).one()  # type: ignore[call-overload]
    database.dispose()
    assert changes is True
    assert signs_in(own_town, "trainer", done.out.strip().split("临时密码：")[1])


def test_refusals_name_their_reason_on_stderr_and_make_nothing(town_console: Console) -> None:
    before = names_of(town_console)
    create = ("account", "create", "--account", "town-office", "--role", "office")

    assert "已存在" in town_console.run(*create).reason
    assert "至少 10 位" in town_console.run(*create[:3], "neu", *create[4:], "--password-stdin", given="short\n").reason
    assert "371002" in town_console.run(*create[:3], "neu", *create[4:], "--region", "999999").reason
    assert "没有部门" in town_console.run(*create[:3], "neu", *create[4:], "--department", "气象台").reason
    assert names_of(town_console) == before


def test_wrong_usage_is_exit_code_2_and_touches_no_database(empty_console: Console) -> None:
    wrong = (
        ("account", "create", "--account", "x", "--role", "king"),
        ("account", "create", "--role", "office"),
        ("coverage", "p", "--by", "colour"),
        ("coverage", "p", "--as-of", "yesterday"),
        ("scores", "p"),
        ("serve", "--port", "0"),
        ("nothing",),
    )

    assert [empty_console.run(*arguments).code for arguments in wrong] == [2] * len(wrong)
    assert not Path(empty_console.folder / "data/ankao.db").exists()


def test_a_database_out_of_reach_is_a_reason_and_not_a_traceback(warm: Console, tmp_path: Path) -> None:
    nowhere = warm.at("postgresql+psycopg://nobody@127.0.0.1:1/none", tmp_path)

    done = nowhere.run("programme", "list", "--json")

    assert "ANKAO_DATABASE_URL" in done.reason
    assert done.json["error"]["code"] == "database"
    assert "ANKAO_DATABASE_URL" in warm.at("not a url", tmp_path).run("audit", "verify").reason


def test_with_json_a_refusal_is_one_object_too(town_console: Console) -> None:
    done = town_console.run("coverage", "no-such-programme", "--json")

    assert done.json == {"error": {"code": done.json["error"]["code"], "message": done.reason.strip()}}
    assert json.dumps(done.json, ensure_ascii=False) == done.out.strip()


def names_of(console: Console) -> dict[str, str]:
    """Account → name."""
    database = database_of(console)
    with database.reading() as session:
        names = {account: name for account, name in session.execute(select(Account.account, Account.name))}  # type: ignore[call-overload]
    database.dispose()
    return names


def signs_in(console: Console, account: str, password: str) -> bool:
    """Whether the door opens, by the same steps as at the sign-in page."""
    database, now = database_of(console), clock.now()
    with database.transaction() as session:
        known = service.credentials(session, account=account, address="127.0.0.1", now=now)
        good = passwords.verify_password(password, known.hashed)
        token = good and service.open_verified(session, account=account, known=known, address="127.0.0.1", agent="", now=now)
    database.dispose()
    return bool(token)

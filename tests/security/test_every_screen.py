"""Every screen × everybody, written out; and what another tenant's row in the address shows. A screen that is added must be added here."""

from __future__ import annotations

import pytest

from quiz.db import Database
from quiz.ui import navigation
from tests.pages.conftest import Open, made_site, open_screen, site
from tests.pages.office_site import ELSEWHERE, FOREIGN, PROGRAMME, Ids, everything, ids
from tests.security.offices import disable, offices

__all__ = ["ids", "made_site", "offices", "open_screen", "site"]

OFFICE = frozenset({"office", "district", "town", "department", "administrator"})
TRAINER = frozenset({"trainer", "administrator"})
ALL = OFFICE | TRAINER
ROLES = ("trainee", "trainer", "office", "district", "town", "department", "administrator")
OPENS: dict[str, frozenset[str]] = {
    "home": frozenset(ROLES),
    "take_quiz": frozenset({"trainee"}),
    "my_results": frozenset({"trainee"}),
    "coverage": OFFICE,
    "scores": ALL,
    "enterprises": OFFICE,
    "import_roster": OFFICE,
    "data_quality": OFFICE,
    "activation_slips": OFFICE,
    "programmes": OFFICE,
    "exemptions": OFFICE,
    "classes": ALL,
    "institutions": OFFICE,
    "extensions": ALL,
    "documents": OFFICE,
    "calls": OFFICE,
    "reminders": OFFICE,
    "certificates": OFFICE,
    "banks": ALL,
    "import_bank": TRAINER,
    "standards": ALL,
    "papers": TRAINER,
    "accounts": frozenset({"administrator"}),
    "audit_trail": frozenset({"administrator"}),
    "system": frozenset({"administrator"}),
}
REFUSED = "没有此项权限"


def test_no_screen_is_missing_here() -> None:
    assert {screen.path for screen in navigation.SCREENS} == set(OPENS)


@pytest.mark.parametrize("screen", OPENS)
def test_a_screen_opens_for_whom_it_is_written(open_screen: Open, offices: Ids, screen: str) -> None:
    opened = set()
    for role in ROLES:
        app = open_screen(screen, role)
        assert not app.exception, (role, app.exception)
        if app.title[0].value != REFUSED:
            opened.add(role)

    assert opened == OPENS[screen]


def test_a_stranger_a_disabled_account_and_a_temporary_password_open_nothing(open_screen: Open, offices: Ids, site: Database) -> None:
    screens = ("certificates", "reminders", "calls", "documents", "classes", "exemptions", "institutions", "data_quality")
    shown = {who: {open_screen(screen, who).title[0].value for screen in screens} for who in ("", "temporary")}
    app = open_screen("certificates", "office")
    before = app.title[0].value
    disable(site, "office")
    app.run()

    assert shown == {"": {"登录已失效"}, "temporary": {"请先修改密码"}}
    assert (before, app.title[0].value, len(app.button)) == ("结业证明", "登录已失效", 0)


# 别人的行 -------------------------------------------------------------------------------------------------------------

OURS = ("本区甲厂", "本区乙厂", "本区王五", "13900000002")
"""What an office of 荣成市 must never see."""
NOT_IN_TOWN = ("本区乙厂", "本区王五", "13900000002", *FOREIGN)
"""What an office of 环翠楼街道 must never see."""


def addresses(ids: Ids) -> tuple[tuple[str, dict[str, str]], ...]:
    """Screens with rows, districts, streets and searches that are somebody else's."""
    elsewhere, searched = {"district": ELSEWHERE, "town": "371082007"}, {"q": "厂"}
    beside = {"district": "371002", "town": "371002002"}
    return (
        ("coverage", {"programme": PROGRAMME, "view": "overview", **elsewhere}),
        ("coverage", {"programme": PROGRAMME, "view": "lists", "list": "due", **beside}),
        ("coverage", {"programme": PROGRAMME, "view": "compare", "from": "2020-01-01", "kind": "joined", **elsewhere}),
        ("calls", {"programme": PROGRAMME, **elsewhere}),
        ("certificates", {"programme": PROGRAMME, **beside}),
        ("exemptions", {"programme": PROGRAMME, **searched}),
        ("programmes", {"programme": PROGRAMME, **searched}),
        ("documents", {"programme": PROGRAMME, "q": "厂"}),
        ("documents", {"programme": PROGRAMME, "q": "区"}),
        ("enterprises", {"organisation": str(ids.foreign)}),
        ("enterprises", {"organisation": str(ids.own_second)}),
        ("scores", {"programme": PROGRAMME, "organisation": str(ids.own_second)}),
        ("extensions", {"person": str(ids.li)}),
        ("data_quality", {"check": "many_firms"}),
        ("data_quality", {"check": "code_pending", "subject": f"o{ids.foreign}", "organisation": str(ids.foreign)}),
        ("reminders", {"programme": PROGRAMME}),
        ("activation_slips", {"state": "", **elsewhere}),
    )


@pytest.mark.parametrize(
    ("who", "hidden"),
    [("district", FOREIGN), ("other-district", OURS), ("town", NOT_IN_TOWN), ("department", (*FOREIGN, *OURS))],
)  # fmt: skip
def test_no_address_shows_another_tenants_row(open_screen: Open, offices: Ids, who: str, hidden: tuple[str, ...]) -> None:
    seen: dict[str, list[str]] = {}
    for screen, address in addresses(offices):
        app = open_screen(screen, who, **address)
        assert not app.exception, (screen, address, app.exception)
        shown = everything(app).replace(f'"value": "{address.get("q", "")}"', "")  # what was searched for stands in its field
        if found := [word for word in hidden if word in shown]:
            seen[f"{screen} {address}"] = found

    assert seen == {}


@pytest.mark.parametrize("text", ["<script>' or 1=1 --\x00", "9" * 40, "-1", "0001-01-01"])
def test_an_odd_address_is_no_error(open_screen: Open, offices: Ids, text: str) -> None:
    names = ("organisation", "person", "attempt", "session", "institution", "request", "check", "subject", "number", "programme", "day")
    names += (
        "from",
        "kind",
        "list",
        "view",
        "district",
        "town",
        "sector",
        "state",
        "page",
        "q",
        "snapshot",
        "part",
        "bank",
        "item",
        "paper",
    )
    failed = []
    for screen in OPENS:
        app = open_screen(screen, "administrator", **dict.fromkeys(names, text))
        if app.exception or "Traceback" in everything(app):
            failed.append((screen, [error.value for error in app.exception]))

    assert failed == []

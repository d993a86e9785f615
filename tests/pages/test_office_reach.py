"""Every screen of the office: a stranger stays at the door, and an office of one district sees nothing of another."""

from __future__ import annotations

import pytest

from tests.pages.conftest import Open
from tests.pages.office_site import FOREIGN, PROGRAMME, Ids, everything, ids

__all__ = ["ids"]

SEARCHES = {
    "coverage": {"programme": PROGRAMME, "view": "lists"},
    "scores": {"programme": PROGRAMME},
    "enterprises": {"q": "厂"},
    "activation_slips": {"state": ""},
    "programmes": {"programme": PROGRAMME, "q": "厂"},
    "extensions": {"q": "厂"},
    "import_roster": {},
    "data_quality": {"check": "code_pending"},
}


def test_a_stranger_is_sent_to_the_door(open_screen: Open) -> None:
    assert {screen: open_screen(screen, "").title[0].value for screen in SEARCHES} == dict.fromkeys(SEARCHES, "登录已失效")


@pytest.mark.parametrize("screen", SEARCHES)
def test_an_office_of_one_district_sees_nothing_of_another(open_screen: Open, ids: Ids, screen: str) -> None:
    mine = everything(open_screen(screen, "district", **SEARCHES[screen]))
    all_of_it = everything(open_screen(screen, "office", **SEARCHES[screen]))

    assert [word for word in (*FOREIGN, "荣成") if word in mine] == []
    if screen not in ("activation_slips", "import_roster"):
        assert "本区甲厂" in mine
        assert "他区丙厂" in all_of_it


@pytest.mark.parametrize("screen", ["coverage", "scores", "enterprises", "activation_slips"])
def test_a_foreign_district_in_the_address_is_not_taken(open_screen: Open, ids: Ids, screen: str) -> None:
    app = open_screen(screen, "district", district="371082", programme=PROGRAMME)

    assert not app.exception
    assert [word for word in FOREIGN if word in everything(app)] == []


def test_a_foreign_row_in_the_address_is_not_found(open_screen: Open, ids: Ids) -> None:
    addresses = (
        ("enterprises", {"organisation": str(ids.foreign)}),
        ("scores", {"programme": PROGRAMME, "organisation": str(ids.foreign)}),
        ("scores", {"programme": PROGRAMME, "organisation": str(ids.own), "person": str(ids.li)}),
        ("scores", {"programme": PROGRAMME, "organisation": str(ids.own), "person": str(ids.zhang), "attempt": str(ids.attempt_of_li)}),
        ("extensions", {"person": str(ids.li)}),
        ("programmes", {"programme": "new"}),
    )
    for screen, address in addresses:
        app = open_screen(screen, "district", **address)
        assert not app.exception
        assert len(app.button) == 0 or screen == "programmes", (screen, address)
        assert [word for word in FOREIGN if word in everything(app)] == [], (screen, address)


def test_a_person_who_serves_two_districts_shows_only_what_is_ours(open_screen: Open, ids: Ids) -> None:
    own = everything(open_screen("extensions", "district", person=str(ids.zhang)))
    attempt = open_screen(
        "scores", "district", programme=PROGRAMME, organisation=str(ids.own), person=str(ids.zhang), attempt=str(ids.attempt_of_zhang)
    )

    assert ("本区甲厂" in own, "他区丁厂" in own) == (True, False)
    assert ("正确答案" in everything(attempt), "他区丁厂" in everything(attempt)) == (True, False)

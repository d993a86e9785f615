"""The office's dashboard: every figure opens its rows by an address, every view keeps to the district, and nothing breaks when empty."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from quiz import clock
from quiz.coverage import service as coverage
from quiz.db import Database
from quiz.ui.coverage_view import VIEWS
from tests.pages.conftest import Open, words
from tests.pages.office_site import FOREIGN, PROGRAMME, Ids, everything, ids

__all__ = ["ids"]

_LINK = re.compile(r'href="(/coverage\?[^"]+)"[^>]*>(.*?)</a>', re.S)
_NUMBER = re.compile(r"(\d+) 家")


def links(app: AppTest) -> list[tuple[dict[str, str], str]]:
    """Addresses of this screen among what is drawn, with their words."""
    found = _LINK.findall(words(app))
    return [
        ({name: values[0] for name, values in parse_qs(urlsplit(href.replace("&amp;", "&")).query).items()}, text) for href, text in found
    ]


def rows(app: AppTest) -> int:
    """Rows of the tables drawn, without their headings."""
    return words(app).count("<tr><td")


@pytest.mark.parametrize("who", ["office", "district"])
def test_the_rows_behind_each_figure_count_to_the_figure(open_screen: Open, ids: Ids, who: str) -> None:
    to_rows = [
        (address, text) for address, text in links(open_screen("coverage", who, programme=PROGRAMME)) if address.get("view") == "lists"
    ]

    assert {address["list"] for address, _ in to_rows} >= {"due", "completed", "uncovered", "overdue", "at_risk", "new_holder", "no_holder"}
    for address, text in to_rows:
        number = _NUMBER.search(re.sub(r"<[^>]+>", " ", text))
        if number is not None:
            app = open_screen("coverage", who, **address)
            assert not app.exception
            assert rows(app) == int(number[1]), (address, text)


@pytest.mark.parametrize("view", VIEWS)
def test_no_view_shows_a_district_what_lies_elsewhere(open_screen: Open, ids: Ids, view: str) -> None:
    app = open_screen("coverage", "district", programme=PROGRAMME, view=view, district="371082", list="due", kind="entered", by="feature")

    assert not app.exception
    assert [word for word in FOREIGN if word in everything(app)] == []


def test_the_map_has_a_tile_for_every_district_and_opens_its_towns(open_screen: Open, ids: Ids) -> None:
    tiles = [
        address
        for address, text in links(open_screen("coverage", "office", programme=PROGRAMME))
        if "<small>" in text and "view" not in address
    ]

    assert len(tiles) == 8
    opened = open_screen("coverage", "office", **next(address for address in tiles if address["district"] == "371002"))
    assert "分镇街" in words(opened)


def test_two_days_are_compared_from_the_last_snapshot_on(open_screen: Open, site: Database, ids: Ids) -> None:
    today = clock.local_day(clock.now())
    with site.transaction() as session:
        published = today.fromordinal(today.toordinal() - 1)
        coverage.snapshot(session, programme_code=PROGRAMME, as_of=published, now=clock.now())

    app = open_screen("coverage", "office", programme=PROGRAMME, view="compare")

    assert not app.exception
    assert f"{published.isoformat()} 到 {today.isoformat()}" in words(app).replace("\\", "")


def test_an_unknown_view_or_list_in_the_address_falls_back(open_screen: Open, ids: Ids) -> None:
    for address in ({"view": "secrets"}, {"view": "lists", "list": "secrets"}, {"view": "compare", "kind": "secrets", "from": "gestern"}):
        assert not open_screen("coverage", "office", programme=PROGRAMME, **address).exception

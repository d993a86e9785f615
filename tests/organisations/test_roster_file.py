"""A roster file without a header is refused; an old format is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from quiz.organisations.reference import Reference
from quiz.organisations.roster_reader import column_letters, read_roster
from quiz.spreadsheets.reading import Unreadable
from tests.organisations.conftest import Desk, ends
from tests.organisations.sheets import xlsx


def test_a_file_without_a_header_is_refused() -> None:
    with pytest.raises(Unreadable) as refusal:
        read_roster(xlsx([["一", "二"], ["三", "四"]]), feature=Reference.of_data().feature)

    assert refusal.value.code == "no_header"


def test_an_old_xls_is_read(desk: Desk) -> None:
    data = (Path(__file__).parent / "data" / "legacy.xls").read_bytes()

    assert ends(desk.bring(data)) == (2, 0, 0, 0, 0)


def test_column_letters() -> None:
    assert [column_letters(index) for index in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]

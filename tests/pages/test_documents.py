"""The documents screen: the city publishes, a district takes its own lists, and nobody more than that."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest

from quiz import clock
from quiz.coverage import service as coverage
from quiz.db import Database
from quiz.organisations.reach import Reach, Reaches
from quiz.problems import Invalid, NotFound
from quiz.ui import documents_files, documents_view
from tests.pages.conftest import DISTRICT, ROLES, Open, words
from tests.pages.office_site import FOREIGN, PROGRAMME, Ids, everything, ids

__all__ = ["ids"]
HERE = Reaches((Reach(district_codes=frozenset({DISTRICT})),))
ALLOWED = {"office", "district", "administrator"}


@pytest.fixture
def snapshot(site: Database, ids: Ids) -> int:
    now = clock.now()
    with site.transaction() as session:
        return coverage.snapshot(session, programme_code=PROGRAMME, as_of=clock.local_day(now), now=now).id


def test_the_screen_opens_for_offices_and_for_nobody_else(open_screen: Open, ids: Ids) -> None:
    shown = {role: open_screen("documents", role) for role in ROLES}

    assert {role: app.title[0].value for role, app in shown.items()} == {
        role: "通报与台账" if role in ALLOWED else "没有此项权限" for role in ROLES
    }
    assert not any(app.exception for app in shown.values())
    assert "还没有快照" in words(shown["office"])


def test_the_city_gets_everything_and_a_district_its_lists(open_screen: Open, snapshot: int) -> None:
    city, district = (open_screen("documents", role, programme=PROGRAMME) for role in ("office", "district"))

    assert not city.exception and not district.exception
    assert all(word in everything(city) for word in ("生成通报（Word）", "生成台账（Excel）", "生成年度总结（Word）"))
    assert not any(word in everything(district) for word in ("生成通报（Word）", "生成台账（Excel）", "生成年度总结（Word）", *FOREIGN))
    assert "与固化时一致" in words(district)


def test_the_streets_package_keeps_to_the_reach_and_whole_numbers_to_a_purpose(snapshot: int, site: Database) -> None:
    with pytest.raises(Invalid):
        documents_view.street_file(snapshot, HERE, full_phones=True)()
    package = zipfile.ZipFile(
        io.BytesIO(documents_view.street_file(snapshot, HERE, full_phones=True, purpose="电话通知逾期企业", agreed=True)())
    )

    text = "\n".join(
        str(cell)
        for name in package.namelist()
        for row in openpyxl.load_workbook(io.BytesIO(package.read(name))).active.values
        for cell in row
    )
    assert "本区甲厂有限公司" in text and "13900000001" in text and not any(name in text for name in FOREIGN)


def test_files_beyond_the_reach_are_not_there(site: Database, ids: Ids) -> None:
    assert documents_files.dossier_file(f"o{ids.own}", HERE)().startswith(b"%PDF-")
    assert documents_files.dossier_file(f"p{ids.zhang}", HERE)().startswith(b"%PDF-")
    for chosen in (f"o{ids.foreign}", f"p{ids.li}"):
        with pytest.raises(NotFound):
            documents_files.dossier_file(chosen, HERE)()


def test_the_city_freezes_a_snapshot_and_makes_the_letter(site: Database, open_screen: Open, ids: Ids) -> None:
    app = open_screen("documents", "office", programme=PROGRAMME)
    app.button(key="documents_take").click().run()

    assert not app.exception and "快照已固化" in words(app)
    letter = documents_view._notice_file(1, 0, "各区市", "市安委会办公室", clock.local_day(clock.now()))()
    assert zipfile.ZipFile(io.BytesIO(letter)).testzip() is None

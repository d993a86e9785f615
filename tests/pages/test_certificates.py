"""The certificates screen: whom it shows what, and that every act keeps to the reach."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

import pytest
from sqlalchemy import update
from sqlmodel import Session

from quiz import clock
from quiz.certificates import queries, service
from quiz.certificates.queries import Filters
from quiz.db import Database
from quiz.models.training import Duty
from quiz.organisations.reach import Reach, Reaches
from quiz.problems import NotFound
from quiz.ui import certificates_view
from quiz.vocabulary import CertificateState
from tests.pages.conftest import DISTRICT, ROLES, Open, words
from tests.pages.office_site import FOREIGN, Ids, account_of, audited, everything, ids

__all__ = ["ids"]
HERE = Reaches((Reach(district_codes=frozenset({DISTRICT})),))
EVERYWHERE = Reaches.everything()


@pytest.fixture
def numbers(site: Database, ids: Ids) -> Iterator[dict[str, str]]:
    """Everybody has completed; certificate numbers by enterprise."""
    now = clock.now()
    with site.transaction() as session:
        session.execute(update(Duty).values(completed_on=clock.local_day(now), passed_on=clock.local_day(now)))
        service.issue_due(session, now=now)
        rows = queries.listed(session, filters=Filters(), reach=EVERYWHERE, today=clock.local_day(now)).rows
    yield {row.organisation: row.number for row in rows}


def state_of(session: Session, number: str) -> CertificateState:
    view = queries.certificate(session, number=number, today=clock.local_day(clock.now()))
    assert view is not None
    return view.state


def test_the_list_keeps_to_the_reach_of_each_role(open_screen: Open, numbers: dict[str, str]) -> None:
    shown = {role: everything(open_screen("certificates", role)) for role in ROLES}

    assert all(numbers["本区甲厂有限公司"] in shown[role] for role in ("office", "district", "administrator"))
    assert numbers["他区丙厂有限公司"] in shown["office"] and numbers["他区丙厂有限公司"] not in shown["district"]
    assert not any(name in shown["district"] for name in FOREIGN)
    for role in ("trainee", "trainer"):
        assert "没有此项权限" in shown[role] and not any(number in shown[role] for number in numbers.values())


def test_one_certificate_shows_every_printed_field_and_a_foreign_one_nothing(open_screen: Open, numbers: dict[str, str]) -> None:
    own = open_screen("certificates", "district", number=numbers["本区甲厂有限公司"])
    foreign = open_screen("certificates", "district", number=numbers["他区丙厂有限公司"])

    assert all(word in everything(own) for word in ("本区张三", "本区甲厂有限公司", "主要负责人全覆盖培训", "有效"))
    assert "没有找到该证明" in words(foreign) and not any(name in everything(foreign) for name in FOREIGN)


def test_an_empty_list_says_what_to_expect(open_screen: Open, ids: Ids) -> None:
    assert "没有符合条件的证明" in words(open_screen("certificates", "office"))


def test_acts_outside_the_reach_are_refused_in_the_act_itself(site: Database, numbers: dict[str, str]) -> None:
    foreign = numbers["他区丙厂有限公司"]
    account = account_of(site, "district").id or 0
    with site.transaction() as session:
        for act in (
            lambda: service.revoke(session, number=foreign, reason="越权撤销", reach=HERE, now=clock.now(), account_id=account),
            lambda: service.replace_certificate(
                session, number=foreign, reason="越权换发", reach=HERE, now=clock.now(), account_id=account
            ),
            lambda: service.restore(session, number=foreign, reach=HERE, now=clock.now()),
        ):
            with pytest.raises(NotFound):
                act()
        assert state_of(session, foreign) is CertificateState.VALID


def test_a_revocation_asks_for_a_reason_and_is_on_the_trail(site: Database, open_screen: Open, numbers: dict[str, str]) -> None:
    number = numbers["本区甲厂有限公司"]
    app = open_screen("certificates", "district", number=number)
    app.text_input(key="certificates_reason").input("代考，成绩作废").run()
    app.button(key="certificates_revoke").click().run()

    with site.reading() as session:
        assert state_of(session, number) is CertificateState.REVOKED
    assert audited(site, "revoke_certificate") == [{"reason": "代考，成绩作废"}]

    app = open_screen("certificates", "district", number=number)
    app.button(key="certificates_restore").click().run()

    with site.reading() as session:
        assert state_of(session, number) is CertificateState.VALID


def test_the_package_holds_the_certificates_within_reach(site: Database, numbers: dict[str, str]) -> None:
    today = clock.local_day(clock.now())
    package = zipfile.ZipFile(io.BytesIO(certificates_view._package(Filters(), HERE, today, "https://ankao.example")()))

    assert {name.rsplit("_", 1)[1] for name in package.namelist()} == {
        f"{number}.pdf" for firm, number in numbers.items() if not firm.startswith("他区")
    }
    assert all(package.read(name).startswith(b"%PDF-") for name in package.namelist())

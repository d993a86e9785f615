"""Screens played through `streamlit_app.py`: a small site on SQLite, made once and copied for each test that writes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, select
from streamlit.testing.v1 import AppTest

from quiz import clock, db, settings
from quiz.accounts import service as accounts
from quiz.db import Database
from quiz.installation import prepare
from quiz.models.accounts import Account
from quiz.papers import service as papers
from quiz.papers.domain import Blueprint, Section
from quiz.papers.service import PaperDraft
from quiz.training import service as training
from quiz.training.domain import Audience
from quiz.ui import gate
from quiz.vocabulary import AccountRole
from tests import factories
from tests.databases import Content, new_file

ENTRY = str(settings.ROOT / "streamlit_app.py")
DISTRICT = "371002"
ROLES = ("trainee", "trainer", "office", "district", "administrator")
"""Accounts of the site, each named after what it is."""

Open = Callable[..., AppTest]


def _people(session: Session) -> None:
    """One account a role; the trainee is the principal of an enterprise."""
    now = clock.now()
    enterprise = factories.organisation(
        session, district=DISTRICT, town="371002001", sector="industry_trade", department="emergency_management"
    )
    principal = factories.person(session, name="王*建国*", phone="13806310001")
    factories.post(session, organisation_id=enterprise, person_id=principal, designated=True)
    grants = {
        "trainee": (AccountRole.TRAINEE, None),
        "trainer": (AccountRole.TRAINER, None),
        "office": (AccountRole.OFFICE, None),
        "district": (AccountRole.OFFICE, DISTRICT),
        "administrator": (AccountRole.ADMINISTRATOR, None),
    }
    for name, (role, region) in grants.items():
        accounts.create_account(
            session,
            account=name,
            password_hash="-",
            name="王*建国*" if name == "trainee" else f"{role.label}甲",
            person_id=principal if name == "trainee" else None,
            roles=[(role, region, None, None)],
            now=now,
        )


def _examination(session: Session) -> None:
    """One open programme with its paper."""
    now = clock.now()
    today = clock.local_day(now)
    sections = (Section(count=5, points=10, banks=("trade-industry",)), Section(count=5, points=10, banks=("work-safety-law",)))
    paper = papers.create_paper(
        session,
        draft=PaperDraft(
            title="安全生产考试",
            blueprint=Blueprint(sections=sections),
            cut_score=60,
            opens_at=now - timedelta(days=1),
            closes_at=now + timedelta(days=30),
        ),
        created_by=None,
        now=now,
        publish=True,
    )
    programme = training.create_programme(
        session,
        code="principals",
        title="主要负责人全覆盖培训",
        audience=Audience(),
        opens_on=today - timedelta(days=7),
        due_on=today + timedelta(days=30),
        now=now,
        paper_id=paper.id,
    )
    training.open_programme(session, programme_id=programme.id, today=today)


@pytest.fixture(scope="session")
def made_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a site with reference data, banks, accounts of every role and one programme."""
    folder = tmp_path_factory.mktemp("site")
    database = Database(new_file(folder, Content.PREPARED))
    prepare(database)
    with database.transaction() as session:
        _people(session)
        _examination(session)
    with database.writer.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    database.dispose()
    return folder / "ankao.db"


@pytest.fixture
def site(made_site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A copy of the site, as the database of this process."""
    path = tmp_path / "ankao.db"
    shutil.copy(made_site, path)
    monkeypatch.setenv("ANKAO_DATABASE_URL", f"sqlite:///{path}")
    monkeypatch.setenv("ANKAO_SECRET_FILE", str(tmp_path / "secret.key"))
    settings.settings.cache_clear()
    db.database.cache_clear()
    yield db.database()
    db.database().dispose()
    db.database.cache_clear()
    settings.settings.cache_clear()


def sign_in(database: Database, account: str) -> str:
    """A real sign-in; its token."""
    with database.transaction() as session:
        found = session.exec(select(Account).where(Account.account == account)).one()
        return accounts.open_session(session, account_id=found.id or 0, address="127.0.0.1", agent="test", now=clock.now())


@pytest.fixture
def open_screen(site: Database, monkeypatch: pytest.MonkeyPatch) -> Open:
    """`open_screen("banks", "trainer", bank="trade-industry")`: the screen as that account sees it; account "" is a stranger."""

    def opened(screen: str, account: str, /, **address: str) -> AppTest:
        token = sign_in(site, account) if account else ""
        monkeypatch.setattr(gate, "read_token", lambda: token)
        monkeypatch.setattr(gate, "read_address", lambda: "10.0.0.7")
        app = AppTest.from_file(ENTRY, default_timeout=30)
        if screen != "home":
            app.switch_page(f"pages/{screen}.py")
        for name, value in address.items():
            app.query_params[name] = value
        return app.run()

    return opened


def words(app: AppTest) -> str:
    """Everything the screen says in titles, texts and our own blocks."""
    return "\n".join(str(element.value) for kind in (app.title, app.subheader, app.markdown) for element in kind)

"""More of the small site for the office's screens: enterprises of two districts, one person who serves both, and some answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.json_format import MessageToJson
from sqlmodel import Session, col, select
from streamlit.testing.v1 import AppTest

from quiz import clock, wiring
from quiz.accounts import service as accounts
from quiz.attempts import service as attempts
from quiz.db import Database
from quiz.models.accounts import Account, AuditEvent
from quiz.models.training import Programme
from quiz.organisations import service as roster
from quiz.organisations.domain import OrganisationDraft, PersonDraft
from quiz.vocabulary import AccountRole, PostRole
from tests.pages.conftest import DISTRICT

ELSEWHERE = "371082"
PROGRAMME = "principals"
FOREIGN = ("他区丙厂", "他区丁厂", "他区李四", "13900000003")
"""What an office of 环翠区 must never see."""


@dataclass(frozen=True)
class Ids:
    """Rows of the two districts."""

    own: int
    own_second: int
    foreign: int
    zhang: int
    """Principal of 本区甲厂 and of 他区丁厂."""
    li: int
    """Principal of 他区丙厂; has an account and handed in once."""
    zhang_post: int
    li_post: int
    attempt_of_zhang: int
    attempt_of_li: int


def _enterprise(session: Session, name: str, number: int, district: str, town: str, principal: str, phone: str) -> tuple[int, int, int]:
    now = clock.now()
    today = clock.local_day(now)
    organisation = roster.add_organisation(
        session,
        draft=OrganisationDraft(
            name=name, registration_number=f"NO{number:06}", district_code=district, town_code=town, sector_code="industry_trade",
            registered_on=today - timedelta(days=700),
        ),
        now=now,
    )  # fmt: skip
    post = roster.appoint(
        session, organisation_id=organisation.id, person=PersonDraft(principal, phone), role=PostRole.PRINCIPAL,
        held_from=today - timedelta(days=300), now=now,
    )  # fmt: skip
    return organisation.id, post.person_id, post.id


def _take(session: Session, person_id: int, phone: str, name: str) -> int:
    """An account of their own, and one attempt handed in without an answer."""
    now = clock.now()
    accounts.create_account(
        session, account=phone, password_hash="-", name=name, person_id=person_id, roles=[(AccountRole.TRAINEE, None, None, None)], now=now
    )
    paper_id = session.exec(select(Programme.paper_id).where(Programme.code == PROGRAMME)).one()
    attempt = attempts.start(session, person_id=person_id, paper_id=paper_id or 0, idempotency_key="first", now=now).attempt
    attempts.hand_in(session, attempt_id=attempt.id, person_id=person_id, now=now)
    return attempt.id


@pytest.fixture
def ids(site: Database) -> Ids:
    """Two enterprises in 环翠区, two in 荣成市."""
    wiring.wire()
    with site.transaction() as session:
        own, zhang, zhang_post = _enterprise(session, "本区甲厂有限公司", 1, DISTRICT, "371002001", "本区张三", "13900000001")
        own_second, _, _ = _enterprise(session, "本区乙厂有限公司", 2, DISTRICT, "371002002", "本区王五", "13900000002")
        foreign, li, li_post = _enterprise(session, "他区丙厂有限公司", 3, ELSEWHERE, "371082007", "他区李四", "13900000003")
        _enterprise(session, "他区丁厂有限公司", 4, ELSEWHERE, "371082007", "本区张三", "13900000001")
        first = _take(session, zhang, "13900000001", "本区张三")
        second = _take(session, li, "13900000003", "他区李四")
    return Ids(own, own_second, foreign, zhang, li, zhang_post, li_post, first, second)


def everything(app: AppTest) -> str:
    """Whatever the screen sends to the browser: texts, labels, options, figures, tables."""
    parts: list[str] = []

    def walk(node: Any) -> None:
        proto = getattr(node, "proto", None)
        if proto is not None and hasattr(proto, "DESCRIPTOR"):
            parts.append(MessageToJson(proto, ensure_ascii=False))
        for child in getattr(node, "children", {}).values():
            walk(child)

    walk(app._tree)
    return "\n".join(parts)


def audited(site: Database, action: str) -> list[dict[str, Any]]:
    """Details of the audit rows of that action."""
    with site.reading() as session:
        return [row.detail for row in session.exec(select(AuditEvent).where(AuditEvent.action == action).order_by(col(AuditEvent.id)))]


def account_of(site: Database, name: str) -> Account:
    with site.reading() as session:
        return session.exec(select(Account).where(Account.account == name)).one()

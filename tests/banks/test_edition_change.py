"""What is told before an edition is loaded is what happens; and an edition can be taken back while nobody has used it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from quiz import clock
from quiz.accounts import audit
from quiz.banks import catalogue, edition_change, editions, queries, service
from quiz.banks.files import BankDraft, EditionDraft
from quiz.models.accounts import AuditEvent
from quiz.models.banks import Clause, Edition, Standard
from quiz.problems import NotFound, Refusal
from quiz.vocabulary import EditionStatus, ItemState
from tests.banks.test_editions import ALARM, HOSE, NEW, OFFICE, TRAINING, edition, item

TEXTS = (ALARM, HOSE, HOSE.replace("2", "3"), TRAINING, "液化气瓶间不得设在地下室。")


def write(session: Session, draft: EditionDraft, now: datetime, *, digest: str = "") -> EditionStatus:
    return editions.write_edition(session, draft=draft, now=now, today=clock.local_day(now), actor=OFFICE, digest=digest)


def upload(session: Session, draft: EditionDraft, now: datetime) -> EditionStatus:
    return editions.upload_edition(session, draft=draft, now=now, today=clock.local_day(now), actor=OFFICE)


def bank(session: Session, now: datetime) -> None:
    write(session, edition(2024, ALARM, HOSE, TRAINING), now, digest="shipped")
    items = [item("alarm", "gas-2024/1"), item("hose", "gas-2024/2"), item("both", "gas-2024/1", "gas-2024/3")]
    service.write_bank(session, draft=BankDraft(bank="gas", title="燃气", edition="gas-2024", items=items), now=now)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.sampled_from(TEXTS), min_size=1, max_size=5, unique=True))
def test_what_was_expected_is_what_happens(session: Session, now: datetime, texts: list[str]) -> None:
    undone = session.begin_nested()
    bank(session, now)
    draft = edition(2026, *texts, supersedes="gas-2024")
    changes = editions.difference_of_draft(session, draft)
    assert changes is not None

    expected = edition_change.expected_impact(session, old_code="gas-2024", changes=changes)
    upload(session, draft, now)

    happened = catalogue.impact(session, "gas-2026")
    assert [(each.view.item_id, each.action) for each in expected] == [(each.item_id, each.action) for each in happened]
    assert [f"所依据的条款在新版中：{each.reason}" if each.reason else "" for each in expected] == [each.reason for each in happened]
    undone.rollback()
    session.expire_all()


def test_looking_ahead_writes_nothing(session: Session, now: datetime) -> None:
    bank(session, now)
    changes = editions.difference_of_draft(session, NEW)
    assert changes is not None

    edition_change.expected_impact(session, old_code="gas-2024", changes=changes)

    assert (list(session.new), list(session.dirty), session.get(Edition, "gas-2026")) == ([], [], None)
    assert {view.state for view in queries.items_of_bank(session, "gas")} == {ItemState.PUBLISHED.value}


def test_an_edition_whose_day_has_not_come_can_be_taken_back_without_a_trace(session: Session, now: datetime) -> None:
    bank(session, now)
    coming = edition(2027, ALARM, supersedes="gas-2024", effective=clock.local_day(now) + timedelta(days=30), title="燃气新规")
    upload(session, coming, now)

    edition_change.undo(session, code="gas-2027", now=now, actor=OFFICE)

    assert (session.get(Edition, "gas-2027"), session.get_one(Standard, "gas").title) == (None, "燃气规定（2024）")
    assert session.scalars(select(Clause).where(col(Clause.edition_code) == "gas-2027")).all() == []
    assert catalogue.edition(session, "gas-2024").superseded_by is None
    acts = session.scalars(select(col(AuditEvent.action)).order_by(col(AuditEvent.id))).all()
    assert (list(acts)[-2:], audit.verify(session).intact) == (["load_edition", "undo_edition"], True)
    assert upload(session, coming, now) is EditionStatus.UPCOMING


def test_a_new_standard_goes_with_its_only_edition(session: Session, now: datetime) -> None:
    upload(session, edition(2026, ALARM, standard="dust", edition="dust-2026", clauses=[
        {"id": "dust-2026/1", "ref": "第一条", "group": "粉尘", "heading": "清扫", "text": "每班清扫。"}]), now)  # fmt: skip

    edition_change.undo(session, code="dust-2026", now=now, actor=OFFICE)

    assert session.get(Standard, "dust") is None


def test_what_took_over_is_shipped_has_a_successor_or_is_cited_stays(session: Session, now: datetime) -> None:
    bank(session, now)
    upload(session, NEW, now)
    upload(session, edition(2028, ALARM, supersedes="gas-2026", effective=clock.local_day(now) + timedelta(days=9)), now)
    reasons = {code: edition_change.why_not_undone(session, code) for code in ("gas-2024", "gas-2026", "gas-2028")}
    assert reasons == {
        "gas-2024": "这一版随系统附带，不能撤销载入。",
        "gas-2026": "已经载入了替代它的版本，不能撤销；请先撤销后一版。",
        "gas-2028": "",
    }

    edition_change.undo(session, code="gas-2028", now=now, actor=OFFICE)
    with pytest.raises(Refusal, match="已经施行并接替了上一版"):
        edition_change.undo(session, code="gas-2026", now=now, actor=OFFICE)

    write(session, edition(2026, ALARM, standard="oil", edition="oil-1", clauses=[
        {"id": "oil-1/1", "ref": "第一条", "group": "油", "heading": "油", "text": "油罐区禁火。"}]), now)  # fmt: skip
    service.write_bank(session, draft=BankDraft(bank="oil", title="油", edition="oil-1", items=[item("fire", "oil-1/1")]), now=now)
    assert edition_change.why_not_undone(session, "oil-1") == "已有 1 个题目版本引用它的条款、1 个题库以它为依据，不能撤销。"
    with pytest.raises(NotFound):
        edition_change.why_not_undone(session, "nothing")

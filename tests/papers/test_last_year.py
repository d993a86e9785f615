"""Last year's paper a year later, and which papers a bank's items hold up."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlmodel import Session

from quiz import clock
from quiz.accounts.audit import Actor
from quiz.banks import service, workflow
from quiz.banks.files import BankDraft, ItemDraft
from quiz.banks.queries import items_of_bank
from quiz.models.banks import Bank
from quiz.models.papers import Paper
from quiz.papers import last_year, queries
from quiz.papers import service as papers
from quiz.papers.domain import Blueprint, Section
from quiz.papers.service import PaperDraft
from quiz.papers.shortage import short_without
from quiz.problems import NotFound
from quiz.vocabulary import ItemType

WANG = Actor(account="wang")
CODES = ("a", "b", "c")


def bank(session: Session, now: datetime, code: str = "own") -> None:
    items = [ItemDraft(code=each, type=ItemType.SINGLE, stem=f"{each}？", options={"A": "对的", "B": "错的"}, key=["A"]) for each in CODES]
    service.write_bank(session, draft=BankDraft(bank=code, title="本厂题库", items=items), now=now)
    service.touch(session)


def paper(session: Session, opens: datetime, closes: datetime, *, title: str = "2026年考试", items: tuple[str, ...] = ()) -> int:
    section = Section(count=2, points=50, banks=("own",), items=items)
    draft = PaperDraft(title=title, blueprint=Blueprint(sections=(section,)), cut_score=50, opens_at=opens, closes_at=closes)
    return papers.create_paper(session, draft=draft, created_by=None, now=opens, publish=True).id


def weihai(*day: int) -> datetime:
    return datetime(*day, tzinfo=clock.SHANGHAI).astimezone(clock.UTC)  # type: ignore[misc, arg-type]


def withdraw(session: Session, code: str, now: datetime, note: str = "条款已改") -> None:
    item = next(view for view in items_of_bank(session, "own") if view.item_code == code)
    workflow.withdraw(session, item_id=item.item_id, now=now, actor=WANG, note=note)


def test_the_copy_is_a_draft_with_the_same_rules_a_year_later(session: Session) -> None:
    opens, closes = weihai(2025, 12, 1), weihai(2026, 2, 28, 23, 59, 59)
    bank(session, opens)
    original = paper(session, opens, closes)

    made = last_year.copy_a_year_later(session, paper_id=original, now=weihai(2026, 11, 23), actor=WANG)

    stored = session.get(Paper, made.id)
    assert stored is not None
    assert (made.title, made.state, made.opens_at, made.closes_at) == (
        "2027年考试", "draft", weihai(2026, 12, 1), weihai(2027, 2, 28, 23, 59, 59),
    )  # fmt: skip
    assert (made.blueprint, made.cut_score, stored.created_at) == (queries.paper(session, original).blueprint, 50, weihai(2026, 11, 23))


@pytest.mark.parametrize(
    ("closes", "now", "expected"),
    [
        (weihai(2024, 2, 29), weihai(2024, 3, 1), weihai(2025, 2, 28)),
        (weihai(2022, 6, 30), weihai(2026, 6, 1), weihai(2026, 6, 30)),
        (weihai(2026, 12, 31), weihai(2026, 11, 1), weihai(2027, 12, 31)),
    ],
)
def test_days_move_by_as_many_years_as_bring_the_end_into_the_future(
    session: Session, closes: datetime, now: datetime, expected: datetime
) -> None:
    bank(session, closes - timedelta(days=40))
    original = paper(session, closes - timedelta(days=30), closes, title="考试")

    found = last_year.outlook(session, paper_id=original, now=now)

    assert (found.closes_at, found.title) == (expected, "考试（副本）")


def test_a_title_that_is_taken_says_it_is_a_copy(session: Session) -> None:
    opens, closes = weihai(2025, 12, 1), weihai(2026, 2, 28)
    bank(session, opens)
    original = paper(session, opens, closes)
    paper(session, opens, closes, title="2027年考试")

    assert last_year.outlook(session, paper_id=original, now=closes).title == "2027年考试（副本）"


def test_items_withdrawn_since_are_pointed_out_those_asked_for_by_name_first(session: Session) -> None:
    opens, closes = weihai(2025, 12, 1), weihai(2026, 2, 28)
    bank(session, opens - timedelta(days=1))
    original = paper(session, opens, closes, items=("a", "b"))
    for code, days in (("a", 1), ("c", 2)):
        withdraw(session, code, opens + timedelta(days=days))

    found = last_year.outlook(session, paper_id=original, now=closes)

    assert [(item.code, item.is_named, item.reason) for item in found.withdrawn] == [("a", True, "条款已改"), ("c", False, "条款已改")]
    assert (found.withdrawn_count, found.missing_banks, "题量不足" in found.problem) == (2, (), True)


def test_a_bank_that_is_gone_is_named(session: Session) -> None:
    opens, closes = weihai(2025, 12, 1), weihai(2026, 2, 28)
    bank(session, opens)
    original = paper(session, opens, closes)
    stored = session.get(Paper, original)
    assert stored is not None
    stored.blueprint = {"sections": [stored.blueprint["sections"][0] | {"banks": ["own", "gone"]}]}
    session.add(Bank(code="unused", title="别的", created_at=opens))
    session.flush()

    assert last_year.outlook(session, paper_id=original, now=closes).missing_banks == ("gone",)


def test_an_unknown_paper_is_not_found(session: Session, now: datetime) -> None:
    with pytest.raises(NotFound):
        last_year.copy_a_year_later(session, paper_id=404, now=now, actor=WANG)


def test_papers_that_need_an_item_are_named(session: Session, now: datetime) -> None:
    bank(session, now)
    paper(session, now, now + timedelta(days=1), title="要两道")
    paper(session, now, now + timedelta(days=1), title="指定两道", items=("a", "b"))
    ids = {view.item_code: view.id for view in items_of_bank(session, "own")}

    assert short_without(session, bank_code="own", version_ids=[ids["a"]]) == ["指定两道"]
    assert sorted(short_without(session, bank_code="own", version_ids=[ids["a"], ids["c"]])) == ["指定两道", "要两道"]
    assert short_without(session, bank_code="own", version_ids=[ids["c"]]) == []

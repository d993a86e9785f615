"""Importing into a bank that is opened for it: all of it or nothing, and nobody else's bank."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlmodel import Session, select

from quiz.accounts.audit import Actor
from quiz.banks.queries import items_of_bank
from quiz.db import Database
from quiz.exchange import import_undo, new_bank, queries
from quiz.exchange.domain import Reading
from quiz.exchange.service import ImportReport
from quiz.models.banks import Bank, Edition, Item, Standard
from quiz.problems import Invalid
from tests.exchange.material import REFUSED, draft, reading

WANG = Actor(account="wang")


def run(db: Database, now: datetime, file: Reading, **more: Any) -> ImportReport:
    values = {
        "bank_code": "bank-0001",
        "title": "本厂题库",
        "edition_code": None,
        "file_name": "题.txt",
        "digest": "",
        "actor": WANG,
    } | more
    return new_bank.import_into_new_bank(db, reading=file, now=now, **values)


def codes(db: Database) -> list[str]:
    with db.reading() as session:
        return sorted(session.exec(select(Bank.code)).all())


def test_the_bank_rests_on_the_edition_that_was_chosen(db: Database, now: datetime) -> None:
    with db.transaction() as session:
        session.add(Standard(code="gas", title="燃气"))
        session.flush()
        session.add(Edition(code="gas-1", standard_code="gas", title="规定"))

    run(db, now, reading(draft("一？")), edition_code="gas-1")

    with db.reading() as session:
        bank = session.get_one(Bank, "bank-0001")
        assert (bank.title, bank.edition_code, bank.is_built_in) == ("本厂题库", "gas-1", False)


def test_the_bank_goes_when_its_import_is_undone(db: Database, now: datetime) -> None:
    report = run(db, now, reading(draft("一？")))

    with db.transaction() as session:
        import_undo.undo(session, import_id=report.import_id or 0, actor=WANG, now=now)

    assert codes(db) == []


def test_a_file_without_items_opens_no_bank(db: Database, now: datetime) -> None:
    run(db, now, reading(REFUSED))

    assert codes(db) == []


@pytest.mark.parametrize("more", [{"title": " "}, {"bank_code": "两"}, {"bank_code": "x" * 61}, {"bank_code": "../x"}])
def test_what_cannot_be_a_bank_is_refused(db: Database, now: datetime, more: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        run(db, now, reading(draft("一？")), **more)

    assert codes(db) == []


def test_a_code_that_is_taken_never_reaches_the_other_bank(db: Database, now: datetime) -> None:
    run(db, now, reading(draft("一？")))

    with pytest.raises(Invalid, match="已经是题库“本厂题库”的编号"):
        run(db, now, reading(draft("二？")))

    with db.reading() as session:
        assert [view.stem for view in items_of_bank(session, "bank-0001")] == ["一？"]


def test_codes_are_numbered_and_not_used_again(session: Session, db: Database, now: datetime) -> None:
    first = queries.next_bank_code(session)
    session.rollback()
    report = run(db, now, reading(draft("一？")))
    with db.transaction() as writing:
        import_undo.undo(writing, import_id=report.import_id or 0, actor=WANG, now=now)

    with db.reading() as reading_session:
        assert (first, queries.next_bank_code(reading_session)) == ("bank-0001", "bank-0002")


def test_own_banks_come_before_shipped_ones(db: Database, now: datetime) -> None:
    with db.transaction() as session:
        session.add(Bank(code="law", title="一", is_built_in=True, created_at=now))
        session.add(Bank(code="own", title="二", created_at=now))

    with db.reading() as session:
        assert [(target.code, target.is_built_in) for target in queries.targets(session)] == [("own", False), ("law", True)]


def test_the_fingerprint_moves_with_every_item_of_the_bank_and_with_no_other(db: Database, now: datetime) -> None:
    def seen() -> tuple[int, ...]:
        with db.reading() as session:
            return queries.fingerprint(session, "bank-0001")

    prints = [seen()]
    run(db, now, reading(draft("一？")))
    prints.append(seen())
    run(db, now, reading(draft("别处？")), bank_code="bank-0002")
    elsewhere = seen()
    with db.transaction() as session:
        item = session.exec(select(Item).where(Item.bank_code == "bank-0001")).one()
        item.version_id = (item.version_id or 0) + 1
    prints.append(seen())

    assert (len(set(prints)), elsewhere) == (3, prints[1])


def test_remarks_of_an_import_are_kept(db: Database, now: datetime) -> None:
    report = run(db, now, reading(draft("一？"), REFUSED))

    with db.reading() as session:
        found = queries.problems_of_import(session, report.import_id or 0)
        assert ([each["code"] for each in found], queries.problems_of_import(session, 999)) == (["missing_answer"], [])

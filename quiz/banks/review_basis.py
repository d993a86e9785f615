"""Reads what the review measures a bank against."""

from __future__ import annotations

from sqlalchemy import select
from sqlmodel import Session, col

from quiz.banks import queries
from quiz.banks.review import Basis, EditionFact, Known
from quiz.models.banks import Bank, Edition
from quiz.models.organisations import Sector
from quiz.vocabulary import EditionStatus


def basis_of_bank(session: Session, bank_code: str) -> Basis:
    """What is stored about the bank's edition, and which editions and sectors there are."""
    bank = session.get(Bank, bank_code)
    edition = session.get(Edition, bank.edition_code) if bank is not None and bank.edition_code else None
    rows = session.execute(select(col(Edition.code), col(Edition.standard_code), col(Edition.status)))
    return Basis(
        clauses=tuple(queries.clauses_of_edition(session, edition.code)) if edition else (),
        caution=edition.caution if edition else "",
        sectors=tuple(bank.sectors) if bank else (),
        known=Known(
            editions={code: EditionFact(standard, EditionStatus(status)) for code, standard, status in rows},  # type: ignore[call-arg]
            sectors=frozenset(session.scalars(select(col(Sector.code)))),
        ),
    )

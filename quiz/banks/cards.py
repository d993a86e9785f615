"""Reads of the learning cards: what a person learns before an exam, and what a wrong answer leads to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlmodel import Session, col

from quiz.banks.queries import ClauseView, clauses_of_edition
from quiz.models.banks import Bank, Clause, Edition, LearningCard
from quiz.problems import NotFound
from quiz.vocabulary import EditionStatus


@dataclass(frozen=True)
class CardView:
    """One clause, plainly: what it asks, why, what it looks like on the spot, what people get wrong."""

    clause: ClauseView
    says: str
    why: str
    on_site: tuple[str, ...]
    mistakes: tuple[str, ...]


@dataclass(frozen=True)
class Booklet:
    """The cards of one edition."""

    edition_code: str
    title: str
    cards: int


@dataclass(frozen=True)
class OpenCard:
    """A card with its neighbours in the booklet (ids of clauses)."""

    card: CardView
    position: int
    of: int
    previous: str | None
    next: str | None


def booklets(session: Session) -> list[Booklet]:
    """All editions in force that have cards, by title."""
    rows = session.execute(
        select(col(Edition.code), col(Edition.title), func.count())
        .join(Clause, col(Clause.edition_code) == col(Edition.code))
        .join(LearningCard, col(LearningCard.clause_id) == col(Clause.id))
        .where(col(Edition.status) == EditionStatus.IN_FORCE.value)
        .group_by(col(Edition.code), col(Edition.title))
        .order_by(col(Edition.title), col(Edition.code))
    )
    return [Booklet(code, title, cards) for code, title, cards in rows]


def cards_of_edition(session: Session, edition_code: str) -> list[CardView]:
    """The cards of an edition in the order of its clauses. Raises NotFound when it has none."""
    clauses = clauses_of_edition(session, edition_code)
    rows = {
        row.clause_id: row
        for row in session.scalars(
            select(LearningCard).join(Clause, col(Clause.id) == col(LearningCard.clause_id)).where(col(Clause.edition_code) == edition_code)
        )
    }
    if not rows:
        raise NotFound("没有这份学习资料。")
    return [
        CardView(clause, row.says, row.why, tuple(row.on_site), tuple(row.mistakes))
        for clause in clauses
        if (row := rows.get(clause.id)) is not None
    ]


def open_card(session: Session, clause_id: str) -> OpenCard:
    """One card. Raises NotFound when this clause has none."""
    cards = cards_of_edition(session, clause_id.partition("/")[0])
    place = next((n for n, card in enumerate(cards) if card.clause.id == clause_id), None)
    if place is None:
        raise NotFound("这一条没有学习卡。")
    return OpenCard(
        card=cards[place],
        position=place + 1,
        of=len(cards),
        previous=cards[place - 1].clause.id if place else None,
        next=cards[place + 1].clause.id if place + 1 < len(cards) else None,
    )


def with_cards(session: Session, clause_ids: Iterable[str]) -> set[str]:
    """Those of the clauses that have a card."""
    return set(session.scalars(select(col(LearningCard.clause_id)).where(col(LearningCard.clause_id).in_(set(clause_ids)))))


def editions_of_banks(session: Session, bank_codes: Iterable[str]) -> set[str]:
    """The editions these banks are pinned to."""
    rows = session.scalars(select(col(Bank.edition_code)).where(col(Bank.code).in_(set(bank_codes))))
    return {code for code in rows if code}


def editions_with_cards(session: Session, edition_codes: Iterable[str] | None = None) -> dict[str, str]:
    """Editions that have learning cards, code → title, by title; only those of the codes when codes are given."""
    query = (
        select(col(Edition.code), col(Edition.title))
        .join(Clause, col(Clause.edition_code) == col(Edition.code))
        .join(LearningCard, col(LearningCard.clause_id) == col(Clause.id))
        .distinct()
        .order_by(col(Edition.title), col(Edition.code))
    )
    if edition_codes is not None:
        query = query.where(col(Edition.code).in_(set(edition_codes)))
    return {code: title for code, title in session.execute(query)}


def card_characters(session: Session, clause_id: str) -> int | None:
    """How long a card is to read; None when the clause has none."""
    card = session.get(LearningCard, clause_id)
    if card is None:
        return None
    return sum(map(len, (card.says, card.why, *card.on_site, *card.mistakes)))


def readable_characters(session: Session, edition_codes: Iterable[str]) -> int:
    """How long all cards of these editions are to read."""
    rows = session.scalars(
        select(LearningCard)
        .join(Clause, col(Clause.id) == col(LearningCard.clause_id))
        .where(col(Clause.edition_code).in_(set(edition_codes)))
    )
    return sum(len(text) for card in rows for text in (card.says, card.why, *card.on_site, *card.mistakes))

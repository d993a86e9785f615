"""Learning cards on a phone: what my papers are about, what I got wrong, and one card at a time."""

from __future__ import annotations

import re
from itertools import groupby
from typing import Any

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from quiz import clock
from quiz.accounts.domain import User
from quiz.attempts import queries as attempts
from quiz.banks import cards
from quiz.banks.cards import Booklet, CardView, OpenCard
from quiz.http import requests
from quiz.http.running import read
from quiz.training import my_duties, my_papers, study
from quiz.training.my_duties import MyDuty
from quiz.training.study import StudyView
from quiz.web.render import office_telephone, page

LAST_ATTEMPTS = 5
"""Wrong answers of so many attempts are gathered: enough to learn from, quick enough for a phone."""


async def get_index(request: Request) -> Response:
    """What to read: my wrong answers first, then what my papers are about, then everything else."""

    def job(session: Session) -> tuple[User, dict[str, Any]]:
        user = requests.require_user(session, request)
        booklets = cards.booklets(session)
        owed = _study_of(session, user)
        mine = _editions_of(session, user) | {code for duty in owed for code, _ in duty.materials}
        return user, {
            "telephone": office_telephone(session),
            "wrong": _wrong_clauses(session, user),
            "owed": owed,
            "mine": [booklet for booklet in booklets if booklet.edition_code in mine],
            "others": [booklet for booklet in booklets if booklet.edition_code not in mine],
        }

    user, context = await read(job)
    return page("learn.html", user=user, **context)


def _editions_of(session: Session, user: User) -> set[str]:
    if user.person_id is None:
        return set()
    mine = my_papers.my_papers(session, person_id=user.person_id, now=clock.now())
    return cards.editions_of_banks(session, {bank for view in mine for bank in view.paper.blueprint.banks})


def _study_of(session: Session, user: User) -> list[MyDuty]:
    """Duties that ask for minutes of study."""
    if user.person_id is None:
        return []
    return [duty for duty in my_duties.my_duties(session, person_id=user.person_id, now=clock.now()) if duty.study_needed]


def _wrong_clauses(session: Session, user: User) -> list[dict[str, str]]:
    """Clauses with a card of what the person got wrong lately, as far as the papers' policies show it now."""
    if user.person_id is None:
        return []
    taken = [row for row in attempts.attempts_of(session, person_id=user.person_id) if row.state.is_closed]
    found: dict[str, dict[str, str]] = {}
    for row in sorted(taken, key=lambda row: row.started_at, reverse=True)[:LAST_ATTEMPTS]:
        result = attempts.result(session, attempt_id=row.id, person_id=user.person_id, now=clock.now())
        for item in result.review or []:
            if not item.correct:
                for clause in item.clauses:
                    found.setdefault(clause["id"], clause)
    held = cards.with_cards(session, found)
    return [clause for id_, clause in found.items() if id_ in held]


async def get_booklet(request: Request) -> Response:
    """The contents of one edition, by clause group."""
    edition = request.path_params["edition"]

    def job(session: Session) -> tuple[User, str, list[CardView]]:
        return requests.require_user(session, request), office_telephone(session), cards.cards_of_edition(session, edition)

    user, telephone, found = await read(job)
    groups = [(name, list(members)) for name, members in groupby(found, key=lambda card: card.clause.group)]
    return page("learn_booklet.html", user=user, telephone=telephone, booklet=_booklet(found), groups=groups)


def _booklet(found: list[CardView]) -> Booklet:
    first = found[0].clause
    return Booklet(first.edition_code, first.edition_title, len(found))


async def get_card(request: Request) -> Response:
    """One card, with the way on and back; `?exam=12` leads back to that result."""
    clause_id = f"{request.path_params['edition']}/{request.path_params['clause']}"
    exam = request.query_params.get("exam", "")

    def job(session: Session) -> tuple[User, str, OpenCard, StudyView | None]:
        user = requests.require_user(session, request)
        found = cards.open_card(session, clause_id)
        return user, office_telephone(session), found, _asked(session, user, found)

    user, telephone, found, asked = await read(job)
    back = exam if re.fullmatch(r"[0-9]{1,9}", exam) else ""
    return page("learn_card.html", user=user, telephone=telephone, found=found, card=found.card, exam=back, study=asked)


def _asked(session: Session, user: User, found: OpenCard) -> StudyView | None:
    """Minutes of study counted and needed, where a duty of the reader asks for this edition."""
    if user.person_id is None:
        return None
    today, edition = clock.local_day(clock.now()), found.card.clause.edition_code
    return study.asked_of(session, person_id=user.person_id, edition=edition, today=today)

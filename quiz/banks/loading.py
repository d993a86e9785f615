"""Brings the database up to the shipped files of `question_banks/`. Running it twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import delete, insert
from sqlmodel import Session, col, select

from quiz.banks import editions, files, service
from quiz.models.accounts import Setting
from quiz.models.banks import Bank, Clause, Edition, LearningCard


def load_built_in(
    session: Session, *, now: datetime, today: date, folder: Path = files.FOLDER, progress: Callable[[str], None] | None = None
) -> bool:
    """New items in, changed items as new versions, gone items withdrawn; editions first, learning cards last.

    Returns whether anything changed.
    """
    changed = False
    for path in _oldest_first(folder):
        changed |= _load_edition(session, path, now=now, today=today)
    changed |= bool(editions.take_effect(session, today=today, now=now))
    for path in files.bank_files(folder):
        if progress:
            progress(path.stem)
        changed |= _load_bank(session, path, now)
    for path in files.card_files(folder):
        changed |= _load_cards(session, path)
    if changed:
        editions.withdraw_superseded(session, now=now)
        service.touch(session)
    return changed


def _oldest_first(folder: Path) -> list[Path]:
    """An edition that supersedes another can only be compared once the other is there."""
    paths = {path.stem: path for path in files.standard_files(folder)}
    before = {code: files.superseded_by(path) for code, path in paths.items()}

    def age(code: str) -> int:
        earlier = before.get(code)
        return 1 + age(earlier) if earlier and earlier in before else 0

    return [paths[code] for code in sorted(paths, key=lambda code: (age(code), code))]


def _load_edition(session: Session, path: Path, *, now: datetime, today: date) -> bool:
    digest = files.file_digest(path)
    known = session.get(Edition, path.stem)
    if known is not None and known.digest == digest:
        return False
    editions.write_edition(session, draft=files.read_edition(path), digest=digest, now=now, today=today, actor=service.SHIPPED)
    return True


def _load_bank(session: Session, path: Path, now: datetime) -> bool:
    digest = files.file_digest(path)
    known = session.get(Bank, path.stem)
    if known is not None and known.digest == digest:
        return False
    draft = files.read_bank(path)
    if known is not None and known.edition_code and draft.edition in editions.earlier(session, known.edition_code):
        return False  # a person has loaded newer law than this file knows
    service.write_bank(session, draft=draft, now=now, is_built_in=True, digest=digest)
    return True


def _load_cards(session: Session, path: Path) -> bool:
    """Cards hold no history: they are replaced as a whole."""
    name = f"cards:{path.stem}"
    digest = files.file_digest(path)
    mark = session.get(Setting, name)
    if mark is not None and mark.value == digest:
        return False
    draft = files.read_cards(path)
    clauses = set(session.exec(select(Clause.id).where(col(Clause.edition_code) == draft.edition)))
    session.execute(delete(LearningCard).where(col(LearningCard.clause_id).in_(clauses)))
    rows = [
        {"clause_id": card.clause, "says": card.says, "why": card.why, "on_site": card.on_site, "mistakes": card.mistakes}
        for card in draft.cards
    ]
    session.execute(insert(LearningCard), rows)
    session.merge(Setting(name=name, value=digest))
    session.flush()
    return True

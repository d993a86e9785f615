"""Before and after an edition is loaded: what it would do to the items, and taking it back while nobody has used it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, func, select
from sqlmodel import Session, col

from quiz.accounts import audit
from quiz.accounts.audit import Actor
from quiz.banks import editions, service
from quiz.banks.law_change import Difference
from quiz.banks.queries import VersionView
from quiz.models.banks import Bank, Clause, Edition, ItemClause, LearningCard, Standard
from quiz.problems import NotFound, Refusal
from quiz.vocabulary import EditionStatus, ItemStepAction


@dataclass(frozen=True)
class Expected:
    """What would become of one item."""

    view: VersionView
    action: ItemStepAction
    """`withdrawn` or `recited`."""
    reason: str


def expected_impact(session: Session, *, old_code: str, changes: Difference) -> list[Expected]:
    """What happens to the items in use when the change takes effect; the withdrawn first, by bank and code.

    The same rule as `editions` applies on the day: an item stays, citing the new edition, when every clause it tests was kept.
    """
    found = []
    for view in editions.items_citing(session, old_code):
        lost = [clause for clause in view.clauses if clause.edition_code == old_code and not changes.successor(clause.id)]
        reason = "、".join(f"{clause.ref}{changes.fate(clause.id).label}" for clause in lost)
        found.append(Expected(view, ItemStepAction.WITHDRAWN if lost else ItemStepAction.RECITED, reason))
    return sorted(found, key=lambda each: (each.action is not ItemStepAction.WITHDRAWN, each.view.bank_code, each.view.item_code))


def why_not_undone(session: Session, code: str) -> str:
    """Why this edition can no longer be taken back; empty when it can. Raises NotFound when it is not held."""
    edition = session.get(Edition, code)
    if edition is None:
        raise NotFound("没有这个版本，可能已经撤销载入。")
    if edition.digest:
        return "这一版随系统附带，不能撤销载入。"
    if session.scalars(select(col(Edition.code)).where(col(Edition.supersedes) == code)).first():
        return "已经载入了替代它的版本，不能撤销；请先撤销后一版。"
    if edition.status != EditionStatus.UPCOMING and edition.supersedes and session.get(Edition, edition.supersedes):
        return "这一版已经施行并接替了上一版，题目已随之停用或改引，不能撤销。内容有误的，请再载入一个更正的版本。"
    uses = {
        "个题目版本引用它的条款": select(func.count(func.distinct(col(ItemClause.version_id))))
        .join(Clause, col(Clause.id) == col(ItemClause.clause_id))
        .where(col(Clause.edition_code) == code),
        "张学习卡": select(func.count(col(LearningCard.clause_id)))
        .join(Clause, col(Clause.id) == col(LearningCard.clause_id))
        .where(col(Clause.edition_code) == code),
        "个题库以它为依据": select(func.count(col(Bank.code))).where(col(Bank.edition_code) == code),
    }
    used = "、".join(f"{number} {what}" for what, query in uses.items() if (number := session.scalar(query)))
    return f"已有 {used}，不能撤销。" if used else ""


def undo(session: Session, *, code: str, now: datetime, actor: Actor) -> None:
    """Take back an edition that a person loaded, with its clauses; a standard left without any edition goes too.

    Raises:
        NotFound: it is not held.
        Refusal: it is shipped, has taken over, has a successor, or something cites it.
    """
    reason = why_not_undone(session, code)
    if reason:
        raise Refusal(reason, code="edition_in_use")
    edition = session.get_one(Edition, code)
    standard_code, title = edition.standard_code, edition.title
    session.execute(delete(Clause).where(col(Clause.edition_code) == code))
    session.execute(delete(Edition).where(col(Edition.code) == code))
    session.expire_all()
    left = session.scalars(select(Edition).where(col(Edition.standard_code) == standard_code)).all()
    if left:
        superseded = {row.supersedes for row in left}
        newest = max((row for row in left if row.code not in superseded), key=lambda row: (row.effective or date.min, row.code))
        session.get_one(Standard, standard_code).title = newest.title
    else:
        session.execute(delete(Standard).where(col(Standard.code) == standard_code))
    session.flush()
    audit.record(session, actor=actor, action="undo_edition", subject=code, at=now, detail={"title": title})
    service.touch(session)

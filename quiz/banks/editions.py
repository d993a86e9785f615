"""Editions of standards: write one, let it take effect, and what that does to the items that cite the one before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, select, update
from sqlmodel import Session, col

from quiz.accounts import audit
from quiz.accounts.audit import SYSTEM, Actor
from quiz.banks import queries, service
from quiz.banks.files import EditionDraft
from quiz.banks.law_change import ClauseText, Difference, compare
from quiz.banks.queries import VersionView
from quiz.banks.service import NewVersion, Step
from quiz.models.banks import Bank, Clause, Edition, Item, ItemClause, Standard
from quiz.problems import Invalid, NotFound
from quiz.vocabulary import ClauseRelation, EditionStatus, ItemState, ItemStepAction

_AT_ONCE = 5000


def earlier(session: Session, code: str) -> set[str]:
    """Codes of all editions that this one superseded, directly or through others."""
    found: set[str] = set()
    edition = session.get(Edition, code)
    while edition is not None and edition.supersedes and edition.supersedes not in found:
        found.add(edition.supersedes)
        edition = session.get(Edition, edition.supersedes)
    return found


def write_edition(session: Session, *, draft: EditionDraft, now: datetime, today: date, actor: Actor, digest: str = "") -> EditionStatus:
    """Write an edition with its clauses. One whose day has come takes over from the edition it supersedes at once.

    Returns the status it now has: `upcoming` when its day is still to come.
    """
    known = session.get(Edition, draft.edition)
    status = draft.status
    if _has_successor_in_force(session, draft.edition):
        status = EditionStatus.SUPERSEDED  # a corrected file of old law does not bring it back
    elif status is not EditionStatus.SUPERSEDED:
        status = EditionStatus.UPCOMING if draft.effective and draft.effective > today else EditionStatus.IN_FORCE
    takes_over = status is EditionStatus.IN_FORCE and (known is None or known.status != EditionStatus.IN_FORCE)
    session.merge(Standard(code=draft.standard, title=draft.title))
    session.flush()
    session.merge(
        Edition(
            code=draft.edition,
            standard_code=draft.standard,
            title=draft.title,
            document_number=draft.document_number,
            issuer=draft.issuer,
            published=draft.published,
            effective=draft.effective,
            status=status.value,
            supersedes=draft.supersedes,
            scope=draft.scope,
            caution=draft.caution,
            digest=digest,
        )
    )
    session.flush()
    _write_clauses(session, draft)
    if takes_over and draft.supersedes:
        _take_over(session, new_code=draft.edition, old_code=draft.supersedes, now=now, actor=actor)
    return status


def _has_successor_in_force(session: Session, code: str) -> bool:
    successor = select(col(Edition.code)).where(col(Edition.supersedes) == code, col(Edition.status) != EditionStatus.UPCOMING.value)
    return session.scalars(successor).first() is not None


def _write_clauses(session: Session, draft: EditionDraft) -> None:
    gone = update(Clause).where(col(Clause.edition_code) == draft.edition, col(Clause.id).not_in([clause.id for clause in draft.clauses]))
    session.execute(gone.values(assessable=False))
    for position, clause in enumerate(draft.clauses, start=1):
        session.merge(
            Clause(
                id=clause.id,
                edition_code=draft.edition,
                ref=clause.ref,
                group=clause.group,
                heading=clause.heading,
                text=clause.text,
                assessable=clause.assessable,
                position=position,
                replaces=clause.replaces,
            )
        )
    session.flush()


def upload_edition(session: Session, *, draft: EditionDraft, now: datetime, today: date, actor: Actor) -> EditionStatus:
    """Write an edition a person brings. It must be new, and the edition it supersedes must be held and not already superseded.

    Raises:
        Invalid: the code is taken, or what it supersedes is not there, of another standard, or has a successor already.
    """
    if session.get(Edition, draft.edition) is not None:
        raise Invalid(f"已经有编号为 {draft.edition} 的版本。新版请换一个编号，例如加上年份。", code="edition_exists")
    if draft.status is EditionStatus.SUPERSEDED:
        raise Invalid("新版的状态应为 in_force；是否已施行由施行日期决定。", code="edition_status")
    if draft.supersedes:
        old = session.get(Edition, draft.supersedes)
        if old is None or old.standard_code != draft.standard:
            raise Invalid(f"supersedes 填的 {draft.supersedes} 不是标准 {draft.standard} 的已有版本。", code="supersedes_unknown")
        if session.scalars(select(col(Edition.code)).where(col(Edition.supersedes) == draft.supersedes)).first():
            raise Invalid(f"{draft.supersedes} 已有替代它的版本。", code="supersedes_taken")
    status = write_edition(session, draft=draft, now=now, today=today, actor=actor)
    audit.record(session, actor=actor, action="load_edition", subject=draft.edition, at=now, detail={"supersedes": draft.supersedes})
    service.touch(session)
    return status


def take_effect(session: Session, *, today: date, now: datetime) -> list[str]:
    """Editions whose day has come take over from those they supersede; returns their codes."""
    due = session.scalars(
        select(Edition)
        .where(col(Edition.status) == EditionStatus.UPCOMING.value, col(Edition.effective) <= today)
        .order_by(col(Edition.effective), col(Edition.code))
    ).all()
    for edition in due:
        edition.status = EditionStatus.IN_FORCE.value
        session.flush()
        if edition.supersedes:
            _take_over(session, new_code=edition.code, old_code=edition.supersedes, now=now, actor=SYSTEM)
        audit.record(session, actor=SYSTEM, action="edition_took_effect", subject=edition.code, at=now)
    if due:
        service.touch(session)
    return [edition.code for edition in due]


def difference(session: Session, *, new_code: str) -> Difference | None:
    """What this edition changed against the one it superseded; None when it superseded none that is held.

    Raises:
        NotFound: no such edition.
    """
    edition = session.get(Edition, new_code)
    if edition is None:
        raise NotFound("没有这个版本。")
    if not edition.supersedes or session.get(Edition, edition.supersedes) is None:
        return None
    return compare(_texts(session, edition.supersedes), _texts(session, new_code))


def difference_of_draft(session: Session, draft: EditionDraft) -> Difference | None:
    """The same for an edition not yet written: what a person sees before deciding."""
    if not draft.supersedes or session.get(Edition, draft.supersedes) is None:
        return None
    new = [ClauseText(clause.id, clause.ref, clause.heading, clause.text, tuple(clause.replaces)) for clause in draft.clauses]
    return compare(_texts(session, draft.supersedes), new)


def _texts(session: Session, edition_code: str) -> list[ClauseText]:
    rows = session.scalars(select(Clause).where(col(Clause.edition_code) == edition_code).order_by(col(Clause.position)))
    return [ClauseText(row.id, row.ref, row.heading, row.text, tuple(row.replaces)) for row in rows]


def items_citing(session: Session, edition_code: str, *, states: Sequence[ItemState] = (ItemState.PUBLISHED,)) -> list[VersionView]:
    """Items in these states whose current version tests a clause of the edition."""
    rows = session.execute(_citing(col(Clause.edition_code) == edition_code).where(col(Item.state).in_([state.value for state in states])))
    ids = sorted({row.version_id for row in rows})
    views: dict[int, VersionView] = {}
    for start in range(0, len(ids), _AT_ONCE):
        views |= queries.versions(session, ids[start : start + _AT_ONCE])
    return [views[id_] for id_ in ids]


def _citing(condition: ColumnElement[bool]) -> Select[int | None, int | None]:
    """`id`, `version_id` of the items whose current version tests such a clause; one row a clause."""
    return (
        select(col(Item.id), col(Item.version_id))
        .join(ItemClause, col(ItemClause.version_id) == col(Item.version_id))
        .join(Clause, col(Clause.id) == col(ItemClause.clause_id))
        .where(col(ItemClause.relation) == ClauseRelation.TESTS.value, condition)
    )


def _take_over(session: Session, *, new_code: str, old_code: str, now: datetime, actor: Actor) -> None:
    """The old edition is superseded. Items on clauses that were kept cite the new edition; the others are withdrawn, with the reason."""
    old = session.get(Edition, old_code)
    if old is None:
        return
    old.status = EditionStatus.SUPERSEDED.value
    session.flush()
    changes = compare(_texts(session, old_code), _texts(session, new_code))
    recite: list[tuple[VersionView, NewVersion]] = []
    withdraw: list[Step] = []
    for view in items_citing(session, old_code):
        mine = [clause for clause in view.clauses if clause.edition_code == old_code]
        moved = {clause.id: changes.successor(clause.id) for clause in mine}
        if all(moved.values()):
            draft = view.as_draft()
            clauses = [moved.get(clause) or clause for clause in draft.clauses]
            recite.append((view, NewVersion(view.item_id, draft.model_copy(update={"clauses": clauses}))))
        else:
            reasons = "、".join(f"{clause.ref}{changes.fate(clause.id).label}" for clause in mine if not moved[clause.id])
            withdraw.append(
                Step(view.item_id, view.id, ItemStepAction.WITHDRAWN, f"所依据的条款在新版中：{reasons}", edition_code=new_code)
            )
    written = service.write_versions(session, [version for _, version in recite], now=now)
    steps = [Step(view.item_id, id_, ItemStepAction.RECITED, edition_code=new_code) for (view, _), id_ in zip(recite, written, strict=True)]
    rows = [{"id": step.item_id, "version_id": step.version_id, "state": ItemState.PUBLISHED.value} for step in steps]
    rows += [{"id": step.item_id, "version_id": step.version_id, "state": ItemState.WITHDRAWN.value} for step in withdraw]
    if rows:
        session.execute(update(Item), rows)
    session.execute(update(Bank).where(col(Bank.edition_code) == old_code).values(edition_code=new_code))
    service.record_steps(session, [*steps, *withdraw], actor=actor, now=now)
    session.expire_all()


def withdraw_superseded(session: Session, *, now: datetime) -> None:
    """Withdraw for review what still tests an edition that is no longer in force: never kept silently."""
    rows = session.execute(
        _citing(col(Edition.status) == EditionStatus.SUPERSEDED.value)
        .join(Edition, col(Edition.code) == col(Clause.edition_code))
        .where(col(Item.state) == ItemState.PUBLISHED.value)
    )
    found: dict[int, int] = {row.id: row.version_id for row in rows}
    if found:
        session.execute(update(Item), [{"id": item_id, "state": ItemState.WITHDRAWN.value} for item_id in found])
        steps = [Step(i, v, ItemStepAction.WITHDRAWN, "所依据的版本已被替代") for i, v in found.items()]
        service.record_steps(session, steps, actor=SYSTEM, now=now)
        session.expire_all()

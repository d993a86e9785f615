"""Issues certificates for what was completed, and revokes, restores and replaces them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, select, update
from sqlmodel import Session, col

from quiz import clock
from quiz.accounts.domain import new_code
from quiz.certificates import queries, signing
from quiz.certificates.domain import Content, last_day, number
from quiz.certificates.queries import AnyReach, CertificateView
from quiz.models.attempts import Attempt
from quiz.models.banks import Clause, Edition, ItemClause
from quiz.models.certificates import Certificate, SigningKey
from quiz.models.organisations import Organisation, Person
from quiz.models.papers import Form
from quiz.models.training import Duty, Programme
from quiz.problems import Invalid, Refusal
from quiz.settings import settings
from quiz.vocabulary import CertificateState, ClauseRelation, PostRole

AT_ONCE = 200
MOST_EDITIONS = 8
SHORTEST_REASON = 4
NUMBER_UNKNOWN = "未查到"
"""Stands in an edition's number where it is not known: nothing to print on a document."""


@dataclass(frozen=True)
class _Completed:
    """A completed duty with all that its certificate says."""

    duty: Any
    programme: Any
    organisation: Any
    person: Any
    attempt: Any


def issue_due(session: Session, *, now: datetime, limit: int = AT_ONCE, person_id: int | None = None) -> list[str]:
    """Issue what is completed and has no certificate yet, oldest completion first; answers with the numbers.

    A duty whose certificate was revoked gets no other one by itself.
    """
    query = (
        select(Duty, Programme, Organisation, Person)
        .join(Programme, col(Programme.id) == col(Duty.programme_id))
        .join(Organisation, col(Organisation.id) == col(Duty.organisation_id))
        .join(Person, col(Person.id) == col(Duty.person_id))
        .where(col(Duty.completed_on).is_not(None), ~exists().where(col(Certificate.duty_id) == col(Duty.id)))
        .order_by(col(Duty.completed_on), col(Duty.id))
        .limit(limit)
    )
    if person_id is not None:
        query = query.where(col(Duty.person_id) == person_id)
    # another process may be issuing the same ones: it keeps those it holds
    found = session.execute(query.with_for_update(of=Duty, skip_locked=True)).all()
    attempts = _attempts(session, [duty.completed_attempt_id for duty, *_ in found if duty.completed_attempt_id is not None])
    issued = []
    for duty, programme, organisation, person in found:
        completed = _Completed(duty, programme, organisation, person, attempts.get(duty.completed_attempt_id))
        issued.append(_issue(session, completed, now=now).number)
    session.flush()
    return issued


def replace_certificate(session: Session, *, number: str, reason: str, reach: AnyReach, now: datetime, account_id: int) -> CertificateView:
    """A new one with what is known today (a corrected name, a new title); the old one points to it."""
    today = clock.local_day(now)
    old = queries.certificate_within(session, number=number, reach=reach, today=today)
    _reason(reason)
    if old.state not in (CertificateState.VALID, CertificateState.EXPIRED):
        raise Refusal(f"该证明{old.state.label}，不能换发。", code="certificate_ended")
    duty = None if old.duty_id is None else session.get(Duty, old.duty_id)
    if duty is None or duty.completed_on is None:
        raise Refusal("该证明对应的培训任务现在不是已完成，不能换发；确属误发的请撤销。", code="not_completed")
    _end(session, old.id, state=CertificateState.REPLACED, now=now, reason=reason.strip(), account_id=account_id)
    attempts = _attempts(session, [duty.completed_attempt_id] if duty.completed_attempt_id is not None else [])
    completed = _Completed(
        duty, session.get_one(Programme, old.programme_id), session.get_one(Organisation, old.organisation_id),
        session.get_one(Person, old.person_id), attempts.get(duty.completed_attempt_id or 0),
    )  # fmt: skip
    new = _issue(session, completed, now=now)
    session.flush()
    session.execute(update(Certificate).where(col(Certificate.id) == old.id).values(replaced_by=new.number))
    return queries.certificate_within(session, number=new.number, reach=reach, today=today)


def revoke(session: Session, *, number: str, reason: str, reach: AnyReach, now: datetime, account_id: int) -> CertificateView:
    """It no longer counts; the reason is shown to whoever checks it."""
    today = clock.local_day(now)
    view = queries.certificate_within(session, number=number, reach=reach, today=today)
    _reason(reason)
    if view.state not in (CertificateState.VALID, CertificateState.EXPIRED):
        raise Refusal(f"该证明{view.state.label}，无需撤销。", code="certificate_ended")
    _end(session, view.id, state=CertificateState.REVOKED, now=now, reason=reason.strip(), account_id=account_id)
    return queries.certificate_within(session, number=number, reach=reach, today=today)


def restore(session: Session, *, number: str, reach: AnyReach, now: datetime) -> CertificateView:
    """Undo a revocation."""
    today = clock.local_day(now)
    view = queries.certificate_within(session, number=number, reach=reach, today=today)
    if view.state is not CertificateState.REVOKED:
        raise Refusal("只有已撤销的证明可以恢复。", code="not_revoked")
    values: dict[str, Any] = {"state": CertificateState.VALID.value, "ended_at": None, "end_reason": "", "ended_by": None}
    session.execute(update(Certificate).where(col(Certificate.id) == view.id).values(values))
    session.expire_all()
    return queries.certificate_within(session, number=number, reach=reach, today=today)


def _reason(reason: str) -> None:
    if len(reason.strip()) < SHORTEST_REASON:
        raise Invalid("请写明理由，至少 4 个字。", code="reason_short")


def _end(session: Session, certificate_id: int, *, state: CertificateState, now: datetime, reason: str, account_id: int | None) -> None:
    session.execute(
        update(Certificate)
        .where(col(Certificate.id) == certificate_id)
        .values(state=state.value, ended_at=now, end_reason=reason, ended_by=account_id)
    )
    session.expire_all()


def _issue(session: Session, completed: _Completed, *, now: datetime) -> Certificate:
    key = signing.signer()
    if session.get(SigningKey, key.key_id) is None:
        session.add(SigningKey(id=key.key_id, public_key=key.public, created_at=now))
        session.flush()
    duty, programme = completed.duty, completed.programme
    valid_until = last_day(duty.completed_on, programme.validity_months)
    content = _content(session, completed, issued_on=clock.local_day(now), valid_until=valid_until, key=key.key_id)
    row = Certificate(
        number=content.number, person_id=duty.person_id, programme_id=duty.programme_id, organisation_id=duty.organisation_id,
        duty_id=duty.id, series=programme.series, content={name: getattr(content, name) for name in Content.__dataclass_fields__},
        signature=key.sign(content), key_id=key.key_id, issued_at=now, valid_until=valid_until,
    )  # fmt: skip
    session.add(row)
    if programme.series:
        _replace_earlier_cycles(session, row, now=now)
    return row


def _replace_earlier_cycles(session: Session, row: Certificate, *, now: datetime) -> None:
    """The certificate of an earlier cycle of the same series gives way to this one, and stays to be read."""
    session.execute(
        update(Certificate)
        .where(
            col(Certificate.person_id) == row.person_id,
            col(Certificate.organisation_id) == row.organisation_id,
            col(Certificate.series) == row.series,
            col(Certificate.programme_id) != row.programme_id,
            col(Certificate.state) == CertificateState.VALID.value,
        )
        .values(state=CertificateState.REPLACED.value, ended_at=now, end_reason="完成新一周期培训，换发新证", replaced_by=row.number)
    )


def _content(session: Session, completed: _Completed, *, issued_on: date, valid_until: date | None, key: str) -> Content:
    duty, programme, organisation = completed.duty, completed.programme, completed.organisation
    hours = int(10 * duty.minutes_done / programme.minutes_per_hour) / 10 if programme.minutes_per_hour else 0
    return Content(
        number=_free_number(session, issued_on.year),
        holder=completed.person.name,
        organisation=organisation.name,
        uscc=organisation.uscc or "",
        role=PostRole(duty.role).label,
        programme=programme.title,
        basis=programme.basis,
        hours=f"{hours:g} 学时（每学时 {programme.minutes_per_hour} 分钟）" if duty.minutes_done else "",
        study=f"{duty.study_minutes} 分钟" if duty.study_minutes else "",
        score=_score(completed.attempt),
        editions="\n".join(_editions(session, completed.attempt)),
        completed_on=duty.completed_on.isoformat(),
        issued_on=issued_on.isoformat(),
        valid_until=valid_until.isoformat() if valid_until else "",
        issuer=settings().organiser,
        key=key,
    )


def _free_number(session: Session, year: int) -> str:
    while True:
        drawn = number(year=year, code=new_code())
        if session.scalar(select(col(Certificate.id)).where(col(Certificate.number) == drawn)) is None:
            return drawn


def _score(attempt: Any) -> str:
    return (
        ""
        if attempt is None or attempt.score is None
        else f"{attempt.score:g} 分（满分 {attempt.max_score:g} 分，合格 {attempt.cut_score:g} 分）"
    )


def _attempts(session: Session, ids: Sequence[int]) -> dict[int | None, Attempt]:
    return {row.id: row for row in session.scalars(select(Attempt).where(col(Attempt.id).in_(ids)))} if ids else {}


def _editions(session: Session, attempt: Any) -> list[str]:
    """The editions the form asked about, the one with most questions first."""
    if attempt is None:
        return []
    form = session.get_one(Form, attempt.form_id)
    versions = [item["version"] for item in form.items]
    rows = session.execute(
        select(col(Edition.title), col(Edition.document_number), col(ItemClause.version_id))
        .join(Clause, col(Clause.edition_code) == col(Edition.code))
        .join(ItemClause, col(ItemClause.clause_id) == col(Clause.id))
        .where(col(ItemClause.version_id).in_(versions), col(ItemClause.relation) == ClauseRelation.TESTS.value)
        .distinct()
    )
    asked: dict[str, int] = {}
    for title, document, _ in rows:
        name = title if not document or NUMBER_UNKNOWN in document else f"{title}（{document}）"
        asked[name] = asked.get(name, 0) + 1
    names = sorted(asked, key=lambda name: (-asked[name], name))
    return names if len(names) <= MOST_EDITIONS else [*names[:MOST_EDITIONS], f"等 {len(names)} 部"]

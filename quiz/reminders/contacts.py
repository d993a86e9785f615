"""The log of calls: who was called about what, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlmodel import Session, col

from quiz import clock
from quiz.models.accounts import Account
from quiz.models.organisations import Organisation, Person, Post
from quiz.models.reminders import Contact
from quiz.models.training import Programme
from quiz.organisations.reach import Reach, Reaches
from quiz.problems import Invalid, NotFound, Refusal
from quiz.vocabulary import ContactOutcome

AnyReach = Reach | Reaches
LONGEST_NOTE = 300


@dataclass(frozen=True)
class ContactView:
    """One call."""

    id: int
    programme: str
    organisation_id: int
    organisation: str
    person: str
    at: datetime
    by: str
    account_id: int
    outcome: ContactOutcome
    promised_on: date | None
    note: str


def log_contact(
    session: Session,
    *,
    programme_code: str,
    organisation_id: int,
    outcome: ContactOutcome,
    reach: AnyReach,
    account_id: int,
    now: datetime,
    person_id: int | None = None,
    promised_on: date | None = None,
    note: str = "",
) -> int:
    """Write down a call; answers with its id.

    Raises:
        NotFound: the enterprise is out of reach, or the person never served it.
        Invalid: a promise without a day, or with one that has passed.
    """
    programme = session.scalars(select(Programme).where(col(Programme.code) == programme_code)).one_or_none()
    within = session.scalar(select(col(Organisation.id)).where(col(Organisation.id) == organisation_id, *reach.conditions()))
    served = select(col(Post.id)).where(col(Post.organisation_id) == organisation_id, col(Post.person_id) == person_id).limit(1)
    if programme is None or within is None or (person_id is not None and session.scalar(served) is None):
        raise NotFound()
    if outcome is ContactOutcome.PROMISED and promised_on is None:
        raise Invalid("请选择对方承诺完成的日期。", code="promise_without_day")
    if promised_on is not None and promised_on < clock.local_day(now):
        raise Invalid("承诺完成的日期不能早于今天。", code="promise_in_the_past")
    if len(note) > LONGEST_NOTE:
        raise Invalid(f"备注最多 {LONGEST_NOTE} 字。", code="note_long")
    row = Contact(
        programme_id=programme.id or 0, organisation_id=organisation_id, person_id=person_id, account_id=account_id, at=now,
        outcome=outcome.value, promised_on=promised_on if outcome is ContactOutcome.PROMISED else None, note=note.strip(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id


def withdraw_contact(session: Session, *, contact_id: int, account_id: int, now: datetime) -> None:
    """Take back what was written by mistake; only whoever wrote it may, and the row stays for the record."""
    row = session.get(Contact, contact_id)
    if row is None or row.withdrawn_at is not None:
        raise NotFound("没有找到这条联系记录。", code="contact_unknown")
    if row.account_id != account_id:
        raise Refusal("只能撤回自己登记的联系记录。", code="not_own_contact")
    row.withdrawn_at = now


def contacts(
    session: Session,
    *,
    reach: AnyReach,
    programme_code: str | None = None,
    organisation_id: int | None = None,
    limit: int | None = 100,
    offset: int = 0,
) -> list[ContactView]:
    """Calls within reach, the latest first."""
    query = (
        select(Contact, col(Programme.title), col(Organisation.name), col(Person.name), col(Account.name))
        .join(Programme, col(Programme.id) == col(Contact.programme_id))
        .join(Organisation, col(Organisation.id) == col(Contact.organisation_id))
        .join(Account, col(Account.id) == col(Contact.account_id))
        .outerjoin(Person, col(Person.id) == col(Contact.person_id))
        .where(col(Contact.withdrawn_at).is_(None), *reach.conditions())
        .order_by(col(Contact.at).desc(), col(Contact.id).desc())
    )
    if programme_code is not None:
        query = query.where(col(Programme.code) == programme_code)
    if organisation_id is not None:
        query = query.where(col(Contact.organisation_id) == organisation_id)
    if limit is not None:
        query = query.limit(limit).offset(offset)
    return [
        ContactView(
            id=row.id or 0, programme=programme, organisation_id=row.organisation_id, organisation=organisation, person=person or "",
            at=row.at, by=by, account_id=row.account_id, outcome=ContactOutcome(row.outcome), promised_on=row.promised_on, note=row.note,
        )
        for row, programme, organisation, person, by in session.execute(query)
    ]  # fmt: skip

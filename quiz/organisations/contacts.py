"""How to reach a person: a telephone number corrected by the office, with the history it leaves."""

from __future__ import annotations

from datetime import date, datetime

from sqlmodel import Session, col, select

from quiz.models.organisations import Person, Post
from quiz.organisations import identifiers, ledger
from quiz.organisations.desk import Actor, record
from quiz.problems import Invalid, NotFound, Refusal


def correct_phone(
    session: Session,
    *,
    organisation_id: int,
    person_id: int,
    phone: str,
    now: datetime,
    today: date | None = None,
    account_id: int | None = None,
) -> Person:
    """Give a present holder of this organisation another mobile number; their account keeps its name.

    Raises:
        NotFound: the person holds no post there.
        Invalid: not a mobile number.
        Refusal: somebody else of the same name has that number, so the two may be one person.
    """
    held = select(Post.id).where(Post.organisation_id == organisation_id, Post.person_id == person_id, col(Post.held_to).is_(None))
    person = session.get(Person, person_id)
    if person is None or session.exec(held.limit(1)).first() is None:
        raise NotFound("该单位没有这位在任人员。")
    reading = identifiers.read_phone(phone)
    if reading.refused:
        raise Invalid(f"{reading.findings[0].message}", code=reading.findings[0].code)
    if reading.value is None:
        raise Invalid("请填写 11 位手机号。", code="missing_phone")
    same = select(Person.id).where(Person.name == person.name, Person.phone == reading.value, col(Person.id) != person_id)
    if session.exec(same.limit(1)).first() is not None:
        raise Refusal("名册里另有一位同名人员使用这个手机号，可能是同一人重复登记，请先核对。", code="phone_taken")
    if reading.value != person.phone:
        before, person.phone = person.phone or "", reading.value
        session.add(person)
        actor = Actor.of(now, today, account_id)
        texts = [f"{person.name} {identifiers.mask_phone(text)}" if text else "" for text in (before, reading.value)]
        record(session, [ledger.Entry(organisation_id, "phone", texts[0], texts[1], actor.today)], actor)
    return person

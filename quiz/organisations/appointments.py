"""Posts one at a time: appoint, end, change the principal, designate; and who a stated person is."""

from __future__ import annotations

from datetime import date, datetime

from sqlmodel import Session, col, select

from quiz import clock
from quiz.keyed_digest import keyed_digest
from quiz.models.organisations import Organisation, Person, Post
from quiz.organisations import identifiers, ledger, queries
from quiz.organisations.desk import Actor, id_of, record, refuse_future, the_organisation
from quiz.organisations.domain import CATEGORY_LABELS, SINGLE_ROLES, PersonDraft, PostView
from quiz.problems import Invalid, NotFound, Refusal
from quiz.vocabulary import PostCategory, PostRole


def appoint(
    session: Session,
    *,
    organisation_id: int,
    person: PersonDraft,
    role: str,
    held_from: date,
    now: datetime,
    category: str = PostCategory.OTHER,
    title: str = "",
    designated: bool | None = None,
    today: date | None = None,
    account_id: int | None = None,
    document: str = "",
) -> PostView:
    """Open a post beside those held; where a role has one holder only, the present one leaves that day.

    `designated` left open makes the first principal 指定参训人.
    """
    actor = Actor.of(now, today, account_id)
    refuse_future(held_from, actor)
    organisation = the_organisation(session, organisation_id)
    holder = find_or_add_person(session, draft=person, organisation_id=organisation_id, now=now)
    held = [post for post in _held(session, organisation_id) if post.role == role]
    if any(post.person_id == holder.id for post in held):
        raise Refusal(f"{holder.name}已在任此职务，无需重复登记。", code="already_held")
    before = ""
    if role in SINGLE_ROLES:
        for post in held:
            before = session.get_one(Person, post.person_id).name
            _close(session, post, held_from)
    if designated is None:
        designated = role == PostRole.PRINCIPAL and not any(post.designated for post in held)
    post = _open(session, organisation, holder, role, category, title, designated, held_from, actor)
    _record(session, ledger.Entry(organisation_id, str(role), before, holder.name, held_from), document, actor)
    ledger.announce(session, posts=[organisation_id], today=actor.today)
    return queries.post_view(post, holder.name, holder.phone, holder.identity_tail)


def end_post(
    session: Session,
    *,
    post_id: int,
    held_to: date,
    now: datetime,
    today: date | None = None,
    account_id: int | None = None,
    document: str = "",
) -> PostView:
    """The holder leaves: `held_to` is the first day on which the post is no longer held."""
    actor = Actor.of(now, today, account_id)
    refuse_future(held_to, actor)
    post = _post(session, post_id)
    _close(session, post, held_to)
    holder = session.get_one(Person, post.person_id)
    _record(session, ledger.Entry(post.organisation_id, post.role, holder.name, "", held_to), document, actor)
    ledger.announce(session, posts=[post.organisation_id], today=actor.today)
    return queries.post_view(post, holder.name, holder.phone, holder.identity_tail)


def correct_tenure(
    session: Session,
    *,
    post_id: int,
    held_from: date,
    held_to: date | None,
    now: datetime,
    today: date | None = None,
    account_id: int | None = None,
    document: str = "",
) -> PostView:
    """The days of a post were entered wrong, or it never ended: what follows from them follows anew.

    Raises:
        Invalid: a day to come, or an end before the beginning.
        Refusal: it is to go on, while the same person holds the same post once more.
    """
    actor = Actor.of(now, today, account_id)
    post = _post(session, post_id)
    for day in (held_from, held_to):
        if day is not None:
            refuse_future(day, actor)
    if held_to is not None and held_to < held_from:
        raise Invalid(f"离任日期不能早于任职日期 {held_from}。", code="before_held_from")
    same = [each for each in _held(session, post.organisation_id) if (each.person_id, each.role) == (post.person_id, post.role)]
    if held_to is None and any(each.id != post.id for each in same):
        raise Refusal("该人员现在另有一条相同的任职，请先更正那一条。", code="already_held")
    holder = session.get_one(Person, post.person_id)
    texts = [f"{holder.name} {since} 至 {until or '今'}" for since, until in ((post.held_from, post.held_to), (held_from, held_to))]
    if texts[0] != texts[1]:
        post.held_from, post.held_to = held_from, held_to
        session.add(post)
        entries = [ledger.Entry(post.organisation_id, "tenure", texts[0], texts[1], held_from)]
        if document.strip():
            entries.append(ledger.Entry(post.organisation_id, "document", "", document.strip(), held_from))
        record(session, entries, actor)
        ledger.announce(session, posts=[post.organisation_id], today=actor.today)
    return queries.post_view(post, holder.name, holder.phone, holder.identity_tail)


def change_principal(
    session: Session,
    *,
    organisation_id: int,
    person: PersonDraft,
    held_from: date,
    now: datetime,
    leaving_post_id: int | None = None,
    category: str | None = None,
    designated: bool | None = None,
    today: date | None = None,
    account_id: int | None = None,
    document: str = "",
) -> PostView:
    """One principal follows another: the old post ends on the day the new one begins; scores stay with the person."""
    actor = Actor.of(now, today, account_id)
    refuse_future(held_from, actor)
    organisation = the_organisation(session, organisation_id)
    held = [post for post in _held(session, organisation_id) if post.role == PostRole.PRINCIPAL]
    leaving = _leaving(held, leaving_post_id)
    holder = find_or_add_person(session, draft=person, organisation_id=organisation_id, now=now)
    if any(post.person_id == holder.id for post in held):
        raise Refusal(f"{holder.name}已是该单位的主要负责人。", code="already_held")
    before = session.get_one(Person, leaving.person_id).name
    wanted = leaving.designated if designated is None else designated
    _close(session, leaving, held_from)
    post = _open(session, organisation, holder, PostRole.PRINCIPAL, category or leaving.category, "", wanted, held_from, actor)
    _record(session, ledger.Entry(organisation_id, PostRole.PRINCIPAL, before, holder.name, held_from), document, actor)
    ledger.announce(session, posts=[organisation_id], today=actor.today)
    return queries.post_view(post, holder.name, holder.phone, holder.identity_tail)


def _leaving(held: list[Post], post_id: int | None) -> Post:
    chosen = held if post_id is None else [post for post in held if post.id == post_id]
    if not chosen:
        raise NotFound("该单位没有这位在任的主要负责人，请直接登记任职。")
    if len(chosen) > 1:
        raise Refusal("该单位有多名主要负责人，请选择由谁离任。", code="ambiguous_principal")
    return chosen[0]


def designate(session: Session, *, post_id: int, now: datetime, today: date | None = None, account_id: int | None = None) -> PostView:
    """Make this principal the 指定参训人; whoever was is no longer."""
    post = _post(session, post_id)
    if post.held_to is not None or post.role != PostRole.PRINCIPAL:
        raise Refusal("只能指定在任的主要负责人参训。", code="not_principal")
    holder = session.get_one(Person, post.person_id)
    if not post.designated:
        actor = Actor.of(now, today, account_id)
        _undesignate_others(session, post.organisation_id, but=id_of(post), actor=actor)
        post.designated = True
        session.add(post)
        record(session, [ledger.Entry(post.organisation_id, "designated", "否", f"{holder.name} 是", actor.today)], actor)
        ledger.announce(session, posts=[post.organisation_id], today=actor.today)
    return queries.post_view(post, holder.name, holder.phone, holder.identity_tail)


# 人 -------------------------------------------------------------------------------------------------------------------


def find_or_add_person(session: Session, *, draft: PersonDraft, organisation_id: int | None, now: datetime) -> Person:
    """Who is meant: by identity number, else by name and phone, else by name within the organisation; else a new person."""
    name = identifiers.tidy_text(draft.name)
    if not name:
        raise Invalid("请填写姓名。", code="missing_name")
    phone = _checked(identifiers.read_phone(draft.phone or ""))
    number = _checked(identifiers.read_identity_number(draft.identity_number or "", today=clock.local_day(now)))
    digest = keyed_digest(f"identity:{number}") if number else None
    person = _known_person(session, name, phone, digest, organisation_id)
    if person is None:
        person = Person(name=name, created_at=now)
    if digest and person.identity_digest is None:
        person.identity_digest, person.identity_tail = digest, (number or "")[-4:]
    person.phone = phone or person.phone
    session.add(person)
    session.flush()
    return person


def _known_person(session: Session, name: str, phone: str | None, digest: str | None, organisation_id: int | None) -> Person | None:
    if digest and (person := session.exec(select(Person).where(Person.identity_digest == digest)).first()):
        if person.name != name:
            message = f"这个身份证号已登记在“{identifiers.mask_name(person.name)}”名下，与所填姓名不一致。"
            raise Refusal(message, code="identity_name")
        return person
    candidates: list[Person] = []
    if phone:
        candidates += session.exec(select(Person).where(Person.name == name, Person.phone == phone).order_by(col(Person.id)))
    if organisation_id is not None:
        at_home = select(Person).join(Post, col(Post.person_id) == col(Person.id)).where(Post.organisation_id == organisation_id)
        candidates += session.exec(at_home.where(Person.name == name).order_by(col(Person.id)))
    fitting = [person for person in candidates if digest is None or person.identity_digest in (None, digest)]
    return fitting[0] if fitting else None


def _checked(reading: identifiers.Reading[str]) -> str | None:
    if reading.refused:
        finding = reading.findings[0]
        raise Invalid(f"{finding.message}{finding.action}", code=finding.code)
    return reading.value


# 共用 ---------------------------------------------------------------------------------------------------------------------


def _post(session: Session, post_id: int) -> Post:
    post = session.get(Post, post_id)
    if post is None:
        raise NotFound("没有找到该任职。")
    return post


def _held(session: Session, organisation_id: int) -> list[Post]:
    current = select(Post).where(Post.organisation_id == organisation_id, col(Post.held_to).is_(None))
    return list(session.exec(current.order_by(col(Post.id))))


def _open(
    session: Session,
    organisation: Organisation,
    holder: Person,
    role: str,
    category: str,
    title: str,
    designated: bool,
    held_from: date,
    actor: Actor,
) -> Post:
    if category not in CATEGORY_LABELS:
        raise Invalid("没有这个职务类别。", code="unknown_category")
    if designated:
        _undesignate_others(session, id_of(organisation), but=None, actor=actor)
    post = Post(
        person_id=id_of(holder),
        organisation_id=id_of(organisation),
        role=str(role),
        category=str(category),
        title=title,
        designated=designated,
        held_from=held_from,
        created_at=actor.now,
    )
    session.add(post)
    session.flush()
    return post


def _close(session: Session, post: Post, held_to: date) -> None:
    if post.held_to is not None:
        raise Refusal("该任职已经结束。", code="already_ended")
    if held_to < post.held_from:
        raise Invalid(f"离任日期不能早于任职日期 {post.held_from}。", code="before_held_from")
    post.held_to = held_to
    session.add(post)
    session.flush()


def _record(session: Session, entry: ledger.Entry, document: str, actor: Actor) -> None:
    """The line of the history, and what it rests on."""
    entries = [entry]
    if document.strip():
        entries.append(ledger.Entry(entry.organisation_id, "document", "", document.strip(), entry.effective_on))
    record(session, entries, actor)


def _undesignate_others(session: Session, organisation_id: int, *, but: int | None, actor: Actor) -> None:
    for other in _held(session, organisation_id):
        if other.designated and other.role == PostRole.PRINCIPAL and other.id != but:
            other.designated = False
            session.add(other)
            name = session.get_one(Person, other.person_id).name
            record(session, [ledger.Entry(organisation_id, "designated", f"{name} 是", f"{name} 否", actor.today)], actor)

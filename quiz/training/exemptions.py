"""核减 in two steps: asked for on a paper, looked at by street or district, decided by another account; ended when work begins again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum
from typing import Any

from sqlalchemy import or_, select
from sqlmodel import Session, col

from quiz import clock
from quiz.accounts import audit
from quiz.accounts import queries as accounts
from quiz.accounts.audit import Actor
from quiz.accounts.domain import Permission, User
from quiz.models.organisations import Organisation, Person
from quiz.models.training import Duty, Exemption, ExemptionRequest, Membership, Programme
from quiz.organisations.reach import Placed, Reach
from quiz.problems import Forbidden, Invalid, NotFound, Refusal
from quiz.training import exemption_papers, exemption_queries, rulings
from quiz.training.domain import Terms, due_day
from quiz.training.exemption_papers import Upload
from quiz.training.exemption_queries import ExemptionRow
from quiz.training.facts import exemption_reason
from quiz.training.periods import Period
from quiz.vocabulary import ExemptionGround, ExemptionState, HolderPolicy, ProgrammeState

SHORTEST_REASON = 6
PENDING = (ExemptionState.REQUESTED, ExemptionState.FIRST_APPROVED)


class Level(IntEnum):
    """How wide an account reaches over an organisation."""

    NONE = 0
    TOWN = 1
    DISTRICT = 2
    CITY = 3


@dataclass(frozen=True)
class Asked:
    """What is asked for, for whom of an organisation (`duty_id` None: the whole of it, with holders or without) and for which days."""

    programme_id: int
    organisation_id: int
    duty_id: int | None
    ground: ExemptionGround
    reason: str
    paper: str
    effective_on: date
    until: date | None = None
    """First day on which it is owed again; None while no end is known."""


@dataclass(frozen=True)
class Subject:
    """An open programme in which an enterprise may be exempted, the holders it may be asked for singly, and what was granted before."""

    programme_id: int
    programme_code: str
    programme: str
    opens_on: date
    due_on: date
    grace_days: int
    member_since: date
    holders: tuple[tuple[int, str], ...]
    """Duty and name of each who still owes it."""
    granted: tuple[Period, ...]
    """Days on which the whole enterprise was or is exempt, in order."""

    def owed_until(self, back_on: date) -> date:
        """Last day in time for an exemption that ends on that day."""
        return due_day(Terms(self.opens_on, self.due_on, self.grace_days), owed_since=self.member_since, exempt_until=back_on)

    def starts_on(self, today: date) -> date:
        """From when another exemption would be: from today, or going on from the one that stands to a day."""
        return next((each.until for each in self.granted if each.holds(today) and each.until is not None), today)


def subjects(session: Session, *, user: User, organisation_id: int, today: date) -> tuple[Subject, ...]:
    """Where the enterprise is due now and not covered; a holder is not needed for that."""
    _reached(session, user, organisation_id)
    members = (
        select(Programme, col(Membership.since))
        .join(Membership, col(Membership.programme_id) == col(Programme.id))
        .where(
            col(Membership.organisation_id) == organisation_id, col(Programme.state) == ProgrammeState.OPEN.value,
            col(Membership.since) <= today, or_(col(Membership.until).is_(None), col(Membership.until) > today),
        )
        .order_by(col(Programme.due_on), col(Programme.id))
    )  # fmt: skip
    found = []
    for programme, since in session.execute(members):
        if _is_covered(session, programme, organisation_id, today):
            continue
        granted = select(col(Exemption.since), col(Exemption.until)).where(
            col(Exemption.programme_id) == programme.id, col(Exemption.organisation_id) == organisation_id, col(Exemption.duty_id).is_(None)
        )
        periods = tuple(Period(*row) for row in session.execute(granted.order_by(col(Exemption.since))))
        if any(each.holds(today) and each.until is None for each in periods):
            continue
        found.append(
            Subject(
                programme.id, programme.code, programme.title, programme.opens_on, programme.due_on, programme.grace_days, since,
                _holders(session, programme.id, organisation_id, today), periods,
            )
        )  # fmt: skip
    return tuple(found)


def _holders(session: Session, programme_id: int, organisation_id: int, today: date) -> tuple[tuple[int, str], ...]:
    owing = (
        select(col(Duty.id), col(Person.name))
        .join(Person, col(Person.id) == col(Duty.person_id))
        .where(
            col(Duty.programme_id) == programme_id, col(Duty.organisation_id) == organisation_id, col(Duty.closed_on).is_(None),
            col(Duty.completed_on).is_(None),
            or_(col(Duty.exempted_on).is_(None), col(Duty.exempt_until).is_not(None) & (col(Duty.exempt_until) <= today)),
        )
        .order_by(col(Duty.id))
    )  # fmt: skip
    return tuple((duty_id, name) for duty_id, name in session.execute(owing) if duty_id is not None)


def levels(user: User, organisation: Placed) -> frozenset[Level]:
    """The levels of the grants with which this account reaches the organisation for exemptions."""
    return frozenset(_level(part) for part in user.reach(Permission.DECIDE_EXEMPTIONS).parts if part.covers(organisation)) - {Level.NONE}


def _level(part: Reach) -> Level:
    if part.organisation_ids is not None:
        return Level.NONE
    if part.town_codes is not None:
        return Level.TOWN
    return Level.CITY if part.district_codes is None else Level.DISTRICT


def ask(session: Session, *, user: User, asked: Asked, upload: Upload | None, actor: Actor, now: datetime) -> ExemptionRow:
    """Ask for an exemption; nothing changes for the duties yet."""
    organisation = _reached(session, user, asked.organisation_id)
    programme = session.get(Programme, asked.programme_id)
    if programme is None or programme.state != ProgrammeState.OPEN:
        raise Refusal("只有进行中的专项才能申请核减。", code="programme_not_open")
    today = clock.local_day(now)
    _check(asked, opens_on=programme.opens_on, latest=max(today, _standing_until(session, asked, today)))
    if upload is None:
        raise Invalid("请上传核减所依据文件的扫描件（PDF、JPG 或 PNG）。", code="paper_missing")
    if not _is_concerned(session, asked):
        raise Refusal(
            "该企业在这个专项里没有可以核减的任务：这段时间不属于培训对象，或该负责人已离任、已完成。请先核对企业名册。",
            code="nothing_to_exempt",
        )
    if asked.duty_id is None and _is_covered(session, programme, asked.organisation_id, max(today, asked.effective_on)):
        raise Refusal("该企业在这个专项里已经完成，不用再核减。", code="nothing_to_exempt")
    _refuse_second(session, asked)
    row = ExemptionRequest(
        programme_id=asked.programme_id, organisation_id=asked.organisation_id, duty_id=asked.duty_id, ground=asked.ground.value,
        reason=asked.reason.strip(), paper=asked.paper.strip(), effective_on=asked.effective_on, until=asked.until,
        attachment_id=exemption_papers.keep(session, upload=upload, uploaded_by=user.account_id, now=now),
        requested_by=user.account_id, requested_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return _told(session, row, user, actor, "request_exemption", now, subject=organisation.name)


def _check(asked: Asked, *, opens_on: date, latest: date) -> None:
    if len(asked.reason.strip()) < SHORTEST_REASON:
        raise Invalid("请写明申请核减的理由，例如“整个培训期间停产，无从业人员”。", code="reason_short")
    if len(asked.paper.strip()) < 4:
        raise Invalid("请写明所依据文件的名称和文号，例如“停产核实表（张村应急〔2026〕12 号）”。", code="paper_title")
    if not opens_on <= asked.effective_on <= latest:
        raise Invalid(f"核减开始的日期须在专项开始（{opens_on.isoformat()}）和 {latest.isoformat()} 之间。", code="exemption_days")
    if asked.until is not None and asked.until <= asked.effective_on:
        raise Invalid("核减截止的日期不能早于核减开始的日期。", code="exemption_days")


def _standing_until(session: Session, asked: Asked, today: date) -> date:
    """Where an exemption stands to a day, another may be asked for beforehand that goes on from it."""
    standing = rulings.overlapping(
        session, programme_id=asked.programme_id, organisation_id=asked.organisation_id, duty_id=asked.duty_id,
        days=Period(today, today + timedelta(days=1)),
    )  # fmt: skip
    return standing.until if standing is not None and standing.until is not None else today


def _refuse_second(session: Session, asked: Asked) -> None:
    """One request at a time for the same holder, and no day twice: another one would decide the same thing again."""
    pending = session.execute(
        select(col(ExemptionRequest.id)).where(
            col(ExemptionRequest.programme_id) == asked.programme_id,
            col(ExemptionRequest.organisation_id) == asked.organisation_id,
            col(ExemptionRequest.state).in_([state.value for state in PENDING]),
            *(
                []
                if asked.duty_id is None
                else [or_(col(ExemptionRequest.duty_id).is_(None), col(ExemptionRequest.duty_id) == asked.duty_id)]
            ),
        )
    ).first()
    if pending is not None:
        raise Refusal(f"该企业已有一份核减申请（编号 {pending[0]}）在办，请先办结那一份。", code="request_exists")
    for duty_id in {None, asked.duty_id}:
        days = Period(asked.effective_on, asked.until)
        standing = rulings.overlapping(
            session, programme_id=asked.programme_id, organisation_id=asked.organisation_id, duty_id=duty_id, days=days
        )
        if standing is not None:
            raise Refusal(
                f"该企业 {rulings.shown(standing)}已经核减，请把日期改到这段时间以外；要提前恢复的，请在原申请里办理恢复应训。",
                code="request_exists",
            )


def give_opinion(
    session: Session, *, user: User, request_id: int, approve: bool, opinion: str, actor: Actor, now: datetime
) -> ExemptionRow:
    """The first step, by an account of the street or district that did not ask for it."""
    row, organisation = _open_request(session, user, request_id, ExemptionState.REQUESTED)
    if not levels(user, organisation) & {Level.TOWN, Level.DISTRICT}:
        raise Forbidden("初审由企业所在镇街或区市的账号办理；市级账号办理下一步审核。", code="first_step_local")
    _another_person(session, user, row.requested_by, "申请人不能初审自己提出的核减，请由另一位工作人员办理。")
    _opinion(approve, opinion)
    row.state = (ExemptionState.FIRST_APPROVED if approve else ExemptionState.REFUSED).value
    row.first_by, row.first_at, row.first_opinion = user.account_id, now, opinion.strip()
    action = "first_exemption_opinion" if approve else "refuse_exemption"
    return _told(session, row, user, actor, action, now, subject=organisation.name, reason=opinion.strip())


def decide(session: Session, *, user: User, request_id: int, approve: bool, opinion: str, actor: Actor, now: datetime) -> ExemptionRow:
    """The second step, by a third person who reaches as far as the first or further; approved, the duties are exempt."""
    row, organisation = _open_request(session, user, request_id, ExemptionState.FIRST_APPROVED)
    assert row.first_by is not None
    _another_person(session, user, row.requested_by, "申请人不能审核自己提出的核减，请由另一位工作人员办理。")
    _another_person(session, user, row.first_by, "初审和审核不能是同一个人，请由另一位工作人员审核。")
    first = levels(accounts.user_of_account(session, row.first_by), organisation)
    if max(levels(user, organisation), default=Level.NONE) < min(first, default=Level.TOWN):
        raise Forbidden("审核须由管理范围不小于初审单位的账号办理，请交区市或市安委会办公室。", code="second_step_wider")
    _opinion(approve, opinion)
    row.state = (ExemptionState.APPROVED if approve else ExemptionState.REFUSED).value
    row.second_by, row.second_at, row.second_opinion = user.account_id, now, opinion.strip()
    session.flush()
    if approve:
        _exempt(session, row, today=clock.local_day(now))
    action = "exempt" if approve else "refuse_exemption"
    return _told(session, row, user, actor, action, now, subject=organisation.name, reason=opinion.strip())


def withdraw(session: Session, *, user: User, request_id: int, actor: Actor, now: datetime) -> ExemptionRow:
    """Take a request back before it is decided: by whoever asked."""
    row, organisation = _open_request(session, user, request_id, *PENDING)
    if row.requested_by != user.account_id:
        raise Forbidden("只有申请人可以撤回申请；不同意的请办理“不予核减”。", code="not_the_requester")
    row.state = ExemptionState.WITHDRAWN.value
    return _told(session, row, user, actor, "withdraw_exemption_request", now, subject=organisation.name)


def end(session: Session, *, user: User, request_id: int, ended_on: date, reason: str, actor: Actor, now: datetime) -> ExemptionRow:
    """Work begins again (复产): from that day the duties are owed, with a full grace from it."""
    row, organisation = _open_request(session, user, request_id, ExemptionState.APPROVED)
    programme = session.get_one(Programme, row.programme_id)
    if programme.state != ProgrammeState.OPEN:
        raise Refusal("这个专项已经结束，不能再恢复应训。", code="programme_not_open")
    if len(reason.strip()) < 4:
        raise Invalid("请写明恢复应训的原因，例如“11 月 20 日复产，镇街核实”。", code="reason_short")
    if ended_on < row.effective_on or (row.until is not None and ended_on > row.until):
        raise Invalid("恢复应训的日期须在核减期间之内。", code="exemption_days")
    rulings.end_of_request(session, request_id=request_id, ended_on=ended_on)
    row.state, row.ended_on = ExemptionState.ENDED.value, ended_on
    return _told(
        session, row, user, actor, "end_exemption", now, subject=organisation.name, reason=reason.strip(), ended_on=ended_on.isoformat()
    )


def _reached(session: Session, user: User, organisation_id: int) -> Organisation:
    user.require(Permission.DECIDE_EXEMPTIONS)
    organisation = session.get(Organisation, organisation_id)
    if organisation is None or not user.reach(Permission.DECIDE_EXEMPTIONS).covers(organisation):
        raise NotFound("没有找到该单位，或不在您的管理范围内。", code="organisation_unknown")
    return organisation


def _open_request(session: Session, user: User, request_id: int, *states: ExemptionState) -> tuple[ExemptionRequest, Organisation]:
    """The request within reach, locked, if it stands where this step begins."""
    user.require(Permission.DECIDE_EXEMPTIONS)
    row = session.get(ExemptionRequest, request_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("没有找到这份核减申请，或不在您的管理范围内。", code="request_unknown")
    try:
        organisation = _reached(session, user, row.organisation_id)
    except NotFound:
        raise NotFound("没有找到这份核减申请，或不在您的管理范围内。", code="request_unknown") from None
    if ExemptionState(row.state) not in states:
        raise Refusal(f"这份申请现在是“{ExemptionState(row.state).label}”，不能办理这一步，请刷新后查看。", code="wrong_step")
    return row, organisation


def _another_person(session: Session, user: User, account_id: int, message: str) -> None:
    other = accounts.user_of_account(session, account_id)
    same_person = user.person_id is not None and user.person_id == other.person_id
    if account_id == user.account_id or same_person:
        raise Forbidden(message, code="same_person")


def _opinion(approve: bool, opinion: str) -> None:
    if not approve and len(opinion.strip()) < 4:
        raise Invalid("不予核减的，请写明理由。", code="opinion_missing")


def _is_concerned(session: Session, asked: Asked) -> bool:
    """Is the organisation in the audience on some of these days, and, of a single holder, the duty owed and not completed?"""
    session.flush()
    member = [
        col(Membership.programme_id) == asked.programme_id,
        col(Membership.organisation_id) == asked.organisation_id,
        or_(col(Membership.until).is_(None), col(Membership.until) > asked.effective_on),
        *([] if asked.until is None else [col(Membership.since) < asked.until]),
    ]
    if session.execute(select(col(Membership.since)).where(*member).limit(1)).first() is None:
        return False
    if asked.duty_id is None:
        return True
    owing = [
        col(Duty.id) == asked.duty_id,
        col(Duty.programme_id) == asked.programme_id,
        col(Duty.organisation_id) == asked.organisation_id,
        or_(col(Duty.closed_on).is_(None), col(Duty.closed_on) > asked.effective_on),
        col(Duty.completed_on).is_(None),
    ]
    return session.execute(select(col(Duty.id)).where(*owing)).first() is not None


def _is_covered(session: Session, programme: Programme, organisation_id: int, day: date) -> bool:
    """Have all completed it whom the programme waits for? Without a holder nobody has."""
    held = [
        col(Duty.programme_id) == programme.id,
        col(Duty.organisation_id) == organisation_id,
        col(Duty.opened_on) <= day,
        or_(col(Duty.closed_on).is_(None), col(Duty.closed_on) > day),
        or_(col(Duty.exempted_on).is_(None), col(Duty.exempted_on) > day, col(Duty.exempt_until) <= day),
    ]
    rows = session.execute(select(col(Duty.designated), col(Duty.completed_on)).where(*held)).all()
    named = [row for row in rows if row.designated] if programme.policy == HolderPolicy.DESIGNATED else []
    return bool(rows) and all(row.completed_on is not None and row.completed_on <= day for row in named or rows)


def _exempt(session: Session, row: ExemptionRequest, *, today: date) -> None:
    """Grant what was asked, unless it was completed or exempted meanwhile."""
    asked = Asked(
        row.programme_id, row.organisation_id, row.duty_id, ExemptionGround(row.ground), row.reason, row.paper, row.effective_on, row.until
    )
    programme = session.get_one(Programme, row.programme_id)
    is_done = row.duty_id is None and _is_covered(session, programme, row.organisation_id, max(today, row.effective_on))
    if is_done or not _is_concerned(session, asked):
        raise Refusal("这些任务在此期间已经完成、结束或核减，不用再核减；请办理“不予核减”。", code="nothing_to_exempt")
    rulings.grant(
        session, programme_id=row.programme_id, organisation_id=row.organisation_id, duty_id=row.duty_id,
        days=Period(row.effective_on, row.until), reason=exemption_reason(row.paper, row.reason), request_id=row.id,
    )  # fmt: skip


def _told(
    session: Session, row: ExemptionRequest, user: User, actor: Actor, action: str, now: datetime, *, subject: str, **detail: Any
) -> ExemptionRow:
    """Write it down in the trail, and answer with how the request stands now."""
    session.flush()
    programme = session.get_one(Programme, row.programme_id)
    whole = {"programme": programme.code, "request": row.id, "duty": row.duty_id, **detail}
    audit.record(session, actor=actor, action=action, at=now, subject=subject, detail=whole)
    return exemption_queries.request(session, request_id=row.id or 0, reach=user.reach(Permission.DECIDE_EXEMPTIONS))

"""核减 in two steps: asked for on a paper, looked at by street or district, decided by another account; ended when work begins again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum
from typing import Any

from sqlalchemy import or_, select
from sqlmodel import Session, col

from quiz import clock
from quiz.accounts import audit
from quiz.accounts import queries as accounts
from quiz.accounts.audit import Actor
from quiz.accounts.domain import Permission, User
from quiz.models.organisations import Organisation
from quiz.models.training import Duty, ExemptionRequest, Programme
from quiz.organisations.reach import Placed, Reach
from quiz.problems import Forbidden, Invalid, NotFound, Refusal
from quiz.training import exemption_papers, exemption_queries, service
from quiz.training.exemption_papers import Upload
from quiz.training.exemption_queries import ExemptionRow
from quiz.training.facts import exemption_reason
from quiz.vocabulary import ExemptionGround, ExemptionState, ProgrammeState

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
    """What is asked for, by whom of an organisation (`duty_id` None: all its holders) and from when."""

    programme_id: int
    organisation_id: int
    duty_id: int | None
    ground: ExemptionGround
    reason: str
    paper: str
    effective_on: date
    until: date | None = None


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
    _check(asked, opens_on=programme.opens_on, today=clock.local_day(now))
    if upload is None:
        raise Invalid("请上传核减所依据文件的扫描件（PDF、JPG 或 PNG）。", code="paper_missing")
    if not _targets(session, asked.programme_id, asked.organisation_id, asked.duty_id, asked.effective_on):
        raise Refusal(
            "该企业在这个专项里没有可以核减的任务：不属于培训对象、没有登记负责人、已经完成或已经核减。请先核对企业名册。",
            code="nothing_to_exempt",
        )
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


def _check(asked: Asked, *, opens_on: date, today: date) -> None:
    if len(asked.reason.strip()) < SHORTEST_REASON:
        raise Invalid("请写明申请核减的理由，例如“整个培训期间停产，无从业人员”。", code="reason_short")
    if len(asked.paper.strip()) < 4:
        raise Invalid("请写明所依据文件的名称和文号，例如“停产核实表（张村应急〔2026〕12 号）”。", code="paper_title")
    if not opens_on <= asked.effective_on <= today:
        raise Invalid(f"核减开始的日期须在专项开始（{opens_on.isoformat()}）和今天之间。", code="exemption_days")
    if asked.until is not None and asked.until <= asked.effective_on:
        raise Invalid("恢复应训的日期须晚于核减开始的日期。", code="exemption_days")


def _refuse_second(session: Session, asked: Asked) -> None:
    """One request at a time for the same holder: another one would decide the same thing twice."""
    standing = session.execute(
        select(col(ExemptionRequest.id)).where(
            col(ExemptionRequest.programme_id) == asked.programme_id,
            col(ExemptionRequest.organisation_id) == asked.organisation_id,
            col(ExemptionRequest.state).in_([*(state.value for state in PENDING), ExemptionState.APPROVED.value]),
            *(
                []
                if asked.duty_id is None
                else [or_(col(ExemptionRequest.duty_id).is_(None), col(ExemptionRequest.duty_id) == asked.duty_id)]
            ),
        )
    ).first()
    if standing is not None:
        raise Refusal(f"该企业已有一份核减申请（编号 {standing[0]}）在办或有效，请先办结那一份。", code="request_exists")


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
        _exempt(session, row)
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
    for duty_id in _exempted(session, row):
        service.withdraw_exemption(session, duty_id=duty_id, withdrawn_on=ended_on)
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


def _targets(session: Session, programme_id: int, organisation_id: int, duty_id: int | None, effective_on: date) -> list[int]:
    """Duties an exemption from that day would take off: still owed on some day from then on, not completed, not exempt."""
    asked: list[Any] = [
        col(Duty.programme_id) == programme_id,
        col(Duty.organisation_id) == organisation_id,
        or_(col(Duty.closed_on).is_(None), col(Duty.closed_on) > effective_on),
        col(Duty.completed_on).is_(None),
        or_(col(Duty.exempted_on).is_(None), col(Duty.exempt_until).is_not(None)),
    ]
    if duty_id is not None:
        asked.append(col(Duty.id) == duty_id)
    session.flush()
    return list(session.execute(select(Duty.id).where(*asked).order_by(col(Duty.id))).scalars())  # type: ignore[call-overload]


def _exempt(session: Session, row: ExemptionRequest) -> None:
    reason = exemption_reason(row.paper, row.reason)
    found = _targets(session, row.programme_id, row.organisation_id, row.duty_id, row.effective_on)
    if not found:
        raise Refusal("这些任务在此期间已经完成、结束或核减，不用再核减；请办理“不予核减”。", code="nothing_to_exempt")
    for duty_id in found:
        service.exempt(session, duty_id=duty_id, exempted_on=row.effective_on, reason=reason, until=row.until)


def _exempted(session: Session, row: ExemptionRequest) -> list[int]:
    """Duties that are exempt by this request."""
    asked: list[Any] = [
        col(Duty.programme_id) == row.programme_id,
        col(Duty.organisation_id) == row.organisation_id,
        col(Duty.exempted_on) == row.effective_on,
        col(Duty.exempt_until).is_(None) if row.until is None else col(Duty.exempt_until) == row.until,
    ]
    if row.duty_id is not None:
        asked.append(col(Duty.id) == row.duty_id)
    return list(session.execute(select(Duty.id).where(*asked).order_by(col(Duty.id))).scalars())  # type: ignore[call-overload]


def _told(
    session: Session, row: ExemptionRequest, user: User, actor: Actor, action: str, now: datetime, *, subject: str, **detail: Any
) -> ExemptionRow:
    """Write it down in the trail, and answer with how the request stands now."""
    session.flush()
    programme = session.get_one(Programme, row.programme_id)
    whole = {"programme": programme.code, "request": row.id, "duty": row.duty_id, **detail}
    audit.record(session, actor=actor, action=action, at=now, subject=subject, detail=whole)
    return exemption_queries.request(session, request_id=row.id or 0, reach=user.reach(Permission.DECIDE_EXEMPTIONS))

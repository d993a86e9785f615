"""Writes down exemptions, each with its own days, and brings the duties they meet in line with them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import bindparam, or_, select, update
from sqlmodel import Session, col

from quiz import events
from quiz.models.training import Duty, Exemption
from quiz.problems import Invalid, NotFound, Refusal
from quiz.training import facts, queries
from quiz.training.domain import DutyState, Period, due_day, exempted, intersect
from quiz.training.facts import OrganisationRecord, ProgrammeFacts
from quiz.training.queries import DutyView

_FIELDS = ("exempted_on", "exempt_until", "exempt_reason", "due_on")
_say: Any = update(Duty).where(col(Duty.id) == bindparam("duty_id")).values({name: bindparam(name) for name in _FIELDS})


def exempt(session: Session, *, duty_id: int, exempted_on: date, reason: str, until: date | None = None) -> DutyView:
    """Take the duty off its holder from that day on; `reason` says on whose decision and on what paper (核减).

    `until` is the first day on which it is owed again, when that is known beforehand.
    """
    duty = queries.duty(session, duty_id=duty_id)
    grant(
        session, programme_id=duty.programme_id, organisation_id=duty.organisation_id, duty_id=duty_id,
        days=_days(exempted_on, until), reason=reason,
    )  # fmt: skip
    return queries.duty(session, duty_id=duty_id)


def exempt_organisation(
    session: Session, *, programme_id: int, organisation_id: int, exempted_on: date, reason: str, until: date | None = None
) -> None:
    """Take the whole organisation out of what is due, whoever holds its posts meanwhile, or nobody."""
    grant(session, programme_id=programme_id, organisation_id=organisation_id, duty_id=None, days=_days(exempted_on, until), reason=reason)


def _days(since: date, until: date | None) -> Period:
    if until is not None and until <= since:
        raise Invalid("恢复应训的日期须晚于核减开始的日期。", code="exemption_days")
    return Period(since, until)


def grant(
    session: Session, *, programme_id: int, organisation_id: int, duty_id: int | None, days: Period, reason: str,
    request_id: int | None = None,
) -> None:  # fmt: skip
    """One exemption more; those before it stay as they are, so its days must lie outside theirs."""
    if not reason.strip():
        raise Invalid("请写明理由和依据的文件。", code="reason_missing")
    other = overlapping(session, programme_id=programme_id, organisation_id=organisation_id, duty_id=duty_id, days=days)
    if other is not None:
        raise Refusal(f"{shown(other)}已经核减，无需重复办理；请把日期改到这段时间以外。", code="already_exempt")
    row = Exemption(
        programme_id=programme_id, organisation_id=organisation_id, duty_id=duty_id, since=days.since, until=days.until,
        reason=reason.strip()[:200], request_id=request_id,
    )  # fmt: skip
    session.add(row)
    bring_in_line(session, programme_id=programme_id, organisation_id=organisation_id)


def overlapping(session: Session, *, programme_id: int, organisation_id: int, duty_id: int | None, days: Period) -> Period | None:
    """An exemption of the same duty, or of the whole organisation, that meets these days."""
    met = [
        col(Exemption.programme_id) == programme_id, col(Exemption.organisation_id) == organisation_id,
        col(Exemption.duty_id).is_(None) if duty_id is None else col(Exemption.duty_id) == duty_id,
        or_(col(Exemption.until).is_(None), col(Exemption.until) > days.since),
    ]  # fmt: skip
    if days.until is not None:
        met.append(col(Exemption.since) < days.until)
    session.flush()
    found = session.execute(select(col(Exemption.since), col(Exemption.until)).where(*met).order_by(col(Exemption.since)).limit(1)).first()
    return None if found is None else Period(*found)


def shown(days: Period) -> str:
    """`2026-09-10 至 2026-11-30`, `2026-09-10 起`."""
    if days.until is None:
        return f"{days.since.isoformat()} 起"
    return f"{days.since.isoformat()} 至 {(days.until - timedelta(days=1)).isoformat()}"


def withdraw_exemption(session: Session, *, duty_id: int, withdrawn_on: date) -> DutyView:
    """Lay the duty on its holder again, with a full grace from that day; withdrawn on its first day the exemption was never there.

    Only for exemptions without a request: those of a request end with it.
    """
    duty = queries.duty(session, duty_id=duty_id)
    standing = (
        select(Exemption)
        .where(
            col(Exemption.duty_id) == duty_id, col(Exemption.request_id).is_(None),
            or_(col(Exemption.until).is_(None), col(Exemption.until) > withdrawn_on),
        )
        .order_by(col(Exemption.since).desc(), col(Exemption.id).desc())
    )  # fmt: skip
    row = session.scalars(standing).first()
    if row is None:
        raise Refusal("该项任务没有核减，无需撤回；依申请办理的核减，请在“核减审批”页办理恢复应训。", code="not_exempt")
    _end(session, row, withdrawn_on)
    bring_in_line(session, programme_id=duty.programme_id, organisation_id=duty.organisation_id)
    return queries.duty(session, duty_id=duty_id)


def end_of_request(session: Session, *, request_id: int, ended_on: date) -> None:
    """What that request granted ends on the day; the exemptions before and after it stay."""
    row = session.scalars(select(Exemption).where(col(Exemption.request_id) == request_id)).one_or_none()
    if row is None:
        raise Refusal("这份申请没有有效的核减，不用恢复。", code="not_exempt")
    programme_id, organisation_id = row.programme_id, row.organisation_id
    _end(session, row, ended_on)
    bring_in_line(session, programme_id=programme_id, organisation_id=organisation_id)


def _end(session: Session, row: Exemption, day: date) -> None:
    if day <= row.since:
        session.delete(row)
    else:
        row.until = day
    session.flush()


def bring_in_line(session: Session, *, programme_id: int, organisation_id: int) -> None:
    """Let the organisation's duties say what its exemptions are, also in a programme that has ended, and announce it."""
    programme = facts.programme_facts(session, programme_id)
    if programme is None:
        raise NotFound("没有找到该培训专项。", code="programme_unknown")
    record = facts.records(session, programme=programme, ids=[organisation_id])[organisation_id]
    moved = []
    for duty_id, state in record.duties.values():
        said = _said(programme, record, duty_id, state)
        if said != {name: getattr(state, name) for name in _FIELDS}:
            moved.append({"duty_id": duty_id, **said})
    if moved:
        facts.core(session).execute(_say, moved)
    events.announce(session, events.DutiesChanged(programme_id=programme_id, organisation_ids=frozenset({organisation_id})))


def _said(programme: ProgrammeFacts, record: OrganisationRecord, duty_id: int, state: DutyState) -> dict[str, Any]:
    exempt = exempted(record.exemptions, duty_id=duty_id, owed=Period(state.opened_on, state.closed_on))
    post = next(post for post in record.posts if post.id == state.post_id)
    owed = intersect(record.members, [Period(post.held_from, post.held_to)])
    due_on = due_day(
        programme.terms, owed_since=owed[-1].since if owed else state.opened_on, extended_to=state.extended_to,
        exempt_until=exempt.last_end,
    )  # fmt: skip
    return {"exempted_on": exempt.since, "exempt_until": exempt.until, "exempt_reason": exempt.reason, "due_on": due_on}

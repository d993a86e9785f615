"""Data quality: how many findings each check has, which they are, and rulings that one is right as it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, case, exists, func, select
from sqlmodel import Session, col

from quiz.models.organisations import Organisation, OrganisationChange, Person, PersonMerge, Post, QualityRuling
from quiz.organisations.quality_checks import BY_CODE, CHECKS, Asked, Check
from quiz.organisations.queries import AnyReach
from quiz.problems import Invalid, NotFound, Refusal

SHORTEST_REASON = 2


@dataclass(frozen=True)
class Finding:
    """One doubtful entry."""

    check: str
    subject: str
    organisation_id: int
    organisation: str
    district_code: str
    town_code: str | None
    person_id: int | None
    person: str
    post_id: int | None
    extra: str
    together: str


@dataclass(frozen=True)
class Counted:
    """A check with the number of its findings, and of those found right."""

    check: Check
    findings: int
    confirmed: int


@dataclass(frozen=True)
class Page:
    """Some findings of a check, and how many there are."""

    findings: tuple[Finding, ...]
    total: int


@dataclass(frozen=True)
class Ruling:
    """Somebody looked and found it right."""

    check: str
    subject: str
    organisation: str
    person: str
    reason: str
    account_id: int | None
    at: datetime


def mark(session: Session) -> tuple[int, ...]:
    """Changes whenever the roster or a ruling does: what counts are kept under."""
    marks = (
        select(func.max(OrganisationChange.id)),
        select(func.count()).select_from(OrganisationChange),
        select(func.count()).select_from(QualityRuling),
        select(func.max(PersonMerge.id)),
        select(func.count()).select_from(PersonMerge).where(col(PersonMerge.undone_at).is_(None)),
    )
    return tuple(int(session.scalar(query) or 0) for query in marks)


def counts(session: Session, *, today: date, reach: AnyReach | None = None) -> tuple[Counted, ...]:
    """Every check with its numbers, in the order in which they are shown: one query a check."""
    found = []
    for check in CHECKS:
        rows = _rows(session, check, today=today, reach=reach).subquery()
        ruled = exists().where(col(QualityRuling.check_code) == check.code, col(QualityRuling.subject) == rows.c.subject)
        open_, confirmed = session.execute(
            select(func.count(), func.coalesce(func.sum(case((ruled, 1), else_=0)), 0)).select_from(rows)
        ).one()
        found.append(Counted(check, int(open_) - int(confirmed), int(confirmed)))
    return tuple(found)


def findings(session: Session, *, code: str, today: date, reach: AnyReach | None = None, limit: int | None = 50, offset: int = 0) -> Page:
    """The findings of one check that nobody has ruled on, those of one group together."""
    check = the_check(code)
    rows = _rows(session, check, today=today, reach=reach).subquery()
    ruled = exists().where(col(QualityRuling.check_code) == code, col(QualityRuling.subject) == rows.c.subject)
    total = session.scalar(select(func.count()).select_from(rows).where(~ruled)) or 0
    page = (
        select(rows)
        .where(~ruled)
        .order_by(rows.c.together, rows.c.district_code, rows.c.organisation, rows.c.organisation_id, rows.c.subject)
    )
    if limit is not None:
        page = page.limit(limit).offset(offset)
    return Page(tuple(_finding(code, row) for row in session.execute(page)), total)


def finding_of(session: Session, *, code: str, subject: str, today: date, reach: AnyReach | None = None) -> Finding:
    """One finding within reach, as it stands now."""
    rows = _rows(session, the_check(code), today=today, reach=reach).subquery()
    row = session.execute(select(rows).where(rows.c.subject == subject).order_by(rows.c.organisation_id).limit(1)).one_or_none()
    if row is None:
        raise NotFound("这一条已经处理，或不在您的管理范围内。")
    return _finding(code, row)


def group_of(session: Session, *, finding: Finding, today: date, reach: AnyReach | None = None) -> tuple[Finding, ...]:
    """The findings within reach that belong to the same group, itself among them."""
    rows = _rows(session, the_check(finding.check), today=today, reach=reach).subquery()
    same = select(rows).where(rows.c.together == finding.together).order_by(rows.c.organisation_id, rows.c.person_id)
    if finding.check in ("same_name", "similar_name"):
        same = same.where(rows.c.district_code == finding.district_code)
    return tuple(_finding(finding.check, row) for row in session.execute(same.limit(20)))


def the_check(code: str) -> Check:
    """The check of that code."""
    if code not in BY_CODE:
        raise NotFound("没有这项检查。")
    return BY_CODE[code]


def _rows(session: Session, check: Check, *, today: date, reach: AnyReach | None) -> Select[Any]:
    asked = Asked(session.get_bind().dialect.name, today)
    return check.query(asked).where(*(reach.conditions() if reach else ()))


def _finding(code: str, row: Any) -> Finding:
    return Finding(
        code, row.subject, row.organisation_id, row.organisation, row.district_code, row.town_code, row.person_id, row.person or "",
        row.post_id, row.extra or "", row.together or "",
    )  # fmt: skip


# 确认无误 -------------------------------------------------------------------------------------------------------------


def confirm(
    session: Session, *, code: str, subject: str, reason: str, now: datetime, today: date, reach: AnyReach | None = None,
    account_id: int | None = None,
) -> Finding:  # fmt: skip
    """Right as it stands: it is no longer counted. When what it is about changes (one more shares the number), it is found again."""
    if len(reason.strip()) < SHORTEST_REASON:
        raise Invalid("请写明核实的情况，例如“两处分店，均在经营”。", code="reason_missing")
    found = finding_of(session, code=code, subject=subject, today=today, reach=reach)
    if session.get(QualityRuling, (code, subject)) is not None:
        raise Refusal("这一条已经确认无误。", code="already_confirmed")
    session.add(QualityRuling(check_code=code, subject=subject, reason=reason.strip()[:200], account_id=account_id, at=now))
    session.flush()
    return found


def revoke(session: Session, *, code: str, subject: str, today: date, reach: AnyReach | None = None) -> None:
    """Doubtful again."""
    row = session.get(QualityRuling, (code, subject))
    if row is None or (
        reach is not None and not any(each.subject == subject for each in rulings(session, code=code, today=today, reach=reach))
    ):
        raise NotFound("没有这条确认，或不在您的管理范围内。")
    session.delete(row)
    session.flush()


def rulings(session: Session, *, code: str, today: date, reach: AnyReach | None = None, limit: int | None = None) -> tuple[Ruling, ...]:
    """What of this check was found right within reach and still would be found, the latest first."""
    rows = _rows(session, the_check(code), today=today, reach=reach).subquery()
    query = (
        select(
            rows.c.subject, func.min(rows.c.organisation), func.min(rows.c.person), col(QualityRuling.reason), col(QualityRuling.account_id),
            col(QualityRuling.at),
        )
        .join(QualityRuling, col(QualityRuling.subject) == rows.c.subject)
        .where(col(QualityRuling.check_code) == code)
        .group_by(rows.c.subject, col(QualityRuling.reason), col(QualityRuling.account_id), col(QualityRuling.at))
        .order_by(col(QualityRuling.at).desc(), rows.c.subject)
    )  # fmt: skip
    if limit is not None:
        query = query.limit(limit)
    return tuple(Ruling(code, subject, name, person or "", *rest) for subject, name, person, *rest in session.execute(query))


def require_persons_within(session: Session, *, person_ids: Sequence[int], reach: AnyReach) -> None:
    """Whoever merges two people must reach every enterprise at which either holds a post.

    Raises:
        NotFound: no such person within reach, or one that serves elsewhere too.
    """
    conditions = reach.conditions()
    for person_id in person_ids:
        held = select(Organisation.id).join(Post, col(Post.organisation_id) == col(Organisation.id)).where(col(Post.person_id) == person_id)  # type: ignore[call-overload]
        everywhere = set(session.scalars(held))
        within = set(session.scalars(held.where(*conditions)))
        if session.get(Person, person_id) is None or not within:
            raise NotFound("没有找到该人员，或不在您的管理范围内。")
        if everywhere != within:
            raise NotFound("该人员还在其他区市或部门管理的单位任职，请由市安委会办公室合并。")

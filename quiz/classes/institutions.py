"""Training institutions: the register, reviews against the checklist, strike-off, and what runs out soon."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import func, select
from sqlmodel import Session, col

from quiz.accounts import audit
from quiz.accounts.audit import Actor
from quiz.classes import hours
from quiz.classes.domain import Review, Standing, standing_on
from quiz.classes.reach import Districts, institutions_within
from quiz.models.attachments import Attachment
from quiz.models.classes import ClassSession, Institution, InstitutionReview
from quiz.models.organisations import Region
from quiz.organisations.identifiers import read_uscc
from quiz.problems import Invalid, NotFound, Refusal
from quiz.vocabulary import InstitutionState, ReviewVerdict

SOON = timedelta(days=60)
LARGEST_ATTACHMENT = 10 * 2**20
SHORTEST_REASON = 4
MEDIA = {b"%PDF": "application/pdf", b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png"}
"""What an attachment may be, by its first bytes: its name may lie."""


@dataclass(frozen=True)
class CheckItem:
    """One line of the checklist."""

    code: str
    group: str
    title: str
    clause: str
    complete: bool
    """False: the standard's wording is not held here; the reviewer fills it in from the original."""


@lru_cache
def checklist() -> tuple[str, tuple[CheckItem, ...]]:
    """The standard's name and its lines."""
    entries = yaml.safe_load((Path(__file__).parent / "data" / "institution_checklist.yaml").read_text("utf-8"))
    return entries["standard"], tuple(CheckItem(**entry) for entry in entries["items"])


@dataclass(frozen=True)
class InstitutionDraft:
    """What is filled in about an institution."""

    name: str
    uscc: str = ""
    district_code: str | None = None
    address: str = ""
    contact: str = ""
    telephone: str = ""
    scope: str = ""
    remark: str = ""


@dataclass(frozen=True)
class Finding:
    """What was found about one line: met, not met, or not applicable, with the standard's words or a note."""

    code: str
    met: bool | None
    note: str = ""


@dataclass(frozen=True)
class ReviewDraft:
    """What is filled in about a review."""

    reviewed_on: date
    verdict: ReviewVerdict
    valid_until: date | None = None
    findings: tuple[Finding, ...] = ()
    reviewers: str = ""
    remark: str = ""
    attachment: tuple[str, bytes] | None = None
    """File name and content."""


@dataclass(frozen=True)
class ReviewView:
    """A review as it was entered."""

    id: int
    reviewed_on: date
    valid_until: date | None
    verdict: ReviewVerdict
    findings: tuple[Finding, ...]
    reviewers: str
    remark: str
    attachment_id: int | None
    attachment: str
    recorded_at: datetime
    withdrawn_at: datetime | None

    @property
    def unmet(self) -> int:
        return sum(finding.met is False for finding in self.findings)


@dataclass(frozen=True)
class InstitutionView:
    """An institution with its standing today."""

    id: int
    name: str
    uscc: str
    district_code: str | None
    district: str
    address: str
    contact: str
    telephone: str
    scope: str
    remark: str
    state: InstitutionState
    struck_off_on: date | None
    struck_off_reason: str
    standing: Standing
    reviewed_on: date | None
    valid_until: date | None
    sessions: int
    reviews: tuple[ReviewView, ...] = ()

    def days_left(self, today: date) -> int | None:
        """Until the last day of a valid review."""
        return (self.valid_until - today).days if self.standing.gives_hours and self.valid_until else None


def institutions(session: Session, *, districts: Districts, today: date, text: str = "") -> tuple[InstitutionView, ...]:
    """All within reach by name, each with its standing today."""
    query = (
        select(Institution, col(Region.name))
        .outerjoin(Region, col(Region.code) == col(Institution.district_code))
        .where(institutions_within(districts))
        .order_by(col(Institution.name))
    )
    if text:
        query = query.where(col(Institution.name).contains(text, autoescape=True))
    rows = session.execute(query).all()
    reviews = _reviews(session, [row[0].id for row in rows])
    held = dict(
        session.execute(select(col(ClassSession.institution_id), func.count()).group_by(col(ClassSession.institution_id))).all()
    )  # fmt: skip
    return tuple(_view(row[0], row[1], reviews[row[0].id], held.get(row[0].id, 0), today) for row in rows)


def institution(session: Session, institution_id: int, *, districts: Districts, today: date) -> InstitutionView:
    """One with its history; beyond reach there is none."""
    row = session.execute(
        select(Institution, col(Region.name))
        .outerjoin(Region, col(Region.code) == col(Institution.district_code))
        .where(col(Institution.id) == institution_id, institutions_within(districts))
    ).first()
    if row is None:
        raise NotFound("没有找到这家培训机构，或不在您的管理范围内。", code="institution_unknown")
    held = session.execute(select(func.count()).where(col(ClassSession.institution_id) == institution_id)).scalar_one()
    return _view(row[0], row[1], _reviews(session, [institution_id])[institution_id], held, today)


def _view(row: Institution, district: str | None, reviews: Sequence[ReviewView], held: int, today: date) -> InstitutionView:
    standing_ones = [each for each in reviews if each.withdrawn_at is None and each.reviewed_on <= today]
    latest = max(standing_ones, key=lambda each: (each.reviewed_on, each.id), default=None)
    facts = [Review(each.id, each.reviewed_on, each.valid_until, each.verdict) for each in standing_ones]
    return InstitutionView(
        id=row.id or 0, name=row.name, uscc=row.uscc or "", district_code=row.district_code, district=district or "市级",
        address=row.address, contact=row.contact, telephone=row.telephone, scope=row.scope, remark=row.remark,
        state=InstitutionState(row.state), struck_off_on=row.struck_off_on, struck_off_reason=row.struck_off_reason,
        standing=standing_on(today, facts, struck_off_on=row.struck_off_on), reviewed_on=latest.reviewed_on if latest else None,
        valid_until=latest.valid_until if latest else None, sessions=held, reviews=tuple(reviews),
    )  # fmt: skip


def _reviews(session: Session, ids: Sequence[int | None]) -> dict[int, list[ReviewView]]:
    found: dict[int, list[ReviewView]] = defaultdict(list)
    rows: Any = session.execute(
        select(InstitutionReview, col(Attachment.file_name))
        .outerjoin(Attachment, col(Attachment.id) == col(InstitutionReview.attachment_id))
        .where(col(InstitutionReview.institution_id).in_(ids))
        .order_by(col(InstitutionReview.reviewed_on).desc(), col(InstitutionReview.id).desc())
    )
    for row, attachment in rows:
        findings = tuple(Finding(entry["code"], entry.get("met"), entry.get("note", "")) for entry in row.checklist)
        found[row.institution_id].append(
            ReviewView(
                row.id, row.reviewed_on, row.valid_until, ReviewVerdict(row.verdict), findings, row.reviewers, row.remark,
                row.attachment_id, attachment or "", row.recorded_at, row.withdrawn_at,
            )
        )  # fmt: skip
    return found


def expiring(views: Iterable[InstitutionView], *, today: date) -> tuple[InstitutionView, ...]:
    """Those whose valid review runs out within sixty days, the most urgent first."""
    soon = [(left, view) for view in views if (left := view.days_left(today)) is not None and left <= SOON.days]
    return tuple(view for _, view in sorted(soon, key=lambda pair: pair[0]))


# 登记 -----------------------------------------------------------------------------------------------------------------


def _mine(session: Session, institution_id: int, districts: Districts) -> Institution:
    row = session.get(Institution, institution_id)
    if row is None or not _reaches(districts, row.district_code):
        raise NotFound("没有找到这家培训机构，或不在您的管理范围内。", code="institution_unknown")
    return row


def _reaches(districts: Districts, code: str | None) -> bool:
    return districts is None or (code is not None and code in districts)


def _fill(session: Session, row: Institution, draft: InstitutionDraft, districts: Districts) -> None:
    name = draft.name.strip()
    if not 2 <= len(name) <= 120:
        raise Invalid("机构名称应为 2 至 120 个字。", code="name")
    if not _reaches(districts, draft.district_code):
        raise Invalid("只能登记您管辖区市的培训机构，请选择区市。", code="beyond_reach")
    code = read_uscc(draft.uscc)
    if code.refused:
        raise Invalid(f"{code.findings[0].message}{code.findings[0].action}", code=code.findings[0].code)
    same = select(col(Institution.id)).where(col(Institution.name) == name, col(Institution.id) != (row.id or 0))
    if session.execute(same).first():
        raise Invalid(f"“{name}”已经登记过。列表里查不到的，可能登记在其他区市，请联系市安委会办公室。", code="taken")
    row.name, row.uscc, row.district_code = name, code.value, draft.district_code
    row.address, row.contact, row.telephone = draft.address.strip()[:200], draft.contact.strip()[:60], draft.telephone.strip()[:30]
    row.scope, row.remark = draft.scope.strip()[:300], draft.remark.strip()[:300]


def add(session: Session, *, draft: InstitutionDraft, districts: Districts, actor: Actor, now: datetime) -> int:
    """Enter an institution; until it is reviewed its sessions give no hours."""
    row = Institution(name="", created_at=now)
    _fill(session, row, draft, districts)
    session.add(row)
    session.flush()
    audit.record(session, actor=actor, action="create_institution", subject=row.name, at=now, detail={"institution": row.id})
    return row.id or 0


def edit(session: Session, *, institution_id: int, draft: InstitutionDraft, districts: Districts, actor: Actor, now: datetime) -> None:
    """Correct what is known of an institution."""
    row = _mine(session, institution_id, districts)
    _fill(session, row, draft, districts)
    audit.record(session, actor=actor, action="edit_institution", subject=row.name, at=now, detail={"institution": row.id})


# 复核 -----------------------------------------------------------------------------------------------------------------


def review(
    session: Session, *, institution_id: int, draft: ReviewDraft, districts: Districts, actor: Actor, now: datetime, today: date
) -> int:  # fmt: skip
    """Enter a review; answers with how many people's hours changed by it."""
    row = _mine(session, institution_id, districts)
    _check_review(draft, today)
    attachment_id = _keep(session, draft.attachment, actor, now) if draft.attachment else None
    session.add(
        InstitutionReview(
            institution_id=institution_id, reviewed_on=draft.reviewed_on, valid_until=draft.valid_until, verdict=draft.verdict.value,
            checklist=[{"code": each.code, "met": each.met, "note": each.note.strip()[:300]} for each in draft.findings],
            reviewers=draft.reviewers.strip()[:120], remark=draft.remark.strip()[:500], attachment_id=attachment_id,
            recorded_by=actor.account_id, recorded_at=now,
        )
    )  # fmt: skip
    detail = {"institution": institution_id, "verdict": draft.verdict.label, "until": str(draft.valid_until or "")}
    audit.record(session, actor=actor, action="review_institution", subject=row.name, at=now, detail=detail)
    return hours.recompute_institution(session, institution_id=institution_id, now=now)


def _check_review(draft: ReviewDraft, today: date) -> None:
    if draft.reviewed_on > today:
        raise Invalid("复核日期不能晚于今天。", code="future")
    if draft.verdict is ReviewVerdict.PASSED:
        if draft.valid_until is None or draft.valid_until < draft.reviewed_on:
            raise Invalid("结论为“符合基本条件”的，请填写有效期至（不早于复核日期）。", code="valid_until")
        unmet = [finding.code for finding in draft.findings if finding.met is False]
        if unmet:
            titles = {item.code: item.title for item in checklist()[1]}
            message = f"有 {len(unmet)} 项不符合（{titles.get(unmet[0], unmet[0])} 等），结论不能是“符合基本条件”。"
            raise Invalid(message + "请改为“限期整改”或“不符合基本条件”，或核对各项。", code="unmet")
    if not draft.reviewers.strip():
        raise Invalid("请填写复核人员。", code="reviewers")


def withdraw_review(
    session: Session, *, review_id: int, districts: Districts, actor: Actor, now: datetime, reason: str
) -> int:  # fmt: skip
    """Take back a review entered by mistake; the one before it decides again."""
    found = session.get(InstitutionReview, review_id)
    row = _mine(session, found.institution_id if found else 0, districts)
    assert found is not None
    if found.withdrawn_at is not None:
        raise Refusal("这次复核已经撤回。", code="withdrawn")
    found.withdrawn_at = now
    detail = {"institution": row.id, "reviewed_on": str(found.reviewed_on), "reason": _reason(reason)}
    audit.record(session, actor=actor, action="withdraw_review", subject=row.name, at=now, detail=detail)
    return hours.recompute_institution(session, institution_id=row.id or 0, now=now)


def strike_off(
    session: Session, *, institution_id: int, on: date, reason: str, districts: Districts, actor: Actor, now: datetime
) -> int:  # fmt: skip
    """清退 from that day on: sessions from then on give no hours, earlier ones keep theirs."""
    row = _mine(session, institution_id, districts)
    if row.struck_off_on is not None:
        raise Refusal("这家机构已经清退。", code="struck_off")
    row.struck_off_reason = _reason(reason)
    row.state, row.struck_off_on = InstitutionState.STRUCK_OFF.value, on
    detail: Mapping[str, Any] = {"institution": institution_id, "on": str(on), "reason": row.struck_off_reason}
    audit.record(session, actor=actor, action="strike_off_institution", subject=row.name, at=now, detail=dict(detail))
    return hours.recompute_institution(session, institution_id=institution_id, now=now)


def put_back(
    session: Session, *, institution_id: int, reason: str, districts: Districts, actor: Actor, now: datetime
) -> int:  # fmt: skip
    """Take back the strike-off."""
    row = _mine(session, institution_id, districts)
    if row.struck_off_on is None:
        raise Refusal("这家机构没有清退，不用恢复。", code="listed")
    detail = {"institution": institution_id, "before": str(row.struck_off_on), "reason": _reason(reason)}
    row.state, row.struck_off_on, row.struck_off_reason = InstitutionState.LISTED.value, None, ""
    audit.record(session, actor=actor, action="put_back_institution", subject=row.name, at=now, detail=detail)
    return hours.recompute_institution(session, institution_id=institution_id, now=now)


def _reason(text: str) -> str:
    if len(text.strip()) < SHORTEST_REASON:
        raise Invalid(f"请写明理由（至少 {SHORTEST_REASON} 个字）。", code="reason")
    return text.strip()[:200]


# 附件 -----------------------------------------------------------------------------------------------------------------


def _keep(session: Session, attachment: tuple[str, bytes], actor: Actor, now: datetime) -> int:
    name, content = attachment
    media = next((media for head, media in MEDIA.items() if content.startswith(head)), None)
    if media is None:
        raise Invalid("附件应为 PDF 或 JPG、PNG 图片。", code="attachment_type")
    if len(content) > LARGEST_ATTACHMENT:
        raise Invalid(f"附件超过 {LARGEST_ATTACHMENT // 2**20} MB，请压缩后再传。", code="attachment_large")
    row = Attachment(
        file_name=name[-200:], media_type=media, digest=hashlib.sha256(content).hexdigest(), content=content,
        uploaded_by=actor.account_id, uploaded_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id or 0


def attachment(session: Session, *, review_id: int, districts: Districts) -> tuple[str, bytes]:
    """The paper of a review, for those who may see the institution."""
    found = session.get(InstitutionReview, review_id)
    _mine(session, found.institution_id if found else 0, districts)
    held = session.get(Attachment, found.attachment_id) if found and found.attachment_id else None
    if held is None:
        raise NotFound("这次复核没有附件。", code="no_attachment")
    return held.file_name, held.content

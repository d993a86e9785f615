"""Creates, opens and closes programmes; extends and exempts duties."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlmodel import Session, col

from quiz import events
from quiz.banks import cards
from quiz.models.papers import Paper
from quiz.models.training import Duty, Membership, Programme, TraitPeriod
from quiz.problems import Invalid, NotFound, Refusal
from quiz.training import alignment, facts, queries
from quiz.training.alignment import synchronise
from quiz.training.domain import Audience
from quiz.training.queries import DutyView, ProgrammeView
from quiz.training.requirements import BY_LAW
from quiz.training.rulings import exempt, exempt_organisation, withdraw_exemption
from quiz.vocabulary import HolderPolicy, HoursRule, PaperState, PostRole, ProgrammeState

__all__ = [
    "Components", "OpenedView", "close_programme", "create_programme", "edit_programme", "exempt", "exempt_organisation", "extend_due",
    "open_programme", "synchronise", "withdraw_exemption",
]  # fmt: skip

SHORTEST_HOUR, LONGEST_HOUR = 30, 60
"""Minutes of one 学时 that a programme may choose: no law says, 45 is the custom."""
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{1,58}[a-z0-9]")


@dataclass(frozen=True)
class Components:
    """What is asked beside a paper, and how long it lasts."""

    hours_rule: HoursRule = HoursRule.NONE
    hours_fixed: float | None = None
    minutes_per_hour: int = 45
    materials: tuple[str, ...] = ()
    material_minutes: int = 0
    validity_months: int | None = None
    retraining_months: int | None = None

    def columns(self) -> dict[str, Any]:
        """As the table holds them."""
        return {**asdict(self), "hours_rule": self.hours_rule.value, "materials": list(self.materials)}


@dataclass(frozen=True)
class OpenedView:
    """What opening a programme laid on whom."""

    programme: ProgrammeView
    organisations: int
    duties: int


def create_programme(
    session: Session,
    *,
    code: str,
    title: str,
    audience: Audience,
    opens_on: date,
    due_on: date,
    now: datetime,
    role: PostRole = PostRole.PRINCIPAL,
    policy: HolderPolicy = HolderPolicy.DESIGNATED,
    grace_days: int = 30,
    paper_id: int | None = None,
    description: str = "",
    basis: str = "",
    components: Components = Components(),
    template: str = "",
    series: str = "",
) -> ProgrammeView:
    """Draft a programme; nobody owes anything before it is opened."""
    if not _CODE.fullmatch(code):
        raise Invalid("专项代码只能由小写字母、数字和连字符组成，长度 3 至 60 位，请修改。", code="programme_code")
    if session.scalar(select(func.count()).where(col(Programme.code) == code)):
        raise Refusal(f"专项代码“{code}”已被使用，请换一个。", code="programme_exists")
    row = Programme(
        code=code, title=title.strip(), description=description, basis=basis, role=role.value, audience=audience.as_json(),
        policy=policy.value, opens_on=opens_on, due_on=due_on, grace_days=grace_days, paper_id=paper_id, created_at=now,
        template=template, series=series, **components.columns(),
    )  # fmt: skip
    _check(session, row)
    session.add(row)
    session.flush()
    return ProgrammeView.of(row)


def edit_programme(session: Session, *, programme_id: int, today: date, **changes: Any) -> ProgrammeView:
    """Change what is given of: title, description, basis, audience, policy, opens_on, due_on, grace_days, role, paper_id, and what
    `Components` names.

    In an open programme a new rule applies to the facts from its opening on, as if it had always been so; published snapshots
    keep what was known. Role and paper stay once somebody has begun.
    """
    row = _programme(session, programme_id)
    known = {"title", "description", "basis", "audience", "policy", "opens_on", "due_on", "grace_days", "role", "paper_id"}
    known |= {field.name for field in fields(Components)}
    if changes.keys() - known:
        raise TypeError(f"cannot edit {sorted(changes.keys() - known)}")
    if row.state == ProgrammeState.CLOSED:
        raise Refusal("该专项已结束，不能再修改；如需继续，请先重新开放。", code="programme_closed")
    if "audience" in changes:
        changes["audience"] = changes["audience"].as_json()
    if "materials" in changes:
        changes["materials"] = list(changes["materials"])
    changed = {name: value for name, value in changes.items() if getattr(row, name) != value}
    if {"role", "paper_id"} & changed.keys() and queries.has_progress(session, programme_id=programme_id):
        raise Refusal("已有人开始参加该专项，不能更换试卷或岗位；请另建一个专项。", code="programme_begun")
    if "role" in changed and row.state == ProgrammeState.OPEN:
        raise Refusal("专项开放后不能更换岗位；请另建一个专项。", code="programme_open")
    for name, value in changed.items():
        setattr(row, name, value)
    _check(session, row)
    if row.state == ProgrammeState.OPEN:
        check_components(session, row)
    session.flush()
    if row.state == ProgrammeState.OPEN:
        if {"audience", "opens_on"} & changed.keys():
            facts.core(session).execute(delete(TraitPeriod).where(col(TraitPeriod.programme_id) == programme_id))
        if changed.keys() - {"title", "description", "basis", "policy", "validity_months", "retraining_months"}:
            _align_all(session, programme_id=programme_id, today=today)
        if {"policy", "opens_on", "due_on", "grace_days", "paper_id"} & changed.keys():
            events.announce(session, events.DutiesChanged(programme_id=programme_id, organisation_ids=_member_ids(session, programme_id)))
    return ProgrammeView.of(row)


def open_programme(session: Session, *, programme_id: int, today: date) -> OpenedView:
    """Lay the duties on everybody concerned; a closed programme is taken up again where the facts stand now."""
    row = _programme(session, programme_id)
    check_components(session, row)
    row.state = ProgrammeState.OPEN.value
    session.flush()
    _align_all(session, programme_id=programme_id, today=today)
    connection = facts.core(session)
    return OpenedView(
        programme=ProgrammeView.of(row),
        organisations=len(_member_ids(session, programme_id)),
        duties=connection.execute(select(func.count()).where(col(Duty.programme_id) == programme_id)).scalar_one(),
    )


def close_programme(session: Session, *, programme_id: int) -> ProgrammeView:
    """End a programme: what it says stays as it is, and later facts no longer change it."""
    row = _programme(session, programme_id)
    if row.state != ProgrammeState.OPEN:
        raise Refusal("只有进行中的专项才能结束。", code="programme_not_open")
    row.state = ProgrammeState.CLOSED.value
    session.flush()
    return ProgrammeView.of(row)


def extend_due(session: Session, *, duty_id: int, due_on: date, reason: str) -> DutyView:
    """Give one holder until `due_on`."""
    duty = queries.duty(session, duty_id=duty_id)
    _reason(reason)
    if due_on <= duty.due_on:
        raise Invalid(f"新的截止日期须晚于现在的截止日期 {duty.due_on.isoformat()}。", code="extension_not_later")
    _set(session, duty, extended_to=due_on, extension_reason=reason.strip(), due_on=due_on)
    return queries.duty(session, duty_id=duty_id)


def _programme(session: Session, programme_id: int) -> Programme:
    row = session.get(Programme, programme_id)
    if row is None:
        raise NotFound("没有找到该培训专项。", code="programme_unknown")
    return row


def _check(session: Session, row: Programme) -> None:
    if not row.title:
        raise Invalid("请填写专项名称。", code="programme_title")
    if row.due_on < row.opens_on:
        raise Invalid("截止日期不能早于开始日期，请修改。", code="programme_days")
    if row.grace_days < 0:
        raise Invalid("新任宽限天数不能为负数，请修改。", code="programme_grace")
    if row.paper_id is not None and session.get(Paper, row.paper_id) is None:
        raise Invalid("所选试卷不存在，请重新选择。", code="paper_unknown")
    _check_amounts(session, row)


def check_components(session: Session, row: Programme) -> None:
    """Refuse a programme that asks for nothing, for hours no law gives, or for a paper nobody could take."""
    asked = facts.requirements_of(row)
    if not asked.any:
        raise Refusal("该专项什么都没有要求：请至少指定试卷、学时、学习资料三项中的一项，再开放。", code="programme_without_component")
    if asked.hours_rule in BY_LAW and (gaps := asked.law.gaps(row.role, asked.hours_rule)):
        raise Refusal(
            f"不能按法定学时要求“{PostRole(row.role).label}”：{gaps[0].remark}请改选“{HoursRule.FIXED.label}”并写明学时。",
            code="no_legal_hours",
        )
    paper = session.get(Paper, row.paper_id) if row.paper_id is not None else None
    if paper is not None and paper.state == PaperState.DRAFT:
        raise Refusal(f"试卷“{paper.title}”还是草稿，请培训教师在“试卷”页核对并发布后，再开放专项。", code="paper_not_published")


def _check_amounts(session: Session, row: Programme) -> None:
    if not SHORTEST_HOUR <= row.minutes_per_hour <= LONGEST_HOUR:
        raise Invalid(f"一学时须在 {SHORTEST_HOUR} 至 {LONGEST_HOUR} 分钟之间。", code="minutes_per_hour")
    if row.hours_rule == HoursRule.FIXED and not (row.hours_fixed and row.hours_fixed > 0):
        raise Invalid("选了“统一规定学时”，请写明多少学时。", code="hours_missing")
    if row.material_minutes < 0 or (row.material_minutes and not row.materials):
        raise Invalid("要求学习资料的，请选定至少一份学习资料。", code="materials_missing")
    lacking = sorted(set(row.materials) - set(cards.editions_with_cards(session, row.materials)))
    if lacking:
        raise Invalid(f"这些资料还没有学习卡，请去掉：{'、'.join(lacking)}。", code="materials_unknown")
    for months, name in ((row.validity_months, "证书有效期"), (row.retraining_months, "再培训间隔")):
        if months is not None and months <= 0:
            raise Invalid(f"{name}须为正整数个月；长期有效或不再培训请留空。", code="months")


def _reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid("请写明理由和依据的文件。", code="reason_missing")


def _align_all(session: Session, *, programme_id: int, today: date) -> None:
    programme = facts.programme_facts(session, programme_id)
    assert programme is not None
    alignment.align(session, programme=programme, organisation_ids=None, today=today, is_opening=True)


def _member_ids(session: Session, programme_id: int) -> frozenset[int]:
    members = select(col(Membership.organisation_id)).where(col(Membership.programme_id) == programme_id).distinct()
    return frozenset(facts.core(session).execute(members).scalars())


def _set(session: Session, duty: DutyView, **values: Any) -> None:
    facts.core(session).execute(update(Duty).where(col(Duty.id) == duty.id).values(**values))
    events.announce(session, events.DutiesChanged(programme_id=duty.programme_id, organisation_ids=frozenset({duty.organisation_id})))

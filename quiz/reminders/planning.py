"""Puts into the outbox what is due today: one message for an occasion, however often it is asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from quiz import clock
from quiz.coverage import queries as coverage
from quiz.coverage.conditions import EVERYWHERE, held_on, member_on, not_exempt_on
from quiz.coverage.domain import Counts, show_rate
from quiz.coverage.uncovered import Filters, UncoveredRow, uncovered
from quiz.models.organisations import Organisation, Person
from quiz.models.reminders import OutboxMessage, ReminderRule
from quiz.models.training import Duty, Membership, Programme
from quiz.organisations.reference import Reference
from quiz.problems import Invalid, NotFound
from quiz.reminders import addresses, mode, templates
from quiz.reminders.domain import fill, occasion
from quiz.reminders.templates import TemplateView
from quiz.settings import settings
from quiz.training.queries import ProgrammeView
from quiz.vocabulary import Channel, OutboxState, PostRole, ProgrammeState

EARLIEST, LATEST = time(9, 0), time(20, 0)
"""Messages leave between these hours of the day in Weihai: nobody is woken."""
LISTED_NAMES = 40
AT_ONCE = 500
FARTHEST = 60


@dataclass(frozen=True)
class RuleView:
    """When a programme reminds whom."""

    id: int
    template: TemplateView
    days_before: int
    is_enabled: bool

    @property
    def said(self) -> str:
        """`到期前 7 天`, `到期当天`, `逾期后 3 天`."""
        if self.days_before == 0:
            return "到期当天"
        return f"到期前 {self.days_before} 天" if self.days_before > 0 else f"逾期后 {-self.days_before} 天"


@dataclass(frozen=True)
class Planned:
    """What one round put into the outbox."""

    written: int
    known: int
    """Occasions that had their message already."""
    without_address: tuple[str, ...]
    """Those who should get one and cannot: a person without a mobile number, a street without an address."""


@dataclass(frozen=True)
class _Draft:
    key: str
    channel: Channel
    address: str
    subject: str
    body: str
    template: str
    organisation_id: int | None = None
    person_id: int | None = None


# --- rules ------------------------------------------------------------------------------------------------------------------------


def rules(session: Session, *, programme_id: int) -> list[RuleView]:
    """The rules of a programme, the earliest occasion first."""
    rows = session.scalars(
        select(ReminderRule).where(col(ReminderRule.programme_id) == programme_id).order_by(col(ReminderRule.days_before).desc())
    )
    return [RuleView(row.id or 0, templates.template(session, row.template_code), row.days_before, row.is_enabled) for row in rows]


def add_rule(session: Session, *, programme_id: int, template_code: str, days_before: int, account_id: int | None, now: datetime) -> int:
    """One more occasion.

    Raises:
        Invalid: too far from the due day, or there already.
    """
    templates.template(session, template_code)
    if not -FARTHEST <= days_before <= FARTHEST:
        raise Invalid(f"提醒日须在到期前后 {FARTHEST} 天以内。", code="rule_days")
    same = select(col(ReminderRule.id)).where(
        col(ReminderRule.programme_id) == programme_id,
        col(ReminderRule.template_code) == template_code,
        col(ReminderRule.days_before) == days_before,
    )
    if session.scalar(same) is not None:
        raise Invalid("已经有同样的提醒。", code="rule_exists")
    row = ReminderRule(
        programme_id=programme_id, template_code=template_code, days_before=days_before, created_by=account_id, created_at=now
    )
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id


def remove_rule(session: Session, *, rule_id: int) -> None:
    """No more of these; what was sent stays in the outbox."""
    row = session.get(ReminderRule, rule_id)
    if row is None:
        raise NotFound("没有找到这条提醒。", code="rule_unknown")
    session.delete(row)
    session.flush()


# --- planning ---------------------------------------------------------------------------------------------------------------------


def plan_today(session: Session, *, now: datetime) -> Planned:
    """Messages of every open programme whose occasion has come, to leave within the hours of today."""
    written = known = 0
    missing: list[str] = []
    today = clock.local_day(now)
    not_before = max(now, datetime.combine(today, EARLIEST, clock.SHANGHAI))
    if not_before.astimezone(clock.SHANGHAI).time() > LATEST:
        not_before = datetime.combine(today + timedelta(days=1), EARLIEST, clock.SHANGHAI)
    for row in session.scalars(select(Programme).where(col(Programme.state) == ProgrammeState.OPEN.value).order_by(col(Programme.id))):
        programme = ProgrammeView.of(row)
        active = [rule for rule in rules(session, programme_id=programme.id) if rule.is_enabled]
        drafts, lacking = _drafts(session, programme, active, today)
        missing += lacking
        done = _write(session, programme.id, drafts, now=now, not_before=not_before)
        written, known = written + done, known + len(drafts) - done
    return Planned(written, known, tuple(missing))


def _drafts(session: Session, programme: ProgrammeView, active: Sequence[RuleView], today: date) -> tuple[list[_Draft], list[str]]:
    drafts: list[_Draft] = []
    missing: list[str] = []
    holder = [rule for rule in active if rule.template.audience == "holder"]
    if holder:
        found, lacking = _to_holders(session, programme, holder, today)
        drafts, missing = drafts + found, missing + lacking
    for audience in ("town", "district"):
        for channel in (Channel.EMAIL, Channel.WECOM):
            to_regions = [rule for rule in active if rule.template.audience == audience and rule.template.channel is channel]
            due = occasion(programme.due_on, today=today, days_before=[rule.days_before for rule in to_regions])
            rule = next((rule for rule in to_regions if rule.days_before == due), None)
            if rule is not None:
                found, lacking = _to_regions(session, programme, rule, today)
                drafts, missing = drafts + found, missing + lacking
    return drafts, missing


def _to_holders(session: Session, programme: ProgrammeView, active: Sequence[RuleView], today: date) -> tuple[list[_Draft], list[str]]:
    """One message a person and due day, for the first of the enterprises they answer for."""
    query: Any = (
        select(
            col(Duty.person_id), col(Duty.due_on), col(Duty.role), col(Organisation.id), col(Organisation.name).label("organisation"),
            col(Person.name), col(Person.phone),
        )
        .join(Organisation, col(Organisation.id) == col(Duty.organisation_id))
        .join(Person, col(Person.id) == col(Duty.person_id))
        .join(
            Membership,
            and_(col(Membership.programme_id) == col(Duty.programme_id), col(Membership.organisation_id) == col(Duty.organisation_id)),
        )
        .where(
            col(Duty.programme_id) == programme.id, held_on(today), not_exempt_on(today), member_on(today),
            or_(col(Duty.completed_on).is_(None), col(Duty.completed_on) > today),
        )
        .order_by(col(Duty.person_id), col(Duty.due_on), col(Organisation.id))
    )  # fmt: skip
    days = sorted({rule.days_before for rule in active})
    drafts: dict[str, _Draft] = {}
    missing: list[str] = []
    common = _common(session, programme, today)
    for row in session.execute(query):
        due = occasion(row.due_on, today=today, days_before=days)
        if due is None:
            continue
        for rule in (rule for rule in active if rule.days_before == due):
            key = f"{rule.template.code}:{programme.code}:p{row.person_id}:{row.due_on}:{due}"
            if key in drafts:
                continue
            if not row.phone:
                missing.append(f"{row.organisation}{row.name}（没有手机号）")
                continue
            left = (row.due_on - today).days
            values = common | {
                "姓名": row.name, "单位": row.organisation, "岗位": PostRole(row.role).label, "截止日期": row.due_on.isoformat(),
                "剩余天数": max(left, 0), "逾期天数": max(-left, 0),
            }  # fmt: skip
            drafts[key] = _filled(rule.template, key, row.phone, values, organisation_id=row.id, person_id=row.person_id)
    return list(drafts.values()), missing


def _to_regions(session: Session, programme: ProgrammeView, rule: RuleView, today: date) -> tuple[list[_Draft], list[str]]:
    """A digest to every street or district that has somebody uncovered."""
    known = addresses.addresses(session)
    reference = Reference.load(session)
    by_town = rule.template.audience == "town"
    figures = coverage.coverage(session, programme_code=programme.code, as_of=today, by="town" if by_town else "region")
    rows: dict[str, list[UncoveredRow]] = defaultdict(list)
    for row in uncovered(session, programme_code=programme.code, as_of=today, reach=EVERYWHERE, filters=Filters(), limit=None).rows:
        rows[(row.town_code or "") if by_town else row.district_code].append(row)
    common = _common(session, programme, today)
    drafts, missing = [], []
    for group in figures.groups:
        waiting = rows.get(group.key, [])
        if not waiting or not group.key:
            continue
        address = known[group.key].of(rule.template.channel) if group.key in known else ""
        if not address:
            missing.append(f"{group.label}（没有登记{rule.template.channel.label}地址）")
            continue
        region = reference.regions[group.key]
        name = region.name if not by_town else f"{reference.label('region', region.parent_code)}{region.name}"
        values = common | _figures(group.counts, waiting) | {"地区": name, "名单": _names(waiting, by_town=by_town)}
        key = f"{rule.template.code}:{programme.code}:r{group.key}:{programme.due_on}:{rule.days_before}"
        drafts.append(_filled(rule.template, key, address, values))
    return drafts, missing


def _figures(counts: Counts, waiting: Sequence[UncoveredRow]) -> dict[str, Any]:
    return {
        "应训": counts.due, "完成": counts.completed, "未完成": counts.uncovered, "覆盖率": show_rate(counts),
        "逾期": sum(row.is_overdue for row in waiting),
    }  # fmt: skip


def _names(waiting: Sequence[UncoveredRow], *, by_town: bool) -> str:
    """The enterprises one a line (never a telephone number), or the streets with their numbers."""
    if by_town:
        lines = [f"{place}. {row.name}（{row.shown_reason}）" for place, row in enumerate(waiting[:LISTED_NAMES], start=1)]
        more = len(waiting) - LISTED_NAMES
        return "\n".join([*lines, f"……另有 {more} 家"] if more > 0 else lines)
    counted: dict[str, int] = defaultdict(int)
    for row in waiting:
        counted[row.town or "（未明确镇街）"] += 1
    return "\n".join(f"{town}：{number} 家" for town, number in sorted(counted.items(), key=lambda each: (-each[1], each[0])))


def _common(session: Session, programme: ProgrammeView, today: date) -> dict[str, Any]:
    return {
        "专项": programme.title, "截止日期": programme.due_on.isoformat(), "统计日期": today.isoformat(),
        "网址": settings().public_url or "本平台", "咨询电话": mode.telephone(session) or "（请联系所在镇街）", "发送单位": settings().organiser,
    }  # fmt: skip


def _filled(
    view: TemplateView, key: str, address: str, values: dict[str, Any], *, organisation_id: int | None = None, person_id: int | None = None
) -> _Draft:
    return _Draft(
        key=key, channel=view.channel, address=address, subject=fill(view.subject, values)[:120], body=fill(view.body, values)[:4000],
        template=view.code, organisation_id=organisation_id, person_id=person_id,
    )  # fmt: skip


def _write(session: Session, programme_id: int, drafts: Sequence[_Draft], *, now: datetime, not_before: datetime) -> int:
    """Insert what has no message yet; a key that is there already stays as it is, also when another process was first."""
    session.flush()
    connection = session.connection()
    prefix = mode.key_prefix(session, now=now)
    insert: Any = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    table = OutboxMessage.__table__  # type: ignore[attr-defined]
    written = 0
    for chunk in _chunks(drafts):
        rows = [
            {
                "dedupe_key": f"{prefix}{draft.key}", "programme_id": programme_id, "organisation_id": draft.organisation_id,
                "person_id": draft.person_id, "template_code": draft.template, "channel": draft.channel.value, "address": draft.address,
                "subject": draft.subject, "body": draft.body, "state": OutboxState.QUEUED.value, "attempts": 0,
                "not_before": not_before, "created_at": now, "receipt": "", "error": "",
            }
            for draft in chunk
        ]  # fmt: skip
        statement = insert(table).values(rows).on_conflict_do_nothing(index_elements=["dedupe_key"])
        written += len(connection.execute(statement.returning(table.c.id)).all())
    return written


def _chunks(drafts: Sequence[_Draft]) -> Iterable[Sequence[_Draft]]:
    for start in range(0, len(drafts), AT_ONCE):
        yield drafts[start : start + AT_ONCE]

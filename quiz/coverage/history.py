"""The life of one enterprise as one story: what was done, who entered it when on what document, and what it did to its duties."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from quiz.models.accounts import Account
from quiz.models.organisations import OrganisationChange, Person, Placement, RosterImport
from quiz.models.training import Duty, Exemption, Membership, Programme
from quiz.organisations.domain import FIELD_LABELS, ROLE_LABELS, WORDED_FIELDS
from quiz.organisations.reference import Reference
from quiz.vocabulary import DutyClosing

POSTS = frozenset({*ROLE_LABELS, "tenure", "person_merge", "designated"})
EXISTENCE = frozenset({"organisation", "status", "closed_on", "merged_into", "registered_on"})
PLACE = frozenset({"district_code", "town_code", "sector_code", "department_code", "features", "kind", "hospital_grade"})
QUIET = frozenset({"closed_on"})
"""Said by another line already."""


@dataclass(frozen=True)
class Effect:
    """What became of a duty on a day; `of` are the fields that may have caused it."""

    day: date
    text: str
    of: frozenset[str]


@dataclass(frozen=True)
class Chapter:
    """One act, or one day on which duties moved by themselves."""

    day: date
    changes: tuple[str, ...]
    effects: tuple[str, ...] = ()
    who: str = ""
    entered_at: datetime | None = None
    document: str = ""


@dataclass
class _Act:
    day: date
    entered_at: datetime
    account_id: int | None
    import_id: int | None
    fields: set[str] = field(default_factory=set)
    changes: list[str] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)


def history(session: Session, organisation_id: int, *, limit: int = 200) -> tuple[Chapter, ...]:
    """The story, the latest first. Whoever asks has made sure that the organisation is within reach."""
    acts = _acts(session, organisation_id, limit=limit)
    alone: dict[date, list[str]] = defaultdict(list)
    for effect in _effects(session, organisation_id):
        act = _cause(acts, effect)
        (act.effects if act else alone[effect.day]).append(effect.text)
    names = _names(session, acts)
    chapters = [
        Chapter(
            act.day, tuple(act.changes), tuple(dict.fromkeys(act.effects)), names(act), act.entered_at, "；".join(dict.fromkeys(act.documents))
        )
        for act in acts
    ]  # fmt: skip
    chapters += [Chapter(day, ("专项开放、期限或考试",), tuple(dict.fromkeys(texts)), "系统") for day, texts in alone.items()]
    return tuple(sorted(chapters, key=lambda each: (each.day, str(each.entered_at or "")), reverse=True))


# 办理 -----------------------------------------------------------------------------------------------------------------


def _acts(session: Session, organisation_id: int, *, limit: int) -> list[_Act]:
    """Lines entered together that hold from the same day are one act."""
    of_this = col(OrganisationChange.organisation_id) == organisation_id
    rows = session.scalars(select(OrganisationChange).where(of_this).order_by(col(OrganisationChange.id).desc()).limit(limit * 4)).all()
    acts: dict[tuple[Any, ...], _Act] = {}
    for row in reversed(rows):
        key = (row.effective_on, row.recorded_at, row.account_id, row.import_id)
        act = acts.setdefault(key, _Act(row.effective_on, row.recorded_at, row.account_id, row.import_id))
        if row.field == "document":
            act.documents.append(row.after)
            continue
        act.fields.add(row.field)
        if row.field not in QUIET:
            act.changes.append(_told(row))
    return [act for act in acts.values() if act.changes][-limit:]


def _told(row: OrganisationChange) -> str:
    label = FIELD_LABELS.get(row.field, row.field)
    if row.field in ("organisation", "person_merge", "absorbed", "merged_into"):
        return f"{label}：{row.after}" if row.after else f"{label}（撤销）：{row.before}"
    if row.field == "roster_undone":
        return f"{label}《{row.before}》：{row.after}"
    words = WORDED_FIELDS.get(row.field, {})
    before, after = (words.get(text, text) or "无" for text in (row.before, row.after))
    return f"{label}：{before} → {after}"


def _names(session: Session, acts: Iterable[_Act]) -> Any:
    """Who entered an act, in words."""
    account_ids = {act.account_id for act in acts if act.account_id is not None}
    import_ids = {act.import_id for act in acts if act.import_id is not None}
    accounts = _labels(session, select(Account.id, Account.name).where(col(Account.id).in_(account_ids)))  # type: ignore[call-overload]
    of_imports = select(RosterImport.id, RosterImport.file_name).where(col(RosterImport.id).in_(import_ids))  # type: ignore[call-overload]
    imports = _labels(session, of_imports)

    def name(act: _Act) -> str:
        person = accounts.get(act.account_id, "")
        source = f"名册导入《{imports[act.import_id]}》" if act.import_id in imports else ""
        return "，".join(filter(None, (person, source))) or "系统"

    return name


def _labels(session: Session, query: Any) -> dict[int | None, str]:
    return {key: text for key, text in session.execute(query)}


# 责任 -----------------------------------------------------------------------------------------------------------------


def _cause(acts: Sequence[_Act], effect: Effect) -> _Act | None:
    """The act of that day that may have caused it; the latest entered, as later ones overrule."""
    same_day = [act for act in acts if act.day == effect.day]
    fitting = [act for act in same_day if act.fields & effect.of]
    return fitting[-1] if fitting else None


def _effects(session: Session, organisation_id: int) -> list[Effect]:
    titles: Mapping[int, str] = dict(session.execute(select(Programme.id, Programme.title)).all())  # type: ignore[call-overload]
    found: list[Effect] = []
    members: dict[int, list[Any]] = defaultdict(list)
    spans = select(Membership).where(col(Membership.organisation_id) == organisation_id).order_by(col(Membership.since))
    for span in session.scalars(spans):
        members[span.programme_id].append(span)
    duties = (
        select(Duty, Person.name)  # type: ignore[call-overload]
        .join(Person, col(Person.id) == col(Duty.person_id))
        .where(col(Duty.organisation_id) == organisation_id)
        .order_by(col(Duty.id))
    )
    names: dict[int | None, str] = {}
    for duty, person in session.execute(duties):
        names[duty.id] = person
        if duty.opened_on != duty.closed_on:
            found += _of_duty(duty, f"“{titles[duty.programme_id]}”{person}")
    exemptions = (
        select(Exemption).where(col(Exemption.organisation_id) == organisation_id).order_by(col(Exemption.since), col(Exemption.id))
    )
    for exemption in session.scalars(exemptions):
        found += _of_exemption(exemption, f"“{titles[exemption.programme_id]}”{names.get(exemption.duty_id, '整个企业')}")
    for programme_id, own in members.items():
        found += _of_memberships(own, f"“{titles[programme_id]}”")
    return [*found, *_of_moves(session, organisation_id, members)]


def _of_duty(duty: Duty, what: str) -> list[Effect]:
    anything = POSTS | EXISTENCE | PLACE
    found = [Effect(duty.opened_on, f"责任新开：{what}，期限 {duty.due_on}", anything)]
    if duty.completed_on is not None:
        found.append(Effect(duty.completed_on, f"完成：{what}", frozenset()))
    if duty.closed_on is not None:
        reason = DutyClosing(duty.closing).label if duty.closing else "已完成"
        found.append(Effect(duty.closed_on, f"责任关闭：{what}（{reason}）", anything))
    return found


def _of_exemption(exemption: Exemption, what: str) -> list[Effect]:
    """Each exemption on its own days, whatever came after it."""
    found = [Effect(exemption.since, f"核减：{what}，{exemption.reason}", frozenset())]
    if exemption.until is not None:
        found.append(Effect(exemption.until, f"恢复应训：{what}，从这天起给足宽限期", frozenset()))
    return found


def _of_memberships(spans: Sequence[Membership], what: str) -> list[Effect]:
    """Gone and back again: the duties stay open on paper, but are not counted in between."""
    found = []
    for before, after in zip(spans, spans[1:], strict=False):
        if before.until is not None:
            found.append(Effect(before.until, f"暂停计入应训：{what}", EXISTENCE | PLACE))
        found.append(Effect(after.since, f"重新计入应训：{what}，另给补训期", EXISTENCE | PLACE))
    return found


def _of_moves(session: Session, organisation_id: int, members: Mapping[int, Sequence[Membership]]) -> list[Effect]:
    """Counts that went to another district or sector with the enterprise."""
    reference = Reference.load(session)
    own = select(Placement).where(col(Placement.organisation_id) == organisation_id).order_by(col(Placement.since))
    placements = session.scalars(own).all()
    found = []
    for before, after in zip(placements, placements[1:], strict=False):
        counted = [
            span
            for spans in members.values()
            for span in spans
            if span.since < after.since and (span.until is None or after.since < span.until)
        ]
        if not counted:
            continue
        for name, kind, label in (("district_code", "region", "区市"), ("sector_code", "sector", "行业")):
            if getattr(before, name) != getattr(after, name):
                place = reference.label(kind, getattr(after, name))
                found.append(Effect(after.since, f"{len(counted)} 个专项的责任移到{label}“{place}”", PLACE))
    return found

"""What is done to organisations and posts one at a time: add, edit, move, close, appoint, change the principal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, delete, select

from quiz.models.organisations import Organisation, OrganisationFeature
from quiz.organisations import identifiers, ledger, queries
from quiz.organisations.appointments import appoint, change_principal, correct_tenure, designate, end_post, find_or_add_person
from quiz.organisations.closing import merge, set_status, undo_merge
from quiz.organisations.desk import Actor, id_of, record, refuse_future, the_organisation
from quiz.organisations.domain import PLACED_FIELDS, OrganisationDraft, OrganisationView, full_width_brackets, shown
from quiz.organisations.existence import CLOSED_STATUSES
from quiz.organisations.reference import Reference, name_key
from quiz.problems import Invalid, Refusal
from quiz.vocabulary import OrganisationStatus

__all__ = [
    "add_organisation",
    "appoint",
    "change_principal",
    "change_sector",
    "correct_tenure",
    "designate",
    "edit_organisation",
    "end_post",
    "find_or_add_person",
    "merge",
    "move",
    "set_features",
    "set_status",
    "undo_merge",
]

EDITABLE = frozenset(
    {
        "name", "kind", "uscc", "premises", "registration_number", "village", "address", "subsector", "direct_department_code",
        "employees", "sd_high_risk", "hours_high_risk", "gas_kind", "standardisation", "hospital_grade", "telephone", "remark",
        "registered_on",
    }
)  # fmt: skip
"""What `edit_organisation` may change; place, sector, status, features and posts have verbs of their own."""


# 单位 -----------------------------------------------------------------------------------------------------------------


def add_organisation(
    session: Session, *, draft: OrganisationDraft, now: datetime, today: date | None = None, account_id: int | None = None
) -> OrganisationView:
    """Enter an organisation by hand; a code that another one has, or that fails its check without a reason, is refused."""
    actor = Actor.of(now, today, account_id)
    reference = Reference.load(session)
    values = _checked_draft(session, reference, draft, actor.today)
    organisation = Organisation(**values, created_at=now)
    session.add(organisation)
    session.flush()
    organisation_id = id_of(organisation)
    since = draft.since or draft.registered_on or actor.today
    ledger.start_placements(session, [(organisation_id, since, values)])
    _put_features(session, organisation_id, draft.features)
    entries = [ledger.Entry(organisation_id, "organisation", "", values["name"], since)]
    if values["uscc_forced"]:
        entries.append(ledger.Entry(organisation_id, "uscc_forced", "", draft.uscc_forced_reason, actor.today))
    record(session, entries, actor)
    ledger.announce(session, organisations=[organisation_id], today=actor.today)
    return queries.organisation_view(session, organisation_id)


def _checked_draft(session: Session, reference: Reference, draft: OrganisationDraft, today: date) -> dict[str, Any]:
    if draft.sector_code not in reference.sectors:
        raise Invalid("没有这个行业领域，请从列表中选择。", code="unknown_sector")
    _check_place(reference, draft.district_code, draft.town_code)
    for code in (draft.department_code, draft.direct_department_code):
        if code and code not in reference.departments:
            raise Invalid("没有这个部门，请从列表中选择；不清楚的选“待明确”。", code="unknown_department")
    unknown = draft.features - reference.features.keys()
    if unknown:
        raise Invalid(f"没有这些特征标签：{'、'.join(sorted(unknown))}。", code="unknown_feature")
    name = full_width_brackets(identifiers.tidy_text(draft.name))
    if not name:
        raise Invalid("请填写单位全称。", code="missing_name")
    code, forced = _checked_code(draft.uscc, draft.uscc_forced_reason)
    if code is None and not draft.registration_number:
        raise Invalid("请填写统一社会信用代码；确实无码的个体工商户请填写登记注册号。", code="missing_code")
    _refuse_taken_code(session, code, draft.premises, draft.registration_number)
    risk = reference.risk(draft.sector_code, draft.features)
    values = {key: value for key, value in asdict(draft).items() if key not in ("features", "since", "uscc_forced_reason")}
    if str(draft.status) == OrganisationStatus.MERGED:
        raise Invalid("新登记的单位不能是“已合并”，请先登记，再办理合并。", code="use_merge")
    closed = str(draft.status) in CLOSED_STATUSES
    return values | {
        "name": name,
        "uscc": code,
        "uscc_forced": forced,
        "kind": str(draft.kind),
        "status": str(draft.status),
        "department_code": draft.department_code or reference.sectors[draft.sector_code].department_code,
        "hours_high_risk": risk.hours if draft.hours_high_risk is None else draft.hours_high_risk,
        "sd_high_risk": risk.province if draft.sd_high_risk is None else draft.sd_high_risk,
        "closed_on": today if closed else None,
    }


def _checked_code(raw: str | None, forced_reason: str) -> tuple[str | None, bool]:
    reading = identifiers.read_uscc(raw or "")
    if not reading.refused:
        return reading.value, False
    finding = reading.findings[0]
    if finding.code == "uscc_check_digit" and forced_reason.strip():
        return identifiers.tidy_code(raw), True
    raise Invalid(f"{finding.message}{finding.action}", code=finding.code)


def _refuse_taken_code(
    session: Session, code: str | None, premises: str, registration_number: str | None, *, but: int | None = None
) -> None:
    column, value = (Organisation.uscc, code) if code else (Organisation.registration_number, registration_number)
    for other in session.exec(select(Organisation).where(col(column) == value, col(Organisation.id) != (but or 0))):
        if not code or name_key(other.premises) == name_key(premises):
            message = f"该代码已登记为“{other.name}”。同一代码有几处经营场所的，请填写经营场所加以区分。"
            raise Refusal(message, code="taken")


def _check_place(reference: Reference, district_code: str, town_code: str | None) -> None:
    if district_code not in {region.code for region in reference.districts()}:
        raise Invalid("没有这个区市，请从列表中选择。", code="unknown_district")
    if town_code and town_code not in {town.code for town in reference.towns_of(district_code)}:
        raise Invalid("所选镇街不属于所选区市，请核对。", code="town_elsewhere")


def edit_organisation(
    session: Session,
    *,
    organisation_id: int,
    changes: Mapping[str, Any],
    now: datetime,
    today: date | None = None,
    account_id: int | None = None,
    uscc_forced_reason: str = "",
) -> OrganisationView:
    """Change fields named in `EDITABLE`; what stays the same leaves no trace."""
    actor = Actor.of(now, today, account_id)
    organisation = the_organisation(session, organisation_id)
    strange = set(changes) - EDITABLE
    if strange:
        raise Invalid(f"这些内容不能在此修改：{'、'.join(sorted(strange))}。", code="not_editable")
    wanted = dict(changes)
    if "name" in wanted:
        wanted["name"] = full_width_brackets(identifiers.tidy_text(wanted["name"]))
        if not wanted["name"]:
            raise Invalid("请填写单位全称。", code="missing_name")
    if "uscc" in wanted:
        wanted["uscc"], wanted["uscc_forced"] = _checked_code(wanted["uscc"], uscc_forced_reason)
    if {"uscc", "premises", "registration_number"} & wanted.keys():
        after = {name: wanted.get(name, getattr(organisation, name)) for name in ("uscc", "premises", "registration_number")}
        if not after["uscc"] and not after["registration_number"]:
            raise Invalid("统一社会信用代码和登记注册号不能都为空。", code="missing_code")
        _refuse_taken_code(session, after["uscc"], after["premises"], after["registration_number"], but=organisation_id)
    return _change(session, organisation, wanted, effective_on=actor.today, actor=actor)


def move(
    session: Session,
    *,
    organisation_id: int,
    district_code: str,
    town_code: str | None,
    effective_on: date,
    now: datetime,
    today: date | None = None,
    account_id: int | None = None,
    document: str = "",
) -> OrganisationView:
    """To another district or town, from that day; a day in the past moves its counts since then."""
    actor = Actor.of(now, today, account_id)
    refuse_future(effective_on, actor)
    _check_place(Reference.load(session), district_code, town_code)
    wanted = {"district_code": district_code, "town_code": town_code}
    organisation = the_organisation(session, organisation_id)
    return _change(session, organisation, wanted, effective_on=effective_on, actor=actor, document=document)


def change_sector(
    session: Session,
    *,
    organisation_id: int,
    sector_code: str,
    department_code: str | None = None,
    effective_on: date,
    now: datetime,
    today: date | None = None,
    account_id: int | None = None,
    document: str = "",
) -> OrganisationView:
    """Into another sector from that day, under the department given or the one that leads it; 高危 follows unless set by hand."""
    actor = Actor.of(now, today, account_id)
    refuse_future(effective_on, actor)
    reference = Reference.load(session)
    if sector_code not in reference.sectors:
        raise Invalid("没有这个行业领域，请从列表中选择。", code="unknown_sector")
    organisation = the_organisation(session, organisation_id)
    features = _features(session, organisation_id)
    department_code = department_code or reference.sectors[sector_code].department_code
    wanted: dict[str, Any] = {"sector_code": sector_code, "department_code": department_code}
    wanted |= _risk_changes(reference, organisation, features, sector_code=sector_code, features_after=features)
    return _change(session, organisation, wanted, effective_on=effective_on, actor=actor, document=document)


def set_features(
    session: Session,
    *,
    organisation_id: int,
    features: frozenset[str],
    now: datetime,
    effective_on: date | None = None,
    today: date | None = None,
    account_id: int | None = None,
    document: str = "",
) -> OrganisationView:
    """Give it exactly these 特征标签, from that day (left out: from today)."""
    reference = Reference.load(session)
    if unknown := features - reference.features.keys():
        raise Invalid(f"没有这些特征标签：{'、'.join(sorted(unknown))}。", code="unknown_feature")
    organisation = the_organisation(session, organisation_id)
    before = _features(session, organisation_id)
    actor = Actor.of(now, today, account_id)
    day = effective_on or actor.today
    refuse_future(day, actor)
    if before != features:
        session.execute(delete(OrganisationFeature).where(col(OrganisationFeature.organisation_id) == organisation_id))
        _put_features(session, organisation_id, features)
        texts = [shown("features", codes, reference.label) for codes in (before, features)]
        record(session, [ledger.Entry(organisation_id, "features", texts[0], texts[1], day)], actor)
    sector = organisation.sector_code
    wanted = _risk_changes(reference, organisation, before, sector_code=sector, features_after=features)
    traits_since = effective_on if before != features else None
    return _change(
        session, organisation, wanted, effective_on=day, actor=actor, also=before != features, traits_since=traits_since, document=document
    )


def _risk_changes(
    reference: Reference, organisation: Organisation, features: frozenset[str], *, sector_code: str, features_after: frozenset[str]
) -> dict[str, bool]:
    was = reference.risk(organisation.sector_code, features)
    becomes = reference.risk(sector_code, features_after)
    changes = {}
    if organisation.hours_high_risk == was.hours:
        changes["hours_high_risk"] = becomes.hours
    if organisation.sd_high_risk == was.province:
        changes["sd_high_risk"] = becomes.province
    return changes


def _change(
    session: Session,
    organisation: Organisation,
    wanted: Mapping[str, Any],
    *,
    effective_on: date,
    actor: Actor,
    also: bool = False,
    traits_since: date | None = None,
    document: str = "",
) -> OrganisationView:
    """Set what differs, mirror it in the placements, write the history and tell the higher rooms."""
    reference = Reference.load(session)
    organisation_id = id_of(organisation)
    differs = {name: value for name, value in wanted.items() if getattr(organisation, name) != value}
    entries = []
    for name, value in differs.items():
        texts = [shown(name, each, reference.label) for each in (getattr(organisation, name), value)]
        entries.append(ledger.Entry(organisation_id, name, texts[0], texts[1], effective_on))
    for name, value in differs.items():
        setattr(organisation, name, value)
    session.add(organisation)
    placed = {name: wanted[name] for name in PLACED_FIELDS if name in wanted}
    if placed:
        ledger.change_placements(session, {organisation_id: (effective_on, placed)})
    if differs.get("registered_on"):
        ledger.begin_placements_by(session, organisation_id, differs["registered_on"])
    if document.strip() and (entries or also):
        entries.append(ledger.Entry(organisation_id, "document", "", document.strip(), effective_on))
    record(session, entries, actor)
    if differs or placed or also:
        ledger.announce(session, organisations=[organisation_id], today=actor.today, traits_since=traits_since)
    return queries.organisation_view(session, organisation_id)


def _features(session: Session, organisation_id: int) -> frozenset[str]:
    return frozenset(session.exec(select(OrganisationFeature.feature_code).where(OrganisationFeature.organisation_id == organisation_id)))


def _put_features(session: Session, organisation_id: int, codes: frozenset[str]) -> None:
    session.add_all(OrganisationFeature(organisation_id=organisation_id, feature_code=code) for code in sorted(codes))
    session.flush()

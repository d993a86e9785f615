"""Turns what was invented into rows of the tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import Any

from quiz import clock
from quiz.demonstration.city import Enterprise
from quiz.demonstration.history import Sitting
from quiz.demonstration.people import Holding, Human
from quiz.organisations.reference import Reference
from quiz.vocabulary import OrganisationStatus

Rows = list[dict[str, Any]]


def at_office_hours(day: date) -> datetime:
    """Ten in the morning of that day: when rosters are imported."""
    return datetime.combine(day, time(10), clock.SHANGHAI).astimezone(clock.UTC)


def organisations(enterprises: Iterable[Enterprise], reference: Reference) -> Rows:
    rows = []
    for each in enterprises:
        risk = reference.risk(each.sector_code, each.features)
        rows.append(
            {
                "id": each.id, "kind": each.kind.value, "name": each.name, "uscc": each.uscc, "uscc_forced": False, "premises": "",
                "registration_number": each.registration_number, "district_code": each.district_code, "town_code": each.town_code,
                "village": "", "address": f"{reference.regions[each.town_code].name}{each.address}", "sector_code": each.sector_code,
                "subsector": each.subsector, "department_code": each.department_code,
                "direct_department_code": each.direct_department_code, "employees": each.employees, "sd_high_risk": risk.province,
                "hours_high_risk": risk.hours, "gas_kind": each.gas_kind, "standardisation": each.standardisation,
                "hospital_grade": each.hospital_grade, "status": each.status.value, "telephone": "", "remark": each.remark,
                "registered_on": each.registered_on, "closed_on": each.closed_on, "created_at": at_office_hours(each.known_on),
            }
        )  # fmt: skip
    return rows


def features(enterprises: Iterable[Enterprise]) -> Rows:
    return [{"organisation_id": each.id, "feature_code": code} for each in enterprises for code in each.features]


def placements(enterprises: Iterable[Enterprise]) -> Rows:
    """Since the founding where it stands, or first elsewhere and then here."""
    rows = []
    for each in enterprises:
        here = {
            "organisation_id": each.id, "district_code": each.district_code, "town_code": each.town_code, "sector_code": each.sector_code,
            "department_code": each.department_code,
        }  # fmt: skip
        if each.moved is None:
            rows.append({**here, "since": each.registered_on, "until": None})
            continue
        there = {**here, "district_code": each.moved.district_code, "town_code": each.moved.town_code}
        rows.append({**there, "since": each.registered_on, "until": each.moved.day})
        rows.append({**here, "since": each.moved.day, "until": None})
    return rows


def changes(enterprises: Iterable[Enterprise], reference: Reference) -> Rows:
    """Moves and changes of status, as the history of each organisation tells them."""
    found: list[tuple[int, date, str, str, str]] = []
    for each in enterprises:
        if each.moved is not None:
            places = ((each.moved.district_code, each.district_code), (each.moved.town_code, each.town_code))
            for name, codes in zip(("district_code", "town_code"), places, strict=True):
                before, after = (reference.label("region", code) for code in codes)
                found.append((each.id, each.moved.day, name, before, after))
        if each.status_on is not None:
            found.append((each.id, each.status_on, "status", OrganisationStatus.ACTIVE.label, each.status.label))
    return [
        {
            "organisation_id": number, "effective_on": day, "recorded_at": at_office_hours(day), "field": name, "before": before,
            "after": after,
        }
        for number, day, name, before, after in found
    ]  # fmt: skip


def people(humans: Iterable[Human], *, known_on: date) -> Rows:
    return [
        {
            "id": each.id, "name": each.name, "phone": each.phone, "identity_digest": None, "identity_tail": "",
            "created_at": at_office_hours(known_on),
        }
        for each in humans
    ]  # fmt: skip


def posts(holdings: Iterable[Holding], *, known_on: date) -> Rows:
    return [
        {
            "id": each.id, "person_id": each.person_id, "organisation_id": each.organisation_id, "role": each.role.value,
            "category": each.category.value, "title": each.title, "designated": each.designated, "held_from": each.held_from,
            "held_to": each.held_to, "created_at": at_office_hours(max(known_on, each.held_from)),
        }
        for each in holdings
    ]  # fmt: skip


def forms(sittings: Sequence[Sitting], *, paper_id: int, first_id: int) -> Rows:
    return [
        {"id": first_id + n, "paper_id": paper_id, "seed": each.seed, "items": [item.as_json() for item in each.form]}
        for n, each in enumerate(sittings)
    ]


def attempts(sittings: Sequence[Sitting], *, paper_id: int, first_form: int, first_id: int, rules: dict[str, Any]) -> Rows:
    """`rules` are those of the paper that an attempt pins: scoring policy, cut score, maximum."""
    return [
        {
            "id": first_id + n, "person_id": each.person_id, "paper_id": paper_id, "form_id": first_form + n, "number": each.number,
            "state": each.state.value, "idempotency_key": f"demonstration-{first_id + n}", **rules, "started_at": each.started_at,
            "deadline": each.deadline, "handed_in_at": each.handed_in_at, "score": each.outcome.score, "passed": each.outcome.passed,
            "marks": list(each.outcome.marks),
        }
        for n, each in enumerate(sittings)
    ]  # fmt: skip


def responses(sittings: Sequence[Sitting], *, first_id: int) -> Rows:
    return [
        {
            "attempt_id": first_id + n, "position": each.position, "answer": list(each.answer), "sequence": each.sequence,
            "saved_at": each.saved_at,
        }
        for n, sitting in enumerate(sittings)
        for each in sitting.answers
    ]  # fmt: skip

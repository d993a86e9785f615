"""Whom to call first: the uncovered enterprises, the most pressing at the head, with every reason for its place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlmodel import Session, col

from quiz import clock
from quiz.coverage.uncovered import Filters, UncoveredRow, uncovered
from quiz.models.organisations import Feature, Organisation, OrganisationFeature
from quiz.models.reminders import Contact
from quiz.organisations.reach import Reach, Reaches
from quiz.reminders.domain import CallFacts, LastContact, Point, total, urgency
from quiz.reminders.weights import call_weights
from quiz.training.queries import programme
from quiz.vocabulary import ContactOutcome

AnyReach = Reach | Reaches
AT_ONCE = 2_000


@dataclass(frozen=True)
class Call:
    """One enterprise to be called."""

    row: UncoveredRow
    points: tuple[Point, ...]
    last: LastContact | None

    @property
    def urgency(self) -> int:
        """The sum of its points."""
        return total(self.points)

    @property
    def reasons(self) -> str:
        """`逾期 3 天 +43；高危行业 +20`."""
        return "；".join(f"{point.reason} {point.points:+d}" for point in self.points)


@dataclass(frozen=True)
class CallList:
    """The calls of a programme within a place, most pressing first."""

    programme: str
    title: str
    today: date
    total: int
    by_town: tuple[tuple[str, str, int, int], ...]
    """Code, name, calls, of these overdue; for the whole place, most calls first."""
    calls: tuple[Call, ...]


def call_list(
    session: Session,
    *,
    programme_code: str,
    today: date,
    reach: AnyReach,
    filters: Filters | None = None,
    limit: int | None = 100,
    offset: int = 0,
) -> CallList:
    """Every uncovered enterprise within reach and filters, ordered by urgency, then by name."""
    view = uncovered(session, programme_code=programme_code, as_of=today, reach=reach, filters=filters, limit=None)
    programme_id = programme(session, code=programme_code).id
    ids = [row.organisation_id for row in view.rows]
    risks = _risks(session, ids)
    features = _features(session, ids)
    contacts = _last_contacts(session, programme_id, ids)
    names = {code: name for code, name in session.execute(select(col(Feature.code), col(Feature.name)))}
    weights = call_weights()
    calls = []
    for row in view.rows:
        hours, province = risks.get(row.organisation_id, (False, False))
        last = contacts.get(row.organisation_id)
        facts = CallFacts(
            due_on=row.due_on, reason=row.reason, hours_high_risk=hours, sd_high_risk=province,
            features=frozenset(features.get(row.organisation_id, ())), last=last,
        )  # fmt: skip
        calls.append(Call(row, urgency(facts, today=today, weights=weights, feature_names=names), last))
    calls.sort(key=lambda call: (-call.urgency, call.row.district_code, call.row.town_code or "", call.row.organisation_id))
    page = calls[offset:] if limit is None else calls[offset : offset + limit]
    return CallList(
        programme=view.programme, title=view.title, today=today, total=len(calls), by_town=_by_town(view.rows), calls=tuple(page)
    )


def _by_town(rows: Sequence[UncoveredRow]) -> tuple[tuple[str, str, int, int], ...]:
    counted: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        town = counted[(row.town_code or row.district_code, f"{row.district}{row.town or '（未明确镇街）'}")]
        town[0] += 1
        town[1] += int(row.is_overdue)
    return tuple(
        (code, name, calls, overdue) for (code, name), (calls, overdue) in sorted(counted.items(), key=lambda each: (-each[1][0], each[0]))
    )


def _risks(session: Session, ids: Sequence[int]) -> dict[int, tuple[bool, bool]]:
    found: dict[int, tuple[bool, bool]] = {}
    for chunk in _chunks(ids):
        query = select(col(Organisation.id), col(Organisation.hours_high_risk), col(Organisation.sd_high_risk))
        found |= {each: (hours, province) for each, hours, province in session.execute(query.where(col(Organisation.id).in_(chunk)))}
    return found


def _features(session: Session, ids: Sequence[int]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for chunk in _chunks(ids):
        query = select(col(OrganisationFeature.organisation_id), col(OrganisationFeature.feature_code))
        for organisation_id, code in session.execute(query.where(col(OrganisationFeature.organisation_id).in_(chunk))):
            found[organisation_id].add(code)
    return found


def _last_contacts(session: Session, programme_id: int, ids: Sequence[int]) -> dict[int, LastContact]:
    found: dict[int, LastContact] = {}
    for chunk in _chunks(ids):
        latest = (
            select(func.max(col(Contact.id)))
            .where(col(Contact.programme_id) == programme_id, col(Contact.withdrawn_at).is_(None), col(Contact.organisation_id).in_(chunk))
            .group_by(col(Contact.organisation_id))
        )
        for row in session.scalars(select(Contact).where(col(Contact.id).in_(latest))):
            found[row.organisation_id] = LastContact(clock.local_day(row.at), ContactOutcome(row.outcome), row.promised_on)
    return found


def _chunks(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE)]

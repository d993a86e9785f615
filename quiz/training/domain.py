"""Whom a programme concerns, and from when to when its duties are owed: arithmetic with days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any, NamedTuple

from quiz.training.periods import Period, intersect, outside, union
from quiz.training.requirements import Amounts, ClassState, Holder, Requirements, class_state, completed_on, study_state
from quiz.vocabulary import DutyClosing, OrganisationKind

__all__ = [
    "Audience", "DutyState", "Granted", "OrganisationFacts", "Period", "PostFacts", "Progress", "Requirements", "Terms", "due_day",
    "duty_state", "exempted", "intersect", "matches_placement", "matches_traits", "memberships", "observe_traits", "reached_on", "selects", "union", "why",
]  # fmt: skip

ALL_TIME_SINCE = date.min
_PAPER_ONLY, _NOBODY_ELSE = Requirements(), Holder()


# --- the audience -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OrganisationFacts:
    """What an audience asks about: an organisation as it stands on a day."""

    kind: str
    sector: str
    regions: frozenset[str]
    """Its town, its district and whatever these belong to."""
    departments: frozenset[str]
    """行业主管部门 and 直接监管部门."""
    features: frozenset[str] = frozenset()
    hospital_grade: str = ""


@dataclass(frozen=True)
class Audience:
    """Who is concerned: the criteria narrow each other (AND), the values within one widen it (OR), an empty one asks nothing."""

    sectors: frozenset[str] = frozenset()
    features: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    departments: frozenset[str] = frozenset()
    hospital_grades: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()

    @property
    def asks_traits(self) -> bool:
        """Does it ask about anything whose history no placement keeps?"""
        return bool(self.features or self.hospital_grades or self.kinds)

    @classmethod
    def of(cls, value: Mapping[str, Any] | None) -> Audience:
        """From JSON; what is missing asks nothing, what is unknown is an error."""
        given = dict(value or {})
        known = {field.name: frozenset(str(code) for code in given.pop(field.name, ())) for field in fields(cls)}
        if given:
            raise ValueError(f"unknown audience criteria: {sorted(given)}")
        return cls(**known)

    def as_json(self) -> dict[str, list[str]]:
        """Only the criteria that ask something, in a stable order."""
        return {field.name: sorted(getattr(self, field.name)) for field in fields(self) if getattr(self, field.name)}


def _verdicts(audience: Audience, facts: OrganisationFacts) -> list[tuple[str, frozenset[str], frozenset[str]]]:
    """Each criterion that asks something: its Chinese name, what it wants, what the organisation has of it."""
    asked = (
        ("行业领域", audience.sectors, frozenset({facts.sector})),
        ("特征标签", audience.features, facts.features),
        ("区域", audience.regions, facts.regions),
        ("监管部门", audience.departments, facts.departments),
        ("医院等级", audience.hospital_grades, frozenset({facts.hospital_grade})),
        ("单位类别", audience.kinds, frozenset({facts.kind})),
    )
    return [(name, wanted, wanted & present) for name, wanted, present in asked if wanted]


def selects(audience: Audience, facts: OrganisationFacts) -> bool:
    """Does the organisation belong to the audience?"""
    return all(met for _, _, met in _verdicts(audience, facts))


def matches_placement(audience: Audience, *, sector: str, regions: frozenset[str], departments: frozenset[str]) -> bool:
    """The part of the question that a placement answers, for any day it holds."""
    return (
        (not audience.sectors or sector in audience.sectors)
        and (not audience.regions or not audience.regions.isdisjoint(regions))
        and (not audience.departments or not audience.departments.isdisjoint(departments))
    )


def matches_traits(audience: Audience, *, kind: str, features: frozenset[str], hospital_grade: str) -> bool:
    """The other part: what is only known as it stands now."""
    return (
        (not audience.kinds or kind in audience.kinds)
        and (not audience.features or not audience.features.isdisjoint(features))
        and (not audience.hospital_grades or hospital_grade in audience.hospital_grades)
    )


def why(audience: Audience, facts: OrganisationFacts, *, labels: Mapping[str, str] | None = None) -> str:
    """The reason in one Chinese sentence; `labels` gives the names of the codes."""
    names = {**{kind.value: kind.label for kind in OrganisationKind}, **(labels or {})}

    def listed(codes: Iterable[str]) -> str:
        return "、".join(names.get(code, code) for code in sorted(codes))

    verdicts = _verdicts(audience, facts)
    if not verdicts:
        return "属于培训对象：本专项面向全部单位。"
    missed = [f"{name}须为{listed(wanted)}" for name, wanted, met in verdicts if not met]
    if missed:
        return f"不属于培训对象：{'；'.join(missed)}。"
    return f"属于培训对象：{'；'.join(f'{name}为{listed(met)}' for name, _, met in verdicts)}。"


# --- from when to when an organisation is concerned -------------------------------------------------------------------------------


def observe_traits(periods: Sequence[Period], *, matches: bool, first_day: date, today: date) -> list[Period]:
    """The periods of matching traits, after seeing today whether they match; seeing the same again changes nothing.

    An organisation seen for the first time is taken to have had its traits since `first_day`. `today` may lie back: then what was
    seen on later days is overruled.
    """
    kept = list(periods)
    if matches and not kept:
        return [Period(first_day, None)]
    if matches == (bool(kept) and kept[-1].until is None):
        return kept
    before = [Period(each.since, min(each.until or today, today)) for each in kept if each.since < today]
    return union([*before, Period(today, None)]) if matches else before


def memberships(
    *,
    placed: Sequence[Period],
    traits: Sequence[Period] | None,
    opens_on: date,
    registered_on: date | None = None,
    closures: Sequence[Period] = (),
) -> list[Period]:
    """The days in the audience: rightly placed, with the traits asked for, in existence and not closed, and the programme open."""
    since = opens_on if registered_on is None else max(opens_on, registered_on)
    found = intersect(union(placed), outside(closures, since=since))
    return found if traits is None else intersect(found, list(traits))


# --- duties -----------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Terms:
    """What of a programme decides the days of its duties."""

    opens_on: date
    due_on: date
    grace_days: int


@dataclass(frozen=True)
class PostFacts:
    """A post, held from–to."""

    id: int
    person_id: int
    organisation_id: int
    role: str
    designated: bool
    held_from: date
    held_to: date | None


@dataclass(frozen=True)
class Progress:
    """How far a person has come in a programme: first days, whatever enterprise it was for."""

    trained_on: date | None = None
    """First day of an attempt; hours and study count as training too and are added to it."""
    examined_on: date | None = None
    passed_on: date | None = None
    attempt_id: int | None = None
    class_minutes: Amounts = ()
    """Minutes credited by classes of the programme, by day."""
    study_seconds: Amounts = ()
    """Seconds of study of its materials, by day."""

    @property
    def first_day(self) -> date | None:
        """First day of any learning: an attempt, a minute of class, a second of study."""
        days = [self.trained_on, *(day for day, amount in (*self.class_minutes, *self.study_seconds) if amount > 0)]
        return min((day for day in days if day is not None), default=None)


@dataclass(frozen=True)
class DutyState:
    """A duty as it is or ought to be recorded."""

    organisation_id: int
    role: str
    post_id: int
    person_id: int
    designated: bool
    opened_on: date
    due_on: date
    is_new_holder: bool
    extended_to: date | None = None
    trained_on: date | None = None
    examined_on: date | None = None
    passed_on: date | None = None
    completed_on: date | None = None
    completed_attempt_id: int | None = None
    exempted_on: date | None = None
    exempt_until: date | None = None
    closed_on: date | None = None
    closing: str | None = None
    is_first_time: bool = False
    minutes_due: int = 0
    minutes_done: int = 0
    hours_on: date | None = None
    study_minutes: int = 0
    materials_on: date | None = None
    exempt_reason: str = ""

    @property
    def is_void(self) -> bool:
        """Held on no day, and nothing was ever granted on it: by corrected facts there never was such a duty."""
        return self.opened_on == self.closed_on and self.extended_to is None and self.exempted_on is None


@dataclass(frozen=True)
class Granted:
    """One exemption as it was granted: of a single duty, or (`duty_id` None) of the organisation, whoever holds its posts meanwhile."""

    duty_id: int | None
    period: Period
    reason: str


class Exempted(NamedTuple):
    """What a duty says of its exemptions: the latest days without a gap, on what paper, and the last day on which one ended."""

    since: date | None = None
    until: date | None = None
    reason: str = ""
    last_end: date | None = None


def exempted(granted: Sequence[Granted], *, duty_id: int | None, owed: Period) -> Exempted:
    """The exemptions of a duty taken together: its own, and those of the organisation that met it."""
    met = [
        each
        for each in granted
        if (each.duty_id is None and intersect([each.period], [owed])) or (each.duty_id is not None and each.duty_id == duty_id)
    ]
    if not met:
        return Exempted()
    last = union(each.period for each in met)[-1]
    reason = max(met, key=lambda each: each.period.since).reason
    return Exempted(last.since, last.until, reason, max((each.period.until for each in met if each.period.until is not None), default=None))


def due_day(terms: Terms, *, owed_since: date, extended_to: date | None = None, exempt_until: date | None = None) -> date:
    """Last day in time: the programme's own, or a full grace after a later start, an ended exemption or a grant."""
    days = [terms.due_on]
    if owed_since > terms.opens_on:
        days.append(owed_since + timedelta(days=terms.grace_days))
    if exempt_until is not None:
        days.append(exempt_until + timedelta(days=terms.grace_days))
    if extended_to is not None:
        days.append(extended_to)
    return max(days)


def reached_on(day: date | None, *, opened_on: date, closed_on: date | None) -> date | None:
    """The day on which a duty reaches what its holder reached on `day`: not before it opened, never once it was closed."""
    if day is None:
        return None
    reached = max(day, opened_on)
    return reached if closed_on is None or reached < closed_on else None


def closing_reason(*, closed_on: date | None, completed_on: date | None, held_to: date | None, closures: Sequence[Period]) -> str | None:
    """Why a duty ended uncompleted; None while it is owed, or when it had been completed."""
    if closed_on is None or completed_on is not None:
        return None
    if any(closure.holds(closed_on) for closure in closures):
        return DutyClosing.ORGANISATION_CLOSED.value
    if held_to is not None and held_to <= closed_on:
        return DutyClosing.HOLDER_LEFT.value
    return DutyClosing.OUT_OF_AUDIENCE.value


def duty_state(
    post: PostFacts,
    *,
    terms: Terms,
    member: Sequence[Period],
    progress: Progress,
    known: DutyState | None,
    closures: Sequence[Period] = (),
    requirements: Requirements = _PAPER_ONLY,
    holder: Holder = _NOBODY_ELSE,
    duty_id: int | None = None,
    exemptions: Sequence[Granted] = (),
) -> DutyState | None:
    """What the duty of this post ought to say; None when there is none and never was.

    A duty that by corrected facts should never have opened stays as a row held on no day, so that what was granted on it is kept.
    """
    held = [Period(post.held_from, post.held_to)] if post.held_to is None or post.held_from < post.held_to else []
    owed = intersect(member, held)
    if not owed and known is None:
        return None
    if owed:
        opened_on, owed_since, closed_on = owed[0].since, owed[-1].since, owed[-1].until
    else:
        assert known is not None
        opened_on = owed_since = known.opened_on
        closed_on = opened_on
    granted = known or _new_duty(post, opened_on=opened_on, due_on=terms.due_on)
    exempt = exempted(exemptions, duty_id=duty_id, owed=Period(opened_on, closed_on))
    hours, study_minutes, materials_on = ClassState(), 0, None
    if opened_on != closed_on:
        whole = Period(opened_on, closed_on)
        hours = class_state(requirements, holder, progress.class_minutes, role=post.role, owed=whole, programme_opens_on=terms.opens_on)
        study_minutes, materials_on = study_state(requirements, progress.study_seconds, owed=whole)
    passed_on = reached_on(progress.passed_on, opened_on=opened_on, closed_on=closed_on)
    done_on = completed_on(
        requirements, minutes_due=hours.minutes_due, passed_on=passed_on, hours_on=hours.hours_on, materials_on=materials_on
    )
    return replace(
        granted,
        person_id=post.person_id,
        designated=post.designated,
        opened_on=opened_on,
        due_on=due_day(terms, owed_since=owed_since, extended_to=granted.extended_to, exempt_until=exempt.last_end),
        is_new_holder=post.held_from > terms.opens_on,
        trained_on=reached_on(progress.first_day, opened_on=opened_on, closed_on=closed_on),
        examined_on=reached_on(progress.examined_on, opened_on=opened_on, closed_on=closed_on),
        passed_on=passed_on,
        completed_on=done_on,
        completed_attempt_id=progress.attempt_id if done_on is not None and passed_on is not None else None,
        exempted_on=exempt.since,
        exempt_until=exempt.until,
        exempt_reason=exempt.reason,
        closed_on=closed_on,
        closing=closing_reason(closed_on=closed_on, completed_on=done_on, held_to=post.held_to, closures=closures),
        is_first_time=hours.is_first_time,
        minutes_due=hours.minutes_due,
        minutes_done=hours.minutes_done,
        hours_on=hours.hours_on,
        study_minutes=study_minutes,
        materials_on=materials_on,
    )


def _new_duty(post: PostFacts, *, opened_on: date, due_on: date) -> DutyState:
    return DutyState(
        organisation_id=post.organisation_id, role=post.role, post_id=post.id, person_id=post.person_id,
        designated=post.designated, opened_on=opened_on, due_on=due_on, is_new_holder=False,
    )  # fmt: skip

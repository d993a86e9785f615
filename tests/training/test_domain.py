"""Audiences and days of duties, by example and for any periods."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from quiz.training.domain import (
    Audience,
    DutyState,
    OrganisationFacts,
    Period,
    PostFacts,
    Progress,
    Terms,
    due_day,
    duty_state,
    intersect,
    matches_placement,
    matches_traits,
    memberships,
    observe_traits,
    selects,
    union,
    why,
)  # fmt: skip

OPENS, DUE = date(2026, 9, 1), date(2026, 10, 31)
TERMS = Terms(opens_on=OPENS, due_on=DUE, grace_days=30)
FOUNDRY = OrganisationFacts(
    kind="enterprise", sector="industry", regions=frozenset({"371000", "371002", "371002001"}),
    departments=frozenset({"emergency"}), features=frozenset({"confined_space"}),
)  # fmt: skip

first_day = date(2026, 9, 1)
days = st.integers(0, 40).map(lambda number: first_day + timedelta(days=number))
facts = st.builds(
    OrganisationFacts, kind=st.sampled_from(["enterprise", "hospital"]), sector=st.sampled_from("ab"),
    regions=st.frozensets(st.sampled_from("xyz")), departments=st.frozensets(st.sampled_from("mn")),
    features=st.frozensets(st.sampled_from("fg")), hospital_grade=st.sampled_from(["", "二级", "三级"]),
)  # fmt: skip
audiences = st.builds(
    Audience, sectors=st.frozensets(st.sampled_from("ab")), features=st.frozensets(st.sampled_from("fg")),
    regions=st.frozensets(st.sampled_from("xyz")), departments=st.frozensets(st.sampled_from("mn")),
    hospital_grades=st.frozensets(st.sampled_from(["二级", "三级"])), kinds=st.frozensets(st.sampled_from(["enterprise", "hospital"])),
)  # fmt: skip


@st.composite
def period_lists(draw: st.DrawFn) -> list[Period]:
    edges = sorted(draw(st.sets(days, max_size=6)))
    pairs = [Period(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    if len(edges) % 2 and draw(st.booleans()):
        pairs.append(Period(edges[-1], None))
    return pairs


def held(periods: list[Period]) -> set[date]:
    return {day for day in (first_day + timedelta(days=number) for number in range(45)) if any(period.holds(day) for period in periods)}


@given(left=period_lists(), right=period_lists())
def test_intersection_holds_the_days_of_both_and_union_the_days_of_either(left: list[Period], right: list[Period]) -> None:
    assert held(intersect(left, right)) == held(left) & held(right)
    assert held(union([*left, *right])) == held(left) | held(right)


def test_adjacent_periods_become_one() -> None:
    assert union([Period(date(2026, 9, 5), None), Period(date(2026, 9, 1), date(2026, 9, 5))]) == [Period(date(2026, 9, 1), None)]


def test_empty_audience_selects_everybody() -> None:
    assert selects(Audience(), FOUNDRY)
    assert why(Audience(), FOUNDRY) == "属于培训对象：本专项面向全部单位。"


def test_criteria_narrow_each_other_and_values_widen_one() -> None:
    assert selects(Audience(sectors=frozenset({"industry", "catering"}), regions=frozenset({"371002"})), FOUNDRY)
    assert not selects(Audience(sectors=frozenset({"industry"}), regions=frozenset({"371003"})), FOUNDRY)


def test_reason_names_what_is_missing() -> None:
    audience = Audience(sectors=frozenset({"industry"}), features=frozenset({"gas_catering"}))

    said = why(audience, FOUNDRY, labels={"gas_catering": "用气餐饮"})

    assert said == "不属于培训对象：特征标签须为用气餐饮。"


def test_reason_names_what_matches() -> None:
    said = why(Audience(features=frozenset({"confined_space"})), FOUNDRY, labels={"confined_space": "有限空间"})

    assert said == "属于培训对象：特征标签为有限空间。"


@given(audience=audiences)
def test_audience_survives_json(audience: Audience) -> None:
    assert Audience.of(audience.as_json()) == audience


@given(audience=audiences, facts=facts)
def test_the_two_halves_of_the_question_make_the_whole(audience: Audience, facts: OrganisationFacts) -> None:
    placed = matches_placement(audience, sector=facts.sector, regions=facts.regions, departments=facts.departments)
    traits = matches_traits(audience, kind=facts.kind, features=facts.features, hospital_grade=facts.hospital_grade)

    assert selects(audience, facts) == (placed and traits)


def test_organisation_is_in_the_audience_from_the_opening_or_its_registration_until_it_closes() -> None:
    always = [Period(date(2020, 1, 1), None)]

    assert memberships(placed=always, traits=None, opens_on=OPENS) == [Period(OPENS, None)]
    assert memberships(placed=always, traits=None, opens_on=OPENS, registered_on=date(2026, 9, 20)) == [Period(date(2026, 9, 20), None)]
    assert memberships(placed=always, traits=None, opens_on=OPENS, closures=[Period(date(2026, 10, 1), None)]) == [
        Period(OPENS, date(2026, 10, 1))
    ]
    assert memberships(placed=always, traits=None, opens_on=OPENS, closures=[Period(date(2026, 8, 1), None)]) == []


def test_traits_are_dated_by_the_day_they_were_seen_to_change() -> None:
    seen = observe_traits([], matches=True, first_day=OPENS, today=date(2026, 9, 10))
    lost = observe_traits(seen, matches=False, first_day=OPENS, today=date(2026, 9, 20))
    back = observe_traits(lost, matches=True, first_day=OPENS, today=date(2026, 10, 1))

    assert seen == [Period(OPENS, None)]
    assert lost == [Period(OPENS, date(2026, 9, 20))]
    assert back == [Period(OPENS, date(2026, 9, 20)), Period(date(2026, 10, 1), None)]


def test_traits_lost_and_found_on_one_day_were_never_lost() -> None:
    day = date(2026, 9, 20)
    lost = observe_traits([Period(OPENS, None)], matches=False, first_day=OPENS, today=day)

    assert observe_traits(lost, matches=True, first_day=OPENS, today=day) == [Period(OPENS, None)]


@given(periods=period_lists(), matches=st.booleans(), today=days)
def test_seeing_the_same_traits_again_changes_nothing(periods: list[Period], matches: bool, today: date) -> None:
    once = observe_traits(periods, matches=matches, first_day=first_day, today=today)

    assert observe_traits(once, matches=matches, first_day=first_day, today=today) == once


def test_last_day_in_time_is_the_programmes_own_or_a_full_grace_after_a_late_start() -> None:
    assert due_day(TERMS, owed_since=OPENS) == DUE
    assert due_day(TERMS, owed_since=date(2026, 9, 15)) == DUE
    assert due_day(TERMS, owed_since=date(2026, 10, 20)) == date(2026, 11, 19)
    assert due_day(TERMS, owed_since=OPENS, exempt_until=date(2026, 11, 1)) == date(2026, 12, 1)
    assert due_day(TERMS, owed_since=OPENS, extended_to=date(2026, 11, 15)) == date(2026, 11, 15)


def _state(post: PostFacts, *, member: list[Period], progress: Progress = Progress(), known: DutyState | None = None) -> DutyState | None:  # noqa: B008
    return duty_state(post, terms=TERMS, member=member, progress=progress, known=known)


def _post(held_from: date, held_to: date | None = None) -> PostFacts:
    return PostFacts(id=1, person_id=2, organisation_id=3, role="principal", designated=False, held_from=held_from, held_to=held_to)


def test_holder_in_office_before_the_opening_owes_from_the_opening() -> None:
    assert _state(_post(date(2020, 1, 1)), member=[Period(OPENS, None)]) == DutyState(
        organisation_id=3, role="principal", post_id=1, person_id=2, designated=False, opened_on=OPENS, due_on=DUE, is_new_holder=False
    )


def test_result_reached_before_the_duty_opened_counts_from_its_first_day() -> None:
    progress = Progress(trained_on=date(2026, 9, 3), examined_on=date(2026, 9, 3), passed_on=date(2026, 9, 3), attempt_id=9)

    state = _state(_post(date(2026, 10, 20)), member=[Period(OPENS, None)], progress=progress)

    day = date(2026, 10, 20)
    assert state == DutyState(
        organisation_id=3, role="principal", post_id=1, person_id=2, designated=False, opened_on=day, due_on=date(2026, 11, 19),
        is_new_holder=True, trained_on=day, examined_on=day, passed_on=day, completed_on=day, completed_attempt_id=9,
    )  # fmt: skip


def test_result_reached_after_leaving_is_not_the_enterprises() -> None:
    progress = Progress(trained_on=date(2026, 10, 5), examined_on=date(2026, 10, 5), passed_on=date(2026, 10, 5), attempt_id=9)

    state = _state(_post(date(2020, 1, 1), date(2026, 10, 1)), member=[Period(OPENS, None)], progress=progress)

    assert state is not None
    assert (state.completed_on, state.closed_on, state.closing) == (None, date(2026, 10, 1), "holder_left")


def test_holder_who_left_before_the_opening_never_owed_anything() -> None:
    assert _state(_post(date(2020, 1, 1), date(2026, 8, 31)), member=[Period(OPENS, None)]) is None

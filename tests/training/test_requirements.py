"""Hours, study and completion, by example and for any days; and the table of law they are taken from."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from quiz.training import hours_by_law
from quiz.training.periods import Period, months_earlier
from quiz.training.requirements import (
    ClassState,
    HeldPost,
    Holder,
    Requirements,
    class_state,
    completed_on,
    is_first_training,
    study_state,
)
from quiz.vocabulary import HoursRule, PostRole

OPENS = date(2026, 9, 1)
LAW = Requirements(hours_rule=HoursRule.LAW.value, law=hours_by_law.table())
FIXED = Requirements(hours_rule=HoursRule.FIXED.value, fixed_minutes=360)
STANDARDS = Path(__file__).parents[2] / "question_banks" / "standards"
amounts = st.lists(st.tuples(st.dates(date(2026, 9, 1), date(2027, 3, 1)), st.integers(1, 400)), max_size=8).map(
    lambda found: sorted(dict(found).items())
)


def holder(*posts: tuple[date, date | None, bool], first: date | None = None) -> Holder:
    return Holder(tuple(HeldPost(Period(since, until), risky) for since, until, risky in posts), first)


def state(requirements: Requirements, who: Holder, earned: list[tuple[date, int]], *, since: date = OPENS) -> ClassState:
    return class_state(requirements, who, earned, role="principal", owed=Period(since, None), programme_opens_on=OPENS)


# --- the table of law ---


@pytest.mark.parametrize(
    ("role", "high_risk", "is_first", "hours"),
    [
        ("principal", False, True, 32), ("principal", False, False, 12), ("principal", True, True, 48), ("principal", True, False, 16),
        ("safety_manager", False, True, 32), ("safety_manager", True, False, 16), ("worker", False, True, 24), ("worker", True, True, 72),
        ("worker", True, False, 20), ("worker", False, False, None), ("safety_director", True, True, None), ("official", False, True, None),
    ],
)  # fmt: skip
def test_hours_due_by_law(role: str, high_risk: bool, is_first: bool, hours: int | None) -> None:
    """《生产经营单位安全培训规定》第九条、第十三条."""
    assert hours_by_law.table().line(role, high_risk=high_risk, is_first=is_first).hours == hours


def test_every_role_has_every_line_and_every_line_its_clause_or_its_reason() -> None:
    clauses = {
        clause["id"]: (edition["title"], clause["ref"])
        for path in STANDARDS.glob("*.yaml")
        for edition in [yaml.safe_load(path.read_text("utf-8"))]
        for clause in edition["clauses"]
    }
    lines = hours_by_law.table().lines

    assert {(line.role, line.high_risk, line.is_first) for line in lines} == {
        (role.value, risky, first) for role in PostRole for risky in (True, False) for first in (True, False)
    }
    assert [line for line in lines if line.hours is None and not line.remark] == []
    assert [line for line in lines if line.hours is not None and clauses[line.clause] != (line.law, line.article)] == []


# --- first or yearly ---


def test_whoever_took_up_the_role_less_than_six_months_before_is_in_for_the_first_training() -> None:
    recent, long_ago = holder((date(2026, 3, 2), None, False)), holder((date(2026, 3, 1), None, False))

    assert is_first_training(LAW, recent, opened_on=OPENS, programme_opens_on=OPENS)
    assert not is_first_training(LAW, long_ago, opened_on=OPENS, programme_opens_on=OPENS)


def test_the_same_role_elsewhere_without_a_gap_counts_and_a_gap_begins_anew() -> None:
    moved = holder((date(2020, 1, 1), date(2026, 8, 1), False), (date(2026, 8, 1), None, False))
    paused = holder((date(2020, 1, 1), date(2026, 7, 1), False), (date(2026, 8, 1), None, False))

    assert not is_first_training(LAW, moved, opened_on=OPENS, programme_opens_on=OPENS)
    assert is_first_training(LAW, paused, opened_on=OPENS, programme_opens_on=OPENS)


def test_a_first_training_on_record_is_not_asked_again() -> None:
    newcomer = holder((date(2026, 8, 1), None, False), first=date(2026, 8, 20))
    within = holder((date(2026, 8, 1), None, False), first=date(2026, 9, 20))

    assert not is_first_training(LAW, newcomer, opened_on=OPENS, programme_opens_on=OPENS)
    assert is_first_training(LAW, within, opened_on=OPENS, programme_opens_on=OPENS)


# --- hours ---


def test_hours_are_reached_on_the_day_on_which_the_minutes_are_full() -> None:
    earned = [(date(2026, 9, 3), 180), (date(2026, 9, 4), 180), (date(2026, 9, 5), 180)]

    assert state(FIXED, Holder(), earned) == ClassState(False, 360, 540, date(2026, 9, 4))
    assert state(FIXED, Holder(), earned[:1]) == ClassState(False, 360, 180, None)


def test_yearly_hours_begin_anew_with_the_year_and_first_hours_do_not() -> None:
    yearly, first = holder((date(2020, 1, 1), None, False)), holder((date(2026, 8, 1), None, False))
    halves = [(date(2026, 12, 20), 300), (date(2027, 1, 10), 300)]

    assert state(LAW, yearly, halves) == ClassState(False, 540, 300, None)
    assert state(LAW, yearly, [*halves, (date(2027, 2, 1), 240)]) == ClassState(False, 540, 540, date(2027, 2, 1))
    assert state(LAW, first, [(date(2026, 12, 20), 720), (date(2027, 1, 10), 720)]) == ClassState(True, 1440, 1440, date(2027, 1, 10))


def test_of_several_enterprises_the_highest_demand_counts_from_the_day_it_is_there() -> None:
    also_a_mine = holder((date(2020, 1, 1), None, False), (date(2026, 10, 1), None, True))

    assert state(LAW, also_a_mine, [(date(2026, 9, 5), 540)]) == ClassState(False, 540, 540, date(2026, 9, 5))
    assert state(LAW, also_a_mine, [(date(2026, 10, 5), 540)]) == ClassState(False, 720, 540, None)
    assert state(LAW, also_a_mine, [(date(2026, 9, 5), 540)], since=date(2026, 10, 1)) == ClassState(False, 720, 540, None)


def test_demand_that_falls_may_be_met_without_another_minute() -> None:
    gave_up_the_mine = holder((date(2020, 1, 1), None, False), (date(2020, 1, 1), date(2026, 11, 1), True))

    assert state(LAW, gave_up_the_mine, [(date(2026, 9, 5), 600)]) == ClassState(False, 540, 600, date(2026, 11, 1))


def test_minutes_before_the_duty_opened_count_from_its_first_day_and_those_after_its_end_never() -> None:
    earned = [(date(2026, 9, 5), 400), (date(2026, 11, 1), 400)]

    opened_later = class_state(FIXED, Holder(), earned, role="principal", owed=Period(date(2026, 10, 1), None), programme_opens_on=OPENS)
    closed_before = class_state(
        FIXED, Holder(), earned[1:], role="principal", owed=Period(OPENS, date(2026, 11, 1)), programme_opens_on=OPENS
    )

    assert (opened_later.hours_on, closed_before) == (date(2026, 10, 1), ClassState(False, 360, 0, None))


@given(earned=amounts, more=amounts)
def test_more_minutes_never_reach_the_hours_later(earned: list[tuple[date, int]], more: list[tuple[date, int]]) -> None:
    both: dict[date, int] = dict(earned)
    for day, minutes in more:
        both[day] = both.get(day, 0) + minutes
    for asked in (FIXED, LAW):
        who = holder((date(2020, 1, 1), None, True))
        before, after = state(asked, who, earned).hours_on, state(asked, who, sorted(both.items())).hours_on
        assert before is None or (after is not None and after <= before)


# --- study and completion ---


def test_study_is_counted_in_whole_minutes_and_reached_on_a_day() -> None:
    asked = Requirements(study_minutes=3)

    assert study_state(asked, [(date(2026, 9, 2), 100), (date(2026, 9, 3), 100)], owed=Period(OPENS, None)) == (3, date(2026, 9, 3))
    assert study_state(asked, [(date(2026, 9, 2), 179)], owed=Period(OPENS, None)) == (2, None)


days = st.one_of(st.none(), st.dates(date(2026, 9, 1), date(2026, 12, 31)))


@given(passed=days, hours=days, study=days, paper=st.booleans(), minutes=st.sampled_from([0, 540]), cards=st.sampled_from([0, 30]))
def test_completion_is_the_latest_of_what_is_asked_and_only_when_all_of_it_is_there(
    passed: date | None, hours: date | None, study: date | None, paper: bool, minutes: int, cards: int
) -> None:
    asked = [day for day, is_asked in ((passed, paper), (hours, minutes > 0), (study, cards > 0)) if is_asked]

    done = completed_on(
        Requirements(paper=paper, study_minutes=cards), minutes_due=minutes, passed_on=passed, hours_on=hours, materials_on=study
    )

    assert done == (max(day for day in asked if day) if asked and None not in asked else None)


@given(day=st.dates(date(2000, 1, 1), date(2100, 1, 1)), months=st.integers(-60, 60))
def test_months_earlier_keeps_the_day_or_takes_the_last_of_the_month(day: date, months: int) -> None:
    found = months_earlier(day, months)

    assert (found.year * 12 + found.month) == day.year * 12 + day.month - months
    assert found.day == day.day or (found + timedelta(days=1)).day == 1

"""How pressing a call is, when a reminder has its occasion, and how a template is filled."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from quiz.reminders.domain import (
    CATCH_UP_DAYS,
    CallFacts,
    LastContact,
    UnknownPlaceholder,
    check_template,
    fill,
    occasion,
    total,
    urgency,
)
from quiz.reminders.templates import PLACEHOLDERS, shipped
from quiz.reminders.weights import call_weights
from quiz.vocabulary import ContactOutcome, NotCoveredReason

TODAY = date(2026, 11, 23)
NAMES = {"confined_space": "有限空间", "dust_explosion": "粉尘涉爆", "ammonia_refrigeration": "涉氨制冷"}


def facts(left: int, **other: object) -> CallFacts:
    ordinary: dict[str, object] = {
        "due_on": TODAY + timedelta(days=left), "reason": NotCoveredReason.NOT_ATTEMPTED, "hours_high_risk": False,
        "sd_high_risk": False, "features": frozenset(),
    }  # fmt: skip
    return CallFacts(**(ordinary | other))  # type: ignore[arg-type]


def said(wanted: CallFacts) -> list[tuple[int, str]]:
    found = urgency(wanted, today=TODAY, weights=call_weights(), feature_names=NAMES)
    return [(point.points, point.reason) for point in found]


@pytest.mark.parametrize(
    ("wanted", "points"),
    [
        (facts(40), []),
        (facts(10), [(10, "还剩 10 天")]),
        (facts(7), [(20, "还剩 7 天")]),
        (facts(0), [(30, "今天截止")]),
        (facts(-3), [(43, "逾期 3 天")]),
        (facts(-300), [(70, "逾期 300 天")]),
        (facts(40, hours_high_risk=True, sd_high_risk=True), [(20, "高危行业")]),
        (facts(40, sd_high_risk=True), [(10, "高危（省条例口径）")]),
        (facts(40, features=frozenset(NAMES)), [(10, "涉氨制冷"), (8, "粉尘涉爆")]),
        (facts(40, reason=NotCoveredReason.NO_HOLDER), [(15, "未登记负责人")]),
        (facts(40, reason=NotCoveredReason.HOURS_SHORT), [(3, "学时未满")]),
        (facts(40, last=LastContact(TODAY, ContactOutcome.PROMISED, TODAY)), [(-40, "承诺 2026-11-23 前完成")]),
        (
            facts(40, last=LastContact(TODAY, ContactOutcome.PROMISED, TODAY - timedelta(days=1))),
            [(25, "承诺 2026-11-22 完成，未兑现")],
        ),
        (facts(40, last=LastContact(TODAY - timedelta(days=3), ContactOutcome.CALLED)), [(-20, "2026-11-20 已联系")]),
        (facts(40, last=LastContact(TODAY - timedelta(days=4), ContactOutcome.CALLED)), []),
        (facts(40, last=LastContact(TODAY - timedelta(days=90), ContactOutcome.WRONG_NUMBER)), [(12, "号码有误，须核实")]),
    ],
)
def test_every_reason_is_said_with_its_points(wanted: CallFacts, points: list[tuple[int, str]]) -> None:
    assert said(wanted) == points


@given(some.integers(-60, 60), some.integers(1, 30))
def test_the_later_it_is_the_more_pressing(left: int, later: int) -> None:
    sooner, now = facts(left), facts(left - later)
    weights = call_weights()

    assert total(urgency(now, today=TODAY, weights=weights, feature_names=NAMES)) >= total(
        urgency(sooner, today=TODAY, weights=weights, feature_names=NAMES)
    )


@pytest.mark.parametrize(
    ("left", "found"),
    [(8, None), (7, 7), (6, 7), (5, 7), (4, None), (3, 3), (2, 3), (1, 3), (0, 0), (-1, 0), (-2, 0), (-3, -3), (-5, -3), (-6, None)],
)
def test_an_occasion_is_honoured_on_its_day_and_two_days_after(left: int, found: int | None) -> None:
    assert occasion(TODAY + timedelta(days=left), today=TODAY, days_before=[7, 3, 0, -3]) == found


@given(some.lists(some.integers(-30, 30), max_size=8), some.integers(-40, 40))
def test_one_day_has_at_most_one_occasion_and_it_has_come(days: list[int], left: int) -> None:
    found = occasion(TODAY + timedelta(days=left), today=TODAY, days_before=days)

    assert found is None or (found in days and 0 <= found - left <= CATCH_UP_DAYS)
    if left in days:
        assert found == left


@given(some.lists(some.integers(-10, 10), min_size=1, unique=True))
def test_who_looks_every_day_misses_no_occasion(days: list[int]) -> None:
    seen = {occasion(TODAY + timedelta(days=left), today=TODAY, days_before=days) for left in range(15, -16, -1)}

    assert seen - {None} == set(days)


@given(some.text(), some.text())
def test_what_is_filled_in_is_never_read_as_a_template(name: str, firm: str) -> None:
    assert fill("{姓名}·{单位}{{}}", {"姓名": name, "单位": firm}) == f"{name}·{firm}{{}}"


@pytest.mark.parametrize("text", ["{", "}", "{姓名", "{姓名!x", "a}b"])
def test_a_broken_brace_is_noticed(text: str) -> None:
    with pytest.raises(ValueError):
        check_template(text, ["姓名"])


def test_an_unknown_name_is_named() -> None:
    with pytest.raises(UnknownPlaceholder) as refused:
        check_template("{姓名}{密码}{0}{姓名.x}", ["姓名"])

    assert refused.value.names == ["0", "姓名.x", "密码"]


def test_the_shipped_wordings_name_only_what_there_is() -> None:
    for given_template in shipped().values():
        for text in (given_template["subject"], given_template["body"]):
            check_template(text, PLACEHOLDERS[given_template["audience"]])

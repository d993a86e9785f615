"""What is foretold of a paper: worked out by hand where that can be done, and within its bounds whatever the shares are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quiz.banks.queries import VersionView
from quiz.banks.question import Question
from quiz.papers.domain import Blueprint, Pool, PoolItem, PoolTooSmall, Section
from quiz.papers.prediction import FORMS, Measured, MeasuredPace, Prediction, predict, seconds_of, share_of
from quiz.vocabulary import ItemKind, ItemType


def view(number: int, *, difficulty: str = "medium", type_: ItemType = ItemType.SINGLE, **more: Any) -> VersionView:
    values: dict[str, Any] = {
        "id": number, "item_id": number, "item_code": f"q-{number}", "bank_code": "own", "type": type_, "kind": ItemKind.KNOWLEDGE, "topic": "",
        "difficulty": difficulty, "stem": "灭火器多久检查一次？", "options": (("A", "每月"), ("B", "每年")), "key": frozenset("A"), "explanation": "",
        "rationales": {}, "clauses": (),
    }  # fmt: skip
    return VersionView(**values | more)


def blueprint(count: int = 4, points: float = 25, *, must: bool = False) -> Blueprint:
    return Blueprint(sections=(Section(count=count, points=points, banks=("own",), must_be_right=must),))


def foretell(views: list[VersionView], paper: Blueprint, *, cut_score: float = 60, **more: Any) -> Prediction:
    pool = Pool(PoolItem(v.id, "own", v.item_code, v.type, v.kind, frozenset(), v.item_code, ("A", "B")) for v in views)
    return predict(pool, paper, views={v.id: v for v in views}, **{"measured": {}, "cut_score": cut_score} | more)


def test_an_item_takes_the_time_of_its_type_and_of_its_text() -> None:
    part = Question(type=ItemType.NUMERIC, stem="几米？", key=["5"])
    case = view(2, type_=ItemType.CASE, stem="某厂" * 15, options=(), parts=(part, part))

    assert seconds_of(view(1)) == pytest.approx(10 + (10 + 4) / 6)
    assert seconds_of(case) == pytest.approx(30 / 6 + 2 * (60 + 3 / 6))


def test_the_share_is_measured_from_twenty_answers_on_and_guessed_before() -> None:
    shares = [share_of(view(1, difficulty=level), None) for level in ("easy", "medium", "hard")]

    assert shares == [0.85, 0.7, 0.5]
    assert (share_of(view(1), Measured(19, 0)), share_of(view(1), Measured(20, 5))) == (0.7, 0.25)


def test_what_everybody_gets_right_everybody_passes() -> None:
    views = [view(number) for number in range(4)]
    known = {v.id: Measured(100, 100) for v in views}

    assert foretell(views, blueprint(), measured=known, pace=MeasuredPace(20, 30.0)) == Prediction(
        minutes=2.0, minutes_measured_on=20, share=1.0, measured_items=4, items=4, mean_score=100.0, pass_share=1.0
    )


def test_too_few_attempts_measure_no_pace() -> None:
    found = foretell([view(number) for number in range(4)], blueprint(), pace=MeasuredPace(19, 3600.0))

    assert (found.minutes_measured_on, found.minutes) == (0, pytest.approx(4 * (10 + 14 / 6) / 60))


def test_two_items_of_which_half_are_right_pass_a_quarter_who_need_both() -> None:
    views = [view(number) for number in range(2)]
    known = {v.id: Measured(100, 50) for v in views}
    found = foretell(views, blueprint(2, 50), measured=known, cut_score=100)

    assert found.pass_share == pytest.approx(0.25, abs=0.03)
    assert found.mean_score == pytest.approx(50, abs=2)
    assert foretell(views, blueprint(2, 50, must=True), measured=known, cut_score=50).pass_share == pytest.approx(0.25, abs=0.03)


def test_a_paper_that_cannot_be_drawn_is_not_foretold() -> None:
    with pytest.raises(PoolTooSmall):
        foretell([view(1)], blueprint())


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 100), min_size=4, max_size=8), st.integers(1, 100))
def test_a_prediction_keeps_its_bounds_and_repeats_itself(rights: list[int], cut_score: int) -> None:
    views = [view(number) for number in range(len(rights))]
    known = {number: Measured(100, right) for number, right in enumerate(rights)}
    found = foretell(views, blueprint(), measured=known, cut_score=cut_score)

    assert 0 <= found.pass_share <= 1 and 0 <= found.mean_score <= 100 and FORMS > 0
    assert min(rights) / 100 - 1e-9 <= found.share <= max(rights) / 100 + 1e-9
    assert found == foretell(views, blueprint(), measured=known, cut_score=cut_score)

"""Answers that are no choice, from the form to the result: what may be saved, in which order it is kept, and what is shown of it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from quiz.attempts import queries, service
from quiz.attempts.answer_review import AnswerLine, ReviewedPart
from quiz.attempts.answers import Allowed, in_part, of_part, says_anything
from quiz.attempts.service import Save, Started
from quiz.models.papers import Form
from quiz.papers import queries as papers
from quiz.papers import service as paper_service
from quiz.problems import Invalid
from quiz.vocabulary import ItemType, ScoringPolicy
from tests import factories
from tests.attempts import exam, typed_exam
from tests.attempts.typed_exam import BLANK, CASE, MATCHING, NUMERIC, ORDERING, RIGHT


def begin(session: Session, now: datetime, *, policy: ScoringPolicy = ScoringPolicy.ALL_OR_NOTHING) -> Started:
    typed_exam.write_bank(session, now=now)
    paper_id = typed_exam.paper(session, now=now, policy=policy)
    return exam.start(session, person_id=factories.person(session), paper_id=paper_id, now=now)


def finish(session: Session, started: Started, answers: dict[int, list[str]], now: datetime) -> queries.ResultView:
    """Save as the recorder does, hand in, and read the result."""
    rules = service.rules_of(session, started.attempt.id)
    settled = [rules.settled(Save(position, tuple(answer), 1)) for position, answer in answers.items()]
    exam.keep(session, started.attempt.id, {save.position: list(save.answer) for save in settled}, now=now)
    service.hand_in(session, attempt_id=started.attempt.id, person_id=None, now=now)
    return queries.result(session, attempt_id=started.attempt.id, person_id=None, now=now)


# ---- what a candidate is sent


def test_the_player_gets_what_it_needs_for_each_type(session: Session, now: datetime) -> None:
    items = {item["position"]: item for item in begin(session, now).payload["items"]}

    assert [items[n]["type"] for n in items] == ["numeric", "blank", "ordering", "matching", "case"]
    assert (items[NUMERIC]["unit"], items[BLANK]["blanks"], items[BLANK]["stem"].count("____")) == ("米", 2, 2)
    assert items[MATCHING]["prompts"] == [
        {"key": "1", "text": "用气餐饮场所"},
        {"key": "2", "text": "医院"},
        {"key": "3", "text": "大型商场超市"},
    ]
    assert sorted(option["key"] for option in items[ORDERING]["options"]) == ["A", "B", "C"]
    parts = items[CASE]["parts"]
    assert [(part["number"], part["type"]) for part in parts] == [
        (1, "single"),
        (2, "multiple"),
        (3, "numeric"),
        (4, "blank"),
        (5, "ordering"),
    ]
    assert sorted(option["key"] for option in parts[1]["options"]) == ["A", "B", "C"]
    assert (parts[2]["unit"], parts[3]["blanks"], items[CASE]["options"]) == ("毫米", 2, [])


def test_no_key_tolerance_or_accepted_text_is_sent(session: Session, now: datetime) -> None:
    sent = json.dumps(begin(session, now).payload["items"], ensure_ascii=False)

    assert [word for word in typed_exam.NEVER_SENT if word in sent] == []


def test_a_form_keeps_the_order_of_all_options_and_its_seed_gives_it_again(session: Session, now: datetime) -> None:
    started = begin(session, now)
    form = session.get_one(Form, started.attempt.form_id)

    again = paper_service.draw_form(session, paper=papers.paper(session, started.attempt.paper_id), seed=form.seed)[1]

    assert [item.as_json() for item in again] == form.items
    case = form.items[CASE - 1]["options"]
    assert sorted(of_part(1, case)) == sorted(of_part(2, case)) == ["A", "B", "C"]
    assert (of_part(3, case), sorted(of_part(5, case))) == ([], ["A", "B"])
    assert [option["key"] for option in started.payload["items"][CASE - 1]["parts"][0]["options"]] == of_part(1, case)


# ---- what may be saved


@pytest.mark.parametrize(
    ("position", "answer", "kept"),
    [
        (NUMERIC, ["12.5 米"], ["12.5 米"]),
        (NUMERIC, ["不知道"], ["不知道"]),  # no number: wrong later, but saved like any answer
        (BLANK, ["", "24"], ["", "24"]),
        (ORDERING, ["B", "A", "C"], ["B", "A", "C"]),
        (MATCHING, ["3A", "1B"], ["1B", "3A"]),
        (CASE, ["4:", "4:三:1", "2:C", "2:A", "5:B", "5:A"], ["2:A", "2:C", "4:", "4:三:1", "5:B", "5:A"]),
        (CASE, [], []),
    ],
)
def test_an_answer_is_kept_in_one_order(session: Session, now: datetime, position: int, answer: list[str], kept: list[str]) -> None:
    rules = service.rules_of(session, begin(session, now).attempt.id)

    assert list(rules.settled(Save(position, tuple(answer), 1)).answer) == kept


@pytest.mark.parametrize(
    ("position", "answer", "message"),
    [
        (NUMERIC, ["1", "2"], "第 1 题只能填一个数。"),
        (NUMERIC, ["1\x00"], "第 1 题的答案含有不可见的控制字符。"),
        (BLANK, ["三级"], "第 2 题有 2 个空，答案须按顺序写 2 项，没有填的空写空文字。"),
        (ORDERING, ["A", "B"], "第 3 题要把每一项都排上。"),
        (ORDERING, ["A", "B", "D"], "第 3 题没有选项 D。"),
        (ORDERING, ["A", "B", "B"], "第 3 题的答案有重复选项。"),
        (MATCHING, ["4A", "1D"], "第 4 题没有 1D、4A 这样的配对。"),
        (MATCHING, [""], "第 4 题没有  这样的配对。"),
        (MATCHING, ["1A", "1B"], "第 4 题有一项配了两次。"),
        (CASE, ["6:A", "A", "01:A"], "第 5 题没有小题 01、6、A。"),
        (CASE, ["1:Z"], "第 5 题第 1 小题没有选项 Z。"),
        (CASE, ["1:A", "1:B"], "第 5 题第 1 小题只能选一项。"),
        (CASE, ["4:停产"], "第 5 题第 4 小题有 2 个空，答案须按顺序写 2 项，没有填的空写空文字。"),
    ],
)
def test_what_cannot_be_an_answer_is_refused(session: Session, now: datetime, position: int, answer: list[str], message: str) -> None:
    rules = service.rules_of(session, begin(session, now).attempt.id)

    with pytest.raises(Invalid) as refused:
        rules.settled(Save(position, tuple(answer), 1))

    assert (refused.value.message, refused.value.code) == (message, "option")


_CASE = Allowed(
    ItemType.CASE,
    parts=(
        Allowed(ItemType.MULTIPLE, options=frozenset("ABC")),
        Allowed(ItemType.BLANK, blanks=2),
        Allowed(ItemType.MATCHING, options=frozenset("AB"), prompts=frozenset({"1", "2", "10"})),
        Allowed(ItemType.ORDERING, options=frozenset("AB")),
    ),
)


@given(st.lists(st.one_of(st.text(max_size=6), st.sampled_from(["1:A", "1:B", "2:", "2:x", "3:10A", "3:2B", "4:A", "4:B"])), max_size=8))
def test_settling_keeps_what_was_said_and_settles_once(answer: list[str]) -> None:
    if _CASE.fault(answer):
        return

    settled = _CASE.settled(answer)

    assert sorted(settled) == sorted(answer)
    assert _CASE.settled(settled) == settled
    assert of_part(2, settled) == of_part(2, answer)  # blanks keep their order


@given(st.lists(st.text(max_size=5), max_size=5), st.integers(1, 30))
def test_a_part_gets_back_what_it_gave_to_its_case(entries: list[str], number: int) -> None:
    assert of_part(number, in_part(number, entries) + in_part(number * 10, ["A"]) + in_part(number + 1, entries)) == entries


def test_empty_blanks_say_nothing() -> None:
    assert not says_anything(["", " "], type_=ItemType.BLANK)
    assert not says_anything(["4:", "4: "], type_=ItemType.CASE)
    assert says_anything(["4:", "4:x"], type_=ItemType.CASE)
    assert not says_anything([], type_=ItemType.SINGLE)


# ---- the result


def test_all_right_is_full_marks(session: Session, now: datetime) -> None:
    found = finish(session, begin(session, now), RIGHT, now)

    assert (found.score, found.passed, found.correct, found.unanswered) == (50, True, 5, 0)


def test_the_result_sets_each_answer_beside_the_right_one(session: Session, now: datetime) -> None:
    answers = {
        NUMERIC: ["13.1米"],
        BLANK: ["３级", ""],
        ORDERING: ["A", "C", "B"],
        MATCHING: ["1B", "2C"],
        CASE: ["1:B", "3:2.8", "4:", "4:3"],
    }
    found = finish(session, begin(session, now, policy=ScoringPolicy.PARTIAL), answers, now)

    assert found.review is not None
    lines = {item.position: item.lines for item in found.review}
    assert lines[NUMERIC] == [AnswerLine("", "13.1米", "12.5 米（误差不超过 ±0.5 米）", correct=False)]
    assert lines[BLANK] == [AnswerLine("第 1 空", "３级", "三级 或 3级", correct=True), AnswerLine("第 2 空", "", "24", correct=False)]
    assert found.review[BLANK - 1].stem == "新上岗的从业人员应当接受____（1）安全教育，岗前培训时间不得少于____（2）学时。"
    assert [(line.label, line.correct) for line in lines[ORDERING]] == [("第 1 位", False), ("第 2 位", False), ("第 3 位", True)]
    assert lines[MATCHING] == [
        AnswerLine("用气餐饮场所", "商务主管部门", "商务主管部门", correct=True),
        AnswerLine("医院", "交通运输主管部门", "卫生健康主管部门", correct=False),
        AnswerLine("大型商场超市", "", "商务主管部门", correct=False),
    ]
    assert [item.mark for item in found.review] == [0, 5, 0, 3.3333, 5]
    parts = found.review[CASE - 1].parts
    assert [(part.number, part.correct, part.answered) for part in parts] == [
        (1, True, True),
        (2, False, False),
        (3, True, True),
        (4, False, True),
        (5, False, False),
    ]
    assert parts[2] == ReviewedPart(
        3, "计算题", "按检查记录，打磨车间积尘厚度大约是多少？", [], [AnswerLine("", "2.8", "3 毫米（误差不超过 ±0.2 毫米）", correct=True)],
        correct=True, answered=True,
    )  # fmt: skip
    assert [(option["text"], option["chosen"], option["is_key"]) for option in sorted(parts[0].options, key=lambda each: each["text"])] == [
        ("月底清扫", False, False),
        ("立即停止作业并清扫", True, True),
        ("继续观察", False, False),
    ]
    assert (found.passed, found.must_failed) == (False, [CASE])


def test_nothing_answered_is_shown_as_such(session: Session, now: datetime) -> None:
    found = finish(session, begin(session, now), {BLANK: ["", ""], CASE: ["4:", "4:"]}, now)

    assert found.review is not None
    assert (found.score, found.unanswered, [item.answered for item in found.review]) == (0, 5, [False] * 5)
    assert {line.given for item in found.review for line in item.lines} == {""}


def test_answers_that_came_too_late_are_told_in_words(session: Session, now: datetime) -> None:
    started = begin(session, now)
    late = {NUMERIC: ["12"], ORDERING: ["C", "A", "B"], MATCHING: ["1B", "2A"], CASE: ["1:B", "3:3", "4:", "4:3"]}
    finish(session, started, {}, now)
    session.connection().execute(
        queries.late_responses.insert(),
        [
            {"attempt_id": started.attempt.id, "position": n, "answer": answer, "sequence": 2, "received_at": now + timedelta(hours=1)}
            for n, answer in late.items()
        ],
    )

    found = queries.result(session, attempt_id=started.attempt.id, person_id=None, now=now)

    assert found.review is not None
    place = "ABC"[of_part(1, session.get_one(Form, started.attempt.form_id).items[CASE - 1]["options"]).index("B")]
    assert [item.late_answer for item in found.review] == [
        "12",
        "",
        "打开进出口，自然通风或者机械通风 → 检测氧气和有毒有害气体浓度 → 作业人员佩戴防护用品进入作业",
        "用气餐饮场所 商务主管部门，医院 卫生健康主管部门",
        f"第 1 小题 {place}；第 3 小题 3；第 4 小题 第 2 空 3",
    ]

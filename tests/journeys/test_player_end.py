"""How an attempt ends in the player: handed in by the person, on another device, or by the time. What counts is the database."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.journeys.hall import (
    MULTIPLES,
    PATIENCE_MS,
    SUBMISSION,
    Hall,
    Line,
    choose,
    expect_dialog,
    expect_saved,
    expect_state,
    go,
    hand_in,
    in_the_last_second,
    take_up,
    to_result,
)

# ---- handing in


def test_a_double_press_hands_in_once_and_the_phone_forgets(hall: Hall) -> None:
    candidate = hall.candidate()
    candidate.answer_by_api({n: right for n, right in candidate.right_answers().items() if n < 20})
    page = candidate.open(position=20)
    right = candidate.right_answers()[20]
    choose(page, candidate.form()[20][0].options.index(right[0]))
    line = Line(candidate.context, SUBMISSION)
    page.locator("#next").click()
    expect_dialog(page, "全部 20 题都已作答")

    page.get_by_role("button", name="确认交卷").dblclick()

    to_result(page)
    assert line.requests == 1
    row = candidate.row()
    assert (row.state, row.score, row.passed) == ("handed_in", 100.0, True)
    assert page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('ankao:')).length") == 0


def test_hand_in_waits_for_answers_that_cannot_be_sent(hall: Hall) -> None:
    candidate = hall.candidate()
    page = candidate.open()
    line = Line(candidate.context)
    line.cut()
    key = choose(page, 0)
    hand_in(page)
    expect_dialog(page, "还没有交卷")
    assert candidate.row().state == "open"

    page.keyboard.press("Escape")
    expect(page.locator("#hand-in")).to_be_enabled()
    hand_in(page)
    expect_dialog(page, "第 1 题的答案还在本机")
    line.repair()
    page.get_by_role("button", name="再试一次").click()

    to_result(page)
    assert candidate.kept() == {1: ([key], 1)}
    assert candidate.row().state == "handed_in"


def test_a_submission_whose_answer_was_lost_is_repeated(hall: Hall) -> None:
    candidate = hall.candidate()
    page = candidate.open()
    line = Line(candidate.context, SUBMISSION)
    line.lose_answers()
    hand_in(page)
    page.wait_for_timeout(500)
    handed_in_at = candidate.row().handed_in_at
    assert handed_in_at is not None

    line.repair()

    to_result(page)
    assert candidate.row().handed_in_at == handed_in_at


def test_handed_in_on_another_device_the_answer_is_kept_as_late_and_said_so(hall: Hall) -> None:
    candidate = hall.candidate()
    page = candidate.open(position=2)
    candidate.hand_in_by_api()

    key = choose(page, 0)

    expect_dialog(page, "有 1 题的答案在交卷之后才传到，已留存，不计分")
    assert candidate.kept() == {}
    assert candidate.late() == {2: [key]}
    page.get_by_role("button", name="查看成绩").click()
    to_result(page)
    expect(page.locator("body")).to_contain_text("有 1 题的答案在截止之后才传到服务器")


def test_an_answer_that_counted_is_not_called_late_when_only_its_receipt_was_lost(hall: Hall) -> None:
    candidate = hall.candidate()
    page = candidate.open()
    line = Line(candidate.context)
    line.lose_answers()
    key = choose(page, 0)
    expect_state(page, "信号不好")
    candidate.hand_in_by_api()

    line.repair()

    to_result(page)
    assert candidate.kept() == {1: ([key], 1)}
    assert candidate.late() == {}


# ---- the end of the time


def test_answers_of_the_last_second_arrive_in_time_on_a_slow_line_and_the_time_hands_in(hall: Hall) -> None:
    candidate = hall.candidate()
    page = candidate.open()
    first = choose(page, 0)
    expect_saved(page)
    go(page, MULTIPLES[0])
    candidate.move_deadline(seconds=6)
    take_up(page)
    line = Line(candidate.context)
    line.hold()
    several = sorted(in_the_last_second(page, [0, 2]))
    page.wait_for_timeout(1200)
    line.release()

    to_result(page)

    row = candidate.row()
    assert {n: answer for n, (answer, _) in candidate.kept().items()} == {1: [first], MULTIPLES[0]: several}
    assert candidate.late() == {}
    assert (row.state, row.handed_in_at) == ("expired", row.deadline)
    expect(page.locator("body")).to_contain_text("到时由服务器自动交卷")


def test_more_time_granted_is_found_out_at_zero(hall: Hall) -> None:
    candidate = hall.candidate()
    page = candidate.open()
    candidate.move_deadline(seconds=8)
    take_up(page)
    expect(page.locator("#clock")).to_have_class(re.compile("is-short"))
    candidate.move_deadline(seconds=300)
    expect(page.locator("#clock-time")).to_have_text(re.compile("0[45]:.."), timeout=PATIENCE_MS)

    expect(page.locator("#dialog")).to_be_hidden()
    key = choose(page, 0)
    expect_saved(page)
    assert candidate.kept() == {1: ([key], 1)}
    assert candidate.row().state == "open"


def test_without_signal_at_the_end_the_server_hands_in_and_the_late_answer_is_shown(hall: Hall) -> None:
    candidate = hall.candidate()
    page = candidate.open()
    in_time = choose(page, 0)
    expect_saved(page)
    candidate.move_deadline(seconds=8)
    take_up(page)
    expect(page.locator("#clock")).to_have_class(re.compile("is-short"))
    candidate.context.set_offline(True)
    go(page, 2)
    key = choose(page, 0)
    expect_dialog(page, "有 1 题的答案没有在截止前传到服务器，不计分")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("#dialog")).to_be_visible()  # no way back into a closed paper

    candidate.context.set_offline(False)

    expect_dialog(page, "已经交卷")
    page.get_by_role("button", name="查看成绩").click()
    to_result(page)
    row = candidate.row()
    assert (row.state, row.handed_in_at) == ("expired", row.deadline)
    assert candidate.kept() == {1: ([in_time], 1)}
    assert candidate.late() == {2: [key]}
    letter = "ABCDEF"[candidate.form()[2][0].options.index(key)]
    expect(page.locator(".item").filter(has_text="第 2 题")).to_contain_text(f"截止之后收到您对这题的答案 {letter}")


def test_time_that_was_granted_while_there_was_no_signal_is_not_lost(hall: Hall) -> None:
    candidate = hall.candidate()
    page = candidate.open()
    candidate.move_deadline(seconds=6)
    take_up(page)
    expect(page.locator("#clock")).to_have_class(re.compile("is-short"))
    candidate.context.set_offline(True)
    candidate.move_deadline(seconds=600)
    key = choose(page, 0)
    expect_dialog(page, "时间到")
    expect_dialog(page, "网络不通")
    candidate.context.set_offline(False)

    expect_saved(page)

    expect(page.locator("#dialog")).to_be_hidden()
    assert candidate.row().state == "open"
    assert candidate.kept() == {1: ([key], 1)}

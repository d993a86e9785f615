"""The exam player on bad days: slow lines, lost signals, two tabs, two phones. What counts is the database."""

from __future__ import annotations

import re
from datetime import timedelta

from playwright.sync_api import expect

from quiz.models.attempts import Attempt, Response
from tests.journeys import town
from tests.journeys.hall import (
    ATTEMPT,
    MULTIPLES,
    PATIENCE_MS,
    Candidate,
    Hall,
    Line,
    choose,
    expect_chosen,
    expect_dialog,
    expect_saved,
    expect_state,
    go,
    hand_in,
    take_up,
    to_result,
)


def sequences(candidate: Candidate) -> list[int]:
    return sorted(sequence for _, sequence in candidate.kept().values())


# ---- the line


def test_answers_given_faster_than_the_line_carries_them_all_arrive(hall: Hall) -> None:
    candidate = hall.candidate()
    page = candidate.open()
    line = Line(candidate.context)
    line.hold()

    given = {}
    for position in range(1, 8):
        expect(page.locator("#meta")).to_contain_text(f"第 {position} 题")
        given[position] = [choose(page, position % 2)]
        page.locator("#next").click()
    expect_state(page, "正在保存")
    assert candidate.kept() == {}
    line.release()
    expect_saved(page)

    assert {n: answer for n, (answer, _) in candidate.kept().items()} == given
    assert sequences(candidate) == [1, 2, 3, 4, 5, 6, 7]
    assert line.requests == 2  # what came while the first was under way went together
    assert candidate.errors == []


def test_presses_on_a_multiple_choice_item_travel_together(hall: Hall) -> None:
    candidate = hall.candidate()
    page = candidate.open(position=MULTIPLES[0])
    line = Line(candidate.context)

    pressed = page.evaluate(
        "[0, 2, 1].map(index => { const input = document.querySelectorAll('.opt input')[index]; input.click(); return input.value; })"
    )
    expect_saved(page)

    assert candidate.kept() == {MULTIPLES[0]: (sorted(pressed), 3)}
    assert line.requests == 1


def test_answers_that_could_not_be_sent_survive_a_reload(hall: Hall) -> None:
    candidate = hall.candidate()
    page = candidate.open(position=2)
    line = Line(candidate.context)
    line.fulfil(status=503, body="{}")
    first = choose(page, 0)
    expect_state(page, "信号不好，答案已存在本机")
    go(page, 4)
    second = choose(page, 1)
    expect_state(page, "（2 题）")
    assert candidate.kept() == {}

    line.repair()
    page.reload()

    expect(page.locator("#meta")).to_contain_text("第 4 题")
    expect_chosen(page, second)
    expect_saved(page)
    assert candidate.kept() == {2: ([first], 1), 4: ([second], 2)}


def test_a_phone_that_was_offline_sends_as_soon_as_it_is_back(hall: Hall) -> None:
    candidate = hall.candidate()
    page = candidate.open()
    candidate.context.set_offline(True)
    key = choose(page, 0)
    expect_state(page, "信号不好")

    candidate.context.set_offline(False)

    expect_saved(page)
    assert candidate.kept() == {1: ([key], 1)}


def test_a_hotels_sign_in_page_is_no_receipt(hall: Hall) -> None:
    candidate = hall.candidate()
    page = candidate.open()
    line = Line(candidate.context)
    line.fulfil(status=200, content_type="text/html", body="<html>请先登录 WiFi</html>")
    key = choose(page, 0)
    expect_state(page, "信号不好")
    assert candidate.kept() == {}

    line.repair()

    expect_saved(page)
    assert candidate.kept() == {1: ([key], 1)}


def test_an_answer_whose_receipt_was_lost_is_sent_again_and_kept_once(hall: Hall) -> None:
    candidate = hall.candidate()
    page = candidate.open()
    line = Line(candidate.context)
    line.lose_answers()
    key = choose(page, 1)
    expect_state(page, "信号不好")
    assert candidate.kept() == {1: ([key], 1)}

    line.repair()

    expect_saved(page)
    assert candidate.kept() == {1: ([key], 1)}


def test_a_killed_server_costs_no_answer(hall: Hall) -> None:
    candidate = hall.candidate()
    page = candidate.open()
    first = choose(page, 0)
    expect_saved(page)
    hall.server.kill()
    go(page, 2)
    second = choose(page, 1)
    expect_state(page, "信号不好")

    hall.server.start()

    expect_saved(page)
    assert candidate.kept() == {1: ([first], 1), 2: ([second], 2)}


def test_what_a_restored_backup_has_lost_is_sent_again(hall: Hall) -> None:
    candidate = hall.candidate()
    page = candidate.open()
    key = choose(page, 0)
    expect_saved(page)
    with hall.database.transaction() as session:
        session.delete(session.get_one(Response, (candidate.attempt_id, 1)))

    page.reload()

    expect_chosen(page, key)
    expect_saved(page)
    page.wait_for_timeout(300)
    assert candidate.kept() == {1: ([key], 1)}


def test_answers_of_another_attempt_with_the_same_number_are_not_taken_over(hall: Hall) -> None:
    candidate = hall.candidate()
    page = candidate.open()
    choose(page, 0)
    expect_saved(page)
    with hall.database.transaction() as session:  # a demonstration made anew counts from one again
        session.delete(session.get_one(Response, (candidate.attempt_id, 1)))
        session.get_one(Attempt, candidate.attempt_id).started_at -= timedelta(days=3)

    page.reload()

    expect_state(page, "答案会自动保存")
    expect(page.locator("#answered")).to_have_text("已答 0")
    assert candidate.kept() == {}


def test_without_storage_answers_are_saved_and_the_page_warns(hall: Hall) -> None:
    candidate = hall.candidate()
    candidate.context.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } })")
    page = candidate.open()
    key = choose(page, 0)
    expect_saved(page)
    assert candidate.kept() == {1: ([key], 1)}

    Line(candidate.context).cut()
    choose(page, 1)

    expect_state(page, "请不要关闭页面")


# ---- the door


def test_signed_out_elsewhere_the_answer_waits_for_the_next_sign_in(hall: Hall) -> None:
    candidate = hall.candidate()
    page = candidate.open()
    elsewhere = hall.device()
    elsewhere.add_cookies(candidate.context.cookies())  # type: ignore[arg-type]
    other = elsewhere.new_page()
    other.goto(f"{hall.server.url}/my")
    other.get_by_role("button", name="退出").click()
    expect(other.get_by_role("heading", name="登录", exact=True)).to_be_visible()

    key = choose(page, 0)
    expect_state(page, "登录已失效，请重新登录（答案不会丢）")
    line = Line(candidate.context)
    page.wait_for_timeout(2500)
    assert line.requests == 0  # nothing helps until the person is back
    assert candidate.kept() == {}
    page.locator("#save-link").click()
    page.get_by_label("账号").fill(candidate.account)
    page.locator("#password").fill(town.PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()

    page.wait_for_url(f"**/exam/{candidate.attempt_id}*")
    expect_saved(page)
    assert candidate.kept() == {1: ([key], 1)}


def test_loading_is_retried_and_says_why_it_cannot(hall: Hall) -> None:
    candidate, stranger = hall.candidate(), hall.candidate()
    line = Line(candidate.context, ATTEMPT)
    line.cut()
    page = candidate.context.new_page()
    page.goto(f"{hall.server.url}/exam/{candidate.attempt_id}")
    expect(page.get_by_role("button", name="马上重试")).to_be_visible()
    line.repair()
    expect(page.locator(".opt").first).to_be_visible(timeout=PATIENCE_MS)

    page.goto(f"{hall.server.url}/exam/{stranger.attempt_id}")

    expect(page.locator("main")).to_contain_text("没有找到")
    expect(page.get_by_role("link", name="返回首页")).to_be_visible()


def test_a_script_that_does_not_come_leaves_a_way_out(hall: Hall) -> None:
    candidate = hall.candidate()
    candidate.context.route("**/assets/player_view.js*", lambda route: route.abort())
    page = candidate.context.new_page()
    page.goto(f"{hall.server.url}/exam/{candidate.attempt_id}")
    again = page.get_by_role("link", name="重新打开")
    expect(again).to_be_visible(timeout=PATIENCE_MS)

    candidate.context.unroute("**/assets/player_view.js*")
    again.click()

    expect(page.locator(".opt").first).to_be_visible(timeout=PATIENCE_MS)
    expect(again).to_be_hidden()


def test_a_start_whose_answer_was_lost_opens_one_attempt(hall: Hall) -> None:
    account, context = hall.newcomer()
    page = context.new_page()
    page.goto(f"{hall.server.url}/my")

    def lose(route: object) -> None:
        route.fetch()  # type: ignore[attr-defined]
        route.abort()  # type: ignore[attr-defined]

    page.route("**/api/v1/attempts", lose)
    page.get_by_role("button", name="开始答题").click()
    expect(page.locator("#start-trouble")).to_contain_text("不会重复计次")
    page.unroute("**/api/v1/attempts")
    page.get_by_role("button", name="开始答题").click()

    page.wait_for_url("**/exam/*")
    expect(page.locator(".opt").first).to_be_visible(timeout=PATIENCE_MS)
    candidate = Candidate(hall, account, context, int(re.findall(r"/exam/(\d+)", page.url)[0]))
    assert candidate.row().number == 1
    assert page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('ankao:start')).length") == 0


# ---- two tabs, two devices


def test_two_tabs_share_their_answers_and_leave_together(hall: Hall) -> None:
    candidate = hall.candidate()
    left, right = candidate.open(position=2), candidate.open(position=2)
    first = choose(left, 0)
    expect_chosen(right, first)
    go(right, 4)
    choose(right, 1)
    go(left, 5)
    choose(left, 2)
    expect_saved(left)
    expect_saved(right)
    expect(right.locator("#answered")).to_have_text("已答 3")
    assert sequences(candidate) == [1, 2, 3]

    hand_in(left)

    to_result(left)
    to_result(right)
    assert candidate.row().state == "handed_in"


def test_of_two_devices_with_one_number_the_later_answer_is_kept_and_both_screens_come_to_say_so(hall: Hall) -> None:
    candidate = hall.candidate()
    tablet = candidate.other_device()
    on_phone, on_tablet = candidate.open(), candidate.open(context=tablet)
    choose(on_phone, 0)
    expect_saved(on_phone)

    later = choose(on_tablet, 1)  # sequence 1 as well
    expect_saved(on_tablet)

    assert candidate.kept() == {1: ([later], 2)}
    expect_chosen(on_tablet, later)
    take_up(on_phone)
    expect_chosen(on_phone, later)
    expect_state(on_phone, "第 1 题已换成另一台设备上较新的答案")


def test_saved_is_never_shown_beside_an_answer_the_server_does_not_hold(hall: Hall) -> None:
    candidate = hall.candidate()
    page = candidate.open()
    other = page.locator(".opt input").nth(3).get_attribute("value")
    assert other is not None
    candidate.answer_by_api({1: [other]}, sequence=3)  # a device that has answered more often
    seen = page.evaluate_handle(
        """() => {
            const seen = [], player = document.getElementById('player');
            const chosen = () => (player.querySelector('.opt input:checked') || {}).value;
            const look = () => seen.push([document.getElementById('save-text').textContent, chosen()]);
            new MutationObserver(look).observe(player, { subtree: true, childList: true, attributes: true, characterData: true });
            return seen;
        }"""
    )

    mine = choose(page, 0)
    expect_state(page, "第 1 题已换成另一台设备上较新的答案")
    expect_chosen(page, other)
    assert candidate.kept() == {1: ([other], 3)}
    assert ["已保存", mine] not in seen.json_value()

    mine = choose(page, 0)  # once more, knowing it
    expect_saved(page)
    assert candidate.kept() == {1: ([mine], 4)}


def test_the_question_before_hand_in_counts_what_another_device_answered(hall: Hall) -> None:
    candidate = hall.candidate()
    page = candidate.open()
    candidate.answer_by_api({n: [candidate.form()[n][0].options[0]] for n in range(1, 20)})

    page.locator("#hand-in").click()

    expect_dialog(page, "还有 1 题没有答")

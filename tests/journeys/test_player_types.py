"""The types that are no choice in the player: answered, kept through a reload and on a second device, counted, handed in and explained."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from quiz import clock
from quiz.attempts.answers import of_part
from quiz.papers import service as papers
from tests.attempts import typed_exam
from tests.attempts.typed_exam import BLANK, CASE, MATCHING, NUMERIC, ORDERING, RIGHT
from tests.journeys import hall as halls
from tests.journeys.hall import (
    PATIENCE_MS,
    Candidate,
    Hall,
    Line,
    expect_dialog,
    expect_saved,
    expect_state,
    go,
    hand_in,
    take_up,
    to_result,
)
from tests.journeys.test_player_page import expect_sound


@pytest.fixture(scope="module")
def typed_hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """A hall of its own, whose paper asks the five types."""
    with halls.opened(tmp_path_factory.mktemp("typed")) as hall:
        with hall.database.transaction() as session:
            typed_exam.write_bank(session, now=clock.now())
            papers.edit_paper(session, paper_id=hall.paper_id, draft=typed_exam.draft(now=clock.now()))
        yield hall


@pytest.fixture
def hall(typed_hall: Hall) -> Iterator[Hall]:
    yield typed_hall
    typed_hall.send_everybody_home()


def open_at(candidate: Candidate, position: int, page: Page | None = None) -> Page:
    page = page or candidate.context.new_page()
    page.on("pageerror", lambda error: candidate.errors.append(str(error)))
    page.goto(f"{candidate.hall.server.url}/exam/{candidate.attempt_id}#{position}")
    expect(page.locator("#meta")).to_contain_text(f"第 {position} 题", timeout=PATIENCE_MS)
    return page


def other_device(candidate: Candidate, position: int) -> Page:
    return open_at(candidate, position, candidate.other_device().new_page())


def kept(candidate: Candidate, position: int) -> list[str]:
    return candidate.kept()[position][0]


def number(page: Page) -> Locator:
    return page.locator(".text-big")


def blanks(page: Page) -> Locator:
    return page.locator(".text-blank")


def order(page: Page) -> list[str]:
    return page.locator(".order .opt-text").all_inner_texts()


def move(page: Page, text: str, way: str) -> None:
    page.get_by_role("button", name=f"{way}：{text}").click()


def put_in_order(page: Page, texts: list[str]) -> None:
    """By the buttons alone, as few presses as it takes."""
    for place, text in enumerate(texts):
        while order(page).index(text) > place:
            move(page, text, "上移")


# ---- one type after the other


def test_a_number_is_saved_as_it_was_typed_and_survives(hall: Hall) -> None:
    candidate = hall.candidate()
    page = open_at(candidate, NUMERIC)
    expect(number(page)).to_have_attribute("inputmode", "decimal")
    expect(page.get_by_role("textbox", name="答案（单位：米）")).to_be_visible()

    number(page).press_sequentially("12.5")

    expect(page.locator("#answered")).to_have_text("已答 1")
    expect_saved(page)
    assert kept(candidate, NUMERIC) == ["12.5"]
    page.reload()
    expect(number(page)).to_have_value("12.5")
    expect(number(other_device(candidate, NUMERIC))).to_have_value("12.5")
    number(page).fill("")
    expect(page.locator("#answered")).to_have_text("已答 0")
    expect_saved(page)
    assert kept(candidate, NUMERIC) == []
    assert candidate.errors == []


def test_typing_is_sent_when_the_typing_stops(hall: Hall) -> None:
    candidate = hall.candidate()
    page = open_at(candidate, NUMERIC)
    line = Line(candidate.context)

    number(page).press_sequentially("12.345678", delay=40)
    expect_saved(page)

    assert line.requests == 1
    assert kept(candidate, NUMERIC) == ["12.345678"]


def test_what_is_no_number_is_saved_and_said(hall: Hall) -> None:
    candidate = hall.candidate()
    page = open_at(candidate, NUMERIC)
    number(page).fill("约十二")
    number(page).blur()

    expect(page.locator(".hint-bad")).to_contain_text("这里要填一个数")
    expect_saved(page)
    assert kept(candidate, NUMERIC) == ["约十二"]
    number(page).fill("１２．５ 米")
    expect(page.locator(".hint-bad")).to_be_hidden()


def test_blanks_stand_in_the_stem_and_are_answered_when_all_are_filled(hall: Hall) -> None:
    candidate = hall.candidate()
    page = open_at(candidate, BLANK)
    assert page.locator(".fill").inner_text().replace("\n", "") == "新上岗的从业人员应当接受安全教育，岗前培训时间不得少于学时。"
    assert all((box := field.bounding_box()) and box["height"] >= 44 for field in blanks(page).all())
    expect(page.get_by_role("group", name="新上岗的从业人员应当接受（第 1 空）安全教育")).to_be_attached()

    blanks(page).nth(1).fill("24")
    expect_saved(page)
    expect(page.locator("#answered")).to_have_text("已答 0")
    assert kept(candidate, BLANK) == ["", "24"]
    page.reload()
    expect(blanks(page).nth(1)).to_have_value("24")
    blanks(page).nth(0).fill("三级\t")

    expect(page.locator("#answered")).to_have_text("已答 1")
    expect_saved(page)
    assert kept(candidate, BLANK) == ["三级 ", "24"]
    second = other_device(candidate, BLANK)
    expect(blanks(second).nth(0)).to_have_value("三级 ")
    assert candidate.errors == []


def test_half_a_word_of_pinyin_is_not_sent(hall: Hall) -> None:
    candidate = hall.candidate()
    page = open_at(candidate, BLANK)
    blanks(page).nth(0).focus()
    keyboard = candidate.context.new_cdp_session(page)
    keyboard.send("Input.imeSetComposition", {"text": "san ji", "selectionStart": 6, "selectionEnd": 6})
    expect(blanks(page).nth(0)).to_have_value("san ji")
    expect(page.locator("#save-text")).to_have_text("答案会自动保存")

    keyboard.send("Input.insertText", {"text": "三级"})

    expect_saved(page)
    assert kept(candidate, BLANK) == ["三级", ""]


def test_an_ordering_is_unanswered_until_moved_or_agreed_to(hall: Hall) -> None:
    candidate = hall.candidate()
    page = open_at(candidate, ORDERING)
    shown = order(page)
    expect(page.locator("#answered")).to_have_text("已答 0")
    assert ORDERING not in candidate.kept()

    page.get_by_role("button", name="按此顺序").click()

    expect(page.locator("#answered")).to_have_text("已答 1")
    expect_saved(page)
    assert kept(candidate, ORDERING) == list(candidate.form()[ORDERING][0].options)
    move(page, shown[0], "下移")
    assert order(page) == [shown[1], shown[0], shown[2]]
    expect(page.get_by_role("status")).to_contain_text("现在第 2 位")
    expect_saved(page)
    page.reload()
    expect(page.locator(".order-state")).to_contain_text("已按上面的顺序作答")
    assert order(page) == [shown[1], shown[0], shown[2]]
    second = other_device(candidate, ORDERING)
    expect(second.locator(".order-state")).to_contain_text("已按上面的顺序作答")
    assert order(second) == order(page)
    assert candidate.errors == []


def test_another_order_from_another_device_is_another_answer(hall: Hall) -> None:
    candidate = hall.candidate()
    page = open_at(candidate, ORDERING)
    page.get_by_role("button", name="按此顺序").click()
    expect_saved(page)
    turned = list(reversed(candidate.form()[ORDERING][0].options))
    candidate.answer_by_api({ORDERING: turned}, sequence=9)

    take_up(page)

    expect_state(page, "第 3 题已换成另一台设备上较新的答案")
    texts = dict(candidate.form()[ORDERING][1].options)
    assert order(page) == [texts[key] for key in turned]


def test_a_matching_is_answered_when_every_prompt_has_its_option(hall: Hall) -> None:
    candidate = hall.candidate()
    page = open_at(candidate, MATCHING)
    page.get_by_label("医院").select_option("A")
    expect_saved(page)
    assert kept(candidate, MATCHING) == ["2A"]
    expect(page.locator("#answered")).to_have_text("已答 0")

    page.get_by_label("大型商场超市").select_option("B")
    page.get_by_label("用气餐饮场所").select_option("B")

    expect(page.locator("#answered")).to_have_text("已答 1")
    expect_saved(page)
    assert kept(candidate, MATCHING) == ["1B", "2A", "3B"]
    page.reload()
    for shown in (page, other_device(candidate, MATCHING)):
        expect(shown.get_by_label("医院")).to_have_value("A")
        expect(shown.get_by_label("用气餐饮场所")).to_have_value("B")
    assert candidate.errors == []


def answer_case(page: Page) -> None:
    """The five parts of the case, right."""
    parts = page.locator(".part")
    for number_of_part, text in ((1, "立即停止作业并清扫"), (2, "没有泄爆装置"), (2, "粉尘没有及时清扫")):
        parts.nth(number_of_part - 1).get_by_text(text).click()
    number(page).fill("3.1")
    blanks(page).nth(0).fill("停产停业")
    blanks(page).nth(1).fill("3")
    put_in_order(page, ["停机断电", "清扫"])
    if page.get_by_role("button", name="按此顺序").is_visible():
        page.get_by_role("button", name="按此顺序").click()


def test_a_case_is_one_position_with_its_parts_below_each_other(hall: Hall) -> None:
    candidate = hall.candidate()
    page = open_at(candidate, CASE)
    expect(page.locator(".part")).to_have_count(5)
    expect(page.get_by_role("group", name="第 1 小题")).to_be_visible()
    page.locator(".part").nth(0).get_by_text("立即停止作业并清扫").click()
    expect_saved(page)
    expect(page.locator("#answered")).to_have_text("已答 0")

    answer_case(page)

    expect(page.locator("#answered")).to_have_text("已答 1")
    expect_saved(page)
    assert kept(candidate, CASE) == ["1:B", "2:A", "2:C", "3:3.1", "4:停产停业", "4:3", "5:B", "5:A"]
    page.reload()
    for shown in (page, other_device(candidate, CASE)):
        expect(number(shown)).to_have_value("3.1")
        expect(blanks(shown).nth(0)).to_have_value("停产停业")
        expect(shown.locator(".part").nth(1).locator("input:checked")).to_have_count(2)
        assert order(shown) == ["停机断电", "清扫"]
    assert candidate.errors == []


# ---- counting, handing in, the result


def test_what_is_half_answered_is_named_before_handing_in(hall: Hall) -> None:
    candidate = hall.candidate()
    candidate.answer_by_api({NUMERIC: ["12"], BLANK: ["三级", ""], MATCHING: ["1B"]})
    page = open_at(candidate, NUMERIC)
    page.locator("#open-map").click()
    expect(page.locator("#sheet .cell.is-partly")).to_have_count(3)  # two cells and the legend
    expect(page.get_by_role("button", name="第 2 题，部分作答")).to_be_visible()
    expect(page.locator(".counts")).to_contain_text("已答 1　未答 4")
    page.keyboard.press("Escape")

    page.locator("#hand-in").click()

    expect_dialog(page, "还有 2 题没有答")
    expect_dialog(page, "还有 2 题只答了一部分")
    page.get_by_role("button", name="去第 2 题").click()
    expect(blanks(page).nth(0)).to_have_value("三级")


def test_a_whole_paper_of_all_types_from_the_first_letter_to_the_result(hall: Hall) -> None:
    candidate = hall.candidate()
    page = open_at(candidate, NUMERIC)
    number(page).press_sequentially("12")
    page.locator("#next").click()
    blanks(page).nth(0).fill("３级")
    blanks(page).nth(1).fill("24")
    page.locator("#next").click()
    texts = dict(candidate.form()[ORDERING][1].options)
    put_in_order(page, [texts[key] for key in RIGHT[ORDERING]])
    if page.get_by_role("button", name="按此顺序").is_visible():
        page.get_by_role("button", name="按此顺序").click()
    page.locator("#next").click()
    for pair in RIGHT[MATCHING]:
        page.locator(f"#answer-4-{pair[0]}").select_option(pair[1])
    page.locator("#next").click()
    answer_case(page)

    hand_in(page)  # at once: what was typed last is still on the phone

    to_result(page)
    row = candidate.row()
    assert (row.score, row.passed, candidate.errors) == (50, True, [])
    expect(page.locator(".verdict")).to_have_text("合格")


def test_the_result_shows_both_answers_of_each_type(hall: Hall) -> None:
    candidate = hall.candidate()
    candidate.answer_by_api(
        {NUMERIC: ["14 米"], BLANK: ["两级", "24"], ORDERING: ["A", "C", "B"], MATCHING: ["1B", "2C"], CASE: ["1:A", "3:3", "4:", "4:3"]}
    )
    candidate.hand_in_by_api()
    page = candidate.context.new_page()
    page.goto(f"{hall.server.url}/exam/{candidate.attempt_id}/result")

    def item(position: int) -> Locator:
        return page.locator(".item").filter(has_text=f"第 {position} 题")

    expect(item(NUMERIC)).to_contain_text("您的答案：14 米")
    expect(item(NUMERIC)).to_contain_text("正确答案：12.5 米（误差不超过 ±0.5 米）")
    expect(item(BLANK).locator(".lines li").nth(0)).to_contain_text("三级 或 3级")
    expect(item(BLANK).locator(".lines li.is-key")).to_have_text(re.compile("第 2 空\\s*您的答案：24"))
    expect(item(ORDERING).locator(".lines li").nth(0)).to_contain_text("打开进出口，自然通风或者机械通风")
    expect(item(MATCHING).locator(".lines li").nth(2)).to_contain_text("您的答案：没有作答")
    expect(item(CASE).locator(".part")).to_have_count(5)
    expect(item(CASE).locator(".part").nth(0).locator("li.is-bad")).to_contain_text("月底清扫")
    expect(item(CASE).locator(".part").nth(2)).to_contain_text("答对")
    expect_sound(page)


# ---- the keyboard, thumbs, narrow phones, no line, no time


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (390, "light"), (1440, "dark")])
def test_every_type_fits_is_named_and_readable(hall: Hall, width: int, scheme: str) -> None:
    candidate = hall.candidate(viewport={"width": width, "height": 800}, color_scheme=scheme)
    candidate.answer_by_api({BLANK: ["很长的答案" * 12, ""], ORDERING: ["A", "B", "C"], MATCHING: ["1A"], CASE: ["1:A", "5:A", "5:B"]})
    page = open_at(candidate, NUMERIC)
    for position in range(1, 6):
        go(page, position)
        expect_sound(page)
    go(page, NUMERIC)
    number(page).fill("大约")
    number(page).blur()
    expect_sound(page)


def test_the_keyboard_alone_answers_every_type(hall: Hall) -> None:
    candidate = hall.candidate(viewport={"width": 1440, "height": 900}, has_touch=False)
    page = open_at(candidate, NUMERIC)
    number(page).focus()
    page.keyboard.type("12.5")
    page.keyboard.press("ArrowLeft")  # moves the caret, not the paper
    expect(page.locator("#meta")).to_contain_text("第 1 题")
    page.keyboard.press("Enter")
    expect(page.locator("#meta")).to_contain_text("第 2 题")
    page.keyboard.press("Tab")
    page.keyboard.type("F级1m")  # letters and figures that choose and mark elsewhere
    page.keyboard.press("Enter")
    page.keyboard.type("24")
    page.keyboard.press("Enter")
    expect(page.locator("#meta")).to_contain_text("第 3 题")
    shown = order(page)
    for _ in range(2):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # 下移 of the first; the focus goes with it
    page.keyboard.press("Enter")
    assert order(page) == [shown[1], shown[2], shown[0]]
    page.keyboard.press("Enter")  # at the end there is nowhere to go
    expect(page.get_by_role("button", name=f"下移：{shown[0]}")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#meta")).to_contain_text("第 4 题")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect_saved(page)

    answers = {position: answer for position, (answer, _) in candidate.kept().items()}
    first = candidate.form()[MATCHING][0].options[0]
    assert answers[NUMERIC] == ["12.5"] and answers[BLANK] == ["F级1m", "24"] and answers[MATCHING] == [f"1{first}"]
    assert (len(answers[ORDERING]), candidate.errors) == (3, [])


def test_letters_choose_within_the_part_that_has_the_focus(hall: Hall) -> None:
    candidate = hall.candidate()
    page = open_at(candidate, CASE)
    page.locator(".part").nth(1).locator("input").first.focus()
    page.keyboard.press("b")
    page.keyboard.press("3")
    expect_saved(page)

    shown = of_part(2, candidate.form()[CASE][0].options)
    assert kept(candidate, CASE) == sorted([f"2:{shown[1]}", f"2:{shown[2]}"])


def test_typed_answers_wait_on_the_phone_without_a_line(hall: Hall) -> None:
    candidate = hall.candidate()
    page = open_at(candidate, BLANK)
    line = Line(candidate.context)
    line.cut()
    blanks(page).nth(0).fill("三级")
    blanks(page).nth(1).fill("24")
    expect_state(page, "信号不好，答案已存在本机")
    page.reload()
    expect(blanks(page).nth(0)).to_have_value("三级")

    line.repair()

    expect_saved(page)
    assert kept(candidate, BLANK) == ["三级", "24"]


def test_what_was_typed_when_the_time_ran_out_is_counted(hall: Hall) -> None:
    candidate = hall.candidate()
    page = open_at(candidate, NUMERIC)
    candidate.move_deadline(seconds=6)
    take_up(page)
    number(page).fill("12.5")
    number(page).focus()

    to_result(page)

    row = candidate.row()
    assert (row.state, row.score) == ("expired", 10)

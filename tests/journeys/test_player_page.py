"""The light lane as a person meets it: by keyboard, by ear, on a narrow phone, by night, and on the page with the result."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from quiz.models.papers import Paper
from quiz.vocabulary import ReviewPolicy
from quiz.web.render import STATIC
from tests.journeys import town
from tests.journeys.hall import MULTIPLES, MUST, PATIENCE_MS, Candidate, Hall, choose, expect_saved, go, to_result

LIMIT_BYTES = 100_000
PLAYER_BYTES = 80_000
"""Scripts and sheet of the player before compression: a proxy may not compress."""
DOOR = ("/sign-in", "/activate", "/forgotten-password", "/privacy")

MEASURES = (Path(__file__).parent / "measures.js").read_text(encoding="utf-8").partition("\n")[2]


def expect_sound(page: Page) -> None:
    """Nothing wider than the screen, no target too small for a thumb, every control named, text large and dark enough."""
    findings = page.evaluate(MEASURES)
    assert {question: found for question, found in findings.items() if found} == {}, f"{page.url}: {findings}"


def answer_wrong(candidate: Candidate, *positions: int) -> dict[int, list[str]]:
    """Hand in with those positions wrong and all others right."""
    answers = candidate.right_answers() | {n: candidate.wrong_answer(n) for n in positions}
    candidate.answer_by_api(answers)
    candidate.hand_in_by_api()
    return answers


def result_page(candidate: Candidate) -> Page:
    page = candidate.context.new_page()
    page.goto(f"{candidate.hall.server.url}/exam/{candidate.attempt_id}/result")
    return page


# ---- narrow phones, thumbs, ears, night


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (390, "light"), (1440, "dark")])
def test_every_page_fits_is_named_and_readable(hall: Hall, width: int, scheme: str) -> None:
    candidate = hall.candidate(viewport={"width": width, "height": 800}, color_scheme=scheme)
    outside = hall.device(viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()
    for path in DOOR:
        outside.goto(hall.server.url + path)
        expect_sound(outside)

    page = candidate.open(position=MULTIPLES[0])
    expect_sound(page)
    choose(page, 0)
    page.locator("#flag").click()
    expect_saved(page)
    expect_sound(page)
    if width < 1000:
        page.locator("#open-map").click()
        expect(page.locator("#sheet .cell").first).to_be_visible()
        expect_sound(page)
        page.keyboard.press("Escape")
    page.locator("#hand-in").click()
    expect(page.locator("#dialog")).to_contain_text("确认交卷吗")
    expect_sound(page)
    page.get_by_role("button", name="不答了，交卷").click()
    to_result(page)
    expect_sound(page)
    for path in ("/my", "/change-password"):
        page.goto(hall.server.url + path)
        expect_sound(page)


def test_day_and_night_have_their_own_paper(hall: Hall) -> None:
    def paper(scheme: str) -> str:
        page = hall.device(color_scheme=scheme).new_page()
        page.goto(f"{hall.server.url}/sign-in")
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    assert (paper("light"), paper("dark")) == ("rgb(238, 243, 248)", "rgb(14, 22, 32)")


def test_the_way_to_the_first_question_weighs_less_than_100_kilobytes(hall: Hall) -> None:
    _, context = hall.newcomer()
    page = context.new_page()
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    transferred: list[float] = []
    network.on("Network.loadingFinished", lambda event: transferred.append(event["encodedDataLength"]))
    page.goto(f"{hall.server.url}/my")
    page.get_by_role("button", name="开始答题").click()
    expect(page.locator(".opt").first).to_be_visible(timeout=PATIENCE_MS)

    assert len(transferred) >= 6  # two pages, the sheet, scripts, the start, the paper
    assert sum(transferred) < LIMIT_BYTES


def test_the_players_own_files_stay_small_uncompressed() -> None:
    files = [*STATIC.glob("player*.js"), STATIC / "ankao.css"]

    assert len(files) == 5
    assert sum(file.stat().st_size for file in files) < PLAYER_BYTES


# ---- the keyboard alone


def focused(page: Page) -> str:
    return page.evaluate("(e => (e.id || e.value || e.textContent).trim().slice(0, 12))(document.activeElement)")


def tab_order(page: Page, steps: int) -> Iterator[str]:
    for _ in range(steps):
        page.keyboard.press("Tab")
        yield focused(page)


def test_focus_follows_the_page_from_top_to_bottom(hall: Hall) -> None:
    candidate = hall.candidate()
    page = candidate.open(position=2)
    first = page.locator(".opt input").first.get_attribute("value")

    order = list(tab_order(page, 6))

    assert order == ["hand-in", "flag", first, "previous", "open-map", "next"]


def test_a_whole_paper_by_keyboard_alone(hall: Hall) -> None:
    account, context = hall.newcomer(viewport={"width": 1440, "height": 900}, has_touch=False)
    context.clear_cookies()
    page = context.new_page()
    page.goto(f"{hall.server.url}/sign-in")
    assert focused(page) == "account"
    page.keyboard.type(account)
    page.keyboard.press("Tab")
    page.keyboard.type(town.PASSWORD)
    page.keyboard.press("Enter")
    start = page.get_by_role("button", name="开始答题")
    expect(start).to_be_visible()
    for reached in tab_order(page, 8):
        if reached == "开始答题":
            break
    page.keyboard.press("Enter")
    expect(page.locator(".opt").first).to_be_visible(timeout=PATIENCE_MS)
    candidate = Candidate(hall, account, context, int(re.findall(r"/exam/(\d+)", page.url)[0]))
    form = candidate.form()

    for position, right in candidate.right_answers().items():
        expect(page.locator("#meta")).to_contain_text(f"第 {position} 题")
        for key in right:
            index = form[position][0].options.index(key)
            page.keyboard.press("ABCDEF"[index] if position % 2 else str(index + 1))
        page.keyboard.press("m" if position == 3 else "Shift")
        if position < 20:
            page.keyboard.press("ArrowRight" if position % 2 else "Enter")
            expect(page.locator("#stem")).to_be_focused()
    page.keyboard.press("Enter")
    dialog = page.locator("#dialog")
    expect(dialog).to_contain_text("您标记了 1 题")
    expect(page.locator("#dialog-title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    for reached in tab_order(page, 6):
        if reached == "确认交卷":
            break
    page.keyboard.press("Enter")

    to_result(page)
    row = candidate.row()
    assert (row.state, row.score, row.passed) == ("handed_in", 100.0, True)


def test_up_and_down_choose_within_an_item_and_sideways_changes_it(hall: Hall) -> None:
    candidate = hall.candidate()
    page = candidate.open(position=2)
    keys = [box.get_attribute("value") for box in page.locator(".opt input").all()]
    page.keyboard.press("1")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#meta")).to_contain_text("第 3 题")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#meta")).to_contain_text("第 2 题")

    expect(page.locator(f".opt input[value='{keys[1]}']")).to_be_checked()
    expect_saved(page)
    assert candidate.kept() == {2: ([keys[1]], 2)}


def test_a_screen_reader_hears_state_changes_and_the_item(hall: Hall) -> None:
    candidate = hall.candidate()
    page = candidate.open()
    group = page.get_by_role("group", name=candidate.form()[1][1].stem)
    expect(group.get_by_role("radio")).to_have_count(len(candidate.form()[1][0].options))
    expect(page.get_by_role("button", name="标记", exact=True)).to_have_attribute("aria-pressed", "false")
    candidate.context.set_offline(True)

    choose(page, 0)

    expect(page.get_by_role("status")).to_contain_text("信号不好，答案已存在本机", timeout=PATIENCE_MS)
    candidate.context.set_offline(False)
    expect(page.get_by_role("status")).to_have_text("已保存", timeout=PATIENCE_MS)
    go(page, MULTIPLES[0])
    expect(page.get_by_role("checkbox").first).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("题号表：第 9 题，共 20 题，已答 1 题"))).to_be_visible()


# ---- the result


def test_a_wrong_item_shows_choice_key_reason_and_clause(hall: Hall) -> None:
    candidate = hall.candidate()
    explained = next(n for n in MUST if candidate.form()[n][1].rationales)
    answers = answer_wrong(candidate, 2, explained)
    page = result_page(candidate)

    for position in (2, explained):
        item, view = candidate.form()[position]
        shown = page.locator(".item").filter(has_text=f"第 {position} 题")
        texts = dict(view.options)
        chosen = shown.locator("li.is-bad")
        expect(chosen).to_contain_text(texts[answers[position][0]])
        expect(chosen).to_contain_text("您选的")
        expect(shown.locator("li.is-key")).to_contain_text(texts[next(iter(view.key))])
        expect(shown.locator("li.is-key")).to_contain_text("正确答案")
        expect(shown).to_contain_text(view.explanation)
        for rationale in view.rationales.values():
            expect(shown).to_contain_text(rationale)
        clause = view.clauses[0]
        expect(shown.locator("details").first).to_have_attribute("open", "")
        expect(shown.locator("summary").first).to_contain_text(f"《{clause.edition_title}》{clause.ref}")
        expect(shown.locator("details p").first).to_contain_text(clause.text)
        assert len(item.options) == shown.locator("li").count()


def test_a_missed_key_of_a_multiple_choice_item_is_told_apart_from_a_found_one(hall: Hall) -> None:
    candidate = hall.candidate()
    right = candidate.right_answers()
    several = next(n for n in MULTIPLES if len(right[n]) > 1)
    candidate.answer_by_api(right | {several: right[several][:1]})
    candidate.hand_in_by_api()

    shown = result_page(candidate).locator(".item").filter(has_text=f"第 {several} 题")

    expect(shown.locator("li.is-key").filter(has_text="您选的")).to_have_count(1)
    expect(shown.locator("li.is-key").filter(has_text="您漏选了")).to_have_count(len(right[several]) - 1)


def test_wrong_items_alone_are_shown_until_all_are_asked_for(hall: Hall) -> None:
    candidate = hall.candidate()
    answer_wrong(candidate, 2, 5, MULTIPLES[1])
    page = result_page(candidate)
    expect(page.locator(".item:visible")).to_have_count(3)

    page.get_by_text("全部（20）").click()

    expect(page.locator(".item:visible")).to_have_count(20)
    page.get_by_text("只看错题（3）").click()
    expect(page.locator(".item:visible")).to_have_count(3)
    expect(page.locator(".verdict")).to_have_text("合格")


def test_a_wrong_must_be_right_item_is_named_as_the_reason(hall: Hall) -> None:
    candidate = hall.candidate()
    answer_wrong(candidate, MUST[1])

    page = result_page(candidate)

    row = candidate.row()
    assert (row.score, row.passed) == (95.0, False)
    expect(page.locator(".verdict")).to_have_text("未合格")
    expect(page.locator(".score")).to_contain_text(f"第 {MUST[1]} 题是必须答对的题，没有答对，因此虽然达到 60 分，仍为未合格")
    expect(page.get_by_role("link", name="再考一次")).to_be_visible()


@pytest.mark.parametrize(
    ("policy", "reason"),
    [(ReviewPolicy.SCORE_ONLY, "只公布成绩，不公布答案"), (ReviewPolicy.AFTER_CLOSE, "考试窗口结束后可查看错题、答案和解析")],
)
def test_without_a_review_the_page_says_why_and_gives_nothing_away(hall: Hall, policy: ReviewPolicy, reason: str) -> None:
    candidate = hall.candidate()
    answer_wrong(candidate, MUST[0])
    with hall.review_policy(policy):
        page = result_page(candidate)

        expect(page.locator("main")).to_contain_text(reason)
        expect(page.locator(".score")).to_contain_text("有 1 道必须答对的题没有答对")
        html = page.content()
    assert page.locator(".item").count() == 0
    assert not [view.explanation for _, view in candidate.form().values() if view.explanation in html]


def test_after_the_window_the_review_opens(hall: Hall) -> None:
    candidate = hall.candidate()
    answer_wrong(candidate, 1)
    with hall.review_policy(ReviewPolicy.AFTER_CLOSE):
        with hall.database.transaction() as session:
            paper = session.get_one(Paper, hall.paper_id)
            closes_at, paper.closes_at = paper.closes_at, candidate.row().started_at
        page = result_page(candidate)
        expect(page.locator(".item")).to_have_count(20)
        with hall.database.transaction() as session:
            session.get_one(Paper, hall.paper_id).closes_at = closes_at


# ---- the paper slip


def test_an_activation_code_may_be_typed_in_any_manner(hall: Hall) -> None:
    context: BrowserContext = hall.device()
    page = context.new_page()
    page.goto(f"{hall.server.url}/activate")
    code = page.locator("#code")
    code.press_sequentially("k7m2 9qxp")
    assert code.input_value() == "K7M2-9QXP"
    code.fill("ｋ７ｍ２—９ｑｘｐ")
    code.blur()
    assert code.input_value() == "K7M2-9QXP"
    page.locator("#password").fill("Abc")
    page.locator("#again").fill("Abd")
    expect(page.locator("[data-mismatch]")).to_be_visible()

    page.get_by_role("button", name="显示").click()

    expect(page.locator("#password")).to_have_attribute("type", "text")

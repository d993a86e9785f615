"""Learning cards: what my papers are about comes first, a wrong answer leads to its card, nobody reads without signing in."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import delete
from sqlmodel import Session

from quiz.models.banks import Clause, Edition, LearningCard, Standard
from tests.attempts import exam
from tests.running_site import Site, save, start, submit
from tests.web.test_pages import check_safety

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module", autouse=True)
def cards(site: Site) -> Iterator[None]:
    """A card for the clause the examination tests, three of another edition, one of a superseded edition."""

    def write(session: Session) -> None:
        session.execute(delete(LearningCard))
        session.add(Standard(code="lifts", title="电梯"))
        session.flush()
        session.add(Edition(code="lifts-2020", standard_code="lifts", title="电梯规定", status="in_force"))
        session.add(Edition(code="lifts-2010", standard_code="lifts", title="电梯旧规定", status="superseded"))
        session.flush()
        clauses = [("lifts-2020", n, "层门" if n < 3 else "救援") for n in (1, 2, 3)] + [("lifts-2010", 1, "旧")]
        for edition, n, group in clauses:
            session.add(
                Clause(
                    id=f"{edition}/{n}",
                    edition_code=edition,
                    ref=f"第{n}条",
                    group=group,
                    heading=f"要点{n}",
                    text=f"条文{n}。",
                    position=n,
                )
            )
        session.flush()
        for clause in (exam.CLAUSE, *(f"{edition}/{n}" for edition, n, _ in clauses)):
            session.add(
                LearningCard(clause_id=clause, says=f"装好 {clause}", why="会漏气", on_site=["看探头", HOSTILE], mistakes=["报了名"])
            )

    site.change(write)
    yield


def links(html: str) -> list[str]:
    return re.findall(r'href="(/learn[^"]*)"', html)


def test_a_wrong_answer_leads_to_its_card_and_back_to_the_result(site: Site) -> None:
    phone = site.candidate()
    attempt_id = start(phone, site.paper_id).json()["id"]
    save(phone, attempt_id, {1: ["B"], 2: exam.RIGHT[2], 3: exam.RIGHT[3]})
    before = links(phone.get("/learn").text)
    submit(phone, attempt_id)

    result = phone.get(f"/exam/{attempt_id}/result").text
    card = phone.get(f"/learn/{exam.CLAUSE}", params={"exam": attempt_id})
    index = phone.get("/learn").text

    assert links(result) == [f"/learn/{exam.CLAUSE}?exam={attempt_id}"]
    assert all(words in card.text for words in ("要求什么", f"装好 {exam.CLAUSE}", "为什么", "现场看什么", "常见错误", "第七条"))
    assert f'href="/exam/{attempt_id}/result"' in card.text
    assert (before, links(index)) == (
        ["/learn/gas-2024", "/learn/lifts-2020"],
        [f"/learn/{exam.CLAUSE}", "/learn/gas-2024", "/learn/lifts-2020"],
    )


def test_an_open_paper_does_not_tell_which_answers_are_wrong(site: Site) -> None:
    phone = site.candidate()
    attempt_id = start(phone, site.paper_id).json()["id"]
    save(phone, attempt_id, {1: ["B"]})

    assert "先看您答错的" not in phone.get("/learn").text


def test_a_booklet_is_read_from_card_to_card(site: Site) -> None:
    phone = site.candidate()
    booklet = phone.get("/learn/lifts-2020").text
    turns = [links(phone.get(f"/learn/lifts-2020/{n}").text)[2:] for n in (1, 2, 3)]

    assert links(booklet) == ["/learn", "/learn/lifts-2020/1", "/learn/lifts-2020/2", "/learn/lifts-2020/3"]
    assert re.findall(r"<h2[^>]*>([^<]*)</h2>", booklet) == ["层门", "救援"]
    assert turns == [["/learn/lifts-2020/2"], ["/learn/lifts-2020/1", "/learn/lifts-2020/3"], ["/learn/lifts-2020/2"]]


def test_a_superseded_edition_is_not_on_the_shelf_and_says_what_it_is(site: Site) -> None:
    phone = site.candidate()

    assert "/learn/lifts-2010" not in phone.get("/learn").text
    assert "已被替代" in phone.get("/learn/lifts-2010/1").text


@pytest.mark.parametrize(
    "path", ["/learn/nothing", "/learn/lifts-2020/99", "/learn/nothing/1", "/learn/%00", "/learn/lifts-2020/%27%22%3E"]
)
def test_what_is_not_there_is_said_so(site: Site, path: str) -> None:
    response = site.candidate().get(path)

    assert response.status_code == 404
    check_safety(response)


@pytest.mark.parametrize("exam_id", ["zzz", "12/../..", "javascript:alert(1)", "9999999999"])
def test_the_way_back_is_a_number_or_nothing(site: Site, exam_id: str) -> None:
    page = site.candidate().get("/learn/lifts-2020/1", params={"exam": exam_id})

    assert (page.status_code, "/result" in page.text, exam_id in page.text) == (200, False, False)


def test_cards_are_text_never_markup_and_small_enough_for_a_weak_signal(site: Site) -> None:
    page = site.candidate().get("/learn/lifts-2020/1")

    assert HOSTILE not in page.text and "&lt;script&gt;" in page.text
    assert len(page.content) < 10_000
    check_safety(page)


def test_staff_read_too_and_strangers_are_sent_to_the_door(site: Site) -> None:
    assert [site.browser("office").get(path).status_code for path in ("/learn", "/learn/lifts-2020", "/learn/lifts-2020/2")] == [200] * 3
    stranger = site.browser().get("/learn/lifts-2020/2")
    assert (stranger.status_code, stranger.headers["location"]) == (303, "/sign-in?next=/learn/lifts-2020/2")

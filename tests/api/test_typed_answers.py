"""Answers that are no choice, over HTTP: sent, kept in the order that counts, refused when they cannot be answers, and marked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from quiz import clock
from quiz.papers import service as papers
from tests.attempts import exam, typed_exam
from tests.attempts.typed_exam import BLANK, CASE, MATCHING, NUMERIC, ORDERING, RIGHT
from tests.running_site import Site, save, start, submit


@pytest.fixture(scope="module")
def typed_site(site: Site) -> Iterator[Site]:
    """The site's only paper asks the five types."""

    def change(session: object) -> None:
        typed_exam.write_bank(session, now=clock.now())  # type: ignore[arg-type]
        papers.edit_paper(session, paper_id=site.paper_id, draft=typed_exam.draft(now=clock.now()))  # type: ignore[arg-type]

    site.change(change)
    yield site


def test_what_was_saved_comes_back_in_its_order_and_is_marked(typed_site: Site) -> None:
    phone = typed_site.candidate()
    attempt_id = start(phone, typed_site.paper_id).json()["id"]

    kept = save(phone, attempt_id, RIGHT | {MATCHING: ["3B", "1B", "2A"]}, sequence=3)

    assert kept.status_code == 200, kept.text
    other_device = phone.get(f"/api/v1/attempts/{attempt_id}").json()
    assert {row["position"]: row["answer"] for row in other_device["responses"]} == RIGHT
    result = submit(phone, attempt_id).json()
    assert (result["score"], result["passed"], result["correct"]) == (50, True, 5)


def test_the_same_answer_sent_again_in_another_order_is_no_new_answer(typed_site: Site) -> None:
    phone = typed_site.candidate()
    attempt_id = start(phone, typed_site.paper_id).json()["id"]
    save(phone, attempt_id, {MATCHING: ["1B", "2A"], CASE: ["1:B", "2:A"]}, sequence=1)

    again = save(phone, attempt_id, {MATCHING: ["2A", "1B"], CASE: ["2:A", "1:B"]}, sequence=1)

    assert again.json()["saved"] == [{"position": MATCHING, "sequence": 1}, {"position": CASE, "sequence": 1}]
    turned = (
        save(phone, attempt_id, {ORDERING: ["A", "B", "C"]}, sequence=1),
        save(phone, attempt_id, {ORDERING: ["B", "A", "C"]}, sequence=1),
    )
    assert [answered.json()["saved"][0]["sequence"] for answered in turned] == [1, 2]  # another order is another answer


@pytest.mark.parametrize(
    ("position", "answer", "code"),
    [
        (NUMERIC, ["1", "2"], "option"),
        (NUMERIC, ["\x00"], "option"),
        (BLANK, ["三级"], "option"),
        (ORDERING, ["A"], "option"),
        (MATCHING, ["9A"], "option"),
        (CASE, ["9:A"], "option"),
        (CASE, ["x"], "option"),
        (NUMERIC, ["1" * 201], "invalid_request"),
        (BLANK, ["x"] * 61, "invalid_request"),
    ],
)
def test_what_cannot_be_an_answer_is_refused_and_the_rest_goes_on(typed_site: Site, position: int, answer: list[str], code: str) -> None:
    phone = typed_site.candidate()
    attempt_id = start(phone, typed_site.paper_id).json()["id"]

    refused = save(phone, attempt_id, {position: answer})

    assert (refused.status_code, refused.json()["code"]) == (422, code), refused.text
    assert save(phone, attempt_id, {position: RIGHT[position]}).status_code == 200


def test_half_a_character_is_refused(typed_site: Site) -> None:
    phone = typed_site.candidate()
    attempt_id = start(phone, typed_site.paper_id).json()["id"]

    refused = phone.put(
        f"/api/v1/attempts/{attempt_id}/responses", content=b'{"responses":[{"position":1,"answer":["\\ud800"],"sequence":1}]}'
    )

    assert refused.status_code == 422


def test_no_key_tolerance_or_accepted_text_leaves(typed_site: Site) -> None:
    phone = typed_site.candidate()
    begun = start(phone, typed_site.paper_id)
    attempt_id = begun.json()["id"]
    bodies = [begun, save(phone, attempt_id, {NUMERIC: ["1"]}), submit(phone, attempt_id), phone.get(f"/api/v1/attempts/{attempt_id}")]

    assert [word for word in typed_exam.NEVER_SENT for body in bodies if word in body.text] == []
    secrets = {"key_", "tolerance", "ordered_key", "explanation", "rationales", "marks", "lines", "correct_answer"}
    assert secrets & {name for body in bodies for name in exam.field_names(body.json())} == set()

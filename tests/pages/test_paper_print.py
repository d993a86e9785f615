"""A trainer prints a paper: the form of a number, and the key that belongs to it."""

from __future__ import annotations

import io

import docx

from quiz.db import Database
from quiz.exchange import print_paper
from quiz.exchange.print_paper import PaperSize
from quiz.papers import queries
from tests.pages.conftest import Open


def text_of(data: bytes) -> list[str]:
    return [paragraph.text for paragraph in docx.Document(io.BytesIO(data)).paragraphs]


def test_paper_and_key_are_offered_for_the_number_that_was_chosen(open_screen: Open, site: Database) -> None:
    app = open_screen("papers", "trainer", paper="1")

    app.toggle(key="print").set_value(True).run()
    app.number_input(key="print_number").set_value(42).run()

    assert not app.exception
    assert [button.proto.label for button in app.get("download_button")] == ["下载试卷（Word）", "下载答案（Word）"]


def test_a_number_gives_the_same_form_every_time_and_another_number_another(site: Database) -> None:
    with site.reading() as session:
        paper = queries.paper(session, 1)
        first, again, other = (print_paper.draw(session, paper=paper, seed=seed) for seed in (42, 42, 43))

    assert first.sheet == again.sheet
    assert text_of(first.paper(PaperSize.A3)) == text_of(again.paper(PaperSize.A3))
    assert first.sheet.items != other.sheet.items
    assert (first.sheet.number, first.sheet.max_score, len(first.sheet.items)) == ("000042", paper.max_score, paper.questions)
    assert text_of(first.key())[0] == f"{paper.title}参考答案与解析"

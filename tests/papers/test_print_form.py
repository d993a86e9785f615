"""A form goes to paper with the letters its candidate would see."""

from __future__ import annotations

from dataclasses import replace

from quiz.banks.queries import VersionView
from quiz.banks.question import PictureRef, Question
from quiz.papers.domain import FormItem
from quiz.papers.print_form import as_printed
from quiz.vocabulary import ItemKind, ItemType

DIGEST = "0" * 64
SINGLE = VersionView(
    id=7,
    item_id=7,
    item_code="q-1",
    bank_code="b",
    type=ItemType.SINGLE,
    kind=ItemKind.KNOWLEDGE,
    topic="",
    difficulty="medium",
    stem="选哪一项？",
    options=(("A", "甲"), ("B", "乙"), ("C", "丙")),
    key=frozenset("A"),
    ordered_key=("A",),
    explanation="甲对。",
    rationales={"B": "乙错。", "C": "丙错。"},
    clauses=(),
    pictures=(PictureRef(digest=DIGEST, where="B"), PictureRef(digest=DIGEST)),
)


def printed(view: VersionView, *order: str) -> tuple[dict[str, str], list[str]]:
    item = as_printed(FormItem(7, order, 2.0, False), view).item
    return item.options, item.key


def test_key_reasons_and_pictures_follow_the_options_to_their_new_letters() -> None:
    item = as_printed(FormItem(7, ("C", "A", "B"), 2.0, True), SINGLE).item

    assert (item.options, item.key, item.rationales, [picture.where for picture in item.pictures]) == (
        {"A": "丙", "B": "甲", "C": "乙"},
        ["B"],
        {"A": "丙错。", "C": "乙错。"},
        ["C", "stem"],
    )


def test_several_letters_are_printed_in_the_order_of_the_alphabet() -> None:
    multiple = replace(SINGLE, type=ItemType.MULTIPLE, key=frozenset("AC"), ordered_key=("A", "C"))

    assert printed(multiple, "C", "B", "A") == ({"A": "丙", "B": "乙", "C": "甲"}, ["A", "C"])


def test_an_ordering_keeps_the_order_of_its_key() -> None:
    ordering = replace(SINGLE, type=ItemType.ORDERING, ordered_key=("B", "C", "A"), rationales={})

    assert printed(ordering, "C", "B", "A") == ({"A": "丙", "B": "乙", "C": "甲"}, ["B", "A", "C"])


def test_pairs_keep_their_numbers_and_change_their_letters() -> None:
    matching = replace(SINGLE, type=ItemType.MATCHING, prompts=(("1", "一"), ("2", "二")), ordered_key=("1A", "2C"), rationales={})

    assert printed(matching, "C", "B", "A") == ({"A": "丙", "B": "乙", "C": "甲"}, ["1C", "2A"])


def test_each_part_of_a_case_has_letters_of_its_own() -> None:
    part = Question(type=ItemType.SINGLE, stem="问？", options={"A": "甲", "B": "乙"}, key=["A"])
    number = Question(type=ItemType.NUMERIC, stem="几米？", key=["3"], unit="米")
    case = replace(
        SINGLE, type=ItemType.CASE, options=(), key=frozenset(), ordered_key=(), rationales={}, pictures=(), parts=(part, number, part)
    )

    parts = as_printed(FormItem(7, ("1:B", "1:A", "3:A", "3:B"), 5.0, False), case).item.parts

    assert [(part.options, part.key) for part in parts] == [
        ({"A": "乙", "B": "甲"}, ["B"]),
        ({}, ["3"]),
        ({"A": "甲", "B": "乙"}, ["A"]),
    ]

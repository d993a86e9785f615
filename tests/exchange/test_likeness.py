"""Near duplicates among many texts, found without comparing all of them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import fuzz

from quiz.exchange import likeness
from quiz.exchange.likeness import ALIKE, nearest

HOSE = "连接燃气灶的软管长度不得超过多少米并且多久应当更换一次以免老化漏气"
ALARM = "厨房里的可燃气体报警装置应当装在哪里由谁每天检查并做好记录"
PLACES = ("冷库", "锅炉房", "配电室", "污水池", "烘干车间", "喷漆房", "后厨", "码头")


def everything(texts: list[str]) -> dict[int, tuple[int, float]]:
    return nearest(texts, asked=range(len(texts)))


def test_each_text_is_held_against_those_before_it() -> None:
    other_hose = HOSE.replace("多少米", "几米")
    score = fuzz.ratio(HOSE, other_hose)

    assert everything([HOSE, ALARM, other_hose]) == {2: (0, score)}


def test_only_texts_that_were_asked_about_get_an_answer() -> None:
    assert nearest([HOSE, HOSE, HOSE], asked=[2]) == {2: (0, 100.0)}
    assert nearest([HOSE, HOSE, HOSE], asked=[]) == {}


def test_the_likeliest_of_several_is_named_and_of_equals_the_earliest() -> None:
    far, near = HOSE.replace("老化漏气", "老化"), HOSE.replace("以免", "避免")

    assert everything([far, near, near, HOSE])[3] == (1, fuzz.ratio(HOSE, near))


@pytest.mark.parametrize("texts", [[], [""], ["", ""], ["软管", "软管"], ["软管长", "软管长度", "软管长度"]])
def test_texts_too_short_to_be_recognised_are_like_nothing(texts: list[str]) -> None:
    assert everything(texts) == {}


def test_what_half_the_bank_says_does_not_make_two_questions_alike() -> None:
    """A phrase that very many texts share is no sign; the rest of these has nothing in common."""
    chance = random.Random(1)
    texts = ["下列说法正确的是" + "".join(chr(chance.randrange(0x4E00, 0x9FFF)) for _ in range(30)) for _ in range(200)]

    assert everything(texts) == {}


def test_counting_in_parts_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(2)
    texts = [HOSE.replace("米", chance.choice(PLACES)) + chance.choice(PLACES) for _ in range(60)]
    at_once = everything(texts)
    monkeypatch.setattr(likeness, "_AT_ONCE", 10)

    assert everything(texts) == at_once
    assert len(at_once) > 30


@given(st.lists(st.sampled_from([HOSE, ALARM]), min_size=1, max_size=6), st.data())
def test_every_answer_is_earlier_and_alike(bases: list[str], data: st.DataObject) -> None:
    texts = []
    for base in bases:
        at = data.draw(st.integers(0, len(base) - 1))
        texts.append(base[:at] + data.draw(st.sampled_from(PLACES)) + base[at + 1 :])

    for place, (other, score) in everything(texts).items():
        assert other < place
        assert score == fuzz.ratio(texts[place], texts[other]) >= ALIKE

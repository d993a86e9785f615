"""What a paper will be like before anybody sat it: how long it takes, what the mean score is, how many will pass. Pure.

Duration. Until it was measured, each question is given the seconds of its type in `SECONDS_BY_TYPE` and, for what has to be read (stem,
options, prompts), a second for every `SIGNS_A_SECOND` characters: the pace of somebody who reads a rule carefully, not a novel. A case
takes its own text and each of its questions. These figures are ours. Where attempts were handed in, the measured median of seconds an
item takes their place.

Difficulty. An item that at least `ENOUGH_ANSWERS` candidates were asked has the share who got it fully right; any other has what the
author's label stands for in `SHARE_BY_LABEL`, which is a guess and is said to be one.

Score and passing. `FORMS` forms are drawn as they will be drawn for candidates, and on each of them `CANDIDATES_A_FORM` candidates
answer every item right with its share, independently of each other: a sum of Bernoulli trials. Real candidates differ in ability, so
real scores spread more: a share near 100% or 0% is in truth a little further from it. Partial credit is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from quiz.banks.queries import VersionView
from quiz.papers.domain import SCORE_DECIMALS, Blueprint, FormItem, Pool, assemble_form
from quiz.vocabulary import Difficulty, ItemType

SECONDS_BY_TYPE = {
    ItemType.SINGLE: 10.0,
    ItemType.MULTIPLE: 22.0,
    ItemType.TRUE_FALSE: 6.0,
    ItemType.NUMERIC: 60.0,
    ItemType.BLANK: 20.0,
    ItemType.ORDERING: 40.0,
    ItemType.MATCHING: 35.0,
    ItemType.CASE: 0.0,
}
"""Thinking and marking, without reading."""
SIGNS_A_SECOND = 6.0
SHARE_BY_LABEL = {Difficulty.EASY: 0.85, Difficulty.MEDIUM: 0.7, Difficulty.HARD: 0.5}
ENOUGH_ANSWERS = 20
ENOUGH_ATTEMPTS = 20
"""Attempts from which a measured pace is worth more than the model."""
FORMS = 40
CANDIDATES_A_FORM = 100


@dataclass(frozen=True)
class Measured:
    """What is known of an item from those who were asked."""

    asked: int
    right: int


@dataclass(frozen=True)
class MeasuredPace:
    """Seconds an item, the median over attempts."""

    attempts: int
    seconds: float


@dataclass(frozen=True)
class Prediction:
    """What is to be expected of a form of this paper."""

    minutes: float
    minutes_measured_on: int
    """Attempts the pace was measured on; 0 = from the model."""
    share: float
    """Mean share right over the forms' items, each weighted with how often it is drawn."""
    measured_items: int
    """Items on the forms drawn whose share was measured; the others' is the author's guess."""
    items: int
    mean_score: float
    pass_share: float


def seconds_of(view: VersionView) -> float:
    """How long one item takes by the model."""
    signs = len(view.stem) + sum(len(text) for _, text in (*view.options, *view.prompts))
    seconds = SECONDS_BY_TYPE[view.type] + signs / SIGNS_A_SECOND
    for part in view.parts:
        signs = len(part.stem) + sum(map(len, (*part.options.values(), *part.prompts.values())))
        seconds += SECONDS_BY_TYPE[part.type] + signs / SIGNS_A_SECOND
    return seconds


def share_of(view: VersionView, measured: Measured | None) -> float:
    """The share who will get it right: measured where enough were asked, else the author's guess."""
    if measured is not None and measured.asked >= ENOUGH_ANSWERS:
        return measured.right / measured.asked
    return SHARE_BY_LABEL[Difficulty(view.difficulty)]  # type: ignore[call-arg]


def predict(
    pool: Pool,
    blueprint: Blueprint,
    *,
    views: Mapping[int, VersionView],
    measured: Mapping[int, Measured],
    cut_score: float,
    pace: MeasuredPace | None = None,
    seed: int = 0,
) -> Prediction:
    """Draw forms and let candidates sit them. `views` and `measured` are by version; the same seed predicts the same.

    Raises:
        PoolTooSmall: no form can be drawn.
    """
    forms = [assemble_form(pool, blueprint, seed=seed + number) for number in range(FORMS)]
    shares = {item.version: share_of(views[item.version], measured.get(item.version)) for form in forms for item in form}
    is_measured = pace is not None and pace.attempts >= ENOUGH_ATTEMPTS
    seconds = blueprint.count * pace.seconds if pace and is_measured else _seconds(forms, views)
    scores, passed = _sit(forms, shares, cut_score, seed)
    return Prediction(
        minutes=seconds / 60,
        minutes_measured_on=pace.attempts if pace and is_measured else 0,
        share=fmean(shares[item.version] for form in forms for item in form),
        measured_items=sum(1 for version in shares if (m := measured.get(version)) and m.asked >= ENOUGH_ANSWERS),
        items=len(shares),
        mean_score=scores,
        pass_share=passed,
    )


def _seconds(forms: Sequence[Sequence[FormItem]], views: Mapping[int, VersionView]) -> float:
    return fmean(sum(seconds_of(views[item.version]) for item in form) for form in forms)


def _sit(forms: Sequence[Sequence[FormItem]], shares: Mapping[int, float], cut_score: float, seed: int) -> tuple[float, float]:
    """Mean score, and share who pass."""
    chance = np.random.default_rng(seed)
    scores, passed = [], []
    for form in forms:
        points = np.array([item.points for item in form])
        must = np.array([item.must_be_right for item in form])
        right = chance.random((CANDIDATES_A_FORM, len(form))) < np.array([shares[item.version] for item in form])
        score = np.round(right @ points, SCORE_DECIMALS)
        scores.append(score.mean())
        passed.append(((score >= round(cut_score, SCORE_DECIMALS)) & (right | ~must).all(axis=1)).mean())
    return float(np.mean(scores)), float(np.mean(passed))

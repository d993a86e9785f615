"""Shares of the mark that Moodle and its relatives give each option, as the options that are right."""

from __future__ import annotations

from collections.abc import Sequence

from quiz.exchange.domain import Severity
from quiz.exchange.judgement import Judgement


def right_ones(judgement: Judgement, shares: Sequence[float], *, multiple: bool) -> list[int]:
    """Places of the right options by their shares in percent. One that earns only a part of a single choice is not right."""
    if multiple:
        return [place for place, share in enumerate(shares) if share > 0]
    partial = [place for place, share in enumerate(shares) if 0 < share < 99.99]
    if partial:
        message = f"{len(partial)} 个选项只得部分分，安考的单选题没有部分分，按错误选项读取"
        judgement.repair("partial_credit_dropped", message, at="answer", severity=Severity.WARNING)
    return [place for place, share in enumerate(shares) if share >= 99.99]


def note_uneven(judgement: Judgement, shares: Sequence[float]) -> None:
    """Say so where right options earn different shares: Ankao's papers score by their own policy."""
    if shares and max(shares) - min(shares) > 0.02:
        judgement.repair("weights_dropped", "各正确选项的分值不同，安考按试卷的计分规则给分", at="answer")

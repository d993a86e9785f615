"""The rules of a paper being written: what passes, how long, how often, when, and what is shown afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

import streamlit as st

from quiz import clock
from quiz.papers.queries import PaperView
from quiz.ui.state import Slot
from quiz.vocabulary import ReviewPolicy, ScoringPolicy

_OPEN_FOR = timedelta(days=30)
_LAST_MINUTE = time(23, 59)
_SHARE_TO_PASS = 0.6
_USUAL_ATTEMPTS = 3


@dataclass(frozen=True)
class Rules:
    """What the trainer decided."""

    cut_score: float
    time_limit_minutes: int
    attempts_allowed: int | None
    opens_at: datetime
    closes_at: datetime
    scoring_policy: ScoringPolicy
    review_policy: ReviewPolicy
    shuffle_items: bool
    shuffle_options: bool


def ask(form: str, paper: PaperView | None, *, max_score: float) -> Rules | None:
    """Draw the fields; None while a day or time is missing."""
    cut, limit, allowed = _figures(form, paper, max_score)
    window = _window(form, paper)
    scoring, review = _policies(form, paper)
    with st.container(horizontal=True):
        items = st.checkbox("打乱题目顺序", value=paper.shuffle_items if paper else True, key=f"{form}_shuffle_items")
        options = st.checkbox("打乱选项顺序", value=paper.shuffle_options if paper else True, key=f"{form}_shuffle_options")
    return Rules(cut, limit, allowed, *window, scoring, review, items, options) if window else None


def _figures(form: str, paper: PaperView | None, max_score: float) -> tuple[float, int, int | None]:
    # A field with a default of its own cannot be emptied in the browser; one that begins from the state can.
    allowed_slot: Slot[int | None] = Slot(f"{form}_allowed", lambda: paper.attempts_allowed if paper else _USUAL_ATTEMPTS)
    allowed_slot.get()
    first_cut = paper.cut_score if paper else max(1.0, round(max_score * _SHARE_TO_PASS))
    with st.container(horizontal=True):
        cut = st.number_input("合格分", min_value=0.5, value=float(first_cut), step=1.0, format="%g", key=f"{form}_cut", width=170)
        limit = st.number_input(
            "时限（分钟）",
            min_value=1,
            max_value=600,
            value=paper.time_limit_minutes if paper else 30,
            step=5,
            key=f"{form}_limit",
            width=170,
        )
        allowed = st.number_input(
            "允许次数（留空为不限）",
            min_value=1,
            max_value=99,
            value=None,
            step=1,
            key=allowed_slot.name,
            placeholder="不限次数",
            width=230,
        )
    return float(cut), int(limit), None if allowed is None else int(allowed)


def _window(form: str, paper: PaperView | None) -> tuple[datetime, datetime] | None:
    """Opening and closing, in Weihai's time. A closing at 23:59 means to the end of that day."""
    today = clock.local_day(clock.now())
    opens = (paper.opens_at if paper else clock.start_of_day(today)).astimezone(clock.SHANGHAI)
    closes = (paper.closes_at if paper else clock.end_of_day(today + _OPEN_FOR)).astimezone(clock.SHANGHAI)
    with st.container(horizontal=True):
        first = _moment(f"{form}_opens", "开放", opens)
        last = _moment(f"{form}_closes", "截止", closes)
    if first is None or last is None:
        return None
    last = last.replace(second=59) if last.time() == _LAST_MINUTE else last
    return first.astimezone(clock.UTC), last.astimezone(clock.UTC)


def _moment(key: str, name: str, moment: datetime) -> datetime | None:
    day = st.date_input(f"{name}日期", value=moment.date(), format="YYYY-MM-DD", key=f"{key}_day", width=190)
    hour = st.time_input(f"{name}时间", value=moment.time().replace(second=0, microsecond=0), step=300, key=f"{key}_time", width=150)
    return datetime.combine(day, hour, clock.SHANGHAI) if day and hour is not None else None


def _policies(form: str, paper: PaperView | None) -> tuple[ScoringPolicy, ReviewPolicy]:
    scorings, reviews = list(ScoringPolicy), list(ReviewPolicy)
    scoring = st.radio(
        "多选题计分",
        scorings,
        format_func=lambda policy: policy.label,
        index=scorings.index(paper.scoring_policy) if paper else 0,
        key=f"{form}_scoring",
    )
    review = st.radio(
        "成绩和答案的公布",
        reviews,
        format_func=lambda policy: policy.label,
        index=reviews.index(paper.review_policy) if paper else 0,
        key=f"{form}_review",
    )
    return scoring or scorings[0], review or reviews[0]

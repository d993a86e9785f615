"""A candidate reads the rules, starts, and finds the results."""

from __future__ import annotations

from sqlmodel import select

from quiz.db import Database
from quiz.models.attempts import Attempt
from tests.pages.conftest import Open, words


def attempts(database: Database) -> list[Attempt]:
    with database.reading() as session:
        return list(session.exec(select(Attempt)))


def test_the_rules_are_told_before_the_start(open_screen: Open, site: Database) -> None:
    text = words(open_screen("take_quiz", "trainee"))

    told = ("10 题", "30 分钟", "60 分（满分 100 分）", "3 次", "多选题全部选对才得分", "交卷后即可查看", "由本人独立作答")
    assert [part for part in told if part not in text] == []
    assert attempts(site) == []


def test_start_opens_one_attempt_and_leads_to_the_player(open_screen: Open, site: Database) -> None:
    app = open_screen("take_quiz", "trainee")

    app.button(key="start_1").click().run()

    [attempt] = attempts(site)
    assert f'href="/exam/{attempt.id}"' in words(app)


def test_a_running_attempt_is_resumed_not_started_again(open_screen: Open, site: Database) -> None:
    open_screen("take_quiz", "trainee").button(key="start_1").click().run()

    again = open_screen("take_quiz", "trainee")

    assert ("继续答题" in words(again), [b.key for b in again.button], len(attempts(site))) == (True, [], 1)


def test_results_name_the_paper_and_lead_to_the_attempt(open_screen: Open, site: Database) -> None:
    open_screen("take_quiz", "trainee").button(key="start_1").click().run()

    text = words(open_screen("my_results", "trainee"))

    [attempt] = attempts(site)
    assert ("安全生产考试" in text, "答题中" in text, f"/exam/{attempt.id}" in text) == (True, True, True)

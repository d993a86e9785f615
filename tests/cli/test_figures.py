"""Figures from the command line: coverage and scores with exact keys, and the two proofs that find what was tampered with."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest

from quiz import clock
from quiz.coverage import service as coverage_service
from quiz.db import Database
from tests.cli.console import Console
from tests.journeys.town import PROGRAMME

COUNTS = ["due", "trained", "examined", "passed", "completed", "exempt", "rate"]


def test_programmes_are_listed_with_their_due_day(town_console: Console) -> None:
    done = town_console.run("programme", "list", "--json")

    due = clock.local_day(clock.now()) + timedelta(days=20)
    assert done.json == {"programmes": [{"code": PROGRAMME, "title": "工贸有限空间企业主要负责人专题培训", "due_day": due.isoformat()}]}
    assert PROGRAMME in town_console.run("programme", "list").out


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("region", ["371002", "371082"]),
        ("town", ["371002001", "371082007"]),
        ("sector", ["industry_trade"]),
        ("department", ["emergency_management"]),
        ("role", ["principal"]),
        ("feature", ["confined_space"]),
    ],
)
def test_coverage_has_the_same_keys_whatever_it_is_grouped_by(town_console: Console, by: str, keys: list[str]) -> None:
    done = town_console.run("coverage", PROGRAMME, "--by", by, "--json")

    assert done.code == 0
    assert list(done.json) == ["programme", "as_of", "policy", "unit", "total", "groups"]
    assert (done.json["programme"], done.json["policy"], done.json["unit"]) == (PROGRAMME, "designated", "enterprise")
    assert done.json["total"] == dict(zip(COUNTS, (6, 3, 2, 1, 1, 0, pytest.approx(1 / 6)), strict=True))
    assert [group["key"] for group in done.json["groups"]] == keys
    assert all(list(group) == ["key", "label", *COUNTS] for group in done.json["groups"])
    assert sum(group["due"] for group in done.json["groups"]) == 6


def test_coverage_of_a_past_day_counts_what_was_so_then(town_console: Console) -> None:
    today = clock.local_day(clock.now())

    yesterday = town_console.run("coverage", PROGRAMME, "--as-of", (today - timedelta(days=1)).isoformat(), "--json")
    before = town_console.run("coverage", PROGRAMME, "--as-of", (today - timedelta(days=60)).isoformat(), "--json")

    assert yesterday.json["total"] == dict(zip(COUNTS, (6, 0, 0, 0, 0, 0, 0.0), strict=True))
    assert yesterday.json["groups"] == []
    assert (before.json["total"]["due"], before.json["total"]["rate"]) == (0, None)


def test_coverage_in_words_says_numerator_denominator_and_policy(town_console: Console) -> None:
    done = town_console.run("coverage", PROGRAMME, "--by", "region")

    assert "覆盖率 16.7%（已完成 1 ÷ 应训 6，核减 0）" in done.out
    assert "B 指定参训人合格" in done.out and "环翠区" in done.out


@pytest.mark.parametrize(("by", "groups"), [("enterprise", 6), ("role", 1), ("region", 2), ("sector", 1)])
def test_scores_have_the_same_keys_whatever_they_are_grouped_by(town_console: Console, by: str, groups: int) -> None:
    done = town_console.run("scores", PROGRAMME, "--by", by, "--json")

    assert list(done.json) == ["programme", "as_of", "by", "groups_in_all", "total", "groups"]
    assert (done.json["by"], done.json["groups_in_all"], len(done.json["groups"])) == (by, groups, groups)
    total = done.json["total"]
    assert [total[name] for name in ("due", "attempts", "participants", "passed")] == [6, 2, 2, 1]
    assert (total["exam_pass_rate"], total["overall_pass_rate"]) == (0.5, pytest.approx(1 / 6))
    assert {tuple(group) for group in done.json["groups"]} == {tuple(total)}
    assert sum(total["distribution"].values()) == 2


@pytest.mark.parametrize("command", [("coverage", "nothing"), ("scores", "nothing", "--by", "role")])
def test_an_unknown_programme_is_refused(town_console: Console, command: tuple[str, ...]) -> None:
    assert town_console.run(*command).reason


def test_coverage_verify_finds_a_figure_that_was_changed(own_town: Console) -> None:
    sound = own_town.run("coverage", "verify", "--json")
    _change(own_town, "update tally set completed = completed + 1 where completed > 0")
    spoilt = own_town.run("coverage", "verify", "--json")
    said = own_town.run("coverage", "verify")

    assert (sound.code, sound.json["consistent"], sound.json["differing"]) == (0, True, 0)
    assert list(sound.json) == [
        "consistent",
        "programmes",
        "organisations",
        "figures",
        "differing",
        "differences",
        "uncovered",
        "snapshots",
    ]
    assert (spoilt.code, spoilt.json["consistent"]) == (1, False)
    assert spoilt.json["differing"] >= 1 and spoilt.json["differences"][0]["programme"] == PROGRAMME
    assert said.code == 1 and said.out.strip()


def test_coverage_verify_names_the_snapshot_that_was_changed(own_town: Console) -> None:
    database = Database(own_town.environment["ANKAO_DATABASE_URL"])
    with database.transaction() as session:
        taken = [
            coverage_service.snapshot(session, programme_code=PROGRAMME, as_of=clock.local_day(clock.now()), now=clock.now())
            for _ in range(2)
        ]
    database.dispose()
    sound = own_town.run("coverage", "verify", "--json")
    _change(own_town, f"update snapshot set figures = json_set(figures, '$.total.completed', 99) where id = {taken[1].id}")
    spoilt = own_town.run("coverage", "verify", "--json")
    said = own_town.run("coverage", "verify")

    assert (sound.code, sound.json["snapshots"]) == (0, {"checked": 2, "broken": []})
    assert (spoilt.code, spoilt.json["consistent"], spoilt.json["snapshots"]["checked"]) == (1, False, 2)
    assert [row["number"] for row in spoilt.json["snapshots"]["broken"]] == [taken[1].number]
    assert f"快照 {taken[1].number}" in said.out and "校验值" in said.out


def test_audit_verify_finds_a_row_that_was_changed_and_one_that_was_cut_off(own_town: Console) -> None:
    sound = own_town.run("audit", "verify", "--json")
    _change(own_town, "update audit_event set account = 'somebody else' where id = 1")
    changed = own_town.run("audit", "verify", "--json")
    _change(own_town, "delete from audit_event where id = (select max(id) from audit_event)")
    cut = own_town.run("audit", "verify", "--json")

    assert (sound.code, sound.json["intact"], sound.json["broken"]) == (0, True, [])
    assert (changed.code, [row["id"] for row in changed.json["broken"]]) == (1, [1])
    assert (cut.code, [row["id"] for row in cut.json["broken"]]) == (1, [1, 0])
    assert list(cut.json) == ["rows", "intact", "broken"]
    assert "第 1 条" in own_town.run("audit", "verify").reason


def _change(console: Console, statement: str) -> None:
    with sqlite3.connect(console.folder / "ankao.db") as connection:
        assert connection.execute(statement).rowcount >= 1
    connection.close()

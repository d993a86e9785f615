"""What a person reads: no figure of what a programme does not ask, no code of an old link, and on a phone a table that fits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from quiz import clock
from quiz.db import Database
from quiz.training import service as training
from quiz.training.domain import Audience
from quiz.vocabulary import HoursRule
from tests.pages.conftest import Open, words
from tests.pages.office_site import PROGRAMME, Ids, everything, ids

__all__ = ["ids"]

HOURS_ONLY = "yearly"


@pytest.fixture
def hours_only(site: Database, ids: Ids) -> str:
    """A second programme, without a paper."""
    now = clock.now()
    today = clock.local_day(now)
    with site.transaction() as session:
        made = training.create_programme(
            session, code=HOURS_ONLY, title="年度再培训", audience=Audience(), opens_on=today - timedelta(days=2),
            due_on=today + timedelta(days=60), now=now, components=training.Components(hours_rule=HoursRule.FIXED, hours_fixed=8),
        )  # fmt: skip
        training.open_programme(session, programme_id=made.id, today=today)
    return HOURS_ONLY


def test_a_programme_without_a_paper_shows_no_figures_of_examinations(open_screen: Open, hours_only: str) -> None:
    stages = {code: words(open_screen("coverage", "office", programme=code)) for code in (PROGRAMME, hours_only)}

    assert {
        code: [name for name in ("已参训", "已参考", "已合格", "已完成") if f"<span>{name}</span>" in said] for code, said in stages.items()
    } == {
        PROGRAMME: ["已参训", "已参考", "已合格", "已完成"],
        hours_only: ["已参训", "已完成"],
    }


def test_scores_begin_with_a_programme_that_has_some(open_screen: Open, hours_only: str) -> None:
    first = open_screen("scores", "office")
    without = open_screen("scores", "office", programme=hours_only)

    assert first.selectbox(key="scores_programme").value == PROGRAMME and "综合合格率" in words(first)
    assert "这个专项不考试" in words(without) and "综合合格率" not in words(without)
    assert f"/coverage?programme={hours_only}" in words(without)


def test_a_filter_that_an_old_link_names_in_vain_is_not_shown(open_screen: Open, ids: Ids) -> None:
    app = open_screen("coverage", "office", programme=PROGRAMME, feature="nosuch", sector="industry_trade", district="371002")

    assert not app.exception
    assert "nosuch" not in everything(app)
    assert "筛选：环翠区 · 工贸" in everything(app)


@pytest.mark.parametrize(
    ("screen", "role", "address", "expected"),
    [
        ("banks", "trainer", {"bank": "work-safety-law"}, '<td data-label="题干">'),
        ("banks", "trainer", {"bank": "work-safety-law"}, '<td data-label="题数">'),
        ("audit_trail", "administrator", {}, '<td data-label="说明">'),
        ("accounts", "administrator", {}, '<td data-label="管辖范围">'),
    ],
)
def test_a_table_that_scrolls_sideways_has_a_twin_for_a_phone(
    open_screen: Open, ids: Ids, screen: str, role: str, address: dict[str, str], expected: str
) -> None:
    said = words(open_screen(screen, role, **address))

    assert 'class="ankao-table ankao-narrow"' in said and expected in said


def test_names_of_settings_are_for_the_administrator(open_screen: Open, ids: Ids) -> None:
    assert "ANKAO_SMS_URL" not in words(open_screen("reminders", "office"))
    assert "请联系系统管理员" in words(open_screen("reminders", "office"))

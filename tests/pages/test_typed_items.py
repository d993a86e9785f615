"""Items that are no choice on the screens of staff: the preview gives nothing away, the bank shows the key, the scores both answers."""

from __future__ import annotations

import pytest
from sqlmodel import Session, select

from quiz import clock
from quiz.attempts import service as attempts
from quiz.db import Database
from quiz.models.banks import Item
from quiz.models.organisations import Post
from quiz.papers import service as papers
from tests.attempts import exam, typed_exam
from tests.pages.conftest import Open, words

PAPER = 1
SECRETS = ("误差", "三级 或", "停产停业", "12.5", "ankao-key")


@pytest.fixture
def typed_site(site: Database) -> Database:
    """The site's paper asks the five types."""
    with site.transaction() as session:
        typed_exam.write_bank(session, now=clock.now())
        papers.edit_paper(session, paper_id=PAPER, draft=typed_exam.draft(now=clock.now()))
    return site


def _handed_in(session: Session) -> dict[str, str]:
    """One attempt of the site's principal, and where the scores screen shows it."""
    now = clock.now()
    post = session.exec(select(Post)).one()
    assert post.person_id is not None
    attempt = exam.start(session, person_id=post.person_id, paper_id=PAPER, now=now).attempt
    exam.keep(session, attempt.id, {1: ["14 米"], 2: ["三级", ""], 4: ["1B", "2C"], 5: ["1:A", "3:3", "4:", "4:<b>3</b>"]}, now=now)
    attempts.hand_in(session, attempt_id=attempt.id, person_id=None, now=now)
    return {"organisation": str(post.organisation_id), "person": str(post.person_id), "attempt": str(attempt.id)}


def test_the_preview_asks_every_type_and_gives_nothing_away(open_screen: Open, typed_site: Database) -> None:
    app = open_screen("papers", "trainer", paper=str(PAPER))

    app.toggle(key="preview").set_value(True).run()

    text = words(app)
    assert not app.exception
    assert all(
        shown in text for shown in ("＿＿＿＿ 米", "____（2）学时", "用气餐饮场所", "交通运输主管部门", "第 5 小题 · 排序题", "停机断电")
    )
    assert [secret for secret in SECRETS if secret in text] == []


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("distance", ["12.5 米（误差不超过 ±0.5 米）"]),
        ("training", ["第 1 空", "三级 或 3级", "第 2 空"]),
        ("confined", ["第 1 位", "打开进出口，自然通风或者机械通风"]),
        ("authority", ["用气餐饮场所", "商务主管部门", "多余", "交通运输主管部门"]),
        ("dust", ["第 3 小题 · 计算题", "3 毫米（误差不超过 ±0.2 毫米）", "停产停业 或 停产停业整顿"]),
    ],
)
def test_the_bank_shows_the_right_answer(open_screen: Open, typed_site: Database, code: str, shown: list[str]) -> None:
    with typed_site.reading() as session:
        item = session.exec(select(Item).where(Item.bank_code == typed_exam.BANK, Item.code == code)).one()

    app = open_screen("banks", "trainer", bank=typed_exam.BANK, item=str(item.id))

    assert not app.exception
    assert [part for part in shown if part not in words(app)] == []


def test_the_scores_show_what_was_answered_beside_what_is_right(open_screen: Open, typed_site: Database) -> None:
    with typed_site.transaction() as session:
        place = _handed_in(session)

    app = open_screen("scores", "office", programme="principals", **place)

    text = words(app)
    assert not app.exception
    assert all(
        shown in text for shown in ("本人答案：14 米", "12.5 米（误差不超过 ±0.5 米）", "三级 或 3级", "第 5 小题 · 排序题", "没有作答")
    )
    assert "<b>3</b>" not in text and "&lt;b&gt;3" in text

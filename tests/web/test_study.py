"""Study on a phone: the page says what is counted, the server does the counting, and /my shows what is still owed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from quiz import clock
from quiz.models.banks import LearningCard
from quiz.models.organisations import Person
from quiz.models.training import Duty, Programme, StudyTime
from quiz.training import service
from quiz.training.domain import Audience
from quiz.training.service import Components
from quiz.vocabulary import HoursRule
from tests.attempts import exam
from tests.running_site import Site
from tests.web.test_pages import check_safety

CODE = "gas-study"


@pytest.fixture(scope="module", autouse=True)
def programme(site: Site) -> Iterator[None]:
    """A programme that asks for hours and two minutes with the cards."""

    def write(session: Session) -> None:
        session.execute(delete(LearningCard))
        session.add(LearningCard(clause_id=exam.CLAUSE, says="字" * 200, why="会漏气", on_site=["看探头"], mistakes=["报了名"]))
        session.flush()
        now = clock.now()
        today = clock.local_day(now)
        edition = exam.CLAUSE.partition("/")[0]
        view = service.create_programme(
            session, code=CODE, title="用气学时班", audience=Audience(), opens_on=today - timedelta(days=1), due_on=today + timedelta(days=9), now=now,
            components=Components(hours_rule=HoursRule.LAW, materials=(edition,), material_minutes=2),
        )  # fmt: skip
        service.open_programme(session, programme_id=view.id, today=today)

    site.change(write)
    yield
    site.change(lambda session: session.execute(update(Programme).where(col(Programme.code) == CODE).values(state="closed")))


def earlier(site: Site, phone: str, seconds: int) -> None:
    """Let the last sign of life of that person have been so long ago."""
    site.change(
        lambda session: session.execute(
            update(StudyTime)
            .where(col(StudyTime.person_id) == select(col(Person.id)).where(col(Person.phone) == phone).scalar_subquery())
            .values(last_beat_at=clock.now() - timedelta(seconds=seconds))
        )
    )


def test_my_page_says_what_each_programme_asks_and_what_comes_next(site: Site) -> None:
    page = site.candidate().get("/my")

    said = page.text
    assert all(words in said for words in ("用气学时班", "0 / 12 学时", "0 / 2 分钟", "先看学习资料：还差 2 分钟"))
    assert len(page.content) < 12_000
    check_safety(page)


def test_server_counts_from_its_own_clock_and_moves_the_duty(site: Site) -> None:
    phone = site.spare[-1]
    browser = site.candidate()
    answers = [browser.post("/api/v1/me/study", json={"card": exam.CLAUSE, "begin": True})]
    for _ in range(7):
        earlier(site, phone, 20)
        answers.append(browser.post("/api/v1/me/study", json={"card": exam.CLAUSE}))

    card, mine = browser.get(f"/learn/{exam.CLAUSE}"), browser.get("/my").text
    with site.db.reading() as session:
        duty = session.scalars(
            select(Duty).join(Programme, col(Programme.id) == col(Duty.programme_id)).join(Person, col(Person.id) == col(Duty.person_id))
            .where(col(Programme.code) == CODE, col(Person.phone) == phone)
        ).one()  # fmt: skip
    assert [answer.json() for answer in (answers[0], answers[-1])] == [{"minutes": 0, "needed": 2}, {"minutes": 2, "needed": 2}]
    assert (duty.study_minutes, duty.materials_on, duty.completed_on) == (2, clock.local_day(clock.now()), None)
    assert 'data-study="' in card.text and "已学够" in card.text and "/assets/study.js" in card.text
    assert "参加集中培训：还差 12 学时" in mine
    check_safety(card)


def test_silence_is_not_study(site: Site) -> None:
    phone = site.spare[-1]
    browser = site.candidate()
    browser.post("/api/v1/me/study", json={"card": exam.CLAUSE, "begin": True})
    earlier(site, phone, 600)

    assert browser.post("/api/v1/me/study", json={"card": exam.CLAUSE}).json() == {"minutes": 0, "needed": 2}


@pytest.mark.parametrize("body", [{}, {"card": ""}, {"card": "x" * 200}, {"card": exam.CLAUSE, "seconds": 900}, {"card": 7}])
def test_nobody_tells_the_server_how_long(site: Site, body: dict[str, object]) -> None:
    assert site.candidate().post("/api/v1/me/study", json=body).status_code == 422


def test_card_that_is_not_there_and_account_without_a_person_are_refused(site: Site) -> None:
    assert site.candidate().post("/api/v1/me/study", json={"card": "nothing/1"}).status_code == 404
    assert site.browser("office").post("/api/v1/me/study", json={"card": exam.CLAUSE}).status_code == 409
    assert site.browser().post("/api/v1/me/study", json={"card": exam.CLAUSE}).status_code == 401


def test_reader_without_such_a_duty_is_not_watched(site: Site) -> None:
    assert "study.js" not in site.browser("office").get(f"/learn/{exam.CLAUSE}").text

"""Pictures of items: shown where they belong, to whoever is signed in, as pictures and nothing else."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlmodel import Session, select

from quiz import clock
from quiz.accounts.audit import SYSTEM
from quiz.attempts import queries, service
from quiz.exchange import service as exchange
from quiz.exchange.domain import Picture
from quiz.models.banks import PictureFile
from quiz.models.organisations import Person
from quiz.papers import service as papers
from quiz.papers.domain import Blueprint, Section
from quiz.papers.service import PaperDraft
from tests.exchange.material import draft, reading, row
from tests.running_site import Site

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cfc0f01f00050001ff9a3d1d550000000049454e44ae426082"
)
STEM, OPTION, WHY = (Picture(PNG + tail, "image/png", where) for tail, where in ((b"1", "stem"), (b"2", "B"), (b"3", "explanation")))


@pytest.fixture(scope="module")
def pictured(site: Site) -> Site:
    file = reading(row(1, draft("图中是什么？", options=("甲", "乙")), pictures=(STEM, OPTION, WHY)))
    exchange.import_bank(site.db, reading=file, bank_code="pictured", file_name="f", digest="d", actor=SYSTEM, now=clock.now())
    return site


def test_a_signed_in_person_sees_the_picture_and_a_browser_runs_nothing_of_it(pictured: Site) -> None:
    response = pictured.candidate().get(f"/pictures/{STEM.digest}")

    assert (response.status_code, response.headers["content-type"], response.content) == (200, "image/png", STEM.data)
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in response.headers["content-security-policy"]


def test_strangers_see_no_picture(pictured: Site) -> None:
    assert pictured.browser().get(f"/pictures/{STEM.digest}").status_code == 303


@pytest.mark.parametrize("digest", ["0" * 64, "x", "%2e%2e%2fsecret.key", "0" * 63 + "G"])
def test_what_is_no_picture_is_not_there(pictured: Site, digest: str) -> None:
    assert pictured.candidate().get(f"/pictures/{digest}").status_code == 404


def test_what_a_browser_could_run_is_never_sent(pictured: Site) -> None:
    def write(session: Session) -> None:
        session.add(PictureFile(digest="a" * 64, media_type="image/svg+xml", data=b"<svg onload='alert(1)'/>"))

    pictured.change(write)

    assert pictured.candidate().get(f"/pictures/{'a' * 64}").status_code == 404


def test_the_player_gets_the_pictures_of_stem_and_options_and_the_result_that_of_the_explanation_too(pictured: Site) -> None:
    def take(session: Session) -> tuple[dict, dict]:  # type: ignore[type-arg]
        now = clock.now()
        paper_id = _paper(session, now)
        person = session.exec(select(Person.id)).first() or 0
        started = service.start(session, person_id=person, paper_id=paper_id, idempotency_key="pictures-1", now=now)
        shown = queries.candidate_items(queries.form_with_versions(session, started.attempt.form_id))[0]
        service.hand_in(session, attempt_id=started.attempt.id, person_id=person, now=now)
        result = queries.result(session, attempt_id=started.attempt.id, person_id=person, now=now)
        return shown, result.review[0].pictures[-1]  # type: ignore[index]

    shown, explained = pictured.change(take)

    assert shown["pictures"] == [
        {"src": f"/pictures/{STEM.digest}", "where": "stem"},
        {"src": f"/pictures/{OPTION.digest}", "where": "B"},
    ]
    assert explained == {"src": f"/pictures/{WHY.digest}", "where": "explanation"}


def _paper(session: Session, now: datetime) -> int:
    window = {"opens_at": now, "closes_at": clock.end_of_day(clock.local_day(now))}
    blueprint = Blueprint(sections=(Section(count=1, points=100, banks=("pictured",)),))
    terms = PaperDraft(title="看图", blueprint=blueprint, cut_score=60, shuffle_options=False, **window)
    return papers.create_paper(session, draft=terms, created_by=None, now=now, publish=True).id

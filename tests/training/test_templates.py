"""The ready-made programmes: every reference holds, every paper can be drawn, and a new cycle begins with nothing done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select
from sqlmodel import Session, col

from quiz import installation
from quiz.banks import cards
from quiz.db import Database
from quiz.models.banks import Clause, Edition
from quiz.models.organisations import Department, Sector
from quiz.models.papers import Paper
from quiz.papers.queries import pool
from quiz.problems import Refusal
from quiz.training import hours_by_law, service, study, templates
from quiz.training.domain import Audience
from quiz.training.requirements import BY_LAW
from quiz.training.templates import Days
from quiz.vocabulary import HoursRule, PostRole
from tests.databases import Content, new_file

DAYS = Days(date(2026, 12, 1), date(2027, 2, 28))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """An installation with all banks."""
    database = Database(new_file(tmp_path_factory.mktemp("templates"), Content.PREPARED))
    installation.prepare(database)
    yield database
    database.dispose()


@pytest.fixture
def office(installed: Database) -> Iterator[Session]:
    with Session(installed.writer) as session:
        yield session
        session.rollback()


def test_every_template_names_clauses_sectors_and_features_that_exist(office: Session) -> None:
    clauses = dict(
        office.execute(select(col(Clause.id), col(Edition.status)).join(Edition, col(Edition.code) == col(Clause.edition_code))).all()
    )
    sectors = set(office.scalars(select(col(Sector.code))))
    features = {
        row["code"]
        for row in yaml.safe_load((Path(hours_by_law.__file__).parents[1] / "organisations/data/features.yaml").read_text("utf-8"))
    }

    for each in templates.templates():
        assert {clause: clauses.get(clause) for clause in each.clauses} == dict.fromkeys(each.clauses, "in_force")
        assert each.audience.sectors <= sectors and each.audience.features <= features and set(each.sectors) <= sectors
        assert each.title and each.basis.startswith("《")
    assert office.scalars(select(col(Department.code))).first()


def test_the_determination_quiz_reaches_every_sector(office: Session) -> None:
    assert set(templates.template("determination").sectors) == set(office.scalars(select(col(Sector.code))))


def test_hours_by_law_are_asked_only_of_roles_that_have_them_and_proposals_say_so(office: Session) -> None:
    for each in templates.templates():
        if each.components.hours_rule in BY_LAW:
            assert hours_by_law.table().gaps(each.role.value, each.components.hours_rule) == []
        assert (each.components.hours_rule is HoursRule.FIXED) == bool(each.hours_note)


def test_study_that_is_asked_can_be_done_in_one_day(office: Session) -> None:
    for each in templates.templates():
        if each.components.material_minutes:
            characters = cards.readable_characters(office, each.components.materials)
            assert set(cards.editions_with_cards(office, each.components.materials)) == set(each.components.materials)
            assert each.components.material_minutes * 60 <= study.card_cap(characters), each.code


def test_every_recommended_paper_can_be_drawn(office: Session, now: datetime) -> None:
    for each in templates.templates():
        plans = list(each.sectors.values()) or [each.paper]
        for plan in plans:
            made = templates.draft_paper(office, plan, title="试卷", days=DAYS, created_by=None, now=now, publish=False)
            assert made.questions == plan.blueprint.count
            assert len(pool(office, plan.blueprint)) >= plan.blueprint.count


def test_one_programme_a_sector_each_with_its_own_paper(office: Session, now: datetime) -> None:
    made = templates.create_by_sector(
        office, template_code="determination", sectors={"port": "港口", "water_works": "水利工程"}, days=DAYS, code="pd-1", created_by=None, now=now,
        publish=True,
    )  # fmt: skip

    papers = {paper.id: paper for paper in office.scalars(select(Paper))}
    assert [(view.code, view.title, view.audience) for view in made] == [
        ("pd-1-port", "重大事故隐患判定标准测验（港口）", Audience(sectors=frozenset({"port"}))),
        ("pd-1-water-works", "重大事故隐患判定标准测验（水利工程）", Audience(sectors=frozenset({"water_works"}))),
    ]
    banks = [papers[view.paper_id].blueprint["sections"][0]["banks"] for view in made]
    assert banks == [["port-hazmat"], ["major-fire-hazard"]]


def test_sector_the_template_does_not_know_is_refused(office: Session, now: datetime) -> None:
    with pytest.raises(Refusal):
        templates.create_by_sector(
            office, template_code="determination", sectors={"moon": "月球"}, days=DAYS, code="pd-2", created_by=None, now=now, publish=True
        )


def test_next_cycle_copies_everything_but_days_and_deeds(office: Session, now: datetime) -> None:
    made_from = templates.template("coal-mine")
    paper = templates.draft_paper(office, made_from.paper, title="试卷", days=DAYS, created_by=None, now=now, publish=True)
    first = service.create_programme(
        office, code="coal-1", title="煤矿培训", audience=made_from.audience, opens_on=date(2025, 12, 1), due_on=date(2026, 2, 28), now=now,
        paper_id=paper.id, components=made_from.components, template="coal-mine",
    )  # fmt: skip

    second = templates.next_cycle(
        office, programme_id=first.id, code="coal-2", title="煤矿培训（2027）", days=DAYS, created_by=None, now=now, publish=False
    )

    assert (second.series, second.opens_on, second.due_on) == ("coal-1", DAYS.opens_on, DAYS.due_on)
    assert (second.audience, second.hours_rule, second.materials, second.role) == (
        first.audience, first.hours_rule, first.materials, PostRole.PRINCIPAL,
    )  # fmt: skip
    assert second.paper_id != first.paper_id
    assert [view.code for view in templates.series_of(office, series="coal-1")] == ["coal-2", "coal-1"]
    with pytest.raises(Refusal, match="须晚于本周期"):
        templates.next_cycle(
            office,
            programme_id=second.id,
            code="coal-3",
            title="x",
            days=Days(DAYS.opens_on, DAYS.due_on),
            created_by=None,
            now=now,
            publish=False,
        )

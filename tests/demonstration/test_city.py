"""The demonstration city: filled once on each database, then looked at from all sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import Session, col

from quiz import clock, installation
from quiz.accounts import audit
from quiz.accounts.passwords import verify_password
from quiz.attempts import domain as marking
from quiz.attempts import queries as attempts
from quiz.classes import institutions, presence
from quiz.classes import queries as class_queries
from quiz.classes.domain import Standing
from quiz.classes.reach import ClassReach
from quiz.coverage import verification
from quiz.db import Database
from quiz.demonstration import service
from quiz.demonstration.service import DemonstrationReport
from quiz.models.accounts import Account, Grant, Setting
from quiz.models.attempts import Attempt, Response
from quiz.models.coverage import Tally
from quiz.models.organisations import Organisation, OrganisationFeature, Person, Placement, Post
from quiz.models.papers import Form
from quiz.models.training import Duty
from quiz.organisations.identifiers import read_uscc, uscc_kind_warning
from quiz.organisations.reach import Reaches
from quiz.papers import service as papers
from quiz.papers.queries import paper as paper_view
from quiz.problems import Refusal
from quiz.training import exemption_queries, queries
from quiz.training.exemption_queries import ExemptionFilter
from quiz.training.my_papers import my_papers
from quiz.vocabulary import AttemptState
from tests.databases import Content, Server, new_file

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
TODAY = clock.local_day(NOW)
PROGRAMMES = {"coal-mine-2024", "non-coal-mine-2024", "confined-space-2024", "hospital-fire-2024", "catering-gas", "non-coal-mine-yearly"}
"""The last asks for hours and study and for no paper."""
ENTERED_TWICE = 2
"""Organisations the demonstration enters by hand once more, for the screen on data quality to find."""


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, DemonstrationReport]]:
    """The city on SQLite."""
    database = Database(new_file(tmp_path_factory.mktemp("city"), Content.PREPARED))
    installation.prepare(database)
    yield database, service.fill(database, now=NOW)
    database.dispose()


@pytest.fixture
def session(city: tuple[Database, DemonstrationReport]) -> Iterator[Session]:
    with city[0].reading() as session:
        yield session


def _dump(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """What must be the same wherever and whenever it was made for that day; hashes of passwords are salted and left out."""
    wanted: dict[str, tuple[Any, ...]] = {
        "organisations": (Organisation.id, Organisation.name, Organisation.uscc, Organisation.town_code, Organisation.status),
        "placements": (Placement.organisation_id, Placement.since, Placement.until, Placement.district_code),
        "posts": (Post.person_id, Post.organisation_id, Post.designated, Post.held_from, Post.held_to),
        "people": (Person.id, Person.name, Person.phone),
        "attempts": (Attempt.person_id, Attempt.paper_id, Attempt.number, Attempt.started_at, Attempt.score, Attempt.passed, Attempt.state),
        "responses": (Response.attempt_id, Response.position, Response.sequence, Response.saved_at),
        "duties": (Duty.post_id, Duty.programme_id, Duty.opened_on, Duty.due_on, Duty.completed_on, Duty.completed_attempt_id),
        "tally": (Tally.programme_id, Tally.day, Tally.town_code, Tally.sector_code, Tally.due, Tally.completed, Tally.exempt),
        "accounts": (Account.account, Account.name, Account.person_id, Account.last_sign_in_at),
    }
    with database.reading() as session:
        return {name: sorted((tuple(row) for row in session.execute(select(*columns))), key=repr) for name, columns in wanted.items()}


def test_both_databases_get_the_same_city(city: tuple[Database, DemonstrationReport], postgresql_server: Server) -> None:
    other = Database(postgresql_server.new(Content.PREPARED))
    installation.prepare(other)

    report = service.fill(other, now=NOW)

    assert report == city[1]
    assert _dump(other) == _dump(city[0])
    with other.transaction() as session:
        organisation = Organisation(name="后来登记的公司", district_code="371002", sector_code="catering", created_at=NOW)
        session.add(organisation)
        session.flush()
        assert organisation.id and organisation.id > report.sizes.organisations, (
            "the sequence goes on behind the rows written with their numbers"
        )
    other.dispose()


def test_a_second_fill_changes_nothing(city: tuple[Database, DemonstrationReport]) -> None:
    before = _dump(city[0])

    report = service.fill(city[0], now=NOW)

    assert (report.created, report.sizes, report.programmes) == (False, city[1].sizes, city[1].programmes)
    assert _dump(city[0]) == before


def test_a_database_in_use_is_refused(db: Database) -> None:
    with db.transaction() as session:
        session.add(Account(account="13900000000", name="某人", password_hash="-", created_at=NOW))

    with pytest.raises(Refusal) as refusal:
        service.fill(db, now=NOW)

    assert refusal.value.code == "not_empty"
    with db.reading() as session:
        assert session.get(Setting, installation.DEMONSTRATION) is None


def test_the_city_has_the_size_it_should(city: tuple[Database, DemonstrationReport], session: Session) -> None:
    report = city[1]

    assert report.created and installation.is_demonstration(session)
    assert 1_900 <= report.sizes.organisations <= 2_300
    assert 2_500 <= report.sizes.attempts <= 6_000
    assert {each.code for each in report.programmes} == PROGRAMMES
    assert report.accounts[0].account == "principal" and "Ankao-demo-1" in report.text


def test_every_code_is_right_and_fits_its_kind(session: Session) -> None:
    rows = session.execute(select(Organisation.uscc, Organisation.kind, Organisation.registration_number)).all()

    with_code = [(row.uscc, row.kind) for row in rows if row.uscc]
    without = [row for row in rows if not row.uscc]

    assert all(read_uscc(code).findings == () and uscc_kind_warning(code, kind) is None for code, kind in with_code)
    assert len({code for code, _ in with_code}) == len(with_code)
    assert 10 <= len(without) <= 80
    assert all(len(row.registration_number) == 15 for row in without)
    assert sum(row.kind != "self_employed" for row in without) == ENTERED_TWICE


def test_only_the_double_left_to_be_found_has_the_name_of_another(session: Session) -> None:
    names = list(session.scalars(select(col(Organisation.name))))

    assert len(names) - len(set(names)) == 1


def test_people_share_names_and_telephones_as_seldom_as_in_life(session: Session) -> None:
    people = session.execute(select(Person.name, Person.phone)).all()

    assert max(Counter(row.name for row in people).values()) <= 12
    assert sorted(number for number in Counter(row.phone for row in people).values() if number > 1) == [2] * 7


def test_some_hold_two_enterprises_and_some_enterprises_changed_hands(session: Session) -> None:
    posts = session.execute(
        select(Post.person_id, Post.organisation_id, Post.designated, Post.held_to).where(col(Post.role) == "principal")
    ).all()
    current = [post for post in posts if post.held_to is None]

    assert sum(number == 2 for number in Counter(post.person_id for post in current).values()) == 40
    assert sum(post.held_to is not None for post in posts) == 82
    assert sum(number == 2 for number in Counter(post.organisation_id for post in current).values()) == 46
    designated = Counter(post.organisation_id for post in current if post.designated)
    assert set(designated.values()) == {1}


def test_the_tally_equals_the_count(session: Session) -> None:
    assert verification.verify(session).differing == 0


def test_the_audit_trail_is_whole(session: Session) -> None:
    report = audit.verify(session)

    assert (report.rows > 1, report.intact) == (True, True)


def test_every_programme_has_something_due_in_every_district(city: tuple[Database, DemonstrationReport]) -> None:
    assert [len(each.districts) for each in city[1].programmes] == [8] * len(PROGRAMMES)
    assert all(district.due > 0 for each in city[1].programmes for district in each.districts)
    assert [each.code for each in city[1].programmes if each.due_on < TODAY] == ["non-coal-mine-2024"]


def test_districts_differ_as_they_do_in_life(city: tuple[Database, DemonstrationReport]) -> None:
    due, completed = Counter[str](), Counter[str]()
    for programme in city[1].programmes:
        for district in programme.districts:
            due[district.district] += district.due
            completed[district.district] += district.completed

    rates = {district: completed[district] / due[district] for district in due}

    assert all(0.3 <= rate <= 0.85 for rate in rates.values())
    assert max(rates, key=rates.__getitem__) == "荣成"
    assert max(rates.values()) - min(rates.values()) > 0.25


def test_every_attempt_is_marked_as_the_room_of_attempts_would_mark_it(session: Session) -> None:
    ids = list(session.scalars(select(col(Attempt.id)).order_by(col(Attempt.id))))
    for attempt_id in ids[::60]:
        row = attempts.attempt_row(session, attempt_id)
        form = attempts.form_with_versions(session, row.form_id)
        saved = {each["position"]: each["answer"] for each in attempts.saved_responses(session, attempt_id)}

        outcome = marking.mark_form(
            [item for item, _ in form], keys=attempts.keys_of(form), answers=saved, policy=row.scoring_policy, cut_score=row.cut_score
        )

        assert (row.score, row.passed) == (outcome.score, outcome.passed)
        assert row.state.is_closed and row.handed_in_at is not None and row.started_at < row.handed_in_at <= min(row.deadline, NOW)


def test_a_form_is_what_its_seed_draws(city: tuple[Database, DemonstrationReport]) -> None:
    with city[0].reading() as session:
        form = session.scalars(select(Form).order_by(col(Form.id)).limit(1)).one()

        _, drawn = papers.draw_form(session, paper=paper_view(session, form.paper_id), seed=form.seed)

        assert [item.as_json() for item in drawn] == form.items


def test_attempts_follow_one_another_and_keep_to_the_number_allowed(session: Session) -> None:
    rows = session.execute(
        select(Attempt.person_id, Attempt.paper_id, Attempt.number, Attempt.started_at, Attempt.handed_in_at, Attempt.state).order_by(
            col(Attempt.person_id), col(Attempt.paper_id), col(Attempt.number)
        )
    ).all()

    for before, after in zip(rows, rows[1:], strict=False):
        if (before.person_id, before.paper_id) == (after.person_id, after.paper_id):
            assert after.number == before.number + 1 and after.started_at > before.handed_in_at
        else:
            assert after.number == 1
    assert {row.state for row in rows} == {AttemptState.HANDED_IN, AttemptState.EXPIRED}


def test_everybody_signs_in_with_one_password(session: Session) -> None:
    accounts = {row.account: row for row in session.scalars(select(Account))}

    assert {"principal", "trainer", "office", "district", "admin", *(f"p{n:04}" for n in range(1, 2001))} <= accounts.keys()
    assert "p2001" not in accounts
    assert all(each.is_demonstration and not each.must_change_password for each in accounts.values())
    (shared,) = {each.password_hash for each in accounts.values()}
    assert verify_password("Ankao-demo-1", shared)


def test_roles_reach_as_far_as_they_say(session: Session) -> None:
    found = session.execute(
        select(Account.account, Grant.role, Grant.region_code)
        .join(Grant, col(Grant.account_id) == col(Account.id))
        .where(col(Grant.role) != "trainee")
        .order_by(col(Account.id))
    ).all()

    assert [tuple(row) for row in found] == [
        ("trainer", "trainer", None), ("office", "office", None), ("district", "office", "371002"), ("admin", "administrator", None),
    ]  # fmt: skip


def _startable(session: Session, account: str) -> list[Any]:
    person_id = session.scalars(select(col(Account.person_id)).where(col(Account.account) == account)).one()
    assert person_id is not None
    return [each for each in my_papers(session, person_id=person_id, now=NOW) if each.may_start]


def test_the_shown_principal_has_a_confined_space_paper_before_them(session: Session) -> None:
    (paper,) = _startable(session, "principal")

    assert (paper.paper.title, paper.taken, paper.attempts_left, paper.passed) == ("工贸有限空间企业主要负责人结业考试", 0, 3, False)


@pytest.mark.parametrize("number", [1, 250, 500, 800, 1000, 1500, 1650])
def test_numbered_accounts_can_start_a_paper_now(session: Session, number: int) -> None:
    (paper, *_) = _startable(session, f"p{number:04}")

    assert paper.passed is (number > 900)


def test_many_have_never_signed_in(session: Session) -> None:
    never = session.scalar(select(func.count()).select_from(Account).where(col(Account.last_sign_in_at).is_(None)))

    assert never is not None and 300 <= never <= 900


def test_restaurants_burn_gas_and_hospitals_have_grades(session: Session) -> None:
    tagged = select(col(OrganisationFeature.organisation_id)).where(col(OrganisationFeature.feature_code) == "gas_catering")
    gas = set(session.scalars(tagged))
    rows = session.execute(select(Organisation.id, Organisation.sector_code, Organisation.gas_kind, Organisation.hospital_grade)).all()

    assert all((row.id in gas) == (row.gas_kind not in ("", "未用")) for row in rows)
    assert {row.hospital_grade for row in rows if row.sector_code == "hospital"} == {"一级", "二级", "三级"}


def test_this_years_programme_is_made_of_hours_and_study(session: Session) -> None:
    made = {view.code: view for view in queries.programmes(session)}["non-coal-mine-yearly"]
    rows = queries.duties(session, programme_id=made.id)

    done = [row for row in rows if row.completed_on is not None]
    assert (made.paper_id, made.requirements.hours, made.material_minutes) == (None, True, 60)
    assert 20 <= len(done) <= len(rows) // 2
    assert all(row.minutes_done >= row.minutes_due > 0 and row.study_minutes >= 60 for row in done)
    assert {row.is_first_time for row in rows} == {True, False}


def test_requests_for_exemption_stand_at_every_step(session: Session) -> None:
    counts = exemption_queries.numbers(session, reach=Reaches.everything(), asked=ExemptionFilter())

    assert counts == {"requested": 2, "first_approved": 1, "approved": 1, "refused": 1, "ended": 1}


def test_classes_were_held_in_every_district_and_one_can_be_registered_for(session: Session) -> None:
    desk = ClassReach.everything()
    past = {row.title: row for row in class_queries.sessions(session, desk=desk, now=NOW, when="past")}
    coming = {row.title: row for row in class_queries.sessions(session, desk=desk, now=NOW, when="coming")}
    held = past["工贸有限空间企业主要负责人专题培训班（第一期）"]
    lapsed = past["非煤矿山企业主要负责人专题培训班（荣成）"]
    full = coming["使用燃气的餐饮企业主要负责人培训班"]

    assert (held.sites, lapsed.sites, full.sites) == (9, 1, 9) and held.came > 100 and lapsed.came > 10 and full.registered > 100
    rows = presence.rows(session, session_id=held.id, desk=desk)
    assert len({row.site for row in rows}) == 9 and any(not row.is_settled for row in rows)
    assert len(presence.conflicts(session, session_id=held.id, desk=desk, known=rows)) == 1
    assert max(class_queries.credited(session, session_id=held.id).values()) == 6 * 45
    assert class_queries.credited(session, session_id=lapsed.id) == {}
    assert [site.name for site in class_queries.opened(session, full.id, desk=desk).sites if site.left == 0] == ["高区分课堂"]
    standings = [view.standing for view in institutions.institutions(session, districts=None, today=TODAY)]
    assert sorted(standings) == [Standing.EXPIRED, Standing.VALID]

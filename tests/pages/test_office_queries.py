"""The reads behind the office's screens, on both engines."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlmodel import Session

from quiz.accounts.audit import SYSTEM
from quiz.accounts.help_desk import find_people, person_row, unlock_trainee
from quiz.attempts.granted import granted as extensions
from quiz.coverage import service as coverage_service
from quiz.coverage.filtered import coverage_of, part_of, persons_of, snapshots, trend_of
from quiz.coverage.scores import scores
from quiz.coverage.tally import refresh
from quiz.coverage.uncovered import Filters
from quiz.models.attempts import Extension
from quiz.models.organisations import Person
from quiz.organisations.contacts import correct_phone
from quiz.organisations.reach import Reach, Reaches
from quiz.problems import Invalid, NotFound, Refusal
from quiz.training import service as training
from quiz.training.domain import Audience
from quiz.training.granted import duty_row, duty_rows, granted
from tests import factories
from tests.factories import at

HUANCUI = Reaches((Reach(district_codes=frozenset({"371002"})),))
EMERGENCY = Reaches((Reach(department_codes=frozenset({"emergency"})),))


@pytest.fixture
def town(session: Session, now: datetime, today: date) -> dict[str, int]:
    """One enterprise in each of three towns, two of 环翠区; the programme is open, the first principal has handed in and passed."""
    factories.reference(session)
    ids: dict[str, int] = {}
    for name, district, place, sector, department in (
        ("first", "371002", "371002001", "industry", "emergency"),
        ("second", "371002", "371002002", "catering", "commerce"),
        ("third", "371003", "371003001", "industry", "emergency"),
    ):
        ids[name] = factories.organisation(session, name=f"{name} 厂", district=district, town=place, sector=sector, department=department)
        ids[f"{name}_person"] = factories.person(session, name=f"{name} 人", phone=f"1390000000{len(ids)}")
        factories.post(session, organisation_id=ids[name], person_id=ids[f"{name}_person"], designated=True)
    ids["paper"] = factories.paper(session)
    programme = training.create_programme(
        session,
        code="all",
        title="全部",
        audience=Audience(),
        opens_on=date(2026, 9, 1),
        due_on=date(2026, 10, 31),
        now=now,
        paper_id=ids["paper"],
    )
    ids["programme"] = programme.id
    factories.attempt(
        session,
        person_id=ids["first_person"],
        paper_id=ids["paper"],
        started_at=at(date(2026, 10, 1)),
        handed_in_at=at(date(2026, 10, 1), 11),
        score=80,
    )
    training.open_programme(session, programme_id=programme.id, today=today)
    refresh(session, programme_id=programme.id, organisation_ids=[ids["first"], ids["second"], ids["third"]])
    return ids


def test_figures_of_a_part_are_those_of_its_cells(session: Session, town: dict[str, int], today: date) -> None:
    asked = {"programme_code": "all", "as_of": today}

    by_district = coverage_of(session, **asked, filters=Filters(sector="industry"), by="region")  # type: ignore[arg-type]
    in_town = coverage_of(session, **asked, filters=Filters(town="371002001"), reach=HUANCUI)  # type: ignore[arg-type]
    of_department = coverage_of(session, **asked, filters=Filters(district="371002"), by="town", reach=EMERGENCY)  # type: ignore[arg-type]
    people = persons_of(session, **asked, filters=Filters(district="371002"))  # type: ignore[arg-type]

    assert [(group.key, group.counts.completed, group.counts.due) for group in by_district.groups] == [("371002", 1, 1), ("371003", 0, 1)]
    assert (in_town.total.completed, in_town.total.due) == (1, 1)
    assert [(group.key, group.counts.due) for group in of_department.groups] == [("371002001", 1)]
    assert (people.due, people.completed) == (2, 1)


def test_the_course_of_a_part_ends_where_its_figures_stand(session: Session, town: dict[str, int], today: date) -> None:
    points = trend_of(
        session,
        programme_code="all",
        from_day=date(2026, 9, 30),
        to_day=date(2026, 10, 2),
        filters=Filters(district="371002"),
        reach=HUANCUI,
    )

    assert [(point.counts.completed, point.counts.due) for point in points] == [(0, 2), (1, 2), (1, 2)]


def test_scores_of_a_part_hold_only_enterprises_named_so(session: Session, town: dict[str, int], today: date) -> None:
    part = part_of(HUANCUI, day=today, filters=Filters(name="厂", town="371002002"))

    view = scores(session, programme_code="all", by="enterprise", as_of=today, reach=part)

    assert [row.label for row in view.rows] == ["second 厂"]


def test_snapshots_are_listed_newest_first(session: Session, town: dict[str, int], now: datetime, today: date) -> None:
    taken = [coverage_service.snapshot(session, programme_code="all", as_of=today, now=now) for _ in range(2)]

    lines = snapshots(session, programme_code="all")

    assert [line.number for line in lines] == [taken[1].number, taken[0].number]
    assert (lines[0].total.due, lines[0].total.completed) == (3, 1)


def test_people_and_duties_beyond_the_reach_are_not_there(session: Session, town: dict[str, int]) -> None:
    third = duty_rows(session, reach=Reaches.everything(), organisation_id=town["third"])[0]

    assert [row.name for row in find_people(session, text="人", reach=HUANCUI)] == ["first 人", "second 人"]
    assert [row.name for row in find_people(session, text="second 厂", reach=HUANCUI)] == ["second 人"]
    assert find_people(session, text=" ", reach=HUANCUI) == ()
    with pytest.raises(NotFound):
        person_row(session, person_id=town["third_person"], reach=HUANCUI)
    with pytest.raises(NotFound):
        duty_row(session, duty_id=third.id, reach=HUANCUI)
    with pytest.raises(NotFound):
        person_row(session, person_id=town["first_person"], reach=Reaches())


def test_what_was_granted_is_listed_within_the_reach(session: Session, town: dict[str, int], now: datetime, today: date) -> None:
    office = factories.account(session, name="办公室")
    for name in ("second", "third"):
        [duty] = duty_rows(session, reach=Reaches.everything(), organisation_id=town[name])
        training.exempt(session, duty_id=duty.id, exempted_on=today, reason="整体停产")
        session.add(
            Extension(
                paper_id=town["paper"], person_id=town[f"{name}_person"], reason="停电", granted_by=office, granted_at=now, extra_attempts=1
            )
        )

    session.flush()

    duties = granted(session, programme_id=town["programme"], reach=HUANCUI)
    given = extensions(session, reach=HUANCUI)

    assert [(row.organisation, row.is_exempt_on(today), row.exempt_reason) for row in duties] == [("second 厂", True, "整体停产")]
    assert [(row.person, row.extra_attempts, row.granted_by) for row in given] == [("second 人", 1, "办公室")]


def test_a_corrected_phone_belongs_to_a_holder_and_to_nobody_else_of_that_name(
    session: Session, town: dict[str, int], now: datetime
) -> None:
    double = factories.person(session, name="first 人", phone="13711112222")
    act = {"organisation_id": town["first"], "person_id": town["first_person"], "now": now}

    with pytest.raises(Refusal):
        correct_phone(session, **act, phone="13711112222")  # type: ignore[arg-type]
    with pytest.raises(Invalid):
        correct_phone(session, **act, phone="0631-5200000")  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        correct_phone(session, organisation_id=town["second"], person_id=double, phone="13711113333", now=now)
    correct_phone(session, **act, phone="137 1111 4444")  # type: ignore[arg-type]

    assert session.get_one(Person, town["first_person"]).phone == "13711114444"


def test_nobody_without_an_account_is_unlocked(session: Session, town: dict[str, int], now: datetime) -> None:
    with pytest.raises(Refusal) as refused:
        unlock_trainee(session, person_id=town["first_person"], reach=HUANCUI, now=now + timedelta(days=1), actor=SYSTEM)

    assert refused.value.code == "no_account"

"""Duties of programmes that ask for hours, study and a paper: whatever comes first, and whichever way it is recorded."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event as sql_events
from sqlalchemy import update
from sqlmodel import Session, col

from quiz import clock, events, wiring
from quiz.db import Database
from quiz.models.banks import Clause, Edition, LearningCard, Standard
from quiz.models.classes import ClassSession, HoursCredit
from quiz.models.organisations import Organisation, Post
from quiz.models.papers import Paper
from quiz.models.training import StudyTime
from quiz.problems import Invalid, Refusal
from quiz.training import progress, queries, service, study
from quiz.training.queries import DutyView
from quiz.training.service import Components
from quiz.vocabulary import HoursRule, PostRole
from tests import factories
from tests.databases import new_file
from tests.training.test_duties import duty_of, hand_in, posts_changed

OPENS, DUE, CARD = date(2026, 9, 1), date(2026, 10, 31), "gas-2026/1"
_codes = count(1)


def write_card(session: Session) -> None:
    session.add(Standard(code="gas", title="用气"))
    session.flush()
    session.add(Edition(code="gas-2026", standard_code="gas", title="用气规定", status="in_force"))
    session.flush()
    session.add(Clause(id=CARD, edition_code="gas-2026", ref="第一条", group="甲", heading="要点", text="条文。", position=1))
    session.flush()
    session.add(LearningCard(clause_id=CARD, says="字" * 300, why="", on_site=[], mistakes=[]))
    session.flush()


@pytest.fixture
def city(session: Session) -> Session:
    wiring.wire()
    factories.reference(session)
    write_card(session)
    return session


def opened(session: Session, *, paper: bool = True, role: PostRole = PostRole.PRINCIPAL, **asked: Any) -> int:
    view = service.create_programme(
        session, code=f"c-{next(_codes):04}", title="专项", audience=service.Audience(), opens_on=OPENS, due_on=DUE, role=role,
        now=factories.at(OPENS), paper_id=factories.paper(session) if paper else None, components=Components(**asked),
    )  # fmt: skip
    service.open_programme(session, programme_id=view.id, today=OPENS)
    return view.id


def attend(session: Session, programme_id: int | None, person_id: int, day: date, minutes: int) -> None:
    """What the classes room does when somebody was present."""
    held = ClassSession(title="班", programme_id=programme_id, created_at=factories.at(day))
    session.add(held)
    session.flush()
    session.add(HoursCredit(session_id=held.id or 0, person_id=person_id, day=day, programme_id=programme_id, minutes=minutes))
    session.flush()
    events.announce(session, events.HoursChanged(frozenset({person_id}), programme_id, day))


def read(session: Session, person_id: int, day: date, seconds: int) -> None:
    """Beats of 15 seconds, until so much was counted."""
    moment = factories.at(day)
    study.beat(session, person_id=person_id, card=CARD, now=moment, begin=True)
    for number in range(seconds // 15):
        study.beat(session, person_id=person_id, card=CARD, now=moment + timedelta(seconds=15 * (number + 1)))
    session.expire_all()


def stands(duty: DutyView) -> dict[str, Any]:
    names = ("trained_on", "passed_on", "hours_on", "materials_on", "completed_on", "minutes_due", "minutes_done", "study_minutes")
    return {name: getattr(duty, name) for name in names}


ALL = {"hours_rule": HoursRule.FIXED, "hours_fixed": 4, "materials": ("gas-2026",), "material_minutes": 2}


def test_duty_is_complete_on_the_latest_of_its_components(city: Session) -> None:
    post_id = factories.post(city, organisation_id=factories.organisation(city))
    programme_id = opened(city, **ALL)
    person_id = duty_of(city, post_id).person_id

    attempt_id = hand_in(city, programme_id, person_id, date(2026, 9, 5))
    read(city, person_id, date(2026, 9, 8), 120)
    before = duty_of(city, post_id)
    attend(city, programme_id, person_id, date(2026, 9, 20), 180)
    after = duty_of(city, post_id)

    assert (before.completed_on, before.completed_attempt_id) == (None, None)
    assert stands(after) == {
        "trained_on": date(2026, 9, 5), "passed_on": date(2026, 9, 5), "hours_on": date(2026, 9, 20), "materials_on": date(2026, 9, 8),
        "completed_on": date(2026, 9, 20), "minutes_due": 180, "minutes_done": 180, "study_minutes": 2,
    }  # fmt: skip
    assert after.completed_attempt_id == attempt_id


def test_programme_without_a_paper_is_complete_by_hours_alone(city: Session) -> None:
    post_id = factories.post(city, organisation_id=factories.organisation(city))
    programme_id = opened(city, paper=False, hours_rule=HoursRule.LAW)

    attend(city, programme_id, duty_of(city, post_id).person_id, date(2026, 9, 9), 540)

    duty = duty_of(city, post_id)
    assert (duty.minutes_due, duty.trained_on, duty.completed_on, duty.passed_on) == (540, date(2026, 9, 9), date(2026, 9, 9), None)


def test_class_of_another_programme_or_of_none_counts_for_nothing(city: Session) -> None:
    post_id = factories.post(city, organisation_id=factories.organisation(city))
    programme_id, other = opened(city, paper=False, hours_rule=HoursRule.LAW), opened(city)
    person_id = duty_of(city, post_id).person_id

    attend(city, None, person_id, date(2026, 9, 9), 540)
    attend(city, other, person_id, date(2026, 9, 9), 540)
    attend(city, programme_id, person_id, date(2026, 8, 31), 540)

    duty = next(each for each in queries.duties(city, programme_id=programme_id))
    assert (duty.minutes_done, duty.trained_on, duty.completed_on) == (0, None, None)


def test_hours_taken_back_open_the_duty_again(city: Session) -> None:
    post_id = factories.post(city, organisation_id=factories.organisation(city))
    programme_id = opened(city, paper=False, hours_rule=HoursRule.LAW)
    person_id = duty_of(city, post_id).person_id
    attend(city, programme_id, person_id, date(2026, 9, 9), 540)

    city.execute(update(HoursCredit).values(minutes=500))
    events.announce(city, events.HoursChanged(frozenset({person_id}), programme_id, date(2026, 9, 30)))

    duty = duty_of(city, post_id)
    assert (duty.minutes_done, duty.hours_on, duty.completed_on, duty.trained_on) == (500, None, None, date(2026, 9, 9))


def test_person_of_two_enterprises_owes_the_highest_hours_in_both(city: Session) -> None:
    works, mine = factories.organisation(city), factories.organisation(city)
    city.execute(update(Organisation).where(col(Organisation.id) == mine).values(hours_high_risk=True))
    person_id = factories.person(city)
    first = factories.post(city, organisation_id=works, person_id=person_id)
    opened(city, paper=False, hours_rule=HoursRule.LAW_YEARLY)
    before = duty_of(city, first).minutes_due

    second = factories.post(city, organisation_id=mine, person_id=person_id, held_from=date(2026, 10, 1))
    posts_changed(city, mine, date(2026, 10, 1))
    both = [duty_of(city, first).minutes_due, duty_of(city, second).minutes_due]
    city.execute(update(Post).where(col(Post.id) == second).values(held_to=date(2026, 10, 20)))
    posts_changed(city, mine, date(2026, 10, 20))

    assert (before, both, duty_of(city, first).minutes_due) == (540, [720, 720], 540)


def test_first_training_on_record_makes_the_next_programme_a_yearly_one(city: Session) -> None:
    post_id = factories.post(city, organisation_id=factories.organisation(city), held_from=date(2026, 8, 1))
    first = opened(city, paper=False, hours_rule=HoursRule.LAW)
    attend(city, first, duty_of(city, post_id).person_id, date(2026, 9, 15), 32 * 45)

    later = service.create_programme(
        city, code="later", title="下一年", audience=service.Audience(), opens_on=date(2026, 10, 1), due_on=DUE, now=factories.at(OPENS),
        components=Components(hours_rule=HoursRule.LAW),
    )  # fmt: skip
    service.open_programme(city, programme_id=later.id, today=date(2026, 10, 1))
    duties = {duty.programme_id: duty for duty in queries.duties(city)}

    assert [(duties[n].is_first_time, duties[n].minutes_due) for n in (first, later.id)] == [(True, 32 * 45), (False, 12 * 45)]


def test_enterprise_that_becomes_high_risk_asks_for_more(city: Session) -> None:
    works = factories.organisation(city)
    post_id = factories.post(city, organisation_id=works)
    opened(city, paper=False, hours_rule=HoursRule.LAW)

    city.execute(update(Organisation).where(col(Organisation.id) == works).values(hours_high_risk=True))
    events.announce(city, events.OrganisationsChanged(frozenset({works}), date(2026, 9, 9)))

    assert duty_of(city, post_id).minutes_due == 16 * 45


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "programme_without_component"),
        ({"hours_rule": HoursRule.FIXED}, "hours_missing"),
        ({"material_minutes": 10}, "materials_missing"),
        ({"materials": ("nothing",), "material_minutes": 10}, "materials_unknown"),
        ({"hours_rule": HoursRule.LAW, "minutes_per_hour": 90}, "minutes_per_hour"),
        ({"hours_rule": HoursRule.LAW, "validity_months": 0}, "months"),
    ],
)
def test_programme_that_asks_for_nothing_or_for_nonsense_is_refused(city: Session, asked: dict[str, Any], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        opened(city, paper=False, **asked)

    assert refused.value.code == code
    assert isinstance(refused.value, Invalid) or code == "programme_without_component"


@pytest.mark.parametrize("role", [PostRole.OFFICIAL, PostRole.SAFETY_DIRECTOR, PostRole.WORKER])
def test_hours_that_no_law_gives_cannot_be_asked_by_law(city: Session, role: PostRole) -> None:
    with pytest.raises(Refusal) as refused:
        opened(city, paper=False, role=role, hours_rule=HoursRule.LAW)

    assert refused.value.code == "no_legal_hours"
    assert "统一规定学时" in refused.value.message


def test_programme_with_a_draft_paper_does_not_open(city: Session) -> None:
    paper_id = factories.paper(city)
    city.execute(update(Paper).where(col(Paper.id) == paper_id).values(state="draft"))
    view = service.create_programme(
        city,
        code="draft-paper",
        title="专项",
        audience=service.Audience(),
        opens_on=OPENS,
        due_on=DUE,
        now=factories.at(OPENS),
        paper_id=paper_id,
    )

    with pytest.raises(Refusal, match="还是草稿"):
        service.open_programme(city, programme_id=view.id, today=OPENS)


def test_changed_hours_of_an_open_programme_apply_as_if_always_so(city: Session) -> None:
    post_id = factories.post(city, organisation_id=factories.organisation(city))
    programme_id = opened(city, **{**ALL, "materials": (), "material_minutes": 0})
    hand_in(city, programme_id, duty_of(city, post_id).person_id, date(2026, 9, 5))

    service.edit_programme(city, programme_id=programme_id, today=date(2026, 9, 30), hours_rule="none", hours_fixed=None)

    assert duty_of(city, post_id).completed_on == date(2026, 9, 5)


def test_a_hand_in_takes_no_more_statements_than_without_components(city: Session) -> None:
    posts = [factories.post(city, organisation_id=factories.organisation(city)) for _ in range(2)]
    plain, rich = opened(city), opened(city, **ALL)
    duties = {duty.programme_id: duty for duty in queries.duties(city) if duty.post_id == posts[0]}

    def statements(programme_id: int) -> int:
        seen: list[str] = []
        engine = city.get_bind().engine
        person_id = duties[programme_id].person_id
        paper_id = next(view.paper_id for view in queries.programmes(city) if view.id == programme_id)

        def count(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            seen.append(statement)

        sql_events.listen(engine, "before_cursor_execute", count)
        progress.advance(
            city,
            person_id=person_id,
            paper_id=paper_id or 0,
            day=date(2026, 9, 6),
            attempt_id=attempts[programme_id],
            handed_in=True,
            passed=True,
        )
        sql_events.remove(engine, "before_cursor_execute", count)
        return len(seen)

    moment = factories.at(date(2026, 9, 6))
    attempts = {
        n: factories.attempt(
            city, person_id=duties[n].person_id, paper_id=next(v.paper_id for v in queries.programmes(city) if v.id == n) or 0,
            started_at=moment, handed_in_at=moment, score=90,
        )
        for n in (plain, rich)
    }  # fmt: skip

    assert statements(rich) <= statements(plain)


# --- any order ---

happenings = st.lists(
    st.tuples(st.sampled_from(["pass", "fail", "class", "class", "read", "read"]), st.integers(0, 25), st.integers(0, 1)),
    min_size=1, max_size=9,
)  # fmt: skip
asked_for = st.fixed_dictionaries(
    {
        "hours_rule": st.sampled_from([HoursRule.NONE, HoursRule.FIXED, HoursRule.LAW]), "hours_fixed": st.just(8.0),
        "materials": st.just(("gas-2026",)), "material_minutes": st.sampled_from([0, 2]),
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Any:
    database = Database(new_file(tmp_path_factory.mktemp("orders")))
    yield database
    database.dispose()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=happenings, asked=asked_for, shuffled=st.randoms(use_true_random=False))
def test_order_does_not_matter_and_step_by_step_equals_a_whole_look(
    sqlite: Database, history: list[tuple[str, int, int]], asked: dict[str, Any], shuffled: Any
) -> None:
    ends = []
    for turn in (history, sorted(history, key=lambda _: shuffled.random())):
        turn = with_attempts_in_turn(turn)
        with Session(sqlite.writer) as session:
            ends.append(play(session, turn, asked))
            session.rollback()

    assert ends[0] == ends[1]


def with_attempts_in_turn(history: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """Attempts at one paper are handed in one after the other; everything else may be heard of at any time."""
    attempts = iter(sorted((each for each in history if each[0] in ("pass", "fail")), key=lambda each: each[1:] + each[:1]))
    return [next(attempts) if each[0] in ("pass", "fail") else each for each in history]


def play(session: Session, history: list[tuple[str, int, int]], asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Two people of one enterprise, and one of them of another as well; after each event a second look changes nothing."""
    wiring.wire()
    factories.reference(session)
    write_card(session)
    here, there = factories.organisation(session), factories.organisation(session)
    people = [factories.person(session), factories.person(session)]
    for person_id, organisation_id, since in (
        (people[0], here, OPENS),
        (people[1], here, date(2026, 9, 10)),
        (people[0], there, date(2026, 9, 12)),
    ):
        factories.post(session, organisation_id=organisation_id, person_id=person_id, held_from=since)
    programme_id = opened(session, **asked)
    for kind, number, who in history:
        day, person_id = OPENS + timedelta(days=number), people[who]
        if kind == "class":
            attend(session, programme_id, person_id, day, 200)
        elif kind == "read":
            session.merge(
                StudyTime(
                    person_id=person_id, material=CARD, day=day, seconds=75, last_beat_at=factories.at(day)
                )
            )  # fmt: skip
            session.flush()
            events.announce(session, events.StudyCounted(person_id, "gas-2026", day))
        else:
            hand_in(session, programme_id, person_id, day, score=80 if kind == "pass" else 40)
        assert service.synchronise(session, programme_id=programme_id, organisation_ids=None, today=day) == frozenset(), (kind, number, who)
    rows = queries.duties(session, programme_id=programme_id)
    return [{**stands(row), "examined_on": row.examined_on, "attempt": row.completed_attempt_id is not None} for row in rows]


# --- counting study ---


def test_beats_of_two_devices_never_count_the_same_second_twice(city: Session) -> None:
    post_id = factories.post(city, organisation_id=factories.organisation(city))
    opened(city, **ALL)
    person_id, moment = duty_of(city, post_id).person_id, factories.at(date(2026, 9, 8))

    study.beat(city, person_id=person_id, card=CARD, now=moment, begin=True)
    for second in (5, 10, 15, 20, 25, 30):
        study.beat(city, person_id=person_id, card=CARD, now=moment + timedelta(seconds=second))

    city.expire_all()
    assert city.get_one(StudyTime, (person_id, CARD, date(2026, 9, 8))).seconds == 30


@pytest.mark.parametrize(("gap", "counted"), [(15, 15), (20, 20), (40, 20), (46, 0), (3600, 0)])
def test_a_beat_proves_twenty_seconds_at_most_and_nothing_after_an_absence(city: Session, gap: int, counted: int) -> None:
    person_id, moment = factories.person(city), factories.at(date(2026, 9, 8))

    study.beat(city, person_id=person_id, card=CARD, now=moment)
    study.beat(city, person_id=person_id, card=CARD, now=moment + timedelta(seconds=gap))

    city.expire_all()
    assert city.get_one(StudyTime, (person_id, CARD, date(2026, 9, 8))).seconds == counted


def test_a_card_counts_for_twice_a_slow_reading_a_day(city: Session) -> None:
    person_id = factories.person(city)

    read(city, person_id, date(2026, 9, 8), 600)
    read(city, person_id, date(2026, 9, 9), 600)

    found = [city.get_one(StudyTime, (person_id, CARD, date(2026, 9, day))).seconds for day in (8, 9)]
    assert found == [study.card_cap(300)] * 2 == [240, 240]


def test_the_reader_is_told_minutes_counted_and_needed(city: Session) -> None:
    post_id = factories.post(city, organisation_id=factories.organisation(city))
    opened(city, **ALL)
    person_id = duty_of(city, post_id).person_id

    read(city, person_id, date(2026, 9, 8), 60)

    said = study.asked_of(city, person_id=person_id, edition="gas-2026", today=clock.local_day(factories.at(date(2026, 9, 8))))
    assert said == study.StudyView(minutes=1, needed=2)
    assert study.asked_of(city, person_id=person_id, edition="other", today=date(2026, 9, 8)) is None


def test_first_training_of_an_earlier_programme_decides_anew_when_its_hours_change(city: Session) -> None:
    """The later programme was entered first: aligned in the order of entry it would look at hours that are no longer so."""
    works = factories.organisation(city)
    post_id = factories.post(city, organisation_id=works, held_from=date(2026, 5, 1))
    later = opened(city, paper=False, hours_rule=HoursRule.LAW)
    earlier = service.create_programme(
        city, code="earlier", title="前一期", audience=service.Audience(), opens_on=date(2026, 5, 1), due_on=DUE, now=factories.at(OPENS),
        components=Components(hours_rule=HoursRule.LAW),
    ).id  # fmt: skip
    service.open_programme(city, programme_id=earlier, today=OPENS)
    person_id = next(duty.person_id for duty in queries.duties(city) if duty.post_id == post_id)
    attend(city, earlier, person_id, date(2026, 6, 1), 32 * 45)
    recorded = {duty.programme_id: (duty.is_first_time, duty.minutes_due // 45) for duty in queries.duties(city)}

    city.connection().execute(update(Organisation).values(hours_high_risk=True))
    events.announce(city, events.OrganisationsChanged(frozenset({works}), OPENS))

    assert recorded == {later: (False, 12), earlier: (True, 32)}
    assert {duty.programme_id: (duty.is_first_time, duty.minutes_due // 45) for duty in queries.duties(city)} == {
        later: (True, 48), earlier: (True, 48),
    }  # fmt: skip
    assert service.synchronise(city, programme_id=later, organisation_ids=None, today=OPENS) == frozenset()

"""Start, resume, hand in, expire: on both engines, with a fixed clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlmodel import Session

from quiz import events
from quiz.attempts import queries, service
from quiz.attempts.answer_review import letters
from quiz.attempts.queries import AttemptRow
from quiz.models.attempts import Attempt
from quiz.models.papers import Form
from quiz.papers import service as papers
from quiz.problems import Invalid, NotFound, Refusal
from quiz.vocabulary import AttemptState, PaperState, ReviewPolicy, ScoringPolicy
from tests import factories
from tests.attempts import exam


@pytest.fixture(autouse=True)
def bank(session: Session, now: datetime) -> None:
    exam.write_bank(session, now=now)


@pytest.fixture
def person_id(session: Session) -> int:
    return factories.person(session)


@pytest.fixture
def heard() -> Iterator[list[events.AttemptHandedIn]]:
    """What higher rooms are told about hand-ins."""
    facts: list[events.AttemptHandedIn] = []

    def hear(_session: object, event: events.AttemptHandedIn) -> None:
        facts.append(event)

    events.subscribe(events.AttemptHandedIn, hear)
    yield facts
    events._handlers[events.AttemptHandedIn].remove(hear)


def refusal(act: Callable[[], object]) -> str:
    """The code of the refusal that this act meets."""
    with pytest.raises(Refusal) as refused:
        act()
    return refused.value.code


def test_a_start_answers_with_the_paper_and_never_with_its_keys(session: Session, person_id: int, now: datetime) -> None:
    paper_id = exam.paper(session, now=now)

    started = exam.start(session, person_id=person_id, paper_id=paper_id, now=now)

    assert started.created
    assert started.payload == {
        "id": started.attempt.id, "paper": paper_id, "title": "燃气安全考试", "state": "open",
        "started_at": "2026-11-23T01:00:00+00:00", "deadline": "2026-11-23T01:30:00+00:00", "server_time": "2026-11-23T01:00:00+00:00",
        "scoring_policy": "all_or_nothing", "scoring_text": ScoringPolicy.ALL_OR_NOTHING.label, "cut_score": 8.0, "max_score": 12.0,
        "items": [
            {
                "position": 1, "type": "single", "stem": "燃气报警器应装在哪里？", "points": 4.0, "must_be_right": True,
                "options": [{"key": "A", "text": "厨房"}, {"key": "B", "text": "仓库"}, {"key": "C", "text": "门口"}],
            },
            {
                "position": 2, "type": "multiple", "stem": "主要负责人应做哪些事？", "points": 6.0, "must_be_right": False,
                "options": [
                    {"key": "A", "text": "组织检查"}, {"key": "B", "text": "保证投入"}, {"key": "C", "text": "组织培训"},
                    {"key": "D", "text": "代替检查员签字"},
                ],
            },
            {
                "position": 3, "type": "true_false", "stem": "连接软管可以穿墙。", "points": 2.0, "must_be_right": False,
                "options": [{"key": "A", "text": "正确"}, {"key": "B", "text": "错误"}],
            },
        ],
        "responses": [],
    }  # fmt: skip


def test_the_same_key_leads_to_the_same_attempt_and_any_key_resumes_the_open_one(session: Session, person_id: int, now: datetime) -> None:
    paper_id = exam.paper(session, now=now)
    first = exam.start(session, person_id=person_id, paper_id=paper_id, now=now)
    exam.keep(session, first.attempt.id, {1: ["B"]}, now=now, sequence=4)

    again = exam.start(session, person_id=person_id, paper_id=paper_id, now=now + timedelta(minutes=1))
    other_key = exam.start(session, person_id=person_id, paper_id=paper_id, now=now + timedelta(minutes=2), key="key-00000002")

    assert [each.created for each in (first, again, other_key)] == [True, False, False]
    assert again.attempt == other_key.attempt == first.attempt
    assert other_key.payload["responses"] == [{"position": 1, "answer": ["B"], "sequence": 4}]
    assert other_key.payload["items"] == first.payload["items"]
    assert session.scalar(select(func.count()).select_from(Attempt)) == 1


def test_a_key_of_a_closed_attempt_still_leads_to_it_and_only_a_new_key_starts_another(
    session: Session, person_id: int, now: datetime
) -> None:
    paper_id = exam.paper(session, now=now)
    first = exam.start(session, person_id=person_id, paper_id=paper_id, now=now)
    service.hand_in(session, attempt_id=first.attempt.id, person_id=person_id, now=now)

    again = exam.start(session, person_id=person_id, paper_id=paper_id, now=now)
    second = exam.start(session, person_id=person_id, paper_id=paper_id, now=now, key="key-00000002")

    assert (again.attempt.id, again.attempt.state, again.created) == (first.attempt.id, AttemptState.HANDED_IN, False)
    assert (second.attempt.number, second.created) == (2, True)


def test_a_key_used_for_one_paper_is_refused_for_another(session: Session, person_id: int, now: datetime) -> None:
    one, other = exam.paper(session, now=now), exam.paper(session, now=now, title="补考")
    exam.start(session, person_id=person_id, paper_id=one, now=now)

    assert refusal(lambda: exam.start(session, person_id=person_id, paper_id=other, now=now)) == "idempotency_key_reused"


def test_two_people_may_use_the_same_key(session: Session, person_id: int, now: datetime) -> None:
    paper_id = exam.paper(session, now=now)

    mine = exam.start(session, person_id=person_id, paper_id=paper_id, now=now)
    yours = exam.start(session, person_id=factories.person(session), paper_id=paper_id, now=now)

    assert mine.attempt.id != yours.attempt.id


def test_a_paper_opens_and_closes_by_the_second(session: Session, person_id: int, now: datetime) -> None:
    opens, closes = now, now + timedelta(minutes=20)
    paper_id = exam.paper(session, now=now, opens_at=opens, closes_at=closes)

    def begin(at: datetime) -> AttemptRow:
        return exam.start(session, person_id=person_id, paper_id=paper_id, now=at).attempt

    assert refusal(lambda: begin(opens - timedelta(seconds=1))) == "not_open"
    assert refusal(lambda: begin(closes)) == "closed"
    last_second = begin(closes - timedelta(seconds=1))
    assert last_second.deadline == closes


def test_drafts_and_withdrawn_papers_cannot_be_started_but_a_running_attempt_goes_on(
    session: Session, person_id: int, now: datetime
) -> None:
    draft = exam.paper(session, now=now, publish=False)
    running = exam.paper(session, now=now)
    started = exam.start(session, person_id=person_id, paper_id=running, now=now)
    papers.set_state(session, paper_id=running, state=PaperState.WITHDRAWN)

    resumed = exam.start(session, person_id=person_id, paper_id=running, now=now, key="key-00000002")

    assert resumed.attempt.id == started.attempt.id
    with pytest.raises(NotFound):
        exam.start(session, person_id=person_id, paper_id=draft, now=now, key="key-00000003")
    with pytest.raises(NotFound):
        exam.start(session, person_id=factories.person(session), paper_id=running, now=now)


def take(
    session: Session, paper_id: int, person_id: int, now: datetime, *, number: int, answers: dict[int, list[str]] | None = None
) -> AttemptRow:
    """Start, answer and hand in."""
    started = exam.start(session, person_id=person_id, paper_id=paper_id, now=now, key=f"key-0000000{number}")
    exam.keep(session, started.attempt.id, answers or {}, now=now)
    return service.hand_in(session, attempt_id=started.attempt.id, person_id=person_id, now=now + timedelta(minutes=5))


def test_attempts_are_counted_and_an_extension_gives_more_attempts_minutes_and_days(
    session: Session, person_id: int, now: datetime
) -> None:
    office = factories.account(session)
    paper_id = exam.paper(session, now=now, attempts_allowed=1)
    take(session, paper_id, person_id, now, number=1)
    assert refusal(lambda: exam.start(session, person_id=person_id, paper_id=paper_id, now=now, key="key-00000002")) == "no_attempts_left"

    later = now + timedelta(days=8)  # the paper itself closes after seven
    service.grant_extension(
        session, paper_id=paper_id, person_id=person_id, reason="住院", granted_by=office, now=now, extra_attempts=1, extra_minutes=15,
        closes_at=now + timedelta(days=9),
    )  # fmt: skip
    second = exam.start(session, person_id=person_id, paper_id=paper_id, now=later, key="key-00000002").attempt

    assert (second.number, second.deadline) == (2, later + timedelta(minutes=45))
    assert refusal(lambda: exam.start(session, person_id=factories.person(session), paper_id=paper_id, now=later)) == "closed"


def test_unlimited_attempts_have_no_end(session: Session, person_id: int, now: datetime) -> None:
    paper_id = exam.paper(session, now=now, attempts_allowed=None)

    assert [take(session, paper_id, person_id, now, number=n).number for n in (1, 2, 3, 4)] == [1, 2, 3, 4]


def test_more_minutes_reach_an_attempt_that_is_running_but_not_one_whose_time_is_up(session: Session, now: datetime) -> None:
    office = factories.account(session)
    paper_id = exam.paper(session, now=now)
    running, late = factories.person(session), factories.person(session)
    for person, begun in ((running, now), (late, now - timedelta(minutes=40))):
        exam.start(session, person_id=person, paper_id=paper_id, now=begun)

    for person in (running, late):
        service.grant_extension(
            session, paper_id=paper_id, person_id=person, reason="停电", granted_by=office, now=now, extra_minutes=20
        )  # fmt: skip

    deadlines = {row.person_id: row.deadline for person in (running, late) for row in queries.attempts_of(session, person_id=person)}
    assert deadlines == {running: now + timedelta(minutes=50), late: now - timedelta(minutes=10)}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"reason": " ", "extra_attempts": 1}, "reason_empty"),
        ({"reason": "住院"}, "extension_empty"),
        ({"reason": "住院", "extra_minutes": -5}, "extension_empty"),
    ],
)
def test_an_extension_needs_a_reason_and_a_content(
    session: Session, person_id: int, now: datetime, wrong: dict[str, object], code: str
) -> None:
    paper_id = exam.paper(session, now=now)

    with pytest.raises(Invalid) as refused:
        service.grant_extension(session, paper_id=paper_id, person_id=person_id, granted_by=1, now=now, **wrong)  # type: ignore[arg-type]
    assert refused.value.code == code


def test_handing_in_marks_once_and_answers_the_same_again(
    session: Session, person_id: int, now: datetime, heard: list[events.AttemptHandedIn]
) -> None:
    paper_id = exam.paper(session, now=now)
    attempt_id = exam.start(session, person_id=person_id, paper_id=paper_id, now=now).attempt.id
    exam.keep(session, attempt_id, exam.RIGHT, now=now)
    at = now + timedelta(minutes=9)

    first = service.hand_in(session, attempt_id=attempt_id, person_id=person_id, now=at)
    again = service.hand_in(session, attempt_id=attempt_id, person_id=person_id, now=at + timedelta(hours=3))
    by_server = service.hand_in(session, attempt_id=attempt_id, person_id=None, now=at + timedelta(days=1))

    assert (first.state, first.handed_in_at, first.score, first.passed, first.marks) == (
        AttemptState.HANDED_IN,
        at,
        12.0,
        True,
        [4.0, 6.0, 2.0],
    )
    assert again == by_server == first
    assert heard == [events.AttemptHandedIn(attempt_id, person_id, paper_id, passed=True, at=at)]


@pytest.mark.parametrize("by_server", [False, True])
def test_after_the_deadline_it_counts_as_handed_in_at_the_deadline_whoever_does_it(
    session: Session, person_id: int, now: datetime, by_server: bool
) -> None:
    paper_id = exam.paper(session, now=now)
    attempt_id = exam.start(session, person_id=person_id, paper_id=paper_id, now=now).attempt.id
    exam.keep(session, attempt_id, {1: ["A"], 2: ["A", "B"]}, now=now)

    closed = service.hand_in(session, attempt_id=attempt_id, person_id=None if by_server else person_id, now=now + timedelta(hours=5))

    assert (closed.state, closed.handed_in_at, closed.score, closed.passed, closed.marks) == (
        AttemptState.EXPIRED, now + timedelta(minutes=30), 4.0, False, [4.0, 0.0, 0.0],
    )  # fmt: skip


def test_the_scoring_policy_is_the_one_the_attempt_was_started_under(session: Session, person_id: int, now: datetime) -> None:
    paper_id = exam.paper(session, now=now, scoring_policy=ScoringPolicy.PARTIAL)
    attempt_id = exam.start(session, person_id=person_id, paper_id=paper_id, now=now).attempt.id
    exam.keep(session, attempt_id, {1: ["A"], 2: ["A", "B"]}, now=now)
    draft = papers.PaperDraft(
        title="改了规则", blueprint=exam.Blueprint(sections=exam.SECTIONS), cut_score=12, opens_at=now, closes_at=now + timedelta(days=1)
    )
    papers.edit_paper(session, paper_id=paper_id, draft=draft)

    closed = service.hand_in(session, attempt_id=attempt_id, person_id=person_id, now=now)

    assert (closed.score, closed.passed, closed.marks) == (8.0, True, [4.0, 4.0, 0.0])


def test_an_item_that_was_corrected_after_the_start_does_not_change_the_marks(session: Session, person_id: int, now: datetime) -> None:
    paper_id = exam.paper(session, now=now)
    before = exam.start(session, person_id=person_id, paper_id=paper_id, now=now).attempt
    exam.write_bank(session, now=now, alarm_key="B")
    exam.keep(session, before.id, exam.RIGHT, now=now)

    old = service.hand_in(session, attempt_id=before.id, person_id=person_id, now=now)
    new = take(session, paper_id, person_id, now, number=2, answers=exam.RIGHT)

    assert (old.marks, old.passed) == ([4.0, 6.0, 2.0], True)
    assert (new.marks, new.passed) == ([0.0, 6.0, 2.0], False)


def test_another_persons_attempt_is_not_there(session: Session, person_id: int, now: datetime) -> None:
    attempt_id = exam.start(session, person_id=person_id, paper_id=exam.paper(session, now=now), now=now).attempt.id
    stranger = factories.person(session)

    for act in (
        lambda: service.hand_in(session, attempt_id=attempt_id, person_id=stranger, now=now),
        lambda: queries.attempt_row(session, attempt_id, person_id=stranger),
        lambda: queries.result(session, attempt_id=attempt_id, person_id=stranger, now=now),
        lambda: queries.attempt_row(session, 10**30),
    ):
        with pytest.raises(NotFound):
            act()


def test_what_is_overdue_is_handed_in_once_and_the_rest_left_open(
    session: Session, now: datetime, heard: list[events.AttemptHandedIn]
) -> None:
    paper_id = exam.paper(session, now=now)
    overdue, in_time = factories.person(session), factories.person(session)
    exam.start(session, person_id=overdue, paper_id=paper_id, now=now - timedelta(minutes=31))
    exam.start(session, person_id=in_time, paper_id=paper_id, now=now - timedelta(minutes=30))

    counts = [service.expire_due(session, now=now) for _ in range(3)]

    assert counts == [1, 0, 0]
    states = {row.person_id: row.state for who in (overdue, in_time) for row in queries.attempts_of(session, person_id=who)}
    assert states == {overdue: AttemptState.EXPIRED, in_time: AttemptState.OPEN}
    assert [(event.person_id, event.at) for event in heard] == [(overdue, now - timedelta(minutes=1))]


def test_an_attempt_that_cannot_be_marked_holds_up_nobody_else(session: Session, now: datetime) -> None:
    paper_id = exam.paper(session, now=now)
    people = [factories.person(session) for _ in range(3)]
    started = [exam.start(session, person_id=who, paper_id=paper_id, now=now - timedelta(hours=1)).attempt for who in people]
    session.execute(update(Form).where(Form.id == started[0].form_id).values(items=[{"version": 0}]))  # type: ignore[arg-type]

    assert service.expire_due(session, now=now) == 2
    assert [queries.attempt_row(session, row.id).state for row in started] == [
        AttemptState.OPEN,
        AttemptState.EXPIRED,
        AttemptState.EXPIRED,
    ]


SECRETS = {"explanation", "rationales", "rationale", "is_key", "marks", "mark", "score", "correct", "clauses", "passed"}


def test_no_key_mark_or_explanation_is_in_what_the_player_gets_open_or_closed(session: Session, person_id: int, now: datetime) -> None:
    started = exam.start(session, person_id=person_id, paper_id=exam.paper(session, now=now), now=now)
    exam.keep(session, started.attempt.id, exam.RIGHT, now=now)
    closed = service.hand_in(session, attempt_id=started.attempt.id, person_id=person_id, now=now)

    for payload in (started.payload, queries.attempt_payload(session, closed, now=now)):
        assert SECRETS.isdisjoint(exam.field_names(payload))
        assert {frozenset(option) for each in payload["items"] for option in each["options"]} == {frozenset({"key", "text"})}
        assert "用气的地方" not in str(payload)


@pytest.mark.parametrize(
    ("policy", "while_open", "after_close"),
    [(ReviewPolicy.AFTER_HAND_IN, True, True), (ReviewPolicy.AFTER_CLOSE, False, True), (ReviewPolicy.SCORE_ONLY, False, False)],
)
def test_the_review_policy_decides_when_keys_are_shown(
    session: Session, person_id: int, now: datetime, policy: ReviewPolicy, while_open: bool, after_close: bool
) -> None:
    paper_id = exam.paper(session, now=now, review_policy=policy)
    attempt_id = take(session, paper_id, person_id, now, number=1, answers={1: ["B"]}).id
    closes = now + timedelta(days=7)

    def shown(at: datetime, **who: bool) -> bool:
        found = queries.result(session, attempt_id=attempt_id, person_id=person_id, now=at, **who)
        assert (found.must_failed_count, found.must_failed) == (1, [1] if found.review else [])
        return found.review is not None

    assert [shown(closes), shown(closes + timedelta(seconds=1))] == [while_open, after_close]
    assert shown(now, for_staff=True)


def test_whoever_was_given_longer_does_not_see_the_keys_before_their_own_closing(session: Session, person_id: int, now: datetime) -> None:
    paper_id = exam.paper(session, now=now, review_policy=ReviewPolicy.AFTER_CLOSE)
    attempt_id = take(session, paper_id, person_id, now, number=1).id
    longer = now + timedelta(days=20)
    service.grant_extension(
        session, paper_id=paper_id, person_id=person_id, reason="出差", granted_by=factories.account(session), now=now, closes_at=longer
    )

    shown = [
        queries.result(session, attempt_id=attempt_id, person_id=person_id, now=at).review is not None
        for at in (longer, longer + timedelta(1))
    ]

    assert shown == [False, True]


def test_the_result_says_what_was_wrong_why_and_by_which_clause(session: Session, person_id: int, now: datetime) -> None:
    attempt_id = take(session, exam.paper(session, now=now), person_id, now, number=1, answers={1: ["B"], 2: ["A", "B", "C"]}).id

    found = queries.result(session, attempt_id=attempt_id, person_id=person_id, now=now)

    assert (found.score, found.max_score, found.passed, found.correct, found.total, found.unanswered, found.late) == (
        6.0,
        12.0,
        False,
        1,
        3,
        1,
        0,
    )
    assert found.review is not None
    assert found.review[0] == queries.ReviewedItem(
        position=1, type_label="单选题", stem="燃气报警器应装在哪里？",
        options=[
            {"letter": "A", "text": "厨房", "chosen": False, "is_key": True, "rationale": ""},
            {"letter": "B", "text": "仓库", "chosen": True, "is_key": False, "rationale": "仓库不用气。"},
            {"letter": "C", "text": "门口", "chosen": False, "is_key": False, "rationale": "门口不用气。"},
        ],
        mark=0.0, points=4.0, correct=False, answered=True, must_be_right=True, explanation="用气的地方才会漏气。",
        clauses=[{"id": exam.CLAUSE, "ref": "第七条", "heading": "报警装置", "text": "用气场所应当安装报警装置。", "edition_title": "燃气管理规定"}], late_answer="",
    )  # fmt: skip


def test_an_open_attempt_has_no_result(session: Session, person_id: int, now: datetime) -> None:
    attempt_id = exam.start(session, person_id=person_id, paper_id=exam.paper(session, now=now), now=now).attempt.id

    with pytest.raises(NotFound) as refused:
        queries.result(session, attempt_id=attempt_id, person_id=person_id, now=now)
    assert refused.value.code == "still_open"


def test_letters_are_the_places_on_screen_not_the_keys() -> None:
    assert letters(["A", "C"], ["C", "B", "A", "D"]) == "AC"
    assert letters(["B"], ["D", "C", "B", "A"]) == "C"

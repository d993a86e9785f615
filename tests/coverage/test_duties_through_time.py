"""What every event in the life of an enterprise does to total, groups and lists: before its day, on it, after; also entered late."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from quiz import wiring
from quiz.coverage import queries as coverage
from quiz.coverage.buffer import buffer
from quiz.coverage.domain import Counts
from quiz.coverage.uncovered import uncovered
from quiz.coverage.verification import verify
from quiz.organisations import service as organisations
from quiz.organisations.domain import OrganisationDraft, PersonDraft
from quiz.organisations.person_merge import merge_persons
from quiz.organisations.reference import seed_reference
from quiz.problems import Refusal
from quiz.training import queries as training_queries
from quiz.training import service as training
from quiz.vocabulary import DutyClosing
from tests import factories
from tests.coverage.campaign import Campaign

OPENS, DUE = date(2026, 9, 1), date(2026, 10, 31)
DAY = date(2026, 10, 20)
EVE, NEXT = DAY - timedelta(days=1), DAY + timedelta(days=1)
LATE = date(2026, 11, 15)
"""The day on which something of 20 October is only entered."""
HUANCUI, RONGCHENG = "371002", "371082"
DUE_ONE, NOBODY, DONE = Counts(due=1), Counts(), Counts(due=1, trained=1, examined=1, passed=1, completed=1)
EXEMPT = Counts(exempt=1)
entered_on = pytest.mark.parametrize("entered", [DAY, LATE], ids=["on the day", "entered later"])


class Life(Campaign):
    """One enterprise with one principal in 环翠区, and a programme open to everybody."""

    def __init__(self, session: Session, **terms: Any) -> None:
        wiring.wire()
        seed_reference(session)
        super().__init__(session, opens_on=OPENS, due_on=DUE, **terms)
        self.firm = self.add("甲厂")
        self.principal = self.appoint_to(self.firm, "王建国", date(2024, 1, 1))
        self.open()

    def add(self, name: str, *, today: date = OPENS, **draft: Any) -> int:
        given = {"registered_on": date(2020, 1, 1), "district_code": HUANCUI, "sector_code": "industry_trade", **draft}
        view = organisations.add_organisation(
            self.session, draft=OrganisationDraft(name=name, registration_number=f"R-{name}", **given), **self.on(today)
        )
        return view.id

    def appoint_to(self, organisation_id: int, name: str, day: date, *, today: date | None = None, **post: Any) -> int:
        view = organisations.appoint(
            self.session, organisation_id=organisation_id, person=PersonDraft(name), role="principal", held_from=day,
            **self.on(today or max(day, OPENS)), **post,
        )  # fmt: skip
        return view.id

    def on(self, day: date) -> dict[str, Any]:
        return {"now": factories.at(day), "today": day}

    def status(self, status: str, day: date, *, entered: date | None = None, firm: int | None = None) -> None:
        organisations.set_status(
            self.session, organisation_id=firm or self.firm, status=status, effective_on=day, **self.on(entered or day)
        )

    def passed(self, post_id: int, day: date) -> None:
        self.hand_in(self.person_of(post_id), on=day, score=90)

    def person_of(self, post_id: int) -> int:
        return next(duty.person_id for duty in training_queries.duties(self.session) if duty.post_id == post_id)

    def totals(self, *days: date) -> list[Counts]:
        """Of each day; by the way the tally is proved."""
        assert verify(self.session).differences == ()
        return [self.total(day) for day in days]

    def groups(self, by: Any, *days: date) -> list[dict[str, Counts]]:
        return [
            {group.key: group.counts for group in coverage.coverage(self.session, programme_code=self.code, as_of=day, by=by).groups}
            for day in days
        ]

    def listed(self, *days: date) -> list[list[str]]:
        """Names on the list of the uncovered."""
        return [[row.name for row in uncovered(self.session, programme_code=self.code, as_of=day).rows] for day in days]

    def row(self, day: date) -> Any:
        """The only row of the list of the uncovered."""
        (row,) = uncovered(self.session, programme_code=self.code, as_of=day).rows
        return row


@pytest.fixture
def life(session: Session) -> Life:
    return Life(session)


# 负责人 ---------------------------------------------------------------------------------------------------------------


@entered_on
def test_change_of_principal_after_the_first_had_passed(life: Life, entered: date) -> None:
    life.passed(life.principal, date(2026, 9, 10))

    new = organisations.change_principal(
        life.session, organisation_id=life.firm, person=PersonDraft("李秀英"), held_from=DAY, **life.on(entered)
    )

    assert life.totals(EVE, DAY, NEXT) == [DONE, DUE_ONE, DUE_ONE]
    assert life.listed(EVE, DAY) == [[], ["甲厂"]]
    assert (life.row(NEXT).holder, life.row(NEXT).due_on, life.row(NEXT).is_new_holder) == ("李秀英", DAY + timedelta(days=30), True)
    assert (life.duty(life.principal).completed_on, life.duty(new.id).completed_on) == (date(2026, 9, 10), None)
    assert [buffer(life.session, programme_code=life.code, as_of=day).new_holder for day in (EVE, DAY, DAY + timedelta(days=30))] == [
        0,
        1,
        0,
    ]


def test_the_leaver_keeps_the_pass_and_brings_it_to_the_next_enterprise(life: Life) -> None:
    life.passed(life.principal, date(2026, 9, 10))
    other = life.add("乙厂")
    organisations.end_post(life.session, post_id=life.principal, held_to=DAY, **life.on(DAY))

    post = organisations.appoint(
        life.session, organisation_id=other, person=PersonDraft("王建国"), role="principal", held_from=NEXT, **life.on(NEXT)
    )
    merge_persons(life.session, kept_id=life.person_of(life.principal), dropped_id=post.person_id, reason="同一人", **life.on(NEXT))

    assert life.listed(NEXT) == [["甲厂"]]
    assert life.row(NEXT).reason.value == "no_holder"
    assert life.duty(post.id).completed_on == NEXT


@entered_on
def test_a_holder_who_leaves_without_a_successor_leaves_the_enterprise_due(life: Life, entered: date) -> None:
    life.passed(life.principal, date(2026, 9, 10))

    organisations.end_post(life.session, post_id=life.principal, held_to=DAY, **life.on(entered))

    assert life.totals(EVE, DAY) == [DONE, DUE_ONE]
    assert life.row(DAY).reason.value == "no_holder"


def test_an_exemption_of_the_leaver_does_not_pass_to_the_successor(life: Life) -> None:
    life.exempt(life.principal, on=date(2026, 9, 10))

    organisations.change_principal(life.session, organisation_id=life.firm, person=PersonDraft("李秀英"), held_from=DAY, **life.on(DAY))

    assert life.totals(date(2026, 9, 9), EVE, DAY) == [DUE_ONE, EXEMPT, DUE_ONE]


@pytest.mark.parametrize(("policy", "expected"), [("all", DUE_ONE), ("designated", DONE)])
def test_of_several_principals_policy_a_asks_all_and_policy_b_the_designated(session: Session, policy: str, expected: Counts) -> None:
    life = Life(session, policy=policy)
    second = life.appoint_to(life.firm, "李秀英", date(2024, 1, 1), designated=False)

    life.passed(life.principal, DAY)

    assert life.totals(EVE, DAY) == [DUE_ONE, expected]
    life.passed(second, NEXT)
    assert life.totals(NEXT) == [DONE]


def test_a_second_principal_joins_and_policy_a_is_open_again(session: Session) -> None:
    life = Life(session, policy="all")
    life.passed(life.principal, date(2026, 9, 10))

    life.appoint_to(life.firm, "李秀英", DAY)

    assert life.totals(EVE, DAY) == [DONE, Counts(due=1)]
    assert life.row(DAY).waiting_for == ("李秀英",)


def test_one_person_with_three_enterprises_is_one_person_and_three_enterprises(life: Life) -> None:
    person = life.person_of(life.principal)
    for name in ("乙厂", "丙厂"):
        factories.post(life.session, organisation_id=(firm := life.add(name)), person_id=person)
        organisations.ledger.announce(life.session, posts=[firm], today=OPENS)

    life.passed(life.principal, DAY)

    before, after = (coverage.persons(life.session, programme_code=life.code, as_of=day) for day in (EVE, DAY))
    assert life.totals(EVE, DAY) == [Counts(due=3), Counts(3, 3, 3, 3, 3)]
    assert ((before.due, before.completed), (after.due, after.completed)) == ((1, 0), (1, 1))


def test_a_tenure_entered_wrong_is_corrected_and_the_duty_with_it(life: Life) -> None:
    new = organisations.change_principal(
        life.session, organisation_id=life.firm, person=PersonDraft("李秀英"), held_from=DAY, **life.on(DAY)
    )
    organisations.correct_tenure(life.session, post_id=new.id, held_from=NEXT, held_to=None, **life.on(LATE))
    organisations.correct_tenure(life.session, post_id=life.principal, held_from=date(2024, 1, 1), held_to=NEXT, **life.on(LATE))

    assert (life.duty(life.principal).closed_on, life.duty(new.id).opened_on, life.duty(new.id).due_on) == (
        NEXT, NEXT, NEXT + timedelta(days=30),
    )  # fmt: skip


def test_a_post_that_never_was_leaves_no_duty_behind(life: Life) -> None:
    new = life.appoint_to(life.firm, "李秀英", DAY)

    organisations.correct_tenure(life.session, post_id=new, held_from=DAY, held_to=DAY, **life.on(LATE))

    assert [duty.post_id for duty in training_queries.duties(life.session)] == [life.principal]
    assert life.totals(DAY) == [DUE_ONE]


# 停产、失联、注销、吊销、恢复 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["suspended", "unreachable"])
@entered_on
def test_suspension_and_disappearance_exempt_nobody(life: Life, status: str, entered: date) -> None:
    life.status(status, DAY, entered=entered)

    assert life.totals(EVE, DAY, NEXT) == [DUE_ONE] * 3
    assert life.listed(DAY) == [["甲厂"]]


@pytest.mark.parametrize("status", ["deregistered", "revoked"])
@entered_on
def test_closed_while_the_programme_runs_it_leaves_numerator_and_denominator(life: Life, status: str, entered: date) -> None:
    life.passed(life.principal, date(2026, 9, 10))

    life.status(status, DAY, entered=entered)

    duty = life.duty(life.principal)
    assert life.totals(EVE, DAY, NEXT) == [DONE, NOBODY, NOBODY]
    assert life.groups("region", EVE, DAY) == [{HUANCUI: DONE}, {}]
    assert (duty.completed_on, duty.closed_on) == (date(2026, 9, 10), DAY)


def test_closed_before_the_opening_it_was_never_in_the_denominator(life: Life) -> None:
    life.status("deregistered", date(2026, 8, 1), entered=LATE)

    assert life.totals(OPENS, DAY, LATE) == [NOBODY] * 3
    assert training_queries.duties(life.session) == []


def test_revoked_and_then_deregistered_it_is_closed_since_the_first(life: Life) -> None:
    life.status("revoked", DAY)
    life.status("deregistered", LATE)

    assert life.totals(EVE, DAY, LATE) == [DUE_ONE, NOBODY, NOBODY]


def test_a_closing_told_again_with_a_later_day_is_a_correction(life: Life) -> None:
    life.status("deregistered", DAY)
    life.status("deregistered", date(2026, 10, 25), entered=LATE)

    assert life.totals(DAY, date(2026, 10, 24), date(2026, 10, 25)) == [DUE_ONE, DUE_ONE, NOBODY]


@entered_on
def test_opened_again_it_was_gone_in_between_and_has_a_full_grace(life: Life, entered: date) -> None:
    life.status("deregistered", date(2026, 9, 15))

    life.status("active", DAY, entered=entered)

    assert life.totals(date(2026, 9, 14), date(2026, 9, 15), EVE, DAY, LATE) == [DUE_ONE, NOBODY, NOBODY, DUE_ONE, DUE_ONE]
    assert (life.row(DAY).due_on, life.duty(life.principal).closing) == (DAY + timedelta(days=30), None)
    assert [buffer(life.session, programme_code=life.code, as_of=day).reopened for day in (DAY, DAY + timedelta(days=30))] == [1, 0]


def test_opened_again_on_the_day_of_its_closing_it_was_never_closed(life: Life) -> None:
    life.status("deregistered", date(2026, 9, 15))
    life.status("active", date(2026, 9, 15), entered=DAY)

    assert life.totals(OPENS, date(2026, 9, 15), DAY) == [DUE_ONE] * 3
    assert life.row(DAY).due_on == DUE


def test_closed_twice_and_open_in_between(life: Life) -> None:
    for status, day in (("deregistered", 5), ("active", 10), ("revoked", 15), ("suspended", 20)):
        life.status(status, date(2026, 9, day))

    days = (date(2026, 9, day) for day in (4, 5, 9, 10, 14, 15, 19, 20))
    assert [count.due for count in life.totals(*days)] == [1, 0, 0, 1, 1, 0, 0, 1]


def test_a_holder_who_left_while_it_was_closed_owes_nothing_when_it_opens_again(life: Life) -> None:
    life.status("deregistered", date(2026, 9, 15))
    organisations.end_post(life.session, post_id=life.principal, held_to=date(2026, 9, 20), **life.on(date(2026, 9, 20)))
    life.status("active", DAY)

    duty = life.duty(life.principal)
    assert (duty.closed_on, duty.closing) == (date(2026, 9, 15), DutyClosing.ORGANISATION_CLOSED.value)
    assert life.row(DAY).reason.value == "no_holder"


def test_exempt_while_suspended_and_owed_again_with_a_grace_when_work_resumes(life: Life) -> None:
    life.exempt(life.principal, on=date(2026, 9, 10))
    training.withdraw_exemption(life.session, duty_id=life.duty(life.principal).id, withdrawn_on=DAY)

    assert life.totals(date(2026, 9, 9), date(2026, 9, 10), EVE, DAY) == [DUE_ONE, EXEMPT, EXEMPT, DUE_ONE]
    assert life.row(DAY).due_on == DAY + timedelta(days=30)
    assert buffer(life.session, programme_code=life.code, as_of=DAY).text == "其中恢复营业未满 30 天 1 家（在缓冲期内，已计入应训）"


# 合并 -----------------------------------------------------------------------------------------------------------------


@entered_on
def test_merged_from_that_day_on_only_the_other_is_due(life: Life, entered: date) -> None:
    other = life.add("乙厂", district_code=RONGCHENG)
    life.appoint_to(other, "李秀英", date(2024, 1, 1))
    life.passed(life.principal, date(2026, 9, 10))

    view = organisations.merge(life.session, organisation_id=life.firm, into_id=other, effective_on=DAY, **life.on(entered))

    assert (view.row.status, view.details["merged_into_id"], view.posts[0].held_to) == ("merged", other, None)
    assert life.groups("region", EVE, DAY) == [{HUANCUI: DONE, RONGCHENG: DUE_ONE}, {RONGCHENG: DUE_ONE}]
    assert (life.duty(life.principal).completed_on, life.duty(life.principal).closed_on) == (date(2026, 9, 10), DAY)


def test_a_merger_taken_back_never_was(life: Life) -> None:
    other = life.add("乙厂")
    life.status("suspended", date(2026, 9, 20))
    organisations.merge(life.session, organisation_id=life.firm, into_id=other, effective_on=DAY, **life.on(DAY))

    view = organisations.undo_merge(life.session, organisation_id=life.firm, **life.on(LATE))

    assert (view.row.status, view.details["merged_into_id"], view.details["closed_on"]) == ("suspended", None, None)
    assert life.totals(EVE, DAY, LATE) == [Counts(due=2)] * 3
    assert life.duty(life.principal).due_on == DUE


def _again(life: Life, other: int) -> None:
    organisations.merge(life.session, organisation_id=other, into_id=life.add("丙厂"), effective_on=NEXT, **life.on(NEXT))


def _leave(life: Life, other: int) -> None:
    organisations.end_post(life.session, post_id=life.principal, held_to=NEXT, **life.on(NEXT))


@pytest.mark.parametrize(("act", "named"), [(_again, "“乙厂”后来已合并"), (_leave, "主要负责人：王建国 → —")])
def test_a_merger_on_which_something_was_built_stays(life: Life, act: Callable[[Life, int], None], named: str) -> None:
    other = life.add("乙厂")
    organisations.merge(life.session, organisation_id=life.firm, into_id=other, effective_on=DAY, **life.on(DAY))
    act(life, other)

    with pytest.raises(Refusal, match=named):
        organisations.undo_merge(life.session, organisation_id=life.firm, **life.on(LATE))


def test_taken_apart_again_later_it_was_part_of_the_other_in_between(life: Life) -> None:
    other = life.add("乙厂")
    organisations.merge(life.session, organisation_id=life.firm, into_id=other, effective_on=DAY, **life.on(DAY))

    life.status("active", LATE)

    assert [count.due for count in life.totals(EVE, DAY, LATE - timedelta(days=1), LATE)] == [2, 1, 1, 2]


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda life, other: life.status("deregistered", DAY), "merge_closed"),
        (lambda life, other: life.status("revoked", DAY, firm=other), "merge_closed"),
    ],
)
def test_what_is_closed_neither_merges_nor_absorbs(life: Life, spoil: Any, code: str) -> None:
    other = life.add("乙厂")
    spoil(life, other)

    with pytest.raises(Refusal) as refusal:
        organisations.merge(life.session, organisation_id=life.firm, into_id=other, effective_on=NEXT, **life.on(NEXT))

    assert refusal.value.code == code


def test_merged_is_no_status_to_be_set(life: Life) -> None:
    with pytest.raises(Refusal) as refusal:
        life.status("merged", DAY)

    assert refusal.value.code == "use_merge"


# 迁移、行业、特征、新设、补录 -----------------------------------------------------------------------------------------


@entered_on
def test_moved_to_another_district_it_is_counted_there_from_that_day(life: Life, entered: date) -> None:
    life.passed(life.principal, date(2026, 9, 10))

    organisations.move(
        life.session, organisation_id=life.firm, district_code=RONGCHENG, town_code=None, effective_on=DAY, **life.on(entered)
    )

    assert life.groups("region", EVE, DAY) == [{HUANCUI: DONE}, {RONGCHENG: DONE}]
    assert life.totals(EVE, DAY) == [DONE, DONE]


@entered_on
def test_its_sector_changed_it_leaves_one_audience_and_the_counts_follow(session: Session, entered: date) -> None:
    life = Life(session, audience={"sectors": ["industry_trade"]})

    organisations.change_sector(life.session, organisation_id=life.firm, sector_code="catering", effective_on=DAY, **life.on(entered))

    assert life.totals(EVE, DAY) == [DUE_ONE, NOBODY]
    assert life.groups("sector", EVE, DAY) == [{"industry_trade": DUE_ONE}, {}]
    assert life.duty(life.principal).closing == DutyClosing.OUT_OF_AUDIENCE.value


@entered_on
def test_its_sector_changed_into_the_audience_it_has_a_grace_of_its_own(session: Session, entered: date) -> None:
    life = Life(session, audience={"sectors": ["catering"]})

    organisations.change_sector(life.session, organisation_id=life.firm, sector_code="catering", effective_on=DAY, **life.on(entered))

    assert life.totals(EVE, DAY) == [NOBODY, DUE_ONE]
    assert life.row(DAY).due_on == DAY + timedelta(days=30)
    assert buffer(life.session, programme_code=life.code, as_of=DAY).entered == 1


@entered_on
def test_a_feature_counts_from_the_day_it_is_dated(session: Session, entered: date) -> None:
    life = Life(session, audience={"features": ["confined_space"]})
    tag = {"organisation_id": life.firm, "features": frozenset({"confined_space"})}

    organisations.set_features(life.session, **tag, effective_on=DAY, **life.on(entered))
    gained = life.totals(EVE, DAY, LATE)
    organisations.set_features(life.session, organisation_id=life.firm, features=frozenset(), effective_on=NEXT, **life.on(LATE))

    assert gained == [NOBODY, DUE_ONE, DUE_ONE]
    assert life.totals(EVE, DAY, NEXT, LATE) == [NOBODY, DUE_ONE, NOBODY, NOBODY]
    assert life.duty(life.principal).closing == DutyClosing.OUT_OF_AUDIENCE.value


def test_a_feature_corrected_on_the_day_of_entry_was_always_or_never_there(session: Session) -> None:
    life = Life(session, audience={"features": ["confined_space"]})
    wrong = life.add("乙厂", today=LATE, features=frozenset({"confined_space"}))
    organisations.set_features(life.session, organisation_id=wrong, features=frozenset(), **life.on(LATE))
    right = life.add("丙厂", today=LATE)
    organisations.set_features(life.session, organisation_id=right, features=frozenset({"confined_space"}), **life.on(LATE))

    assert life.listed(OPENS, LATE) == [["丙厂"], ["丙厂"]]


@entered_on
def test_founded_after_the_opening_it_enters_on_that_day_with_a_grace(life: Life, entered: date) -> None:
    new = life.add("新厂", today=entered, registered_on=DAY)
    life.appoint_to(new, "李秀英", DAY, today=entered)

    rows = uncovered(life.session, programme_code=life.code, as_of=DAY).rows
    assert [count.due for count in life.totals(EVE, DAY)] == [1, 2]
    assert {row.name: row.due_on for row in rows} == {"甲厂": DUE, "新厂": DAY + timedelta(days=30)}
    assert [buffer(life.session, programme_code=life.code, as_of=day).founded for day in (EVE, DAY, DAY + timedelta(days=30))] == [0, 1, 0]


def test_entered_late_but_long_in_business_it_was_due_all_the_time(life: Life) -> None:
    life.add("老厂", today=LATE, registered_on=date(2015, 1, 1))

    assert [count.due for count in life.totals(OPENS, DAY, LATE)] == [2, 2, 2]


def test_entered_late_from_a_day_of_its_own_it_is_due_from_that_day(life: Life) -> None:
    life.add("补录厂", today=LATE, registered_on=None, since=DAY)

    assert [count.due for count in life.totals(EVE, DAY)] == [1, 2]
    assert uncovered(life.session, programme_code=life.code, as_of=DAY).rows[-1].due_on == DAY + timedelta(days=30)


def test_founded_earlier_than_was_entered_it_was_due_earlier(life: Life) -> None:
    new = life.add("新厂", today=LATE, registered_on=DAY)

    organisations.edit_organisation(life.session, organisation_id=new, changes={"registered_on": date(2026, 9, 20)}, **life.on(LATE))

    assert [count.due for count in life.totals(date(2026, 9, 19), date(2026, 9, 20), DAY)] == [1, 2, 2]

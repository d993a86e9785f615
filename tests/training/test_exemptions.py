"""核减 in two steps: who may do which, what it changes, and what it never does."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from quiz import events, wiring
from quiz.accounts import service as accounts
from quiz.accounts.audit import Actor
from quiz.accounts.domain import Permission, User
from quiz.accounts.queries import user_of_account
from quiz.coverage.proof import prove
from quiz.coverage.queries import coverage
from quiz.coverage.uncovered import uncovered
from quiz.coverage.verification import verify
from quiz.models.accounts import AuditEvent
from quiz.models.organisations import Organisation
from quiz.models.training import Programme
from quiz.problems import Forbidden, Invalid, NotFound, Refusal
from quiz.training import exemption_papers, exemption_queries, exemptions, queries, service
from quiz.training.exemption_papers import LARGEST, Upload
from quiz.training.exemption_queries import ExemptionFilter, ExemptionRow
from quiz.training.exemptions import Asked
from quiz.vocabulary import AccountRole, ExemptionGround, ExemptionState
from tests import factories
from tests.training.test_duties import duty_of, posts_changed

OPENS, DUE = date(2026, 9, 1), date(2026, 12, 31)
NOW = factories.at(date(2026, 9, 20))
SCAN = Upload("核实表.pdf", b"%PDF-1.4 scan")
DISTRICT, TOWN, ELSEWHERE = "371002", "371002001", "371003"


class Office:
    """A city with an enterprise of two holders, and an account of every reach."""

    def __init__(self, session: Session) -> None:
        wiring.wire()
        self.session = session
        factories.reference(session)
        self.works = factories.organisation(session, district=DISTRICT, town=TOWN)
        self.posts = [factories.post(session, organisation_id=self.works) for _ in range(2)]
        self.programme_id = factories.programme(session, code="exemptions", opens_on=OPENS, due_on=DUE, policy="all")
        service.open_programme(session, programme_id=self.programme_id, today=OPENS)
        reaches = {"city": None, "city2": None, "district": DISTRICT, "district2": DISTRICT, "town": TOWN, "foreign": ELSEWHERE}
        self.users = {name: self.account(name, region) for name, region in reaches.items()}
        self.asked = Asked(
            self.programme_id, self.works, None, ExemptionGround.SUSPENDED, "9 月起整体停产，无从业人员", "停产核实表（〔2026〕12 号）",
            date(2026, 9, 10),
        )  # fmt: skip

    def account(self, name: str, region: str | None, role: AccountRole = AccountRole.OFFICE, person_id: int | None = None) -> User:
        number = accounts.create_account(
            self.session, account=name, password_hash="-", name=name, person_id=person_id, roles=[(role, region, None, None)], now=NOW
        )
        return user_of_account(self.session, number if isinstance(number, int) else number.account_id)

    def ask(self, who: str = "city", upload: Upload | None = SCAN, **changes: Any) -> ExemptionRow:
        return exemptions.ask(
            self.session, user=self.users[who], asked=replace(self.asked, **changes), upload=upload, actor=Actor(account=who), now=NOW
        )

    def step(
        self, act: Any, who: str, number: int, *, approve: bool = True, opinion: str = "情况属实", now: datetime = NOW
    ) -> ExemptionRow:
        return act(  # type: ignore[no-any-return]
            self.session, user=self.users[who], request_id=number, approve=approve, opinion=opinion, actor=Actor(account=who), now=now
        )

    def grant(self, **changes: Any) -> ExemptionRow:
        row = self.ask(**changes)
        self.step(exemptions.give_opinion, "town", row.id)
        return self.step(exemptions.decide, "district", row.id)

    def end(self, number: int, day: date, who: str = "district") -> ExemptionRow:
        return exemptions.end(
            self.session, user=self.users[who], request_id=number, ended_on=day, reason="企业已复产", actor=Actor(account=who), now=NOW
        )

    def counts(self, day: date) -> tuple[int, int]:
        total = coverage(self.session, programme_code="exemptions", as_of=day).total
        return total.due, total.exempt


@pytest.fixture
def office(session: Session) -> Office:
    return Office(session)


def test_only_the_second_step_takes_the_enterprise_out_of_the_due(office: Office) -> None:
    row = office.ask()
    asked = office.counts(date(2026, 9, 20))
    office.step(exemptions.give_opinion, "town", row.id)
    looked_at = office.counts(date(2026, 9, 20))
    granted = office.step(exemptions.decide, "district", row.id)

    assert (asked, looked_at) == ((1, 0), (1, 0))
    assert (office.counts(date(2026, 9, 9)), office.counts(date(2026, 9, 10))) == ((1, 0), (0, 1))
    assert (granted.state, granted.first, granted.second) == (ExemptionState.APPROVED, "town", "district")
    assert verify(office.session).differences == ()


def test_every_step_is_on_the_trail(office: Office) -> None:
    row = office.grant()
    office.end(row.id, date(2026, 9, 18))

    actions = [each.action for each in office.session.query(AuditEvent).order_by("id") if (each.detail or {}).get("request") == row.id]
    assert actions == ["request_exemption", "first_exemption_opinion", "exempt", "end_exemption"]


def test_holder_who_comes_while_it_stands_is_exempt_too_and_owes_when_work_begins_again(office: Office) -> None:
    row = office.grant()
    new = factories.post(office.session, organisation_id=office.works, held_from=date(2026, 9, 15))
    posts_changed(office.session, office.works, date(2026, 9, 15))
    exempt = duty_of(office.session, new)
    counted = office.counts(date(2026, 9, 19))

    office.end(row.id, date(2026, 12, 20))
    owed = duty_of(office.session, new)

    assert (exempt.exempted_on, exempt.exempt_until, counted) == (date(2026, 9, 10), None, (0, 1))
    assert (owed.exempt_until, owed.due_on) == (date(2026, 12, 20), date(2027, 1, 19))
    assert {duty.due_on for duty in queries.duties(office.session)} == {date(2027, 1, 19)}
    assert (office.counts(date(2026, 12, 19)), office.counts(date(2026, 12, 20))) == ((0, 1), (1, 0))


def test_holder_who_is_entered_late_is_exempt_for_the_days_that_were(office: Office) -> None:
    row = office.grant()
    office.end(row.id, date(2026, 9, 25))

    late = factories.post(office.session, organisation_id=office.works, held_from=date(2026, 9, 12))
    after = factories.post(office.session, organisation_id=office.works, held_from=date(2026, 9, 26))
    posts_changed(office.session, office.works, date(2026, 10, 1))

    assert (duty_of(office.session, late).exempted_on, duty_of(office.session, late).exempt_until) == (date(2026, 9, 10), date(2026, 9, 25))
    assert duty_of(office.session, after).exempted_on is None
    assert office.counts(date(2026, 9, 24)) == (0, 1)


def test_exemption_of_one_holder_leaves_the_other_to_it(office: Office) -> None:
    one = duty_of(office.session, office.posts[0])

    office.grant(duty_id=one.id)

    assert duty_of(office.session, office.posts[0]).exempted_on == date(2026, 9, 10)
    assert duty_of(office.session, office.posts[1]).exempted_on is None
    assert office.counts(date(2026, 9, 20)) == (1, 0)


def test_nobody_does_two_steps(office: Office) -> None:
    row = office.ask(who="town")
    with pytest.raises(Forbidden) as own:
        office.step(exemptions.give_opinion, "town", row.id)
    office.step(exemptions.give_opinion, "district", row.id)
    for who in ("town", "district"):
        with pytest.raises(Forbidden) as twice:
            office.step(exemptions.decide, who, row.id)
        assert twice.value.code == "same_person"

    assert own.value.code == "same_person"
    assert office.step(exemptions.decide, "city", row.id).state is ExemptionState.APPROVED


def test_two_accounts_of_one_person_are_one_person(office: Office) -> None:
    person_id = factories.person(office.session)
    office.users["mask"] = replace(office.users["district2"], person_id=person_id)
    office.session.get_one(accounts.Account, office.users["district"].account_id).person_id = person_id
    row = office.ask(who="city")
    office.step(exemptions.give_opinion, "district", row.id)

    with pytest.raises(Forbidden) as refused:
        office.step(exemptions.decide, "mask", row.id)

    assert refused.value.code == "same_person"


def test_first_step_is_local_and_second_reaches_no_less(office: Office) -> None:
    row = office.ask(who="district2")
    with pytest.raises(Forbidden) as city_first:
        office.step(exemptions.give_opinion, "city", row.id)
    office.step(exemptions.give_opinion, "district", row.id)
    with pytest.raises(Forbidden) as town_second:
        office.step(exemptions.decide, "town", row.id)

    assert (city_first.value.code, town_second.value.code) == ("first_step_local", "second_step_wider")


@pytest.mark.parametrize("act", ["ask", "first", "second", "end", "read", "paper"])
def test_another_districts_account_finds_nothing(office: Office, act: str) -> None:
    row = office.ask() if act != "end" else office.grant()
    if act == "second":
        office.step(exemptions.give_opinion, "town", row.id)
    reach = office.users["foreign"].reach(Permission.DECIDE_EXEMPTIONS)
    acts = {
        "ask": lambda: office.ask(who="foreign"),
        "first": lambda: office.step(exemptions.give_opinion, "foreign", row.id),
        "second": lambda: office.step(exemptions.decide, "foreign", row.id),
        "end": lambda: office.end(row.id, date(2026, 9, 20), who="foreign"),
        "read": lambda: exemption_queries.request(office.session, request_id=row.id, reach=reach),
        "paper": lambda: exemption_papers.paper_of(office.session, request_id=row.id, reach=reach),
    }

    with pytest.raises(NotFound):
        acts[act]()

    assert exemption_queries.requests(office.session, reach=reach, asked=ExemptionFilter()) == ()
    assert exemption_queries.numbers(office.session, reach=reach, asked=ExemptionFilter()) == {}


@pytest.mark.parametrize("role", [AccountRole.TRAINER, AccountRole.TRAINEE])
def test_trainer_and_trainee_have_no_part_in_it(office: Office, role: AccountRole) -> None:
    office.users["stranger"] = office.account(role.value, None, role)
    row = office.ask()

    with pytest.raises(Forbidden):
        office.ask(who="stranger")
    with pytest.raises(Forbidden):
        office.step(exemptions.give_opinion, "stranger", row.id)


def test_refused_withdrawn_and_ended_requests_make_room_for_another(office: Office) -> None:
    refused = office.ask()
    assert office.step(exemptions.give_opinion, "town", refused.id, approve=False, opinion="短期停产").state is ExemptionState.REFUSED
    withdrawn = office.ask(who="district")
    exemptions.withdraw(office.session, user=office.users["district"], request_id=withdrawn.id, actor=Actor(), now=NOW)
    granted = office.grant()
    with pytest.raises(Refusal) as second:
        office.ask()
    office.end(granted.id, date(2026, 9, 20))

    assert second.value.code in ("request_exists", "nothing_to_exempt")
    assert office.ask(effective_on=date(2026, 9, 20)).state is ExemptionState.REQUESTED


def test_only_the_requester_takes_a_request_back(office: Office) -> None:
    row = office.ask(who="city")

    with pytest.raises(Forbidden) as refused:
        exemptions.withdraw(office.session, user=office.users["city2"], request_id=row.id, actor=Actor(), now=NOW)

    assert refused.value.code == "not_the_requester"


def test_ended_on_its_first_day_it_was_never_there(office: Office) -> None:
    before = queries.duties(office.session)
    row = office.grant()

    office.end(row.id, row.effective_on)

    assert queries.duties(office.session) == before


def test_steps_out_of_turn_are_refused(office: Office) -> None:
    row = office.ask()
    with pytest.raises(Refusal) as early:
        office.step(exemptions.decide, "district", row.id)
    office.step(exemptions.give_opinion, "town", row.id, approve=False, opinion="不符合条件")
    with pytest.raises(Refusal) as late:
        office.step(exemptions.decide, "district", row.id)

    assert (early.value.code, late.value.code) == ("wrong_step", "wrong_step")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reason": "停产"}, "reason_short"),
        ({"paper": ""}, "paper_title"),
        ({"effective_on": date(2026, 8, 31)}, "exemption_days"),
        ({"effective_on": date(2026, 9, 21)}, "exemption_days"),
        ({"until": date(2026, 9, 10)}, "exemption_days"),
        ({"upload": None}, "paper_missing"),
        ({"upload": Upload("a.pdf", b"MZ evil")}, "paper_kind"),
        ({"upload": Upload("a.pdf", b"")}, "paper_empty"),
        ({"upload": Upload("a.pdf", b"%PDF-" + bytes(LARGEST))}, "paper_too_large"),
    ],
)
def test_request_says_what_is_missing(office: Office, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        office.ask(**changes)

    assert refused.value.code == code


def test_enterprise_outside_the_audience_is_refused(office: Office) -> None:
    empty = factories.organisation(office.session, district=DISTRICT, town=TOWN)

    with pytest.raises(Refusal) as refused:
        office.ask(organisation_id=empty)

    assert refused.value.code == "nothing_to_exempt"


def test_refusing_needs_a_reason(office: Office) -> None:
    row = office.ask()

    with pytest.raises(Invalid) as refused:
        office.step(exemptions.give_opinion, "town", row.id, approve=False, opinion="")

    assert refused.value.code == "opinion_missing"


def test_the_paper_comes_back_as_it_was_under_a_harmless_name(office: Office) -> None:
    row = office.ask(upload=Upload("..\\..\\evil/<b>核实表</b>.exe", b"\x89PNG\r\n\x1a\nscan"))

    paper = exemption_papers.paper_of(office.session, request_id=row.id, reach=office.users["district"].reach(Permission.DECIDE_EXEMPTIONS))

    assert (paper.file_name, paper.media_type, paper.content) == ("b.exe.png", "image/png", b"\x89PNG\r\n\x1a\nscan")


def test_enterprise_that_moves_away_takes_its_request_along(office: Office) -> None:
    row = office.ask()
    organisation = office.session.get_one(Organisation, office.works)
    organisation.district_code, organisation.town_code = ELSEWHERE, "371003001"
    office.session.flush()
    events.announce(office.session, events.OrganisationsChanged(frozenset({office.works}), date(2026, 9, 21)))

    with pytest.raises(NotFound):
        office.step(exemptions.give_opinion, "district", row.id)

    assert office.step(exemptions.give_opinion, "foreign", row.id, now=NOW + timedelta(days=1)).state is ExemptionState.FIRST_APPROVED


# --- without a holder ---------------------------------------------------------------------------------------------------------


def orphan(office: Office) -> int:
    """An enterprise in the audience where nobody is registered."""
    found = factories.organisation(office.session, district=DISTRICT, town=TOWN)
    events.announce(office.session, events.OrganisationsChanged(frozenset({found}), date(2026, 9, 2)))
    return found


def test_enterprise_without_a_holder_is_exempted_in_two_steps_too(office: Office) -> None:
    empty = orphan(office)
    row = office.ask(organisation_id=empty)
    asked = office.counts(date(2026, 9, 20))
    office.step(exemptions.give_opinion, "town", row.id)
    office.step(exemptions.decide, "district", row.id)

    assert (asked, office.counts(date(2026, 9, 20)), office.counts(date(2026, 9, 9))) == ((2, 0), (1, 1), (2, 0))
    assert row.whom == "整个企业"
    assert prove(office.session).consistent


def test_holder_entered_later_is_exempt_with_the_enterprise(office: Office) -> None:
    empty = orphan(office)
    row = office.grant(organisation_id=empty)
    late = factories.post(office.session, organisation_id=empty, held_from=date(2026, 9, 15))
    posts_changed(office.session, empty, date(2026, 9, 15))
    exempt = duty_of(office.session, late)

    office.end(row.id, date(2026, 9, 18))

    assert (exempt.exempted_on, office.counts(date(2026, 9, 17)), office.counts(date(2026, 9, 18))) == (date(2026, 9, 10), (1, 1), (2, 0))
    assert prove(office.session).consistent


def test_without_a_holder_it_has_its_grace_when_work_begins_again(office: Office) -> None:
    empty = orphan(office)
    row = office.grant(organisation_id=empty)
    office.end(row.id, date(2026, 12, 20))

    listed = [each for each in uncovered(office.session, programme_code="exemptions", as_of=date(2027, 1, 5)).rows if each.duty_id is None]

    assert [(each.organisation_id, each.due_on, each.is_overdue) for each in listed] == [(empty, date(2027, 1, 19), False)]


def test_covered_enterprise_is_not_exempted(office: Office) -> None:
    for post_id in office.posts:
        hand_in(office.session, duty_of(office.session, post_id).person_id, office.programme_id, on=date(2026, 9, 5))

    with pytest.raises(Refusal) as refused:
        office.ask()

    assert (refused.value.code, subjects(office)) == ("nothing_to_exempt", ())


# --- each exemption has its own days ------------------------------------------------------------------------------------------


def test_second_exemption_leaves_the_days_of_the_first(office: Office) -> None:
    office.grant(effective_on=date(2026, 9, 2), until=date(2026, 9, 6))
    office.grant(effective_on=date(2026, 9, 15))

    assert [office.counts(date(2026, 9, day)) for day in (1, 2, 5, 6, 14, 15, 20)] == [
        (1, 0), (0, 1), (0, 1), (1, 0), (1, 0), (0, 1), (0, 1),
    ]  # fmt: skip
    assert prove(office.session).consistent


def test_ending_the_second_leaves_the_first_and_its_last_end_gives_the_grace(office: Office) -> None:
    office.grant(effective_on=date(2026, 9, 2), until=date(2026, 9, 6))
    second = office.grant(effective_on=date(2026, 9, 15))
    office.end(second.id, date(2026, 12, 25))
    after = duty_of(office.session, office.posts[0])
    third = office.ask(effective_on=date(2026, 9, 8), until=date(2026, 9, 10))

    assert (after.exempted_on, after.exempt_until, after.due_on) == (date(2026, 9, 15), date(2026, 12, 25), date(2027, 1, 24))
    assert [office.counts(day) for day in (date(2026, 9, 4), date(2026, 12, 24), date(2026, 12, 25))] == [(0, 1), (0, 1), (1, 0)]
    assert third.state is ExemptionState.REQUESTED


@pytest.mark.parametrize("duty", [None, 0])
def test_no_day_is_exempted_twice(office: Office, duty: int | None) -> None:
    office.grant(effective_on=date(2026, 9, 2), until=date(2026, 9, 12))

    with pytest.raises(Refusal) as refused:
        office.ask(duty_id=None if duty is None else duty_of(office.session, office.posts[duty]).id, effective_on=date(2026, 9, 11))

    assert (refused.value.code, "2026-09-02 至 2026-09-11" in refused.value.message) == ("request_exists", True)


def test_one_for_a_time_is_owed_again_the_day_after_with_full_grace(office: Office) -> None:
    row = office.grant(until=date(2026, 12, 16))
    duty = duty_of(office.session, office.posts[0])

    assert (row.days, row.is_over(date(2026, 12, 15)), row.is_over(date(2026, 12, 16))) == ("2026-09-10 至 2026-12-15", False, True)
    assert (office.counts(date(2026, 12, 15)), office.counts(date(2026, 12, 16))) == ((0, 1), (1, 0))
    assert (duty.exempt_until, duty.due_on) == (date(2026, 12, 16), date(2027, 1, 15))
    assert row.shown_state(date(2026, 12, 16)) == "已到期"


def test_one_for_a_time_is_prolonged_before_it_ends(office: Office) -> None:
    office.grant(until=date(2026, 10, 1))
    with pytest.raises(Invalid) as gap:
        office.ask(effective_on=date(2026, 10, 2))

    office.grant(effective_on=date(2026, 10, 1))
    duty = duty_of(office.session, office.posts[0])

    assert gap.value.code == "exemption_days"
    assert (duty.exempted_on, duty.exempt_until, office.counts(date(2026, 10, 1))) == (date(2026, 9, 10), None, (0, 1))


def test_before_an_exemption_the_due_day_is_the_one_of_then(office: Office) -> None:
    """What was overdue before the enterprise stood still is overdue on those days, whatever grace it was given afterwards."""
    service.edit_programme(office.session, programme_id=office.programme_id, today=date(2026, 9, 20), due_on=date(2026, 9, 5))
    row = office.grant()
    office.end(row.id, date(2026, 9, 18))

    def due(day: date) -> list[tuple[date, bool]]:
        return [(each.due_on, each.is_overdue) for each in uncovered(office.session, programme_code="exemptions", as_of=day).rows]

    assert [due(date(2026, 9, day)) for day in (9, 17, 18)] == [[(date(2026, 9, 5), True)], [], [(date(2026, 10, 18), False)]]
    assert prove(office.session).consistent


def test_form_offers_what_may_be_exempted(office: Office) -> None:
    before = subjects(office)
    office.grant(effective_on=date(2026, 9, 2), until=date(2026, 9, 30))
    after = subjects(office)
    office.grant(effective_on=date(2026, 9, 30))

    assert [(len(each.holders), each.granted, each.starts_on(NOW.date())) for each in before] == [(2, (), date(2026, 9, 20))]
    assert [(each.holders, each.starts_on(date(2026, 9, 20))) for each in after] == [((), date(2026, 9, 30))]
    assert after[0].owed_until(date(2026, 12, 16)) == date(2027, 1, 15)


def subjects(office: Office) -> tuple[exemptions.Subject, ...]:
    return exemptions.subjects(office.session, user=office.users["district"], organisation_id=office.works, today=date(2026, 9, 20))


def hand_in(session: Session, person_id: int, programme_id: int, *, on: date) -> None:
    paper_id = session.get_one(Programme, programme_id).paper_id
    assert paper_id is not None
    moment = factories.at(on)
    attempt = factories.attempt(session, person_id=person_id, paper_id=paper_id, started_at=moment, handed_in_at=moment, score=90)
    events.announce(session, events.AttemptHandedIn(attempt, person_id, paper_id, True, moment))

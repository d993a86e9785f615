"""Two entries of one human being made one, and two again: whatever pointed at a person follows."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from quiz.coverage import queries as coverage
from quiz.models.accounts import Account
from quiz.models.attempts import Attempt
from quiz.models.organisations import Person, Post
from quiz.models.training import Duty
from quiz.organisations.person_merge import merge_persons, merges, undo_person_merge
from quiz.organisations.references import LABELS, pointers_at
from quiz.problems import Invalid, Refusal
from quiz.training import service as training
from tests import factories
from tests.organisations.one_human import DUE, Town


@pytest.fixture
def town(session: Session, now: datetime) -> Town:
    return Town(session, now)


def people_due(town: Town) -> int:
    return coverage.persons(town.session, programme_code="all-2026", as_of=date(2026, 11, 23)).due


def test_one_person_is_counted_once_and_both_enterprises_stay_due(town: Town) -> None:
    before = people_due(town), coverage.coverage(town.session, programme_code="all-2026", as_of=date(2026, 11, 23)).total.due

    town.merge()

    after = people_due(town), coverage.coverage(town.session, programme_code="all-2026", as_of=date(2026, 11, 23)).total.due
    assert (before, after) == ((2, 2), (1, 2))


def test_a_pass_under_either_entry_counts_for_every_enterprise_of_the_person(town: Town) -> None:
    town.attempt(town.dropped, date(2026, 10, 5), 90)

    town.merge()

    duties = town.session.execute(select(Duty.person_id, Duty.completed_on).order_by(col(Duty.id))).all()  # type: ignore[call-overload]
    assert [tuple(row) for row in duties] == [(town.kept, date(2026, 10, 5))] * 2


def test_attempts_are_numbered_as_they_were_started(town: Town) -> None:
    for person, day in ((town.kept, 3), (town.dropped, 1), (town.kept, 5), (town.dropped, 4)):
        town.attempt(person, date(2026, 10, day), 40)

    town.merge()

    rows = town.session.execute(select(Attempt.person_id, Attempt.number).order_by(col(Attempt.started_at))).all()  # type: ignore[call-overload]
    assert [tuple(row) for row in rows] == [(town.kept, number) for number in (1, 2, 3, 4)]


def test_the_entry_that_stays_learns_what_only_the_other_knew(town: Town) -> None:
    town.session.get_one(Person, town.kept).phone = None
    town.session.get_one(Person, town.dropped).identity_digest = "d" * 64

    town.merge()

    kept, dropped = town.session.get_one(Person, town.kept), town.session.get_one(Person, town.dropped)
    assert (kept.phone, kept.identity_digest) == ("13800000002", "d" * 64)
    assert (dropped.name, dropped.phone, dropped.identity_digest) == ("王建国", None, None)


def test_the_same_post_entered_twice_becomes_one(town: Town) -> None:
    double = factories.post(town.session, organisation_id=town.first, person_id=town.dropped, held_from=date(2026, 10, 1), designated=True)

    town.merge()

    held = town.session.scalars(select(Post).where(col(Post.organisation_id) == town.first).order_by(col(Post.id))).all()
    assert [(post.id == double, post.held_to, post.designated) for post in held] == [(False, None, True), (True, date(2026, 10, 1), False)]


def test_the_only_account_follows_and_a_second_one_is_closed(town: Town) -> None:
    own = factories.account(town.session, person_id=town.kept)
    other = factories.account(town.session, person_id=town.dropped)

    town.merge()

    town.session.expire_all()
    found = [(row.id, row.person_id, row.disabled) for row in town.session.scalars(select(Account).order_by(col(Account.id)))]
    assert found == [(own, town.kept, False), (other, None, True)]


def test_undone_each_has_again_what_was_theirs(town: Town) -> None:
    factories.account(town.session, person_id=town.dropped)
    factories.post(town.session, organisation_id=town.first, person_id=town.dropped, held_from=date(2026, 10, 1))
    for person, day, score in ((town.kept, 3, 40), (town.dropped, 1, 90)):
        town.attempt(person, date(2026, 10, day), score)
    training.synchronise(town.session, programme_id=1, organisation_ids=None, today=DUE)
    before = town.rows("duty")
    merged = town.merge()

    undo_person_merge(town.session, merge_id=merged.id, now=town.now)

    town.session.expire_all()
    after = town.rows("duty")
    assert {name: after[name] for name in after if after[name] != before[name]} == {}
    assert {duty.post_id: duty.person_id for duty in town.session.scalars(select(Duty))} == {
        post.id: post.person_id for post in town.session.scalars(select(Post))
    }
    assert people_due(town) == 2
    assert merges(town.session)[0].undone_at == town.now


def test_what_came_after_the_merge_stays_with_the_kept_entry(town: Town) -> None:
    town.attempt(town.dropped, date(2026, 10, 1), 40)
    merged = town.merge()
    town.attempt(town.kept, date(2026, 10, 9), 90)

    undo_person_merge(town.session, merge_id=merged.id, now=town.now)

    rows = town.session.execute(select(Attempt.person_id, Attempt.number).order_by(col(Attempt.started_at))).all()  # type: ignore[call-overload]
    assert [tuple(row) for row in rows] == [(town.dropped, 1), (town.kept, 1)]


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda town: setattr(town.session.get_one(Person, town.dropped), "name", "王健国"), "different_names"),
        (lambda town: [setattr(town.session.get_one(Person, each), "identity_digest", f"{each:064}") for each in (town.kept, town.dropped)],
         "different_identities"),
        (lambda town: factories.attempt(town.session, person_id=town.dropped, paper_id=town.paper, started_at=town.now), "sitting"),
        (lambda town: setattr(town, "dropped", town.kept), "merge_itself"),
    ],
)  # fmt: skip
def test_two_people_are_not_made_one(town: Town, spoil: Any, code: str) -> None:
    spoil(town)
    town.session.flush()

    with pytest.raises(Refusal) as refusal:
        town.merge()

    assert refusal.value.code == code


def test_no_reason_no_merge(town: Town) -> None:
    with pytest.raises(Invalid, match="写明依据"):
        merge_persons(town.session, kept_id=town.kept, dropped_id=town.dropped, reason=" ", now=town.now)


def test_merges_are_undone_the_latest_first(town: Town) -> None:
    first = town.merge()
    third = factories.person(town.session, name="王建国")
    second = merge_persons(town.session, kept_id=third, dropped_id=town.kept, reason="本人确认", now=town.now)

    with pytest.raises(Refusal, match="先撤销后来的"):
        undo_person_merge(town.session, merge_id=first.id, now=town.now)
    undo_person_merge(town.session, merge_id=second.id, now=town.now)
    undo_person_merge(town.session, merge_id=first.id, now=town.now)

    assert [post.person_id for post in town.session.scalars(select(Post).order_by(col(Post.id)))] == [town.kept, town.dropped]


def test_every_table_that_points_at_people_enterprises_or_posts_has_a_name_an_office_understands() -> None:
    gone_with_it = {"placement", "closure", "organisationfeature", "membership", "trait_period", "contribution", "uncovered_period"}
    tables = {pointer.table.name for target in ("person", "organisation", "post", "duty") for pointer in pointers_at(target)}

    assert tables - gone_with_it - LABELS.keys() == set()

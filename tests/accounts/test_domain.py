"""Rules of the door as literal tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quiz.accounts.domain import PERMISSIONS, GrantView, Permission, User, check_password_strength, new_code, tidy_code
from quiz.organisations.reach import Reach, Reaches
from quiz.problems import Forbidden, Invalid
from quiz.vocabulary import AccountRole

YES, NO = True, False
MATRIX = {
    #                               trainee, trainer, office, administrator
    Permission.TAKE_QUIZ:          (YES, NO, NO, NO),
    Permission.SEE_COVERAGE:       (NO, NO, YES, YES),
    Permission.SEE_SCORES:         (NO, YES, YES, YES),
    Permission.MANAGE_ROSTER:      (NO, NO, YES, YES),
    Permission.MANAGE_PROGRAMMES:  (NO, NO, YES, YES),
    Permission.ISSUE_ACTIVATIONS:  (NO, NO, YES, YES),
    Permission.SEE_BANKS:          (NO, YES, YES, YES),
    Permission.MANAGE_PAPERS:      (NO, YES, NO, YES),
    Permission.GRANT_EXTENSIONS:   (NO, YES, YES, YES),
    Permission.MANAGE_CLASSES:      (NO, YES, YES, YES),
    Permission.MANAGE_INSTITUTIONS: (NO, NO, YES, YES),
    Permission.DECIDE_EXEMPTIONS:   (NO, NO, YES, YES),
    Permission.PUBLISH_DOCUMENTS:   (NO, NO, YES, YES),
    Permission.MANAGE_CERTIFICATES: (NO, NO, YES, YES),
    Permission.SEND_REMINDERS:      (NO, NO, YES, YES),
    Permission.MANAGE_ACCOUNTS:    (NO, NO, NO, YES),
    Permission.SEE_AUDIT:          (NO, NO, NO, YES),
    Permission.MANAGE_SYSTEM:      (NO, NO, NO, YES),
}  # fmt: skip
ROLES = (AccountRole.TRAINEE, AccountRole.TRAINER, AccountRole.OFFICE, AccountRole.ADMINISTRATOR)


def user(*grants: GrantView) -> User:
    return User(1, "wang", "王", None, grants)


def test_what_each_role_may_do() -> None:
    matrix = {permission: tuple(user(GrantView(role, Reach())).may(permission) for role in ROLES) for permission in Permission}

    assert matrix == MATRIX
    assert set(PERMISSIONS) == set(AccountRole) == set(ROLES)


def test_without_a_role_nothing_is_allowed_and_nothing_reached() -> None:
    stranger = user()

    assert not any(stranger.may(permission) for permission in Permission)
    assert all(stranger.reach(permission) == Reaches() for permission in Permission)
    with pytest.raises(Forbidden):
        stranger.require(Permission.TAKE_QUIZ)


def test_a_permission_reaches_only_as_far_as_the_grants_that_carry_it() -> None:
    district, town = Reach(district_codes=frozenset({"371002"})), Reach(town_codes=frozenset({"371003001"}))
    both = user(GrantView(AccountRole.OFFICE, district), GrantView(AccountRole.TRAINER, town))

    assert both.reach(Permission.SEE_COVERAGE) == Reaches((district,))
    assert both.reach(Permission.SEE_SCORES) == Reaches((district, town))
    assert both.reach(Permission.MANAGE_PAPERS) == Reaches((town,))
    assert both.reach(Permission.MANAGE_SYSTEM) == Reaches()


@pytest.mark.parametrize(
    ("roles", "staff"),
    [((), False), ((AccountRole.TRAINEE,), False), ((AccountRole.TRAINER,), True), ((AccountRole.TRAINEE, AccountRole.OFFICE), True)],
)
def test_staff_is_whoever_has_more_than_the_trainees_role(roles: tuple[AccountRole, ...], staff: bool) -> None:
    assert user(*(GrantView(role, Reach()) for role in roles)).is_staff is staff


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("Ab1!efgh", "password_short"),
        ("abcdefghij", "password_simple"),
        ("abcdefgh12", "password_simple"),
        ("Aa1" + "x" * 126, "password_long"),
        ("Wang-2026-Weihai", "password_account"),
        ("Abcdefgh12", None),
        ("abcdefgh1!", None),
        ("安全第一Ab12345", None),
    ],
)
def test_how_good_a_password_must_be(password: str, code: str | None) -> None:
    if code is None:
        check_password_strength(password, account="wang")
        return
    with pytest.raises(Invalid) as refused:
        check_password_strength(password, account="wang")
    assert refused.value.code == code


@pytest.mark.parametrize("typed", ["K7M2-9QXP", "k7m2 9qxp", " Ｋ７Ｍ２－９ＱＸＰ ", "k7m2—9qxp", "K7M29QXP", "k7m2　9qxp"])
def test_a_code_is_the_same_however_it_was_typed(typed: str) -> None:
    assert tidy_code(typed) == "K7M29QXP"


@given(st.integers())
def test_a_code_holds_nothing_that_reads_like_something_else(_again: int) -> None:
    code = new_code()

    assert (len(code), code[4]) == (9, "-")
    assert set(code).isdisjoint("01OILS")

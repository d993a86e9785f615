"""Signing in, first use, resets: each refusal and the way through."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache

import pytest
from sqlalchemy import func, select, update
from sqlmodel import Session

from quiz.accounts import audit, passwords, queries, service
from quiz.accounts.audit import SYSTEM, Actor
from quiz.accounts.domain import ADDRESS_FAILURES
from quiz.accounts.service import Locked, SignInResult, Slip
from quiz.models.accounts import Account, Activation, AuditEvent, SignIn
from quiz.models.organisations import Person
from quiz.organisations.reach import Reaches
from quiz.problems import Invalid, NotFound, NotSignedIn
from quiz.vocabulary import AccountRole
from tests import factories

PASSWORD = "Sea-breeze-26"
HOME = "10.0.0.1"
OFFICE = Actor(None, "office", HOME)


@cache
def hashed() -> str:
    """One hash for all: making it takes 18 ms."""
    return passwords.hash_password(PASSWORD)


def account(session: Session, now: datetime, name: str = "wang", *roles: AccountRole) -> int:
    return service.create_account(
        session, account=name, password_hash=hashed(), name="王", roles=[(role, None, None, None) for role in roles], now=now
    )


def fail(session: Session, now: datetime, account_id: int | None, *, times: int = 1, address: str = HOME) -> list[SignInResult]:
    return [service.record_failure(session, account="wang", account_id=account_id, address=address, now=now) for _ in range(times)]


def knock(session: Session, now: datetime, name: str = "wang", *, address: str = HOME) -> str:
    """`open`, or the code of the refusal."""
    try:
        known = service.credentials(session, account=name, address=address, now=now)
    except Locked as refused:
        return refused.code
    return "open" if known.account_id else "unknown"


def test_the_fifth_wrong_password_locks_the_account_for_a_quarter_of_an_hour(session: Session, now: datetime) -> None:
    account_id = account(session, now)

    results = fail(session, now, account_id, times=5)

    assert results == [SignInResult.WRONG_PASSWORD] * 4 + [SignInResult.NOW_LOCKED]
    assert knock(session, now) == "locked"
    assert knock(session, now + timedelta(minutes=15) - timedelta(seconds=1)) == "locked"
    assert knock(session, now + timedelta(minutes=15)) == "open"


def test_the_count_begins_anew_after_a_good_sign_in_and_after_a_lock(session: Session, now: datetime) -> None:
    account_id = account(session, now)
    fail(session, now, account_id, times=4)
    service.open_session(session, account_id=account_id, address=HOME, agent="", now=now)

    after_good = fail(session, now, account_id, times=5)
    after_lock = fail(session, now + timedelta(hours=1), account_id, times=1)

    assert (after_good[-1], after_lock) == (SignInResult.NOW_LOCKED, [SignInResult.WRONG_PASSWORD])


def test_guesses_fetched_before_the_lock_open_nothing_after_it(session: Session, now: datetime) -> None:
    """Otherwise a hundred guesses sent at once would be a hundred tries."""
    account_id = account(session, now)

    def enter(known: service.Credentials) -> str:
        return service.open_verified(session, account="wang", known=known, address=HOME, agent="", now=now)

    known = service.credentials(session, account="wang", address=HOME, now=now)
    fail(session, now, account_id, times=5)
    with pytest.raises(Locked):
        enter(known)
    service.reset_password(session, account_id=account_id, now=now, actor=OFFICE)
    for outdated in (known, service.Credentials(None, passwords.nobody())):
        with pytest.raises(NotSignedIn):
            enter(outdated)

    fresh = service.credentials(session, account="wang", address=HOME, now=now)
    assert queries.user_of_token(session, enter(fresh), now=now) is not None


def test_a_lock_is_for_one_account_only(session: Session, now: datetime) -> None:
    account_id = account(session, now)
    account(session, now, "li")

    fail(session, now, account_id, times=5)

    assert knock(session, now, "li") == "open"


def test_many_failures_from_one_address_bar_strangers_but_not_who_signed_in_from_there(session: Session, now: datetime) -> None:
    """A whole town may share one address."""
    known = account(session, now, "known")
    account(session, now, "stranger")
    token = service.open_session(session, account_id=known, address=HOME, agent="", now=now - timedelta(days=30))
    service.close_session(session, token=token)
    fail(session, now, None, times=ADDRESS_FAILURES - 1)
    before = knock(session, now, "stranger")

    fail(session, now, None)

    names = ("stranger", "nobody", "known")
    assert before == "open"
    assert [knock(session, now, name) for name in names] == ["address_barred", "address_barred", "open"]
    assert knock(session, now, "stranger", address="10.0.0.2") == "open"
    assert knock(session, now + timedelta(minutes=15, seconds=1), "stranger") == "open"


def test_an_unknown_and_a_disabled_account_cost_a_verification_too(session: Session, now: datetime) -> None:
    """So that neither can be told from a wrong password by the time it takes."""
    disabled = account(session, now)
    service.set_disabled(session, account_id=disabled, disabled=True, now=now, actor=SYSTEM)

    found = [service.credentials(session, account=name, address=HOME, now=now) for name in ("nobody", "wang")]

    assert found == [service.Credentials(None, passwords.nobody())] * 2
    assert passwords.nobody().startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not passwords.verify_password(PASSWORD, passwords.nobody())
    assert passwords.nobody() == passwords.nobody()


def test_hashes_are_argon2id_with_the_settled_cost_and_their_own_salt() -> None:
    other = passwords.hash_password(PASSWORD)

    assert hashed().startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert other != hashed()
    assert passwords.verify_password(PASSWORD, other)
    assert not passwords.verify_password(PASSWORD + " ", other)


@pytest.mark.parametrize(("role", "length"), [(AccountRole.TRAINEE, timedelta(days=7)), (AccountRole.OFFICE, timedelta(hours=12))])
def test_a_session_opens_the_door_until_it_expires(session: Session, now: datetime, role: AccountRole, length: timedelta) -> None:
    account_id = account(session, now, "wang", role)
    token = service.open_session(session, account_id=account_id, address=HOME, agent="x" * 999, now=now)

    def user(at: datetime) -> int | None:
        found = queries.user_of_token(session, token, now=at)
        return found.account_id if found else None

    assert [user(now), user(now + length - timedelta(seconds=1)), user(now + length)] == [account_id, account_id, None]
    stored = session.scalars(select(SignIn)).one()
    assert token not in (stored.token_digest, stored.agent) and stored.token_digest == queries.token_digest(token)


def test_no_token_made_up_token_signed_out_or_disabled_opens_nothing(session: Session, now: datetime) -> None:
    account_id = account(session, now)
    out = service.open_session(session, account_id=account_id, address=HOME, agent="", now=now)
    service.close_session(session, token=out)
    barred = service.open_session(session, account_id=account_id, address=HOME, agent="", now=now)
    service.set_disabled(session, account_id=account_id, disabled=True, now=now, actor=SYSTEM)

    assert [queries.user_of_token(session, token, now=now) for token in (None, "", "made up", out, barred)] == [None] * 5
    service.set_disabled(session, account_id=account_id, disabled=False, now=now, actor=SYSTEM)
    assert queries.user_of_token(session, barred, now=now) is None  # the old sign-in stays closed


def test_a_reset_gives_a_temporary_password_ends_all_sign_ins_and_lifts_the_lock(session: Session, now: datetime) -> None:
    account_id = account(session, now)
    token = service.open_session(session, account_id=account_id, address=HOME, agent="", now=now)
    fail(session, now, account_id, times=5)

    temporary = service.reset_password(session, account_id=account_id, now=now, actor=OFFICE)

    assert queries.user_of_token(session, token, now=now) is None
    assert queries.user_of_account(session, account_id).must_change_password
    known = service.credentials(session, account="wang", address=HOME, now=now)
    assert passwords.verify_password(temporary, known.hashed)
    assert not passwords.verify_password(PASSWORD, known.hashed)


def test_a_new_password_of_ones_own_ends_the_other_sign_ins_and_the_duty_to_change(session: Session, now: datetime) -> None:
    account_id = account(session, now)
    service.reset_password(session, account_id=account_id, now=now, actor=OFFICE)
    here, there = (service.open_session(session, account_id=account_id, address=HOME, agent="", now=now) for _ in range(2))

    with pytest.raises(Invalid):
        service.change_password(session, account_id=account_id, password="short", now=now, keep_token=here, actor=OFFICE)
    service.change_password(session, account_id=account_id, password="New-breeze-26", now=now, keep_token=here, actor=OFFICE)

    user = queries.user_of_token(session, here, now=now)
    assert user is not None and not user.must_change_password
    assert queries.user_of_token(session, there, now=now) is None
    assert passwords.verify_password("New-breeze-26", service.credentials(session, account="wang", address=HOME, now=now).hashed)


@pytest.mark.parametrize(("name", "code"), [("wang", "account_taken"), (" wang ", "account_taken"), ("  ", "account_empty")])
def test_an_account_name_must_be_free_and_not_empty(session: Session, now: datetime, name: str, code: str) -> None:
    account(session, now)

    with pytest.raises(Invalid) as refused:
        account(session, now, name)
    assert refused.value.code == code


def test_grants_reach_a_district_a_town_a_department_or_everything(session: Session, now: datetime) -> None:
    factories.reference(session)
    office = AccountRole.OFFICE
    account_id = service.create_account(
        session, account="office", password_hash="-", name="办公室", now=now,
        roles=[
            (office, "371000", None, None), (office, "371002", None, None), (office, "371002001", "fire", None),
        ],
    )  # fmt: skip

    reaches = [grant.reach for grant in queries.grants_of(session, account_id)]

    assert [(reach.district_codes, reach.town_codes, reach.department_codes, reach.organisation_ids) for reach in reaches] == [
        (None, None, None, None),  # the city: everything
        ({"371002"}, None, None, None),
        (None, {"371002001"}, {"fire"}, None),
    ]


# ---------------------------------------------------------------- first use


@pytest.fixture
def principal(session: Session) -> int:
    """张 三 of one enterprise, with a mobile number on the roster."""
    factories.reference(session)
    person_id = factories.person(session, name="张 三", phone="13900000001")
    factories.post(session, organisation_id=factories.organisation(session, name="望海食品"), person_id=person_id)
    return person_id


def slips(session: Session, now: datetime) -> list[Slip]:
    rows = queries.activation_rows(session, reaches=Reaches.everything(), district_code=None, town_code=None, state=None, now=now)
    return service.issue_activations(session, rows=rows, now=now, actor=OFFICE)


def activate(session: Session, now: datetime, code: str, **given: str) -> int:
    fields = {"name": "张三", "phone": "13900000001", "password": PASSWORD} | given
    return service.activate(session, code=code, now=now, address=HOME, **fields)


def state(session: Session, now: datetime) -> list[str]:
    rows = queries.activation_rows(session, reaches=Reaches.everything(), district_code=None, town_code=None, state=None, now=now)
    return [row.state for row in rows]


def test_a_slip_opens_an_account_named_by_the_mobile_number(session: Session, now: datetime, principal: int) -> None:
    before = state(session, now)
    (slip,) = slips(session, now)
    issued = state(session, now)

    account_id = activate(session, now, slip.code.lower(), name=" 张　三 ")

    user = queries.user_of_account(session, account_id)
    assert (slip.organisation, slip.name, slip.phone, slip.expires_at) == ("望海食品", "张 三", "13900000001", now + timedelta(days=60))
    assert (user.account, user.name, user.person_id, user.roles, user.must_change_password) == (
        "13900000001", "张 三", principal, {AccountRole.TRAINEE}, False,
    )  # fmt: skip
    assert passwords.verify_password(PASSWORD, service.credentials(session, account="13900000001", address=HOME, now=now).hashed)
    assert [before, issued, state(session, now)] == [["none"], ["issued"], ["activated"]]
    assert slip.code not in {row.code_digest for row in session.scalars(select(Activation))}
    assert slips(session, now) == []


def test_a_number_missing_on_the_roster_is_learnt_from_the_person(session: Session, now: datetime, principal: int) -> None:
    session.execute(update(Person).where(Person.id == principal).values(phone=None))  # type: ignore[arg-type]
    (slip,) = slips(session, now)

    with pytest.raises(Invalid) as refused:
        activate(session, now, slip.code, phone="")
    activate(session, now, slip.code, phone="13911112222")
    session.flush()

    session.expire_all()
    assert (refused.value.code, session.get_one(Person, principal).phone) == ("activation_phone_missing", "13911112222")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"name": "李四"}, "activation_wrong"),
        ({"name": ""}, "activation_wrong"),
        ({"phone": "13900000002"}, "activation_phone"),
        ({"password": "short"}, "password_short"),
        ({"password": "13900000001-Ab"}, "password_account"),
    ],
)
def test_a_slip_in_the_wrong_hands_or_with_a_poor_password_is_refused(
    session: Session, now: datetime, principal: int, given: dict[str, str], code: str
) -> None:
    (slip,) = slips(session, now)

    with pytest.raises(Invalid) as refused:
        activate(session, now, slip.code, **given)

    assert refused.value.code == code
    assert state(session, now) == ["issued"]


def test_a_code_that_is_wrong_replaced_expired_or_used_is_refused_with_the_reason(session: Session, now: datetime, principal: int) -> None:
    def refusal(code: str, at: datetime = now) -> str:
        with pytest.raises(Invalid) as refused:
            activate(session, at, code)
        return refused.value.code

    first, second = slips(session, now)[0].code, slips(session, now)[0].code
    refusals = [refusal("AAAA-AAAA"), refusal(first), refusal(second, now + timedelta(days=60))]
    activate(session, now, second)

    assert [*refusals, refusal(second)] == ["activation_wrong", "activation_replaced", "activation_expired", "activation_used"]


def test_one_number_opens_one_account(session: Session, now: datetime, principal: int) -> None:
    account(session, now, "13900000001")
    (slip,) = slips(session, now)

    with pytest.raises(Invalid) as refused:
        activate(session, now, slip.code)
    assert refused.value.code == "account_taken"


def test_every_step_at_the_door_is_in_the_trail(session: Session, now: datetime, principal: int) -> None:
    (slip,) = slips(session, now)
    account_id = activate(session, now, slip.code)
    fail(session, now, account_id)
    service.open_session(session, account_id=account_id, address=HOME, agent="", now=now)
    service.reset_password(session, account_id=account_id, now=now, actor=OFFICE)

    rows = session.execute(select(AuditEvent.action, AuditEvent.result).order_by(AuditEvent.id)).all()  # type: ignore[arg-type,call-overload]

    assert [tuple(row) for row in rows] == [
        ("issue_activations", "done"), ("create_account", "done"), ("sign_in", "refused"), ("sign_in", "done"), ("reset_password", "done"),
    ]  # fmt: skip
    assert audit.verify(session).intact
    assert PASSWORD not in str([row.detail for row in session.scalars(select(AuditEvent))])


def test_people_out_of_reach_are_not_there(session: Session, now: datetime, principal: int) -> None:
    from quiz.organisations.reach import Reach

    mine, other = (Reaches((Reach(district_codes=frozenset({code})),)) for code in ("371002", "371003"))

    service.require_person_in_reach(session, person_id=principal, conditions=mine.conditions())
    with pytest.raises(NotFound):
        service.require_person_in_reach(session, person_id=principal, conditions=other.conditions())
    with pytest.raises(NotFound):
        service.require_person_in_reach(session, person_id=principal, conditions=Reaches().conditions())
    assert queries.activation_rows(session, reaches=other, district_code=None, town_code=None, state=None, now=now) == []


def test_accounts_are_listed_with_roles_newest_first(session: Session, now: datetime) -> None:
    account(session, now, "wang", AccountRole.TRAINEE)
    account(session, now, "li", AccountRole.OFFICE, AccountRole.TRAINER)

    rows, total = queries.list_accounts(session, text="", role=None)
    offices, _ = queries.list_accounts(session, role="office")

    assert ([(row.account, row.roles) for row in rows], total) == ([("li", "安委会办公室、培训教师"), ("wang", "学员")], 2)
    assert [row.account for row in offices] == ["li"]
    assert session.scalar(select(func.count()).select_from(Account)) == 2

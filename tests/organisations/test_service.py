"""What an office does by hand to one organisation and its posts, and what is refused."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from sqlmodel import Session

from quiz import events
from quiz.organisations import queries, service
from quiz.organisations.domain import OrganisationDraft, OrganisationView, PersonDraft, Segment
from quiz.organisations.reach import Reach, Reaches
from quiz.organisations.reference import seed_reference
from quiz.problems import Invalid, NotFound, Refusal
from tests.organisations.sheets import identity, phone, uscc

SINCE = date(2025, 1, 1)


@pytest.fixture
def office(session: Session, now: datetime) -> dict[str, Any]:
    """What every verb is told: who and when."""
    seed_reference(session)
    return {"now": now, "account_id": 7}


def factory(session: Session, office: dict[str, Any], number: int = 1, **changes: Any) -> OrganisationView:
    values = {"district_code": "371002", "town_code": "371002100", "sector_code": "industry_trade", "uscc": uscc(number), "since": SINCE}
    draft = OrganisationDraft(name=f"威海手工{number}号(厂)", **(values | changes))
    return service.add_organisation(session, draft=draft, **office)


def principal(session: Session, office: dict[str, Any], organisation: OrganisationView, name: str, number: int, **changes: Any) -> Any:
    person = PersonDraft(name, phone(number))
    options = {"role": "principal", "held_from": SINCE} | changes
    return service.appoint(session, organisation_id=organisation.id, person=person, **options, **office)


def test_an_organisation_entered_by_hand(session: Session, office: dict[str, Any]) -> None:
    view = factory(session, office, features=frozenset({"metal_smelting"}))

    assert (view.row.name, view.row.department_name, view.feature_names) == ("威海手工1号（厂）", "应急管理局", ("金属冶炼",))
    assert (view.details["hours_high_risk"], view.details["sd_high_risk"]) == (True, True)
    assert view.placements == (Segment(SINCE, None, "371002", "371002100", "industry_trade", "emergency_management"),)
    assert [(change.label, change.after, change.account_id) for change in view.history] == [("新增单位", "威海手工1号（厂）", 7)]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"uscc": "91371000MA00000A9B"}, "uscc_check_digit"),
        ({"uscc": None}, "missing_code"),
        ({"district_code": "371000"}, "unknown_district"),
        ({"town_code": "371071108"}, "town_elsewhere"),
        ({"sector_code": "magic"}, "unknown_sector"),
        ({"department_code": "magic"}, "unknown_department"),
        ({"features": frozenset({"magic"})}, "unknown_feature"),
    ],
)
def test_a_wrong_draft_is_refused(session: Session, office: dict[str, Any], changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        factory(session, office, **changes)

    assert refusal.value.code == code


def test_a_code_that_fails_its_check_goes_in_with_a_reason_only(session: Session, office: dict[str, Any]) -> None:
    view = factory(session, office, uscc="91371000MA00000A9B", uscc_forced_reason="营业执照照片已核")

    assert (view.row.uscc, view.details["uscc_forced"]) == ("91371000MA00000A9B", True)
    assert ("代码强制通过", "营业执照照片已核") in [(change.label, change.after) for change in view.history]


def test_a_code_belongs_to_one_organisation_and_its_premises(session: Session, office: dict[str, Any]) -> None:
    factory(session, office)
    factory(session, office, premises="高区分店")

    with pytest.raises(Refusal) as refusal:
        factory(session, office)

    assert refusal.value.code == "taken"


def test_a_change_of_principal_closes_one_post_and_opens_another(session: Session, office: dict[str, Any]) -> None:
    organisation = factory(session, office)
    old = principal(session, office, organisation, "前任", 1)

    new = service.change_principal(
        session, organisation_id=organisation.id, person=PersonDraft("新任", phone(2), identity(2)), held_from=date(2026, 2, 1), **office
    )

    view = queries.organisation_view(session, organisation.id)
    assert [(post.person_name, post.designated, post.held_from, post.held_to) for post in (*view.posts, *view.past_posts)] == [
        ("新任", True, date(2026, 2, 1), None),
        ("前任", True, SINCE, date(2026, 2, 1)),
    ]
    assert (new.category, new.identity_tail, old.person_id != new.person_id) == (old.category, identity(2)[-4:], True)
    assert (view.history[0].field, view.history[0].before, view.history[0].after) == ("principal", "前任", "新任")


def test_with_two_principals_the_leaving_one_must_be_named(session: Session, office: dict[str, Any]) -> None:
    organisation = factory(session, office)
    principal(session, office, organisation, "法人", 1, category="legal_representative")
    second = principal(session, office, organisation, "实控人", 2, category="actual_controller")
    successor = {"organisation_id": organisation.id, "person": PersonDraft("新任", phone(3)), "held_from": date(2026, 2, 1), **office}

    with pytest.raises(Refusal) as refusal:
        service.change_principal(session, **successor)
    service.change_principal(session, leaving_post_id=second.id, **successor)

    assert refusal.value.code == "ambiguous_principal"
    assert {post.person_name for post in queries.organisation_view(session, organisation.id).principals} == {"法人", "新任"}


def test_only_one_principal_is_designated(session: Session, office: dict[str, Any]) -> None:
    organisation = factory(session, office)
    principal(session, office, organisation, "法人", 1)
    second = principal(session, office, organisation, "实控人", 2)

    service.designate(session, post_id=second.id, **office)

    posts = queries.organisation_view(session, organisation.id).principals
    assert {post.person_name: post.designated for post in posts} == {"法人": False, "实控人": True}


def test_the_next_safety_director_replaces_the_last(session: Session, office: dict[str, Any]) -> None:
    organisation = factory(session, office)
    principal(session, office, organisation, "赵", 1, role="safety_director")
    principal(session, office, organisation, "钱", 2, role="safety_director", held_from=date(2026, 3, 1))

    view = queries.organisation_view(session, organisation.id)

    assert [(post.person_name, post.held_to) for post in (*view.posts, *view.past_posts)] == [("钱", None), ("赵", date(2026, 3, 1))]


def test_nobody_holds_one_post_twice(session: Session, office: dict[str, Any]) -> None:
    organisation = factory(session, office)
    principal(session, office, organisation, "法人", 1)

    with pytest.raises(Refusal) as refusal:
        principal(session, office, organisation, "法人", 1)

    assert refusal.value.code == "already_held"


def test_a_post_does_not_end_before_it_began(session: Session, office: dict[str, Any]) -> None:
    post = principal(session, office, factory(session, office), "法人", 1)

    with pytest.raises(Invalid):
        service.end_post(session, post_id=post.id, held_to=date(2024, 12, 31), **office)

    assert service.end_post(session, post_id=post.id, held_to=date(2026, 1, 1), **office).held_to == date(2026, 1, 1)


def test_one_identity_number_is_one_person(session: Session, office: dict[str, Any]) -> None:
    first, second = factory(session, office, 1), factory(session, office, 2)
    person = PersonDraft("张三", phone(1), identity(1))
    posts = [
        service.appoint(session, organisation_id=view.id, person=person, role="principal", held_from=SINCE, **office)
        for view in (first, second)
    ]

    with pytest.raises(Refusal) as refusal:
        service.appoint(
            session, organisation_id=first.id, person=PersonDraft("李四", phone(2), identity(1)), role="deputy", held_from=SINCE, **office
        )

    assert posts[0].person_id == posts[1].person_id
    assert len(queries.posts_of_person(session, posts[0].person_id)) == 2
    assert refusal.value.code == "identity_name"


def test_a_move_and_a_back_dated_sector_split_the_placement(session: Session, office: dict[str, Any]) -> None:
    organisation = factory(session, office)
    here = {"organisation_id": organisation.id, **office}

    service.move(session, district_code="WH-NH", town_code="371003108", effective_on=date(2026, 5, 1), **here)
    view = service.change_sector(session, sector_code="hospital", effective_on=date(2026, 3, 1), **here)

    assert [(each.since, each.until, each.district_code, each.sector_code) for each in view.placements] == [
        (SINCE, date(2026, 3, 1), "371002", "industry_trade"),
        (date(2026, 3, 1), date(2026, 5, 1), "371002", "hospital"),
        (date(2026, 5, 1), None, "WH-NH", "hospital"),
    ]
    assert (view.row.district_name, view.row.town_name, view.row.department_name) == ("威海南海新区", "小观镇", "卫生健康委员会")


def test_closing_and_reopening(session: Session, office: dict[str, Any]) -> None:
    here = {"organisation_id": factory(session, office).id, **office}

    closed = service.set_status(session, status="deregistered", effective_on=date(2026, 6, 30), **here)
    opened = service.set_status(session, status="active", effective_on=date(2026, 8, 1), **here)

    assert (closed.row.status_label, closed.details["closed_on"]) == ("注销", date(2026, 6, 30))
    assert (opened.row.status_label, opened.details["closed_on"]) == ("在业", None)


def test_features_decide_high_risk_unless_set_by_hand(session: Session, office: dict[str, Any]) -> None:
    derived, by_hand = factory(session, office, 1), factory(session, office, 2, hours_high_risk=True)

    for view in (derived, by_hand):
        service.set_features(session, organisation_id=view.id, features=frozenset({"dust_explosion"}), **office)
        service.set_features(session, organisation_id=view.id, features=frozenset(), **office)

    risks = [queries.organisation_view(session, view.id).details for view in (derived, by_hand)]
    assert [(risk["hours_high_risk"], risk["sd_high_risk"]) for risk in risks] == [(False, False), (True, False)]


def test_nothing_is_dated_in_the_future(session: Session, office: dict[str, Any]) -> None:
    here = {"organisation_id": factory(session, office).id, "effective_on": date(2026, 11, 24), **office}

    for verb, what in ((service.set_status, {"status": "revoked"}), (service.change_sector, {"sector_code": "hospital"})):
        with pytest.raises(Invalid) as refusal:
            verb(session, **what, **here)  # type: ignore[operator]
        assert refusal.value.code == "future_date"


def test_an_edit_leaves_one_line_of_history_for_each_changed_field(session: Session, office: dict[str, Any]) -> None:
    organisation = factory(session, office)

    view = service.edit_organisation(
        session, organisation_id=organisation.id, changes={"name": "新名", "address": "", "employees": 5, "sd_high_risk": True}, **office
    )

    assert [(change.label, change.before, change.after) for change in view.history[:3]] == [
        ("高危（省条例口径）", "否", "是"),
        ("从业人员数", "", "5"),
        ("名称", "威海手工1号（厂）", "新名"),
    ]
    assert len(view.history) == 4


def test_each_verb_announces_what_it_changed(session: Session, office: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Any] = []
    for kind in (events.OrganisationsChanged, events.PostsChanged):
        monkeypatch.setitem(events._handlers, kind, [lambda session, event: heard.append(type(event).__name__)])
    organisation = factory(session, office)
    post = principal(session, office, organisation, "法人", 1)

    service.move(session, organisation_id=organisation.id, district_code="371082", town_code=None, effective_on=SINCE, **office)
    service.designate(session, post_id=post.id, **office)
    service.end_post(session, post_id=post.id, held_to=date(2026, 1, 1), **office)

    assert heard == ["OrganisationsChanged", "PostsChanged", "OrganisationsChanged", "PostsChanged"]


def test_lists_stay_within_the_reach(session: Session, office: dict[str, Any]) -> None:
    near = factory(session, office, 1)
    far = factory(session, office, 2, district_code="371082", town_code=None, sector_code="hospital")
    of_rongcheng = Reach(district_codes=frozenset({"371082"}))
    of_emergency = Reach(department_codes=frozenset({"emergency_management"}))
    one = Reach(organisation_ids=frozenset({near.id}))

    def seen(reach: Reach | Reaches) -> list[int]:
        return [row.id for row in queries.find(session, reach=reach).rows]

    assert seen(of_rongcheng) == [far.id]
    assert seen(of_emergency) == [near.id]
    assert seen(Reaches((of_rongcheng, one))) == [near.id, far.id]
    assert seen(Reaches()) == seen(Reach.nothing()) == []
    assert seen(Reaches.everything()) == [near.id, far.id]
    assert [of_rongcheng.covers(view.row) for view in (near, far)] == [False, True]
    with pytest.raises(NotFound):
        queries.organisation_view(session, near.id, reach=of_rongcheng)


def test_finding_by_name_code_principal_and_filters(session: Session, office: dict[str, Any]) -> None:
    first = factory(session, office, 1, features=frozenset({"confined_space"}))
    second = factory(session, office, 2)
    principal(session, office, first, "张三", 1)

    def ids(**conditions: Any) -> list[int]:
        page = queries.find(session, **conditions)
        assert page.total == len(page.rows)
        return [row.id for row in page.rows]

    assert ids(text="手工2") == [second.id]
    assert ids(text=uscc(1)) == ids(text="张三") == ids(text=phone(1)) == ids(feature_code="confined_space") == [first.id]
    assert ids(without_principal=True) == [second.id]
    assert ids(text="100%") == ids(sector_code="hospital") == []
    assert queries.find(session, limit=1, offset=1).total == 2


def test_counts_leave_out_the_closed(session: Session, office: dict[str, Any]) -> None:
    factory(session, office, 1)
    factory(session, office, 2, town_code=None)
    gone = factory(session, office, 3)
    service.set_status(session, organisation_id=gone.id, status="revoked", effective_on=date(2026, 1, 1), **office)

    assert [(count.label, count.count) for count in queries.counts(session, by="district")] == [("环翠区", 2)]
